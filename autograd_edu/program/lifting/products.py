"""Find matrix products among dot products whose factors both depend on the inputs.

Attention, written in single numbers, is a dot product of a query and a key for every pair of
places, head by head. Dot products of all pairs of some rows and some columns are a block: one
matrix product. Blocks of one shape run together. Where a mask left out some of the pairs, the block
has holes: they are computed too, but no slot is their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from .group import Mask, Rows

HOLE = -1  # in place of a slot
_LEAST = 4  # pairs of a block: fewer stay dot products
_SMALL = 8  # pairs of all blocks of one shape
Vector: TypeAlias = tuple[int, ...]  # slots
_Pairs: TypeAlias = Mapping[int, tuple[Vector, Vector]]


class Product(NamedTuple):
    """Blocks of one shape.

    Attributes:
        members: the slot of each pair, or `HOLE`: an array (blocks, rows, columns).
        rows, columns: the vectors of each block, one block after another.
    """

    members: Rows
    rows: list[Vector]
    columns: list[Vector]

    def transposed(self) -> Product:
        """The same pairs with columns as rows."""
        return Product(self.members.swapaxes(1, 2), self.columns, self.rows)


def products(pairs: _Pairs) -> list[Product]:
    """The matrix products among dot products of a row and a column.

    The shorter of two vectors may be the start of the longer one, as when each place looks at
    those before it: the rest of the other factor is then 0.
    """
    cells: dict[tuple[Vector, Vector], int] = {}
    for slot, pair in _extended(pairs).items():
        cells.setdefault(pair, slot)  # the same product again is left out
    alike: dict[tuple[object, ...], list[Product]] = {}
    for rows, columns in _connected(cells):
        found = [[cells.get((row, column), HOLE) for column in columns] for row in rows]
        members = np.array([found], dtype=np.intp)
        real = members != HOLE
        if real.size >= _LEAST and 2 * real.sum() >= real.size:
            key = (real.shape, real.tobytes(), *[len(vector) for vector in (*rows, *columns)])
            alike.setdefault(key, []).append(Product(members, rows, columns))
    joined = [_joined(blocks) for blocks in alike.values()]
    return [product for product in joined if product.members.size >= _SMALL]


def _joined(blocks: list[Product]) -> Product:
    return Product(
        np.concatenate([block.members for block in blocks]),
        [row for block in blocks for row in block.rows],
        [column for block in blocks for column in block.columns],
    )


def _extended(pairs: _Pairs) -> _Pairs:
    """The pairs with vectors that start another one replaced by it, on one of the two sides."""
    for side in (1, 0):
        vectors = {pair[side] for pair in pairs.values()}
        whole = _longest(vectors)
        if len(set(whole.values())) < len(vectors):
            return {
                slot: (pair[0], whole[pair[1]]) if side else (whole[pair[0]], pair[1])
                for slot, pair in pairs.items()
            }
    return pairs


def _longest(vectors: Iterable[Vector]) -> dict[Vector, Vector]:
    """For each vector, a longest one that begins with it."""
    whole: dict[Vector, Vector] = {}
    longest: Vector = ()
    for vector in sorted(vectors, reverse=True):
        if longest[: len(vector)] != vector:
            longest = vector
        whole[vector] = longest
    return whole


def _connected(
    cells: Iterable[tuple[Vector, Vector]],
) -> Iterable[tuple[list[Vector], list[Vector]]]:
    """The rows and columns that pairs connect, in order of their first pair."""
    columns_of: dict[Vector, list[Vector]] = {}
    rows_of: dict[Vector, list[Vector]] = {}
    for row, column in cells:
        columns_of.setdefault(row, []).append(column)
        rows_of.setdefault(column, []).append(row)
    while rows_of:
        rows: dict[Vector, None] = {}
        columns = dict.fromkeys([next(iter(rows_of))])
        waiting = list(columns)
        while waiting:
            for row in rows_of.pop(waiting.pop()):
                if row not in rows:
                    rows[row] = None
                    new = [each for each in columns_of[row] if each not in columns]
                    columns |= dict.fromkeys(new)
                    waiting += new
        yield sorted(rows), sorted(columns)


def complete(rows: Rows, real: Mask) -> Rows | None:
    """``rows`` with even steps where they are not ``real``, if they lie evenly where they are."""
    places, own = np.argwhere(real), rows[real]
    terms = np.column_stack([np.ones(len(places)), places])
    fitted = np.linalg.lstsq(terms, own.astype(float), rcond=None)[0]
    base, *steps = np.rint(fitted).astype(np.intp)
    full: Rows = base + np.tensordot(steps, np.indices(rows.shape), 1)
    inside = own.min() <= full.min() and full.max() <= own.max()
    return full if inside and np.array_equal(full[real], own) else None
