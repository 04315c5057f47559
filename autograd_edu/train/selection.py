"""Choose by the validation loss: among models, or among learning rates and weight decays."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..data import Dataset
from ..engine.value import Value
from ..errors import DomainError, OperandError
from ..nn.losses import Loss
from ..nn.module import Module
from ..notation.text import table
from ..optim import Adam, Optimiser
from ..printing import prints
from .evaluate import mean_loss
from .recipe import MakeOptimiser
from .trainer import fit


@prints
@dataclass(frozen=True)
class Selection:
    """The validation loss of each model after training. It prints as a table, best first.

    Attributes:
        losses: by name. A model that diverged has the loss inf.
        models: the trained copies, by name.

    >>> from autograd_edu import data, nn
    >>> training, validation = data.moons(40).split(0.5)
    >>> models = {"a line": nn.MLP(2, [1], seed=0), "8 units": nn.MLP(2, [8, 1], seed=0)}
    >>> loss, rule = nn.losses.binary_cross_entropy_with_logits, lambda p: Adam(p, 0.1)
    >>> print(select(models, loss, training, validation=validation, epochs=30, optimiser=rule))
    model    validation loss
    -------  ---------------
    8 units           0.2304
    a line            0.3231
    """

    losses: dict[str, float]
    models: dict[str, Module] = field(repr=False)

    @property
    def best(self) -> str:
        """The name of the model with the smallest validation loss."""
        return min(self.losses, key=self.losses.__getitem__)

    @property
    def model(self) -> Module:
        """The trained copy with the smallest validation loss."""
        return self.models[self.best]

    def __str__(self) -> str:
        ranked = sorted(self.losses.items(), key=lambda entry: entry[1])
        rows = [(name, f"{loss:.4g}") for name, loss in ranked]
        return table([("model", "validation loss"), *rows], right=[1])


def select(
    models: Mapping[str, Module],
    loss: Loss,
    data: Dataset,
    *,
    validation: Dataset,
    epochs: int = 100,
    batch_size: int | None = None,
    optimiser: MakeOptimiser = Adam,
    seed: int = 0,
) -> Selection:
    """Train a copy of each model on ``data``, and compare the losses on ``validation``.

    The smallest validation loss is a little too good, because it was chosen. For an honest
    estimate, measure the chosen model on a third set.

    Args:
        models: the models by name, such as ``{"8 units": MLP(2, [8, 1])}``.
        optimiser: a function that makes the optimiser from the parameters.

    >>> from autograd_edu import data, nn
    >>> training, validation = data.moons(80).split(0.5)
    >>> models = {"a line": nn.MLP(2, [1], seed=0), "8 units": nn.MLP(2, [8, 1], seed=0)}
    >>> loss = nn.losses.binary_cross_entropy_with_logits
    >>> select(models, loss, training, validation=validation, optimiser=lambda p: Adam(p, 0.1)).best
    '8 units'
    """
    if not isinstance(models, Mapping) or not models:
        raise OperandError(
            "select needs a dict of names and models, such as {'8 units': MLP(2, [8, 1])}; "
            f"got {models!r:.60}"
        )
    trials = {name: copy.deepcopy(model) for name, model in models.items()}
    losses = {
        name: _train(
            trial, loss, data, optimiser(trial.parameters()), validation=validation, epochs=epochs,
            batch_size=batch_size, seed=seed,
        )
        for name, trial in trials.items()
    }  # fmt: skip
    return Selection(losses, trials)


class MakeDecayed(Protocol):
    """A class of optimisers, or a function that makes one with a rate and a weight decay."""

    def __call__(
        self, parameters: Sequence[Value], lr: float, /, *, weight_decay: float
    ) -> Optimiser: ...


@prints
@dataclass(frozen=True)
class Grid:
    """Validation losses by learning rate and weight decay. It prints as a table.

    Attributes:
        losses: by pairs of a rate and a weight decay. A run that diverged has the loss inf.

    >>> Grid({(0.1, 0.0): 0.37, (0.01, 0.0): 0.52, (0.1, 1e-4): 0.36, (0.01, 1e-4): 0.51}).best
    (0.1, 0.0001)
    """

    losses: dict[tuple[float, float], float]

    @property
    def best(self) -> tuple[float, float]:
        """The rate and the weight decay with the smallest validation loss."""
        return min(self.losses, key=self.losses.__getitem__)

    def __str__(self) -> str:
        rates, decays = (list(dict.fromkeys(pair[i] for pair in self.losses)) for i in (0, 1))
        shown = {pair: f"{loss:.4g}" for pair, loss in self.losses.items()}
        shown[self.best] = f"*{shown[self.best]}"
        head = ["rate", *(f"decay {decay:g}" for decay in decays)]
        rows = [[f"{rate:g}", *(shown[rate, decay] for decay in decays)] for rate in rates]
        return table([head, *rows], right=range(len(head))) + "\n* the smallest validation loss"


def grid_search(
    model: Module,
    loss: Loss,
    data: Dataset,
    *,
    validation: Dataset,
    rates: Sequence[float] = (1e-1, 1e-2, 1e-3, 1e-4),
    weight_decays: Sequence[float] = (1e-4, 1e-5, 0.0),
    epochs: int = 5,
    batch_size: int | None = 32,
    optimiser: MakeDecayed = Adam,
    seed: int = 0,
) -> Grid:
    """Train a copy of the model for a few epochs with each learning rate and each weight decay.

    The defaults are the coarse grid of KIT's recipe. Then refine it: call it again with rates near
    the best one, and 10 to 20 epochs.

    Args:
        optimiser: called as ``optimiser(parameters, rate, weight_decay=decay)``.

    >>> from autograd_edu import data, nn
    >>> training, validation = data.moons(80).split(0.5)
    >>> model, loss = nn.MLP(2, [4, 1], seed=0), nn.losses.binary_cross_entropy_with_logits
    >>> print(grid_search(model, loss, training, validation=validation, rates=[0.1, 0.001]))
     rate  decay 0.0001  decay 1e-05  decay 0
    -----  ------------  -----------  -------
      0.1        0.3707       0.3705  *0.3705
    0.001        0.6084       0.6084   0.6084
    * the smallest validation loss
    """
    if not rates or not weight_decays:
        raise OperandError("a grid needs at least one learning rate and one weight decay")
    losses = {}
    for rate in rates:
        for decay in weight_decays:
            trial = copy.deepcopy(model)
            made = optimiser(trial.parameters(), rate, weight_decay=decay)
            losses[rate, decay] = _train(
                trial, loss, data, made, validation=validation, epochs=epochs,
                batch_size=batch_size, seed=seed,
            )  # fmt: skip
    return Grid(losses)


def _train(
    trial: Module, loss: Loss, data: Dataset, made: Optimiser, *, validation: Dataset, epochs: int,
    batch_size: int | None, seed: int,
) -> float:  # fmt: skip
    """The validation loss after training, or inf if it diverges."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "training diverged")  # the loss says so
        try:
            history = fit(
                trial, loss, data, made, epochs=epochs, batch_size=batch_size, seed=seed,
                progress=False,
            )  # fmt: skip
            diverged = history.stopped.startswith("diverged")
            return math.inf if diverged else mean_loss(trial, loss, validation)
        except DomainError:
            return math.inf
