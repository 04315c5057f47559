"""A layout of our own for pictures that are too large for Graphviz.

Boxes stand in columns by their distance from the result, which is on the right. Every other box is
one column to the left of the farthest box that uses it, so all wires lead to the right. A wire that
passes a few columns has a lane between their boxes. A wire that passes many, such as that of a
weight which every step of a loop uses, runs along the top, on one line with all others of its box.

The vertical places follow Sugiyama, Tagawa and Toda (1981): each column is sorted by the mean place
of its neighbours, and its boxes are then moved towards that place (`_settle`), a few times over. A
picture that leads down is laid out on its side and turned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..scene.scene import LINE, Box, Scene, Wire

Point = tuple[float, float]
Curve = tuple[Point, ...]

FAR = 8  # columns, from which a wire runs along the top
_GAP, _WIDEST = 46.0, 400.0  # between columns, and where their wires are steep
_BETWEEN = 14.0  # the boxes of a column
_LANE, _TOP_LINE = 6.0, 7.0  # the height of a lane, and of a line along the top
_TIP = 10.0  # the length of an arrowhead
_SWEEPS = 6


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    Attributes:
        boxes: the middle of each box.
        wires: for each wire its Bézier points, the tip of its arrow, and the middle of its text.
        width, height: the size of the picture.
        note: what is unusual about this layout.
    """

    boxes: tuple[Point, ...]
    wires: tuple[tuple[Curve, Point, Point | None], ...]
    width: float
    height: float
    note: str = ""


def depths(scene: Scene) -> list[int]:
    """How far each box is from the result: one more than the farthest of the boxes that use it."""
    waiting = [0] * len(scene.boxes)  # wires that leave a box towards boxes without a depth
    into: list[list[int]] = [[] for _ in scene.boxes]
    for wire in scene.wires:
        waiting[wire.tail] += 1
        into[wire.head].append(wire.tail)
    depth = [0] * len(scene.boxes)
    ready = [i for i, count in enumerate(waiting) if not count]
    while ready:
        head = ready.pop()
        for tail in into[head]:
            depth[tail] = max(depth[tail], depth[head] + 1)
            waiting[tail] -= 1
            if not waiting[tail]:
                ready.append(tail)
    return depth


def in_columns(scene: Scene, depth: Sequence[int], note: str = "", *, down: bool = False) -> Layout:
    """Places for everything in ``scene``, left to right or down, in pixels, y downwards."""
    if down:
        return _turned(in_columns(_on_its_side(scene), depth, note))
    grid = _Grid(scene, depth)
    return Layout(
        grid.middles, tuple(map(grid.wire, range(len(scene.wires)))), grid.width, grid.height, note
    )


def _on_its_side(scene: Scene) -> Scene:
    """The scene with width and height exchanged; wires end at the top of a box, not at its rows."""
    boxes = [replace(box, width=box.height, height=box.width) for box in scene.boxes]
    wires = [replace(wire, width=wire.height, row=-1) for wire in scene.wires]
    return replace(scene, boxes=tuple(boxes), wires=tuple(wires))


def _turned(layout: Layout) -> Layout:
    """The layout with x and y exchanged."""
    wires = [
        (tuple((y, x) for x, y in curve), tip[::-1], text and (text[1] + LINE / 2, text[0]))
        for curve, tip, text in layout.wires
    ]
    boxes = tuple((y, x) for x, y in layout.boxes)
    return Layout(boxes, tuple(wires), layout.height, layout.width, layout.note)


class _Grid:
    """The columns, the lanes in them, and where everything is."""

    def __init__(self, scene: Scene, depth: Sequence[int]) -> None:
        self.scene, self.depth = scene, depth
        self.lanes, self.lines = _lanes(scene, depth)
        heights = [box.height for box in scene.boxes] + [_LANE] * sum(map(len, self.lanes))
        rows = _down(heights, *self._members(len(heights)))
        top = min(y - h / 2 for y, h in zip(rows, heights, strict=True))
        top -= _TOP_LINE * (len(self.lines) + 1)
        self.rows = [y - top for y in rows]
        self.height = max(y + h / 2 for y, h in zip(self.rows, heights, strict=True))
        self.left, self.right = _across(scene, depth, self.rows)
        self.width = self.right[0]
        self.middles = tuple(
            (self.left[d] + box.width / 2, y)
            for d, box, y in zip(depth, scene.boxes, self.rows, strict=False)
        )
        self.ends = _ends(scene, self.middles)

    def _members(self, count: int) -> tuple[list[list[int]], list[list[int]]]:
        """The boxes and lanes of each column, and the neighbours of each."""
        columns: list[list[int]] = [[] for _ in range(max(self.depth) + 1)]
        joined: list[list[int]] = [[] for _ in range(count)]
        for i, d in enumerate(self.depth):
            columns[d].append(i)
        for wire, lanes in zip(self.scene.wires, self.lanes, strict=True):
            for column, lane in zip(range(self.depth[wire.tail] - 1, -1, -1), lanes, strict=False):
                columns[column].append(lane)
            if self.depth[wire.tail] - self.depth[wire.head] <= FAR:
                for a, b in pairwise([wire.tail, *lanes, wire.head]):
                    joined[a].append(b)
                    joined[b].append(a)
        return columns, joined

    def wire(self, i: int) -> tuple[Curve, Point, Point | None]:
        """The curve, arrow tip and text of wire ``i``."""
        wire, tip = self.scene.wires[i], self.ends[i]
        before, d = self.depth[wire.tail], self.depth[wire.head]
        (x, y), width = self.middles[wire.tail], self.scene.boxes[wire.tail].width
        curve: list[Point] = [(x + width / 2, y)]
        stops = [(self.right[before], y)] if self.right[before] > x + width / 2 else []
        if far := before - d > FAR:
            y = _TOP_LINE * (self.lines[wire.tail] + 0.5)
            stops += [(self.left[before - 1], y), (self.right[d + 1], y)]
        for column, lane in zip(range(before - 1, d, -1), self.lanes[i], strict=False):
            stops += [(self.left[column], self.rows[lane]), (self.right[column], self.rows[lane])]
        for stop in (*stops, (tip[0] - _TIP, tip[1])):
            curve += _bend(curve[-1], stop)
        (x, y), (to_x, to_y) = curve[-4], curve[-1]
        text = (x + to_x) / 2, y + (to_y - y) * (0.8 if far else 0.5) - LINE / 2
        return tuple(curve), tip, text if wire.text else None


