"""What makes a gradient wrong: a number hidden from the graph, an operation, or the backward pass.

No slope fails because of its numeric derivative alone. If the function is what its graph says, each
operation on the way passes its own check, and the local gradients multiply and add to the slope,
then the slope is right, and the values of the function are too rough to show it.
"""

from __future__ import annotations

from typing import NamedTuple

from ..notation import operations
from ..notation.text import printable
from .evidence import Evidence
from .extrapolation import Estimate
from .recorded import Edge, Way

FAR = 1e3  # steps wider than this, in sizes of the point, may pass over everything that happens


class Finding(NamedTuple):
    """Why a slope is wrong, the operations with wrong local gradients, and whether all is right."""

    reason: str = ""
    suspects: tuple[str, ...] = ()
    cleared: bool = False


def search(way: Way, a: float, evidence: Evidence) -> Finding:
    """Look for what makes the slope ``a`` at the start of the ``way`` wrong."""
    edges, complete = way.edges()
    verdicts = [edge.judgement().verdict for edge in edges]
    failed = [edge for edge, v in zip(edges, verdicts, strict=True) if v == "fail"]
    if failed:
        first = {edge.op: edge for edge in reversed(failed)}  # of each operation
        return Finding("", tuple(map(_accusation, reversed(first.values()))))
    n = evidence.nearest(a)
    if n is not None and (hidden := _difference(way, evidence, n, 0.5 * abs(a - n.value))):
        return Finding(hidden)
    forward, terms = way.forward()
    if abs(forward - a) > 1e-12 * terms:
        return Finding(f"the local gradients multiply and add to {forward:.10g}: backward is wrong")
    if complete and set(verdicts) <= {"pass"}:
        return Finding(
            "the function's values say otherwise, but they are what the graph says, and each "
            "operation passes its own check: they are too rough to tell",
            cleared=True,
        )
    nothing = "no single operation could be shown to be wrong"
    if n is not None and n.step > FAR * max(abs(evidence.samples.x), 1.0):
        return Finding(
            f"{nothing}, and only steps far wider than the point itself show a slope at all: they "
            "are too wide to tell",
            cleared=True,
        )
    return Finding(nothing)


def doubts_at_corner(way: Way, evidence: Evidence) -> str:
    """Why a slope between those on the sides of a corner cannot be trusted; "" if it can.

    An operation must have a corner, and the function the slopes of its graph on both sides: the
    backward pass knows the graph alone.
    """
    if not any(edge.evidence.is_corner for edge in way.edges()[0]):
        return "no operation has a corner here"
    sides = (side for side in (evidence.left, evidence.right) if side is not None)
    found = (_difference(way, evidence, n, 1e-3 * abs(n.value) + 3.0 * n.error) for n in sides)
    return next(filter(None, found), "")


def _accusation(edge: Edge) -> str:
    slope, parents = edge.evidence.slope, edge.value.parents
    shown = operations.text(edge.op, *[printable(p.label) or p.data for p in parents])
    numeric = "not settled" if slope is None else f"{slope.value:.10g}"
    return (
        f"{edge.op.name}: {shown} has the local gradient {edge.local:.10g}, numerically {numeric}"
    )


def _difference(way: Way, evidence: Evidence, n: Estimate, explained: float) -> str:
    """Where, at the steps of ``n``, function and graph differ by over ``explained`` per step."""
    samples = evidence.samples
    for h in samples.steps():
        if n.step <= h <= n.widest:
            for t, values in ((h, samples.above), (-h, samples.below)):
                if h in values and not abs(values[h] - way.graph(t)) <= explained * h:
                    return (
                        f"the function is not what its graph says: at {samples.x + t:.6g} it gives "
                        f"{values[h]:.10g}, its graph {way.graph(t):.10g}; a number was taken out "
                        "with .data or detach, or another branch is taken there"
                    )
    return ""
