"""What a function's inputs are while it is traced: values that note which line asked for each result, and each comparison."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from os.path import basename, dirname
from types import CodeType, FrameType
from typing import Any, ClassVar

from .. import modes
from ..ops import OPS, Op
from ..reals import Floats
from ..value import Constant, Value
from ..value import _record as recorded

_PACKAGE = dirname(dirname(__file__))


class Tape:
    """What tracing has met so far: the results, with the instruction that asked for each, and what they are made of."""

    def __init__(self) -> None:
        self.results: dict[Value, tuple[CodeType, int]] = {}
        self.operands: dict[Value, None] = {}  # in order of first use; all leaves are among them
        self.guards: list[tuple[str, Value, Value, bool, str]] = []


current_tape: ContextVar[Tape | None] = ContextVar("tape", default=None)
_inside: dict[str, bool] = {}  # of each file met, whether it is one of the package's


def line_of(code: CodeType, at: int) -> str:
    """The file and line that an instruction was written in."""
    number = next((n for start, end, n in code.co_lines() if start <= at < end and n is not None), code.co_firstlineno)
    return f"{basename(code.co_filename)}:{number}"


def _caller(frame: FrameType) -> tuple[CodeType, int]:
    """The instruction outside the package that is being run, from ``frame`` outwards."""
    while True:
        code = frame.f_code
        inside = _inside.get(code.co_filename)
        if inside is None:
            inside = _inside[code.co_filename] = code.co_filename.startswith(_PACKAGE)
        if not inside or frame.f_back is None:
            return code, frame.f_lasti
        frame = frame.f_back


class Traced(Value):
    """A Value that is being traced."""

    __slots__ = ()
    precedence: ClassVar[int] = 2

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
        x = left if left.__class__ in _VALUES else Constant(left) if left.__class__ in _PLAIN else None
        z = right if right.__class__ in _VALUES else Constant(right) if right.__class__ in _PLAIN else None
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
        tape.results[result] = _caller(frame) if _inside.get(code.co_filename, True) else (code, frame.f_lasti)
        tape.operands[x] = tape.operands[z] = None
        return result

    return apply


_PLAIN = frozenset({int, float})
_VALUES = frozenset({Traced, Value})


def _define(name: str, op: Op) -> None:
    """Give `Traced` the operator, and its reflection."""
    apply = _operator(op)
    reflected = lambda self, other: apply(other, self)  # noqa: E731 - one of two forms
    if name == "add":  # the whole number 0, where `sum` starts, is left out, as `Number` does
        reflected = lambda self, other: self if other.__class__ is int and other == 0 else apply(other, self)  # noqa: E731
    setattr(Traced, f"__{name}__", apply)
    setattr(Traced, f"__r{name}__", reflected)


for _name in ("add", "sub", "mul", "truediv"):
    _define(_name, OPS["div" if _name == "truediv" else _name])


class Condition:
    """A comparison made while tracing. Its truth records a guard; given to `where`, it keeps both branches."""

    precedence: ClassVar[int] = 3

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Value:
        return Traced.apply(op, [x.as_value() if isinstance(x, Condition) else x for x in operands])

    def __init__(self, sign: str, left: Value, right: Any) -> None:
        self.sign, self.left = sign, left
        self.right: Value = right if isinstance(right, Value) else Constant(right)
        self.line = line_of(*_caller(sys._getframe(1)))

    def __bool__(self) -> bool:
        outcome = bool({"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[self.sign](
            self.left.data, self.right.data
        ))  # fmt: skip
        tape = current_tape.get()
        if tape is not None:
            tape.guards.append((self.sign, self.left, self.right, outcome, self.line))
        return outcome

    def as_value(self) -> Any:
        """1 where it holds, else 0: a - b is positive exactly where a > b, as floats underflow gradually."""
        more, less = (self.left, self.right) if ">" in self.sign else (self.right, self.left)
        return OPS["step" if "=" in self.sign else "strict_step"](OPS["sub"](more, less))
