"""Which rules are a single function of NumPy: such an operation writes its result where it belongs."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ...engine.floats import arrays
from ...engine.ops import Op


class _Probe:
    """Stands for an operand while a rule is run to see what it does."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __add__(self, other: Any) -> Any:
        return _called(np.add, self, other)

    def __sub__(self, other: Any) -> Any:
        return _called(np.subtract, self, other)

    def __mul__(self, other: Any) -> Any:
        return _called(np.multiply, self, other)

    def __truediv__(self, other: Any) -> Any:
        return _called(np.divide, self, other)

    def __neg__(self) -> Any:
        return _called(np.negative, self)


def _called(function: Any, *operands: Any) -> Any:
    """The function and its operands: numbers of operands of the rule, or floats; None if they are anything else."""
    order = [
        x.place if isinstance(x, _Probe) else x if type(x) is float else None for x in operands
    ]
    return None if None in order else (function, order)


class _Functions:
    """What a rule takes its functions from while it is probed."""

    def __getattr__(self, name: str) -> Any:
        function = getattr(arrays(), name, None)
        if not isinstance(function, np.ufunc):
            raise TypeError(name)
        return partial(_called, function)


@lru_cache(maxsize=256)
def ufunc_of(op: Op) -> tuple[Any, list[Any]] | None:
    """The one function of NumPy that the rule of ``op`` is, and its operands; None if it is more than that."""
    try:
        found = op.value(_Functions(), *map(_Probe, range(len(op.example))))
    except TypeError:
        return None
    return found if isinstance(found, tuple) else None
