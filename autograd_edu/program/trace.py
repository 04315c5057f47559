"""A function of Values, or a finished graph, as a `Program`.

While a function is traced, its inputs are `Traced` values: every operation on them is recorded with the line that
asked for it, and a comparison is a `Condition`, whose truth is recorded as a guard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from os.path import basename, dirname
from typing import Any, ClassVar

from ..errors import ArityError, OperandError
from ..graph import topological_order
from ..ops import OPS, Op
from ..syntax import Number, compared
from ..value import Constant, Value
from .record import Guard, Program, Slot

_PACKAGE = dirname(dirname(__file__))


class _Tape:
    """What tracing has met so far; it keeps the values alive, so that their ids stay theirs."""

    def __init__(self) -> None:
        self.lines: dict[int, str] = {}
        self.met: dict[int, Value] = {}
        self.guards: list[tuple[str, Value, Value, bool, str]] = []

    def record(self, result: Value, operands: Sequence[Any]) -> None:
        self.lines[id(result)] = _line()
        for value in (result, *operands):
            if isinstance(value, Value):
                self.met.setdefault(id(value), value)


_tape: ContextVar[_Tape | None] = ContextVar("tape", default=None)


def _line() -> str:
    """The file and line outside the package that is being run."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{basename(frame.f_code.co_filename)}:{frame.f_lineno}"


class Traced(Value):
    """A Value that is being traced."""

    __slots__ = ()
    precedence: ClassVar[int] = 2

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Value:
        operands = [x.as_value() if isinstance(x, Condition) else x for x in operands]
        result = Value.apply(op, operands)
        if result.__class__ is Value:
            result.__class__ = Traced
        tape = _tape.get()
        if tape is not None:
            tape.record(result, operands)
        return result

    def __lt__(self, other: Any) -> Any:
        return Condition("<", self, other)

    def __le__(self, other: Any) -> Any:
        return Condition("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return Condition(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return Condition(">=", self, other)


for _name in vars(Number):  # Value's fast paths leave out the tape
    if _name in vars(Value) and _name.startswith("__") and _name.strip("_") in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv"):
        setattr(Traced, _name, vars(Number)[_name])


class Condition:
    """A comparison made while tracing. Its truth records a guard; given to `where`, it keeps both branches."""

    precedence: ClassVar[int] = 3
    apply = staticmethod(Traced.apply)

    def __init__(self, sign: str, left: Value, right: Any) -> None:
        self.sign, self.left = sign, left
        self.right: Value = right if isinstance(right, Value) else Constant(right)
        self.line = _line()

    def __bool__(self) -> bool:
        outcome = bool({"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[self.sign](
            self.left.data, self.right.data
        ))  # fmt: skip
        tape = _tape.get()
        if tape is not None:
            tape.guards.append((self.sign, self.left, self.right, outcome, self.line))
        return outcome

    def as_value(self) -> Any:
        """1 where it holds, else 0: a - b is positive exactly where a > b, as floats underflow gradually."""
        more, less = (self.left, self.right) if ">" in self.sign else (self.right, self.left)
        return OPS["step" if "=" in self.sign else "strict_step"](OPS["sub"](more, less))


def trace(f: Callable[..., Any], *example: Any) -> Program:
    """``f`` as a Program, recorded by running it once at ``example``: numbers, or nested lists of them.

    ``f`` receives Values in the same shape. Values that it captures become ``program.parameters``, in order of first use.
    """
    leaves: list[Value] = []
    shapes = [_shape(x) for x in example]
    arguments = [_traced(x, leaves) for x in example]
    tape = _Tape()
    token, hook = _tape.set(tape), compared.set(Condition)  # comparisons of captured values are guarded like those of inputs
    try:
        root = f(*arguments)
    finally:
        compared.reset(hook)
        _tape.reset(token)
    if isinstance(root, Condition):
        root = root.as_value()
    if not isinstance(root, Value):
        if isinstance(root, (list, tuple)):
            raise OperandError("a program has one result: the function must return one Value, not a list of them")
        root = Constant(root)
    return _program(root, leaves, shapes, list(tape.met.values()), tape)


def trace_graph(root: Value, *, inputs: Sequence[Value] = (), parameters: Sequence[Value] | None = None) -> Program:
    """A graph that is there as a Program. Leaves that are neither inputs nor ``parameters`` become constants.

    Without ``parameters``, every leaf that is no input and no plain number is one.
    """
    for value in (*inputs, *(parameters or ())):
        if value.op is not None:
            raise OperandError(f"an input or parameter must be a leaf; {value!r} was computed by {value.op.name}")
    known = list(inputs) + list(parameters or ())
    if len({id(v) for v in known}) != len(known):
        raise ArityError("a value is given twice among the inputs and parameters; give it once")
    return _program(root, list(inputs), [()] * len(inputs), list(parameters or ()), None, parameters is None)


def _shape(x: Any) -> tuple[int, ...]:
    if isinstance(x, (list, tuple)) or (hasattr(x, "shape") and len(x.shape)):
        inner = {_shape(item) for item in x}
        if len(inner) > 1:
            raise OperandError(f"the rows of an example must be of one shape; they have the shapes {sorted(inner)}")
        return (len(x), *(inner.pop() if inner else ()))
    return ()


def _traced(x: Any, leaves: list[Value]) -> Any:
    if _shape(x):
        return [_traced(item, leaves) for item in x]
    leaf = Traced(x)
    leaf.label = f"x{len(leaves) + 1}"
    leaves.append(leaf)
    return leaf


def _orders(roots: Iterable[Value]) -> Iterator[Value]:
    seen: set[int] = set()
    for root in roots:
        if id(root) not in seen:
            for value in topological_order(root):
                if id(value) not in seen:
                    seen.add(id(value))
                    yield value


def _program(
    root: Value, inputs: list[Value], shapes: list[tuple[int, ...]], first: list[Value], tape: _Tape | None, capture: bool = True
) -> Program:
    guards = tape.guards if tape else []
    order = list(_orders([root, *(side for guard in guards for side in guard[1:3])]))
    needed = {id(v) for v in order}
    candidates = [v for v in (*first, *order) if v.op is None and not v.is_constant and (id(v) in needed or not capture)]
    listed = {id(v) for v in inputs}
    parameters = list({id(v): v for v in candidates if id(v) not in listed}.values())
    if not capture:
        parameters = first
    leaves = [*inputs, *parameters]
    place = {id(v): i for i, v in enumerate(leaves)}
    slots = [Slot("input" if i < len(inputs) else "parameter", (), v.label, "", v.data) for i, v in enumerate(leaves)]
    for value in order:
        if id(value) in place:
            continue
        place[id(value)] = len(slots)
        line = tape.lines.get(id(value), "") if tape else ""
        operands = tuple([place[id(p)] for p in value.parents])
        slots.append(Slot(value.op.name if value.op else "constant", operands, value.label, line, 0.0 if value.op else value.data))
    checks = tuple(Guard(sign, place[id(a)], place[id(b)], outcome, line) for sign, a, b, outcome, line in guards)
    return Program(tuple(slots), tuple(shapes), len(parameters), place[id(root)], checks, parameters)
