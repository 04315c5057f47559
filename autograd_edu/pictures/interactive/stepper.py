"""The picture one can step through: one self-contained piece of HTML.

It holds the final picture as an image, which is all that shows where scripts do not run (JavaScript
off, an untrusted notebook). Where they do, the script puts the same picture's elements and its
controls in its place, and moves along the record of the pass. It has no ids, so that any number of
copies live on one page, and fetches nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from ...engine.ops import OPS
from ...notation import operations
from ...notation.formula import short
from ...notation.text import printable, text_width
from ...record.model import Node, Record, Step
from ...record.sentences import operands, total_sentence
from ..render.layout import layout
from ..render.page import html_page
from ..render.svg import svg
from ..scene.scene import CHARACTER, PADDING, Box, Scene, Wire

MOST = 150  # values; a longer pass nobody steps through, and its page would pass half a megabyte


def stepper(picture: Scene, record: Record) -> str:
    """An HTML element, to stand anywhere on a page, that steps through ``record``.

    ``picture`` is the record's picture in full. The stepper shows one pass from gradients of zero,
    whether or not `backward` has been called, and says so where the values hold other gradients. A
    local gradient appears on its wire in the forward step that computes it.
    """
    boxes = _of_the_record(picture, record)
    counts = f"{len(boxes.boxes)} values, {len(boxes.wires)} wires"
    caption = f"Computation graph of {printable(record.nodes[-1].name, 60)}: {counts}"
    image = _image(svg(boxes, layout(boxes), caption), caption)
    content = _json(_content(boxes, record, _other(picture, boxes)))
    return (
        f'<div class="autograd-stepper" role="group" aria-label="{escape(caption)}">'
        f"<style>{_resource('stepper.css')}</style>{image}"
        f'<script type="application/json">{content}</script>'
        f"<script>{_resource('stepper.js')}</script></div>"
    )


def picture_alone(drawing: str, caption: str, note: str = "") -> str:
    """``drawing``, an SVG, as an image to stand anywhere on a page, with a sentence below it."""
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<div>{_image(drawing, caption)}{below}</div>"


def _image(drawing: str, caption: str) -> str:
    return f'<img alt="{escape(caption)}" src="{_data_uri(drawing)}">'


def stepper_page(picture: Scene, record: Record, title: str) -> str:
    """A page of its own that holds the stepper."""
    return html_page(stepper(picture, record), title, dark=True)


def _of_the_record(picture: Scene, record: Record) -> Scene:
    """``picture`` with the gradients of the record, and room for every gradient on the way."""
    final: dict[int, float] = {}
    widest = [1] * len(picture.boxes)
    for step in record.backward:
        for index, gradient in [
            (step.node, step.value),
            *((p.parent, p.after) for p in step.parts),
        ]:
            final[index] = gradient
            widest[index] = max(widest[index], text_width(short(gradient)))
    largest = max((abs(g) for g in final.values() if g - g == 0.0), default=0.0)
    boxes = [
        _box(box, record.nodes[i].data, final.get(i), largest, widest[i])
        for i, box in enumerate(picture.boxes)
    ]
    return Scene(tuple(boxes), picture.wires)


def _box(box: Box, data: float, gradient: float | None, largest: float, widest: int) -> Box:
    """Without a tooltip: the script writes one that knows no more than the steps so far."""
    box = replace(box, data=short(data), grad="–", strength=0.0, tooltip="?")
    if gradient is None:
        return box
    strength = min(abs(gradient) / largest, 1.0) if largest and gradient - gradient == 0.0 else 0.0
    width = max(box.width, (2 * max(text_width(box.data), widest) + 3) * CHARACTER + 2 * PADDING)
    return replace(
        box, grad=short(gradient), strength=strength, negative=gradient < 0.0, width=width
    )


def _other(before: Scene, after: Scene) -> str:
    """What the start says of gradients.

    They begin at zero, even where the values hold those of other passes.
    """
    if any(a.grad not in ("–", b.grad) for a, b in zip(before.boxes, after.boxes, strict=True)):
        return (
            "These steps are one pass from gradients of zero; the values hold other gradients, of "
            "passes before or added up."
        )
    return "Gradients begin at zero."


def _content(boxes: Scene, record: Record, other: str) -> dict[str, Any]:
    """What the script reads, as short as it can be put together again.

    Numbers are texts as Python writes them.

    nodes: [title, value, value in full, 1 for a constant, name, numbers in the formula, formula];
    only results have the last two. wires: [tail, head, local gradient, its formula, in full]; those
    from constants have the first two. backward: [node, [[wire, gradient of its tail afterwards, sum
    over its consumers], …]]. A text that would be the same as one before it is left out, or 0.
    """
    place = {(wire.head, wire.slot): i for i, wire in enumerate(boxes.wires)}
    forward = {step.node: step for step in record.forward}
    return {
        "width": CHARACTER,
        "other": other,
        "nodes": [
            _node(node, box, forward.get(node.index))
            for node, box in zip(record.nodes, boxes.boxes, strict=True)
        ],
        "wires": [_wire(wire, record) for wire in boxes.wires],
        "backward": [
            _backward(step, record, place) for step in record.backward if step.kind == "backward"
        ],
    }


def _node(node: Node, box: Box, step: Step | None) -> list[str | int]:
    name = printable(node.name, 40)
    start: list[str | int] = [
        box.title,
        box.data,
        _unless(repr(node.data), box.data),
        int(node.kind == "constant"),
        _unless(name, box.title),
    ]
    if step is None:
        return _trimmed(start)
    formula = printable(step.formula, 200)
    numbers = step.sentence.removeprefix(f"{step.name} = {step.formula} = ").removesuffix(
        f" = {short(step.value)}"
    )
    return [
        *start,
        printable(numbers, 200),
        *([] if box.title == f"{name} = {formula}" else [formula]),
    ]


def _wire(wire: Wire, record: Record) -> list[str | int]:
    node, parent = record.nodes[wire.head], record.nodes[wire.tail]
    if parent.kind == "constant":
        return [wire.tail, wire.head]
    local = node.local_grads[wire.slot]
    slope = operations.slope_text(OPS[node.op], wire.slot, node.name, *operands(node, record.nodes))
    return _trimmed(
        [
            wire.tail,
            wire.head,
            short(local),
            printable(slope, 200),
            _unless(repr(local), short(local)),
        ]
    )


def _backward(step: Step, record: Record, place: dict[tuple[int, int], int]) -> list[Any]:
    uses = [
        len({s.node for s in record.backward for p in s.parts if p.parent == part.parent})
        if part.terms
        else 0
        for part in step.parts
    ]
    gives = [
        [
            place[step.node, slot],
            short(part.after),
            *filter(None, [printable(total_sentence(part, count), 300)]),
        ]
        for slot, part, count in zip(_slots(step, record), step.parts, uses, strict=True)
    ]
    return [step.node, gives]


def _unless(text: str, same: str) -> str | int:
    return 0 if text == same or text == f"{same}.0" else text


def _trimmed(items: list[str | int]) -> list[str | int]:
    """``items`` without the zeros at the end."""
    while items[-1] == 0:
        items = items[:-1]
    return items


def _slots(step: Step, record: Record) -> list[int]:
    """Which operand each part of a backward step belongs to.

    Parts are in the order of the operands, some left out.
    """
    node, slots, start = record.nodes[step.node], [], 0
    for part in step.parts:
        start = next(
            i
            for i in range(start, len(node.parents))
            if node.parents[i] == part.parent and repr(node.local_grads[i]) == repr(part.local)
        )
        slots.append(start)
        start += 1
    return slots


def _json(content: object) -> str:
    r"""JSON that nothing in it can end or escape from.

    <, > and & are written \u003c and so on, all else as ASCII.
    """
    text = json.dumps(content, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _data_uri(picture: str) -> str:
    """``picture`` as an address that an img can show.

    User text in it holds no raw quote: `escape` has replaced them.
    """
    text = picture.replace("'", "").replace('"', "'").replace("\n", "")
    for character in "%#&":  # "%" first
        text = text.replace(character, f"%{ord(character):02X}")
    return "data:image/svg+xml;charset=utf-8," + text


@cache
def _resource(name: str) -> str:
    """The style sheet or the script."""
    return (files(__package__) / name).read_text(encoding="utf-8")
