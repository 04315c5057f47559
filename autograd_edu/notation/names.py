"""A name for each value of a graph, the same on every run."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count

from ..engine.value import Value
from .formula import number
from .letters import LETTERS, plain, spelled
from .text import printable

_CUT = 40  # characters of a name in a table


def names(order: list[Value]) -> list[str]:
    """A name for each value of a topological order: its label, made unique.

    Else x1, x2 … for a leaf, v1, v2 … for a result.

    A constant is named by its number, as formulas write it. Characters that have no shape
    (controls, lone surrogates) stand as "�", so that a name can be shown anywhere.
    """
    counters: dict[str, count[int]] = {}  # of each stem: what it was followed by is taken
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
    r"""A label as LaTeX.

    X as it is, w12 as w_{12}, theta as \theta, anything else as upright text with nothing active in
    it.
    """
    match = re.fullmatch(r"([A-Za-z]+)_?(\d*)", spelled(name))
    if match and (len(match[1]) == 1 or match[1] in LETTERS):
        stem = match[1] if len(match[1]) == 1 else "\\" + match[1]
        return f"{stem}_{{{match[2]}}}" if match[2] else stem
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return (
        r"\text{"
        + "".join(special.get(c) or ("\\" + c if c in "#$%&_{}" else c) for c in table_name(name))
        + "}"
    )


def table_name(name: str) -> str:
    """``name`` as a table can hold it: on one line, and not too long."""
    return printable(name, _CUT)


def accented(name: str, mark: str) -> str:
    """``name`` with a combining mark, such as a bar, on its first letter."""
    return (
        unicodedata.normalize("NFC", name[:1] + mark) + name[1:]
        if name[:1].isalpha()
        else name + mark
    )


def identifiers(given: Iterable[str], taken: Collection[str]) -> list[str]:
    """A Python identifier for each name, close to it.

    None of ``taken``, and none that looks like df1_2 or dloss_x.
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
