"""Where the numbers of a program stand.

They live in two tables. What depends on no input is in the ``fixed`` one, which has one column.
Everything else is in the table of the batch, which has one column for each sample. Rows are
numbered part by part, so what an array operation computes is a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from .group import NEUTRAL
from .parts import Operand, Part
from .products import HOLE
from .rows import SUM
from .spacing import Rows


class Places:
    """The rows of both tables; the key says whether it is the fixed one.

    Attributes:
        rows: for each slot, its row. That of `HOLE`, the last one, holds 0, and
            0 stands for none.
        counts: how many rows there are so far.
        gaps: rows of ones: the table, the first row, and how many.
    """

    def __init__(self, slots: int) -> None:
        self.rows = {kind: np.zeros(slots + 1, dtype=np.intp) for kind in (True, False)}
        self.counts = {True: len(NEUTRAL), False: len(NEUTRAL)}
        self.gaps: list[tuple[bool, int, int]] = []

    def place(self, part: Part) -> int:
        """Give the members of a part their rows. Returns the first."""
        rows, start, count = self.rows[part.fixed], self.counts[part.fixed], part.members.size
        rows[part.members.ravel()] = np.arange(start, start + count)
        rows[HOLE] = 0
        self.counts[part.fixed] += count + part.ones
        if part.ones:
            self.gaps.append((part.fixed, start + count, part.ones))
        return start

    def argument(self, part: Part) -> tuple[int, int, Rows | None]:
        """Place an argument. Returns its first row, the row after its last, and its order."""
        start, order = self.place(part), part.members - np.sort(part.members)[:1]
        return start, start + order.size, None if (np.diff(order) > 0).all() else order

    def read(self, operand: Operand) -> Rows:
        """The rows of an operand."""
        return self.rows[operand.fixed][operand.slots]

    def spread(self, parts: Sequence[Part], live: Sequence[bool]) -> list[Part]:
        """The part that copies into the batch what operations there add or multiply, if any.

        Whatever is fixed must have its place.
        """
        reads = [each.slots for part in parts for each in part.operands if not each.fixed]
        placed = [read[self.rows[True][read] > 0].tolist() for read in reads]
        slots = list(dict.fromkeys(chain.from_iterable(placed)))
        if not slots:
            return []
        members = np.array(slots)
        copied = [Operand(members, True)]
        return [Part("spread", SUM, False, any([live[i] for i in slots]), members, copied)]
