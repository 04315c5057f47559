"""The recorded graph as a witness: does it compute the function, and are its gradients right?

A gradient can be wrong for three reasons: the graph does not compute the function (a number was
taken out with `.data`), an operation has a wrong local gradient, or the chain rule was applied
wrongly. Each can be checked on its own: compare the graph with the function near the point, check
every operation alone, and apply the chain rule in the forward direction.
"""

from __future__ import annotations

import itertools
import math

from ..arithmetic.evaluation import evaluate
from ..engine.number import plain
from ..engine.op import Op
from ..engine.value import Value, topological_order
from ..errors import DomainError
from .evidence import Evidence, gather
from .sampling import EPSILON
from .signatures import Scalar
from .verdict import Judgement, judge

MOST = 500  # local gradients that are checked for one input


class Recorded:
    """The graph of a function at a point."""

    def __init__(self, y: Scalar, *, rtol: float = 1e-8) -> None:
        self.y, self.rtol = y, rtol
        self.order = topological_order(y) if isinstance(y, Value) else []
        self._evidence: dict[tuple[Op, int, tuple[float, ...]], Evidence] = {}

    def rounding(self) -> float:
        """How far rounding in all operations moves the value, if the gradients are right."""
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

    def evidence(self, op: Op, operands: tuple[float, ...], k: int) -> Evidence:
        """The evidence about the slope of one operation along operand ``k``."""

        def section(t: float) -> float:
            return evaluate(op, [x + t if j == k else x for j, x in enumerate(operands)])

        if (op, k, operands) not in self._evidence:
            self._evidence[op, k, operands] = gather(section, operands[k])
        return self._evidence[op, k, operands]


class Edge:
    """Operand ``k`` of an operation between an input and the result."""

    def __init__(self, recorded: Recorded, value: Value, k: int) -> None:
        assert value.op is not None, "only an operation has operands"
        self.value, self.op, self.local = value, value.op, value.local_grads[k]
        operands = tuple(parent.data for parent in value.parents)
        self.evidence, self.rtol = recorded.evidence(value.op, operands, k), recorded.rtol

    def judgement(self) -> Judgement:
        """The verdict on this local gradient alone."""
        return judge(self.local, self.evidence, rtol=self.rtol)


class Way:
    """The values between ``leaf`` and the result, parents before children.

    Operations that stop gradients, and what depends on the leaf only through them, are left out.
    """

    def __init__(self, recorded: Recorded, leaf: Value) -> None:
        self.recorded, self.leaf, self.y = recorded, leaf, recorded.y
        self.values: list[tuple[Value, Op, list[int]]] = []  # and which operands depend on the leaf
        reached = {id(leaf)}
        for value in recorded.order:
            own = [k for k, parent in enumerate(value.parents) if id(parent) in reached]
            if own and value.op is not None and not value.op.stops:
                reached.add(id(value))
                self.values.append((value, value.op, own))

    def graph(self, t: float) -> float:
        """The result of the graph with the leaf moved by ``t``; NaN where it has no value."""
        data = {id(self.leaf): self.leaf.data + t}
        try:
            for value, op, _ in self.values:
                data[id(value)] = evaluate(op, [data.get(id(p), p.data) for p in value.parents])
        except DomainError:
            return math.nan
        return data.get(id(self.y), plain(self.y))

    def forward(self) -> tuple[float, float]:
        """∂y/∂leaf by the chain rule in the forward direction, and the sum of its terms' sizes.

        If terms cancel, the second is far larger than the first. It bounds the rounding error.
        """
        tangents, sizes = {id(self.leaf): 1.0}, {id(self.leaf): 1.0}
        for value, _, own in self.values:
            kept = [
                (value.local_grads[k], id(value.parents[k])) for k in own if value.local_grads[k]
            ]
            tangents[id(value)] = math.fsum(slope * tangents[p] for slope, p in kept)
            sizes[id(value)] = math.fsum(abs(slope) * sizes[p] for slope, p in kept)
        return tangents.get(id(self.y), 0.0), sizes.get(id(self.y), 0.0)

    def edges(self) -> tuple[list[Edge], bool]:
        """At most ``MOST`` operands on the way, and whether these are all."""
        places = ((value, k) for value, _, own in self.values for k in own)
        some = list(itertools.islice(places, MOST + 1))
        return [Edge(self.recorded, *place) for place in some[:MOST]], len(some) <= MOST
