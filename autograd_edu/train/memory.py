"""The state of everything that the calls of a model or a loss can change, to compare with and to put back.

A replay repeats the operations that one call recorded. It cannot repeat what a call did besides: draw a random number,
count, keep a running mean. So `fit` takes a `Memory` before it calls the user's functions, asks afterwards what has
changed, and puts everything back, as if the calls had never been made. Read `reach` first.
"""

from __future__ import annotations

import io
import operator
import random
from typing import Any

import numpy as np

from .reach import PLAIN, Part, look_into

_MOST = 1_000_000  # objects that are looked at, those of the first roots first


class Memory:
    """The state of all that is within reach of ``roots``, and of Python's and NumPy's global generators.

    Attributes:
        iterator: the name of an iterator within reach, whose place nobody can read or put back; "" if there is none.
    """

    def __init__(self, **roots: Any) -> None:
        self.iterator = ""
        self._seen: dict[int, Any] = {}  # by id; the objects are kept, so that no id is used twice
        self._parts: list[tuple[Part, Any]] = []  # and what each held
        stack = [(name, root) for name, root in roots.items() if root is not None][::-1]
        while stack and len(self._seen) < _MOST:
            name, x = stack.pop()
            if isinstance(x, PLAIN) or id(x) in self._seen:
                continue
            self._seen[id(x)] = x
            if hasattr(type(x), "__next__") and not isinstance(x, io.IOBase):
                self.iterator = self.iterator or name
                continue
            for found in look_into(name, x):
                if isinstance(found, Part):
                    self._parts.append((found, found.read()))
                else:
                    stack.append(found)
        drawn = np.random  # its own functions, which users call
        generators = (
            Part("Python's random numbers", random.getstate, random.setstate),
            Part("NumPy's random numbers", drawn.get_state, drawn.set_state),
        )
        self._generators = [(part, part.read()) for part in generators]

    def change(self, *, generators: bool = True) -> str:
        """The name of the first part that has changed; "" if none has. Without ``generators``, the global ones may."""
        for part, held in [*self._parts, *(self._generators if generators else ())]:
            now = part.read()
            if not _is_same(held, now):
                key = part.item.format(_changed_key(held, now)) if part.item else ""
                return f"{part.name}{key}"
        return ""

    def restore(self) -> None:
        """Put everything back that has changed."""
        for part, held in [*self._parts, *self._generators]:
            if not _is_same(held, part.read()):
                part.write(held)


def _changed_key(held: dict[Any, Any], now: dict[Any, Any]) -> Any:
    """The key of an item that has changed, a public name rather than a private one."""
    keys = sorted([*held, *now], key=lambda key: str(key).startswith("_"))
    missing = object()
    return next(k for k in keys if not _is_same(held.get(k, missing), now.get(k, missing)))


def _is_same(held: Any, now: Any) -> bool:
    """Whether a part holds what it held: the same objects, or plain numbers and texts that are equal."""
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
    equal: bool = held == now or (held != held and now != now)  # nan is nan here
    return equal
