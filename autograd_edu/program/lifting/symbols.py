"""Run the rules of the table on symbols, to see as data what they compute.

A rule is a function of a namespace `xp` and of operands. With `Symbols` as the namespace and
`Symbol`s as operands, it computes nothing, but records what it would compute. Equal parts are
recorded once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from ...arithmetic.contracts import Namespace
from ...arithmetic.rows import together
from ...engine.op import Op
from ...errors import OperandError

_LISTS = "total", "dot", "choose"  # what a namespace has besides functions of numbers
# Each function of `xp`, with the number of its operands.
FUNCTIONS: dict[str, int] = {
    name: function.__code__.co_argcount - 1
    for name, function in vars(Namespace).items()
    if not name.startswith("_") and name not in _LISTS
}
CONDITIONS = ("lt", "le", "gt", "ge")
# Each operator, with the number of its operands.
OPERATORS = {
    **dict.fromkeys(("add", "sub", "mul", "div", "mod"), 2), "neg": 1, "abs": 1,
    **dict.fromkeys(CONDITIONS, 2),
}  # fmt: skip
# They take any number of operands; dot takes its groups one after another.
SUMS = ("total", "exact_total", "dot")

Operand: TypeAlias = "Symbol | float"  # rules mix symbols with plain numbers
Branch: TypeAlias = "Operand | Callable[[], Operand]"
_Made = dict[Hashable, "Symbol"]
_Operator = Callable[["Symbol", Operand], "Symbol"]


class _Stacked(_Made):
    """The symbols of a variadic row whose operands are stacked in one array."""


def _unary(name: str) -> Callable[[Symbol], Symbol]:
    return lambda x: _symbol(x.made, name, x)


def _binary(name: str) -> tuple[_Operator, _Operator]:
    """An operator and its reflected form."""
    return lambda a, b: _symbol(a.made, name, a, b), lambda a, b: _symbol(a.made, name, b, a)


def _comparison(name: str) -> Callable[[Symbol, Operand], Symbol | bool]:
    """A comparison. If both sides are plain numbers, it gives a bool."""

    def compare(a: Symbol, b: Operand) -> Symbol | bool:
        right = _as_symbol(a.made, b)
        if a.name == right.name == "number":
            return bool(getattr(operator, name)(a.number, right.number))
        return _symbol(a.made, name, a, right)

    return compare


class Symbol:
    """A number that a rule would compute. ``name`` says by which function or operator."""

    __slots__ = ("made", "name", "number", "operands")

    def __init__(self, made: _Made, name: str, operands: tuple[Symbol, ...], number: float) -> None:
        self.made, self.name, self.operands, self.number = made, name, operands, number

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a stack of operands. A rule knows a stack by having a shape."""
        if not isinstance(self.made, _Stacked):
            raise AttributeError("shape")
        return ()

    def sum(self, axis: int) -> Symbol:
        """The sum over the operands that stand in one array."""
        assert axis == 0
        return _symbol(self.made, "sum_all", self)

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("sub")
    __mul__, __rmul__ = _binary("mul")
    __truediv__, __rtruediv__ = _binary("div")
    __mod__, __rmod__ = _binary("mod")
    __neg__, __abs__ = _unary("neg"), _unary("abs")
    __lt__, __le__ = _comparison("lt"), _comparison("le")
    __gt__, __ge__ = _comparison("gt"), _comparison("ge")

    def __pow__(self, other: Operand) -> Symbol:
        name, right = ("mul", self) if other == 2 else ("pow", other)
        return _symbol(self.made, name, self, right)

    def __bool__(self) -> bool:
        raise TypeError(
            "a rule used `if` on an operand; use xp.choose, which works for every kind of number"
        )


def _symbol(made: _Made, name: str, *operands: Operand) -> Symbol:
    """The one symbol of this name and these operands."""
    xs = tuple([_as_symbol(made, x) for x in operands])
    key = (name, *map(id, xs))
    if key not in made:
        made[key] = Symbol(made, name, xs, 0.0)
    return made[key]


def _as_symbol(made: _Made, x: Operand) -> Symbol:
    """``x``, or the symbol of a plain number."""
    if isinstance(x, Symbol):
        return x
    key = x if x else repr(x)  # 0.0 and -0.0 must differ
    if key not in made:
        made[key] = Symbol(made, "number", (), float(x))
    return made[key]


class _Function:
    """A function of the namespace. Like NumPy's, it has `reduce`, for a whole axis."""

    def __init__(self, made: _Made, name: str) -> None:
        self.made, self.name = made, name

    def __call__(self, *xs: Operand) -> Symbol:
        return _symbol(self.made, self.name, *xs)

    def reduce(self, xs: Symbol, axis: int) -> Symbol:
        """The function over the operands that stand in one array."""
        assert axis == 0
        return _symbol(self.made, f"{self.name}_all", xs)


