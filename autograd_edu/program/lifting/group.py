"""What a lifted program is made of.

It has groups of operations that are done at once, the rows that they read, and the sums in which
gradients come together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ...arithmetic.rows import together
from ...engine.op import Op
from .spacing import Mask, Rows, strided
from .symbols import written, written_stacked

# The first rows of a table of values: what leaves a sum, a maximum, a minimum as it is.
NEUTRAL = (0.0, -np.inf, np.inf)
# Rows of a table of gradients: one that is always 0, that of the root, the first of an edge.
ZERO, SEED, FIRST = 0, 1, 2
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

    @property
    def strided(self) -> tuple[int, tuple[int, ...]] | None:
        """The first row and the step of each axis, if the rows lie evenly."""
        return strided(self.rows)


@dataclass
class Sum:
    """The gradients of some rows. Each is the sum of its edges.

    Attributes:
        edges: the edges to add up: over the first axis, or, if there are ``starts``, from start to
            start of a flat list.
        rows: where the sums stand.
        shared: each has one edge, evenly spaced, and ``rows`` are the edges themselves.
    """

    edges: Rows
    starts: Rows | None
    rows: Rows
    shared: bool


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
        ones: for a matrix whose bias is a column of the weights: how many rows of ones follow the
            inputs.
        real: where it is False, there is a hole: a number that is computed, but belongs to no
            slot.
        masked: the holes are 0 and pass no gradient on. Otherwise nothing reads them but what has
            holes in the same places, or masks them itself.
        edges: for each read, the rows of the gradients along it.
        shared: for each read, whether those rows are the upstream ones.
    """

    kind: str
    op: Op
    fixed: bool
    live: bool
    members: list[int]
    shape: tuple[int, ...]
    reads: list[Read]
    start: int
    ones: int = 0
    real: Mask | None = None
    masked: bool = False
    upstream: Sum | None = None
    edges: list[Rows | None] = field(default_factory=list)
    shared: list[bool] = field(default_factory=list)


@dataclass
class Lifted:
    """A program as array operations, in order.

    Attributes:
        fixed: for each slot, whether it stands in the table of what depends on no input.
        row: for each slot, where it stands in its table.
        counts: the rows of each table of values; the key says whether it is the fixed one.
        edge_counts: the same for the tables of gradients.
        batch_edges: how many rows of the fixed table of gradients a batch adds to.
        gaps: rows of ones: the table, the first row, and how many.
        arguments: for each, its first row, the row after its last, and the order of its numbers.
        leaves: the gradients of the inputs (False) and of the parameters (True).
    """

    groups: list[Group]
    fixed: list[bool]
    row: Rows
    counts: dict[bool, int]
    gaps: list[tuple[bool, int, int]]
    roots: tuple[int, ...]
    arguments: list[tuple[int, int, Rows | None]]
    edge_counts: dict[bool, int] = field(default_factory=lambda: {True: FIRST, False: FIRST})
    batch_edges: int = 0
    leaves: dict[bool, Sum] = field(default_factory=dict)


def summed(targets: Rows, edges: Rows, count: int) -> tuple[Rows, Rows | None]:
    """The edges of each of ``count`` targets.

    They come as columns, padded with the edge that is always 0; where that would cost too much, as
    a flat list and the start of each target.
    """
    if count == 1:
        return (edges[:, None] if len(edges) else np.full((1, 1), ZERO, dtype=np.intp)), None
    number = np.bincount(targets, minlength=count)
    most = max(int(number.max(initial=0)), 1)
    flat = most * count > max(2 * int(np.maximum(number, 1).sum()), FEW)
    if flat:  # no run may be empty
        lonely = np.flatnonzero(number == 0)
        targets, edges = np.append(targets, lonely), np.append(edges, np.full(len(lonely), ZERO))
        number = np.maximum(number, 1)
    order, starts = np.argsort(targets, kind="stable"), np.cumsum(number) - number
    targets, edges = targets[order], edges[order]
    if flat:
        return edges, starts
    columns = np.full((most, count), ZERO, dtype=np.intp)
    columns[np.arange(len(edges)) - starts[targets], targets] = edges
    return columns, None


@lru_cache(maxsize=256)
def passes_on(op: Op) -> tuple[bool, ...]:
    """Whether the local gradient of each operand is always 1: a plain number in the rule.

    A variadic operation has one answer for all its operands.
    """
    rule = written_stacked(op) or written(op, [None] * len(op.example))
    passes = tuple([(slope.name, slope.number) == ("number", 1.0) for slope in rule.slopes])
    return (all(passes),) if op.groups is together else passes
