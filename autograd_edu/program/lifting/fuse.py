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
from functools import reduce
from itertools import chain
from operator import or_

from ...arithmetic.evaluation import evaluate
from ...engine.ops import OPS, dot, total
from ...errors import DomainError
from ..ir import Computation, Slot, new_slot
from .analysis import leaves_depend_on
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
    slots, leaves = given.slots, given.leaf_count
    ops, operands = [slot[0] for slot in slots], [slot[1] for slot in slots]
    sides = [side for guard in given.guards for side in (guard.left, guard.right)]
    uses = _uses(operands, leaves, [*given.roots, *sides])
    binary = [OPS[name] for name in set(ops) & OPS.keys() if not OPS[name].variadic]
    adding = {row.name for row in binary if row.adds}
    multiplying = {row.name for row in binary if row.multiplies}
    terms: Terms = {}
    for i in range(len(slots) - 1, leaves - 1, -1):
        if ops[i] in adding and uses[i]:
            products, others, inner = _terms(i, ops, operands, uses, adding, multiplying)
            if products or len(operands[i]) < len(others):
                terms[i] = (products, others)
                for j in inner:
                    uses[j] = 0
    return _renumbered(given, terms, uses)


def _uses(operands: list[tuple[int, ...]], leaves: int, roots: list[int]) -> list[int]:
    """How often each slot is used by slots that are needed. Inputs and parameters always stay."""
    uses = [2] * leaves + [0] * (len(operands) - leaves)
    for i in roots:
        uses[i] += 2
    for i in range(len(operands) - 1, leaves - 1, -1):
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
    given: Computation, terms: Terms, uses: list[int]
) -> tuple[list[Slot], list[int], list[int]]:
    slots, leaves = given.slots, given.leaf_count
    new, origins = list(slots[:leaves]), list(range(leaves))
    place = [*origins, *[0] * (len(slots) - leaves)]
    depends = leaves_depend_on(given)
    at, on = place.__getitem__, depends.__getitem__
    for i in range(leaves, len(slots)):
        if not uses[i]:
            continue
        op, operands, label, line, number = slot = slots[i]
        if i in terms:
            op, operands, factors = _sum_of(slots, terms[i], place, depends)
            if factors:  # a dot product that is one of several terms
                operands = (*operands, len(new))
                new.append(new_slot((dot.name, factors, label, line, number)))
                depends.append(reduce(or_, map(on, factors)))
                origins.append(i)
        else:
            operands = tuple(map(at, operands))
            op = total.name if op == dot.name and len(operands) == 1 else op  # no products, a bias
        place[i] = len(new)
        origins.append(i)
        depends.append(reduce(or_, map(on, operands), 0))
        if operands:
            slot = new_slot((op, operands, label, line, number))
        new.append(slot if depends[-1] or not operands else _folded(slot, new))
    return new, place, origins


def _sum_of(
    slots: Sequence[Slot], terms: tuple[list[int], list[int]], place: list[int], depends: list[int]
) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """A sum: its operation, its operands, and the factors of its dot product if that is apart."""
    products, others = terms
    rest = tuple([place[j] for j in others])
    if not products:
        return SUM.name, rest, ()
    pairs = [(place[a], place[b]) for a, b in [slots[j][1] for j in products]]
    ordered = [(b, a) if depends[a] > 1 >= depends[b] else (a, b) for a, b in pairs]
    factors = tuple(chain.from_iterable(zip(*ordered, strict=True)))
    return (SUM.name, rest, factors) if len(rest) > 1 else (dot.name, (*factors, *rest), ())


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
