"""The backward pass that knows which gradients there are, and which are only 0.

An operand that was not selected has no gradient, and what is not there passes nothing on, however
steep the operations before it are. The plain pass has 0 in its place. That is the same while every
number is finite; where one is not, 0·∞ would be nan, and this pass runs instead.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..lifting.reverse import Back, Reverse
from .run import Backward, Plan
from .tables import Array, Call, tables_of_gradients

Pair = tuple[Array, Array]  # gradients, and the marks of those that are there


class Careful(Backward):
    """The backward calls of a plan, with a mark beside every gradient that is there.

    Attributes:
        marks: tables like those of the gradients; a gradient is there where its mark is positive.
    """

    def __init__(self, plan: Plan, reverse: Reverse) -> None:
        self.marks = tables_of_gradients(reverse, plan.width)
        super().__init__(plan, reverse)
        self.of_batch.append(self.marks[True][: reverse.batch_edges])

    def _through(self, back: Back, calls: list[Call]) -> None:
        operands, formulas = self.plan.operands[back.number], self.plan.formulas[back.number]
        both, known = (self.gradients, self.marks), dict(formulas.arrays) if formulas else {}
        gradients, marks = [self._upstream(tables, back, calls) for tables in both]
        pairs = zip(*[self._outs(tables, back) for tables in both], strict=True)
        for i, (out, mark) in enumerate(pairs):
            if out is None or mark is None:
                continue
            if back.group.kind == "matrix" and i < 2:
                through = _to_weights if i == 0 else _to_inputs
                calls.append(partial(through, operands[1 - i], (gradients, marks), (out, mark)))
            else:
                slope = formulas.slope(i, known, calls) if formulas else np.ones(())  # of a bias
                selects = back.group.op.selects
                calls.append(partial(_pass, slope, (gradients, marks), (out, mark), selects))


def _pass(slope: Array, arriving: Pair, outs: Pair, selects: bool) -> None:
    """Local gradient × gradient, where there is a gradient and the operand is selected."""
    gradients, marks = arriving
    there = (marks > 0.0) & (slope != 0.0) if selects else marks > 0.0
    passed = np.where(there, slope * gradients, 0.0)
    for out, each in zip(outs, (passed, there), strict=True):
        summed = out.shape[-1] < each.shape[-1]
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
