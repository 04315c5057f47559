"""Embeddings: one learned vector for each item of a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

from ..arguments import whole
from ..engine.value import Value
from ..errors import OperandError, ShapeError, TargetError
from ..seeds import stream
from .init import Initialise, find_initialiser, gaussian
from .kinds import Nested, Seed
from .layers import subscript
from .module import Module


class Embedding(Module):
    """A table of ``count`` learned rows of ``size`` numbers.

    It takes an index and gives its row, or takes a list of indices and gives a list of rows. This
    equals a linear layer of a one-hot input, without the multiplications by 0. Only the rows that
    are looked up get a gradient.

    Args:
        init: the distribution of the first numbers; by default N(0, 1).

    Raises:
        TargetError: if an index is not from 0 to ``count`` - 1.

    >>> embedding = Embedding(5, 2, seed=0)
    >>> first, second = embedding([3, 0])
    >>> (first[0] * second[0]).backward()
    >>> [any(number.has_grad for number in row) for row in embedding.rows]  # rows 0 and 3
    [True, False, False, True, False]
    """

    def __init__(
        self, count: int, size: int, *, init: str | Initialise | None = None, seed: Seed = None
    ) -> None:
        whole(count, "the number of items of an embedding")
        draw = find_initialiser(init or gaussian(1.0))
        rng = stream(seed, f"Embedding({count}, {size})")
        self.rows = [
            [
                Value(draw(rng, count, size), f"e{subscript(i)},{subscript(j + 1)}")
                for j in range(whole(size, "the size of an embedding"))
            ]
            for i in range(count)
        ]

    def forward(self, index: int | Sequence[int]) -> list[Nested]:
        if isinstance(index, (list, tuple)):
            return [self._row(i) for i in index]
        return self._row(index)

    def _row(self, index: Nested) -> list[Value]:
        is_real = isinstance(index, Real) and not isinstance(index, bool)
        if not is_real or not float(index).is_integer():
            raise OperandError(
                f"an embedding needs a whole number as index; got {type(index).__name__} {index!r}"
            )
        if not 0 <= index < len(self.rows):
            raise TargetError(
                f"the index of an embedding of {len(self.rows)} items must be from 0 to "
                f"{len(self.rows) - 1}; got {index!r}"
            )
        return list(self.rows[int(index)])

    def varying(self) -> str:
        return f"{self!r} looks up a different row for each sample"

    def __repr__(self) -> str:
        return f"Embedding({len(self.rows)}, {len(self.rows[0])})"


def padded(sequence: Sequence[Nested], length: int, padding: Nested) -> list[Nested]:
    """``sequence`` filled up with ``padding`` to ``length`` items.

    Sequences of different lengths can then form a batch. Raises ShapeError if the sequence is
    longer than ``length``.

    >>> padded([3, 1], 4, padding=0)
    [3, 1, 0, 0]
    """
    if len(sequence) > length:
        raise ShapeError(
            f"a sequence of {len(sequence)} items does not fit into a length of {length}"
        )
    return [*sequence, *[padding] * (length - len(sequence))]
