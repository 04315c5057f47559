"""The gradient check: every derivative from backpropagation, compared with values of the function.

An absolute tolerance could certify a gradient that is small and completely wrong. So the difference
is measured against the gradient itself and against what the values can resolve; if that is too
little to tell, the verdict is "unsure". `sampling` takes the values, `extrapolation` and `evidence`
say what they tell, `verdict` decides, `culprit` looks for what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..arguments import positive, whole
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

_SMALL = 1e-290  # numbers below lose digits to underflow


def check_gradient(
    f: Callable[..., Scalar],
    at: Tree,
    *,
    rtol: float = 1e-8,
    sample: int = 50,
    seed: int = 0,
    names: Sequence[str] = (),
) -> Report:
    """A report that compares the gradient from backpropagation with the numeric one, by input.

    Args:
        f: a function of as many arguments as ``at`` has entries; or a loss that takes none and
            reads ``at``.
        at: numbers, or lists of them (for a single number, the number); or the parameters of a
            model, which are Values whose data are moved and put back.
        rtol: the relative difference that is always allowed.
        sample: if there are more inputs than this, only a random sample of this size is checked,
            drawn with ``seed``. The report says so.
        names: names for the inputs; by default their labels, or the names of ``f``'s arguments.

    ``f`` is evaluated some sixty times for each input, at steps from the size of the input down to
    the spacing of floats, so that a feature of any width shows, and at a second sequence of steps.
    If ``f`` works on complex numbers, the complex step must agree. A slope fails only if something
    is found that makes it wrong, or if not every operation on the way to it could be cleared; see
    `culprit`. A pass means that the gradient is right to at least three digits, and to what
    "est. error" says. At a kink, the slope on either side is right, and so is any slope in between
    if an operation has its corner there. A step outside the domain of ``f``, or one that ``f``
    refuses with a ValueError or an ArithmeticError, is left out; at the end of the domain the slope
    is one-sided.

    Raises:
        DomainError: if ``f`` or its gradient has no finite value at the point itself.

    >>> print(check_gradient(lambda x, y: x * y, (3, -4)).rows[0].verdict)
    pass
    """
    sample, rtol = whole(sample, "sample"), positive(rtol, "rtol")
    point = Point(f, at, names)
    recorded = Recorded(point.graph(), rtol=rtol)
    gradients = list(map(plain, pull_back(recorded.y, point.variables)))
    chosen, rounding = _chosen(len(gradients), sample, seed), recorded.rounding()
    checked = [_check(point, i, gradients[i], recorded, rounding=rounding) for i in chosen]
    accused = {text.partition(":")[0]: text for _, suspects in checked for text in suspects}
    return Report(tuple(row for row, _ in checked), len(gradients), tuple(accused.values()), seed)


def _chosen(count: int, sample: int, seed: int) -> Sequence[int]:
    """The places of the inputs to check."""
    if count <= sample:
        return range(count)
    import random  # takes as long to import as the engine

    return sorted(random.Random(seed).sample(range(count), sample))


def _check(
    point: Point, i: int, a: float, recorded: Recorded, *, rounding: float
) -> tuple[Row, tuple[str, ...]]:
    """The row of one input, and the operations that make it fail."""
    way, finding = Way(recorded, point.variables[i]), Finding()
    evidence = gather(point.along(i), point.numbers[i], rounding)
    judgement = _judged(a, evidence, way)
    if judgement.verdict == "fail":
        evidence = doubt(evidence)
        judgement = _judged(a, evidence, way)
    if judgement.verdict != "pass" and _cancels(a, evidence, way):
        judgement = Judgement("pass", "the slope is 0 but for rounding: its terms cancel")
    if judgement.verdict == "fail":
        finding = search(way, a, evidence)
        notes = "; ".join(filter(None, (judgement.note, finding.reason)))
        judgement = Judgement("unsure" if finding.cleared else "fail", notes)
    complex_slope = _complex_step(point, i, a)
    if judgement.verdict == "pass" and _contradicts(complex_slope, a, evidence, rtol=recorded.rtol):
        judgement = Judgement("unsure", f"the complex step gives {complex_slope:.10g}")
    row = Row.of(point.names[i], a, evidence, judgement, complex_slope=complex_slope)
    return row, finding.suspects


def _judged(a: float, evidence: Evidence, way: Way) -> Judgement:
    rtol = way.recorded.rtol
    return judge(a, evidence, rtol=rtol, doubts=lambda: doubts_at_corner(way, evidence))


def _cancels(a: float, evidence: Evidence, way: Way) -> bool:
    """Is the slope 0 but for rounding, and the numeric one too, compared with its terms?

    This is so for a bias before a softmax or a batch norm, which ignore what is added to all.
    """
    n = evidence.both
    if n is None or not abs(n.value) <= 3.0 * n.error or evidence.is_corner or evidence.is_jump:
        return False
    _, terms = way.forward()
    return 3.0 * n.error <= 1e-12 * terms and abs(a) <= 8.0 * EPSILON * terms


def _complex_step(point: Point, i: int, a: float) -> float:
    """The slope by the complex step; NaN if f has no complex version, or its digits are lost."""
    step = 1e-20 * (abs(point.numbers[i]) or 1e-20)
    if point.reads_parameters or step < _SMALL:
        return math.nan
    try:
        slope = point.complex_step(i, step)
    except Exception:  # code that was not written for complex numbers may fail in any way
        return math.nan
    return slope if a == slope == 0.0 or step * max(abs(a), abs(slope)) > _SMALL else math.nan


def _contradicts(complex_slope: float, a: float, evidence: Evidence, *, rtol: float) -> bool:
    """Does the complex step say otherwise, at a point that is smooth on both sides?"""
    if evidence.both is None or evidence.is_corner:
        return False
    allowed = max(1e-6, rtol) * max(abs(a), abs(complex_slope)) + evidence.both.error
    return abs(complex_slope - a) > allowed
