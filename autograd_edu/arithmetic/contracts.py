"""What rules may ask of a number and a namespace, and how type checkers see the public functions.

These are protocols: nothing inherits them at run time. mypy holds every namespace against
`Namespace` (floats, arrays, Values, complex numbers, symbols) and every rule against `Real`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import (
    Any,
    ClassVar,
    Protocol,
    Required,
    Self,
    SupportsFloat,
    TypedDict,
    TypeVar,
    overload,
)

Condition = Any  # what a comparison gives: a bool, an array of them, a symbol or a number


class Real(Protocol):
    """A number of any kind that rules compute with, by Python's operators.

    What a comparison gives is for the namespace's ``choose``: a bool, an array of them, a symbol.
    """

    def __add__(self, other: Self | float, /) -> Self: ...
    def __radd__(self, other: Self | float, /) -> Self: ...
    def __sub__(self, other: Self | float, /) -> Self: ...
    def __rsub__(self, other: Self | float, /) -> Self: ...
    def __mul__(self, other: Self | float, /) -> Self: ...
    def __rmul__(self, other: Self | float, /) -> Self: ...
    def __truediv__(self, other: Self | float, /) -> Self: ...
    def __rtruediv__(self, other: Self | float, /) -> Self: ...
    def __mod__(self, other: Self | float, /) -> Self: ...
    def __neg__(self, /) -> Self: ...
    def __abs__(self, /) -> Self: ...
    def __lt__(self, other: Self | float, /) -> Condition: ...
    def __le__(self, other: Self | float, /) -> Condition: ...
    def __gt__(self, other: Self | float, /) -> Condition: ...
    def __ge__(self, other: Self | float, /) -> Condition: ...


T = TypeVar("T")


class Namespace(Protocol[T]):
    """What rules compute with besides Python's operators: the functions of one kind of number."""

    def exp(self, x: T, /) -> T: ...
    def exp2(self, x: T, /) -> T: ...
    def expm1(self, x: T, /) -> T: ...
    def log(self, x: T, /) -> T: ...
    def log2(self, x: T, /) -> T: ...
    def log10(self, x: T, /) -> T: ...
    def log1p(self, x: T, /) -> T: ...
    def sqrt(self, x: T, /) -> T: ...
    def sin(self, x: T, /) -> T: ...
    def cos(self, x: T, /) -> T: ...
    def tan(self, x: T, /) -> T: ...
    def asin(self, x: T, /) -> T: ...
    def acos(self, x: T, /) -> T: ...
    def atan(self, x: T, /) -> T: ...
    def sinh(self, x: T, /) -> T: ...
    def cosh(self, x: T, /) -> T: ...
    def tanh(self, x: T, /) -> T: ...
    def asinh(self, x: T, /) -> T: ...
    def acosh(self, x: T, /) -> T: ...
    def atanh(self, x: T, /) -> T: ...
    def floor(self, x: T, /) -> T: ...
    def erf(self, x: T, /) -> T: ...
    def erfc(self, x: T, /) -> T: ...
    def pow(self, a: T, b: T | float, /) -> T: ...
    def atan2(self, a: T, b: T, /) -> T: ...
    def hypot(self, a: T, b: T, /) -> T: ...
    def maximum(self, a: T, b: T | float, /) -> T: ...
    def minimum(self, a: T, b: T | float, /) -> T: ...
    def total(self, xs: Sequence[T], /) -> T: ...
    def dot(self, ws: Sequence[T], xs: Sequence[T], bias: Sequence[T], /) -> T: ...
    def choose(self, condition: Condition, then: Any, otherwise: Any, /) -> T:
        """``then`` where the condition holds, else ``otherwise``.

        A branch given as a function is computed only if something takes it. The branches are
        `Any`: rules mix T with floats and functions, and no checker finds T in such a union.
        """


# ---- how a type checker sees the public functions ----


class Kind(Protocol):
    """A kind of number that operations know how to treat: Value, Dual."""

    precedence: ClassVar[int]


Operand = Kind | SupportsFloat  # a plain number may be one of NumPy's
K = TypeVar("K", bound=Kind)
X = TypeVar("X", bound=Kind | float)
Y = TypeVar("Y", bound=Kind | float)


P = TypeVar("P", covariant=True)


class Made(Kind, Protocol[P]):
    """What micrograd's names for the parts of a Value need: a number made from parents."""

    def __init__(self, data: float, label: str, /) -> None: ...
    @property
    def data(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def parents(self) -> tuple[P, ...]: ...
    def clear_grad(self) -> None: ...
    def __pow__(self, other: Operand, /) -> Self: ...


M = TypeVar("M", bound=Made[Kind])


class Operator(Protocol):
    """A method of a kind of number that takes another number."""

    def __get__(self, number: K, kind: type[K] | None = None, /) -> Callable[[Operand], K]: ...


class Unary(Protocol):
    """A function of one number."""

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: X, /) -> X: ...


