"""A program run as plain Python on floats, one sample after another.

Like the compiled engine, it serves passes in which every number is finite and every guard holds.
Otherwise it returns None, and the NumPy engine runs instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isfinite
from operator import itemgetter
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from ..ir import SIGNS, Computation, Floats
from ..lifting.analysis import facts
from .expressions import NAMES
from .source import Piece

_PIECE = 128  # operations in a piece, about
_WINDOW = 12  # operations by which a round of a loop is recognised
Numbers = list[float]
Function = Callable[..., None]
Part = Callable[[Numbers], Sequence[float]]  # takes some of the numbers


class _Backward(NamedTuple):
    """The backward pass of a piece; see `source` for what it is given."""

    run: Function
    values: Part
    read: Part
    arrived: Part
    places: list[int]


class PythonEngine:
    """A program as Python functions.

    All numbers of a pass stand in one list: inputs, parameters, constants, then the results of
    operations.
    """

    def __init__(self, program: Computation) -> None:
        slots, self.inputs = program.slots, program.input_count
        self.leaves = program.input_count + program.parameter_count
        members = [i for i, slot in enumerate(slots) if slot.operands]
        self.constants = list(map(float, program.constants.values()))
        order = [*range(self.leaves), *program.constants, *members]
        self.place = dict(zip(order, range(len(order)), strict=True))
        self.root = program.root
        self.guards = [
            (SIGNS[g.sign], self.place[g.left], self.place[g.right], g.outcome)
            for g in program.guards
        ]
        wanted = facts(program).varies
        size = _size([(slots[i].op, len(slots[i].operands)) for i in members])
        starts = range(0, len(members), size)
        self.pieces = [Piece(slots, members[k : k + size], wanted) for k in starts]
        self.codes: dict[str, CodeType] = {}

    def _function(self, text: str, piece: Piece) -> Function:
        """The function ``run`` of a text. Equal texts are compiled once."""
        if text not in self.codes:
            self.codes[text] = compile(text, "<program>", "exec", dont_inherit=True)
        names: dict[str, Any] = {**NAMES, **piece.called()}  # Any: numbers and functions
        exec(self.codes[text], names)
        run: Function = names["run"]
        return run

    def _part(self, slots: Sequence[int]) -> Part:
        places = [self.place[i] for i in slots]
        if len(places) > 1:
            return itemgetter(*places)
        return itemgetter(slice(places[0], places[0] + 1) if places else slice(0))

    @cached_property
    def forward(self) -> list[tuple[Function, Part]]:
        """The functions of the forward pass, each with what it reads."""
        texts = [(piece, *piece.forward()) for piece in self.pieces]
        return [(self._function(text, piece), self._part(read)) for piece, text, read in texts]

    @cached_property
    def backward(self) -> list[_Backward]:
        """The functions of the backward pass."""
        made, arriving = [], {self.root}
        for piece in reversed(self.pieces):
            later = [i for i in piece.members if i in arriving]
            text, read, outside = piece.backward(later)
            arriving.update(outside)
            start = self.place[piece.members[0]]
            made.append(
                _Backward(
                    self._function(text, piece),
                    itemgetter(slice(start, start + len(piece.members))),
                    self._part(read),
                    self._part(later),
                    [self.place[j] for j in outside],
                )
            )
        return made

    def run(
        self, columns: Floats, parameters: Floats, *, backward: bool
    ) -> tuple[Floats, Floats, Floats] | None:
        """What `compiled_engine.run.Interpreter.run` returns."""
        shared = [*parameters.tolist(), *self.constants]
        results, grads = [], []
        try:
            for sample in columns.T.tolist():
                values = self._forwards([*sample, *shared])
                gradients = self._backwards(values) if backward and values else []
                if not values or not isfinite(sum(gradients)):
                    return None
                results.append(values[self.place[self.root]])
                grads.append(gradients)
        except (ArithmeticError, ValueError):
            return None
        found = np.array(grads).reshape(len(grads), self.leaves if backward else 0)
        return np.array([results]), found[:, : self.inputs].T, found[:, self.inputs :].sum(0)

    def _forwards(self, values: Numbers) -> Numbers:
        """All numbers, from the leaves; none if one is not finite or a guard does not hold."""
        for run, read in self.forward:
            run(values, read(values))
        holds = isfinite(sum(values)) and all(
            [compare(values[a], values[b]) == outcome for compare, a, b, outcome in self.guards]
        )
        return values if holds else []

    def _backwards(self, values: Numbers) -> Numbers:
        """The gradients of the inputs and the parameters."""
        gradients = [0.0] * len(values)
        gradients[self.place[self.root]] = 1.0
        for run, own, read, arrived, places in self.backward:
            run(own(values), read(values), arrived(gradients), gradients, places)
        return gradients[: self.leaves]


def _size(kinds: Sequence[tuple[str, int]]) -> int:
    """How many operations make a piece: whole rounds of a loop, if there is one."""
    middle = len(kinds) // 2
    window = kinds[middle : middle + _WINDOW]
    for period in range(1, min(middle, 4 * _PIECE)):
        if kinds[middle - period : middle - period + _WINDOW] == window:
            return period * max(1, _PIECE // period)
    return _PIECE
