"""What a step says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..engine.op import OPS
from ..notation import operations
from ..notation.formula import short
from .model import Node, Part

_MOST = 8  # operands or terms that a sentence writes out


def operands(node: Node, nodes: Sequence[Node]) -> list[str | float]:
    """What a formula calls the operands of ``node``: their names; of constants, their numbers."""
    return [nodes[p].data if nodes[p].kind == "constant" else nodes[p].name for p in node.parents]


def forward_sentence(node: Node, nodes: Sequence[Node], formula: str) -> str:
    """The operation with its operands' names, then with their numbers, and the result."""
    numbers = "…"
    if len(node.parents) <= _MOST:
        operation = OPS[node.op]
        numbers = operations.text(operation, *[bracketed(nodes[p].data) for p in node.parents])
        numbers = re.sub(r"\((\([^()]*\))\)", r"\1", numbers)  # exp((-1)) is exp(-1)
    return f"{node.name} = {formula} = {numbers} = {short(node.data)}"


def part_sentence(part: Part, upstream: float) -> str:
    """What one parent gets: ``upstream`` is the gradient of the node that gives."""
    given = f"{bracketed(part.local)} × {bracketed(upstream)}"
    shown = f"{short(part.before)} + {given} = {short(part.after)}"
    return f"{part.name}.grad += local × upstream: {shown}"


def total_sentence(part: Part, consumers: int) -> str:
    """What follows the last contribution to a node that is used more than once.

    Nothing after any other.
    """
    if not part.terms:
        return ""
    shown = [bracketed(term) for term in part.terms]
    terms = " + ".join(shown if len(shown) <= _MOST else [*shown[:3], "…", shown[-1]])
    over = f"{consumers} consumers" if consumers == len(shown) else f"{len(shown)} uses"
    return f", the sum over {over}: {terms} = {short(part.after)}"


def bracketed(x: float) -> str:
    """``x`` to a few digits, in brackets if it is negative."""
    text = short(x)
    return f"({text})" if text.startswith("-") else text
