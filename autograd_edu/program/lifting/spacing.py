"""Rows that lie evenly. NumPy reads them in place, as a view, and must copy any others."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.intp]  # numbers of rows, or of slots
Mask: TypeAlias = NDArray[np.bool_]


def strided(rows: Rows) -> tuple[int, tuple[int, ...]] | None:
    """The first of ``rows`` and the step along each axis, if they lie evenly."""
    if rows.size <= 1:
        return (int(rows.item()) if rows.size else 0, (0,) * rows.ndim)
    steps = []
    for axis, count in enumerate(rows.shape):
        moved = rows.swapaxes(0, axis)
        gaps = moved[1:] - moved[:-1]
        steps.append(int(gaps.flat[0]) if count > 1 else 0)
        if (gaps != steps[axis]).any():
            return None
    return int(rows.flat[0]), tuple(steps)


def folded(reads: list[Rows]) -> tuple[int, ...]:
    """A shape of one or two axes in which all reads lie evenly, if there is one."""
    count = len(reads[0])
    for rows in reads:
        if strided(rows) is None:
            differs = np.flatnonzero(np.diff(rows) != rows[1] - rows[0])
            period = int(differs[0]) + 1
            if count % period == 0 and strided(rows.reshape(-1, period)) is not None:
                return (count // period, period)
    return (count,)


def complete(rows: Rows, real: Mask) -> Rows | None:
    """``rows`` with even steps where they are not ``real``, if they lie evenly where they are."""
    steps = []
    for axis in range(rows.ndim):
        moved, there = rows.swapaxes(0, axis), real.swapaxes(0, axis)
        gaps = (moved[1:] - moved[:-1])[there[1:] & there[:-1]]
        steps.append(gaps[0] if gaps.size else 0)
    full: Rows = np.tensordot(np.array(steps), np.indices(rows.shape), 1)
    own = rows[real]
    full += own[0] - full[real][0]
    inside = own.min() <= full.min() and full.max() <= own.max()
    return full if inside and np.array_equal(full[real], own) else None
