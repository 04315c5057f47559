"""Pooling: one vector from a sequence of vectors, which may have any length."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..engine.ops import dot, maximum, total
from ..engine.value import Value
from ..errors import ShapeError, one_of
from ..seeds import stream
from .init import Initialise, find_initialiser, lecun_normal
from .kinds import Nested, S, Scalar, Seed, Vector
from .layers import check_length, subscript
from .losses import average
from .module import Module
from .softmax import softmax

_POOLS: dict[str, Callable[[Vector], Nested]] = {
    "mean": average,
    "sum": lambda xs: total(list(xs)),
    "max": lambda xs: maximum(list(xs)),
}


def columns(vectors: Sequence[Sequence[S]], taker: Module | str) -> list[tuple[S, ...]]:
    """The columns of a list of vectors: for each i, the i-th numbers of all vectors."""
    if not len(vectors) or len({len(v) for v in vectors}) != 1:
        raise ShapeError(
            f"{taker} takes one or more vectors of the same length; "
            f"got the lengths {[len(v) for v in vectors]}"
        )
    return list(zip(*vectors, strict=True))


class Pool(Module):
    """The mean, the sum or the maximum over the vectors, for each of their numbers.

    With the maximum, only the largest number gets a gradient.

    Args:
        kind: "mean", "sum" or "max".

    >>> Pool("max")([[1.0, 5.0], [3.0, 4.0]])
    [3.0, 5.0]
    >>> Pool("mean")([[1.0, 5.0], [3.0, 4.0]])
    [2.0, 4.5]
    """

    def __init__(self, kind: str = "mean") -> None:
        self.kind = one_of(kind, _POOLS, "pooling")

    def forward(self, vectors: Sequence[Vector]) -> list[Scalar]:
        return [_POOLS[self.kind](column) for column in columns(vectors, self)]

    def __repr__(self) -> str:
        return f"Pool({self.kind!r})"


class AttentionPool(Module):
    """Σ aₜeₜ with a = softmax(Eq): a weighted mean of the vectors eₜ, which are the rows of E.

    A vector weighs more the better it matches the query q, which is learned.

    >>> from autograd_edu.nn.init import constant
    >>> pool, vectors = AttentionPool(2, init=constant(1.0)), [[2.0, 0.0], [0.0, 0.0]]
    >>> [round(a.data, 2) for a in pool.weights(vectors)]
    [0.88, 0.12]
    >>> [round(y.data, 2) for y in pool(vectors)]
    [1.76, 0.0]
    """

    def __init__(
        self, size: int, *, init: str | Initialise = lecun_normal, seed: Seed = None
    ) -> None:
        draw, rng = find_initialiser(init), stream(seed, f"AttentionPool({size})")
        self.query = [Value(draw(rng, size, 1), f"q{subscript(i + 1)}") for i in range(size)]

    def weights(self, vectors: Sequence[Vector]) -> list[Value]:
        """The weights aₜ of the vectors. They sum to 1."""
        size = len(self.query)
        rows = [check_length(vector, wanted=size, module=self) for vector in vectors]
        return softmax([dot(row, self.query) for row in rows])

    def forward(self, vectors: Sequence[Vector]) -> list[Value]:
        by_number = columns(vectors, self)
        weights = self.weights(vectors)
        return [dot(weights, column) for column in by_number]

    def __repr__(self) -> str:
        return f"AttentionPool({len(self.query)})"
