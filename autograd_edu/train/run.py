"""The state of a training run, and the base class of callbacks."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ..data import Dataset
from ..engine.value import Value
from ..nn.losses import Loss
from ..nn.module import Module
from ..optim import Array, Optimiser
from .engines import Eager
from .history import History


@dataclass
class Run:
    """A training run between two steps.

    Attributes:
        parameters: the Values that are trained, in the order of the optimiser.
        theta: their current numbers. The Values get these numbers after each epoch.
        engine: computes the loss of a batch and its gradient.
        rng: shuffles the samples.
        drop_last: leave out the last batch of an epoch if it is smaller than the others.
        steps: the number of complete steps.
        stopped: why training ends, or "" while it continues. A callback sets it to end training.

    >>> from autograd_edu import data, nn, optim, train
    >>> class Watch(Callback):
    ...     def after_epoch(self, run):
    ...         print(run.epoch, run.steps, run.theta.round(2).tolist())
    >>> model = nn.MLP.from_weights([[[0.0]]], [[0.0]])
    >>> line = data.Dataset([[1.0], [2.0]], [3.0, 5.0])
    >>> _ = train.fit(
    ...     model, nn.losses.half_squared_error, line, optim.SGD(model.parameters(), lr=0.3),
    ...     epochs=3, callbacks=[Watch()], progress=False,
    ... )
    1 1 [1.95, 1.2]
    2 2 [1.9, 1.16]
    3 3 [1.9, 1.16]
    """

    model: Module
    loss: Loss
    data: Dataset
    optimiser: Optimiser
    parameters: list[Value]
    theta: Array
    engine: Eager
    rng: random.Random
    batch_size: int | None = None
    drop_last: bool = False
    history: History = field(default_factory=History)
    steps: int = 0
    stopped: str = ""

    @property
    def epoch(self) -> int:
        """The number of the current epoch, from 0."""
        return self.history.epochs


class Callback:
    """The base class of callbacks, which `fit` calls during a run. Override what you need.

    Several callbacks are called in the order of their list.

    >>> from autograd_edu import data, nn, optim, train
    >>> class StopAt(Callback):
    ...     def after_step(self, run):
    ...         if run.steps == 5:
    ...             run.stopped = "five steps are enough"
    >>> model, loss = nn.MLP(2, [1], seed=0), nn.losses.binary_cross_entropy_with_logits
    >>> history = train.fit(
    ...     model, loss, data.moons(50), optim.SGD(model.parameters()), batch_size=10,
    ...     callbacks=[StopAt()], progress=False,
    ... )
    >>> len(history.step_loss), history.stopped
    (5, 'five steps are enough')
    """

    def begin(self, run: Run) -> None:
        """Called before the first epoch."""

    def before_epoch(self, run: Run) -> None:
        """Called before each epoch."""

    def before_step(self, run: Run) -> None:
        """Called before each step."""

    def after_step(self, run: Run) -> None:
        """Called after each step. The history does not contain the loss of this step yet."""

    def after_epoch(self, run: Run) -> None:
        """Called after each epoch. The history contains the epoch."""

    def end(self, run: Run) -> None:
        """Called when training has ended, also after an error."""
