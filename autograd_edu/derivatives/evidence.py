"""The slope of a function at a point, as its values show it, and how sure they are."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from .extrapolation import Estimate, best, one_sided, scatter, two_sided
from .sampling import EPSILON, RATIO, WIDEST, Samples, Section, ladder


@dataclass(frozen=True)
class Evidence:
    """Numeric slopes at a point: from both sides, and from each side alone.

    A slope is None if the values do not converge to one. ``noise`` is how far the values scatter.
    ``other`` is the slope from a second sequence of steps.
    """

    samples: Samples
    noise: float
    both: Estimate | None
    left: Estimate | None
    right: Estimate | None
    other: Estimate | None = None

    @property
    def slope(self) -> Estimate | None:
        """The slope from both sides; at the end of the domain, from the side within it."""
        return self.both or _at_the_end(self.samples, self.left, self.right)

    @property
    def is_corner(self) -> bool:
        """Do the slopes on the two sides differ by more than their errors explain?"""
        left, right = self.left, self.right
        if left is None or right is None:
            return False
        return abs(right.value - left.value) > 3.0 * (left.error + right.error)

    @property
    def is_jump(self) -> bool:
        """Are the values close to the point alike, but far from the value at the point?"""
        here = self.samples.here
        for values in (self.samples.below, self.samples.above):
            near = [values[h] for h in sorted(values)[:4]]
            spread = max(max(near, default=0.0) - min(near, default=0.0), 4.0 * EPSILON * abs(here))
            if near and min(abs(y - here) for y in near) > 16.0 * spread:
                return True
        return False

    @property
    def side(self) -> str:
        """The sides that were used, in words."""
        return "both sides" if self.both else "the right alone" if self.right else "the left alone"

    def nearest(self, a: float) -> Estimate | None:
        """The numeric slope to compare ``a`` with: at a corner, that of the nearer side."""
        if self.left is None or self.right is None or not self.is_corner:
            return self.slope
        return min(self.left, self.right, key=lambda side: abs(side.value - a))

    def steepest(self, step: float) -> float:
        """The largest slope from the point to any value at least one ``step`` away.

        Nearer values may differ by noise alone.
        """
        here, sides = self.samples.here, (self.samples.above, self.samples.below)
        slopes = (abs(y - here) / h for side in sides for h, y in side.items() if h >= step)
        return max(slopes, default=0.0)

    def why_none(self) -> str:
        """Why the values give no slope."""
        if len(self.samples.steps()) > 4:
            return "the function's values do not converge to a slope, however small the step"
        problem = self.samples.problem
        return f"the function is undefined within a step of the point: {problem}"


def gather(section: Section, x: float, rounding: float = 0.0) -> Evidence:
    """Evidence from steps of all sizes, confirmed by a second sequence around the best of them.

    ``rounding`` estimates how much the value changes through rounding inside the function.
    """
    samples = Samples(section, x, section(0.0))
    samples.take(ladder(x))
    inside = min(rounding, _roughest(samples) or rounding)  # rounding may hide a slope altogether
    noise = max(inside, _treads(samples, rounding), _scatter(samples))
    first = _slope(samples, noise)
    while _widen(samples, first):
        first = _slope(samples, noise)
    return _confirm(samples, noise, first)


def weigh(samples: Samples, noise: float = 0.0) -> Evidence:
    """The evidence from these values, which scatter by at least ``noise``."""
    noise = max(noise, _scatter(samples))
    left, right = (_one_sided(samples, side, noise) for side in (-1.0, 1.0))
    return Evidence(samples, noise, _two_sided(samples, noise), left, right)


def doubt(evidence: Evidence) -> Evidence:
    """The evidence with more noise, if the values near the best step scatter more than assumed."""
    if evidence.slope is None:
        return evidence
    samples, spacing = evidence.samples, evidence.slope.step / 16.0
    noise = _roughness(samples, spacing, spacing, -1.0 if evidence.right is None else 1.0)
    return replace(weigh(samples, max(noise, evidence.noise)), other=evidence.other)


# ---- slopes --------------------------------------------------------------------------------------


def _two_sided(samples: Samples, noise: float) -> Estimate | None:
    return best(two_sided(samples, noise), power=2)


def _one_sided(samples: Samples, side: float, noise: float) -> Estimate | None:
    return best(one_sided(samples, side, noise), power=1)


def _slope(samples: Samples, noise: float) -> Estimate | None:
    """The slope from both sides, or from one side if the other is outside the domain."""
    sides = (_one_sided(samples, side, noise) for side in (-1.0, 1.0))
    return _two_sided(samples, noise) or _at_the_end(samples, *sides)


def _at_the_end(samples: Samples, left: Estimate | None, right: Estimate | None) -> Estimate | None:
    """The slope on the side that is in the domain, if the other is not; else None."""
    near = RATIO**4 * min(samples.steps(), default=0.0)
    on_left, on_right = (min(v, default=math.inf) <= near for v in (samples.below, samples.above))
    return None if on_left == on_right else left if on_left else right


def _confirm(samples: Samples, noise: float, first: Estimate | None) -> Evidence:
    """The evidence from all values, and from a second sequence of steps around the best one."""
    if first is None:
        return weigh(samples, noise)
    others = Samples(samples.section, samples.x, samples.here)
    others.take([first.step * 0.7 * RATIO**k for k in (2, 1, 0, -1, -2)])
    samples.add(others)
    return replace(weigh(samples, noise), other=_slope(others, noise))


def _widen(samples: Samples, found: Estimate | None) -> bool:
    """Take a wider step if it may help; True if the function has a value there.

    It may if the widest step is the best so far, or if all values so far are the same.
    """
    widest = max(samples.steps(), default=math.inf)
    if widest > WIDEST * (abs(samples.x) or 1.0):
        return False
    if samples.is_flat():
        return samples.take([widest * RATIO**2])
    if found is None or found.widest < widest or found.error <= 1e-9 * abs(found.value):
        return False
    return samples.take([widest * RATIO])


# ---- noise ---------------------------------------------------------------------------------------


def _scatter(samples: Samples) -> float:
    """How far the values scatter; from two-sided quotients if there are enough.

    One-sided quotients scatter twice as much.
    """
    both = scatter(two_sided(samples, 0.0))
    return both or 0.5 * max(scatter(one_sided(samples, side, 0.0)) for side in (-1.0, 1.0))


def _roughest(samples: Samples) -> float:
    """An upper bound on the rounding of the values, from how quotients change at fine steps."""
    one = one_sided(samples, 1.0, 0.0) or one_sided(samples, -1.0, 0.0)
    pairs = itertools.pairwise((two_sided(samples, 0.0) or one)[-16:])
    return max((abs(b.value - a.value) * b.step for a, b in pairs), default=0.0)


def _treads(samples: Samples, rounding: float) -> float:
    """The roughness of a staircase such as (x + 1e8) - 1e8, whose treads hide its slope.

    A staircase is level again after its first change. Functions that are really flat have the
    roughness 0 here: relu on the left of its corner climbs once it changes, and the treads of floor
    are about as wide as its argument, and far higher than ``rounding`` explains.
    """
    both, here = ((1.0, samples.above), (-1.0, samples.below)), samples.here
    changed = ((h, side, abs(y - here)) for side, ys in both for h, y in ys.items() if y != here)
    first, side, change = min(changed, key=lambda found: found[0], default=(0.0, 0.0, 0.0))
    if not first or first == min(samples.steps()):
        return 0.0
    if change <= 4.0 * EPSILON * (abs(samples.here) + abs(samples.x) * change / first):
        return 0.0
    if first >= 1e-3 * abs(samples.x) and change > 1e3 * rounding:
        return 0.0
    beyond = [samples.value(side * first * (1.0 + 0.03 * k)) for k in range(11)]
    level = sum(y == after for y, after in itertools.pairwise(beyond))
    return _roughness(samples, first, 0.3 * first, side) if level >= 5 else 0.0


def _roughness(samples: Samples, start: float, spacing: float, side: float) -> float:
    """How far eleven equidistant values are from a smooth curve, by their fourth differences.

    Source: Moré and Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
    """
    values = [samples.value(side * (start + k * spacing)) for k in range(11)]
    for _ in range(4):
        values = [b - a for a, b in itertools.pairwise(values)]
    deviation = math.sqrt(sum(d * d for d in values) / len(values) / math.comb(8, 4))
    return 4.0 * deviation if math.isfinite(deviation) else 0.0
