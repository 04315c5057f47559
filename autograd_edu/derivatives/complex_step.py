"""Complex numbers as a kind, for derivatives by the complex step: f′(x) = Im f(x + ih)/h, without any difference.

The rules of the table are run on complex numbers whose imaginary part is tiny. Comparisons and branches look at the
real part, so a branch is the one that the real number takes. Only values are computed here, never a local gradient:
the result is a witness that shares no rule with the backward pass.

Source: Squire & Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

from ..engine.number import Number, plain
from ..engine.ops import Op
from ..errors import DomainError


class Complex(Number):
    """x + ih, applied to by the rule table."""

    __slots__ = ("number",)
    precedence: ClassVar[int] = 50

    def __init__(self, number: complex) -> None:
        self.number = number

    @property
    def data(self) -> float:
        """The real part: the number that is being perturbed."""
        return self.number.real

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Complex:
        """The value of ``op`` by its rule; DomainError where the rule has no complex version here."""
        inner = [_C(x.number if isinstance(x, Complex) else complex(plain(x))) for x in operands]
        try:
            y = _C.of(op.value(_Functions, *inner))
        except (ValueError, ArithmeticError) as error:
            raise DomainError(
                f"{op.name} has no value at {[x.z.real for x in inner]}: {error}"
            ) from None
        except AttributeError as error:
            raise DomainError(
                f"the complex step cannot go through {op.name}, which has no complex version here ({error})"
            ) from None
        return Complex(complex(y.z.real) if op.stops else y.z)


class _C:
    """A complex number with the comparisons of its real part, which is all that a rule asks for."""

    __slots__ = ("z",)

    def __init__(self, z: complex) -> None:
        self.z = z

    @staticmethod
    def of(x: Any) -> _C:
        return x if isinstance(x, _C) else _C(complex(x))

    def __add__(self, other: Any) -> _C:
        return _C(self.z + _C.of(other).z)

    def __sub__(self, other: Any) -> _C:
        return _C(self.z - _C.of(other).z)

    def __rsub__(self, other: Any) -> _C:
        return _C(_C.of(other).z - self.z)

    def __mul__(self, other: Any) -> _C:
        return _C(self.z * _C.of(other).z)

    def __truediv__(self, other: Any) -> _C:
        return _C(self.z / _C.of(other).z)

    def __rtruediv__(self, other: Any) -> _C:
        return _C(_C.of(other).z / self.z)

    def __neg__(self) -> _C:
        return _C(-self.z)

    def __abs__(self) -> _C:
        return -self if self.z.real < 0.0 else self

    __radd__, __rmul__ = __add__, __mul__

    def __lt__(self, other: Any) -> bool:
        return self.z.real < _C.of(other).z.real

    def __le__(self, other: Any) -> bool:
        return self.z.real <= _C.of(other).z.real

    def __gt__(self, other: Any) -> bool:
        return self.z.real > _C.of(other).z.real

    def __ge__(self, other: Any) -> bool:
        return self.z.real >= _C.of(other).z.real


def _real_domain(
    f: Callable[[complex], complex], low: float, high: float = math.inf
) -> Callable[[_C], _C]:
    """``f`` where the real function has a value, so that it never leaves the real line's branch."""

    def function(x: _C) -> _C:
        if not low <= x.z.real <= high:
            raise ValueError(f"{x.z.real!r} is outside [{low}, {high}]")
        return _C(f(x.z))

    return function


def _everywhere(f: Callable[[complex], complex]) -> Callable[[_C], _C]:
    return _real_domain(f, -math.inf)


def _power(a: _C, b: Any) -> _C:
    exponent = _C.of(b).z
    if exponent.imag == 0.0 and exponent.real.is_integer() and abs(exponent.real) <= 1024:
        product = reduce(lambda x, y: x * y, [a.z] * int(abs(exponent.real)), complex(1.0))
        return _C(product if exponent.real >= 0 else 1.0 / product)
    if a.z.real <= 0.0:
        raise ValueError("a power of a number that is not positive needs a whole exponent")
    return _C(cmath.exp(exponent * cmath.log(a.z)))


class _Functions:
    """The elementary functions on `_C`. There is no erfc: nothing here has it for complex numbers."""

    exp, sin, cos, tan = (
        _everywhere(cmath.exp),
        _everywhere(cmath.sin),
        _everywhere(cmath.cos),
        _everywhere(cmath.tan),
    )
    sinh, cosh, tanh, atan = (
        _everywhere(cmath.sinh),
        _everywhere(cmath.cosh),
        _everywhere(cmath.tanh),
        _everywhere(cmath.atan),
    )
    sqrt, asin, acos = (
        _real_domain(cmath.sqrt, 0.0),
        _real_domain(cmath.asin, -1.0, 1.0),
        _real_domain(cmath.acos, -1.0, 1.0),
    )
    log = _real_domain(cmath.log, 5e-324)
    expm1 = _everywhere(lambda z: complex(math.expm1(z.real), cmath.exp(z).imag))
    log1p = _real_domain(
        lambda z: complex(math.log1p(z.real), math.atan2(z.imag, 1.0 + z.real)),
        math.nextafter(-1.0, 0.0),
    )
    pow = staticmethod(_power)

    @staticmethod
    def choose(condition: bool, then: Any, otherwise: Any) -> Any:
        chosen = then if condition else otherwise
        return chosen() if callable(chosen) else chosen

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        return a if _C.of(a) >= b else b

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        return a if _C.of(a) <= b else b

    @staticmethod
    def total(xs: Sequence[Any]) -> Any:
        return reduce(lambda a, b: a + b, xs)

    @staticmethod
    def dot(ws: Sequence[_C], xs: Sequence[_C], bias: Sequence[_C]) -> Any:
        return _Functions.total([*(w * x for w, x in zip(ws, xs, strict=True)), *bias])
