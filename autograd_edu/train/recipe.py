"""Three tools for a first look at a new model; `diagnose` is a fourth.

They check the first loss, overfit a few samples and find a learning rate. Each works on a copy, so
the model does not change. Sources: KIT, lecture "Deep Learning for Computer Vision"; for the
learning rate, Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
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
    """The loss before training, and log C, the loss of a model that guesses among C classes.

    It is true if the two are close.

    >>> bool(InitialLoss(loss=0.7, expected=math.log(2), rtol=0.5))
    True
    """

    loss: float
    expected: float
    rtol: float

    def __bool__(self) -> bool:
        return abs(self.loss - self.expected) <= self.rtol * self.expected

    def __str__(self) -> str:
        advice = "this is wrong: use smaller initial weights, and check the targets"
        return (
            f"initial loss {self.loss:.4f}; a model that guesses has {self.expected:.4f}: "
            f"{'this is right' if self else advice}"
        )


def check_initial_loss(
    model: Module, loss: Loss, data: Dataset, *, rtol: float = 0.5
) -> InitialLoss:
    """Check that the first cross-entropy loss of a classifier is near log C for C classes.

    Args:
        rtol: how far it may be from log C, as a share of log C.

    Raises:
        TargetError: if the data set does not say how many classes it has.

    >>> from autograd_edu import data, nn
    >>> model, loss = nn.MLP(2, [8, 2], seed=0), nn.losses.softmax_cross_entropy
    >>> print(check_initial_loss(model, loss, data.moons(50)))
    initial loss 0.6925; a model that guesses has 0.6931: this is right
    >>> large = nn.MLP(2, [8, 2], init=nn.init.gaussian(10.0), seed=0)
    >>> bool(check_initial_loss(large, loss, data.moons(50)))
    False
    """
    if check_dataset(data).classes < 2:
        raise TargetError(
            "the expected loss is log C for C classes, but the data set has no number of classes: "
            "write Dataset(…, classes=C)"
        )
    first = mean_loss(copy.deepcopy(model).eval(), loss, data)
    return InitialLoss(first, math.log(data.classes), rtol)


@prints
@dataclass(frozen=True)
class Overfit:
    """Whether a model could learn a few samples by heart. It is true if all are right.

    >>> print(Overfit(accuracy=1.0, loss=[0.69, 0.01]))
    100% of a small sample are right after 2 epochs: loss 0.69 → 0.01
    """

    accuracy: float
    loss: list[float]

    def __bool__(self) -> bool:
        return self.accuracy == 1.0

    def __str__(self) -> str:
        epochs = f"{len(self.loss)} epochs: loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        advice = "check the data, the loss, the gradients and the learning rate"
        more = "" if self else f"; a model should learn so few by heart: {advice}"
        return f"{self.accuracy:.0%} of a small sample are right after {epochs}{more}"


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
    """Train a copy of the model on a few samples, to see whether it can learn them by heart.

    Args:
        samples: the number of samples. They are chosen at random, as ``seed`` determines.
        epochs: the largest number of epochs. Training ends once all samples are right.
        optimiser: a function that makes the optimiser from the parameters; by default Adam with
            lr=0.02.

    >>> from autograd_edu import data, nn
    >>> model, loss = nn.MLP(2, [8, 2], seed=0), nn.losses.softmax_cross_entropy
    >>> bool(overfit_small_sample(model, loss, data.moons(50)))
    True
    >>> line = nn.MLP(2, [2], seed=0)
    >>> bool(overfit_small_sample(line, loss, data.truth_table("xor"), epochs=20))
    False
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
    """The losses of a short run in which the learning rate grows with every step.

    Attributes:
        rates: the learning rate of each step.
        losses: the loss of each step.
        suggestion: a tenth of the rate at which the smoothed loss was smallest. With this rate,
            training is fast and unlikely to diverge.

    >>> print(RateCurve(rates=[0.01, 0.1, 1.0], losses=[2.0, 1.0, 3.0], suggestion=0.01))
    tried 3 learning rates from 0.01 to 1: use 0.01
    """

    rates: list[float]
    losses: list[float]
    suggestion: float

    def __str__(self) -> str:
        tried = f"{len(self.rates)} learning rates from {self.rates[0]:.3g} to {self.rates[-1]:.3g}"
        return f"tried {tried}: use {self.suggestion:.2g}"

    def plot(self) -> Axes:
        """Plot the losses over the rates. Returns matplotlib Axes; needs the extra `plot`."""
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
    """Suggest a learning rate: train a copy while the rate grows from ``low`` to ``high``.

    The run ends early once the loss is four times the smallest loss, or not finite.

    Args:
        optimiser: a function that makes the optimiser from the parameters; by default SGD.

    Raises:
        TargetError: if ``low`` is not less than ``high``.

    >>> from autograd_edu import data, nn
    >>> line = data.Dataset([[1.0], [2.0]], [3.0, 5.0])
    >>> print(find_learning_rate(nn.MLP(1, [1], seed=0), nn.losses.half_squared_error, line))
    tried 88 learning rates from 0.0001 to 2.48: use 0.17
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
