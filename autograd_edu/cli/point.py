"""A formula at a point: the numbers for its variables, as people type them, and the result."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ..engine.number import plain
from ..engine.value import Value
from ..errors import ExpressionError, nearest
from .expression import Expression, parse


def evaluate(text: str, given: Sequence[str]) -> tuple[Expression, list[float], Value]:
    """The formula, the numbers for its variables, and the result after a backward pass.

    Args:
        given: a text like "x=3" or "t=pi/4" for each variable.

    Raises:
        DomainError: if the formula has no real value at this point.
        ExpressionError: if the formula cannot be read or has no variable, or if a value is missing,
            given twice, unused, or not a number.
    """
    formula = parse(text, [each.partition("=")[0].strip() for each in given])
    at = _values(formula, given)
    if not at:
        raise ExpressionError(
            "the formula has no variable, so there is nothing to differentiate by"
        )
    y = formula(*[Value(x, name) for name, x in zip(formula.names, at, strict=True)])
    y.backward()
    return formula, at, y


def _values(formula: Expression, given: Sequence[str]) -> list[float]:
    """A number for each variable of ``formula``."""
    found: dict[str, float] = {}
    for text in given:
        name, equals, number = (part.strip() for part in text.partition("="))
        name = unicodedata.normalize("NFKC", name)  # as Python reads the formula's own names
        if not equals or not name.isidentifier():
            raise ExpressionError(
                f"{text!r} is not a value for a variable: write name=number without spaces, such "
                "as x=3"
            )
        if name in found:
            raise ExpressionError(f"'{name}' is given twice: {name}={found[name]!r} and {text}")
        if name not in formula.names:
            hint = _names_like(name, formula.names)
            raise ExpressionError(f"'{name}' is given, but the formula does not use it; {hint}")
        found[name] = _number(name, number)
    missing = [name for name in formula.names if name not in found]
    if missing:
        names, add = ", ".join(map(repr, missing)), " ".join(f"{name}=…" for name in missing)
        raise ExpressionError(f"no value is given for {names}: add {add}")
    return [found[name] for name in formula.names]


def _names_like(name: str, names: Sequence[str]) -> str:
    near = nearest(name, names)
    return f"did you mean {near}?" if near else f"its variables are {', '.join(names) or 'none'}"


def _number(name: str, text: str) -> float:
    try:
        value = parse(text)
    except ExpressionError:
        value = None
    if value is None or value.names:
        raise ExpressionError(f"the value of '{name}' must be a number; got {text!r}")
    return plain(value())
