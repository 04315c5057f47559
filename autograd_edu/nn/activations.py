"""The activations by name, and those that learn: PReLU and the perceptron's threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import ops
from ..engine.number import plain
from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import DomainError, one_of
from .init import Initialiser, glorot_normal, he_normal
from .module import Module

Activation = Callable[[Any], Any]


def linear(x: Any) -> Any:
    """x itself. A network of linear layers is a linear function, however deep."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    **{name: op for name, op in OPS.items() if op.activation},
    "sin": ops.sin,
    "step": ops.step,
    "strict_step": ops.strict_step,
}


def activation_named(wanted: str | Activation) -> Activation:
    """An activation by name, or as it is: any function of a number serves, and so does a module."""
    if callable(wanted):
        return wanted
    return ACTIVATIONS[one_of(wanted, ACTIVATIONS, "activation")]


def usual_initialiser(activation: str | Activation) -> Initialiser:
    """He's rule for what passes half of the variance, as rectifiers do; Glorot's for all others."""
    phi, far = activation_named(activation), 4.0
    try:
        passed = sum(plain(phi(Value(x))) ** 2 for x in (far, -far)) / (2.0 * far**2)
    except DomainError:  # a logarithm, say
        return glorot_normal
    return he_normal if abs(passed - 0.5) < 0.05 else glorot_normal


def name_of(activation: str | Activation) -> str:
    """How an activation is called in print."""
    if isinstance(activation, str):
        return activation
    row = "" if isinstance(activation, Module) else getattr(activation, "name", "")
    return str(row or getattr(activation, "__name__", type(activation).__name__))


class PReLU(Module):
    """x where positive, αx elsewhere, with α learned: ∂y/∂α is x where x < 0, and 0 where x > 0 (He et al. 2015)."""

    def __init__(self, slope: float = 0.25) -> None:
        self.slope = Value(slope, "α")

    def forward(self, x: Any) -> Any:
        return ops.leaky_relu(x, self.slope)

    def __repr__(self) -> str:
        return "PReLU()"


class Apply(Module):
    """A function of a number, applied to each number of a list: an activation as a layer of its own."""

    def __init__(self, activation: str | Activation) -> None:
        self.activation = activation_named(activation)
        self._shown = name_of(activation)

    def forward(self, x: Any) -> list[Any]:
        return [self.activation(each) for each in x]

    def __repr__(self) -> str:
        return f"Apply({self._shown})"
