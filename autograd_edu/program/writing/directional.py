"""Programs made from a program: its derivative in a direction, and a sum of its results.

The gradient of the derivative in a direction is the second derivative. So the code that prints both
passes of a program can print derivatives of any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from operator import add
from typing import TypeAlias

import numpy as np

from ...derivatives.dual import Numbers, is_one
from ...engine.modes import ieee
from ...engine.number import Number
from ...engine.ops import OPS, dot, where
from ...engine.value import Value
from ...errors import OperandError
from ..ir import Computation, Slot
from ..tracing.condition import Condition
from ..tracing.trace import record

# a number, or its derivative in the direction: 0.0 where nothing moves
Moving: TypeAlias = Number | float
Nested: TypeAlias = "Moving | Sequence[Nested]"
Branch: TypeAlias = Moving | Callable[[], Moving]


class _BothBranches(Numbers):
    """The namespace of Values in which a choice keeps both branches, for samples that differ."""

    @staticmethod
    def choose(condition: Condition | bool, then: Branch, otherwise: Branch) -> Moving:
        if not isinstance(condition, Condition):
            chosen = then if condition else otherwise
            return chosen() if callable(chosen) else chosen
        branches = [branch() if callable(branch) else branch for branch in (then, otherwise)]
        both: Moving = where.apply((condition, *branches))
        return both


def directional(program: Computation) -> Computation:
    """``upstream`` times the derivative of ``program`` in a direction.

    Its inputs are those of ``program``, the upstream gradient of a sample, and a direction for
    each input; its parameters are those of ``program``, then a direction for each of them.

    Raises:
        OperandError: if a local gradient branches in a way that no program can keep.
    """
    k, own = len(program.shapes), _parameters(program)
    along = [Value(1.0) for _ in own]

    def derivative(*inputs: Nested) -> Moving:
        at, (upstream, *directions) = [*_flat(inputs[:k]), *own], _flat(inputs[k:])
        return upstream * _moved(program, at, [*directions, *along])

    more = [1.0, *[np.ones(shape).tolist() for shape in program.shapes]]
    return _recorded(program, derivative, more=more, parameters=[*own, *along])


def weighted(program: Computation) -> Computation:
    """The sum of the results of ``program``, each times a number of the last input."""
    own = _parameters(program)

    def summed(*inputs: Nested) -> Moving:
        at = [*_flat(inputs[:-1]), *own]
        values = _moved_all(program, at, [0.0] * len(at))[0]
        result: Moving = dot(_flat(inputs[-1]), [values[i] for i in program.roots])
        return result

    return _recorded(program, summed, more=[[1.0] * len(program.roots)], parameters=own)


def _parameters(program: Computation) -> list[Value]:
    leaves = program.slots[: program.input_count + program.parameter_count]
    return [Value(slot.number) for slot in leaves[program.input_count :]]


def _recorded(
    program: Computation, f: Callable[..., Moving], *, more: list[Nested], parameters: list[Value]
) -> Computation:
    """``f`` of the inputs of ``program`` and of ``more``, recorded at its example's numbers."""
    examples, start = [], 0
    for shape in program.shapes:
        numbers = [slot.number for slot in program.slots[start : start + prod(shape)]]
        examples.append(np.reshape(numbers, shape).tolist())
        start += prod(shape)
    with ieee():
        found = record(f, *examples, *more, parameters=parameters)
    if found.guards:
        raise OperandError(
            f"no further derivative: a local gradient branches at {found.guards[0].line}; "
            "write its rule with xp.choose"
        )
    return found


def _flat(xs: Nested) -> list[Moving]:
    """The numbers in nested lists, in order."""
    return [y for x in xs for y in _flat(x)] if isinstance(xs, Sequence) else [xs]


def _moved(program: Computation, at: Sequence[Moving], along: Sequence[Moving]) -> Moving:
    """The derivative of the result when the leaves move from ``at`` along a direction."""
    return _moved_all(program, at, along)[1][program.root]


def _moved_all(
    program: Computation, at: Sequence[Moving], along: Sequence[Moving]
) -> tuple[list[Moving], list[Moving]]:
    """The number in each slot, and how it moves."""
    values, moves = list[Moving](), list[Moving]()
    leaves = iter(zip(at, along, strict=True))
    for slot in program.slots:
        if slot.operands:
            xs = [values[i] for i in slot.operands]
            values.append(y := OPS[slot.op].apply(xs))
            moves.append(_move(slot, y, xs, [moves[i] for i in slot.operands]))
        else:
            value, move = (slot.number, 0.0) if slot.op == "constant" else next(leaves)
            values.append(value)
            moves.append(move)
    return values, moves


def _move(slot: Slot, y: Moving, xs: Sequence[Moving], moves: Sequence[Moving]) -> Moving:
    """How the result of an operation moves: the sum of local gradient × move over its operands."""
    op, moving = OPS[slot.op], [isinstance(move, Number) for move in moves]
    if not any(moving):
        return 0.0
    slopes = op.local_gradients(_BothBranches, y, xs, moving)
    terms = list[tuple[Moving, Moving]]()
    for slope, move, wanted in zip(slopes, moves, moving, strict=True):
        fixed = not isinstance(slope, Number)
        if not wanted or (op.selects and fixed and slope == 0.0):
            continue
        if op.selects and not fixed:  # an operand that is not selected passes nothing on
            terms.append((1.0, where.apply((slope > 0.0, slope * move, 0.0))))
        else:
            terms.append((slope, move))
    if len(terms) > 2:
        together: Moving = dot([slope for slope, _ in terms], [move for _, move in terms])
        return together
    products = [move if is_one(slope) else slope * move for slope, move in terms]
    return reduce(add, products) if products else 0.0
