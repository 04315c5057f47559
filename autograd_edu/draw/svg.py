"""A scene and its layout as SVG, in the card style: a title over the value, green, on the left and the gradient, red, on the right.

Presentation attributes only: no style element, no script, no ids and no prolog, so that two pictures on a page cannot
disturb each other, and every notebook front end shows them. The sign of a gradient is written, not only coloured.
"""

from __future__ import annotations

from html import escape

from .layout import Layout, Point
from .scene import CHARACTER, LINE, PADDING, Box, Scene, Wire, columns

_MARGIN = 8.0
_VALUE, _GRADIENT, _INK, _QUIET = "#0b6e2e", "#b3142b", "#1c1f24", "#5b6470"
_TINT = {False: "#e5383b", True: "#7b2cbf"}  # of gradients: positive, negative
_BORDER = {"input": "#2f6f9f", "constant": "#9aa3ad", "result": "#4a525c"}


def svg(scene: Scene, layout: Layout, caption: str) -> str:
    """The picture as one SVG element; ``caption`` is what a screen reader says."""
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}"'
    face = 'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="12"'
    says = f'role="img" aria-label="{escape(caption)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.0f} {height:.0f}" {says} {face}>'
    paper = f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
    wires = [_wire(wire, *place) for wire, place in zip(scene.wires, layout.wires, strict=True)]
    boxes = [_box(box, place) for box, place in zip(scene.boxes, layout.boxes, strict=True)]
    return "\n".join([head, paper, f'<g transform="translate({_MARGIN:.0f},{_MARGIN:.0f})">', *wires, *boxes, "</g>", "</svg>"])


def _box(box: Box, middle: Point) -> str:
    left, top = middle[0] - box.width / 2, middle[1] - box.height / 2
    half = box.width / 2
    rounded = 6 if box.kind != "result" else 2
    dash = ' stroke-dasharray="4 3"' if box.kind == "constant" else ""
    place = f'x="{half:.1f}" y="{LINE + 3:.1f}" width="{half:.1f}" height="{box.height - LINE - 3:.1f}"'
    tint = f'<rect {place} fill="{_TINT[box.negative]}" fill-opacity="{0.3 * box.strength:.3f}"/>'
    return "".join(
        [
            f'<g transform="translate({left:.1f},{top:.1f})"><title>{escape(box.tooltip)}</title>',
            f'<rect width="{box.width:.1f}" height="{box.height:.1f}" rx="{rounded}" fill="#ffffff" stroke="{_BORDER[box.kind]}"{dash}/>',
            tint if box.strength else "",
            f'<path d="M0 {LINE + 3:.1f}H{box.width:.1f}M{half:.1f} {LINE + 3:.1f}V{box.height:.1f}" stroke="#d5dae0" fill="none"/>',
            _text(box.title, PADDING, LINE - 3, _INK, bold=True),
            _text(box.data, PADDING, 2 * LINE + 1, _VALUE),
            _text(box.grad, box.width - PADDING - columns(box.grad) * CHARACTER, 2 * LINE + 1, _GRADIENT if box.grad != "–" else _QUIET),
            "</g>",
        ]
    )


def _wire(wire: Wire, curve: tuple[Point, ...], tip: Point, label: Point | None) -> str:
    start, *rest = curve
    path = f"M{start[0]} {start[1]}C" + " ".join(f"{x} {y}" for x, y in rest)
    arrow = _arrow(curve[-1], tip)
    text = _text(wire.text, label[0] - columns(wire.text) * CHARACTER / 2, label[1] + 4, _QUIET) if label else ""
    return f'<g><path d="{path}" fill="none" stroke="#7d8793"/>{arrow}{text}</g>'


def _arrow(base: Point, tip: Point) -> str:
    """A triangle from ``base`` to ``tip``."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    x, y = base[0] - dy * 0.35, base[1] + dx * 0.35
    u, v = base[0] + dy * 0.35, base[1] - dx * 0.35
    return f'<path d="M{tip[0]} {tip[1]}L{x:.1f} {y:.1f}L{u:.1f} {v:.1f}Z" fill="#7d8793"/>'


def _text(text: str, x: float, y: float, colour: str, *, bold: bool = False) -> str:
    """A line of text that takes the width we gave it, whatever face the reader has."""
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" textLength="{columns(text) * CHARACTER:.1f}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"'
    return f'<text {place} fill="{colour}"{weight}>{escape(text)}</text>'
