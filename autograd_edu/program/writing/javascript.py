"""A row of the rule table as JavaScript.

The row's own rule is run on symbols (see `lifting.symbols`), and the symbols are spelled in
JavaScript. So this file knows how JavaScript writes the functions that rules compute with, and
knows no operation. A browser computes what the engine computes, apart from the last digit of its
own ``Math.exp``, ``Math.sin`` and so on. `javascript_listing` prints whole programs this way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from ...arithmetic.rows import products as split_products
from ...engine.op import Op
from ...errors import OperandError
from ..lifting.symbols import CONDITIONS, Symbol, Written, in_order, written

_SUM = """\
// The sum of some numbers, rounded once: partial sums keep what each addition loses
// (Shewchuk 1997).
function sum(numbers) {
  let partials = [];
  for (let x of numbers) {
    const kept = [];
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low) kept.push(low);
      x = high;
    }
    partials = [...kept, x];
  }
  if (!partials.every(Number.isFinite)) return numbers.reduce((a, b) => a + b, 0);
  let total = 0, rest = 0;
  while (partials.length && !rest) {
    const x = partials.pop(), high = total + x;
    rest = x - (high - total);
    total = high;
  }
  // Half-way between two floats, the partials that are left decide which one is nearer.
  const below = partials.pop() ?? 0, further = total + 2 * rest;
  return rest * below > 0 && further - total === 2 * rest ? further : total;
}
"""

_ERFC = """\
// 1 - erf(x), to its last digits in the tail too: the midpoint rule for
// 2x·exp(-x²)/π · ∫ exp(-t²)/(t² + x²) dt over t > 0, and the residue of its pole
// while that is near (Matta and Reichel 1971).
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x > 28) return 0;
  const high = Math.fround(x); // its square is exact, so that exp does not enlarge a rounding
  const decay = Math.exp(-high * high) * Math.exp((high - x) * (high + x));
  let area = 0;
  for (let t = 0.25; t < 6.5; t += 0.5) area += Math.exp(-t * t) / (t * t + x * x);
  const residue = x < 2 * Math.PI ? 2 / (1 + Math.exp(4 * Math.PI * x)) : 0;
  return (x * decay * area) / Math.PI + residue;
}
"""

_ERF = """\
// erf(x), near 0 by its series.
function erf(x) {
  if (Math.abs(x) > 1) return 1 - erfc(x);
  let term = x, sum = x;
  for (let n = 1; n < 30; n++) { term *= (-x * x) / n; sum += term / (2 * n + 1); }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
"""

_MOD = """\
// The remainder with the sign of b.
function mod(a, b) {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}
"""

HELPERS = {"sum": _SUM, "erf": _ERF, "erfc": _ERFC, "mod": _MOD}  # what JavaScript lacks

# How tightly an expression binds.
ATOM, SIGN, PRODUCT, PLUS, COMPARISON, CHOICE = 6, 5, 4, 3, 2, 1
_OPERATORS = {
    "add": ("+", PLUS), "sub": ("-", PLUS), "mul": ("*", PRODUCT), "div": ("/", PRODUCT),
    "lt": ("<", COMPARISON), "le": ("<=", COMPARISON), "gt": (">", COMPARISON),
    "ge": (">=", COMPARISON),
}  # fmt: skip
_MATH = {  # the functions that JavaScript has under the same name
    "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
    "cosh", "tanh", "asinh", "acosh", "atanh", "log2", "log10", "floor", "pow", "atan2", "hypot",
    "abs",
}  # fmt: skip
_FUNCTIONS = {
    "erf": "erf", "erfc": "erfc", "mod": "mod", "exp2": "2 ** ", "maximum": "Math.max",
    "minimum": "Math.min", **{name: f"Math.{name}" for name in _MATH},
}  # fmt: skip
_RESERVED = {
    "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger",
    "default", "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally",
    "for", "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new",
    "null", "package", "private", "protected", "public", "return", "static", "super", "switch",
    "this", "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield",
    "Math", "NaN", "Infinity", "Error", "Object", "sum", "erf", "erfc", "mod",
}  # fmt: skip
_DEEPEST = 40  # brackets within one another; nobody reads more, and parsers have a limit


@dataclass(frozen=True)
class Text:
    """An expression: its text, how tightly it binds, and how deep its brackets are."""

    text: str
    rank: int = ATOM
    depth: int = 0

    def within(self, rank: int) -> str:
        """The text, in brackets where it binds less tightly than ``rank``."""
        return self.text if self.rank >= rank else f"({self.text})"


class Lines:
    """Expressions of one rule, and the lines that they need before them.

    A part that is used more than once, or is very deep, gets a line and a name of its own.

    Attributes:
        lines: the lines so far.
        known: the text of each symbol so far, by its id.
    """

    def __init__(
        self, rule: Written, operands: Sequence[str], wanted: Sequence[Symbol], number: count[int]
    ) -> None:
        self.rule, self.operands, self.number = rule, operands, number
        self.lines: list[str] = []
        self.known: dict[int, Text] = {}
        parts = [part for symbol in in_order(wanted) for part in symbol.operands]
        self.uses = Counter(map(id, [*wanted, *parts]))

    def write(self, root: Symbol, result: str = "") -> Text:
        """``root`` as an expression; ``result`` names the row's own result."""
        for symbol in in_order([root]):
            if id(symbol) not in self.known:
                text = self._spell(symbol, result)
                shared = self.uses[id(symbol)] > 1 and symbol is not root
                if symbol.operands and (shared or text.depth > _DEEPEST):
                    text = self._named(text)
                self.known[id(symbol)] = text
        return self.known[id(root)]

    def _named(self, text: Text) -> Text:
        name = f"t{next(self.number)}"
        self.lines.append(f"const {name} = {text.text};")
        return Text(name)

    def _spell(self, symbol: Symbol, result: str) -> Text:
        if symbol.name == "operand":
            return Text(self.operands[int(symbol.number)])
        if symbol.name == "result":
            return Text(result)
        if symbol.name == "number":
            return number_text(symbol.number)
        parts = [self.known[id(part)] for part in symbol.operands]
        depth = 1 + max(part.depth for part in parts)
        return replace(_spelled(symbol, parts), depth=depth)


def _spelled(symbol: Symbol, parts: Sequence[Text]) -> Text:
    """A symbol on the texts of its parts."""
    name, texts = symbol.name, [part.text for part in parts]
    if name in _OPERATORS:
        sign, rank = _OPERATORS[name]
        return Text(f"{parts[0].within(rank)} {sign} {parts[1].within(rank + 1)}", rank)
    if name == "neg":
        return Text(f"-{parts[0].within(ATOM)}", SIGN)
    if name == "select":
        condition, then = (part.within(CHOICE + 1) for part in parts[:2])
        return Text(f"{condition} ? {then} : {texts[2]}", CHOICE)
    if name in ("total", "exact_total"):
        return Text(f"sum([{', '.join(texts)}])")
    if name == "dot":
        weights, inputs, bias = split_products(parts)
        pairs = zip(weights, inputs, strict=True)
        products = [f"{w.within(PRODUCT)} * {x.within(SIGN)}" for w, x in pairs]
        return Text(f"sum([{', '.join([*products, *[b.text for b in bias]])}])")
    if name in _FUNCTIONS:
        return Text(f"{_FUNCTIONS[name]}({', '.join(texts)})")
    raise OperandError(f"JavaScript has no form for the function {name!r} of a rule")


def number_text(x: float) -> Text:
    """``x`` as JavaScript writes it, to the last digit."""
    words = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    text = words.get(repr(x)) or repr(x).removesuffix(".0")
    return Text(text, SIGN if text.startswith("-") else ATOM)


def on_symbols(op: Op, numbers: Sequence[float | None]) -> Written:
    """The row on symbols; those of ``numbers`` that are not None stand for their operands.

    Raises:
        OperandError: if the rule cannot be run on symbols: it asks ``if`` of an operand, for
            example, or uses a function that the namespace does not have.
    """
    try:
        return written(op, numbers)
    except Exception as error:  # a user's rule may raise anything
        raise OperandError(f"{op.name} has no JavaScript form: {error}") from None


def row(op: Op, operands: int) -> str:
    """The row on so many operands, as an object of JavaScript functions.

    ``value(a, b)`` computes it, and ``locals(y, a, b)`` its local gradients, from the result and
    the operands. ``branches(y, a, b)`` says which way its comparisons go, for a row whose printed
    local gradients have branches, such as relu; comparisons that only serve accuracy are left out.

    Raises:
        OperandError: if the row has no JavaScript form.

    >>> from autograd_edu.engine.ops import mul
    >>> print(row(mul, 2))
    { value: (a, b) => a * b, locals: (y, a, b) => [b, a] }
    """
    rule = on_symbols(op, [None] * operands)
    names = names_of_operands(op, operands)
    parts = [
        f"value: {_function(rule, names, [rule.value], listed=False)}",
        f"locals: {_function(rule, names, rule.slopes)}",
    ]
    if any(_BRANCH.search(slope) for slope in op.slopes_of(op.operand_names(operands))):
        asked = [symbol for symbol in in_order(rule.slopes) if symbol.name in CONDITIONS]
        parts.append(f"branches: {_function(rule, names, asked)}")
    return f"{{ {', '.join(parts)} }}"


_BRANCH = re.compile(r"\bwhere\(|\bif\b|[<>]")  # in a printed local gradient


def _function(
    rule: Written, names: Sequence[str], roots: Sequence[Symbol], *, listed: bool = True
) -> str:
    """An arrow function of ``roots``: of all as an array, or of the only one.

    What gives an array starts from the result, named y.
    """
    lines = Lines(rule, names, roots, count(1))
    texts = [lines.write(root, "y").text for root in roots]
    given = f"[{', '.join(texts)}]" if listed else texts[0]
    head = f"({', '.join(['y', *names] if listed else names)}) =>"
    if not lines.lines:
        return f"{head} {given}"
    return f"{head} {{ {' '.join(lines.lines)} return {given}; }}"


def names_of_operands(op: Op, operands: int) -> list[str]:
    """The operands' names in the rule, or numbered where JavaScript cannot use those."""
    names = op.operand_names(operands)
    fine = all(is_identifier(name) and name != "y" for name in names)
    return list(names) if fine else [f"x{i + 1}" for i in range(operands)]


def is_identifier(name: str) -> bool:
    """Whether JavaScript can use ``name`` for a number, beside the names of the printed code."""
    plain = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)
    return bool(plain) and name not in _RESERVED and not re.fullmatch(r"t\d+", name)


def helpers(code: str) -> str:
    """The helper functions that ``code`` calls, and that JavaScript lacks."""
    code += _ERF if re.search(r"\berf\(", code) else ""  # which calls erfc
    return "\n".join(text for name, text in HELPERS.items() if re.search(rf"\b{name}\(", code))
