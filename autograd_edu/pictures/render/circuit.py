"""The style of the course CS231n: a circuit of gates.

Each wire has its value above it in green and its gradient below it in red. A value is drawn as its
gate, which holds the symbol of the operation, and the beginning of its output wire. The numbers
stand there once, however many gates the wire leads to. An input is a name at the start of a wire.
"""

from __future__ import annotations

from dataclasses import replace

from ...notation.text import text_width
from ..scene.scene import CHARACTER, LONGEST_FORMULA, PADDING, Box, Scene
from .columns import Layout
from .svg import (
    BOLD,
    GRADIENT,
    INK,
    ITALIC,
    LINE_COLOUR,
    VALUE,
    arrow,
    card,
    drawing,
    edge,
    number,
    red,
    ribbon_key,
    text,
    text_around,
    tint,
)

# a gate's height, room for a name above it, and all; the wire is in the middle
_GATE, _NAME, _HEIGHT = 30.0, 16.0, 62.0


def arrange(scene: Scene) -> Scene:
    """Gates for cards, with room for the numbers behind them; wires carry no local gradients.

    A gate whose operands have an order shows its formula, if all their names are in the picture.
    """
    unnamed = {wire.head for wire in scene.wires if not _is_named(scene.boxes[wire.tail])}
    boxes = [
        box if box.rows else _sized(_with_formula(box) if i not in unnamed else box)
        for i, box in enumerate(scene.boxes)
    ]
    wires = tuple(replace(wire, text="") for wire in scene.wires)
    return replace(scene, boxes=tuple(boxes), wires=wires)


def svg(scene: Scene, layout: Layout, caption: str) -> str:
    """The picture of an arranged scene."""
    key = [("above a wire: value", VALUE), ("below: gradient", GRADIENT), *ribbon_key(scene)]
    return drawing(scene, layout, caption, box=_draw, wire=arrow, key=key)


def _is_named(box: Box) -> bool:
    return bool(box.labelled or not box.symbol or box.rows)


def _with_formula(box: Box) -> Box:
    fits = 0 < text_width(box.formula) <= LONGEST_FORMULA
    return replace(box, symbol=box.formula) if fits else box


def _sized(box: Box) -> Box:
    high = _HEIGHT if box.labelled and box.symbol else _HEIGHT - 2 * _NAME + 4
    head = round(_head(box))
    wide = max(head + round(_stub(box)), round(text_width(box.ledger) * CHARACTER))
    return replace(box, width=wide, height=high, gate=head)


def _head(box: Box) -> float:
    """How wide the gate is, or the name of an input."""
    if not box.symbol:
        return text_width(box.name) * CHARACTER + PADDING
    return max(text_width(box.symbol) * CHARACTER + 2 * PADDING, _GATE)


def _stub(box: Box) -> float:
    """How long the wire under the numbers is."""
    named = text_width(box.name) * CHARACTER - _head(box) if box.symbol and box.labelled else 0.0
    return max(max(text_width(box.data), text_width(box.grad)) * CHARACTER + PADDING, named)


def _draw(box: Box) -> str:
    if box.rows:
        return card(box)
    head, middle = _head(box), box.height / 2
    numbers = head + (box.width - head) / 2
    shown = [
        f'<path d="M{number(head)} {number(middle)}H{number(box.width)}" stroke="{LINE_COLOUR}"/>',
        tint(box, head + 2, middle + 2, box.width - head - 4, 14),
        _gate(box, head, middle) if box.symbol else text(box.name, 0, middle + 4, INK, BOLD),
        text_around(box.data, numbers, middle - 4, VALUE),
        text_around(box.grad, numbers, middle + 13, red(box.grad), ITALIC),
    ]
    return "".join(shown)


def _gate(box: Box, wide: float, middle: float) -> str:
    """A circle for an operation with a sign, a rounded box for one with a name.

    The label of the value, if it has one, stands above.
    """
    place = f'y="{number(middle - _GATE / 2)}" width="{number(wide)}" height="{number(_GATE)}"'
    corner = _GATE / 2 if wide <= _GATE else 8
    shape = f'<rect {place} rx="{number(corner)}" {edge(box)}/>'
    symbol = text_around(box.symbol, wide / 2, middle + 4, INK, BOLD)
    name = text(box.name, 0, middle - _GATE / 2 - 4, INK) if box.labelled else ""
    return shape + symbol + name
