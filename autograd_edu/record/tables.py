"""The forward and the backward table of a record, as rows of cells in plain text or LaTeX.

These are the tables of lecture file 004. They have one row per variable, with its local gradients
and its derivative: in forward mode v̇, by an input; in reverse mode v̄, of the result.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.op import OPS
from ..notation import formula, operations
from ..notation.names import accent, latex_name, table_name
from .model import Node, Record

Cells = tuple[str, ...]
_MOST = 100  # a cell lists at most so many local gradients


class Notation:
    """Writes names and formulas, as text or as LaTeX."""

    def __init__(self, nodes: Sequence[Node], *, latex: bool) -> None:
        self.nodes, self.latex = nodes, latex
        self.names = [latex_name(n.name) if latex else table_name(n.name) for n in nodes]
        self.called: dict[int, list[str | float]] = {}  # the operands of each node

    def name(self, node: Node) -> str:
        return self.names[node.index]

    def bar(self, node: Node) -> str:
        return rf"\bar{{{self.name(node)}}}" if self.latex else accent(self.name(node), "\u0304")

    def dot(self, node: Node) -> str:
        return rf"\dot{{{self.name(node)}}}" if self.latex else accent(self.name(node), "\u0307")

    def partial(self, of: Node, by: Node) -> str:
        a, b = self.name(of), self.name(by)
        return rf"\frac{{\partial {a}}}{{\partial {b}}}" if self.latex else f"∂{a}/∂{b}"

    def operands(self, node: Node) -> list[str | float]:
        if node.index not in self.called:
            parents = [self.nodes[p] for p in node.parents]
            named = [p.data if p.kind == "constant" else self.name(p) for p in parents]
            self.called[node.index] = named
        return self.called[node.index]

    def formula(self, node: Node) -> str:
        op = OPS[node.op]
        return (operations.latex if self.latex else operations.text)(op, *self.operands(node))

    def slope(self, node: Node, i: int, times: str = "") -> str:
        op = OPS[node.op]
        return (operations.slope_latex if self.latex else operations.slope_text)(
            op, i, self.name(node), *self.operands(node), times=times
        )


# ---- the tables --------------------------------------------------------------------------------


def forward_table(
    record: Record, digits: int = 6, *, wrt: str = "", latex: bool = False
) -> list[Cells]:
    """The head and the rows of the forward table: variable, value, local gradients, derivative.

    The derivative is by the input ``wrt``, by default the first. Forward mode takes one pass per
    input.
    """
    write, source = Notation(record.nodes, latex=latex), source_of(record, wrt)
    tangent = tangents(record, wrt)
    by = f"forward mode, {_by('∂/∂', write, source)}"
    rows: list[Cells] = [("variable", "value", "local derivative", by, "derivative")]
    for node in record.nodes:
        if node.kind != "constant":
            own = [(i, p) for i, p in variables(node, record.nodes) if tangent[p.index] is not None]
            made = _sum([write.slope(node, i, write.dot(p)) for i, p in own])
            mode = f"{write.dot(node)} = {made or ('1' if node is source else '0')}"
            derivative = number(tangent[node.index] or 0.0, digits)
            rows.append((*_start(node, write, digits), mode, derivative))
    return rows


def backward_table(record: Record, digits: int = 6, *, latex: bool = False) -> list[Cells]:
    """The head and the rows of the backward table, beginning at the result."""
    write, gradient = Notation(record.nodes, latex=latex), gradients(record)
    terms: dict[int, list[str]] = {node.index: [] for node in record.nodes}
    rows: list[Cells] = [("variable", "value", "local derivative", "reverse mode", "gradient")]
    for node in reversed(record.nodes):
        if node.kind == "constant":
            continue
        made = _sum(terms[node.index]) or ("1" if node is record.nodes[-1] else "–")
        known = gradient.get(node.index)
        shown = "–" if known is None else number(known, digits)
        rows.append((*_start(node, write, digits), f"{write.bar(node)} = {made}", shown))
        if known is not None:
            for i, parent in variables(node, record.nodes):
                terms[parent.index].append(write.slope(node, i, write.bar(node)))
    return rows


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms).replace(" + -", " - ")


def tangents(record: Record, wrt: str = "") -> list[float | None]:
    """∂node/∂input for each node, from the recorded local gradients.

    It is None for a node that does not depend on the input.
    """
    source = source_of(record, wrt)
    tangent: list[float | None] = []
    for node in record.nodes:
        parts = [
            node.local_grads[i] * t
            for i, p in enumerate(node.parents)
            if (t := tangent[p]) is not None
        ]
        tangent.append(1.0 if node is source else sum(parts[1:], parts[0]) if parts else None)
    return tangent


def _start(node: Node, write: Notation, digits: int) -> Cells:
    """The first three cells of a row, which are the same in both tables."""
    defined = f"{write.name(node)} = {write.formula(node)}" if node.op else write.name(node)
    own = variables(node, write.nodes)
    many = len(own) > _MOST
    local = [
        f"{write.partial(node, p)} = {write.slope(node, i)}"
        for i, p in ([*own[:3], own[-1]] if many else own)
    ]
    if many:
        local.insert(3, r"\dots" if write.latex else "…")
    shown = ", ".join(local) or ("1" if node.kind == "input" else "–")
    return defined, number(node.data, digits), shown


def variables(node: Node, nodes: Sequence[Node]) -> list[tuple[int, Node]]:
    """The operands of ``node`` that are not constants, with their positions."""
    return [(i, nodes[p]) for i, p in enumerate(node.parents) if nodes[p].kind != "constant"]


def source_of(record: Record, wrt: str) -> Node | None:
    """The input of that name, or the first input for ""; None if there is none."""
    inputs = [node for node in record.nodes if node.kind == "input"]
    return next((node for node in inputs if wrt in ("", node.name)), None)


def _by(stem: str, write: Notation, source: Node | None) -> str:
    if source is None:
        return "no input"
    return (
        rf"$\partial / \partial {write.name(source)}$" if write.latex else stem + write.name(source)
    )


def gradients(record: Record) -> dict[int, float]:
    """The gradient of each node that the backward pass of ``record`` reaches."""
    found = {s.node: s.value for s in record.steps if s.kind == "seed"}
    for step in record.steps:
        found |= {part.parent: part.after for part in step.parts}
    return found


def number(x: float, digits: int) -> str:
    """``x`` to this many significant digits; a whole number is shown in full."""
    return formula.number(x) if abs(x) < 10.0**digits and x == round(x, 0) else f"{x:.{digits}g}"
