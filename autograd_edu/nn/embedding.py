"""Vectors for things that are no numbers: a learned row for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.number import Number
from ..engine.value import Value
from ..errors import OperandError, ShapeError, TargetError
from ..seeds import stream
from .init import Initialiser, gaussian, initialiser_named
from .layers import subscript
from .module import Module


class Embedding(Module):
    """A row of ``size`` learned numbers for each of ``count`` items; an index gives its row, a list of them a list of rows.

    It is a linear layer of a one-hot input, without the multiplications by 0: only the row looked up gets a gradient.
    """

    def __init__(
        self, count: int, size: int, *, init: str | Initialiser | None = None, seed: Any = None
    ) -> None:
        draw, rng = (
            initialiser_named(init or gaussian(1.0)),
            stream(seed, f"Embedding({count}, {size})"),
        )
        self.rows = [
            [
                Value(draw(rng, count, size), f"e{subscript(i)},{subscript(j + 1)}")
                for j in range(size)
            ]
            for i in range(count)
        ]

    def forward(self, index: int | Sequence[int]) -> list[Any]:
        if isinstance(index, (list, tuple)):
            return [self._row(i) for i in index]
        return self._row(index)

    def _row(self, index: Any) -> list[Value]:
        if isinstance(index, (Number, bool, str)) or index != int(index):
            raise OperandError(
                f"an embedding is looked up by a whole number, not {type(index).__name__} {index!r}"
            )
        if not 0 <= index < len(self.rows):
            raise TargetError(
                f"an embedding of {len(self.rows)} items has the rows 0 to {len(self.rows) - 1}, not {index!r}"
            )
        return list(self.rows[int(index)])

    def varying(self) -> str:
        return f"{self!r} looks up another row for each sample"

    def __repr__(self) -> str:
        return f"Embedding({len(self.rows)}, {len(self.rows[0]) if self.rows else 0})"


def padded(sequence: Sequence[Any], length: int, padding: Any) -> list[Any]:
    """``sequence`` filled up to ``length`` with ``padding``, so that sequences of several lengths make one batch."""
    if len(sequence) > length:
        raise ShapeError(f"a sequence of {len(sequence)} does not fit into {length}")
    return [*sequence, *[padding] * (length - len(sequence))]
