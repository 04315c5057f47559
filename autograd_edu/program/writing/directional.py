"""The derivative of a program in a direction, as a program.

Its gradient is the second derivative. So the code that prints both passes of a program can print
derivatives of any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import compress
from operator import add
from typing import TypeAlias

import numpy as np

from ...derivatives.dual import Numbers, is_one
from ...engine.modes import ieee
from ...engine.number import Number
from ...engine.ops import OPS, where
from ...engine.value import Value
from ...errors import OperandError
from ...trees import Tree, flatten
from ..again import again
from ..ir import Computation, Slot
from ..tracing.condition import Condition
from ..tracing.trace import record

# a number, or its derivative in the direction: 0.0 where nothing moves
Moving: TypeAlias = Number | float
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
    """Its derivative in a direction: the sum over its results, each times its upstream gradient.

    Its inputs are those of ``program``, the upstream gradients of a sample, and a direction for
    each input; its parameters are those of ``program``, then a direction for each of them.

    Raises:
        OperandError: if a local gradient branches in a way that no program can keep.
    """
    numbers, k = program.columns.numbers, len(program.shapes)
    own = [Value(x) for x in numbers[program.input_count : program.leaf_count]]
    along = [Value(1.0) for _ in own]
    spans = zip(program.leaf_spans, program.shapes, strict=False)
    examples = [np.reshape(numbers[x.start : x.stop], shape) for x, shape in spans]
    ones = [np.ones(shape) for shape in ((len(program.roots),), *program.shapes)]

    def derivative(*inputs: Tree) -> Moving:
        at, directions = flatten(inputs[:k]), flatten(inputs[k + 1 :])
        moves = _moves(program, [*at, *own], [*directions, *along])
        pairs = zip(inputs[k], program.roots, strict=True)
        result: Moving = reduce(add, [upstream * moves[i] for upstream, i in pairs])
        return result

    with ieee():
        found = record(derivative, *examples, *ones, parameters=[*own, *along])
    if found.guards:
        raise OperandError(
            f"no further derivative: a local gradient branches at {found.guards[0].line}; "
            "write its rule with xp.choose"
        )
    return found


def _moves(program: Computation, at: Sequence[Moving], along: Sequence[Moving]) -> list[Moving]:
    """How the number in each slot moves when the leaves move from ``at`` along a direction."""
    values, moves = again(program, at), list(along)
    for i, slot in enumerate(program.slots[len(moves) :], len(moves)):
        xs, own = [[each[j] for j in slot.operands] for each in (values, moves)]
        moves.append(_move(slot, values[i], xs, own))
    return moves


def _move(slot: Slot, y: Moving, xs: Sequence[Moving], moves: Sequence[Moving]) -> Moving:
    """How the result of an operation moves: the sum of local gradient × move over its operands."""
    moving = [isinstance(move, Number) for move in moves]
    if not any(moving):
        return 0.0
    op, products = OPS[slot.op], list[Moving]()
    slopes = op.local_gradients(_BothBranches, y, xs, moving)
    for slope, move in compress(zip(slopes, moves, strict=True), moving):
        if op.selects and isinstance(slope, Number):
            # an operand that is not selected passes nothing on
            products.append(where.apply((slope > 0.0, slope * move, 0.0)))
        elif not (op.selects and slope == 0.0):
            products.append(move if is_one(slope) else slope * move)
    return reduce(add, products) if products else 0.0
