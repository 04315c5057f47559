"""Give the numbers of a program their places, and make groups of parts.

Numbers live in two tables. What depends on no input is in the ``fixed`` one, which has one column.
Everything else is in the table of the batch, which has one column for each sample. Rows are
numbered part by part, so what an array operation computes is a slice. The order of the members, and
what stands in holes, are chosen so that the rows that others read lie evenly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Columns
from .group import NEUTRAL, Group, Read
from .parts import Operand, Part
from .products import HOLE
from .rows import SUM
from .spacing import Mask, Rows, complete, folded


class Placing:
    """Places the parts of a program, one after another.

    Attributes:
        rows: for each slot, its row; the key says whether in the fixed table. That of `HOLE`, the
            last one, holds 0, and 0 stands for none.
        counts: how many rows each table has so far.
        holed: the groups with holes so far, and where they have none.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns, size = columns, len(columns.ops) + 1
        self.rows = {kind: np.zeros(size, dtype=np.intp) for kind in (True, False)}
        self.counts = {True: len(NEUTRAL), False: len(NEUTRAL)}
        self.holed: list[tuple[Group, Mask]] = []

    def place(self, part: Part) -> int:
        """Give the members of a part their rows. Returns the first."""
        rows, start, count = self.rows[part.fixed], self.counts[part.fixed], part.members.size
        rows[part.members.ravel()] = np.arange(start, start + count)
        rows[HOLE] = 0
        self.counts[part.fixed] += count + part.ones
        return start

    def argument(self, part: Part) -> tuple[int, int, Rows | None]:
        """Place an argument. Returns its first row, the row after its last, and its order."""
        start, order = self.place(part), part.members - np.sort(part.members)[:1]
        return start, start + order.size, None if (np.diff(order) > 0).all() else order

    def spread(self, parts: Sequence[Part], live: Sequence[bool]) -> list[Part]:
        """The part that copies into the batch what operations there add or multiply, if any.

        Whatever is fixed must have its place.
        """
        read = np.zeros(len(self.rows[True]), bool)
        for each in [each for part in parts for each in part.operands if not each.fixed]:
            read[each.slots] = True
        members = np.flatnonzero(read & (self.rows[True] > 0))
        any_live = any([live[i] for i in members.tolist()])
        copied = Part("spread", SUM, False, any_live, members, [Operand(members, True)])
        return [copied] if members.size else []

    def group(self, part: Part) -> Group:
        """Place a part. Returns its group."""
        if part.kind in ("map", "stack", "dot") and part.members.size > 1 and not part.ordered:
            self._sort(part)
        is_map = part.kind == "map"
        reads = self._map(part) if is_map else [self._padded(part, each) for each in part.operands]
        start, members, real = self.place(part), part.members, part.members != HOLE
        group = Group(
            part.kind, part.op, part.fixed, part.live, members.ravel().tolist(), members.shape,
            reads, start, real=None if real.all() else real,
        )  # fmt: skip
        if group.real is not None:
            self.holed.append((group, real))
        return group

    def _read(self, operand: Operand) -> Rows:
        return self.rows[operand.fixed][operand.slots]

    def _sort(self, part: Part) -> None:
        """Order the members so that their first reads are consecutive."""
        batch_first = sorted(part.operands, key=lambda each: each.fixed)
        keys = [row for each in batch_first for row in np.atleast_2d(self._read(each))[:2]]
        part.reorder(np.lexsort(keys[::-1]))

    # ---- operations on each number ----

    def _map(self, part: Part) -> list[Read]:
        numbers = [self._number(each.slots) for each in part.operands]
        columns = self._follow(part, [self._read(each) for each in part.operands], numbers)
        if part.members.ndim == 1:
            part.members = part.members.reshape(folded(columns))
        return [
            Read(operand.fixed, rows.reshape(part.members.shape), number)
            for operand, rows, number in zip(part.operands, columns, numbers, strict=True)
        ]

    def _number(self, slots: Rows) -> float | None:
        """The number of these slots, if they are all the same constant."""
        ops, numbers = self.columns.ops, self.columns.numbers
        if ops[slots[0]] != "constant":
            return None
        # by their text, as 0.0 and -0.0 are equal
        found = {repr(numbers[i]) if ops[i] == "constant" else "" for i in slots.tolist()}
        return numbers[slots[0]] if len(found) == 1 else None

    def _follow(self, part: Part, columns: list[Rows], numbers: list[float | None]) -> list[Rows]:
        """The rows that a part reads, with holes where a group that it follows has them."""
        pairs = zip(part.operands, columns, strict=True)
        starts = [int(rows[0]) for operand, rows in pairs if not operand.fixed]
        real = next((real for group, real in self.holed if group.start in starts), None)
        if real is None or part.ordered or part.members.size != real.sum():
            return columns
        full = []
        for rows, number in zip(columns, numbers, strict=True):
            spread = np.full(real.shape, rows[0])
            spread[real] = rows
            completed = complete(spread, real) if number is None else spread
            if completed is None:
                return columns
            full.append(completed)
        members = np.full(real.shape, HOLE)
        members[real] = part.members
        part.members = members
        return full

    # ---- other operations ----

    def _padded(self, part: Part, operand: Operand) -> Read:
        """What a part reads; where it reads nothing, holes, or else the neutral element.

        The holes are made 0 if that is neutral. Otherwise the read says where it is real.
        """
        read, real = Read(operand.fixed, self._read(operand)), operand.slots != HOLE
        if part.kind not in ("stack", "matmul") or real.all():
            return read
        neutral = part.op.neutral
        if neutral in NEUTRAL:
            read.rows[~real] = NEUTRAL.index(neutral)
        completed = complete(read.rows, real) if self.holed and not part.fixed else None
        if completed is None:
            return read
        for group, of_group in self.holed:
            if np.isin(completed[~real], group.start + np.flatnonzero(~of_group)).all():
                read.rows = completed
                if neutral == 0.0 or part.kind == "matmul":
                    group.masked = True
                else:
                    read.real = real
        return read
