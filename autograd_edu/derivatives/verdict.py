"""The verdict on one slope: pass, fail, or unsure where the evidence disagrees or is too weak to tell."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from .evidence import Evidence
from .extrapolation import Estimate

Verdict = Literal["pass", "fail", "unsure"]

LEVEL = 1e-14  # of the slopes around: a slope of 0 that is known this well is 0 (x³ at 0)
SURE = 5e-4  # a slope passes only if the numeric one is known this well: no error of a thousandth ever passes


class Judgement(NamedTuple):
    """A verdict, and why, where it does not speak for itself."""

    verdict: Verdict
    note: str = ""


def judge(
    a: float,
    evidence: Evidence,
    relative: float,
    doubts: Callable[[], str] = lambda: "",
) -> Judgement:
    """The verdict on the slope ``a``.

    Allowed is a difference of relative·max(|a|, |n|) + e, where n is the numeric slope and e the
    bound of its error. Beyond ten times the first and three times the second the slope fails.
    Between, and where e is too large to tell a right slope from one that is off by a thousandth,
    the verdict is unsure. ``doubts`` says why a slope between those of a corner is not to be trusted.
    """
    n = evidence.slope
    if not math.isfinite(a):
        return Judgement("fail", f"the gradient is {a!r}")
    if evidence.is_jump:
        return Judgement("unsure", "the function jumps at the point, where it has no slope")
    if n is None:
        return Judgement("unsure", evidence.why_none())
    if evidence.is_corner:
        return at_corner(a, evidence, relative, doubts)
    n = n.beside(evidence.other)
    verdict = compare(a, n, relative)
    if verdict == "unsure" and a == 0.0 and abs(n.value) <= n.error <= LEVEL * evidence.steepest():
        verdict = "pass"
    if verdict == "unsure":
        return Judgement(verdict, f"the numeric slope is {n}, which is too little to tell")
    alone = (
        "" if evidence.both else f"f is undefined on one side; this is the slope on {evidence.side}"
    )
    return Judgement(verdict, alone)


def compare(a: float, n: Estimate, relative: float) -> Verdict:
    """Pass if the difference is allowed and the error small; fail if the difference is far beyond."""
    scale = max(abs(a), abs(n.value))
    difference, allowed = abs(a - n.value), relative * scale
    if difference > 10.0 * allowed + 3.0 * n.error:
        return "fail"
    known = n.error <= max(SURE, relative) * scale or a == 0.0 == n.value
    return "pass" if known and difference <= allowed + n.error else "unsure"


def at_corner(
    a: float, evidence: Evidence, relative: float, doubts: Callable[[], str]
) -> Judgement:
    """Right is the slope of either side and, at the corner of an operation, any between them.

    Where no operation has a corner, a bend too narrow for the values to show may look like one.
    """
    left, right = evidence.left, evidence.right
    assert left is not None and right is not None, "a corner has two sides"  # noqa: PT018 - one fact
    sides = f"{left.value:.6g} on the left, {right.value:.6g} on the right"
    note = f"kink: the slope is {sides}; {a:.6g} is "
    verdicts = [compare(a, side, relative) for side in (left, right)]
    if "pass" in verdicts:
        return Judgement("pass", note + "one of them")
    if "unsure" in verdicts:
        return Judgement("unsure", note + "too close to one of them to tell")
    if not min(left.value, right.value) < a < max(left.value, right.value):
        return Judgement("fail", note + "not between")
    if doubt := doubts():
        return Judgement("unsure", note + f"between, but {doubt}")
    return Judgement("pass", note + "between")
