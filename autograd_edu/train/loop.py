"""The training loop: epochs of batches, each a step of the optimiser along the gradient of the batch's mean loss."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..data import Dataset
from ..errors import DomainError
from .engines import put
from .history import History
from .run import Callback, Run
from .trusted import Unseen
from .verified import Verified


class Trainer:
    """Steps through a run. All that happens beside the steps is done by callbacks."""

    def __init__(self, run: Run, callbacks: Sequence[Callback]) -> None:
        self.run = run
        self.verified = Verified(callbacks)
        self.callbacks = [self.verified, *callbacks]

    def train(self, epochs: int) -> History:
        """Train until there are so many epochs, or a callback ends it. Ctrl-C keeps what was reached."""
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
            put(run.parameters, run.theta)
            run.model.eval()
        run.history.stopped = run.stopped
        return run.history

    def _train(self, epochs: int) -> None:
        """All epochs that are left, once more from where replay was right if it was not to the end."""
        run = self.run
        while True:
            try:
                while run.epoch < epochs and not run.stopped:
                    self._tell("before_epoch")
                    if not run.stopped:
                        self._epoch()
                self.verified.check(run)
                break
            except Unseen as found:
                self.verified.go_back(run, str(found))
        run.stopped = run.stopped or f"all {epochs} epochs done"

    def _interrupted(self) -> None:
        run = self.run
        try:
            self.verified.check(run)
        except Unseen as found:
            self.verified.go_back(run, str(found))
        run.stopped = f"interrupted in epoch {run.epoch}"

    def _epoch(self) -> None:
        """All batches once."""
        run, begun, losses, sizes = self.run, time.perf_counter(), [], []
        for batch in run.data.batches(run.batch_size, run.rng if run.batch_size else None):
            losses.append(self._step(batch))
            sizes.append(len(batch))
        history = run.history
        history.step_loss += losses
        history.loss.append(sum(y * n for y, n in zip(losses, sizes, strict=True)) / sum(sizes))
        history.lr.append(run.optimiser.lr)
        history.seconds.append(time.perf_counter() - begun)
        self._tell("after_epoch")

    def _step(self, batch: Dataset) -> float:
        """One batch: its loss before the step. The parameters change only when everything has gone well."""
        run = self.run
        self._tell("before_step")
        try:
            y, gradient = run.engine.value_and_grad(run.optimiser.look_ahead(run.theta), batch)
        except DomainError as error:
            error.add_note(
                f"in epoch {run.epoch}, step {run.steps}: diagnose(model, loss, data) says where it "
                f"begins; often lr is too large"
            )
            raise
        run.theta = run.optimiser.update(run.theta, gradient)
        run.steps += 1
        self._tell("after_step")
        return y

    def _tell(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self.run)
