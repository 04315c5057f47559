"""What the interpreter can do, as numbered instructions; and operations that it cannot do at once, taken apart into steps.

Rows of `ops` with up to three operands are one instruction forward and one backward. A row of any number of operands, or
one that a user registered, becomes the steps of its rule: this needs no compiling, so that one machine serves every program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...engine import ops
from ...engine.op import Op, Products
from ..lifting import rows
from ..lifting.rows import ROWS
from ..lifting.symbols import FUNCTIONS, OPERATORS, SUMS, Symbol, in_order, written

Opcode = tuple[Any, ...]  # ("value", name, count), ("slopes", name, count, mask) or (step,)
AHEAD = 16  # instructions that the machine looks ahead
STEPS = {
    **OPERATORS,
    **FUNCTIONS,
    "select": 3,
    "copy": 1,
    "clear": 0,
    "accumulate": 1,
    "accumulate_product": 2,
    "result": 1,
    "lost": 2,
    "round": 3,
}


def is_built_in(op: Op) -> bool:
    """Whether the row is one of the package's; the machine code is made from those alone."""
    ours = (ops.__package__, rows.__name__)
    return all(rule.__module__.startswith(ours) for rule in (op.rule, *op.rules))


@lru_cache(maxsize=1)
def opcodes() -> dict[Opcode, int]:
    """Every instruction of the machine, numbered."""
    codes: list[Opcode] = [(step,) for step in STEPS]
    for op in ROWS.values():
        if is_built_in(op):
            for count in (2, 3) if op.variadic else (len(op.operand_names()),):
                codes.append(("value", op.name, count))
                codes += [("slopes", op.name, count, mask) for mask in masks(count)]
    return {code: i for i, code in enumerate(codes)}


def masks(count: int) -> tuple[int, ...]:
    """The sets of operands, as bits, that instructions of ``count`` operands give gradients to; of three, the first or all."""
    return {1: (1,), 2: (1, 2, 3)}.get(count, (1, 7))


@dataclass
class Template:
    """The steps of an operation of ``count`` operands, over local rows.

    ``steps`` has rows (opcode, out, and three that are read). Local rows are the operands, their adjoints, the result, its
    adjoint, ``busy`` rows for what is between, and ``numbers``.
    """

    steps: Any
    busy: int
    numbers: list[float]


def templates(name: str, count: int) -> tuple[Template, Template]:
    """The steps of the row ``name`` of ``count`` operands, forward and backward."""
    op = ROWS[name]
    rule = written(op, [None] * count)
    return _forward(rule.value, count), _backward(rule.slopes, count, selects=op.selects)


def _forward(value: Symbol, count: int) -> Template:
    draft = _Draft(count)
    draft.step("result", draft.result, *draft.put([value]))
    return draft.finished()


def _backward(slopes: Sequence[Symbol], count: int, *, selects: bool) -> Template:
    """The result's adjoint, times each slope, is added to the adjoints of the operands; then it is cleared.

    A slope that is always 0 counts, as 0·∞ is nan, except to an operand that is never selected.
    """
    draft = _Draft(count)
    above = draft.result + 1
    rows = iter(draft.put([slope for slope in slopes if slope.name != "number"]))
    for operand, slope in enumerate(slopes):
        if slope.name != "number":
            draft.step("accumulate_product", count + operand, next(rows), above)
        elif slope.number == 1.0:
            draft.step("accumulate", count + operand, above)
        elif not (selects and slope.number == 0.0):
            draft.step("accumulate_product", count + operand, draft.number(slope.number), above)
    draft.step("clear", above)
    return draft.finished()


class _Draft:
    """Steps being written. Numbers have negative rows until the count of rows between is known."""

    def __init__(self, count: int) -> None:
        self.count, self.result, self.between = count, 2 * count, 2 * count + 2
        self.steps: list[tuple[int, ...]] = []
        self.numbers: dict[float, int] = {}
        self.busy = 0
        self.free: list[int] = []

    def step(self, name: str, out: int, *read: int) -> None:
        self.steps.append((opcodes()[name,], out, *read, *(0,) * (3 - len(read))))

    def number(self, x: float) -> int:
        return -1 - self.numbers.setdefault(x, len(self.numbers))

    def put(self, roots: Sequence[Symbol]) -> list[int]:
        """Steps for what ``roots`` are made from, each in a row that nothing needs any more; the rows in which the roots are."""
        order = in_order(roots)
        last = {id(x): at for at, symbol in enumerate(order) for x in symbol.operands} | {
            id(root): len(order) for root in roots
        }
        place: dict[int, int] = {}
        for at, symbol in enumerate(order):
            place[id(symbol)] = self._row(symbol, place)
            for x in {id(x): x for x in symbol.operands}.values():
                if x.operands and last[id(x)] == at:
                    self.free.append(place[id(x)])
        return [place[id(root)] for root in roots]

    def _row(self, symbol: Symbol, place: dict[int, int]) -> int:
        if symbol.name == "number":
            return self.number(symbol.number)
        if not symbol.operands:
            return self.result if symbol.name == "result" else int(symbol.number)
        out, rows = self._fresh(), [place[id(x)] for x in symbol.operands]
        if symbol.name in SUMS:
            self._sum(symbol.name, out, rows)
        else:
            self.step(symbol.name, out, *rows)
        return out

    def _fresh(self) -> int:
        if self.free:
            return self.free.pop()
        self.busy += 1
        return self.between + self.busy - 1

    def _sum(self, name: str, out: int, rows: list[int]) -> None:
        if name == "exact_total":
            self._exact_total(out, rows)
            return
        weights, inputs, rest = Products.groups(rows) if name == "dot" else ((), (), rows)
        self.step("clear", out)
        for a, b in zip(weights, inputs, strict=True):
            self.step("accumulate_product", out, a, b)
        for row in rest:
            self.step("accumulate", out, row)

    def _exact_total(self, out: int, rows: list[int]) -> None:
        """A sum, what its additions lost, what adding that up lost; and the three rounded to one number."""
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
        self.free += [lost, more, part, rest]

    def finished(self) -> Template:
        steps = np.array(self.steps, dtype=np.int64)
        rows = steps[:, 1:]
        rows[rows < 0] = self.between + self.busy - 1 - rows[rows < 0]
        return Template(steps, self.busy, list(self.numbers))
