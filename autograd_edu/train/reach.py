"""What is within reach of an object: the parts of it that can change, and the objects that it leads to.

Looked into are containers, functions (their closures, defaults, and the globals that they name), classes and objects of
the user's and of this package, and generators of random numbers. Other libraries are no state of the user's.
"""

from __future__ import annotations

import functools
import random
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from ..engine.op import Op
from ..engine.value import Value

PLAIN = (bool, int, float, complex, str, bytes, type(None))
_OURS = __name__.partition(".")[0]
_HOLDERS = ("collections", "queue", "types")  # Python's modules whose objects hold the user's


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can change: its name, how to read what it holds now, and how to put something there.

    Attributes:
        item: how an item of it is written behind its name, if it is a dict.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any]
    item: str = ""


Found = Part | tuple[str, Any]  # a part that can change, or an object by its name


def look_into(name: str, x: Any) -> Iterator[Found]:
    """The parts of ``x`` that can change, and the objects that it leads to."""
    for kind, look in _KINDS:
        if isinstance(x, kind):
            yield from look(name, x)
            break
    if not isinstance(x, (Op, Value, type)):  # also a user's list can have attributes
        yield from _object(name, x)


def _attribute(owner: Any, name: str, shown: str) -> Iterator[Found]:
    """An attribute as a part, and what it holds."""
    yield Part(
        shown, functools.partial(getattr, owner, name, None), functools.partial(_set, owner, name)
    )
    yield shown, getattr(owner, name)


def _set(owner: Any, name: str, held: Any) -> None:
    if getattr(owner, name, None) is not held:
        own = isinstance(owner, (type, CellType))
        setattr(owner, name, held) if own else object.__setattr__(owner, name, held)


def _items(name: str, items: Iterable[Any]) -> Iterator[Found]:
    return ((f"{name}[{i}]", item) for i, item in enumerate(items) if not isinstance(item, PLAIN))


def _refill(x: Any, fill: Callable[[Any], Any], held: Any) -> None:
    if isinstance(x, array):
        del x[:]  # it has no `clear` before Python 3.13
    else:
        x.clear()
    fill(held)


# ---- kinds of objects ------------------------------------------------------------------------------------------------


def _value(name: str, x: Value) -> Iterator[Found]:
    if x.op is None:
        yield Part(f"the data of {name}", lambda: x._data, functools.partial(setattr, x, "_data"))


def _sequence(name: str, x: Any) -> Iterator[Found]:
    yield Part(name, lambda: list(x), functools.partial(_refill, x, x.extend))
    yield from _items(name, x)


def _set_of(name: str, x: set[Any]) -> Iterator[Found]:
    yield Part(name, lambda: list(x), functools.partial(_refill, x, x.update))
    yield from _items(name, x)


def _dict(name: str, x: dict[Any, Any], item: str = "[{!r}]") -> Iterator[Found]:
    yield Part(name, lambda: dict(x), functools.partial(_refill, x, x.update), item)
    yield from ((name + item.format(key), held) for key, held in x.items())


def _array(name: str, x: Any) -> Iterator[Found]:
    yield Part(name, x.copy, functools.partial(x.__setitem__, ...))
    yield from _items(name, x.flat if x.dtype.kind == "O" else ())


def _generator(name: str, x: random.Random) -> Iterator[Found]:
    if not isinstance(x, random.SystemRandom):
        yield Part(name, x.getstate, x.setstate)


def _function(name: str, x: FunctionType) -> Iterator[Found]:
    yield from zip(x.__code__.co_freevars, x.__closure__ or (), strict=True)
    for attribute in ("__code__", "__defaults__", "__kwdefaults__"):
        yield from _attribute(x, attribute, f"{name}.{attribute}")
    yield from _dict(name, x.__dict__, ".{}")
    if not _is_library(x.__module__ or ""):
        yield from _variables(set(_names(x.__code__)), x.__globals__, "the global {}")


def _variables(names: set[str], variables: dict[str, Any], shown: str) -> Iterator[Found]:
    """The variables of a module that have these names; of modules among them, again those."""
    for name in sorted(names & variables.keys()):
        held = variables[name]
        if not isinstance(held, ModuleType):
            put = functools.partial(variables.__setitem__, name)
            yield Part(shown.format(name), functools.partial(variables.get, name), put)
            yield name, held
        elif not _is_library(held.__name__) and vars(held) is not variables:
            yield from _variables(names - {name}, vars(held), f"{name}.{{}}")


def _names(code: CodeType) -> Iterator[str]:
    """The global names, and those of attributes, in a function and the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _cell(name: str, x: CellType) -> Iterator[Found]:
    try:
        yield from _attribute(x, "cell_contents", name)
    except ValueError:
        return  # an empty one


def _class(name: str, x: type) -> Iterator[Found]:
    if _is_library(x.__module__):
        return
    for attribute, held in list(vars(x).items()):
        function = getattr(held, "__func__", getattr(held, "fget", held))
        if hasattr(held, "__get__"):  # reading it by its name could call the user's code
            read = functools.partial(vars(x).get, attribute)
            yield Part(f"{name}.{attribute}", read, functools.partial(setattr, x, attribute))
            yield f"{name}.{attribute}", function
        elif not attribute.startswith("__"):
            yield from _attribute(x, attribute, f"{name}.{attribute}")
    yield from ((base.__name__, base) for base in x.__mro__[1:])


def _object(name: str, x: Any) -> Iterator[Found]:
    """An object of a class of the user's, of this package or of `_HOLDERS`; a NumPy generator."""
    if hasattr(x, "bit_generator"):
        state = functools.partial(setattr, x.bit_generator, "state")
        yield Part(name, lambda: x.bit_generator.state, state)
    module = type(x).__module__
    if module.startswith(_OURS) or module in _HOLDERS or not _is_library(module):
        yield from _dict(name, getattr(x, "__dict__", {}), ".{}")
        for slot in _slots(type(x)):
            if hasattr(x, slot):
                yield from _attribute(x, slot, f"{name}.{slot}")
        yield type(x).__name__, type(x)


def _slots(kind: type) -> Iterator[str]:
    """The names of the slots of a class that is the user's."""
    for base in kind.__mro__:
        names = () if _is_library(base.__module__) else base.__dict__.get("__slots__", ())
        yield from (
            name for name in ([names] if isinstance(names, str) else names) if name[:2] != "__"
        )


@functools.cache
def _is_library(module: str) -> bool:
    """Whether a module is Python's, this package's, or installed: its own variables are no state of the user's."""
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return top in sys.stdlib_module_names or top == _OURS or "-packages" in file


_KINDS: tuple[tuple[Any, Callable[[str, Any], Iterator[Found]]], ...] = (
    (Value, _value),
    ((list, deque, bytearray, array), _sequence),
    (dict, _dict),
    (set, _set_of),
    ((tuple, frozenset), _items),
    (FunctionType, _function),
    (MethodType, lambda name, x: iter([(name, x.__self__), (name, x.__func__)])),
    (functools.partial, lambda name, x: _items(name, [x.func, x.args, x.keywords])),
    (CellType, _cell),
    (type, _class),
    (random.Random, _generator),
    (np.ndarray, _array),
    ((ModuleType, BuiltinFunctionType, CodeType, Op), lambda name, x: iter(())),  # noqa: ARG005
)
