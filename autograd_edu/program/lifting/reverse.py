"""Plan where gradients go in the backward pass of a lifted program.

Gradients live in two tables beside those of the values. Every use of a number has a row, an edge,
for the gradient that comes back along it. A number's gradient is the sum of its edges, so nothing
is ever scattered. Where a number has one use, or an operation passes its gradient on unchanged (the
local gradient of a sum is 1), rows are shared and nothing is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from ..ir import Computation, Wrt
from .group import FEW, NEUTRAL, Group, Lifted, Read
from .products import HOLE
from .spacing import Rows, strided

# Rows of a table of gradients: one that is always 0, that of the root, the first of an edge.
ZERO, SEED, FIRST = 0, 1, 2
_NOBODY, _LEAF = -2, -1  # owners of a row that are no group
_WANTED = {"parameters": 1, "inputs": 2, "all": 3}  # the bits of `Computation.depends`


@dataclass
class Sum:
    """The gradients of some rows. Each is the sum of its edges.

    Attributes:
        edges: the edges to add up: over the first axis, or, if there are ``starts``, from start to
            start of a flat list.
        rows: where the sums stand, in the shape of the group.
        shared: each has one edge, these are evenly spaced, and ``rows`` are the edges themselves.
    """

    edges: Rows
    starts: Rows | None
    rows: Rows
    shared: bool


class Back(NamedTuple):
    """How gradients pass through a group.

    Attributes:
        number, group: which group it is, and the group itself.
        upstream: the gradients of its members.
        edges: for each read, the rows of the gradients along it; None where there are none, or
            where they are the upstream ones.
    """

    number: int
    group: Group
    upstream: Sum
    edges: list[Rows | None]


class Reverse:
    """The backward pass of a program, for the gradients that ``wrt`` asks for.

    Attributes:
        backs: how gradients pass through each group that they reach, in the order of the pass.
        counts: how many rows each table of gradients has; the key says whether it is the fixed one.
        batch_edges: how many rows of the fixed one a batch adds to.
        leaves: the gradients of the inputs (False) and of the parameters (True); none if they are
            not asked for.
    """

    def __init__(self, lifted: Lifted, program: Computation, wrt: Wrt) -> None:
        self.lifted, self.wanted = lifted, _WANTED[wrt]
        # the first edges are the parameters' own, in their order
        self.counts = {True: FIRST + program.parameter_count, False: FIRST}
        self.batch_edges = FIRST
        reads = [read for group in lifted.groups if group.live for read in group.reads]
        read_rows = [np.zeros(0, dtype=np.intp), *[r.rows.ravel() for r in reads if r.fixed]]
        self.uses = np.bincount(np.concatenate(read_rows), minlength=lifted.counts[True])
        self.owner = self._owners(program)
        # for each table and owner, rows and the edges that arrive at them
        self.arriving: dict[tuple[bool, int], list[tuple[Rows, Rows]]] = {}
        self.backs: list[Back] = []
        self._arrive(lifted.fixed[program.root], lifted.row[[program.root]], np.array([SEED]))
        for n in range(len(lifted.groups) - 1, -1, -1):
            self._through(n, lifted.groups[n])
        inputs, count = program.input_count, program.parameter_count
        self.leaves = {
            kind: self._leaf_sum(kind, lifted.row[first : stop if self.wanted & bit else first])
            for kind, bit, first, stop in ((False, 2, 0, inputs), (True, 1, inputs, inputs + count))
        }

    def _owners(self, program: Computation) -> dict[bool, Rows]:
        """For each table, who takes the gradient of each row: a group, a leaf or nobody."""
        lifted, inputs, leaves = self.lifted, program.input_count, program.leaf_count
        owner = {kind: np.full(count, _NOBODY) for kind, count in lifted.counts.items()}
        varies = np.array([*program.depends, 0]) & self.wanted > 0  # the last one is that of `HOLE`
        for kind, slots in ((False, slice(inputs)), (True, slice(inputs, leaves))):
            owner[kind][lifted.row[slots]] = np.where(varies[slots], _LEAF, _NOBODY)
        for n, group in enumerate(lifted.groups):
            members = np.array(group.members)
            own = varies[members]
            own[members == HOLE] = own.any()
            owner[group.fixed][group.rows] = np.where(own, n, _NOBODY)
        return owner

    def _through(self, n: int, group: Group) -> None:
        """Give the reads of a group their edges, if gradients pass through it."""
        if group.live and (self.owner[group.fixed][group.rows] == n).any():
            upstream, edges = self._sum(group, n), list[Rows | None]()
            self.backs.append(Back(n, group, upstream, edges))
            for i, read in enumerate(group.reads):
                wanted = self.owner[read.fixed][read.rows] != _NOBODY
                shared = read.fixed == group.fixed and _passes_on(group, i)
                if not wanted.any():
                    edges.append(None)
                    continue
                if shared:
                    rows = np.broadcast_to(upstream.rows, read.rows.shape)
                else:
                    rows = self._edges(group, read)
                edges.append(None if shared else rows)
                self._arrive(read.fixed, read.rows[wanted], rows[wanted])
        if not group.fixed:
            self.batch_edges = self.counts[True]

    def _edges(self, group: Group, read: Read) -> Rows:
        """Edges for a read: the parameters' own, if nothing else uses them; otherwise new ones."""
        if self._is_only_use(group, read):
            return read.rows - len(NEUTRAL) + FIRST
        return self._fresh(read.fixed, read.rows.shape)

    def _is_only_use(self, group: Group, read: Read) -> bool:
        """Whether only this read uses these parameters, and they lie so that it can write edges."""
        if not read.fixed or (self.owner[True][read.rows] != _LEAF).any():
            return False
        dense = group.kind != "matrix" or int(np.ptp(read.rows)) + 1 == read.rows.size
        even = strided(read.rows) is not None
        return even and dense and bool((self.uses[read.rows] == 1).all())

    def _fresh(self, kind: bool, shape: tuple[int, ...]) -> Rows:
        start, size = self.counts[kind], prod(shape)
        self.counts[kind] += size
        return np.arange(start, start + size).reshape(shape)

    def _arrive(self, kind: bool, rows: Rows, new: Rows) -> None:
        """Record that the gradients in ``new`` belong to ``rows``."""
        owners = self.owner[kind][rows]
        order = np.argsort(owners, kind="stable")
        rows, new, owners = rows[order], new[order], owners[order]
        cuts = np.flatnonzero(owners[1:] != owners[:-1]) + 1
        each = owners[[0, *cuts]].tolist(), np.split(rows, cuts), np.split(new, cuts)
        for owner, own, edges in zip(*each, strict=True):
            self.arriving.setdefault((kind, owner), []).append((own, edges))

    def _arrived(self, kind: bool, owner: int) -> tuple[Rows, Rows]:
        """The rows of an owner and the edges to them, in the order in which they arrived."""
        none = np.zeros(0, dtype=np.intp)
        arrived = self.arriving.pop((kind, owner), [(none, none)])
        rows, edges = map(np.concatenate, zip(*arrived, strict=True))
        return rows, edges

    def _sum(self, group: Group, n: int) -> Sum:
        """The sum of the edges to a group: the edges of its only consumer, if it can read them."""
        targets, new = self._arrived(group.fixed, n)
        edges, starts = _summed(targets - group.start, new, len(group.members))
        if starts is None and len(edges) == 1 and not group.masked:
            rows = edges[0].reshape(group.shape)
            if strided(rows) and (group.kind != "matrix" or (np.diff(edges[0]) == 1).all()):
                return Sum(edges, None, rows, shared=True)
        return Sum(edges, starts, self._fresh(group.fixed, group.shape), shared=False)

    def _leaf_sum(self, kind: bool, rows: Rows) -> Sum:
        """The gradients of leaves in the order of their slots."""
        targets, new = self._arrived(kind, _LEAF)
        slot_at = np.zeros(self.lifted.counts[kind], dtype=np.intp)
        slot_at[rows] = np.arange(len(rows))
        slots = slot_at[targets]
        edges, starts = _summed(slots, new, len(rows))
        if not len(rows) or (kind and np.array_equal(new, FIRST + slots)):
            return Sum(edges, None, np.arange(FIRST, FIRST + len(rows)), shared=True)
        return Sum(edges, starts, self._fresh(kind, rows.shape), shared=False)


def _summed(targets: Rows, edges: Rows, count: int) -> tuple[Rows, Rows | None]:
    """The edges of each of ``count`` targets.

    They come as columns, padded with the edge that is always 0; where that would cost too much, as
    a flat list and the start of each target.
    """
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


def _passes_on(group: Group, i: int) -> bool:
    """Is the local gradient of what a group reads by the number ``i`` always 1?"""
    if group.kind in ("matrix", "matmul"):
        return i == 2  # the bias
    slopes = group.rule.slopes if group.kind == "stack" else group.rule.slopes[i : i + 1]
    return all([(slope.name, slope.number) == ("number", 1.0) for slope in slopes])
