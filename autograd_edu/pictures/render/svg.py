"""A scene and its layout as SVG, in the card style.

A card has a title, the value in green on the left, and the gradient in red italics on the right.
The sign of a gradient is written, not only coloured.

The SVG uses presentation attributes only. It has no style element, script, id or prolog, so two
pictures on a page cannot disturb each other, and every notebook shows them. Attributes that all
wires or all boxes share stand on a group around them. Each box says its number (``data-node``):
that of the value, where it shows a single one. Each wire says the boxes that it joins and its
operand (``data-wire``). So a picture can be read back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import isfinite, sqrt

from ...notation.text import text_width
from ..folding.folded import widths
from ..scene.scene import CHARACTER, LEDGER, LINE, PADDING, Box, Row, Scene, Wire
from .columns import Layout, Point

VALUE, GRADIENT, INK, QUIET, LINE_COLOUR = "#0b6e2e", "#a01127", "#1c1f24", "#5b6470", "#7d8793"
_TINT = {False: "#e5383b", True: "#7b2cbf"}  # of gradients: positive, negative
BORDER = {"input": "#2f6f9f", "constant": "#9aa3ad", "result": "#4a525c", "part": "#1c1f24"}
ALARM = "#a34a00"  # of what is inf or nan
RIBBON = {False: "#b8500f", True: "#6b46c1"}  # of what flows back: positive, negative
_DASHED = ' stroke-dasharray="5 2"'  # a ribbon of negative gradient
CHIP = "#fff6d6", "#b08d2e"  # of what a backward step does: ground and edge
_WIDEST, _THINNEST = 13.0, 1.5  # pixels of a ribbon
_MARGIN = 8
_NARROWEST, _APART = 300.0, 3  # pixels for a key, and the columns between its words
ITALIC = 'font-style="italic" '  # of gradients, so that colour does not tell them apart alone
BOLD = 'font-weight="bold" '
FACE = 'font-family="Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="12"'


Key = Sequence[tuple[str, str]]  # words, each with its colour


def svg(scene: Scene, layout: Layout, caption: str) -> str:
    """The picture as one SVG element.

    ``caption`` is what a screen reader says. "" leaves out this and the key, where an element
    around the picture has both.
    """
    key = _key(scene) if caption else ()
    return drawing(scene, layout, caption, box=card, wire=arrow, key=key)


def _key(scene: Scene) -> Key:
    """What stands where on a card."""
    parts = [("value", VALUE), ("gradient", GRADIENT)]
    if any(wire.text for wire in scene.wires):
        parts.append(("on wires: local gradient", QUIET))
    parts += ribbon_key(scene)
    after = [row.after for box in scene.boxes for row in box.rows if row.after]
    if after:
        parts.append(("in rows: × operand, ∂ local gradient", INK))
    if any("in all" in text for text in after):
        parts.append(("in all: over every use", INK))
    return parts


def ribbon_key(scene: Scene) -> Key:
    """What ribbons mean, if there are any."""
    signs = {share < 0.0 for share in scene.shares if share}
    said = [("ribbon: local × upstream", RIBBON[min(signs)])] if signs else []
    return [*said, ("dashed: negative", RIBBON[True])] if True in signs else said


def drawing(
    scene: Scene,
    layout: Layout,
    caption: str,
    *,
    box: Callable[[Box], str],
    wire: Callable[[Wire, Sequence[Point], Point], str],
    key: Key,
) -> str:
    """The picture of a style.

    Args:
        box: draws a box, from its upper left corner.
        wire: draws a wire without its text.
        key: what the colours mean, on a line below the picture.
    """
    wires = zip(scene.wires, layout.wires, strict=True)

    def ends(wire: Wire) -> str:
        return f"{scene.number(wire.tail)} {scene.number(wire.head)} {wire.slot}"

    boxes = enumerate(zip(scene.boxes, layout.boxes, strict=True))
    drawn = [
        f'<g transform="translate({_MARGIN},{_MARGIN})" {FACE} xml:space="preserve">',
        _ribbons(scene, layout),
        f'<g fill="{QUIET}" stroke="{LINE_COLOUR}" text-anchor="middle">',
        *[_wire(w, *place, draw=wire, ends=ends(w)) for w, place in wires],
        '</g><g fill="#ffffff">',
        *[_box(scene.number(i), b, place, draw=box) for i, (b, place) in boxes],
        "</g>",
    ]
    note = "; ".join(filter(None, (scene.note, layout.note)))
    words = [*key, *([(note, QUIET)] if note else [])]
    return _page(drawn, layout, words, caption, scale=scene.look.font_size / 12.0)


def _page(drawn: Sequence[str], layout: Layout, key: Key, caption: str, *, scale: float) -> str:
    """The whole element: white paper, what is drawn on it, and the key below."""
    lines = _wrapped(key, max(layout.width, _NARROWEST)) if key else []
    below = [_key_line(line, layout.height + i * LINE) for i, line in enumerate(lines, 1)]
    wide = max([layout.width, *map(_width, lines)]) + 2 * _MARGIN
    high = layout.height + 2 * _MARGIN + (len(lines) * LINE + 2 if lines else 0)
    size = f'width="{wide:.0f}" height="{high:.0f}"'
    shown = f'width="{wide * scale:.0f}" height="{high * scale:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {shown} viewBox="0 0 {wide:.0f} {high:.0f}"'
    says = f' role="img" aria-label="{escape(caption)}"' if caption else ""
    paper = f'<rect {size} fill="#ffffff"/>'
    return "\n".join([f"{head}{says}>", paper, *drawn, *below, "</g>", "</svg>"])


def _wrapped(key: Key, width: float) -> list[Key]:
    """The words of a key on as many lines as it takes."""
    first: list[tuple[str, str]] = []
    lines = [first]
    for word in key:
        if lines[-1] and _width([*lines[-1], word]) > width:
            lines.append([])
        lines[-1].append(word)
    return list(lines)


def _width(words: Key) -> float:
    return (sum(text_width(word) for word, _ in words) + _APART * (len(words) - 1)) * CHARACTER


def _key_line(words: Key, y: float) -> str:
    """Words beside one another, in their colours; "gradient" in italics, as gradients are."""
    x, shown = 0.0, []
    for word, colour in words:
        shown.append(text(word, x, y, colour, ITALIC if colour == GRADIENT else ""))
        x += (text_width(word) + _APART) * CHARACTER
    return f'<g data-part="below">{"".join(shown)}</g>'


def _box(i: int, box: Box, middle: Point, *, draw: Callable[[Box], str]) -> str:
    left, top = number(middle[0] - box.width / 2), number(middle[1] - box.height / 2)
    title = f"<title>{escape(box.tooltip)}</title>" if box.tooltip else ""
    shown = draw(box) + (_ledger(box) if box.ledger else "")
    return f'<g data-node="{i}" transform="translate({left},{top})">{title}{shown}</g>'


def _ledger(box: Box) -> str:
    """The sum that the gradient is, below the box."""
    x = max(box.width - text_width(box.ledger) * CHARACTER, 0.0)
    halo = 'data-part="ledger" stroke="#ffffff" stroke-width="4" paint-order="stroke" '
    return text(box.ledger, x, box.height + LEDGER - 4, QUIET, halo)


def _wire(
    wire: Wire,
    curve: tuple[Point, ...],
    tip: Point,
    label: Point | None,
    *,
    draw: Callable[[Wire, Sequence[Point], Point], str],
    ends: str,
) -> str:
    shown = draw(wire, curve, tip)
    if wire.text and label:
        place = f'x="{label[0]:.0f}" y="{label[1] + 4:.0f}"'
        shown += f'<text {place} stroke="none">{escape(wire.text)}</text>'
    return f'<g data-wire="{ends}">{shown}</g>'


def _ribbons(scene: Scene, layout: Layout) -> str:
    """What flows back along each wire: the width is the root of its size, the colour its sign."""
    largest = max((abs(share) for share in scene.shares if isfinite(share)), default=0.0)
    shown: dict[bool, list[str]] = {False: [], True: []}
    for wire, (curve, *_) in zip(scene.wires, layout.wires, strict=True):
        if wire.share and isfinite(wire.share):
            wide = max(_WIDEST * sqrt(abs(wire.share) / largest), _THINNEST)
            ribbon = f'<path d="{path(curve)}" stroke-width="{wide:.1f}"/>'
            shown[wire.share < 0.0].append(ribbon)
    groups = [
        f'<g stroke="{RIBBON[sign]}"{_DASHED if sign else ""}>{"".join(ribbons)}</g>'
        for sign, ribbons in shown.items()
        if ribbons
    ]
    return f'<g data-part="ribbons" fill="none" stroke-opacity=".32">{"".join(groups)}</g>'


# ---- the card ----------------------------------------------------------------------------------


def card(box: Box) -> str:
    """Title, value and gradient; and the rows of a box that stands for several values."""
    dash = ' stroke-dasharray="4 3"' if box.kind == "constant" else ""
    corner = "" if box.kind == "result" else 'rx="6" '
    border = f"{corner}{edge(box)}{dash}"
    bottom = box.height - len(box.rows) * LINE - (6 if box.rows else 0)
    cells, numbers = _numbers(box, bottom) if box.data else ("", "")
    title = text(box.title, PADDING, LINE - 3, INK, BOLD)
    said, colour = (box.alarm, ALARM) if box.alarm else (box.aside, QUIET)
    aside = _at_the_right(said, box, LINE - 3, colour, 'data-part="aside" ') if said else ""
    below = rows(box, bottom) if box.rows else ""
    return f"<rect {_wide(box.width, box.height)} {border}/>{cells}{title}{aside}{numbers}{below}"


def edge(box: Box) -> str:
    """The line around a box; a thick one if its value or gradient is inf or nan."""
    if box.alarm:
        return f'stroke="{ALARM}" stroke-width="3"'
    return f'stroke="{BORDER[box.kind]}"'


def _numbers(box: Box, bottom: float) -> tuple[str, str]:
    """The cells of value and gradient, down to ``bottom``, and the numbers in them."""
    half, head = _split(box), LINE + 3
    lines = f"M0 {number(head)}H{number(box.width)}M{number(half)} {number(head)}V{number(bottom)}"
    cells = tint(box, half, head, box.width - half, bottom - head)
    cells += f'<path d="{lines}" stroke="#d5dae0"/>'
    value = text(box.data, PADDING, 2 * LINE + 1, VALUE)
    return cells, value + _at_the_right(box.grad, box, 2 * LINE + 1, red(box.grad), ITALIC)


def _at_the_right(shown: str, box: Box, y: float, colour: str, more: str = "") -> str:
    return text_before(shown, box.width - PADDING, y, colour, more)


def _split(box: Box) -> float:
    """Where the gradient begins: in the middle, unless one of the numbers needs more room."""
    left, right = ((text_width(shown) + 1) * CHARACTER + PADDING for shown in (box.data, box.grad))
    return max(min(box.width / 2, box.width - right), left)


def rows(box: Box, top: float) -> str:
    """The rows of a box: names on the left, values and gradients aligned on the right."""
    name, data, grad, _ = widths(box)
    ends = [PADDING + (name + 1 + data) * CHARACTER, PADDING + (name + data + grad + 3) * CHARACTER]
    line = f'<path d="M0 {number(top)}H{number(box.width)}" stroke="#d5dae0"/>'
    return line + "".join(_row(row, top + 3 + i * LINE, ends) for i, row in enumerate(box.rows))


def _row(row: Row, top: float, ends: Sequence[float]) -> str:
    base = top + LINE - 4
    shown = [
        f"<title>{escape(row.tooltip)}</title>",
        tint(row, ends[0] + CHARACTER, top, ends[1] - ends[0] - CHARACTER / 2, LINE),
    ]
    shown.append(text(row.name, PADDING, base, INK))
    shown.append(text_before(row.data, ends[0], base, VALUE))
    if row.grad:
        shown.append(text_before(row.grad, ends[1], base, red(row.grad), ITALIC))
    if row.after:
        shown.append(text(row.after, ends[1] + CHARACTER, base, INK))
    return f"<g>{''.join(shown)}</g>"


def tint(shown: Box | Row, x: float, y: float, width: float, height: float) -> str:
    """A rectangle behind a gradient. Its colour tells the sign, its depth the size."""
    place = f'x="{number(x)}" y="{number(y)}" {_wide(width, height)}'
    if isinstance(shown, Box) and shown.receives:
        return f'<rect {place} fill="{CHIP[0]}" stroke="{CHIP[1]}"/>'
    depth = f"{0.3 * shown.strength:.2f}".strip("0")
    if depth == ".":
        return ""
    return f'<rect {place} fill="{_TINT[shown.negative]}" fill-opacity="{depth}"/>'


# ---- pieces that all styles use ----------------------------------------------------------------


def arrow(_: Wire, curve: Sequence[Point], tip: Point) -> str:
    """A wire with its arrowhead."""
    return f'<path d="{path(curve)}" fill="none"/>{arrowhead(curve[-1], tip)}'


def path(curve: Sequence[Point]) -> str:
    """What a path element says to draw ``curve``."""
    start, *rest = curve
    return f"M{start[0]:.0f} {start[1]:.0f}C" + " ".join(f"{x:.0f} {y:.0f}" for x, y in rest)


def arrowhead(base: Point, tip: Point) -> str:
    """A triangle from ``base`` to ``tip``."""
    dx, dy = (tip[0] - base[0]) * 0.35, (tip[1] - base[1]) * 0.35
    corners = [tip, (base[0] - dy, base[1] + dx), (base[0] + dy, base[1] - dx)]
    return f'<path d="M{"L".join(f"{x:.0f} {y:.0f}" for x, y in corners)}Z"/>'


def text(shown: str, x: float, y: float, colour: str, more: str = "") -> str:
    """A line of text that takes the width we give it, whatever font the reader has."""
    place = f'x="{number(x)}" y="{number(y)}" textLength="{number(text_width(shown) * CHARACTER)}"'
    return f'<text {place} {more}fill="{colour}">{escape(shown)}</text>'


def text_before(shown: str, x: float, y: float, colour: str, more: str = "") -> str:
    """A line of text that ends at ``x``."""
    return text(shown, x - text_width(shown) * CHARACTER, y, colour, more)


def text_around(shown: str, x: float, y: float, colour: str, more: str = "") -> str:
    """A line of text with its middle at ``x``."""
    return text(shown, x - text_width(shown) * CHARACTER / 2, y, colour, more)


def number(x: float) -> str:
    """A length to half a pixel, in as few characters as possible."""
    halves = round(x * 2)
    return str(halves // 2) if halves % 2 == 0 else f"{halves / 2}"


def _wide(width: float, height: float) -> str:
    return f'width="{number(width)}" height="{number(height)}"'


def red(grad: str) -> str:
    """The colour of a gradient; of "–", where none has reached, a quiet one."""
    return QUIET if grad == "–" else GRADIENT
