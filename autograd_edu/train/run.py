"""A training run as data: what is trained on what, and how far it has come."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from ..data import Dataset
from ..engine.value import Value
from ..nn.losses import Loss
from ..nn.module import Module
from ..optim import Optimiser
from .engines import Array, Engine
from .history import History


@dataclass
class Run:
    """A training run between two steps.

    Attributes:
        parameters: what is trained; the optimiser's, in its order.
        theta: their numbers now. The parameters themselves are set to them after every epoch.
        engine: what gives the loss of a batch and its gradient.
        rng: shuffles the samples.
        steps: how many steps are complete.
        stopped: why training ends; "" while it goes on. A callback that sets it ends training.
    """

    model: Module
    loss: Loss
    data: Dataset
    optimiser: Optimiser
    parameters: list[Value]
    theta: Array
    engine: Engine
    rng: random.Random
    batch_size: int | None = None
    history: History = field(default_factory=History)
    steps: int = 0
    stopped: str = ""

    @property
    def epoch(self) -> int:
        """The number of the epoch that is being trained, from 0."""
        return self.history.epochs


class Callback:
    """What happens beside the steps of a run. Each method is called at its moment; none need be there.

    Of several callbacks, the first in the list is called first.
    """

    def begin(self, run: Run) -> Any:
        """Before the first epoch."""

    def before_epoch(self, run: Run) -> Any:
        """Before each epoch."""

    def before_step(self, run: Run) -> Any:
        """Before each step."""

    def after_step(self, run: Run) -> Any:
        """After each step, whose loss is not in the history yet."""

    def after_epoch(self, run: Run) -> Any:
        """After each epoch, which is the last in the history now."""

    def end(self, run: Run) -> Any:
        """At the end, however it came about."""
