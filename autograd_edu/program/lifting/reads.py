"""Make groups of parts: number their results, and say which rows they read.

The order of the members, and what stands in holes, are chosen so that rows lie evenly.
"""

from __future__ import annotations

import numpy as np

from ..ir import Columns
from .group import NEUTRAL, Group, Read
from .parts import Part
from .places import Places
from .products import HOLE
from .spacing import Mask, Rows, complete, folded


class Grouping:
    """Makes the groups of a program, one after another.

    Attributes:
        holed: the groups with holes so far, and where they have none.
    """

    def __init__(self, columns: Columns, places: Places) -> None:
        self.columns, self.places = columns, places
        self.holed: list[tuple[Group, Mask]] = []

    def group(self, part: Part) -> Group:
        """The group of a part."""
        reads = self._reads(part)
        start, members = self.places.place(part), part.members
        has_ones = part.kind == "matrix" and reads[0].rows.shape[1] > len(reads[1].rows)
        group = Group(
            part.kind, part.op, part.fixed, part.live, members.ravel().tolist(), members.shape,
            reads, start, ones=members.shape[1] if has_ones else 0,
        )  # fmt: skip
        real = members != HOLE
        if not real.all():
            group.real = real
            self.holed.append((group, real))
        return group

    def _reads(self, part: Part) -> list[Read]:
        if part.kind in ("map", "stack", "dot") and not part.ordered:
            self._sort(part)
        if part.kind == "map":
            return self._map(part)
        reads = [Read(each.fixed, self.places.read(each)) for each in part.operands]
        for read, operand in zip(reads, part.operands, strict=True):
            if part.kind in ("stack", "matmul"):
                self._pad(part, read, operand.slots != HOLE)
        return reads

    def _sort(self, part: Part) -> None:
        """Order the members so that their first reads are consecutive."""
        batch_first = sorted(part.operands, key=lambda each: each.fixed)
        keys = [row for each in batch_first for row in np.atleast_2d(self.places.read(each))[:2]]
        part.reorder(np.lexsort(keys[::-1]))

    # ---- operations on each number ----

    def _map(self, part: Part) -> list[Read]:
        numbers = [self._number(each.slots) for each in part.operands]
        columns = [self.places.read(each) for each in part.operands]
        columns = self._follow(part, columns, numbers)
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
        followed = [real for group, real in self.holed if group.start in starts]
        if part.fixed or part.ordered or not followed or part.members.size != followed[0].sum():
            return columns
        (real, *_), full = followed, []
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

    # ---- variadic operations ----

    def _pad(self, part: Part, read: Read, real: Mask) -> None:
        """Read holes in place of padding, or the neutral element where that is impossible.

        The holes are made 0 if that is neutral. Otherwise the read says where it is real.
        """
        if real.all():
            return
        neutral = part.op.neutral
        if neutral in NEUTRAL:
            read.rows[~real] = NEUTRAL.index(neutral)
        completed = complete(read.rows, real) if self.holed and not part.fixed else None
        if completed is None:
            return
        for group, of_group in self.holed:
            if np.isin(completed[~real], group.start + np.flatnonzero(~of_group)).all():
                read.rows = completed
                if neutral == 0.0 or part.kind == "matmul":
                    group.masked = True
                else:
                    read.real = real
