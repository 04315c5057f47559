"""Rules with a step of its own for each parameter, by the size of its gradients so far."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..arguments import fraction, not_negative
from ..engine.value import Value
from ..errors import OperandError, one_of
from .base import Array, Optimiser


class _Scaled(Optimiser):
    """Rules that divide by a root of squared gradients, with ε inside or outside the root.

    A parameter whose root is 0, which happens only with ε = 0, stays where it is.
    """

    def __init__(
        self,
        parameters: Iterable[Value] = (),
        lr: float = 0.01,
        *,
        eps: float = 1e-8,
        eps_place: str = "outside",
        **common: Any,
    ) -> None:
        super().__init__(parameters, lr, **common)
        self.eps, self.eps_place = (
            not_negative(eps, "ε"),
            one_of(eps_place, ("inside", "outside"), "eps_place"),
        )

    def over_root(self, numerator: Array, squares: Array) -> Array:
        """numerator / √squares, with ε where it was asked for."""
        import numpy as np

        root = (
            np.sqrt(squares + self.eps)
            if self.eps_place == "inside"
            else np.sqrt(squares) + self.eps
        )
        return np.divide(numerator, root, out=np.zeros_like(numerator), where=root > 0.0)


class AdaGrad(_Scaled):
    """θ ← θ - ηg/√Σg², over all gradients so far (LIP prints it without ε: eps=0)."""

    remembers = ("squares",)

    def rule(self, theta: Array, g: Array) -> Array:
        self.state["squares"] = squares = self.state["squares"] + g * g
        return theta - self.over_root(self.lr * g, squares)


class RMSProp(_Scaled):
    """v ← γv + (1 - γ)g²; θ ← θ - ηg/√v. KIT has ε inside the root, LIP none.

    (KIT says "ADADELTA or RMSProp"; ADADELTA also averages the squared updates, and has no η.)
    """

    remembers = ("squares",)

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.01, decay: float = 0.9, **common: Any
    ) -> None:
        super().__init__(parameters, lr, **common)
        self.decay = fraction(decay, "decay")

    def rule(self, theta: Array, g: Array) -> Array:
        self.state["squares"] = squares = self.decay * self.state["squares"] + (
            1.0 - self.decay
        ) * (g * g)
        return theta - self.over_root(self.lr * g, squares)


class Adam(_Scaled):
    """m ← β₁m + (1 - β₁)g, v ← β₂v + (1 - β₂)g²; θ ← θ - η m̂/√v̂, with m̂ = m/(1 - β₁ᵏ), v̂ = v/(1 - β₂ᵏ) at the k-th step.

    KIT prints it with .9 for v and .999 for m, swapped against Kingma and Ba, with ε inside the root, and a correction
    that divides by 0 at k = 0: ``betas=(.999, .9), eps_place="inside"``, and k from 1, is what is meant to be printed.
    """

    remembers = ("mean", "squares")

    def __init__(
        self,
        parameters: Iterable[Value] = (),
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        **common: Any,
    ) -> None:
        super().__init__(parameters, lr, **common)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise OperandError(f"betas must be two numbers, as in (0.9, 0.999); got {betas!r}")
        self.betas = fraction(betas[0], "the first β"), fraction(betas[1], "the second β")

    def averages(self, g: Array) -> tuple[Array, Array]:
        """m and v̂ with this step's gradient in them."""
        b1, b2 = self.betas
        self.state["mean"] = b1 * self.state["mean"] + (1.0 - b1) * g
        self.state["squares"] = b2 * self.state["squares"] + (1.0 - b2) * (g * g)
        return self.state["mean"], self.state["squares"] / _one_minus_power(b2, self.steps)

    def rule(self, theta: Array, g: Array) -> Array:
        m, v_hat = self.averages(g)
        return theta - self.over_root(
            self.lr * (m / _one_minus_power(self.betas[0], self.steps)), v_hat
        )


class AdamW(Adam):
    """Adam with the weight decay taken from the parameters, θ ← θ - ηλθ, and not added to the gradient (Loshchilov and Hutter 2019)."""

    def __init__(
        self,
        parameters: Iterable[Value] = (),
        lr: float = 0.001,
        *,
        weight_decay: float = 0.01,
        **common: Any,
    ) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay, **common)

    def decayed(self, theta: Array, g: Array) -> Array:  # noqa: ARG002
        return g

    def rule(self, theta: Array, g: Array) -> Array:
        return super().rule(theta * (1.0 - self.lr * self.weight_decay), g)


class NAdam(Adam):
    """Adam with Nesterov's look ahead (Dozat 2016): the step is along μₖ₊₁m/(1 - Πμ·μₖ₊₁) + (1 - μₖ)g/(1 - Πμ).

    μₖ = β₁(1 - ½·0.96^(k·ψ)) with ψ = 0.004, as in the paper and PyTorch.
    """

    remembers_once = ("product",)

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.002, betas: tuple[float, float] = (0.9, 0.999), *,
        momentum_decay: float = 0.004, **common: Any,
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, betas, **common)
        self.momentum_decay = momentum_decay

    def rule(self, theta: Array, g: Array) -> Array:
        import numpy as np

        m, v_hat = self.averages(g)
        mu, following = (
            self.betas[0] * (1.0 - 0.5 * 0.96 ** (k * self.momentum_decay))
            for k in (self.steps, self.steps + 1)
        )
        self.state["product"] = product = self.state.get("product", np.ones(())) * mu
        ahead = following * m / (1.0 - product * following) + (1.0 - mu) * g / (1.0 - product)
        return theta - self.over_root(self.lr * ahead, v_hat)


def _one_minus_power(b: float, k: int) -> float:
    """1 - bᵏ, without losing the digits that rounding bᵏ near 1 would cost: 14 are left of 1 - .999² otherwise."""
    return -math.expm1(k * math.log(b)) if b else 1.0
