"""Tell the tape when a traced function reads a number or does what a replay cannot repeat.

The engine does not know about tracing. When this module is imported, it replaces the attributes of
Value that show a number or a graph by ones that first look whether a function is being traced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from ... import blocks
from ...blocks import Set
from ...engine.modes import recording, tracer
from ...engine.number import Number
from ...engine.value import Value
from .condition import Condition, Operand
from .tape import Tape

P = ParamSpec("P")
T = TypeVar("T")

Compare = Callable[[Number, Operand], T]

_LOOKED_AT = ("parents", "local_grads", "kept_local_grads", "_prev", "_op", "_backward")
_CALLS = {
    "clear_grad": "clear_grad()", "zero_grad": "zero_grad()", "backward": "backward()",
    "__repr__": "the text of a Value with its gradient", "flattened": "copies of Values",
}  # fmt: skip
_COMPARISONS = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


@contextmanager
def told_to(tape: Tape) -> Iterator[None]:
    """Within this context, ``tape`` records every operation, comparison and number that is read.

    It does so even within `no_grad`.
    """
    with Set(recording, True), Set(tracer, tape, counter="pauses"):
        yield


def _watched(plain: property, how: str, what: str | None, *, on_setting: str) -> property:
    """A property that calls ``how`` of the tape with ``what``, or with the value itself."""

    read = plain.fget
    assert read is not None, "every property of a Value can be read"

    def get(self: Value) -> object:
        if blocks.pauses and (tape := tracer.get()) is not None:
            getattr(tape, how)(what or self)
        return read(self)

    if (write := plain.fset) is None:
        return property(get, doc=plain.__doc__)

    def put(self: Value, new: float) -> None:
        if blocks.pauses and (tape := tracer.get()) is not None:
            tape.refuse(on_setting)
        write(self, new)

    return property(get, put, doc=plain.__doc__)


def _refusing(
    plain: Callable[Concatenate[Value, P], T], what: str
) -> Callable[Concatenate[Value, P], T]:
    """A method that raises an error while a function is traced."""

    def method(self: Value, /, *args: P.args, **named: P.kwargs) -> T:
        if blocks.pauses and (tape := tracer.get()) is not None:
            tape.refuse(what)
        return plain(self, *args, **named)

    method.__name__, method.__doc__ = plain.__name__, plain.__doc__
    return method


def _compared(plain: Compare[bool], sign: str) -> Compare[bool | Condition]:
    """A comparison that gives a `Condition` while a function is traced."""

    def method(self: Number, other: Operand) -> bool | Condition:
        if blocks.pauses and (tape := tracer.get()) is not None:
            condition: Condition = tape.compare(sign, self, other)
            return condition
        return plain(self, other)

    return method


def _watch() -> None:
    told: dict[str, tuple[str, str | None]] = {"data": ("read", None)}
    told |= {name: ("look", f".{name}") for name in _LOOKED_AT}
    told |= {name: ("refuse", f".{name}") for name in ("grad", "has_grad")}
    for name, (how, what) in told.items():
        as_set = ".data as a variable" if name == "data" else f".{name}"
        watched = _watched(getattr(Value, name), how, what, on_setting=as_set)
        setattr(Value, name, watched)
    for name, what in _CALLS.items():
        setattr(Value, name, _refusing(getattr(Value, name), what))
    for name, sign in _COMPARISONS.items():
        setattr(Number, name, _compared(getattr(Number, name), sign))


_watch()
