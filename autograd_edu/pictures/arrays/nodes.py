"""A program as arrays, and the operations between them: A, B → @ → C.

The program is lifted first, so a loop over neurons becomes one matrix product. What a matrix
product, a sum of products, or an operation on each number does to the gradients of whole arrays is
written here once, in the letters of the arrays: W̄ = z̄ xᵀ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ...engine.op import Op
from ...notation import operations
from ...notation.formula import short
from ...notation.letters import SUBSCRIPTS, plain
from ...notation.text import abbreviate
from ...program.ir import Computation
from ...program.lifting.fuse import fused
from ...program.lifting.group import NEUTRAL, Group, Read
from ...program.lifting.lift import lift
from ...program.lifting.rows import SUM
from ...program.lifting.spacing import Rows

Kind = Literal["input", "parameter", "constant", "result", "operation"]
_LONGEST = 16  # columns of an operation's formula; instead of a longer one stands its symbol
MACRON = "\u0304"


@dataclass
class Node:
    """An array, or an operation on arrays.

    Attributes:
        text: the name of an array, or the sign of an operation.
        shape: of an array; a number has the shape ().
        operands: the nodes that lead to it, in order.
        parts: for each operand, which of its numbers are read: "[2]", "[0:4]", "[3 of 8]", or
            "" for all of them.
        formula: how the array is made, in the names of others.
        gradient: the gradient of the result with respect to the array, as a formula.
    """

    kind: Kind
    text: str
    shape: tuple[int, ...] = ()
    operands: list[int] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    formula: str = ""
    gradient: str = ""


@dataclass(frozen=True)
class _Use:
    """How an operation uses a node.

    Attributes:
        part: which of its numbers, as in `Node`.
        repeats: a number of it is used several times, so that its gradient is a sum.
    """

    node: int
    part: str = ""
    repeats: bool = False


# from the names of the operands: how the result is made
Form = Callable[[Sequence[str]], str]
# from these, the name of the result and its gradient: the share of each operand
Back = Callable[[Sequence[str], str, str], Sequence[str]]


@dataclass(frozen=True)
class _Made:
    """How a result comes about, to be said when all names are known."""

    result: int
    uses: list[_Use]
    form: Form
    back: Back


def nodes_of(program: Computation) -> list[Node]:
    """The arrays and operations of ``program``, operands before results."""
    return _Reader(program).read()


def bar(name: str) -> str:
    """The gradient with respect to an array: x̄ for x, ∂loss for a word."""
    is_letter = re.fullmatch(r"[^\W\d_][₀-₉]*", name)
    return f"{name[0]}{MACRON}{name[1:]}" if is_letter else f"∂{name}"


class _Reader:
    """Notes the arrays of a lifted program, and which node holds each row of its two tables."""

    def __init__(self, program: Computation) -> None:
        self.program, self.fused = program, fused(program)
        self.lifted = lift(self.fused, matmuls=False)
        self.nodes: list[Node] = []
        self.rows: dict[int, list[int]] = {}  # for each array, its rows in its table
        self.copies: dict[int, int] = {}  # rows of the batch that repeat those without inputs
        self.made: list[_Made] = []
        self.holder = {kind: np.full(count, -1) for kind, count in self.lifted.counts.items()}
        rows = zip(self.lifted.row.tolist(), self.fused.slots, self.lifted.fixed, strict=True)
        self.leaves = {row: slot for row, slot, fixed in rows if fixed and not slot.operands}
        self.roots = {(self.lifted.fixed[i], int(self.lifted.row[i])) for i in self.fused.roots}

    def read(self) -> list[Node]:
        program, arguments = self.program, self.lifted.arguments
        given = zip(program.argument_names, program.shapes, arguments, strict=True)
        for name, shape, (first, last, order) in given:
            places = np.arange(last - first) if order is None else np.argsort(order)
            self._array("input", plain(name) or "x", shape, (first + places).tolist(), fixed=False)
        live = [group for group in self.lifted.groups if group.live]
        for group in live:  # before anything else reads the same parameters
            if group.kind == "matrix":
                self._weights(group)
        for group in live:
            self._group(group)
        self._number_names()
        self._say()
        return self.nodes

    # ---- nodes ----

    def _array(
        self, kind: Kind, text: str, shape: tuple[int, ...], rows: list[int], *, fixed: bool
    ) -> int:
        """A new array, which holds these rows of a table."""
        self.nodes.append(Node(kind, text, shape))
        found = len(self.nodes) - 1
        self.rows[found] = rows
        self.holder[fixed][rows] = found
        return found

    def _operation(self, sign: str, uses: Sequence[_Use]) -> int:
        operands, parts = [use.node for use in uses], [use.part for use in uses]
        self.nodes.append(Node("operation", sign, (), operands, parts))
        return len(self.nodes) - 1

    def _result(self, group: Group, letter: str, shape: tuple[int, ...], made: int) -> int:
        """The array that a group computes."""
        rows = [*range(group.start, group.start + len(group.members))]
        labels = [self.fused.slots[i].label for i in group.members]
        taken = {node.text for node in self.nodes}
        if any((group.fixed, row) in self.roots for row in rows):
            letter = "L" if "y" in taken else "y"
        name = plain(labels[0]) if len(labels) == 1 and labels[0] else _common(labels, letter)
        found = self._array("result", name, _without_ones(shape), rows, fixed=group.fixed)
        self.nodes[found].operands, self.nodes[found].parts = [made], [""]
        return found

    def _weights(self, group: Group) -> None:
        """Nodes for the weights of a matrix product, and for the bias that is their last column."""
        rows = group.reads[0].rows
        self._leaves(rows[:, :-1] if group.ones else rows, "W")
        if group.ones:
            self._leaves(rows[:, -1], "b")
        for read in group.reads[2:]:
            if read.fixed:
                self._leaves(read.rows, "b")

    def _uses(self, read: Read, rows: Rows | None = None, letter: str = "w") -> list[_Use]:
        """The nodes that hold the rows of a read; parameters become nodes when they are read."""
        rows = read.rows if rows is None else rows
        if read.fixed:
            self._leaves(rows, letter)
        used: dict[int, list[int]] = {}
        for row in rows[rows >= len(NEUTRAL)].tolist():  # others fill up sums
            fixed = read.fixed or row in self.copies
            own = row if read.fixed else self.copies.get(row, row)
            used.setdefault(int(self.holder[fixed][own]), []).append(own)
        return [self._use(node, own) for node, own in used.items()]

    def _use(self, node: int, rows: list[int]) -> _Use:
        own, used = self.rows[node], dict.fromkeys(rows)
        part = f"[{len(used)} of {len(own)}]" if len(used) < len(own) else ""
        places = [own.index(row) for row in used]
        first, last = places[0], places[-1]
        # tracing keeps the order of an input, but not that of anything else
        if part and self.nodes[node].kind == "input" and places == [*range(first, last + 1)]:
            part = f"[{first}]" if first == last else f"[{first}:{last + 1}]"
        return _Use(node, part, repeats=len(used) < len(rows))

    def _leaves(self, rows: Rows, letter: str) -> None:
        """Nodes for the parameters and constants of these rows that have none."""
        new = (self.holder[True][rows] < 0) & (rows >= len(NEUTRAL))
        fresh = list(dict.fromkeys(rows[new].tolist()))
        if not fresh:
            return
        leaves = [self.leaves[row] for row in fresh]
        kind: Kind = "parameter" if leaves[0].op == "parameter" else "constant"
        letter = letter if kind == "parameter" else "c"
        name, whole = _common([leaf.label for leaf in leaves], letter), len(fresh) == rows.size
        if kind == "constant" and len(fresh) == 1:
            name = leaves[0].label or short(leaves[0].number)
        if whole and letter == "W":
            name = name.upper() if len(name) == 1 else name
            self._array(kind, name, rows.shape, fresh, fixed=True)
        else:
            shape = rows.shape if whole else (len(fresh),)
            self._array(kind, name, _without_ones(shape), fresh, fixed=True)

    # ---- groups ----

    def _group(self, group: Group) -> None:
        if group.kind == "spread":
            rows = slice(group.start, group.start + len(group.members))
            (read,) = group.reads
            self._leaves(read.rows, "w")
            self.copies |= dict(zip(range(rows.start, rows.stop), read.rows.tolist(), strict=True))
        elif group.kind == "map":
            self._map(group)
        elif group.kind == "stack":
            self._stack(group)
        else:
            self._product(group)

    def _map(self, group: Group) -> None:
        op, given = group.op, [read.number for read in group.reads]
        used = [[] if read.number is not None else self._uses(read) for read in group.reads]
        uses = [use for found in used for use in found]

        form, back = _said_of_map(op, given, [len(found) for found in used])
        formula = form([self.nodes[use.node].text for use in uses])
        sign = op.symbol if all(used) else abbreviate(formula, _LONGEST)
        made = self._operation(sign, uses)
        result = self._result(group, "h" if op.activation else "v", group.shape, made)
        self.made.append(_Made(result, uses, form, back))

    def _stack(self, group: Group) -> None:
        op, read = group.op, group.reads[0]
        uses, adds = self._uses(read), op is SUM or op.adds
        apart = len(uses) > 1 and len(uses) == len(read.rows)
        sign = "+" if adds and apart else "Σ" if adds else op.symbol
        made = self._operation(sign, uses)
        result = self._result(group, "s" if adds else "v", group.shape, made)

        def form(names: Sequence[str]) -> str:
            return " + ".join(names) if sign == "+" else f"{sign}({', '.join(names)})"

        def back(names: Sequence[str], y: str, above: str) -> list[str]:
            return [
                above if adds else operations.slope_text(op, 0, y, name, name, times=above)
                for name in names
            ]

        self.made.append(_Made(result, uses, form, back))

    def _product(self, group: Group) -> None:
        weights, inputs, *more = group.reads
        is_matrix, ones = group.kind == "matrix", group.ones
        rows = weights.rows[:, :-1] if ones else weights.rows
        left, right = self._uses(weights, rows), self._uses(inputs)
        shape = group.shape if is_matrix else _grid(group)
        scalar = rows.size == inputs.rows.size == 1
        sign = "·" if scalar else "@" if shape else "Σ ·"
        made = self._operation(sign, [*left, *right])
        biases = self._uses(weights, weights.rows[:, -1], "b") if ones else []
        biases += [use for read in more for use in self._uses(read, None, "b")]
        made = self._operation("+", [_Use(made), *biases]) if biases else made
        letter = "z" if is_matrix else "C" if len(_without_ones(shape)) == 2 else "v"
        result = self._result(group, letter, shape or group.shape, made)

        form, back = _said_of_product(sign, (len(left), len(right), len(biases)))
        # what a product repeats, its formula adds up; but not the windows of a convolution
        left = [replace(use, repeats=not shape) for use in left]
        right = [replace(use, repeats=use.repeats and (is_matrix or not shape)) for use in right]
        uses = [*left, *right, *biases]
        self.made.append(_Made(result, uses, form, back))

    # ---- names and gradients ----

    def _number_names(self) -> None:
        """Give arrays of one name a number, as W₁ and W₂."""
        arrays = [node for node in self.nodes if node.kind != "operation"]
        several = {name for name, count in Counter(n.text for n in arrays).items() if count > 1}
        counts: Counter[str] = Counter()
        for node in arrays:
            counts[node.text] += 1
            if node.text in several:
                node.text += str(counts[node.text]).translate(SUBSCRIPTS)

    def _say(self) -> None:
        """How each array is made, and its gradient: the sum of what its consumers give it."""
        terms: dict[int, list[str]] = {}
        for made in reversed(self.made):
            node = self.nodes[made.result]
            names = [f"{self.nodes[use.node].text}{use.part}" for use in made.uses]
            node.formula = made.form(names)
            if made.result not in terms:
                terms[made.result] = ["1"]
            shares = made.back(names, node.text, bar(node.text))
            for use, share in zip(made.uses, shares, strict=True):
                if self.nodes[use.node].kind != "constant":
                    summed = f"Σ {share}" if use.repeats and node.shape else share
                    said = f"{summed} at {use.part}" if use.part else summed
                    terms.setdefault(use.node, []).append(said)
        for i, shares in terms.items():
            self.nodes[i].gradient = " + ".join(shares)


def _said_of_map(op: Op, given: Sequence[float | None], counts: Sequence[int]) -> tuple[Form, Back]:
    """What is said of an operation on each number.

    Args:
        given: for each operand its number, or None if it comes from nodes.
        counts: for each operand, from how many nodes its numbers come.
    """

    def operands(names: Sequence[str], j: int) -> list[operations.Name]:
        """The operands of the numbers that come from the ``j``-th node of each."""
        own = iter(names)
        apart = [[next(own) for _ in range(count)] for count in counts]
        pairs = zip(apart, given, strict=True)
        return [f[min(j, len(f) - 1)] if f else n or 0.0 for f, n in pairs]

    def form(names: Sequence[str]) -> str:
        return operations.text(op, *operands(names, 0)) + (", …" if max(counts) > 1 else "")

    def back(names: Sequence[str], y: str, above: str) -> list[str]:
        places = [(k, j) for k, count in enumerate(counts) for j in range(count)]
        return [
            operations.slope_text(op, k, y, *operands(names, j), times=above) for k, j in places
        ]

    return form, back


def _said_of_product(sign: str, counts: tuple[int, int, int]) -> tuple[Form, Back]:
    """What is said of a product; ``counts``: how many nodes hold weights, inputs and biases."""
    left, right, biases = counts

    def form(names: Sequence[str]) -> str:
        w, x = names[0], names[left]
        product = {"·": f"{w}·{x}", "@": f"{w} @ {x}"}.get(sign, f"Σ {w}·{x}")
        return " + ".join([product, *names[left + right :]])

    def back(names: Sequence[str], _: str, above: str) -> list[str]:
        w, x = names[0], names[left]
        of_w, of_x = f"{x}·{above}", f"{w}·{above}"
        if sign == "@":
            of_w, of_x = f"{above} {x}ᵀ", f"{w}ᵀ {above}"
        return [of_w] * left + [of_x] * right + [above] * biases

    return form, back


def _common(labels: Sequence[str], otherwise: str) -> str:
    """A name for several numbers: the letters that all of their labels begin with."""
    stems = {re.split(r"[\W\d_₀-₉]", plain(label), maxsplit=1)[0] for label in labels}
    return (stems.pop() if len(stems) == 1 else "") or otherwise


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n > 1)


def _grid(group: Group) -> tuple[int, ...]:
    """The shape of a product whose sums are all pairs of rows of two arrays; () if they are not."""
    left, right = (read.rows.T.tolist() for read in group.reads[:2])
    pairs = {(tuple(a), tuple(b)) for a, b in zip(left, right, strict=True)}
    shape = len({a for a, _ in pairs}), len({b for _, b in pairs})
    return shape if shape[0] * shape[1] == len(group.members) else ()
