"""Forward mode: a number that carries its derivative along.

A `Dual` is a primal and a tangent. An operation on Duals computes the primal as usual, and the
tangent as the sum of local gradient × tangent over its operands. The local gradients come from the
rule table. So evaluating a function fills in the forward-mode table of lecture file 004. Primals
and tangents may be Values, or Duals of an outer pass, so derivatives can be nested in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..arithmetic.evaluation import evaluate_local_gradients
from ..arithmetic.floats import Floats, real
from ..arithmetic.ieee754 import ieee_mode
from ..engine import ops
from ..engine.number import Number, plain
from ..engine.ops import Op
from ..errors import no_gradient
from ..printing import prints
from .signatures import Scalar


@prints
class Dual(Number):
    """primal + tangent·ε, where ε² = 0.

    Attributes:
        primal: the number itself.
        tangent: its derivative in the given direction; 0.0 if it does not depend on the inputs.
        level: the pass that the tangent belongs to. Nested passes must not mix their tangents: the
            innermost pass has the highest level and treats all other tangents as plain numbers.
        fault: the first operation it depends on without a finite local gradient, in words; or "".

    >>> x = Dual(3.0, 1.0)
    >>> (x * x + 2 * x).tangent
    8.0
    """

    __slots__ = ("_tangent", "fault", "level", "primal")  # a _tangent of None stands for 0
    precedence: ClassVar[int] = 100

    def __init__(self, primal: Scalar, tangent: Scalar | None = None, level: int = 0) -> None:
        self.primal: Scalar = primal if isinstance(primal, Number) else real(primal)
        self._tangent = tangent if tangent is None or isinstance(tangent, Number) else real(tangent)
        self.level = level
        self.fault = ""

    @property
    def tangent(self) -> Scalar:
        return 0.0 if self._tangent is None else self._tangent

    @property
    def data(self) -> float:
        """The number itself, as a float."""
        return plain(self.primal)

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"

    @staticmethod
    def apply(op: Op, operands: Sequence[Scalar]) -> Dual:
        """The result of ``op``: its primal, and the sum of local gradient × tangent."""
        level = max(x.level for x in operands if isinstance(x, Dual))
        own = [x if isinstance(x, Dual) and x.level == level else None for x in operands]
        primals = [
            x if dual is None else dual.primal for x, dual in zip(operands, own, strict=True)
        ]
        tangents = [None if dual is None else dual._tangent for dual in own]
        y = op.apply(primals)
        tangent: Scalar | None = None
        fault = ""
        on = ieee_mode.set(True)  # a later `where` may drop a tangent that does not exist
        try:
            slopes = local_gradients(op, y, primals, [t is not None for t in tangents])
            for dual, t, slope in zip(own, tangents, slopes, strict=True):
                if dual is None or t is None or slope is None:
                    continue
                if not (op.selects and is_zero(slope)):
                    fault = fault or dual.fault or fault_of(op, slope, primals)
                    part = t if is_one(slope) else slope * t
                    tangent = part if tangent is None else tangent + part
        finally:
            ieee_mode.reset(on)
        result = Dual(y, tangent, level)
        result.fault = fault
        return result


class Numbers:
    """The namespace in which rules run on Numbers: their operations are recorded too."""

    exp, exp2, expm1, log, log2, log10 = ops.exp, ops.exp2, ops.expm1, ops.log, ops.log2, ops.log10
    log1p, sqrt, floor, erf = ops.log1p, ops.sqrt, ops.floor, ops.erf
    asinh, acosh, atanh, atan2, hypot = ops.asinh, ops.acosh, ops.atanh, ops.atan2, ops.hypot
    sin, cos, tan, asin, acos, atan = ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan
    sinh, cosh, tanh, erfc, pow = ops.sinh, ops.cosh, ops.tanh, ops.erfc, ops.pow
    maximum, minimum, total = ops.maximum, ops.minimum, ops.total
    choose = staticmethod(Floats.choose)  # it looks at the data; the choice is not recorded

    @staticmethod
    def dot(ws: Sequence[Scalar], xs: Sequence[Scalar], bias: Sequence[Scalar]) -> Scalar:
        y: Scalar = ops.dot.apply((*ws, *xs, *bias))
        return y


def local_gradients(
    op: Op, y: Scalar, operands: Sequence[Scalar], wanted: Sequence[bool]
) -> Sequence[Scalar | None]:
    """The local gradients of ``op``; where an operand is a Value or a Dual, they are as well.

    Entries that are not ``wanted`` may be None.
    """
    if any(isinstance(x, Number) for x in operands):
        return op.local_gradients(Numbers, y, operands, wanted)
    return evaluate_local_gradients(op, plain(y), [real(x) for x in operands], wanted)


def is_zero(x: Scalar) -> bool:
    """Is ``x`` the plain number 0? Then its term need not be computed or recorded."""
    return not isinstance(x, Number) and x == 0.0


def is_one(x: Scalar) -> bool:
    """Is ``x`` the plain number 1? Then its factor need not be computed or recorded."""
    return not isinstance(x, Number) and x == 1.0


def fault_of(op: Op, slope: Scalar, primals: Sequence[Scalar]) -> str:
    """What is wrong with a local gradient of ``op``, in words; "" if it is finite."""
    number = plain(slope)
    if number - number == 0.0:
        return ""
    return no_gradient(op, [plain(x) for x in primals], number)
