"""The gradient check: compare each derivative from backpropagation with values of the function.

An absolute tolerance would pass a gradient that is small and completely wrong. So the difference is
compared with the gradient itself, and with how well the values determine it. If they do not
determine it well enough, the verdict is "unsure". `sampling` takes the values, `extrapolation` and
`evidence` turn them into slopes, `verdict` decides, and `culprit` looks for the cause of a failure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..arguments import function, positive, whole
from ..engine.number import plain
from .culprit import Finding, doubts_at_corner, search
from .evidence import Evidence, doubt, gather
from .point import Point
from .pull_back import pull_back
from .recorded import Recorded, Way
from .report import Report as Report
from .report import Row
from .sampling import EPSILON
from .signatures import Scalar, Tree
from .verdict import Judgement, judge

_SMALL = 1e-290  # smaller numbers lose digits to underflow


def check_gradient(
    f: Callable[..., Scalar],
    at: Tree,
    *,
    rtol: float = 1e-8,
    sample: int = 50,
    seed: int = 0,
    names: Sequence[str] = (),
) -> Report:
    """A report that compares the gradient from backpropagation with a numeric one, by input.

    Args:
        f: a function with one argument for each entry of ``at``; or a loss without arguments that
            reads the parameters in ``at``.
        at: one number, or a sequence of numbers or lists of them; or the parameters of a model. The
            data of parameters are changed during the check, and restored.
        rtol: the relative difference that is always allowed.
        sample: if there are more inputs than this, only a random sample of this size is checked.
            The report says so.
        seed: the seed of that sample.
        names: names for the inputs; by default their labels, or the names of ``f``'s arguments.

    ``f`` is evaluated about sixty times for each input. The steps go from the size of the input
    down to the spacing of floats, so that no feature of ``f`` is too narrow or too wide to be seen;
    a second sequence of steps confirms the result. If ``f`` works on complex numbers, the complex
    step must agree too.

    "pass" means that the gradient is right to at least three digits, and within "est. error". A
    slope fails only if the check finds what makes it wrong, which the report then names, or cannot
    clear every operation between the input and the result. At a kink, the slope on either side is
    right, and so is any slope in between if an operation has its corner there. Steps are left out
    if they leave the domain of ``f``, or if ``f`` raises a ValueError or an ArithmeticError there.
    At the end of the domain the slope is one-sided.

    Raises:
        DomainError: if ``f`` or its gradient has no finite value at the point itself.

    >>> print(check_gradient(lambda x, y: x * y, (3, -4)).rows[0].verdict)
    pass
    """
    function(f, "check_gradient")
    sample, rtol = whole(sample, "sample"), positive(rtol, "rtol")
    point = Point(f, at, names)
    recorded = Recorded(point.graph(), rtol=rtol)
    gradients = list(map(plain, pull_back(recorded.y, point.variables)))
    chosen, rounding = _sample_indices(len(gradients), sample, seed), recorded.rounding()
    checked = [_check(point, i, gradients[i], recorded, rounding=rounding) for i in chosen]
    accused = {text.partition(":")[0]: text for _, suspects in checked for text in suspects}
    return Report(tuple(row for row, _ in checked), len(gradients), tuple(accused.values()), seed)


def _sample_indices(count: int, sample: int, seed: int) -> Sequence[int]:
    """The indices of the inputs to check."""
    if count <= sample:
        return range(count)
    import random  # its import takes as long as that of the engine

    return sorted(random.Random(seed).sample(range(count), sample))


def _check(
    point: Point, i: int, a: float, recorded: Recorded, *, rounding: float
) -> tuple[Row, tuple[str, ...]]:
    """The row of one input, and the operations that are wrong, in words."""
    way, finding = Way(recorded, point.variables[i]), Finding()
    complex_slope = _complex_step(point, i, a)
    evidence = gather(point.along(i), point.numbers[i], rounding)
    judgement = _judge(a, evidence, way)
    if judgement.verdict == "fail":
        evidence = doubt(evidence)
        judgement = _judge(a, evidence, way)
    if judgement.verdict != "pass" and _cancels(a, evidence, way):
        judgement = Judgement("pass", "the slope is 0 up to rounding: its terms cancel")
    if judgement.verdict == "fail":
        confirmed = a != 0.0 and abs(complex_slope - a) <= max(1e-6, recorded.rtol) * abs(a)
        finding = search(way, a, evidence, confirmed=confirmed)
        notes = "; ".join(filter(None, (judgement.note, finding.reason)))
        judgement = Judgement("unsure" if finding.cleared else "fail", notes)
    if judgement.verdict == "pass" and _contradicts(complex_slope, a, evidence, way):
        but = f"{judgement.note}, but " if judgement.note else ""
        judgement = Judgement("unsure", f"{but}the complex step gives {complex_slope:.10g}")
    row = Row.of(point.names[i], a, evidence, judgement, complex_slope=complex_slope)
    return row, finding.suspects


def _judge(a: float, evidence: Evidence, way: Way) -> Judgement:
    rtol = way.recorded.rtol
    return judge(a, evidence, rtol=rtol, doubts=lambda: doubts_at_corner(way, evidence))


def _cancels(a: float, evidence: Evidence, way: Way) -> bool:
    """Are the slope and the numeric slope 0 up to rounding, compared with the terms of the slope?

    An example is a bias before a softmax, which ignores a number that is added to all inputs.
    """
    n = evidence.both
    if n is None or not abs(n.value) <= 3.0 * n.error or evidence.is_corner or evidence.is_jump:
        return False
    _, terms = way.forward()
    return 3.0 * n.error <= 1e-12 * terms and abs(a) <= 8.0 * EPSILON * terms


def _complex_step(point: Point, i: int, a: float) -> float:
    """The slope by the complex step; NaN if ``f`` has no complex version, or on underflow."""
    step = 1e-20 * (abs(point.numbers[i]) or 1e-20)
    if point.reads_parameters or step < _SMALL:
        return math.nan
    try:
        slope = point.complex_step(i, step)
    except Exception:  # code that was not written for complex numbers can raise anything
        return math.nan
    return slope if a == slope == 0.0 or step * max(abs(a), abs(slope)) > _SMALL else math.nan


def _contradicts(complex_slope: float, a: float, evidence: Evidence, way: Way) -> bool:
    """Does the complex step rule out the slope ``a``?

    At the corner of an operation it cannot: it knows one side, and the other is as right.
    """
    if evidence.both is None:
        return False
    rtol = max(1e-6, way.recorded.rtol)
    allowed = rtol * max(abs(a), abs(complex_slope)) + evidence.both.error
    if not abs(complex_slope - a) > allowed:
        return False
    return not evidence.is_corner or bool(doubts_at_corner(way, evidence))
