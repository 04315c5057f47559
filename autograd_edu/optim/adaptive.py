"""Rules that give each parameter its own step size, from the size of its gradients so far."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar, Unpack

from ..arguments import fraction, not_negative, positive
from ..engine.value import Value
from ..errors import OperandError, one_of
from .base import Array, Common, Optimiser


class Rooted(Common, total=False):
    """The keyword arguments of rules that divide by the root of squared gradients.

    ``eps`` is ε, by default 1e-8. ``eps_place`` is "outside" (the default) or "inside" the root.
    """

    eps: float
    eps_place: str


class _Scaled(Optimiser):
    """The base of rules that divide by the root of squared gradients.

    If the root is 0, which can only happen with ε = 0, the parameter does not change.
    """

    remembers: ClassVar[tuple[str, ...]] = ("squares",)

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.01, *, eps: float = 1e-8,
        eps_place: str = "outside", **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, **common)
        self.eps = not_negative(eps, "eps")
        self.eps_place = one_of(eps_place, ("inside", "outside"), "eps_place")

    def divide_by_root(self, numerator: Array, squares: Array) -> Array:
        """numerator / √squares, with ε inside or outside the root."""
        import numpy as np

        inside = self.eps if self.eps_place == "inside" else 0.0
        root = np.sqrt(squares + inside) + (self.eps - inside)
        return np.divide(numerator, root, out=np.zeros_like(numerator), where=root > 0.0)


class AdaGrad(_Scaled):
    """s ← s + g², θ ← θ - ηg/√s, so that s adds up all squared gradients.

    LIP prints it without ε: pass ``eps=0``. Source: Duchi, Hazan and Singer, "Adaptive
    Subgradient Methods", 2011.

    On a constant slope, the k-th step is shorter by 1/√k:

    >>> from autograd_edu.optim import minimise
    >>> path = minimise(lambda x: x, [0.0], optimiser=AdaGrad(lr=1.0), steps=4)
    >>> [round(x, 3) for [x] in path.points]
    [0.0, -1.0, -1.707, -2.284, -2.784]
    """

    def rule(self, theta: Array, g: Array) -> Array:
        self.state["squares"] = squares = self.state["squares"] + g * g
        return theta - self.divide_by_root(self.lr * g, squares)


class RMSProp(_Scaled):
    """v ← γv + (1 - γ)g², θ ← θ - ηg/√v: like AdaGrad, but old gradients are forgotten.

    KIT has ε inside the root, LIP has none. KIT says "ADADELTA or RMSProp"; for the
    difference, see `AdaDelta`. Source: Hinton, "Neural Networks for Machine
    Learning", lecture 6e, 2012.

    Args:
        decay: γ.

    The size of the gradient does not change the length of the first step:

    >>> rule = RMSProp(lr=0.1, decay=0.75)
    >>> rule.update([5.0, 5.0, 5.0], [0.1, 10.0, 1000.0]).round(6).tolist()
    [4.8, 4.8, 4.8]
    """

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.01, *, decay: float = 0.9,
        **rooted: Unpack[Rooted],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, **rooted)
        self.decay = fraction(decay, "decay")

    def rule(self, theta: Array, g: Array) -> Array:
        squares = self.decay * self.state["squares"] + (1.0 - self.decay) * (g * g)
        self.state["squares"] = squares
        return theta - self.divide_by_root(self.lr * g, squares)


class AdaDelta(Optimiser):
    """θ ← θ + ηΔ, where Δ = -g √(u + ε)/√(v + ε), with averages v of g² and u of Δ².

    The units of θ are those of Δ, so the rule needs no rate: η (``lr``) is 1. The first steps are
    short, because u starts at 0. KIT calls RMSProp "ADADELTA or RMSProp", but RMSProp has η in the
    place of √(u + ε). Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.

    Args:
        decay: the weight of the old average in v and u.
        eps: ε; the first step has the length √(ε/(1 - decay)).

    >>> AdaDelta(decay=0.75, eps=0.0001).update([5.0], [10.0]).round(6).tolist()
    [4.98]
    """

    remembers = ("squares", "updates")

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 1.0, *, decay: float = 0.9,
        eps: float = 1e-6, **common: Unpack[Common],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, **common)
        self.decay = fraction(decay, "decay")
        self.eps = positive(eps, "eps")

    def rule(self, theta: Array, g: Array) -> Array:
        squares = self._average("squares", g)
        move = -g * ((self.state["updates"] + self.eps) / (squares + self.eps)) ** 0.5
        self._average("updates", move)
        return theta + self.lr * move

    def _average(self, name: str, x: Array) -> Array:
        """Update the average of x², and return it."""
        new = self.decay * self.state[name] + (1.0 - self.decay) * (x * x)
        self.state[name] = new
        return new


class Adam(_Scaled):
    """θ ← θ - η m̂/√v̂, with averages m of the gradients and v of their squares.

    m ← β₁m + (1 - β₁)g and v ← β₂v + (1 - β₂)g². At the k-th step, m̂ = m/(1 - β₁ᵏ) and
    v̂ = v/(1 - β₂ᵏ). Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.

    KIT prints it with .9 for v and .999 for m, with ε inside the root, and with a correction that
    divides by 0 at k = 0. For KIT's rule, pass ``betas=(.999, .9), eps_place="inside"``; k starts
    at 1.

    Args:
        betas: β₁ and β₂.

    >>> w = Value(5.0)
    >>> optimiser = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    4.9
    """

    remembers = ("mean", "squares")

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.001, *,
        betas: tuple[float, float] = (0.9, 0.999), **rooted: Unpack[Rooted],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, **rooted)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise OperandError(f"betas must be two numbers, such as (0.9, 0.999); got {betas!r}")
        self.betas = (
            fraction(betas[0], "the first of betas"),
            fraction(betas[1], "the second of betas"),
        )

    def update_averages(self, g: Array) -> tuple[Array, Array]:
        """Update m and v with the gradient of this step. Returns m and v̂."""
        b1, b2 = self.betas
        self.state["mean"] = b1 * self.state["mean"] + (1.0 - b1) * g
        self.state["squares"] = b2 * self.state["squares"] + (1.0 - b2) * (g * g)
        return self.state["mean"], self.state["squares"] / _one_minus_power(b2, self.steps)

    def rule(self, theta: Array, g: Array) -> Array:
        m, v_hat = self.update_averages(g)
        m_hat = m / _one_minus_power(self.betas[0], self.steps)
        return theta - self.divide_by_root(self.lr * m_hat, v_hat)


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← θ - ηλθ, instead of adding λθ to the gradient.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.

    Args:
        weight_decay: λ; by default 0.01.

    Where the loss has no gradient, AdamW takes the same share off each weight. Adam's decay is
    divided by its root, so it takes the same amount off each:

    >>> w, no_gradient = [2.0, 20.0], [0.0, 0.0]
    >>> AdamW(lr=0.1, weight_decay=0.5).update(w, no_gradient).round(6).tolist()
    [1.9, 19.0]
    >>> Adam(lr=0.1, weight_decay=0.5).update(w, no_gradient).round(6).tolist()
    [1.9, 19.9]
    """

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.001, *,
        betas: tuple[float, float] = (0.9, 0.999), **rooted: Unpack[Rooted],
    ) -> None:  # fmt: skip
        rooted.setdefault("weight_decay", 0.01)
        super().__init__(parameters, lr, betas=betas, **rooted)

    def decayed(self, theta: Array, g: Array) -> Array:  # noqa: ARG002 - `rule` decays instead
        return g

    def rule(self, theta: Array, g: Array) -> Array:
        return super().rule(theta * (1.0 - self.lr * self.weight_decay), g)


