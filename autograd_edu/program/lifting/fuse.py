"""Fuse trees of products and sums into n-ary dot products and sums.

A sum takes in the sums and the products that nothing else uses. In a product with a parameter, the
parameter comes first: `lift` makes matrices of those. Dot products and totals that the author wrote
stay as they are. What depends only on constants is computed here, once.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...arithmetic.evaluation import evaluate
from ...engine.ops import OPS, dot, total
from ...errors import DomainError
from ..ir import Columns, Computation, Ints, Operands
from .analysis import depends_on
from .rows import ROWS, SUM

_ADDS, _MULTIPLIES = 1, 2


def fused(given: Computation) -> Computation:
    """The same computation with its sums of products as dot products.

    Parameters and inputs keep their places.
    """
    columns, new = given.columns, _Places(_Trees(given))
    origins, place = new.origins.tolist(), new.place.item
    depends = depends_on(given, new.operands)
    on = np.array(depends)
    ops, numbers = new.ops(columns.ops), list(map(columns.numbers.__getitem__, origins))
    operands = _folded(ops, numbers, new.ordered(on), on)
    labels = list(map(columns.labels.__getitem__, origins))
    return Computation(
        Columns(ops, operands, labels, [""] * len(origins), numbers),
        given.shapes,
        roots=list(map(place, given.roots)),
        guards=[replace(g, left=place(g.left), right=place(g.right)) for g in given.guards],
        parameter_count=given.parameter_count,
        parameters=given.parameters,
        argument_names=given.argument_names,
        form=given.form,
        origins=origins,
        depends=depends,
    )


class _Trees:
    """Which sums take in which sums and products.

    Attributes:
        reader: for each operand, the slot that reads it.
        taken: is a slot a sum or a product whose only user is a sum? That sum absorbs it.
        products: the absorbed slots that are products.
        owner: the sum that a slot ends up in; for slots that are not absorbed, the slot itself.
    """

    def __init__(self, given: Computation) -> None:
        self.operands, kinds = given.columns.operands, _kinds(given.columns.ops)
        flat, own = self.operands.flat, np.arange(len(kinds))
        self.reader = np.repeat(own, self.operands.counts)
        used = np.bincount(flat, minlength=len(kinds))
        used[[*given.roots, *[i for g in given.guards for i in (g.left, g.right)]]] += 2
        user = np.zeros_like(own)  # if there is only one
        user[flat] = self.reader
        self.taken = (used == 1) & (kinds > 0) & (kinds[user] == _ADDS)
        self.products = self.taken & (kinds == _MULTIPLIES)
        self.owner = np.where(self.taken, user, own)
        while not np.array_equal(self.owner, further := self.owner[self.owner]):
            self.owner = further


class _Places:
    """Where the slots go, and what they read there.

    A sum of products and of several other terms becomes a dot product, and a sum after it.

    Attributes:
        place: for each given slot that no sum takes in, the new slot with its value.
        origins: for each new slot, the given slot that it comes from.
        sums: for each slot that is taken in, the place of the sum.
        dots: for each product that is taken in, the place of the dot product.
        operands: the operands of the new slots.
        factors: where the first factors of the products stand among these, and the second ones.
    """

    def __init__(self, trees: _Trees) -> None:
        flat, size = trees.operands.flat, len(trees.owner)
        products = flat[trees.products[flat]]  # in the order in which sums read them
        rest = np.flatnonzero(~trees.taken[flat] & ~trees.products[trees.reader])
        sums, users = trees.owner[products], trees.owner[trees.reader[rest]]
        several = np.bincount(users, minlength=size) > 1
        both = several & (np.bincount(sums, minlength=size) > 0)
        count = np.where(trees.taken, 0, 1 + both)
        self.place = count.cumsum() - 1
        self.dots = self.place[sums] - both[sums]
        self.origins = np.repeat(np.arange(size), count)
        self.sums = self.place[trees.owner[trees.taken]]

        second = trees.operands.counts.cumsum()[products] - 1
        read = self.place[flat[np.concatenate([second - 1, second, rest])]]
        read = np.append(read, self.place[both] - 1)
        user = np.concatenate([self.dots, self.dots, self.place[users], self.place[both]])
        order = np.argsort(user, kind="stable")
        at = np.empty_like(order)
        at[order] = np.arange(len(order))
        self.factors = at[: 2 * len(products)].reshape(2, -1)
        self.operands = Operands.of(read[order], np.bincount(user, minlength=len(self.origins)))

    def ops(self, given: list[str]) -> list[str]:
        """The names of the operations."""
        ops = list(map(given.__getitem__, self.origins.tolist()))
        for name, slots in ((SUM.name, self.sums), (dot.name, self.dots)):
            for i in np.flatnonzero(np.bincount(slots)).tolist():
                ops[i] = name
        return ops

    def ordered(self, depends: Ints) -> Operands:
        """The operands with the factors of products in order: parameters come before inputs."""
        flat, counts = self.operands.flat, self.operands.counts
        first, second = depends[flat[self.factors]]
        factors = self.factors[:, (first > 1) & (second <= 1)]
        if not factors.size:
            return self.operands
        flat = flat.copy()
        flat[factors] = flat[factors[::-1]]
        return Operands.of(flat, counts)


def _folded(ops: list[str], numbers: list[float], operands: Operands, depends: Ints) -> Operands:
    """Make constants of what depends only on constants. Returns the operands that remain."""
    own, gone = operands.tuples, list[int]()
    for i in np.flatnonzero((depends == 0) & (operands.counts > 0)).tolist():
        if all([ops[j] == "constant" for j in own[i]]):  # else one could not be folded
            try:
                y = evaluate(ROWS[ops[i]], [numbers[j] for j in own[i]])
            except DomainError:
                continue
            if math.isfinite(y):
                ops[i], numbers[i] = "constant", y
                gone.append(i)
    for i in np.flatnonzero(operands.counts == 1).tolist():
        if ops[i] == dot.name:
            ops[i] = total.name  # it has a bias, but no products
    return operands.without(gone) if gone else operands


def _kinds(ops: list[str]) -> NDArray[np.int8]:
    """For each slot: does it add or multiply two numbers, or do something else?"""
    names = set(ops)
    binary = [OPS[name] for name in names & OPS.keys() if not OPS[name].variadic]
    kinds = dict.fromkeys(names, 0) | {row.name: _ADDS for row in binary if row.adds}
    kinds |= {row.name: _MULTIPLIES for row in binary if row.multiplies}
    return np.frombuffer(bytes(map(kinds.__getitem__, ops)), np.int8)
