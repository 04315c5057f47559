"""Write formulas of the rule table as text, LaTeX or Python, with the reader's own names.

The table holds Python expressions. `text("b*a**(b - 1)", {"a": "x", "b": 3.0})` is "3·x²": numbers
replace their names, and the formula is simplified, as a person would write it.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache

Names = Mapping[str, "str | float"]
Functions = Mapping[str, str]
"""For each function a template, with {0}, {1} … for its arguments, or {all} for all of them."""

_ARITHMETIC: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
_RANK: dict[type, int] = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.USub: 3, ast.Pow: 4}
_COMPARISON: dict[type, str] = {
    ast.Gt: ">", ast.Lt: "<", ast.GtE: "≥", ast.LtE: "≤", ast.Eq: "="
}  # fmt: skip
_IN_LATEX = {**_COMPARISON, ast.GtE: r"\geq", ast.LtE: r"\leq"}
_COMPARED: dict[type, Callable[[float, float], bool]] = {
    ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le,
    ast.Eq: operator.eq,
}  # fmt: skip
_ATOM = 5
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(x: float) -> str:
    """The shortest text that reads back as ``x``; whole numbers without ".0"."""
    return repr(int(x)) if x == x // 1 and abs(x) < 1e16 else repr(x)


def short(x: float, digits: int = 4) -> str:
    """``x`` to a few significant digits; whole numbers below a million in full."""
    return number(x) if x == round(x, 0) and abs(x) < 1e6 else f"{x:.{digits}g}"


def text(expression: str, names: Names, functions: Functions | None = None) -> str:
    """``expression`` as one line of plain text: x², w·x, 1/x."""
    return _Printer(names, functions or {}, latex=False).show(_fold(_parse(expression), names))[0]


def latex(expression: str, names: Names, functions: Functions | None = None) -> str:
    r"""``expression`` as LaTeX for math mode: x^{2}, w \cdot x, \frac{1}{x}.

    Names must be LaTeX already.
    """
    return _Printer(names, functions or {}, latex=True).show(_fold(_parse(expression), names))[0]


def python(expression: str, names: Names) -> str:
    """``expression`` as Python source, with other identifiers or numbers for its names."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Name(str(names.get(node.id, node.id)))

    return ast.unparse(Rename().visit(_fold(_parse(expression), names)))


