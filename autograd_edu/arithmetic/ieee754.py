"""Floats whose operations never raise: as in IEEE 754, they give inf or nan instead."""

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from operator import mul

ieee_mode: ContextVar[bool] = ContextVar("ieee", default=False)  # inside `engine.modes.ieee`
ieee_is_on = ieee_mode.get
_POLES = {  # where a function raises the same error as outside its domain, but has a limit
    ("log", 0.0): -math.inf, ("log2", 0.0): -math.inf, ("log10", 0.0): -math.inf,
    ("log1p", -1.0): -math.inf, ("atanh", 1.0): math.inf, ("atanh", -1.0): -math.inf,
}  # fmt: skip


class Ieee(float):
    """A float whose operators never raise: 1/0 is inf, 0/0 and 1 % 0 are nan."""

    __slots__ = ()

    def __truediv__(self, other: float) -> "Ieee":
        return _quotient(self, other)

    def __rtruediv__(self, other: float) -> "Ieee":
        return _quotient(other, self)

    def __mod__(self, other: float) -> "Ieee":
        return Ieee(float.__mod__(self, other) if other else math.nan)


def _quotient(a: float, b: float) -> Ieee:
    if b:
        return Ieee(float.__truediv__(float(a), float(b)))
    sign = math.copysign(1.0, a) * math.copysign(1.0, b)
    return Ieee(sign * math.inf if abs(a) > 0.0 else math.nan)


def as_ieee(function: Callable[..., float]) -> Callable[..., Ieee]:
    """``function``, with an `Ieee` for its result."""
    return lambda *xs: Ieee(function(*xs))


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "neg", "abs"):
    setattr(Ieee, f"__{_name}__", as_ieee(getattr(float, f"__{_name}__")))


def never_raising(name: str, function: Callable[..., float]) -> Callable[..., Ieee]:
    """A function of `math`, with its limit at a pole, inf beyond the floats and nan elsewhere."""

    def closed(*xs: float) -> Ieee:
        try:
            return Ieee(function(*xs))
        except (OverflowError, ZeroDivisionError):  # too large, or a pole of a power
            is_odd = name == "sinh" or (name == "pow" and xs[1] % 2.0 == 1.0)
            return Ieee(math.copysign(math.inf, xs[0] if is_odd else 1.0))
        except ValueError:
            return Ieee(_POLES.get((name, xs[0]), math.nan))

    return closed


def plain_sum(exact: Callable[..., float]) -> Callable[..., Ieee]:
    """An exact sum, or where infinities or very large numbers meet, the sum from left to right."""

    def total(*groups: Sequence[float]) -> Ieee:
        try:
            return Ieee(exact(*groups))
        except (OverflowError, ValueError):
            terms = groups[0] if len(groups) == 1 else [*map(mul, *groups[:2]), *groups[2]]
            return Ieee(sum(terms))

    return total
