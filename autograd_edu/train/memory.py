"""What calls of a model or a loss can change: attributes, variables, containers and generators within their reach.

A replay repeats the operations that one call recorded. It cannot repeat what a call did besides: draw a random number,
count, keep a running mean. So `fit` takes a `Memory` before it calls the user's functions, asks afterwards what has
changed, and puts everything back, as if the calls had never been made.
"""

from __future__ import annotations

import functools
import io
import operator
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

import numpy as np

from ..engine.op import Op
from ..engine.value import Value

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MOST = 1_000_000  # objects that are looked at, those of the first roots first
_OURS = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True)
class _Part:
    """Something that can change: its name, what it held, how to read what it holds now, and how to put that back."""

    name: str
    held: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]
    item: str = ""  # how an item of it is written


class Memory:
    """The state of everything that can change within reach of ``roots``, and of Python's and NumPy's global generators.

    Attributes:
        iterator: the name of an iterator within reach, whose place nobody can read or put back; "" if there is none.
    """

    def __init__(self, **roots: Any) -> None:
        self.iterator = ""
        self._seen: dict[int, Any] = {}  # by id; the objects are kept, so that no id is used twice
        self._parts: list[_Part] = []
        self._stack = [(name, root) for name, root in roots.items() if root is not None][::-1]
        while self._stack and len(self._seen) < _MOST:
            self._look_at(*self._stack.pop())
        drawn = np.random  # its own functions, which users call
        self._generators = [
            _Part("Python's random numbers", *_state(random.getstate, random.setstate)),
            _Part("NumPy's random numbers", *_state(drawn.get_state, drawn.set_state)),
        ]

    def change(self, *, generators: bool = True) -> str:
        """The name of the first part that has changed; "" if none has. Without ``generators``, the global ones may."""
        parts = [*self._parts, *(self._generators if generators else ())]
        changed = ((part, part.read()) for part in parts)
        return next((_named(p, now) for p, now in changed if not _is_same(p.held, now)), "")

    def restore(self) -> None:
        """Put everything back."""
        for part in [*self._parts, *self._generators]:
            part.write(part.held)

    # ---- walking ----

    def _keep(
        self, name: str, read: Callable[[], Any], write: Callable[[Any], None], item: str = ""
    ) -> Any:
        held = read()
        self._parts.append(_Part(name, held, read, write, item))
        return held

    def _look_at(self, name: str, x: Any) -> None:
        if isinstance(x, _PLAIN) or id(x) in self._seen:
            return
        self._seen[id(x)] = x
        for kind, look in _KINDS:
            if isinstance(x, kind):
                look(self, name, x)
                return
        if hasattr(x, "__next__") and not isinstance(x, io.IOBase):
            self.iterator = self.iterator or name
        elif hasattr(x, "bit_generator"):
            self._keep(
                name,
                lambda: x.bit_generator.state,
                functools.partial(setattr, x.bit_generator, "state"),
            )
        else:
            self._look_at_object(name, x)

    def _push(self, name: str, items: Iterator[tuple[Any, Any]]) -> None:
        self._stack.extend(
            [(f"{name}{key}", item) for key, item in items if not isinstance(item, _PLAIN)]
        )

    def _look_at_object(self, name: str, x: Any) -> None:
        module = type(x).__module__
        if (
            _is_library(module)
            and not module.startswith(_OURS)
            and not isinstance(x, SimpleNamespace)
        ):
            return
        attributes = getattr(x, "__dict__", None)
        if isinstance(attributes, dict):
            self._keep_dict(name, attributes, ".{}")
        for slot in _slots(type(x)):
            if hasattr(x, slot):
                self._stack.append(
                    (f"{name}.{slot}", self._keep(f"{name}.{slot}", *_attribute(x, slot)))
                )
        self._look_at(type(x).__name__, type(x))

    def _look_at_value(self, name: str, x: Value) -> None:
        if x.op is None:
            self._keep(
                f"the data of {name}", lambda: x._data, functools.partial(setattr, x, "_data")
            )

    def _look_at_class(self, name: str, x: type) -> None:
        if _is_library(x.__module__):
            return
        for attribute, held in list(vars(x).items()):
            held = getattr(held, "__func__", getattr(held, "fget", held))
            if isinstance(held, FunctionType):
                self._stack.append((f"{name}.{attribute}", held))
            elif not attribute.startswith("__") and not hasattr(held, "__get__"):
                self._stack.append(
                    (
                        f"{name}.{attribute}",
                        self._keep(f"{name}.{attribute}", *_attribute(x, attribute)),
                    )
                )
        self._push("", ((base.__name__, base) for base in x.__mro__[1:]))

    def _look_at_function(self, name: str, x: FunctionType) -> None:
        for variable, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            self._stack.append((variable, cell))
        self._push(name, enumerate([x.__defaults__, x.__kwdefaults__]))
        self._keep_dict(name, x.__dict__, ".{}")
        if not _is_library(x.__module__ or ""):
            self._keep_named(set(_names(x.__code__)), x.__globals__, "the global {}")

    def _keep_named(self, names: set[str], variables: dict[str, Any], shown: str) -> None:
        for name in sorted(names & variables.keys()):
            held = variables[name]
            if isinstance(held, ModuleType):
                if not _is_library(held.__name__) and id(held) not in self._seen:
                    self._seen[id(held)] = held
                    self._keep_named(names, vars(held), f"{name}.{{}}")
            else:
                item = shown.format(name)
                self._keep(
                    item,
                    functools.partial(variables.get, name),
                    functools.partial(variables.__setitem__, name),
                )
                self._stack.append((name, held))

    def _look_at_cell(self, name: str, x: CellType) -> None:
        with suppress(ValueError):  # of an empty one
            self._stack.append((name, self._keep(name, *_attribute(x, "cell_contents"))))

    def _look_at_sequence(self, name: str, x: Any) -> None:
        self._push(
            name,
            (
                (f"[{i}]", item)
                for i, item in enumerate(self._keep(name, lambda: list(x), _refill(x, x.extend)))
            ),
        )

    def _look_at_set(self, name: str, x: set[Any]) -> None:
        self._push(
            name,
            ((" item", item) for item in self._keep(name, lambda: list(x), _refill(x, x.update))),
        )

    def _look_at_tuple(self, name: str, x: Any) -> None:
        self._push(name, ((f"[{i}]", item) for i, item in enumerate(x)))

    def _keep_dict(self, name: str, x: dict[Any, Any], shown: str = "[{!r}]") -> None:
        held = self._keep(name, lambda: dict(x), _refill(x, x.update), shown)
        self._push(name, ((shown.format(key), item) for key, item in held.items()))

    def _look_at_array(self, name: str, x: Any) -> None:
        self._keep(name, x.copy, functools.partial(x.__setitem__, ...))
        if x.dtype.kind == "O":
            self._look_at_tuple(name, x.flat)

    def _look_at_partial(self, name: str, x: functools.partial[Any]) -> None:
        self._push(name, enumerate([x.func, x.args, x.keywords]))

    def _look_at_method(self, name: str, x: MethodType) -> None:
        self._push(name, iter([("", x.__self__), ("", x.__func__)]))

    def _look_at_random(self, name: str, x: random.Random) -> None:
        if not isinstance(x, random.SystemRandom):
            self._keep(name, x.getstate, x.setstate)

    def _ignore(self, name: str, x: Any) -> None:
        """What cannot change, or is no state of the model's."""


