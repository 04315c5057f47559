"""A picture of a program: a box for each array with its shape, a circle for each operation."""

from __future__ import annotations

import re

from ...engine.op import OPS
from ...errors import LayoutError
from ...notation.text import abbreviate, printable, table, text_width
from ...printing import Text
from ...program.ir import Computation
from ..folding.detail import MOST_BOXES
from ..picture import Picture
from ..render.layout import layout
from ..render.svg import BOLD, BORDER, GRADIENT, INK, ITALIC, QUIET, arrow, drawing, number, text
from ..scene.scene import CHARACTER, LINE, LONGEST, PADDING, Box, Look, Scene, pixels, wire
from .nodes import MACRON, Node, bar, nodes_of

_FILL = {"parameter": BORDER["part"], "operation": BORDER["result"]}


class ProgramDrawing(Picture):
    """A picture of a program as arrays. `save` writes .svg, .html, .png or .pdf.

    >>> from autograd_edu import draw, trace
    >>> draw(trace(lambda a, b: a * b + a.tanh(), 1.0, 2.0))
    A program of 3 operations on numbers as 4 arrays
    array  shape  made by
    -----  -----  -------
    a      1      input
    b      1      input
    h      1      tanh(a)
    y      1      a·b + h
    """

    title = "A program"

    def __init__(self, program: Computation, look: Look, *, gradients: bool) -> None:
        if gradients:
            program.root  # noqa: B018 - raises if there are several results
        self._nodes, self._gradients = nodes_of(program), gradients
        if len(self._nodes) > MOST_BOXES:
            raise LayoutError(
                f"a picture of {len(self._nodes):,} arrays and operations cannot be read, and "
                f"{MOST_BOXES:,} are the most; trace fewer steps"
            )
        operations = sum(slot.op in OPS for slot in program.slots)
        arrays = sum(node.kind != "operation" for node in self._nodes)
        plural = "s" * (operations != 1)
        self._caption = (
            f"A program of {operations:,} operation{plural} on numbers as {arrays} arrays"
        )
        scene = _scene(self._nodes, look, gradients=gradients)
        key = [("name, shape", INK), *([("gradient", GRADIENT)] if gradients else [])]
        self.svg = Text(
            drawing(scene, layout(scene), self._caption, box=_draw, wire=arrow, key=key)
        )

    @property
    def text(self) -> str:
        """The arrays as a table."""
        rows = [("array", "shape", "made by", *(["gradient"] if self._gradients else []))]
        for node in self._nodes:
            if node.kind != "operation":
                by = printable(node.formula, LONGEST) or node.kind
                gradient = [f"{bar(node.text)} = {node.gradient}"] if node.gradient else ["–"]
                end = [printable(gradient[0], 60)] if self._gradients else []
                rows.append((printable(node.text, LONGEST), _shape(node), by, *end))
        return Text("\n".join([self._caption, table(rows)]))


def _shape(node: Node) -> str:
    is_number = node.kind == "constant" and not node.shape
    return "" if is_number else "×".join(map(str, node.shape)) or "1"


def _scene(nodes: list[Node], look: Look, *, gradients: bool) -> Scene:
    boxes = tuple(_box(node, gradients=gradients) for node in nodes)
    wires = tuple(
        wire(tail, head, slot, part)
        for head, node in enumerate(nodes)
        for slot, (tail, part) in enumerate(zip(node.operands, node.parts, strict=True))
    )
    return Scene(boxes, wires, look=look)


def _box(node: Node, *, gradients: bool) -> Box:
    name = printable(abbreviate(node.text, LONGEST))
    if node.kind == "operation":
        wide = max(round(text_width(name) * CHARACTER + 2 * PADDING), 32)
        entries = len(node.operands) if 2 <= len(node.operands) <= 8 else 0
        return Box("", "", "", name, 0.0, False, "operation", wide, 32.0, symbol=name,
                   entries=entries)  # fmt: skip
    shown = gradients and node.gradient
    gradient = f"{bar(node.text)} = {node.gradient}" if shown else ""
    grad = abbreviate(gradient, LONGEST + 8)
    head = text_width(name) + 2 + text_width(_shape(node))
    height = LINE + PADDING + LINE * bool(grad)
    tooltip = printable(f"{node.kind} {node.text}, shape {_shape(node)}; {gradient}", 1000)
    return Box(name, _shape(node), grad, tooltip, 0.0, False, node.kind,
               pixels(max(head, text_width(grad))), height)  # fmt: skip


def _draw(box: Box) -> str:
    if box.kind == "operation":
        x, y = number(box.width / 2), number(box.height / 2)
        left = (box.width - text_width(box.symbol) * CHARACTER) / 2
        shape = f'<ellipse cx="{x}" cy="{y}" rx="{x}" ry="{y}" stroke="{BORDER["result"]}"/>'
        return shape + text(box.symbol, left, box.height / 2 + 4, INK, BOLD)
    size = f'width="{number(box.width)}" height="{number(box.height)}"'
    dash = ' stroke-dasharray="4 3"' if box.kind == "constant" else ""
    rim = f'<rect {size} rx="4" stroke="{_FILL.get(box.kind) or BORDER[box.kind]}"{dash}/>'
    name = text(box.title, PADDING, LINE - 1, INK, BOLD)
    shape = text(box.data, PADDING + (text_width(box.title) + 2) * CHARACTER, LINE - 1, QUIET)
    grad = _barred(box.grad, PADDING, 2 * LINE - 1) if box.grad else ""
    return f"{rim}{name}{shape}{grad}"


def _barred(shown: str, x: float, y: float) -> str:
    """A gradient, its macrons drawn as lines: monospaced fonts put them beside their letters."""
    letters = shown.replace(MACRON, "")
    starts = [text_width(shown[: m.start() - 1]) for m in re.finditer(MACRON, shown)]
    bars = "".join(
        f"M{number(x + start * CHARACTER + 1)} {number(y - 11)}h{number(CHARACTER - 2)}"
        for start in starts
    )
    lines = f'<path d="{bars}" stroke="{GRADIENT}"/>' if bars else ""
    return text(letters, x, y, GRADIENT, ITALIC) + lines
