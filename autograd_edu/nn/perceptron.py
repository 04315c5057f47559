"""The perceptron: a neuron with a hard threshold. It computes, but it has no gradient to learn."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.ops import dot, step, strict_step
from ..engine.value import Value
from .kinds import Vector
from .layers import numbers, subscript
from .module import Module


class Perceptron(Module):
    """1 if w·x + b reaches the threshold 0, else 0.

    The lectures differ on equality: at w·x + b = 0, UCL and one place of MLPR fire, while LIP and
    another place of MLPR do not (``strict``). Firing is the default: with strict units, the network
    for x₂ ≥ |x₁| is wrong on the boundary.

    Source: Rosenblatt, "The Perceptron", 1958.
    """

    def __init__(self, w: Sequence[float], b: float = 0.0, *, strict: bool = False) -> None:
        self.w = [Value(number, f"w{subscript(i + 1)}") for i, number in enumerate(w)]
        self.b = Value(b, "b")
        self.strict = strict

    def forward(self, x: Vector) -> Value:
        x = numbers(x, wanted=len(self.w), who=repr(self))
        y: Value = (strict_step if self.strict else step)(dot(self.w, x, self.b))
        return y

    def __repr__(self) -> str:
        return f"Perceptron({len(self.w)})"
