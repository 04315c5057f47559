"""The lines of a lifted program's forward pass, as a NumPy function.

Each group of operations is one array: a row for each number, a column for each sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from ..ir import Computation, Guard
from ..lifting.analysis import facts
from ..lifting.fuse import fused
from ..lifting.group import NEUTRAL, Group, Read
from ..lifting.lift import lift
from ..lifting.products import HOLE
from ..lifting.spacing import Mask, folded
from ..lifting.symbols import Symbol, Written, in_order, written, written_stacked
from .formula import DEEPEST, Formula, Text
from .names import Names, argument_names
from .text import RESERVED, dims, number_text, pick, pieces, rows_of, spelled, tidy

_COLUMNS = "  # one column per sample"


@dataclass
class Array:
    """An array of the function: its name, which rows of a table it holds, and in what shape."""

    name: str
    fixed: bool
    start: int
    stop: int
    shape: tuple[int, ...]

    @property
    def flat(self) -> str:
        """An expression with one axis for the rows."""
        count = self.stop - self.start
        return self.name if len(self.shape) == 1 else f"{self.name}.reshape({count}, -1)"


@dataclass
class Product:
    """The factors of a product or a sum of products, and a matrix's own bias, as texts."""

    weights: str
    inputs: str
    bias: str = ""


Writer = Callable[[Group], tuple[str, Formula | Product | None]]


