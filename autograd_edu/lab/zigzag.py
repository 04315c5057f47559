"""Inputs that are all positive, as the outputs of sigmoids are: weights that zigzag."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from ..engine.number import Number
from ..engine.ops import sigmoid
from ..notation.text import table
from ..optim import SGD, minimise
from ..plots import trajectories
from .experiment import Result, experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEST = (1.0, -1.0)


@experiment("L22", steps=400)
def zigzag(*, seed: int = 0, steps: int = 60) -> Result:
    """If all inputs are positive, weights of different signs are only reached by zigzagging.

    Source: LIP, "The outputs are not zero-centred". A linear unit of two inputs learns the weights
    (1, -1), one sample per step. Its inputs are sigmoids of random numbers, or the same minus ½.
    The table has the share of steps that move both weights in one direction, and how long the path
    is, in units of the distance. Look at the first path: all its steps go up to the right or down
    to the left.

    >>> print(zigzag().verdict)
    The claim holds here: with positive inputs every step moves both weights alike, and the ...
    """
    rng = random.Random(seed)
    positive = [[sigmoid(rng.gauss(0.0, 2.0)) for _ in BEST] for _ in range(40)]
    inputs = {"positive": positive, "centred": [[x - 0.5 for x in xs] for xs in positive]}
    paths = {name: _path(xs, steps) for name, xs in inputs.items()}
    same = {name: _share_of_one_sign(path) for name, path in paths.items()}
    length = {name: _length(path) for name, path in paths.items()}
    rows = [[name, f"{same[name]:.0%}", f"{length[name]:.2f}"] for name in paths]
    return Result(
        {"one direction": [*same.values()], "length": [*length.values()]},
        table([["inputs", "both weights move alike", "path / distance"], *rows], right=[1, 2]),
        same["positive"] == 1.0 and length["positive"] > 1.5 * length["centred"],
        f"with positive inputs every step moves both weights alike, and the path is "
        f"{length['positive']:.1f} times as long as its distance; with centred inputs "
        f"{same['centred']:.0%} of the steps do, and it is {length['centred']:.1f} times as long.",
        [lambda ax: _draw(ax, inputs["positive"], paths)],
    )  # fmt: skip


def _path(xs: list[list[float]], steps: int) -> list[list[float]]:
    """The weights after each step. The step k uses only the sample k, again and again."""
    path = [[0.0, 0.0]]
    for k in range(steps):
        loss = _bowl([xs[k % len(xs)]])
        path.append(minimise(loss, path[-1], optimiser=SGD(lr=1.0), steps=1).end)
    return path


def _bowl(xs: list[list[float]]) -> Callable[[Number, Number], Number]:
    """The mean of ½(w·x - t)² over samples, as a function of the two weights."""
    a, b, c = (math.fsum(x[i] * x[j] for x in xs) / len(xs) for i, j in ((0, 0), (0, 1), (1, 1)))

    def loss(w1: Number, w2: Number) -> Number:
        d1, d2 = w1 - BEST[0], w2 - BEST[1]
        return 0.5 * (a * d1 * d1 + 2.0 * b * d1 * d2 + c * d2 * d2)

    return loss


def _share_of_one_sign(path: list[list[float]]) -> float:
    moves = [(b[0] - a[0]) * (b[1] - a[1]) for a, b in pairwise(path)]
    return sum(move > 0.0 for move in moves) / len(moves)


def _length(path: list[list[float]]) -> float:
    """The length of the path, divided by the distance between its ends."""
    steps = [math.dist(a, b) for a, b in pairwise(path)]
    return math.fsum(steps) / math.dist(path[0], path[-1])


def _draw(ax: Axes, xs: list[list[float]], paths: dict[str, list[list[float]]]) -> None:
    trajectories(_bowl(xs), paths, ax=ax)
    ax.set(xlabel="w₁", ylabel="w₂")
