"""Attention between the vectors of a sequence. With scalars, keep sequences to a few vectors.

A transformer is a network of such layers. It sees the whole sequence at once. MLPR calls it a
special type of RNN, but it is not recurrent. Source: Vaswani et al.,
"Attention Is All You Need", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Unpack

from ..engine.ops import dot
from ..errors import ShapeError
from ..seeds import stream
from .kinds import S, Scalar, Seed, Vector
from .layers import Linear, WeightOptions
from .module import Module
from .pooling import columns
from .softmax import softmax


def attend(
    queries: Sequence[Vector],
    keys: Sequence[Vector],
    values: Sequence[Sequence[S]],
    *,
    causal: bool = False,
) -> list[list[S]]:
    """softmax(QKᵀ/√d)V: one weighted mean of the values per query.

    A value weighs more the better its key matches the query. Queries and keys are vectors of the
    same length d; values may have another.

    Args:
        causal: let the t-th query see only the first t keys.

    Raises:
        ShapeError: if there is not one value per key, or the values differ in length.

    The first query matches the second key; the second query matches both alike:

    >>> keys, values = [[4.0, 0.0], [0.0, 4.0]], [[1.0], [2.0]]
    >>> [[round(y, 2) for y in row] for row in attend([[0.0, 1.0], [1.0, 1.0]], keys, values)]
    [[1.94], [1.5]]
    """
    if len(keys) != len(values):
        raise ShapeError(
            f"attention needs one value per key; got {len(keys)} keys and {len(values)} values"
        )
    return [
        [dot(weights, column) for column in columns(values[: len(weights)], "attention")]
        for weights in _weights(queries, keys, causal=causal)
    ]


def _weights(
    queries: Sequence[Vector], keys: Sequence[Vector], *, causal: bool
) -> Iterator[list[Scalar]]:
    """The rows of softmax(QKᵀ/√d): for each query, a weight for each key that it sees."""
    shrink = 1.0 / math.sqrt(len(queries[0]))
    for t, query in enumerate(queries):
        seen = t + 1 if causal else len(keys)
        yield softmax([dot(query, key) * shrink for key in keys[:seen]])


class SelfAttention(Module):
    """Multi-head self-attention: every vector of a sequence attends to all of them.

    It takes and gives a list of vectors of ``size`` numbers. Each of the ``heads`` works on its own
    share of the numbers, and a linear layer mixes the results.

    Args:
        causal: let each vector see only itself and the vectors before it.

    Raises:
        ShapeError: if ``heads`` does not divide ``size``.

    With ``causal``, the first vector sees only itself, the second sees two:

    >>> attention = SelfAttention(2, causal=True, seed=0)
    >>> sequence = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> [[round(a.data, 2) for a in row] for row in attention.weights(sequence)[0]]
    [[1.0], [0.7, 0.3], [0.4, 0.26, 0.34]]
    """

    def __init__(
        self, size: int, heads: int = 1, *, causal: bool = False, seed: Seed = None,
        **of_neurons: Unpack[WeightOptions],
    ) -> None:  # fmt: skip
        if heads < 1 or size % heads:
            raise ShapeError(f"{heads} heads cannot share {size} numbers evenly")
        rng = stream(seed, f"SelfAttention({size}, {heads})")
        self.size, self.heads, self.causal = size, heads, causal
        self.query, self.key, self.value, self.out = (
            Linear(size, size, seed=rng, **of_neurons) for _ in range(4)
        )

    def forward(self, vectors: Sequence[Vector]) -> list[Vector]:
        of_heads = [attend(q, k, v, causal=self.causal) for q, k, v in self._shares(vectors)]
        joined = zip(*of_heads, strict=True)  # for each vector, the results of all heads
        return [self.out([number for part in parts for number in part]) for parts in joined]

    def weights(self, vectors: Sequence[Vector]) -> list[list[list[Scalar]]]:
        """For each head, the weights of the vectors: a row for each query, which sums to 1.

        With ``causal``, the t-th row has the weights of the first t vectors only.
        """
        shares = self._shares(vectors)
        return [list(_weights(q, k, causal=self.causal)) for q, k, _ in shares]

    def _shares(self, vectors: Sequence[Vector]) -> list[list[list[Vector]]]:
        """For each head, its share of the queries, keys and values."""
        projected = [[part(v) for v in vectors] for part in (self.query, self.key, self.value)]
        width = self.size // self.heads
        return [
            [[row[start : start + width] for row in part] for part in projected]
            for start in range(0, self.size, width)
        ]

    def __repr__(self) -> str:
        return f"SelfAttention({self.size}, heads={self.heads})"
