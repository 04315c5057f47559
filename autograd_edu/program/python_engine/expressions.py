"""Rows of the table as Python expressions on floats.

A short rule is written out from its symbols (see `lifting.symbols`), as in ``x0*x1``. A longer one
is called, as the eager engine calls it. This file knows how Python writes what rules compute with,
and knows no operation.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from ...arithmetic.floats import Floats
from ...arithmetic.rows import products
from ...engine.op import Op
from ..lifting.symbols import FUNCTIONS, Symbol, in_order, written

Function = Callable[..., float | list[float]]
NAMES: dict[str, Function | float] = {  # that stand in expressions
    **{name: getattr(Floats, name) for name in (*FUNCTIONS, "total")}, "abs": abs, "inf": math.inf,
    "nan": math.nan,
}  # fmt: skip
_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "lt": "<", "le": "<=", "gt": ">",
    "ge": ">=",
}  # fmt: skip
_SYMBOLS, _LETTERS = 60, 250  # a rule with more of them is called


@dataclass(frozen=True)
class Phrases:
    """A row with a number of operands, as expressions.

    The operands are {0}, {1} …, the result is {y}, and {s} is what ``before`` gives.

    Attributes:
        value: the result.
        slopes: the local gradients; a float where it is always the same number.
        before: an expression that the slopes start from, or "".
        called: the functions that the expressions call, by name.
    """

    value: str
    slopes: list[str | float]
    before: str
    called: dict[str, Function]


@lru_cache(maxsize=512)
def phrases(op: Op, count: int) -> Phrases:
    """A row with ``count`` operands, as expressions."""
    operands = ", ".join([f"{{{i}}}" for i in range(count)])
    rule, called = written(op, [None] * count), dict[str, Function]()

    def call(part: str, function: Function) -> str:
        name = re.sub(r"\W", "_", f"{part}_{count}_{op.name}")
        called[name] = function
        return f"{name}({operands if part == 'value' else f'{{y}}, {operands}'})"

    value = _written(rule.value) or call("value", partial(op.value, Floats))
    slopes = [x.number if x.name == "number" else _written(x) for x in rule.slopes]
    before = ""
    if None in slopes and op.variadic:  # one rule gives them all
        before = call("slopes", lambda y, *xs: list(op.local_gradients(Floats, y, xs)))
        slopes = [f"{{s}}[{i}]" for i in range(count)]
    found = [
        call(f"slope_{i}", partial(op.rules[i], Floats)) if slope is None else slope
        for i, slope in enumerate(slopes)
    ]
    return Phrases(value, found, before, called)


def _written(root: Symbol) -> str | None:
    """The expression of a rule, in brackets; None if it is too long."""
    order = in_order([root])
    if len(order) > _SYMBOLS:
        return None
    uses = Counter(id(x) for symbol in order for x in symbol.operands)
    text = _Writer({key for key, count in uses.items() if count > 1}).write(root, certain=True)
    return text if len(text) <= _LETTERS else None


class _Writer:
    """Writes symbols in the order in which Python evaluates them.

    What is used again gets a name where it is first written, if Python is certain to get there.
    """

    def __init__(self, shared: set[int]) -> None:
        self.shared = shared
        self.named: dict[int, str] = {}

    def write(self, symbol: Symbol, *, certain: bool) -> str:
        if symbol.name == "number":
            return f"({symbol.number!r})"
        if not symbol.operands:
            return "{y}" if symbol.name == "result" else f"{{{int(symbol.number)}}}"
        if id(symbol) in self.named:
            return self.named[id(symbol)]
        always = certain and symbol.name != "select"  # or a branch, which may not be taken
        first, *rest = symbol.operands
        parts = [self.write(first, certain=certain), *[self.write(x, certain=always) for x in rest]]
        text = _spelled(symbol.name, parts)
        if certain and id(symbol) in self.shared:
            name = self.named[id(symbol)] = f"t{len(self.named)}"
            return f"({name}:={text})"
        return text


def _spelled(name: str, parts: list[str]) -> str:
    """A symbol on the expressions of its operands."""
    if name in _SIGNS:
        return f"({parts[0]}{_SIGNS[name]}{parts[1]})"
    if name == "neg":
        return f"(-{parts[0]})"
    if name == "select":
        return f"({parts[1]} if {parts[0]} else {parts[2]})"
    if name == "dot":
        weights, inputs, bias = products(parts)
        pairs = [f"{a}*{b}" for a, b in zip(weights, inputs, strict=True)]
        return f"({'+'.join([*pairs, *bias])})"
    if name in ("total", "exact_total"):
        return f"total(({', '.join(parts)},))"
    return f"{name}({', '.join(parts)})"
