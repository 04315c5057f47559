"""A program as array operations: groups of like operations, and matrix products.

Dot products that share weights or inputs become one matrix product.

A program's numbers live in two tables. What depends on no input is in the ``fixed`` one, which has
one column. Everything else is in the table of the batch, which has one column for each sample. Rows
are numbered group by group. So what a group computes is a slice, and what it reads is a slice or a
strided view, wherever the order of its members can make it one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from math import prod

import numpy as np

from ...arithmetic.rows import products as parts_of_dot
from ...engine.op import Op
from ..ir import Computation
from .analysis import facts
from .group import FIRST, NEUTRAL, Group, Lifted, Mask, Read, Rows, folded, pad, split_by_length
from .products import HOLE, Product, complete, products
from .reverse import edges
from .rows import ROWS, SUM
from .schedule import Signature, any_of, dot_parts, schedule

_SMALL = 8  # several products of fewer pairs than this do not become a matrix product


@dataclass
class _Part:
    """A group that is being built.

    Attributes:
        weights: for a matrix, its rows of weights.
        vectors: for a matrix, its vectors of inputs.
        product: for a "matmul", its factors.
        ordered: a matrix product wants to read the members in this order.
        ones: how many rows of ones are to follow.
    """

    kind: str
    op: Op
    fixed: bool
    live: bool
    members: list[int]
    weights: list[tuple[int, ...]] = field(default_factory=list)
    vectors: list[tuple[int, ...]] = field(default_factory=list)
    product: Product | None = None
    ordered: bool = False
    ones: int = 0


def lift(program: Computation, *, matmuls: bool = True) -> Lifted:
    """The array operations that compute ``program``, and where their gradients go.

    Args:
        matmuls: also make matrix products of two factors that depend on the inputs. These may have
            holes, and multiply what the program does not: with numbers that are not finite, only
            the program without them is sure to compute what was recorded.
    """
    return _Lifting(program, matmuls=matmuls).lifted()


class _Lifting:
    """What is known while a program is being lifted."""

    def __init__(self, program: Computation, *, matmuls: bool) -> None:
        self.matmuls = matmuls
        self.program, self.slots = program, program.slots
        self.known = facts(program)
        self.row = np.zeros(len(self.slots), dtype=np.intp)
        # the rows, in the table of the batch, of slots that depend on no input
        self.copies: dict[int, int] = {}
        self.next = {True: len(NEUTRAL), False: len(NEUTRAL)}
        self.gaps: list[tuple[bool, int, int]] = []
        # for each hole of the batch, and for each first row of a group with holes, that group
        self.holes: dict[int, Group] = {}
        self.holed: dict[int, Group] = {}
        starts = list(accumulate([0, *map(prod, program.shapes)]))
        self.inputs = [
            _Part("inputs", SUM, False, True, list(range(a, b))) for a, b in pairwise(starts)
        ]

    def lifted(self) -> Lifted:
        parts = [
            part
            for form, members in schedule(self.slots, self.known)
            for part in self._parts(form, members)
        ]
        self._arrange(parts)
        arguments = self._number_leaves()
        groups = [self._group(part) for part in parts if part.fixed]
        groups += self._spread(parts)
        groups += [self._group(part) for part in parts if not part.fixed]
        lifted = Lifted(
            groups,
            self.known.fixed,
            self.row,
            self.next,
            {True: FIRST, False: FIRST},
            0,
            self.gaps,
            self.program.roots,
            arguments,
            {},
        )
        if self.program.has_one_result:
            edges(lifted, self.program, self.known)
        return lifted

    # ---- which operations go together ----

    def _parts(self, form: Signature, members: list[int]) -> list[_Part]:
        op, fixed = ROWS[self.slots[members[0]].op], self.known.fixed[members[0]]
        plain = _Part(str(form[0]), op, fixed, bool(form[1]), members)
        if plain.kind == "matrix":
            return self._matrices(plain)
        if plain.kind == "map":
            return [plain]
        found = self._matmuls(plain) if plain.kind == "dot" else []
        if found:
            taken = {i for part in found for i in part.members}
            members = [i for i in members if i not in taken]
        if not members:
            return found
        lengths = [len(self.slots[i].operands) for i in members]
        return found + [
            replace(plain, members=[members[j] for j in places])
            for places in split_by_length(lengths)
        ]

    def _matmuls(self, part: _Part) -> list[_Part]:
        """The dot products that make matrix products of two factors from the batch."""
        if not self.matmuls or part.fixed:
            return []
        pairs = {}
        for i in part.members:
            row, column, bias = map(tuple, parts_of_dot(self.slots[i].operands))
            if not bias and not any_of((*row, *column), self.known.fixed):
                pairs[i] = row, column
        return [
            replace(part, kind="matmul", members=each.members.ravel().tolist(), product=each)
            for each in products(pairs)
        ]

    def _matrices(self, part: _Part) -> list[_Part]:
        """Dot products of one length as matrix products; the rest as they are.

        A matrix product takes all pairs of some rows of weights and some vectors.
        """
        numbers: dict[tuple[int, ...], int] = {}  # for each row of weights
        # for each vector, the member of each row of weights
        columns: dict[tuple[int, ...], dict[int, int]] = {}
        rest = []
        for i in part.members:
            weights, inputs, _ = dot_parts(self.slots[i].operands, self.known.fixed)
            column = columns.setdefault(inputs, {})
            if column.setdefault(numbers.setdefault(weights, len(numbers)), i) != i:
                rest.append(i)  # the same product occurs twice
        by_number = list(numbers)
        grids: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for inputs, column in columns.items():
            rows = tuple(sorted(column, key=by_number.__getitem__))
            grids.setdefault(rows, []).append(inputs)
        few = [
            (rows, vectors) for rows, vectors in grids.items() if len(rows) * len(vectors) < _SMALL
        ]
        if len(few) + len(rest) > 1:
            rest += [
                columns[inputs][n] for rows, vectors in few for inputs in vectors for n in rows
            ]
            for rows, _ in few:
                del grids[rows]
        parts = [
            replace(
                part,
                members=[columns[v][n] for n in rows for v in vectors],
                weights=[by_number[n] for n in rows],
                vectors=vectors,
            )
            for rows, vectors in grids.items()
        ]
        return (
            [*parts, _Part("dot", part.op, part.fixed, part.live, sorted(rest))] if rest else parts
        )

    def _arrange(self, parts: list[_Part]) -> None:
        """Order each part as the matrix product that reads it wants, with ones for the bias."""
        maker = {i: part for part in (*self.inputs, *parts) for i in part.members}
        for part in parts:
            if part.kind != "matrix":
                continue
            wanted = [i for row in zip(*part.vectors, strict=True) for i in row]
            source = maker.get(wanted[0])
            if source is None or len(wanted) != len(source.members):
                continue
            if source.product is not None:
                source.product = _ordered(source.product, wanted)
                source.members = source.product.members.ravel().tolist()
            if source.members != wanted:
                if (
                    source.ordered
                    or source.kind in ("matrix", "matmul")
                    or sorted(source.members) != sorted(wanted)
                ):
                    continue
                source.members = wanted
            source.ordered = True
            if self._bias_column(part) is not None:
                source.ones = len(part.vectors)

    def _biases(self, part: _Part) -> list[int]:
        """The bias of each member that has one."""
        return [j for i in part.members for j in parts_of_dot(self.slots[i].operands)[2]]

    def _bias_column(self, part: _Part) -> list[int] | None:
        """The bias of each row of weights, if all vectors share it and it depends on no input."""
        width = len(part.vectors)
        biases = self._biases(part)
        column = biases[::width]
        same = (
            bool(biases)
            and all([self.known.fixed[i] for i in column])
            and biases == [i for i in column for _ in range(width)]
        )
        return column if same else None

    # ---- where numbers are ----

    def _number_leaves(self) -> list[tuple[int, int, Rows | None]]:
        for part in self.inputs:
            self._place(part)
        leaves = [i for i, slot in enumerate(self.slots) if slot.op in ("parameter", "constant")]
        self._place(_Part("parameters", SUM, True, True, leaves))
        spans = [
            (int(self.row[part.members[0]]), len(part.members)) if part.members else (0, 0)
            for part in self.inputs
        ]
        orders = [
            None
            if part.members == sorted(part.members)
            else np.array(part.members) - min(part.members)
            for part in self.inputs
        ]
        return [
            (first, first + count, order)
            for (first, count), order in zip(spans, orders, strict=True)
        ]

    def _place(self, part: _Part) -> int:
        """Give the members of ``part`` their rows. Returns the first."""
        start = self.next[part.fixed]
        members = np.array(part.members, dtype=np.intp)
        self.row[members[members != HOLE]] = start + np.flatnonzero(members != HOLE)
        self.next[part.fixed] += len(part.members) + part.ones
        if part.ones:
            self.gaps.append((part.fixed, start + len(part.members), part.ones))
        return start

    def _spread(self, parts: list[_Part]) -> list[Group]:
        """Groups that copy into the batch what an operation there adds or multiplies."""
        needed: dict[int, None] = {}
        for part in parts:
            if not part.fixed and part.kind in ("stack", "dot"):
                weights_too = part.kind == "dot" and not self._weights_fixed(part)
                for i in part.members:
                    needed.update(
                        dict.fromkeys(
                            j for j in self._same_table(i, part, weights_too) if self.known.fixed[j]
                        )
                    )
        slots = list(needed)
        if not slots:
            return []
        start = self.next[False]
        self.copies = {slot: start + i for i, slot in enumerate(slots)}
        self.next[False] += len(slots)
        live = any([self.known.live[i] for i in slots])
        read = Read(True, self.row[slots])
        return [Group("spread", SUM, False, live, slots, (len(slots),), [read], start)]

    def _same_table(self, i: int, part: _Part, weights_too: bool) -> tuple[int, ...]:
        """The operands of a sum or a dot product that must be in the table of the result."""
        if part.kind == "stack":
            return self.slots[i].operands
        weights, inputs, _ = dot_parts(self.slots[i].operands, self.known.fixed)
        return (*weights, *inputs) if weights_too else inputs

    def _weights_fixed(self, part: _Part) -> bool:
        """Are all weights of a group of dot products independent of the inputs?"""
        return all(
            [
                self.known.fixed[j]
                for i in part.members
                for j in dot_parts(self.slots[i].operands, self.known.fixed)[0]
            ]
        )

    def _rows(self, slots: Iterable[int], fixed: bool) -> tuple[int, ...]:
        """The rows of slots in a table; the batch has copies of those without inputs."""
        row, copies, is_fixed = self.row, self.copies, self.known.fixed
        return tuple([copies[i] if is_fixed[i] and not fixed else int(row[i]) for i in slots])

    # ---- groups ----

    def _group(self, part: _Part) -> Group:
        kinds = {
            "map": self._map, "stack": self._stack, "dot": self._dots, "matrix": self._matrix,
            "matmul": self._matmul,
        }  # fmt: skip
        return kinds[part.kind](part)

    def _make_group(
        self, part: _Part, shape: tuple[int, ...], reads: list[Read], *, ones: int = 0
    ) -> Group:
        """The group of a part. This decides where its results stand."""
        start = self._place(part)
        group = Group(
            part.kind, part.op, part.fixed, part.live, part.members, shape, reads, start, ones
        )
        if HOLE in part.members:
            group.real = np.array(part.members).reshape(shape) != HOLE
            rows = start + np.flatnonzero(~group.real)
            self.holes.update(dict.fromkeys(rows.tolist(), group))
            self.holed[start] = group
        return group

    def _sorted(self, part: _Part, keys: Sequence[Rows] | Rows) -> Rows:
        """The order of the members that makes their first reads consecutive."""
        return np.arange(len(part.members)) if part.ordered else np.lexsort(tuple(reversed(keys)))

    def _map(self, part: _Part) -> Group:
        operands = np.array([self.slots[i].operands for i in part.members], dtype=np.intp)
        fixed = [self.known.fixed[j] for j in operands[0]]
        columns = [self.row[operands[:, j]] for j in range(operands.shape[1])]
        order = self._sorted(
            part, [c for _, c in sorted(zip(fixed, columns, strict=True), key=lambda pair: pair[0])]
        )
        part.members = [part.members[j] for j in order]
        numbers = [
            self._number(column) if kind else None
            for kind, column in zip(fixed, operands.T.tolist(), strict=True)
        ]
        columns = [column[order] for column in columns]
        columns = self._with_holes(part, columns, numbers=numbers)
        shape = columns[0].shape if HOLE in part.members else folded(columns)
        reads = [
            Read(*each)
            for each in zip(
                fixed, [column.reshape(shape) for column in columns], numbers, strict=True
            )
        ]
        return self._make_group(part, shape, reads)

    def _with_holes(
        self, part: _Part, columns: list[Rows], *, numbers: list[float | None]
    ) -> list[Rows]:
        """The rows that a part reads, with holes where the group that it follows has them."""
        followed = [
            self.holed[first] for first in [int(c[0]) for c in columns] if first in self.holed
        ]
        real = followed[0].real if followed and not (part.fixed or part.ordered) else None
        if real is None or len(part.members) != real.sum():
            return columns
        full = []
        for rows, number in zip(columns, numbers, strict=True):
            spread = np.full(real.shape, rows[0])
            spread[real] = rows
            completed = complete(spread, real) if number is None else spread
            if completed is None:
                return columns
            full.append(completed)
        members = np.full(real.shape, HOLE)
        members[real] = part.members
        part.members = members.ravel().tolist()
        return full

    def _number(self, slots: list[int]) -> float | None:
        """The number of these slots, if they are all the same constant."""
        numbers = {self.slots[i].number if self.slots[i].op == "constant" else None for i in slots}
        return numbers.pop() if len(numbers) == 1 else None

    def _stack(self, part: _Part) -> Group:
        filler = NEUTRAL.index(part.op.neutral) if part.op.neutral in NEUTRAL else 0
        rows = pad([self._rows(self.slots[i].operands, part.fixed) for i in part.members], filler)
        order = self._sorted(part, rows[:2])
        part.members = [part.members[j] for j in order]
        rows = rows[:, order]
        lengths = np.array([len(self.slots[i].operands) for i in part.members])
        completed, real = self._whole(rows, np.arange(len(rows))[:, None] < lengths, part)
        read = Read(part.fixed, completed, real=None if part.op.neutral == 0.0 else real)
        return self._make_group(part, (len(order),), [read])

    def _whole(self, rows: Rows, real: Mask, part: _Part) -> tuple[Rows, Mask | None]:
        """Padded rows with holes in place of the neutral element, if there are such holes.

        Then it also returns where they are real. Holes are made 0 where that is neutral.
        """
        if part.fixed or real.all() or not self.holes:
            return rows, None
        completed = complete(rows, real)
        if completed is None:
            return rows, None
        groups = [self.holes.get(row) for row in completed[~real].tolist()]
        first = groups[0]
        if first is None or any([group is not first for group in groups]):
            return rows, None
        first.masked |= part.op.neutral == 0.0 or part.kind == "matmul"
        return completed, real

    def _dots(self, part: _Part) -> Group:
        weights_fixed = self._weights_fixed(part)
        parts = [dot_parts(self.slots[i].operands, self.known.fixed) for i in part.members]
        weights = pad([self._rows(w, weights_fixed) for w, _, _ in parts], 0)
        inputs = pad([self._rows(x, part.fixed) for _, x, _ in parts], 0)
        order = self._sorted(part, [weights[0], inputs[0]])
        part.members = [part.members[j] for j in order]
        reads = [Read(weights_fixed, weights[:, order]), Read(part.fixed, inputs[:, order])]
        if parts[0][2]:
            bias_fixed = self.known.fixed[parts[0][2][0]]
            reads.append(Read(bias_fixed, np.array([self.row[parts[j][2][0]] for j in order])))
        return self._make_group(part, (len(order),), reads)

    def _matmul(self, part: _Part) -> Group:
        assert part.product is not None
        members, rows, columns = part.product
        blocks = len(members)
        reads = [self._factor(vectors, blocks, part) for vectors in (rows, columns)]
        reads[1].rows = reads[1].rows.swapaxes(1, 2)
        return self._make_group(part, members.shape, reads)

    def _factor(self, vectors: list[tuple[int, ...]], blocks: int, part: _Part) -> Read:
        """The vectors of a matrix product, of shape (blocks, vectors, inner)."""
        rows = pad([self._rows(vector, False) for vector in vectors], 0)
        lengths = np.array([len(vector) for vector in vectors])
        shape = (blocks, len(vectors) // blocks, len(rows))
        real = (np.arange(len(rows)) < lengths[:, None]).reshape(shape)
        return Read(False, self._whole(rows.T.reshape(shape), real, part)[0])

    def _matrix(self, part: _Part) -> Group:
        shape = (len(part.weights), len(part.vectors))
        inputs = Read(
            part.fixed, np.array([self._rows(v, part.fixed) for v in part.vectors], dtype=np.intp).T
        )
        weights, ones, reads = self.row[np.array(part.weights)], 0, []
        column = self._bias_column(part)
        if column is not None and self._ones_follow(inputs, part):
            ones, weights = shape[1], np.column_stack([weights, self.row[column]])
        elif biases := self._biases(part):
            reads = [Read(self.known.fixed[biases[0]], self.row[biases].reshape(shape))]
        reads = [Read(True, weights), inputs, *reads]
        return self._make_group(part, shape, reads, ones=ones)

    def _ones_follow(self, inputs: Read, part: _Part) -> bool:
        """Do the vectors lie one number after another, with ones after the last?"""
        after = (part.fixed, int(inputs.rows[-1, -1]) + 1, len(part.vectors))
        return inputs.strided is not None and _contiguous(inputs) and after in self.gaps


def _ordered(product: Product, wanted: list[int]) -> Product:
    """The product with its pairs in the order that is wanted, if it can have that."""
    return next(
        (
            each
            for each in (product, product.transposed())
            if each.members.ravel().tolist() == wanted
        ),
        product,
    )


def _contiguous(read: Read) -> bool:
    return bool(np.array_equal(read.rows.ravel(), np.arange(read.rows.size) + read.rows.flat[0]))
