"""Values on a tape as the slots of a recorded computation.

Inputs come first, then parameters, then constants, then captured results and what they were
computed from, then everything else in the order in which it was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...engine.ops import total
from ...engine.value import Constant, Value, clock, record, topological_order
from ...errors import OperandError
from ..ir import Columns, Computation, Form, Guard, Ints, Operands, Shapes
from .tape import Lines, Tape

Mask: TypeAlias = NDArray[np.bool_]
T = TypeVar("T")
_NUMBER = Constant(0.0)  # stands for every plain number among operands
_NUMBER._mark = 1 << 40  # no other value has this mark
_PLACE = ~_NUMBER._mark  # what `_rows` returns for it


def as_computation(
    roots: Sequence[Value], tape: Tape, *, shapes: Shapes, names: Sequence[str],
    parameters: Sequence[Value] | None, form: Form = 0,
) -> Computation:  # fmt: skip
    """``roots`` as a computation of the inputs and the parameters.

    Without ``parameters``, the captured leaves become parameters, in order of first use. Otherwise
    no other leaf may be captured.
    """
    sides = [side for noted in tape.guards for side in (noted.left, noted.right)]
    slots = _Slots(tape, [*roots, *sides, *[noted.left for noted in tape.tried]], parameters)
    ends, tried = np.split(slots.ends, [len(roots) + len(sides)])
    live, guards = slots.live(ends), tape.guards
    if not live[tried].all():
        guards = [*guards, *compress(tape.tried, ~live[tried])]
        ends = np.append(ends, np.repeat(tried[~live[tried]], 2))
        live = slots.live(ends)
    found = iter((live.cumsum() - 1)[ends].tolist())
    return Computation(
        slots.columns(live), shapes, argument_names=names, form=form,
        roots=[next(found) for _ in roots],
        guards=[Guard(g.sign, next(found), next(found), *g[3:]) for g in guards],
        parameters=slots.parameters, parameter_count=len(slots.parameters),
    )  # fmt: skip


class _Slots:
    """The slots of all numbers on a tape.

    Attributes:
        parameters: those that were given, or else those that were captured.
        leaves: the inputs, the parameters and the captured constants, which have the first slots.
        numbers: the plain numbers, which have the next ones.
        results: the results, which have the other slots.
        operands: the operands of each slot.
        ends: the slots of the roots and of the numbers that are compared.
    """

    def __init__(
        self, tape: Tape, ends: Sequence[Value], parameters: Sequence[Value] | None
    ) -> None:
        self.tape, self.results, inputs = tape, tape.values, len(tape.inputs)
        slots, outside, counts = self._read(ends)
        captured = dict.fromkeys(outside)
        if earlier := _history([value for value in captured if value.op is not None]):
            self.results = [*earlier, *tape.values]
            slots, outside, counts = self._read(ends)
            captured |= dict.fromkeys(outside)
        self._take_in([value for value in captured if value.op is None], parameters)
        slot = {value: i for i, value in enumerate(self.leaves[inputs:], inputs)}
        first = len(self.leaves) + len(self.numbers)
        slots += (slots >= inputs) * (first - inputs)
        slots[slots == _PLACE] = np.arange(len(self.leaves), first)
        slots[slots < 0] = np.fromiter(map(slot.__getitem__, outside), np.intp)
        flat, self.ends = np.split(slots, [len(slots) - len(ends)])
        self.operands = Operands.of(flat, np.append(np.zeros(first, np.intp), counts))

    def _take_in(self, captured: list[Value], parameters: Sequence[Value] | None) -> None:
        """Find the parameters and the constants among the captured leaves."""
        fixed = self.tape.fixed
        constants = {value for value in captured if value.is_constant or value in fixed}
        variables = [value for value in captured if value not in constants]
        _check_given(variables, parameters)
        self.parameters = variables if parameters is None else list(parameters)
        self.leaves = [*self.tape.inputs, *self.parameters]
        self.leaves += [value for value in captured if value in constants]

    def _read(self, ends: Sequence[Value]) -> tuple[Ints, list[Value], Ints]:
        """Find the operands of the results, followed by the ends.

        Returns:
            for each of them, its place among the inputs and results, `_PLACE` for a plain number,
            or else a number below 0 if it is captured; the captured ones; and how many operands
            each result has.
        """
        read, counts, self.numbers = _operands(self.results)
        read += ends
        rows = _rows([*self.tape.inputs, *self.results], read)
        captured = [read[i] for i in np.flatnonzero((rows < 0) & (rows != _PLACE)).tolist()]
        return rows, captured, counts

    def live(self, ends: Ints) -> Mask:
        """Is each slot an input, a parameter, or needed by one of ``ends``?"""
        flat, counts = self.operands.flat, self.operands.counts
        used = np.bincount(flat, minlength=len(counts))
        used[: len(self.tape.inputs) + len(self.parameters)] += 1
        used[ends] += 1
        if not used.all():
            left, stop, read = used.tolist(), len(flat), flat.tolist()
            for i, count in zip(range(len(left))[::-1], counts[::-1].tolist(), strict=True):
                if not left[i]:  # the users of a slot come later, and are settled
                    for j in read[stop - count : stop]:
                        left[j] -= 1
                stop -= count
            used = np.array(left)
        live: Mask = used > 0
        return live

    def columns(self, live: Mask) -> Columns:
        """The columns of the slots that are live."""
        tape, leaves, results = self.tape, self.leaves, self.results
        ops = ["input"] * len(tape.inputs) + ["parameter"] * len(self.parameters)
        ops += ["constant"] * (len(leaves) + len(self.numbers) - len(ops))
        labels = [*[value._label for value in leaves], *[""] * len(self.numbers)]
        numbers = [*[value._data for value in leaves], *self.numbers, *[0.0] * len(results)]
        ops += [value.op.name for value in results]  # type: ignore[union-attr]  # they have one
        labels += [value._label for value in results]
        codes = [*[None] * (len(ops) - len(tape.codes)), *tape.codes]
        instructions = [*[0] * (len(ops) - len(tape.codes)), *tape.instructions]
        keep, operands = [] if live.all() else live.tolist(), self.operands
        if keep:
            flat = operands.flat[np.repeat(live, operands.counts)]
            operands = Operands.of((live.cumsum() - 1)[flat], operands.counts[live])
        lines = Lines(_kept(codes, keep), _kept(instructions, keep))
        return Columns(_kept(ops, keep), operands, _kept(labels, keep), lines, _kept(numbers, keep))


def _kept(column: list[T], keep: list[bool]) -> list[T]:
    """The part of a column that is kept. An empty ``keep`` keeps all of it."""
    return list(compress(column, keep)) if keep else column


def _operands(results: Sequence[Value]) -> tuple[list[Value], Ints, list[float]]:
    """The operands of results, how many each result has, and the plain numbers among them."""
    rights = [value._right for value in results]
    pairs = 2 * rights
    pairs[::2], pairs[1::2] = [value._left for value in results], rights
    counts, numbers = np.full(len(results), 2), list[float]()
    others = [i for i, right in enumerate(rights) if right is None]
    parents = [_parents(results[i], numbers) for i in others]
    counts[others] = list(map(len, parents))
    read, start = list[Value](), 0
    for i, own in zip(others, parents, strict=True):
        read += pairs[start : 2 * i]
        read += own
        start = 2 * i + 2
    return read + pairs[start:], counts, numbers


def _parents(value: Value, numbers: list[float]) -> tuple[Value, ...]:
    """The operands of a result that does not have two Values; see `engine.value.expand`.

    `_NUMBER` stands for a plain number, which is added to ``numbers``.
    """
    left, number = value._left, value._right_grad
    if left.__class__ is tuple or number is None:
        return left if left.__class__ is tuple else (left,)
    is_left = number.__class__ is tuple
    numbers.append(number[0] if is_left else number)
    return (_NUMBER, left) if is_left else (left, _NUMBER)


def _rows(values: Sequence[Value], read: Sequence[Value]) -> Ints:
    """For each of ``read``, its first place among ``values``; below 0 if it is not among them."""
    now = next(clock)
    try:
        for mark, value in zip(range(-len(values), 0), reversed(values), strict=True):
            value._mark = mark  # other values have no mark below 0
        rows: Ints = ~np.fromiter([value._mark for value in read], np.intp)
        return rows
    finally:
        for value in values:
            value._mark = now


def _history(results: Sequence[Value]) -> list[Value]:
    """The results, and those that they were computed from, in order."""
    if not results:
        return []
    whole = record(0.0, total, tuple(results), None, (), None)
    earlier = [value for value in topological_order(whole)[:-1] if value.op is not None]
    for value in earlier:
        value._label = value.label  # `_label` may not be set yet
    return earlier


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise an error if the function captured a Value that is not a given parameter."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not "
            f"among the {len(parameters)} parameters given; add it to them, or use its .data if it "
            f"should stay fixed"
        )
