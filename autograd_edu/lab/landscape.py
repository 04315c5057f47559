"""The loss as a landscape: equal minima by symmetry, and what skip connections do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..data import Dataset, moons
from ..engine.modes import no_grad
from ..engine.number import plain
from ..nn import MLP, Layer, Linear, Module, Residual, Sequential, layer_statistics
from ..nn.losses import average, binary_cross_entropy_with_logits
from ..notation.text import table
from ..optim import Adam
from ..plots import loss_surface
from .experiment import Panel, Result, experiment
from .runs import Array, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@experiment("M15", epochs=600)
def swapped_units(*, seed: int = 0, epochs: int = 200) -> Result:
    """Swapping hidden units leaves the cost as it is, so it has several minima and is not convex.

    Source: MLPR, section 1.3. A trained network of 4 hidden units is compared with the network
    whose first two units have changed places. Look at the cost on the way from one to the other: it
    rises in between, and a convex function cannot do that between two equal minima.

    >>> print(swapped_units(epochs=50).verdict)
    The claim holds here: both networks have the cost 0.2439, to the last bit, and half way ...
    """
    data = moons(60, seed=seed)
    model = MLP(2, [4, 1], activation="tanh", seed=seed)
    train(model, data, Adam(lr=0.05), loss=binary_cross_entropy_with_logits, epochs=epochs)
    here = np.array([p.data for p in model.parameters()])
    w = here[:12].reshape(4, 3)  # of each hidden unit: two weights and a bias
    order = [1, 0, 2, 3]
    there = np.concatenate([w[order].ravel(), here[12:16][order], here[16:]])
    shares = np.linspace(-0.25, 1.25, 31)
    costs = [_cost(model, data, (1.0 - s) * here + s * there) for s in shares]
    first, middle, second = costs[5], costs[15], costs[25]
    return Result(
        {"first": first, "middle": middle, "swapped": second, "costs": costs},
        table([["", "cost"], ["as trained", f"{first:.6g}"], ["swapped", f"{second:.6g}"],
               ["half way", f"{middle:.6g}"]], right=[1]),
        first == second and middle > first,
        f"both networks have the cost {first:.4g}, to the last bit, and half way between them it "
        f"is {middle:.4g}.",
        [lambda ax: _draw_between(ax, shares, costs)],
    )  # fmt: skip


def _draw_between(ax: Axes, shares: Array, costs: list[float]) -> None:
    ax.plot(shares, costs, "-")
    ax.plot([0.0, 1.0], [costs[5], costs[25]], "o", label="the same cost")
    ax.set(xlabel="from as trained (0) to swapped (1)", ylabel="cost")
    ax.legend()


def _cost(model: Module, data: Dataset, theta: Array) -> float:
    """The mean loss of the model with the parameters ``theta``. The model is not changed."""
    with no_grad(), model.with_parameters(theta.tolist()):
        losses = [binary_cross_entropy_with_logits(model(x), t) for x, t in data]
        return plain(average(losses))


@experiment("M34", depth=20, lines=20)
def skip_connections(*, seed: int = 0, depth: int = 10, lines: int = 5) -> Result:
    """Residual blocks let gradients bypass activations, and make the loss smoother.

    Source: MLPR, section 3.2.1. Two networks of ``depth`` blocks of three tanh units learn two
    moons; one adds the input of each block to its output. The table has the norm of the gradient at
    the first block as a share of that at the last, before training. Then random lines are drawn
    through the trained parameters, and the table has the share of their points at which the loss
    curves downward. A convex function has no such points. The loss counts as smoother if that share
    is at least a fifth smaller.

    >>> print(skip_connections(lines=2).verdict)
    The claim does not hold here: the gradient reaches the first block with 0.1 of its size at ...
    """
    data, rows, panels = moons(24, seed=seed), [], []
    numbers: dict[str, float] = {}
    for name in ("plain", "residual"):
        model = _deep(depth, residual=name == "residual", seed=seed)
        blocks = layer_statistics(model, binary_cross_entropy_with_logits, data).gradients
        reach = blocks["layers.1"].norm / blocks[f"layers.{depth}"].norm
        loss = binary_cross_entropy_with_logits
        history = train(model, data, Adam(lr=0.02), loss=loss, epochs=150)
        bent = _share_bent_down(model, data, lines=lines, seed=seed)
        numbers |= {
            f"{name}, reach": reach,
            f"{name}, bent": bent,
            f"{name}, loss": history.loss[-1],
        }
        rows.append([name, f"{reach:.3g}", f"{history.loss[-1]:.3g}", f"{bent:.0%}"])
        panels.append(_surface(model, data, name))
    bypasses = numbers["residual, reach"] > 3.0 * numbers["plain, reach"]
    smoother = numbers["residual, bent"] < 0.8 * numbers["plain, bent"]
    return Result(
        numbers,
        table([["blocks", "gradient first/last", "loss", "bent down"], *rows], right=[1, 2, 3]),
        bypasses and smoother,
        f"the gradient reaches the first block with {numbers['plain, reach']:.2g} of its size at "
        f"the last, and with skip connections with {numbers['residual, reach']:.2g}. But the "
        f"loss is {'' if smoother else 'not '}smoother in networks as small as these: it curves "
        f"downward at {numbers['plain, bent']:.0%} of the points without skip connections, and at "
        f"{numbers['residual, bent']:.0%} with them.",
        panels,
    )  # fmt: skip


def _deep(depth: int, *, residual: bool, seed: int) -> Sequential:
    blocks = [Layer(3, 3, activation="tanh", seed=seed + k) for k in range(depth)]
    inner = [Residual(block) for block in blocks] if residual else blocks
    return Sequential(Linear(2, 3, seed=seed), *inner, Linear(3, 1, seed=seed + 1))


def _share_bent_down(model: Module, data: Dataset, *, lines: int, seed: int) -> float:
    """The share of points on random lines where the second difference of the loss is negative."""
    theta = np.array([p.data for p in model.parameters()])
    rng, bent = np.random.default_rng(seed), []
    for _ in range(lines):
        direction = rng.normal(size=theta.shape) * np.abs(theta)
        costs = [_cost(model, data, theta + a * direction) for a in np.linspace(-1.0, 1.0, 13)]
        bent += (np.diff(costs, 2) < 0.0).tolist()
    return float(np.mean(bent))


def _surface(model: Module, data: Dataset, title: str) -> Panel:
    def draw(ax: Axes) -> None:
        loss = binary_cross_entropy_with_logits
        loss_surface(model, loss, data, resolution=15, ax=ax).set_title(f"loss, {title} blocks")

    return draw
