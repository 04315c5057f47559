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
from itertools import repeat
from typing import TypeAlias

import numpy as np

from ...arithmetic.evaluation import evaluate
from ...engine.ops import OPS, dot, total
from ...errors import DomainError
from ..ir import Columns, Computation, Ints, Operands, needed
from .rows import ROWS, SUM
from .spacing import Mask

_ADDS, _MULTIPLIES = 1, 2
Terms: TypeAlias = dict[int, tuple[list[int], list[int]]]


def fused(given: Computation) -> Computation:
    """The same computation with its sums of products as dot products.

    Parameters and inputs keep their places.
    """
    new = _Fused(given)
    place, origins, labels = new.place, new.origins, given.columns.labels
    operands, lines = Operands(new.operands), [""] * len(origins)
    return Computation(
        Columns(new.ops, operands, [labels[i] for i in origins], lines, new.numbers),
        given.shapes,
        roots=[place[root] for root in given.roots],
        guards=[replace(g, left=place[g.left], right=place[g.right]) for g in given.guards],
        parameter_count=given.parameter_count,
        parameters=given.parameters,
        argument_names=given.argument_names,
        form=given.form,
        origins=origins,
        depends=new.depends,
    )


class _Fused:
    """The slots of a fused computation, made one after another.

    Attributes:
        terms: for each sum that takes in others, its products and its other terms.
        place: where each given slot goes.
        read: where the operands of the given slots go, one after another.
        stops: for each given slot, where its operands end.
        origins: which given slot each slot was.
        depends: what each slot depends on; see `Computation`.
    """

    def __init__(self, given: Computation) -> None:
        columns, leaves = given.columns, given.leaf_count
        operands, uses, kinds = columns.operands, _uses(given), _kinds(columns.ops)
        taken, taking = _taken(operands, uses, kinds)
        self.terms = _terms(operands, taking, taken=taken, adds=taken & (kinds == _ADDS))
        new = np.where((uses > 0) & ~taken, 1, 0)
        new[[i for i, (products, rest) in self.terms.items() if products and len(rest) > 1]] = 2
        place = new.cumsum() - 1
        self.place, self.read = place.tolist(), place[operands.flat].tolist()
        self.stops = operands.counts.cumsum().tolist()
        self.origins = np.repeat(np.arange(len(new)), new).tolist()
        self.ops, self.numbers = columns.ops[:leaves], columns.numbers[:leaves]
        self.operands = list[tuple[int, ...]]([()]) * leaves
        self.depends = [2] * given.input_count + [1] * given.parameter_count
        for i in np.flatnonzero(new).tolist()[leaves:]:
            if i in self.terms:
                self._add_sum(*self.terms[i])
            else:
                own = self.read[self.stops[i - 1] if i else 0 : self.stops[i]]
                self._add(columns.ops[i], tuple(own), columns.numbers[i])

    def _add_sum(self, products: list[int], others: list[int]) -> None:
        """Add a sum that takes in others, and its dot product if that is one of several terms."""
        factors, rest = self._factors(products), [self.place[j] for j in others]
        if factors and len(rest) > 1:
            self._add(dot.name, tuple(factors))
            factors, rest = [], [*rest, len(self.ops) - 1]
        self._add(dot.name if factors else SUM.name, (*factors, *rest))

    def _factors(self, products: list[int]) -> list[int]:
        """The first factors of products, and the second: parameters come before inputs."""
        read, depends = self.read, self.depends
        first, second = list[int](), list[int]()
        for stop in [self.stops[j] for j in products]:
            a, b = read[stop - 2], read[stop - 1]
            if depends[a] > 1 >= depends[b]:
                a, b = b, a
            first.append(a)
            second.append(b)
        return first + second

    def _add(self, op: str, operands: tuple[int, ...], number: float = 0.0) -> None:
        """Add a slot. It is a constant if it depends only on constants."""
        depends, on = 0, self.depends
        for j in operands:
            depends |= on[j]
        if not depends and operands and (folded := self._folded(op, operands)) is not None:
            op, operands, number = "constant", (), folded
        elif op == dot.name and len(operands) == 1:
            op = total.name  # no products, a bias
        self.ops.append(op)
        self.operands.append(operands)
        self.numbers.append(number)
        on.append(depends)

    def _folded(self, op: str, operands: Sequence[int]) -> float | None:
        """The number of an operation on constants, if it is finite."""
        if any([self.ops[j] != "constant" for j in operands]):
            return None  # one of them could not be folded
        try:
            y = evaluate(ROWS[op], [self.numbers[j] for j in operands])
        except DomainError:
            return None
        return y if math.isfinite(y) else None


def _terms(operands: Operands, taking: Mask, *, taken: Mask, adds: Mask) -> Terms:
    """The products and the other terms, in order, of each sum that takes in others."""
    read, stops = operands.flat.tolist(), operands.counts.cumsum().tolist()
    is_taken, is_sum = taken.tolist(), adds.tolist()
    terms: Terms = {}
    for i in np.flatnonzero(taking).tolist():
        own, stack = list[int](), [read[stops[i] - 1], read[stops[i] - 2]]
        while stack:
            j = stack.pop()
            if is_sum[j]:
                stop = stops[j]
                stack.append(read[stop - 1])
                stack.append(read[stop - 2])
            else:
                own.append(j)
        terms[i] = [j for j in own if is_taken[j]], [j for j in own if not is_taken[j]]
    return terms


def _kinds(ops: list[str]) -> Ints:
    """For each slot: does it add or multiply two numbers, or do something else?"""
    binary = [OPS[name] for name in set(ops) & OPS.keys() if not OPS[name].variadic]
    kinds = {row.name: _ADDS for row in binary if row.adds}
    kinds |= {row.name: _MULTIPLIES for row in binary if row.multiplies}
    return np.fromiter(map(kinds.get, ops, repeat(0)), np.intp, len(ops))


def _uses(given: Computation) -> Ints:
    """How often each slot is used by slots that are needed; more than once if it must stay."""
    flat, counts = given.columns.operands.flat, given.columns.operands.counts
    stays = np.zeros(len(counts), dtype=np.intp)
    stays[: given.leaf_count] = 2
    stays[[*given.roots, *[i for guard in given.guards for i in (guard.left, guard.right)]]] = 2
    uses = np.bincount(flat, minlength=len(counts)) + stays
    if not uses.all():
        live = np.repeat(needed(uses, counts, flat), counts)
        uses = np.bincount(flat[live], minlength=len(counts)) + stays
    return uses


def _taken(operands: Operands, uses: Ints, kinds: Ints) -> tuple[Mask, Mask]:
    """For each slot: is it a sum or a product that its only user, a sum, takes in?

    And is it a sum that stays and takes in others?
    """
    user = np.repeat(np.arange(len(kinds)), operands.counts)
    live = uses[user] > 0
    only_user, taking = np.zeros(len(kinds), dtype=np.intp), np.zeros(len(kinds), dtype=bool)
    only_user[operands.flat[live]] = user[live]
    taken = (uses == 1) & (kinds > 0) & (kinds[only_user] == _ADDS)
    taking[only_user[taken]] = True
    return taken, taking & ~taken
