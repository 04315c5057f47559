"""What several experiments need: a quiet training run, outputs of many samples, and panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset
from ..nn import Module
from ..nn.losses import Loss
from ..optim import Optimiser
from ..plots import decision_boundary
from ..program import trace
from ..train.callbacks import EpochFunction
from ..train.history import History
from ..train.run import Callback
from ..train.trainer import fit
from .experiment import Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


def train(
    model: Module,
    data: Dataset,
    optimiser: Optimiser,
    *,
    loss: Loss,
    epochs: int,
    batch_size: int | None = None,
    callbacks: Sequence[Callback | EpochFunction] = (),
    seed: int = 0,
) -> History:
    """`fit` without a progress bar. The model is changed."""
    return fit(
        model, loss, data, optimiser, epochs=epochs, batch_size=batch_size, seed=seed,
        callbacks=callbacks, progress=False,
    )  # fmt: skip


def outputs(model: Module, xs: Sequence[Sequence[float]] | Array) -> Array:
    """The outputs of a model for all samples, one row per sample, from one replay of its graph."""
    samples = np.asarray(xs, float)
    program = trace(model.eval(), [0.0] * samples.shape[1])
    answer = program(samples)
    return np.array(answer if isinstance(answer, list) else [answer]).T


def boundary(model: Module, data: Dataset, title: str) -> Panel:
    """A panel with the decision boundary of a model."""

    def draw(ax: Axes) -> None:
        ax = decision_boundary(model, data.xs, data.ys, show="probability", ax=ax)
        ax.set_title(title)

    return draw


def curves(lines: Mapping[str, Sequence[float]], *, log: bool = False, **texts: str) -> Panel:
    """A panel with one curve per entry, over the numbers from 1.

    Args:
        log: whether the axis of the numbers is logarithmic.
        texts: the labels of the axes and the title, as for `Axes.set`.
    """

    def draw(ax: Axes) -> None:
        for name, numbers in lines.items():
            style = ".-" if len(numbers) < 40 else "-"
            ax.plot(range(1, len(numbers) + 1), numbers, style, label=name)
        ax.set(yscale="log" if log else "linear", **texts)
        ax.legend()

    return draw
