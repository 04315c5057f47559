"""The lines of a lifted program's forward pass, as a NumPy function.

Each group of operations is one array: a row for each number, a column for each sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

from ..ir import Computation, Guard
from ..lifting.fuse import fused
from ..lifting.group import NEUTRAL, Group, Read
from ..lifting.lift import lift
from ..lifting.symbols import Symbol, Written, in_order, written, written_stacked
from .names import Names
from .text import RESERVED, number_text, pick, symbol_text, tidy

_MOST = 40  # nested brackets, or terms of a sum: Python reads hundreds, people fewer
_PLAIN = re.compile(r"[\w.+-]+(\[\d+\])?")  # an operand that is short enough to be repeated
_EXAMPLE_NAME = re.compile(r"x\d+")  # a label that tracing made up
_COLUMNS = "  # one column per sample"


@dataclass
class Array:
    """An array of the function: its name, and which rows of a table it holds."""

    name: str
    fixed: bool
    start: int
    stop: int


@dataclass
class Rule:
    """A rule that is being written: its operands as texts, and the texts of its symbols so far."""

    written: Written
    operands: list[str]
    uses: dict[int, int]  # how often each symbol is needed
    texts: dict[int, str] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=dict)  # of nested brackets in a text


@dataclass
class Product:
    """The factors of a product or a sum of products, and a matrix's own bias, as texts."""

    weights: str
    inputs: str
    bias: str = ""


Writer = Callable[[Group], tuple[str, Rule | Product | None]]


