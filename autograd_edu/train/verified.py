"""Check replay during training: after 1, 2, 4, 8, … steps and at the end.

If replay is wrong, training goes back to the last state at which it was right.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ..optim import Array
from .memory import Memory
from .run import Callback, Run
from .trusted import CannotReplay

_GROWTH = 2  # the next check comes after this many times as many steps


class Verified(Callback):
    """Compare replay with the eager engine, and keep the last state at which they agreed.

    Args:
        others: the other callbacks of the run. Their state is kept and restored, too.
    """

    def __init__(self, others: Sequence[Callback]) -> None:
        self.others = others
        self.agreed = 0  # the step of the last comparison; the first came before training
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
            self.next_mark = max(1, _GROWTH * run.steps)

    def after_step(self, run: Run) -> None:
        if run.steps >= self.next_check:
            self.check(run)
        self._announce(run, run.steps - 1)

    def after_epoch(self, run: Run) -> None:
        self._announce(run, run.steps)

    def check(self, run: Run) -> None:
        """Raise `CannotReplay` if replay differs from the eager engine here."""
        if self.agreed != run.steps:
            if reason := run.engine.difference(run.theta):
                raise CannotReplay(reason)
            self.agreed, self.next_check = run.steps, _GROWTH * run.steps

    def go_back(self, run: Run, reason: str) -> None:
        """Go back to the last state that was kept, and continue from there without replay."""
        assert self.marked is not None  # an epoch with replay begins by keeping a state
        run.theta, memory = self.marked
        memory.restore()
        run.steps, run.stopped = len(run.history.step_loss), ""
        run.engine.fall_back(reason)
        self._announce(run, run.steps)

    def _announce(self, run: Run, step: int) -> None:
        """Warn once that replay has ended, and why."""
        if run.engine.replays or self.announced or run.engine.name == run.history.engine:
            return
        self.announced = True
        reason = run.engine.name.removeprefix("eager: ")
        run.history.engine = f"eager since step {step}: {reason}"
        warnings.warn(
            f"training continues without replay since step {step}: {reason}", stacklevel=2
        )
