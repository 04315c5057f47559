"""The types of the functions that `transforms` takes and returns.

The gradient of a number is a number of the same kind, the gradient of a list or array is a list or
array, and several arguments give a tuple. If the function uses Values from outside, the gradient is
a Value, but a type checker that sees only floats as arguments takes it for a float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, overload

from ..engine.number import Number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Scalar: TypeAlias = "Number | float"
Tree: TypeAlias = "Scalar | Sequence[Tree] | Mapping[str, Tree] | NDArray[Any]"
"""A number, or lists, tuples, dicts and arrays of numbers, nested as you like."""

Function: TypeAlias = Callable[..., Tree]
N = TypeVar("N", bound=Number)
A = TypeVar("A")
Places: TypeAlias = "int | Sequence[int] | None"


class Gradient(Protocol):
    """The gradient by all arguments: in the shape of a single one, else a tuple with one each."""

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: N, /) -> N: ...
    @overload
    def __call__(self, x: Floats, /) -> Floats: ...
    @overload
    def __call__(self, x: float, y: float, /, *more: float) -> tuple[float, ...]: ...
    @overload
    def __call__(self, x: N, y: N, /, *more: N) -> tuple[N, ...]: ...
    @overload
    def __call__(self, x: Sequence[float], /) -> list[float]: ...
    @overload
    def __call__(self, x: Sequence[N], /) -> list[N]: ...
    @overload
    def __call__(self, *at: Tree) -> Tree: ...


class Partial(Protocol):
    """The gradient by one of several arguments, in its shape."""

    @overload
    def __call__(self, x: float, /, *more: float) -> float: ...
    @overload
    def __call__(self, x: N, /, *more: N) -> N: ...
    @overload
    def __call__(self, *at: object) -> Tree: ...  # the other arguments may be anything


class ValueAndGradient(Protocol):
    """The value, and the gradient as `Gradient` gives it."""

    @overload
    def __call__(self, x: float, /) -> tuple[float, float]: ...
    @overload
    def __call__(self, x: N, /) -> tuple[N, N]: ...
    @overload
    def __call__(self, x: Floats, /) -> tuple[float, Floats]: ...
    @overload
    def __call__(self, x: float, y: float, /, *more: float) -> tuple[float, tuple[float, ...]]: ...
    @overload
    def __call__(self, x: N, y: N, /, *more: N) -> tuple[N, tuple[N, ...]]: ...
    @overload
    def __call__(self, x: Sequence[float], /) -> tuple[float, list[float]]: ...
    @overload
    def __call__(self, *at: object) -> tuple[Scalar, Tree]: ...  # as in Partial


class Rows(Protocol):
    """The gradients of all numbers that the function returns, as a list."""

    @overload
    def __call__(self, x: float, /) -> list[float]: ...
    @overload
    def __call__(self, x: float, y: float, /, *more: float) -> list[tuple[float, ...]]: ...
    @overload
    def __call__(self, x: Sequence[float], /) -> list[list[float]]: ...
    @overload
    def __call__(self, *at: object) -> list[Tree]: ...  # as in Partial


class Second(Protocol):
    """The second derivative by a single number; for several, a list of rows."""

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: N, /) -> N: ...
    @overload
    def __call__(self, x: float, y: float, /, *more: float) -> list[list[float]]: ...
    @overload
    def __call__(self, x: Sequence[float] | Floats, /) -> list[list[float]]: ...
    @overload
    def __call__(self, *at: object) -> Scalar | list[list[Scalar]]: ...  # as in Partial
