"""The inputs of a function while it is traced: Values that record what is done with them.

A replay repeats operations on other numbers, so each operation is recorded with its line. A
comparison is a `Condition`, and its truth is a guard. Reading a number by ``.data``, ``int()``,
``round()``, ``str()``, ``hash()`` or as a key records the guard that it is this number. What a
replay cannot repeat is refused.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real

from ... import blocks
from ...arithmetic.contracts import Rule
from ...arithmetic.shortcut import compiled, parts_of
from ...engine.modes import current_scope, tracer
from ...engine.number import ARITHMETIC, Number
from ...engine.ops import Op
from ...engine.value import Constant, Value, _apply
from ...errors import AutogradError
from .condition import Condition, Operand
from .tape import Tape, inside


class Tracer(Tape):
    """A tape that is told of operations and comparisons."""

    def apply(self, op: Op, operands: Sequence[Operand]) -> Value:
        """The result of ``op``, noted. It is `Given` if no captured value takes part."""
        kinds: set[type[Value]] = set(map(type, operands))
        try:
            if not kinds <= _VALUES:
                operands = [x if isinstance(x, Value) else self.put(Constant(x)) for x in operands]
                kinds = set(map(type, operands))
            result = (self._applied if blocks.pauses > 1 else _apply)(op, tuple(operands))
        except AutogradError as error:
            self.faults.append(error)
            raise
        result.__class__ = Given if kinds <= _FREE and Given in kinds else Traced
        self.note(result, sys._getframe(1))
        return result

    @staticmethod
    def _applied(op: Op, parents: Sequence[Value]) -> Value:
        """The result of ``op`` as another block around the trace wants it."""
        token = tracer.set(None)  # `Value.apply` would come back here
        try:
            return Value.apply(op, parents)
        finally:
            tracer.reset(token)

    def compare(self, sign: str, left: Operand, right: Operand) -> Condition:
        """A comparison that is not decided yet."""
        return Condition(sign, left, right)


class Traced(Value):
    """A Value that is being traced. Like every Value, it is equal only to itself."""

    __slots__ = ()

    @staticmethod
    def apply(op: Op, operands: Sequence[Operand]) -> Value:
        """The result of ``op``. A function of one number has a quick way."""
        if op.alone and len(operands) == 1 and blocks.pauses == 1:
            return (_QUICK.get(op) or _function(op))(*operands)  # type: ignore[no-any-return]
        return Value.apply(op, operands)

    def __radd__(self, other: Operand) -> Operand:
        """As for every number. It stands here so that Python asks us first, not a captured left."""
        return super().__radd__(other)

    def __repr__(self) -> str:
        return f"Value(data={self.data!r}, grad=–{f', label={self.label!r}' if self.label else ''})"


class Given(Traced):
    """A traced number that would be a plain float without the trace: it comes from inputs alone.

    So it is equal to what that float is equal to, and can be a key, an index or text.
    """

    __slots__ = ()

    def __eq__(self, other: Operand) -> Operand:
        if isinstance(other, Value) and not isinstance(other, Given):
            return False  # a float and a Value are never the same
        if isinstance(other, (Real, Decimal)) and float(other) != other and other == other:
            return False  # no float is this number
        if isinstance(other, (Real, Decimal, Given, Condition)):
            return Condition("==", self, other)
        return NotImplemented

    def __ne__(self, other: Operand) -> Operand:
        equal = self.__eq__(other)
        if isinstance(equal, Condition):
            return Condition("!=", equal.left, equal.right)
        return equal if equal is NotImplemented else not equal

    def __hash__(self) -> int:
        return hash(self.data)

    def __bool__(self) -> bool:
        return bool(self != 0.0)

    def __float__(self) -> float:
        return self.data

    def __int__(self) -> int:
        return int(self.data)

    def __round__(self, digits: int | None = None) -> Operand:
        return round(self.data, digits)

    def __trunc__(self) -> int:
        return math.trunc(self.data)

    def __floor__(self) -> int:
        return math.floor(self.data)

    def __ceil__(self) -> int:
        return math.ceil(self.data)

    def __repr__(self) -> str:
        return repr(self.data)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec)


Traced.__name__ = Given.__name__ = "Value"  # what errors call them: users know no other class


_START = """
def apply(self{other}):
    tape = tracer.get()
    if tape.__class__ is not Tracer:
        return general({operands})
"""
_PLAIN = """
    if other.__class__ not in VALUES:
        if other.__class__ not in PLAIN:
            return general(self, other)
        other = tape.put(Constant(other))
"""
_RESULT = """
    {start}
    try:
        y = {formula}
        left_slope, right_slope = {slopes}
    except (ValueError, ArithmeticError, TypeError):
        return general({operands})
    if y.__class__ is not float or y - y != 0.0:
        return general({operands})
    result = new(Given if {free} else Traced)
    result._data, result.op = y, op
    result._left, result._right, result._mark = {left}, {right}, 0
    result._left_grad, result._right_grad, result._label = left_slope, right_slope, ""
    if blocks.scopes:
        result._scope = current_scope.get()
    frame = getframe(1)
    code = frame.f_code
    if checked or inside.get(code.co_filename, True):
        tape.note(result, frame)
    else:
        tape.values.append(result)
        tape.codes.append(code)
        tape.instructions.append(frame.f_lasti)
    return result
"""  # it does what `Tracer.apply` does, but calls nothing that can be written out
Tracer.temporary = frozenset({Given, Traced})
_VALUES = frozenset({Given, Traced, Value})
_FREE = frozenset({Given, Constant})  # what depends on nothing that was captured
_KNOWN = {
    "tracer": tracer, "Tracer": Tracer, "Given": Given, "Traced": Traced, "FREE": _FREE,
    "VALUES": _VALUES, "Constant": Constant, "new": object.__new__,
    "blocks": blocks, "current_scope": current_scope, "getframe": sys._getframe,
    "inside": inside, "PLAIN": frozenset({int, float}),
}  # fmt: skip

_QUICK: dict[Op, Rule] = {}  # functions of one number


def _operator(op: Op, general: Rule, *, reflected: bool) -> Rule:
    """The operator for ``op`` of a traced Value and another number."""
    parts = parts_of(op, reflected=reflected)
    return compiled(
        (_START + _PLAIN + _RESULT).format(
            other=", other", operands="self, other",
            start="a, b = {left}._data, {right}._data".format(**parts),
            free="self.__class__ in FREE and other.__class__ in FREE", **parts,
        ),
        op, general, known={**_KNOWN, "checked": bool(op.domain)},
    )  # fmt: skip


def _function(op: Op) -> Rule:
    """The function ``op`` of a traced Value, which is made when it is first used."""

    def general(x: Value) -> Value:
        return Value.apply(op, [x])

    made = _QUICK[op] = compiled(
        (_START + _RESULT).format(
            other="", operands="self", start="x = self._data", left="(self,)", right="None",
            formula="rule(Floats, x)", slopes="(rule0(Floats, y, x),), None",
            free="self.__class__ in FREE",
        ),
        op, general, known={**_KNOWN, "checked": bool(op.domain)},
    )  # fmt: skip
    return made


for _name, _op, _right in ARITHMETIC:
    setattr(Traced, _name, _operator(_op, getattr(Number, _name), reflected=_right))
