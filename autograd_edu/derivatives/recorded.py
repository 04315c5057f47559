"""The recorded graph as a witness: what of it, if anything, makes a gradient wrong.

A gradient can be wrong for three reasons: the function is not what its graph says (a number was taken out with
`.data`), an operation has a wrong local gradient, or the chain rule was not followed. Each is looked for by itself:
the graph is evaluated beside the point and held against the function; each operation on the way is checked alone; the
local gradients are multiplied and added in the other direction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..engine.op import Op, evaluate
from ..engine.value import Value, topological_order
from ..errors import DomainError
from .evidence import Evidence, gather
from .sampling import EPSILON, Section
from .verdict import Judgement, judge

MOST = 500  # operands whose local gradient is checked for one input


class Recorded:
    """The graph of a function at a point."""

    def __init__(self, y: Any, relative: float = 1e-8) -> None:
        self.y, self.relative = y, relative
        self.order = topological_order(y) if isinstance(y, Value) else []
        self._judged: dict[Any, Judgement] = {}
        self._gathered: dict[Any, Evidence] = {}

    def rounding(self) -> float:
        """What the rounding of each operation does to the function's value, if the gradients are right."""
        adjoints, shares = {id(self.y): 1.0}, [0.0]
        for value in reversed(self.order):
            adjoint = adjoints.get(id(value), 0.0)
            if value.op is None or not adjoint:
                continue
            shares.append(adjoint * value.data)
            for parent, slope in zip(value.parents, value.local_grads, strict=True):
                if slope:
                    adjoints[id(parent)] = adjoints.get(id(parent), 0.0) + adjoint * slope
        total = EPSILON * math.hypot(*shares)
        return 0.0 if math.isnan(total) else total

    def way_from(self, leaf: Value) -> list[Value]:
        """The values that depend on ``leaf`` by operations that pass gradients on, parents first."""
        reached, way = {id(leaf)}, []
        for value in self.order:
            stops = value.op is not None and value.op.stops
            if not stops and any(id(parent) in reached for parent in value.parents):
                reached.add(id(value))
                way.append(value)
        return way

    def section(self, leaf: Value) -> Section:
        """t ↦ the graph evaluated with ``leaf`` displaced by t; NaN where it has no value."""
        way = self.way_from(leaf)

        def section(t: float) -> float:
            data = {id(leaf): leaf.data + t}
            try:
                for value in way:
                    operands = [data.get(id(p), p.data) for p in value.parents]
                    data[id(value)] = evaluate(_op(value), operands)
            except DomainError:
                return math.nan
            return data.get(id(self.y), self.y.data if isinstance(self.y, Value) else math.nan)

        return section

    def forward(self, leaf: Value) -> tuple[float, float]:
        """∂y/∂leaf, multiplied and added in the direction of the forward pass, and the sum of its terms' sizes.

        Where terms cancel, the second is far larger than the first, and bounds what rounding does to it.
        """
        tangents, sizes = {id(leaf): 1.0}, {id(leaf): 1.0}
        for value in self.way_from(leaf):
            edges = zip(value.parents, value.local_grads, strict=True)
            kept = [(slope, id(p)) for p, slope in edges if id(p) in tangents and slope]
            tangents[id(value)] = math.fsum(slope * tangents[p] for slope, p in kept)
            sizes[id(value)] = math.fsum(abs(slope) * sizes[p] for slope, p in kept)
        return tangents.get(id(self.y), 0.0), sizes.get(id(self.y), 0.0)

    def edges(self, leaf: Value) -> Iterator[tuple[Value, int]]:
        """Each operand on the way from ``leaf``, as the value it is an operand of and its place."""
        reached = {id(leaf)}
        for value in self.way_from(leaf):
            yield from ((value, k) for k, p in enumerate(value.parents) if id(p) in reached)
            reached.add(id(value))

    def evidence(self, value: Value, k: int) -> Evidence:
        """What the values of one operation say about its slope along operand ``k``."""
        xs = [parent.data for parent in value.parents]
        key = (value.op, *xs, k)
        if key not in self._gathered:
            self._gathered[key] = gather(_operation(_op(value), xs, k), xs[k])
        return self._gathered[key]

    def judgement(self, value: Value, k: int) -> Judgement:
        """The verdict on one local gradient alone."""
        return judge(value.local_grads[k], self.evidence(value, k), self.relative)

    def has_corner(self, leaf: Value) -> bool:
        """Whether some operation on the way has a corner where it is evaluated."""
        edges = list(self.edges(leaf))[:MOST]
        return any(self.evidence(value, k).is_corner for value, k in edges)


def _op(value: Value) -> Op:
    assert value.op is not None, "only the result of an operation depends on a leaf"
    return value.op


def _operation(op: Op, xs: list[float], k: int) -> Section:
    return lambda t: evaluate(op, [x + t if j == k else x for j, x in enumerate(xs)])
