"""Difference quotients at shrinking steps, extrapolated to a step of zero, with error bounds.

Sources: Richardson, "The approximate arithmetical solution by finite differences", Phil. Trans. A
210 (1911); Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Softw. 4 (1982). On
the balance between the error of a wide step and the rounding of a narrow one: Gill, Murray,
Saunders and Wright, "Computing forward-difference intervals for numerical optimization", SIAM J.
Sci. Stat. Comput. 4 (1983); Stepleman and Winarsky, "Adaptive numerical differentiation", Math.
Comp. 33 (1979).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .sampling import EPSILON, RATIO, Samples

ORDERS = 3  # extrapolations per step; more gain little and use steps that are too wide
FASTEST = 64.0  # an extrapolation that lowers the error by more than this was lucky
SETTLED = 0.4  # differences must shrink by this part of what theory expects
CONFIRMED = 2  # finer steps that must agree with an estimate


class Quotient(NamedTuple):
    """A difference quotient, and its error from rounding and noise in the function's values."""

    step: float
    value: float
    noise: float


@dataclass(frozen=True)
class Estimate:
    """A numeric derivative with an error bound, and the finest and widest step it comes from."""

    value: float
    error: float
    step: float
    widest: float

    def __str__(self) -> str:
        return f"{self.value:.2g} ± {self.error:.1g}"

    def agrees(self, other: Estimate) -> bool:
        """Do the two differ by no more than their errors?"""
        return abs(self.value - other.value) <= self.error + other.error

    def beside(self, other: Estimate | None) -> Estimate:
        """This estimate, with a larger error if an independent one differs or does not exist."""
        if other is None:
            return replace(self, error=math.inf)
        return self if self.agrees(other) else replace(self, error=abs(self.value - other.value))


@dataclass
class _Row:
    """The extrapolations of each order at one step, and how the quotients behave there.

    ``difference`` is how much the quotient changed since the step before. Where the function is
    smooth, it shrinks with the power of the step; ``regular`` counts the steps in a row where it
    did.
    """

    values: list[float]
    noises: list[float]
    estimates: list[Estimate] = field(default_factory=list)
    difference: float = 0.0
    gain: float = 1.0
    regular: int = 0


def two_sided(samples: Samples, noise: float) -> list[Quotient]:
    """(f(x + h) - f(x - h))/2h for each step with values on both sides; its error falls with h²."""
    both = [
        (h, samples.above[h], samples.below[h])
        for h in samples.steps()
        if h in samples.above and h in samples.below
    ]
    values = [(h, a / (2.0 * h) - b / (2.0 * h), max(abs(a), abs(b))) for h, a, b in both]
    return _quotients(samples.x, values, noise)


def one_sided(samples: Samples, side: float, noise: float) -> list[Quotient]:
    """(f(x + h) - f(x))/h, with h < 0 if ``side`` is -1.0; its error falls with h."""
    beside, here = samples.above if side > 0.0 else samples.below, samples.here
    ordered = sorted(beside.items(), reverse=True)
    values = [(h, side * (y / h - here / h), 2.0 * max(abs(y), abs(here))) for h, y in ordered]
    return _quotients(samples.x, values, 2.0 * noise)


def _quotients(
    x: float, values: Sequence[tuple[float, float, float]], noise: float
) -> list[Quotient]:
    """Quotients from their steps, their values, and the sizes of the values that were subtracted.

    Those values are rounded, and so is the input.
    """
    rounded = [(h, q, EPSILON * (size + abs(x * q)) + 2e-323) for h, q, size in values]
    return [Quotient(h, q, max(rounding, noise) / h) for h, q, rounding in rounded]


def best(quotients: Sequence[Quotient], *, power: int) -> Estimate | None:
    """The extrapolation with the smallest error that no finer step contradicts, if any.

    The error of a quotient falls with this ``power`` of the step: 2 for two-sided quotients, 1 for
    one-sided ones. Only fine steps show a narrow feature of the function, so they overrule wide
    ones, whatever error those claim.
    """
    low, high, found = -math.inf, math.inf, []
    for finer, row in enumerate(reversed(extrapolations(quotients, power))):
        if finer >= CONFIRMED:
            found += [e for e in row if e.value + e.error >= low and e.value - e.error <= high]
        low, high = max(low, row[0].value - row[0].error), min(high, row[0].value + row[0].error)
    return min(found, key=lambda estimate: estimate.error, default=None)


def extrapolations(quotients: Sequence[Quotient], power: int) -> list[list[Estimate]]:
    """For each step but the first, the extrapolations from it and up to three wider ones."""
    rows = [_Row([q.value], [q.noise]) for q in quotients[:1]]
    for i in range(1, len(quotients)):
        rows.append(_extrapolate(quotients[max(0, i - ORDERS) : i + 1], rows[-1], power))
    return [row.estimates for row in rows[1:]]


def _extrapolate(quotients: Sequence[Quotient], before: _Row, power: int) -> _Row:
    """The row for the last of these quotients, computed from the row before."""
    *_, wider, q = quotients
    row = _Row([q.value], [q.noise], difference=abs(q.value - wider.value))
    row.gain = (wider.step / q.step) ** power - 1.0
    expected = before.difference * row.gain / before.gain / (row.gain + 1.0)
    smooth = expected <= 1.5 * row.difference <= 2.25 * expected
    row.regular = before.regular + 1 if smooth else 0
    shrinks = row.difference <= SETTLED * RATIO**power * expected
    settles = shrinks or row.difference <= q.noise + wider.noise
    error = 0.0
    for m, wide in enumerate(reversed(quotients[:-1])):
        gain = (wide.step / q.step) ** power - 1.0
        change = (row.values[m] - before.values[m]) / gain
        luck = max(error, abs(change) * gain) / FASTEST if m > row.regular else 0.0
        error = max(abs(change), luck, 0.0 if settles else row.difference)
        row.values.append(row.values[m] + change)
        row.noises.append(row.noises[m] + (row.noises[m] + before.noises[m]) / gain)
        row.estimates.append(Estimate(row.values[-1], error + row.noises[-1], q.step, wide.step))
    return row


def scatter(quotients: Sequence[Quotient]) -> float:
    """How far the function's values scatter around a smooth curve, from the finest quotients."""
    finest = quotients[-8:]
    changes = [abs(b.value - a.value) * b.step for a, b in itertools.pairwise(finest)]
    return 6.0 * median(changes) if len(changes) > 2 else 0.0


def median(xs: Sequence[float]) -> float:
    """The median. (`statistics` takes longer to import than this whole package.)"""
    ordered = sorted(xs)
    return (ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]) / 2.0
