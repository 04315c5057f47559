"""What happened in a training run: numbers to plot, save and compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import PathLike, expect, is_numbers, is_text, seal, unseal, write
from ..printing import prints

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@prints
@dataclass
class History:
    """The record of a training run.

    Attributes:
        engine: "replay"; or "eager", and why the graph could not be replayed.
        loss: the mean loss (with the penalty) of each epoch.
        step_loss: the loss of each step.
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
        """The number of complete epochs."""
        return len(self.loss)

    def __str__(self) -> str:
        if not self.loss:
            return f"no epoch complete; {self.stopped or 'running'}"
        validation = f", validation loss {self.validation[-1]:.4g}" if self.validation else ""
        loss = f"loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        time = f"{self.epochs} epochs in {sum(self.seconds):.1f} s ({self.engine})"
        return f"{time}: {loss}{validation}; {self.stopped}"

    def moving_average(self, window: int = 20) -> list[float]:
        """The mean of each step loss and up to ``window`` - 1 before it.

        It shows the trend in the scatter of mini-batches.
        """
        from ..plots import moving_average

        return moving_average(self.step_loss, window)

    def plot(self) -> Axes:
        """The loss of each step as matplotlib Axes (extra `plot`)."""
        from ..plots import loss_curve

        return loss_curve(self.step_loss)

    def text(self, *, width: int = 60, height: int = 12) -> str:
        """The loss of each epoch as a plot made of characters, for a terminal."""
        from ..plots import loss_text

        runs = {"loss": self.loss, "validation": self.validation}
        shown = {name: losses for name, losses in runs.items() if losses}
        return loss_text(shown or self.loss, width=width, height=height)

    def to_dict(self) -> dict[str, str | list[float]]:
        """Everything as plain numbers, lists and text."""
        return asdict(self)

    @classmethod
    def from_dict(cls, held: dict[str, Any]) -> History:  # Any: it is checked here
        """The history that `to_dict` gave. Raises StateError for anything else."""
        tests = {
            entry.name: is_text if entry.type == "str" else is_numbers for entry in fields(cls)
        }
        return cls(**expect(held, tests, "the history of a run"))

    def save(self, path: PathLike) -> None:
        """Write everything to a file, as JSON, whole or not at all."""
        write(path, seal(self.to_dict(), "history"))

    @classmethod
    def load(cls, path: PathLike) -> History:
        """The history in a file. Raises StateError if it is damaged, or something else."""
        return cls.from_dict(unseal(Path(path).read_bytes(), "history", source=path))
