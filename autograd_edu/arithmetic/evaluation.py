"""A row on floats: its value and its local gradients, as real numbers or by IEEE 754."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Protocol

from ..errors import ArityError, OperandError, describe, no_value
from .contracts import Kind, Operand
from .floats import Floats, IeeeFloats
from .ieee754 import Ieee, ieee_is_on
from .rows import Row

LocalGradients = tuple[float | None, ...]  # None for an operand that is not selected


class _Operand(Kind, Protocol):
    """A Value, which is above us."""

    is_constant: bool

    def _peek(self) -> float:
        """The number."""


def evaluate(row: Row, xs: Sequence[float], named: Sequence[Operand] = ()) -> float:
    """The value of ``row`` at floats.

    ``named`` are the objects that the floats come from: their labels make the error message.

    Raises:
        DomainError: where the value is not finite, unless inside `ieee()`.
    """
    problem: Exception | None = None
    try:
        y = row.value(Floats, *xs)
        if y - y == 0.0 or ieee_is_on():
            return float(y)
    except (ValueError, ArithmeticError) as error:
        problem = error
    except TypeError:
        _check(row, xs)
        raise
    if ieee_is_on():
        return float(row.value(IeeeFloats, *map(Ieee, xs)))
    raise no_value(row, xs, named, problem) from None


def evaluate_local_gradients(
    row: Row, y: float, xs: Sequence[float], wanted: Sequence[bool] | None = None
) -> Sequence[float | None]:
    """The local gradients of ``row`` at floats; inf or nan where one does not exist."""
    try:
        return row.local_gradients(Floats, y, xs, wanted)
    except (ValueError, ArithmeticError):
        found = row.local_gradients(IeeeFloats, Ieee(y), [*map(Ieee, xs)], wanted)
        return [None if x is None else float(x) for x in found]


def evaluate_both(
    row: Row, xs: Sequence[float], operands: Sequence[_Operand]
) -> tuple[float, Sequence[float | None]]:
    """The value at the numbers ``xs`` of ``operands``, and the local gradients.

    Constants get theirs too: a frozen leaf may be unfrozen before the backward pass.
    """
    try:
        groups = xs if row.groups is None else row.groups(xs)
        y = row.rule(Floats, *groups)
        if (gradients := row.at_once) is not None:
            found = gradients(Floats, y, *groups)
        else:
            found = [rule(Floats, y, *xs) for rule in row.rules]
        if y.__class__ is float and y - y == 0.0:
            return y, found
    except (ValueError, ArithmeticError, TypeError):
        pass  # say what is wrong, or compute in IEEE arithmetic
    y = evaluate(row, xs, operands)
    return y, evaluate_local_gradients(row, y, xs)


def completed(
    kept: LocalGradients, row: Row | None, *, y: float, operands: Sequence[_Operand]
) -> LocalGradients:
    """The local gradients ``kept`` and those for constants, which nobody needed until now.

    They are nan if an operand has changed since, as the numbers that gave ``y`` are gone.
    """
    late = [operand.is_constant for operand in operands]
    if row is None or not any(late):
        return kept
    xs = [operand._peek() for operand in operands]
    try:
        again = row.value(Floats, *xs)
    except (ValueError, ArithmeticError):
        again = row.value(IeeeFloats, *map(Ieee, xs))
    if again == y or (again != again and y != y):
        found = evaluate_local_gradients(row, y, xs, late)
    else:
        found = [math.nan if is_late else None for is_late in late]
    return tuple([k if g is None else g for k, g in zip(kept, found, strict=True)])


def _check(row: Row, xs: Sequence[float]) -> None:
    """Raise if ``row`` does not take as many operands, or its rule returns no number."""
    names = row.operand_names(0)
    if row.variadic and not xs:
        raise ArityError(f"{row.name} needs at least one operand; none was given") from None
    if not row.variadic and len(xs) != len(names):
        operands = "1 operand" if len(names) == 1 else f"{len(names)} operands"
        raise ArityError(
            f"{row.name} takes {operands} ({', '.join(names)}); got {len(xs)}"
        ) from None
    y = row.value(Floats, *xs)
    if not isinstance(y, Real):
        raise OperandError(
            f"the rule of {row.name} must return a number; it returned {describe(y)}"
        )
