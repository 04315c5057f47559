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
