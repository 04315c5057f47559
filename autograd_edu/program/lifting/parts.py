"""Gather the operations of a program in parts, each of which will run as one array operation.

Read `schedule` and `products` first. Sums of products become matrix products where they can. What
is left of them, and other variadic operations, are padded to one length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

import numpy as np

from ...engine.op import Op
from ..ir import Computation
from .analysis import Facts
from .group import FEW
from .products import HOLE, Product, Vector, matmuls, matrices
from .rows import ROWS
from .schedule import all_of, any_of, dot_parts, schedule
from .spacing import Rows

# For each member: its operands; or its weights, its inputs and its bias, if there is one.
_Operands: TypeAlias = dict[int, Vector]
_Factors: TypeAlias = dict[int, tuple[Vector, Vector, Vector]]


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


def parts_of(program: Computation, known: Facts, *, with_matmuls: bool) -> list[Part]:
    """The parts of a program. None needs a later one."""
    parts: list[Part] = []
    for (kind, live, *_), members in schedule(program.slots, known):
        op, fixed = ROWS[program.slots[members[0]].op], known.fixed[members[0]]
        part = Part(str(kind), op, fixed, bool(live), np.array(members))
        operands = {i: program.slots[i].operands for i in members}
        if kind == "map":
            columns = np.array(list(operands.values()), dtype=np.intp).T
            part.operands = [Operand(each, known.fixed[each[0]]) for each in columns]
            parts.append(part)
        elif kind == "stack":
            for own in _split_by_length(operands):
                read = Operand(_padded([operands[i] for i in own]), fixed)
                parts.append(replace(part, members=np.array(own), operands=[read]))
        else:
            parts += _sums_of_products(part, operands, known.fixed, with_matmuls=with_matmuls)
    return parts


def _sums_of_products(
    part: Part, operands: _Operands, fixed: Sequence[bool], *, with_matmuls: bool
) -> list[Part]:
    """The matrix products of a part, and what is left of it."""
    factors = {i: dot_parts(each, fixed) for i, each in operands.items()}
    found: list[Product] = []
    if part.kind == "matrix":
        found = matrices({i: (weights, inputs) for i, (weights, inputs, _) in factors.items()})
    elif with_matmuls and not part.fixed:
        free = {i: (a, b) for i, (a, b, bias) in factors.items() if not bias}
        found = matmuls({i: (a, b) for i, (a, b) in free.items() if not any_of((*a, *b), fixed)})
    parts = [_product(part, product, factors, fixed) for product in found]
    taken = {i for each in found for i in each.members.ravel().tolist()}
    for own in _split_by_length({i: each for i, each in operands.items() if i not in taken}):
        weights, inputs, _ = zip(*[factors[i] for i in own], strict=True)
        reads = [
            Operand(_padded(weights), all([all_of(each, fixed) for each in weights])),
            Operand(_padded(inputs), part.fixed),
            *_bias(factors, own, fixed),
        ]
        parts.append(replace(part, kind="dot", members=np.array(own), operands=reads))
    return parts


def _product(part: Part, product: Product, factors: _Factors, fixed: Sequence[bool]) -> Part:
    """The part of a matrix product."""
    members = product.members
    *blocks, rows, columns = members.shape
    left = _padded(product.rows).T.reshape(*blocks, rows, -1)
    right = _padded(product.columns).T.reshape(*blocks, columns, -1).swapaxes(-1, -2)
    operands = [Operand(left, not blocks), Operand(right, part.fixed)]
    if not blocks:
        bias = _bias(factors, members.ravel().tolist(), fixed)
        operands += [Operand(each.slots.reshape(members.shape), each.fixed) for each in bias]
    kind = "matmul" if blocks else "matrix"
    return replace(part, kind=kind, members=members, operands=operands)


def _bias(factors: _Factors, members: list[int], fixed: Sequence[bool]) -> list[Operand]:
    """The bias of the members, if they have one."""
    slots = [j for i in members for j in factors[i][2]]
    return [Operand(np.array(slots), fixed[slots[0]])] if slots else []


def _padded(lists: Iterable[Vector]) -> Rows:
    """Lists of slots as the columns of an array."""
    return np.array(list(zip_longest(*lists, fillvalue=HOLE)), dtype=np.intp)


def _split_by_length(operands: _Operands) -> list[list[int]]:
    """The members, split where padding their operands to one length would cost too much."""
    lengths = [len(each) for each in operands.values()]
    if max(lengths, default=0) * len(lengths) <= max(2 * sum(lengths), FEW):
        return [list(operands)] if operands else []
    split: dict[int, list[int]] = {}
    for i, length in zip(operands, lengths, strict=True):
        split.setdefault((length - 1).bit_length(), []).append(i)
    return list(split.values())
