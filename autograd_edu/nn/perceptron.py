"""The perceptron: a neuron with a hard threshold.

Its gradient is 0, so gradient descent cannot train it. The rules in `learning_rules` can.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.ops import dot, step, strict_step
from ..engine.value import Value
from .kinds import Vector
from .layers import check_length, subscript
from .module import Module


class Perceptron(Module):
    """1 if w·x + b ≥ 0, otherwise 0.

    The lectures disagree about w·x + b = 0. There, UCL and one place of MLPR give 1, while LIP and
    another place of MLPR give 0. The default is 1, because the network for x₂ ≥ |x₁| is otherwise
    wrong on the boundary.

    Args:
        strict: give 0 where w·x + b = 0.

    Source: Rosenblatt, "The Perceptron", 1958.

    >>> Perceptron([1.0, 1.0], -1.0)([0.0, 1.0]).data
    1.0
    >>> Perceptron([1.0, 1.0], -1.0, strict=True)([0.0, 1.0]).data
    0.0
    """

    def __init__(self, w: Sequence[float], b: float = 0.0, *, strict: bool = False) -> None:
        self.w = [Value(number, f"w{subscript(i + 1)}") for i, number in enumerate(w)]
        self.b = Value(b, "b")
        self.strict = strict

    def forward(self, x: Vector) -> Value:
        y: Value = (strict_step if self.strict else step)(self.preactivation(x))
        return y

    def preactivation(self, x: Vector) -> Value:
        """w·x + b, before the threshold."""
        y: Value = dot(self.w, check_length(x, wanted=len(self.w), module=self), self.b)
        return y

    def __repr__(self) -> str:
        return f"Perceptron({len(self.w)})"
