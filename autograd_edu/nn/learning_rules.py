"""The learning rules of 1958 and 1960, which train one unit with a threshold without gradients.

Both add η · error · x to the weights, one sample after another. Rosenblatt's perceptron measures
the error after the threshold, so it learns only from mistakes. Widrow and Hoff's ADALINE measures
it before the threshold, which makes the rule a gradient step on ½(t - s)².
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..arguments import function, positive, whole
from ..data import Dataset, check_dataset
from ..engine.number import plain
from ..errors import TargetError
from .perceptron import Perceptron


class Rule(Protocol):
    """A learning rule: it changes the unit for one sample, and returns the error."""

    def __call__(
        self, unit: Perceptron, x: Sequence[float], /, *, target: float, lr: float
    ) -> float: ...


def perceptron_rule(
    unit: Perceptron, x: Sequence[float], *, target: float, lr: float = 1.0
) -> float:
    """Rosenblatt's rule: w ← w + η(t - y)x and b ← b + η(t - y). Returns the error t - y.

    The output y of the unit and the target t are 0 or 1, so a sample that is right changes nothing.
    If a line separates the classes, a unit that starts from zero makes at most (R/γ)² mistakes,
    where R is the largest length of a sample (1, x) and γ the margin (Novikoff, 1962). Otherwise
    the rule never comes to rest. Source: Rosenblatt, "The Perceptron", 1958.

    >>> unit = Perceptron([0.0, 0.0])
    >>> perceptron_rule(unit, [1.0, 2.0], target=0), unit.w[1].data, unit.b.data
    (-1.0, -2.0, -1.0)
    """
    return _correct(unit, x, _bit(target) - plain(unit(x)), lr=lr)


def adaline_rule(unit: Perceptron, x: Sequence[float], *, target: float, lr: float = 0.1) -> float:
    """Widrow and Hoff's rule: w ← w + η(2t - 1 - s)x, with s = w·x + b. Returns 2t - 1 - s.

    The target t is 0 or 1, so s should become -1 or 1. The rule also learns from samples that are
    right, and with a small η it approaches the least-squares solution, even if no line separates
    the classes. Source: Widrow and Hoff, "Adaptive Switching Circuits", 1960.

    >>> unit = Perceptron([0.0, 0.0])
    >>> adaline_rule(unit, [1.0, 2.0], target=0, lr=0.25), unit.w[1].data, unit.b.data
    (-1.0, -0.5, -0.25)
    """
    return _correct(unit, x, 2.0 * _bit(target) - 1.0 - plain(unit.preactivation(x)), lr=lr)


def learn(
    unit: Perceptron, data: Dataset, *, rule: Rule = perceptron_rule, lr: float = 1.0,
    epochs: int = 100,
) -> list[int]:  # fmt: skip
    """Apply ``rule`` to one sample after another. Returns the number of mistakes of each epoch.

    A mistake is counted before the sample is learned. Learning ends after an epoch without
    mistakes.

    >>> from autograd_edu.data import truth_table
    >>> learn(Perceptron([0.0, 0.0]), truth_table("and"))
    [2, 3, 3, 2, 1, 0]
    >>> learn(Perceptron([0.0, 0.0]), truth_table("xor"), epochs=6)
    [3, 3, 4, 4, 4, 4]
    """
    function(rule, "learn")
    mistakes: list[int] = []
    while len(mistakes) < whole(epochs, "the number of epochs", low=0) and 0 not in mistakes:
        wrong = 0
        for x, target in check_dataset(data):
            wrong += plain(unit(x)) != target
            rule(unit, x, target=target, lr=lr)
        mistakes.append(wrong)
    return mistakes


def _correct(unit: Perceptron, x: Sequence[float], error: float, *, lr: float) -> float:
    """Add η · error · (x, 1) to the weights and the bias."""
    change = positive(lr, "the learning rate") * error
    for w, number in zip(unit.w, x, strict=True):
        w.data += change * number
    unit.b.data += change
    return error


def _bit(target: float) -> float:
    if target not in (0, 1):
        raise TargetError(
            f"a learning rule takes the targets 0 and 1; got {target!r}. For the labels -1 and 1, "
            "use dataset.map_targets(lambda t: (t + 1) / 2)"
        )
    return target
