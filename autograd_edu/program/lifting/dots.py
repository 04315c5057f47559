"""Sums of products, taken apart: the weights, the inputs and the bias of each.

What depends on no input counts as weights, on whichever side it stands. So the weights of a layer
are rows of its matrix. Many sums read the same vector of slots, so vectors are numbered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Computation, Ints, Operands
from .products import HOLE, Pairs, padded
from .rows import is_sum_of_products
from .spacing import Rows

_BIG = np.dtype(">i8")  # big-endian: the bytes sort as the integers do


class Dots:
    """The sums of products of a program.

    Attributes:
        vectors: the vectors that they multiply, each once, in ascending order.
        weights, inputs: for each slot that is such a sum, the numbers of its two vectors.
        bias: for each slot, the bias that it adds, or `HOLE`.
        is_free: for each slot, whether all its factors depend on inputs, and it adds no bias.
        forms: for each slot that is such a sum, what it must share with others to run with them:
            its length if it is a row of a layer's matrix, else 0; and the kind of its bias.
    """

    def __init__(self, program: Computation, fixed: Sequence[bool]) -> None:
        ops, operands, *_ = program.columns
        names = set(filter(is_sum_of_products, set(ops[program.leaf_count :])))
        slots = np.array([i for i in program.operations if ops[i] in names], np.intp)
        self.fixed = np.append(np.array(fixed, bool), True)  # the last one is for `HOLE`
        self.bias, self.weights, self.inputs = np.full((3, len(ops)), HOLE)
        counts, starts = operands.counts[slots], operands.starts[slots]
        self.bias[slots] = np.where(counts % 2, operands.flat[starts + counts - 1], HOLE)
        a, b = self._numbers(operands, starts, counts // 2)
        first_is_fixed = self.fixed[self.slots[self.starts]]
        swapped = first_is_fixed[b] & ~first_is_fixed[a]
        self.weights[slots], self.inputs[slots] = np.where(swapped, (b, a), (a, b))
        self._classify(slots)

    def _numbers(self, operands: Operands, starts: Ints, lengths: Ints) -> tuple[Ints, Ints]:
        """Number the vectors. Returns, for each sum, the numbers of the two that it reads."""
        text = operands.flat.astype(_BIG).tobytes()
        cuts = _BIG.itemsize * np.array([starts, starts + lengths, starts + 2 * lengths])
        first, second, stop = cuts.tolist()
        read = [text[i:j] for i, j in zip(first + second, second + stop, strict=True)]
        self.vectors = sorted(set(read))
        self.slots = np.frombuffer(b"".join(self.vectors), _BIG).astype(np.intp)
        self.lengths = np.array([len(each) for each in self.vectors], np.intp) // _BIG.itemsize
        self.starts = self.lengths.cumsum() - self.lengths
        number = {vector: n for n, vector in enumerate(self.vectors)}
        a, b = np.array([number[vector] for vector in read], np.intp).reshape(2, -1)
        return a, b

    def _classify(self, slots: Ints) -> None:
        """Find out which sums can run together."""
        varying = np.add.reduceat(~self.fixed[self.slots], self.starts, dtype=np.intp)
        weights, inputs, bias = self.weights[slots], self.inputs[slots], self.bias[slots]
        all_vary = varying == self.lengths
        self.is_free = np.zeros(len(self.bias), bool)
        self.is_free[slots] = all_vary[weights] & all_vary[inputs] & (bias == HOLE)
        in_layer = self.fixed[slots] | (all_vary[inputs] & (varying[weights] == 0))
        row_lengths = np.where(in_layer, self.lengths[weights], 0)
        bias_kinds = np.where(bias == HOLE, HOLE, self.fixed[bias])
        forms = zip(row_lengths.tolist(), bias_kinds.tolist(), strict=True)
        self.forms = dict(zip(slots.tolist(), forms, strict=True))

    def pairs(self, members: Rows) -> Pairs:
        """For each of some sums, the numbers of its weights and its inputs."""
        both = zip(self.weights[members].tolist(), self.inputs[members].tolist(), strict=True)
        return dict(zip(members.tolist(), both, strict=True))

    def columns(self, vectors: Sequence[int] | Rows) -> Rows:
        """Vectors, by their numbers, as the columns of an array."""
        numbers = np.asarray(vectors)
        return padded(self.slots, self.starts[numbers], self.lengths[numbers])
