"""The rules of the table, run on symbols: what a row computes, as data that code for other machines is made from.

A rule is a function of a namespace `xp` and of operands. Given a `Symbols` as namespace and `Symbol`s as operands it
computes nothing: it writes down what it would have computed. Equal parts are written down once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.op import Op, together

_UNARY = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "erf", "erfc",
)  # fmt: skip
_BINARY = ("pow", "atan2", "hypot", "maximum", "minimum")
FUNCTIONS = dict.fromkeys(_UNARY, 1) | dict.fromkeys(_BINARY, 2)  # of `xp`: how many operands
OPERATORS = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "mod": 2, "neg": 1, "abs": 1, "lt": 2, "le": 2, "gt": 2,
    "ge": 2,
}  # fmt: skip
CONDITIONS = ("lt", "le", "gt", "ge")
SUMS = (
    "total",
    "exact_total",
    "dot",
)  # of any number of operands; those of dot are flattened as the row's are

_Made = dict[Any, "Symbol"]


class _Stacked(_Made):
    """The symbols of a variadic row whose operands stand in one array."""


class Symbol:
    """A number that a rule would compute: ``name`` says from what. Operators on it make further symbols."""

    __slots__ = ("made", "name", "number", "operands")

    def __init__(self, made: _Made, name: str, operands: tuple[Symbol, ...], number: float) -> None:
        self.made, self.name, self.operands, self.number = made, name, operands, number

    @property
    def shape(self) -> tuple[int, ...]:
        """There only for operands that stand in one array: by it, the rules know them."""
        if not isinstance(self.made, _Stacked):
            raise AttributeError("shape")
        return ()

    def sum(self, axis: int) -> Symbol:
        """The sum over the operands that stand in one array."""
        assert axis == 0
        return _symbol(self.made, "sum_all", self)

    def __add__(self, other: Any) -> Symbol:
        return _symbol(self.made, "add", self, other)

    def __radd__(self, other: Any) -> Symbol:
        return _symbol(self.made, "add", other, self)

    def __sub__(self, other: Any) -> Symbol:
        return _symbol(self.made, "sub", self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return _symbol(self.made, "sub", other, self)

    def __mul__(self, other: Any) -> Symbol:
        return _symbol(self.made, "mul", self, other)

    def __rmul__(self, other: Any) -> Symbol:
        return _symbol(self.made, "mul", other, self)

    def __truediv__(self, other: Any) -> Symbol:
        return _symbol(self.made, "div", self, other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return _symbol(self.made, "div", other, self)

    def __mod__(self, other: Any) -> Symbol:
        return _symbol(self.made, "mod", self, other)

    def __rmod__(self, other: Any) -> Symbol:
        return _symbol(self.made, "mod", other, self)

    def __pow__(self, other: Any) -> Symbol:
        return (
            _symbol(self.made, "mul", self, self)
            if other == 2
            else _symbol(self.made, "pow", self, other)
        )

    def __neg__(self) -> Symbol:
        return _symbol(self.made, "neg", self)

    def __abs__(self) -> Symbol:
        return _symbol(self.made, "abs", self)

    def __lt__(self, other: Any) -> Symbol | bool:
        return _compared(self.made, "lt", self, other)

    def __le__(self, other: Any) -> Symbol | bool:
        return _compared(self.made, "le", self, other)

    def __gt__(self, other: Any) -> Symbol | bool:
        return _compared(self.made, "gt", self, other)

    def __ge__(self, other: Any) -> Symbol | bool:
        return _compared(self.made, "ge", self, other)

    def __bool__(self) -> bool:
        raise TypeError(
            "a rule branched with `if` on an operand: use xp.choose, which every kind of number understands"
        )


def _symbol(made: _Made, name: str, *operands: Any) -> Symbol:
    """The symbol of this name and these operands; there is but one."""
    xs = tuple([_as_symbol(made, x) for x in operands])
    key = (name, *map(id, xs))
    if key not in made:
        made[key] = Symbol(made, name, xs, 0.0)
    return made[key]


def _compared(made: _Made, name: str, a: Symbol, b: Any) -> Symbol | bool:
    """The symbol of a comparison; of two numbers, what it says."""
    right = _as_symbol(made, b)
    if a.name == right.name == "number":
        return bool(getattr(operator, name)(a.number, right.number))
    return _symbol(made, name, a, right)


def _as_symbol(made: _Made, x: Any) -> Symbol:
    """``x``, or the symbol of a plain number."""
    if isinstance(x, Symbol):
        return x
    key = x if x else repr(x)  # the zeros differ
    if key not in made:
        made[key] = Symbol(made, "number", (), float(x))
    return made[key]


class Symbols:
    """The namespace `xp` of symbols. Both branches of a choice are written down, as on arrays."""

    def __init__(self, made: _Made) -> None:
        self.made = made

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name not in FUNCTIONS:
            raise AttributeError(f"the namespace of the rules has no function {name!r}")

        def function(*xs: Any) -> Symbol:
            return _symbol(self.made, name, *xs)

        function.reduce = lambda xs, axis: _symbol(self.made, f"{name}_all", xs)  # type: ignore[attr-defined]  # noqa: ARG005 - as NumPy's
        return function

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any:
        if not isinstance(condition, Symbol):
            chosen = then if condition else otherwise
            return chosen() if callable(chosen) else chosen
        branches = [branch() if callable(branch) else branch for branch in (then, otherwise)]
        return _symbol(self.made, "select", condition, *branches)

    def total(self, xs: Any) -> Symbol:
        if isinstance(xs, Symbol):
            return _symbol(self.made, "total_all", xs)
        return _symbol(self.made, "total", *xs)

    def dot(self, ws: Sequence[Any], xs: Sequence[Any], bias: Sequence[Any]) -> Symbol:
        return _symbol(self.made, "dot", *ws, *xs, *bias)


@dataclass(frozen=True)
class Written:
    """A row on symbols: its value, and its slopes for each operand. Leaves are "operand" (by number), "result" and "number".

    Where ``stacked``, operand 0 is the array of all, and there is one slope, an array of its shape.
    """

    value: Symbol
    slopes: tuple[Symbol, ...]
    stacked: bool = False


def written(op: Op, numbers: Sequence[float | None]) -> Written:
    """``op`` on symbols; those of ``numbers`` that are not None are the operands at their places."""
    made: _Made = {}
    xs = [
        Symbol(made, "operand", (), float(i)) if x is None else _as_symbol(made, x)
        for i, x in enumerate(numbers)
    ]
    xp, y = Symbols(made), Symbol(made, "result", (), 0.0)
    slopes = op.local_gradients(xp, y, xs)
    value = _rounded_once(_as_symbol(made, op.value(xp, *xs)))
    return Written(value, tuple([_as_symbol(made, slope) for slope in slopes]))


def written_stacked(op: Op) -> Written | None:
    """A variadic row whose operands stand in one array, its operand 0; sums and maxima over it are named "…_all".

    None if its rules take the operands one by one.
    """
    if op.groups is not together:
        return None
    made = _Stacked()
    xp, stack, y = Symbols(made), Symbol(made, "operand", (), 0.0), Symbol(made, "result", (), 0.0)
    value, slopes = op.rule, op.rules[0]
    try:
        return Written(
            _rounded_once(_as_symbol(made, value(xp, stack))),
            (_as_symbol(made, slopes(xp, y, stack)),),
            stacked=True,
        )
    except TypeError:  # a symbol is no sequence
        return None


def _rounded_once(value: Symbol) -> Symbol:
    """The value of a row; a total that is all that it computes is named "exact_…": its rounding shows in the result."""
    if value.name in ("total", "total_all"):
        return Symbol(value.made, f"exact_{value.name}", value.operands, 0.0)
    return value


def in_order(roots: Iterable[Symbol]) -> list[Symbol]:
    """Everything that ``roots`` are made from, each after its operands."""
    done: dict[int, Symbol] = {}
    stack = list(roots)[::-1]
    while stack:
        symbol = stack[-1]
        waiting = [x for x in symbol.operands if id(x) not in done]
        if waiting:
            stack.extend(reversed(waiting))
        else:
            done.setdefault(id(stack.pop()), symbol)
    return list(done.values())
