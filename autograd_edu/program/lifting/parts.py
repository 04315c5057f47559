"""Gather the operations of a program in parts, each of which will run as one array operation.

Read `schedule` and `products` first. Sums of products become matrix products where they can. What
is left of them, and other variadic operations, are padded to one length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...engine.op import Op
from ..ir import Computation, Ints, Operands
from .analysis import Facts
from .dots import Dots
from .group import FEW
from .products import HOLE, Product, matmuls, matrices, padded
from .rows import ROWS
from .schedule import schedule
from .spacing import Rows


class Operand(NamedTuple):
    """What the members of a part read.

    Attributes:
        slots: arranged as in the `Read` of a group; `HOLE` where a member has no operand.
        fixed: it is read from the table of what depends on no input.
    """

    slots: Rows
    fixed: bool


@dataclass
class Part:
    """Operations that will run as one array operation.

    Attributes:
        kind: that of its `Group`, or "leaves".
        members: the slots, in the shape of the result.
        ordered: a matrix product wants to read the members in this order.
        ones: how many rows of ones are to follow the members.
    """

    kind: str
    op: Op
    fixed: bool
    live: bool
    members: Rows
    operands: Sequence[Operand] = ()
    ordered: bool = False
    ones: int = 0

    def reorder(self, order: Rows) -> None:
        """Put the members in another order; their axis must be the last one of every operand."""
        self.members = self.members[order]
        self.operands = [Operand(slots[..., order], fixed) for slots, fixed in self.operands]


def parts_of(program: Computation, known: Facts, *, with_matmuls: bool) -> Iterator[Part]:
    """The parts of a program. None needs a later one."""
    ops, operands, *_ = program.columns
    dots = Dots(program, known.fixed)
    single = np.ones(len(ops) + 1, bool)  # slots in no matrix product; the last is for `HOLE`
    for (kind, live, *_), slots in schedule(program, known, dots):
        members, fixed = np.array(slots), known.fixed[slots[0]]
        part = Part(str(kind), ROWS[ops[slots[0]]], fixed, bool(live), members)
        if kind == "map":
            read = np.array([operands.tuples[i] for i in slots]).T
            yield replace(part, operands=[Operand(each, known.fixed[each[0]]) for each in read])
            continue
        products = _matrix_products(part, dots) if with_matmuls or kind == "matrix" else []
        yield from (found := [_matrix_product(part, product, dots) for product in products])
        for each in found:
            single[each.members] = False
        rest = members[single[members]]
        for some in _split_by_length(rest, operands.counts[rest]):
            yield _variadic(part, some, operands, dots)


def _matrix_products(part: Part, dots: Dots) -> list[Product]:
    """The matrix products among the sums of a part."""
    if part.kind == "matrix":
        return matrices(dots.pairs(part.members))
    if part.kind == "dot" and not part.fixed:
        return matmuls(dots.pairs(part.members[dots.is_free[part.members]]), dots.vectors)
    return []


def _matrix_product(part: Part, product: Product, dots: Dots) -> Part:
    members = product.members
    *blocks, rows, columns = members.shape
    left = dots.columns(product.rows).T.reshape(*blocks, rows, -1)
    right = dots.columns(product.columns).T.reshape(*blocks, columns, -1).swapaxes(-1, -2)
    operands = [Operand(left, not blocks), Operand(right, part.fixed)]
    if not blocks:
        operands += _bias(members, dots)
    kind = "matmul" if blocks else "matrix"
    return replace(part, kind=kind, members=members, operands=operands)


def _variadic(part: Part, members: Rows, operands: Operands, dots: Dots) -> Part:
    """Variadic operations outside matrix products, over a stack of what they read."""
    if part.kind == "stack":
        stack = padded(operands.flat, operands.starts[members], operands.counts[members])
        return replace(part, members=members, operands=[Operand(stack, part.fixed)])
    weights, inputs = [dots.columns(each[members]) for each in (dots.weights, dots.inputs)]
    read = [Operand(weights, bool(dots.fixed[weights].all())), Operand(inputs, part.fixed)]
    return replace(part, kind="dot", members=members, operands=[*read, *_bias(members, dots)])


def _bias(members: Rows, dots: Dots) -> list[Operand]:
    """The bias of the members, if they have one."""
    slots = dots.bias[members]
    return [] if slots.flat[0] == HOLE else [Operand(slots, bool(dots.fixed[slots.flat[0]]))]


def _split_by_length(members: Rows, lengths: Ints) -> Iterable[Rows]:
    """Members, split where padding their operands to one length would cost too much."""
    if lengths.max(initial=0) * len(members) <= max(2 * lengths.sum(), FEW):
        return [members] if members.size else []
    split: dict[int, list[int]] = {}
    for i, length in zip(members.tolist(), lengths.tolist(), strict=True):
        split.setdefault((length - 1).bit_length(), []).append(i)
    return map(np.array, split.values())
