"""The callbacks that `fit` composes: rates, validation, early stopping, checkpoints, progress, and the user's functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset
from ..errors import TargetError
from ..files import PathLike
from ..nn.module import Module
from ..optim import Optimiser
from ..schedules import Schedule
from .checkpoint import read_checkpoint, write_checkpoint
from .early import EarlyStopping
from .engines import put
from .history import History
from .progress import bar
from .run import Callback, Run

_DIVERGED = 1e6  # a loss so many times as large as the first is not learning any more


class Scheduled(Callback):
    """Sets the learning rate by a schedule, of the epoch or of the step; at the end it is the optimiser's own again."""

    def __init__(self, schedule: Schedule, by: str) -> None:
        self.schedule, self.by = schedule, by

    def begin(self, run: Run) -> None:
        self.own = run.optimiser.lr

    def before_step(self, run: Run) -> None:
        at = run.epoch if self.by == "epoch" else run.steps
        try:
            run.optimiser.lr = self.schedule(at)
        except TargetError as error:
            error.add_note(f"the schedule gave this rate for {self.by} {at}")
            raise

    def end(self, run: Run) -> None:
        run.optimiser.lr = self.own


class Validated(Callback):
    """Measures the loss on another set after every epoch, in evaluation mode."""

    def __init__(self, data: Dataset) -> None:
        self.data = data

    def after_epoch(self, run: Run) -> None:
        run.history.validation.append(run.engine.mean_loss(run.theta, self.data))
        run.model.train()


class StoppedEarly(Callback):
    """Ends training when nothing has become better for a while, and restores the best parameters."""

    def __init__(self, early: EarlyStopping) -> None:
        self.early = early

    def begin(self, run: Run) -> None:  # noqa: ARG002 - as a `Callback` has it
        self.early.reset()

    def before_epoch(self, run: Run) -> None:
        self._stop(run, self.early.since >= self.early.patience)

    def after_epoch(self, run: Run) -> None:
        losses = run.history.validation or run.history.loss
        self._stop(run, self.early.check(losses[-1], run.theta.copy()))

    def _stop(self, run: Run, stop: bool) -> None:
        if stop:
            run.stopped = f"no gain in {self.early.since} checks"

    def end(self, run: Run) -> None:
        if run.stopped and self.early.best is not None:
            run.theta = np.array(self.early.best, float)


class Checkpointed(Callback):
    """Saves everything after each epoch; with ``resume``, training goes on from what was saved."""

    def __init__(self, path: PathLike, early: EarlyStopping | None, *, resume: bool) -> None:
        if not Path(path).parent.is_dir():
            raise FileNotFoundError(f"there is no folder for the checkpoint {str(path)!r}")
        self.path, self.early, self.resume = path, early, resume

    def begin(self, run: Run) -> None:
        if self.resume and Path(self.path).exists():
            run.history = read_checkpoint(
                self.path, model=run.model, optimiser=run.optimiser, rng=run.rng, early=self.early
            )
            run.theta = np.array([p.data for p in run.parameters])
            run.steps = len(run.history.step_loss)

    def after_epoch(self, run: Run) -> None:
        put(run.parameters, run.theta)
        write_checkpoint(
            self.path, model=run.model, optimiser=run.optimiser, history=run.history, rng=run.rng,
            early=self.early,
        )  # fmt: skip


class Shown(Callback):
    """A progress bar, with the losses behind it."""

    def __init__(self, epochs: int, wanted: bool | None) -> None:
        self.epochs, self.wanted = epochs, wanted

    def begin(self, run: Run) -> None:
        self.bar = bar(self.epochs, run.epoch, self.wanted)

    def after_epoch(self, run: Run) -> None:
        self.bar.update(run.epoch - self.bar.n)  # backwards, where training has gone back
        history = run.history
        validation = f", validation {history.validation[-1]:.4g}" if history.validation else ""
        eager = ", without replay" if " since " in history.engine else ""
        self.bar.set_postfix_str(f"loss {history.loss[-1]:.4g}{validation}{eager}")

    def end(self, run: Run) -> None:  # noqa: ARG002 - as a `Callback` has it
        self.bar.close()


class Divergence(Callback):
    """Ends a run whose loss has grown beyond all measure."""

    def after_epoch(self, run: Run) -> None:
        first, last = run.history.loss[0], run.history.loss[-1]
        if not run.stopped and last > _DIVERGED * (1.0 + abs(first)):
            run.stopped = f"diverged: the loss grew from {first:.3g} to {last:.3g}; use a smaller learning rate"


# ---- the user's functions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Epoch:
    """What a function among the callbacks gets to see after each epoch. ``number`` counts from 0."""

    number: int
    loss: float
    validation: float | None
    lr: float
    model: Module
    optimiser: Optimiser
    history: History

    @classmethod
    def latest(cls, run: Run) -> Epoch:
        """The epoch that is complete."""
        h = run.history
        measured = h.validation[-1] if h.validation else None
        return cls(run.epoch - 1, h.loss[-1], measured, h.lr[-1], run.model, run.optimiser, h)


class Calls(Callback):
    """Calls functions of an `Epoch` after each; one that returns True ends training."""

    def __init__(self, functions: Sequence[Callable[[Epoch], Any]]) -> None:
        self.functions = functions

    def after_epoch(self, run: Run) -> None:
        if run.stopped:
            return
        put(run.parameters, run.theta)
        epoch = Epoch.latest(run)
        answers = run.engine.follow(lambda: [function(epoch) for function in self.functions])
        if any(answer is True for answer in answers):
            run.stopped = "a callback ended it"
