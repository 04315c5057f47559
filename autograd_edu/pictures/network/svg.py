"""Units in columns and weights as lines: SVG with presentation attributes and without ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from ...notation.formula import short
from ...notation.letters import SUBSCRIPTS
from ...notation.text import printable, text_width
from ..render.svg import FACE, INK, QUIET, VALUE
from ..scene.scene import CHARACTER, LINE
from .architecture import Dense

RADIUS, MARGIN = 16.0, 12.0
ROOM = 70.0  # pixels for a written weight
FROM, TO = 0.14, 0.62  # the part of a line on which its weight is written
_POSITIVE, _NEGATIVE, _ZERO, _RIM = "#2f6f9f", "#c2410c", "#9aa3ad", "#4a525c"
_THIN, _THICK = 0.6, 4.5  # of lines, in pixels
_STUB = 9.0  # the length of a bias
Weights = Literal["drawn", "written", "gradients"]
WEIGHTS: tuple[Weights, ...] = ("drawn", "written", "gradients")


@dataclass(frozen=True)
class Unit:
    """A circle: where it is, what stands in it and beside it, and everything in full.

    Attributes:
        value: what the unit gives, below its name; "" if the picture has no input.
        bias: drawn as a short line from below; None if there is none, or if it is written.
    """

    x: float
    y: float
    name: str
    beside: str = ""
    about: str = ""
    kind: Literal["input", "unit", "one"] = "unit"
    value: str = ""
    bias: float | None = None


@dataclass(frozen=True)
class Column:
    """The units of a layer that are shown, by number from 0, and the text below them.

    Attributes:
        one: the unit that is always 1, if the layer has it.
        gap: where "⋮" stands for the units left out.
    """

    units: dict[int, Unit]
    one: Unit | None
    x: float
    gap: float | None  # where "⋮" stands for the units left out
    below: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """How weights are read: drawn or written, and the number with the widest line."""

    weights: Weights
    scale: float


def network_svg(
    stack: Sequence[Column], layers: Sequence[Dense], reading: Reading, caption: str
) -> str:
    """The picture as one SVG element; ``caption`` is what a screen reader says."""
    bottom = max(unit.y for column in stack for unit in column.units.values()) + RADIUS
    legend = _legend(layers, reading)
    high = bottom + 4 * LINE + (LINE if legend else 0.0) + MARGIN
    wide = _width(stack[-1], legend)
    size, box = f'width="{wide:.0f}" height="{high:.0f}"', f'viewBox="0 0 {wide:.0f} {high:.0f}"'
    says = f'role="img" aria-label="{escape(caption)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} {says}>',
            f'<rect {size} fill="#ffffff"/>',
            f"<g {FACE}>",
            *_lines(stack, layers, reading),
            *[_stub(unit, reading) for c in stack for unit in c.units.values()],
            *[_circle(unit, last=column is stack[-1]) for column in stack for unit in _all(column)],
            *[_text("⋮", c.x, c.gap + 5, INK) for c in stack if c.gap is not None],
            *_captions(stack, bottom),
            *([_beginning(legend, high - MARGIN)] if legend else []),
            "</g></svg>",
        ]
    )


def _width(last: Column, legend: str) -> float:
    """How wide the picture is; its last column has texts beside and below it."""
    units = last.units.values()
    beside = max(text_width(unit.beside) for unit in units) * CHARACTER + 2 * RADIUS + 8.0
    below = max(text_width(line) for line in last.below) * CHARACTER / 2
    return max(last.x + max(beside, below), text_width(legend) * CHARACTER + MARGIN) + MARGIN


def _lines(stack: Sequence[Column], layers: Sequence[Dense], reading: Reading) -> list[str]:
    """All lines, and over them the text on them."""
    pairs = [
        pair
        for k in range(len(layers))
        for pair in _connections(stack[k], stack[k + 1], layers, k, reading)
    ]
    if len(stack) > len(layers) + 1:  # the sum goes on into its activation
        pairs.append((_joined(stack[-2].units[0], stack[-1].units[0]), ""))
    return [line for line, _ in pairs] + [label for _, label in pairs if label]


def _captions(stack: Sequence[Column], bottom: float) -> list[str]:
    """The text below each column."""
    return [
        _text(line, c.x, bottom + (i + 1) * LINE + 4, INK if i == 0 else QUIET)
        for c in stack
        for i, line in enumerate(c.below)
    ]


def _beginning(text: str, y: float) -> str:
    """``text`` from the left margin."""
    return _text(text, MARGIN + text_width(text) * CHARACTER / 2, y, QUIET)


def is_one_neuron(layers: Sequence[Dense]) -> bool:
    """Whether there is only one unit. Its weights are then written with their names."""
    return len(layers) == 1 and layers[0].fan_out == 1


def _all(column: Column) -> list[Unit]:
    return [*([column.one] if column.one else []), *column.units.values()]


def largest(layers: Sequence[Dense]) -> float:
    """The largest weight or bias, of those that are finite, for the width of lines."""
    weights = (w for layer in layers for row in (*layer.weights, layer.biases) for w in row)
    return max((abs(w) for w in weights if w - w == 0.0), default=0.0)


def _legend(layers: Sequence[Dense], reading: Reading) -> str:
    if reading.weights == "written":
        return ""
    what = "gradients; " if reading.weights == "gradients" else ""
    below = ", stub: bias" if any(layer.biases for layer in layers) else ""
    signs = "blue: positive, orange and dashed: negative"
    return f"{what}{signs}, widest: {short(reading.scale)}{below}"


def _connections(
    before: Column, after: Column, layers: Sequence[Dense], k: int, reading: Reading
) -> list[tuple[str, str]]:
    """A line and its label for each weight of layer ``k`` between units that are shown."""
    found, layer = [], layers[k]
    for place, (j, to) in enumerate(after.units.items()):
        share = FROM + (TO - FROM) * (place + 0.5) / len(after.units)
        given = [(before.one, layer.biases[j], "b")] if before.one else []
        for i, unit in before.units.items():
            given.append((unit, layer.weights[j][i], f"w{str(i + 1).translate(SUBSCRIPTS)}"))
        for unit, w, name in given:
            number = f"{name} = {short(w, 3)}" if is_one_neuron(layers) else short(w, 3)
            text = number if reading.weights == "written" else ""
            line = _line(unit, to, w, _stroke(w, reading))
            found.append((line, _written(unit, to, share, text, negative=w < 0)))
    return found


def _line(a: Unit, b: Unit, w: float, stroke: str) -> str:
    start, end = (unit.about.partition(":")[0] for unit in (a, b))
    title = f"<title>{'bias' if a.kind == 'one' else 'weight'} {w!r}, from {start} to {end}</title>"
    return f'<g data-weight="{short(w)}">{title}{_straight(a, b, stroke)}</g>'


def _straight(a: Unit, b: Unit, stroke: str) -> str:
    ends = f'x1="{a.x:.1f}" y1="{a.y:.1f}" x2="{b.x:.1f}" y2="{b.y:.1f}"'
    return f"<line {ends} {stroke}/>"


def _written(a: Unit, b: Unit, share: float, text: str, *, negative: bool) -> str:
    """``text`` on the line from ``a`` to ``b``, on a patch of paper."""
    if not text:
        return ""
    x, y, wide = (
        a.x + (b.x - a.x) * share,
        a.y + (b.y - a.y) * share,
        text_width(text) * CHARACTER + 4,
    )
    place = f'x="{x - wide / 2:.1f}" y="{y - 7:.1f}" width="{wide:.1f}" height="14"'
    words = _text(text, x, y + 4, _NEGATIVE if negative else INK)
    return f'<g><rect {place} fill="#ffffff"/>{words}</g>'


def _joined(a: Unit, b: Unit) -> str:
    return _straight(a, b, f'stroke="{_RIM}"')


def _stub(unit: Unit, reading: Reading) -> str:
    """The bias of a unit as a short line that comes from below."""
    if unit.bias is None:
        return ""
    x, y = unit.x, unit.y + RADIUS
    place = f'x1="{x:.1f}" y1="{y + _STUB:.1f}" x2="{x:.1f}" y2="{y:.1f}"'
    title = f"<title>bias {unit.bias!r}</title>"
    line = f"<line {place} {_stroke(unit.bias, reading)}/>"
    return f'<g data-bias="{short(unit.bias)}">{title}{line}</g>'


def _stroke(w: float, reading: Reading) -> str:
    """Colour and dashes for the sign, width for the size; grey for zero and for what is no number.

    A weight above the scale has the widest line.
    """
    largest = reading.scale
    dashes = ' stroke-dasharray="6 3"' if w < 0 else ""
    if reading.weights == "written":
        return f'stroke="{_ZERO}"{dashes}'
    share = min(abs(w) / largest, 1.0) if largest and w - w == 0.0 else 0.0
    colour = _NEGATIVE if w < 0 else _POSITIVE if w > 0 else _ZERO
    width, opacity = _THIN + (_THICK - _THIN) * share, 0.45 + 0.5 * share
    return f'stroke="{colour}" stroke-width="{width:.2f}" stroke-opacity="{opacity:.2f}"{dashes}'


def _circle(unit: Unit, *, last: bool) -> str:
    dash = ' stroke-dasharray="4 3"' if unit.kind == "one" else ""
    fill = "#eef4f9" if unit.kind == "input" else "#ffffff"
    place = f'cx="{unit.x:.1f}" cy="{unit.y:.1f}" r="{RADIUS:.0f}"'
    circle = f'<circle {place} fill="{fill}" stroke="{_RIM}" stroke-width="1.5"{dash}/>'
    inside = _text(unit.name, unit.x, unit.y + (1 if unit.value else 4), INK) if unit.name else ""
    inside += _small(unit.value, unit.x, unit.y + (11 if unit.name else 4)) if unit.value else ""
    away = (RADIUS + 6 + text_width(unit.beside) * CHARACTER / 2) * (1 if last else -1)
    beside = _text(unit.beside, unit.x + away, unit.y + 4, INK) if unit.beside else ""
    return f"<g><title>{escape(printable(unit.about, 200))}</title>{circle}{inside}{beside}</g>"


def _small(text: str, middle: float, y: float) -> str:
    """A value in a circle, in small letters."""
    wide = text_width(text) * CHARACTER * 0.75
    place = f'x="{middle - wide / 2:.1f}" y="{y:.1f}" textLength="{wide:.1f}"'
    return f'<text {place} font-size="9" fill="{VALUE}">{escape(text)}</text>'


def _text(text: str, middle: float, y: float, colour: str) -> str:
    """A line of text centred at ``middle``, as wide as we say, whatever font the reader has."""
    wide = text_width(text) * CHARACTER
    place = f'x="{middle - wide / 2:.1f}" y="{y:.1f}" textLength="{wide:.1f}"'
    fitted = f'lengthAdjust="spacingAndGlyphs" fill="{colour}"'
    return f"<text {place} {fitted}>{escape(text)}</text>"
