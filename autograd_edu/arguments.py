"""Arguments held against what they may be. Each check gives the argument back, or says what is wrong with it."""

from __future__ import annotations

import math

from .errors import TargetError


def positive(x: float, what: str) -> float:
    """``x`` if it is a finite number above 0; a TargetError names ``what`` otherwise."""
    if not 0.0 < x < math.inf:
        raise TargetError(f"{what} must be finite and positive; got {x!r}")
    return x


def not_negative(x: float, what: str) -> float:
    """``x`` if it is a finite number from 0 up."""
    if not 0.0 <= x < math.inf:
        raise TargetError(f"{what} must be finite and not negative; got {x!r}")
    return x


def fraction(x: float, what: str) -> float:
    """``x`` if it is in [0, 1)."""
    if not 0.0 <= x < 1.0:
        raise TargetError(f"{what} must be in [0, 1); got {x!r}")
    return x
