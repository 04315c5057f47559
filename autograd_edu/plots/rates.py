"""Learning rates over time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import DomainError, OperandError
from ..schedules import Cyclic, Schedule
from .axes import check_at_least, colours, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_rates(
    schedules: Schedule | Mapping[str, Schedule],
    *,
    epochs: int = 100,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Plot the learning rates of one or more schedules over the epochs.

    Diamonds mark the ends of the cycles of a `schedules.Cyclic`, where a snapshot ensemble copies
    the model. Where a schedule has no value, as `InverseSqrt` at 0, its curve has a gap.

    Args:
        schedules: a schedule, or a dict of names and schedules.
        epochs: the number of epochs, which are counted from 0. They may as well be steps.
        log: make the axis of the learning rates logarithmic.

    >>> from autograd_edu.schedules import Cosine, Linear
    >>> ax = learning_rates({"cosine": Cosine(0.1, 50), "linear": Linear(0.1, 50)}, epochs=50)
    >>> [line.get_label() for line in ax.lines]
    ['cosine', 'linear']
    """
    check_at_least(1, epochs=epochs)
    named = schedules if isinstance(schedules, Mapping) else {"learning rate": schedules}
    ax = new_axes(ax)
    for k, (name, schedule) in enumerate(named.items()):
        if not callable(schedule):
            raise OperandError(
                f"{name!r} must be a schedule, such as schedules.Cosine(0.1, 100); got {schedule!r}"
            )
        rates = [_rate(schedule, t) for t in range(epochs)]
        style, colour = ("-", "--", "-.", ":")[k % 4], colours(ax).of_class(k + 1)
        ax.step(range(epochs), rates, style, where="post", color=colour, label=name)
        if isinstance(schedule, Cyclic):
            ends = [t for t in range(epochs) if schedule.ends_cycle(t)]
            ax.plot(ends, [rates[t] for t in ends], "D", color=colour, label=f"{name}: snapshots")
    ax.set(xlabel="epoch", ylabel="learning rate", yscale="log" if log else "linear")
    ax.legend()
    return ax


def _rate(schedule: Schedule, t: int) -> float:
    """The learning rate at ``t``; NaN, which is drawn as a gap, if there is none."""
    try:
        return schedule(t)
    except DomainError:
        return math.nan
