"""The picture that answers: one self-contained piece of HTML to step through and to nudge.

It holds the picture as an image, which is all that shows where scripts do not run (JavaScript off,
an untrusted notebook). Where they do, the script puts the same picture's elements and its controls
in its place. It moves along the record of the pass, and computes both passes anew when a leaf is
moved, by the rows of the rule table printed as JavaScript. It has no ids, so that any number of
copies live on one page, and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from importlib.resources import files
from typing import Literal

from ...notation.text import printable, text_width
from ...record.model import Record
from ..render.layout import layout
from ..render.page import html_page
from ..render.svg import svg
from ..scene.scene import Box, Scene, Wire, pixels
from .content import Operations, as_json, content
from .scripts import scoped

MOST = 150  # values; a longer pass nobody steps through, and its page would pass half a megabyte
SCRIPTS = (
    "numbers", "graph", "now", "state", "words", "parts", "chips", "picture", "view", "panel",
    "hands", "controls", "start",
)  # fmt: skip
_BESIDE_DIGITS = 4  # columns that a number needs beside its digits, for most it can become
_CHIP = 96.0  # pixels of a wire that its product, "(-4) · 1 = -4", needs
_APART = 32.0  # pixels between boxes, for what stands above and below them

Opens = Literal["now", "start"]
Held = Sequence[float | None]


def stepper(picture: Scene, record: Record, held: Held, *, opens: Opens = "now") -> str:
    """An HTML element, to stand anywhere on a page, that steps through ``record``.

    Args:
        picture: the record's picture in full.
        held: the gradient that each value has now; None where no backward pass has reached it.
        opens: whether it shows at first the values and gradients as they are, or the start of a
            pass from gradients of zero.
    """
    made = pieces(picture, record, held)
    told = as_json(made.told | {"opens": opens})
    return (
        f'<div class="autograd-stepper" role="group" aria-label="{escape(made.caption)}">'
        f"<style>{style()}</style>{made.image}"
        f'<script type="application/json">{told}</script>'
        f"<script>{scoped([made.code, *scripts()], 'startStepper', of='autograd-stepper')}</script>"
        "</div>"
    )


@dataclass(frozen=True)
class Pieces:
    """What differs from one stepper to another.

    Attributes:
        image: the picture as an img element.
        told: what the script reads.
        code: the operations in JavaScript.
    """

    caption: str
    image: str
    told: dict[str, object]  # as JSON has it
    code: str


def pieces(picture: Scene, record: Record, held: Held) -> Pieces:
    """The parts of a stepper that belong to this picture."""
    boxes = _with_room(picture)
    counts = f"{len(record.nodes)} values, {len(boxes.wires)} wires"
    caption = f"Computation graph of {printable(record.nodes[-1].name, 60)}: {counts}"
    image = _image(svg(boxes, layout(boxes, apart=_APART), ""), caption)
    found = Operations(record)
    told = content(record, held, operations=found) | {"digits": picture.look.digits}
    return Pieces(caption, image, told, found.code)


def style() -> str:
    """The style sheet of every stepper."""
    return _resource("stepper.css")


def scripts() -> list[str]:
    """The scripts of every stepper, which end with the function ``startStepper(root)``."""
    return [_resource(f"script/{name}.js") for name in SCRIPTS]


def picture_alone(drawing: str, caption: str, note: str = "") -> str:
    """``drawing``, an SVG, as an image to stand anywhere on a page, with a sentence below it."""
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<div>{_image(drawing, caption)}{below}</div>"


def stepper_page(picture: Scene, record: Record, held: Held, *, title: str) -> str:
    """A page of its own that holds the stepper."""
    return html_page(stepper(picture, record, held), title, dark=True)


def _image(drawing: str, caption: str) -> str:
    return f'<img alt="{escape(caption)}" src="{_data_uri(drawing)}">'


def _with_room(picture: Scene) -> Scene:
    """The picture with room for whatever its numbers become, in a size of its own."""
    number = picture.look.digits + _BESIDE_DIGITS
    boxes = tuple(_box(box, number) for box in picture.boxes)
    look = replace(picture.look, font_size=12.0)
    return replace(picture, boxes=boxes, wires=tuple(map(_wire, picture.wires)), look=look)


def _box(box: Box, number: int) -> Box:
    """The box with room for two numbers; its tooltip is left to the script."""
    title = text_width(box.title) + (text_width(box.alarm) + 2 if box.alarm else 0)
    wide = max(title, 2 * number + 3, text_width(box.data + box.grad) + 4)
    return replace(box, width=pixels(wide), tooltip="")


def _wire(wire: Wire) -> Wire:
    return replace(wire, width=max(wire.width, _CHIP if wire.text else 0.0))


def _data_uri(picture: str) -> str:
    """``picture`` as an address that an img can show.

    User text in it holds no raw quote: `escape` has replaced them.
    """
    text = picture.replace("'", "").replace('"', "'").replace("\n", "")
    for character in "%#&":  # "%" first
        text = text.replace(character, f"%{ord(character):02X}")
    return "data:image/svg+xml," + text


@cache
def _resource(name: str) -> str:
    """A style sheet or a script."""
    return (files(__package__) / name).read_text(encoding="utf-8")
