"""Evaluate a model on a data set: predictions, loss and accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..data import Dataset, check_dataset
from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import TrainingError
from ..metrics import accuracy_of, chosen_labels, right_labels
from ..nn.kinds import Plain
from ..nn.losses import Loss, average
from ..nn.module import Module
from ..printing import prints
from ..trees import tree_map


@prints
@dataclass(frozen=True)
class Evaluation:
    """The mean loss, and the accuracy: the share of right classes.

    The accuracy is None if the loss is not for classes.

    >>> from autograd_edu import data, nn
    >>> line = nn.MLP.from_weights([[[1.0, -1.0]]])
    >>> found = evaluate(line, nn.losses.binary_cross_entropy_with_logits, data.moons(100))
    >>> print(found)
    loss 0.421, accuracy 81.0%
    >>> found.accuracy
    0.81
    """

    loss: float
    accuracy: float | None

    def __str__(self) -> str:
        right = "" if self.accuracy is None else f", accuracy {self.accuracy:.1%}"
        return f"loss {self.loss:.4g}{right}"


def predictions(model: Module, data: Dataset) -> list[Plain]:
    """The model's output for each sample, as plain numbers or lists of them.

    Raises:
        TrainingError: if a layer such as dropout is in training mode.

    >>> from autograd_edu import data, nn
    >>> predictions(nn.MLP.from_weights([[[1.0, 2.0]]]), data.truth_table("xor"))
    [0.0, 2.0, 1.0, 3.0]
    """
    check_dataset(data)
    for module in model.modules():
        if module.training and module.changes_in_training:
            raise TrainingError(
                f"{module!r} is in training mode, in which its outputs are different: call "
                "model.eval() first"
            )
    with no_grad():
        return [tree_map(plain, out) for out in model.batch(data.xs)]


def mean_loss(model: Module, loss: Loss, data: Dataset) -> float:
    """The mean loss of ``model`` on ``data``, without a penalty."""
    return _mean(loss, predictions(model, data), data)


def _mean(loss: Loss, outputs: Sequence[Plain], data: Dataset) -> float:
    return plain(average([loss(out, t) for out, t in zip(outputs, data.ys, strict=True)]))


def evaluate(model: Module, loss: Loss, data: Dataset) -> Evaluation:
    """The loss and the accuracy of ``model`` on ``data``.

    If the outputs are independent labels, the accuracy is the share of right labels.

    Raises:
        TrainingError: if a layer such as dropout is in training mode.

    >>> from autograd_edu import data, nn
    >>> unit = nn.MLP.from_weights([[[1.0, 1.0]]], [[-1.5]])
    >>> print(evaluate(unit, nn.losses.binary_cross_entropy_with_logits, data.truth_table("and")))
    loss 0.4059, accuracy 100.0%
    >>> print(evaluate(unit, nn.losses.binary_cross_entropy_with_logits, data.truth_table("xor")))
    loss 0.7809, accuracy 25.0%
    """
    outputs = predictions(model, data)
    measured = _mean(loss, outputs, data)
    if getattr(loss, "threshold", None) is None:
        return Evaluation(measured, None)
    return Evaluation(measured, accuracy_of(zip(outputs, data.ys, strict=True), loss))


def accuracy(model: Module, loss: Loss, data: Dataset) -> float:
    """The share of samples whose class is predicted right.

    If the outputs are independent labels, it is the share of right labels.

    Raises:
        TargetError: if the loss is not for classes.
        TrainingError: if a layer such as dropout is in training mode.

    >>> from autograd_edu import data, nn
    >>> unit = nn.MLP.from_weights([[[1.0, 1.0]]], [[-1.5]])
    >>> accuracy(unit, nn.losses.binary_cross_entropy_with_logits, data.truth_table("or"))
    0.5
    """
    check_dataset(data)
    if getattr(loss, "threshold", None) is None:
        chosen_labels(0.0, loss)  # raises the error, before the model computes anything
    return accuracy_of(zip(predictions(model, data), data.ys, strict=True), loss)


def classify(model: Module, loss: Loss, data: Dataset) -> tuple[list[int], list[int]]:
    """Two lists, the true classes and the predicted classes of all samples, for `metrics`.

    If the outputs are independent labels, each label counts as a sample.

    Raises:
        TargetError: if the loss is not for classes.
        TrainingError: if a layer such as dropout is in training mode.

    >>> from autograd_edu import data, metrics, nn
    >>> unit = nn.MLP.from_weights([[[1.0, 1.0]]], [[-1.5]])
    >>> true, predicted = classify(
    ...     unit, nn.losses.binary_cross_entropy_with_logits, data.truth_table("or")
    ... )
    >>> metrics.confusion_matrix(true, predicted)
    [[1, 0], [2, 1]]
    """
    outputs = predictions(model, data)
    true = [label for target in data.ys for label in right_labels(target, loss)]
    return true, [label for output in outputs for label in chosen_labels(output, loss)]
