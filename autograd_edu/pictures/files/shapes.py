"""Our own SVG read back as curves and texts: what is needed to draw the same picture with another program.

Everything is a path of cubic Bézier curves or a line of text, with its colours, at its place on the page. It reads what
`svg` and `network` write, and no other SVG: an element or a command it does not know is a mistake of ours.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...notation.text import text_width
from ..render.columns import Point
from ..scene.scene import CHARACTER

Paint = tuple[str, float]  # "#rrggbb" and opacity; ("", 0.0) is none
_NONE: Paint = ("", 0.0)
_ROUND = 0.5522847498  # control points of a quarter of a circle, as a share of the radius


@dataclass(frozen=True)
class Path:
    """One line: points of cubic Béziers, 3n + 1 of them, filled and stroked. A closed one ends where it began."""

    points: tuple[Point, ...]
    fill: Paint
    stroke: Paint
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class Text:
    """A line of text from ``x`` on, on the baseline ``y``, to be about ``width`` wide."""

    text: str
    x: float
    y: float
    width: float
    colour: str
    size: float
    bold: bool = False


@dataclass(frozen=True)
class Page:
    """A picture's size and what stands on it, in the order of drawing."""

    width: float
    height: float
    shapes: tuple[Path | Text, ...]


def page(svg: str) -> Page:
    """The shapes of ``svg``, which this package drew."""
    root = ET.fromstring(svg)
    return Page(
        float(root.attrib["width"]),
        float(root.attrib["height"]),
        tuple(_shapes(root, (0.0, 0.0), {})),
    )


def _shapes(element: ET.Element, shift: Point, inherited: dict[str, str]) -> Iterator[Path | Text]:
    own = {**inherited, **element.attrib}
    kind = element.tag.rpartition("}")[2]
    if kind in ("svg", "g"):
        moved = re.fullmatch(
            r"translate\(([-\d.e]+)[ ,]+([-\d.e]+)\)", element.get("transform", "")
        )
        assert moved or "transform" not in element.attrib, (
            f"a transform is read only if it moves: {element.attrib['transform']}"
        )
        x, y = (float(moved[1]), float(moved[2])) if moved else (0.0, 0.0)
        passed = {k: own[k] for k in _INHERITED if k in own}
        for child in element:
            yield from _shapes(child, (shift[0] + x, shift[1] + y), passed)
    elif kind == "text":
        yield from _text(element, own, shift)
    elif kind not in ("title", "desc"):
        for points in _OUTLINES[kind](own):
            placed = tuple((x + shift[0], y + shift[1]) for x, y in points)
            width = float(own.get("stroke-width", 1.0))
            yield Path(
                placed,
                _paint(own, "fill", "#000000"),
                _paint(own, "stroke", "none"),
                width,
                "stroke-dasharray" in own,
            )


_INHERITED = (
    "fill",
    "stroke",
    "stroke-width",
    "fill-opacity",
    "stroke-opacity",
    "font-size",
    "font-weight",
    "text-anchor",
)


def _paint(own: dict[str, str], what: str, usual: str) -> Paint:
    colour = own.get(what, usual)
    assert colour == "none" or re.fullmatch(r"#[0-9a-f]{6}", colour), (
        f"a colour is written #rrggbb, not {colour}"
    )
    opacity = float(own.get(f"{what}-opacity", 1.0)) * float(own.get("opacity", 1.0))
    return _NONE if colour == "none" or not opacity else (colour, opacity)


def _text(element: ET.Element, own: dict[str, str], shift: Point) -> Iterator[Text]:
    text, size = "".join(element.itertext()), float(own.get("font-size", 12.0))
    width = float(own.get("textLength", text_width(text) * CHARACTER * size / 12.0))
    x = (
        float(own.get("x", 0.0))
        - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[own.get("text-anchor", "start")]
    )
    if text.strip():
        colour = own.get("fill", "#000000")
        yield Text(
            text,
            x + shift[0],
            float(own.get("y", 0.0)) + shift[1],
            width,
            colour,
            size,
            own.get("font-weight") == "bold",
        )


# ---- outlines ------------------------------------------------------------------------------------------------------


def _rectangle(own: dict[str, str]) -> list[tuple[Point, ...]]:
    x, y, w, h, r = (float(own.get(name, 0.0)) for name in ("x", "y", "width", "height", "rx"))
    if not r:
        return [_polyline([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)])]
    r, points = min(r, w / 2, h / 2), [(x + min(r, w / 2), y)]
    corners = [
        ((x + w, y), (x + w - r, y), (x + w, y + r)),
        ((x + w, y + h), (x + w, y + h - r), (x + w - r, y + h)),
    ]
    corners += [((x, y + h), (x + r, y + h), (x, y + h - r)), ((x, y), (x, y + r), (x + r, y))]
    for corner, begin, end in corners:
        points += [
            *_straight(points[-1], begin),
            _between(begin, corner, _ROUND),
            _between(end, corner, _ROUND),
            end,
        ]
    return [tuple(points)]


