"""Real numbers: what counts as one, and the elementary functions on floats and on arrays that the rules are written in."""

import math
import numbers
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from operator import mul
from typing import Any

from ..errors import OperandError, OverflowDomainError, described

ieee_mode: ContextVar[bool] = ContextVar("ieee", default=False)


@contextmanager
def ieee() -> Iterator[None]:
    """Inside, an operation without a finite real value gives what IEEE 754 says (inf, -inf, nan) instead of a DomainError."""
    token = ieee_mode.set(True)
    try:
        yield
    finally:
        ieee_mode.reset(token)


def ieee_is_on() -> bool:
    """Whether we are inside `ieee()`."""
    return ieee_mode.get()


def real(x: Any) -> float:
    """``x`` as a float: bool, int, float, Fraction, Decimal, a NumPy scalar or 0-d array; anything else is an OperandError."""
    if type(x) is float:
        return x
    if isinstance(x, numbers.Number) and not (
        isinstance(x, numbers.Complex) and not isinstance(x, numbers.Real)
    ):
        try:
            return float(x)  # type: ignore[arg-type]  # Decimal is a Number that the numeric tower leaves out
        except OverflowError:
            raise OverflowDomainError(
                f"{type(x).__name__} is too large for a float, whose largest value is 1.8e308"
            ) from None
    if getattr(x, "shape", None) == () and getattr(getattr(x, "dtype", None), "kind", "") in (
        "b",
        "i",
        "u",
        "f",
    ):
        return float(x)
    raise OperandError(f"a real number was expected, not {described(x)}")


class Floats:
    """The elementary functions on Python floats. Each raises where it has no finite real value."""

    exp, expm1, log, log1p, sqrt = math.exp, math.expm1, math.log, math.log1p, math.sqrt
    sin, cos, tan, asin, acos, atan = math.sin, math.cos, math.tan, math.asin, math.acos, math.atan
    sinh, cosh, tanh, erfc = math.sinh, math.cosh, math.tanh, math.erfc

    @staticmethod
    def pow(a: float, b: float) -> float:
        try:
            return math.pow(a, b)
        except ValueError:
            raise (ZeroDivisionError if a == 0.0 else ValueError)(f"{a!r} ** {b!r}") from None

    @staticmethod
    def choose(condition: bool, then: Any, otherwise: Any) -> Any:
        """``then`` or ``otherwise``; a function is called only if it is chosen."""
        chosen = then if condition else otherwise
        return chosen() if callable(chosen) else chosen

    @staticmethod
    def maximum(a: float, b: float) -> float:
        return a if a > b or a != a else b  # NaN from either side

    @staticmethod
    def minimum(a: float, b: float) -> float:
        return a if a < b or a != a else b

    @staticmethod
    def total(xs: Sequence[float]) -> float:
        try:
            return math.fsum(xs)
        except OverflowError:  # of a partial sum: the total itself may be finite
            return math.ldexp(math.fsum([math.ldexp(x, -64) for x in xs]), 64)

    @staticmethod
    def dot(ws: Sequence[float], xs: Sequence[float], bias: Sequence[float]) -> float:
        products = [*map(mul, ws, xs), *bias]
        try:
            return math.fsum(products)
        except OverflowError:
            return Floats.total(products)


# ---- the same as IEEE 754 has it: no operation raises ----


class Ieee(float):
    """A float whose operators give inf or nan where there is no number: 1/0 is inf, 0/0 is nan."""

    __slots__ = ()

    def __truediv__(self, other: float) -> float:
        return _quotient(self, other)

    def __rtruediv__(self, other: float) -> float:
        return _quotient(other, self)


def _quotient(a: float, b: float) -> float:
    try:
        return Ieee(float.__truediv__(float(a), float(b)))
    except ZeroDivisionError:
        sign = math.copysign(1.0, a) * math.copysign(1.0, b)
        return Ieee(sign * math.inf if abs(a) > 0.0 else math.nan)


def _never_raising(name: str) -> Callable[..., Ieee]:
    function = getattr(Floats, name)

    def closed(*xs: Any) -> Ieee:
        try:
            return Ieee(function(*xs))
        except (OverflowError, ZeroDivisionError):  # too large, or a pole of a power
            is_odd = name == "sinh" or (name == "pow" and xs[1] % 2.0 == 1.0)
            return Ieee(math.copysign(math.inf, xs[0] if is_odd else 1.0))
        except ValueError:
            at_pole = (name, *xs) in (("log", 0.0), ("log1p", -1.0))
            return Ieee(-math.inf if at_pole else math.nan)

    return closed


def _plain_sum(name: str) -> Callable[..., float]:
    """A sum as it is, and where infinities or very large numbers meet, from left to right."""
    exact = getattr(Floats, name)

    def total(*groups: Sequence[float]) -> float:
        try:
            return Ieee(exact(*groups))
        except (OverflowError, ValueError):
            terms = groups[0] if len(groups) == 1 else [*map(mul, *groups[:2]), *groups[2]]
            return Ieee(sum(terms))

    return total


def _as_ieee(method: Callable[..., float]) -> Callable[..., Ieee]:
    return lambda *xs: Ieee(method(*xs))


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "neg", "abs"):
    setattr(Ieee, f"__{_name}__", _as_ieee(getattr(float, f"__{_name}__")))


class IeeeFloats(Floats):
    """The functions of `Floats`, as functions of `Ieee` that never raise."""

    choose = staticmethod(_as_ieee(Floats.choose))
    total, dot = staticmethod(_plain_sum("total")), staticmethod(_plain_sum("dot"))


for _name in [
    name for name in vars(Floats) if not name.startswith("_") and name not in vars(IeeeFloats)
]:
    setattr(IeeeFloats, _name, staticmethod(_never_raising(_name)))
