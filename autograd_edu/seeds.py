"""One seed, many independent streams of random numbers: one for each purpose.

A model and its data may have the same seed: weights, points, noise, shuffles and masks are still
drawn independently of one another. The same seed and purpose give the same numbers everywhere.
"""

from __future__ import annotations

import operator
import random
from typing import Any

from .errors import OperandError

Rng = Any  # random.Random, the module `random`, or numpy.random.Generator: all draw uniform(low, high)


def stream(seed: Any, purpose: str) -> Rng:
    """The generator of random numbers for ``purpose``.

    Args:
        seed: a whole number; or a generator, which is used as it is, so that parts made one after
            the other draw different numbers; or None for Python's global generator.
        purpose: what the numbers are for, such as "weights".

    >>> stream(0, "weights").random() == stream(0, "weights").random() != stream(0, "data").random()
    True
    """
    if seed is None:
        return random
    if hasattr(seed, "uniform"):
        return seed
    try:
        number = operator.index(seed)
    except TypeError:
        raise OperandError(
            f"a seed must be a whole number, a random.Random or a numpy.random.Generator; got {type(seed).__name__} {seed!r}"
        ) from None
    # a text is hashed by SHA-512, so that near seeds are unrelated
    return random.Random(f"{purpose} {number}")
