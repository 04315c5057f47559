"""A row of the rule table as JavaScript.

The row's own rule is run on symbols (see `formula`), and this file knows how JavaScript writes the
functions that rules compute with. It knows no operation. A browser computes what the engine
computes, apart from the last digit of its own ``Math.exp``, ``Math.sin`` and so on.
`javascript_listing` prints whole programs this way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from ...engine.op import Op
from ...errors import OperandError
from ..lifting.symbols import CONDITIONS, SUMS, Symbol, Written, in_order, written
from .formula import CHOICE, Formula, Text, leaf, terms_of, with_sign
from .names import Names

# What JavaScript lacks: each function of the file by its name, with the comment above it.
HELPERS = {
    found[1]: found[0]
    for found in re.finditer(
        r"(?://.*\n)+function (\w+)(?:.*\n)+?}\n",
        files(__package__).joinpath("helpers.js").read_text(encoding="utf-8"),
    )
}
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
    "Math", "NaN", "Infinity", "Error", "Object", *HELPERS,
}  # fmt: skip
_BRANCH = re.compile(r"\bwhere\(|\bif\b|[<>]")  # in a printed local gradient


class Lines:
    """Lines of JavaScript that are being written.

    Attributes:
        lines: the lines so far.
        names: the names that are not taken yet, by the code itself or by ``own``.
    """

    def __init__(self, own: Sequence[str]) -> None:
        self.lines: list[str] = []
        self.names = Names({*_RESERVED, *own})

    def name(self, text: str) -> str:
        """Write a line that gives an expression a name; return the name."""
        name = self.names.made_up("t")
        self.lines.append(f"const {name} = {text};")
        return name

    def formula(self, rule: Written, operands: Sequence[str], wanted: Sequence[Symbol]) -> Formula:
        """A rule on operands of these names, of which the symbols ``wanted`` will be written."""
        return Formula(rule, operands, wanted, spell=_spelled, name=self.name)


def _spelled(symbol: Symbol, parts: Sequence[Text]) -> Text:
    """A symbol on the texts of its parts."""
    name, texts = symbol.name, [part.text for part in parts]
    if name == "number":
        return leaf(number_text(symbol.number))
    if name == "select":
        condition, then = (part.within(CHOICE + 1) for part in parts[:2])
        return Text(f"{condition} ? {then} : {texts[2]}", CHOICE)
    if name == "dot":
        texts = terms_of(parts)
    if name in SUMS:
        return Text(f"sum([{', '.join(texts)}])")
    if name in _FUNCTIONS:
        return Text(f"{_FUNCTIONS[name]}({', '.join(texts)})")
    if (operator := with_sign(symbol, parts)) is not None:
        return operator
    raise OperandError(f"JavaScript has no form for the function {name!r} of a rule")


def number_text(x: float) -> str:
    """``x`` as JavaScript writes it, to the last digit."""
    words = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    return words.get(repr(x)) or repr(x).removesuffix(".0")


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
    rule, names = on_symbols(op, [None] * operands), op.operand_names(operands)
    parts = [
        f"value: {_function(rule, names, [rule.value], listed=False)}",
        f"locals: {_function(rule, names, rule.slopes)}",
    ]
    if any(_BRANCH.search(slope) for slope in op.slopes_of(names)):
        asked = [symbol for symbol in in_order(rule.slopes) if symbol.name in CONDITIONS]
        parts.append(f"branches: {_function(rule, names, asked)}")
    return f"{{ {', '.join(parts)} }}"


def _function(
    rule: Written, labels: Sequence[str], roots: Sequence[Symbol], *, listed: bool = True
) -> str:
    """An arrow function of ``roots``: of all as an array, or of the only one.

    What gives an array starts from the result, named y.
    """
    lines = Lines(["y"])
    names = [lines.names.name(label, f"x{i}") for i, label in enumerate(labels, 1)]
    formula = lines.formula(rule, names, roots)
    if listed:
        formula.result = "y"
    texts = [formula.write(root).text for root in roots]
    given = f"[{', '.join(texts)}]" if listed else texts[0]
    head = f"({', '.join(['y', *names] if listed else names)}) =>"
    if not lines.lines:
        return f"{head} {given}"
    return f"{head} {{ {' '.join(lines.lines)} return {given}; }}"


def helpers(code: str) -> str:
    """The helper functions that ``code`` calls, and that JavaScript lacks."""
    code += HELPERS["erf"] if re.search(r"\berf\(", code) else ""  # which calls erfc
    return "\n".join(text for name, text in HELPERS.items() if re.search(rf"\b{name}\(", code))
