"""What the interpreter can do, as numbered instructions, and other operations as steps.

A row of the package's table with up to three operands is one instruction forward and one backward.
A row of more operands, or one that a user registered, becomes the steps of its rule. That needs no
compiling, so one machine serves every program.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...arithmetic.rows import products
from ...engine import ops
from ...engine.op import Op
from ..lifting import rows
from ..lifting.rows import ROWS
from ..lifting.symbols import FUNCTIONS, OPERATORS, SUMS, Symbol, in_order, written

HEAD = 10  # words before the rows and streams of a program
STEPS = {  # with the number of rows that each reads
    **OPERATORS, **FUNCTIONS, "select": 3, "clear": 0, "accumulate": 1,
    "accumulate_product": 2, "result": 1, "lost": 2, "round": 3, "stop": 0, "rounds": 2,
}  # fmt: skip
GUARDS = "<", "<=", "==", "is", "!=", "is not"


class Opcode(NamedTuple):
    """An instruction: a "step" by its name, the "value" or the "slopes" of a row, or a "guard".

    ``mask`` has a bit for each operand that is given a gradient.
    """

    kind: str
    name: str
    operands: int = 0
    mask: int = 0

    @property
    def length(self) -> int:
        """How many words the instruction takes."""
        return 2 + (STEPS[self.name] if self.kind == "step" else self.operands)


def is_built_in(op: Op) -> bool:
    """Is the row one of the package's? The machine code is made from those alone.

    A local gradient that is computed as it is printed belongs to the row, whoever made it a rule.
    """
    ours = (ops.__package__, rows.__name__)
    return all(rule.__module__.startswith(ours) for rule in (op.rule, *op.own.values()))


@lru_cache(maxsize=1)
def opcodes() -> dict[Opcode, int]:
    """Every instruction of the machine, numbered."""
    codes = [Opcode("step", step) for step in STEPS]
    for op in filter(is_built_in, ROWS.values()):
        for count in _counts(op):
            codes.append(Opcode("value", op.name, count))
            codes += [Opcode("slopes", op.name, count, mask) for mask in masks(count)]
    codes += [Opcode("guard", sign, 2) for sign in GUARDS]
    return {code: i for i, code in enumerate(codes)}


def _counts(op: Op) -> tuple[int, ...]:
    """The numbers of operands with which a row is an instruction."""
    if not op.variadic:
        return (len(op.operand_names()),)
    return (2, 3, 4, 5) if op.groups is products else (2, 3)


def masks(count: int) -> tuple[int, ...]:
    """The sets of operands, as bits, that instructions give gradients to.

    One that is not listed is served by the whole set. Of many operands, the first half may be
    constants: the weights of a sum of products.
    """
    every = (1 << count) - 1
    return {1: (1,), 2: (1, 2, 3), 3: (1, 6, 7)}.get(
        count, (every >> count // 2 << count // 2, every)
    )


class Template(NamedTuple):
    """The steps of an operation, or its instruction, over local rows.

    The local rows are the operands, the result, their adjoints in the same order, and ``busy`` rows
    for what is in between. Rows of numbers are negative: they are counted from the table's end.

    Attributes:
        words: for each step, its opcode, the row that it writes, and the rows that it reads.
        local: which of the words are local rows.
        is_instruction: True for a single instruction, "value" or "slopes". The opcode is that of
            "value".
    """

    words: NDArray[np.int64]
    local: NDArray[np.bool_]
    busy: int = 0
    is_instruction: bool = False


def templates(name: str, count: int, numbers: dict[float, int]) -> tuple[Template, Template]:
    """How a row with ``count`` operands is computed, forward and backward.

    ``numbers`` are those of the program so far, with their rows; what the rule needs is added.
    """
    op, code = ROWS[name], opcodes().get(Opcode("value", name, count))
    if code is not None and is_built_in(op):
        words = np.array([code, count, *range(count)])
        return (Template(words, np.arange(2 + count) > 0, is_instruction=True),) * 2
    rule = written(op, [None] * count)
    forward = _Draft(count, numbers)
    forward.step("result", forward.result, *forward.put([rule.value]))
    backward = _Draft(count, numbers)
    backward.slopes(rule.slopes, selects=op.selects)
    return forward.finished(), backward.finished()


class _Draft:
    """Steps being written."""

    def __init__(self, count: int, numbers: dict[float, int]) -> None:
        self.result, self.numbers = count, numbers
        self.words: list[int] = []
        self.local: list[bool] = []
        self.busy = 0

    def finished(self) -> Template:
        return Template(np.array(self.words), np.array(self.local), self.busy)

    def step(self, name: str, out: int, *read: int) -> None:
        self.words += [opcodes()[Opcode("step", name)], out, *read]
        self.local += [False, True, *[row >= 0 for row in read]]

    def slopes(self, slopes: Sequence[Symbol], *, selects: bool) -> None:
        """Add the result's adjoint, times each slope, to the operands' adjoints; then clear it.

        A slope that is always 0 counts too, as 0·∞ is nan, unless the operand is never selected.
        """
        first, above = self.result + 1, 2 * self.result + 1
        for adjoint, slope, row in zip(range(first, above), slopes, self.put(slopes), strict=True):
            if slope.name == "number" and slope.number == 1.0:
                self.step("accumulate", adjoint, above)
            elif not (selects and slope.name == "number" and slope.number == 0.0):
                self.step("accumulate_product", adjoint, row, above)
        self.step("clear", above)

    def put(self, roots: Sequence[Symbol]) -> list[int]:
        """Write steps for what ``roots`` are made from; return the rows of the roots."""
        place: dict[int, int] = {}
        for symbol in in_order(roots):
            place[id(symbol)] = self._row(symbol, [place[id(x)] for x in symbol.operands])
        return [place[id(root)] for root in roots]

    def _row(self, symbol: Symbol, rows: list[int]) -> int:
        if symbol.name == "number":
            return self.numbers.setdefault(symbol.number, -1 - len(self.numbers))
        if not rows:
            return self.result if symbol.name == "result" else int(symbol.number)
        out = self._fresh()
        if symbol.name == "exact_total":
            self._exact_total(out, rows)
        elif symbol.name in SUMS:
            self._sum(symbol.name, out, rows)
        else:
            self.step(symbol.name, out, *rows)
        return out

    def _fresh(self) -> int:
        self.busy += 1
        return 2 * self.result + 1 + self.busy

    def _sum(self, name: str, out: int, rows: list[int]) -> None:
        weights, inputs, rest = products(rows) if name == "dot" else ((), (), rows)
        self.step("clear", out)
        for a, b in zip(weights, inputs, strict=True):
            self.step("accumulate_product", out, a, b)
        for row in rest:
            self.step("accumulate", out, row)

    def _exact_total(self, out: int, rows: list[int]) -> None:
        """A sum, what its additions lost, what adding that up lost; all three rounded to one."""
        lost, more, part, rest = (self._fresh() for _ in range(4))
        for row in (out, lost, more):
            self.step("clear", row)
        for row in rows:
            self.step("lost", part, out, row)
            self.step("accumulate", out, row)
            self.step("lost", rest, lost, part)
            self.step("accumulate", lost, part)
            self.step("accumulate", more, rest)
        self.step("round", out, out, lost, more)
