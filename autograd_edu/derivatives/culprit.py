"""What makes a gradient wrong: a number hidden from the graph, an operation, or the backward pass.

No slope fails on the word of its numeric derivative alone. If the function is what its graph says, each operation on
the way passes its own check, and the local gradients multiply and add to the slope, then the slope is right, and the
values of the function are too rough to show it.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

from ..engine.value import Value
from ..notation import operations
from ..notation.text import printable
from .evidence import Evidence
from .extrapolation import Estimate
from .recorded import MOST, Recorded

FAR = 1e3  # steps that are wider than this, in sizes of the point, may pass over all that happens there


class Finding(NamedTuple):
    """Why a slope is wrong, the operations with wrong local gradients, and whether all is right."""

    reason: str = ""
    suspects: tuple[str, ...] = ()
    cleared: bool = False


def search(recorded: Recorded, leaf: Value, a: float, evidence: Evidence) -> Finding:
    """Look for what makes the slope ``a`` of ``leaf`` wrong."""
    suspects, cleared = _wrong_rules(recorded, leaf)
    if suspects:
        return Finding("", suspects)
    if hidden := _hidden(recorded, leaf, a, evidence):
        return Finding(hidden)
    forward, terms = recorded.forward(leaf)
    if abs(forward - a) > 1e-12 * terms:
        return Finding(f"the local gradients multiply and add to {forward:.10g}: backward is wrong")
    if cleared:
        return Finding(
            "the function's values say otherwise, but they are what the graph says, and each "
            "operation passes its own check: they are too rough to tell",
            cleared=True,
        )
    n = evidence.nearest(a)
    if n is not None and n.step > FAR * max(abs(evidence.samples.x), 1.0):
        return Finding(
            "no operation could be shown to be wrong, and only steps far wider than the point "
            "itself show a slope at all: they are too wide to tell",
            cleared=True,
        )
    return Finding("no single operation could be shown to be wrong")


def _wrong_rules(recorded: Recorded, leaf: Value) -> tuple[tuple[str, ...], bool]:
    """The operations on the way whose own check fails, and whether all of them pass theirs."""
    found: dict[str, str] = {}
    edges = list(itertools.islice(recorded.edges(leaf), MOST + 1))
    passed = len(edges) <= MOST
    for value, k in edges:
        verdict = recorded.judgement(value, k).verdict
        passed = passed and verdict == "pass"
        if verdict == "fail" and value.op is not None:
            found.setdefault(value.op.name, _accusation(recorded, value, k))
    return tuple(found.values()), passed


def _accusation(recorded: Recorded, value: Value, k: int) -> str:
    op, slope = value.op, recorded.evidence(value, k).slope
    assert op is not None, "only an operation has local gradients"
    shown = operations.text(op, *[printable(p.label) or p.data for p in value.parents])
    numeric = "not settled" if slope is None else f"{slope.value:.10g}"
    local = value.local_grads[k]
    return f"{op.name}: {shown} has the local gradient {local:.10g}, numerically {numeric}"


def doubts_at_corner(recorded: Recorded, leaf: Value, evidence: Evidence) -> str:
    """Why a slope between those of a corner is not to be trusted; "" if an operation explains it.

    The backward pass knows the graph alone: the function must have the graph's slopes on both sides.
    """
    if not recorded.has_corner(leaf):
        return "no operation has a corner here"
    for side in (evidence.left, evidence.right):
        assert side is not None, "a corner has two sides"
        room = 1e-3 * abs(side.value) + 3.0 * side.error
        if difference := _first_difference(recorded, leaf, evidence, side, room):
            return difference
    return ""


def _hidden(recorded: Recorded, leaf: Value, a: float, evidence: Evidence) -> str:
    """What shows that the function is not its graph: a difference that explains half of the wrong slope."""
    n = evidence.nearest(a)
    return (
        "" if n is None else _first_difference(recorded, leaf, evidence, n, 0.5 * abs(a - n.value))
    )


def _first_difference(
    recorded: Recorded, leaf: Value, evidence: Evidence, n: Estimate, explained: float
) -> str:
    """Where, within the steps of ``n``, the function and its graph differ by more than ``explained`` per step."""
    graph, samples = recorded.section(leaf), evidence.samples
    for h in samples.steps():
        if n.step <= h <= n.widest:
            for t, values in ((h, samples.above), (-h, samples.below)):
                if h in values and not abs(values[h] - graph(t)) <= explained * h:
                    return _difference(samples.x + t, values[h], graph(t))
    return ""


def _difference(x: float, value: float, recorded: float) -> str:
    return (
        f"the function is not what its graph says: at {x:.6g} it gives {value:.10g}, its graph "
        f"{recorded:.10g}; a number was taken out with .data or detach, or another branch is taken there"
    )
