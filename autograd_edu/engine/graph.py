"""Computation graphs: the order of their values, and what part each value plays.

A graph is whatever can be reached from one value through `parents`. Nothing here recurses, and nothing depends on
memory addresses or hashes: the same program gives the same order, and the same names, on every run.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from ..notation.formula import number, printable

if TYPE_CHECKING:
    from .value import Value

_passes = count(1)


def topological_order(root: Value) -> list[Value]:
    """Every value that ``root`` depends on, parents before the values made from them, ``root`` last.

    The order depends on the graph alone. An explicit stack replaces recursion: a chain of a million additions is fine.
    A value met for the first time goes back under its parents, marked as entered; met again, it is done.
    """
    done = next(_passes)
    entered = -done
    order: list[Value] = []
    stack = [root]
    while stack:
        value = stack.pop()
        state = value._mark
        if state == done:
            continue
        if state != entered and value.op is not None:
            value._mark = entered
            stack.append(value)
            left, right = value._left, value._right
            if right is not None:
                stack.append(right)
                stack.append(left)
            elif left.__class__ is tuple:
                stack.extend([parent for parent in left[::-1] if parent._mark != done])
            else:
                stack.append(left)
        else:
            value._mark = done
            order.append(value)
    return order


def names(order: list[Value]) -> list[str]:
    """A name for each value of a topological order: its label, made unique; else x1, x2 … for a leaf, v1, v2 … for a result.

    A constant is named by its number, as formulas write it. Characters that have no shape (controls, lone surrogates)
    stand as "�", so that a name can be shown anywhere.
    """
    counters: dict[str, count[int]] = {}  # of each stem: what it was followed by is taken
    labels = [printable(value.label) for value in order]
    taken = set(labels)
    used: set[str] = set()
    given: list[str] = []
    for value, name in zip(order, labels, strict=True):
        if value.is_constant and not name:
            given.append(number(value.data))
            used.add(given[-1])
            continue
        if not name or name in used:
            stem = f"{name}_" if name else "x" if value.op is None else "v"
            counter = counters.setdefault(stem, count(2 if name else 1))
            name = next(candidate for i in counter if (candidate := f"{stem}{i}") not in taken)
        taken.add(name)
        used.add(name)
        given.append(name)
    return given
