"""The history of a training run: its losses, to print, plot, save and compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..files import PathLike, expect, is_numbers, is_text, seal, unseal, write
from ..printing import prints

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Page(Protocol):
    """A page about a run, such as a `Recording`."""

    @property
    def html(self) -> str:
        """The page."""

    def save(self, path: PathLike) -> Path:
        """Write the page to ``path``. Returns the path."""


@prints
@dataclass
class History:
    """The record of a training run.

    Attributes:
        engine: "replay", or "eager" and the reason why the graph was not replayed.
        loss: the mean loss of each epoch, including the penalty.
        step_loss: the loss of each step.
        validation: the validation loss of each epoch. Empty without a validation set.
        lr: the learning rate of each epoch.
        seconds: how long each epoch took.
        stopped: why training ended.
        recording: the `Recording` that ``fit(…, record=True)`` made; otherwise None. It is not
            saved with the history.

    >>> history = History(step_loss=[4.0, 2.0, 3.0, 1.0])
    >>> history.moving_average(window=2)
    [4.0, 3.0, 2.5, 2.0]
    """

    engine: str = ""
    loss: list[float] = field(default_factory=list)
    step_loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""

    def __post_init__(self) -> None:
        self.recording: Page | None = None

    @property
    def epochs(self) -> int:
        """The number of complete epochs."""
        return len(self.loss)

    def __str__(self) -> str:
        if not self.loss:
            return f"no complete epoch; {self.stopped or 'running'}"
        validation = f", validation loss {self.validation[-1]:.4g}" if self.validation else ""
        loss = f"loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        time = f"{epochs} in {sum(self.seconds):.1f} s ({self.engine})"
        return f"{time}: {loss}{validation}; {self.stopped}"

    def moving_average(self, window: int = 20) -> list[float]:
        """The moving average of the step losses, one number per step.

        Each is the mean of up to ``window`` losses, and shows the trend of noisy mini-batches.
        """
        from ..plots import moving_average

        return moving_average(self.step_loss, window)

    def plot(
        self, *, per: str | None = None, window: int | None = None, log: bool = False,
        ax: Axes | None = None,
    ) -> Axes:  # fmt: skip
        """Plot the loss and the validation loss of each epoch; needs the extra `plot`.

        The arguments are those of `plots.loss_curve`; ``per="step"`` plots the loss of each step.
        """
        from ..plots import loss_curve

        return loss_curve(self, per=per, window=window, log=log, ax=ax)

    def text(self, *, width: int = 60, height: int = 12) -> str:
        """The loss of each epoch as a plot of text, for a terminal."""
        from ..plots import loss_text

        runs = {"loss": self.loss, "validation": self.validation}
        shown = {name: losses for name, losses in runs.items() if losses}
        return loss_text(shown or self.loss, width=width, height=height)

    def to_dict(self) -> dict[str, str | list[float]]:
        """Everything as plain numbers, lists and text."""
        return asdict(self)

    @classmethod
    def from_dict(cls, held: dict[str, Any]) -> History:  # Any: it is checked here
        """The history from its `to_dict`. Raises StateError for anything else."""
        tests = {
            entry.name: is_text if entry.type == "str" else is_numbers for entry in fields(cls)
        }
        return cls(**expect(held, tests, "the history of a run"))

    def save(self, path: PathLike) -> None:
        """Save the history to a .json file. If that is interrupted, the old file stays."""
        write(path, seal(self.to_dict(), "history"))

    @classmethod
    def load(cls, path: PathLike) -> History:
        """The history from a file that `save` wrote.

        Raises:
            StateError: if the file is damaged or holds something else.
        """
        return cls.from_dict(unseal(Path(path).read_bytes(), "history", source=path))
