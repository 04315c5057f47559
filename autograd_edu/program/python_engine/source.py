"""A program as the text of Python functions on floats, piece by piece.

Read `expressions` first. A piece computes operations that follow one another. Its text names
places within the piece alone, so pieces that do the same, such as the rounds of a loop, have the
same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..ir import Slot
from ..lifting.rows import ROWS
from .expressions import Function, Phrases, phrases

_TERMS = 40  # in one sum: Python's parser has a limit


class Piece:
    """Some operations of a program that follow one another.

    Args:
        slots: all slots of the program.
        members: those of the operations.
        wanted: for each slot, does it get a gradient?
    """

    def __init__(self, slots: Sequence[Slot], members: Sequence[int], wanted: Sequence[bool]):
        self.slots, self.members, self.wanted = slots, members, wanted
        self.own = {i: f"x{k}" for k, i in enumerate(members)}

    def phrases(self, i: int) -> Phrases:
        """The expressions of a member."""
        op, operands, *_ = self.slots[i]
        return phrases(ROWS[op], len(operands))

    def called(self) -> dict[str, Function]:
        """The functions that the texts call."""
        return {name: f for i in self.members for name, f in self.phrases(i).called.items()}

    def forward(self) -> tuple[str, list[int]]:
        """The text of a function that appends the members' values, and the slots that it reads."""
        names = _Names(self.slots, self.own)
        lines = [
            f"{own}={self.phrases(i).value.format(*[names[j] for j in self.slots[i].operands])}"
            for i, own in self.own.items()
        ]
        head = ["def run(values,read):", *_unpacked(names.read.values(), "read")]
        return "\n ".join([*head, *lines, f"values+=({_listed(self.own.values())})"]), [*names.read]

    def backward(self, later: Sequence[int]) -> tuple[str, list[int], list[int]]:
        """The text of a function that passes on the members' gradients.

        Also the slots that it reads, and those outside the piece to whose gradients it adds.

        Args:
            later: the members to whose gradients later pieces have added.
        """
        names = _Names(self.slots, self.own)
        passes = _Backward(self, names, later)
        for i in reversed(self.members):
            passes.through(i)
        outside = [j for j in passes.terms if j not in self.own]
        for k, j in enumerate(outside):
            passes.add(f"gradients[i{k}]", passes.terms[j], more=True)
        head = ["def run(values,read,arrived,gradients,places):"]
        head += _unpacked(self.own.values(), "values")
        head += _unpacked(names.read.values(), "read")
        head += _unpacked([f"h{k}" for k in range(len(later))], "arrived")
        head += _unpacked([f"i{k}" for k in range(len(outside))], "places")
        return "\n ".join([*head, *passes.lines, "return"]), [*names.read], outside


class _Names(dict[int, str]):
    """The name of each slot in a piece: of a member, of what is read from outside, or a number."""

    def __init__(self, slots: Sequence[Slot], own: dict[int, str]) -> None:
        super().__init__(own)
        self.slots = slots
        self.read: dict[int, str] = {}

    def __missing__(self, i: int) -> str:
        slot = self.slots[i]
        if slot.op == "constant":
            name = f"({slot.number!r})"
        else:
            name = self.read[i] = f"e{len(self.read)}"
        self[i] = name
        return name


class _Backward:
    """The backward pass of a piece, being written.

    Attributes:
        terms: for each slot, the terms of its gradient so far, each with its sign.
    """

    def __init__(self, piece: Piece, names: _Names, later: Sequence[int]) -> None:
        self.piece, self.names = piece, names
        self.terms = {i: [f"+h{k}"] for k, i in enumerate(later)}
        self.lines: list[str] = []

    def through(self, i: int) -> None:
        """Pass the gradient of a member on to its operands."""
        terms = self.terms.get(i)
        if not terms:
            return
        y, slot, phrase = self.names[i], self.piece.slots[i], self.piece.phrases(i)
        upstream = terms[0].removeprefix("+")
        if len(terms) > 1 or not upstream.isidentifier():
            upstream = f"g{y}"
            self.add(upstream, terms, more=False)
        operands = [self.names[j] for j in slot.operands]
        if phrase.before:
            self.lines.append(f"s{y}={phrase.before.format(*operands, y=y)}")
        for j, slope in zip(slot.operands, phrase.slopes, strict=True):
            if self.piece.wanted[j] and not (slope == 0.0 and ROWS[slot.op].selects):
                if isinstance(slope, str):
                    slope = slope.format(*operands, y=y, s=f"s{y}")
                self.terms.setdefault(j, []).append(_term(slope, upstream))

    def add(self, name: str, terms: Sequence[str], *, more: bool) -> None:
        """Write lines that set ``name`` to the sum of the terms, or add ``more`` to it."""
        for k in range(0, len(terms), _TERMS):
            sign = "+=" if more or k else "="
            self.lines.append(f"{name}{sign}{''.join(terms[k : k + _TERMS]).removeprefix('+')}")


def _term(slope: str | float, upstream: str) -> str:
    if isinstance(slope, str):
        return f"+{slope}*{upstream}"
    return {1.0: f"+{upstream}", -1.0: f"-{upstream}"}.get(slope, f"+({slope!r})*{upstream}")


def _listed(names: Iterable[str]) -> str:
    return "".join([f"{name}," for name in names])


def _unpacked(names: Iterable[str], given: str) -> list[str]:
    left = _listed(names)
    return [f"{left}={given}"] if left else []
