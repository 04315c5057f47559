"""Checks of arguments. Each gives the argument back, or says what is wrong with it."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

from .errors import OperandError, ShapeError, TargetError


def number(x: Any, what: str) -> float:
    """``x`` if it is a plain number; an OperandError names ``what`` otherwise."""
    if not isinstance(x, Real) or isinstance(x, bool):
        raise OperandError(f"{what} must be a number; got {type(x).__name__} {x!r}")
    return x  # type: ignore[return-value]  # a Real that is used as a float


def positive(x: float, what: str) -> float:
    """``x`` if it is a finite number above 0; a TargetError names ``what`` if it is not."""
    if not 0.0 < number(x, what) < math.inf:
        raise TargetError(f"{what} must be finite and positive; got {x!r}")
    return x


def not_negative(x: float, what: str) -> float:
    """``x`` if it is a finite number from 0 up."""
    if not 0.0 <= number(x, what) < math.inf:
        raise TargetError(f"{what} must be finite and not negative; got {x!r}")
    return x


def fraction(x: float, what: str) -> float:
    """``x`` if it is in [0, 1)."""
    if not 0.0 <= number(x, what) < 1.0:
        raise TargetError(f"{what} must be in [0, 1); got {x!r}")
    return x


def whole(x: Any, what: str, *, low: int = 1) -> int:
    """``x`` if it is a whole number from ``low`` up; a ShapeError names ``what`` if it is less."""
    if isinstance(x, bool) or not hasattr(x, "__index__"):
        raise OperandError(f"{what} must be a whole number; got {type(x).__name__} {x!r}")
    if x < low:
        raise ShapeError(f"{what} must be at least {low}; got {x!r}")
    return operator.index(x)
