"""The state of everything that a call of a model or a loss can change.

A replay repeats the operations that one call recorded. It cannot repeat what the call did besides:
draw a random number, count, keep a running mean. So `fit` takes a `Memory` before it calls the
user's functions, asks afterwards what has changed, and restores everything, as if the calls had
never been made. Read `reach` first.
"""

from __future__ import annotations

import io
import operator
import random

import numpy as np

from ..engine.modes import no_gc
from ..engine.value import Value
from .reach import PLAIN, Anything, Part, look_into

_MOST = 1_000_000  # objects that are looked at, beginning with those of the first roots


class Memory:
    """The state of all objects within reach of ``roots``, and of the global random generators.

    Attributes:
        iterator: the name of an iterator within reach, or "". Nobody can read or restore its place.
    """

    @no_gc()  # there is no garbage, but many new objects, which would make Python look for it
    def __init__(self, **roots: Anything) -> None:
        self.iterator = ""
        self._leaves: list[tuple[str, Value, float, type]] = []  # with their data and kind
        self._parts: list[tuple[Part, Anything]] = []  # all other parts, and what each held
        seen: dict[int, Anything] = {}  # by id; keeping the objects keeps their ids unique
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
            generators: count a draw from a global random generator as a change.
        """
        for name, x, number, kind in self._leaves:
            if x.__class__ is not kind:  # frozen, or free again
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
    """The key of an item that has changed; a public name rather than a private one."""
    keys = sorted([*held, *now], key=lambda key: str(key).startswith("_"))
    missing = object()
    return next(k for k in keys if not _is_same(held.get(k, missing), now.get(k, missing)))


def _is_same(held: Anything, now: Anything) -> bool:
    """Does a part hold the same objects as before, or plain numbers and texts that are equal?"""
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
