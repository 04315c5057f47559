"""Plain gradient descent, and rules with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from ..arguments import fraction
from ..engine.value import Value
from ..errors import TrainingError, one_of
from .base import Array, Common, Optimiser


class SGD(Optimiser):
    """Gradient descent: θ ← θ - ηg, with the learning rate η (``lr``) and the gradient g.

    Source: Robbins and Monro, "A Stochastic Approximation Method", 1951.

    >>> w = Value(5.0)
    >>> optimiser = SGD([w], lr=0.25)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> w.data
    2.5
    """

    def rule(self, theta: Array, g: Array) -> Array:
        return theta - self.lr * g


class Momentum(Optimiser):
    """Gradient descent with momentum: v ← αv - ηg, θ ← θ + v.

    Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.

    Args:
        momentum: α, or γ below.
        style: "velocity" is the form above, which is LIP's. PyTorch multiplies v by η instead of g,
            which is the same while η stays the same. KIT has two other forms. "average" is
            m ← γm + (1 - γ)g, θ ← θ - ηm. "arithmetic" is the same with γ = (k-1)/k at the k-th
            step, so that m is the mean of all gradients so far. The average with η takes the same
            steps as the velocity with η(1 - γ).

    On a constant slope, the steps grow to 1/(1 - α) times the first one:

    >>> from autograd_edu.optim import minimise
    >>> rule = Momentum(lr=1.0, momentum=0.5)
    >>> [x for [x] in minimise(lambda x: x, [0.0], optimiser=rule, steps=4).points]
    [0.0, -1.0, -2.5, -4.25, -6.125]
    """

    remembers = ("velocity",)

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.01, *, momentum: float = 0.9,
        style: str = "velocity", **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, **common)
        self.momentum = fraction(momentum, "momentum")
        self.style = one_of(style, ("velocity", "average", "arithmetic"), "style")

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
    """Nesterov momentum: v ← αv - η∇L(θ + αv), θ ← θ + v.

    The gradient is taken at θ + αv. `fit` does so by itself. In a loop of your own, call
    `looking_ahead` before each forward pass. Source: Nesterov, "A method for
    solving the convex programming problem with convergence rate O(1/k²)", 1983.

    Args:
        momentum: α.
        form: "look-ahead" is the form above, which is the original and LIP's. "rearranged" is
            PyTorch's: it takes the gradient at θ itself, v ← αv + g, θ ← θ - η(g + αv). Its θ is
            the θ + αv of the other form.

    In the same bowl it overshoots less than `Momentum`, which is the second line:

    >>> from autograd_edu.optim import minimise
    >>> rules = Nesterov(lr=0.25, momentum=0.75), Momentum(lr=0.25, momentum=0.75)
    >>> paths = [minimise(lambda x: x**2, [4.0], optimiser=rule, steps=4) for rule in rules]
    >>> for path in paths:
    ...     print([round(x, 2) for [x] in path.points])
    [4.0, 2.0, 0.25, -0.53, -0.56]
    [4.0, 2.0, -0.5, -2.12, -2.28]
    """

    remembers = ("velocity",)

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.01, *, momentum: float = 0.9,
        form: str = "look-ahead", **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, **common)
        self.momentum = fraction(momentum, "momentum")
        self.form = one_of(form, ("look-ahead", "rearranged"), "form")
        self._home: list[float] | None = None

    def rule(self, theta: Array, g: Array) -> Array:
        v = self.state["velocity"]
        if self.form == "rearranged":
            self.state["velocity"] = v = self.momentum * v + g
            return theta - self.lr * (g + self.momentum * v)
        self.state["velocity"] = v = self.momentum * v - self.lr * g
        return theta + v

    def look_ahead(self, theta: Array) -> Array:
        """θ + αv, where the next gradient is taken."""
        if self.form == "rearranged" or "velocity" not in self.state:
            return theta
        return theta + self.momentum * self.state["velocity"]

    def looking_ahead(self) -> None:
        """Move the parameters to θ + αv for the next forward and backward pass.

        `step` moves them back to θ first.
        """
        import numpy as np

        self._home = [p.data for p in self.parameters]
        ahead = self.look_ahead(np.array(self._home)).tolist()
        for parameter, there in zip(self.parameters, ahead, strict=True):
            parameter.data = there

    def before_step(self) -> None:
        """Move back to θ. Raises TrainingError if the gradient was not taken at θ + αv."""
        if self.form == "look-ahead" and self.steps and self._home is None:
            raise TrainingError(
                "Nesterov needs the gradient at θ + αv: call looking_ahead() before each forward "
                "pass"
            )
        if self._home is not None and any(p.has_grad for p in self.parameters):
            for parameter, there in zip(self.parameters, self._home, strict=True):
                parameter.data = there
            self._home = None
