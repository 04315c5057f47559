"""Find the parts of an object that can change, and the objects that it refers to.

We look into containers, functions (their closures, defaults and the globals that they use),
random generators, and the classes and objects of the user and of this package. The internals of
other libraries do not count as the user's state.
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

Anything = Any  # the objects come from the user's program, so they may be of any type

PLAIN = (bool, int, float, complex, str, bytes, type(None))
_OURS = __name__.partition(".")[0]
_HOLDERS = ("collections", "queue", "types")  # their objects can hold the user's objects


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can change: its name, a function that reads it and one that sets it.

    Attributes:
        item: for a dict, the format that adds a key to the name.
    """

    name: str
    read: Callable[[], Anything]
    write: Callable[[Anything], Anything]
    item: str = ""


Found = Part | tuple[str, Anything]  # a part, or (name, object) to look into next


def look_into(name: str, x: Anything) -> Iterator[Found]:
    """The parts of ``x`` that can change, and the objects that it refers to."""
    for kind in type(x).__mro__:
        if kind in _KINDS:
            yield from _KINDS[kind](name, x)
            break
    if not isinstance(x, _CLOSED):  # a subclass of list can have attributes, too
        yield from _object(name, x)


def _attribute(owner: Anything, name: str, shown: str) -> Iterator[Found]:
    """Yield an attribute as a part, and the object that it holds."""
    read = functools.partial(getattr, owner, name, None)
    yield Part(shown, read, functools.partial(_set, owner, name))
    yield shown, getattr(owner, name)


def _set(owner: Anything, name: str, held: Anything) -> None:
    if getattr(owner, name, None) is not held:
        own = isinstance(owner, (type, CellType))
        setattr(owner, name, held) if own else object.__setattr__(owner, name, held)


def _items(name: str, items: Iterable[Anything]) -> Iterator[Found]:
    return ((f"{name}[{i}]", item) for i, item in enumerate(items) if not isinstance(item, PLAIN))


def _refill(x: Anything, fill: Callable[[Anything], Anything], held: Anything) -> None:
    if isinstance(x, array):
        del x[:]  # it has no `clear` before Python 3.13
    else:
        x.clear()
    fill(held)


# ---- one function for each kind of object ----


def _sequence(name: str, x: Anything) -> Iterator[Found]:
    yield Part(name, lambda: list(x), functools.partial(_refill, x, x.extend))
    yield from _items(name, x)


def _set_of(name: str, x: set[Anything]) -> Iterator[Found]:
    yield Part(name, lambda: list(x), functools.partial(_refill, x, x.update))
    yield from _items(name, x)


def _dict(name: str, x: dict[Anything, Anything], item: str = "[{!r}]") -> Iterator[Found]:
    yield Part(name, lambda: dict(x), functools.partial(_refill, x, x.update), item)
    yield from ((name + item.format(key), held) for key, held in x.items())


def _array(name: str, x: Anything) -> Iterator[Found]:
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


def _variables(names: set[str], variables: dict[str, Anything], shown: str) -> Iterator[Found]:
    """Yield the variables with these names, of a module and of the modules it imports."""
    for name in sorted(names & variables.keys()):
        held = variables[name]
        if not isinstance(held, ModuleType):
            assign = functools.partial(variables.__setitem__, name)
            yield Part(shown.format(name), functools.partial(variables.get, name), assign)
            yield name, held
        elif not _is_library(held.__name__) and vars(held) is not variables:
            yield from _variables(names - {name}, vars(held), f"{name}.{{}}")


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of globals and attributes in a function and its inner functions."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _cell(name: str, x: CellType) -> Iterator[Found]:
    try:
        yield from _attribute(x, "cell_contents", name)
    except ValueError:
        return  # the cell is empty


def _class(name: str, x: type) -> Iterator[Found]:
    if _is_library(x.__module__):
        return
    for attribute, held in list(vars(x).items()):
        function = getattr(held, "__func__", getattr(held, "fget", held))
        if hasattr(held, "__get__"):  # reading the attribute could run the user's code
            read = functools.partial(vars(x).get, attribute)
            yield Part(f"{name}.{attribute}", read, functools.partial(setattr, x, attribute))
            yield f"{name}.{attribute}", function
        elif not attribute.startswith("__"):
            yield from _attribute(x, attribute, f"{name}.{attribute}")
    yield from ((base.__name__, base) for base in x.__mro__[1:])


def _object(name: str, x: Anything) -> Iterator[Found]:
    """Look into a NumPy generator, or an object of the user's, of ours or of `_HOLDERS`."""
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
    """Yield the names of the slots that the user's classes among the bases define."""
    for base in kind.__mro__:
        slots = () if _is_library(base.__module__) else base.__dict__.get("__slots__", ())
        names = [slots] if isinstance(slots, str) else slots
        yield from (name for name in names if not name.startswith("__"))


@functools.cache
def _is_library(module: str) -> bool:
    """Does a module belong to Python, to this package or to an installed package?

    If so, its variables are not the user's state.
    """
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return top in sys.stdlib_module_names or top == _OURS or "-packages" in file


_KINDS: dict[type, Callable[[str, Anything], Iterator[Found]]] = {
    **dict.fromkeys((list, deque, bytearray, array), _sequence),
    dict: _dict,
    set: _set_of,
    **dict.fromkeys((tuple, frozenset), _items),
    FunctionType: _function,
    MethodType: lambda name, x: iter([(name, x.__self__), (name, x.__func__)]),
    functools.partial: lambda name, x: _items(name, [x.func, x.args, x.keywords]),
    CellType: _cell,
    type: _class,
    random.Random: _generator,
    np.ndarray: _array,
}
_CLOSED = (
    ModuleType,
    BuiltinFunctionType,
    CodeType,
    Op,
    type,
)  # their attributes are not the user's state