class Forward:
    """The forward pass.

    Attributes:
        arguments: the names of the function's arguments after the parameters.
        lines: what has been written.
        arrays: what holds the rows of the tables, in the order it was made.
        choosing: whether something is computed that may be passed over, so need not be a number.
        made: for each group, its array and the texts that the backward pass needs.
    """

    def __init__(self, program: Computation, *, differentiated: bool) -> None:
        self.program, self.fused, self.differentiated = program, fused(program), differentiated
        self.lifted, self.names = lift(self.fused, matmuls=False), Names(RESERVED)
        self.name = self.names.name
        self.lines: list[str] = []
        self.arrays: list[Array] = []
        self.holder = {  # for each row, the number of its array
            kind: np.full(count, -1) for kind, count in self.lifted.counts.items()
        }
        self.made: list[tuple[Array, Rule | Product | None]] = []
        self.choosing = False
        self.arguments = self._argument_names()
        self._leaves()

    def write(self) -> list[str]:
        """Write the lines; return the expression of each result."""
        for group in self.lifted.groups:
            self._group(group)
        for guard, given in zip(self.fused.guards, self.program.guards, strict=True):
            self._guard(guard, given)
        return [
            f"np.repeat({self._slot(i)}, n)"
            if self.lifted.fixed[i]
            else f"{self._slot(i)}.reshape(-1)"
            for i in self.fused.roots
        ]

    # ---- leaves ----

    def _argument_names(self) -> list[str]:
        names, slot, several = [], 0, len(self.program.shapes) > 1
        for i, shape in enumerate(self.program.shapes):
            label = self.program.slots[slot].label if prod(shape) == 1 else ""
            label = "" if _EXAMPLE_NAME.fullmatch(label) else label
            slot += prod(shape)
            names.append(self.name(label, f"x{i + 1}" if several else "x"))
        return names

    def _leaves(self) -> None:
        count, first = self.program.parameter_count, len(NEUTRAL)
        self._add("neutral", fixed=True, start=0, count=first)
        self._add("np.repeat(neutral, n, axis=1)", fixed=False, start=0, count=first)
        self._inputs()
        if count:
            self.lines.append(f"parameters = np.asarray(parameters, float).reshape({count}, 1)")
        self._add("parameters", fixed=True, start=first, count=count)
        numbers = [number_text(s.number) for s in self.fused.slots if s.op == "constant"]
        self._add("constants", fixed=True, start=first + count, count=len(numbers))
        if self._reads_rows(first + count, first + count + len(numbers)):
            self.lines.append(f"constants = np.array([[{'], ['.join(numbers)}]])")
        if any((read.rows < first).any() for group in self.lifted.groups for read in group.reads):
            self.choosing = True
            self.lines.append(
                "neutral = np.array([[0.0], [-np.inf], [np.inf]])"
                "  # change nothing in a sum, a maximum, a minimum"
            )

    def _inputs(self) -> None:
        samples = [(2, "1")]
        given = zip(self.arguments, self.program.shapes, self.lifted.arguments, strict=True)
        for name, shape, (first, last, order) in given:
            if prod(shape):
                columns = f"np.asarray({name}, float).reshape(-1, {prod(shape)}).T"
                columns = columns if order is None else pick(columns, order, size=prod(shape))
                self.lines.append(f"{name} = {columns}{_COLUMNS}")
                samples.append((0, f"{name}.shape[1]"))
            else:
                samples.append((1, f"np.shape({name})[0] if np.ndim({name}) > {len(shape)} else 1"))
            self._add(name, fixed=False, start=first, count=last - first)
        self.lines.append(f"n = {min(samples, key=lambda each: each[0])[1]}")

    @cached_property
    def _fixed_labels(self) -> dict[int, str]:
        """The label of each row that depends on no input."""
        rows = zip(self.lifted.row.tolist(), self.fused.slots, self.lifted.fixed, strict=True)
        return {row: slot.label for row, slot, fixed in rows if fixed}

    def _add(self, name: str, *, fixed: bool, start: int, count: int) -> Array:
        """Note which array holds some rows."""
        array = Array(name, fixed, start, start + count)
        self.holder[fixed][start : array.stop] = len(self.arrays)
        self.arrays.append(array)
        return array

    def _reads_rows(self, first: int, last: int) -> bool:
        """Whether any of these fixed rows is read, other than as a number in a formula."""
        reads = [read for group in self.lifted.groups for read in group.reads]
        rows = [read.rows for read in reads if read.fixed and read.number is None]
        sides = [side for guard in self.fused.guards for side in (guard.left, guard.right)]
        roots = [i for i in (*self.fused.roots, *sides) if self.lifted.fixed[i]]
        rows.append(self.lifted.row[roots])
        return any(((each >= first) & (each < last)).any() for each in rows)

    # ---- groups ----

    def _group(self, group: Group) -> None:
        writers: dict[str, Writer] = {
            "map": self._map, "stack": self._stack, "dot": self._dot, "matrix": self._matrix,
            "spread": self._spread,
        }  # fmt: skip
        text, texts = writers[group.kind](group)
        one = group.kind == "map" and len(group.reads) == 1
        default = "z" if isinstance(texts, Product) else "h" if one else "v"
        labels = [self.fused.slots[i].label for i in group.members]
        alone = len(labels) == 1 and labels[0]
        name = self.name(labels[0], default) if alone else self.names.common(labels, default)
        self.lines.append(f"{name} = {tidy(text)}")
        if isinstance(texts, Rule):
            texts.texts[id(texts.written.value)], texts.depths[id(texts.written.value)] = name, 0
        count = len(group.members)
        self.made.append(
            (self._add(name, fixed=group.fixed, start=group.start, count=count), texts)
        )

    def _map(self, group: Group) -> tuple[str, Rule]:
        operands = [
            self._rows(read) if read.number is None else number_text(read.number)
            for read in group.reads
        ]
        rule = written(group.op, [read.number for read in group.reads])
        text, noted = self._ruled(rule, self._wanted(group), operands)
        used = {int(x.number) for x in in_order([rule.value]) if x.name == "operand"}
        if all(group.reads[i].fixed and not group.fixed for i in used):  # numbers decide a choice
            shape = f"({len(group.members)}, {1 if group.fixed else 'n'})"
            text = f"np.broadcast_to({text}, {shape})"
        return text, noted

    def _stack(self, group: Group) -> tuple[str, Rule]:
        (read,), wanted = group.reads, self._wanted(group)
        if (rule := written_stacked(group.op)) is not None:
            return self._ruled(rule, wanted, [self._stacked(read)])
        name, count = self._temporary(self._stacked(read)), len(read.rows)
        one_by_one = written(group.op, [None] * count)
        operands = [f"{name}[{i}]" for i in range(count)]
        return self._ruled(one_by_one, wanted and list(range(count)), operands)

    def _wanted(self, group: Group) -> list[int]:
        """Which reads are given gradients."""
        edges = enumerate(group.edges) if self.differentiated else ()
        return [i for i, each in edges if each is not None]

    def _ruled(self, rule: Written, wanted: Sequence[int], operands: list[str]) -> tuple[str, Rule]:
        """The value of a rule. What it shares with the local gradients ``wanted`` gets a name."""
        slopes = [rule.slopes[i] for i in wanted]
        symbols, uses = in_order([rule.value, *slopes]), dict[int, int]()
        for symbol in [*slopes, *[x for each in symbols for x in each.operands]]:
            uses[id(symbol)] = uses.get(id(symbol), 0) + 1
        often = {int(x.number) for x in symbols if x.name == "operand" and uses.get(id(x), 0) > 1}
        texts = [
            self._temporary(text) if i in often and not _PLAIN.fullmatch(text) else text
            for i, text in enumerate(operands)
        ]
        noted = Rule(rule, texts, uses)
        return self.formula(rule.value, noted), noted

    def formula(self, root: Symbol, rule: Rule, result: str = "") -> str:
        """A symbol of a rule as an expression; parts used more than once get their own line."""
        for symbol in in_order([root]):
            if id(symbol) in rule.texts:
                continue
            branches = symbol.operands[1:] if symbol.name == "select" else ()
            self.choosing |= any(x.operands for x in branches)
            parts = [rule.texts[id(x)] for x in symbol.operands]
            while symbol.name == "total" and len(parts) > _MOST:
                parts = [self._temporary(" + ".join(parts[:_MOST])), *parts[_MOST:]]
            text = result
            if symbol.name != "result":
                text = symbol_text(symbol, parts, rule.operands)
            depth = 1 + max([rule.depths[id(x)] for x in symbol.operands], default=0)
            inner = symbol is not root and symbol.operands
            if inner and (depth > _MOST or rule.uses.get(id(symbol), 0) > 1):
                text, depth = self._temporary(text), 0
            rule.texts[id(symbol)], rule.depths[id(symbol)] = text, depth
        return rule.texts[id(root)]

    def _temporary(self, text: str) -> str:
        name = self.names.numbered("t")
        self.lines.append(f"{name} = {tidy(text)}")
        return name

    def _factor(self, text: str) -> str:
        """A factor of products, with a name if the backward pass needs it again."""
        return self._temporary(text) if self.differentiated and not text.isidentifier() else text

    def _dot(self, group: Group) -> tuple[str, Product]:
        weights, inputs = (self._factor(self._stacked(read)) for read in group.reads[:2])
        bias = "".join(f" + {self._rows(read)}" for read in group.reads[2:])
        return f"np.sum({weights} * {inputs}, axis=0){bias}", Product(weights, inputs)

    def _matrix(self, group: Group) -> tuple[str, Product]:
        weights, inputs, *bias = group.reads
        outputs, vectors = group.shape
        name, column = self._weights(weights, with_bias=bool(group.ones))
        read = self._rows(inputs)
        if vectors > 1:
            read = f"{read}.reshape({inputs.rows.size // vectors}, {vectors}, -1)"
        read = self._factor(read)
        plus = f" + {column}{'[:, :, None]' if vectors > 1 else ''}" if column else ""
        product = f"{name} @ {read}{plus}"
        if vectors > 1:
            product = f"(np.tensordot({name}, {read}, 1){plus}).reshape({outputs * vectors}, -1)"
        more = "".join(f" + {self._rows(each)}" for each in bias)
        return f"{product}{more}", Product(name, read, column)

    def _weights(self, weights: Read, *, with_bias: bool) -> tuple[str, str]:
        """Write a matrix; return its name and that of the bias, which is its last column."""
        labels = [self._fixed_labels[row] for row in weights.rows[:, 0].tolist()]
        name, column = self.names.common(labels, "W"), ""
        matrix = f"{self._rows(weights)}.reshape{weights.rows.shape}"
        if with_bias:
            layer, column = self.names.numbered("layer"), self.names.numbered("b")
            self.lines.append(f"{layer} = {matrix}")
            matrix = f"{layer}[:, :-1], {layer}[:, -1:]"
        self.lines.append(f"{name}{', ' if column else ''}{column} = {matrix}")
        return name, column

    def _spread(self, group: Group) -> tuple[str, None]:
        return f"np.repeat({self._rows(group.reads[0])}, n, axis=1)", None

    def _guard(self, guard: Guard, given: Guard) -> None:
        """Write the check that a comparison comes out as it was recorded."""
        left, right = self._slot(guard.left), self._slot(guard.right)
        test = f"({left} {guard.sign} {right})"
        if guard.sign == "is":
            test = f"(({left} == {right}) & (np.signbit({left}) == np.signbit({right})))"
        message = f"these inputs take another branch at {given.line}"
        if guard.error is not None:
            message = guard.error[1].format("this number")
        check = f"if not np.all({test if guard.outcome else '~' + test}):"
        self.lines.append(f"{check}\n        raise ValueError({message!r})")

    # ---- rows ----

    def _slot(self, i: int) -> str:
        return self._rows(Read(self.lifted.fixed[i], self.lifted.row[[i]]))

    def _stacked(self, read: Read) -> str:
        """A read of several axes; the samples are the last."""
        count, members = read.rows.shape
        if members > 1 and count > 1 and read.strided and read.strided[1] == (1, count):
            text = self._rows(Read(read.fixed, read.rows.T))
            return f"{text}.reshape({members}, {count}, -1).swapaxes(0, 1)"
        return f"{self._rows(read)}.reshape({count}, {members}, -1)"

    def _rows(self, read: Read) -> str:
        """Rows of a table, as an expression on the arrays that hold them."""
        rows = read.rows.ravel()
        holders, place = self.holder[read.fixed][rows], np.zeros(len(rows), dtype=np.intp)
        names, size = list[str](), 0
        for i in np.unique(holders):
            array, inside = self.arrays[i], holders == i
            place[inside] = rows[inside] - array.start + size
            size += array.stop - array.start
            names.append(array.name)
        whole = names[0] if len(names) == 1 else f"np.concatenate([{', '.join(names)}])"
        return pick(whole, place, size=size)
