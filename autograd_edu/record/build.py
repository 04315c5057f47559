"""Build the record of a forward and a backward pass from a graph.

The backward pass does the same multiplications and additions in the same order as `Value.backward`,
but changes no gradient: looking at a graph must not change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..engine.ops import OPS
from ..engine.value import Value
from ..notation import operations
from ..notation.names import names
from ..wording import warn_of_changes
from .model import Node, NodeKind, Part, Record, Step
from .sentences import forward_sentence, operands, part_sentence, total_sentence


def build(order: list[Value]) -> Record:
    """The record of both passes over values in topological order.

    It warns if a number was changed after the graph was computed.
    """
    nodes = _nodes(order)
    warn_of_changes(order)
    return Record(tuple(nodes), (*_forward(nodes), *_backward(nodes, order)))


def _nodes(order: list[Value]) -> list[Node]:
    place = {id(value): i for i, value in enumerate(order)}
    nodes = []
    for i, (value, name) in enumerate(zip(order, names(order), strict=True)):
        kind: NodeKind = "result" if value.op else "constant" if value.is_constant else "input"
        op, parents = value.op.name if value.op else "", [place[id(p)] for p in value.parents]
        own = (value.data, tuple(parents), value.local_grads, value.scope)
        nodes.append(Node(i, name, kind, op, *own))
    return nodes


def _forward(nodes: list[Node]) -> Iterator[Step]:
    for node in nodes:
        if node.op:
            formula = operations.text(OPS[node.op], *operands(node, nodes))
            sentence = forward_sentence(node, nodes, formula)
            yield Step("forward", node.index, node.name, formula, node.data, (), sentence)


def _backward(nodes: list[Node], order: list[Value]) -> Iterator[Step]:
    """The seed, then the values in reverse order, each giving local × upstream to its parents."""
    root, ledger = nodes[-1], _Ledger(nodes, _uses(nodes, order))
    name = root.name
    yield Step("seed", root.index, name, "", 1.0, (), f"∂{name}/∂{name} = 1, the seed")
    for node, value in zip(reversed(nodes), reversed(order), strict=True):
        upstream = ledger.gradient[node.index]
        if upstream is None or value.op is None:
            continue
        parts = [ledger.give(*receiver, upstream) for receiver in _receivers(node, value, nodes)]
        says = "; ".join(part_sentence(part, upstream) + total_sentence(part) for part in parts)
        formula = operations.text(value.op, *operands(node, nodes))
        sentence = says or f"{node.name} has no parent that needs a gradient"
        yield Step("backward", node.index, node.name, formula, upstream, tuple(parts), sentence)


class _Ledger:
    """The gradient of each node so far, and the contributions that it consists of."""

    def __init__(self, nodes: Sequence[Node], uses: Sequence[Sequence[int]]) -> None:
        self.nodes, self.uses = nodes, uses
        self.given: list[list[float]] = [[] for _ in nodes]
        self.gradient: list[float | None] = [None] * len(nodes)
        self.gradient[-1] = 1.0

    def give(self, parent: int, local: float, upstream: float) -> Part:
        """Add local × upstream to the gradient of the parent."""
        before, contribution = self.gradient[parent], local * upstream
        after = contribution if before is None else before + contribution
        self.gradient[parent] = after
        self.given[parent].append(contribution)
        is_last = 1 < len(self.given[parent]) == len(self.uses[parent])
        terms = tuple(self.given[parent]) if is_last else ()
        name = self.nodes[parent].name
        return Part(parent, name, local, contribution, before or 0.0, after, terms)


def _receivers(node: Node, value: Value, nodes: list[Node]) -> Iterator[tuple[int, float]]:
    """The parents that get a gradient from ``node``, with their local gradients.

    Constants get none, nor do operands that were not selected.
    """
    selects = value.op is not None and value.op.selects
    for parent, local in zip(node.parents, node.local_grads, strict=True):
        if nodes[parent].kind != "constant" and not (selects and local == 0.0):
            yield parent, local


def _uses(nodes: list[Node], order: list[Value]) -> list[list[int]]:
    """For each node, the nodes that contribute to its gradient; a·a is listed twice for a."""
    uses: list[list[int]] = [[] for _ in nodes]
    for node, value in zip(reversed(nodes), reversed(order), strict=True):
        if uses[node.index] or node is nodes[-1]:
            for parent, _ in _receivers(node, value, nodes):
                uses[parent].append(node.index)
    return uses
