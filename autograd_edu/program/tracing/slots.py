"""Values on a tape as the slots of a recorded computation.

Inputs come first, then parameters, then constants, then captured results and what they were
computed from, then everything else in the order in which it was computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress, count
from operator import invert
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
_NUMBER = 1 << 40  # the place of the first plain number; more values than that no tape holds


def as_computation(
    roots: Sequence[Value], tape: Tape, *, shapes: Shapes, names: Sequence[str],
    parameters: Sequence[Value] | None, form: Form = 0,
) -> Computation:  # fmt: skip
    """``roots`` as a computation of the inputs and the parameters.

    Without ``parameters``, the captured leaves become parameters, in order of first use. Otherwise
    no other leaf may be captured.
    """
    rows = _Rows(tape)
    ends = [rows.place(x) for x in chain(roots, *[noted[1:3] for noted in tape.guards])]
    rows.complete(parameters)
    slots, tried = rows.slots(ends), rows.slots([noted.left._mark for noted in tape.tried])
    live, guards = rows.live(slots), tape.guards
    if len(tried):
        guards = [*guards, *compress(tape.tried, ~live[tried])]
        slots = np.append(slots, np.repeat(tried[~live[tried]], 2))
        live = rows.live(slots)
    found = (live.cumsum() - 1)[slots].tolist()
    sides = iter(found[len(roots) :])
    guarded = [Guard(g.sign, next(sides), next(sides), *g[3:]) for g in guards]
    return Computation(
        rows.columns(live), shapes, argument_names=names, form=form, guards=guarded,
        roots=found[: len(roots)], parameters=rows.chosen, parameter_count=len(rows.chosen),
    )  # fmt: skip


class _Rows:
    """The inputs and results on a tape as rows, and then the results that were captured.

    The place of a row is ``~row``, which is less than 0; that of what was captured is 0, 1, …, and
    plain numbers come after `_NUMBER`.

    Attributes:
        ops: the name of the operation of each row.
        counts: the number of its operands.
        reads: the places of the operands of all rows, one after another.
        labels: the labels that are not empty.
        captured: the places of values from before the trace.
        numbers: the plain numbers.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.ops, self.counts = ["input"] * len(tape.inputs), [0] * len(tape.inputs)
        self.reads, self.labels = list[int](), dict[int, str]()
        self.captured, self.numbers = dict[Value, int](), list[float]()
        self._mark_inputs()
        self._read(tape.values)

    def _mark_inputs(self) -> None:
        for i, value in enumerate(self.tape.inputs):
            value._mark = ~i

    def place(self, value: Value) -> int:
        """The place of a value. One that is not marked is captured here."""
        place = value._mark
        return place if place < 0 else self.captured.setdefault(value, len(self.captured))

    def _read(self, values: Sequence[Value]) -> None:
        """Add the rows of results. It is one loop because programs have millions of slots."""
        add, add_count, add_op = self.reads.append, self.counts.append, self.ops.append
        captured, number = self.captured, self.captured.setdefault
        for value in values:
            left, right = value._left, value._right
            if right is not None:  # most of them
                a, b = left._mark, right._mark
                add(a if a < 0 else number(left, len(captured)))
                add(b if b < 0 else number(right, len(captured)))
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
        """The places of one Value, of a tuple, or of a Value and a number as in `expand`."""
        if left.__class__ is tuple:
            captured, new = self.captured, self.captured.setdefault
            return [a if (a := x._mark) < 0 else new(x, len(captured)) for x in left]
        own = [self.place(left)]
        if number is not None:
            is_left = number.__class__ is tuple
            own.insert(0 if is_left else 1, _NUMBER + len(self.numbers))
            self.numbers.append(number[0] if is_left else number)
        return own

    def complete(self, parameters: Sequence[Value] | None) -> None:
        """Add the rows of captured results, and find the parameters and the constants."""
        tape, captured = self.tape, self.captured
        if results := [value for value in captured if value.op is not None]:
            whole = record(0.0, total, tuple(results), None, (), None)
            order = topological_order(whole)[:-1]
            self._mark_inputs()  # which the walk has marked
            tape.earlier = [value for value in order if value.op is not None]
            for value in tape.earlier:
                value._label = value.label  # the slot may be empty
            self._read(tape.earlier)
        self.constants = [value for value in captured if value.is_constant or value in tape.fixed]
        rest = captured.keys() - self.constants if self.constants else captured
        variables = [value for value in captured if value.op is None and value in rest]
        _check_given(variables, parameters)
        self.chosen = variables if parameters is None else list(parameters)
        self._arrange()

    def _arrange(self) -> None:
        """Find the slots of all places, and the operands of all slots."""
        tape, inputs, numbers = self.tape, len(self.tape.inputs), len(self.numbers)
        recorded, self.leaf_count = inputs + len(tape.values), inputs + len(self.chosen)
        first = self.leaf_count + len(self.constants) + numbers  # the first result
        slots = np.arange(first, first + len(self.ops) - inputs)
        earlier, rest = np.split(slots, [len(tape.earlier)])
        known = dict(zip(chain(self.chosen, self.constants), count(inputs), strict=False))
        known |= zip(tape.earlier, earlier.tolist(), strict=True)
        captured = np.array([known[value] for value in self.captured], dtype=np.intp)
        rows = np.concatenate([np.arange(inputs), rest, earlier])
        self.slot = np.concatenate([captured, np.arange(first - numbers, first), rows[::-1]])

        flat, counts = self.slots(self.reads), np.array(self.counts, dtype=np.intp)
        split = counts[:recorded].sum()
        counts = np.concatenate([np.zeros(first, int), counts[recorded:], counts[inputs:recorded]])
        self.operands = Operands.of(np.append(flat[split:], flat[:split]), counts)
        leaves = [("input", inputs), ("parameter", len(self.chosen))]
        leaves += [("constant", first - self.leaf_count)]
        ops = [op for op, times in leaves for _ in range(times)]
        self.ops = [*ops, *self.ops[recorded:], *self.ops[inputs:recorded]]

    def slots(self, places: Iterable[int]) -> Ints:
        """The slots at these places."""
        found = np.fromiter(places, np.intp)
        found[found >= _NUMBER] += len(self.captured) - _NUMBER
        slots: Ints = self.slot[found]
        return slots

    def live(self, ends: Ints) -> Mask:
        """Is each slot an input, a parameter, or needed by one of ``ends``?"""
        live: Mask = uses(self.operands, stay=np.append(np.arange(self.leaf_count), ends)) > 0
        return live

    def columns(self, live: Mask) -> Columns:
        """The columns of the slots that are live."""
        tape, size, keep = self.tape, len(live), [] if live.all() else live.tolist()
        values = [*tape.inputs, *self.chosen, *self.constants]
        numbers = [*[value._data for value in values], *self.numbers]
        numbers += [0.0] * (size - len(numbers))
        labels = [*[value._label for value in values], *[""] * (size - len(values))]
        for row, slot in zip(self.labels, self.slots(map(invert, self.labels)), strict=True):
            labels[slot] = self.labels[row]
        codes = [*[None] * (size - len(tape.values)), *tape.codes]
        instructions = [*[0] * (size - len(tape.values)), *tape.instructions]
        lines = Lines(_kept(codes, keep), _kept(instructions, keep))
        flat, counts = self.operands.flat, self.operands.counts
        flat = (live.cumsum() - 1)[flat[np.repeat(live, counts)]]
        operands = Operands.of(flat, counts[live])
        return Columns(
            _kept(self.ops, keep), operands, _kept(labels, keep), lines, _kept(numbers, keep)
        )


def _kept(column: list[T], keep: list[bool]) -> list[T]:
    """The part of a column that is kept; the column itself if that is all of it."""
    return list(compress(column, keep)) if keep else column


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise an error if the function captured a Value that is not a given parameter."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not "
            f"among the {len(parameters)} parameters given; add it to them, or use its .data if it "
            f"should stay fixed"
        )
