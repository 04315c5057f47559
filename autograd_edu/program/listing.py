"""A program as text: the scalar program as mathematics or LaTeX, the lifted one as plain NumPy that runs by itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from keyword import iskeyword
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ChoiceError
from ..ops import OPS
from .group import NEUTRAL, Group, Read, Rows
from .lift import lift
from .symbols import FUNCTIONS, Symbol, in_order, stacked_value, written

if TYPE_CHECKING:
    from .record import Program

STYLES = ("python", "math", "latex")
_NUMPY = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "pow": "power"}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ALL = {"total_all": "sum", "maximum_all": "max", "minimum_all": "min"}


def listing(program: Program, style: str) -> str:
    """``program`` as text in one of the `STYLES`."""
    if style not in STYLES:
        raise ChoiceError(f"there is no listing {style!r}; there are {', '.join(map(repr, STYLES))}")
    return _Python(program).text() if style == "python" else _scalar(program, style)


def _scalar(program: Program, style: str) -> str:
    """The scalar program, a line an operation."""
    names = program.names()
    if style == "latex":
        from ..draw.text import latex_name

        names = [name if slot.op == "constant" else latex_name(name) for name, slot in zip(names, program.slots, strict=True)]
    lines = []
    for name, slot in zip(names, program.slots, strict=True):
        if slot.op in OPS:
            op, operands = OPS[slot.op], [names[i] for i in slot.operands]
            lines.append(f"{name} = {op.text(*operands)}" if style == "math" else rf"{name} &= {op.as_latex(*operands)} \\")
    return "\n".join(lines)


class _Python:
    """The function that is being written: an array a group of operations, a row a number, a column a sample."""

    def __init__(self, program: Program) -> None:
        self.program, self.fused = program, program.fused()
        self.lifted = lift(self.fused)
        self.taken = {"np", "math", "erfc", "program", "parameters", "n", "neutral", "constants", "float", "ValueError"}
        self.lines: list[str] = []
        self.where: dict[bool, list[tuple[int, int, str]]] = {True: [], False: []}  # rows from and to, and the array that holds them

    def text(self) -> str:
        arguments = self._arguments()
        for group in self.lifted.groups:
            self._group(group)
        self._guards()
        fixed, row = self.lifted.fixed[self.fused.root], self.lifted.row[[self.fused.root]]
        result = self._rows(fixed, row)
        self.lines.append(f"return np.full(n, {result}.item())" if fixed else f"return {result}.reshape(-1)")
        body = "\n".join(f"    {line}" for line in self.lines)
        erfc = "erfc = np.vectorize(math.erfc, otypes=[float])\n" if "erfc(" in body else ""
        imports = "import math\n\nimport numpy as np\n" if erfc else "import numpy as np\n"
        shapes = ", ".join(f"{name} {('batch', *shape)}" for name, shape in zip(arguments, self.program.shapes, strict=True))
        says = f"Inputs {shapes or 'none'}; parameters ({self.program.parameter_count},). Gives (batch,).".replace("'", "")
        head = f'def program({", ".join(["parameters", *arguments])}):\n    """{says}"""\n'
        return f"{imports}\n{erfc}\n{head}{body}\n"

    # ---- leaves ----

    def _arguments(self) -> list[str]:
        names, slot = [], 0
        for i, shape in enumerate(self.program.shapes):
            label = self.program.slots[slot].label if prod(shape) == 1 else ""
            label = "" if re.fullmatch(r"x\d+", label) else label  # which tracing gave it
            slot += prod(shape)
            names.append(self._name(label, f"x{i + 1}" if len(self.program.shapes) > 1 else "x"))
        for name, shape, (start, stop, order) in zip(names, self.program.shapes, self.lifted.arguments, strict=True):
            if prod(shape):
                columns = f"np.asarray({name}, float).reshape(-1, {prod(shape)}).T"
                self.lines.append(f"{name} = {columns if order is None else _picked(columns, prod(shape), order)}  # a column a sample")
                self.where[False].append((start, stop, name))
        filled = [name for name, shape in zip(names, self.program.shapes, strict=True) if prod(shape)]
        self.lines.append(f"n = {filled[0]}.shape[1]" if filled else "n = 1")
        start, count = len(NEUTRAL), self.program.parameter_count
        if count:
            self.lines.append(f"parameters = np.asarray(parameters, float).reshape({count}, 1)")
            self.where[True].append((start, start + count, "parameters"))
        numbers = [repr(s.number) for s in self.fused.slots if s.op == "constant"]
        if numbers and self._constants_are_read():
            self.lines.append(f"constants = np.array([[{'], ['.join(numbers)}]])".replace("nan", "np.nan").replace("inf", "np.inf"))
        self.where[True].append((start + count, start + count + len(numbers), "constants"))
        self.where[True].append((0, start, "neutral"))
        self.where[False].append((0, start, "np.repeat(neutral, n, axis=1)"))
        if any((read.rows < start).any() for group in self.lifted.groups for read in group.reads):
            self.lines.append("neutral = np.array([[0.0], [-np.inf], [np.inf]])  # what changes a sum, a maximum, a minimum by nothing")
        return names

    def _constants_are_read(self) -> bool:
        """Whether constants are read as rows, not only as a number in a formula."""
        first = len(NEUTRAL) + self.program.parameter_count
        last = first + sum(slot.op == "constant" for slot in self.fused.slots)
        reads = [read for group in self.lifted.groups for read in group.reads if read.fixed and read.number is None]
        rows = [read.rows for read in reads] + [np.array([self.lifted.row[i] for i in self._roots() if self.lifted.fixed[i]])]
        return any(((each >= first) & (each < last)).any() for each in rows)

    def _roots(self) -> list[int]:
        return [self.fused.root, *[side for guard in self.fused.guards for side in (guard.left, guard.right)]]

    # ---- names ----

    def _name(self, label: str, otherwise: str) -> str:
        """An identifier that is not taken: from ``label`` if that holds one, else ``otherwise``; with a number if need be."""
        stem = re.sub(r"\W+", "_", label).strip("_")
        stem = stem if stem.isidentifier() and not iskeyword(stem) and stem.isascii() else otherwise
        name, count = stem, 1
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}" if stem == otherwise or stem[-1].isdigit() else f"{stem}{count}"
        self.taken.add(name)
        return name

    def _numbered(self, stem: str) -> str:
        count = 1
        while f"{stem}{count}" in self.taken:
            count += 1
        self.taken.add(f"{stem}{count}")
        return f"{stem}{count}"

    def _common(self, slots: Iterable[int], otherwise: str) -> str:
        """A name for several numbers: what their labels begin with, without digits and signs at its end."""
        labels = {re.split(r"[\W\d_]", self.fused.slots[i].label, maxsplit=1)[0] for i in slots}
        stem = labels.pop() if len(labels) == 1 else ""
        if not stem.isascii() or len(stem) < 2 or stem in self.taken:
            return self._numbered(stem if stem.isascii() and stem else otherwise)
        return self._name(stem, otherwise)

    # ---- groups ----

    def _group(self, group: Group) -> None:
        text = {"map": self._map, "stack": self._stack, "dot": self._dot, "matrix": self._matrix, "spread": self._spread}[group.kind](group)
        default = "z" if group.kind in ("matrix", "dot") else "h" if group.kind == "map" and len(group.reads) == 1 else "v"
        only = self.fused.slots[group.members[0]].label if len(group.members) == 1 else ""
        name = self._name(only, default) if only else self._common(group.members, default)
        self.lines.append(f"{name} = {_tidy(text)}")
        self.where[group.fixed].append((group.start, group.start + len(group.members), name))

    def _map(self, group: Group) -> str:
        operands = [repr(float(r.number)) if r.number is not None else self._rows(r.fixed, r.rows.ravel()) for r in group.reads]
        rule = written(group.op, len(operands)).value
        return self._formula(rule, [self._bound(text, rule, i) for i, text in enumerate(operands)])

    def _bound(self, text: str, rule: Symbol, place: int) -> str:
        """``text`` of an operand, given a name if it is long and used more than once."""
        uses = sum(x.name == "operand" and x.number == place for symbol in in_order([rule]) for x in symbol.operands)
        return text if text.isidentifier() or uses < 2 else self._temporary(text)

    def _temporary(self, text: str) -> str:
        name = self._numbered("t")
        self.lines.append(f"{name} = {_tidy(text)}")
        return name

    def _formula(self, root: Symbol, operands: list[str]) -> str:
        """A rule as an expression; parts that are used more than once get a line of their own."""
        order = in_order([root])
        uses: dict[int, int] = {}
        for symbol in order:
            for x in symbol.operands:
                uses[id(x)] = uses.get(id(x), 0) + 1
        texts: dict[int, str] = {}
        for symbol in order:
            text = _symbol_text(symbol, [texts[id(x)] for x in symbol.operands], operands)
            shared = uses.get(id(symbol), 0) > 1 and symbol.operands
            texts[id(symbol)] = self._temporary(text) if shared else text
        return texts[id(root)]

    def _stack(self, group: Group) -> str:
        (read,) = group.reads
        count = read.rows.shape[0]
        stack = self._shaped(read)
        if group.op.stacked is None:
            name = self._temporary(stack)
            return self._formula(written(group.op, count).value, [f"{name}[{i}]" for i in range(count)])
        rule = stacked_value(group.op)
        return self._formula(rule, [self._bound(stack, rule, 0)])

    def _dot(self, group: Group) -> str:
        weights, inputs, *bias = group.reads
        text = f"np.sum({self._shaped(weights)} * {self._shaped(inputs)}, axis=0)"
        return text + "".join(f" + {self._rows(read.fixed, read.rows)}" for read in bias)

    def _matrix(self, group: Group) -> str:
        weights, inputs, *bias = group.reads
        outputs, vectors = group.shape
        label = self._common(self._slots(True, weights.rows[:, :1].ravel()), "W")
        matrix = self._rows(True, weights.rows.ravel())
        shape = f".reshape({outputs}, {weights.rows.shape[1]})"
        if group.ones:
            name = self._numbered("layer")
            b = self._numbered("b")
            self.lines += [f"{name} = {matrix}{shape}", f"{label}, {b} = {name}[:, :-1], {name}[:, -1:]"]
        else:
            self.lines.append(f"{label} = {matrix}{shape}")
        read = self._rows(inputs.fixed, inputs.rows.ravel())
        if vectors == 1:
            return f"{label} @ {read}" + (f" + {b}" if group.ones else "".join(f" + {self._rows(r.fixed, r.rows.ravel())}" for r in bias))
        flat = f"{label} @ {read}.reshape({len(inputs.rows)}, -1)" + (f" + {b}" if group.ones else "")
        return f"({flat}).reshape({outputs * vectors}, -1)" + "".join(f" + {self._rows(r.fixed, r.rows.ravel())}" for r in bias)

    def _spread(self, group: Group) -> str:
        (read,) = group.reads
        return f"np.repeat({self._rows(True, read.rows)}, n, axis=1)"

    def _guards(self) -> None:
        """What the recorded branch depends on."""
        for guard, given in zip(self.fused.guards, self.program.guards, strict=True):
            left, right = (self._rows(self.lifted.fixed[i], np.array([self.lifted.row[i]])) for i in (guard.left, guard.right))
            test = f"({left} {guard.sign} {right})"
            message = f"the branch at {given.line} is another one"
            self.lines.append(f"if not np.all({test if guard.outcome else '~' + test}):\n        raise ValueError({message!r})")

    # ---- rows ----

    def _slots(self, fixed: bool, rows: Rows) -> list[int]:
        at = {int(row): i for i, row in enumerate(self.lifted.row) if self.lifted.fixed[i] == fixed}
        return [at[int(row)] for row in rows]

    def _shaped(self, read: Read) -> str:
        """A read of several axes, samples last."""
        count, members = read.rows.shape
        turned = read.rows.T
        if members > 1 and count > 1 and read.strided is not None and read.strided[1] == (1, count):
            return f"{self._rows(read.fixed, turned.ravel())}.reshape({members}, {count}, -1).swapaxes(0, 1)"
        return f"{self._rows(read.fixed, read.rows.ravel())}.reshape({count}, {members}, -1)"

    def _rows(self, fixed: bool, rows: Rows) -> str:
        """Rows of a table, as an expression on the arrays that hold them."""
        touched, place = [], np.zeros(len(rows), dtype=np.intp)
        found = np.zeros(len(rows), dtype=bool)
        size = 0
        for start, stop, name in self.where[fixed]:
            inside = (rows >= start) & (rows < stop)
            if inside.any():
                place[inside] = rows[inside] - start + size
                size += stop - start
                touched.append(name)
                found |= inside
        assert found.all()
        whole = touched[0] if len(touched) == 1 else f"np.concatenate([{', '.join(touched)}])"
        return _picked(whole, size, place)


def _picked(name: str, size: int, rows: Rows) -> str:
    """Some rows of an array, as they would be written."""
    count = len(rows)
    steps = np.diff(rows)
    if count and (steps == 1).all():
        return name if count == size else f"{name}[{rows[0]}:{rows[-1] + 1}]"
    if (steps == 0).all():
        return f"np.repeat({name}[{rows[0]}:{rows[0] + 1}], {count}, axis=0)"
    if (steps == steps[0]).all() and steps[0] > 0:
        return f"{name}[{rows[0]}:{rows[-1] + 1}:{steps[0]}]"
    if (steps == steps[0]).all():  # downwards
        return f"{name}[{rows.tolist()}]"
    period = int(np.flatnonzero(steps != steps[0])[0]) + 1
    if count % period == 0 and (rows.reshape(-1, period) == rows[:period]).all():
        return f"np.tile({_picked(name, size, rows[:period])}, ({count // period}, 1))"
    if steps[0] == 0 and count % period == 0 and (rows.reshape(-1, period) == rows[::period, None]).all():
        return f"np.repeat({_picked(name, size, rows[::period])}, {period}, axis=0)"
    across, even = count // period, rows.reshape(-1, period) if count % period == 0 else rows[:0]
    if even.size and np.array_equal(even, rows[0] + np.arange(across)[:, None] + across * np.arange(period)):
        part = _picked(name, size, np.sort(rows))
        return f"{part}.reshape({period}, {across}, -1).swapaxes(0, 1).reshape({count}, -1)"
    return f"{name}[{rows.tolist()}]"


def _symbol_text(symbol: Symbol, texts: list[str], operands: list[str]) -> str:
    """What a symbol stands for, from the texts of what it is made of."""
    name = symbol.name
    if name == "operand":
        return f"({operands[int(symbol.number)]})"
    if name == "number":
        return {"inf": "np.inf", "-inf": "(-np.inf)", "nan": "np.nan"}.get(repr(symbol.number), f"({symbol.number!r})")
    if name in _SIGNS:
        return f"({texts[0]} {_SIGNS[name]} {texts[1]})"
    if name == "neg":
        return f"(-{texts[0]})"
    if name == "abs":
        return f"np.abs({texts[0]})"
    if name == "select":
        return f"np.where({', '.join(texts)})"
    if name in _ALL:
        return f"np.{_ALL[name]}({texts[0]}, axis=0)"
    if name == "total":
        return f"({' + '.join(texts)})"
    if name == "erfc":
        return f"erfc({texts[0]})"
    assert name in FUNCTIONS
    return f"np.{_NUMPY.get(name, name)}({', '.join(texts)})"


def _tidy(text: str) -> str:
    """An expression with the brackets that it needs."""
    return ast.unparse(ast.parse(text, mode="eval"))
