"""The verdict on one slope: pass, fail, or unsure if the evidence disagrees or is too weak."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from .evidence import Evidence
from .extrapolation import Estimate

Verdict = Literal["pass", "fail", "unsure"]

LEVEL = 2e-13  # times the slopes nearby: a numeric slope this close to 0 is 0 (x³ at 0)
SURE = 5e-4  # largest relative error of the numeric slope; an error of 0.001 never passes


class Judgement(NamedTuple):
    """A verdict, and the reason if it is not obvious."""

    verdict: Verdict
    note: str = ""


def judge(
    a: float, evidence: Evidence, *, rtol: float, doubts: Callable[[], str] = str
) -> Judgement:
    """The verdict on the slope ``a``.

    A difference of rtol·max(|a|, |n|) + e is allowed, where n is the numeric slope and e its error
    bound. If the difference is larger than ten times the first term plus three times the second,
    the slope fails. In between, the verdict is unsure; so it is if e is too large to notice an
    error of a thousandth. At a corner, ``doubts`` says why a slope between those on the two sides
    cannot be trusted.
    """
    n = evidence.slope
    if not math.isfinite(a):
        return Judgement("fail", f"the gradient is {a!r}")
    if evidence.is_jump:
        return Judgement("unsure", "the function jumps at the point, so it has no slope there")
    if n is None:
        return Judgement("unsure", evidence.why_none())
    if evidence.left and evidence.right and evidence.is_corner:
        return at_corner(a, evidence.left, evidence.right, rtol=rtol, doubts=doubts)
    n = n.beside(evidence.other)
    verdict = compare(a, n, rtol=rtol)
    level = LEVEL * evidence.steepest(n.step)
    if verdict == "unsure" and a == 0.0 and abs(n.value) <= n.error <= level:
        verdict = "pass"
    if verdict == "unsure":
        return Judgement(verdict, f"the numeric slope is {n}, which is not accurate enough to tell")
    one_side = f"f is undefined on one side; this is the slope on {evidence.side}"
    return Judgement(verdict, "" if evidence.both else one_side)


def compare(a: float, n: Estimate, *, rtol: float) -> Verdict:
    """The verdict on ``a`` next to one numeric slope; see `judge`."""
    scale = max(abs(a), abs(n.value))
    difference, allowed = abs(a - n.value), rtol * scale
    if difference > 10.0 * allowed + 3.0 * n.error:
        return "fail"
    known = n.error <= max(SURE, rtol) * scale or a == 0.0 == n.value
    return "pass" if known and difference <= allowed + n.error else "unsure"


def at_corner(
    a: float, left: Estimate, right: Estimate, *, rtol: float, doubts: Callable[[], str]
) -> Judgement:
    """The verdict on ``a`` at a corner, where the slope on either side is right.

    A slope in between is right if an operation has its corner there. If none has, the function may
    be smooth after all, with a bend too narrow for the values to show.
    """
    sides = f"{left.value:.6g} on the left, {right.value:.6g} on the right"
    note = f"kink: the slope is {sides}; {a:.6g} is "
    verdicts = [compare(a, side, rtol=rtol) for side in (left, right)]
    if "pass" in verdicts:
        return Judgement("pass", note + "one of them")
    if "unsure" in verdicts:
        return Judgement("unsure", note + "too close to one of them to tell")
    if not min(left.value, right.value) < a < max(left.value, right.value):
        return Judgement("fail", note + "not between")
    if doubt := doubts():
        return Judgement("unsure", note + f"between, but {doubt}")
    return Judgement("pass", note + "between")
