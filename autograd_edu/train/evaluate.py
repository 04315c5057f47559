"""How good a model is on a set of samples: its loss and its accuracy, in evaluation mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..data import Dataset
from ..engine.number import plain
from ..engine.value import no_grad
from ..errors import TrainingError
from ..metrics import accuracy_of, chosen_labels
from ..nn.losses import Loss, average
from ..nn.module import Module
from ..trees import tree_map


@dataclass(frozen=True)
class Evaluation:
    """The mean loss, and the share of samples whose class was right (None where the loss knows no classes)."""

    loss: float
    accuracy: float | None

    def __str__(self) -> str:
        return f"loss {self.loss:.4g}" + (
            "" if self.accuracy is None else f", accuracy {self.accuracy:.1%}"
        )


def check_evaluating(model: Module) -> None:
    """Raises TrainingError if a layer would drop, add noise or use the batch's statistics, as in training."""
    busy = next(
        (module for module in model.modules() if module.training and module.changes_in_training),
        None,
    )
    if busy is not None:
        raise TrainingError(
            f"{busy!r} is in training mode and would falsify an evaluation: call model.eval() first"
        )


def predictions(model: Module, data: Dataset) -> list[Any]:
    """What the model says for each sample, as plain numbers or lists of them."""
    check_evaluating(model)
    with no_grad():
        return [tree_map(plain, out) for out in model.batch(data.xs)]


def mean_loss(model: Module, loss: Loss, data: Dataset) -> float:
    """The mean loss, without any penalty."""
    return plain(
        average([loss(out, t) for out, t in zip(predictions(model, data), data.ys, strict=True)])
    )


def evaluate(model: Module, loss: Loss, data: Dataset) -> Evaluation:
    """The loss and the accuracy of ``model`` on ``data``; of several independent labels, each counts.

    Raises:
        TrainingError: if a layer is in training mode and computes something else there.
    """
    outputs = predictions(model, data)
    measured = plain(average([loss(out, t) for out, t in zip(outputs, data.ys, strict=True)]))
    if getattr(loss, "threshold", None) is None:
        return Evaluation(measured, None)
    return Evaluation(measured, accuracy_of(zip(outputs, data.ys, strict=True), loss))


def accuracy(model: Module, loss: Loss, data: Dataset) -> float:
    """The share of samples whose class is right; of several independent labels, the share of labels."""
    found = evaluate(model, loss, data).accuracy
    if found is None:
        chosen_labels(0.0, loss)  # says why there is none
    return float(found or 0.0)
