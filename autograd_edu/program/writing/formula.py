"""The rules of the table as expressions of a language, Python or JavaScript.

The rule of an operation is run on symbols (see `lifting.symbols`). A symbol that is used more than
once, or is very deep, gets a line and a name of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...arithmetic.rows import products
from ..lifting.symbols import Symbol, Written, in_order

# How tightly an expression binds.
ATOM, SIGN, PRODUCT, PLUS, COMPARISON, CHOICE = 6, 5, 4, 3, 2, 1
_SIGNS = {
    "add": ("+", PLUS), "sub": ("-", PLUS), "mul": ("*", PRODUCT), "div": ("/", PRODUCT),
    "lt": ("<", COMPARISON), "le": ("<=", COMPARISON), "gt": (">", COMPARISON),
    "ge": (">=", COMPARISON),
}  # fmt: skip
_DEEPEST = 40  # brackets within one another: nobody reads more, and parsers have a limit
_SHORT = re.compile(r"\(?[\w.+-]+\)?(\[\d+(:\d+)?\])?")  # an operand that need not be named


@dataclass(frozen=True)
class Text:
    """An expression: its text, how tightly it binds, and how deep its brackets are."""

    text: str
    rank: int = ATOM
    depth: int = 0

    def within(self, rank: int) -> str:
        """The text, in brackets where it binds less tightly than ``rank``."""
        return self.text if self.rank >= rank else f"({self.text})"


Spell: TypeAlias = Callable[[Symbol, Sequence[Text]], Text]


def leaf(text: str) -> Text:
    """A name, a call or a number as an expression."""
    return Text(text, SIGN if text.startswith("-") else ATOM)


def with_sign(symbol: Symbol, parts: Sequence[Text]) -> Text | None:
    """An operator on the texts of its operands; None for any other symbol."""
    if symbol.name == "neg":
        return Text(f"-{parts[0].within(ATOM)}", SIGN)
    if symbol.name not in _SIGNS:
        return None
    sign, rank = _SIGNS[symbol.name]
    left = parts[0].within(rank + (rank == COMPARISON))  # Python reads a < b < c as one comparison
    return Text(f"{left} {sign} {parts[1].within(rank + 1)}", rank)


def terms_of(parts: Sequence[Text]) -> list[str]:
    """The terms of a sum of products, given the texts of its operands."""
    weights, inputs, bias = products(parts)
    pairs = zip(weights, inputs, strict=True)
    terms = [f"{w.within(PRODUCT)} * {x.within(SIGN)}" for w, x in pairs]
    return terms + [each.within(PLUS) for each in bias]


class Formula:
    """One rule on operands whose texts are known.

    Args:
        wanted: the symbols that will be written.
        spell: writes a symbol, given the texts of its operands.
        name: gives an expression a line, and returns the name.
    """

    def __init__(
        self,
        rule: Written,
        operands: Sequence[str],
        wanted: Sequence[Symbol],
        *,
        spell: Spell,
        name: Callable[[str], str],
    ) -> None:
        self.rule, self.operands, self.spell, self.name = rule, operands, spell, name
        self.result = ""
        self.known: dict[int, Text] = {}
        parts = [part for symbol in in_order(wanted) for part in symbol.operands]
        self.uses = Counter(map(id, [*wanted, *parts]))

    def finish(self, result: str) -> None:
        """Write this name wherever the local gradients need the result."""
        self.result = result
        self.known[id(self.rule.value)] = Text(result)

    def write(self, root: Symbol) -> Text:
        """One of the symbols that are wanted, as an expression."""
        for symbol in in_order([root]):
            if id(symbol) not in self.known:
                text = self._text(symbol)
                shared = self.uses[id(symbol)] > 1
                long = symbol.operands or not _SHORT.fullmatch(text.text)
                if symbol is not root and long and (shared or text.depth > _DEEPEST):
                    text = Text(self.name(text.text))
                self.known[id(symbol)] = text
        return self.known[id(root)]

    def _text(self, symbol: Symbol) -> Text:
        if symbol.name == "operand":
            return leaf(self.operands[int(symbol.number)])
        if symbol.name == "result":
            return Text(self.result)
        parts = [self.known[id(part)] for part in symbol.operands]
        depth = 1 + max([part.depth for part in parts], default=-1)
        return replace(self.spell(symbol, parts), depth=depth)


def times(local: Text, upstream: str) -> str:
    """local × upstream."""
    one = {"1": upstream, "-1": f"-{upstream}"}.get(local.text.removesuffix(".0"))
    return one or f"{local.within(PRODUCT)} * {upstream}"
