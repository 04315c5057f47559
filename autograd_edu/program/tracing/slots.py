"""Values on a tape as the slots of a recorded computation.

Inputs come first, then parameters, then what captured results were computed from, then everything
else in the order in which it was computed. A constant comes before its first use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import chain, compress
from operator import iadd
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...copies import Link
from ...engine.ops import total
from ...engine.value import Value, record, topological_order
from ...errors import OperandError
from ..ir import Columns, Computation, Form, Guard, Ints, Operands, Shapes, uses
from .tape import Lines, Tape

Mask: TypeAlias = NDArray[np.bool_]
T = TypeVar("T")


def as_computation(
    roots: Sequence[Value], tape: Tape, *, shapes: Shapes, names: Sequence[str],
    parameters: Sequence[Value] | None, form: Form = 0,
) -> Computation:  # fmt: skip
    """``roots`` as a computation of the inputs and the parameters.

    Without ``parameters``, the captured leaves become parameters, in order of first use. Otherwise
    no other leaf may be captured.
    """
    rows = _Rows(tape)
    places = [rows.place(x) for x in chain(roots, *[noted[1:3] for noted in tape.guards])]
    chosen = rows.complete(parameters)
    ends, guards = rows.at(places), tape.guards
    live = rows.live(ends)
    if tape.tried:
        tried = rows.at([noted.left._mark for noted in tape.tried])
        guards = [*guards, *compress(tape.tried, ~live[tried])]
        ends = np.append(ends, np.repeat(tried[~live[tried]], 2))
        live = rows.live(ends)
    slots = (live.cumsum() - 1)[ends].tolist()
    sides = iter(slots[len(roots) :])
    return Computation(
        rows.columns(live),
        shapes,
        roots=slots[: len(roots)],
        guards=[Guard(g.sign, next(sides), next(sides), *g[3:]) for g in guards],
        parameter_count=len(chosen),
        parameters=chosen,
        argument_names=names,
        form=form,
    )


class _Rows:
    """What becomes slots.

    While rows are added, ``~row`` is the place of a value, less than 0. A captured value that has
    no row yet has the place 0, 1, ….

    Attributes:
        ops: the name of the operation of each row.
        counts: the number of its operands.
        reads: the places of the operands of all rows, one after another.
        numbers: the number of each leaf, by its row.
        labels: the labels that are not empty.
        captured: the places of values from before the trace.
        outside: those that have no row yet.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.ops, self.counts, self.reads = list[str](), list[int](), list[int]()
        self.numbers, self.labels = dict[int, float](), dict[int, str]()
        self.captured, self.outside = dict[Value, int](), list[Value]()
        for value in tape.inputs:
            value._mark = self._put("input", value._data, value._label)
        self._read(tape.values)

    def _put(self, op: str, number: float, label: str = "") -> int:
        """Add the row of a leaf. Returns its place."""
        row = len(self.ops)
        self.ops.append(op)
        self.counts.append(0)
        self.numbers[row] = number
        if label:
            self.labels[row] = label
        return ~row

    def place(self, value: Value) -> int:
        """The place of a value. One that is not marked is captured here."""
        if value._mark < 0:
            return value._mark
        place = self.captured.get(value)
        if place is None:
            if value.is_constant or value in self.tape.fixed:
                place = self._put("constant", value._data, value._label)
            else:
                place = len(self.outside)
                self.outside.append(value)
            self.captured[value] = place
        return place

    def _read(self, values: Sequence[Value]) -> None:
        """Add the rows of results. It is one loop because programs have millions of slots."""
        add, add_count, add_op = self.reads.append, self.counts.append, self.ops.append
        known, place = self.captured.get, self.place
        for value in values:
            left, right = value._left, value._right
            if right is not None:  # most of them
                a, b = left._mark, right._mark
                a = a if a < 0 else known(left) or place(left)
                b = b if b < 0 else known(right) or place(right)
                add(a)
                add(b)
                add_count(2)
            else:
                own = self._others(left, value._right_grad)
                self.reads += own
                add_count(len(own))
            value._mark = ~len(self.ops)
            if value._label:
                self.labels[len(self.ops)] = value._label
            add_op(value.op.name)  # type: ignore[union-attr]  # results have one

    def _others(self, left: Link, number: Link) -> list[int]:
        """The places of one Value, or of a tuple, or of one and a number as in `expand`."""
        if left.__class__ is tuple:
            known, place = self.captured.get, self.place
            return [a if (a := x._mark) < 0 else known(x) or place(x) for x in left]
        if number is None:
            return [self.place(left)]
        if number.__class__ is tuple:
            return [self._put("constant", number[0]), self.place(left)]
        return [self.place(left), self._put("constant", number)]

    def complete(self, parameters: Sequence[Value] | None) -> list[Value]:
        """Add the rows of captured results and those of the parameters, which are returned."""
        recorded = len(self.ops)
        if results := [value for value in self.outside if value.op is not None]:
            whole = record(0.0, total, tuple(results), None, (), None)
            order = topological_order(whole)[:-1]
            for i, value in enumerate(self.tape.inputs):  # which the walk has marked
                value._mark = ~i
            self.tape.earlier = [value for value in order if value.op is not None]
            for value in self.tape.earlier:
                value._label = value.label  # the slot may be empty
            self._read(self.tape.earlier)
        before = len(self.ops)
        captured = [value for value in self.outside if value.op is None]
        _check_given(captured, parameters)
        chosen = captured if parameters is None else list(parameters)
        self.captured |= {v: self._put("parameter", v._data, v._label) for v in chosen}
        self._arrange(recorded, before)
        return chosen

    def _arrange(self, recorded: int, before: int) -> None:
        """Put the rows in the order of slots."""
        inputs, stop = len(self.tape.inputs), len(self.ops)
        self.leaf_count = inputs + stop - before
        self.spans = (0, inputs), (before, stop), (recorded, before), (inputs, recorded)
        self.order = np.concatenate([np.arange(*span) for span in self.spans])
        self.row = np.empty_like(self.order)
        self.row[self.order] = np.arange(stop)
        found = [v._mark if v.op is not None else self.captured[v] for v in self.outside]
        self.table = np.append(self.row[~np.array(found, dtype=np.intp)], self.row[::-1])

        counts = np.array(self.counts, dtype=np.intp)
        flat, stops = self.at(self.reads), counts.cumsum()
        parts = [flat[stops[a] - counts[a] : stops[b - 1]] for a, b in self.spans if b > a]
        self.operands = Operands.of(np.concatenate(parts), counts[self.order])

    def at(self, places: Sequence[int]) -> Ints:
        """The rows at these places, in the order of slots."""
        rows: Ints = self.table[np.array(places, dtype=np.intp)]
        return rows

    def live(self, ends: Ints) -> Mask:
        """Is each row an input, a parameter, or needed by one of ``ends``?"""
        live: Mask = uses(self.operands, stay=np.append(np.arange(self.leaf_count), ends)) > 0
        return live

    def columns(self, live: Mask) -> Columns:
        """The columns of the rows that are live."""
        ops = reduce(iadd, [self.ops[slice(*span)] for span in self.spans])
        made = np.zeros(len(live), dtype=bool)  # by an operation on the tape
        made[slice(*self.spans[-1])] = True
        made[list(self.numbers)] = False
        lines = np.where(made, made.cumsum() - 1, -1)[self.order]
        labels, numbers = self._column(self.labels, ""), self._column(self.numbers, 0.0)
        operands = self.operands
        if not live.all():
            flat = (live.cumsum() - 1)[operands.flat[np.repeat(live, operands.counts)]]
            operands, lines = Operands.of(flat, operands.counts[live]), lines[live]
            keep = live.tolist()
            ops, labels = list(compress(ops, keep)), list(compress(labels, keep))
            numbers = list(compress(numbers, keep))
        tape = self.tape
        return Columns(ops, operands, labels, Lines(tape.codes, tape.instructions, lines), numbers)

    def _column(self, known: dict[int, T], other: T) -> list[T]:
        """What is known about some rows, and ``other`` for all others, in the order of slots."""
        column = [other] * len(self.row)
        for row, what in zip(self.row[list(known)].tolist(), known.values(), strict=True):
            column[row] = what
        return column


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise an error if the function captured a Value that is not a given parameter."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not "
            f"among the {len(parameters)} parameters given; add it to them, or use its .data if it "
            f"should stay fixed"
        )
