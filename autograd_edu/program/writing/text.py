"""NumPy expressions as text: rows of an array, and what a rule of the table computes."""

from __future__ import annotations

import ast

import numpy as np

from ..lifting.group import Rows
from ..lifting.symbols import FUNCTIONS, Symbol

_NUMPY = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "pow": "power"}
_SIGNS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
_ALL = {"total_all": "sum", "sum_all": "sum", "maximum_all": "max", "minimum_all": "min"}


def picked(name: str, size: int, rows: Rows) -> str:
    """Some rows of an array, as they would be written."""
    count = len(rows)
    steps = np.diff(rows)
    if count and (steps == 1).all():
        return name if count == size else f"{name}[{rows[0]}:{rows[-1] + 1}]"
    if (steps == 0).all():
        return f"np.repeat({name}[{rows[0]}:{rows[0] + 1}], {count}, axis=0)"
    if (steps == steps[0]).all() and steps[0] > 0:
        return f"{name}[{rows[0]}:{rows[-1] + 1}:{steps[0]}]"
    if (steps == steps[0]).all():  # downwards
        return f"{name}[{rows.tolist()}]"
    period = int(np.flatnonzero(steps != steps[0])[0]) + 1
    if count % period == 0 and (rows.reshape(-1, period) == rows[:period]).all():
        return f"np.tile({picked(name, size, rows[:period])}, ({count // period}, 1))"
    if (
        steps[0] == 0
        and count % period == 0
        and (rows.reshape(-1, period) == rows[::period, None]).all()
    ):
        return f"np.repeat({picked(name, size, rows[::period])}, {period}, axis=0)"
    across, even = count // period, rows.reshape(-1, period) if count % period == 0 else rows[:0]
    if even.size and np.array_equal(
        even, rows[0] + np.arange(across)[:, None] + across * np.arange(period)
    ):
        part = picked(name, size, np.sort(rows))
        return f"{part}.reshape({period}, {across}, -1).swapaxes(0, 1).reshape({count}, -1)"
    return f"{name}[{rows.tolist()}]"


def added_up(text: str, rows: Rows) -> tuple[str, Rows]:
    """The other way round: what rows of the expression ``text`` add to an array, as far as sums can write it.

    Gives an expression and the rows, each but once where possible, that it is to be added to.
    """
    count = len(rows)
    if len(np.unique(rows)) == count:
        order = np.argsort(rows)
        even = (np.diff(rows[order]) == 1).all()
        return (picked(text, count, order), rows[order]) if even else (text, rows)
    if (rows == rows[0]).all():
        return f"np.sum({text}, axis=0, keepdims=True)", rows[:1]
    period = int(np.flatnonzero(np.append(rows[1:] == rows[0], True))[0]) + 1
    if period < count and count % period == 0 and (rows.reshape(-1, period) == rows[:period]).all():
        return added_up(
            f"{text}.reshape({count // period}, {period}, -1).sum(axis=0)", rows[:period]
        )
    period = int(np.flatnonzero(np.append(rows[1:] != rows[0], True))[0]) + 1
    if (
        period > 1
        and count % period == 0
        and (rows.reshape(-1, period) == rows[::period, None]).all()
    ):
        return added_up(
            f"{text}.reshape({count // period}, {period}, -1).sum(axis=1)", rows[::period]
        )
    return text, rows


def symbol_text(symbol: Symbol, texts: list[str], operands: list[str]) -> str:
    """What a symbol stands for, from the texts of what it is made of."""
    name = symbol.name
    if name == "operand":
        return f"({operands[int(symbol.number)]})"
    if name == "number":
        return f"({number_text(symbol.number)})"
    if name in _SIGNS:
        return f"({texts[0]} {_SIGNS[name]} {texts[1]})"
    if name == "neg":
        return f"(-{texts[0]})"
    if name == "abs":
        return f"np.abs({texts[0]})"
    if name == "select":
        return f"np.where({', '.join(texts)})"
    if name in _ALL:
        return f"np.{_ALL[name]}({texts[0]}, axis=0)"
    if name == "total":
        return f"({' + '.join(texts)})"
    if name == "exact_total_all":
        return f"total({texts[0]})"
    if name == "exact_total":
        return f"total(np.stack(np.broadcast_arrays({', '.join(texts)})))"
    if name == "erfc":
        return f"erfc({texts[0]})"
    assert name in FUNCTIONS
    return f"np.{_NUMPY.get(name, name)}({', '.join(texts)})"


def number_text(x: float) -> str:
    """``x`` as Python writes it, or as NumPy names it."""
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(repr(float(x)), repr(float(x)))


def tidy(text: str) -> str:
    """An expression with the brackets that it needs."""
    return ast.unparse(ast.parse(text, mode="eval"))