class _Symbols:
    """The namespace `xp` of symbols. Both branches of a choice are written down, as on arrays."""

    def __init__(self, made: _Made) -> None:
        self.made = made
        for name in FUNCTIONS:
            setattr(self, name, _Function(made, name))

    def choose(self, condition: Symbol | bool, then: Branch, otherwise: Branch) -> Operand:
        """``then`` or ``otherwise`` if the condition is known, otherwise a symbol of both."""
        if not isinstance(condition, Symbol):
            chosen = then if condition else otherwise
            return chosen() if callable(chosen) else chosen
        branches = [branch() if callable(branch) else branch for branch in (then, otherwise)]
        return _symbol(self.made, "select", condition, *branches)

    def total(self, xs: Symbol | Sequence[Operand]) -> Symbol:
        """The sum of several operands, or of those that stand in one array."""
        if isinstance(xs, Symbol):
            return _symbol(self.made, "total_all", xs)
        return _symbol(self.made, "total", *xs)

    def dot(self, ws: Sequence[Operand], xs: Sequence[Operand], bias: Sequence[Operand]) -> Symbol:
        """The sum of products, and of the bias, if there is one."""
        return _symbol(self.made, "dot", *ws, *xs, *bias)


SYMBOLS: Callable[[_Made], Any] = _Symbols  # no checker sees the functions that are set by name


@dataclass(frozen=True)
class Written:
    """A row on symbols: its value, and its slope for each operand.

    Leaves are "operand" (by number), "result" and "number". If ``stacked``, operand 0 is the array
    of all operands, and there is one slope, an array of its shape.
    """

    value: Symbol
    slopes: tuple[Symbol, ...]
    stacked: bool = False


def written(op: Op, numbers: Sequence[float | None]) -> Written:
    """``op`` on symbols. An operand is a number where ``numbers`` has one, else a symbol.

    Raises:
        OperandError: if its rules use something other than operators and functions of xp.
    """
    made: _Made = {}
    xs = [
        Symbol(made, "operand", (), float(i)) if x is None else _as_symbol(made, x)
        for i, x in enumerate(numbers)
    ]
    xp, y = SYMBOLS(made), Symbol(made, "result", (), 0.0)
    try:
        slopes = op.local_gradients(xp, y, xs)
        value = _rounded_once(_as_symbol(made, op.value(xp, *xs)))
    except TypeError as error:
        raise OperandError(
            f"the rules of {op.name} must also work on arrays: use functions of xp, such as xp.sin "
            f"for math.sin ({error})"
        ) from None
    return Written(value, tuple([_as_symbol(made, slope) for slope in slopes]))


@lru_cache(maxsize=256)
def written_stacked(op: Op) -> Written | None:
    """A variadic row whose operands stand in one array, its operand 0.

    Sums and maxima over the array are named "…_all". It is None if the rules of the row take the
    operands one by one.
    """
    if op.groups is not together:
        return None
    made = _Stacked()
    xp, stack, y = SYMBOLS(made), Symbol(made, "operand", (), 0.0), Symbol(made, "result", (), 0.0)
    value, slopes = op.rule, op.rules[0]
    try:
        return Written(
            _rounded_once(_as_symbol(made, value(xp, stack))),
            (_as_symbol(made, slopes(xp, y, stack)),),
            stacked=True,
        )
    except TypeError:  # the rule used the stack as a sequence
        return None


def written_dot(*, biased: bool) -> Written:
    """The sum of the products of two stacks, and perhaps of a bias, on symbols."""
    made: _Made = {}
    weights, inputs, bias = [Symbol(made, "operand", (), float(i)) for i in range(3)]
    value = (weights * inputs).sum(axis=0)
    slopes = inputs, weights, _as_symbol(made, 1.0)
    return Written(value + bias if biased else value, slopes)


def _rounded_once(value: Symbol) -> Symbol:
    """The value of a row. A plain total is renamed to "exact_…", because it is rounded once."""
    if value.name in ("total", "total_all"):
        return Symbol(value.made, f"exact_{value.name}", value.operands, 0.0)
    return value


def in_order(roots: Iterable[Symbol], known: Container[int] = ()) -> list[Symbol]:
    """All symbols that ``roots`` depend on, operands first, but not those ``known`` by their id."""
    done: dict[int, Symbol] = {}
    stack = [root for root in roots if id(root) not in known][::-1]
    while stack:
        symbol = stack[-1]
        waiting = [x for x in symbol.operands if id(x) not in done and id(x) not in known]
        if waiting:
            stack.extend(reversed(waiting))
        else:
            done.setdefault(id(stack.pop()), symbol)
    return list(done.values())
