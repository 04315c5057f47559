"""The activations by name, the layer `Apply`, and PReLU, whose slope is learned."""

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

# It returns the kind of number that it is given; the type of a lambda cannot say so.
Activation = Callable[[Any], Any]


def linear(x: S) -> S:
    """x, unchanged. A network of linear layers is a linear function, however deep it is."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    **{name: op for name, op in OPS.items() if op.activation},
    **{op.name: op for op in (ops.sin, ops.step, ops.strict_step)},
}


def find_activation(wanted: str | Activation) -> Activation:
    """The activation with this name. A function or a module is returned unchanged."""
    if callable(wanted):
        return wanted
    return ACTIVATIONS[one_of(wanted, ACTIVATIONS, "activation")]


def default_initialiser(activation: str | Activation) -> Initialise:
    """He's rule if the activation halves the variance, as rectifiers do; otherwise Glorot's."""
    phi, far = find_activation(activation), 4.0
    try:
        passed = sum(plain(phi(Value(x))) ** 2 for x in (far, -far)) / (2.0 * far**2)
    except DomainError:  # it is not defined at both places, like a logarithm
        return glorot_normal
    return he_normal if abs(passed - 0.5) < 0.05 else glorot_normal


def name_of(activation: str | Activation) -> str:
    """The name of an activation, for messages and pictures."""
    if isinstance(activation, str):
        return activation
    row = "" if isinstance(activation, Module) else getattr(activation, "name", "")
    return str(row or getattr(activation, "__name__", type(activation).__name__))


class PReLU(Module):
    """x where x > 0, otherwise αx with a learned α that starts at ``slope``.

    ∂y/∂α is x where x < 0, and 0 where x > 0. Source: He, Zhang, Ren and Sun, "Delving Deep into
    Rectifiers", 2015.

    >>> unit = PReLU(0.25)
    >>> y = unit(Value(-4.0))
    >>> y.backward()
    >>> y.data, unit.slope.grad
    (-1.0, -4.0)
    """

    def __init__(self, slope: float = 0.25) -> None:
        self.slope = Value(slope, "α")

    def forward(self, x: S) -> S | Value:
        y: Value = ops.leaky_relu(x, self.slope)
        return y

    def __repr__(self) -> str:
        return "PReLU()"


class Apply(Module):
    """A layer that applies an activation, or any function of a number, to each number of a list.

    >>> Apply("relu")([-1.0, 2.0])
    [0.0, 2.0]
    """

    def __init__(self, activation: str | Activation) -> None:
        self.activation = find_activation(activation)
        self._shown = name_of(activation)

    def forward(self, x: Sequence[S]) -> list[S]:
        return [self.activation(each) for each in x]

    def __repr__(self) -> str:
        return f"Apply({self._shown})"
