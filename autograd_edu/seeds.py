"""One seed, many independent streams of random numbers: one for each purpose.

A model and its data may have the same seed, and still draw weights, points, noise, shuffles and
masks independently. The same seed and purpose give the same numbers everywhere.
"""

from __future__ import annotations

import operator
import random
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias

from .errors import OperandError

if TYPE_CHECKING:
    import numpy as np

Seed: TypeAlias = "SupportsIndex | random.Random | np.random.Generator | None"


def stream(seed: Seed, purpose: str) -> random.Random:
    """The generator of random numbers for ``purpose``.

    Args:
        seed: a whole number; or a generator, which is used as it is, so that several parts draw
            different numbers from it; or None for Python's global generator.
        purpose: what the numbers are for, such as "weights".

    >>> stream(0, "weights").random() == stream(0, "weights").random() != stream(0, "data").random()
    True
    """
    if seed is None:
        return random  # type: ignore[return-value]  # the module draws like a random.Random
    if not isinstance(seed, SupportsIndex):
        if hasattr(seed, "uniform"):
            return seed  # type: ignore[return-value]  # NumPy's draws much like Python's
        raise OperandError(
            "a seed must be a whole number, a random.Random or a numpy.random.Generator; got "
            f"{type(seed).__name__} {seed!r}"
        )
    number = operator.index(seed)
    # a text is hashed by SHA-512, so that near seeds are unrelated
    return random.Random(f"{purpose} {number}")
