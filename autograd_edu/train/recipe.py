"""Three tools for the first hour with a model.

Check the first loss, overfit a few samples, find a learning rate. Each works on a copy, so the
model itself does not change. `diagnose` is the fourth. The recipe is taught at KIT (lecture "Deep
Learning for Computer Vision"); the learning rate test is due to Smith, "Cyclical Learning Rates for
Training Neural Networks", 2017.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..arguments import positive, whole
from ..data import Dataset, check_dataset, shuffled
from ..engine.value import Value
from ..errors import DomainError, TargetError
from ..nn.losses import Loss
from ..nn.module import Module
from ..optim import SGD, Adam, Optimiser
from ..printing import prints
from .callbacks import Epoch
from .evaluate import accuracy, mean_loss
from .trainer import fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MakeOptimiser = Callable[[Iterable[Value]], Optimiser]


@prints
@dataclass(frozen=True)
class InitialLoss:
    """The loss before training, and log C, the loss of a model that knows nothing of C classes.

    It is true if they are close.
    """

    loss: float
    expected: float
    rtol: float

    def __bool__(self) -> bool:
        return abs(self.loss - self.expected) <= self.rtol * self.expected

    def __str__(self) -> str:
        advice = "not as it should be: use smaller initial weights, and check the targets"
        return (
            f"initial loss {self.loss:.4f}; a model that knows nothing has {self.expected:.4f}: "
            f"{'as it should be' if self else advice}"
        )


def check_initial_loss(
    model: Module, loss: Loss, data: Dataset, *, rtol: float = 0.5
) -> InitialLoss:
    """Is the first cross-entropy loss of a classifier near log C, to the relative ``rtol``?

    Raises:
        TargetError: if the data set does not say how many classes it has.
    """
    if check_dataset(data).classes < 2:
        raise TargetError(
            "the expected loss is log C, so the data set must know its number of classes: "
            "Dataset(…, classes=C)"
        )
    first = mean_loss(copy.deepcopy(model).eval(), loss, data)
    return InitialLoss(first, math.log(data.classes), rtol)


@prints
@dataclass(frozen=True)
class Overfit:
    """Could the model learn a few samples by heart? If not, something is wrong with it."""

    accuracy: float
    loss: list[float]

    def __bool__(self) -> bool:
        return self.accuracy == 1.0

    def __str__(self) -> str:
        epochs = f"{len(self.loss)} epochs: loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        advice = "check the data, the loss, the gradients and the learning rate"
        more = "" if self else f"; a model that cannot learn these cannot learn more: {advice}"
        return f"{self.accuracy:.0%} of a small sample right after {epochs}{more}"


def overfit_small_sample(
    model: Module,
    loss: Loss,
    data: Dataset,
    *,
    samples: int = 10,
    epochs: int = 300,
    optimiser: MakeOptimiser | None = None,
    seed: int = 0,
) -> Overfit:
    """Train a copy on a few samples until all of them are right.

    Args:
        samples: how many; they are chosen at random, by ``seed``.
        optimiser: makes the optimiser from the parameters; by default Adam with lr=0.02.
    """
    small = check_dataset(data).take(shuffled(len(data), random.Random(seed))[:samples])
    trial = copy.deepcopy(model)
    made = optimiser(trial.parameters()) if optimiser else Adam(trial.parameters(), 0.02)

    def done(epoch: Epoch) -> bool:
        return epoch.number % 10 == 9 and accuracy(epoch.model.eval(), loss, small) == 1.0

    history = fit(trial, loss, small, made, epochs=epochs, callbacks=[done], progress=False)
    return Overfit(accuracy(trial, loss, small), history.loss)


@prints
@dataclass(frozen=True)
class RateCurve:
    """The loss of a short run in which the learning rate grows from step to step.

    Attributes:
        suggestion: a tenth of the rate at which the smoothed loss was smallest. It is fast, and
            well below the rate at which training diverges.
    """

    rates: list[float]
    losses: list[float]
    suggestion: float

    def __str__(self) -> str:
        tried = f"{len(self.rates)} learning rates from {self.rates[0]:.3g} to {self.rates[-1]:.3g}"
        return f"tried {tried}: use {self.suggestion:.2g}"

    def plot(self) -> Axes:
        """The losses over the rates as matplotlib Axes (extra `plot`)."""
        from ..plots import new_axes

        axes = new_axes()
        axes.plot(self.rates, self.losses)
        label = f"suggestion {self.suggestion:.2g}"
        axes.axvline(self.suggestion, linestyle="--", color="grey", label=label)
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.legend()
        return axes


def find_learning_rate(
    model: Module,
    loss: Loss,
    data: Dataset,
    *,
    low: float = 1e-4,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int | None = None,
    optimiser: MakeOptimiser | None = None,
    seed: int = 0,
) -> RateCurve:
    """Train a copy while the learning rate grows from ``low`` to ``high``; where does it do best?

    It ends early once the loss is four times the smallest one, or no longer finite.

    Args:
        optimiser: makes the optimiser from the parameters; by default SGD.
    """
    whole(steps, "the number of steps", low=2)
    if not positive(low, "low") < positive(high, "high"):
        raise TargetError(f"low must be less than high; got low={low!r} and high={high!r}")
    rates = [float(low * (high / low) ** (step / (steps - 1))) for step in range(steps)]
    trial = copy.deepcopy(model)
    made = optimiser(trial.parameters()) if optimiser else SGD(trial.parameters())
    losses: list[float] = []

    def diverged(epoch: Epoch) -> bool:
        losses.extend(epoch.history.step_loss[len(losses) :])
        return losses[-1] > 4.0 * max(min(losses), 1e-12) or len(losses) >= steps

    try:
        fit(
            trial, loss, data, made, epochs=steps, batch_size=batch_size, seed=seed,
            progress=False, callbacks=[diverged], schedule_by="step",
            schedule=lambda step: rates[min(int(step), steps - 1)],
        )  # fmt: skip
    except DomainError:
        if not losses:
            raise
    losses = losses[:steps]
    windows = [losses[max(0, i - 2) : i + 3] for i in range(len(losses))]
    smooth = [sum(window) / len(window) for window in windows]
    return RateCurve(rates[: len(losses)], losses, rates[smooth.index(min(smooth))] / 10.0)
