"""The pass as an animated GIF: a frame before the first step, one after each, and more for beats.

A frame is the picture with the values and gradients known by then. The box at work has a frame
around it, its wires stand out, and the step's sentence stands below. A backward step has three
frames (`beats`).
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from ...errors import OperandError
from ...notation.text import printable, text_width
from ...record.model import Record
from ..interactive.running import position
from ..interactive.stepper import MOST
from ..render.columns import Layout, Point
from ..render.layout import layout
from ..render.styles import STYLES
from ..render.svg import CHIP, FACE, INK, arrowhead, path
from ..scene.scene import CHARACTER, LINE, PADDING, Scene
from .beats import SECONDS, Beat, beats, scene_at
from .renderer import png, size

if TYPE_CHECKING:
    from PIL import Image

_LONGEST = 2000  # dots on the longer side
_REST = 3.6  # seconds for the last frame
_LINES, _MARGIN = 3, 8.0  # lines of the sentence; pixels around the picture
_NARROWEST = 420  # pixels, so that sentences have room
_FORWARD, _BACKWARD = "#0b57d0", "#b3142b"


@dataclass(frozen=True)
class Frame:
    """A picture, and for how long it is shown."""

    svg: str
    seconds: float


def gif(frames: Sequence[Frame]) -> bytes:
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
    drawn = [Image.open(BytesIO(png(frame.svg, longest=_LONGEST))) for frame in frames]
    images = [image.convert("RGB") for image in drawn]
    colours = _palette(images)
    first, *others = [image.quantize(palette=colours, dither=Image.Dither.NONE) for image in images]
    made = BytesIO()
    durations = [round(1000 * frame.seconds) for frame in frames]
    first.save(
        made, "gif", save_all=True, append_images=others, duration=durations, loop=0, disposal=1
    )
    return made.getvalue()


def _palette(images: Sequence[Image.Image]) -> Image.Image:
    """One palette for all frames: a forward step and the last beats have every colour."""
    from PIL import Image

    few = [*images[1:2], *images[-3:]]
    wide, high = few[0].size
    together = Image.new("RGB", (wide, high * len(few)))
    for k, image in enumerate(few):
        together.paste(image, (0, k * high))
    return together.quantize(256)


def frames(scene: Scene, record: Record, *, style: str = "card") -> list[Frame]:
    """The picture before the first step and after each, in frames of one size.

    Raises:
        OperandError: if the picture has folded values into fewer boxes, since the steps go value
            by value, or if there are too many of them.
    """
    _check(scene, record)
    scene = replace(scene, look=replace(scene.look, font_size=12.0))
    drawn, shown = STYLES[style], list(beats(record))
    room = drawn.arrange(_roomy(scene, shown))
    places = layout(room)
    caption = f"Computation graph of {printable(record.nodes[-1].name, 60)}, step by step"
    largest = max((abs(g) for _, _, g in shown[-1].known if g - g == 0.0), default=0.0)
    scene = replace(scene, flow=tuple(shown[-1].shares.values()))
    made = []
    for beat in shown:
        now = _sized(drawn.arrange(scene_at(scene, beat, largest=largest)), room)
        over = "".join(_over(beat, record, scene=room, numbers=scene, places=places))
        picture = drawn.svg(now, places, caption)
        picture = _captioned(picture, beat.step, record, over=over)
        made.append(Frame(picture, SECONDS[beat.act]))
    return [*made[:-1], replace(made[-1], seconds=_REST)]


def _check(scene: Scene, record: Record) -> None:
    """Say what cannot be animated, and what can."""
    boxes, values = len(scene.boxes), len(record.nodes)
    if scene.note:
        raise OperandError(
            f"an animation shows every value, and this picture has {boxes} boxes for {values} "
            'values: use draw(y, detail="full")'
        )
    if values > MOST:
        raise OperandError(
            f"an animation of {values:,} values would be too long; at most {MOST} are possible. "
            "Animate a part of the graph, or save the picture as .svg"
        )


def _roomy(scene: Scene, shown: Sequence[Beat]) -> Scene:
    """The scene with the longest texts that its boxes and wires will hold, and room for them."""
    last = scene_at(scene, shown[-1], largest=0.0)
    boxes = []
    for k, box in enumerate(last.boxes):
        i = scene.number(k)
        data = max((beat.known[i][0] for beat in shown), key=text_width)
        grad = max((beat.known[i][1] for beat in shown), key=text_width)
        columns = 2 * max(text_width(data), text_width(grad)) + 3, text_width(box.ledger)
        least = max(columns) * CHARACTER + 2 * PADDING
        boxes.append(replace(box, data=data, grad=grad, width=max(box.width, least)))
    chip = (
        max((len(beat.product(use)) for beat in shown for use in beat.parts), default=0) * CHARACTER
        + 8
    )
    wires = [replace(w, width=max(w.width, chip)) if w.text else w for w in scene.wires]
    return replace(scene, boxes=tuple(boxes), wires=tuple(wires))


def _sized(scene: Scene, room: Scene) -> Scene:
    """The scene with boxes as large as those of ``room``, so that nothing moves between frames."""
    boxes = [
        replace(box, width=large.width, height=large.height)
        for box, large in zip(scene.boxes, room.boxes, strict=True)
    ]
    return replace(scene, boxes=tuple(boxes))


def _captioned(picture: str, k: int, record: Record, *, over: str) -> str:
    """``picture`` with ``over`` over it, and room below for what step ``k`` does."""
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
    above = f'<g transform="translate({_MARGIN:.0f},{_MARGIN:.0f})" data-part="over">{over}</g>'
    return f"{picture.removesuffix('</svg>')}{above}{below}\n</svg>"


def _says(k: int, record: Record, *, columns: int) -> list[str]:
    """Which step this is, and its sentence in at most three lines."""
    lines = textwrap.wrap(printable(record.steps[k - 1].sentence, 400), columns) if k else []
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], printable(lines[_LINES - 1], columns - 2) + " …"]
    return [position(k, record), *lines]


# ---- what is drawn over the picture ------------------------------------------------------------


def _over(
    beat: Beat, record: Record, *, scene: Scene, numbers: Scene, places: Layout
) -> Iterator[str]:
    """The frame around the box at work, its wires, and the products on them.

    Args:
        scene: the boxes with their sizes.
        numbers: the scene that knows which values they show.
    """
    if not beat.step:
        return
    step = record.steps[beat.step - 1]
    colour = _FORWARD if step.kind == "forward" else _BACKWARD
    box = {numbers.number(k): k for k in range(len(numbers.boxes))}
    yield _frame(box[step.node], scene, places=places, colour=colour)
    for wire, place in zip(numbers.wires, places.wires, strict=False):
        use = numbers.number(wire.head), wire.slot
        if use in beat.parts or (step.kind == "forward" and use[0] == step.node):
            yield _lit(place[0], place[1], backward=step.kind != "forward")
        if beat.act == "travels" and use in beat.parts:
            yield _chip(beat.product(use), place[2] or _middle(place[0]))


def _frame(i: int, scene: Scene, *, places: Layout, colour: str) -> str:
    """A frame around box ``i``."""
    (x, y), w, h = places.boxes[i], scene.boxes[i].width + 6, scene.boxes[i].height + 6
    corner = f'x="{x - w / 2:.1f}" y="{y - h / 2:.1f}"'
    extent = f'width="{w:.1f}" height="{h:.1f}" rx="7"'
    return f'<rect {corner} {extent} fill="none" stroke="{colour}" stroke-width="3"/>'


def _lit(curve: Sequence[Point], tip: Point, *, backward: bool) -> str:
    """A wire at work: solid towards its result, or dashed with its arrow turned round."""
    if not backward:
        head = arrowhead(curve[-1], tip)
        return f'<g stroke="{_FORWARD}" stroke-width="2.5">{_line_of(curve)}{head}</g>'
    (x, y), (to_x, to_y) = curve[:2]
    size = 10.0 / (math.hypot(to_x - x, to_y - y) or 1.0)
    head = arrowhead((x + (to_x - x) * size, y + (to_y - y) * size), curve[0])
    dashed = f'<g stroke-dasharray="7 4">{_line_of([*curve, curve[-1], tip, tip])}</g>'
    return f'<g stroke="{_BACKWARD}" fill="{_BACKWARD}" stroke-width="2.5">{dashed}{head}</g>'


def _line_of(curve: Sequence[Point]) -> str:
    return f'<path d="{path(curve)}" fill="none"/>'


def _middle(curve: Sequence[Point]) -> Point:
    """A place half-way along a wire."""
    a, b, c, d = curve[3 * ((len(curve) - 1) // 6) :][:4]
    x, y = ((p + 3 * q + 3 * r + s) / 8 for p, q, r, s in zip(a, b, c, d, strict=True))
    return x, y


def _chip(text: str, middle: Point) -> str:
    x, y, wide = *middle, text_width(text) * CHARACTER + 8
    place = f'x="{x - wide / 2:.1f}" y="{y - LINE / 2:.1f}" width="{wide:.1f}" height="{LINE:.0f}"'
    rect = f'<rect {place} rx="5" fill="{CHIP[0]}" stroke="{CHIP[1]}"/>'
    return f"<g {FACE}>{rect}{_line(text, y + 4, x=x - wide / 2 + 4)}</g>"


def _line(text: str, y: float, *, x: float = PADDING) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" textLength="{text_width(text) * CHARACTER:.1f}"'
    how = f'lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{INK}"'
    return f"<text {place} {how}>{escape(text)}</text>"
