"""Steps as tables and listings: plain text, Markdown, LaTeX, Python.

The two tables are those of lecture file 004: a line a variable, with its local derivatives and the derivative that
forward mode (v̇, with respect to an input) or reverse mode (v̄, of the result) makes of them.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..engine.ops import OPS
from ..notation import formula, operations
from .build import Node, operands

if TYPE_CHECKING:
    from .build import Steps

Row = tuple[str, ...]
_MOST = 100  # local derivatives that a cell lists
_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)


class _Notation:
    """How names and formulas are written: as text, or as LaTeX."""

    def __init__(self, nodes: Sequence[Node], *, latex: bool) -> None:
        self.nodes, self.latex = nodes, latex
        self.times = r" \cdot " if latex else "·"
        self.names = [latex_name(n.name) if latex else _printable(n.name) for n in nodes]
        self.called: dict[int, list[str | float]] = {}  # the operands of each node

    def name(self, node: Node) -> str:
        return self.names[node.index]

    def bar(self, node: Node) -> str:
        return rf"\bar{{{self.name(node)}}}" if self.latex else _accented(self.name(node), "\u0304")

    def dot(self, node: Node) -> str:
        return rf"\dot{{{self.name(node)}}}" if self.latex else _accented(self.name(node), "\u0307")

    def partial(self, of: Node, by: Node) -> str:
        a, b = self.name(of), self.name(by)
        return rf"\frac{{\partial {a}}}{{\partial {b}}}" if self.latex else f"∂{a}/∂{b}"

    def operands(self, node: Node) -> list[str | float]:
        if node.index not in self.called:
            parents = [self.nodes[p] for p in node.parents]
            self.called[node.index] = [
                p.data if p.kind == "constant" else self.name(p) for p in parents
            ]
        return self.called[node.index]

    def formula(self, node: Node) -> str:
        op = OPS[node.op]
        return (operations.latex if self.latex else operations.text)(op, *self.operands(node))

    def slope(self, node: Node, i: int, times: str = "") -> str:
        op = OPS[node.op]
        return (operations.slope_latex if self.latex else operations.slope_text)(
            op, i, self.name(node), *self.operands(node), times=times
        )


# ---- the tables ----------------------------------------------------------------------------------------------------


def forward_table(
    steps: Steps, digits: int = 6, *, wrt: str = "", latex: bool = False
) -> list[Row]:
    """Head and rows: each variable with its value, local derivatives, and derivative with respect to the input ``wrt``.

    Forward mode takes one pass an input; by default the first input is taken.
    """
    write, source = _Notation(steps.nodes, latex=latex), _source(steps, wrt)
    tangent = tangents(steps, wrt)
    head = (
        "variable",
        "value",
        "local derivative",
        f"forward mode, {_by('∂/∂', write, source)}",
        "derivative",
    )
    rows = []
    for node in steps.nodes:
        if node.kind == "constant":
            continue
        terms = [
            write.slope(node, i, write.dot(p))
            for i, p in _variables(node, steps.nodes)
            if tangent[p.index] is not None
        ]
        seed = "1" if node is source else "0"
        made = _sum(terms) or seed
        rows.append(
            (
                *_start(node, write, digits),
                f"{write.dot(node)} = {made}",
                number(tangent[node.index] or 0.0, digits),
            )
        )
    return [head, *rows]


def backward_table(steps: Steps, digits: int = 6, *, latex: bool = False) -> list[Row]:
    """Head and rows, from the result back: each variable with its value, local derivatives, and gradient (adjoint) v̄."""
    write, gradient = _Notation(steps.nodes, latex=latex), _gradients(steps)
    terms: dict[int, list[str]] = {node.index: [] for node in steps.nodes}
    rows = []
    for node in reversed(steps.nodes):
        if node.kind == "constant":
            continue
        made = _sum(terms[node.index]) or ("1" if node is steps.nodes[-1] else "–")
        known = gradient.get(node.index)
        rows.append(
            (
                *_start(node, write, digits),
                f"{write.bar(node)} = {made}",
                "–" if known is None else number(known, digits),
            )
        )
        if known is not None:
            for i, parent in _variables(node, steps.nodes):
                terms[parent.index].append(write.slope(node, i, write.bar(node)))
    return [("variable", "value", "local derivative", "reverse mode", "gradient"), *rows]


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms).replace(" + -", " - ")


def tangents(steps: Steps, wrt: str = "") -> list[float | None]:
    """∂node/∂input for each node, by forward mode over the recorded local gradients; None where the input does not reach."""
    source = _source(steps, wrt)
    tangent: list[float | None] = []
    for node in steps.nodes:
        parts = [
            node.local_grads[i] * t
            for i, p in enumerate(node.parents)
            if (t := tangent[p]) is not None
        ]
        tangent.append(1.0 if node is source else sum(parts[1:], parts[0]) if parts else None)
    return tangent


def _start(node: Node, write: _Notation, digits: int) -> Row:
    """The cells that both tables begin with."""
    defined = f"{write.name(node)} = {write.formula(node)}" if node.op else write.name(node)
    variables = _variables(node, write.nodes)
    many = len(variables) > _MOST
    local = [
        f"{write.partial(node, p)} = {write.slope(node, i)}"
        for i, p in ([*variables[:3], variables[-1]] if many else variables)
    ]
    if many:
        local.insert(3, r"\dots" if write.latex else "…")
    shown = ", ".join(local) or ("1" if node.kind == "input" else "–")
    return defined, number(node.data, digits), shown


def _variables(node: Node, nodes: Sequence[Node]) -> list[tuple[int, Node]]:
    """The operands of ``node`` that are no constants, with their places."""
    return [(i, nodes[p]) for i, p in enumerate(node.parents) if nodes[p].kind != "constant"]


def _source(steps: Steps, wrt: str) -> Node | None:
    inputs = [node for node in steps.nodes if node.kind == "input"]
    return next(
        (node for node in inputs if node.name == wrt), inputs[0] if inputs and not wrt else None
    )


def _by(stem: str, write: _Notation, source: Node | None) -> str:
    if source is None:
        return "no input"
    return (
        rf"$\partial / \partial {write.name(source)}$" if write.latex else stem + write.name(source)
    )


def _gradients(steps: Steps) -> dict[int, float]:
    found = {s.node: s.value for s in steps if s.kind == "seed"}
    for step in steps:
        found |= {part.parent: part.after for part in step.parts}
    return found


def number(x: float, digits: int) -> str:
    """``x`` to so many significant digits; whole numbers as they are."""
    return formula.number(x) if abs(x) < 10.0**digits and x == round(x, 0) else f"{x:.{digits}g}"


# ---- formats -------------------------------------------------------------------------------------------------------


def _tables(steps: Steps, digits: int, *, latex: bool = False) -> Iterator[tuple[str, list[Row]]]:
    inputs = [node.name for node in steps.nodes if node.kind == "input"]
    for name in inputs[
        :3
    ]:  # forward mode needs a pass an input; more than a few would bury the reader
        yield "Forward", forward_table(steps, digits, wrt=name, latex=latex)
    yield "Backward", backward_table(steps, digits, latex=latex)


def as_text(steps: Steps, digits: int = 6) -> str:
    """Both tables in columns."""
    return "\n\n".join(f"{title}\n{_columns(rows)}" for title, rows in _tables(steps, digits))


def _columns(rows: Sequence[Row]) -> str:
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def as_markdown(steps: Steps, digits: int = 6) -> str:
    """Both tables as Markdown; what stands in a cell cannot end it."""

    def line(row: Row) -> str:
        return "| " + " | ".join(markdown_text(cell) for cell in row) + " |"

    def table(rows: Sequence[Row]) -> str:
        return "\n".join([line(rows[0]), "|" + " --- |" * len(rows[0]), *map(line, rows[1:])])

    return "\n\n".join(f"**{title}**\n\n{table(rows)}" for title, rows in _tables(steps, digits))


def markdown_text(text: str) -> str:
    """``text`` as Markdown that shows it: no emphasis, code, table, mathematics, entity, link or HTML begins within."""
    return re.sub(r"([\\|`*_<>\[\]~&$@]|:(?=//)|(?<=www)\.)", r"\\\1", text)


def as_latex(steps: Steps, digits: int = 6) -> str:
    """Both tables as tabulars. They need no package but amsmath."""

    def cell(text: str, column: int, *, head: bool) -> str:
        return text if head else f"${_scientific(text)}$" if column != 2 or text != "–" else "--"

    def table(rows: Sequence[Row]) -> str:
        lines = [
            " & ".join(cell(c, i, head=k == 0) for i, c in enumerate(row)) + r" \\"
            for k, row in enumerate(rows)
        ]
        return "\n".join(
            [r"\begin{tabular}{lrllr}", lines[0] + r" \hline", *lines[1:], r"\end{tabular}"]
        )

    return "\n\n".join(table(rows) for _, rows in _tables(steps, digits, latex=True))


def _scientific(text: str) -> str:
    return re.sub(
        r"^(-?[\d.]+)e([+-])0*(\d+)$",
        lambda m: rf"{m[1]} \times 10^{{{m[2].strip('+')}{m[3]}}}",
        text,
    ).replace("–", r"\text{--}")


def as_python(steps: Steps) -> str:
    """Both passes as Python: a function and its derivatives for each operation, then their calls, forward and backward."""
    used = {name for node in steps.nodes if node.op for name in _called(node, steps.nodes)}
    called = sorted(used & {"where", *OPS})
    names = _identifiers(steps.nodes)
    functions, forward, backward = [], [], []
    results = [node for node in steps.nodes if node.op]
    for k, node in enumerate(results, 1):
        variables = _variables(node, steps.nodes)
        distinct = list(dict.fromkeys(names[p.index] for _, p in variables))
        own = [
            p.data if p.kind == "constant" else names[p.index]
            for p in (steps.nodes[j] for j in node.parents)
        ]
        y, arguments = names[node.index], ", ".join(distinct)
        functions.append(
            f"def f{k}({arguments}): return {operations.source(OPS[node.op], y, *own)}"
        )
        for place, (i, _) in enumerate(variables):
            suffix = f"_{place + 1}" if len(variables) > 1 else ""
            slope = operations.source(OPS[node.op], f"f{k}({arguments})", *own, slope=i)
            functions.append(f"def df{k}{suffix}({arguments}): return {slope}")
        forward.append(f"{y} = f{k}({arguments})")
    backward = _backward_lines(steps, names)
    leaves = [f"{names[n.index]} = {n.data!r}" for n in steps.nodes if n.kind == "input"]
    heads = ["from math import pi"] * ("pi" in used) + [
        f"from autograd_edu import {', '.join(called)}"
    ] * bool(called)
    blocks: list[list[str]] = [heads, functions, leaves + forward, backward]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _backward_lines(steps: Steps, names: Sequence[str]) -> list[str]:
    """A line for each gradient, as file 000 writes it: dloss_out3 = df4(out3) * dloss_out4."""
    root, results = steps.nodes[-1], [node for node in steps.nodes if node.op]
    terms: dict[int, list[str]] = {node.index: [] for node in steps.nodes}
    lines = []
    loss = names[root.index]
    for node in reversed(steps.nodes):
        if node is not root and terms[node.index]:
            lines.append(f"d{loss}_{names[node.index]} = {' + '.join(terms[node.index])}")
        if not node.op or (node is not root and not terms[node.index]):
            continue
        variables = _variables(node, steps.nodes)
        arguments = ", ".join(dict.fromkeys(names[p.index] for _, p in variables))
        times = "" if node is root else f" * d{loss}_{names[node.index]}"
        for place, (_, parent) in enumerate(variables):
            suffix = f"_{place + 1}" if len(variables) > 1 else ""
            terms[parent.index].append(f"df{results.index(node) + 1}{suffix}({arguments}){times}")
    return lines


def _called(node: Node, nodes: Sequence[Node]) -> set[str]:
    op, own = OPS[node.op], operands(node, nodes)
    placeholders = [f"a{i}" for i in range(len(own))]
    sources = [
        operations.source(op, "y", *placeholders),
        *(operations.source(op, "y", *placeholders, slope=i) for i in range(len(own))),
    ]
    return set(re.findall(r"[A-Za-z_]\w*", " ".join(sources)))


def _identifiers(nodes: Sequence[Node]) -> list[str]:
    """A Python identifier for each node, close to its name, and none of the functions or gradients that the listing writes."""
    taken = {*OPS, "pi", "where"}
    found = []
    for node in nodes:
        stem = re.sub(r"\W", "_", node.name) or "v"
        stem = (
            f"v_{stem}"
            if not stem.isidentifier()
            or keyword.iskeyword(stem)
            or re.fullmatch(r"d?f\d+(_\d+)?|d.+_.+", stem)
            else stem
        )
        name, k = stem, 1
        while name in taken:
            k += 1
            name = f"{stem}_{k}"
        taken.add(name)
        found.append(name)
    return found


# ---- names ---------------------------------------------------------------------------------------------------------


def latex_name(name: str) -> str:
    r"""A label as LaTeX: x as it is, w12 as w_{12}, theta as \theta, anything else as upright text with nothing active in it."""
    match = re.fullmatch(r"([A-Za-z]+)_?(\d*)", name)
    if match and (len(match[1]) == 1 or match[1].lower() in _GREEK):
        stem = match[1] if len(match[1]) == 1 else "\\" + match[1]
        return f"{stem}_{{{match[2]}}}" if match[2] else stem
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return (
        r"\text{"
        + "".join(special.get(c) or ("\\" + c if c in "#$%&_{}" else c) for c in _printable(name))
        + "}"
    )


def _printable(name: str, limit: int = 40) -> str:
    """``name`` on one line, without characters that have no shape, cut to a length that a table can hold."""
    shown = "".join(c if c.isprintable() else "�" for c in name)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _accented(name: str, mark: str) -> str:
    return (
        unicodedata.normalize("NFC", name[:1] + mark) + name[1:]
        if name[:1].isalpha()
        else name + mark
    )


def _width(text: str) -> int:
    """Columns of a terminal: accents take none, wide characters two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
