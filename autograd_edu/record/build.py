"""The record of a forward and a backward pass, made from a graph.

It is computed by the same multiplications and additions, in the same order, as `Value.backward`, and touches no gradient:
to look is not to differentiate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..engine.ops import OPS
from ..engine.value import Value, topological_order, warn_of_changes
from ..errors import OperandError
from ..notation import operations
from ..notation.formula import number
from ..notation.names import names
from .model import Kind as Kind
from .model import Node as Node
from .model import Part as Part
from .model import Step as Step
from .model import Steps as Steps


def steps(y: Value) -> Steps:
    """The forward and the backward pass of ``y``, one operation at a time.

    >>> x, y = Value(3, "x"), Value(-4, "y")
    >>> for step in steps(x * y):
    ...     print(step)
    v1 = x·y = 3·(-4) = -12
    ∂v1/∂v1 = 1, the seed
    x.grad += local × upstream: 0 + (-4) × 1 = -4; y.grad += local × upstream: 0 + 3 × 1 = 3
    """
    if not isinstance(y, Value):
        raise OperandError(
            f"steps needs a Value, the result of operations on Values; {type(y).__name__} was given"
        )
    order = topological_order(y)
    nodes = _nodes(order)
    warn_of_changes(order, stacklevel=2)
    return Steps([*_forward(nodes), *_backward(nodes, order)], nodes, order, whole=True)


def _nodes(order: list[Value]) -> list[Node]:
    place = {id(value): i for i, value in enumerate(order)}
    return [
        Node(
            i, name, "constant" if value.is_constant else "input" if value.op is None else "result", value.op.name if value.op else "",
            value.data, tuple(place[id(parent)] for parent in value.parents), value.local_grads, value.scope,
        )
        for i, (value, name) in enumerate(zip(order, names(order), strict=True))
    ]  # fmt: skip


def operands(node: Node, nodes: Sequence[Node]) -> list[str | float]:
    """What a formula calls the operands of ``node``: their names; of constants, their numbers."""
    return [nodes[p].data if nodes[p].kind == "constant" else nodes[p].name for p in node.parents]


def _forward(nodes: list[Node]) -> Iterator[Step]:
    for node in nodes:
        if node.op:
            op = OPS[node.op]
            shown = operations.text(op, *operands(node, nodes))
            numbers = (
                operations.text(op, *[_bracketed(nodes[p].data) for p in node.parents])
                if len(node.parents) <= 8
                else "…"
            )
            numbers = re.sub(r"\((\([^()]*\))\)", r"\1", numbers)  # exp((-1)) is exp(-1)
            sentence = f"{node.name} = {shown} = {numbers} = {short(node.data)}"
            yield Step("forward", node.index, node.name, shown, node.data, (), sentence)


def _backward(nodes: list[Node], order: list[Value]) -> Iterator[Step]:
    """As `Value.backward`: in reverse order, each parent in turn, what was there plus local × upstream."""
    root = nodes[-1]
    uses = _uses(nodes, order)
    given: list[list[float]] = [[] for _ in nodes]
    gradient: list[float | None] = [None] * len(nodes)
    gradient[-1] = 1.0
    yield Step(
        "seed", root.index, root.name, "", 1.0, (), f"∂{root.name}/∂{root.name} = 1, the seed"
    )
    for node, value in zip(reversed(nodes), reversed(order), strict=True):
        upstream = gradient[node.index]
        if upstream is None or value.op is None:
            continue
        parts, sentences = [], []
        for parent, local in _takers(node, value, nodes):
            before, contribution = gradient[parent], local * upstream
            after = gradient[parent] = contribution if before is None else before + contribution
            given[parent].append(contribution)
            last = 1 < len(given[parent]) == len(uses[parent])
            part = Part(
                parent,
                nodes[parent].name,
                local,
                contribution,
                before or 0.0,
                after,
                tuple(given[parent]) if last else (),
            )
            parts.append(part)
            sentences.append(
                _sentence(part, upstream) + total_sentence(part, len(set(uses[parent])))
            )
        sentence = "; ".join(sentences) or f"{node.name} has no parent that needs a gradient"
        yield Step(
            "backward",
            node.index,
            node.name,
            operations.text(value.op, *operands(node, nodes)),
            upstream,
            tuple(parts),
            sentence,
        )


def _takers(node: Node, value: Value, nodes: list[Node]) -> Iterator[tuple[int, float]]:
    """The parents to which ``node`` gives gradient, each with its local gradient: no constant, and no branch that was not taken."""
    for parent, local in zip(node.parents, node.local_grads, strict=True):
        if nodes[parent].kind != "constant" and not (
            value.op is not None and value.op.selects and local == 0.0
        ):
            yield parent, local


def _uses(nodes: list[Node], order: list[Value]) -> list[list[int]]:
    """Which nodes give gradient to each node; one that gives it twice, as in a·a, stands twice."""
    uses: list[list[int]] = [[] for _ in nodes]
    for node, value in zip(reversed(nodes), reversed(order), strict=True):
        if uses[node.index] or node is nodes[-1]:
            for parent, _ in _takers(node, value, nodes):
                uses[parent].append(node.index)
    return uses


def _sentence(part: Part, upstream: float) -> str:
    sum_ = f"{short(part.before)} + {_bracketed(part.local)} × {_bracketed(upstream)} = {short(part.after)}"
    return f"{part.name}.grad += local × upstream: {sum_}"


def total_sentence(part: Part, consumers: int) -> str:
    """What follows the last contribution to a node that is used more than once; nothing after any other."""
    if not part.terms:
        return ""
    shown = [_bracketed(term) for term in part.terms]
    terms = " + ".join(shown if len(shown) <= 8 else [*shown[:3], "…", shown[-1]])
    over = f"{consumers} consumers" if consumers == len(shown) else f"{len(shown)} uses"
    return f", the sum over {over}: {terms} = {short(part.after)}"


def short(x: float, digits: int = 4) -> str:
    """``x`` to a few significant digits; whole numbers as they are."""
    return number(x) if x == round(x, 0) and abs(x) < 1e6 else f"{x:.{digits}g}"


def _bracketed(x: float) -> str:
    text = short(x)
    return f"({text})" if text.startswith("-") else text
