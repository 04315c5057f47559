"""What a lifted program is made of: groups of operations done at once, what they read, and where gradients come together."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ...engine.op import Op, together
from ..arrays import Arrays

Rows = Any  # an array of row numbers
NEUTRAL = (
    0.0,
    -np.inf,
    np.inf,
)  # the first rows of a table of values: what changes a sum, a maximum, a minimum by nothing
ZERO, SEED, FIRST = (
    0,
    1,
    2,
)  # rows of a table of gradients: always 0, that of the root, the first of an edge
FEW = 4096  # so many operands may be made up to the same number for each member, however many that adds


@dataclass
class Read:
    """Rows of one of the two tables of values. Where all are one constant, ``number`` is it."""

    fixed: bool
    rows: Rows
    number: float | None = None

    @property
    def strided(self) -> tuple[int, tuple[int, ...]] | None:
        """Where the rows lie evenly: the first, and the step of each axis."""
        return strided(self.rows)


@dataclass
class Sum:
    """The gradients of some rows, each the sum of its edges: over the first axis of ``edges``, or from start to start of a flat list.

    ``rows`` says where the sums stand; they are the edges themselves where each has one, evenly spaced.
    """

    edges: Rows
    starts: Rows | None
    rows: Rows
    shared: bool


@dataclass
class Group:
    """One array operation on ``shape`` numbers a sample.

    kind: "map" (an operation, number by number), "stack" (a variadic one, over the first axis of what it reads), "matrix"
    (weights (outputs, inner), inputs (inner, vectors) and perhaps a bias), "dot" (products summed over the first axis, and
    perhaps a bias), "spread" (numbers without inputs, a column a sample).
    """

    kind: str
    op: Op
    fixed: bool  # whether it depends on no input
    live: bool  # whether the root depends on it; if not, a guard does
    members: list[int]
    shape: tuple[int, ...]
    reads: list[Read]
    start: int  # the row of the first member
    ones: int = 0  # of a matrix: the bias is a column of the weights, and so many rows of ones follow the inputs
    upstream: Sum | None = None
    edges: list[Rows | None] = field(
        default_factory=list
    )  # of each read: the rows of the gradients along it
    shared: list[bool] = field(default_factory=list)  # whether those rows are the upstream ones


@dataclass
class Lifted:
    """A program as array operations in order."""

    groups: list[Group]
    fixed: list[bool]  # of each slot, which table it is in
    row: Rows  # of each slot, where in its table
    counts: dict[bool, int]  # rows of each table of values, by whether it is the fixed one
    edge_counts: dict[bool, int]
    batch_edges: int  # rows of gradients of the fixed table that come from operations on the batch
    gaps: list[tuple[bool, int, int]]  # rows of ones
    roots: tuple[int, ...]
    arguments: list[
        tuple[int, int, Rows | None]
    ]  # of each: its rows from and to, and the order of its numbers
    leaves: dict[bool, Sum]  # the gradients of the inputs (False) and of the parameters (True)


def strided(rows: Rows) -> tuple[int, tuple[int, ...]] | None:
    """The first of ``rows`` and the step along each axis, if they lie evenly."""
    if rows.size <= 1:
        return (int(rows.item()) if rows.size else 0, (0,) * rows.ndim)
    base, steps = int(rows.flat[0]), []
    for axis, count in enumerate(rows.shape):
        steps.append(
            int(rows[(0,) * axis + (1,) + (0,) * (rows.ndim - axis - 1)]) - base if count > 1 else 0
        )
    if rows.size == 2:
        return base, tuple(steps)
    for axis, step in enumerate(steps):
        after, before = (
            (slice(None),) * axis + (slice(1, None),),
            (slice(None),) * axis + (slice(None, -1),),
        )
        if not (rows[after] - rows[before] == step).all():
            return None
    return base, tuple(steps)


def folded(reads: list[Rows]) -> tuple[int, ...]:
    """A shape, of two axes if need be, in which these rows of one length lie evenly, as far as there is one."""
    count = len(reads[0])
    for rows in reads:
        if strided(rows) is None:
            differs = np.flatnonzero(np.diff(rows) != rows[1] - rows[0])
            period = int(differs[0]) + 1
            if count % period == 0 and strided(rows.reshape(-1, period)) is not None:
                return (count // period, period)
    return (count,)


def made_even(lists: list[tuple[int, ...]], filler: int) -> Rows:
    """Lists of rows as the columns of an array, the shorter ones filled up."""
    longest = max(map(len, lists))
    return np.array([[*each, *[filler] * (longest - len(each))] for each in lists], dtype=np.intp).T


def split_by_length(lengths: list[int]) -> list[list[int]]:
    """The places in ``lengths`` in parts in which making all equal at most doubles them, or matters little."""
    if max(lengths) * len(lengths) <= max(2 * sum(lengths), FEW):
        return [list(range(len(lengths)))]
    parts: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        parts.setdefault((length - 1).bit_length(), []).append(i)
    return list(parts.values())


def summed(targets: Rows, edges: Rows, count: int) -> tuple[Rows, Rows | None]:
    """The edges of each of ``count`` targets: as columns, made up with the edge that is always 0, or as a list and its starts."""
    if count == 1:
        return (edges[:, None] if len(edges) else np.full((1, 1), ZERO, dtype=np.intp)), None
    number = np.bincount(targets, minlength=count)
    most = max(int(number.max(initial=0)), 1)
    lonely = np.flatnonzero(number == 0)
    if len(lonely) and most * count > max(2 * len(edges), FEW):
        targets, edges = (
            np.concatenate([targets, lonely]),
            np.concatenate([edges, np.zeros(len(lonely), dtype=np.intp)]),
        )
        number = np.maximum(number, 1)
    order = np.argsort(targets, kind="stable")
    targets, edges = targets[order], edges[order]
    starts = (
        np.concatenate([[0], np.cumsum(number[:-1])]).astype(np.intp)
        if count
        else np.zeros(0, dtype=np.intp)
    )
    if most * count > max(2 * len(edges), FEW):
        return edges, starts
    columns = np.full((most, count), ZERO, dtype=np.intp)
    columns[np.arange(len(edges)) - starts[targets], targets] = edges
    return columns, None


@lru_cache(maxsize=256)
def passes_on(op: Op) -> tuple[bool, ...]:
    """Of each operand (of a variadic operation, of all), whether its slope is 1 whatever the operands are: a plain number in the rule."""
    xs = [np.full((1, 1), x) for x in op.example]
    with np.errstate(all="ignore"):
        if op.groups is together:
            slopes = [op.rules[0](Arrays, op.rule(Arrays, np.stack(xs)), np.stack(xs))]
        else:
            slopes = list(op.local_gradients(Arrays, op.value(Arrays, *xs), xs))
    return tuple(isinstance(slope, (int, float)) and slope == 1.0 for slope in slopes)
