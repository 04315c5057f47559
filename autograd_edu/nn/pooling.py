"""Pooling: a sequence of vectors, of any length, as one vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..engine.ops import dot, maximum, total
from ..engine.value import Value
from ..errors import ShapeError, one_of
from ..seeds import stream
from .init import Initialise, initialiser_named, lecun_normal
from .kinds import Nested, S, Scalar, Seed, Vector
from .layers import numbers, subscript
from .losses import average
from .module import Module
from .softmax import softmax

_POOLS: dict[str, Callable[[Vector], Nested]] = {
    "mean": average,
    "sum": lambda xs: total(list(xs)),
    "max": lambda xs: maximum(list(xs)),
}


def columns(vectors: Sequence[Sequence[S]], who: str) -> list[tuple[S, ...]]:
    """For each i, the i-th numbers of all vectors."""
    if not len(vectors) or len({len(v) for v in vectors}) != 1:
        raise ShapeError(
            f"{who} takes at least one vector, and all of one length; "
            f"got the lengths {[len(v) for v in vectors]}"
        )
    return list(zip(*vectors, strict=True))


class Pool(Module):
    """The mean, the sum or the maximum over the vectors, number by number.

    In the case of the maximum, only the largest number gets a gradient.

    Args:
        kind: "mean", "sum" or "max".
    """

    def __init__(self, kind: str = "mean") -> None:
        self.kind = one_of(kind, _POOLS, "pooling")

    def forward(self, vectors: Sequence[Vector]) -> list[Scalar]:
        return [_POOLS[self.kind](column) for column in columns(vectors, repr(self))]

    def __repr__(self) -> str:
        return f"Pool({self.kind!r})"


class AttentionPool(Module):
    """Σ aₜeₜ with a = softmax(Eq): vectors weighted by how well each matches a learned query q."""

    def __init__(
        self, size: int, *, init: str | Initialise = lecun_normal, seed: Seed = None
    ) -> None:
        draw, rng = initialiser_named(init), stream(seed, f"AttentionPool({size})")
        self.query = [Value(draw(rng, size, 1), f"q{subscript(i + 1)}") for i in range(size)]

    def weights(self, vectors: Sequence[Vector]) -> list[Value]:
        """The attention that each vector gets; they sum to 1."""
        size, who = len(self.query), repr(self)
        return softmax([dot(numbers(e, wanted=size, who=who), self.query) for e in vectors])

    def forward(self, vectors: Sequence[Vector]) -> list[Value]:
        of_each = columns(vectors, repr(self))
        attention = self.weights(vectors)
        return [dot(attention, column) for column in of_each]

    def __repr__(self) -> str:
        return f"AttentionPool({len(self.query)})"
