"""Names for the values of a graph, the same in every run."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count

from ..engine.value import Value
from .formula import number
from .letters import LETTERS, plain, spell
from .text import printable

_CUT = 40  # the longest name in a table, in columns


def names(order: list[Value]) -> list[str]:
    """A unique name for each of these values, which are in topological order.

    The name is the label, with a number after it if it is not unique. Without a label, leaves are
    x1, x2 … and results v1, v2 …. The name of a constant is its number as formulas show it.
    Characters that cannot be shown (controls, lone surrogates) become "�".
    """
    counters: dict[str, count[int]] = {}  # the numbers that may follow each stem
    labels = [printable(plain(value.label)) for value in order]
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


def latex_name(name: str) -> str:
    r"""A label as LaTeX for math mode.

    >>> print(latex_name("x"), latex_name("w12"), latex_name("theta"), latex_name("a%"))
    x w_{12} \theta \text{a\%}
    """
    match = re.fullmatch(r"([A-Za-z]+)_?(\d*)", spell(name))
    if match and (len(match[1]) == 1 or match[1] in LETTERS):
        stem = match[1] if len(match[1]) == 1 else "\\" + match[1]
        return f"{stem}_{{{match[2]}}}" if match[2] else stem
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    escaped = [special.get(c) or ("\\" + c if c in "#$%&_{}" else c) for c in table_name(name)]
    return rf"\text{{{''.join(escaped)}}}"


def table_name(name: str) -> str:
    """``name`` on one line, cut to the width that tables allow."""
    return printable(name, _CUT)


def accent(name: str, mark: str) -> str:
    """``name`` with a combining mark, such as a bar, on its first letter."""
    if not name[:1].isalpha():
        return name + mark
    return unicodedata.normalize("NFC", name[:1] + mark) + name[1:]


def identifiers(given: Iterable[str], taken: Collection[str]) -> list[str]:
    """A unique Python identifier for each name, similar to the name.

    It is not in ``taken``, and does not look like df1_2 or dloss_x, which listings use.
    """
    used = set(taken)
    found = []
    for original in given:
        stem = re.sub(r"\W", "_", unicodedata.normalize("NFKC", original)) or "v"
        if (
            not stem.isidentifier()
            or keyword.iskeyword(stem)
            or re.fullmatch(r"d?f\d+(_\d+)?|d.+_.+", stem)
        ):
            stem = f"v_{stem}"
        name, k = stem, 1
        while name in used:
            k += 1
            name = f"{stem}_{k}"
        used.add(name)
        found.append(name)
    return found
