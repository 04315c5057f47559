"""Plan where gradients go in the backward pass of a lifted program.

Gradients live in two tables beside those of the values. Every use of a number has a row, an edge,
for the gradient that comes back along it. A number's gradient is the sum of its edges, so nothing
is ever scattered. Where a number has one use, or an operation passes its gradient on unchanged (the
local gradient of a sum is 1), rows are shared and nothing is computed.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from ..ir import Computation, Wrt
from .analysis import Facts
from .group import FIRST, NEUTRAL, SEED, Group, Lifted, Read, Sum, passes_on, summed
from .spacing import Rows, strided

_NOBODY, _LEAF = -2, -1


def edges(lifted: Lifted, program: Computation, known: Facts) -> None:
    """Give every group of ``lifted`` its edges, and the sum of the edges that lead to it."""
    _Reverse(lifted, program, known).run()


class _Reverse:
    def __init__(self, lifted: Lifted, program: Computation, known: Facts) -> None:
        self.lifted, self.program, self.known = lifted, program, known
        # the first edges are the parameters' own, in their order
        self.counts = {True: FIRST + program.parameter_count, False: FIRST}
        reads = [read for group in lifted.groups if group.live for read in group.reads]
        read_rows = [np.zeros(0, dtype=np.intp), *[r.rows.ravel() for r in reads if r.fixed]]
        self.uses = np.bincount(np.concatenate(read_rows), minlength=lifted.counts[True])
        # for each table and owner, rows and the edges that arrive at them
        self.arriving: dict[tuple[bool, int], list[tuple[Rows, Rows]]] = {}
        self.owner = {kind: np.full(count, _NOBODY) for kind, count in lifted.counts.items()}
        inputs, leaves = program.input_count, program.leaf_count
        self.owner[False][lifted.row[:inputs]] = _LEAF
        self.owner[True][lifted.row[inputs:leaves]] = _LEAF
        varies = np.ones(len(known.varies) + 1, dtype=bool)  # the last one is that of `HOLE`
        varies[leaves:-1] = known.varies[leaves:]
        for n, group in enumerate(lifted.groups):
            own = np.where(varies[group.members], n, _NOBODY)
            self.owner[group.fixed][group.start : group.start + len(own)] = own

    def run(self) -> None:
        lifted, root = self.lifted, self.program.root
        self._arrive(self.known.fixed[root], np.array([lifted.row[root]]), np.array([SEED]))
        batch_edges = 0
        for n in range(len(lifted.groups) - 1, -1, -1):
            group = lifted.groups[n]
            if (
                group.live
                and (
                    self.owner[group.fixed][group.start : group.start + len(group.members)] == n
                ).any()
            ):
                self._through(group, n)
            if not group.fixed:
                batch_edges = self.counts[True]
        lifted.batch_edges = max(batch_edges, FIRST)
        inputs, count = self.program.input_count, self.program.parameter_count
        lifted.leaves = {
            kind: self._leaf_sum(kind, first, many)
            for kind, first, many in ((False, 0, inputs), (True, inputs, count))
        }
        lifted.edge_counts = self.counts

    def _through(self, group: Group, n: int) -> None:
        group.upstream = self._sum(group, n)
        incoming = group.upstream.rows
        for i, read in enumerate(group.reads):
            wanted = self.owner[read.fixed][read.rows] != _NOBODY
            if not np.logical_or.reduce(wanted, None):
                group.edges.append(None)
                group.shared.append(False)
                continue
            shared = read.fixed == group.fixed and self._passes_on(group, i)
            first = group.edges[0] if i == 1 and group.kind == "dot" else None
            if shared:
                rows = np.broadcast_to(incoming.reshape(group.shape), read.rows.shape)
            elif first is not None and _same(read, group.reads[0]):
                rows, shared = first, True  # the product of a vector with itself
            elif self._is_only_use(group, read):
                rows = read.rows - len(NEUTRAL) + FIRST
            elif group.kind in ("stack", "dot", "matmul"):
                rows = self._ranked(read)
            else:
                rows = self._fresh(read.fixed, read.rows.shape)
            group.edges.append(rows)
            group.shared.append(shared)
            self._arrive(read.fixed, read.rows[wanted], rows[wanted])

    def _passes_on(self, group: Group, i: int) -> bool:
        if group.kind in ("matrix", "matmul", "dot"):
            return i == 2  # the bias
        if group.kind == "map":
            return passes_on(group.op)[i]
        return group.kind == "stack" and all(passes_on(group.op))

    def _is_only_use(self, group: Group, read: Read) -> bool:
        """Whether only this read uses these parameters, and they lie so that it can write edges."""
        if not read.fixed or (self.owner[True][read.rows] != _LEAF).any() or not read.strided:
            return False
        dense = group.kind != "matrix" or int(np.ptp(read.rows)) + 1 == read.rows.size
        return dense and bool((self.uses[read.rows] == 1).all())

    def _ranked(self, read: Read) -> Rows:
        """Edges in the order of the rows, so that who adds them up need not reorder them."""
        steps = (read.strided or (0, range(read.rows.ndim, 0, -1)))[1]
        axes = sorted(range(read.rows.ndim), key=lambda axis: -steps[axis])
        edges = self._fresh(read.fixed, tuple([read.rows.shape[axis] for axis in axes]))
        return edges.transpose(np.argsort(axes))

    def _fresh(self, kind: bool, shape: tuple[int, ...]) -> Rows:
        start, size = self.counts[kind], prod(shape)
        self.counts[kind] += size
        return np.arange(start, start + size).reshape(shape)

    def _arrive(self, kind: bool, rows: Rows, new: Rows) -> None:
        """Record that the gradients in ``new`` belong to ``rows``."""
        owners = self.owner[kind][rows]
        if len(rows) == 1 or (owners == owners[0]).all():
            self.arriving.setdefault((kind, int(owners[0])), []).append((rows, new))
            return
        order = np.argsort(owners, kind="stable")
        rows, new, owners = rows[order], new[order], owners[order]
        cuts = [0, *(np.flatnonzero(owners[1:] != owners[:-1]) + 1).tolist(), len(rows)]
        for owner, start, stop in zip(owners[cuts[:-1]].tolist(), cuts, cuts[1:], strict=False):
            self.arriving.setdefault((kind, owner), []).append((rows[start:stop], new[start:stop]))

    def _sum(self, group: Group, n: int) -> Sum:
        """The sum of the edges to a group: the edges of its only consumer, if it can read them."""
        columns, starts = self._gathered(group.fixed, n, group.start, len(group.members))
        alone = starts is None and len(columns) == 1
        even = strided(columns[0].reshape(group.shape)) if alone else None
        if (
            even is not None
            and not group.masked
            and (
                group.kind != "matrix"
                or np.array_equal(columns[0], np.arange(len(columns[0])) + columns[0][0])
            )
        ):
            return Sum(columns, None, columns[0], shared=True)
        return Sum(columns, starts, self._fresh(group.fixed, (len(group.members),)), shared=False)

    def _gathered(self, kind: bool, owner: int, start: int, count: int) -> tuple[Rows, Rows | None]:
        targets, new = self._arrived(kind, owner)
        return summed(targets - start, new, count)

    def _arrived(self, kind: bool, owner: int) -> tuple[Rows, Rows]:
        """The rows of an owner and the edges to them, in the order in which they arrived."""
        arrived = self.arriving.pop((kind, owner), [])
        if len(arrived) == 1:
            return arrived[0]
        none = np.zeros(0, dtype=np.intp)
        return np.concatenate([none, *[rows for rows, _ in arrived]]), np.concatenate(
            [none, *[new for _, new in arrived]]
        )

    def _leaf_sum(self, kind: bool, first: int, count: int) -> Sum:
        """The gradients of leaves in the order of their slots."""
        targets, new = self._arrived(kind, _LEAF)
        slot_at = np.zeros(self.lifted.counts[kind], dtype=np.intp)
        slot_at[self.lifted.row[first : first + count]] = np.arange(count)
        slots = slot_at[targets]
        columns, starts = summed(slots, new, count)
        shared = kind and np.array_equal(new, FIRST + slots)
        return Sum(columns, starts, np.arange(count) + (FIRST if shared else 0), shared=shared)


def _same(a: Read, b: Read) -> bool:
    return a.fixed == b.fixed and np.array_equal(a.rows, b.rows)


def asked_for(lifted: Lifted, wrt: Wrt) -> Lifted:
    """The same program, with edges only for reads that lead to the leaves that are asked for."""
    if wrt == "all":
        return lifted
    count, of_parameters = len(lifted.leaves[False].rows), wrt == "parameters"
    first, last = (count, count + len(lifted.leaves[True].rows)) if of_parameters else (0, count)
    leads = {kind: np.zeros(rows, dtype=bool) for kind, rows in lifted.counts.items()}
    leads[of_parameters][lifted.row[first:last]] = True
    groups = []
    for group in lifted.groups:
        wanted = [bool(leads[read.fixed][read.rows].any()) for read in group.reads]
        leads[group.fixed][group.start : group.start + len(group.members)] = any(wanted)
        edges = [rows if want else None for rows, want in zip(group.edges, wanted, strict=False)]
        upstream = group.upstream if any(wanted) else None
        groups.append(replace(group, edges=edges, upstream=upstream))
    return replace(lifted, groups=groups, leaves={of_parameters: lifted.leaves[of_parameters]})
