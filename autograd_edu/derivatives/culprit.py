"""Find what makes a gradient wrong: a number taken out of the graph, a rule, or the backward pass.

A slope never fails because of its numeric derivative alone. It is right if the graph computes what
the function computes, each operation passes its own check, and the chain rule gives the slope. Then
the values of the function are too rough to show the slope.
"""

from __future__ import annotations

from typing import NamedTuple

from ..notation import operations
from ..notation.text import printable
from .evidence import Evidence
from .extrapolation import Estimate
from .recorded import Edge, Way

FAR = 1e3  # times the size of the point: wider steps may miss everything that the function does
_NOTHING_FOUND = "no single operation could be shown to be wrong"
_TOO_WIDE = (
    ", and only steps far larger than the input itself show a slope: they are too large to tell"
)
_CONFIRMED = ", and the complex step gives the same gradient"
_TOO_ROUGH = (
    "the function's values do not agree, but they are those of the graph, and each operation "
    "passes its own check: the values are too rough to tell"
)


class Finding(NamedTuple):
    """Why a slope is wrong, which operations have wrong local gradients, or that all is right."""

    reason: str = ""
    suspects: tuple[str, ...] = ()
    cleared: bool = False


def search(way: Way, a: float, evidence: Evidence, *, confirmed: bool) -> Finding:
    """What makes the slope ``a`` of the leaf at the start of ``way`` wrong.

    If the complex step has ``confirmed`` the slope, it is wrong only if a reason is found.
    """
    edges, complete = way.edges()
    verdicts = [edge.judgement().verdict for edge in edges]
    failed = [edge for edge, v in zip(edges, verdicts, strict=True) if v == "fail"]
    if failed:
        first = {edge.op: edge for edge in reversed(failed)}  # one edge per operation
        return Finding("", tuple(map(_accusation, reversed(first.values()))))
    n = evidence.nearest(a)
    if n is not None and (hidden := _difference(way, evidence, n, 0.5 * abs(a - n.value))):
        return Finding(hidden)
    forward, terms = way.forward()
    if abs(forward - a) > 1e-12 * terms:
        return Finding(
            f"the chain rule over the local gradients gives {forward:.10g}: backward is wrong"
        )
    if complete and set(verdicts) <= {"pass"}:
        return Finding(_TOO_ROUGH, cleared=True)
    if n is not None and n.step > FAR * max(abs(evidence.samples.x), 1.0):
        return Finding(f"{_NOTHING_FOUND}{_TOO_WIDE}", cleared=True)
    return Finding(
        f"{_NOTHING_FOUND}{_CONFIRMED}" if confirmed else _NOTHING_FOUND, cleared=confirmed
    )


def doubts_at_corner(way: Way, evidence: Evidence) -> str:
    """Why a slope between those on the sides of a corner cannot be trusted; "" if it can.

    It can if an operation has a corner, and function and graph agree on both sides of it: the
    backward pass knows only the graph.
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
    local = f"{edge.local:.10g}, but numerically {numeric}"
    return f"{edge.op.name}: {shown} has the local gradient {local}"


def _difference(way: Way, evidence: Evidence, n: Estimate, explained: float) -> str:
    """Where function and graph differ by more than ``explained`` times the step, in words.

    Only the steps that ``n`` comes from are compared.
    """
    samples = evidence.samples
    for h in samples.steps():
        if n.step <= h <= n.widest:
            for t, values in ((h, samples.above), (-h, samples.below)):
                if h in values and not abs(values[h] - way.graph(t)) <= explained * h:
                    return (
                        f"at {samples.x + t:.6g} the function is {values[h]:.10g}, but its graph "
                        f"gives {way.graph(t):.10g}: "
                        "a number was taken out with .data or detach, or "
                        "the function takes another branch there"
                    )
    return ""
