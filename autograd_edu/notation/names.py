"""A name for each value of a graph, the same on every run."""

from __future__ import annotations

from itertools import count

from ..engine.value import Value
from .formula import number, printable


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
