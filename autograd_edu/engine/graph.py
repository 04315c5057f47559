"""Computation graphs: the order of their values, and what part each value plays.

A graph is whatever can be reached from one value through `parents`. Nothing here recurses, and nothing depends on
memory addresses or hashes: the same program gives the same order, and the same names, on every run.
"""

from __future__ import annotations

import math
import warnings
from itertools import count
from typing import TYPE_CHECKING

from ..notation.formula import number, printable
from .floats import Floats

if TYPE_CHECKING:
    from .value import Value

clock = count(1)  # of passes over graphs, and of changes of numbers


def topological_order(root: Value) -> list[Value]:
    """Every value that ``root`` depends on, parents before the values made from them, ``root`` last.

    The order depends on the graph alone. An explicit stack replaces recursion: a chain of a million additions is fine.
    A value met for the first time goes back under its parents, marked as entered; met again, it is done.
    """
    done = next(clock)
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


def warn_of_changes(order: list[Value], *, stacklevel: int) -> None:
    """Warn of the first result in ``order`` that its operands, as they are now, would not give.

    Setting ``.data``, as an optimiser's step does, changes one value alone, not what was computed from it before.
    """
    for value in order:
        if value.op is None or not math.isfinite(value.data):
            continue
        try:
            y = value.op.value(Floats, *[parent.data for parent in value.parents])
        except (ValueError, ArithmeticError):
            y = math.nan
        if y != value.data:
            shown = [printable(parent.label) or number(parent.data) for parent in value.parents]
            now = f"would be {y!r} now" if y == y else "has no value now"
            warnings.warn(
                f"{printable(value.label or value.op.name)!r} = {value.op.text(*shown)} was {value.data!r} when it was "
                f"computed, and {now}: a number has changed since. Values and gradients here are those of the old "
                "numbers; build the graph again for the new ones",
                stacklevel=stacklevel + 1,
            )
            return


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
