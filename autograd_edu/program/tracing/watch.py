"""What a tape is told of: numbers that are taken out of Values, and what no replay could repeat.

The engine knows nothing of tracing. Once this module is imported, the attributes of Value that
show a number or a graph ask first whether a function is being traced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any  # what a watched attribute gives is not looked at here

from ...engine.modes import Set, recording, tracer
from ...engine.number import Number
from ...engine.value import Value
from .tape import Tape

_LOOKED_AT = ("parents", "local_grads", "kept_local_grads", "_prev", "_op", "_backward")
_CALLS = {
    "clear_grad": "clear_grad()", "zero_grad": "zero_grad()", "backward": "backward()",
    "__repr__": "the text of a Value with its gradient", "flattened": "copies of Values",
}  # fmt: skip
_COMPARISONS = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


@contextmanager
def told_to(tape: Tape) -> Iterator[None]:
    """Inside, ``tape`` is told of every operation, comparison and number that is taken out.

    Operations are recorded, also where the caller records nothing.
    """
    with Set(recording, True), Set(tracer, tape, counter="pauses"):
        yield


def _watched(plain: property, how: str, what: str | None, *, on_setting: str) -> property:
    """A property that calls ``how`` of the tape with ``what``, or with the value itself."""

    def get(self: Value) -> Any:
        tape = tracer.get()
        if tape is not None:
            getattr(tape, how)(what or self)
        return plain.__get__(self)

    def put(self: Value, new: Any) -> None:
        tape = tracer.get()
        if tape is not None:
            tape.refuse(on_setting)
        plain.__set__(self, new)

    return property(get, put if plain.fset else None, doc=plain.__doc__)


def _refusing(plain: Callable[..., Any], what: str) -> Callable[..., Any]:
    """A method that is refused while a function is traced."""

    def method(self: Value, *args: Any, **named: Any) -> Any:
        if (tape := tracer.get()) is not None:
            tape.refuse(what)
        return plain(self, *args, **named)

    method.__name__, method.__doc__ = plain.__name__, plain.__doc__
    return method


def _compared(plain: Callable[[Any, Any], bool], sign: str) -> Callable[[Any, Any], Any]:
    """A comparison that is left undecided while a function is traced."""

    def method(self: Number, other: Any) -> Any:
        tape = tracer.get()
        return plain(self, other) if tape is None else tape.compare(sign, self, other)

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
