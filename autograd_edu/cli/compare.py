"""The command `autograd-edu compare`: train the same network in several ways, side by side."""

from __future__ import annotations

import argparse
import itertools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..errors import DomainError, ExpressionError
from ..nn.module import Module
from ..notation.text import table
from ..train.evaluate import evaluate
from ..train.history import History
from . import train as training
from .task import Task, load, task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Runs: TypeAlias = "dict[str, tuple[Module, History] | None]"  # by label; None if it diverged
VARIED = ("--optimiser", "--schedule", "--activation", "--lr")


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command: those of `train`, of which some take several values."""
    training.declare_data(parser)
    for name, about in training.OPTIONS.items():
        if name in VARIED:
            several = f"{about['help']}; or several, with commas between them"
            about = {**about, "type": str, "default": str(about["default"]), "help": several}
        if name == "--out":
            about = {**about, "help": "folder for the picture (default: out/DATA-compared)"}
        parser.add_argument(name, **about)


def run(options: argparse.Namespace) -> int:
    """Train the same network with several optimisers, schedules, activations or rates.

    Give several names or numbers with commas between them: --optimiser sgd,adam --lr 0.1,0.01. All
    combinations start from the same weights. The losses are printed as a table and drawn in one
    picture.
    """
    names = [option.removeprefix("--") for option in VARIED]
    choices = [getattr(options, name).split(",") for name in names]
    varied = [i for i, several in enumerate(choices) if len(several) > 1]
    learned = task(options.loss, *load(options.data, options.seed))
    runs: Runs = {}
    for chosen in itertools.product(*choices):
        label = ", ".join(chosen[i] for i in varied) or chosen[0]
        own = dict(zip(names, chosen, strict=True)) | {"lr": _rate(chosen[-1])}
        runs[label] = _run(argparse.Namespace(**(vars(options) | own)), learned)
    print(_table(runs, learned), flush=True)
    if not any(runs.values()):
        print("every run diverged, so nothing is drawn: use a smaller --lr")
        return 1
    folder = options.out or Path("out") / f"{options.data}-compared"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = training.save_pictures(folder, lambda: {"loss.svg": _draw(runs)})
    print(f"written to {folder}: {', '.join(pictures)}")
    return 0


def _run(options: argparse.Namespace, learned: Task) -> tuple[Module, History] | None:
    """The trained model and its history, or None if training diverged."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "training diverged")  # the table says so
        try:
            model, history = training.train(options, learned)
        except DomainError:
            return None
    return None if history.stopped.startswith("diverged") else (model, history)


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ExpressionError(
            f"argument --lr: must be numbers with commas between them; got {text!r}"
        ) from None


def _table(runs: Runs, learned: Task) -> str:
    """The final loss of each run, and how well it does on the test data or the training data."""
    data, where = (learned.training, "training") if learned.test is None else (learned.test, "test")
    rows = []
    for label, trained in runs.items():
        if trained is None:
            rows.append([label, "diverged", "", ""])
            continue
        model, history = trained
        found = evaluate(model, learned.loss, data)
        right = "" if found.accuracy is None else f"{found.accuracy:.1%}"
        rows.append([label, f"{history.loss[-1]:.4g}", f"{found.loss:.4g}", right])
    return table([["run", "last loss", f"{where} loss", "right"], *rows], right=[1, 2, 3])


def _draw(runs: Runs) -> Axes:
    from ..plots import loss_curve

    return loss_curve({label: run[1] for label, run in runs.items() if run})
