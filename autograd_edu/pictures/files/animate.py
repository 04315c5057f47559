"""The pass as an animated GIF: a frame before the first step, and one after each.

A frame is the picture with the values and gradients known by then. The box at work has a frame
around it, and the step's sentence stands below.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from io import BytesIO

from ...errors import OperandError
from ...notation.text import printable, text_width
from ...record.model import Record
from ..interactive.running import State, position, states
from ..interactive.stepper import MOST
from ..render.columns import Layout
from ..render.layout import layout
from ..render.styles import STYLES
from ..render.svg import FACE, INK
from ..scene.scene import CHARACTER, LINE, PADDING, Scene
from .renderer import png, size

_LONGEST = 2000  # dots on the longer side
_SECONDS, _REST = 1.2, 3.6  # for each step, and for the last one
_LINES, _MARGIN = 3, 8.0  # lines of the sentence; pixels around the picture
_NARROWEST = 420  # pixels, so that sentences have room
_ACTIVE = "#e09f00"


def gif(pictures: Sequence[str]) -> bytes:
    """The frames as an animated GIF that repeats for ever.

    Raises:
        ImportError: if Pillow or Typst is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "saving an animated .gif needs Pillow: pip install 'autograd-edu[files]'"
        ) from None
    drawn = [Image.open(BytesIO(png(picture, longest=_LONGEST))) for picture in pictures]
    images = [image.convert("RGB") for image in drawn]
    colours = images[-1].quantize(256)  # one palette: the finished pass has every colour
    first, *others = [image.quantize(palette=colours, dither=Image.Dither.NONE) for image in images]
    made = BytesIO()
    first.save(
        made,
        "gif",
        save_all=True,
        append_images=others,
        duration=[*[round(1000 * _SECONDS)] * len(others), round(1000 * _REST)],
        loop=0,
        disposal=1,
    )
    return made.getvalue()


def frames(scene: Scene, record: Record, *, style: str = "card") -> list[str]:
    """The picture before the first step and after each, as SVG texts of one size.

    Raises:
        OperandError: if the picture has folded values into fewer boxes, since the steps go value
            by value, or if there are too many of them.
    """
    _check(scene, record)
    scene = replace(scene, look=replace(scene.look, font_size=12.0))
    drawn, known = STYLES[style], states(record)
    room = drawn.arrange(_roomy(scene, known))
    places = layout(room)
    caption = f"Computation graph of {printable(record.nodes[-1].name, 60)}, step by step"
    largest = max((abs(g) for _, _, g in known[-1] if g - g == 0.0), default=0.0)
    pictures = []
    for k, state in enumerate(known):
        now = _sized(drawn.arrange(_at(scene, state, largest=largest)), room)
        frame = _frame(record.steps[k - 1].node, room, places=places) if k else ""
        pictures.append(_captioned(drawn.svg(now, places, caption), k, record, frame=frame))
    return pictures


def _check(scene: Scene, record: Record) -> None:
    """Say what cannot be animated, and what can."""
    boxes, values = len(scene.boxes), len(record.nodes)
    if boxes != values:
        raise OperandError(
            f"an animation shows every value, and this picture has {boxes} boxes for {values} "
            'values: use draw(y, detail="full")'
        )
    if values > MOST:
        raise OperandError(
            f"an animation of {values:,} values would be too long; at most {MOST} are possible. "
            "Animate a part of the graph, or save the picture as .svg"
        )


def _roomy(scene: Scene, known: Sequence[State]) -> Scene:
    """The scene with the longest texts that each box will hold, and boxes wide enough for them."""
    boxes = []
    for i, box in enumerate(scene.boxes):
        data = max((state[i][0] for state in known), key=text_width)
        grad = max((state[i][1] for state in known), key=text_width)
        least = (2 * max(text_width(data), text_width(grad)) + 3) * CHARACTER + 2 * PADDING
        boxes.append(replace(box, data=data, grad=grad, width=max(box.width, least)))
    return replace(scene, boxes=tuple(boxes))


def _sized(scene: Scene, room: Scene) -> Scene:
    """The scene with boxes as large as those of ``room``, so that nothing moves between frames."""
    boxes = [
        replace(box, width=large.width, height=large.height)
        for box, large in zip(scene.boxes, room.boxes, strict=True)
    ]
    return replace(scene, boxes=tuple(boxes))


def _at(scene: Scene, state: State, *, largest: float) -> Scene:
    """The scene with what is known by then, and no more: neither in tooltips nor on wires."""
    boxes = []
    for box, (data, grad, g) in zip(scene.boxes, state, strict=True):
        strength = min(abs(g) / largest, 1.0) if largest and g - g == 0.0 else 0.0
        now = replace(box, data=data, grad=grad, negative=g < 0.0, strength=strength)
        boxes.append(replace(now, tooltip=box.title))
    wires = [wire if state[wire.head][0] != "?" else replace(wire, text="") for wire in scene.wires]
    return replace(scene, boxes=tuple(boxes), wires=tuple(wires))


def _captioned(picture: str, k: int, record: Record, *, frame: str) -> str:
    """``picture`` with ``frame`` in it, and room below for what step ``k`` does."""
    wide, height = size(picture)
    width = max(wide, _NARROWEST)
    high = height + _LINES * LINE + 2 * PADDING + LINE
    lines = _says(k, record, columns=int((width - 2 * PADDING) / CHARACTER))
    texts = "".join(
        _line(text, height + PADDING + (i + 1) * LINE - 4) for i, text in enumerate(lines)
    )
    new = f'width="{width:.0f}" height="{high:.0f}"'
    head = f'{new} viewBox="0 0 {width:.0f} {high:.0f}"'
    picture = re.sub(r'width="\d+" height="\d+" viewBox="[^"]*"', head, picture, count=1)
    picture = re.sub(r'<rect width="\d+" height="\d+"', f"<rect {new}", picture, count=1)
    below = f'<g data-part="caption" {FACE}>{texts}</g>'
    return f'{picture.removesuffix("</svg>")}<g data-part="frame">{frame}</g>{below}\n</svg>'


def _says(k: int, record: Record, *, columns: int) -> list[str]:
    """Which step this is, and its sentence in at most three lines."""
    lines = textwrap.wrap(printable(record.steps[k - 1].sentence, 400), columns) if k else []
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], printable(lines[_LINES - 1], columns - 2) + " …"]
    return [position(k, record), *lines]


def _frame(i: int, scene: Scene, *, places: Layout) -> str:
    """A frame around box ``i``."""
    (x, y), w, h = places.boxes[i], scene.boxes[i].width + 6, scene.boxes[i].height + 6
    corner = f'x="{x - w / 2 + _MARGIN:.1f}" y="{y - h / 2 + _MARGIN:.1f}"'
    extent = f'width="{w:.1f}" height="{h:.1f}" rx="7"'
    return f'<rect {corner} {extent} fill="none" stroke="{_ACTIVE}" stroke-width="3"/>'


def _line(text: str, y: float) -> str:
    place = f'x="{PADDING}" y="{y:.1f}" textLength="{text_width(text) * CHARACTER:.1f}"'
    how = f'lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{INK}"'
    return f"<text {place} {how}>{escape(text)}</text>"
