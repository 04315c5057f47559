"""Weights from N(0, 1): sums that walk at random, and sigmoids that saturate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..derivatives.transforms import grad
from ..engine.modes import no_grad
from ..engine.number import plain
from ..engine.ops import sigmoid, sqrt
from ..nn import Layer
from ..nn.init import gaussian
from ..notation.text import table
from ..plots import function_and_derivative
from .experiment import Panel, Result, experiment
from .runs import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@experiment("M43", units=4000)
def random_walk(*, seed: int = 0, units: int = 400) -> Result:
    """With weights from N(0, 1), the input of a unit is a random walk: its variance is K.

    Source: MLPR, section 4.2: "each input is such that x_d ∈ -1, 1 … this is a random walk". Layers
    of K inputs ±1 compute w·x, and the variance is taken over their units. Look at the walks: they
    leave ±√d about as often as a normal variable leaves one standard deviation.

    >>> print(random_walk(units=100).verdict)
    The claim holds here: the variance is K to within 10.3%; its standard error is 14.1%.
    """
    rng, ratios, rows = np.random.default_rng(seed), [], []
    for count in (4, 16, 64, 256):
        layer = Layer(count, units, activation="linear", init=gaussian(1.0), seed=seed)
        x = rng.choice([-1.0, 1.0], count)
        with no_grad():
            sums = np.array([plain(y) for y in layer.outputs(x.tolist())])
        ratios.append(float(np.mean(sums**2)) / count)
        rows.append([str(count), f"{sums.mean():.3g}", f"{sums.var():.4g}", f"{ratios[-1]:.3f}"])
    weights = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
    error = math.sqrt(2.0 / units)  # of a variance of normal numbers
    worst = max(abs(ratio - 1.0) for ratio in ratios)
    return Result(
        {"variance / K": ratios, "standard error": error},
        table([["K", "mean", "variance", "variance / K"], *rows], right=[0, 1, 2, 3]),
        worst < 4.0 * error,
        f"the variance is K to within {worst:.1%}; its standard error is {error:.1%}.",
        [_walks((weights * x).cumsum(axis=1))],
    )  # fmt: skip


def _walks(sums: Array, shown: int = 25) -> Panel:
    def draw(ax: Axes) -> None:
        steps = np.arange(1, sums.shape[1] + 1)
        for walk in sums[:shown]:
            ax.plot(steps, walk, linewidth=0.6)
        ax.plot(steps, np.sqrt(steps), "k--", label="±√d")
        ax.plot(steps, -np.sqrt(steps), "k--")
        ax.set(xlabel="inputs summed so far, d", ylabel="w₁x₁ + … + w_d x_d")
        ax.legend()

    return draw


@experiment("M44")
def saturation() -> Result:
    """A sigmoid of weights from N(0, 1) saturates: at √K ≥ 5 its gradients are close to 0.

    Source: MLPR, section 4.2: "nowadays we can easily use D ≈ 1000 … the gradients will be close to
    0". The table has σ and σ′ at √K, and the mean of σ′ over all units, whose inputs are from
    N(0, K). The mean is far larger than the typical slope, because a few units are near 0.

    >>> print(saturation().verdict)
    The claim holds here: at √K = 5 the slope is 0.0066, and for K = 1000 it is 1.8e-14. The ...
    """
    z = np.linspace(-12.0, 12.0, 48001)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * (z[1] - z[0])
    rows, slopes, means = [], [], []
    for count in (1, 25, 100, 1000):
        at = math.sqrt(count)
        wing = np.exp(-np.abs(at * z))
        slopes.append(grad(sigmoid)(at))
        means.append(float(density @ (wing / (1.0 + wing) ** 2)))
        rows.append([str(count), f"{sigmoid(at):.9f}", f"{slopes[-1]:.3g}", f"{means[-1]:.3g}"])
    return Result(
        {"slope at √K": slopes, "mean slope": means},
        table([["K", "σ(√K)", "σ′(√K)", "mean of σ′"], *rows], right=[0, 1, 2, 3]),
        slopes[1] < 0.01 and means[-1] < 0.25 / 10.0,
        f"at √K = 5 the slope is {slopes[1]:.4f}, and for K = 1000 it is {slopes[-1]:.1e}. The "
        f"mean slope for K = 1000 is {means[-1]:.3f}, a twentieth of the largest slope ¼.",
        [_draw_root],
    )  # fmt: skip


def _draw_root(ax: Axes) -> None:
    function_and_derivative(lambda k: sigmoid(sqrt(k)), 1.0, 100.0, ax=ax)
    ax.set(title="f(K) = σ(√K)", xlabel="K")
