"""The style of micrograd, as Karpathy's lecture draws it.

Each value is a record of label, data and grad. Each result has the circle of its operation before
it, into which the operands lead: both wires, where a value is multiplied by itself.
"""

from __future__ import annotations

from dataclasses import replace

from ...notation.text import text_width
from ..scene.scene import CHARACTER, LONGEST_FORMULA, PADDING, Box, Scene, Wire
from .columns import Layout
from .svg import (
    BOLD,
    BORDER,
    GRADIENT,
    INK,
    ITALIC,
    QUIET,
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

_HEIGHT, _CELL = 30.0, 2 * PADDING  # of a record; what a cell needs beside its text
_NAMES = ("data ", "grad ")  # what a record writes before its numbers


def arrange(scene: Scene) -> Scene:
    """Records instead of cards, and circles for operations, through which the wires lead.

    The boxes of values keep their numbers.
    """
    count = len(scene.boxes)
    results = [i for i, box in enumerate(scene.boxes) if box.symbol and not box.rows]
    circle = {i: count + k for k, i in enumerate(results)}
    records = [
        box if box.rows else replace(box, width=_width(box), height=_HEIGHT) for box in scene.boxes
    ]
    circles = [_circle(scene.boxes[i]) for i in circle]
    wires = [replace(wire, head=circle.get(wire.head, wire.head), text="") for wire in scene.wires]
    wires += [Wire(middle, i, 0, "", 0.0) for i, middle in circle.items()]
    return replace(scene, boxes=(*records, *circles), wires=tuple(wires))


def svg(scene: Scene, layout: Layout, caption: str) -> str:
    """The picture of an arranged scene."""
    key = [("data: value", VALUE), ("grad: gradient", GRADIENT), *ribbon_key(scene)]
    return drawing(scene, layout, caption, box=_draw, wire=arrow, key=key)


def _cells(box: Box) -> tuple[float, float, float]:
    """How wide label, data and grad are."""
    label, data, grad = (
        text_width(shown) * CHARACTER + _CELL
        for shown in (box.name, _NAMES[0] + box.data, _NAMES[1] + box.grad)
    )
    return label, data, grad


def _width(box: Box) -> float:
    return round(sum(_cells(box)))


def _circle(box: Box) -> Box:
    """The operation that makes ``box``: its symbol, or its formula where the order matters."""
    shown = box.formula if 0 < text_width(box.formula) <= LONGEST_FORMULA else box.symbol
    wide = max(text_width(shown) * CHARACTER + 2 * PADDING, _HEIGHT)
    about = f"the operation of {box.title}"
    return Box(
        shown, "", "", about, 0.0, False, "operation", round(wide), _HEIGHT, symbol=shown,
        entries=box.entries,
    )  # fmt: skip


def _draw(box: Box) -> str:
    if box.rows:
        return card(box)
    return _operation(box) if box.kind == "operation" else _record(box)


def _operation(box: Box) -> str:
    x, y = box.width / 2, box.height / 2
    place = f'cx="{number(x)}" cy="{number(y)}" rx="{number(x)}" ry="{number(y)}"'
    shape = f'<ellipse {place} stroke="{BORDER["result"]}"/>'
    return shape + text_around(box.symbol, x, y + 4, INK, BOLD)


def _record(box: Box) -> str:
    (label, data, _), down = _cells(box), number(_HEIGHT)
    dash = ' stroke-dasharray="4 3"' if box.kind == "constant" else ""
    size, ink = f'width="{number(box.width)}" height="{number(box.height)}"', BORDER[box.kind]
    shown = [f"<rect {size} {edge(box)}{dash}/>"]
    shown.append(tint(box, label + data, 0, box.width - label - data, box.height))
    shown.append(
        f'<path d="M{number(label)} 0V{down}M{number(label + data)} 0V{down}" stroke="{ink}"/>'
    )
    base = _HEIGHT / 2 + 4
    shown.append(text(box.name, PADDING, base, INK, BOLD))
    shown.append(_number(_NAMES[0], box.data, label + PADDING, base, VALUE))
    shown.append(_number(_NAMES[1], box.grad, label + data + PADDING, base, red(box.grad), ITALIC))
    return "".join(shown)


def _number(name: str, shown: str, x: float, y: float, colour: str, more: str = "") -> str:
    before = text(name.strip(), x, y, QUIET)
    return before + text(shown, x + len(name) * CHARACTER, y, colour, more)