class Binary(Protocol):
    """A function of two numbers; some have a default for the second."""

    @overload
    def __call__(self, a: float, b: float = ..., /) -> float: ...
    @overload
    def __call__(self, a: K, b: K | float = ..., /) -> K: ...
    @overload
    def __call__(self, a: float, b: K, /) -> K: ...


class Ternary(Protocol):
    """A function of three numbers."""

    @overload
    def __call__(self, a: float, b: float, c: float, /) -> float: ...
    @overload
    def __call__(self, a: K, b: K | float, c: K | float, /) -> K: ...
    @overload
    def __call__(self, a: float, b: K, c: K | float, /) -> K: ...
    @overload
    def __call__(self, a: float, b: float, c: K, /) -> K: ...


class Threshold(Protocol):
    """A function of one number that may leave out the point where it jumps."""

    @overload
    def __call__(self, x: float, /, *, strict: bool = False) -> float: ...
    @overload
    def __call__(self, x: X, /, *, strict: bool = False) -> X: ...


class Choice(Protocol):
    """A choice between two numbers, or two functions that compute one only if it is taken."""

    @overload
    def __call__(self, condition: float, then: float, otherwise: float) -> float: ...
    @overload
    def __call__(self, condition: K, then: K | float, otherwise: K | float) -> K: ...
    @overload
    def __call__(self, condition: float, then: K, otherwise: K | float) -> K: ...
    @overload
    def __call__(self, condition: float, then: float, otherwise: K) -> K: ...
    @overload
    def __call__(
        self, condition: Kind | float, then: Callable[[], X], otherwise: Y | Callable[[], Y]
    ) -> X | Y: ...
    @overload
    def __call__(self, condition: Kind | float, then: X, otherwise: Callable[[], Y]) -> X | Y: ...


class Variadic(Protocol):
    """A function of any number of numbers, or of one list of them."""

    @overload
    def __call__(self, xs: Iterable[float], /) -> float: ...
    @overload
    def __call__(self, xs: Iterable[K], /) -> K: ...
    @overload
    def __call__(self, *xs: float) -> float: ...  # type: ignore[overload-overlap]  # floats alone
    @overload
    def __call__(self, *xs: K | float) -> K: ...
    @overload
    def __call__(self, xs: Iterable[Any], /) -> Any: ...  # of the most special kind in the list


class Paired(Protocol):
    """A function of two lists of numbers and perhaps one more number."""

    @overload
    def __call__(
        self, ws: Iterable[float], xs: Iterable[float], bias: float | None = None
    ) -> float: ...
    @overload
    def __call__(
        self, ws: Iterable[K], xs: Iterable[Kind | float], bias: Kind | float | None = None
    ) -> K: ...
    @overload
    def __call__(
        self, ws: Iterable[float], xs: Iterable[K], bias: Kind | float | None = None
    ) -> K: ...
    @overload
    def __call__(self, ws: Iterable[float], xs: Iterable[float], bias: K) -> K: ...
    @overload
    def __call__(  # of the most special kind in the lists
        self, ws: Iterable[Operand], xs: Iterable[Operand], bias: Operand | None = None
    ) -> Any: ...


# ---- how a type checker sees the declaration of an operation ----

Rule = Callable[..., Any]  # of a namespace and numbers of one kind, which differ from use to use
Floating = Namespace[float]  # a rule serves every kind of number, and so floats
OneOperand = Callable[[Floating, float], float]
TwoOperands = Callable[[Floating, float, float], float]
ThreeOperands = Callable[[Floating, float, float, float], float]
Slopes = tuple[str, ...] | Callable[..., tuple[str, ...]]
Groups = tuple[Sequence[T], ...]


class Listed(Protocol):
    """How a variadic row takes its operands."""

    def __call__(self, operands: Sequence[T], /) -> Groups[T]: ...


class Facts(TypedDict, total=False):
    """What a row may say of itself; see `Op`."""

    local_gradients: Required[Slopes]
    example: Required[tuple[float, ...]]
    formula: str | Callable[..., str]
    symbol: str
    template: str
    latex: str
    numpy: str
    domain: str
    edges: str
    selects: bool
    stops: bool
    neutral: float | None
    parts: Rule | None
    activation: bool
    rectifier: bool
    adds: bool
    multiplies: bool
