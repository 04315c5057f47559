"""What gradients cost: multiplications of both passes, and one pass per input in forward mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from ..derivatives.signatures import Tree
from ..derivatives.transforms import grad, jvp
from ..engine.number import Number
from ..engine.ops import tanh, total
from ..engine.value import Value
from ..nn import MLP
from ..nn.counting import cost
from ..notation.text import table
from .experiment import Result, experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@experiment("K40 M20", most=400)
def cost_of_modes(*, seed: int = 0, most: int = 100) -> Result:
    """A backward pass costs about two forward passes; forward mode needs a pass for each input.

    Sources: KIT, "Computational costs": a weight takes one multiplication in the forward pass and
    two in the backward pass, so the cost is linear in the layers and quadratic in the units. MLPR,
    "Why is backpropagation the algorithm of choice for neural networks?". Multiplications are
    counted in the graphs of tanh networks. Seconds are measured for the gradient of a function of n
    numbers: by one backward pass, and by n passes in forward mode. Look at the slopes; both axes
    are logarithmic, so a line of slope 2 is n².

    >>> print(cost_of_modes(most=40).verdict)
    The claim holds here: a backward pass has 2.03 to 2.12 times the multiplications of the ...
    """
    shapes = {f"{d} layers of {w}": (w, d) for w, d in ((8, 2), (16, 2), (32, 2), (16, 4), (16, 8))}
    counts = {name: _count(width, depth, seed=seed) for name, (width, depth) in shapes.items()}
    rows = [[name, *(f"{c:,}" for c in found)] for name, found in counts.items()]
    sizes = [most // 8, most // 4, most // 2, most]
    reverse, forward = zip(*map(_seconds, sizes), strict=True)
    timed = [[f"{n} inputs", f"{1e3 * r:.2f}", f"{1e3 * f:.2f}"]
             for n, r, f in zip(sizes, reverse, forward, strict=True)]  # fmt: skip
    ratios = [back / forth for _, forth, back in counts.values()]
    head = [["network", "weights", "forward", "backward"], *rows]
    return Result(
        {**{name: [float(c) for c in found] for name, found in counts.items()},
         "inputs": [float(n) for n in sizes], "backpropagation, seconds": list(reverse),
         "forward mode, seconds": list(forward)},
        f"multiplications\n{table(head, right=[1, 2, 3])}\n\n"
        f"{table([['milliseconds', 'backpropagation', 'forward mode'], *timed], right=[1, 2])}",
        all(w == forth for w, forth, _ in counts.values())
        and all(1.8 < ratio < 2.3 for ratio in ratios) and forward[-1] > 3.0 * reverse[-1],
        f"a backward pass has {min(ratios):.2f} to {max(ratios):.2f} times the multiplications of "
        f"the forward pass. For {most} inputs, forward mode takes {forward[-1] / reverse[-1]:.0f} "
        "times as long as backpropagation.",
        [
            lambda ax: _draw_counts(ax, counts),
            lambda ax: _draw_seconds(ax, sizes, reverse, forward),
        ],
    )  # fmt: skip


def _count(width: int, depth: int, *, seed: int) -> tuple[int, int, int]:
    """Weights, and the multiplications of the forward and the backward pass, for one sample."""
    model = MLP(width, [width] * depth, activation="tanh", output="tanh", seed=seed)
    found = cost(total(model([Value(0.1 * i) for i in range(width)])))
    return width * width * depth, found.forward, found.backward


def _seconds(n: int) -> tuple[float, float]:
    """The seconds for the gradient of Σ tanh(xᵢxᵢ₊₁): by one backward pass, by n forward ones."""

    def f(*xs: Number) -> Number:
        return total([tanh(a * b) for a, b in pairwise(xs)])

    at = [0.5 + i / n for i in range(n)]
    units = [[float(i == j) for j in range(n)] for i in range(n)]
    gradient = grad(f, argnums=tuple(range(n)))
    reverse = min(_time(lambda: gradient(*at)) for _ in range(3))
    return reverse, _time(lambda: [jvp(f, at, unit) for unit in units])


def _time(work: Callable[[], Sequence[Tree]]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _draw_counts(ax: Axes, counts: dict[str, tuple[int, int, int]]) -> None:
    weights, forward, backward = np.array(sorted(counts.values())).T
    ax.loglog(weights, backward, "o-", label="backward pass")
    ax.loglog(weights, forward, "o-", label="forward pass")
    ax.set(xlabel="weights", ylabel="multiplications", title="one gradient of a network")
    _label(ax, weights.tolist())
    ax.legend()


def _draw_seconds(
    ax: Axes, sizes: list[int], reverse: Sequence[float], forward: Sequence[float]
) -> None:
    ax.loglog(sizes, forward, "o-", label="forward mode, a pass per input")
    ax.loglog(sizes, reverse, "o-", label="backpropagation, one pass")
    ax.set(xlabel="inputs", ylabel="seconds", title="the gradient of n inputs")
    _label(ax, sizes)
    ax.legend()


def _label(ax: Axes, sizes: Sequence[int]) -> None:
    """Label the sizes on the horizontal axis, in place of the powers of ten."""
    ax.set_xticks([], minor=True)
    ax.set_xticks(sorted(set(sizes)), labels=[f"{n:,}" for n in sorted(set(sizes))])
