"""Checks of arguments. Each returns the argument, or raises an error that names it."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import SupportsIndex

from .errors import OperandError, ShapeError, TargetError


def number(x: object, what: str) -> float:  # whatever a user passes
    """``x`` if it is a plain number; otherwise an OperandError names ``what``."""
    if not isinstance(x, Real) or isinstance(x, bool):
        raise OperandError(f"{what} must be a number; got {type(x).__name__} {x!r}")
    return x  # type: ignore[return-value]  # a Real that is used as a float


def function(f: object, user: str) -> None:  # whatever a user passes
    """Raise an OperandError unless ``f`` can be called; ``user`` is the function that needs it."""
    if not callable(f):
        raise OperandError(
            f"{user} needs a function, such as lambda x: x * x; got {type(f).__name__} {f!r}"
        )


def positive(x: float, what: str) -> float:
    """``x`` if it is a finite number above 0; otherwise a TargetError names ``what``."""
    if not 0.0 < number(x, what) < math.inf:
        raise TargetError(f"{what} must be finite and positive; got {x!r}")
    return x


def not_negative(x: float, what: str) -> float:
    """``x`` if it is a finite number of at least 0; otherwise a TargetError names ``what``."""
    if not 0.0 <= number(x, what) < math.inf:
        raise TargetError(f"{what} must be finite and not negative; got {x!r}")
    return x


def fraction(x: float, what: str) -> float:
    """``x`` if it is in [0, 1); otherwise a TargetError names ``what``."""
    if not 0.0 <= number(x, what) < 1.0:
        raise TargetError(f"{what} must be in [0, 1); got {x!r}")
    return x


def whole(x: object, what: str, *, low: int = 1) -> int:  # whatever a user passes
    """``x`` as an int.

    Raises:
        OperandError: if it is not a whole number.
        ShapeError: if it is less than ``low``.
    """
    if isinstance(x, bool) or not isinstance(x, SupportsIndex):
        raise OperandError(f"{what} must be a whole number; got {type(x).__name__} {x!r}")
    if operator.index(x) < low:
        raise ShapeError(f"{what} must be at least {low}; got {x!r}")
    return operator.index(x)
