"""Replay is checked as training moves: after 1, 2, 4, 8 … steps and at the end, with a way back if it was wrong."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from .engines import Array
from .memory import Memory
from .run import Callback, Run
from .trusted import Unseen


class Verified(Callback):
    """Compares replay with the eager engine, and keeps the last state of the run at which they agreed.

    Args:
        others: the run's other callbacks, whose state goes back with it.
    """

    def __init__(self, others: Sequence[Callback]) -> None:
        self.others = others
        self.agreed = (
            0  # the step at which the engines were compared last; they were before training
        )
        self.next_check = self.next_mark = 0
        self.announced = False
        self.marked: tuple[Array, Memory] | None = None

    def before_epoch(self, run: Run) -> None:
        if run.engine.replays and (run.steps >= self.next_mark or self.marked is None):
            self.check(run)
            self.marked = run.theta.copy(), Memory(
                optimiser=run.optimiser, rng=run.rng, history=run.history, model=run.model,
                loss=run.loss, callbacks=list(self.others),
            )  # fmt: skip
            self.next_mark = max(1, 2 * run.steps)

    def after_step(self, run: Run) -> None:
        if run.steps >= self.next_check:
            self.check(run)
        self._announce(run, run.steps - 1)

    def after_epoch(self, run: Run) -> None:
        self._announce(run, run.steps)

    def check(self, run: Run) -> None:
        """Raise `Unseen` if replay differs from the eager engine here."""
        if self.agreed != run.steps:
            if reason := run.engine.difference(run.theta):
                raise Unseen(reason)
            self.agreed, self.next_check = run.steps, 2 * run.steps

    def go_back(self, run: Run, reason: str) -> None:
        """Return to the state that was kept last, and go on eagerly from there."""
        assert self.marked is not None  # as every epoch of a replay begins with one
        run.theta, memory = self.marked
        memory.restore()
        run.steps, run.stopped = len(run.history.step_loss), ""
        run.engine.fall_back(reason)
        self._announce(run, run.steps)

    def _announce(self, run: Run, step: int) -> None:
        """Say once that replay has ended, and why."""
        if run.engine.replays or self.announced or run.engine.name == run.history.engine:
            return
        self.announced = True
        reason = run.engine.name.removeprefix("eager: ")
        run.history.engine = f"eager since step {step}: {reason}"
        warnings.warn(f"training goes on without replay since step {step}: {reason}", stacklevel=2)
