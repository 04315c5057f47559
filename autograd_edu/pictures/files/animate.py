"""The picture at every step of the pass: as frames, and as one SVG that moves by itself, without a script.

A frame is the picture of the values and gradients known by then, with the box at work framed and the step's sentence below.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import groupby

from ...errors import OperandError
from ...notation.text import printable, text_width
from ...record.model import Record
from ..interactive.running import State, position, states
from ..interactive.stepper import MOST
from ..render.columns import Layout
from ..render.layout import layout
from ..render.styles import STYLES
from ..scene.scene import CHARACTER, LINE, PADDING, Scene

_LONGEST = 2000  # dots of a moving picture's longer side
SECONDS, REST = 1.2, 3.6  # for a step, and for the last one
_LINES, _MARGIN = 3, 8.0  # of the sentence; around the picture
_FACE = 'font-family="ui-monospace, Menlo, Consolas, &apos;DejaVu Sans Mono&apos;, monospace" font-size="12"'
_ACTIVE, _INK = "#e09f00", "#1c1f24"


def frames(scene: Scene, record: Record, style: str = "card") -> list[str]:
    """The picture before the first step and after each, as SVG texts of one size.

    Raises:
        OperandError: if the picture has folded values into fewer boxes, since the steps go value
            by value, or if there are too many of them.
    """
    if len(scene.boxes) != len(record.nodes):
        raise OperandError(
            f"an animation goes value by value, and this picture has {len(scene.boxes)} boxes for {len(record.nodes)} values: "
            'use draw(y, detail="full")'
        )
    if len(record.nodes) > MOST:
        raise OperandError(
            f"an animation of {len(record.nodes):,} values is too long to look at, and {MOST} are "
            "the most: animate a part of the graph, or save the picture as .svg"
        )
    drawn, known = STYLES[style], states(record)
    room = drawn.arrange(_roomy(scene, known))
    places = layout(room)
    caption = f"Computation graph of {printable(record.nodes[-1].name, 60)}, step by step"
    largest = max((abs(g) for _, _, g in known[-1] if g - g == 0.0), default=0.0)
    pictures = [
        drawn.svg(_sized(drawn.arrange(_at(scene, state, largest)), room), places, caption)
        for state in known
    ]
    return [_captioned(picture, k, room, places, record) for k, picture in enumerate(pictures)]


def _roomy(scene: Scene, known: Sequence[State]) -> Scene:
    """The scene with the longest texts that each box will hold, and as wide as they need."""
    boxes = []
    for i, box in enumerate(scene.boxes):
        data, grad = (
            max((state[i][0] for state in known), key=text_width),
            max((state[i][1] for state in known), key=text_width),
        )
        width = max(
            box.width, (2 * max(text_width(data), text_width(grad)) + 3) * CHARACTER + 2 * PADDING
        )
        boxes.append(replace(box, data=data, grad=grad, width=width))
    return replace(scene, boxes=tuple(boxes))


def _sized(scene: Scene, room: Scene) -> Scene:
    boxes = [
        replace(box, width=as_.width, height=as_.height)
        for box, as_ in zip(scene.boxes, room.boxes, strict=True)
    ]
    return replace(scene, boxes=tuple(boxes))


def _at(scene: Scene, state: State, largest: float) -> Scene:
    """What is known then; tooltips tell no more than titles, and wires nothing before their local gradient is computed."""
    boxes = []
    for box, (data, grad, g) in zip(scene.boxes, state, strict=True):
        strength = min(abs(g) / largest, 1.0) if largest and g - g == 0.0 else 0.0
        boxes.append(
            replace(
                box, tooltip=box.title, data=data, grad=grad, negative=g < 0.0, strength=strength
            )
        )
    wires = [wire if state[wire.head][0] != "?" else replace(wire, text="") for wire in scene.wires]
    return replace(scene, boxes=tuple(boxes), wires=tuple(wires))


def _captioned(picture: str, k: int, scene: Scene, places: Layout, record: Record) -> str:
    """``picture`` with room below for what step ``k`` does, and a frame around the box that does it."""
    head = re.match(r'<svg [^>]*?width="(\d+)" height="(\d+)"', picture)
    assert head, "a picture says its size first"
    width, height = max(int(head[1]), 420), int(head[2])
    below = height + _LINES * LINE + 2 * PADDING + LINE
    lines, active = (
        _says(k, record, int((width - 2 * PADDING) / CHARACTER)),
        _frame(k, scene, places, record),
    )
    texts = "".join(
        _line(text, height + PADDING + (i + 1) * LINE - 4) for i, text in enumerate(lines)
    )
    size = f'width="{width}" height="{below:.0f}"'
    sized = re.sub(
        r'width="\d+" height="\d+" viewBox="[^"]*"',
        f'{size} viewBox="0 0 {width} {below:.0f}"',
        picture,
        count=1,
    )
    sized = re.sub(r'<rect width="\d+" height="\d+"', f"<rect {size}", sized, count=1)
    return (
        sized.removesuffix("</svg>") + f'{active}<g data-part="caption" {_FACE}>{texts}</g>\n</svg>'
    )


def _says(k: int, record: Record, room: int) -> list[str]:
    lines = textwrap.wrap(printable(record.steps[k - 1].sentence, 400), room) if k else []
    cut = (
        lines
        if len(lines) <= _LINES
        else [*lines[: _LINES - 1], printable(lines[_LINES - 1], room - 2) + " …"]
    )
    return [position(k, record), *cut]


def _frame(k: int, scene: Scene, places: Layout, record: Record) -> str:
    if k == 0:
        return '<g data-part="frame"/>'
    i = record.steps[k - 1].node
    (x, y), w, h = places.boxes[i], scene.boxes[i].width + 6, scene.boxes[i].height + 6
    place = f'x="{x - w / 2 + _MARGIN:.1f}" y="{y - h / 2 + _MARGIN:.1f}" width="{w:.1f}" height="{h:.1f}" rx="7"'
    return (
        f'<g data-part="frame"><rect {place} fill="none" stroke="{_ACTIVE}" stroke-width="3"/></g>'
    )


def _line(text: str, y: float) -> str:
    place = f'x="{PADDING}" y="{y:.1f}" textLength="{text_width(text) * CHARACTER:.1f}"'
    how = f'lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{_INK}"'
    return f"<text {place} {how}>{escape(text)}</text>"


# ---- one SVG that moves --------------------------------------------------------------------------------------------


def moving(pictures: Sequence[str]) -> str:
    """One SVG that shows the frames in turn, over and over; what does not change stands in it once.

    It moves by SMIL's `animate` elements. A program that knows none shows the last frame: the finished pass.
    """
    whole = [list(_elements(picture)) for picture in pictures]
    assert len({len(elements) for elements in whole}) == 1, "every frame has the same elements"
    return "".join(
        "".join(_in_turn([elements[i] for elements in whole])) for i in range(len(whole[0]))
    )


def _elements(picture: str) -> Iterator[str]:
    """The SVG in pieces: each box, wire and caption as a whole, and the tags of what holds them."""
    begun = inside = 0  # where the piece begins, and how deep within a whole we are
    for tag in re.finditer(r"<(/?)(\w+)([^>]*?)(/?)>", picture):
        closing, kind, attributes, empty = tag.groups()
        holds = kind == "svg" or (kind == "g" and " data-" not in attributes)
        if inside or not (holds or closing):
            inside += not (closing or empty)
            inside -= bool(closing)
        if not inside:
            yield picture[begun : tag.end()]
            begun = tag.end()


def _in_turn(variants: Sequence[str]) -> Iterator[str]:
    """Each variant of an element, shown while it is its turn."""
    if len(set(variants)) == 1:
        yield variants[0]
        return
    runs: dict[str, list[tuple[int, int]]] = {}
    k = 0
    for text, same in groupby(variants):
        count = len(list(same))
        runs.setdefault(text, []).append((k, k + count))
        k += count
    for text, turns in runs.items():
        yield f'<g visibility="{"visible" if turns[-1][1] == k else "hidden"}">{_turns(turns, k)}{text}</g>'


def _turns(turns: Sequence[tuple[int, int]], count: int) -> str:
    whole = count * SECONDS + REST - SECONDS
    times, values = [0.0], ["visible" if turns[0][0] == 0 else "hidden"]
    for begin, end in turns:
        for k, value in ((begin, "visible"), (end, "hidden")):
            if 0 < k < count:
                times.append(k * SECONDS / whole)
                values.append(value)
    clock = f'calcMode="discrete" dur="{whole:g}s" repeatCount="indefinite"'
    return f'<animate attributeName="visibility" values="{";".join(values)}" keyTimes="{";".join(f"{t:.5f}" for t in times)}" {clock}/>'


def gif(pictures: Sequence[str]) -> bytes:
    """The frames as an animated GIF, which Pillow puts together.

    Raises:
        ImportError: if Pillow is not installed; the moving SVG needs nothing.
    """
    from io import BytesIO

    from .graphviz_page import png
    from .shapes import page

    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "an animated .gif needs Pillow: pip install 'autograd-edu[plot]' has it; save(\"x.svg\", animated=True) needs nothing"
        ) from None
    drawn = [png(page(picture), longest=_LONGEST) for picture in pictures]
    images = [Image.open(BytesIO(dots)).convert("RGB") for dots in drawn]
    kept = [image.quantize(128, dither=Image.Dither.NONE) for image in images]
    milliseconds = [round(1000 * SECONDS)] * (len(kept) - 1) + [round(1000 * REST)]
    made = BytesIO()
    kept[0].save(
        made,
        "gif",
        save_all=True,
        append_images=kept[1:],
        duration=milliseconds,
        loop=0,
        disposal=1,
    )
    return made.getvalue()
