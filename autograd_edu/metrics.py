"""Which classes outputs and targets stand for, and the share that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .engine.number import plain
from .errors import TargetError
from .nn.layers import as_list

Loss = Callable[[Any, Any], Any]


def largest(scores: Sequence[float]) -> int:
    """The place of the largest score, the first of several; -1, which is no class, if one is nan."""
    if any(score != score for score in scores):
        return -1
    return max(range(len(scores)), key=scores.__getitem__)


def class_of(target: Any) -> int:
    """The class that a target stands for: its number, ±1, or the likeliest of probabilities."""
    parts = [plain(part) for part in as_list(target)]
    return largest(parts) if len(parts) > 1 else max(0, round(parts[0]))


def chosen_labels(output: Any, loss: Loss) -> list[int]:
    """The class that an output stands for: the largest of several scores, or the side of the
    loss's threshold. Where outputs are independent labels (see `nn.losses.loss`), one for each.

    Raises:
        TargetError: if the loss knows no classes.
    """
    threshold = getattr(loss, "threshold", None)
    if threshold is None:
        name = getattr(loss, "__name__", "this loss")
        raise TargetError(f"{name} is a loss of numbers, not of classes: accuracy is not defined")
    scores = [plain(score) for score in as_list(output)]
    if len(scores) == 1 or getattr(loss, "independent", False):
        return [-1 if score != score else int(score > threshold) for score in scores]
    return [largest(scores)]


def right_labels(target: Any, loss: Loss) -> list[int]:
    """The class that a target stands for; of independent labels, each one's."""
    if getattr(loss, "independent", False):
        return [int(plain(part) > 0.5) for part in as_list(target)]
    return [class_of(target)]


def accuracy_of(pairs: Iterable[tuple[Any, Any]], loss: Loss) -> float:
    """The share of right labels among pairs of an output and its target."""
    right = [
        chosen == true
        for output, target in pairs
        for chosen, true in zip(
            chosen_labels(output, loss), right_labels(target, loss), strict=True
        )
    ]
    return sum(right) / len(right)
