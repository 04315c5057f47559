"""The tables of a run, and how their rows are read and added up.

A table of values or gradients has one row for each number and one column for each sample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite

import numpy as np

from ..ir import Floats
from ..lifting.group import NEUTRAL, Lifted
from ..lifting.reverse import SEED, Reverse, Sum
from ..lifting.spacing import Rows, strided

Array = Floats
Tables = dict[bool, Array]  # the key says whether it is the fixed one
Call = Callable[[], object]
LINE = 64  # bytes in a cache line
SMALL = 4096  # numbers in a matrix product that `dot` computes at least as fast as others


def _table(count: int, width: int) -> Array:
    """Rows of zeros. The first starts a cache line, which makes NumPy faster."""
    size = 8 * count * width
    raw = np.zeros(size + LINE, np.uint8)
    return raw[-raw.ctypes.data % LINE :][:size].view(float).reshape(count, width)


def table_of_values(lifted: Lifted, fixed: bool, width: int) -> Array:
    """A table of values: the neutral elements, then ones. Rows that no call writes to stay ones."""
    table = _table(lifted.counts[fixed], width)
    table[:] = 1.0
    table[: len(NEUTRAL)] = np.array(NEUTRAL)[:, None]
    return table


def tables_of_gradients(reverse: Reverse, width: int) -> Tables:
    """The tables of gradients for ``width`` samples, with a 1 for the root."""
    tables = {
        fixed: _table(count, 1 if fixed else width) for fixed, count in reverse.counts.items()
    }
    for table in tables.values():
        table[SEED] = 1.0
    return tables


def view(table: Array, rows: Rows, calls: list[Call]) -> Array:
    """Rows of a table, with the samples as last axis. Unevenly spaced rows are copied."""
    even = strided(rows)
    if even is None:
        return taken(table, rows, calls)
    base, steps = even
    size = table.strides[0]
    strides = (*[step * size for step in steps], table.itemsize)
    return np.ndarray((*rows.shape, table.shape[1]), float, table, base * size, strides)


def taken(table: Array, rows: Rows, calls: list[Call]) -> Array:
    """A buffer that a call fills with rows of a table, with the samples as last axis."""
    buffer = np.empty((*rows.shape, table.shape[1]))
    # with "raise" instead of "clip", NumPy would copy once more
    calls.append(partial(table.take, rows, 0, buffer, "clip"))
    return buffer


def matrix(table: Array, rows: Rows, calls: list[Call]) -> Array:
    """Rows of a table as a matrix whose columns are vectors and samples."""
    start = rows.flat[0]
    if np.array_equal(rows.ravel(), np.arange(start, start + rows.size)):
        return table[start : start + rows.size].reshape(len(rows), -1)
    return taken(table, rows, calls).reshape(len(rows), -1)


def gather(table: Array, sums: Sum, calls: list[Call]) -> Array:
    """Add the calls that sum edges, if any are needed. Returns the sums."""
    if not sums.shared:
        _sum_up(table, sums, table[sums.rows.flat[0] :][: sums.rows.size], calls)
    return view(table, sums.rows, calls)


def _sum_up(table: Array, sums: Sum, out: Array, calls: list[Call]) -> None:
    """Add the calls that write sums of edges to ``out``."""
    if sums.starts is not None:
        flat = taken(table, sums.edges, calls)
        calls.append(partial(np.add.reduceat, flat, sums.starts, 0, None, out))
    elif len(sums.edges) == 1:
        calls.append(partial(np.copyto, out, view(table, sums.edges[0], calls)))
    elif len(sums.edges) <= 4 and all(strided(column) is not None for column in sums.edges):
        first, second, *more = [view(table, column, calls) for column in sums.edges]
        calls.append(partial(np.add, first, second, out))
        calls.extend(partial(np.add, out, column, out) for column in more)
    else:
        calls.append(sum_of_rows(view(table, sums.edges, calls), out))


def sum_of_rows(x: Array, out: Array) -> Call:
    """The call that writes the sum over the first axis of ``x`` to ``out``."""
    if x.size <= SMALL and out.flags.c_contiguous:
        flat = x.reshape(len(x), -1)
        if flat.flags.forc and np.may_share_memory(flat, x):
            return partial(np.ones(len(x)).dot, flat, out.reshape(-1))
    return partial(np.add.reduce, x, 0, None, out)


def all_finite(numbers: Array) -> bool:
    """Are all numbers finite? Their sum of squares tells, unless it overflows."""
    flat = numbers.reshape(-1)
    return isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())
