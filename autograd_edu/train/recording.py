"""A training run, recorded for the theatre: some of its parameters and all of its losses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np

from ..errors import TrainingError
from ..files import PathLike, write
from ..pictures.interactive.theatre.page import theatre, theatre_page
from ..pictures.interactive.theatre.paths import paths
from ..pictures.interactive.theatre.show import Frame, Show
from ..printing import in_notebook
from .run import Callback, Run
from .samples import recorded
from .stack import Stack, stack_of

_GROWTH = 1.13  # of the epoch from one frame to the next: about 60 frames in 3,000 epochs
_FEW = 16  # frames that a notebook holds
_SAMPLES, _FEW_SAMPLES = 400, 120  # that a page and a notebook hold
_PAUSE = 0.5  # seconds at least between two pictures of a running training
_SHARE = 8  # a picture is due when training has taken so many times as long as the last one did


class Recording(Callback):
    """A callback for `fit` that keeps the parameters at about 60 epochs, spaced by logarithm.

    ``fit(…, record=True)`` makes one and puts it into its history. A notebook shows it as the
    training theatre: the data and what the network says, the network with a small picture for each
    unit, and the loss, with a slider over the epochs. A click on a unit shows its formula with the
    numbers of one sample. `save` writes a page on which a click on a weight also steps through its
    pass to the loss.

    The model is an MLP, or a `Sequential` of dense layers and activations, which may begin with a
    `Standardiser`. With two inputs and classes, the data are a plane; with one input and one
    output, a curve; otherwise a table of classes, or predictions beside their targets.

    Args:
        live: in a notebook, show the theatre while training runs, too. It is drawn anew so seldom
            that it takes less than a fifth of the time.

    Attributes:
        frames: the parameters after some epochs; the first are those before training.
        losses: the loss after each epoch.
        validation: the validation loss after each epoch; empty without a validation set.

    >>> from autograd_edu import data, nn, optim, train
    >>> model, recording = nn.MLP(2, [4, 1], activation="tanh", seed=0), Recording()
    >>> loss, adam = nn.losses.binary_cross_entropy_with_logits, optim.Adam(model.parameters(), 0.1)
    >>> _ = train.fit(model, loss, data.moons(20), adam, epochs=50, callbacks=[recording])
    >>> [frame.epoch for frame in recording.frames][-3:]
    [41, 46, 50]
    """

    def __init__(self, *, live: bool = False) -> None:
        self.frames: list[Frame] = []
        self.losses: list[float] = []
        self.validation: list[float] = []
        self._live = _Live() if live and in_notebook() else None

    def begin(self, run: Run) -> None:
        """Keep the parameters as they are before training.

        Raises:
            OperandError: if the theatre cannot show such a model, loss or data.
        """
        self._stack = stack_of(run.model)
        self._of = recorded(run.data, run.loss, self._stack)
        self._places = _Places(self._stack, run)
        self.frames = [Frame(run.epoch, self._places.numbers(run))]
        self.losses, self.validation = [], []
        self._next = run.epoch + 1

    def after_epoch(self, run: Run) -> None:
        if self.frames[-1].epoch >= run.epoch:  # training has gone back
            self.frames = [frame for frame in self.frames if frame.epoch < run.epoch]
            self._next = run.epoch
        if run.epoch >= self._next:
            self.frames.append(Frame(run.epoch, self._places.numbers(run)))
            self._next = max(run.epoch + 1, int(run.epoch * _GROWTH))
        if self._live and self._live.is_due():
            self._take_losses(run)
            self._live.update(self)

    def end(self, run: Run) -> None:
        """Keep the last state, and the losses."""
        self._take_losses(run)
        if self.frames[-1].epoch < run.epoch:
            self.frames.append(Frame(run.epoch, self._places.numbers(run)))
        if self._live and self.losses:
            self._live.update(self)

    def _take_losses(self, run: Run) -> None:
        self.losses, self.validation = list(run.history.loss), list(run.history.validation)

    def _show(self, frames: Sequence[Frame], samples: int) -> Show:
        if not self.losses:
            raise TrainingError(
                "nothing is recorded yet: train with fit(…, record=True), or pass the recording to "
                "fit(…, callbacks=[recording])"
            )
        sizes, of = self._stack.sizes, self._of
        units = " → ".join(map(str, sizes))
        return Show(
            f"Training a network of {units} units on {of.name or 'data'}", sizes,
            [layer.activation for layer in self._stack.layers], of.loss, of.samples.few(samples),
            [frame for frame in frames if frame.epoch <= len(self.losses)], self.losses,
            self.validation, self._live.name if self._live else "",
        )  # fmt: skip

    @property
    def html(self) -> str:
        """The theatre as a page of its own."""
        show = self._show(self.frames, _SAMPLES)
        passes = paths(show.sizes, show.activations, self._of.of_prepared, show.samples.targets[0])
        return theatre_page(show, passes)

    def save(self, path: PathLike) -> Path:
        """Write the theatre to ``path``, an .html file. Returns the path."""
        write(path, self.html)
        return Path(path)

    def _repr_html_(self) -> str | None:
        """The theatre, with fewer frames and digits, so that the notebook stays small."""
        if not self.losses:
            return None
        step = -(-len(self.frames) // _FEW)
        few = [*self.frames[:-1:step], self.frames[-1]]
        return theatre(self._show(few, _FEW_SAMPLES), bits=32)

    def __repr__(self) -> str:
        return f"<recording of {len(self.losses)} epochs: {len(self.frames)} frames>"


class _Places:
    """Where the numbers of the layers stand among the trained parameters."""

    def __init__(self, stack: Stack, run: Run) -> None:
        place = {id(parameter): i for i, parameter in enumerate(run.parameters)}
        values = [value for layer in stack.layers for value in layer.values]
        self.fixed = np.array([0.0 if value is None else value.data for value in values])
        at = np.array([-1 if value is None else place.get(id(value), -1) for value in values])
        self.trained = at >= 0
        self.places = at[self.trained]

    def numbers(self, run: Run) -> list[float]:
        """All weights and biases, neuron after neuron; a bias that is left out is 0."""
        numbers = self.fixed.copy()
        numbers[self.trained] = run.theta[self.places]
        found: list[float] = numbers.tolist()
        return found


class _Live:
    """The picture of a running training, in the output of a notebook's cell."""

    def __init__(self) -> None:
        self.name, self.due = uuid4().hex, 0.0

    def is_due(self) -> bool:
        return time.perf_counter() >= self.due

    def update(self, shown: Recording) -> None:
        """Draw it anew."""
        from IPython.display import display

        begun = time.perf_counter()
        display(shown, display_id=self.name, update=bool(self.due))  # type: ignore[no-untyped-call]
        now = time.perf_counter()
        self.due = now + max(_PAUSE, _SHARE * (now - begun))
