"""Early stopping: watch a loss, keep the best parameters, end when nothing has become better for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arguments import not_negative, number
from ..errors import TargetError
from ..files import expect, is_count, is_number, is_numbers


@dataclass
class EarlyStopping:
    """Stops after ``patience`` checks in a row without a gain of more than ``min_gain``; the best parameters are kept.

    What was seen is forgotten when a new run begins with it.

    >>> stop = EarlyStopping(patience=2)
    >>> [stop.check(loss, i) for i, loss in enumerate([3.0, 2.0, 2.5, 2.1])], stop.best
    ([False, False, False, True], 1)
    """

    patience: int = 10
    min_gain: float = 0.0
    best_loss: float = float("inf")
    best: Any = None
    since: int = 0

    def __post_init__(self) -> None:
        if not number(self.patience, "patience") >= 1:
            raise TargetError(f"patience must be at least one check; got {self.patience!r}")
        not_negative(self.min_gain, "min_gain")

    def check(self, loss: float, parameters: Any) -> bool:
        """Take note of a loss and what it was reached with; whether it is time to stop."""
        if loss < self.best_loss - self.min_gain:
            self.best_loss, self.best, self.since = loss, parameters, 0
        else:
            self.since += 1
        return self.since >= self.patience

    def reset(self) -> None:
        """Forget what was seen, as `fit` does when a run begins."""
        self.best_loss, self.best, self.since = float("inf"), None, 0

    def state_dict(self) -> dict[str, Any]:
        """What was seen so far, as plain numbers and lists."""
        best = self.best.tolist() if hasattr(self.best, "tolist") else self.best
        return {"best_loss": self.best_loss, "best": best, "since": self.since}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises StateError for anything else."""
        tests = {
            "best_loss": is_number,
            "best": lambda x: x is None or is_numbers(x),
            "since": is_count,
        }
        expect(state, tests, "the state of early stopping")
        self.best_loss, self.best, self.since = (
            float(state["best_loss"]),
            state["best"],
            state["since"],
        )
