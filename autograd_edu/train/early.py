"""Early stopping: end training when a loss has stopped falling, and keep the best parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..arguments import not_negative, number
from ..errors import TargetError
from ..files import expect, is_count, is_number, is_numbers


@dataclass
class EarlyStopping:
    """Early stopping: end training after ``patience`` checks without an improvement.

    `fit` checks once per epoch, and resets it when a run begins. Source: Prechelt, "Early
    Stopping – But When?", 1998.

    Attributes:
        patience: the number of checks in a row without an improvement after which to stop.
        min_gain: the loss must fall by more than this to count as an improvement.
        best_loss: the loss of the last improvement.
        best: the parameters at that loss, or None before the first check.
        since: the number of checks since then.

    >>> stop = EarlyStopping(patience=2)
    >>> [stop.check(loss, [i]) for i, loss in enumerate([3.0, 2.0, 2.5, 2.1])], stop.best
    ([False, False, False, True], [1])
    """

    patience: int = 10
    min_gain: float = 0.0
    best_loss: float = float("inf")
    best: list[float] | None = None
    since: int = 0

    def __post_init__(self) -> None:
        if not number(self.patience, "patience") >= 1 or self.patience % 1 > 0.0:
            raise TargetError(
                f"patience must be a whole number of at least 1; got {self.patience!r}"
            )
        not_negative(self.min_gain, "min_gain")

    def check(self, loss: float, parameters: list[float]) -> bool:
        """Record a loss and the parameters that gave it. Returns True when it is time to stop."""
        if loss < self.best_loss - self.min_gain:
            self.best_loss, self.best, self.since = loss, parameters, 0
        else:
            self.since += 1
        return self.since >= self.patience

    def reset(self) -> None:
        """Forget all losses and parameters."""
        self.best_loss, self.best, self.since = float("inf"), None, 0

    def state_dict(self) -> dict[str, float | list[float] | None]:
        """What was recorded so far, as plain numbers and lists."""
        return {"best_loss": self.best_loss, "best": self.best, "since": self.since}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # Any: it is checked here
        """Load a `state_dict`. Raises StateError for anything else."""
        tests = {
            "best_loss": is_number,
            "best": lambda x: x is None or is_numbers(x),
            "since": is_count,
        }
        expect(state, tests, "the state of early stopping")
        self.best_loss, self.best = float(state["best_loss"]), state["best"]
        self.since = state["since"]
