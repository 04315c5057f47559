"""The values of a function around a point, at steps from its size down to the spacing of floats.

This module knows nothing of rules or graphs. A step is left out if it leaves the domain of the
function, or if the user's code raises a ValueError or an ArithmeticError there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Section = Callable[[float], float]  # the function of how far one input is moved

EPSILON = 2.0**-52
RATIO = 4.0  # of one step to the next; no feature of the function fits between two
DENSE = 26  # steps from the size of the point to the spacing of floats there
WIDEST = 2.0**44  # times the size of the point: the widest step


@dataclass
class Samples:
    """The values of a section on both sides of the point, by step."""

    section: Section
    x: float
    here: float
    above: dict[float, float] = field(default_factory=dict)
    below: dict[float, float] = field(default_factory=dict)
    evaluations: int = 1
    problem: Exception | None = None  # why a step was left out

    def take(self, steps: Iterable[float]) -> bool:
        """Evaluate the function at these steps; True if any of them is in its domain."""
        before = len(self.above) + len(self.below)
        for h in filter(None, steps):  # a step may underflow
            for values, displacement in ((self.above, h), (self.below, -h)):
                y = self.value(displacement)
                if math.isfinite(y):
                    values[h] = y
        return len(self.above) + len(self.below) > before

    def value(self, displacement: float) -> float:
        """The value of the function at this distance; NaN if it has none."""
        self.evaluations += 1
        try:
            y = self.section(displacement)
            return y if math.isfinite(y) else math.nan
        except (ValueError, ArithmeticError) as error:
            self.problem = error
            return math.nan

    def add(self, others: Samples) -> None:
        """Add the values from another sequence of steps."""
        self.above.update(others.above)
        self.below.update(others.below)
        self.evaluations += others.evaluations - 1

    def steps(self) -> list[float]:
        """The steps with a value on at least one side, widest first."""
        return sorted(self.above.keys() | self.below.keys(), reverse=True)

    def is_flat(self) -> bool:
        """Are all values the same to the last bit?"""
        return {*self.above.values(), *self.below.values()} <= {self.here}


def ladder(x: float) -> list[float]:
    """Steps from the size of ``x`` down to the spacing of floats there.

    They are powers of two, so that x + h and x - h are seldom rounded. At x = 0 the spacing of
    floats is no limit, so the steps start at 1 and go down to 1e-30, with wider ratios at the end.
    """
    top = math.ldexp(1.0, math.frexp(x)[1] - 1) if x else 1.0
    dense = [top * RATIO**-k for k in range(DENSE)]
    return dense if x else dense + [2.0**-52 * 64.0**-k for k in range(1, 9)]
