"""Independent streams of random numbers from one seed, one stream per purpose.

A model and its data may share a seed, and still draw weights, points, noise, shuffles and masks
independently. The same seed and purpose give the same numbers on every machine.
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
    """A generator of random numbers for ``purpose``.

    Args:
        seed: a whole number, or None for Python's global generator. A generator is used as it is,
            so if several parts share it, they draw different numbers from it.
        purpose: what the numbers are for, such as "weights".

    >>> stream(0, "weights").random() == stream(0, "weights").random() != stream(0, "data").random()
    True
    """
    if seed is None:
        return random  # type: ignore[return-value]  # the module has the same functions
    if not isinstance(seed, SupportsIndex):
        if hasattr(seed, "uniform"):
            return seed  # type: ignore[return-value]  # NumPy's has those that we use
        raise OperandError(
            "a seed must be a whole number, a random.Random or a numpy.random.Generator; got "
            f"{type(seed).__name__} {seed!r}"
        )
    number = operator.index(seed)
    # Python hashes the text with SHA-512, so seeds 1 and 2 give unrelated numbers
    return random.Random(f"{purpose} {number}")
