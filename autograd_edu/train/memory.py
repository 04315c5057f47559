"""A snapshot of everything that a call of a model or a loss can change.

A replay repeats the operations that one call recorded. It cannot repeat side effects, such as
drawing a random number, counting, or keeping a running mean. So `fit` takes a `Memory` before it
calls the user's functions, finds out afterwards what has changed, and restores everything. Read
`reach` first.
"""

from __future__ import annotations

import io
import operator
import random

import numpy as np

from ..engine.modes import no_gc
from ..engine.value import Value
from .reach import PLAIN, Anything, Part, look_into

_MOST = 1_000_000  # the largest number of objects to look at, from the first roots on


class Memory:
    """The state of all objects that ``roots`` refer to, and of the global random generators.

    Attributes:
        iterator: the name of an iterator among the objects, or "". Its position can be neither
            read nor restored.
    """

    @no_gc()  # many new objects would make Python look for garbage that is not there
    def __init__(self, **roots: Anything) -> None:
        self.iterator = ""
        self._leaves: list[tuple[str, Value, float, type]] = []  # name, leaf, data, class
        self._parts: list[tuple[Part, Anything]] = []  # all other parts, with their content
        seen: dict[int, Anything] = {}  # id → object; a living object keeps its id to itself
        stack = [(name, root) for name, root in roots.items() if root is not None][::-1]
        while stack and len(seen) < _MOST:
            name, x = stack.pop()
            if type(x) in PLAIN or id(x) in seen:
                continue
            seen[id(x)] = x
            if isinstance(x, Value):
                if x.op is None:
                    self._leaves.append((name, x, x._data, type(x)))
            elif hasattr(type(x), "__next__") and not isinstance(x, io.IOBase):
                self.iterator = self.iterator or name
            else:
                for found in look_into(name, x):
                    if isinstance(found, Part):
                        self._parts.append((found, found.read()))
                    else:
                        stack.append(found)
        self._generators = [(part, part.read()) for part in _GENERATORS]

    def change(self, *, generators: bool = True) -> str:
        """The name of the first part that has changed, or "".

        Args:
            generators: also report a draw from a global random generator.
        """
        for name, x, number, kind in self._leaves:
            if x.__class__ is not kind:  # it was frozen or unfrozen
                return f"whether {name} is frozen"
            if not _is_same(number, x._data):
                return f"the data of {name}"
        for part, held in [*self._parts, *(self._generators if generators else ())]:
            now = part.read()
            if not _is_same(held, now):
                key = part.item.format(_changed_key(held, now)) if part.item else ""
                return f"{part.name}{key}"
        return ""

    def restore(self) -> None:
        """Undo every change."""
        for _, x, number, kind in self._leaves:
            x._data, x.__class__ = number, kind
        for part, held in [*self._parts, *self._generators]:
            if not _is_same(held, part.read()):
                part.write(held)


_GENERATORS = (
    Part("Python's random numbers", random.getstate, random.setstate),
    Part("NumPy's random numbers", np.random.get_state, np.random.set_state),
)


def _changed_key(held: dict[Anything, Anything], now: dict[Anything, Anything]) -> Anything:
    """The key of an item that has changed. Public names come before private ones."""
    keys = sorted([*held, *now], key=lambda key: str(key).startswith("_"))
    missing = object()
    return next(k for k in keys if not _is_same(held.get(k, missing), now.get(k, missing)))


def _is_same(held: Anything, now: Anything) -> bool:
    """Is the content of a part the same: the same objects, or equal numbers and texts?"""
    if held is now:
        return True
    if type(held) is not type(now):
        return False
    if isinstance(held, dict):
        return list(held) == list(now) and _is_same(list(held.values()), list(now.values()))
    if isinstance(held, (list, tuple)):
        same = len(held) == len(now)
        return same and (all(map(operator.is_, held, now)) or all(map(_is_same, held, now)))
    if isinstance(held, np.ndarray):
        return bool(held.shape == now.shape and held.tobytes() == now.tobytes())
    if not isinstance(held, PLAIN):
        return False
    return bool(held == now or (held != held and now != now))  # two NaNs count as the same
