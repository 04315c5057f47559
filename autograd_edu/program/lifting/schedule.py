"""Decide which operations run together, as one array operation: those of one kind and height.

The height of an operation is the longest path from it to the root. Going down the heights brings
together what the author wrote as a loop, even if some rounds of it are shorter than others. An
operation whose operands are already there joins operations of its kind a little early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...arithmetic.rows import products, together
from ..ir import Slot
from .analysis import Facts
from .group import NEUTRAL
from .rows import ROWS, is_sum_of_products

Signature = tuple[object, ...]
_EARLY = 2  # an operation may join others of its kind up to so many heights early


def schedule(slots: Sequence[Slot], known: Facts) -> list[tuple[Signature, list[int]]]:
    """The operations in groups of one signature. No group needs a later one."""
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
    """The signature that operations must share to run together."""
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
            None if op.groups is together and op.neutral in NEUTRAL else len(operands),
        )
    return ("map", live, name, *[fixed[j] for j in operands])


def dot_parts(
    operands: tuple[int, ...], fixed: Sequence[bool]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Weights, inputs and bias of a dot product; fixed factors count as weights."""
    a, b, bias = map(tuple, products(operands))
    return (b, a, bias) if fixed[b[0]] and not fixed[a[0]] else (a, b, bias)


def all_of(slots: Iterable[int], flags: Sequence[bool]) -> bool:
    """Is the flag of every slot set?"""
    return all([flags[i] for i in slots])


def any_of(slots: Iterable[int], flags: Sequence[bool]) -> bool:
    """Is the flag of at least one slot set?"""
    return any([flags[i] for i in slots])
