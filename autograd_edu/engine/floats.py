"""Real numbers: what counts as one, and the elementary functions on floats and on arrays that the rules are written in."""

import math
import numbers
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, reduce
from operator import mul
from typing import Any

from ..errors import OperandError, OverflowDomainError, ShapeError

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
    raise OperandError(f"a real number was expected, not {_described(x)}")


def real_array(x: Any, what: str) -> Any:
    """``x`` as an array of real numbers; ``what`` names it in the errors.

    Raises:
        ShapeError: if its rows are not of one length.
        OperandError: if something in it is not a real number.
    """
    import numpy as np

    if any(np.ma.is_masked(each) for each in (x, *(x if isinstance(x, (list, tuple)) else ()))):
        raise OperandError(
            f"masked numbers in {what}, which no operation can leave out: fill them, x.filled(0.0), "
            f"or pass only the others, x.compressed()"
        )
    try:
        array = np.asarray(x)
        if array.dtype.kind == "O":  # Fraction, Decimal, whole numbers of any size
            array = np.array([real(each) for each in array.flat]).reshape(array.shape)
    except OperandError as error:
        raise OperandError(f"{what} must be real numbers: {error}") from None
    except ValueError as error:
        raise ShapeError(f"{what} is not an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise OperandError(f"{what} must be real numbers, not {array.dtype}")
    return array


def _described(x: Any) -> str:
    kind = type(x).__name__
    if getattr(x, "precedence", 0):
        return (
            f"a {kind}: use its .data for the number, or operate on it directly to keep the graph"
        )
    if isinstance(x, (list, tuple)) or hasattr(x, "shape"):
        return f"{kind} of several numbers: use one Value for each number, [Value(v) for v in …]"
    if isinstance(x, (str, bytes)):
        return f"{x!r}, which is text: convert it with float(…)"
    if isinstance(x, complex):
        return f"{x!r}: complex numbers are not supported"
    return f"{kind} {x!r}" if x is not None else "None"


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


@lru_cache(maxsize=1)
def arrays() -> Any:
    """The same functions on NumPy arrays, elementwise, with the values of IEEE 754 where there is no real one."""
    import numpy as np

    def branch(condition: Any, then: Any, otherwise: Any) -> Any:
        if type(then) is type(otherwise) is float and then == 1.0 and otherwise == 0.0:
            return np.asarray(condition).astype(np.float64)  # the fastest of the ways to 1 and 0
        if isinstance(condition, (bool, np.bool_)):
            chosen = then if condition else otherwise
            return chosen() if callable(chosen) else chosen
        if callable(then) or callable(
            otherwise
        ):  # worth a look whether everybody, or nobody, takes it
            if np.logical_and.reduce(condition, None):
                return then() if callable(then) else then
            if not np.logical_or.reduce(condition, None):
                return otherwise() if callable(otherwise) else otherwise
            then, otherwise = (each() if callable(each) else each for each in (then, otherwise))
        return np.where(condition, then, otherwise)

    class Arrays:
        exp, expm1, log, log1p, sqrt = np.exp, np.expm1, np.log, np.log1p, np.sqrt
        sin, cos, tan, asin, acos, atan = np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan
        sinh, cosh, tanh, pow, maximum, minimum = (
            np.sinh,
            np.cosh,
            np.tanh,
            np.power,
            np.maximum,
            np.minimum,
        )
        erfc = np.vectorize(math.erfc, otypes=[np.float64])
        choose = staticmethod(branch)
        total = staticmethod(
            lambda xs: (
                np.add.reduce(xs, axis=0) if isinstance(xs, np.ndarray) else reduce(np.add, xs)
            )
        )
        dot = staticmethod(lambda ws, xs, bias: reduce(np.add, [*map(mul, ws, xs), *bias]))

    return Arrays