class Forward:
    """The forward pass.

    Attributes:
        arguments: the names of the function's arguments after the parameters.
        lines: what has been written.
        arrays: what holds the rows of the tables, in the order it was made.
        choosing: whether something is computed that may be passed over, so need not be a number.
        made: each group, its array and the texts that the backward pass needs.
    """

    def __init__(self, program: Computation, *, differentiated: bool) -> None:
        self.program, self.fused, self.differentiated = program, fused(program), differentiated
        self.lifted, self.names = lift(self.fused), Names(RESERVED)
        self.name = self.names.name
        self.lines: list[str] = []
        self.arrays: list[Array] = []
        self.holder = {  # for each row, the number of its array
            kind: np.full(count, -1) for kind, count in self.lifted.counts.items()
        }
        self.made: list[tuple[Group, Array, Formula | Product | None]] = []
        self.masks: dict[bytes, str] = {}
        self.wanted = self._wanted_rows()
        self.choosing = False
        self.arguments = argument_names(program, self.names)
        self._leaves()

    def write(self) -> list[str]:
        """Write the lines; return the expression of each result."""
        for group in self.lifted.groups:
            self._group(group)
        for guard, given in zip(self.fused.guards, self.program.guards, strict=True):
            self._guard(guard, given)
        return [
            f"np.repeat({self.slot(i)}, n)"
            if self.lifted.fixed[i]
            else f"{self.slot(i)}.reshape(-1)"
            for i in self.fused.roots
        ]

    # ---- which numbers take gradients ----

    def _wanted_rows(self) -> dict[bool, Mask]:
        """Which rows of the tables take gradients."""
        wanted = {kind: np.zeros(count, bool) for kind, count in self.lifted.counts.items()}
        if not self.differentiated:
            return wanted
        known = facts(self.fused)
        for i, row in enumerate(self.lifted.row):
            wanted[known.fixed[i]][row] |= known.varies[i] and known.live[i]
        for group in self.lifted.groups:
            if group.real is not None:
                wanted[False][group.start + np.flatnonzero(~group.real)] = True
            if group.kind == "spread":
                rows = slice(group.start, group.start + len(group.members))
                wanted[False][rows] = [known.varies[i] for i in group.members]
        return wanted

    def takes(self, read: Read) -> bool:
        """Does anything in it take a gradient?"""
        return bool(self.wanted[read.fixed][read.rows].any())

    # ---- leaves ----

    def _leaves(self) -> None:
        count, first = self.program.parameter_count, len(NEUTRAL)
        self._add("neutral", fixed=True, start=0, shape=(first,))
        self._add("np.repeat(neutral, n, axis=1)", fixed=False, start=0, shape=(first,))
        self._inputs()
        if count:
            self.lines.append(f"parameters = np.asarray(parameters, float).reshape({count}, 1)")
        self._add("parameters", fixed=True, start=first, shape=(count,))
        numbers = [number_text(x) for x in self.fused.constants.values()]
        self._add("constants", fixed=True, start=first + count, shape=(len(numbers),))
        self.lines.append(f"constants = np.array([[{'], ['.join(numbers)}]])")
        self.lines.append(
            "neutral = np.array([[0.0], [-np.inf], [np.inf]])"
            "  # change nothing in a sum, a maximum, a minimum"
        )

    def _inputs(self) -> None:
        samples = [(2, "1")]
        given = zip(self.arguments, self.program.shapes, self.lifted.arguments, strict=True)
        for name, shape, (first, last, order) in given:
            own: tuple[int, ...] = (last - first,)
            if prod(shape):
                columns = f"np.asarray({name}, float).reshape(-1, {prod(shape)}).T"
                if order is not None:
                    own = folded([order])
                    columns = rows_of(columns, order.reshape(own), (len(order),))
                self.lines.append(f"{name} = {columns}{_COLUMNS}")
                samples.append((0, f"{name}.shape[{len(own)}]"))
            else:
                self.lines.append(f"{name} = np.asarray({name}, float)")
                samples.append((1, f"{name}.shape[0] if {name}.ndim > {len(shape)} else 1"))
            self._add(name, fixed=False, start=first, shape=own)
        self.lines.append(f"n = {min(samples, key=lambda each: each[0])[1]}")

    @cached_property
    def _fixed_labels(self) -> dict[int, str]:
        """The label of each row that depends on no input."""
        rows = zip(self.lifted.row.tolist(), self.fused.slots, self.lifted.fixed, strict=True)
        return {row: slot.label for row, slot, fixed in rows if fixed}

    def _add(self, name: str, *, fixed: bool, start: int, shape: tuple[int, ...]) -> Array:
        """Note which array holds some rows."""
        array = Array(name, fixed, start, start + prod(shape), shape)
        self.holder[fixed][start : array.stop] = len(self.arrays)
        self.arrays.append(array)
        return array

    # ---- groups ----

    def _group(self, group: Group) -> None:
        writers: dict[str, Writer] = {
            "map": self._map, "stack": self._stack, "dot": self._dot, "matrix": self._matrix,
            "matmul": self._matmul, "spread": self._spread,
        }  # fmt: skip
        group = self._in_shape(group)
        text, texts = writers[group.kind](group)
        one = group.kind == "map" and len(group.reads) == 1
        default = "z" if isinstance(texts, Product) else "h" if one else "v"
        labels = [self.fused.slots[i].label for i in group.members if i != HOLE]
        alone = len(labels) == 1 and labels[0]
        name = self.name(labels[0], default) if alone else self.names.common(labels, default)
        text = self.masked(text, group)
        self.lines.append(f"{name} = {tidy(text)}")
        if isinstance(texts, Formula):
            texts.finish(name)
        shape = group.shape[:1] if group.shape[1:] == (1,) else group.shape
        array = self._add(name, fixed=group.fixed, start=group.start, shape=shape)
        self.made.append((group, array, texts))

    def _in_shape(self, group: Group) -> Group:
        """A group on each number, in the shape of the first array that it reads as a whole."""
        for read in group.reads if group.kind == "map" and len(group.shape) == 1 else ():
            array = self.arrays[self.holder[read.fixed][read.rows[0]]]
            if np.array_equal(read.rows, np.arange(array.start, array.stop)):
                reads = [replace(each, rows=each.rows.reshape(array.shape)) for each in group.reads]
                return replace(group, shape=array.shape, reads=reads)
        return group

    def masked(self, text: str, group: Group) -> str:
        """Numbers or gradients of a group, with zeros in its holes if they must be."""
        return f"np.where({self._mask(group)}, {text}, 0.0)" if group.masked else text

    def _mask(self, group: Group) -> str:
        """The name of an array that says where a group has no holes."""
        assert group.real is not None
        real = group.real[0]
        key = real.tobytes()
        if key not in self.masks:
            text = f"np.array({real.astype(float).tolist()})"
            if np.array_equal(real, np.tri(*real.shape)):
                text = f"np.tri({real.shape[0]})"
            self.masks[key] = self.name("mask", "mask")
            self.lines.append(f"{self.masks[key]} = {text}[:, :, None] > 0.0")
        return self.masks[key]

    def _map(self, group: Group) -> tuple[str, Formula]:
        operands = [
            self._shaped(read) if read.number is None else number_text(read.number)
            for read in group.reads
        ]
        rule = written(group.op, [read.number for read in group.reads])
        text, noted = self._ruled(rule, self._wanted(group), operands)
        used = {int(x.number) for x in in_order([rule.value]) if x.name == "operand"}
        whole = [i for i in used if self.is_whole(group.reads[i])]
        if not any(group.fixed or not group.reads[i].fixed for i in whole):
            text = self.broadcast(text, group.shape, fixed=group.fixed)
        return text, noted

    def _stack(self, group: Group) -> tuple[str, Formula]:
        (read,), wanted = group.reads, self._wanted(group)
        stack = self._whole(read, neutral=group.op.neutral)
        if (rule := written_stacked(group.op)) is not None:
            return self._ruled(rule, wanted, [stack])
        name, count = self._temporary(stack), len(read.rows)
        one_by_one = written(group.op, [None] * count)
        operands = [f"{name}[{i}]" for i in range(count)]
        return self._ruled(one_by_one, wanted and list(range(count)), operands)

    def _wanted(self, group: Group) -> list[int]:
        """Which reads are given gradients."""
        return [i for i, read in enumerate(group.reads) if group.live and self.takes(read)]

    def _ruled(
        self, rule: Written, wanted: Sequence[int], operands: Sequence[str]
    ) -> tuple[str, Formula]:
        """The value of a rule, and the rule for its local gradients ``wanted``."""
        roots = [rule.value, *[rule.slopes[i] for i in wanted]]
        formula = Formula(rule, operands, roots, spell=self._spell, name=self._temporary)
        return formula.write(rule.value).text, formula

    def _spell(self, symbol: Symbol, parts: Sequence[Text]) -> Text:
        branches = symbol.operands[1:] if symbol.name == "select" else ()
        self.choosing |= any(x.operands for x in branches)
        while symbol.name == "total" and len(parts) > DEEPEST:
            some = spelled(symbol, parts[:DEEPEST]).text
            parts = [Text(self._temporary(some)), *parts[DEEPEST:]]
        return spelled(symbol, parts)

    def _temporary(self, text: str) -> str:
        name = self.names.made_up("t")
        self.lines.append(f"{name} = {tidy(text)}")
        return name

    def _factor(self, text: str) -> str:
        """A factor of products, with a name if the backward pass needs it again."""
        return self._temporary(text) if self.differentiated and not text.isidentifier() else text

    def _dot(self, group: Group) -> tuple[str, Product]:
        weights, inputs = (self._factor(self._whole(read)) for read in group.reads[:2])
        bias = "".join(f" + {self._shaped(read)}" for read in group.reads[2:])
        return f"np.sum({weights} * {inputs}, axis=0){bias}", Product(weights, inputs)

    def _matrix(self, group: Group) -> tuple[str, Product]:
        weights, inputs, *bias = group.reads
        several = group.shape[1] > 1
        name, column = self._weights(weights, with_bias=bool(group.ones))
        read = self._factor(self._whole(inputs) if several else self._rows(inputs))
        plus = f" + {column}{'[:, :, None]' if several else ''}" if column else ""
        product = f"np.tensordot({name}, {read}, 1)" if several else f"{name} @ {read}"
        more = [self._shaped(each) if several else self._rows(each) for each in bias]
        return " + ".join([f"{product}{plus}", *more]), Product(name, read, column)

    def _matmul(self, group: Group) -> tuple[str, Product]:
        factors = []
        for label, read in zip(("rows", "columns"), group.reads, strict=True):
            factors.append(self.name(label, label))
            self.lines.append(f"{factors[-1]} = np.moveaxis({self._whole(read)}, -1, 0)")
        return f"np.moveaxis({factors[0]} @ {factors[1]}, 0, -1)", Product(*factors)

    def _weights(self, weights: Read, *, with_bias: bool) -> tuple[str, str]:
        """Write a matrix; return its name and that of the bias, which is its last column."""
        labels = [self._fixed_labels[row] for row in weights.rows[:, 0].tolist()]
        name, column = self.names.common(labels, "W"), ""
        matrix = f"{self._rows(weights)}.reshape{weights.rows.shape}"
        if self.is_whole(weights):
            matrix = self._shaped(weights, tail="", leading=True)
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
        left, right = self.slot(guard.left), self.slot(guard.right)
        test = f"({left} {guard.sign} {right})"
        if guard.sign == "is":
            test = f"(({left} == {right}) & (np.signbit({left}) == np.signbit({right})))"
        message = f"these inputs take another branch at {given.line}"
        if guard.error is not None:
            message = guard.error[1].format("this number")
        check = f"if not np.all({test if guard.outcome else '~' + test}):"
        self.lines.append(f"{check}\n        raise ValueError({message!r})")

    # ---- rows ----

    def slot(self, i: int) -> str:
        """The number of a slot."""
        return self._rows(Read(self.lifted.fixed[i], self.lifted.row[[i]]))

    def _shaped(
        self, read: Read, *, neutral: float | None = None, tail: str = "-1", leading: bool = False
    ) -> str:
        """A read of several axes as an expression that broadcasts to its shape."""
        first = int(self.holder[read.fixed][read.rows.flat[0]])
        if (self.holder[read.fixed][read.rows] == first).all():
            array = self.arrays[first]
            name = array.name if read.real is None else self._filled(array, neutral)
            rows, leading = read.rows - array.start, leading or self.is_whole(read)
            return rows_of(name, rows, array.shape, tail=tail, leading=leading)
        text = self._rows(read)
        if read.rows.ndim > 1 or not tail:
            text = f"{text}.reshape({dims(read.rows.shape, tail=tail)})"
        return text

    def _filled(self, array: Array, neutral: float | None) -> str:
        """A new name for an array with the neutral element of a sum or a maximum in its holes."""
        assert neutral is not None
        held = [each for each in self.lifted.groups if each.real is not None]
        group = next(each for each in held if each.start == array.start)
        return self._temporary(
            f"np.where({self._mask(group)}, {array.name}, {number_text(neutral)})"
        )

    def _whole(self, read: Read, *, neutral: float | None = None) -> str:
        """A read as an expression of its shape."""
        text = self._shaped(read, neutral=neutral, leading=True)
        return (
            text if self.is_whole(read) else self.broadcast(text, read.rows.shape, fixed=read.fixed)
        )

    def is_whole(self, read: Read) -> bool:
        """Whether the expression of a read has its shape, and does not only broadcast to it."""
        found = pieces(read.rows)
        return found is None or all(
            [n == 1 or axis in found[1] for axis, n in enumerate(read.rows.shape)]
        )

    def broadcast(self, text: str, shape: tuple[int, ...], *, fixed: bool) -> str:
        return f"np.broadcast_to({text}, ({dims(shape, tail='1' if fixed else 'n')}))"

    def _rows(self, read: Read) -> str:
        """Rows of a table, as an expression on the arrays that hold them."""
        rows = read.rows.ravel()
        holders, place = self.holder[read.fixed][rows], np.zeros(len(rows), dtype=np.intp)
        names, size = list[str](), 0
        for i in np.unique(holders):
            array, inside = self.arrays[i], holders == i
            place[inside] = rows[inside] - array.start + size
            size += array.stop - array.start
            names.append(array.flat)
        whole = names[0] if len(names) == 1 else f"np.concatenate([{', '.join(names)}])"
        return pick(whole, place, size=size)
