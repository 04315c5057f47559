"""How values are made while a `with` block is open: not remembered, as part of a scope, without the garbage collector.

Each holds for the thread, or the task, that opened it. Operations ask only while some block is open anywhere: `pauses`
and `scopes` count them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from .number import Tracer, tracer

recording: ContextVar[bool] = ContextVar("recording", default=True)
current_scope: ContextVar[str] = ContextVar("scope", default="")
pauses = scopes = traces = (
    0  # how many blocks of each kind are open, in any thread: while there is none, no operation need ask
)
changed = 0  # when a number was last set anew, by the clock of `graph`: what was computed before may be stale
_count = Lock()


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, results are constants that remember nothing. In this thread, or this task, alone.

    Raises:
        OperandError: while a function is traced: what is computed inside would be frozen in every replay.
    """
    global pauses
    if (tape := tracer.get()) is not None:
        tape.refuse("no_grad(), whose results would be constants in every replay")
    token = recording.set(False)
    with _count:
        pauses += 1
    try:
        yield
    finally:
        with _count:
            pauses -= 1
        recording.reset(token)


@contextmanager
def told_to(tape: Tracer) -> Iterator[None]:
    """Inside, ``tape`` is told of every operation, of every comparison and of every number that is taken out."""
    global pauses, traces
    told, on = tracer.set(tape), recording.set(True)  # also where the caller records nothing
    with _count:
        pauses, traces = pauses + 1, traces + 1  # no operation takes the short way past the tape
    try:
        yield
    finally:
        with _count:
            pauses, traces = pauses - 1, traces - 1
        recording.reset(on)
        tracer.reset(told)


@contextmanager
def scope(name: str) -> Iterator[str]:
    """Values made inside belong to the part ``name`` of the enclosing scope; pictures can fold them into one box."""
    global scopes
    path = f"{current_scope.get()}/{name}" if current_scope.get() else name
    token = current_scope.set(path)
    with _count:
        scopes += 1
    try:
        yield path
    finally:
        with _count:
            scopes -= 1
        current_scope.reset(token)


@contextmanager
def no_gc() -> Iterator[None]:
    """Pause Python's cyclic garbage collector, for loops that build graphs: it costs them more than the arithmetic.

    Graphs hold no reference cycles, so they are freed all the same, as soon as nothing refers to them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
