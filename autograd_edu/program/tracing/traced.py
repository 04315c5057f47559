"""The inputs of a function while it is traced: Values that record what is done with them.

A replay repeats operations on other numbers, so each operation is recorded with its line. A
comparison is a `Condition`, and its truth is a guard. Reading a number by ``.data``, ``int()``,
``round()``, ``str()``, ``hash()`` or as a key records the guard that it is this number. What a
replay cannot repeat is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import chain
from numbers import Real
from typing import TypeVar

from ... import blocks
from ...arithmetic.contracts import Rule
from ...arithmetic.shortcut import compiled, parts_of
from ...blocks import Set
from ...engine.modes import current_scope, tracer
from ...engine.number import ARITHMETIC, Number
from ...engine.ops import Op
from ...engine.value import Constant, Value, _apply
from ...errors import AutogradError
from .condition import Condition, Operand
from .tape import Tape, caller, users_files

T = TypeVar("T")


class Tracer(Tape):
    """A tape that is told of operations and comparisons."""

    def apply(self, op: Op, operands: Sequence[Operand]) -> Value:
        """The result of ``op``, noted. It is `Given` if no captured value takes part."""
        kinds: set[type[Value]] = set(map(type, operands))
        try:
            if not kinds <= _VALUES:
                operands = [x if isinstance(x, Value) else Constant(x) for x in operands]
                kinds = set(map(type, operands))
            result = (self._applied if blocks.pauses > 1 else _apply)(op, tuple(operands))
        except AutogradError as error:
            self.faults.append(error)
            raise
        result.__class__ = Given if kinds <= _FREE and Given in kinds else Traced
        result._label = ""
        self.note(result, sys._getframe(1))
        return result

    def finish(self) -> None:
        """Turn all that was traced into ordinary Values."""
        for value in chain(self.inputs, self.values):
            value.__class__ = Value

    @staticmethod
    def _applied(op: Op, parents: Sequence[Value]) -> Value:
        """The result of ``op`` as another block around the trace wants it."""
        with Set(tracer, None):  # `Value.apply` would come back here
            return Value.apply(op, parents)

    def compare(self, sign: str, left: Operand, right: Operand) -> Condition:
        """A comparison that is not decided yet."""
        return Condition(sign, left, right)


class Traced(Value):
    """A Value that is being traced. Like every Value, it is equal only to itself."""

    __slots__ = ()

    @staticmethod
    def apply(op: Op, operands: Sequence[Operand]) -> Value:
        """The result of ``op``. A function of one number makes its method at the first use."""
        if op.alone and len(operands) == 1:
            return (op.methods.get(Traced) or _function(op))(*operands)  # type: ignore[no-any-return]
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

    def __bool__(self) -> bool:
        return bool(self != 0.0)


def _as_float(method: Callable[..., T]) -> Callable[..., T]:
    """What a float does, on the number of a value."""
    return lambda self, *args: method(self.data, *args)


for _name in ("hash", "float", "int", "round", "trunc", "floor", "ceil", "repr", "format"):
    setattr(Given, f"__{_name}__", _as_float(getattr(float, f"__{_name}__")))
Traced.__name__ = Given.__name__ = "Value"  # what errors call them: users know no other class


_OPERATOR = """
def apply(self, other):
    tape, kind = tracer.get(), other.__class__
    if tape.__class__ is not Tracer:
        return general(self, other)
    try:
        if kind is Traced or kind is Value or kind is Given:
            {own}, {beside} = self._data, other._data
        elif kind is float or kind is int:
            {own}, {beside} = self._data, float(other)
        else:
            return general(self, other)
        y = {formula}
        left_slope, right_slope = {slopes}
    except (ValueError, ArithmeticError, TypeError):
        return general(self, other)
    if not isfinite(y):
        return general(self, other)
    if kind is float or kind is int:  # see `engine.value.expand`
        result = new(*(given if self.__class__ is Given else traced))
        result._left, result._right = self, None
        result._left_grad, result._right_grad = {number_grads}
    else:
        result = new(*(given if kind is Given and self.__class__ is Given else traced))
        result._left, result._right = {left}, {right}
        result._left_grad, result._right_grad = left_slope, right_slope
"""
_FUNCTION = """
def apply(self):
    tape, x = tracer.get(), self._data
    if tape.__class__ is not Tracer or blocks.pauses > 1:
        return general(self)
    try:
        y = rule(Floats, x)
        slope = rule0(Floats, y, x)
    except (ValueError, ArithmeticError, TypeError):
        return general(self)
    if y.__class__ is not float or not isfinite(y):
        return general(self)
    result = new(*(given if self.__class__ is Given else traced))
    result._left, result._right = self, None
    result._left_grad, result._right_grad = slope, None
"""
_RESULT = """
    result._data = y
    result._label = ""
    result._mark = 0
    result.op = op
    if blocks.scopes:
        result._scope = current_scope.get()
    frame = asking = getframe(1)
    code = frame.f_code
    if code.co_filename not in users_files:
        asking = caller(frame)
        code = asking.f_code
    tape.values.append(result)
    tape.codes.append(code)
    tape.instructions.append(asking.f_lasti)
    if checked:
        tape.check_tried(result, frame)
    return result
"""  # what `Tracer.apply` does, with few calls: what they would do is written out
_VALUES = frozenset({Given, Traced, Value})
_FREE = frozenset({Given, Constant})  # what depends on nothing that was captured
_KNOWN = {
    "tracer": tracer, "Tracer": Tracer, "Given": Given, "Traced": Traced, "Value": Value,
    # called as `new(*given)`, which makes no tuple of its arguments, as `new(Given)` would
    "new": object.__new__, "given": (Given,), "traced": (Traced,), "blocks": blocks,
    "current_scope": current_scope, "getframe": sys._getframe, "users_files": users_files,
    "caller": caller,
}  # fmt: skip


def _quick(text: str, op: Op, general: Rule) -> Rule:
    """A function of traced Values from the text that computes ``result``."""
    return compiled(text + _RESULT, op, general, known={**_KNOWN, "checked": bool(op.domain)})


def _operator(op: Op, general: Rule, *, reflected: bool) -> Rule:
    """The operator for ``op`` of a traced Value and another number."""
    own, beside, number_grads = "a", "b", "left_slope, b"
    if reflected:
        own, beside, number_grads = "b", "a", "right_slope, (a,)"
    parts = parts_of(op, reflected=reflected)
    text = _OPERATOR.format(own=own, beside=beside, number_grads=number_grads, **parts)
    return _quick(text, op, general)


def _function(op: Op) -> Rule:
    """The function ``op`` of a traced Value, for this use and all later ones."""
    made = op.methods[Traced] = op.methods[Given] = _quick(
        _FUNCTION, op, lambda x: Value.apply(op, [x])
    )
    return made


for _name, _op, _right in ARITHMETIC:
    setattr(Traced, _name, _operator(_op, getattr(Number, _name), reflected=_right))
