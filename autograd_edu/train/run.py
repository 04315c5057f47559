"""A training run as data: what is trained on what, and how far it has come."""

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
        parameters: the Values that are trained: those of the optimiser, in its order.
        theta: their numbers now. The Values themselves are set to them after each epoch.
        engine: computes the loss of a batch and its gradient.
        rng: shuffles the samples.
        drop_last: leave out the last batch of an epoch if it is smaller than the others.
        steps: the number of complete steps.
        stopped: why training ends, or "" while it goes on. A callback that sets it ends training.
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
    """What happens beside the steps of a run. Override the methods you need.

    If there are several callbacks, the first in the list is called first.
    """

    def begin(self, run: Run) -> None:
        """Called before the first epoch."""

    def before_epoch(self, run: Run) -> None:
        """Called before each epoch."""

    def before_step(self, run: Run) -> None:
        """Called before each step."""

    def after_step(self, run: Run) -> None:
        """Called after each step. The history does not contain its loss yet."""

    def after_epoch(self, run: Run) -> None:
        """Called after each epoch. It is now the last one in the history."""

    def end(self, run: Run) -> None:
        """Called once training has ended, for whatever reason."""
