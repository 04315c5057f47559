"""Sums over the first axis, rounded once: what `math.fsum` gives, column by column, at array speed.

Every term is split at one height into a high part and a low part. The sum of the high parts is
exact. So is that of the low parts, unless the terms differ by some twelve orders of magnitude; then
a column whose rounding is in doubt is summed by `fsum` itself. (After Rump, Ogita and Oishi,
"Accurate floating-point summation", 2008.)
"""

from __future__ import annotations

import math

import numpy as np

from ...arithmetic.floats import Floats
from ..lifting.spacing import Mask
from .tables import Array

MOST = 1e290  # with larger terms, the height would overflow
UNIT = 2.0**-53


def exact_sum(terms: Array, out: Array) -> None:
    """Write the correctly rounded sum of ``terms`` over their first axis to ``out``."""
    if len(terms) < 3:  # a single addition is rounded only once anyway
        np.add.reduce(terms, 0, out=out)
        return
    if out.size == 1 and math.isfinite((flat := terms.reshape(-1)).dot(flat)):
        out.fill(math.fsum(flat.tolist()))  # faster than NumPy's many calls
        return
    sizes = np.absolute(terms)
    largest = float(np.maximum.reduce(sizes, None))
    if largest < MOST:
        _split_and_add(terms, sizes, largest, out)
    else:  # some of them may be infinite, or nan
        np.add.reduce(terms, 0, out=out)
        _settle(terms, np.logical_and.reduce(np.isfinite(terms), 0), out)


def _split_and_add(terms: Array, sizes: Array, largest: float, out: Array) -> None:
    """Write the sum of terms whose ``sizes`` are at most ``largest``."""
    count = len(terms)
    height = math.ldexp(1.0, math.frexp(largest)[1] + (count + 2).bit_length())
    parts = terms + height
    parts -= height
    high = np.add.reduce(parts, 0)
    np.subtract(terms, parts, parts)
    low = np.add.reduce(parts, 0)
    np.add(high, low, out)
    smallest = count * height * UNIT  # terms down to here have low parts whose sum is exact
    if float(np.minimum.reduce(sizes, None)) < smallest:
        small = np.any((sizes > 0.0) & (sizes < smallest), 0)
        margin = 2.0 * UNIT * (smallest * count + np.abs(low))
        doubt = high + (low - margin) != high + (low + margin)  # such an error changes the result
        _settle(terms, small & doubt, out)


def _settle(terms: Array, columns: Mask, out: Array) -> None:
    """Sum the marked columns one by one."""
    for place in zip(*np.nonzero(columns), strict=True):
        xs = terms[(slice(None), *place)].tolist()
        try:
            out[place] = Floats.total(xs)
        except OverflowError:
            out[place] = math.copysign(math.inf, math.fsum([math.ldexp(x, -64) for x in xs]))