_KINDS: tuple[tuple[Any, Callable[[Memory, str, Any], None]], ...] = (
    (Value, Memory._look_at_value),
    ((list, deque, bytearray), Memory._look_at_sequence),
    (dict, Memory._keep_dict),
    (set, Memory._look_at_set),
    ((tuple, frozenset), Memory._look_at_tuple),
    (FunctionType, Memory._look_at_function),
    (MethodType, Memory._look_at_method),
    (functools.partial, Memory._look_at_partial),
    (CellType, Memory._look_at_cell),
    (type, Memory._look_at_class),
    (random.Random, Memory._look_at_random),
    (np.ndarray, Memory._look_at_array),
    ((ModuleType, BuiltinFunctionType, CodeType, Op), Memory._ignore),
)


def _state(
    read: Callable[[], Any], write: Callable[[Any], None]
) -> tuple[Any, Callable[[], Any], Callable[[Any], None]]:
    return read(), read, write


def _attribute(x: Any, name: str) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    return functools.partial(getattr, x, name, None), functools.partial(_set, x, name)


def _set(x: Any, name: str, held: Any) -> None:
    if getattr(x, name, None) is not held:
        setattr(x, name, held) if isinstance(x, (type, CellType)) else object.__setattr__(
            x, name, held
        )


def _refill(x: Any, fill: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Put items back into a container, which is touched only if it has others now."""

    def write(held: Any) -> None:
        if not _is_same(held, type(held)(x)):
            x.clear()
            fill(held)

    return write


def _named(part: _Part, now: Any) -> str:
    """The name of what has changed in a part."""
    if not part.item:
        return part.name
    missing = object()
    keys = sorted([*part.held, *now], key=lambda key: str(key).startswith("_"))
    key = next(k for k in keys if not _is_same(part.held.get(k, missing), now.get(k, missing)))
    return part.name + part.item.format(key)


def _is_same(before: Any, now: Any) -> bool:
    """Whether a part holds what it held: the same objects, or plain numbers and texts that are equal."""
    if before is now:
        return True
    if type(before) is not type(now):
        return False
    if isinstance(before, dict):
        return list(before) == list(now) and _is_same(list(before.values()), list(now.values()))
    if isinstance(before, (list, tuple)):
        return len(before) == len(now) and (
            all(map(operator.is_, before, now)) or all(map(_is_same, before, now))
        )
    if isinstance(before, np.ndarray):
        return bool(before.shape == now.shape and before.tobytes() == now.tobytes())
    if not isinstance(before, _PLAIN):
        return False
    equal: bool = before == now or (before != before and now != now)  # nan is nan here
    return equal


def _slots(kind: type) -> list[str]:
    """The names of the slots of a class that is the user's."""
    found = [
        () if _is_library(base.__module__) else base.__dict__.get("__slots__", ())
        for base in kind.__mro__
    ]
    return [
        name
        for names in found
        for name in ([names] if isinstance(names, str) else names)
        if not name.startswith("__")
    ]


def _names(code: CodeType) -> Iterator[str]:
    """The global names, and those of attributes, in a function and the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@functools.cache
def _is_library(module: str) -> bool:
    """Whether a module is Python's, this package's, or installed: its own variables are no state of the user's."""
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return (
        top in sys.stdlib_module_names - {"__main__"}
        or top == _OURS
        or "site-packages" in file
        or "dist-packages" in file
    )
