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
        op, operands, *_, number = slots[i]
        own = [names[j] for j in operands]
        value = phrases(ROWS[op], len(own)).value.format(*own) if own else repr(number)
        lines.append(f"{names[i]}={value}")
    lines.append(f"values+=({_listed([names[i] for i in piece])})")
    return _function("values,read", lines, read=len(names.read)), names.read


def backward(
    slots: Sequence[Slot], piece: Sequence[int], *, wanted: Sequence[bool], arrived: Sequence[int]
) -> tuple[str, list[int], list[int]]:
    """The text of a function that passes on the gradients of a piece.

    Also the slots that it reads, and those whose gradients it finds in the list of all gradients:
    the slots that have ``arrived``, to which later pieces have added, then those before the piece,
    to which it adds. Only slots that are ``wanted`` get a gradient.
    """
    names = _Names(slots, piece)
    lines = [f"{_listed([names[i] for i in piece])}=values"]
    terms = {i: [f"+gradients[i{k}]"] for k, i in enumerate(arrived)}
    for i in reversed(piece):
        if i in terms and slots[i].operands:  # the result may be a constant
            upstream, row = f"g{names[i]}", ROWS[slots[i].op]
            before, slopes = _slopes(slots[i], names, names[i])
            lines += [*_sum(upstream, "=", terms[i]), *before]
            for j, slope in zip(slots[i].operands, slopes, strict=True):
                if wanted[j] and not (slope == 0.0 and row.selects):
                    terms.setdefault(j, []).append(_term(slope, upstream))
    places = [*arrived, *[j for j in terms if j < piece[0]]]
    for k in range(len(arrived), len(places)):
        lines += _sum(f"gradients[i{k}]", "+=", terms[places[k]])
    arguments, read = "values,read,gradients,places", names.read
    return _function(arguments, lines, read=len(read), places=len(places)), read, places


def _slopes(slot: Slot, names: _Names, y: str) -> tuple[list[str], list[str | float]]:
    """The local gradients of an operation whose result is ``y``, and the lines they start from."""
    phrase = phrases(ROWS[slot.op], len(slot.operands))
    operands = [names[j] for j in slot.operands]
    before = [f"s{y}={phrase.before.format(*operands, y=y)}"] if phrase.before else []
    return before, [
        slope.format(*operands, y=y, s=f"s{y}") if isinstance(slope, str) else slope
        for slope in phrase.slopes
    ]


def _sum(name: str, sign: str, terms: Sequence[str]) -> list[str]:
    """Lines that set ``name`` to the sum of the terms ("="), or add it ("+=")."""
    sums = ["".join(terms[k : k + _TERMS]).removeprefix("+") for k in range(0, len(terms), _TERMS)]
    return [f"{name}{'+=' if k else sign}{text}" for k, text in enumerate(sums)]


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
