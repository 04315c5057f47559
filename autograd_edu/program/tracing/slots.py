"""Values on a tape as the slots of a recorded computation.

Inputs come first, then parameters, then everything else in the order in which it was computed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import NamedTuple

import numpy as np

from ...engine.ops import total
from ...engine.value import Value, topological_order
from ...engine.value import record as recorded
from ...errors import OperandError
from ..ir import Columns, Computation, Form, Guard, Ints, Operands
from .tape import Lines, Noted, Row, Tape

Arguments = Sequence[tuple[str, tuple[int, ...]]]  # (name, shape) per argument


def as_computation(
    roots: Sequence[Value], tape: Tape, arguments: Arguments, *,
    parameters: Sequence[Value] | None, form: Form = 0,
) -> Computation:  # fmt: skip
    """``roots`` as a computation of the inputs, which come first on the tape, and the parameters.

    Without ``parameters``, the captured leaves become parameters, in order of first use. Otherwise
    no other leaf may be captured.
    """
    tape.mark()
    inputs = sum([prod(shape) for _, shape in arguments])
    guards, reads = _needed(roots, tape, inputs)
    deeper = _deeper(list(reads.captured))
    captured = _variables([*reads.captured, *deeper])
    _check_given(captured, parameters)
    chosen = captured if parameters is None else list(parameters)
    rows = _with_constants(tape.rows(), reads.captured, deeper, inputs=inputs)
    if len(rows) > len(tape.values):
        tape.write(rows)
        reads = _read(tape.values, [*roots, *_sides(guards)])
    late = [value for value in reads.captured if value.is_constant]  # only roots and guards are
    places = _places(reads, chosen, late, inputs=inputs, count=len(tape.values))
    ends = places[len(places) - len(roots) - 2 * len(guards) :].tolist()
    sides = iter(ends[len(roots) :])
    return Computation(
        _columns(tape, chosen, late, reads=(places, reads.counts), inputs=inputs),
        tuple([shape for _, shape in arguments]),
        roots=ends[: len(roots)],
        guards=[Guard(g.sign, next(sides), next(sides), *g[3:]) for g in guards],
        parameter_count=len(chosen),
        parameters=chosen,
        argument_names=[name for name, _ in arguments],
        form=form,
    )


def _sides(guards: Sequence[Noted]) -> list[Value]:
    return list(chain.from_iterable([guard[1:3] for guard in guards]))


class _Captured(dict[Value, int]):
    """Numbers for values that were there before the trace, in order of first use.

    Attributes:
        counts: grows by one for each value that has read its operands.
        users: for each captured value, the place of the first value that reads it.
    """

    def __init__(self, counts: list[int]) -> None:
        self.counts, self.users = counts, list[int]()

    def __missing__(self, value: Value) -> int:
        self.users.append(len(self.counts))
        number = self[value] = len(self)
        return number


class _Reads(NamedTuple):
    """What the values of a tape read, and then the ends.

    Attributes:
        flat: for each operand and each end, ``~place`` on the tape or the number of what was
            captured.
        counts: the number of operands of each value.
    """

    flat: list[int]
    counts: list[int]
    captured: _Captured


def _read(values: list[Value], ends: list[Value]) -> _Reads:
    """What ``values`` and ``ends`` read. It is one loop because programs have millions of slots."""
    flat, counts = list[int](), list[int]()
    captured = _Captured(counts)
    add, count, number = flat.append, counts.append, captured.__getitem__
    for value in values:
        left, right = value._left, value._right
        if right is not None:  # most of them
            a, b = left._mark, right._mark
            add(a if a < 0 else number(left))
            add(b if b < 0 else number(right))
            count(2)
        elif left is None:
            count(0)
        else:
            operands = left if left.__class__ is tuple else (left,)
            flat += [x._mark if x._mark < 0 else number(x) for x in operands]
            count(len(operands))
    flat += [x._mark if x._mark < 0 else number(x) for x in ends]
    return _Reads(flat, counts, captured)


def _needed(roots: Sequence[Value], tape: Tape, inputs: int) -> tuple[list[Noted], _Reads]:
    """The guards, and what the values read. Values that nothing needs leave the tape.

    An operation whose error a caller may catch is computed even if it is unused.
    """
    reads = _read(tape.values, [*roots, *_sides(tape.guards)])
    live = _live(reads, inputs)
    if all(live):
        return tape.guards, reads
    guards = [*tape.guards, *[noted for noted in tape.tried if not live[~noted.left._mark]]]
    live = _live(_read(tape.values, [*roots, *_sides(guards)]), inputs)
    tape.write([row for row, needed in zip(tape.rows(), live, strict=True) if needed])
    return guards, _read(tape.values, [*roots, *_sides(guards)])


def _live(reads: _Reads, inputs: int) -> list[bool]:
    """Is each value an input, or used by an end, directly or not?"""
    flat, counts = np.array(reads.flat, dtype=np.intp), reads.counts
    found = np.bincount(~flat[flat < 0], minlength=len(counts))
    found[:inputs] += 1
    uses: list[int] = found.tolist()
    if not found.all():  # the last of what is not live has no use at all
        stop = sum(counts)
        for i in range(len(counts) - 1, -1, -1):
            start = stop - counts[i]
            if not uses[i]:
                for j in reads.flat[start:stop]:
                    if j < 0:
                        uses[~j] -= 1
            stop = start
    return [count > 0 for count in uses]


def _deeper(captured: Sequence[Value]) -> list[Value]:
    """What captured results were computed from, and they themselves, parents first."""
    results = [value for value in captured if value.op is not None]
    return topological_order(recorded(0.0, total, tuple(results), None, (), None))[:-1]


def _variables(values: list[Value]) -> list[Value]:
    """The leaves among the values that are not constants, each once."""
    return list(dict.fromkeys([v for v in values if v.op is None and not v.is_constant]))


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise an error if the function captured a Value that is not a given parameter."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not "
            f"among the {len(parameters)} parameters given; add it to them, or use its .data if it "
            f"should stay fixed"
        )


def _with_constants(
    rows: list[Row], captured: _Captured, deeper: list[Value], *, inputs: int
) -> list[Row]:
    """The rows of a tape, with captured results, and with constants before their first use."""
    before = defaultdict[int, list[Row]](list)
    known = set(deeper)
    for value, user in zip(captured, captured.users, strict=True):
        if value.is_constant and value not in known and user < len(rows):
            before[user].append((value, None, 0))
    first: list[Row] = [(v, None, 0) for v in deeper if v.op is not None or v.is_constant]
    if not first and not before:
        return rows
    rest = chain.from_iterable([(*before[i], rows[i]) for i in range(inputs, len(rows))])
    return [*rows[:inputs], *first, *rest]


def _places(
    reads: _Reads, chosen: list[Value], late: list[Value], *, inputs: int, count: int
) -> Ints:
    """The slot of each operand and of each end."""
    own = {value: inputs + i for i, value in enumerate(chosen)}
    own |= {value: count + len(chosen) + i for i, value in enumerate(late)}
    captured = np.array([own[value] for value in reads.captured], dtype=np.intp)
    places = ~np.array(reads.flat, dtype=np.intp)
    outside = places < 0
    places[places >= inputs] += len(chosen)
    places[outside] = captured[~places[outside]]
    return places


def _columns(
    tape: Tape,
    chosen: list[Value],
    late: list[Value],
    *,
    reads: tuple[Ints, list[int]],
    inputs: int,
) -> Columns:
    given, rest = tape.values[:inputs], [*tape.values[inputs:], *late]
    values = [*given, *chosen, *rest]
    ops = ["constant" if value.op is None else value.op.name for value in rest]
    none, added = [0] * len(chosen), [0] * len(late)
    counts = np.array([*none, *reads[1], *added], dtype=np.intp)  # inputs read nothing either
    return Columns(
        ["input"] * len(given) + ["parameter"] * len(chosen) + ops,
        Operands.of(reads[0][: counts.sum()], counts),
        [value._label for value in values],
        Lines(
            [*[None] * (inputs + len(chosen)), *tape.codes[inputs:], *[None] * len(late)],
            [*none, *tape.instructions, *added],
        ),
        [0.0 if value.op is not None else value._data for value in values],
    )
