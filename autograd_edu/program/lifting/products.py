"""Find matrix products among dot products.

A dot product is a pair of a row and a column, which are vectors of slots. Where all pairs of some
rows and some columns occur, they are one matrix product.

In a layer, rows of weights meet vectors of inputs. In attention, both factors depend on the inputs:
there is a dot product of a query and a key for every pair of places, head by head. The products of
all heads have one shape, so they run together as blocks. Where a mask left out some of the pairs, a
block has holes: they are computed too, but no slot is their number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np

from .spacing import Rows

HOLE = -1  # in place of a slot
Vector: TypeAlias = bytes  # the slots of a vector: they sort, and start one another, like the slots
_LEAST = 4  # pairs of a block: fewer stay dot products
_SMALL = 8  # the same for all blocks of one shape, and for several products with weights
Pairs: TypeAlias = Mapping[int, tuple[int, int]]  # for each slot, the numbers of two vectors


def padded(slots: Rows, starts: Rows, lengths: Rows) -> Rows:
    """Stretches of ``slots`` as the columns of an array. `HOLE`s fill up the shorter ones."""
    place = np.arange(lengths.max())[:, None]
    return np.where(place < lengths, slots.take(starts + place, mode="clip"), HOLE)


class Product(NamedTuple):
    """A matrix product, or blocks of one shape.

    Attributes:
        members: the slot of each pair, or `HOLE`: an array (rows, columns) or (blocks, rows,
            columns).
        rows, columns: the vectors of each block, one block after another.
    """

    members: Rows
    rows: Sequence[int]
    columns: Sequence[int]


def matrices(pairs: Pairs) -> list[Product]:
    """The matrix products without holes. Each takes all columns that meet the same rows."""
    slots: dict[int, dict[int, int]] = {}  # for each column, the slot of each row
    for slot, (row, column) in pairs.items():
        slots.setdefault(column, {}).setdefault(row, slot)  # the same product again is left out
    grids: dict[tuple[int, ...], list[int]] = {}
    for column, of_row in slots.items():
        grids.setdefault(tuple(sorted(of_row)), []).append(column)
    large = {rows: columns for rows, columns in grids.items() if len(rows) * len(columns) >= _SMALL}
    if len(grids) - len(large) + len(pairs) - sum(map(len, slots.values())) > 1:
        grids = large
    found = []
    for rows, columns in grids.items():
        members = np.array([[slots[column][row] for column in columns] for row in rows])
        found.append(Product(members, rows, columns))
    return found


def matmuls(pairs: Pairs, vectors: Sequence[Vector]) -> list[Product]:
    """The blocks of matrix products, which may have holes.

    The shorter of two vectors may be the start of the longer one, as when each place looks at
    those before it: the rest of the other factor is then 0.
    """
    cells: dict[tuple[int, int], int] = {}
    for slot, pair in _extended(pairs, vectors).items():
        cells.setdefault(pair, slot)  # the same product again is left out
    alike: dict[Hashable, list[Product]] = {}
    for rows, columns in _connected(cells):
        members = np.array([[cells.get((row, column), HOLE) for column in columns] for row in rows])
        real = members != HOLE
        if real.size >= _LEAST and 2 * real.sum() >= real.size:
            lengths = [len(vectors[each]) for each in (*rows, *columns)]
            key = (real.shape, real.tobytes(), *lengths)
            alike.setdefault(key, []).append(Product(members, rows, columns))
    products = [
        Product(np.stack(members), [*chain(*rows)], [*chain(*columns)])
        for members, rows, columns in (zip(*blocks, strict=True) for blocks in alike.values())
    ]
    return [product for product in products if product.members.size >= _SMALL]


def _extended(pairs: Pairs, vectors: Sequence[Vector]) -> Pairs:
    """The pairs. On one side, a vector that starts a longer one is replaced by that one."""
    whole = _longest({column for _, column in pairs.values()}, vectors)
    if len(set(whole.values())) < len(whole):
        return {slot: (row, whole[column]) for slot, (row, column) in pairs.items()}
    whole = _longest({row for row, _ in pairs.values()}, vectors)
    return {slot: (whole[row], column) for slot, (row, column) in pairs.items()}


def _longest(numbers: Iterable[int], vectors: Sequence[Vector]) -> dict[int, int]:
    """For each vector, a longest one that begins with it."""
    whole: dict[int, int] = {}
    longest = max(numbers, default=HOLE)
    for each in sorted(numbers, reverse=True):
        if not vectors[longest].startswith(vectors[each]):
            longest = each
        whole[each] = longest
    return whole


def _connected(
    cells: Iterable[tuple[int, int]],
) -> Iterable[tuple[list[int], list[int]]]:
    """The rows and columns that pairs connect, in order of their first pair."""
    columns_of: dict[int, list[int]] = {}
    rows_of: dict[int, list[int]] = {}
    for row, column in cells:
        columns_of.setdefault(row, []).append(column)
        rows_of.setdefault(column, []).append(row)
    while rows_of:
        rows, columns, waiting = set[int](), set[int](), [next(iter(rows_of))]
        while waiting:
            columns.add(column := waiting.pop())
            new = set(rows_of.pop(column, ())) - rows
            rows |= new
            waiting += {each for row in new for each in columns_of[row]} - columns
        yield sorted(rows), sorted(columns)
