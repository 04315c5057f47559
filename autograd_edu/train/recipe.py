"""KIT's recipe for training as tools: check the first loss, overfit a few samples, find a learning rate.

Each works on a copy of the model; the model itself is left as it is. `diagnose` is the fourth.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..data import Dataset, shuffled
from ..engine.value import Value
from ..errors import DomainError, TargetError
from ..nn.losses import Loss
from ..nn.module import Module
from ..optim import SGD, Adam, Optimiser
from .callbacks import Epoch
from .evaluate import accuracy, mean_loss
from .trainer import fit

MakeOptimiser = Callable[[Iterable[Value]], Optimiser]


@dataclass(frozen=True)
class InitialLoss:
    """The loss before training, and what it should be: log C if the model knows nothing of C classes yet."""

    loss: float
    expected: float
    tolerance: float

    def __bool__(self) -> bool:
        return abs(self.loss - self.expected) <= self.tolerance * self.expected

    def __str__(self) -> str:
        verdict = (
            "as it should be"
            if self
            else "not as it should be: scores are far from equal; use smaller initial weights, check the targets"
        )
        return f"initial loss {self.loss:.4f}, of a model that knows nothing {self.expected:.4f}: {verdict}"


def check_initial_loss(
    model: Module, loss: Loss, data: Dataset, *, tolerance: float = 0.5
) -> InitialLoss:
    """Whether the first loss of a classifier by cross-entropy is near log C, to the relative ``tolerance``.

    Raises:
        TargetError: if the data set does not say how many classes it has.
    """
    if data.classes < 2:
        raise TargetError(
            "the expected loss is log C: it needs a data set that knows its number of classes, Dataset(…, classes=C)"
        )
    return InitialLoss(
        mean_loss(copy.deepcopy(model).eval(), loss, data), math.log(data.classes), tolerance
    )


@dataclass(frozen=True)
class Overfit:
    """Whether a model could learn a few samples by heart. If it cannot, something is wrong with model, loss or data."""

    accuracy: float
    loss: list[float]

    def __bool__(self) -> bool:
        return self.accuracy == 1.0

    def __str__(self) -> str:
        epochs = f"{len(self.loss)} epochs: loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        advice = (
            ""
            if self
            else "; a model that cannot learn these cannot learn more: check data, loss, gradients, learning rate"
        )
        return f"{self.accuracy:.0%} of a small sample right after {epochs}{advice}"


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
    """Train a copy on ``samples`` samples, chosen by ``seed``, until all of them are right; Adam with 0.02 by default."""
    small = data.take(shuffled(len(data), random.Random(seed))[:samples])
    trial = copy.deepcopy(model)
    made = optimiser(trial.parameters()) if optimiser else Adam(trial.parameters(), 0.02)

    def done(epoch: Epoch) -> bool:
        return epoch.number % 10 == 9 and accuracy(epoch.model.eval(), loss, small) == 1.0

    history = fit(trial, loss, small, made, epochs=epochs, callbacks=[done], progress=False)
    return Overfit(accuracy(trial, loss, small), history.loss)


@dataclass(frozen=True)
class RateCurve:
    """The loss of a short run in which the learning rate grows from step to step.

    Attributes:
        suggestion: a tenth of the rate at which the (smoothed) loss was smallest: fast, and well before it diverges.
    """

    rates: list[float]
    losses: list[float]
    suggestion: float

    def __str__(self) -> str:
        return f"learning rates {self.rates[0]:.3g} to {self.rates[-1]:.3g} tried in {len(self.rates)} steps: try {self.suggestion:.2g}"

    def plot(self) -> Any:
        """The losses over the rates, on matplotlib axes (extra `plot`)."""
        from ..plots import new_axes

        axes = new_axes()
        axes.plot(self.rates, self.losses)
        axes.axvline(
            self.suggestion, linestyle="--", color="grey", label=f"suggestion {self.suggestion:.2g}"
        )
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.legend()
        return axes


def find_learning_rate(
    model: Module, loss: Loss, data: Dataset, *, low: float = 1e-4, high: float = 10.0, steps: int = 100, batch_size: int | None = None,
    optimiser: MakeOptimiser | None = None, seed: int = 0,
) -> RateCurve:  # fmt: skip
    """Train a copy for ``steps`` steps while the rate grows from ``low`` to ``high``, and see where the loss is smallest.

    It ends early once the loss is four times the smallest, or no longer finite. SGD by default.
    """
    if not (0.0 < low < high and steps >= 2):
        raise TargetError(
            f"rates grow from low to high in at least two steps; low={low!r}, high={high!r}, steps={steps!r} were given"
        )
    rates = [float(low * (high / low) ** (step / (steps - 1))) for step in range(steps)]
    trial = copy.deepcopy(model)
    made = optimiser(trial.parameters()) if optimiser else SGD(trial.parameters())
    losses: list[float] = []

    def diverged(epoch: Epoch) -> bool:
        losses.extend(epoch.history.step_loss[len(losses) :])
        return losses[-1] > 4.0 * max(min(losses), 1e-12) or len(losses) >= steps

    try:
        fit(
            trial, loss, data, made, epochs=steps, batch_size=batch_size, seed=seed, progress=False, callbacks=[diverged],
            schedule=lambda step: rates[min(int(step), steps - 1)], schedule_by="step",
        )  # fmt: skip
    except DomainError:
        if not losses:
            raise
    tried = min(steps, len(losses))
    return RateCurve(rates[:tried], losses[:tried], _suggested(rates[:tried], losses[:tried]))


def _suggested(rates: list[float], losses: list[float]) -> float:
    smooth = [
        sum(losses[max(0, i - 2) : i + 3]) / len(losses[max(0, i - 2) : i + 3])
        for i in range(len(losses))
    ]
    return rates[min(range(len(smooth)), key=smooth.__getitem__)] / 10.0
