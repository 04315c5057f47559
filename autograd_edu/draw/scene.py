"""A graph as boxes and wires: what a picture shows, before anything has a place.

A box knows its text and its size; a wire, which box feeds which operand, and what stands on it. Sizes follow from the
text, in a monospaced face whose widths are ours, so that no text can be wider than its box.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ..graph import names, topological_order
from ..steps import short
from ..value import Value

CHARACTER, LINE, PADDING = 7.25, 18.0, 8.0  # of a 12-pixel monospaced face, in pixels
LONGEST = 28  # characters of a name or formula in a box; the whole stands in the tooltip


@dataclass(frozen=True)
class Box:
    """A value: its title, number and gradient as text, and everything in full for the tooltip."""

    title: str
    data: str
    grad: str  # "–" where no backward pass has been
    tooltip: str
    strength: float  # |gradient| as a share of the largest in the picture, for the tint
    negative: bool
    kind: str  # "input", "constant" or "result"
    width: float
    height: float = 2 * LINE + PADDING


@dataclass(frozen=True)
class Wire:
    """Operand number ``slot`` of box ``head`` is box ``tail``; the text is the local gradient, "" towards a constant."""

    tail: int
    head: int
    slot: int
    text: str
    width: float
    height: float = LINE


@dataclass(frozen=True)
class Scene:
    """All boxes, parents before the results made from them, and all wires; one for each time an operand is used."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def scene(y: Value) -> Scene:
    """The picture of everything ``y`` depends on, in full."""
    order = topological_order(y)
    called = names(order)
    place = {id(value): i for i, value in enumerate(order)}
    largest = max((abs(value.grad) for value in order if value.grad - value.grad == 0.0), default=0.0)
    boxes = tuple(_box(value, name, called, place, largest) for value, name in zip(order, called, strict=True))
    wires = tuple(
        _wire(place[id(parent)], place[id(value)], slot, "" if parent.is_constant else short(local))
        for value in order
        for slot, (parent, local) in enumerate(zip(value.parents, value.local_grads, strict=True))
    )
    return Scene(boxes, wires)


def _box(value: Value, name: str, called: Sequence[str], place: dict[int, int], largest: float) -> Box:
    operands = [p.data if p.is_constant and not p.label else called[place[id(p)]] for p in value.parents]
    formula = f"{name} = {value.op.text(*operands)}" if value.op else name
    data, grad = short(value.data), short(value.grad) if value.has_grad else "–"
    title = printable(formula if value.op and columns(formula) <= LONGEST else f"{name} = {value.op.symbol}" if value.op else name, LONGEST)
    wide = max(columns(title), 2 * max(columns(data), columns(grad)) + 3, 10)
    tooltip = printable(
        f"{formula}; value {value.data!r}; gradient {value.grad!r}" if value.has_grad else f"{formula}; value {value.data!r}", 10000
    )
    strength = min(abs(value.grad) / largest, 1.0) if largest and value.grad - value.grad == 0.0 else 0.0
    kind = "constant" if value.is_constant else "result" if value.op else "input"
    return Box(title, data, grad, tooltip, strength, value.grad < 0.0, kind, wide * CHARACTER + 2 * PADDING)


def _wire(tail: int, head: int, slot: int, text: str) -> Wire:
    return Wire(tail, head, slot, text, columns(text) * CHARACTER + 6.0)


def printable(text: str, limit: int) -> str:
    """``text`` on one line, characters without a shape replaced by "�", cut to ``limit`` columns with "…"."""
    shown = "".join(c if c.isprintable() else "�" for c in text)
    if columns(shown) <= limit:
        return shown
    while columns(shown) >= limit:
        shown = shown[: max(limit - 1, 0)] if len(shown) >= limit else shown[:-1]
    return shown + "…"


def columns(text: str) -> int:
    """How many places ``text`` takes in a monospaced face: accents none, wide characters two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
