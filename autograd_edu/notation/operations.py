"""Write an operation or its local gradients as plain text, LaTeX or Python source."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..engine.op import OPS, Op
from . import formula

Name = str | float  # a name as the reader sees it, or the number of a constant
MOST = 100  # operands; longer formulas are unreadable, and Python limits how deep they may nest


def text(op: Op, *operands: Name) -> str:
    """The operation as plain text, such as "w·x", with these names or numbers as operands."""
    return _print(formula.text, op, operands, "y")


def latex(op: Op, *operands: Name) -> str:
    """The operation as LaTeX. The names must be LaTeX too."""
    return _print(formula.latex, op, operands, "y")


def slope_text(op: Op, i: int, y: Name, *operands: Name, times: str = "") -> str:
    """The local gradient for operand ``i`` as plain text.

    ``y`` is the name of the result, and ``times`` a factor to write after the local gradient.
    """
    return _print(formula.text, op, operands, y, slope=i, times=times)


def slope_latex(op: Op, i: int, y: Name, *operands: Name, times: str = "") -> str:
    """The local gradient for operand ``i`` as LaTeX; see `slope_text`."""
    return _print(formula.latex, op, operands, y, slope=i, times=times)


def source(op: Op, y: str, *operands: Name, slope: int | None = None) -> str:
    """The operation, or its local gradient for operand ``slope``, as a Python expression.

    The expression calls public functions of the package.
    """
    names = op.operand_names(len(operands))
    shown = {**dict(zip(names, operands, strict=True)), "y": y}
    return formula.python(_expression(op, names, slope), shown)


def _expression(op: Op, names: tuple[str, ...], slope: int | None) -> str:
    if slope is None:
        return op.formula if isinstance(op.formula, str) else op.formula(*names)
    return op.slopes_of(names)[slope]


def _print(
    printer: Callable[..., str],
    op: Op,
    operands: Sequence[Name],
    y: Name,
    slope: int | None = None,
    times: str = "",
) -> str:
    in_latex = printer is formula.latex
    if op.variadic and slope is None and len(operands) > MOST:
        return _abridge(op, operands, in_latex=in_latex)
    names = op.operand_names(len(operands))
    expression = _expression(op, names, slope)
    functions = {each.name: each.latex if in_latex else each.template for each in OPS.values()}
    shown = {**dict(zip(names, operands, strict=True)), "y": y, "times_": times}
    return printer(f"({expression})*times_" if times else expression, shown, functions)


def _abridge(op: Op, operands: Sequence[Name], *, in_latex: bool) -> str:
    """The operation as a call with its first and last operands: total(x1, x2, …, x400)."""
    few = [x if isinstance(x, str) else formula.number(x) for x in (*operands[:2], operands[-1])]
    few.insert(2, r"\ldots" if in_latex else "…")
    return (op.latex if in_latex else op.template).format(all=", ".join(few))