class NAdam(Adam):
    """Adam with Nesterov's look-ahead.

    The step is along μₖ₊₁m/(1 - Πμ·μₖ₊₁) + (1 - μₖ)g/(1 - Πμ), where μₖ = β₁(1 - ½·0.96^(kψ)).
    Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Args:
        momentum_decay: ψ; the default is that of the paper and of PyTorch.

    >>> NAdam(lr=0.1).update([5.0], [10.0]).round(4).tolist()
    [4.8944]
    >>> Adam(lr=0.1).update([5.0], [10.0]).round(4).tolist()
    [4.9]
    """

    remembers_once = ("product",)

    def __init__(
        self, parameters: Iterable[Value] = (), lr: float = 0.002, *,
        betas: tuple[float, float] = (0.9, 0.999), momentum_decay: float = 0.004,
        **rooted: Unpack[Rooted],
    ) -> None:  # fmt: skip
        super().__init__(parameters, lr, betas=betas, **rooted)
        self.momentum_decay = not_negative(momentum_decay, "momentum_decay")

    def rule(self, theta: Array, g: Array) -> Array:
        import numpy as np

        m, v_hat = self.update_averages(g)
        mu, following = (
            self.betas[0] * (1.0 - 0.5 * 0.96 ** (k * self.momentum_decay))
            for k in (self.steps, self.steps + 1)
        )
        self.state["product"] = product = self.state.get("product", np.ones(())) * mu
        ahead = following * m / (1.0 - product * following) + (1.0 - mu) * g / (1.0 - product)
        return theta - self.divide_by_root(self.lr * ahead, v_hat)


def _one_minus_power(b: float, k: int) -> float:
    """1 - bᵏ, accurate even where bᵏ is close to 1.

    Computed directly, 1 - .999² would have only 14 correct digits.
    """
    return -math.expm1(k * math.log(b)) if b else 1.0
