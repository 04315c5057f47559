"""Sums over the first axis, rounded once: what `math.fsum` gives, column by column, at array speed.

Every term is split at one height into a high part and a low part. The sum of the high parts is
exact. So is that of the low parts, unless the terms differ by some twelve orders of magnitude; then
a column whose rounding is in doubt is summed by `fsum` itself. (After Rump, Ogita and Oishi,
"Accurate floating-point summation", 2008.)
"""

from __future__ import annotations

import math

import numpy as np

from ...engine.floats import Floats
from .tables import Array

MOST = 1e290  # of larger terms the height would overflow
UNIT = 2.0**-53


def exact_sum(terms: Array, out: Array) -> None:
    """Write the correctly rounded sum of ``terms`` over their first axis to ``out``."""
    count, sizes = len(terms), np.abs(terms)
    largest = float(sizes.max(initial=0.0))
    if count < 3 or not 0.0 < largest < MOST:
        np.add.reduce(terms, 0, None, out)
        if count > 2 and largest > 0.0:
            _settle(terms, np.isfinite(terms).all(axis=0), out)
        return
    height = math.ldexp(1.0, math.frexp(largest)[1] + (count + 2).bit_length())
    low, high = _split(terms, height, out)
    smallest = count * height * UNIT  # terms down to here have low parts whose sum is exact
    if float(sizes.min()) < smallest:
        _settle(
            terms,
            _in_doubt(low, high, 2.0 * smallest * count * UNIT) & ~_even(sizes, smallest),
            out,
        )


def _split(terms: Array, height: float, out: Array) -> tuple[Array, Array]:
    """Write the sums to ``out``; the sums of the low and of the high parts."""
    parts = terms + height
    parts -= height
    high = np.add.reduce(parts, 0)
    np.subtract(terms, parts, parts)
    low = np.add.reduce(parts, 0)
    np.add(high, low, out)
    return low, high


def _in_doubt(low: Array, high: Array, error: float) -> Array:
    """Where an error of the low sum could change the rounded result."""
    margin = error + 2.0 * UNIT * np.abs(low)
    doubt: Array = high + (low - margin) != high + (low + margin)
    return doubt


def _even(sizes: Array, smallest: float) -> Array:
    """Which columns have no term, other than 0, below ``smallest``."""
    return ~((sizes > 0.0) & (sizes < smallest)).any(axis=0)


def _settle(terms: Array, columns: Array, out: Array) -> None:
    """Sum the columns that are marked one by one."""
    out[columns] = [Floats.total(column) for column in terms[:, columns].T.tolist()]
