"""What a function's inputs are while it is traced: values that note which line asked for each result, and each comparison."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from math import isfinite
from os.path import basename, dirname
from types import CodeType, FrameType
from typing import Any, ClassVar

from ...engine import modes
from ...engine.floats import Floats
from ...engine.number import Number
from ...engine.ops import OPS, Op
from ...engine.value import Constant, Value
from ...engine.value import _record as recorded
from ..program import SIGNS

_PACKAGE = dirname(dirname(dirname(__file__)))


class Tape:
    """What tracing has met so far: the results, with the instruction that asked for each, and what they are made of."""

    def __init__(self) -> None:
        self.results: dict[Value, tuple[CodeType, int]] = {}
        self.operands: dict[Value, None] = {}  # in order of first use; all leaves are among them
        self.guards: list[tuple[str, Value, Value, bool, str]] = []
        self.read: dict[str, None] = {}  # the lines that took a number out of a traced value


current_tape: ContextVar[Tape | None] = ContextVar("tape", default=None)
_inside: dict[str, bool] = {}  # of each file met, whether it is one of the package's


def line_of(code: CodeType, at: int) -> str:
    """The file and line that an instruction was written in."""
    number = next(
        (n for start, end, n in code.co_lines() if start <= at < end and n is not None),
        code.co_firstlineno,
    )
    return f"{basename(code.co_filename)}:{number}"


def _is_ours(file: str) -> bool:
    """Whether a file is one of the package's."""
    inside = _inside.get(file)
    if inside is None:
        inside = _inside[file] = file.startswith(_PACKAGE)
    return inside


def _caller(frame: FrameType) -> tuple[CodeType, int]:
    """The instruction outside the package that is being run, from ``frame`` outwards."""
    while True:
        code = frame.f_code
        if not _is_ours(code.co_filename) or frame.f_back is None:
            return code, frame.f_lasti
        frame = frame.f_back


class Traced(Value):
    """A Value that is being traced."""

    __slots__ = ()
    precedence: ClassVar[int] = 2

    def _read(self) -> float:
        """The number, and a note of who took it: a replay cannot know what is done with it."""
        tape, frame = current_tape.get(), sys._getframe(1)
        if tape is not None and not _is_ours(frame.f_code.co_filename):
            tape.read[line_of(frame.f_code, frame.f_lasti)] = None
        return self._data

    data = property(_read, Value.data.fset)  # type: ignore[attr-defined]  # mypy takes a property for what it gives

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Value:
        result = Value.apply(op, operands)
        tape = current_tape.get()
        if result.__class__ is Value:
            result.__class__ = Traced
            if tape is not None:
                tape.results[result] = _caller(sys._getframe(1))
                tape.operands.update(dict.fromkeys(result.parents))
        return result

    def __lt__(self, other: Any) -> Any:
        return Condition("<", self, other)

    def __le__(self, other: Any) -> Any:
        return Condition("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return Condition(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return Condition(">=", self, other)


def _operator(op: Op) -> Callable[[Any, Any], Any]:
    """The operator of ``op`` by the shortest way: two finite numbers give one. Whatever else there is goes the general way."""
    compute, slopes = op.value, op.local_gradients

    def apply(left: Any, right: Any) -> Any:
        tape = current_tape.get()
        x = (
            left
            if left.__class__ in _VALUES
            else Constant(left)
            if left.__class__ in _PLAIN
            else None
        )
        z = (
            right
            if right.__class__ in _VALUES
            else Constant(right)
            if right.__class__ in _PLAIN
            else None
        )
        if x is None or z is None or tape is None or modes.pauses:
            return op(left, right)
        a, b = x._data, z._data
        try:
            y = compute(Floats, a, b)
            left_slope, right_slope = slopes(Floats, y, a, b)
        except (ValueError, ArithmeticError):
            return op(left, right)
        if y - y != 0.0:
            return op(left, right)
        result = recorded(op, y, x, z, left_slope, right_slope)
        result.__class__ = Traced
        frame = sys._getframe(1)
        code = frame.f_code
        tape.results[result] = (
            _caller(frame) if _inside.get(code.co_filename, True) else (code, frame.f_lasti)
        )
        tape.operands[x] = tape.operands[z] = None
        return result

    return apply


_PLAIN = frozenset({int, float})
_VALUES = frozenset({Traced, Value})


def _define(name: str, op: Op) -> None:
    """Give `Traced` the operator, and its reflection."""
    apply = _operator(op)

    def reflected(self: Any, other: Any) -> Any:
        return apply(other, self)

    def reflected_sum(
        self: Any, other: Any
    ) -> Any:  # the whole number 0, where `sum` starts, is left out
        return self if other.__class__ is int and other == 0 else apply(other, self)

    setattr(Traced, f"__{name}__", apply)
    setattr(Traced, f"__r{name}__", reflected_sum if name == "add" else reflected)


for _name in ("add", "sub", "mul", "truediv"):
    _define(_name, OPS["div" if _name == "truediv" else _name])


def _side(x: Any) -> Value:
    """A side of a comparison as a Value."""
    return x.as_value() if isinstance(x, Condition) else x if isinstance(x, Value) else Constant(x)


def _truth(x: Any) -> Any:
    """The truth of a comparison, which records a guard; anything else as it is."""
    return bool(x) if isinstance(x, Condition) else x


class Condition(Number):
    """A comparison made while tracing: as a condition or an index its truth, which records a guard; as a number, 1 or 0 on the graph.

    So given to `where` it keeps both branches.
    """

    __slots__ = ("left", "line", "right", "sign")
    precedence: ClassVar[int] = 3

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Value:
        return Traced.apply(op, [x.as_value() if isinstance(x, Condition) else x for x in operands])

    def __init__(self, sign: str, left: Any, right: Any) -> None:
        self.sign = sign
        self.left, self.right = _side(left), _side(right)
        self.line = line_of(*_caller(sys._getframe(1)))

    @property
    def data(self) -> float:
        return float(self._outcome())

    def _outcome(self) -> bool:
        return bool(SIGNS[self.sign](self.left._data, self.right._data))

    def __bool__(self) -> bool:
        outcome, tape = self._outcome(), current_tape.get()
        if tape is not None:
            tape.guards.append((self.sign, self.left, self.right, outcome, self.line))
        return outcome

    def __index__(self) -> int:
        return int(bool(self))

    __int__ = __hash__ = __index__

    def __float__(self) -> float:
        return float(bool(self))

    def __eq__(self, other: object) -> bool:
        return bool(bool(self) == _truth(other))

    def __and__(self, other: Any) -> Any:
        return bool(self) & _truth(other)

    def __or__(self, other: Any) -> Any:
        return bool(self) | _truth(other)

    def __xor__(self, other: Any) -> Any:
        return bool(self) ^ _truth(other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __repr__(self) -> str:
        return repr(self._outcome())

    def as_value(self) -> Any:
        """1 where it holds, else 0: a - b is positive exactly where a > b, as floats underflow gradually."""
        if any(side.is_constant and not isfinite(side._data) for side in (self.left, self.right)):
            return Constant(float(self._outcome()))  # no finite number changes it
        more, less = (self.left, self.right) if ">" in self.sign else (self.right, self.left)
        return OPS["step" if "=" in self.sign else "strict_step"](OPS["sub"](more, less))
