"""Attention between the vectors of a sequence (Vaswani et al. 2017), on scalars: for sequences of a few vectors.

A network of such layers, a transformer, sees the whole sequence at once: MLPR calls it a special type of RNN, but it is
not a recurrent one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engine.ops import dot
from ..errors import ShapeError
from ..seeds import stream
from .layers import Linear
from .module import Module
from .pooling import columns
from .softmax import softmax


def attend(
    queries: Sequence[Any], keys: Sequence[Any], values: Sequence[Any], *, causal: bool = False
) -> list[list[Any]]:
    """softmax(QKᵀ/√d)V: for each query, the values weighted by how well their keys match it.

    With ``causal`` the t-th query sees the keys up to the t-th alone.
    """
    if len(keys) != len(values):
        raise ShapeError(
            f"attention needs a value for each key; {len(keys)} keys and {len(values)} values were given"
        )
    shrink = 1.0 / math.sqrt(len(queries[0]))
    mixed = []
    for t, query in enumerate(queries):
        seen = t + 1 if causal else len(keys)
        weights = softmax([dot(query, key) * shrink for key in keys[:seen]])
        mixed.append([dot(weights, column) for column in columns(values[:seen], "attention")])
    return mixed


class SelfAttention(Module):
    """``heads`` attentions side by side on vectors of ``size`` numbers, each on its own share of them, then mixed linearly."""

    def __init__(
        self,
        size: int,
        heads: int = 1,
        *,
        causal: bool = False,
        seed: Any = None,
        **of_neurons: Any,
    ) -> None:
        if size % heads:
            raise ShapeError(f"{heads} heads cannot share {size} numbers evenly")
        rng = stream(seed, f"SelfAttention({size}, {heads})")
        self.size, self.heads, self.causal = size, heads, causal
        self.query, self.key, self.value, self.out = (
            Linear(size, size, seed=rng, **of_neurons) for _ in range(4)
        )

    def forward(self, vectors: Sequence[Any]) -> list[list[Any]]:
        projected = [[part(v) for v in vectors] for part in (self.query, self.key, self.value)]
        width = self.size // self.heads
        of_heads = [
            attend(
                *([v[start : start + width] for v in part] for part in projected),
                causal=self.causal,
            )
            for start in range(0, self.size, width)
        ]
        return [
            self.out([number for head in of_heads for number in head[t]])
            for t in range(len(vectors))
        ]

    def __repr__(self) -> str:
        return f"SelfAttention({self.size}, heads={self.heads})"
