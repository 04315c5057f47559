"""Fuse trees of products and sums into n-ary dot products and sums.

A sum takes in the sums and the products that nothing else uses. In a product with a parameter, the
parameter comes first: `lift` makes matrices of those. Dot products and totals that the author wrote
stay as they are. What depends only on constants is computed here, once. What neither a root nor a
guard needs is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ...arithmetic.evaluation import evaluate
from ...engine.ops import OPS, dot, total
from ...errors import DomainError
from ..ir import Computation, Slot, new_slot
from .analysis import depends_on
from .rows import ROWS, SUM

Terms = dict[int, tuple[list[int], list[int]]]  # head of a sum → (its products, its other terms)


def fused(given: Computation) -> Computation:
    """The same computation with its sums of products as dot products.

    Parameters and inputs keep their places.
    """
    slots, place, origins = fuse(given)
    return Computation(
        slots,
        given.shapes,
        roots=[place[root] for root in given.roots],
        guards=[replace(g, left=place[g.left], right=place[g.right]) for g in given.guards],
        parameter_count=given.parameter_count,
        parameters=given.parameters,
        argument_names=given.argument_names,
        form=given.form,
        origins=origins,
    )


def fuse(given: Computation) -> tuple[list[Slot], list[int], list[int]]:
    """The fused slots, where each given slot went, and where each fused slot comes from."""
    slots = given.slots
    ops, operands = [slot[0] for slot in slots], [slot[1] for slot in slots]
    sides = [side for guard in given.guards for side in (guard.left, guard.right)]
    uses = _uses(ops, operands, [*given.roots, *sides])
    varies = depends_on(ops, operands)
    binary = [OPS[name] for name in set(ops) & OPS.keys() if not OPS[name].variadic]
    adding = {row.name for row in binary if row.adds}
    multiplying = {row.name for row in binary if row.multiplies}
    terms: Terms = {}
    for i in range(len(slots) - 1, -1, -1):
        if ops[i] in adding and uses[i]:
            products, others, inner = _terms(i, ops, operands, uses, adding, multiplying)
            if products or len(operands[i]) < len(others):
                terms[i] = (products, others)
                for j in inner:
                    uses[j] = 0
    return _renumbered(slots, terms, uses, varies)


def _uses(ops: list[str], operands: list[tuple[int, ...]], roots: list[int]) -> list[int]:
    """How often each slot is used by slots that are needed."""
    uses = [2 if op in ("input", "parameter") else 0 for op in ops]
    for i in roots:
        uses[i] += 2
    for i in range(len(ops) - 1, -1, -1):
        if uses[i]:
            for j in operands[i]:
                uses[j] += 1
    return uses


def _terms(
    head: int,
    ops: list[str],
    operands: list[tuple[int, ...]],
    uses: list[int],
    adding: set[str],
    multiplying: set[str],
) -> tuple[list[int], list[int], list[int]]:
    """The products and the other terms of a sum, in order, and the slots that it takes in."""
    products, others, inner = [], [], []
    stack = list(operands[head][::-1])
    while stack:
        i = stack.pop()
        op = ops[i]
        if uses[i] != 1:
            others.append(i)
        elif op in adding:
            inner.append(i)
            stack.extend(operands[i][::-1])
        elif op in multiplying:
            inner.append(i)
            products.append(i)
        else:
            others.append(i)
    return products, others, inner


def _renumbered(
    slots: Sequence[Slot], terms: Terms, uses: list[int], varies: list[int]
) -> tuple[list[Slot], list[int], list[int]]:
    new: list[Slot] = []
    origins: list[int] = []
    place = [0] * len(slots)
    for i, slot in enumerate(slots):
        if not uses[i]:
            continue
        op, operands, label, line, number = slot
        if i in terms:
            products, others = terms[i]
            rest = [place[j] for j in others]
            op, operands = SUM.name, tuple(rest)
            if products:
                pairs = [slots[j][1] for j in products]
                ordered = [(b, a) if varies[a] > 1 >= varies[b] else (a, b) for a, b in pairs]
                factors = [place[a] for a, _ in ordered], [place[b] for _, b in ordered]
                op, operands = dot.name, (*factors[0], *factors[1], *rest)
                if len(rest) > 1:
                    new.append(Slot(dot.name, (*factors[0], *factors[1]), label, line, number))
                    op, operands = SUM.name, (*rest, len(new) - 1)
            new.append(Slot(op, operands, label, line, number))
        elif not operands:
            new.append(slot)
        else:
            op = total.name if op == dot.name and len(operands) == 1 else op  # no products, a bias
            new.append(new_slot((op, tuple([place[j] for j in operands]), label, line, number)))
        if operands and not varies[i]:
            new[-1] = _folded(new[-1], new)
        place[i] = len(new) - 1
        origins += [i] * (len(new) - len(origins))
    return new, place, origins


def _folded(slot: Slot, slots: Sequence[Slot]) -> Slot:
    """The slot of an operation on constants, as a constant if its result is finite."""
    numbers = [slots[i].number for i in slot.operands if slots[i].op == "constant"]
    if len(numbers) < len(slot.operands):
        return slot  # one of them could not be folded
    try:
        y = evaluate(ROWS[slot.op], numbers)
    except DomainError:
        return slot
    return Slot("constant", (), slot.label, slot.line, y) if math.isfinite(y) else slot
