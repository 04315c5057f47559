"""Gradient descent on small functions: learning rates, and the paths of six optimisers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..data import moons
from ..engine.number import Number
from ..engine.ops import exp
from ..nn import MLP
from ..nn.losses import binary_cross_entropy_with_logits
from ..notation.text import table
from ..optim import SGD, AdaGrad, Adam, Momentum, Nesterov, Optimiser, RMSProp, minimise
from ..plots import trajectories
from .experiment import Panel, Result, experiment
from .runs import curves, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Surface: TypeAlias = Callable[[Number, Number], Number]
Paths: TypeAlias = dict[str, list[list[float]]]

RATES = {"too low": 0.005, "good": 0.05, "too high": 0.19, "much too high": 0.21}


@experiment("K43 L12")
def learning_rates(*, steps: int = 30) -> Result:
    """A low learning rate is slow, a high one oscillates, and one that is much too high diverges.

    Sources: KIT, "How do choose the learning rate?"; LIP, "reach to bottom of a high-dimensional
    bowl". Gradient descent on the bowl 5θ² multiplies θ by 1 - 10η in each step, so the rates 0.1
    and 0.2 are the borders: from 0.1 on, θ changes its sign at each step; from 0.2 on, it grows.
    Look at the bowl: short steps, good ones, and steps from side to side.

    >>> print(learning_rates().verdict)
    The claim holds here: from θ = 1, 30 steps end at 0.21, 9.3e-10, 0.042 and 17.4.
    """
    paths = {
        name: [
            p[0]
            for p in minimise(
                lambda x: 5.0 * x**2, [1.0], optimiser=SGD(lr=rate), steps=steps
            ).points
        ]
        for name, rate in RATES.items()
    }
    rows = [
        [name, f"{RATES[name]:g}", f"{xs[1] / xs[0]:+.2f}", f"{xs[-1]:.2e}"]
        for name, xs in paths.items()
    ]
    shown = {f"{name}, η = {RATES[name]:g}": np.abs(xs).tolist() for name, xs in paths.items()}
    low, good, high, most = (abs(xs[-1]) for xs in paths.values())
    return Result(
        paths, table([["rate", "η", "θ′/θ", f"θ after {steps}"], *rows], right=[1, 2, 3]),
        good < min(low, high) and max(low, high) < 1.0 < most
        and paths["too high"][1] < 0.0,
        f"from θ = 1, {steps} steps end at {low:.2g}, {good:.2g}, {high:.2g} and {most:.3g}.",
        [
            lambda ax: _bowl(ax, paths),
            curves(shown, log=True, xlabel="point of the path", ylabel="|θ|"),
        ],
    )  # fmt: skip


def _bowl(ax: Axes, paths: Mapping[str, list[float]]) -> None:
    xs = np.linspace(-2.2, 2.2, 101)
    ax.plot(xs, 5.0 * xs**2, color="#9aa3ad")
    for i, (name, path) in enumerate(paths.items()):
        points = np.array(path[:8])
        ax.plot(points, 5.0 * points**2 + 0.6 * i, ".-", label=name)
    ax.set(xlabel="θ", ylabel="5θ² (paths drawn one above the other)", ylim=(-1, 34))
    ax.legend()


@experiment("K51", epochs=1000)
def loss_by_rate(*, seed: int = 0, epochs: int = 100) -> Result:
    """The curve of the loss shows a low, a good, a high and a very high learning rate.

    Source: KIT, "Learning rates", a figure of loss over epochs without numbers. A relu network
    learns the moons by gradient descent at four rates. Look at the ends: the low rate is still on
    its way, the good one has arrived, the high one is stuck above it, and the very high one is
    worse than where it began. With other seeds the very high rate diverges, and training ends
    there. Here large steps kill all relus, and the same answer is left for every point.

    >>> print(loss_by_rate(epochs=50).verdict)
    The claim holds here: the losses end at 0.52, 0.08, ...
    """
    rates = {"low": 0.05, "good": 1.0, "high": 5.0, "very high": 50.0}
    data, losses = moons(60, seed=seed), {}
    for name, rate in rates.items():
        model = MLP(2, [8, 8, 1], activation="relu", seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # divergence is what the picture shows
            losses[name] = train(
                model, data, SGD(lr=rate), loss=binary_cross_entropy_with_logits, epochs=epochs
            ).loss
    rows = [[name, f"{rate:g}", f"{losses[name][0]:.3f}", f"{losses[name][-1]:.3f}"]
            for name, rate in rates.items()]  # fmt: skip
    low, good, high, most = (loss[-1] for loss in losses.values())
    return Result(
        losses, table([["rate", "η", "first loss", "last loss"], *rows], right=[1, 2, 3]),
        good < min(low, high) and most > max(high, losses["very high"][0]),
        f"the losses end at {low:.2f}, {good:.2f}, {high:.2f} and {most:.2g}.",
        [curves(losses, log=True, xlabel="epoch", ylabel="loss")],
    )  # fmt: skip


def optimisers() -> dict[str, Optimiser]:
    """The six optimisers of the lectures, with rates that suit the ravine."""
    return {
        "SGD": SGD(lr=0.018), "momentum": Momentum(lr=0.012), "Nesterov": Nesterov(lr=0.012),
        "AdaGrad": AdaGrad(lr=0.5), "RMSProp": RMSProp(lr=0.05), "Adam": Adam(lr=0.2),
    }  # fmt: skip


def ravine(a: Number, b: Number) -> Number:
    """½(a² + 100b²): flat along a, steep along b."""
    return 0.5 * (a**2 + 100.0 * b**2)


def saddle(a: Number, b: Number) -> Number:
    """a² - b² + ¼b⁴: a saddle at 0, and minima at b = ±√2."""
    return a**2 - b**2 + 0.25 * b**4


def plateau(a: Number, b: Number) -> Number:
    """1 - exp(-½(a² + b²)): a pit in a plain, whose slope is almost 0 far from the pit."""
    return 1.0 - exp(-0.5 * (a**2 + b**2))


PROBLEMS: dict[str, tuple[Surface, list[float], list[float], int]] = {
    "ravine": (ravine, [-4.0, 1.0], [0.0, 0.0], 300),
    "saddle": (saddle, [-1.5, 1e-3], [0.0, 2.0**0.5], 300),
    "plateau": (plateau, [-4.0, 0.5], [0.0, 0.0], 300),
}


@experiment("K44 L31 L38")
def descent_paths(*, seed: int = 0, noise: float = 2.0) -> Result:
    """Gradient descent is slow in ravines, stuck on plateaus, and noisy; other rules do better.

    Sources: KIT, "Problems with standard SGD"; LIP, "it can easily slow down in narrowly sloping
    valleys". Six optimisers run in a ravine, from beside a saddle, and from a plateau, where the
    slope is 0.0008. The table has the steps until they stay within 0.1 of a minimum. For the last
    column, the ravine's gradient has noise from N(0, noise²), as that of a mini-batch has, and the
    number is the mean distance to the minimum in the last 50 steps. Look at the plateau: only rules
    that divide by the size of past gradients leave it.

    >>> print(descent_paths().verdict)
    The claim holds here: in the ravine SGD takes 204 steps and momentum 72. SGD leaves the ...
    """
    paths = {name: _paths(f, start, steps) for name, (f, start, _, steps) in PROBLEMS.items()}
    paths["noise"] = _paths(_noisy(ravine, noise, seed=seed), [-4.0, 1.0], 300)
    numbers = {
        f"{rule}, {name}": _arrival(path, PROBLEMS[name][2])
        if name in PROBLEMS
        else float(np.hypot(*np.array(path)[-50:].T).mean())
        for name, found in paths.items()
        for rule, path in found.items()
    }
    rows = [
        [rule, *(_steps(numbers[f"{rule}, {name}"]) for name in PROBLEMS),
         f"{numbers[f'{rule}, noise']:.2f}"]
        for rule in optimisers()
    ]  # fmt: skip
    slow, quick = numbers["SGD, ravine"], numbers["momentum, ravine"]
    return Result(
        numbers, table([["rule", *PROBLEMS, "off, with noise"], *rows], right=[1, 2, 3, 4]),
        slow > quick and math.isinf(numbers["SGD, plateau"]) and numbers["Adam, plateau"] < 300,
        f"in the ravine SGD takes {_steps(slow)} steps and momentum {_steps(quick)}. SGD leaves "
        f"the saddle after {_steps(numbers['SGD, saddle'])} steps, RMSProp after "
        f"{_steps(numbers['RMSProp, saddle'])}, and the plateau never. Noise keeps momentum "
        f"{numbers['momentum, noise'] / numbers['SGD, noise']:.1f} times as far off as SGD.",
        [*(_drawn(name, paths[name], name) for name in PROBLEMS),
         _drawn("ravine with noise", paths["noise"], "ravine")],
    )  # fmt: skip


def _paths(f: Surface, start: list[float], steps: int) -> Paths:
    return {
        name: minimise(f, start, optimiser=rule, steps=steps).points
        for name, rule in optimisers().items()
    }


def _noisy(f: Surface, sd: float, *, seed: int) -> Surface:
    """``f`` plus a random slope, a new one at each call."""
    rng = np.random.default_rng(seed)

    def noisy(a: Number, b: Number) -> Number:
        u, v = rng.normal(0.0, sd, 2).tolist()
        y: Number = f(a, b) + u * a + v * b
        return y

    return noisy


def _arrival(path: list[list[float]], end: list[float]) -> float:
    """The number of steps after which a path stays within 0.1 of ``end``, up to signs."""
    away = np.hypot(*(np.abs(np.array(path)) - np.abs(end)).T) > 0.1
    return math.inf if away[-1] else float(np.flatnonzero(away).max(initial=-1) + 1)


def _steps(count: float) -> str:
    return "never" if math.isinf(count) else f"{count:.0f}"


def _drawn(title: str, paths: Paths, problem: str) -> Panel:
    def draw(ax: Axes) -> None:
        surface, _, minimum, _ = PROBLEMS[problem]
        trajectories(surface, paths, minimum=minimum, resolution=60, ax=ax).set_title(title)
        legend = ax.get_legend()
        if legend and title != "saddle":  # elsewhere it would hide the paths
            legend.remove()

    return draw
