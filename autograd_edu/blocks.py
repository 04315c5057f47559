"""`with` blocks that set something: for one thread, also as decorators, counted while open.

Asking what a block has set costs time, so operations ask only while some block is open anywhere:
`pauses` and `scopes` count them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import update_wrapper, wraps
from threading import Lock
from typing import Any, Generic, NoReturn, ParamSpec, Protocol, TypeVar

from .errors import OperandError

# blocks that are open in any thread: False rather than 0 for none, as Python tests it faster
pauses = scopes = others = False
_lock = Lock()
T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
P = ParamSpec("P")
B_co = TypeVar("B_co", covariant=True)
R = TypeVar("R")


class Opener(Generic[P, B_co]):
    """A function that opens a block: ``with no_grad():``, or ``@no_grad()`` above a function."""

    __name__: str

    def __init__(self, make: Callable[P, B_co]) -> None:
        self.make = make
        update_wrapper(self, make)

    def __call__(self, *args: P.args, **named: P.kwargs) -> B_co:
        if args and callable(args[0]):
            raise OperandError(f"write the decorator with parentheses: @{self.__name__}()")
        return self.make(*args, **named)

    def __enter__(self) -> NoReturn:
        raise OperandError(f"write the block with parentheses: with {self.__name__}():")

    def __exit__(self, *_: Any) -> None:  # what any `with` block passes
        raise NotImplementedError("a block that is not opened has no end")

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<block {self.__name__}()>"


class Variable(Protocol[T_contra]):
    """What a block sets: a `ContextVar`, or what works like one."""

    def set(self, value: T_contra, /) -> Any: ...  # a token of its own kind
    def reset(self, token: Any, /) -> None: ...


class Set(Generic[T]):
    """Sets ``variable`` inside a `with` block, and counts the block under the name ``counter``.

    It also decorates functions that run inside such a block, if ``made`` says how to make one: a
    function and its arguments.
    """

    def __init__(
        self, variable: Variable[T], value: T, *, counter: str = "others",
        made: tuple[Callable[..., Set[T]], *tuple[str, ...]] | None = None,
    ) -> None:  # fmt: skip
        self.variable, self.value, self.counter, self.made = variable, value, counter, made

    def __enter__(self) -> T:
        self.token = self.variable.set(self.value)
        with _lock:
            globals()[self.counter] += 1
        return self.value

    def __exit__(self, *_: Any) -> None:
        with _lock:
            globals()[self.counter] = globals()[self.counter] - 1 or False
        self.variable.reset(self.token)

    def __call__(self, f: Callable[P, R]) -> Callable[P, R]:
        """``f`` inside the block; an OperandError if its body would run after the block."""
        assert self.made is not None, "only public blocks decorate"
        make, *arguments = self.made
        check_body(f, make.__name__)

        @wraps(f)
        def inside(*args: P.args, **named: P.kwargs) -> R:
            with make(*arguments):
                return f(*args, **named)

        return inside


class Collector:
    """Whether Python's cyclic garbage collector is on, as a variable."""

    def set(self, on: bool) -> bool:
        """Switch it; tells whether it was on."""
        was_on = gc.isenabled()
        (gc.enable if on else gc.disable)()
        return was_on

    def reset(self, was_on: bool) -> None:
        if was_on:
            gc.enable()


def check_body(f: Callable[..., object], mode: str) -> None:
    """Raise if the body of ``f`` runs only after a call of it has returned, so after a block."""
    import inspect  # which few programs need

    is_async = inspect.iscoroutinefunction(f)
    if is_async or inspect.isgeneratorfunction(f) or inspect.isasyncgenfunction(f):
        raise OperandError(
            f"@{mode}() cannot decorate the {'coroutine' if is_async else 'generator'} "
            f"{f.__name__!r}: its body runs after the decorator has returned. Write "
            f"`with {mode}():` inside it"
        )
