"""A program run as plain Python on floats, one sample after another.

Like the compiled engine, it serves passes in which every number is finite and every guard holds.
Otherwise it returns None, and the NumPy engine runs instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isfinite
from operator import itemgetter
from typing import Any

import numpy as np

from ..ir import SIGNS, Computation, Floats
from ..lifting.analysis import facts
from ..lifting.rows import ROWS
from .expressions import NAMES, phrases
from .source import backward, forward

_PIECE = 128  # operations in a piece, about
_WINDOW = 12  # operations by which a round of a loop is recognised
Numbers = list[float]
Function = Callable[..., None]
Part = Callable[[Numbers], Sequence[float]]  # picks some of the numbers


class PythonEngine:
    """A program as Python functions, one per piece.

    All numbers of a pass stand in one list, in the order of the slots.
    """

    def __init__(self, program: Computation) -> None:
        self.program, self.root, slots = program, program.root, program.slots
        self.leaves = program.leaf_count
        first = next((i for i in program.operations if slots[i].operands), len(slots))
        self.constants = [float(slot.number) for slot in slots[self.leaves : first]]
        self.guards = [(SIGNS[g.sign], g.left, g.right, g.outcome) for g in program.guards]
        kinds = [(slot.op, len(slot.operands)) for slot in slots[first:]]
        members, size = range(first, len(slots)), _size(kinds)
        self.pieces = [members[k : k + size] for k in range(0, len(members), size)]
        self.names: dict[str, Any] = dict(NAMES)  # Any: numbers and functions
        for op, count in filter(itemgetter(1), set(kinds)):
            self.names |= phrases(ROWS[op], count).called
        self.functions: dict[str, Function] = {}  # by their text

    def _function(self, text: str) -> Function:
        """The function ``run`` of a text."""
        if text not in self.functions:
            exec(compile(text, "<program>", "exec"), self.names)
            self.functions[text] = self.names["run"]
        return self.functions[text]

    @cached_property
    def forward(self) -> list[tuple[Function, Part]]:
        """The functions of the forward pass, each with what it reads."""
        texts = [forward(self.program.slots, piece) for piece in self.pieces]
        return [(self._function(text), _part(read)) for text, read in texts]

    @cached_property
    def backward(self) -> list[tuple[Function, slice, Part, list[int]]]:
        """The functions of the backward pass; see `source.backward` for what each is given."""
        made, arriving = [], {self.root}
        slots, wanted = self.program.slots, facts(self.program).varies
        for piece in reversed(self.pieces):
            arrived = [i for i in piece if i in arriving]
            text, read, crossing = backward(slots, piece, wanted=wanted, arrived=arrived)
            arriving.update(crossing)
            own = slice(piece.start, piece.stop)
            made.append((self._function(text), own, _part(read), crossing))
        return made

    def run(
        self, columns: Floats, parameters: Floats, *, backward: bool
    ) -> tuple[Floats, Floats, Floats] | None:
        """What `compiled_engine.run.Interpreter.run` returns."""
        inputs = self.program.input_count
        shared = [*parameters.tolist(), *self.constants]
        results, grads = [], []
        try:
            for sample in columns.T.tolist():
                values = self._forwards([*sample, *shared])
                gradients = self._backwards(values) if backward and values else []
                if not values or not isfinite(sum(gradients)):
                    return None
                results.append(values[self.root])
                grads.append(gradients)
        except (ArithmeticError, ValueError):
            return None
        found = np.array(grads).reshape(len(grads), self.leaves if backward else 0)
        return np.array([results]), found[:, :inputs].T, found[:, inputs:].sum(0)

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
        gradients[self.root] = 1.0
        for run, own, read, places in self.backward:
            run(values[own], read(values), gradients, places)
        return gradients[: self.leaves]


def _part(slots: Sequence[int]) -> Part:
    """A function that picks the numbers of these slots."""
    if len(slots) > 1:
        return itemgetter(*slots)
    return itemgetter(slice(slots[0], slots[0] + 1) if slots else slice(0))


def _size(kinds: Sequence[tuple[str, int]]) -> int:
    """How many operations make a piece: whole rounds of a loop, if there is one."""
    middle = len(kinds) // 2
    window = kinds[middle : middle + _WINDOW]
    for period in range(1, min(middle, 4 * _PIECE)):
        if kinds[middle - period : middle - period + _WINDOW] == window:
            return period * max(1, _PIECE // period)
    return _PIECE
