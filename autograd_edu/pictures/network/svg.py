"""A network picture as SVG: presentation attributes only, and no ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ...notation.formula import short
from ...notation.letters import SUBSCRIPTS
from ...notation.text import printable, text_width
from ..render.svg import BORDER, FACE, GRADIENT, INK, ITALIC, LINE_COLOUR, QUIET, VALUE
from ..scene.scene import CHARACTER, LINE, PADDING
from .architecture import Stage, Units, dense, is_one_neuron
from .insets import arrow, draw, width_of, words
from .places import FROM, LEVEL, MARGIN, TO, Column, Panel, Place, Reading, Unit, level

_POSITIVE, _NEGATIVE, _ZERO = BORDER["input"], "#c2410c", BORDER["constant"]
_RIM = BORDER["result"]
_THIN, _THICK = 0.6, 4.5  # of lines, in pixels
_STUB = 9.0  # the length of a bias


def network_svg(
    stack: Sequence[Place], stages: Sequence[Stage], reading: Reading, caption: str
) -> str:
    """The picture as one SVG element; ``caption`` is what a screen reader says."""
    columns = [place for place in stack if isinstance(place, Column)]
    bottom, key = max(place.bottom for place in stack), _key(stages, reading)
    top = bottom + (max((len(c.below) for c in columns), default=0) + 1) * LINE
    high = top + len(key) * LINE + MARGIN
    wide = max([_right(stack[-1]), *(text_width(line) * CHARACTER + MARGIN for line in key)])
    wide += MARGIN
    size, box = f'width="{wide:.0f}" height="{high:.0f}"', f'viewBox="0 0 {wide:.0f} {high:.0f}"'
    says = f'role="img" aria-label="{escape(caption)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} {says}>',
            f'<rect {size} fill="#ffffff"/>',
            f"<g {FACE}>",
            *_wires(stack, stages, reading),
            *_units(stack, reading),
            *[_panel(place) for place in stack if isinstance(place, Panel)],
            *_captions(columns, bottom),
            *[
                words(line, MARGIN + text_width(line) * CHARACTER / 2, top + i * LINE + 9, QUIET)
                for i, line in enumerate(key)
            ],
            "</g></svg>",
        ]
    )


def _units(stack: Sequence[Place], reading: Reading) -> Iterator[str]:
    """The units of all columns, over their biases."""
    columns = [place for place in stack if isinstance(place, Column)]
    yield from (_stub(u, reading) for column in columns for u in column.units.values())
    for column in columns:
        yield from (_circle(u, reading, last=column is stack[-1]) for u in _all(column))
        if column.gap is not None:
            yield words("⋮", column.x, column.gap + 5, INK)


def _right(last: Place) -> float:
    """Where the last column ends; it has texts beside and below it."""
    if isinstance(last, Panel):
        return last.x + last.width / 2
    units = last.units.values()
    beside = max(text_width(u.beside) for u in units) * CHARACTER + 2 * last.radius + 8.0
    below = max(text_width(line) for line in last.below) * CHARACTER / 2
    return last.x + max(beside, below)


def _captions(columns: Sequence[Column], bottom: float) -> Iterator[str]:
    """The text below each column."""
    for c in columns:
        for i, line in enumerate(c.below):
            yield words(line, c.x, bottom + (i + 1) * LINE + 4, INK if i == 0 else QUIET)


def _all(column: Column) -> list[Unit]:
    return [*([column.one] if column.one else []), *column.units.values()]


def _key(stages: Sequence[Stage], reading: Reading) -> list[str]:
    """What lines and numbers mean, a line of text for each."""
    parts = []
    if reading.weights != "written" and any(True for _ in dense(stages)):
        what = "gradients; " if reading.weights == "gradients" else ""
        below = ", stub: bias" if any(layer.biases for layer in dense(stages)) else ""
        signs = "blue: positive, orange and dashed: negative"
        parts.append(f"{what}{signs}, widest: {short(reading.scale)}{below}")
    if reading.lines > 2:
        parts.append("in units: value; gradient of the loss, in italics")
    return parts


# ---- wires -------------------------------------------------------------------------------------


def _wires(stack: Sequence[Place], stages: Sequence[Stage], reading: Reading) -> list[str]:
    """All wires, and over them the text on them."""
    pairs: list[tuple[str, str]] = []
    for k, stage in enumerate(stages[1:], 1):
        before, after = stack[k - 1], stack[k]
        if isinstance(stage, Units) and stage.join == "dense":
            pairs += _weights(k, stack, stages, reading)
        elif isinstance(stage, Units) and stage.join == "each":
            pairs += [(line, "") for line in _each(before, after)]
        else:
            pairs += [(line, "") for line in _bundle(before, after)]
    top = min(place.top for place in stack)
    for k, stage in enumerate(stages):
        if stage.around >= 0:
            high = top - LEVEL * level(k, stages) + 8
            pairs.append(_around(stack[stage.around], stack[k], high))
        if isinstance(stage, Units) and stage.loop:
            pairs.append(_loop(stack[k], stage.loop))
    return [line for line, _ in pairs] + [label for _, label in pairs if label]


def _weights(
    k: int, stack: Sequence[Place], stages: Sequence[Stage], reading: Reading
) -> Iterator[tuple[str, str]]:
    """A line and its label for each weight between units that are shown."""
    before, after, stage, alone = stack[k - 1], stack[k], stages[k], is_one_neuron(stages)
    if not (isinstance(before, Column) and isinstance(after, Column) and isinstance(stage, Units)):
        return
    for place, (j, to) in enumerate(after.units.items()):
        share = FROM + (TO - FROM) * (place + 0.5) / len(after.units)
        given = [(before.one, stage.biases[j], "b")] if before.one and to.kind != "dropped" else []
        for i, unit in before.units.items():
            if stage.keeps(i, j) and unit.kind != "dropped":
                given.append((unit, stage.weights[j][i], f"w{str(i + 1).translate(SUBSCRIPTS)}"))
        for unit, w, name in given:
            number = f"{name} = {short(w, 3)}" if alone else short(w, 3)
            text = number if reading.weights == "written" else ""
            line = _line(unit, to, w, _stroke(w, reading))
            yield line, _written(unit, to, share, text, negative=w < 0)


def _each(before: Place, after: Place) -> Iterator[str]:
    """A line from each unit to the one of the same number."""
    if not (isinstance(before, Column) and isinstance(after, Column)):
        yield from _bundle(before, after)
        return
    for i, unit in after.units.items():
        start = before.units.get(i)
        if start and "dropped" not in (start.kind, unit.kind):
            yield _straight(start, unit, f'stroke="{_RIM}"')


def _bundle(before: Place, after: Place) -> Iterator[str]:
    """Thin lines between units and a box, or an arrow from box to box."""
    if isinstance(before, Panel) and isinstance(after, Panel):
        yield arrow([(before.x + before.width / 2, before.y), (after.x - after.width / 2, after.y)])
        return
    units = [place for place in (before, after) if isinstance(place, Column)]
    boxes = [place for place in (before, after) if isinstance(place, Panel)]
    for column, box in zip(units, boxes, strict=False):
        side = box.x + (box.width / 2 if box.x < column.x else -box.width / 2)
        for unit in column.units.values():
            high = min(max(unit.y, box.top + 4), box.bottom - 4)
            if unit.kind != "dropped":
                ends = f'x1="{unit.x:.1f}" y1="{unit.y:.1f}" x2="{side:.1f}" y2="{high:.1f}"'
                yield f'<line {ends} stroke="{LINE_COLOUR}"/>'


def _around(start: Place, end: Place, high: float) -> tuple[str, str]:
    """The wire that brings the values of ``start`` to ``end``, over everything between."""
    points = [(start.x, start.top), (start.x, high), (end.x, high), (end.x, end.top)]
    text = "x, all of it" if isinstance(start, Column) and len(start.units) > 1 else "x"
    label = _patch(text, (start.x + end.x) / 2, high, INK)
    return f'<g data-around="">{arrow(points, 2.0)}</g>', label


def _loop(place: Place, text: str) -> tuple[str, str]:
    """The wire from a column back to itself, with what it carries."""
    reach = (place.radius if isinstance(place, Column) else 0.0) + 14.0
    x, top = place.x, place.top
    middle = top + (place.radius if isinstance(place, Column) else 0.0)
    points = [(x + reach - 14, middle), (x + reach, middle), (x + reach, top - 12),
              (x - reach, top - 12), (x - reach, middle), (x - reach + 14, middle)]  # fmt: skip
    return f'<g data-loop="">{arrow(points, 2.0)}</g>', words(text, x, top - 18, INK)


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
    x, y = a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share
    return _patch(text, x, y, _NEGATIVE if negative else INK)


def _patch(text: str, x: float, y: float, colour: str) -> str:
    """``text`` centred at a point, on a patch of paper."""
    wide = text_width(text) * CHARACTER + 4
    place = f'x="{x - wide / 2:.1f}" y="{y - 7:.1f}" width="{wide:.1f}" height="14"'
    return f'<g><rect {place} fill="#ffffff"/>{words(text, x, y + 4, colour)}</g>'


def _stub(unit: Unit, reading: Reading) -> str:
    """The bias of a unit as a short line that comes from below."""
    if unit.bias is None:
        return ""
    x, y = unit.x, unit.y + reading.radius
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


# ---- units and boxes ---------------------------------------------------------------------------


def _circle(unit: Unit, reading: Reading, *, last: bool) -> str:
    rim, dash = {"one": (_RIM, "4 3"), "dropped": (_ZERO, "3 3")}.get(unit.kind, (_RIM, ""))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    fill = "#eef4f9" if unit.kind == "input" else "#ffffff"
    place = f'cx="{unit.x:.1f}" cy="{unit.y:.1f}" r="{reading.radius:.0f}"'
    circle = f'<circle {place} fill="{fill}" stroke="{rim}" stroke-width="1.5"{dashes}/>'
    away = (reading.radius + 6 + text_width(unit.beside) * CHARACTER / 2) * (1 if last else -1)
    beside = words(unit.beside, unit.x + away, unit.y + 4, INK) if unit.beside else ""
    title = f"<title>{escape(printable(unit.about, 200))}</title>"
    return f"<g>{title}{circle}{_inside(unit, reading.radius)}{beside}</g>"


def _inside(unit: Unit, radius: float) -> str:
    """The lines of text in a unit, around its middle."""
    quiet = QUIET if unit.kind == "dropped" else INK
    lines = [(unit.name, quiet, ""), (unit.value, VALUE, ""), (unit.grad, GRADIENT, ITALIC)]
    shown = [line for line in lines if line[0]]
    if len(shown) == 1 and unit.name:
        return words(unit.name, unit.x, unit.y + 4, quiet)
    top = unit.y + 4 - 6.5 * (len(shown) - 1)
    return "".join(
        _small(text, unit.x, top + 13 * i, colour, more=more, most=2 * radius - 6)
        for i, (text, colour, more) in enumerate(shown)
    )


def _small(text: str, middle: float, y: float, colour: str, *, more: str, most: float) -> str:
    """A number in a circle, in smaller letters that are at most ``most`` wide together."""
    wide = min(text_width(text) * CHARACTER * 11 / 12, most)
    place = f'x="{middle - wide / 2:.1f}" y="{y:.1f}" textLength="{wide:.1f}"'
    fitted = f'lengthAdjust="spacingAndGlyphs" font-size="11" {more}fill="{colour}"'
    return f"<text {place} {fitted}>{escape(text)}</text>"


def _panel(panel: Panel) -> str:
    """A block: its name, its shapes, and what is drawn in it."""
    x, y = panel.x - panel.width / 2, panel.top
    place = f'x="{x:.1f}" y="{y:.1f}" width="{panel.width:.1f}" height="{panel.height:.1f}"'
    title = escape(printable(f"{panel.block.title}; {'; '.join(panel.lines)}", 300))
    parts = [f"<title>{title}</title>"]
    parts.append(f'<rect {place} rx="4" fill="#ffffff" stroke="{_RIM}" stroke-width="1.5"/>')
    parts.append(words(panel.block.title, panel.x, y + LINE - 3, INK, 'font-weight="bold" '))
    for i, line in enumerate(panel.lines, 2):
        parts.append(words(line, panel.x, y + i * LINE - 3, QUIET))
    left, top = x + PADDING, y + (1 + len(panel.lines)) * LINE
    for inset in panel.block.insets:
        parts.append(draw(inset, left, top))
        left += width_of(inset) + PADDING
    return f'<g data-block="">{"".join(parts)}</g>'
