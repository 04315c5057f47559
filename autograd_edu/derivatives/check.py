"""The gradient check: every derivative that backpropagation gives, held against values of the function.

An absolute tolerance could certify a gradient that is small and wrong altogether. Here the difference is measured
against the gradient itself and against what the values can resolve, and where that is too little to tell, the verdict
is unsure. `sampling` takes the values, `extrapolation` and `evidence` say what they tell, `verdict` decides, `culprit`
looks for what is wrong.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.number import plain
from ..engine.value import Value
from ..errors import DomainError
from .culprit import Finding, doubts_at_corner, search
from .evidence import Evidence, doubt, gather
from .point import Point
from .pull_back import pull_back
from .recorded import Recorded
from .report import Report as Report
from .report import Row
from .sampling import EPSILON
from .verdict import Judgement, judge

_SMALL = 1e-290  # numbers below lose digits to underflow


def check_gradient(
    f: Callable[..., Any],
    at: Any,
    *,
    relative: float = 1e-8,
    sample: int = 50,
    seed: int = 0,
    names: Sequence[str] = (),
) -> Report:
    """A report that compares the gradient by backpropagation with the numeric one, input by input.

    Args:
        f: a function of as many arguments as ``at`` has entries; or a loss that takes none and reads ``at``.
        at: numbers, or lists of them (of a single number, the number); or the parameters (Values) of a model, whose
            data are moved and put back.
        relative: the relative difference that is always allowed.
        sample: of more inputs than this, a random sample (by ``seed``) of so many is checked, and the report says so.
        names: names for the inputs; by default labels, or the names of ``f``'s arguments.

    ``f`` is evaluated some sixty times for each input, at steps from the size of the input down to the spacing of
    floats, so that a feature of any width shows, and at a second sequence of steps. Where ``f`` has a complex version,
    the complex step must not contradict. A slope fails only if something is found that makes it wrong, or if not
    everything on the way to it could be cleared; see `culprit`. A pass says that the gradient is right to three digits
    at least, and to what "est. error" says. At a kink the slope of either side is right, and what lies between if an
    operation has its corner there. A step outside the domain of ``f``, or one that ``f`` refuses with a ValueError or
    an ArithmeticError, is left out; at the end of the domain the slope is that of one side.

    Raises:
        DomainError: if ``f`` or its gradient has no finite value at the point itself.

    >>> print(check_gradient(lambda x, y: x * y, (3, -4)).rows[0].verdict)
    pass
    """
    if sample < 0:
        raise DomainError(f"the size of the sample must not be negative; got {sample}")
    point = Point(f, at, names)
    y, variables = point.graph()
    gradients = [plain(g) for g in pull_back(y, variables)]
    chosen = range(len(variables))
    if len(variables) > sample:
        chosen = sorted(random.Random(seed).sample(chosen, sample))  # type: ignore[assignment]  # indices either way
    recorded, suspects = Recorded(y, relative), {}
    rounding = recorded.rounding()
    rows = []
    for i in chosen:
        row, accused = _check(point, i, variables[i], gradients[i], recorded, rounding)
        rows.append(row)
        suspects.update({accusation.partition(":")[0]: accusation for accusation in accused})
    return Report(tuple(rows), len(variables), tuple(suspects.values()), seed)


def _check(
    point: Point, i: int, leaf: Value, a: float, recorded: Recorded, rounding: float
) -> tuple[Row, tuple[str, ...]]:
    """The row of one input, and the operations that make it fail."""
    section, finding = point.along(i), Finding()
    evidence = gather(section, point.numbers[i], rounding)
    relative = recorded.relative

    def doubts() -> str:
        return doubts_at_corner(recorded, leaf, evidence)

    judgement = judge(a, evidence, relative, doubts)
    if judgement.verdict == "fail":
        evidence = doubt(evidence)
        judgement = judge(a, evidence, relative, doubts)
    if judgement.verdict != "pass" and _cancels(a, evidence, recorded, leaf):
        judgement = Judgement("pass", "the slope is 0 but for rounding: its terms cancel")
    if judgement.verdict == "fail":
        finding = search(recorded, leaf, a, evidence)
        notes = "; ".join(filter(None, (judgement.note, finding.reason)))
        judgement = Judgement("unsure" if finding.cleared else "fail", notes)
    complex_slope = _complex_step(point, i, a)
    if judgement.verdict == "pass" and _contradicts(complex_slope, a, evidence):
        judgement = Judgement("unsure", f"the complex step gives {complex_slope:.10g}")
    return _row(point, i, a, evidence, judgement, complex_slope), finding.suspects


def _complex_step(point: Point, i: int, a: float) -> float:
    """The slope by the complex step; NaN where f has no complex version, or its digits are lost."""
    step = 1e-20 * (abs(point.numbers[i]) or 1e-20)
    if point.parameters is not None or step < _SMALL:
        return math.nan
    try:
        slope = point.complex_step(i, step)
    except (
        Exception
    ):  # the user's code may fail in any way on a kind of number it was not written for
        return math.nan
    return slope if a == slope == 0.0 or step * max(abs(a), abs(slope)) > _SMALL else math.nan


def _cancels(a: float, evidence: Evidence, recorded: Recorded, leaf: Value) -> bool:
    """Whether the slope is 0 but for rounding, and the numeric one too: nothing beside the terms that make it up.

    So it is for a bias before a softmax or a batch norm, which have no use for what is added to all.
    """
    n = evidence.both
    if n is None or not abs(n.value) <= 3.0 * n.error or evidence.is_corner or evidence.is_jump:
        return False
    _, terms = recorded.forward(leaf)
    return 3.0 * n.error <= 1e-12 * terms and abs(a) <= 8.0 * EPSILON * terms


def _contradicts(complex_slope: float, a: float, evidence: Evidence) -> bool:
    """Whether the complex step says otherwise, at a point that is smooth on both sides."""
    if evidence.both is None or evidence.is_corner:
        return False
    return abs(complex_slope - a) > 1e-6 * max(abs(a), abs(complex_slope)) + evidence.both.error


def _row(
    point: Point, i: int, a: float, evidence: Evidence, judgement: Judgement, complex_slope: float
) -> Row:
    n = evidence.nearest(a)
    value, error, step = (n.value, n.error, n.step) if n else (math.nan, math.nan, math.nan)
    difference, scale = abs(a - value), max(abs(a), abs(value))
    relative = difference / scale if scale else 0.0
    row = (point.names[i], point.numbers[i], a, value, difference, relative, step, error)
    steps, count = evidence.samples.steps() or [math.nan], evidence.samples.evaluations
    return Row(*row, *judgement, _method(evidence, complex_slope), count, steps[0], steps[-1])


def _method(evidence: Evidence, complex_slope: float) -> str:
    parts, n, other = [f"on {evidence.side}, extrapolated to 0"], evidence.slope, evidence.other
    if n and other:
        parts.append(f"other steps {'agree' if other.agrees(n) else 'disagree'}")
    if n and not math.isnan(complex_slope):
        agrees = abs(complex_slope - n.value) <= n.error + 1e-6 * abs(n.value)
        parts.append(f"the complex step {'agrees' if agrees else f'gives {complex_slope:.6g}'}")
    return "; ".join(parts)
