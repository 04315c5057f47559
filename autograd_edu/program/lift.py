"""Like operations of one level as one array operation, and dot products that share their inputs as a matrix product.

A program's numbers live in two tables: those that depend on the parameters alone (``fixed``, one column), and those
that every sample has its own of (``batch``, a column a sample). Rows are numbered group by group, so that what a group
computes is a slice. Every use of a number is an edge with a row of its own for the gradient that comes back along it;
a number's gradient is the sum of its edges, gathered: nothing is ever scattered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ops import OPS, Op
from .record import Program, Slot

Indices = Any  # a slice where the rows follow one another, else an array of them
ZERO, SEED, FIRST = 0, 1, 2  # edge rows: always 0, of the root, the first of a real edge


@dataclass
class Operand:
    """Rows of one table that a group reads, and the edges that take gradients back to them."""

    fixed: bool
    rows: Indices
    edges: slice | None


@dataclass
class Consumers:
    """The edges into the rows of a group, row by row: ``starts`` is None where every row has one."""

    edges: Indices
    starts: Any


@dataclass
class Group:
    """One array operation. A matrix product has the operands weights, inputs and, if there is one, bias."""

    op: Op
    fixed: bool
    live: bool  # whether the root depends on it; if not, a guard does
    members: list[int]
    matrix: bool
    rows: slice = field(default_factory=lambda: slice(0))
    operands: list[Operand] = field(default_factory=list)
    consumers: Consumers | None = None


@dataclass
class Lifted:
    """A program as array operations in order."""

    groups: list[Group]
    place: list[tuple[bool, int]]  # of each slot: whether it is fixed, and its row
    counts: dict[bool, int]  # rows of each table, by whether it is the fixed one
    edge_counts: dict[bool, int]
    leaves: dict[bool, Consumers]
    slot_at: dict[bool, list[int]]


def lift(program: Program) -> Lifted:
    """The array operations that compute ``program``."""
    slots = program.slots
    fixed, level = _kinds(slots)
    live = _live(slots, program.root)
    groups = _grouped(slots, fixed, level, live)
    place, slot_at = _numbered(slots, fixed, groups)
    edges: dict[bool, list[list[int]]] = {kind: [[] for _ in slot_at[kind]] for kind in (True, False)}
    at_root, row = place[program.root]
    edges[at_root][row].append(SEED)
    counters = {True: FIRST, False: FIRST}
    for group in groups:
        for uses in _uses(group, slots, fixed):
            kind = fixed[uses[0]]
            rows = [place[slot][1] for slot in uses]
            operand = Operand(kind, _indices(rows), None)
            if group.live and any(slots[slot].op != "constant" for slot in uses):
                start = counters[kind]
                counters[kind] += len(rows)
                operand.edges = slice(start, counters[kind])
                for edge, target in enumerate(rows, start):
                    edges[kind][target].append(edge)
            group.operands.append(operand)
    for group in groups:
        group.consumers = _consumers(edges[group.fixed][group.rows])
    counts = {kind: len(slot_at[kind]) for kind in slot_at}
    leaves = {False: _consumers(edges[False][: program.input_count]), True: _consumers(edges[True][: program.parameter_count])}
    return Lifted(groups, place, counts, counters, leaves, slot_at)


def _kinds(slots: Sequence[Slot]) -> tuple[list[bool], list[int]]:
    """Of each slot, whether it depends on no input, and how many operations deep it is."""
    fixed: list[bool] = []
    level: list[int] = []
    for slot in slots:
        fixed.append(slot.op != "input" and all(fixed[i] for i in slot.operands))
        level.append(1 + max(level[i] for i in slot.operands) if slot.operands else 0)
    return fixed, level


def _live(slots: Sequence[Slot], root: int) -> list[bool]:
    live = [False] * len(slots)
    live[root] = True
    for i in range(len(slots) - 1, -1, -1):
        if live[i]:
            for operand in slots[i].operands:
                live[operand] = True
    return live


def _grouped(slots: Sequence[Slot], fixed: list[bool], level: list[int], live: list[bool]) -> list[Group]:
    groups: dict[Any, Group] = {}
    for i, slot in enumerate(slots):
        if slot.op not in OPS:
            continue
        shared = _shared_inputs(slot, fixed)
        form = shared if shared is not None else tuple([fixed[j] for j in slot.operands])
        key = (level[i], fixed[i], live[i], slot.op, len(slot.operands), shared is not None, form)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(OPS[slot.op], fixed[i], live[i], [], shared is not None)
        group.members.append(i)
    order = sorted(groups, key=lambda key: key[0])
    return [groups[key] for key in order]


def _shared_inputs(slot: Slot, fixed: list[bool]) -> tuple[Any, ...] | None:
    """The inputs of a dot product of parameters with them, and what its bias is; None of anything else."""
    if slot.op != "dot":
        return None
    weights, inputs, bias = _dot_parts(slot, fixed)
    if not all(fixed[i] for i in weights) or any(fixed[i] for i in inputs):
        return None
    return (inputs, tuple([fixed[i] for i in bias]))


def _dot_parts(slot: Slot, fixed: list[bool]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Weights, inputs and bias of a dot product, the fixed factors as weights."""
    n = len(slot.operands) // 2
    a, b, bias = slot.operands[:n], slot.operands[n : 2 * n], slot.operands[2 * n :]
    return (a, b, bias) if fixed[a[0]] else (b, a, bias)


def _numbered(slots: Sequence[Slot], fixed: list[bool], groups: list[Group]) -> tuple[list[tuple[bool, int]], dict[bool, list[int]]]:
    """Row numbers: leaves first, then each group's members one after another."""
    slot_at: dict[bool, list[int]] = {True: [], False: []}
    place = [(False, 0)] * len(slots)

    def put(i: int) -> None:
        place[i] = (fixed[i], len(slot_at[fixed[i]]))
        slot_at[fixed[i]].append(i)

    for i, slot in enumerate(slots):
        if slot.op not in OPS:
            put(i)
    for group in groups:
        start = len(slot_at[group.fixed])
        for i in group.members:
            put(i)
        group.rows = slice(start, start + len(group.members))
    return place, slot_at


def _uses(group: Group, slots: Sequence[Slot], fixed: list[bool]) -> list[list[int]]:
    """The slots that each operand of the group consists of."""
    if not group.matrix:
        return [list(column) for column in zip(*(slots[i].operands for i in group.members), strict=True)]
    parts = [_dot_parts(slots[i], fixed) for i in group.members]
    uses = [[w for weights, _, _ in parts for w in weights], list(parts[0][1])]
    return [*uses, [bias[0] for _, _, bias in parts]] if parts[0][2] else uses


def _indices(rows: list[int]) -> Indices:
    if rows and rows == list(range(rows[0], rows[0] + len(rows))):
        return slice(rows[0], rows[0] + len(rows))
    return np.array(rows, dtype=np.intp)


def _consumers(edges: list[list[int]]) -> Consumers:
    filled = [row or [ZERO] for row in edges]
    flat = [edge for row in filled for edge in row]
    if len(flat) == len(filled):
        return Consumers(_indices(flat), None)
    starts = np.cumsum([0, *map(len, filled[:-1])])
    return Consumers(_indices(flat), starts)
