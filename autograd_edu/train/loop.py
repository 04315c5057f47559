"""The training loop: epochs of batches, with one step of the optimiser per batch."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..data import Dataset
from ..errors import DomainError
from .engines import assign
from .history import History
from .run import Callback, Run
from .trusted import CannotReplay
from .verified import Verified


class Trainer:
    """Take the steps of a run. Callbacks do everything else."""

    def __init__(self, run: Run, callbacks: Sequence[Callback]) -> None:
        self.run = run
        self.verified = Verified(callbacks)
        self.callbacks = [self.verified, *callbacks]

    def train(self, epochs: int) -> History:
        """Train until the run has ``epochs`` epochs, or a callback or Ctrl-C ends it."""
        run = self.run
        run.model.train()
        self._tell("begin")
        run.history.engine = run.engine.name
        try:
            self._train(epochs)
        except KeyboardInterrupt:
            self._interrupted()
        finally:
            self._tell("end")
            assign(run.parameters, run.theta)
            run.model.eval()
        run.history.stopped = run.stopped
        return run.history

    def _train(self, epochs: int) -> None:
        """Train the remaining epochs. If replay was wrong, go back to the last checked state."""
        run = self.run
        while True:
            try:
                while run.epoch < epochs and not run.stopped:
                    self._tell("before_epoch")
                    if not run.stopped:
                        self._epoch()
                self.verified.check(run)
                break
            except CannotReplay as found:
                self.verified.go_back(run, str(found))
        run.stopped = run.stopped or f"all {epochs} epochs done"

    def _interrupted(self) -> None:
        run = self.run
        try:
            self.verified.check(run)
        except CannotReplay as found:
            self.verified.go_back(run, str(found))
        run.stopped = f"interrupted in epoch {run.epoch}"

    def _epoch(self) -> None:
        """Train on all batches once."""
        run, begun, losses, sizes = self.run, time.perf_counter(), [], []
        rng = run.rng if run.batch_size else None
        for batch in run.data.batches(run.batch_size, rng, drop_last=run.drop_last):
            losses.append(self._step(batch))
            sizes.append(len(batch))
        history = run.history
        history.step_loss += losses
        history.loss.append(sum(y * n for y, n in zip(losses, sizes, strict=True)) / sum(sizes))
        history.lr.append(run.optimiser.lr)
        history.seconds.append(time.perf_counter() - begun)
        self._tell("after_epoch")

    def _step(self, batch: Dataset) -> float:
        """Take one step. Returns the loss of the batch before the step.

        If anything raises, the parameters are unchanged.
        """
        run = self.run
        self._tell("before_step")
        try:
            y, gradient = run.engine.value_and_grad(run.optimiser.look_ahead(run.theta), batch)
            new = run.optimiser.update(run.theta, gradient)
        except DomainError as error:
            error.args = (f"in epoch {run.epoch}, step {run.steps}: {error}; {_advice(run)}",)
            raise
        run.theta = new
        run.steps += 1
        self._tell("after_step")
        return y

    def _tell(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self.run)


def _advice(run: Run) -> str:
    """What to try when the result of a step is not finite."""
    if not run.steps:
        return (
            "check the samples, the targets and the first weights with diagnose(model, loss, data)"
        )
    rule = type(run.optimiser).__name__
    return (
        f"often the learning rate is too large: it is {run.optimiser.lr:g} here. Pass a smaller "
        f"`lr`, or `clip_norm=1.0`, to {rule}; diagnose(model, loss, data) shows where it starts"
    )
