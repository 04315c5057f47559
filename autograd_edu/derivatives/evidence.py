"""What the values of a function say about its slope at a point."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from .extrapolation import Estimate, best, one_sided, scatter, two_sided
from .sampling import EPSILON, RATIO, WIDEST, Samples, Section, ladder


@dataclass(frozen=True)
class Evidence:
    """The slope from values on both sides, and on each side alone; None where values settle on none.

    ``noise`` is how far the values scatter. ``other`` is the slope by another sequence of steps.
    """

    samples: Samples
    noise: float
    both: Estimate | None
    left: Estimate | None
    right: Estimate | None
    other: Estimate | None = None

    @property
    def slope(self) -> Estimate | None:
        """The slope from both sides; at the end of the domain, from the only side there is."""
        return self.both or _at_the_end(self.samples, self.left, self.right)

    @property
    def is_corner(self) -> bool:
        """Whether the slopes on the two sides differ by more than their errors explain."""
        left, right = self.left, self.right
        if left is None or right is None:
            return False
        return abs(right.value - left.value) > 3.0 * (left.error + right.error)

    @property
    def is_jump(self) -> bool:
        """Whether values however close to the point are alike, and unlike that at the point."""
        here = self.samples.here
        for values in (self.samples.below, self.samples.above):
            near = [values[h] for h in sorted(values)[:4]]
            spread = max(max(near, default=0.0) - min(near, default=0.0), 4.0 * EPSILON * abs(here))
            if near and min(abs(y - here) for y in near) > 16.0 * spread:
                return True
        return False

    @property
    def side(self) -> str:
        """Which side was looked at: "both sides", or the only one in the domain."""
        return "both sides" if self.both else "the right alone" if self.right else "the left alone"

    def nearest(self, a: float) -> Estimate | None:
        """The numeric slope that ``a`` is held against: at a corner, that of the nearer side."""
        if self.left is None or self.right is None or not self.is_corner:
            return self.slope
        return min(self.left, self.right, key=lambda side: abs(side.value - a))

    def steepest(self) -> float:
        """The largest slope from the point to any value beside it."""
        here, sides = self.samples.here, (self.samples.above, self.samples.below)
        return max((abs(y - here) / h for side in sides for h, y in side.items()), default=0.0)

    def why_none(self) -> str:
        """Why the values give no slope."""
        if len(self.samples.steps()) > 4:
            return "the function's values settle on no slope, however small the step"
        problem = self.samples.problem
        return f"the function is undefined within a step of the point: {problem}"


def gather(section: Section, x: float, rounding: float = 0.0) -> Evidence:
    """Evidence from steps of all sizes, and from more steps, of other sizes, around those that turned out best.

    ``rounding`` is what the rounding inside the function is thought to do to its value.
    """
    samples = Samples(section, x, section(0.0))
    samples.take(ladder(x))
    noise = max(min(rounding, _roughest(samples)), _treads(samples), _scatter(samples))
    first = _slope(samples, noise)
    while _is_worth_widening(samples, first):
        first = _slope(samples, noise)
    return _confirmed(samples, noise, first)


def weigh(samples: Samples, noise: float = 0.0) -> Evidence:
    """The evidence in these values, which scatter by ``noise`` at least."""
    noise = max(noise, _scatter(samples))
    left, right = (_one_sided(samples, side, noise) for side in (-1.0, 1.0))
    return Evidence(samples, noise, _two_sided(samples, noise), left, right)


def doubt(evidence: Evidence) -> Evidence:
    """The evidence again, with the scatter of the values measured once more, beside the best steps."""
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
    """The slope from both sides or, where one is outside the domain, from the other."""
    sides = (_one_sided(samples, side, noise) for side in (-1.0, 1.0))
    return _two_sided(samples, noise) or _at_the_end(samples, *sides)


def _at_the_end(samples: Samples, left: Estimate | None, right: Estimate | None) -> Estimate | None:
    """The slope of the only side that is in the domain, if one is not."""
    near = RATIO**4 * min(samples.steps(), default=0.0)
    is_left, is_right = (
        min(side, default=math.inf) <= near for side in (samples.below, samples.above)
    )
    return None if is_left == is_right else left if is_left else right


def _confirmed(samples: Samples, noise: float, first: Estimate | None) -> Evidence:
    """The evidence of all values, among them those at another sequence of steps around the best."""
    if first is None:
        return weigh(samples, noise)
    others = Samples(samples.section, samples.x, samples.here)
    others.take([first.step * 0.7 * RATIO**k for k in (2, 1, 0, -1, -2)])
    samples.add(others)
    return replace(weigh(samples, noise), other=_slope(others, noise))


def _is_worth_widening(samples: Samples, found: Estimate | None) -> bool:
    """Take a wider step if the widest so far is the best, or the function has not changed at all; whether it helps."""
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
    """By quotients on both sides where there are enough; else by those of one side, which scatter twice as much."""
    both = scatter(two_sided(samples, 0.0))
    return both or 0.5 * max(scatter(one_sided(samples, side, 0.0)) for side in (-1.0, 1.0))


def _roughest(samples: Samples) -> float:
    """The most that rounding can have done to the values of fine steps: it shows as a change of their quotients."""
    quotients = (
        two_sided(samples, 0.0) or one_sided(samples, 1.0, 0.0) or one_sided(samples, -1.0, 0.0)
    )
    finest = quotients[-16:]
    return max(
        (abs(b.value - a.value) * b.step for a, b in itertools.pairwise(finest)), default=0.0
    )


def _treads(samples: Samples) -> float:
    """How rough the function is where it first changes, if it does not change at all within fine steps.

    (x + 1e8) - 1e8 is a staircase: it is level again beyond its first step. Its treads say nothing of its slope. relu
    left of its corner is flat indeed: beyond the corner it climbs.
    """
    changes = {
        h: (side, abs(values[h] - samples.here))
        for side, values in ((-1.0, samples.below), (1.0, samples.above))
        for h in values
        if values[h] != samples.here
    }
    first = min(changes, default=0.0)
    if not first or first == min(samples.steps()):
        return 0.0
    side, change = changes[first]
    if change <= 4.0 * EPSILON * (abs(samples.here) + abs(samples.x) * change / first):
        return 0.0
    beyond = [samples.value(side * first * (1.0 + 0.03 * k)) for k in range(11)]
    level = sum(y == after for y, after in itertools.pairwise(beyond))
    return _roughness(samples, first, 0.3 * first, side) if level >= 5 else 0.0


def _roughness(samples: Samples, start: float, spacing: float, side: float) -> float:
    """How far eleven values at equal distances lie beside a smooth curve: that alone is left in their fourth differences.

    Source: Moré and Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
    """
    values = [samples.value(side * (start + k * spacing)) for k in range(11)]
    for _ in range(4):
        values = [b - a for a, b in itertools.pairwise(values)]
    deviation = math.sqrt(sum(d * d for d in values) / len(values) / math.comb(8, 4))
    return 4.0 * deviation if math.isfinite(deviation) else 0.0
