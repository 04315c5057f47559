"""Which operations are done together: like ones of one height, so that each group can be one array operation.

The height of an operation is the longest way from it to the root. Going down the heights brings together what the
author wrote as a loop, also where some rounds of the loop are shorter than others; an operation whose operands are
there already joins its like a little earlier than it would have to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from ..ir import Slot
from .group import NEUTRAL
from .rows import ROWS, is_sum_of_products

Signature = tuple[object, ...]
_EARLY = 2  # how many heights earlier than needed an operation may join its like


@dataclass
class Facts:
    """What is known of each slot.

    Attributes:
        fixed: does it depend on no input?
        varies: does it depend on a parameter or an input?
        live: does the root depend on it?
        sure: does it get a gradient whatever is selected?
        height: how many operations is it from the root, on the longest way?
    """

    fixed: list[bool]
    varies: list[bool]
    live: list[bool]
    sure: list[bool]
    height: list[int]


def depends_on(ops: Sequence[str], operands: Sequence[tuple[int, ...]]) -> list[int]:
    """Of each slot, what it depends on: 2 an input, 1 a parameter, 3 both, 0 constants alone."""
    leaf = {"input": 2, "parameter": 1, "constant": 0}
    depends: list[int] = []
    for op, own in zip(ops, operands, strict=True):
        if not own:
            depends.append(leaf[op])
        elif len(own) == 2:
            depends.append(depends[own[0]] | depends[own[1]])
        else:
            depends.append(reduce(or_, map(depends.__getitem__, own)))
    return depends


def facts(slots: Sequence[Slot], root: int) -> Facts:
    """What the rest of lifting needs to know of each slot."""
    depends = depends_on([slot[0] for slot in slots], [slot[1] for slot in slots])
    live, height = [False] * len(slots), [0] * len(slots)
    live[root] = True
    for i in range(len(slots) - 1, -1, -1):
        above, alive = height[i] + 1, live[i]
        for j in slots[i][1]:
            if height[j] < above:
                height[j] = above
            if alive:
                live[j] = True
    fixed, varies = [what < 2 for what in depends], [what > 0 for what in depends]
    return Facts(fixed, varies, live, _sure(slots, root, live), height)


def _sure(slots: Sequence[Slot], root: int, live: list[bool]) -> list[bool]:
    """Which slots the root's gradient reaches by a path on which nothing selects."""
    selecting = {name for name, op in ROWS.items() if op.selects}
    if selecting.isdisjoint({slot[0] for slot in slots}):
        return live
    sure = [False] * len(slots)
    sure[root] = True
    for i in range(len(slots) - 1, -1, -1):
        if sure[i] and slots[i][0] not in selecting:
            for j in slots[i][1]:
                sure[j] = True
    return sure


def schedule(slots: Sequence[Slot], known: Facts) -> list[tuple[Signature, list[int]]]:
    """The operations in groups of one signature, those without inputs first; no group needs a later one."""
    waiting: dict[tuple[bool, int], dict[Signature, list[int]]] = {}
    for i, slot in enumerate(slots):
        if slot.operands:
            at = waiting.setdefault((not known.fixed[i], known.height[i]), {})
            at.setdefault(signature(slot, known, i), []).append(i)
    done = [not slot.operands for slot in slots]
    groups = []
    for late, height in sorted(waiting, key=lambda key: (key[0], -key[1])):
        for form, members in waiting[late, height].items():
            members = [i for i in members if not done[i]]
            for lower in range(height - 1, height - 1 - _EARLY, -1):
                early = waiting.get((late, lower), {}).get(form, ())
                members += [i for i in early if not done[i] and all([done[j] for j in slots[i][1]])]
            for i in members:
                done[i] = True
            if members:
                groups.append((form, sorted(members)))
    return groups


def signature(slot: Slot, known: Facts, i: int) -> Signature:
    """What operations must have in common to be done together."""
    fixed, live = known.fixed, known.live[i]
    if is_sum_of_products(slot.op):
        weights, inputs, bias = dot_parts(slot.operands, fixed)
        bias_kind = fixed[bias[0]] if bias else None
        if fixed[i] or (all_of(weights, fixed) and not any_of(inputs, fixed)):
            return ("matrix", live, len(weights), bias_kind)
        return ("dot", live, bias_kind)
    name, operands = slot[0], slot[1]
    op = ROWS[name]
    if op.variadic:
        return (
            "stack",
            live,
            name,
            None if op.stacked and op.neutral in NEUTRAL else len(operands),
        )
    return ("map", live, name, *[fixed[j] for j in operands])


def dot_parts(
    operands: tuple[int, ...], fixed: Sequence[bool]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Weights, inputs and bias of a dot product, the fixed factors as weights."""
    n = len(operands) // 2
    a, b, bias = operands[:n], operands[n : 2 * n], operands[2 * n :]
    return (b, a, bias) if fixed[b[0]] and not fixed[a[0]] else (a, b, bias)


def all_of(slots: Iterable[int], flags: Sequence[bool]) -> bool:
    """Whether the flag of each slot is set."""
    return all([flags[i] for i in slots])


def any_of(slots: Iterable[int], flags: Sequence[bool]) -> bool:
    """Whether the flag of one of the slots is set."""
    return any([flags[i] for i in slots])
