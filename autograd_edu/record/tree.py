"""The graph of a record as an indented tree, with the operands of a value below it."""

from __future__ import annotations

from collections.abc import Iterator

from ..notation.text import pad, printable, text_width
from .model import Record
from .tables import gradients, number

_WIDEST, _NUMBER = 80, 10  # the width of a line and of a number, in columns
_DEEPEST = 10  # levels of one tree; deeper parts are trees of their own


def as_tree(record: Record, *, digits: int = 4) -> str:
    """The formula, value and gradient of each value, in lines of at most 80 columns.

    If a value is used several times, later lines only have its name and "↑" (see above). Parts of
    the graph that are too deep have a name and "↓" (see below), and follow as separate trees.

    >>> from autograd_edu import Value, steps
    >>> x = Value(3, "x")
    >>> print(steps(x * x + x).tree())
                                                                   value    gradient
    v2 = v1 + x                                                       12           1
    ├─ v1 = x·x                                                        9           1
    │  ├─ x                                                            3           7
    │  └─ x ↑
    └─ x ↑
    """
    formulas = {step.node: f"{step.name} = {step.formula}" for step in record.forward}
    known = gradients(record)
    lines = [_line("", pad("value", _NUMBER, "right"), pad("gradient", 12, "right"))]
    for before, i, mark in _walk(record):
        node = record.nodes[i]
        title = before + (node.name if mark else formulas.get(i, node.name))
        if mark:
            lines.append(f"{printable(title, _WIDEST - 2)} {mark}")
            continue
        gradient = number(known[i], digits) if i in known else "–"
        value = pad(number(node.data, digits), _NUMBER, "right")
        lines.append(_line(title, value, pad(gradient, 12, "right")))
    return "\n".join(lines)


def _line(title: str, value: str, gradient: str) -> str:
    numbers = value + gradient
    return pad(printable(title, _WIDEST - text_width(numbers) - 1), 80 - len(numbers)) + numbers


def _walk(record: Record) -> Iterator[tuple[str, int, str]]:
    """For each line: its indent, its node, and "↑" or "↓" if the node is shown elsewhere."""
    shown: set[int] = set()
    roots = [len(record.nodes) - 1]
    for root in roots:
        stack = [("", "", root, 0)] if root not in shown else []
        while stack:
            before, below, i, level = stack.pop()
            parents = record.nodes[i].parents
            if i in shown:
                yield before, i, "↑"
            elif level >= _DEEPEST and parents:
                roots.append(i)
                yield before, i, "↓"
            else:
                shown.add(i)
                yield before, i, ""
                for k, parent in reversed(list(enumerate(parents))):
                    end = k == len(parents) - 1
                    branch, line = ("└─ ", "   ") if end else ("├─ ", "│  ")
                    stack.append((below + branch, below + line, parent, level + 1))
