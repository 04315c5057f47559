"""NumPy arrays: what rules compute with on them, and what counts as one."""

from __future__ import annotations

import math
from functools import reduce
from operator import mul
from typing import Any

import numpy as np

from ..arithmetic.contracts import Namespace
from ..arithmetic.floats import real
from ..errors import OperandError, ShapeError


def _branch(condition: Any, then: Any, otherwise: Any) -> Any:
    if type(then) is type(otherwise) is float and then == 1.0 and otherwise == 0.0:
        return np.asarray(condition).astype(np.float64)  # the fastest of the ways to 1 and 0
    if isinstance(condition, (bool, np.bool_)):
        chosen = then if condition else otherwise
        return chosen() if callable(chosen) else chosen
    if callable(then) or callable(otherwise):  # worth a look whether everybody, or nobody, takes it
        holding = np.count_nonzero(condition)
        if holding == condition.size:
            return then() if callable(then) else then
        if not holding:
            return otherwise() if callable(otherwise) else otherwise
        then, otherwise = (each() if callable(each) else each for each in (then, otherwise))
    return np.where(condition, then, otherwise)


class Arrays:
    """The functions of `Floats`, elementwise, with the values of IEEE 754 where there is no real one."""

    exp, exp2, expm1, log, log2, log10 = np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10
    log1p, sqrt, floor, hypot, atan2 = np.log1p, np.sqrt, np.floor, np.hypot, np.arctan2
    asinh, acosh, atanh = np.arcsinh, np.arccosh, np.arctanh
    erf = np.vectorize(math.erf, otypes=[np.float64])
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
    choose = staticmethod(_branch)
    total = staticmethod(
        lambda xs: np.add.reduce(xs, axis=0) if isinstance(xs, np.ndarray) else reduce(np.add, xs)
    )
    dot = staticmethod(lambda ws, xs, bias: reduce(np.add, [*map(mul, ws, xs), *bias]))


ARRAYS: Namespace[Any] = Arrays


def _has_a_mask(x: Any) -> bool:
    """Whether numbers are masked in ``x``, or in what a list holds."""
    parts = (x, *x) if isinstance(x, (list, tuple)) else (x,)
    may_be = any([issubclass(kind, np.ma.MaskedArray) for kind in set(map(type, parts))])
    return may_be and any(map(np.ma.is_masked, parts))


def real_array(x: Any, what: str) -> Any:
    """``x`` as an array of real numbers; ``what`` names it in the errors.

    Raises:
        ShapeError: if its rows are not of one length.
        OperandError: if something in it is not a real number.
    """
    if x.__class__ is not np.ndarray and _has_a_mask(x):
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
