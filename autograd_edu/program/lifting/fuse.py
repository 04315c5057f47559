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

import numpy as np
from numpy.typing import NDArray

from ...arithmetic.evaluation import evaluate
from ...engine.ops import OPS, dot, total
from ...errors import DomainError
from ..ir import Columns, Computation, Ints, Operands
from .analysis import leaves_depend_on
from .rows import ROWS, SUM

_ADDS, _MULTIPLIES = 1, 2


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
    )


class _Fused:
    """The slots of a fused computation.

    Attributes:
        place: where each given slot went.
        origins: which given slot each slot was.
        depends: what each slot depends on; see `leaves_depend_on`.
    """

    def __init__(self, given: Computation) -> None:
        columns, leaves = given.columns, given.leaf_count
        self.operands: list[tuple[int, ...]] = [()] * leaves
        self.ops, self.numbers = columns.ops[:leaves], columns.numbers[:leaves]
        self.origins, self.depends = list(range(leaves)), leaves_depend_on(given)
        self.place = [*self.origins, *[0] * (len(columns.ops) - leaves)]
        self.read = columns.operands.flat.tolist()
        self.stops = columns.operands.counts.cumsum().tolist()
        uses, kinds = _uses(given), _kinds(columns.ops)
        taken = _taken(columns.operands, uses, kinds)
        self.taken, self.adds = taken.tolist(), (taken & (kinds == _ADDS)).tolist()
        for i in np.flatnonzero((uses > 0) & ~taken).tolist()[leaves:]:
            op, number = columns.ops[i], columns.numbers[i]
            own = self.read[self.stops[i - 1] if i else 0 : self.stops[i]]
            if kinds[i] == _ADDS and any([self.taken[j] for j in own]):
                self._add_sum(i)
            else:
                self._add(i, op, tuple([self.place[j] for j in own]), number)

    def _add_sum(self, i: int) -> None:
        """Add a sum that takes in others, and its dot product if that is one of several terms."""
        terms = self._terms(i)
        rest = tuple([self.place[j] for j in terms if not self.taken[j]])
        factors = self._factors([j for j in terms if self.taken[j]])
        if factors and len(rest) > 1:
            self._add(i, dot.name, factors)
            factors, rest = (), (*rest, self.place[i])
        self._add(i, dot.name if factors else SUM.name, (*factors, *rest))

    def _terms(self, i: int) -> list[int]:
        """The products and the other terms of a sum, in order."""
        read, stops, adds = self.read, self.stops, self.adds
        terms, stack = list[int](), [read[stops[i] - 1], read[stops[i] - 2]]
        while stack:
            j = stack.pop()
            if adds[j]:
                stack.append(read[stops[j] - 1])
                stack.append(read[stops[j] - 2])
            else:
                terms.append(j)
        return terms

    def _factors(self, products: list[int]) -> tuple[int, ...]:
        """The first factors of products, and the second: parameters come before inputs."""
        place, read, depends = self.place, self.read, self.depends
        first, second = list[int](), list[int]()
        for stop in [self.stops[j] for j in products]:
            a, b = place[read[stop - 2]], place[read[stop - 1]]
            if depends[a] > 1 >= depends[b]:
                a, b = b, a
            first.append(a)
            second.append(b)
        return (*first, *second)

    def _add(self, i: int, op: str, operands: tuple[int, ...], number: float = 0.0) -> None:
        """Add a slot for the given slot ``i``. It is a constant if it depends only on those."""
        depends = 0
        for j in operands:
            depends |= self.depends[j]
        if op == dot.name and len(operands) == 1:
            op = total.name  # no products, a bias
        if operands and not depends and (folded := self._folded(op, operands)) is not None:
            op, operands, number = "constant", (), folded
        self.place[i] = len(self.ops)
        self.ops.append(op)
        self.operands.append(operands)
        self.numbers.append(number)
        self.origins.append(i)
        self.depends.append(depends)

    def _folded(self, op: str, operands: Sequence[int]) -> float | None:
        """The number of an operation on constants, if it is finite."""
        if any([self.ops[j] != "constant" for j in operands]):
            return None  # one of them could not be folded
        try:
            y = evaluate(ROWS[op], [self.numbers[j] for j in operands])
        except DomainError:
            return None
        return y if math.isfinite(y) else None


def _kinds(ops: list[str]) -> Ints:
    """For each slot: does it add or multiply two numbers, or do something else?"""
    binary = [OPS[name] for name in set(ops) & OPS.keys() if not OPS[name].variadic]
    kinds = {row.name: _ADDS for row in binary if row.adds}
    kinds |= {row.name: _MULTIPLIES for row in binary if row.multiplies}
    return np.fromiter(map(kinds.get, ops, repeat(0)), np.intp, len(ops))


def _uses(given: Computation) -> Ints:
    """How often each slot is used by slots that are needed; more than once if it must stay."""
    operands, leaves = given.columns.operands, given.leaf_count
    sides = [side for guard in given.guards for side in (guard.left, guard.right)]
    uses = np.bincount(operands.flat, minlength=len(operands.counts))
    uses[:leaves] += 2
    uses[[*given.roots, *sides]] += 2
    if uses.all():
        return uses
    counts: list[int] = uses.tolist()
    for i in range(len(counts) - 1, leaves - 1, -1):
        if not counts[i]:  # the last slot that is not needed has no use at all
            for j in operands.tuples[i]:
                counts[j] -= 1
    return np.array(counts)


def _taken(operands: Operands, uses: Ints, kinds: Ints) -> NDArray[np.bool_]:
    """For each slot: is it a sum or a product that only a sum uses, which takes it in?"""
    user = np.repeat(np.arange(len(kinds)), operands.counts)
    needed = uses[user] > 0
    only_user = np.zeros(len(kinds), dtype=np.intp)
    only_user[operands.flat[needed]] = user[needed]
    taken: NDArray[np.bool_] = (uses == 1) & (kinds > 0) & (kinds[only_user] == _ADDS)
    return taken
