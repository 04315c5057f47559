"""What is known about each slot of a computation before it is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from weakref import finalize

from ..ir import Computation, Slot
from .rows import ROWS


@dataclass
class Facts:
    """What is known about each slot.

    Attributes:
        fixed: does it depend on no input?
        varies: does it depend on a parameter or an input?
        live: does the root depend on it?
        sure: does it get a gradient whatever is selected?
        height: how many operations lie between it and the root, on the longest path?
    """

    fixed: list[bool]
    varies: list[bool]
    live: list[bool]
    sure: list[bool]
    height: list[int]


def leaves_depend_on(program: Computation) -> list[int]:
    """What inputs and parameters depend on: 1 for parameters, 2 for inputs.

    An operation on both has 3, and one on neither has 0.
    """
    return [2] * program.input_count + [1] * program.parameter_count


_known: dict[int, Facts] = {}  # by the identity of a computation, as some have no hash


def facts(program: Computation) -> Facts:
    """What the rest of lifting needs to know about each slot. It is found once."""
    key = id(program)
    if key not in _known:
        _known[key] = _facts(program)
        finalize(program, _known.pop, key).atexit = False
    return _known[key]


def _facts(program: Computation) -> Facts:
    slots, roots, leaves = program.slots, program.roots, program.leaf_count
    depends = leaves_depend_on(program)
    on = depends.__getitem__
    for slot in slots[leaves:]:
        depends.append(reduce(or_, map(on, slot[1]), 0))
    live, height = [False] * len(slots), [0] * len(slots)
    for root in roots:
        live[root] = True
    for i in range(len(slots) - 1, leaves - 1, -1):
        above, alive = height[i] + 1, live[i]
        for j in slots[i][1]:
            if height[j] < above:
                height[j] = above
            if alive:
                live[j] = True
    fixed, varies = [what < 2 for what in depends], [what > 0 for what in depends]
    return Facts(fixed, varies, live, _sure(slots, roots, live), height)


def _sure(slots: Sequence[Slot], roots: Sequence[int], live: list[bool]) -> list[bool]:
    """Which slots the gradient of a root reaches by a path on which nothing selects."""
    selecting = {name for name, op in ROWS.items() if op.selects}
    if selecting.isdisjoint({slot[0] for slot in slots}):
        return live
    sure = [False] * len(slots)
    for root in roots:
        sure[root] = True
    for i in range(len(slots) - 1, -1, -1):
        if sure[i] and slots[i][0] not in selecting:
            for j in slots[i][1]:
                sure[j] = True
    return sure


def levels(slots: Sequence[Slot]) -> list[int]:
    """The height of each slot: the number of operations on the longest path from a leaf."""
    level: list[int] = []
    for slot in slots:
        own = slot[1]
        if len(own) == 2:
            a, b = level[own[0]], level[own[1]]
            level.append(a + 1 if a > b else b + 1)
        else:
            level.append(max([level[i] for i in own]) + 1 if own else 0)
    return level
