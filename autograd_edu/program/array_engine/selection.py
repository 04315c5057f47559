"""The backward pass that knows which gradients there are, and which are only 0.

An operand that was not selected has no gradient, and what is not there passes nothing on, however
steep the operations before it are. The plain pass has 0 in its place. That is the same while every
number is finite; where one is not, 0·∞ would be nan, and this pass runs instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ..arrays import Arrays
from ..lifting.group import Group
from ..lifting.reverse import Back, Reverse
from .run import Backward, Plan
from .tables import Array, Call, table_of_gradients

Rows: TypeAlias = Any  # what a rule of the table gives on arrays: an array, or several of them
Slope = Callable[[], Rows]
Pair = tuple[Array, Array]  # gradients, and the marks of those that are there


class Careful(Backward):
    """The backward calls of a plan, with a mark beside every gradient that is there.

    Attributes:
        marks: tables like those of the gradients; a gradient is there where its mark is positive.
    """

    def __init__(self, plan: Plan, reverse: Reverse) -> None:
        widths = {True: 1, False: plan.width}
        self.marks = {kind: table_of_gradients(reverse, kind, n) for kind, n in widths.items()}
        super().__init__(plan, reverse)
        self.of_batch.append(self.marks[True][: reverse.batch_edges])

    def _through(self, back: Back, group: Group, calls: list[Call]) -> None:
        operands, both = self.plan.operands[back.number], (self.gradients, self.marks)
        gradients, marks = (self._upstream(tables, back, group, calls) for tables in both)
        pairs = zip(*[self._outs(tables, back, group) for tables in both], strict=True)
        for i, (out, mark) in enumerate(pairs):
            if out is None or mark is None:
                continue
            if group.kind == "matrix" and i < 2:
                through = _to_weights if i == 0 else _to_inputs
                calls.append(partial(through, operands[1 - i], (gradients, marks), (out, mark)))
            else:
                slope = _local_gradient(self.plan, group, operands, i)
                calls.append(partial(_pass, group, i, slope, (gradients, marks), (out, mark)))


def _local_gradient(plan: Plan, group: Group, operands: list[Array], i: int) -> Slope:
    """The call that gives the local gradient for what a group reads by the number ``i``."""
    if group.kind == "dot" and i < 2:
        return lambda: operands[1 - i]
    if group.kind not in ("map", "stack"):
        return lambda: 1.0
    return partial(group.op.rules[i], Arrays, plan.out(group), *operands)


def _pass(group: Group, i: int, local_gradient: Slope, arriving: Pair, outs: Pair) -> None:
    """Local gradient × gradient, where there is a gradient and the operand is selected."""
    gradients, marks = arriving
    slope = local_gradient()
    there = marks > 0.0
    if group.op.selects:
        there = there & (slope != 0.0)
    passed = np.where(there, slope * gradients, 0.0)
    summed = group.reads[i].fixed and not group.fixed
    for out, each in zip(outs, (passed, there), strict=True):
        out[...] = each.sum(axis=-1, keepdims=True) if summed else each


def _to_weights(inputs: Array, arriving: Pair, outs: Pair) -> None:
    """For C = A·B: Ā = C̄·Bᵀ, row by row."""
    gradients, marks = (each.reshape(len(each), -1) for each in arriving)
    for row, gradient, mark in zip(range(len(gradients)), gradients, marks, strict=True):
        outs[0][row, :, 0] = np.where(mark > 0.0, inputs * gradient, 0.0).sum(axis=1)
        outs[1][row] = mark.max() > 0.0


def _to_inputs(weights: Array, arriving: Pair, outs: Pair) -> None:
    """For C = A·B: B̄ = Aᵀ·C̄, adding up what each row of A gives."""
    gradients, marks = (each.reshape(len(each), -1) for each in arriving)
    by_input, there = (out.reshape(len(out), -1) for out in outs)
    by_input[...] = 0.0
    for row, gradient, mark in zip(weights, gradients, marks, strict=True):
        own = row[: len(by_input), None]
        by_input += np.where(mark > 0.0, own * gradient, 0.0)
    there[...] = marks.max(axis=0) > 0.0