def _lanes(scene: Scene, depth: Sequence[int]) -> tuple[list[list[int]], dict[int, int]]:
    """The lanes of each wire, numbered after the boxes; and the line along the top of each box."""
    lanes: list[list[int]] = []
    lines: dict[int, int] = {}
    count = len(scene.boxes)
    for wire in scene.wires:
        over = depth[wire.tail] - depth[wire.head]
        if over > FAR:
            lines.setdefault(wire.tail, len(lines))
        lanes.append(list(range(count, count + over - 1)) if over <= FAR else [])
        count += len(lanes[-1])
    return lanes, lines


def _across(
    scene: Scene, depth: Sequence[int], rows: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Where each column begins and ends, by depth.

    The gap before a column has room for the text on its wires, and is wider where wires are steep.
    """
    width, gap = [0.0] * (max(depth) + 1), [_GAP] * (max(depth) + 1)
    for d, box in zip(depth, scene.boxes, strict=True):
        width[d] = max(width[d], box.width)
    for wire in scene.wires:
        d, text = depth[wire.head], wire.width if wire.text else 0.0
        steep = abs(rows[wire.tail] - rows[wire.head]) / 8 if depth[wire.tail] - d <= FAR else 0.0
        gap[d] = max(gap[d], _GAP + text, min(steep, _WIDEST))
    right, x = [0.0] * len(width), 0.0
    for d in reversed(range(len(width))):
        right[d] = x = x + width[d] + (gap[d] if d + 1 < len(width) else 0.0)
    return [x - w for x, w in zip(right, width, strict=True)], right


def _ends(scene: Scene, middles: Sequence[Point]) -> list[Point]:
    """Where each wire ends: at its row, or at the gate, or down the left side of its box.

    Down the side wires stand in the order of the operands where it matters, else as they come.
    """
    into: dict[int, list[int]] = {}
    for i, wire in enumerate(scene.wires):
        into.setdefault(wire.head, []).append(i)
    share = [0.5] * len(scene.wires)
    for head, wires in into.items():
        box = scene.boxes[head]
        if box.entries or not (box.gate or box.kind == "operation"):
            if box.entries:
                wires.sort(key=lambda i: scene.wires[i].slot)
            else:
                wires.sort(key=lambda i: middles[scene.wires[i].tail][1])
            for k, i in enumerate(wires, 1):
                share[i] = k / (len(wires) + 1)
    return [
        _end(wire, scene.boxes[wire.head], middles[wire.head], s)
        for wire, s in zip(scene.wires, share, strict=True)
    ]


def _end(wire: Wire, box: Box, middle: Point, share: float) -> Point:
    x, top = middle[0] - box.width / 2, middle[1] - box.height / 2
    if wire.row >= 0:
        return x, top + box.height - 3 - (len(box.rows) - wire.row - 0.5) * LINE
    return x, top + box.height * share


# ---- how far down ------------------------------------------------------------------------------


def _down(
    heights: Sequence[float], columns: Sequence[list[int]], joined: Sequence[Sequence[int]]
) -> list[float]:
    """The middle of each box and lane."""
    rows = [0.0] * len(heights)
    for column in columns:
        _settle(column, heights, [0.0] * len(column), rows)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            mean = {i: sum(rows[j] for j in joined[i]) / max(len(joined[i]), 1) for i in column}
            column.sort(key=mean.__getitem__)
            _settle(column, heights, [mean[i] for i in column], rows)
    return rows


def _settle(
    column: Sequence[int], heights: Sequence[float], wanted: Sequence[float], rows: list[float]
) -> None:
    """Move the members of a column as near as possible to where they are wanted, in their order.

    They do not overlap, and the sum of squared distances is least: members that would overlap form
    a block, which takes its mean place (isotonic regression by pooling adjacent violators).
    """
    offset, blocks = 0.0, []  # of a block: the sum of its wishes, and how many members it has
    offsets = []
    for i in column:
        offset += heights[i] / 2
        offsets.append(offset)
        offset += heights[i] / 2 + _BETWEEN
    for y, offset in zip(wanted, offsets, strict=True):
        blocks.append((y - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            (a, m), (b, n) = blocks.pop(), blocks.pop()
            blocks.append((a + b, m + n))
    place = iter(zip(column, offsets, strict=True))
    for total, count in blocks:
        for _ in range(count):
            i, offset = next(place)
            rows[i] = total / count + offset


def _bend(start: Point, end: Point) -> Curve:
    """The rest of a curve from ``start`` that leaves to the right and arrives from the left."""
    reach = (end[0] - start[0]) / 2
    return (start[0] + reach, start[1]), (end[0] - reach, end[1]), end