def _ellipse(own: dict[str, str]) -> list[tuple[Point, ...]]:
    x, y = float(own.get("cx", 0.0)), float(own.get("cy", 0.0))
    a, b = float(own.get("rx", own.get("r", 0.0))), float(own.get("ry", own.get("r", 0.0)))
    points = [(x + a, y)]
    for (c, s), (u, v) in (
        ((1, 0), (0, 1)),
        ((0, 1), (-1, 0)),
        ((-1, 0), (0, -1)),
        ((0, -1), (1, 0)),
    ):
        k = _ROUND
        points += [
            (x + a * (c + k * u), y + b * (s + k * v)),
            (x + a * (u + k * c), y + b * (v + k * s)),
            (x + a * u, y + b * v),
        ]
    return [tuple(points)]


def _line(own: dict[str, str]) -> list[tuple[Point, ...]]:
    x1, y1, x2, y2 = (float(own.get(name, 0.0)) for name in ("x1", "y1", "x2", "y2"))
    return [_polyline([(x1, y1), (x2, y2)])]


def _points(own: dict[str, str], *, closed: bool) -> list[tuple[Point, ...]]:
    numbers = [float(n) for n in re.findall(r"[-\d.e]+", own["points"])]
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [_polyline([*corners, corners[0]] if closed else corners)]


def _path(own: dict[str, str]) -> list[tuple[Point, ...]]:
    """The subpaths of a path of M, L, H, V, C, Q, A and Z, with absolute coordinates."""
    found: list[list[Point]] = []
    for command, text in re.findall(r"([A-Za-z])([^A-Za-z]*)", own["d"]):
        n = [float(t) for t in re.findall(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?", text)]
        if command == "M":
            found.append([(n[0], n[1])])
            n, command = n[2:], "L"
        line = found[-1]
        for k in range(0, max(len(n), command == "Z"), _TAKES[command]):
            line += _COMMANDS[command](line, n[k : k + _TAKES[command]])
    return [tuple(line) for line in found if len(line) > 1]


def _arc(line: list[Point], n: list[float]) -> list[Point]:
    """An arc of a circle (SVG 1.1, F.6.5), in pieces of at most a right angle."""
    (x1, y1), r, large, sweep, (x2, y2) = line[-1], n[0], n[3], n[4], (n[5], n[6])
    half = math.dist((x1, y1), (x2, y2)) / 2
    r = max(r, half)
    off = math.sqrt(max(r * r - half * half, 0.0)) / (2 * half) * (1 if large != sweep else -1)
    cx, cy = (x1 + x2) / 2 - off * (y2 - y1), (y1 + y2) / 2 + off * (x2 - x1)
    begin, end = math.atan2(y1 - cy, x1 - cx), math.atan2(y2 - cy, x2 - cx)
    turn = (end - begin) % (2 * math.pi) if sweep else -((begin - end) % (2 * math.pi))
    pieces = max(math.ceil(abs(turn) / (math.pi / 2) - 1e-9), 1)
    k, points = 4 / 3 * math.tan(turn / pieces / 4) * r, []
    for i in range(pieces):
        a, b = begin + turn * i / pieces, begin + turn * (i + 1) / pieces
        u, v = (
            (cx + r * math.cos(a), cy + r * math.sin(a)),
            (cx + r * math.cos(b), cy + r * math.sin(b)),
        )
        points += [
            (u[0] - k * math.sin(a), u[1] + k * math.cos(a)),
            (v[0] + k * math.sin(b), v[1] - k * math.cos(b)),
            v,
        ]
    return points


def _quadratic(line: list[Point], n: list[float]) -> list[Point]:
    middle, end = (n[0], n[1]), (n[2], n[3])
    return [_between(line[-1], middle, 2 / 3), _between(end, middle, 2 / 3), end]


_TAKES = {"L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "A": 7, "Z": 1}
_COMMANDS: dict[str, Callable[[list[Point], list[float]], list[Point]]] = {
    "L": lambda line, n: _straight(line[-1], (n[0], n[1])),
    "H": lambda line, n: _straight(line[-1], (n[0], line[-1][1])),
    "V": lambda line, n: _straight(line[-1], (line[-1][0], n[0])),
    "C": lambda _, n: [(n[0], n[1]), (n[2], n[3]), (n[4], n[5])],
    "Q": _quadratic,
    "A": _arc,
    "Z": lambda line, _: _straight(line[-1], line[0]),
}
_OUTLINES: dict[str, Callable[[dict[str, str]], list[tuple[Point, ...]]]] = {
    "rect": _rectangle, "circle": _ellipse, "ellipse": _ellipse, "line": _line, "path": _path,
    "polygon": lambda own: _points(own, closed=True), "polyline": lambda own: _points(own, closed=False),
}  # fmt: skip


def _polyline(corners: list[Point]) -> tuple[Point, ...]:
    points = [corners[0]]
    for corner in corners[1:]:
        points += _straight(points[-1], corner)
    return tuple(points)


def _straight(a: Point, b: Point) -> list[Point]:
    return [_between(a, b, 1 / 3), _between(a, b, 2 / 3), b]


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
