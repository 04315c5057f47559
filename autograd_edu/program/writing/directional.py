"""The derivative of a program in a direction, as a program of its own.

The gradient of this derivative is the second derivative of the program, so whoever can print both
passes of a program can print derivatives of any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from operator import add
from typing import Any

import numpy as np

from ...derivatives.dual import Numbers
from ...engine.modes import ieee
from ...engine.number import Number
from ...engine.ops import OPS, dot, where
from ...engine.value import Value
from ...errors import OperandError
from ..ir import Computation, Slot
from ..tracing.condition import Condition
from ..tracing.trace import record

Moving = Number | float  # a number, or its derivative in the direction: 0.0 where nothing moves


class _BothBranches(Numbers):
    """The namespace of Values in which a choice keeps both branches, for samples that differ."""

    @staticmethod
    def choose(condition: Any, then: Any, otherwise: Any) -> Any:  # as in `Namespace`
        if not isinstance(condition, Condition):
            return Numbers.choose(condition, then, otherwise)
        branches = [branch() if callable(branch) else branch for branch in (then, otherwise)]
        return where.apply((condition, *branches))


def directional(program: Computation) -> Computation:
    """``upstream`` times the derivative of ``program`` in a direction.

    Its inputs are those of ``program``, the upstream gradient of a sample, and a direction for
    each input; its parameters are those of ``program``, then a direction for each of them.

    Raises:
        OperandError: if a local gradient branches in a way that no program can keep.
    """
    leaves = program.slots[: program.input_count + program.parameter_count]
    numbers = [slot.number for slot in leaves]
    own = [Value(x) for x in numbers[program.input_count :]]
    along = [Value(1.0) for _ in own]

    def derivative(*inputs: Any) -> Any:
        k = len(program.shapes)
        at = [*_flat(inputs[:k]), *own]
        return inputs[k] * _moved(program, at, [*_flat(inputs[k + 1 :]), *along])

    examples, start = [], 0
    for shape in program.shapes:
        examples.append(np.reshape(numbers[start : start + prod(shape)], shape).tolist())
        start += prod(shape)
    directions = [np.ones(shape).tolist() for shape in program.shapes]
    with ieee():
        found = record(derivative, *examples, 1.0, *directions, parameters=[*own, *along])
    if found.guards:
        raise OperandError(
            f"no further derivative: a local gradient branches at {found.guards[0].line}; "
            "write its rule with xp.choose"
        )
    return found


def _flat(xs: Any) -> list[Moving]:
    """The numbers in nested lists, in order."""
    return [y for x in xs for y in (_flat(x) if isinstance(x, (list, tuple)) else (x,))]


def _moved(program: Computation, at: Sequence[Moving], along: Sequence[Moving]) -> Moving:
    """The derivative of the result when the leaves move from ``at`` along a direction."""
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
    return moves[program.root]


def _move(slot: Slot, y: Moving, xs: Sequence[Moving], moves: Sequence[Moving]) -> Moving:
    """How the result of an operation moves: the sum of local gradient × move over its operands."""
    op, moving = OPS[slot.op], [isinstance(move, Number) for move in moves]
    if not any(moving):
        return 0.0
    slopes = op.local_gradients(_BothBranches, y, xs, moving)
    terms = []
    for slope, move, wanted in zip(slopes, moves, moving, strict=True):
        fixed = not isinstance(slope, Number)
        if not wanted or (op.selects and fixed and slope == 0.0):
            continue
        if op.selects and not fixed:  # an operand that is not selected passes nothing on
            terms.append((1.0, where.apply((slope > 0.0, slope * move, 0.0))))
        else:
            terms.append((slope, move))
    if len(terms) > 2:
        return dot(*zip(*terms, strict=True))  # type: ignore[no-any-return]
    products = [move if _is_one(slope) else slope * move for slope, move in terms]
    return reduce(add, products) if products else 0.0


def _is_one(slope: Moving) -> bool:
    return not isinstance(slope, Number) and slope == 1.0
