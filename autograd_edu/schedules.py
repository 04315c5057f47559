"""Learning rates over time: each schedule is a function of t, counted from 0 in epochs (or steps, as `fit` is told).

A schedule prints itself and compares equal to one with the same numbers, so a history can say which was used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .arguments import positive
from .errors import DomainError

Schedule = Callable[[float], float]


@dataclass(frozen=True)
class Constant:
    """α₀ always."""

    lr: float

    def __call__(self, t: float) -> float:  # noqa: ARG002
        return self.lr


@dataclass(frozen=True)
class StepDecay:
    """α₀ times ``factor`` for each milestone reached: ×0.1 from 30, again from 60 and from 90, in KIT's example."""

    lr: float
    milestones: tuple[float, ...] = (30, 60, 90)
    factor: float = 0.1

    def __call__(self, t: float) -> float:
        return self.lr * self.factor ** sum(t >= milestone for milestone in self.milestones)


@dataclass(frozen=True)
class Cosine:
    """½α₀(1 + cos(πt/T)): from α₀ down to 0 at T, and 0 from there."""

    lr: float
    end: float

    def __post_init__(self) -> None:
        positive(self.end, "the end of a schedule")

    def __call__(self, t: float) -> float:
        # (1 + cos x)/2 = cos²(x/2), which is right to the last digits near the end too
        return self.lr * math.cos(0.5 * math.pi * t / self.end) ** 2 if t < self.end else 0.0


@dataclass(frozen=True)
class Linear:
    """α₀(1 - t/T): from α₀ down to 0 at T, and 0 from there."""

    lr: float
    end: float

    def __post_init__(self) -> None:
        positive(self.end, "the end of a schedule")

    def __call__(self, t: float) -> float:
        return self.lr * max(0.0, 1.0 - t / self.end)


@dataclass(frozen=True)
class InverseSqrt:
    """α₀/√t. It is not defined at t = 0: begin at 1, or put `WarmUp` before it."""

    lr: float

    def __call__(self, t: float) -> float:
        if t <= 0:
            raise DomainError(
                f"InverseSqrt is α₀/√t and has no value at t = {t!r}; begin at 1: Shifted(InverseSqrt({self.lr!r}), 1)"
            )
        return self.lr / math.sqrt(t)


@dataclass(frozen=True)
class Shifted:
    """Another schedule at t + ``by``."""

    schedule: Schedule
    by: float

    def __call__(self, t: float) -> float:
        return self.schedule(t + self.by)


@dataclass(frozen=True)
class WarmUp:
    """A straight rise over the first ``steps`` to where ``schedule`` is then, and that schedule from there."""

    schedule: Schedule
    steps: float

    def __call__(self, t: float) -> float:
        return (
            self.schedule(t)
            if t >= self.steps
            else self.schedule(self.steps) * (t + 1) / (self.steps + 1)
        )


@dataclass(frozen=True)
class Cyclic:
    """A cosine from α₀ down to ``low``, begun anew every ``period``: each end is a model for a snapshot ensemble."""

    lr: float
    period: float
    low: float = 0.0

    def __post_init__(self) -> None:
        positive(self.period, "the period of a schedule")

    def __call__(self, t: float) -> float:
        done = max(0.0, t / self.period - self._begun(t))  # the share of this period that is over
        return self.low + (self.lr - self.low) * math.cos(0.5 * math.pi * done) ** 2

    def ends_cycle(self, t: float) -> bool:
        """Whether t is the last whole number of a period: the time to take a snapshot."""
        return self._begun(t + 1) > self._begun(t)

    def _begun(self, t: float) -> int:
        """How many periods have begun since the first; a period like 0.1·30 may be off by rounding."""
        return math.floor(t / self.period + 1e-9)
