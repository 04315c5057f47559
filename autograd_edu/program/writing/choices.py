"""A rule's symbols computed on arrays that a framework differentiates, to any order.

A framework computes both branches of a choice, and multiplies the derivative of the one not taken by
0: where that is infinite, nan leaks out. So wherever a number is not needed, it is computed from
harmless operands instead.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..lifting.symbols import CONDITIONS, Symbol, in_order

Array = Any
HARMLESS = 0.5  # inside the domain of every function, and away from infinite slopes
_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "abs": abs,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def computed(
    xp: Any, roots: Sequence[Symbol], operands: Sequence[Array], result: Array
) -> list[Array]:
    """What ``roots`` stand for at these operands and this result; no branch spoils a derivative."""
    order = in_order(roots)
    if all(symbol.name != "select" for symbol in order):
        return _evaluated(xp, roots, order, operands, result, {})
    detached = [xp.detach(x) for x in operands]
    conditions = [symbol for symbol in order if symbol.name in CONDITIONS]
    values = _evaluated(xp, conditions, order, detached, xp.detach(result), {})
    needed = _needed(roots, order, dict(zip(map(id, conditions), values, strict=True)))
    return _evaluated(xp, roots, order, operands, result, needed)


def _needed(
    roots: Sequence[Symbol], order: Sequence[Symbol], conditions: Mapping[int, Array]
) -> dict[int, Any]:
    """Where each symbol is needed: True for everywhere, or an array."""
    needed: dict[int, Any] = {id(root): True for root in roots}
    for symbol in reversed(order):
        where = needed[id(symbol)]
        share = [where] * len(symbol.operands)
        if symbol.name == "select":
            holds = conditions[id(symbol.operands[0])]
            share[1:] = [both(where, holds), both(where, holds == False)]  # noqa: E712 - of arrays
        for x, own in zip(symbol.operands, share, strict=True):
            needed[id(x)] = either(needed[id(x)], own) if id(x) in needed else own
    return needed


def both(a: Any, b: Any) -> Any:
    """Where both hold; True is everywhere."""
    return b if a is True else a if b is True else a & b


def either(a: Any, b: Any) -> Any:
    """Where one of them holds; True is everywhere."""
    return True if a is True or b is True else a | b


def _evaluated(
    xp: Any,
    roots: Sequence[Symbol],
    order: Sequence[Symbol],
    operands: Sequence[Array],
    result: Array,
    needed: Mapping[int, Any],
) -> list[Array]:
    known: dict[int, Any] = {}
    for symbol in order:
        if symbol.operands:
            xs = [known[id(x)] for x in symbol.operands]
            where = needed.get(id(symbol), True)
            if where is not True and symbol.name != "select" and symbol.name not in CONDITIONS:
                xs = [xp.where(where, x, HARMLESS) for x in xs]
            known[id(symbol)] = _applied(xp, symbol.name, xs)
        elif symbol.name == "number":
            known[id(symbol)] = xp.array(symbol.number, operands[0])
        else:
            of_rule = symbol.name == "operand"
            known[id(symbol)] = operands[int(symbol.number)] if of_rule else result
    return [known[id(root)] for root in roots]


def _applied(xp: Any, name: str, xs: Sequence[Any]) -> Any:
    """The symbol ``name`` on arrays."""
    if name in _OPERATORS:
        return _OPERATORS[name](*xs)
    if name == "select":
        return xp.choose(*xs)
    if name.endswith(("total", "total_all", "sum_all")):
        return xp.total(xs[0] if name.endswith("_all") else xs)
    if name.endswith("_all"):
        return getattr(xp, name.removesuffix("_all")).reduce(xs[0], 0)
    return getattr(xp, name)(*xs)
