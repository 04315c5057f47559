"""What several experiments need: a quiet training run, and a model's outputs for many samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset
from ..nn import Module
from ..nn.losses import Loss
from ..optim import Optimiser
from ..program import trace
from ..train.callbacks import EpochFunction
from ..train.history import History
from ..train.run import Callback
from ..train.trainer import fit

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


def share_right(scores: Array, labels: Sequence[float]) -> float:
    """The share of samples whose largest score is that of their class."""
    return float(np.mean(scores.argmax(axis=1) == np.asarray(labels)))
