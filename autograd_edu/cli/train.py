"""The command `autograd-edu train`: train an MLP on a data set, and write the results to files."""

from __future__ import annotations

import argparse
import inspect
import io
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..data import NAMED, Dataset, standardise
from ..errors import TargetError
from ..files import write
from ..nn import ACTIVATIONS, MLP, Module, Sequential, Standardiser, losses, regularise
from ..nn.losses import Loss
from ..optim import Adam
from ..schedules import Cosine
from ..train.evaluate import evaluate
from ..train.history import History
from ..train.trainer import fit

MOST_WEIGHTS = 10**5  # each is a Python object


def _count(text: str) -> int:
    """A whole number from 1 to a million."""
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= 10**6):
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 1 to 1,000,000; got {text[:40]!r}"
        )
    return int(text)


OPTIONS: dict[str, dict[str, Any]] = {  # keyword arguments of `add_argument`, of various types
    "--layers": {
        "type": _count, "nargs": "+", "default": [16, 16], "metavar": "N",
        "help": "units in each hidden layer (default: 16 16)",
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
        "type": float, "default": 0.05,
        "help": "learning rate at the start, which then follows a cosine (default: 0.05)",
    },
    "--activation": {
        "choices": sorted(ACTIVATIONS), "default": "relu",
        "help": "activation of the hidden layers (default: relu)",
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
    parser.add_argument("data", choices=sorted(NAMED), help="the data set")
    for name, about in OPTIONS.items():
        parser.add_argument(name, **about)


def run(options: argparse.Namespace) -> int:
    """Train a network, print loss and accuracy, and write the model, its history and pictures.

    Only a complete run replaces the files in the folder. After Ctrl-C, or if training diverges, the
    files go to a subfolder, and the exit status is 130 or 1.
    """
    training, test = _data(options.data, options.seed)
    loss, outputs = _loss(training)
    model = _model(options, training, outputs)
    epochs = _epochs(options, len(training))
    history = fit(
        model, loss, training, Adam(model.parameters(), options.lr), epochs=epochs,
        batch_size=_batch(options), penalty=regularise.l2(options.penalty), seed=options.seed,
        penalised=regularise.weights_of(model), schedule=Cosine(options.lr, epochs),
        record=True,
    )  # fmt: skip
    print(f"{model_line(model)} on {len(training)} samples of {training.name}")
    print(history, flush=True)
    folder = options.out or Path("out") / options.data
    end, status = next((word, n) for word, n in _ENDS.items() if history.stopped.startswith(word))
    if not history.epochs:
        print(f"no epoch was completed, so nothing is written to {folder}")
        return status
    folder = folder / end if status else folder
    pictures = _write(folder, model, history, training)
    for name, data in (("training: ", training), ("test:     ", test)):
        if data is not None:
            print(f"{name}{evaluate(model, loss, data)}")
    print(f"written to {folder}: {', '.join(['model.json', 'history.json', *pictures])}")
    return status


_ENDS = {"all": 0, "interrupted": 130, "diverged": 1}  # the first words of a history's `stopped`


def _write(folder: Path, model: Module, history: History, data: Dataset) -> list[str]:
    """Write the model, the history and the pictures; return the names of the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.json")
    history.save(folder / "history.json")
    pictures = _pictures(folder, model, data, history)
    if history.recording:
        history.recording.save(folder / "theatre.html")
        pictures.append("theatre.html")
    return pictures


def model_line(model: Module) -> str:
    """A short description of the model: its sizes and the number of its parameters."""
    mlp = next(module for module in model.modules() if isinstance(module, MLP))
    sizes = [layer.nin for layer in mlp.layers] + [len(mlp.layers[-1].neurons)]
    return f"MLP {' → '.join(map(str, sizes))} ({len(model.parameters())} parameters)"


def _data(name: str, seed: int) -> tuple[Dataset, Dataset | None]:
    """The training data, and test data if the data set is large enough to be split."""
    make = NAMED[name]
    data = make(seed=seed) if "seed" in inspect.signature(make).parameters else make()
    return data.split(0.2, seed) if len(data) >= 500 and name != "corner" else (data, None)


def _loss(data: Dataset) -> tuple[Loss, int]:
    """The loss for this kind of target, and the number of outputs that it needs."""
    if data.classes > 2:
        return losses.softmax_cross_entropy, data.classes
    return (
        losses.binary_cross_entropy_with_logits if data.classes else losses.half_squared_error
    ), 1


def _model(options: argparse.Namespace, data: Dataset, outputs: int) -> Module:
    """An MLP after a layer that standardises its inputs, so that the model takes the raw data."""
    widths = [len(data.xs[0]), *options.layers, outputs]
    weights = sum(a * b for a, b in pairwise(widths))
    if weights > MOST_WEIGHTS:
        raise TargetError(
            f"--layers needs {weights:,} weights; at most {MOST_WEIGHTS:,} are allowed"
        )
    _, scale = standardise(data.xs)
    mlp = MLP(
        len(data.xs[0]),
        [*options.layers, outputs],
        activation=options.activation,
        seed=options.seed,
    )
    return Sequential(Standardiser(scale.mean, scale.sd), mlp)


def _batch(options: argparse.Namespace) -> int | None:
    return 64 if options.batch is None and options.data == "digits" else options.batch


def _epochs(options: argparse.Namespace, samples: int) -> int:
    steps_of_an_epoch = math.ceil(samples / (_batch(options) or samples))
    steps: int = options.steps
    return -(-steps // steps_of_an_epoch)


def _pictures(folder: Path, model: Module, data: Dataset, history: History) -> list[str]:
    """Draw the loss, and the decision boundary or first layer; return the names of the files."""
    from ..plots import decision_boundary, loss_curve, weights_as_images

    try:
        pictures = {"loss.svg": loss_curve(history)}
        if len(data.xs[0]) == 2 and data.classes:
            pictures["boundary.svg"] = decision_boundary(model, data.xs, data.ys)
        if data.name == "digits":
            first = next(module for module in model.modules() if isinstance(module, MLP)).layers[0]
            pictures["weights.svg"] = weights_as_images(
                [[w.data for w in neuron.w] for neuron in first.neurons]
            )
    except ImportError as missing:
        return [f"no pictures ({missing})"]
    for name, axes in pictures.items():
        drawn = io.BytesIO()
        axes.figure.figure.savefig(drawn, format="svg")
        write(folder / name, drawn.getvalue())
    return list(pictures)
