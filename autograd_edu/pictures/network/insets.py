"""What is drawn in the box of a block: weights of attention, and a cell at every step."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...notation.formula import short
from ...notation.text import text_width
from ..render.svg import BORDER, INK, LINE_COLOUR, QUIET, VALUE
from ..scene.scene import CHARACTER, LINE, PADDING
from .architecture import HeatMap, Inset, Unrolled

_CELL = (44.0, 22.0)  # of a heat map, in pixels
_STEP, _HIGH = 40.0, 30.0  # between the cells of two steps, and how high a cell is
_MOST = 8  # rows, columns or steps that are shown


def width_of(inset: Inset) -> float:
    """How wide an inset is."""
    if isinstance(inset, HeatMap):
        columns = max(map(len, inset.rows))
        return min(columns, _MOST) * _CELL[0] + 4 * CHARACTER + (2 * CHARACTER) * (columns > _MOST)
    return len(inset.states[:_MOST]) * (_wide(inset) + _STEP) + _STEP / 2


def height_of(inset: Inset) -> float:
    """How high an inset is."""
    if isinstance(inset, HeatMap):
        return min(len(inset.rows), _MOST + 1) * _CELL[1] + 2 * LINE + PADDING
    return _HIGH + 4 * LINE + PADDING


def draw(inset: Inset, x: float, y: float) -> str:
    """The inset with its upper left corner at (x, y)."""
    drawn = _heat_map(inset) if isinstance(inset, HeatMap) else _unrolled(inset)
    return f'<g transform="translate({x:.1f},{y:.1f})">{drawn}</g>'


def _heat_map(inset: HeatMap) -> str:
    """Rows are queries, columns are keys; the darker a cell, the larger its number."""
    left, top = 4 * CHARACTER, 2 * LINE
    columns = max(map(len, inset.rows))
    parts = [words(f"{inset.title}: keys →", left + columns * _CELL[0] / 2, LINE - 4, QUIET)]
    parts += [
        words(f"k{j + 1}", left + (j + 0.5) * _CELL[0], 2 * LINE - 5, QUIET)
        for j in range(min(columns, _MOST))
    ]
    for i, row in enumerate(inset.rows[:_MOST]):
        parts.append(words(f"q{i + 1}", left / 2, top + (i + 0.65) * _CELL[1], QUIET))
        parts += [_cell(w, i, j, (left, top)) for j, w in enumerate(row[:_MOST])]
    rest = max(len(inset.rows), columns) - _MOST
    if rest > 0:
        low = top + (min(len(inset.rows), _MOST) + 0.7) * _CELL[1]
        parts.append(words(f"… {rest} more", left + 5 * CHARACTER, low, QUIET))
    return "".join(parts)


def _cell(weight: float, i: int, j: int, corner: tuple[float, float]) -> str:
    wide, high = _CELL
    x, y = corner[0] + j * wide, corner[1] + i * high
    depth = 0.7 * min(max(weight, 0.0), 1.0) if weight == weight else 0.0
    place = f'x="{x:.1f}" y="{y:.1f}" width="{wide - 1:.1f}" height="{high - 1:.1f}"'
    paint = f'fill="{BORDER["input"]}" fill-opacity="{depth:.2f}" stroke="#d5dae0"'
    title = f"<title>query {i + 1}, key {j + 1}: {weight!r}</title>"
    number = words(short(weight, 2), x + wide / 2, y + 0.68 * high, INK)
    return f'<g data-attention="{i},{j}">{title}<rect {place} {paint}/>{number}</g>'


def _unrolled(inset: Unrolled) -> str:
    """The cell at each step, with its input from below and its state above and to the right."""
    wide, middle = _wide(inset), 2 * LINE + _HIGH / 2
    parts = [arrow([(4.0, middle), (_STEP / 2 + 8, middle)])]
    pairs = list(zip(inset.inputs, inset.states, strict=True))
    for t, (x, h) in enumerate(pairs[:_MOST]):
        left = _STEP / 2 + 8 + t * (wide + _STEP)
        centre, low = left + wide / 2, 2 * LINE + _HIGH
        place = f'x="{left:.1f}" y="{2 * LINE:.1f}" width="{wide:.1f}" height="{_HIGH:.1f}"'
        parts.append(f'<rect {place} rx="4" fill="#ffffff" stroke="{BORDER["result"]}"/>')
        parts.append(words(f"step {t + 1}", centre, middle + 4, INK))
        parts.append(words(h, centre, LINE - 6, VALUE if "=" in h else INK))
        parts.append(words(x, centre, low + 2 * LINE + 2, VALUE if "=" in x else INK))
        parts.append(arrow([(centre, 2 * LINE), (centre, LINE)]))
        parts.append(arrow([(centre, low + LINE + 4), (centre, low)]))
        end = left + wide
        if t + 1 < len(pairs):
            parts.append(arrow([(end, middle), (end + _STEP, middle)]))
    if len(pairs) > _MOST:
        parts.append(words("…", left + wide + _STEP - 6, middle + 4, QUIET))
    return "".join(parts)


def _wide(inset: Unrolled) -> float:
    texts = max(map(text_width, (*inset.inputs, *inset.states)))
    return max(64.0, texts * CHARACTER - _STEP + 12)


# ---- pieces ------------------------------------------------------------------------------------


def arrow(points: Sequence[tuple[float, float]], width: float = 1.3) -> str:
    """A line through ``points`` that ends with an arrowhead."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    (x0, y0), (x, y) = points[-2:]
    length = max(abs(x - x0) + abs(y - y0), 1e-9)  # the last piece is level or upright
    dx, dy = (x - x0) / length, (y - y0) / length
    corners = [(x, y), (x - 7 * dx - 3 * dy, y - 7 * dy + 3 * dx),
               (x - 7 * dx + 3 * dy, y - 7 * dy - 3 * dx)]  # fmt: skip
    head = "L".join(f"{a:.1f} {b:.1f}" for a, b in corners)
    line = f'<path d="M{path}" fill="none" stroke="{LINE_COLOUR}" stroke-width="{width}"/>'
    return f'{line}<path d="M{head}Z" fill="{LINE_COLOUR}"/>'


def words(shown: str, middle: float, y: float, colour: str, more: str = "") -> str:
    """A line of text centred at ``middle``, as wide as we say, whatever font the reader has."""
    wide = text_width(shown) * CHARACTER
    place = f'x="{middle - wide / 2:.1f}" y="{y:.1f}" textLength="{wide:.1f}"'
    fitted = f'lengthAdjust="spacingAndGlyphs" {more}fill="{colour}"'
    return f"<text {place} {fitted}>{escape(shown)}</text>"
