"""Metrics of predictions: confusion matrix, precision, recall, F1 and R².

They take two lists, first the true classes or numbers and then the predicted ones, as in
scikit-learn. `train.classify` gives both lists of classes for a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from .arguments import whole
from .data import Target
from .engine.number import plain
from .errors import ShapeError, TargetError, suggest_names
from .nn.kinds import Nested, as_list
from .nn.losses import Loss


def largest(scores: Sequence[float]) -> int:
    """The index of the largest score, or of the first if several are equal.

    It is -1, which is not a class, if a score is NaN.

    >>> largest([0.2, 0.7, 0.1])
    1
    """
    if any(score != score for score in scores):
        return -1
    return max(range(len(scores)), key=scores.__getitem__)


def class_of(target: Target) -> int:
    """The class of a target: the number, 0 for -1, or the index of the largest probability.

    >>> class_of(-1), class_of([0.1, 0.9])
    (0, 1)
    """
    parts = [plain(part) for part in as_list(target)]
    return largest(parts) if len(parts) > 1 else max(0, round(parts[0]))


def chosen_labels(output: Nested, loss: Loss) -> list[int]:
    """The predicted class of an output, as a list of one.

    Several scores give the index of the largest. A single score gives 1 above the threshold of the
    loss, otherwise 0. If the outputs are independent labels (see `nn.losses.ClassLoss`), the list
    has one class per output.

    Raises:
        TargetError: if the loss is not for classes.

    >>> from autograd_edu.nn.losses import binary_cross_entropy_with_logits, softmax_cross_entropy
    >>> chosen_labels([0.5, -2.0, 3.0], softmax_cross_entropy)
    [2]
    >>> chosen_labels([0.5, -2.0, 3.0], binary_cross_entropy_with_logits)
    [1, 0, 1]
    """
    threshold = getattr(loss, "threshold", None)
    if threshold is None:
        name = getattr(loss, "__name__", "this loss")
        raise TargetError(f"{name} is a loss of numbers, not of classes, so it has no accuracy")
    scores = [plain(score) for score in as_list(output)]
    if len(scores) == 1 or getattr(loss, "independent", False):
        return [-1 if score != score else int(score > threshold) for score in scores]
    return [largest(scores)]


def right_labels(target: Target, loss: Loss) -> list[int]:
    """The class of a target, as a list of one, or as a list of independent labels.

    >>> from autograd_edu.nn.losses import binary_cross_entropy_with_logits, softmax_cross_entropy
    >>> right_labels([0.0, 0.0, 1.0], softmax_cross_entropy)
    [2]
    >>> right_labels([1.0, 0.0, 1.0], binary_cross_entropy_with_logits)
    [1, 0, 1]
    """
    if getattr(loss, "independent", False):
        return [int(plain(part) > 0.5) for part in as_list(target)]
    return [class_of(target)]


def accuracy_of(pairs: Iterable[tuple[Nested, Target]], loss: Loss) -> float:
    """The share of right classes, from pairs (output, target).

    >>> from autograd_edu.nn.losses import softmax_cross_entropy
    >>> accuracy_of([([0.5, 2.0], 1), ([0.1, 0.0], 1)], softmax_cross_entropy)
    0.5
    """
    right = [
        chosen == true
        for output, target in pairs
        for chosen, true in zip(
            chosen_labels(output, loss), right_labels(target, loss), strict=True
        )
    ]
    return sum(right) / len(right)


# ---- of classes ----


def confusion_matrix(
    true: Sequence[int], predicted: Sequence[int], *, classes: int | None = None
) -> list[list[int]]:
    """A matrix of counts: entry [t][p] says how often class t was predicted as class p.

    Args:
        classes: the number of classes; by default one more than the largest class that occurs.

    Raises:
        TargetError: if a class is not a whole number from 0 to ``classes`` - 1.

    >>> confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    [[1, 1], [0, 2]]
    """
    _check_pairs(true, predicted)
    given = [*true, *predicted]
    for label in given:
        if not isinstance(label, Integral):
            raise TargetError(f"a class must be a whole number from 0; got {label!r}")
    count = max(given) + 1 if classes is None else whole(classes, "the number of classes")
    for label in given:
        if not 0 <= label < count:
            raise TargetError(
                f"a class must be a whole number from 0 to {count - 1}; got {label!r}"
            )
    matrix = [[0] * count for _ in range(count)]
    for t, p in zip(true, predicted, strict=True):
        matrix[t][p] += 1
    return matrix


def precision(true: Sequence[int], predicted: Sequence[int], *, positive: int = 1) -> float:
    """The share of the samples predicted as ``positive`` for which that is right.

    It is NaN if no sample was predicted as ``positive``.

    >>> precision([0, 0, 1, 1], [0, 1, 1, 1])
    0.6666666666666666
    """
    hits, named, _ = _counts(true, predicted, positive)
    return hits / named if named else math.nan


def recall(true: Sequence[int], predicted: Sequence[int], *, positive: int = 1) -> float:
    """The share of the samples of class ``positive`` that were predicted as such.

    It is NaN if no sample has the class ``positive``.

    >>> recall([0, 0, 1, 1], [0, 1, 1, 0])
    0.5
    """
    hits, _, real = _counts(true, predicted, positive)
    return hits / real if real else math.nan


def f1(true: Sequence[int], predicted: Sequence[int], *, positive: int = 1) -> float:
    """The harmonic mean of precision and recall: 2·hits / (predicted + true).

    It is NaN if the class ``positive`` neither occurs nor is predicted.

    >>> f1([0, 0, 1, 1], [0, 1, 1, 1])
    0.8
    """
    hits, named, real = _counts(true, predicted, positive)
    return 2.0 * hits / (named + real) if named + real else math.nan


def _counts(true: Sequence[int], predicted: Sequence[int], positive: int) -> tuple[int, int, int]:
    """The numbers of right predictions of ``positive``, of all its predictions, of its samples."""
    _check_pairs(true, predicted)
    hits = sum(t == p == positive for t, p in zip(true, predicted, strict=True))
    return hits, sum(p == positive for p in predicted), sum(t == positive for t in true)


# ---- of numbers ----


def r2(true: Sequence[float], predicted: Sequence[float]) -> float:
    """R² = 1 - Σ(t - y)² / Σ(t - mean of t)², the share of the variance that is explained.

    It is 1 if all predictions are right, 0 if all are the mean of the targets, and negative if they
    are worse than that. A prediction may also be a list of one number.

    Raises:
        TargetError: if all targets are equal, because R² is then not defined.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    _check_pairs(true, predicted)
    ts, ys = ([_one(x) for x in numbers] for numbers in (true, predicted))
    mean = math.fsum(ts) / len(ts)
    spread = math.fsum((t - mean) ** 2 for t in ts)
    if spread == 0.0:
        raise TargetError("R² is not defined if all targets are equal")
    return 1.0 - math.fsum((t - y) ** 2 for t, y in zip(ts, ys, strict=True)) / spread


def _one(x: Nested) -> float:
    parts = as_list(x)
    if len(parts) != 1:
        raise ShapeError(f"R² takes one number per sample; got {len(parts)}")
    return plain(parts[0])


def _check_pairs(true: Sequence[float], predicted: Sequence[float]) -> None:
    if len(true) != len(predicted) or not len(true):
        raise ShapeError(
            "a metric needs one or more targets, and one prediction per target; "
            f"got {len(true)} target(s) and {len(predicted)} prediction(s)"
        )


if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = suggest_names(globals())
