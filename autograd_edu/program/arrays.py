"""NumPy arrays: the namespace that rules use for them, and the check of a user's arrays."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arithmetic.contracts import Namespace
from ..arithmetic.floats import real
from ..errors import AutogradError, OperandError, ShapeError
from .ir import Floats

Operand = float | Floats
Branch = Operand | Callable[[], Operand]
_FLOAT = np.dtype(np.float64)


class Arrays:
    """The functions of `Floats`, elementwise, with IEEE 754's values where there is no real one."""

    exp, exp2, expm1, log, log2, log10 = np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10
    log1p, sqrt, floor, hypot, atan2 = np.log1p, np.sqrt, np.floor, np.hypot, np.arctan2
    asinh, acosh, atanh = np.arcsinh, np.arccosh, np.arctanh
    erf = np.vectorize(math.erf, otypes=[np.float64])
    sin, cos, tan, asin, acos, atan = np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan
    sinh, cosh, tanh = np.sinh, np.cosh, np.tanh
    pow, maximum, minimum = np.power, np.maximum, np.minimum
    erfc = np.vectorize(math.erfc, otypes=[np.float64])

    @staticmethod
    def choose(condition: bool | NDArray[np.bool_], then: Branch, otherwise: Branch) -> Operand:
        """One branch or the other for each sample. Both are computed."""
        return np.where(condition, *[x() if callable(x) else x for x in (then, otherwise)])

    @staticmethod
    def total(xs: Sequence[Operand]) -> Operand:
        """The sum of several operands."""
        return reduce(np.add, xs)

    @staticmethod
    def dot(ws: Sequence[Operand], xs: Sequence[Operand], bias: Sequence[Operand]) -> Operand:
        """The sum of products, and of the bias, if there is one."""
        y: Operand = reduce(np.add, [*map(mul, ws, xs), *bias])
        return y


ARRAYS: Namespace[Any] = Arrays  # mypy holds them against the protocol


def _has_a_mask(x: object) -> bool:  # whatever a user passes
    """Whether numbers are masked in ``x``, or in what a list holds."""
    if "numpy.ma" not in sys.modules:
        return False  # nobody has made one; and importing it takes longer than a first replay
    parts = (x, *x) if isinstance(x, (list, tuple)) else (x,)
    may_be = any([issubclass(kind, np.ma.MaskedArray) for kind in set(map(type, parts))])
    return may_be and any(map(np.ma.is_masked, parts))


def input_names(names: Iterable[str]) -> list[str]:
    """The arguments of these names, as errors name them."""
    return [f"input {i} ({name!r})" if name else f"input {i}" for i, name in enumerate(names)]


def real_array(x: Any, what: str) -> NDArray[Any]:  # x: whatever a user passes
    """``x`` as an array of real numbers; ``what`` names it in the errors.

    Raises:
        ShapeError: if its rows have different lengths.
        OperandError: if something in it is not a real number.
        OverflowDomainError: if a number in it is too large for a float.
    """
    if x.__class__ is float or (x.__class__ is np.ndarray and x.dtype is _FLOAT):
        return np.asarray(x)  # nothing to check, and most often so
    if x.__class__ is not np.ndarray and _has_a_mask(x):
        raise OperandError(
            f"{what} has masked numbers, which no operation can leave out; fill them with "
            f"x.filled(0.0), or pass only the others with x.compressed()"
        )
    array = _as_array(x, what)
    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else f"type {array.dtype}"
        raise OperandError(f"{what} must hold real numbers; got an array of {kind}")
    return array


def _as_array(x: Any, what: str) -> NDArray[Any]:  # x: whatever a user passes
    try:
        array = np.asarray(x)
        if array.dtype.kind == "O":  # Fraction, Decimal, whole numbers of any size
            array = np.array([real(each) for each in array.flat]).reshape(array.shape)
    except AutogradError as error:  # comes first, as some are also a ValueError
        raise type(error)(f"{what} must hold real numbers; {error}") from None
    except ValueError:
        lengths = sorted({len(row) for row in x if hasattr(row, "__len__")})
        raise ShapeError(
            f"{what} must be a number or an array; its rows must have the same length, and have "
            f"{' or '.join(map(str, lengths)) or 'none'}"
        ) from None
    return array
