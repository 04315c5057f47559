"""Gradients as formulas on a graph: the product of local gradients along the way from the result.

Each wire says its local gradient, and each card its gradient: local gradients times one another,
back to the result, as in g′(x)·f′(g(x)). Where that would be long, the formula ends with the
gradient of the value above, by its name: g′(x)·∂y/∂g.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ...notation import operations
from ...notation.text import abbreviate, printable, text_width
from .scene import LONGEST, Box, Graph, Scene, pixels, wire

_WIDEST = 40  # columns of a gradient


def symbolic(graph: Graph, scene: Scene) -> Scene:
    """A scene of single values with local gradients and gradients as formulas."""
    flow, shown = _Flow(graph), scene.shown or range(len(graph))
    pairs = zip(scene.boxes, shown, strict=True)
    boxes = tuple(_box(box, flow.found.get(i, "–")) for box, i in pairs)
    wires = tuple(
        wire(w.tail, w.head, w.slot, abbreviate(flow.slope(shown[w.head], w.slot), LONGEST))
        if w.text
        else w
        for w in scene.wires
    )
    return replace(scene, boxes=boxes, wires=wires)


def _box(box: Box, gradient: str) -> Box:
    terms = gradient.count(" + ") + gradient.count(" - ") + 1
    many = terms > 1 and text_width(gradient) > _WIDEST
    shown = f"a sum of {terms} terms" if many else abbreviate(gradient, _WIDEST)
    wide = max(text_width(box.title), text_width(box.data) + text_width(shown) + 4, 10)
    tooltip = printable(f"{box.tooltip}; as a formula {gradient}", 10000)
    return replace(
        box, grad=shown, tooltip=tooltip, width=pixels(wide), strength=0.0, ledger="", alarm=""
    )


class _Flow:
    """The gradient of each value as a formula, from the result back.

    Attributes:
        found: the formulas; constants, and what no gradient reaches, have none.
        named: values whose formula ends with the name of another gradient.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.root = graph, len(graph) - 1
        self.found, self.named = {self.root: "1"}, set[int]()
        self.uses: dict[int, list[tuple[int, int]]] = {}  # for each value: by which, as which
        for i in range(self.root, -1, -1):
            if i in self.uses:
                self.found[i] = self._gradient(i)
            if i in self.found:
                for slot, parent in enumerate(graph.parents[i]):
                    if not graph.order[parent].is_constant:
                        self.uses.setdefault(parent, []).append((i, slot))

    def slope(self, i: int, slot: int, times: str = "") -> str:
        """The local gradient of an operand of value ``i``, times something."""
        graph, op = self.graph, self.graph.order[i].op
        if op is None:
            return ""
        parents = [(p, graph.order[p]) for p in graph.parents[i]]
        operands = [v.data if v.is_constant and not v.label else graph.names[p] for p, v in parents]
        return operations.slope_text(op, slot, graph.names[i], *operands, times=times)

    def _gradient(self, i: int) -> str:
        uses = self.uses[i]
        if not self.named.intersection(use for use, _ in uses):
            whole = self._sum(i, {use: self.found[use] for use, _ in uses})
            if text_width(whole) <= _WIDEST:
                return whole
        self.named.add(i)
        root, names = self.graph.names[self.root], self.graph.names
        above = {use: f"∂{root}/∂{names[use]}" for use, _ in uses}
        return self._sum(i, above | ({self.root: "1"} if self.root in above else {}))

    def _sum(self, i: int, upstream: dict[int, str]) -> str:
        """The sum of local gradient times upstream gradient over the uses of value ``i``."""
        terms = []
        for use, slot in self.uses[i]:
            above, slope = upstream[use], self.slope(use, slot)
            if slope == "1":
                terms.append(above)
            elif above in ("1", "-1"):
                terms.append(slope if above == "1" else f"-{_bracketed(slope)}")
            else:
                terms.append(self.slope(use, slot, _bracketed(above)))
        return " + ".join(terms).replace(" + -", " - ")


def _bracketed(shown: str) -> str:
    """A formula as a factor: a sum, a difference or a negative number is in brackets."""
    outside = shown
    while (less := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = less
    needed = " + " in outside or " - " in outside or shown.startswith("-")
    return f"({shown})" if needed else shown
