"""Sums of products, taken apart: the weights, the inputs and the bias of each.

What depends on no input counts as weights, on whichever side it stands. So the weights of a layer
are rows of its matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from ...arithmetic.rows import products
from ..ir import Computation
from .rows import is_sum_of_products

Vector: TypeAlias = tuple[int, ...]  # slots


class Dot(NamedTuple):
    """The factors of a sum of products, and its bias: one slot or none."""

    weights: Vector
    inputs: Vector
    bias: Vector


class Dots:
    """The sums of products of a program.

    Attributes:
        varying: the slots that depend on an input; the others are fixed.
        factors: for each slot that is a sum of products, what it reads.
    """

    def __init__(self, program: Computation, fixed: Sequence[bool]) -> None:
        ops, operands, *_ = program.columns
        self.varying = frozenset([i for i, each in enumerate(fixed) if not each])
        self.all_vary = cache(self.varying.issuperset)  # many sums read the same vector
        self.factors: dict[int, Dot] = {}
        names = set(filter(is_sum_of_products, set(ops)))
        for i in [i for i, name in enumerate(ops) if name in names]:
            a, b, bias = map(tuple, products(operands.tuples[i]))
            swapped = fixed[b[0]] and not fixed[a[0]]
            self.factors[i] = Dot(b, a, bias) if swapped else Dot(a, b, bias)

    def is_in_layer(self, i: int) -> bool:
        """Are all weights of a sum fixed, and either none of its inputs or the sum itself?"""
        weights, inputs, _ = self.factors[i]
        varying = self.varying
        return i not in varying or (varying.isdisjoint(weights) and self.all_vary(inputs))

    def is_free(self, i: int) -> bool:
        """Do all factors of a sum depend on inputs, and is there no bias?"""
        weights, inputs, bias = self.factors[i]
        return not bias and self.all_vary(weights) and self.all_vary(inputs)
