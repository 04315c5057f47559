"""A training run, recorded for the theatre: some of its parameters and all of its losses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..data import Dataset
from ..engine.ops import OPS
from ..errors import OperandError, TrainingError
from ..files import PathLike, write
from ..nn.activations import name_of
from ..nn.layers import MLP, Layer
from ..nn.module import Module
from ..pictures.interactive.theatre.page import Frame, Show, theatre
from ..pictures.render.page import html_page
from ..program.writing.javascript import row
from .run import Callback, Run

_GROWTH = 1.13  # of the epoch from one frame to the next: about 60 frames in 3,000 epochs
_FEW = 16  # frames that a notebook holds


class Recording(Callback):
    """A callback for `fit` that keeps the parameters at about 60 epochs, spaced by logarithm.

    A notebook shows it as the training theatre: the data and the decision boundary, the network
    with a small map for each unit, and the loss, with a slider over the epochs. `save` writes it as
    a page. The model is an MLP of two inputs and one output that tells two classes apart.

    Attributes:
        frames: the parameters after some epochs; the first are those before training.
        losses: the loss after each epoch.

    >>> from autograd_edu import data, nn, optim, train
    >>> model, recording = nn.MLP(2, [4, 1], activation="tanh", seed=0), Recording()
    >>> loss, adam = nn.losses.binary_cross_entropy_with_logits, optim.Adam(model.parameters(), 0.1)
    >>> _ = train.fit(model, loss, data.moons(20), adam, epochs=50, callbacks=[recording])
    >>> [frame.epoch for frame in recording.frames][-3:]
    [41, 46, 50]
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.losses: list[float] = []

    def begin(self, run: Run) -> None:
        """Keep the parameters as they are before training.

        Raises:
            OperandError: if the theatre cannot show such a model or data.
        """
        self.model, self.data = _mlp(run.model), run.data
        self.points = _points(run.data)
        self.activations = [_activation(layer) for layer in self.model.layers]
        self.frames = [Frame(run.epoch, self._numbers(run))]
        self.next = run.epoch + 1

    def after_epoch(self, run: Run) -> None:
        if run.epoch >= self.next:
            self.frames.append(Frame(run.epoch, self._numbers(run)))
            self.next = max(run.epoch + 1, int(run.epoch * _GROWTH))

    def end(self, run: Run) -> None:
        """Keep the last state, and the losses."""
        self.losses = list(run.history.loss)
        if self.frames[-1].epoch < run.epoch:
            self.frames.append(Frame(run.epoch, self._numbers(run)))

    def _numbers(self, run: Run) -> list[float]:
        """All weights and biases, neuron after neuron."""
        trained = dict(zip(map(id, run.parameters), run.theta.tolist(), strict=True))
        neurons = [neuron for layer in self.model.layers for neuron in layer.neurons]
        rows = [(*neuron.w, neuron.b) for neuron in neurons]
        values = [value for row in rows for value in row]
        return [0.0 if v is None else trained.get(id(v), v.data) for v in values]

    def _show(self, frames: Sequence[Frame]) -> Show:
        if not self.losses:
            raise TrainingError(
                "nothing is recorded yet: pass the recording to fit(…, callbacks=[recording])"
            )
        last = self.model.layers[-1].neurons[0].activation
        sizes = [2, *[len(layer.neurons) for layer in self.model.layers]]
        return Show(
            f"Training of {sizes} on {self.data.name or 'two classes'}", sizes, self.activations,
            0.5 if name_of(last) == "sigmoid" else 0.0, self.points, frames, self.losses,
        )  # fmt: skip

    @property
    def html(self) -> str:
        """The theatre as a page of its own."""
        show = self._show(self.frames)
        return html_page(theatre(show), show.title, dark=True)

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
        return theatre(self._show(few), bits=32)

    def __repr__(self) -> str:
        return f"<recording of {len(self.losses)} epochs: {len(self.frames)} frames>"


def _mlp(model: Module) -> MLP:
    """The model, if the theatre can show it."""
    if not isinstance(model, MLP):
        raise OperandError(f"a recording needs an MLP; got {type(model).__name__}")
    inputs, outputs = model.layers[0].nin, len(model.layers[-1].neurons)
    if (inputs, outputs) != (2, 1):
        raise OperandError(
            f"a recording needs a model of 2 inputs and 1 output; got {inputs} and {outputs}"
        )
    return model


def _activation(layer: Layer) -> str:
    """The layer's activation as a JavaScript function."""
    name = name_of(layer.neurons[0].activation)
    if name == "linear":
        return "x => x"
    if name not in OPS or len(OPS[name].example) != 1:
        raise OperandError(f"a recording cannot show the activation {name!r}")
    return f"({row(OPS[name], 1)}).value"


def _points(data: Dataset) -> list[tuple[float, float, int]]:
    """x, y and the class of each sample."""
    try:
        pairs = zip(data.xs, data.ys, strict=True)
        return [(float(x), float(y), int(float(label) > 0.0)) for (x, y), label in pairs]
    except (TypeError, ValueError):
        raise OperandError(
            "a recording needs samples of two numbers and a class of 0 or 1 for each"
        ) from None
