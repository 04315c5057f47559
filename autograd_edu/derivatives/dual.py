"""Forward mode: a number that carries its derivative along.

A `Dual` is a primal and a tangent. An operation on Duals computes the primal as usual, and the
tangent as the sum of local gradient × tangent over its operands. The local gradients come from the
rule table. So evaluating a function fills in the forward-mode table of lecture file 004. Primals
and tangents may be Values, or Duals of an outer pass, so derivatives can be nested in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..arithmetic.floats import Floats, real
from ..engine import ops
from ..engine.modes import ieee_mode
from ..engine.number import Number, plain
from ..engine.ops import Op, evaluate_local_gradients
from ..errors import no_gradient
from ..printing import prints


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

    __slots__ = ("_tangent", "fault", "level", "primal")
    precedence: ClassVar[int] = 100

    def __init__(self, primal: Any, tangent: Any = None, level: int = 0) -> None:
        self.primal = primal if isinstance(primal, Number) else real(primal)
        self._tangent = (
            tangent if tangent is None or isinstance(tangent, Number) else real(tangent)
        )  # None: it does not depend on the inputs
        self.level = level
        self.fault = ""

    @property
    def tangent(self) -> Any:
        return 0.0 if self._tangent is None else self._tangent

    @property
    def data(self) -> float:
        """The number itself, as a float."""
        return plain(self.primal)

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Dual:
        """The result of ``op``: its primal, and the sum of local gradient × tangent."""
        level = max(x.level for x in operands if isinstance(x, Dual))
        inner = [isinstance(x, Dual) and x.level == level for x in operands]
        primals = [x.primal if own else x for x, own in zip(operands, inner, strict=True)]
        y = op.apply(primals)
        moves = [own and x._tangent is not None for x, own in zip(operands, inner, strict=True)]
        tangent: Any = None
        fault = ""
        on = ieee_mode.set(True)  # a later `where` may drop a tangent that does not exist
        try:
            slopes = local_gradients(op, y, primals, moves)
            for x, moving, slope in zip(operands, moves, slopes, strict=True):
                if moving and not (op.selects and is_zero(slope)):
                    fault = fault or x.fault or fault_of(op, slope, primals)
                    part = x._tangent if is_one(slope) else slope * x._tangent
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
    def dot(ws: Sequence[Any], xs: Sequence[Any], bias: Sequence[Any]) -> Any:
        return ops.dot.apply((*ws, *xs, *bias))


def local_gradients(
    op: Op, y: Any, operands: Sequence[Any], wanted: Sequence[bool]
) -> Sequence[Any]:
    """The local gradients of ``op``; where an operand is a Value or a Dual, they are as well.

    Entries that are not ``wanted`` may be None.
    """
    if any(isinstance(x, Number) for x in operands):
        return op.local_gradients(Numbers, y, operands, wanted)
    return evaluate_local_gradients(op, y, [real(x) for x in operands], wanted)


def is_zero(x: Any) -> bool:
    """Is ``x`` the plain number 0? Then its term need not be computed or recorded."""
    return not isinstance(x, Number) and x == 0.0


def is_one(x: Any) -> bool:
    """Is ``x`` the plain number 1? Then its factor need not be computed or recorded."""
    return not isinstance(x, Number) and x == 1.0


def fault_of(op: Op, slope: Any, primals: Sequence[Any]) -> str:
    """What is wrong with a local gradient of ``op``, in words; "" if it is finite."""
    number = plain(slope)
    if number - number == 0.0:
        return ""
    return no_gradient(op, [plain(x) for x in primals], number)
