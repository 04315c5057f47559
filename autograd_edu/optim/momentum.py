"""Plain gradient descent, and the rules that keep going: velocities and averages of gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..arguments import fraction
from ..engine.value import Value
from ..errors import TrainingError, one_of
from .base import Array, Optimiser


class SGD(Optimiser):
    """θ ← θ - ηg."""

    def rule(self, theta: Array, g: Array) -> Array:
        return theta - self.lr * g


class Momentum(Optimiser):
    """θ moves by a velocity, or along an average of gradients.

    Args:
        style: "velocity" is v ← αv - ηg, θ ← θ + v (LIP; PyTorch's, with η inside). KIT's are "average",
            m ← γm + (1 - γ)g, θ ← θ - ηm, and "arithmetic", the same with γ = (k-1)/k at the k-th step, the plain mean
            of all gradients so far. The average with η takes the steps of the velocity with η(1 - γ).
    """

    remembers = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value] = (),
        lr: float = 0.01,
        momentum: float = 0.9,
        *,
        style: str = "velocity",
        **common: Any,
    ) -> None:
        super().__init__(parameters, lr, **common)
        self.momentum, self.style = (
            fraction(momentum, "momentum"),
            one_of(style, ("velocity", "average", "arithmetic"), "style"),
        )

    def rule(self, theta: Array, g: Array) -> Array:
        v, gamma = self.state["velocity"], self.momentum
        if self.style == "velocity":
            self.state["velocity"] = v = gamma * v - self.lr * g
            return theta + v
        if self.style == "arithmetic":
            gamma = (self.steps - 1) / self.steps
        self.state["velocity"] = m = gamma * v + (1.0 - gamma) * g
        return theta - self.lr * m


class Nesterov(Optimiser):
    """Momentum with the gradient taken where the velocity leads: v ← αv - η∇L(θ + αv), θ ← θ + v (LIP's, and the original form).

    Before each gradient the parameters must be moved to `look_ahead`; `fit` and `looking_ahead` do that. The form
    "rearranged" takes the gradient at θ itself, v ← αv + g, θ ← θ - η(g + αv): PyTorch's; its θ is the other's θ + αv.
    """

    remembers = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value] = (),
        lr: float = 0.01,
        momentum: float = 0.9,
        *,
        form: str = "look-ahead",
        **common: Any,
    ) -> None:
        super().__init__(parameters, lr, **common)
        self.momentum, self.form = (
            fraction(momentum, "momentum"),
            one_of(form, ("look-ahead", "rearranged"), "form"),
        )
        self._home: list[float] | None = None

    def rule(self, theta: Array, g: Array) -> Array:
        v = self.state["velocity"]
        if self.form == "rearranged":
            self.state["velocity"] = v = self.momentum * v + g
            return theta - self.lr * (g + self.momentum * v)
        self.state["velocity"] = v = self.momentum * v - self.lr * g
        return theta + v

    def look_ahead(self, theta: Array) -> Array:
        if self.form == "rearranged" or "velocity" not in self.state:
            return theta
        return theta + self.momentum * self.state["velocity"]

    def looking_ahead(self) -> None:
        """Move the parameters to θ + αv, for the next forward and backward pass; `step` sets out from θ again."""
        import numpy as np

        self._home = [p.data for p in self.parameters]
        for parameter, there in zip(
            self.parameters, self.look_ahead(np.array(self._home)).tolist(), strict=True
        ):
            parameter.data = there

    def step(self) -> None:
        """One step; raises TrainingError if the gradient was not taken at θ + αv."""
        if self.form == "look-ahead" and self.steps and self._home is None:
            raise TrainingError(
                "Nesterov's gradient is taken ahead of the parameters: call looking_ahead() before each forward pass"
            )
        if self._home is not None and any(p.has_grad for p in self.parameters):
            for parameter, there in zip(self.parameters, self._home, strict=True):
                parameter.data = there
            self._home = None
        super().step()
