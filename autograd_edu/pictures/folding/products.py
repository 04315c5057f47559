"""Sums of products in a graph, as a neuron makes them: w1*x1 + w2*x2 + b, or one `dot`.

Each becomes one box with a row for each product. A weight that only such products use stands in
their rows alone: it needs no box and no wire.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ...arithmetic.rows import products
from ..scene.scene import Graph


@dataclass(frozen=True)
class Product:
    """A sum of products.

    Attributes:
        terms: (weight, input) for each product, and (value, -1) for any other term.
        members: all values that make it up, the result last.
        activated: the last member is a function of the sum, which is the member before it.
    """

    terms: tuple[tuple[int, int], ...]
    members: tuple[int, ...]
    activated: bool = False


def sums_of_products(graph: Graph, among: Collection[int]) -> dict[int, Product]:
    """The sums of products among the values ``among``, each by the number of its result.

    No value belongs to two of them.
    """
    found: dict[int, Product] = {}
    taken: set[int] = set()
    for i in reversed(range(len(graph))):
        op = graph.order[i].op
        if op is None or i in taken or i not in among:
            continue
        product = _products_of(graph, i) if op.groups is products else None
        if is_sum(graph, i):
            members, product = _sum(graph, i, among)
            taken.update(members)
        if product is not None:
            product = _with_activation(graph, product, among)
            found[product.members[-1]] = product
            taken.update(product.members)
    return found


def is_sum(graph: Graph, i: int) -> bool:
    """Whether value ``i`` adds up its operands."""
    op = graph.order[i].op
    return op is not None and op.adds


def absorbed(graph: Graph, products: dict[int, Product]) -> set[int]:
    """The leaves that stand only in rows: weights, biases and plain numbers that only sums use."""
    rows: dict[int, int] = {}
    for product in products.values():
        for weight, given in product.terms:
            rows[weight] = rows.get(weight, 0) + 1
            if given >= 0 and graph.order[given].is_constant:
                rows[given] = rows.get(given, 0) + 1
    return {
        i
        for i, count in rows.items()
        if graph.order[i].op is None and count == len(graph.consumers[i])
    }


def _with_activation(graph: Graph, product: Product, among: Collection[int]) -> Product:
    """The sum together with the activation of its neuron.

    That is the only value that uses the sum, in the same scope, where the sum has no label.
    """
    i = product.members[-1]
    value, users = graph.order[i], graph.consumers[i]
    if len(users) != 1 or users[0] not in among or not value.scope or value.label:
        return product
    user = users[0]
    if graph.parents[user] != (i,) or graph.order[user].scope != value.scope:
        return product
    return Product(product.terms, (*product.members, user), activated=True)


def _products_of(graph: Graph, i: int) -> Product:
    """The terms of a value whose row takes weights, inputs, and perhaps a bias."""
    weights, inputs, bias = products(graph.parents[i])
    terms = [_weight_first(graph, a, b) for a, b in zip(weights, inputs, strict=True)]
    return Product((*terms, *((b, -1) for b in bias)), (i,))


def addends(graph: Graph, i: int, among: Collection[int]) -> tuple[list[int], list[int]]:
    """The tree of additions that ends in ``i``: its members, and the values that it adds up.

    Nothing outside the tree uses an inner member.
    """
    members, terms, stack = [], [], [i]
    while stack:
        k = stack.pop()
        if k == i or (is_sum(graph, k) and _inner(graph, k, among)):
            members.append(k)
            stack.extend(reversed(graph.parents[k]))
        else:
            terms.append(k)
    return members, terms


def _inner(graph: Graph, i: int, among: Collection[int]) -> bool:
    return i in among and len(graph.consumers[i]) == 1


def _sum(graph: Graph, i: int, among: Collection[int]) -> tuple[list[int], Product | None]:
    """The additions that end in ``i``, and the sum of products that they make, if any."""
    members, given = addends(graph, i, among)
    inside = {k for k in given if _is_product(graph, k) and _inner(graph, k, among)}
    if not inside or len(given) == 1:
        return members, None
    terms = [_weight_first(graph, *graph.parents[k]) if k in inside else (k, -1) for k in given]
    return members, Product(tuple(terms), tuple(sorted({*members, *inside})))


def _is_product(graph: Graph, i: int) -> bool:
    op = graph.order[i].op
    return op is not None and op.multiplies


def _weight_first(graph: Graph, a: int, b: int) -> tuple[int, int]:
    """The two factors with the weight first: a variable rather than a result or a plain number.

    If both could be the weight, it is the one whose name begins with w or θ, or else the first.
    """

    def rank(i: int) -> tuple[bool, bool, bool]:
        value = graph.order[i]
        return (
            value.is_constant,
            value.op is not None,
            not value.label.lower().startswith(("w", "θ", "theta")),
        )

    return (b, a) if rank(b) < rank(a) else (a, b)
