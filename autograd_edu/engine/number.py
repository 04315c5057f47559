"""Python's operators and the elementary functions, spelled once for every kind of number.

A kind (Value, Dual) inherits `Number` and says in `apply` what an operation does to it. The functions here work on
plain numbers too, so code written with them runs on floats, Values and Duals alike.
"""

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar, NoReturn, Protocol, Self

from ..errors import ArityError, AutogradError, OperandError
from .floats import real
from .ops import OPS, Op

exp, expm1, log, log1p, sqrt, square = (
    OPS["exp"],
    OPS["expm1"],
    OPS["log"],
    OPS["log1p"],
    OPS["sqrt"],
    OPS["square"],
)
sin, cos, tan, asin, acos, atan = (
    OPS["sin"],
    OPS["cos"],
    OPS["tan"],
    OPS["asin"],
    OPS["acos"],
    OPS["atan"],
)
sinh, cosh, tanh, erfc, pow = OPS["sinh"], OPS["cosh"], OPS["tanh"], OPS["erfc"], OPS["pow"]
sigmoid, softplus, relu, selu, gelu = (
    OPS["sigmoid"],
    OPS["softplus"],
    OPS["relu"],
    OPS["selu"],
    OPS["gelu"],
)
abs, clip = OPS["abs"], OPS["clip"]


def leaky_relu(x: Any, slope: Any = 0.1) -> Any:
    """x where positive, slope·x elsewhere; 0.1 as in the lectures (PyTorch's default is 0.01). A Value as slope is learned."""
    return OPS["leaky_relu"](x, slope)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """x where positive, α(eˣ - 1) elsewhere."""
    return OPS["elu"](x, alpha)


def step(x: Any, *, strict: bool = False) -> Any:
    """The hard threshold Θ: 1 where x ≥ 0 (with ``strict``, where x > 0), else 0. Its gradient is 0 everywhere."""
    return OPS["strict_step" if strict else "step"](x)


def maximum(*xs: Any) -> Any:
    """The largest of the operands, or of one list of them. Operands that tie share the gradient equally."""
    return OPS["maximum"](*_some(xs, "maximum"))


def minimum(*xs: Any) -> Any:
    """The smallest of the operands, or of one list of them. Operands that tie share the gradient equally."""
    return OPS["minimum"](*_some(xs, "minimum"))


def logsumexp(*xs: Any) -> Any:
    """log(Σ exp xᵢ) of the operands, or of one list of them, without overflow. Its gradient is their softmax."""
    return OPS["logsumexp"](*_some(xs, "logsumexp"))


def total(*xs: Any) -> Any:
    """The correctly rounded sum of the operands, or of one list of them, as one operation; 0.0 for none."""
    operands = _listed(xs)
    return OPS["total"](*operands) if operands else 0.0


def dot(ws: Iterable[Any], xs: Iterable[Any], bias: Any = None) -> Any:
    """Σ wᵢxᵢ (+ bias) as one operation: each product is rounded once and their sum once. A neuron's pre-activation."""
    ws, xs = tuple(ws), tuple(xs)
    if len(ws) != len(xs):
        raise ArityError(
            f"dot needs as many weights as inputs; {len(ws)} weights and {len(xs)} inputs were given"
        )
    operands = (*ws, *xs) if bias is None else (*ws, *xs, bias)
    return OPS["dot"](*operands) if operands else 0.0


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """``then`` if ``condition`` holds, else ``otherwise``; both stay in the graph, and only the taken one gets a gradient.

    A branch given as a function is called only if it is taken: ``where(x > 0, lambda: sqrt(x), 0.0)``.
    """
    if callable(then) or callable(otherwise):
        chosen = then if condition else otherwise
        return chosen() if callable(chosen) else chosen
    return OPS["where"](condition, then, otherwise)


def choose(condition: Any, then: Any, otherwise: Any) -> Any:
    """For the rules: take a branch by the data, and do not record the choice."""
    chosen = then if condition else otherwise
    return chosen() if callable(chosen) else chosen


def _listed(xs: Sequence[Any]) -> tuple[Any, ...]:
    if len(xs) == 1 and not hasattr(xs[0], "precedence") and isinstance(xs[0], Iterable):
        return tuple(xs[0])
    return tuple(xs)


def _some(xs: Sequence[Any], name: str) -> tuple[Any, ...]:
    operands = _listed(xs)
    if not operands:
        raise ArityError(f"{name} needs at least one operand; none was given")
    return operands


def _method(op: Op) -> Callable[..., Any]:
    def method(self: "Number") -> Any:
        return self.apply(op, (self,))

    method.__name__, method.__doc__ = op.name, f"The operation `{op.name}` of this number."
    return method


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

    def __add__(self, other: Any) -> Any:
        return OPS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        """``other + self``. The whole number 0 is left out: it is where `sum` starts, and not part of the formula."""
        return self if type(other) is int and other == 0 else OPS["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return OPS["sub"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return OPS["sub"](other, self)

    def __mul__(self, other: Any) -> Any:
        return OPS["mul"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return OPS["mul"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return OPS["div"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return OPS["div"](other, self)

    def __pow__(self, other: Any) -> Any:
        """``self ** other``; with the number 2, the operation `square`."""
        if (other.__class__ is int or other.__class__ is float) and other == 2:
            return self.apply(square, (self,))
        return pow(self, other)

    def __rpow__(self, other: Any) -> Any:
        return OPS["pow"](other, self)

    def __pos__(self) -> Self:
        return self

    __neg__, __abs__ = _method(OPS["neg"]), _method(OPS["abs"])
    exp, expm1, log, log1p, sqrt, square = map(_method, (exp, expm1, log, log1p, sqrt, square))
    sin, cos, tan, asin, acos, atan = map(_method, (sin, cos, tan, asin, acos, atan))
    sinh, cosh, tanh, erfc = map(_method, (sinh, cosh, tanh, erfc))
    sigmoid, softplus, relu, selu, gelu = map(_method, (sigmoid, softplus, relu, selu, gelu))

    def leaky_relu(self, slope: Any = 0.1) -> Any:
        return leaky_relu(self, slope)

    def elu(self, alpha: Any = 1.0) -> Any:
        return elu(self, alpha)

    detach = _method(OPS["detach"])

    def step(self, *, strict: bool = False) -> Any:
        return step(self, strict=strict)

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
