"""A program as the text of Python functions on floats, piece by piece.

Read `expressions` first. A piece is the slots of some operations that follow one another. Its text
names places within the piece alone, so pieces that do the same, such as the rounds of a loop, have
the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..ir import Slot
from ..lifting.rows import ROWS
from .expressions import phrases

_TERMS = 40  # in one sum: Python's parser has a limit


class _Names(dict[int, str]):
    """How a piece writes each slot: its own, a constant, or what it reads from outside."""

    def __init__(self, slots: Sequence[Slot], piece: Sequence[int]) -> None:
        super().__init__({i: f"x{k}" for k, i in enumerate(piece)})
        self.slots = slots
        self.read: list[int] = []

    def __missing__(self, i: int) -> str:
        slot = self.slots[i]
        if slot.op == "constant":
            self[i] = f"({slot.number!r})"
        else:
            self[i] = f"e{len(self.read)}"
            self.read.append(i)
        return self[i]


def forward(slots: Sequence[Slot], piece: Sequence[int]) -> tuple[str, list[int]]:
    """The text of a function that appends the numbers of a piece, and the slots that it reads."""
    names, lines = _Names(slots, piece), list[str]()
    for i in piece:
        op, operands, *_ = slots[i]
        value = phrases(ROWS[op], len(operands)).value.format(*[names[j] for j in operands])
        lines.append(f"{names[i]}={value}")
    lines.append(f"values+=({_listed([names[i] for i in piece])})")
    return _function("values,read", lines, read=len(names.read)), names.read


def backward(
    slots: Sequence[Slot], piece: Sequence[int], *, wanted: Sequence[bool], arrived: Sequence[int]
) -> tuple[str, list[int], list[int]]:
    """The text of a function that passes on the gradients of a piece.

    Also the slots that it reads, and those whose gradients stand in the list of all gradients: the
    slots that have ``arrived``, to which later pieces have added, and those before the piece, to
    which this one adds.

    Args:
        wanted: for each slot, does it get a gradient?
    """
    written = _Backward(slots, piece, wanted=wanted, arrived=arrived)
    for i in reversed(piece):
        if i in written.terms:
            written.pass_on(i)
    places = [*arrived, *[j for j in written.terms if j < piece[0]]]
    for k in range(len(arrived), len(places)):
        written.add(f"gradients[i{k}]", "+=", written.terms[places[k]])
    own = f"{_listed([written.names[i] for i in piece])}=values"
    lines, read = [own, *written.lines], written.names.read
    text = _function("values,read,gradients,places", lines, read=len(read), places=len(places))
    return text, read, places


class _Backward:
    """The backward pass of a piece, being written.

    Attributes:
        terms: for each slot, the terms of its gradient so far, each with its sign.
    """

    def __init__(
        self, slots: Sequence[Slot], piece: Sequence[int], *, wanted: Sequence[bool],
        arrived: Sequence[int],
    ) -> None:  # fmt: skip
        self.slots, self.wanted, self.names = slots, wanted, _Names(slots, piece)
        self.terms = {i: [f"+gradients[i{k}]"] for k, i in enumerate(arrived)}
        self.lines: list[str] = []

    def pass_on(self, i: int) -> None:
        """Pass the gradient of a slot on to its operands."""
        slot, terms = self.slots[i], self.terms[i]
        row, y = ROWS[slot.op], self.names[i]
        phrase, operands = phrases(row, len(slot.operands)), [self.names[j] for j in slot.operands]
        upstream = terms[0].removeprefix("+")
        if len(terms) > 1 or not upstream.isidentifier():
            upstream = f"g{y}"
            self.add(upstream, "=", terms)
        if phrase.before:
            self.lines.append(f"s{y}={phrase.before.format(*operands, y=y)}")
        for j, slope in zip(slot.operands, phrase.slopes, strict=True):
            if self.wanted[j] and not (slope == 0.0 and row.selects):
                if isinstance(slope, str):
                    slope = slope.format(*operands, y=y, s=f"s{y}")
                self.terms.setdefault(j, []).append(_term(slope, upstream))

    def add(self, name: str, sign: str, terms: Sequence[str]) -> None:
        """Write lines that set ``name`` to the sum of the terms ("="), or add it ("+=")."""
        for k in range(0, len(terms), _TERMS):
            text = "".join(terms[k : k + _TERMS]).removeprefix("+")
            self.lines.append(f"{name}{'+=' if k else sign}{text}")


def _term(slope: str | float, upstream: str) -> str:
    if isinstance(slope, str):
        return f"+{slope}*{upstream}"
    return {1.0: f"+{upstream}", -1.0: f"-{upstream}"}.get(slope, f"+({slope!r})*{upstream}")


def _function(arguments: str, lines: Sequence[str], *, read: int, places: int = 0) -> str:
    """The function ``run`` of these lines, which first gives names to what it reads."""
    head = [f"{_listed([f'e{k}' for k in range(read)])}=read"] if read else []
    head += [f"{_listed([f'i{k}' for k in range(places)])}=places"] if places else []
    return "\n ".join([f"def run({arguments}):", *head, *lines])


def _listed(names: Iterable[str]) -> str:
    return "".join([f"{name}," for name in names])
