"""The sentence that describes each step."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..engine.op import OPS
from ..notation import operations
from ..notation.formula import short
from .model import Node, Part

_MOST = 8  # a sentence lists at most so many operands or terms


def operands(node: Node, nodes: Sequence[Node]) -> list[str | float]:
    """The operands of ``node`` as formulas show them: names, and the numbers of constants."""
    return [nodes[p].data if nodes[p].kind == "constant" else nodes[p].name for p in node.parents]


def forward_sentence(node: Node, nodes: Sequence[Node], formula: str) -> str:
    """The operation with the names of its operands, then with their numbers, and the result."""
    numbers = "…"
    if len(node.parents) <= _MOST:
        operation = OPS[node.op]
        numbers = operations.text(operation, *[bracket(nodes[p].data) for p in node.parents])
        numbers = re.sub(r"\((\([^()]*\))\)", r"\1", numbers)  # exp((-1)) is exp(-1)
    return f"{node.name} = {formula} = {numbers} = {short(node.data)}"


def part_sentence(part: Part, upstream: float) -> str:
    """What one parent gets, where ``upstream`` is the gradient of its consumer."""
    given = f"{bracket(part.local)} × {bracket(upstream)}"
    shown = f"{short(part.before)} + {given} = {short(part.after)}"
    return f"{part.name}.grad += local × upstream: {shown}"


def total_sentence(part: Part) -> str:
    """The sum over all uses, after the last contribution to a node; else ""."""
    if not part.terms:
        return ""
    shown = [bracket(term) for term in part.terms]
    terms = " + ".join(shown if len(shown) <= _MOST else [*shown[:3], "…", shown[-1]])
    return f", the sum over {len(shown)} uses: {terms} = {short(part.after)}"


def bracket(x: float) -> str:
    """``x`` to a few digits, in brackets if it is negative."""
    text = short(x)
    return f"({text})" if text.startswith("-") else text