@lru_cache(maxsize=1024)
def _parse(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _fold(node: ast.expr, names: Names) -> ast.expr:
    """``node`` with known numbers in place of names, and operations on numbers computed.

    Factors and exponents of 1 are left out.
    """
    match node:
        case ast.Name(id=name) if isinstance(names.get(name), (int, float)):
            return ast.Constant(float(names[name]))
        case ast.UnaryOp(operand=operand):
            inner = _fold(operand, names)
            known = _number(inner)
            return ast.UnaryOp(node.op, inner) if known is None else ast.Constant(-known)
        case ast.Call(func=func, args=args):
            folded = [_fold(a, names) for a in args]
            holds = _holds(folded[0]) if isinstance(func, ast.Name) and func.id == "where" else None
            return ast.Call(func, folded, []) if holds is None else folded[1 if holds else 2]
        case ast.IfExp():
            test, then, otherwise = (_fold(n, names) for n in (node.test, node.body, node.orelse))
            holds = _holds(test)
            return (
                ast.IfExp(test, then, otherwise) if holds is None else then if holds else otherwise
            )
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return ast.Compare(_fold(left, names), ops, [_fold(right, names)])
        case ast.BinOp(left=left, op=op, right=right):
            return _fold_binary(_fold(left, names), op, _fold(right, names))
    return node


def _fold_binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        try:
            result = float(_ARITHMETIC[type(op)](a, b))
        except (ArithmeticError, TypeError):  # it has no value, so it stays as it is
            return ast.BinOp(left, op, right)
        return ast.Constant(result) if result - result == 0 else ast.BinOp(left, op, right)
    if isinstance(op, ast.Mult) and a in (1, -1):
        return right if a == 1 else ast.UnaryOp(ast.USub(), right)
    return left if b == 1 and isinstance(op, (ast.Mult, ast.Pow)) else ast.BinOp(left, op, right)


def _holds(node: ast.expr) -> bool | None:
    """Does a comparison hold? None if ``node`` does not compare two numbers."""
    if not isinstance(node, ast.Compare):
        return None
    a, b = _number(node.left), _number(node.comparators[0])
    if a is None or b is None:
        return None
    return bool(_COMPARED[type(node.ops[0])](a, b))


def _number(node: ast.expr) -> float | None:
    """The number that ``node`` is; None if it is none."""
    return (
        float(node.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
        else None
    )


class _Printer:
    """Writes a formula; each method returns text, `show` also how tightly it binds.

    It is recursive, because a formula, unlike a graph, is only as deep as its author typed it.
    """

    def __init__(self, names: Names, functions: Functions, *, latex: bool) -> None:
        self.names, self.functions, self.latex = names, functions, latex

    def show(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.Constant(value=int() | float() as value):
                return number(float(value)), (_RANK[ast.USub] if value < 0 else _ATOM)
            case ast.Name(id=name):
                return str(self.names.get(name, name)), _ATOM
            case ast.UnaryOp(operand=operand):
                return "-" + self.within(operand, _RANK[ast.Mult]), _RANK[ast.USub]
            case ast.Call(func=ast.Name(id=name), args=args):
                shown = [self.show(a)[0] for a in args]
                return self.functions.get(name, self.call(name)).format(
                    *shown, all=", ".join(shown)
                ), _ATOM
            case ast.IfExp():
                choice = ast.Call(ast.Name("where"), [node.test, node.body, node.orelse], [])
                return self.show(choice)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = (_IN_LATEX if self.latex else _COMPARISON)[type(op)]
                return f"{self.show(left)[0]} {sign} {self.show(right)[0]}", 0
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(left, op, right), (
                    _ATOM if self.latex and isinstance(op, ast.Div) else _RANK[type(op)]
                )
        raise ValueError(f"a formula cannot hold {ast.unparse(node)!r}")

    def call(self, name: str) -> str:
        """The template for a function that is not an operation of the table."""
        return (
            rf"\operatorname{{{{{name}}}}}\left({{all}}\right)" if self.latex else name + "({all})"
        )

    def within(self, node: ast.expr, rank: int) -> str:
        """``node``, in brackets where it binds less tightly than ``rank`` needs."""
        shown, own = self.show(node)
        return shown if own >= rank else self.bracket(shown)

    def bracket(self, shown: str) -> str:
        return rf"\left({shown}\right)" if self.latex else f"({shown})"

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> str:
        rank = _RANK[type(op)]
        match op:
            case ast.Pow():
                return self.within(left, _ATOM) + self.exponent(right)
            case ast.Div() if self.latex:
                return rf"\frac{{{self.show(left)[0]}}}{{{self.show(right)[0]}}}"
            case ast.Div():
                return f"{self.within(left, rank)}/{self.within(right, _RANK[ast.Pow])}"
            case ast.Mult():
                times = r" \cdot " if self.latex else "·"
                return self.within(left, rank) + times + self.within(right, _RANK[ast.Pow])
        sign, shown = ("-" if isinstance(op, ast.Sub) else "+"), self.within(right, _RANK[ast.Mult])
        shown = self.bracket(shown) if shown.startswith("-") else shown
        return f"{self.within(left, rank)} {sign} {shown}"

    def exponent(self, node: ast.expr) -> str:
        if self.latex:
            return f"^{{{self.show(node)[0]}}}"
        known = _number(node)
        if known is not None and known.is_integer() and abs(known) < 1000:
            return number(known).translate(_SUPERSCRIPT)
        return "^" + self.within(node, _ATOM)
