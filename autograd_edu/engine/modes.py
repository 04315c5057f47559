"""How values are computed inside a `with` block: in IEEE arithmetic, unrecorded, in a scope.

A mode holds for the thread or the task that opened the block. Asking for it costs time, so
operations ask only while some block is open anywhere: `pauses` and `scopes` count them.
"""

import gc
from collections.abc import Callable, Generator
from contextlib import _GeneratorContextManager
from contextvars import ContextVar
from functools import wraps
from threading import Lock
from typing import Any, Generic, ParamSpec, TypeVar

from ..errors import OperandError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
recording: ContextVar[bool] = ContextVar("recording", default=True)
current_scope: ContextVar[str] = ContextVar("scope", default="")
ieee_mode: ContextVar[bool] = ContextVar("ieee", default=False)
ieee_is_on = ieee_mode.get
watch: ContextVar[Any] = ContextVar("watch", default=None)  # of `care.anomaly`, above us
tracer: ContextVar[Any] = ContextVar("tracer", default=None)  # a `program.tracing` Tape, above us
pauses = scopes = others = 0  # blocks that are open in any thread
changed = 0  # when a number was last set, by the clock of `value`: older results may be stale
_lock = Lock()


class Block(_GeneratorContextManager[T]):
    """A `with` block, or a decorator of functions that run inside such a block."""

    def __call__(self, f: F) -> F:
        """``f`` inside the block; an OperandError if its body would run after the block."""
        import inspect

        kinds = (
            inspect.isgeneratorfunction,
            inspect.iscoroutinefunction,
            inspect.isasyncgenfunction,
        )
        if any(is_kind(f) for is_kind in kinds):
            what = "coroutine" if inspect.iscoroutinefunction(f) else "generator"
            mode = self.func.__name__
            raise OperandError(
                f"@{mode}() cannot decorate the {what} {f.__name__!r}: its body runs after the "
                f"decorator has returned. Write `with {mode}():` inside it"
            )
        return super().__call__(f)


def block(make: Callable[P, Generator[T, None, None]]) -> Callable[P, Block[T]]:
    """As `contextlib.contextmanager`, for a `Block`."""

    @wraps(make)
    def opened(*args: P.args, **named: P.kwargs) -> Block[T]:
        return Block(make, args, named)

    return opened


class Set(Generic[T]):
    """Sets ``variable`` inside a `with` block, and counts the block under the name ``counter``."""

    def __init__(self, variable: ContextVar[T], value: T, *, counter: str = "others") -> None:
        self.variable, self.value, self.counter = variable, value, counter

    def __enter__(self) -> None:
        self.token = self.variable.set(self.value)
        with _lock:
            globals()[self.counter] += 1

    def __exit__(self, *_: object) -> None:
        with _lock:
            globals()[self.counter] -= 1
        self.variable.reset(self.token)


@block
def ieee() -> Generator[None, None, None]:
    """Inside, an operation without a finite real value gives inf or nan instead of a DomainError.

    >>> from autograd_edu import Value
    >>> with ieee():
    ...     Value(1.0) / 0.0
    Value(data=inf, grad=–)
    """
    with Set(ieee_mode, True):
        yield


@block
def no_grad() -> Generator[None, None, None]:
    """Inside, results are constants that remember nothing.

    Raises:
        OperandError: while a function is traced, as every replay would keep those constants.
    """
    if (tape := tracer.get()) is not None:
        tape.refuse("no_grad(), whose results would be constants in every replay")
    with Set(recording, False, counter="pauses"):
        yield


@block
def scope(name: str) -> Generator[str, None, None]:
    """Values made inside belong to the part ``name`` of the enclosing scope.

    Pictures can fold a scope into one box.
    """
    path = f"{current_scope.get()}/{name}" if current_scope.get() else name
    with Set(current_scope, path, counter="scopes"):
        yield path


@block
def no_gc() -> Generator[None, None, None]:
    """Pause Python's cyclic garbage collector, which costs loops of graphs more than arithmetic.

    Graphs hold no reference cycles. They are still freed as soon as nothing refers to them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
