"""The activations by name, an activation as a layer, and PReLU, which learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine import ops
from ..engine.number import plain
from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import DomainError, one_of
from .init import Initialise, glorot_normal, he_normal
from .kinds import S
from .module import Module

Activation = Callable[
    [Any], Any
]  # gives the kind of number that it is given, which a lambda can't say


def linear(x: S) -> S:
    """x itself. A network of linear layers is a linear function, however deep it is."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    **{name: op for name, op in OPS.items() if op.activation},
    **{op.name: op for op in (ops.sin, ops.step, ops.strict_step)},
}


def activation_named(wanted: str | Activation) -> Activation:
    """An activation by name, or as it is: any function of a number, and any module of one."""
    if callable(wanted):
        return wanted
    return ACTIVATIONS[one_of(wanted, ACTIVATIONS, "activation")]


def usual_initialiser(activation: str | Activation) -> Initialise:
    """He's rule if the activation passes half of the variance, as rectifiers do; else Glorot's."""
    phi, far = activation_named(activation), 4.0
    try:
        passed = sum(plain(phi(Value(x))) ** 2 for x in (far, -far)) / (2.0 * far**2)
    except DomainError:  # a logarithm, for example
        return glorot_normal
    return he_normal if abs(passed - 0.5) < 0.05 else glorot_normal


def name_of(activation: str | Activation) -> str:
    """The name of an activation in print."""
    if isinstance(activation, str):
        return activation
    row = "" if isinstance(activation, Module) else getattr(activation, "name", "")
    return str(row or getattr(activation, "__name__", type(activation).__name__))


class PReLU(Module):
    """x if x is positive, else αx with a learned α, which starts at ``slope``.

    ∂y/∂α is x where x < 0, and 0 where x > 0. Source: He, Zhang, Ren and Sun, "Delving Deep into
    Rectifiers", 2015.
    """

    def __init__(self, slope: float = 0.25) -> None:
        self.slope = Value(slope, "α")

    def forward(self, x: S) -> S | Value:
        y: Value = ops.leaky_relu(x, self.slope)
        return y

    def __repr__(self) -> str:
        return "PReLU()"


class Apply(Module):
    """A function of a number, applied to each number of a list: an activation as a layer.

    >>> Apply("relu")([-1.0, 2.0])
    [0.0, 2.0]
    """

    def __init__(self, activation: str | Activation) -> None:
        self.activation = activation_named(activation)
        self._shown = name_of(activation)

    def forward(self, x: Sequence[S]) -> list[S]:
        return [self.activation(each) for each in x]

    def __repr__(self) -> str:
        return f"Apply({self._shown})"
