"""A lifted program as the lines of a NumPy function: an array a group of operations, a row a number, a column a sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from math import prod

import numpy as np

from ..ir import Computation
from ..lifting.fuse import fused
from ..lifting.group import NEUTRAL, Group, Read, Rows
from ..lifting.lift import lift
from ..lifting.symbols import Symbol, Written, in_order, written, written_stacked
from .text import number_text, picked, symbol_text, tidy

_MOST = 40  # brackets in one another, terms of a sum: Python reads some hundreds, people fewer
_WORDS = {
    "np",
    "math",
    "erfc",
    "total",
    "program",
    "value_and_grad",
    "parameters",
    "n",
    "neutral",
    "constants",
    "float",
    "ValueError",
}


@dataclass
class Array:
    """An array of the function: its name, and which rows of a table it holds, from ``start`` to ``stop``."""

    name: str
    fixed: bool
    start: int
    stop: int


@dataclass
class Rule:
    """A rule being written down: the texts of its operands and, so far, of its symbols; how often each symbol is needed."""

    written: Written
    operands: list[str]
    uses: dict[int, int]
    texts: dict[int, str] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=dict)  # of the brackets in a text


class Forward:
    """The way there.

    Attributes:
        arguments: the names of the function's arguments after the parameters.
        lines: what has been written.
        arrays: what holds rows of the tables, in the order in which it was made.
        choosing: whether something is computed that is then not chosen, and need not be a number.
        made: of each group, its array and the texts that the way back needs: a `Rule`, or the factors of products and the bias.
    """

    def __init__(self, program: Computation, *, differentiated: bool) -> None:
        self.program, self.fused, self.differentiated = program, fused(program), differentiated
        self.lifted = lift(self.fused)
        self.taken, self.latest = (
            set(_WORDS),
            dict[str, int](),
        )  # names, and of each stem the latest number
        self.lines: list[str] = []
        self.arrays: list[Array] = []
        self.holder = {
            kind: np.full(count, -1) for kind, count in self.lifted.counts.items()
        }  # of each row: the number of its array
        self.made: list[tuple[Array, Rule | list[str]]] = []
        self.slot_at: dict[bool, dict[int, int]] = {}
        self.choosing = False
        self.arguments = self._arguments()

    def write(self) -> str:
        """Write the lines; the expression of the result."""
        for group in self.lifted.groups:
            self._group(group)
        self._guards()
        fixed, row = self.lifted.fixed[self.fused.root], self.lifted.row[[self.fused.root]]
        result = self.rows(fixed, row)
        return f"np.full(n, {result}.item())" if fixed else f"{result}.reshape(-1)"

    # ---- leaves ----

    def _arguments(self) -> list[str]:
        names, slot, start = [], 0, len(NEUTRAL)
        self._add(Array("neutral", True, 0, start))
        self._add(Array("np.repeat(neutral, n, axis=1)", False, 0, start))
        for i, shape in enumerate(self.program.shapes):
            label = self.program.slots[slot].label if prod(shape) == 1 else ""
            label = "" if re.fullmatch(r"x\d+", label) else label  # which tracing gave it
            slot += prod(shape)
            names.append(self.name(label, f"x{i + 1}" if len(self.program.shapes) > 1 else "x"))
        for name, shape, (first, last, order) in zip(
            names, self.program.shapes, self.lifted.arguments, strict=True
        ):
            if prod(shape):
                columns = f"np.asarray({name}, float).reshape(-1, {prod(shape)}).T"
                self.lines.append(
                    f"{name} = {columns if order is None else picked(columns, prod(shape), order)}  # a column a sample"
                )
            self._add(Array(name, False, first, last))
        filled = [
            name for name, shape in zip(names, self.program.shapes, strict=True) if prod(shape)
        ]
        empty = [
            f"np.shape({x})[0] if np.ndim({x}) > {len(shape)} else 1"
            for x, shape in zip(names, self.program.shapes, strict=True)
        ]
        self.lines.append(f"n = {f'{filled[0]}.shape[1]' if filled else empty[0] if empty else 1}")
        count = self.program.parameter_count
        if count:
            self.lines.append(f"parameters = np.asarray(parameters, float).reshape({count}, 1)")
        self._add(Array("parameters", True, start, start + count))
        numbers = [number_text(s.number) for s in self.fused.slots if s.op == "constant"]
        if numbers and self._constants_are_read():
            self.lines.append(f"constants = np.array([[{'], ['.join(numbers)}]])")
        self._add(Array("constants", True, start + count, start + count + len(numbers)))
        if any((read.rows < start).any() for group in self.lifted.groups for read in group.reads):
            self.choosing = True
            self.lines.append(
                "neutral = np.array([[0.0], [-np.inf], [np.inf]])  # what changes a sum, a maximum, a minimum by nothing"
            )
        return names

    def _add(self, array: Array) -> Array:
        """Note what holds some rows."""
        self.holder[array.fixed][array.start : array.stop] = len(self.arrays)
        self.arrays.append(array)
        return array

    def _constants_are_read(self) -> bool:
        """Whether constants are read as rows, not only as a number in a formula."""
        first = len(NEUTRAL) + self.program.parameter_count
        last = first + sum(slot.op == "constant" for slot in self.fused.slots)
        reads = [
            read
            for group in self.lifted.groups
            for read in group.reads
            if read.fixed and read.number is None
        ]
        rows = [read.rows for read in reads] + [
            np.array([self.lifted.row[i] for i in self._roots() if self.lifted.fixed[i]])
        ]
        return any(((each >= first) & (each < last)).any() for each in rows)

    def _roots(self) -> list[int]:
        return [
            self.fused.root,
            *[side for guard in self.fused.guards for side in (guard.left, guard.right)],
        ]

    # ---- names ----

    def name(self, label: str, otherwise: str) -> str:
        """An identifier that is not taken: from ``label`` if that holds one, else ``otherwise``; with a number if need be."""
        stem = re.sub(r"\W+", "_", label).strip("_")
        stem = stem if stem.isidentifier() and not iskeyword(stem) and stem.isascii() else otherwise
        if stem not in self.taken:
            self.taken.add(stem)
            return stem
        return self._numbered(f"{stem}_" if stem == otherwise or stem[-1].isdigit() else stem, 2)

    def _numbered(self, stem: str, first: int = 1) -> str:
        """The stem with the next number that makes a name of it."""
        count = self.latest.get(stem, first - 1) + 1
        while f"{stem}{count}" in self.taken:
            count += 1
        self.latest[stem] = count
        self.taken.add(f"{stem}{count}")
        return f"{stem}{count}"

    def _common(self, slots: Iterable[int], otherwise: str) -> str:
        """A name for several numbers: what their labels begin with, without digits and signs at its end."""
        labels = {re.split(r"[\W\d_]", self.fused.slots[i].label, maxsplit=1)[0] for i in slots}
        stem = labels.pop() if len(labels) == 1 else ""
        if not stem.isascii() or len(stem) < 2 or stem in self.taken:
            return self._numbered(stem if stem.isascii() and stem else otherwise)
        return self.name(stem, otherwise)

    # ---- groups ----

    def _group(self, group: Group) -> None:
        writers: dict[str, Callable[[Group], tuple[str, Rule | list[str]]]] = {
            "map": self._map, "stack": self._stack, "dot": self._dot, "matrix": self._matrix, "spread": self._spread,
        }  # fmt: skip
        text, texts = writers[group.kind](group)
        default = (
            "z"
            if group.kind in ("matrix", "dot")
            else "h"
            if group.kind == "map" and len(group.reads) == 1
            else "v"
        )
        only = self.fused.slots[group.members[0]].label if len(group.members) == 1 else ""
        name = self.name(only, default) if only else self._common(group.members, default)
        self.lines.append(f"{name} = {tidy(text)}")
        if isinstance(texts, Rule):
            texts.texts[id(texts.written.value)], texts.depths[id(texts.written.value)] = name, 0
        self.made.append(
            (
                self._add(Array(name, group.fixed, group.start, group.start + len(group.members))),
                texts,
            )
        )

    def _map(self, group: Group) -> tuple[str, Rule]:
        operands = [
            self.rows(r.fixed, r.rows.ravel()) if r.number is None else number_text(r.number)
            for r in group.reads
        ]
        wanted = [i for i, edges in enumerate(group.edges) if edges is not None]
        rule = written(group.op, [read.number for read in group.reads])
        used = {int(x.number) for x in in_order([rule.value]) if x.name == "operand"}
        text, noted = self._ruled(rule, wanted, operands)
        if not used or (
            not group.fixed and all(group.reads[i].fixed for i in used)
        ):  # of a choice that numbers decide
            text = f"np.broadcast_to({text}, ({len(group.members)}, {1 if group.fixed else 'n'}))"
        return text, noted

    def _stack(self, group: Group) -> tuple[str, Rule]:
        (read,) = group.reads
        wanted, count = (
            [i for i, edges in enumerate(group.edges) if edges is not None],
            len(read.rows),
        )
        rule = written_stacked(group.op)
        if rule is not None:
            return self._ruled(rule, wanted, [self._shaped(read)])
        name = self._temporary(self._shaped(read))
        return self._ruled(
            written(group.op, [None] * count),
            wanted and list(range(count)),
            [f"{name}[{i}]" for i in range(count)],
        )

    def _ruled(self, rule: Written, wanted: Sequence[int], operands: list[str]) -> tuple[str, Rule]:
        """The value of a rule. What it has in common with the slopes that are wanted is given names."""
        slopes = [rule.slopes[i] for i in wanted] if self.differentiated else []
        uses: dict[int, int] = {}
        symbols = in_order([rule.value, *slopes])
        for symbol in [*slopes, *[x for each in symbols for x in each.operands]]:
            uses[id(symbol)] = uses.get(id(symbol), 0) + 1
        places = {
            int(x.number): uses[id(x)] for x in symbols if x.name == "operand" and id(x) in uses
        }
        plain = re.compile(r"[\w.+-]+(\[\d+\])?")
        texts = [
            text if plain.fullmatch(text) or places.get(i, 0) < 2 else self._temporary(text)
            for i, text in enumerate(operands)
        ]
        noted = Rule(rule, texts, uses)
        return self.formula(rule.value, noted), noted

    def formula(self, root: Symbol, rule: Rule, result: str = "") -> str:
        """A symbol of a rule as an expression; parts that are used more than once get a line of their own."""
        for symbol in in_order([root]):
            if id(symbol) not in rule.texts:
                self.choosing |= symbol.name == "select" and any(
                    x.operands for x in symbol.operands[1:]
                )
                parts = [rule.texts[id(x)] for x in symbol.operands]
                depth = 1 + max([rule.depths[id(x)] for x in symbol.operands], default=0)
                while symbol.name == "total" and len(parts) > _MOST:
                    parts = [self._temporary(" + ".join(parts[:_MOST])), *parts[_MOST:]]
                text = (
                    result if symbol.name == "result" else symbol_text(symbol, parts, rule.operands)
                )
                shared = (
                    symbol is not root
                    and symbol.operands
                    and (depth > _MOST or rule.uses.get(id(symbol), 0) > 1)
                )
                rule.texts[id(symbol)], rule.depths[id(symbol)] = (
                    (self._temporary(text), 0) if shared else (text, depth)
                )
        return rule.texts[id(root)]

    def _temporary(self, text: str) -> str:
        name = self._numbered("t")
        self.lines.append(f"{name} = {tidy(text)}")
        return name

    def _factor(self, text: str) -> str:
        """A factor of products, given a name if the way back needs it again."""
        return self._temporary(text) if self.differentiated and not text.isidentifier() else text

    def _dot(self, group: Group) -> tuple[str, list[str]]:
        weights, inputs = (self._factor(self._shaped(read)) for read in group.reads[:2])
        bias = "".join(f" + {self.rows(read.fixed, read.rows)}" for read in group.reads[2:])
        return f"np.sum({weights} * {inputs}, axis=0){bias}", [weights, inputs, ""]

    def _matrix(self, group: Group) -> tuple[str, list[str]]:
        weights, inputs, *bias = group.reads
        outputs, vectors = group.shape
        label = self._common(self._slots(True, weights.rows[:, :1].ravel()), "W")
        matrix = (
            f"{self.rows(True, weights.rows.ravel())}.reshape({outputs}, {weights.rows.shape[1]})"
        )
        plus = "".join(f" + {self.rows(r.fixed, r.rows.ravel())}" for r in bias)
        column = ""
        if group.ones:
            name, column = self._numbered("layer"), self._numbered("b")
            self.lines += [
                f"{name} = {matrix}",
                f"{label}, {column} = {name}[:, :-1], {name}[:, -1:]",
            ]
        else:
            self.lines.append(f"{label} = {matrix}")
        read = self.rows(inputs.fixed, inputs.rows.ravel())
        read = self._factor(read if vectors == 1 else f"{read}.reshape({len(inputs.rows)}, -1)")
        product = f"{label} @ {read}" + (f" + {column}" if column else "")
        return (
            product + plus
            if vectors == 1
            else f"({product}).reshape({outputs * vectors}, -1){plus}",
            [label, read, column],
        )

    def _spread(self, group: Group) -> tuple[str, list[str]]:
        (read,) = group.reads
        return f"np.repeat({self.rows(True, read.rows)}, n, axis=1)", []

    def _guards(self) -> None:
        """What the recorded branch depends on."""
        for guard, given in zip(self.fused.guards, self.program.guards, strict=True):
            left, right = (
                self.rows(self.lifted.fixed[i], np.array([self.lifted.row[i]]))
                for i in (guard.left, guard.right)
            )
            test = f"({left} {guard.sign} {right})"
            if guard.sign == "is":
                test = f"(({left} == {right}) & (np.signbit({left}) == np.signbit({right})))"
            message = f"the branch at {given.line} is another one"
            if guard.error is not None:
                message = guard.error[1].format("this number")
            self.lines.append(
                f"if not np.all({test if guard.outcome else '~' + test}):\n        raise ValueError({message!r})"
            )

    # ---- rows ----

    def _slots(self, fixed: bool, rows: Rows) -> list[int]:
        if fixed not in self.slot_at:
            own = np.flatnonzero(np.array(self.lifted.fixed) == fixed)
            self.slot_at[fixed] = dict(
                zip(self.lifted.row[own].tolist(), own.tolist(), strict=True)
            )
        return [self.slot_at[fixed][row] for row in rows.tolist()]

    def _shaped(self, read: Read) -> str:
        """A read of several axes, samples last."""
        count, members = read.rows.shape
        turned = read.rows.T
        if members > 1 and count > 1 and read.strided is not None and read.strided[1] == (1, count):
            return f"{self.rows(read.fixed, turned.ravel())}.reshape({members}, {count}, -1).swapaxes(0, 1)"
        return f"{self.rows(read.fixed, read.rows.ravel())}.reshape({count}, {members}, -1)"

    def rows(self, fixed: bool, rows: Rows) -> str:
        """Rows of a table, as an expression on the arrays that hold them."""
        holders, place, size = self.holder[fixed][rows], np.zeros(len(rows), dtype=np.intp), 0
        names = []
        for i in np.unique(holders):
            array, inside = self.arrays[i], holders == i
            place[inside] = rows[inside] - array.start + size
            size += array.stop - array.start
            names.append(array.name)
        whole = names[0] if len(names) == 1 else f"np.concatenate([{', '.join(names)}])"
        return picked(whole, size, place)
