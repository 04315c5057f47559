"""Gather the operations of a program in parts, each of which will run as one array operation.

Read `schedule` and `products` first. Sums of products become matrix products where they can. What
is left of them, and other variadic operations, are padded to one length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from ...engine.op import Op
from ..ir import Computation
from .analysis import Facts
from .dots import Dots, Vector
from .group import FEW
from .products import HOLE, Product, matmuls, matrices
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
    columns, dots = program.columns, Dots(program, known.fixed)
    for (kind, live, *_), members in schedule(program, known, dots):
        op, fixed = ROWS[columns.ops[members[0]]], known.fixed[members[0]]
        part = Part(str(kind), op, fixed, bool(live), np.array(members))
        operands = {i: columns.operands.tuples[i] for i in members}
        if kind == "map":
            slots = _padded(operands.values())
            yield replace(part, operands=[Operand(each, known.fixed[each[0]]) for each in slots])
            continue
        for product in _matrix_products(part, dots) if with_matmuls or kind == "matrix" else ():
            yield (found := _matrix_product(part, product, dots))
            for i in found.members.ravel().tolist():
                operands.pop(i, None)
        for some in _split_by_length(operands):
            yield _variadic(part, some, dots)


def _matrix_products(part: Part, dots: Dots) -> list[Product]:
    """The matrix products among the sums of a part."""
    factors, members = dots.factors, part.members.tolist()
    if part.kind == "matrix":
        return matrices({i: factors[i][:2] for i in members})
    if part.kind == "dot" and not part.fixed:
        return matmuls({i: factors[i][:2] for i in members if dots.is_free(i)})
    return []


def _matrix_product(part: Part, product: Product, dots: Dots) -> Part:
    members = product.members
    *blocks, rows, columns = members.shape
    left = _padded(product.rows).T.reshape(*blocks, rows, -1)
    right = _padded(product.columns).T.reshape(*blocks, columns, -1).swapaxes(-1, -2)
    operands = [Operand(left, not blocks), Operand(right, part.fixed)]
    if not blocks:
        operands += _bias(members, dots)
    kind = "matmul" if blocks else "matrix"
    return replace(part, kind=kind, members=members, operands=operands)


def _variadic(part: Part, operands: dict[int, Vector], dots: Dots) -> Part:
    """Variadic operations that are no matrix product, over a stack of what they read."""
    members = np.array(list(operands))
    if part.kind == "stack":
        read = [Operand(_padded(operands.values()), part.fixed)]
        return replace(part, members=members, operands=read)
    weights, inputs, _ = zip(*[dots.factors[i] for i in operands], strict=True)
    all_fixed = all(map(dots.varying.isdisjoint, weights))
    read = [Operand(_padded(weights), all_fixed), Operand(_padded(inputs), part.fixed)]
    return replace(part, kind="dot", members=members, operands=[*read, *_bias(members, dots)])


def _bias(members: Rows, dots: Dots) -> list[Operand]:
    """The bias of the members, if they have one."""
    slots = [j for i in members.ravel().tolist() for j in dots.factors[i].bias]
    if not slots:
        return []
    return [Operand(np.array(slots).reshape(members.shape), slots[0] not in dots.varying)]


def _padded(lists: Iterable[Vector]) -> Rows:
    """Lists of slots as the columns of an array."""
    return np.array(list(zip_longest(*lists, fillvalue=HOLE)), dtype=np.intp)


def _split_by_length(operands: dict[int, Vector]) -> Iterable[dict[int, Vector]]:
    """The operands of members, split where padding them to one length would cost too much."""
    lengths = [len(each) for each in operands.values()]
    if max(lengths, default=0) * len(lengths) <= max(2 * sum(lengths), FEW):
        return [operands] if operands else []
    split: dict[int, dict[int, Vector]] = {}
    for i, own in operands.items():
        split.setdefault((len(own) - 1).bit_length(), {})[i] = own
    return split.values()
