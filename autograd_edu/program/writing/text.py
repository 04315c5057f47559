"""NumPy expressions as text: rows of an array, and what a rule of the table computes."""

from __future__ import annotations

import ast
import math
import re

import numpy as np

from ..lifting.group import Rows
from ..lifting.symbols import FUNCTIONS, Symbol

_NUMPY = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
_FORMS = {
    "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})",
    "mod": "({0} % {1})",
    "lt": "({0} < {1})", "le": "({0} <= {1})", "gt": "({0} > {1})", "ge": "({0} >= {1})",
    "neg": "(-{0})", "abs": "np.abs({0})", "select": "np.where({all})",
    "total_all": "np.sum({0}, axis=0)", "sum_all": "np.sum({0}, axis=0)",
    "maximum_all": "np.max({0}, axis=0)", "minimum_all": "np.min({0}, axis=0)",
    "exact_total_all": "total({0})",
    "exact_total": "total(np.stack(np.broadcast_arrays({all})))",
}  # fmt: skip
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
# functions that only `math` has, one number at a time
SCALAR = [name for name in FUNCTIONS if not hasattr(np, _NUMPY.get(name, name))]
_HELPERS |= {name: f"{name} = np.vectorize(math.{name}, otypes=[float])\n" for name in SCALAR}
RESERVED = {"np", "math", "program", "value_and_grad", "parameters", "n", "float", "ValueError"}
RESERVED |= {"neutral", "constants", "upstream", "slice", *_HELPERS}  # no label may take these


def with_imports(function: str) -> str:
    """A function's source after the helpers that it calls and the imports it needs."""
    used = [text for name, text in _HELPERS.items() if re.search(rf"(?<![\w.]){name}\(", function)]
    helpers = "".join(used)
    imports = (
        "import math\n\nimport numpy as np\n" if "math." in helpers else "import numpy as np\n"
    )
    return f"{imports}\n{helpers}\n{function}"


def pick(name: str, rows: Rows, *, size: int) -> str:
    """Some of the ``size`` rows of an array, as a person would write it."""
    count, steps = len(rows), np.diff(rows)
    first, step = int(rows[0]), int(steps[0]) if count > 1 else 1
    if (steps == step).all() and step > 0:
        if step == 1 and count == size:
            return name
        return f"{name}[{first}:{rows[-1] + 1}{f':{step}' if step > 1 else ''}]"
    if (steps == 0).all():
        return f"np.repeat({name}[{first}:{first + 1}], {count}, axis=0)"
    listed = f"np.take({name}, {rows.tolist()}, axis=0)"
    if (steps == step).all():  # downwards
        return listed
    period = int(np.flatnonzero(steps != step)[0]) + 1
    if count % period:
        return listed
    table, across = rows.reshape(-1, period), count // period
    if (table == table[0]).all():
        return f"np.tile({pick(name, table[0], size=size)}, ({across}, 1))"
    if (table == table[:, :1]).all():
        return f"np.repeat({pick(name, table[:, 0], size=size)}, {period}, axis=0)"
    if (table == first + np.arange(across)[:, None] + across * np.arange(period)).all():
        part = pick(name, np.sort(rows), size=size)
        return f"{part}.reshape({period}, {across}, -1).swapaxes(0, 1).reshape({count}, -1)"
    return listed


def add_up(text: str, rows: Rows) -> tuple[str, Rows]:
    """The reverse of `pick`: what the rows of ``text`` add to the rows of an array.

    Returns an expression and the rows to add it to, each named only once if a plain sum can do it.
    """
    count = len(rows)
    if len(np.unique(rows)) == count:
        order = np.argsort(rows)
        even = (np.diff(rows[order]) == 1).all()
        return (pick(text, order, size=count), rows[order]) if even else (text, rows)
    if (rows == rows[0]).all():
        return f"np.sum({text}, axis=0, keepdims=True)", rows[:1]
    repeats = rows[1:] == rows[0]
    for axis, ends in ((0, repeats), (1, ~repeats)):  # rows tiled, and rows repeated
        period = int(np.flatnonzero(np.append(ends, True))[0]) + 1
        if 1 < period < count and count % period == 0:
            table = rows.reshape(-1, period)
            kept: Rows = table[0] if axis == 0 else table[:, 0]
            if (table == np.expand_dims(kept, axis)).all():
                return add_up(
                    f"{text}.reshape({count // period}, {period}, -1).sum(axis={axis})", kept
                )
    return text, rows


def symbol_text(symbol: Symbol, texts: list[str], operands: list[str]) -> str:
    """What a symbol stands for, given the texts of its operands and of the rule's operands."""
    name, parts = symbol.name, ", ".join(texts)
    if name == "operand":
        return f"({operands[int(symbol.number)]})"
    if name == "number":
        return f"({number_text(symbol.number)})"
    if name == "total":
        return f"({' + '.join(texts)})"
    if name in _FORMS:
        return _FORMS[name].format(*texts, all=parts)
    return f"{name}({parts})" if name in SCALAR else f"np.{_NUMPY.get(name, name)}({parts})"


def number_text(x: float) -> str:
    """``x`` as Python writes it, or as NumPy names it."""
    return repr(float(x)) if math.isfinite(x) else f"{'-' * (x < 0)}np.{'nan' if x != x else 'inf'}"


def tidy(text: str) -> str:
    """An expression with only the brackets that it needs."""
    return ast.unparse(ast.parse(text, mode="eval"))
