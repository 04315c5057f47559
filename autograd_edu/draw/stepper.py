"""The picture one can step through: one self-contained piece of HTML.

It holds the final picture as an image, which is all that shows where scripts do not run (JavaScript off, an untrusted notebook).
Where they do, the script puts the same picture's elements in its place and moves along the record of the pass. It has
no ids, so that any number of copies live on one page, and fetches nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from ..ops import OPS
from ..steps import Node, Step, Steps, operands, short
from .layout import layout
from .scene import CHARACTER, PADDING, Box, Scene, columns, printable
from .svg import svg

_CONTROLS = (
    '<div data-part="controls" role="toolbar" aria-label="Step through the computation" hidden>'
    '<button type="button" data-part="back">◀ Back</button><button type="button" data-part="next">Next ▶</button>'
    '<button type="button" data-part="play" aria-pressed="false">▶ Play</button>'
    '<label>Speed <select data-part="speed"><option value="2400">slow</option><option value="1200" selected>normal</option>'
    '<option value="400">fast</option></select></label>'
    '<input type="range" data-part="slider" min="0" max="0" value="0" aria-label="Step"></div>'
    '<p data-part="status" role="status" aria-live="polite" hidden></p>'
)
_TABLE = (
    '<div data-part="table" tabindex="0" role="region" aria-label="Values and gradients so far" hidden>'
    '<table><thead><tr><th scope="col">variable</th>'
    '<th scope="col">value</th><th scope="col">gradient</th></tr></thead><tbody data-part="rows"></tbody></table></div>'
)


def stepper(picture: Scene, record: Steps) -> str:
    """The stepper over ``record``, whose picture is ``picture``, as an HTML element to stand anywhere on a page.

    It shows one pass from gradients of zero, whether or not `backward` has been called.
    """
    boxes = _of_the_record(picture, record)
    caption = f"Computation graph of {printable(record.nodes[-1].name, 60)}: {len(boxes.boxes)} values, {len(boxes.wires)} wires"
    image = f'<img alt="{escape(caption)}" src="{_data_uri(svg(boxes, layout(boxes), caption))}">'
    return (
        f'<div class="autograd-stepper" role="group" aria-label="{escape(caption)}"><style>{_resource("stepper.css")}</style>{_CONTROLS}'
        f'<div class="both"><div data-part="picture">{image}<div data-part="detail" aria-live="polite" hidden></div></div>{_TABLE}</div>'
        f'<script type="application/json">{_json(_content(boxes, record))}</script><script>{_resource("stepper.js")}</script></div>'
    )


def page(picture: Scene, record: Steps, title: str) -> str:
    """A page of its own that holds the stepper."""
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    head = f"<head>{meta}<title>{escape(title)}</title></head>"
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n<body>\n{stepper(picture, record)}\n</body></html>\n'


def _of_the_record(picture: Scene, record: Steps) -> Scene:
    """``picture`` with the gradients of the record, and room in each box for every gradient on the way."""
    final: dict[int, float] = {}
    widest = [1] * len(picture.boxes)
    for step in record.backward:
        for index, gradient in [(step.node, step.value), *((p.parent, p.after) for p in step.parts)]:
            final[index] = gradient
            widest[index] = max(widest[index], columns(short(gradient)))
    largest = max((abs(g) for g in final.values() if g - g == 0.0), default=0.0)
    boxes = [_box(box, record.nodes[i].data, final.get(i), largest, widest[i]) for i, box in enumerate(picture.boxes)]
    return Scene(tuple(boxes), picture.wires)


def _box(box: Box, data: float, gradient: float | None, largest: float, widest: int) -> Box:
    box = replace(box, data=short(data), grad="–", strength=0.0)
    if gradient is None:
        return box
    strength = min(abs(gradient) / largest, 1.0) if largest and gradient - gradient == 0.0 else 0.0
    width = max(box.width, (2 * max(columns(box.data), widest) + 3) * CHARACTER + 2 * PADDING)
    return replace(box, grad=short(gradient), strength=strength, negative=gradient < 0.0, width=width)


def _content(boxes: Scene, record: Steps) -> dict[str, Any]:
    """What the script reads. Numbers are texts as Python writes them: the script computes nothing."""
    place = {(wire.head, wire.slot): i for i, wire in enumerate(boxes.wires)}
    return {
        "character": CHARACTER,
        "wires": [(wire.tail, wire.head) for wire in boxes.wires],
        "nodes": [_node(node, box, record) for node, box in zip(record.nodes, boxes.boxes, strict=True)],
        "steps": [_step(step, record, place) for step in record],
    }


def _node(node: Node, box: Box, record: Steps) -> dict[str, Any]:
    name, own = printable(node.name, 40), operands(node, record.nodes)
    slopes = [
        (printable(record.nodes[p].name, 40), printable(OPS[node.op].slope_text(i, node.name, *own), 200), repr(node.local_grads[i]))
        for i, p in enumerate(node.parents)
        if record.nodes[p].kind != "constant"
    ]
    return {
        "name": name, "title": box.title, "kind": node.kind, "op": node.op, "data": box.data, "full": repr(node.data), "slopes": slopes,
    }  # fmt: skip


def _step(step: Step, record: Steps, place: dict[tuple[int, int], int]) -> dict[str, Any]:
    slots = _slots(step, record)
    parts = [
        {"wire": place[step.node, slot], "parent": part.parent, "local": short(part.local), "after": short(part.after)}
        for slot, part in zip(slots, step.parts, strict=True)
    ]
    return {
        "kind": step.kind, "node": step.node, "name": printable(step.name, 40), "value": short(step.value),
        "sentence": printable(step.sentence, 400),
        "parts": parts,
    }  # fmt: skip


def _slots(step: Step, record: Steps) -> list[int]:
    """Which operand each part of a backward step belongs to; parts are in the order of the operands, some left out."""
    node, slots, start = record.nodes[step.node], [], 0
    for part in step.parts:
        start = next(
            i for i in range(start, len(node.parents)) if node.parents[i] == part.parent and repr(node.local_grads[i]) == repr(part.local)
        )
        slots.append(start)
        start += 1
    return slots


def _json(content: object) -> str:
    r"""JSON that nothing in it can end or escape from: <, > and & are written \u003c and so on, all else as ASCII."""
    text = json.dumps(content, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _data_uri(picture: str) -> str:
    """``picture`` as an address that an img can show. User text in it holds no raw quote: `escape` has replaced them."""
    text = picture.replace("'", "").replace('"', "'").replace("\n", "")
    for character in "%#&":  # "%" first
        text = text.replace(character, f"%{ord(character):02X}")
    return "data:image/svg+xml;charset=utf-8," + text


@cache
def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8").strip()
