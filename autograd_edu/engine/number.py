"""Python's operators and the elementary functions, spelled once for every kind of number.

A kind (Value, Dual) inherits `Number` and says in `apply` what an operation does to it. The
functions of `ops` work on plain numbers too, so code written with them runs on floats, Values and
Duals alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Self, TypeVar, cast

from ..arithmetic.contracts import Kind, Operand, Operator
from ..arithmetic.floats import real
from ..errors import OperandError
from ..habits import ArrayHabits
from . import ops
from .op import Op

N = TypeVar("N", bound="Number")


def operator(op: Op, *, reflected: bool = False) -> Operator:
    """A binary operator. An array is left to NumPy, which comes back with each of its numbers."""

    def apply(self: Number, other: Operand) -> Any:  # a number of the more special kind
        if getattr(other, "ndim", 0):
            return NotImplemented
        return op.apply((other, self) if reflected else (self, other))

    return cast(Operator, apply)  # a function is one


def _method(op: Op) -> Callable[[N], N]:
    method = lambda self: self.apply(op, (self,))  # noqa: E731 - its name is the operation's
    texts = [text for text in str(op.__doc__).split("\n\n") if not text.startswith(">>>")]
    method.__name__, method.__doc__ = op.name, "\n\n".join(texts)  # examples are of the function
    return method


ARITHMETIC = (  # the operators that programs use most; True: the other number is the left one
    ("__add__", ops.add, False), ("_radd", ops.add, True), ("__iadd__", ops.add, False),
    ("__sub__", ops.sub, False), ("__rsub__", ops.sub, True), ("__isub__", ops.sub, False),
    ("__mul__", ops.mul, False), ("__rmul__", ops.mul, True),
    ("__truediv__", ops.div, False), ("__rtruediv__", ops.div, True),
    ("_pow", ops.pow, False), ("__rpow__", ops.pow, True),
)  # fmt: skip


class Number(ArrayHabits):
    """What every kind of number can do.

    A kind gives `apply`, `data`, and a `precedence` for when kinds meet.
    """

    __slots__ = ()
    table = ops.OPS
    precedence: ClassVar[int]
    data: Any  # a float; the primal of a Dual inside another is a Dual

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Any:  # each kind takes and gives its own
        """The result of ``op`` on ``operands``, at least one of which is of this kind."""
        raise NotImplementedError

    __add__, _radd = operator(ops.add), operator(ops.add, reflected=True)
    __sub__, __rsub__ = operator(ops.sub), operator(ops.sub, reflected=True)
    __mul__, __rmul__ = operator(ops.mul), operator(ops.mul, reflected=True)
    __truediv__, __rtruediv__ = operator(ops.div), operator(ops.div, reflected=True)
    __mod__, __rmod__ = operator(ops.mod), operator(ops.mod, reflected=True)
    _pow, __rpow__ = operator(ops.pow), operator(ops.pow, reflected=True)

    def __radd__(self, other: Operand) -> Self:
        """``other + self``. The whole number 0, where `sum` starts, is not part of the formula."""
        return self if type(other) is int and other == 0 else self._radd(other)

    def __pow__(self, other: Operand) -> Self:
        """``self ** other``; with the number 2, the operation `square`."""
        is_two = (other.__class__ is int or other.__class__ is float) and other == 2
        return self.square() if is_two else self._pow(other)

    def __pos__(self) -> Self:
        return self

    __neg__, __abs__, abs = ops.neg, _method(ops.abs), ops.abs
    exp, exp2, expm1, log, log2, log10 = ops.exp, ops.exp2, ops.expm1, ops.log, ops.log2, ops.log10
    log1p, sqrt, square, erf, erfc = ops.log1p, ops.sqrt, ops.square, ops.erf, ops.erfc
    floor, ceil, detach = ops.floor, ops.ceil, ops.detach
    sin, cos, tan, asin, acos, atan = ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan
    sinh, cosh, tanh, asinh, acosh, atanh = (
        ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh,
    )  # fmt: skip
    sigmoid, softplus, relu, silu, gelu = ops.sigmoid, ops.softplus, ops.relu, ops.silu, ops.gelu
    leaky_relu, elu, selu, step = ops.leaky_relu, ops.elu, ops.selu, ops.step

    def softmax(self, scores: Iterable[Kind | float]) -> Self:
        """The share of this score among ``scores``, of which it is one: exp(x)/Σ exp(xᵢ)."""
        share: Self = ops.exp(self - ops.logsumexp(scores))
        return share

    def __lt__(self, other: Operand) -> bool:
        return bool(self.data < plain(other))

    def __le__(self, other: Operand) -> bool:
        return bool(self.data <= plain(other))

    def __gt__(self, other: Operand) -> bool:
        return bool(self.data > plain(other))

    def __ge__(self, other: Operand) -> bool:
        return bool(self.data >= plain(other))

    def _peek(self) -> float:
        """`data`, for checks that a replay makes by itself: a trace takes no note of it."""
        return float(self.data)

    def __bool__(self) -> bool:
        raise OperandError(
            f"a {type(self).__name__} is neither true nor false; compare it: `x > 0`, `x.data == 0`"
        )

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)


FUNCTIONS = {name: op for name, op in vars(Number).items() if isinstance(op, Op) and op.alone}
for _name, _op in FUNCTIONS.items():
    setattr(Number, _name, _method(_op))  # a function is called faster than a row


def plain(x: Operand) -> float:
    """The float that ``x`` stands for: the data of a Number, or a plain number as it is."""
    return x._peek() if isinstance(x, Number) else real(x)
