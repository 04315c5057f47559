"""What a mode is besides a `with` block: a decorator, and a word for missing parentheses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import update_wrapper, wraps
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar

from .errors import OperandError

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


class Decorator:
    """A block that also decorates functions, which then run inside such a block.

    Attributes:
        made: how to make a block for each call, a function and its arguments.
    """

    made: tuple[Callable[..., AbstractContextManager[object]], *tuple[str, ...]] | None

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
