"""How NumPy writes what a rule of the table computes, and the helper functions that it lacks."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from operator import add, mul, sub, truediv

import numpy as np

from ..arrays import Arrays
from ..lifting.symbols import FUNCTIONS, Symbol
from .formula import ATOM, CHOICE, Text, leaf, with_sign

_FUNCTIONS = {name: getattr(Arrays, name) for name in FUNCTIONS}
# functions that only `math` has, one number at a time
SCALAR = [name for name, function in _FUNCTIONS.items() if not isinstance(function, np.ufunc)]
_FORMS = {
    "mod": "{0} % {1}", "pow": "{0} ** {1}", "abs": "np.abs({0})", "select": "np.where({all})",
    "total_all": "np.sum({0}, axis=0)", "sum_all": "np.sum({0}, axis=0)",
    "maximum_all": "np.max({0}, axis=0)", "minimum_all": "np.min({0}, axis=0)",
    "exact_total_all": "total({0})",
    "exact_total": "total(np.stack(np.broadcast_arrays({all})))",
}  # fmt: skip
_ON_NUMBERS = {"add": add, "sub": sub, "mul": mul, "div": truediv}
_MATH = "import math\n\n"
_SHORT = 6  # characters of a result that is written in place of its formula
_HELPERS = {
    "total": '''
def total(xs):
    """The sum over the first axis, rounded once."""
    if not np.isfinite(xs).all():
        return np.sum(xs, axis=0)
    scale = 2.0**-64 if np.abs(xs).max() > 1e300 else 1.0  # fsum's own sums must not overflow
    return np.apply_along_axis(math.fsum, 0, xs * scale) / scale

''',
    "scatter": '''
def scatter(count, rows, xs):
    """Zeros in `count` rows, and each row of `xs` added where `rows` says."""
    result = np.zeros((count, xs.shape[1]))
    np.add.at(result, rows, xs)
    return result

''',
}
_HELPERS |= {name: f"{name} = np.vectorize(math.{name}, otypes=[float])\n" for name in SCALAR}
RESERVED = {"np", "math", "program", "value_and_grad", "parameters", "n", "float", "ValueError"}
RESERVED |= {"neutral", "constants", "upstream", "slice", *_HELPERS}  # no label may take these


def with_imports(function: str) -> str:
    """A function's source after the helpers that it calls and the imports it needs."""
    used = [text for name, text in _HELPERS.items() if re.search(rf"(?<![\w.]){name}\(", function)]
    helpers = "".join(used)
    return f"{_MATH if 'math.' in helpers else ''}import numpy as np\n\n{helpers}\n{function}"


def spelled(symbol: Symbol, parts: Sequence[Text]) -> Text:
    """A symbol as NumPy writes it, given the texts of its operands."""
    name, texts = symbol.name, [part.text for part in parts]
    if name == "number":
        return leaf(number_text(symbol.number))
    if name in _ON_NUMBERS and all([x.name == "number" and x.number for x in symbol.operands]):
        short = number_text(_ON_NUMBERS[name](*[x.number for x in symbol.operands]))
        if len(short) <= _SHORT:
            return leaf(short)
    if name in _FORMS:
        closed = [part.within(ATOM) for part in parts]
        return Text(_FORMS[name].format(*closed, all=", ".join(texts)), CHOICE)
    if (operator := with_sign(symbol, parts)) is not None:
        return operator
    function = name if name in SCALAR else f"np.{_FUNCTIONS[name].__name__}"
    return Text(f"{function}({', '.join(texts)})")


def number_text(x: float) -> str:
    """``x`` as Python writes it, or as NumPy names it."""
    return repr(float(x)) if math.isfinite(x) else f"{'-' * (x < 0)}np.{'nan' if x != x else 'inf'}"


def tidy(text: str) -> str:
    """An expression with only the brackets that it needs."""
    return unparsed(ast.parse(text, mode="eval"))


def unparsed(tree: ast.AST) -> str:
    """The text of a syntax tree, in which a + -b is a - b."""
    text = ast.unparse(tree)
    return text if "%" in text else text.replace(" + -", " - ")  # -a % b is (-a) % b
