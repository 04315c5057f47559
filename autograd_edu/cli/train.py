"""The command `autograd-edu train`: train an MLP on a data set, and write the results to files."""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data import NAMED, Dataset, standardise
from ..errors import TargetError, one_of
from ..files import write
from ..nn import ACTIVATIONS, MLP, Module, Sequential, Standardiser, regularise
from ..train.evaluate import evaluate
from ..train.history import History
from ..train.trainer import fit
from .task import LOSSES, OPTIMISERS, SCHEDULES, Task, load, task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_WEIGHTS = 10**5  # each is a Python object


def _count(text: str) -> int:
    """A whole number from 1 to a million."""
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= 10**6):
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 1 to 1,000,000; got {text[:40]!r}"
        )
    return int(text)


def _width(text: str) -> int:
    """The width of a hidden layer, or 0 for none."""
    return 0 if text == "0" else _count(text)


OPTIONS: dict[str, dict[str, Any]] = {  # keyword arguments of `add_argument`, of various types
    "--layers": {
        "type": _width, "nargs": "*", "default": [16, 16], "metavar": "N",
        "help": "units in each hidden layer (default: 16 16); 0 for no hidden layer",
    },
    "--steps": {
        "type": _count, "default": 200, "metavar": "N",
        "help": "steps of the optimiser (default: 200)",
    },
    "--batch": {
        "type": _count, "metavar": "N",
        "help": "samples per batch (default: all of them; 64 for digits)",
    },
    "--lr": {
        "type": float, "default": 0.05, "help": "learning rate at the start (default: 0.05)",
    },
    "--optimiser": {
        "default": "adam", "metavar": "NAME",
        "help": f"{', '.join(OPTIMISERS)} (default: adam)",
    },
    "--schedule": {
        "default": "cosine", "metavar": "NAME",
        "help": f"how the rate changes: {', '.join(SCHEDULES)} (default: cosine)",
    },
    "--loss": {
        "metavar": "NAME", "help": f"{', '.join(LOSSES)} (default: the usual one for the data)",
    },
    "--activation": {
        "default": "relu", "metavar": "NAME",
        "help": f"activation: {', '.join(sorted(ACTIVATIONS))} (default: relu)",
    },
    "--penalty": {
        "type": float, "default": 1e-4, "metavar": "λ",
        "help": "strength of the L2 penalty on the weights (default: 1e-4)",
    },
    "--seed": {
        "type": int, "default": 0,
        "help": "seed for data, initial weights and batches (default: 0)",
    },
    "--out": {
        "type": Path, "metavar": "FOLDER", "help": "folder for the files (default: out/DATA)",
    },
}  # fmt: skip


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    declare_data(parser)
    for name, about in OPTIONS.items():
        parser.add_argument(name, **about)


