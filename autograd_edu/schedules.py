"""Schedules: the learning rate as a function of t, the number of the epoch or step from 0.

`fit` passes the epoch, or the step with ``schedule_by="step"``. Any function of t is a schedule. In
the formulas below, α₀ is ``lr``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arguments import not_negative, number, positive
from .errors import DomainError, OperandError, suggest_names

Schedule = Callable[[float], float]


@dataclass(frozen=True)
class _Rated:
    """The base of schedules with a first learning rate ``lr``."""

    lr: float

    def __post_init__(self) -> None:
        not_negative(self.lr, f"the lr of {type(self).__name__}")


@dataclass(frozen=True)
class Constant(_Rated):
    """The same learning rate α₀ at all times.

    >>> [Constant(0.1)(t) for t in (0, 1000)]
    [0.1, 0.1]
    """

    def __call__(self, t: float) -> float:  # noqa: ARG002
        return self.lr


@dataclass(frozen=True)
class StepDecay(_Rated):
    """α₀ · factorᵐ, where m is the number of milestones that t has reached.

    The defaults are KIT's example: the rate falls to a tenth at 30, at 60 and at 90.

    >>> [StepDecay(1.0, (2, 3), 0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    milestones: tuple[float, ...] = (30, 60, 90)
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self.factor, "the factor of StepDecay")
        if not isinstance(self.milestones, (tuple, list)):
            raise OperandError(
                f"the milestones of StepDecay must be a tuple, as in StepDecay({self.lr!r}, "
                f"({self.milestones!r},)); got {self.milestones!r}"
            )
        for milestone in self.milestones:
            number(milestone, "a milestone of StepDecay")

    def __call__(self, t: float) -> float:
        return self.lr * self.factor ** sum(t >= milestone for milestone in self.milestones)


@dataclass(frozen=True)
class _Ending(_Rated):
    """The base of schedules that reach 0 at T, which is ``end``."""

    end: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.end, f"the end of {type(self).__name__}")


@dataclass(frozen=True)
class Cosine(_Ending):
    """½α₀(1 + cos(πt/T)): from α₀ down to 0 at T, and 0 after that.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> [round(Cosine(1.0, end=4)(t), 3) for t in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def __call__(self, t: float) -> float:
        # cos²(x/2) equals (1 + cos x)/2 and stays accurate near the end
        return self.lr * math.cos(0.5 * math.pi * t / self.end) ** 2 if t < self.end else 0.0


@dataclass(frozen=True)
class Linear(_Ending):
    """α₀(1 - t/T): from α₀ down to 0 at T, and 0 after that.

    >>> [Linear(1.0, end=4)(t) for t in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    def __call__(self, t: float) -> float:
        return self.lr * max(0.0, 1.0 - t / self.end)


@dataclass(frozen=True)
class InverseSqrt(_Rated):
    """α₀/√t for t > 0. To start at t = 1, use ``Shifted(InverseSqrt(lr), 1)``.

    At t = 0 it raises a DomainError.

    >>> [InverseSqrt(1.0)(t) for t in (1, 4, 16)]
    [1.0, 0.5, 0.25]
    """

    def __call__(self, t: float) -> float:
        if t <= 0:
            raise DomainError(
                f"InverseSqrt is α₀/√t, so it has no value at t = {t!r}; begin at 1 with "
                f"Shifted(InverseSqrt({self.lr!r}), 1)"
            )
        return self.lr / math.sqrt(t)


@dataclass(frozen=True)
class Shifted:
    """Another schedule, moved in time: ``schedule(t + by)``.

    >>> [Shifted(InverseSqrt(1.0), 1)(t) for t in (0, 3, 15)]
    [1.0, 0.5, 0.25]
    """

    schedule: Schedule
    by: float

    def __post_init__(self) -> None:
        _check_schedule(self.schedule, "Shifted")
        number(self.by, "the shift of a schedule")

    def __call__(self, t: float) -> float:
        return self.schedule(t + self.by)


@dataclass(frozen=True)
class WarmUp:
    """A linear rise over the first ``steps``, then ``schedule``.

    Source: Goyal et al., "Accurate, Large Minibatch SGD", 2017.

    >>> [WarmUp(Constant(1.0), 3)(t) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    schedule: Schedule
    steps: float

    def __post_init__(self) -> None:
        _check_schedule(self.schedule, "WarmUp")
        not_negative(self.steps, "the steps of WarmUp")

    def __call__(self, t: float) -> float:
        if t >= self.steps:
            return self.schedule(t)
        return self.schedule(self.steps) * (t + 1) / (self.steps + 1)


@dataclass(frozen=True)
class Cyclic(_Rated):
    """Half a cosine from α₀ down to ``low``, which starts again after every ``period``.

    `train.Snapshots` copies the model at the end of each period.

    >>> [round(Cyclic(1.0, period=3)(t), 2) for t in range(7)]
    [1.0, 0.75, 0.25, 1.0, 0.75, 0.25, 1.0]
    """

    period: float
    low: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.period, "the period of Cyclic")
        not_negative(self.low, "the low of Cyclic")

    def __call__(self, t: float) -> float:
        done = max(
            0.0, t / self.period - self._begun(t)
        )  # how much of this period has passed, from 0 to 1
        return self.low + (self.lr - self.low) * math.cos(0.5 * math.pi * done) ** 2

    def ends_cycle(self, t: float) -> bool:
        """Is t the last whole number of a period?"""
        return self._begun(t + 1) > self._begun(t)

    def _begun(self, t: float) -> int:
        """The number of complete periods. 1e-9 makes up for rounding, as in 2.9999999999999996."""
        return math.floor(t / self.period + 1e-9)


def _check_schedule(schedule: Schedule, wrapper: str) -> None:
    if not callable(schedule):
        raise OperandError(
            f"the first argument of {wrapper} must be another schedule; got {schedule!r}"
        )


if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = suggest_names(globals())
