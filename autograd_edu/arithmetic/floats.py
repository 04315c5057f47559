"""Python floats: what counts as a real number, and the functions that rules compute with."""

import math
import numbers
from collections.abc import Sequence
from operator import mul
from typing import Any

from ..errors import OperandError, OverflowDomainError, describe
from .contracts import Namespace, Rule
from .ieee754 import as_ieee, never_raising, plain_sum


def real(x: object, user: str = "") -> float:  # anything may be given; that is what it checks
    """``x`` as a float: any real number of Python or NumPy, or an array or tensor of one number.

    Raises:
        OperandError: for everything else. It names ``user``, the function that needs the number.
    """
    if type(x) is float:
        return x
    if isinstance(x, (int, float, numbers.Real)) or (
        isinstance(x, numbers.Number) and not isinstance(x, numbers.Complex)
    ):
        try:
            number = float(x)  # type: ignore[arg-type]  # every Number but a Complex has a float
        except OverflowError:
            number = math.inf
        if abs(number) == math.inf and number != x:
            raise OverflowDomainError(
                f"{type(x).__name__} is too large for a float, whose largest value is 1.8e308"
            )
        return number
    if hasattr(x, "item") and math.prod(getattr(x, "shape", (0,))) == 1:
        return real(x.item())
    asked = f"{user}: a" if user else "a"
    raise OperandError(f"{asked} real number was expected, not {describe(x)}")


class Floats:
    """The functions of rules on Python floats. Each raises where it has no finite real value."""

    exp, exp2, expm1, log, log2, log10 = (
        math.exp, math.exp2, math.expm1, math.log, math.log2, math.log10,
    )  # fmt: skip
    log1p, sqrt, erf, erfc = math.log1p, math.sqrt, math.erf, math.erfc
    sin, cos, tan, asin, acos, atan = math.sin, math.cos, math.tan, math.asin, math.acos, math.atan
    sinh, cosh, tanh, asinh, acosh = math.sinh, math.cosh, math.tanh, math.asinh, math.acosh
    atanh, atan2, hypot = math.atanh, math.atan2, math.hypot

    @staticmethod
    def floor(x: float) -> float:
        return float(math.floor(x)) if x - x == 0.0 else x

    @staticmethod
    def pow(a: float, b: float) -> float:
        try:
            return math.pow(a, b)
        except ValueError:
            raise (ZeroDivisionError if a == 0.0 else ValueError)(f"{a!r} ** {b!r}") from None

    @staticmethod
    def choose(condition: bool, then: Any, otherwise: Any) -> Any:  # numbers or functions
        """``then`` or ``otherwise``; a function is called only if it is chosen."""
        chosen = then if condition else otherwise
        return chosen() if chosen.__class__ is not float and callable(chosen) else chosen

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
        return Floats.total([*map(mul, ws, xs), *bias])


class IeeeFloats(Floats):
    """The functions of `Floats` on `Ieee` floats: none raises."""


_CLOSED: dict[str, Rule] = {
    "choose": as_ieee(Floats.choose),
    "total": plain_sum(Floats.total),
    "dot": plain_sum(Floats.dot),
}
for _name, _function in [(n, getattr(Floats, n)) for n in vars(Floats) if not n.startswith("_")]:
    closed = _CLOSED.get(_name) or never_raising(_name, _function)
    setattr(IeeeFloats, _name, staticmethod(closed))

FLOATS: tuple[Namespace[float], Namespace[float]] = (Floats, IeeeFloats)  # held against it by mypy
