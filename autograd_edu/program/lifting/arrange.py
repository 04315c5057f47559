"""Order the members of parts as the matrix products that read them want.

A matrix product reads its inputs in place if they lie one vector's number after another. If ones
follow them, its bias can be a column of its weights.
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
                _join_bias(part, source)


def _join_bias(part: Part, source: Part) -> None:
    """Make the bias a column of the weights, if all vectors share it and it needs no input."""
    weights, inputs, *bias = part.operands
    for slots, fixed in bias:
        if fixed and (slots == slots[:, :1]).all():
            joined = np.column_stack([weights.slots, slots[:, 0]])
            part.operands = [Operand(joined, True), inputs]
            source.ones = max(source.ones, slots.shape[1])


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
