"""Order the members of parts as the matrix products that read them want.

A matrix product reads its inputs in place if they lie one vector's number after another. Where its
bias is a column of the weights, ones must follow them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .parts import Operand, Part
from .products import HOLE
from .spacing import Rows


def arrange(parts: Sequence[Part], count: int) -> None:
    """Order ``parts``, the inputs among them, whose members are some of ``count`` slots."""
    maker = np.full(count + 1, HOLE)
    for n, part in enumerate(parts):
        maker[part.members] = n
    maker[HOLE] = HOLE
    for part in parts:
        if part.kind == "matrix":
            wanted = part.operands[1].slots.ravel()
            source = parts[maker[wanted[0]]]
            if maker[wanted[0]] != HOLE and _ordered(source, wanted):
                source.ordered = True
                if part.shared_bias() is not None:
                    source.ones = part.members.shape[1]


def _ordered(part: Part, wanted: Rows) -> bool:
    """Put the members of a part in an order, if that is possible. Are they in it now?"""
    if part.kind == "matmul" and np.array_equal(part.members.swapaxes(1, 2).ravel(), wanted):
        part.members = part.members.swapaxes(1, 2)
        part.operands = [
            Operand(slots.swapaxes(1, 2), fixed) for slots, fixed in reversed(part.operands)
        ]
    members = part.members.ravel()
    if np.array_equal(members, wanted):
        return True
    order, places = np.argsort(members), np.argsort(wanted)
    same = np.array_equal(members[order], wanted[places])
    if part.ordered or part.members.ndim > 1 or not same:
        return False
    part.reorder(order[np.argsort(places)])
    return True
