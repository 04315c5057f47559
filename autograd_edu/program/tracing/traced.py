"""The inputs of a function while it is traced: Values that record what is done with them.

A replay repeats operations on other numbers, so each operation is recorded with its line. A
comparison is a `Condition`, and its truth is a guard. Reading a number by ``.data``, ``int()``,
``round()``, ``str()``, ``hash()`` or as a key records the guard that it is this number. What a
replay cannot repeat is refused.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from numbers import Real
from types import FrameType
from typing import Any

from ...arithmetic.floats import Floats
from ...engine.modes import tracer
from ...engine.number import ARITHMETIC
from ...engine.ops import Op
from ...engine.value import Constant, Value
from ...engine.value import record as recorded
from ...errors import AutogradError
from .condition import Condition, Operand
from .tape import Tape, caller, inside


class Tracer(Tape):
    """A tape that is told of operations and comparisons."""

    def apply(self, op: Op, operands: Sequence[Operand]) -> Value:
        """The result of ``op``, noted. It is `Given` if no captured value takes part."""
        token = tracer.set(None)  # `Value.apply` would come back here
        try:
            result = Value.apply(op, operands)
        except AutogradError as error:
            self.faults.append(error)
            raise
        finally:
            tracer.reset(token)
        if result.__class__ is Value:
            left, right = result._left, result._right
            parents = (
                left if left.__class__ is tuple else (left,) if right is None else (left, right)
            )
            self.note(op, result, parents, sys._getframe(1))
        return result

    def note(self, op: Op, result: Value, parents: Sequence[Value], frame: FrameType) -> None:
        """Note a result, what it captured, and the user's instruction that asked for it."""
        free = True
        for parent in parents:
            kind = parent.__class__
            if kind is Value:
                self.captured[id(parent)] = parent
            free = free and kind in _FREE
        result.__class__ = Given if free and Given in map(type, parents) else Traced
        code, place = caller(frame)
        self.results[id(result)] = (result, code, place)
        if op.domain:
            self.note_tried(result, frame)

    def compare(self, sign: str, left: Operand, right: Operand) -> Condition:
        """A comparison that is not decided yet."""
        return Condition(sign, left, right)


class Traced(Value):
    """A Value that is being traced. Like every Value, it is equal only to itself."""

    __slots__ = ()

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


def _operator(op: Op, *, reflected: bool) -> Callable[[Operand, Operand], Operand]:
    """The operator of ``op`` by the shortest way: two finite numbers give one.

    Everything else goes the general way. Nothing is called here that can be written out: large
    programs are traced one such operation after another.
    """
    evaluate, rules = op.value, op.rules
    slopes = op.at_once or (lambda xp, y, a, b: [rule(xp, y, a, b) for rule in rules])

    def apply(own: Operand, other: Operand) -> Operand:
        left, right = (other, own) if reflected else (own, other)
        tape: Any = tracer.get()  # a `Tracer`; its class is compared below, which is faster
        x = left if left.__class__ in _VALUES else _constant(left)
        z = right if right.__class__ in _VALUES else _constant(right)
        if x is None or z is None or tape.__class__ is not Tracer:
            return op(left, right)
        a, b = x._data, z._data
        try:
            y = evaluate(Floats, a, b)
            left_slope, right_slope = slopes(Floats, y, a, b)
        except (ValueError, ArithmeticError):
            return op(left, right)
        if y - y != 0.0:
            return op(left, right)
        result = recorded(y, op, x, z, left_slope, right_slope)
        result.__class__ = Given if x.__class__ in _FREE and z.__class__ in _FREE else Traced
        if x.__class__ is Value:
            tape.captured[id(x)] = x
        if z.__class__ is Value:
            tape.captured[id(z)] = z
        frame = sys._getframe(1)
        code, place = frame.f_code, frame.f_lasti
        if inside.get(code.co_filename, True):
            code, place = caller(frame)
        tape.results[id(result)] = (result, code, place)
        if op.domain:
            tape.note_tried(result, frame)
        return result

    return apply


_PLAIN: frozenset[type[float]] = frozenset({int, float})
_VALUES = frozenset({Given, Traced, Value})
_FREE = frozenset({Given, Constant})  # what depends on nothing that was captured


def _constant(x: Operand) -> Constant | None:
    return Constant(x) if x.__class__ in _PLAIN else None


for _name, _op, _reflected in ARITHMETIC:
    setattr(Traced, _name, _operator(_op, reflected=_reflected))