def declare_data(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names the data set."""
    parser.add_argument("data", help=f"the data set: {', '.join(sorted(NAMED))}")


def run(options: argparse.Namespace) -> int:
    """Train a network, print loss and accuracy, and write the model, its history and pictures.

    Only a complete run replaces the files in the folder. After Ctrl-C, or if training diverges, the
    files go to a subfolder, and the exit status is 130 or 1.
    """
    learned = task(options.loss, *load(options.data, options.seed))
    model, history = train(options, learned, record=True)
    training = learned.training
    print(f"{model_line(model)} on {len(training)} samples of {training.name}")
    print(history, flush=True)
    folder = options.out or Path("out") / options.data
    end, status = next((word, n) for word, n in _ENDS.items() if history.stopped.startswith(word))
    if not history.epochs:
        print(f"no epoch was completed, so nothing is written to {folder}")
        return status
    folder = folder / end if status else folder
    pictures = _write(folder, model, history, learned)
    for name, data in (("training: ", training), ("test:     ", learned.test)):
        if data is not None:
            print(f"{name}{evaluate(model, learned.loss, data)}")
    print(f"written to {folder}: {', '.join(['model.json', 'history.json', *pictures])}")
    return status


def train(
    options: argparse.Namespace, learned: Task, *, record: bool = False
) -> tuple[Module, History]:
    """A trained model and its history, as the options say."""
    training, epochs = learned.training, _epochs(options, len(learned.training))
    schedule = SCHEDULES[one_of(options.schedule, SCHEDULES, "schedule")](options.lr, epochs)
    rule = OPTIMISERS[one_of(options.optimiser, OPTIMISERS, "optimiser")]
    model = _model(options, training, learned.outputs)
    history = fit(
        model, learned.loss, training, rule(model.parameters(), options.lr), epochs=epochs,
        batch_size=_batch(options), penalty=regularise.l2(options.penalty), seed=options.seed,
        penalised=regularise.weights_of(model), schedule=schedule, validation=learned.test,
        record=record,
    )  # fmt: skip
    return model, history


_ENDS = {"all": 0, "interrupted": 130, "diverged": 1}  # the first words of a history's `stopped`


def _write(folder: Path, model: Module, history: History, learned: Task) -> list[str]:
    """Write the model, the history and the pictures; return the names of the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.json")
    history.save(folder / "history.json")
    pictures = save_pictures(folder, lambda: _pictures(model, history, learned))
    if history.recording:
        history.recording.save(folder / "theatre.html")
        pictures.append("theatre.html")
    return pictures


def model_line(model: Module) -> str:
    """A short description of the model: its sizes and the number of its parameters."""
    mlp = next(module for module in model.modules() if isinstance(module, MLP))
    sizes = [layer.nin for layer in mlp.layers] + [len(mlp.layers[-1].neurons)]
    return f"MLP {' → '.join(map(str, sizes))} ({len(model.parameters())} parameters)"


def _model(options: argparse.Namespace, data: Dataset, outputs: int) -> Module:
    """An MLP after a layer that standardises its inputs, so that the model takes the raw data."""
    one_of(options.activation, sorted(ACTIVATIONS), "activation")
    hidden = [] if options.layers == [0] else options.layers
    if 0 in hidden:
        raise TargetError("a layer needs at least one unit; for no hidden layer, pass --layers 0")
    widths = [len(data.xs[0]), *hidden, outputs]
    weights = sum(a * b for a, b in pairwise(widths))
    if weights > MOST_WEIGHTS:
        raise TargetError(
            f"--layers needs {weights:,} weights; at most {MOST_WEIGHTS:,} are allowed"
        )
    _, scale = standardise(data.xs)
    mlp = MLP(widths[0], widths[1:], activation=options.activation, seed=options.seed)
    return Sequential(Standardiser(scale.mean, scale.sd), mlp)


def _batch(options: argparse.Namespace) -> int | None:
    return 64 if options.batch is None and options.data == "digits" else options.batch


def _epochs(options: argparse.Namespace, samples: int) -> int:
    steps_of_an_epoch = math.ceil(samples / (_batch(options) or samples))
    steps: int = options.steps
    return -(-steps // steps_of_an_epoch)


def save_pictures(folder: Path, draw: Callable[[], dict[str, Axes]]) -> list[str]:
    """Write the pictures that ``draw`` gives by their names; return the names."""
    try:
        pictures = draw()
    except ImportError as missing:
        return [f"no pictures ({missing})"]
    for name, axes in pictures.items():
        drawn = io.BytesIO()
        axes.figure.figure.savefig(drawn, format="svg")
        write(folder / name, drawn.getvalue())
    return list(pictures)


def _pictures(model: Module, history: History, learned: Task) -> dict[str, Axes]:
    """The loss, and what fits the data: the decision boundary, the fit, or the first layer."""
    from ..plots import decision_boundary, fitted_curve, loss_curve, weights_as_images

    data, pictures = learned.training, {"loss.svg": loss_curve(history)}
    if len(data.xs[0]) == 2 and data.classes:
        threshold = 0.5 if learned.loss.__name__.endswith("squared_error") else None
        pictures["boundary.svg"] = decision_boundary(model, data.xs, data.ys, threshold=threshold)
    if len(data.xs[0]) == 1:
        pictures["fit.svg"] = fitted_curve(model, data.xs, data.ys)
    if data.name == "digits":
        first = next(module for module in model.modules() if isinstance(module, MLP)).layers[0]
        rows = [[w.data for w in neuron.w] for neuron in first.neurons]
        pictures["weights.svg"] = weights_as_images(rows)
    return pictures
