"""What a lifted program is made of.

It has groups of operations that are done at once, and the rows that they read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...engine.op import Op
from .spacing import Mask, Rows
from .symbols import Written, written, written_dot, written_stacked

# The first rows of a table of values: what leaves a sum, a maximum, a minimum as it is.
NEUTRAL = (0.0, -np.inf, np.inf)
FEW = 4096  # up to so many operands, padding always pays


@dataclass
class Read:
    """Rows of a table of values.

    Attributes:
        number: is set if all are the same constant.
        real: where it is False, the operation has no operand and must read its neutral element.
    """

    fixed: bool
    rows: Rows
    number: float | None = None
    real: Mask | None = None


@dataclass
class Group:
    """One array operation on ``shape`` numbers for each sample.

    Attributes:
        kind: "map" is an operation on each number; "stack" a variadic one, over the first axis of
            what it reads; "matrix" a product of weights (outputs, inner) and inputs (inner,
            vectors), and perhaps a bias; "matmul" products of blocks, (blocks, rows, inner) and
            (blocks, inner, columns); "dot" products summed over the first axis, and perhaps a
            bias; "spread" copies numbers without inputs into every sample's column.
        fixed: it depends on no input.
        live: the root depends on it; otherwise only a guard does.
        start: the row of the first member.
        real: where it is False, there is a hole: a number that is computed, but belongs to no
            slot.
        masked: the holes are 0 and pass no gradient on. Otherwise nothing reads them but what has
            holes in the same places, or masks them itself.
    """

    kind: str
    op: Op
    fixed: bool
    live: bool
    members: list[int]
    shape: tuple[int, ...]
    reads: list[Read]
    start: int
    real: Mask | None = None
    masked: bool = False

    @cached_property
    def rule(self) -> Written:
        """What it computes from its operands, on symbols. Matrix products have no rule."""
        if self.kind in ("map", "spread"):
            return written(self.op, [read.number for read in self.reads])
        if self.kind == "dot":
            return written_dot(biased=len(self.reads) > 2)
        return written_stacked(self.op) or written(self.op, [None] * len(self.reads[0].rows))

    @property
    def ones(self) -> int:
        """How many rows of ones follow the inputs: 0 unless the bias is a column of the matrix."""
        has_ones = self.kind == "matrix" and self.reads[0].rows.shape[1] > len(self.reads[1].rows)
        return self.shape[1] if has_ones else 0

    @property
    def rows(self) -> slice:
        """The rows of the members."""
        return slice(self.start, self.start + len(self.members))


@dataclass
class Lifted:
    """A program as array operations, in order.

    Attributes:
        fixed: for each slot, whether it stands in the table of what depends on no input.
        row: for each slot, where it stands in its table.
        counts: the rows of each table of values; the key says whether it is the fixed one.
        arguments: for each, its first row, the row after its last, and the order of its numbers.
    """

    groups: list[Group]
    fixed: list[bool]
    row: Rows
    counts: dict[bool, int]
    roots: tuple[int, ...]
    arguments: list[tuple[int, int, Rows | None]]
