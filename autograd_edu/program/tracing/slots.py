"""Values on a tape as the slots of a recorded computation.

Inputs come first, then parameters, then everything else in the order in which it was computed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, compress, count
from math import prod
from typing import NamedTuple

import numpy as np

from ...engine.ops import total
from ...engine.value import Value, topological_order
from ...engine.value import record as recorded
from ...errors import OperandError
from ..ir import Columns, Computation, Form, Guard, Ints, Operands, needed
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
    deeper = _deeper([value for value in reads.captured if value.op is not None])
    captured = _variables([*reads.captured, *deeper])
    _check_given(captured, parameters)
    chosen = captured if parameters is None else list(parameters)
    if rows := _with_constants(tape.rows, reads, deeper, inputs=inputs):
        tape.write(rows)
        reads = _read(tape.values, [*roots, *_sides(guards)])
    late = [value for value in reads.captured if value.is_constant]  # only roots and guards are
    places = _places(reads, chosen, late, inputs=inputs)
    counts = np.pad(
        reads.counts, (len(chosen), len(late))
    )  # leaves, which come first, read nothing
    operands, ends = Operands.of(places[: counts.sum()], counts), places[counts.sum() :].tolist()
    sides = iter(ends[len(roots) :])
    return Computation(
        _columns(tape, chosen, late, inputs=inputs, operands=operands),
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


class _Reads(NamedTuple):
    """What the values of a tape read, and then the ends.

    Attributes:
        flat: for each operand and each end, ``~place`` on the tape or the number of what was
            captured.
        counts: the number of operands of each value.
        captured: the numbers of values that are not on the tape, in order of first use.
    """

    flat: Ints
    counts: Ints
    captured: dict[Value, int]


def _read(values: list[Value], ends: list[Value]) -> _Reads:
    """What ``values`` and ``ends`` read. It is one loop because programs have millions of slots."""
    flat, counts = list[int](), list[int]()
    captured: dict[Value, int] = {}
    add, add_count, number = flat.append, counts.append, captured.setdefault
    for value in values:
        left, right = value._left, value._right
        if right is not None:  # most of them
            a, b = left._mark, right._mark
            add(a if a < 0 else number(left, len(captured)))
            add(b if b < 0 else number(right, len(captured)))
            add_count(2)
        elif left is None:
            add_count(0)
        else:
            own = left if left.__class__ is tuple else (left,)
            flat += [a if (a := x._mark) < 0 else number(x, len(captured)) for x in own]
            add_count(len(own))
    flat += [a if (a := x._mark) < 0 else number(x, len(captured)) for x in ends]
    return _Reads(np.array(flat, dtype=np.intp), np.array(counts, dtype=np.intp), captured)


def _needed(roots: Sequence[Value], tape: Tape, inputs: int) -> tuple[list[Noted], _Reads]:
    """The guards, and what the values read. Values that nothing needs leave the tape.

    An operation whose error a caller may catch is computed even if it is unused.
    """
    guards = tape.guards
    reads = _read(tape.values, [*roots, *_sides(guards)])
    uses = _uses(reads, inputs)
    if not uses.all():
        live = needed(uses, reads.counts, ~reads.flat)
        guards = [*guards, *[noted for noted in tape.tried if not live[~noted.left._mark]]]
        reads = _read(tape.values, [*roots, *_sides(guards)])
        live = needed(_uses(reads, inputs), reads.counts, ~reads.flat)
        tape.write(list(compress(tape.rows, live)))
        reads = _read(tape.values, [*roots, *_sides(guards)])
    return guards, reads


def _uses(reads: _Reads, inputs: int) -> Ints:
    """How often each value on the tape is read. Inputs always stay."""
    uses = np.bincount(~reads.flat[reads.flat < 0], minlength=len(reads.counts))
    uses[:inputs] += 1
    return uses


def _deeper(results: list[Value]) -> list[Value]:
    """What captured results were computed from, and they themselves, parents first."""
    if not results:
        return []
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
    rows: list[Row], reads: _Reads, deeper: list[Value], *, inputs: int
) -> list[Row]:
    """The rows of a tape with captured results, and constants before their first use.

    There are none if nothing is missing.
    """
    first: list[Row] = [(v, None, 0) for v in deeper if v.op is not None or v.is_constant]
    missing = [v for v in reads.captured.keys() - deeper if v.is_constant]
    stops, users = reads.counts.cumsum(), defaultdict[int, list[Row]](list)
    for value in sorted(missing, key=reads.captured.__getitem__):
        use = np.flatnonzero(reads.flat == reads.captured[value])[0]
        user = int(np.searchsorted(stops, use, side="right"))
        if user < len(rows):  # otherwise only roots and guards use it
            users[user].append((value, None, 0))
    if not first and not users:
        return []
    rest = chain.from_iterable([(*users[i], rows[i]) for i in range(inputs, len(rows))])
    return [*rows[:inputs], *first, *rest]


def _places(reads: _Reads, chosen: list[Value], late: list[Value], *, inputs: int) -> Ints:
    """The slot of each operand and of each end."""
    places = ~reads.flat
    own = dict(zip(chosen, count(inputs), strict=False))
    own |= zip(late, count(len(reads.counts) + len(chosen)), strict=False)
    captured = np.array([own[value] for value in reads.captured], dtype=np.intp)
    outside = places < 0
    places[places >= inputs] += len(chosen)
    places[outside] = captured[reads.flat[outside]]
    return places


def _columns(
    tape: Tape, chosen: list[Value], late: list[Value], *, inputs: int, operands: Operands
) -> Columns:
    leaves, rest = [*tape.values[:inputs], *chosen], [*tape.values[inputs:], *late]
    values = leaves + rest
    ops = ["constant" if (op := value.op) is None else op.name for value in rest]
    numbers = [0.0] * len(values)
    for i in np.flatnonzero(operands.counts == 0).tolist():
        numbers[i] = values[i]._data
    none, added = [0] * len(chosen), [0] * len(late)
    codes = [*[None] * len(leaves), *tape.codes[inputs:], *[None] * len(late)]
    return Columns(
        ["input"] * inputs + ["parameter"] * len(chosen) + ops,
        operands,
        [getattr(value, "_label", "") for value in values],
        Lines(codes, [*none, *tape.instructions, *added]),
        numbers,
    )
