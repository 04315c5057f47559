"""Rows of the table as Python expressions on floats.

A short rule is written out from its symbols (see `lifting.symbols`), as in ``x0*x1``. A longer one
is called, as the eager engine calls it. This file knows how Python writes what rules compute with,
and knows no operation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from ...arithmetic.floats import Floats
from ...arithmetic.rows import products
from ...engine.op import Op
from ..lifting.symbols import FUNCTIONS, Symbol, in_order, written
from ..writing.formula import CHOICE, COMPARISON, PLUS, PRODUCT, SIGN, Text, leaf, with_sign

Function = Callable[..., float | list[float]]
NAMES: dict[str, Function | float] = {  # that expressions may name
    **{name: getattr(Floats, name) for name in (*FUNCTIONS, "total")}, "abs": abs, "inf": math.inf,
    "nan": math.nan,
}  # fmt: skip
_LONGEST = 400  # characters; a longer rule is called, not written out


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
    rule, called = written(op, [None] * count), dict[str, Function]()
    operands = ", ".join([f"{{{i}}}" for i in range(count)])

    def call(part: str, given: str, function: Function) -> str:
        name = re.sub(r"\W", "_", f"{part}_{count}_{op.name}")
        called[name] = function
        return f"{name}({given})"

    value = _written(rule.value) or call("value", operands, partial(op.value, Floats))
    slopes = [x.number if x.name == "number" else _written(x) for x in rule.slopes]
    short = [slope for slope in slopes if slope is not None]
    if len(short) == len(slopes):
        return Phrases(value, short, "", called)
    all_slopes: Function = lambda y, *xs: list(op.local_gradients(Floats, y, xs))  # noqa: E731
    before = call("slopes", f"{{y}}, {operands}", all_slopes)
    return Phrases(value, [f"{{s}}[{i}]" for i in range(count)], before, called)


def _written(root: Symbol) -> str | None:
    """The expression of a rule, ready to be a factor; None if it is too long."""
    texts: dict[int, Text] = {}
    for symbol in in_order([root]):
        text = texts[id(symbol)] = _text(symbol, [texts[id(x)] for x in symbol.operands])
        if len(text.text) > _LONGEST:
            return None
    return texts[id(root)].within(PRODUCT)


def _text(symbol: Symbol, parts: Sequence[Text]) -> Text:
    if symbol.name == "number":
        return leaf(repr(symbol.number))
    if not parts:
        return Text("{y}" if symbol.name == "result" else f"{{{int(symbol.number)}}}")
    return with_sign(symbol, parts) or _spelled(symbol.name, parts)


def _spelled(name: str, parts: Sequence[Text]) -> Text:
    """A symbol that is no operator, on the expressions of its operands."""
    if name == "mod":
        return Text(f"{parts[0].within(PRODUCT)}%{parts[1].within(SIGN)}", PRODUCT)
    if name == "select":
        condition, then, otherwise = [part.within(COMPARISON) for part in parts]
        return Text(f"{then} if {condition} else {otherwise}", CHOICE)
    texts = [part.text for part in parts]
    if name == "dot":
        weights, inputs, bias = products(texts)
        pairs = [f"{a}*{b}" for a, b in zip(weights, inputs, strict=True)]
        return Text("+".join([*pairs, *bias]), PLUS)
    if name in ("total", "exact_total"):
        return Text(f"total(({', '.join(texts)},))")
    return Text(f"{name}({', '.join(texts)})")
