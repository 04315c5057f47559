"""Trees of products and sums as n-ary dot products and totals, as their author would have written them.

A sum takes in the sums and the products that nothing else uses. Where a product is one of a parameter, the parameter
comes first: that is what `lift` makes matrices of. Dot products that are there already are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .record import Guard, Slot

_SUMS = ("add", "total")
Fused = tuple[list[Slot], int, list[Guard]]


def fuse(slots: Sequence[Slot], root: int, guards: Sequence[Guard]) -> Fused:
    """The slots with sums of products fused, the root and the guards among them."""
    private = _private(slots, root, guards)
    fixed = _fixed(slots)
    terms: dict[int, tuple[list[int], list[int]]] = {}  # of the head of a sum: its products, and its other terms
    absorbed: set[int] = set()
    for i in range(len(slots) - 1, -1, -1):
        if slots[i].op in _SUMS and i not in absorbed:
            products, others, inner = _terms(i, slots, private)
            if len(slots[i].operands) < len(products) + len(others) or products:
                terms[i] = (products, others)
                absorbed.update(inner)
    return _renumbered(slots, root, guards, terms, absorbed, fixed)


def _private(slots: Sequence[Slot], root: int, guards: Sequence[Guard]) -> list[bool]:
    """Whether exactly one operand of one operation uses a slot, and nobody else."""
    uses = [0] * len(slots)
    for slot in slots:
        for operand in slot.operands:
            uses[operand] += 1
    for i in (root, *(g.left for g in guards), *(g.right for g in guards)):
        uses[i] += 2
    return [count == 1 for count in uses]


def _fixed(slots: Sequence[Slot]) -> list[bool]:
    fixed: list[bool] = []
    for slot in slots:
        fixed.append(slot.op != "input" and all(fixed[i] for i in slot.operands))
    return fixed


def _terms(head: int, slots: Sequence[Slot], private: list[bool]) -> tuple[list[int], list[int], list[int]]:
    """The products and the other terms of a sum in order, and the slots that it takes in."""
    products, others, inner = [], [], []
    stack = list(reversed(slots[head].operands))
    while stack:
        i = stack.pop()
        if private[i] and slots[i].op in _SUMS:
            inner.append(i)
            stack.extend(reversed(slots[i].operands))
        elif private[i] and slots[i].op == "mul":
            inner.append(i)
            products.append(i)
        else:
            others.append(i)
    return products, others, inner


def _renumbered(
    slots: Sequence[Slot], root: int, guards: Sequence[Guard], terms: dict[int, tuple[list[int], list[int]]], absorbed: set[int],
    fixed: list[bool],
) -> Fused:  # fmt: skip
    new: list[Slot] = []
    place: dict[int, int] = {}

    def put(slot: Slot) -> int:
        new.append(slot)
        return len(new) - 1

    for i, slot in enumerate(slots):
        if i in absorbed:
            continue
        if i not in terms:
            place[i] = put(replace(slot, operands=tuple([place[j] for j in slot.operands])))
            continue
        products, others = terms[i]
        rest = [place[j] for j in others]
        if products:
            pairs = [slots[j].operands for j in products]
            ordered = [(b, a) if fixed[b] and not fixed[a] else (a, b) for a, b in pairs]
            factors = (*(place[a] for a, _ in ordered), *(place[b] for _, b in ordered))
            if len(rest) < 2:
                place[i] = put(replace(slot, op="dot", operands=(*factors, *rest)))
                continue
            rest.append(put(replace(slot, op="dot", operands=factors)))
        place[i] = put(replace(slot, op="total", operands=tuple(rest)))
    moved = [replace(guard, left=place[guard.left], right=place[guard.right]) for guard in guards]
    return new, place[root], moved
