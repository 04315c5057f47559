"""Derivatives by the complex step: f′(x) = Im f(x + ih)/h for a tiny h; nothing is subtracted.

The rules of the table run on complex numbers. Comparisons use the real part, so the function takes
the same branches as for a real number. No local gradient is computed, so the result is independent
of the rules that the backward pass uses.

Source: Squire & Trapp, "Using complex variables to estimate derivatives of real functions",
SIAM Review 40 (1998).
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import ClassVar, TypeVar

from ..engine.number import Number, plain
from ..engine.ops import Op
from ..errors import DomainError
from .signatures import Scalar

_T = TypeVar("_T")


class Complex(Number):
    """x + ih, a number that the operations of the rule table accept."""

    __slots__ = ("number",)
    precedence: ClassVar[int] = 50

    def __init__(self, number: complex) -> None:
        self.number = number

    @property
    def data(self) -> float:
        """The real part: the number that is being perturbed."""
        return self.number.real

    @staticmethod
    def apply(op: Op, operands: Sequence[Scalar]) -> Complex:
        """The result of ``op``.

        Raises:
            DomainError: if ``op`` has no value there, or its rule no complex version.
        """
        xs = [_C(x.number if isinstance(x, Complex) else plain(x)) for x in operands]
        try:
            y = complex(op.value(_Functions, *xs))
        except (ValueError, ArithmeticError) as error:
            at = ", ".join(repr(x.real) for x in xs)
            raise DomainError(f"{op.name} has no value at {at}: {error}") from None
        except AttributeError as error:
            raise DomainError(
                f"the complex step cannot go through {op.name}, which has no complex version here "
                f"({error})"
            ) from None
        return Complex(complex(y.real) if op.stops else y)


Complex.__name__ = "Value"  # what errors call it: the function was written for Values


class _C(complex):
    """A complex number that is compared, and whose sign is taken, by its real part."""


def _arithmetic(name: str) -> Callable[..., _C]:
    method: Callable[..., complex] = getattr(complex, name)
    return lambda *xs: _C(method(*xs))


def _comparison(name: str) -> Callable[[_C, complex], bool]:
    compare: Callable[[float, float], bool] = getattr(operator, name)
    return lambda a, b: compare(a.real, b.real)


for _name in ("add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv", "neg"):
    setattr(_C, f"__{_name}__", _arithmetic(f"__{_name}__"))
for _name in ("lt", "le", "gt", "ge"):
    setattr(_C, f"__{_name}__", _comparison(_name))
setattr(_C, "__abs__", lambda x: -x if x.real < 0.0 else x)  # noqa: B010 - not the modulus
_REMAINDER = lambda a, b: _C(a - b * math.floor(a.real / b.real))  # noqa: E731
setattr(_C, "__mod__", _REMAINDER)  # noqa: B010 - complex has none


class _Functions:
    """The elementary functions on `_C`, a namespace for rules. `cmath` lacks erf and erfc."""

    @staticmethod
    def pow(a: complex, b: complex) -> _C:
        if b.imag == 0.0 and b.real.is_integer() and abs(b.real) <= 1024:
            product = reduce(operator.mul, [a] * int(abs(b.real)), _C(1.0))
            return _C(product if b.real >= 0 else 1.0 / product)
        if a.real <= 0.0:
            raise ValueError("a base that is not positive needs a whole exponent")
        return _C(cmath.exp(b * cmath.log(a)))

    @staticmethod
    def hypot(a: complex, b: complex) -> _C:
        return _C(cmath.sqrt(complex(a * a + b * b)))

    @staticmethod
    def atan2(a: complex, b: complex) -> _C:
        if abs(a.real) > abs(b.real):
            return _C(math.copysign(math.pi / 2.0, a.real) - cmath.atan(complex(b / a)))
        half_turn = math.copysign(math.pi, a.real) if b.real < 0.0 else 0.0
        return _C(cmath.atan(complex(a / b)) + half_turn)

    @staticmethod
    def choose(
        condition: bool, then: _T | Callable[[], _T], otherwise: _T | Callable[[], _T]
    ) -> _T:
        chosen = then if condition else otherwise
        return chosen() if callable(chosen) else chosen

    maximum, minimum = max, min

    @staticmethod
    def total(xs: Sequence[_C]) -> _C:
        return reduce(operator.add, xs)

    @staticmethod
    def dot(ws: Sequence[_C], xs: Sequence[_C], bias: Sequence[_C]) -> _C:
        return _Functions.total([*map(operator.mul, ws, xs), *bias])


def _on_reals(f: Callable[[complex], complex], low: float, high: float) -> Callable[[complex], _C]:
    """``f`` restricted to where the real function has a value, so that it stays on its branch."""

    def function(x: complex) -> _C:
        if not low <= x.real <= high:
            raise ValueError(f"{x.real!r} is outside [{low}, {high}]")
        return _C(f(x))

    return function


def _expm1(z: complex) -> complex:
    return complex(math.expm1(z.real), cmath.exp(z).imag)


def _log1p(z: complex) -> complex:
    return complex(math.log1p(z.real), math.atan2(z.imag, 1.0 + z.real))


_DOMAINS = {
    "sqrt": (0.0, math.inf),
    "log": (5e-324, math.inf),
    "log1p": (math.nextafter(-1.0, 0.0), math.inf),
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    "log2": (5e-324, math.inf),
    "log10": (5e-324, math.inf),
    "acosh": (1.0, math.inf),
    "atanh": (-1.0, 1.0),
}
_OWN: dict[str, Callable[[complex], complex]] = {
    "expm1": _expm1, "log1p": _log1p, "exp2": lambda z: cmath.exp(math.log(2.0) * z),
    "log2": lambda z: cmath.log(z) / math.log(2.0), "floor": lambda z: complex(math.floor(z.real)),
}  # fmt: skip
_EVERYWHERE = ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "atan")
for _name in (*_EVERYWHERE, *_DOMAINS, *_OWN):
    _own = _OWN.get(_name) or getattr(cmath, _name)
    _domain = _DOMAINS.get(_name, (-math.inf, math.inf))
    setattr(_Functions, _name, staticmethod(_on_reals(_own, *_domain)))
