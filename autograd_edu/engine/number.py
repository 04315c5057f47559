"""Python's operators and the elementary functions, spelled once for every kind of number.

A kind (Value, Dual) inherits `Number` and says in `apply` what an operation does to it. The functions here work on
plain numbers too, so code written with them runs on floats, Values and Duals alike.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar, NoReturn, Protocol, Self

from ..errors import AutogradError, OperandError
from . import ops
from .floats import Floats, real
from .op import Namespace, Op


def _method(op: Op) -> Callable[..., Any]:
    method: Callable[..., Any] = lambda self: self.apply(op, (self,))  # noqa: E731 - one of two
    if op.gathers:
        method = lambda self, *more, **named: op(self, *more, **named)  # noqa: E731
    method.__name__, method.__doc__ = op.name, op.__doc__
    return method


def _operator(op: Op) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A binary operator, and its reflection."""
    return lambda self, other: op.apply((self, other)), lambda self, other: op.apply((other, self))


ARITHMETIC = {
    "add": ops.add,
    "sub": ops.sub,
    "mul": ops.mul,
    "truediv": ops.div,
}  # by Python's names


class Tracer(Protocol):
    """Who is told, while a function is traced, of everything that a replay has to know."""

    def apply(self, op: Op, operands: Sequence[Any]) -> Any:
        """The result of an operation."""

    def compare(self, sign: str, left: Any, right: Any) -> Any:
        """A comparison, in place of its truth."""

    def read(self, value: Any) -> None:
        """The number is taken out of a value."""

    def look(self, what: str) -> None:
        """Something is read that shows how a value was made."""

    def refuse(self, what: str) -> NoReturn:
        """Something is done that a replay could not repeat."""


tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)  # while a function is traced


class Number:
    """What every kind of number can do. A kind gives `apply`, `data`, and a `precedence` for when kinds meet."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy leaves `array * number` and `np.float64(2) * number` to us
    precedence: ClassVar[int]
    data: Any

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Any:
        """The result of ``op`` on ``operands``, at least one of which is of this kind."""
        raise NotImplementedError

    __add__, _radd = _operator(ops.add)
    __sub__, __rsub__ = _operator(ops.sub)
    __mul__, __rmul__ = _operator(ops.mul)
    __truediv__, __rtruediv__ = _operator(ops.div)
    _pow, __rpow__ = _operator(ops.pow)

    def __radd__(self, other: Any) -> Any:
        """``other + self``. The whole number 0, where `sum` starts, is not part of the formula."""
        return self if type(other) is int and other == 0 else self._radd(other)

    def __pow__(self, other: Any) -> Any:
        """``self ** other``; with the number 2, the operation `square`."""
        is_two = (other.__class__ is int or other.__class__ is float) and other == 2
        return ops.square.apply((self,)) if is_two else self._pow(other)

    def __pos__(self) -> Self:
        return self

    __neg__, __abs__ = _method(ops.neg), _method(ops.abs)
    exp, expm1, log, log1p = map(_method, (ops.exp, ops.expm1, ops.log, ops.log1p))
    sqrt, square, erfc = map(_method, (ops.sqrt, ops.square, ops.erfc))
    sin, cos, tan = map(_method, (ops.sin, ops.cos, ops.tan))
    asin, acos, atan = map(_method, (ops.asin, ops.acos, ops.atan))
    sinh, cosh, tanh = map(_method, (ops.sinh, ops.cosh, ops.tanh))
    sigmoid, softplus, relu = map(_method, (ops.sigmoid, ops.softplus, ops.relu))
    leaky_relu, elu, selu = map(_method, (ops.leaky_relu, ops.elu, ops.selu))
    gelu, step, detach = map(_method, (ops.gelu, ops.step, ops.detach))

    def __lt__(self, other: Any) -> Any:
        hook = tracer.get()
        return self.data < plain(other) if hook is None else hook.compare("<", self, other)

    def __le__(self, other: Any) -> Any:
        hook = tracer.get()
        return self.data <= plain(other) if hook is None else hook.compare("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        hook = tracer.get()
        return self.data > plain(other) if hook is None else hook.compare(">", self, other)

    def __ge__(self, other: Any) -> Any:
        hook = tracer.get()
        return self.data >= plain(other) if hook is None else hook.compare(">=", self, other)

    def _peek(self) -> float:
        """`data`, for checks that a replay makes by itself: a trace takes no note of it."""
        return float(self.data)

    def __bool__(self) -> bool:
        raise OperandError(
            f"a {type(self).__name__} is neither true nor false; compare it: `x > 0`, `x.data == 0`"
        )

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)


class Numbers:
    """The namespace with which rules compute on Numbers: what they do is recorded in turn."""

    exp, expm1, log, log1p, sqrt = ops.exp, ops.expm1, ops.log, ops.log1p, ops.sqrt
    sin, cos, tan, asin, acos, atan = ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan
    sinh, cosh, tanh, erfc, pow = ops.sinh, ops.cosh, ops.tanh, ops.erfc, ops.pow
    maximum, minimum, total = ops.maximum, ops.minimum, ops.total
    choose = staticmethod(Floats.choose)  # a branch by the data; the choice is not recorded

    @staticmethod
    def dot(ws: Sequence[Any], xs: Sequence[Any], bias: Sequence[Any]) -> Any:
        return ops.dot.apply((*ws, *xs, *bias))


NUMBERS: Namespace = Numbers


def plain(x: Any) -> float:
    """The float that ``x`` stands for: the data of a Number, or a plain number as it is."""
    return x._peek() if isinstance(x, Number) else real(x)


def require(holds: Any, error: type[AutogradError], text: str, number: Any) -> None:
    """Raise ``error`` with ``text``, into which ``number`` goes, unless a comparison holds whose left side it is.

    Where a function is traced, every replay asks again.
    """
    if isinstance(holds, Number):
        holds.require(error, text)  # type: ignore[attr-defined]  # a comparison that is traced
    elif not holds:
        raise error(text.format(plain(number)))
