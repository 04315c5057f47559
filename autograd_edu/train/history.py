"""What happened in a training run: numbers to plot, save and compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..files import PathLike, expect, is_numbers, is_text, seal, unseal, write


@dataclass
class History:
    """The record of a training run.

    Attributes:
        engine: "replay", or "eager" and why the graph could not be replayed.
        loss: the mean loss (with penalty) of each epoch; ``step_loss`` that of each step.
        validation: the validation loss of each epoch, if there is a validation set.
        lr: the learning rate of each epoch.
        seconds: how long each epoch took.
        stopped: why training ended.
    """

    engine: str = ""
    loss: list[float] = field(default_factory=list)
    step_loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.loss)

    def __str__(self) -> str:
        if not self.loss:
            return f"no epoch complete; {self.stopped or 'running'}"
        validation = f", validation loss {self.validation[-1]:.4g}" if self.validation else ""
        loss = f"loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        return f"{self.epochs} epochs in {sum(self.seconds):.1f} s ({self.engine}): {loss}{validation}; {self.stopped}"

    def moving_average(self, window: int = 20) -> list[float]:
        """The step losses, each averaged with up to ``window`` - 1 before it: the trend in the scatter of mini-batches."""
        sums = [0.0]
        for value in self.step_loss:
            sums.append(sums[-1] + value)
        return [(sums[i] - sums[max(0, i - window)]) / min(i, window) for i in range(1, len(sums))]

    def plot(self) -> Any:
        """The loss curve as matplotlib Axes (extra `plot`)."""
        from ..plots import loss_curve

        return loss_curve(self.step_loss)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, lists and text."""
        return asdict(self)

    @classmethod
    def from_dict(cls, held: dict[str, Any]) -> History:
        """What `to_dict` gave. Raises StateError for anything else."""
        tests = {
            entry.name: is_text if entry.type == "str" else is_numbers for entry in fields(cls)
        }
        return cls(**expect(held, tests, "the history of a run"))

    def save(self, path: PathLike) -> None:
        """Write everything to a file, as JSON, whole or not at all."""
        write(path, seal(self.to_dict(), "history"))

    @classmethod
    def load(cls, path: PathLike) -> History:
        """What `save` wrote. Raises StateError if the file is damaged, or of another kind."""
        return cls.from_dict(unseal(Path(path).read_bytes(), "history", source=path))
