"""NumPy expressions as text: rows of an array, and what a rule of the table computes."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Sequence
from math import prod
from operator import add, mul, sub, truediv
from typing import NamedTuple

import numpy as np

from ..lifting.spacing import Rows, strided
from ..lifting.symbols import FUNCTIONS, Symbol
from .formula import ATOM, CHOICE, PLUS, Text, leaf, with_sign

_NUMPY = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
_FORMS = {
    "mod": "{0} % {1}", "pow": "{0} ** {1}", "abs": "np.abs({0})", "select": "np.where({all})",
    "total_all": "np.sum({0}, axis=0)", "sum_all": "np.sum({0}, axis=0)",
    "maximum_all": "np.max({0}, axis=0)", "minimum_all": "np.min({0}, axis=0)",
    "exact_total_all": "total({0})",
    "exact_total": "total(np.stack(np.broadcast_arrays({all})))",
}  # fmt: skip
_ON_NUMBERS = {"add": add, "sub": sub, "mul": mul, "div": truediv}
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


def dims(shape: Iterable[int], *, tail: str = "-1") -> str:
    """A shape as the arguments of a call; ``tail`` stands for the samples."""
    return ", ".join([*map(str, shape), *([tail] if tail else [])])


def pick(name: str, rows: Rows, *, size: int) -> str:
    """Some of the ``size`` rows of an array, as a person would write it."""
    count, steps = len(rows), np.diff(rows)
    first, step = int(rows[0]), int(steps[0]) if count > 1 else 1
    if (steps == step).all() and step > 0:
        if step == 1 and count == size:
            return name
        return f"{name}[{first}:{rows[-1] + 1}{f':{step}' if step > 1 else ''}]"
    return f"np.take({name}, {rows.tolist()}, axis=0)"


def pieces(rows: Rows) -> tuple[int, list[int]] | None:
    """How ``rows`` follow from consecutive ones: the first, and the axes from slow to fast.

    Axes along which the rows stay the same are left out. None if there are gaps between the rows.
    """
    even = strided(rows)
    if even is None:
        return None
    base, steps = even
    axes = sorted([a for a, step in enumerate(steps) if step], key=lambda axis: -steps[axis])
    size = 1
    for axis in reversed(axes):
        if steps[axis] != size:
            return None
        size *= rows.shape[axis]
    return base, axes


def arranged(
    name: str, rows: Rows, shape: tuple[int, ...], *, tail: str = "-1", leading: bool = True
) -> str | None:
    """The rows of an array of this shape as an expression that broadcasts to the shape of ``rows``.

    It is None if the array would have to be gathered.

    Args:
        leading: write axes of one row even where they come first, so that broadcasting adds them.
    """
    size, found = prod(shape), pieces(rows)
    if found is None:
        return None
    (base, axes), now = found, shape
    count = prod([rows.shape[axis] for axis in axes])
    if count < size:
        rest = prod(shape[1:])
        if base % rest or count % rest:
            name, rest = f"{name}.reshape({dims([size], tail=tail)})", 1
        now = (count // rest, *(shape[1:] if rest > 1 else ()))
        name = f"{name}[{base // rest}:{(base + count) // rest}]"
    if axes == sorted(axes):
        first = 0 if leading else min(axes, default=rows.ndim - 1)
        wanted = tuple([n if axis in axes else 1 for axis, n in enumerate(rows.shape)])[first:]
        return name if now == wanted and tail else f"{name}.reshape({dims(wanted, tail=tail)})"
    wanted = tuple([rows.shape[axis] for axis in axes])
    name = name if now == wanted and tail else f"{name}.reshape({dims(wanted, tail=tail)})"
    name = permuted(name, np.argsort(axes).tolist(), tail=tail)
    if len(axes) == rows.ndim:
        return name
    return f"{name}[{', '.join([':' if axis in axes else 'None' for axis in range(rows.ndim)])}]"


def rows_of(
    name: str, rows: Rows, shape: tuple[int, ...], *, tail: str = "-1", leading: bool = True
) -> str:
    """The rows of an array of this shape as `arranged` writes them, or gathered."""
    text = arranged(name, rows, shape, tail=tail, leading=leading)
    if text is None:
        flat = name if len(shape) == 1 else f"{name}.reshape({dims([prod(shape)])})"
        text = pick(flat, rows.ravel(), size=prod(shape))
        text = text if rows.ndim == 1 and tail else f"{text}.reshape({dims(rows.shape, tail=tail)})"
    return text


def permuted(text: str, order: list[int], *, tail: str = "-1") -> str:
    """An array with its axes in this order; the samples stay last."""
    moved = [i for i, axis in enumerate(order) if i != axis]
    if not moved:
        return text
    if len(order) == 2 and not tail:
        return f"{text}.T"
    if len(moved) == 2:
        return f"{text}.swapaxes({moved[0]}, {moved[1]})"
    return f"np.transpose({text}, ({dims(order, tail=str(len(order)) if tail else '')}))"


class Added(NamedTuple):
    """What an expression of this shape, the samples apart, adds to some rows of an array."""

    text: str
    shape: tuple[int, ...]
    rows: Rows
    tail: str = "-1"

    def reshaped(self, shape: tuple[int, ...]) -> str:
        """The expression in another shape, and with an axis for the samples."""
        if self.shape == shape and self.tail:
            return self.text
        return f"{self.text}.reshape({dims(shape, tail=self.tail or '1')})"


def added(text: str, rows: Rows, *, inside: Rows, tail: str = "-1") -> Added:
    """The reverse of `arranged`: what an expression of the shape of ``rows`` adds to these rows.

    Each row is named only once if a plain sum can do it.

    Args:
        inside: which of the rows, in one axis, are meant; there may be others.
    """
    if len(inside) < rows.size:
        flat = Added(text, rows.shape, rows, tail).reshaped((rows.size,))
        text, rows, tail = pick(flat, inside, size=rows.size), rows.ravel()[inside], "-1"
    found, shape = pieces(rows), rows.shape
    if found is None:
        flat = Added(text, shape, rows.ravel(), tail).reshaped((rows.size,))
        by_row = np.argsort(rows, axis=None, kind="stable")
        ordered = rows.ravel()[by_row]
        if (np.diff(ordered) == 1).all():
            return Added(pick(flat, by_row, size=rows.size), (rows.size,), ordered)
        return Added(flat, (rows.size,), rows.ravel())
    base, axes = found
    same = [axis for axis in range(rows.ndim) if axis not in axes]
    if prod([shape[axis] for axis in same]) > 1:
        text = f"{text}.sum(axis={same[0] if len(same) == 1 else tuple(same)})"
    elif same and axes != sorted(axes):
        text = f"{text}.reshape({dims([shape[axis] for axis in sorted(axes)], tail=tail)})"
    elif same:
        return Added(text, shape, rows.ravel(), tail)
    order = [sorted(axes).index(axis) for axis in axes]
    now = tuple([shape[axis] for axis in axes])
    return Added(permuted(text, order, tail=tail), now, np.arange(base, base + prod(now)), tail)


def spelled(symbol: Symbol, parts: Sequence[Text]) -> Text:
    """A symbol as NumPy writes it, given the texts of its operands."""
    name, texts = symbol.name, [part.text for part in parts]
    if name == "number":
        return leaf(number_text(symbol.number))
    if name == "total":
        return Text(" + ".join(part.within(PLUS) for part in parts), PLUS)
    if name in _ON_NUMBERS and all([x.name == "number" and x.number for x in symbol.operands]):
        short = number_text(_ON_NUMBERS[name](*[x.number for x in symbol.operands]))
        if len(short) <= _SHORT:
            return leaf(short)
    if name in _FORMS:
        closed = [part.within(ATOM) for part in parts]
        return Text(_FORMS[name].format(*closed, all=", ".join(texts)), CHOICE)
    function = name if name in SCALAR else f"np.{_NUMPY.get(name, name)}"
    return with_sign(symbol, parts) or Text(f"{function}({', '.join(texts)})")


def number_text(x: float) -> str:
    """``x`` as Python writes it, or as NumPy names it."""
    return repr(float(x)) if math.isfinite(x) else f"{'-' * (x < 0)}np.{'nan' if x != x else 'inf'}"


def tidy(text: str) -> str:
    """An expression with only the brackets that it needs."""
    return ast.unparse(ast.parse(text, mode="eval"))
