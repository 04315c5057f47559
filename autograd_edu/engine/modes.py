"""How values are computed inside a `with` block: in IEEE arithmetic, unrecorded, in a scope.

A mode holds for the thread or the task that opened the block. Asking for it costs time, so
operations ask only while some block is open anywhere: `pauses` and `scopes` count them.
"""

import gc
from collections.abc import Callable
from contextvars import ContextVar
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from ..attributes import text
from ..blocks import Decorator, Opener

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
recording: ContextVar[bool] = ContextVar("recording", default=True)
current_scope: ContextVar[str] = ContextVar("scope", default="")
ieee_mode: ContextVar[bool] = ContextVar("ieee", default=False)
ieee_is_on = ieee_mode.get
watch: ContextVar[Any] = ContextVar("watch", default=None)  # of `care.anomaly`, above us
tracer: ContextVar[Any] = ContextVar("tracer", default=None)  # a `program.tracing` Tape, above us
pauses = scopes = others = 0  # blocks that are open in any thread
changed = 0  # when a number was last set, by the clock of `value`: older results may be stale
_lock = Lock()


class Variable(Protocol[T_contra]):
    """What a block sets: a `ContextVar`, or what works like one."""

    def set(self, value: T_contra, /) -> Any: ...  # a token of its own kind
    def reset(self, token: Any, /) -> None: ...


class Set(Decorator, Generic[T]):
    """Sets ``variable`` inside a `with` block, and counts the block under the name ``counter``.

    It also decorates functions that run inside such a block, if ``made`` says how to make one: a
    function and its arguments.
    """

    def __init__(
        self, variable: Variable[T], value: T, *, counter: str = "others",
        made: tuple[Callable[..., "Set[T]"], *tuple[str, ...]] | None = None,
    ) -> None:  # fmt: skip
        self.variable, self.value, self.counter, self.made = variable, value, counter, made

    def __enter__(self) -> T:
        self.token = self.variable.set(self.value)
        with _lock:
            globals()[self.counter] += 1
        return self.value

    def __exit__(self, *_: Any) -> None:
        with _lock:
            globals()[self.counter] -= 1
        self.variable.reset(self.token)


@Opener
def ieee() -> Set[bool]:
    """Inside, an operation without a finite real value gives inf or nan instead of a DomainError.

    >>> from autograd_edu import Value
    >>> with ieee():
    ...     Value(1.0) / 0.0
    Value(data=inf, grad=–)
    """
    return Set(ieee_mode, True, made=(ieee,))


@Opener
def no_grad() -> Set[bool]:
    """Inside, results are constants that remember nothing.

    Raises:
        OperandError: while a function is traced, as every replay would keep those constants.
    """
    if (tape := tracer.get()) is not None:
        tape.refuse("no_grad(), whose results would be constants in every replay")
    return Set(recording, False, counter="pauses", made=(no_grad,))


def scope(name: str) -> Set[str]:
    """Values made inside belong to the part ``name`` of the enclosing scope.

    Pictures can fold a scope into one box.
    """
    name = name if name.__class__ is str else text(name, "the name of a scope")
    path = f"{outer}/{name}" if (outer := current_scope.get()) else name
    return Set(current_scope, path, counter="scopes", made=(scope, name))


@Opener
def no_gc() -> Set[bool]:
    """Pause Python's cyclic garbage collector, which costs loops of graphs more than arithmetic.

    Graphs hold no reference cycles. They are still freed as soon as nothing refers to them.
    """
    return Set(_Collector(), False, made=(no_gc,))


class _Collector:
    """Whether the garbage collector is on, as a variable."""

    def set(self, on: bool) -> bool:
        """Switch it; tells whether it was on."""
        was_on = gc.isenabled()
        (gc.enable if on else gc.disable)()
        return was_on

    def reset(self, was_on: bool) -> None:
        if was_on:
            gc.enable()
