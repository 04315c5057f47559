"""The rows of a fused program: those of the rule table, and the plain sum.

A chain of ``+`` rounds after every addition, so its terms may be added in any order. A `total`, as
the author wrote it, is rounded only once, so it stays a total.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any, TypeAlias

from ...arithmetic.contracts import Namespace
from ...arithmetic.rows import products, together
from ...engine.op import Op
from ...engine.ops import OPS

# Any: numbers of any kind in a sequence, or an array or a symbol that stands for the sequence.
Terms: TypeAlias = Any


def _sum(_: Namespace[Terms], xs: Terms) -> Terms:
    """The sum of the operands, rounded after every addition."""
    return xs.sum(axis=0) if hasattr(xs, "shape") else reduce(add, xs)


_sum.__name__ = "+"
SUM = Op(
    _sum,
    lambda *xs: ("1",) * len(xs),
    (2.0, -3.0),
    lambda *xs: " + ".join(xs),
    groups=together,
    neutral=0.0,
)


@SUM.local_gradient
def _(_: Namespace[Terms], _y: Terms, xs: Terms) -> Terms:
    return 1.0 if hasattr(xs, "shape") else (1.0,) * len(xs)


ROWS: Mapping[str, Op] = ChainMap(OPS, {SUM.name: SUM})


def is_sum_of_products(name: str) -> bool:
    """Whether an operation adds up products."""
    return name in OPS and OPS[name].groups is products
