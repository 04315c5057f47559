"""A comparison that a traced function makes.

If its truth is used, it becomes a guard. If it is used as a number, it becomes part of the graph.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from operator import and_, or_, xor
from typing import Any, ClassVar, TypeAlias

from ...derivatives.dual import Dual
from ...engine import ops
from ...engine.modes import tracer
from ...engine.number import Number
from ...engine.ops import Op
from ...engine.value import Constant, Value
from ...errors import AutogradError
from ..ir import SIGNS
from .tape import Noted, Tape, asked_at

Operand: TypeAlias = Any  # whatever a user writes beside a Value; Python types no operator's side


def _side(x: Operand) -> Value:
    """A side of a comparison as a Value."""
    while isinstance(x, Dual):
        x = x.primal
    return x.as_value() if isinstance(x, Condition) else x if isinstance(x, Value) else Constant(x)


def _truth(x: Operand) -> Operand:
    """The truth of a comparison, which records a guard; anything else unchanged."""
    return bool(x) if isinstance(x, Condition) else x


def _bitwise(operator: Callable[[bool, Operand], bool]) -> Callable[[Condition, Operand], bool]:
    return lambda self, other: operator(bool(self), _truth(other))


class Condition(Number):
    """A comparison that is not decided yet.

    Its truth, as a condition or as an index, records a guard. As a number it is 1 or 0 in the
    graph, so that `where` keeps both branches.
    """

    __slots__ = ("left", "line", "right", "sign")
    precedence: ClassVar[int] = 3

    @staticmethod
    def apply(op: Op, operands: Sequence[Operand]) -> Value:
        return Value.apply(op, [x.as_value() if isinstance(x, Condition) else x for x in operands])

    def __init__(self, sign: str, left: Operand, right: Operand) -> None:
        self.sign = sign
        self.left, self.right = _side(left), _side(right)
        self.line = asked_at(sys._getframe(1))

    @property
    def data(self) -> float:
        return float(bool(self))

    def _outcome(self) -> bool:
        if self.sign == "!=":
            return self.left._data != self.right._data
        return bool(SIGNS[self.sign](self.left._data, self.right._data))

    def __bool__(self) -> bool:
        outcome, tape = self._outcome(), tracer.get()
        if isinstance(tape, Tape):
            equal = self.sign == "!="  # which is noted as the opposite of equal
            sign, noted = ("==", not outcome) if equal else (self.sign, outcome)
            tape.guards.append(Noted(sign, self.left, self.right, noted, self.line))
        return outcome

    def require(self, error: type[AutogradError], text: str) -> None:
        """Raise ``error``, now and in replays, unless this holds.

        ``text`` has a place for the number on the left.
        """
        tape = tracer.get()
        if not self._outcome():
            fault = error(text.format(self.left._data))
            if isinstance(tape, Tape):
                tape.faults.append(fault)
            raise fault
        if isinstance(tape, Tape):
            kind = (error.__name__, text)
            tape.guards.append(Noted(self.sign, self.left, self.right, True, self.line, kind))

    def __index__(self) -> int:
        return int(bool(self))

    __int__ = __hash__ = __index__

    def __float__(self) -> float:
        return float(bool(self))

    def __eq__(self, other: object) -> bool:
        return bool(bool(self) == _truth(other))

    __and__, __or__, __xor__ = _bitwise(and_), _bitwise(or_), _bitwise(xor)
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __repr__(self) -> str:
        return repr(bool(self))

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(bool(self), spec)

    def as_value(self) -> Value:
        """1 where the comparison holds, otherwise 0.

        Floats underflow gradually, so a - b is positive exactly where a > b.
        """
        if any(
            side.is_constant and not math.isfinite(side._data) for side in (self.left, self.right)
        ):
            return Constant(float(self._outcome()))  # no finite number changes it
        left, right = self.left, self.right
        if self.sign in ("==", "!="):
            equal = _reaches(left, right) * _reaches(right, left)
            return equal if self.sign == "==" else 1.0 - equal
        more, less = (left, right) if ">" in self.sign else (right, left)
        return _reaches(more, less) if "=" in self.sign else ops.strict_step(more - less)


def _reaches(more: Value, less: Value) -> Value:
    """1 where ``more`` is at least ``less``, otherwise 0."""
    return ops.step(more - less)
