"""Identifiers for a printed function, made from labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from keyword import iskeyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it needs NumPy, which a browser's Python may lack
    from ..ir import Computation

_EXAMPLE_NAME = re.compile(r"x\d+")  # a label that tracing made up


class Names:
    """Names that are not taken yet."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken, self.latest = set(taken), dict[str, int]()  # for each stem, the last number
        self.saying_nothing = {"n"}

    def name(self, label: str, otherwise: str) -> str:
        """A new identifier: from ``label`` if that holds one, else from ``otherwise``."""
        stem = re.sub(r"\W+", "_", label).strip("_")
        stem = stem if stem.isidentifier() and not iskeyword(stem) and stem.isascii() else otherwise
        if stem not in self.taken:
            self.taken.add(stem)
            return stem
        return self.numbered(f"{stem}_" if stem == otherwise or stem[-1].isdigit() else stem, 2)

    def numbered(self, stem: str, first: int = 1) -> str:
        """The stem with the next number that makes a new name."""
        count = self.latest.get(stem, first - 1) + 1
        while f"{stem}{count}" in self.taken:
            count += 1
        self.latest[stem] = count
        self.taken.add(f"{stem}{count}")
        return f"{stem}{count}"

    def made_up(self, stem: str) -> str:
        """The stem with the next number: a name that says nothing."""
        name = self.numbered(stem)
        self.saying_nothing.add(name)
        return name

    def common(self, labels: Iterable[str], otherwise: str) -> str:
        """A name for several numbers: the letters that all of their labels begin with."""
        stems = {re.split(r"[\W\d_]", label, maxsplit=1)[0] for label in labels}
        stem = stems.pop() if len(stems) == 1 else ""
        if not stem or not stem.isascii():
            return self.made_up(otherwise)
        if len(stem) < 2 or stem in self.taken:
            return self.numbered(stem)
        return self.name(stem, otherwise)


def argument_names(program: Computation, names: Names) -> list[str]:
    """A name for each input: its label if it is one number that has one, else x and a number."""
    found, several = [], len(program.shapes) > 1
    for i, (shape, slots) in enumerate(zip(program.shapes, program.leaf_spans, strict=False), 1):
        label = "" if shape else program.slots[slots.start].label
        label = "" if _EXAMPLE_NAME.fullmatch(label) else label
        found.append(names.name(label, f"x{i}" if several else "x"))
    return found
