"""The callbacks of `fit`.

They set the learning rate, validate, stop early, save checkpoints, show progress and call the
user's functions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data import Dataset
from ..errors import OperandError, TargetError
from ..files import PathLike
from ..nn.module import Module
from ..optim import Optimiser
from ..schedules import Schedule
from .checkpoint import Checkpoint
from .early import EarlyStopping
from .engines import assign
from .history import History
from .progress import make_bar
from .run import Callback, Run

_DIVERGED = 1e6  # training has failed if the loss is this many times as large as the first


class Scheduled(Callback):
    """Set the learning rate by a schedule, and restore the optimiser's own at the end."""

    def __init__(self, schedule: Schedule, by: str) -> None:
        self.schedule, self.by = schedule, by

    def begin(self, run: Run) -> None:
        self.own = run.optimiser.lr

    def before_step(self, run: Run) -> None:
        at = run.epoch if self.by == "epoch" else run.steps
        try:
            run.optimiser.lr = self.schedule(at)
        except TargetError as error:
            error.args = (f"the schedule gave a wrong learning rate for {self.by} {at}: {error}",)
            raise

    def end(self, run: Run) -> None:
        run.optimiser.lr = self.own


class Validated(Callback):
    """Measure the loss on another data set after each epoch, in evaluation mode."""

    def __init__(self, data: Dataset) -> None:
        self.data = data

    def after_epoch(self, run: Run) -> None:
        run.history.validation.append(run.engine.mean_loss(run.theta, self.data))
        run.model.train()


class StoppedEarly(Callback):
    """End training when the loss has stopped falling, and restore the best parameters."""

    def __init__(self, early: EarlyStopping) -> None:
        self.early = early

    def begin(self, run: Run) -> None:  # noqa: ARG002 - as in `Callback`
        self.early.reset()

    def before_epoch(self, run: Run) -> None:
        self._stop(run, self.early.since >= self.early.patience)

    def after_epoch(self, run: Run) -> None:
        losses = run.history.validation or run.history.loss
        self._stop(run, self.early.check(losses[-1], run.theta.tolist()))

    def _stop(self, run: Run, stop: bool) -> None:
        if stop:
            run.stopped = f"no improvement in {self.early.since} check(s)"

    def end(self, run: Run) -> None:
        if run.stopped and self.early.best is not None:
            run.theta = np.array(self.early.best, float)


class Checkpointed(Callback):
    """Save a checkpoint after each epoch. With ``resume``, continue from the one in the file."""

    def __init__(self, path: PathLike, early: EarlyStopping | None, *, resume: bool) -> None:
        if Path(path).suffix.lower() != ".json":
            raise OperandError(f"a checkpoint is a .json file; got {str(path)!r}")
        folder = Path(path).parent
        if not folder.is_dir():
            raise FileNotFoundError(
                f"cannot save the checkpoint {str(path)!r}: the folder {str(folder)!r} does not "
                "exist; create it first"
            )
        self.path, self.early, self.resume = path, early, resume

    def begin(self, run: Run) -> None:
        self.file = Checkpoint(self.path, run.model, run.optimiser, run.rng, self.early)
        if self.resume and Path(self.path).exists():
            run.history = self.file.read()
            run.theta = np.array([p.data for p in run.parameters])
            run.steps = len(run.history.step_loss)

    def after_epoch(self, run: Run) -> None:
        assign(run.parameters, run.theta)
        self.file.write(run.history)


class Shown(Callback):
    """Show a progress bar with the latest losses."""

    def __init__(self, epochs: int, wanted: bool | None) -> None:
        self.epochs, self.wanted = epochs, wanted

    def begin(self, run: Run) -> None:
        self.bar = make_bar(self.epochs, run.epoch, self.wanted)

    def after_epoch(self, run: Run) -> None:
        self.bar.update(run.epoch - self.bar.n)  # negative when training has gone back
        history = run.history
        validation = f", validation {history.validation[-1]:.4g}" if history.validation else ""
        eager = ", without replay" if " since " in history.engine else ""
        self.bar.set_postfix_str(f"loss {history.loss[-1]:.4g}{validation}{eager}")

    def end(self, run: Run) -> None:  # noqa: ARG002 - as in `Callback`
        self.bar.close()


class Divergence(Callback):
    """End a run whose loss has exploded, with a warning."""

    def after_epoch(self, run: Run) -> None:
        first, last = run.history.loss[0], run.history.loss[-1]
        if not run.stopped and last > _DIVERGED * (1.0 + abs(first)):
            run.stopped = (
                f"diverged in epoch {run.epoch - 1}: the loss grew from {first:.3g} to {last:.3g}; "
                f"use a smaller lr than {run.optimiser.lr:g}, or limit the steps with clip_norm"
            )
            warnings.warn(f"training {run.stopped}", stacklevel=2)


# ---- the user's functions ----


@dataclass(frozen=True)
class Epoch:
    """What a callback function receives after each epoch. ``number`` counts from 0.

    >>> from autograd_edu import data, nn, optim, train
    >>> def below_one(epoch):
    ...     return epoch.loss < 1.0
    >>> model = nn.MLP.from_weights([[[0.0]]], [[0.0]])
    >>> line = data.Dataset([[1.0], [2.0]], [3.0, 5.0])
    >>> train.fit(
    ...     model, nn.losses.half_squared_error, line, optim.SGD(model.parameters(), lr=0.1),
    ...     callbacks=[below_one], progress=False,
    ... ).stopped
    'a callback ended it'
    """

    number: int
    loss: float
    validation: float | None
    lr: float
    model: Module
    optimiser: Optimiser
    history: History


EpochFunction = Callable[[Epoch], object]  # True ends training


class Calls(Callback):
    """Call the user's functions after each epoch. If one returns True, training ends."""

    def __init__(self, functions: Sequence[EpochFunction]) -> None:
        self.functions = functions

    def after_epoch(self, run: Run) -> None:
        if run.stopped:
            return
        assign(run.parameters, run.theta)
        h, number = run.history, run.epoch - 1
        measured = h.validation[-1] if h.validation else None
        epoch = Epoch(number, h.loss[-1], measured, h.lr[-1], run.model, run.optimiser, h)
        answers = run.engine.follow(lambda: [function(epoch) for function in self.functions])
        if any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers):
            run.stopped = "a callback ended it"
