"""The record of a forward and a backward pass, made from a graph.

It is computed by the same multiplications and additions, in the same order, as `Value.backward`, and touches no gradient:
to look is not to differentiate.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..engine.ops import OPS
from ..engine.value import Value, warn_of_changes
from ..notation import operations
from ..notation.names import names
from .model import Node, Part, Record, Step
from .sentences import forward_sentence, operands, part_sentence, total_sentence


def build(order: list[Value]) -> Record:
    """The record of both passes over the values of a topological order.

    It warns of a graph whose numbers have changed since it was computed.
    """
    nodes = _nodes(order)
    warn_of_changes(order, stacklevel=3)
    return Record(tuple(nodes), (*_forward(nodes), *_backward(nodes, order)))


def _nodes(order: list[Value]) -> list[Node]:
    place = {id(value): i for i, value in enumerate(order)}
    return [
        Node(
            i, name, "constant" if value.is_constant else "input" if value.op is None else "result", value.op.name if value.op else "",
            value.data, tuple(place[id(parent)] for parent in value.parents), value.local_grads, value.scope,
        )
        for i, (value, name) in enumerate(zip(order, names(order), strict=True))
    ]  # fmt: skip


def _forward(nodes: list[Node]) -> Iterator[Step]:
    for node in nodes:
        if node.op:
            formula = operations.text(OPS[node.op], *operands(node, nodes))
            sentence = forward_sentence(node, nodes, formula)
            yield Step("forward", node.index, node.name, formula, node.data, (), sentence)


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
                part_sentence(part, upstream) + total_sentence(part, len(set(uses[parent])))
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
