"""The types that modules take and return: numbers of any kind, lists of them, and seeds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ..engine.number import Number
from ..engine.value import Value

if TYPE_CHECKING:
    import numpy as np

Scalar = Number | float  # a plain number, a Value, a dual number, a traced number
S = TypeVar("S", bound=Number | float)
Vector = Sequence[Scalar]
Output = Value | list[Value]  # a model with one output gives a Value, otherwise a list of them
Plain: TypeAlias = "float | list[Plain]"  # an output without its graph
Seed: TypeAlias = "int | random.Random | np.random.Generator | None"
# Numbers in lists of any depth: pictures, sequences, attributes of modules. Python cannot type it.
Nested = Any


def is_listed(x: Nested) -> bool:
    """Is ``x`` a list, a tuple or an array, rather than one number?"""
    return isinstance(x, (list, tuple)) or bool(getattr(x, "shape", ()))


def as_list(x: S | Sequence[S]) -> list[S]:
    """``x`` as a list. A single number becomes a list of one."""
    return list(x) if is_listed(x) else [x]  # type: ignore[arg-type,list-item]  # as just tested
