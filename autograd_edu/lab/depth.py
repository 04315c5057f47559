"""Gradients on their way through many layers, and units that die."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from ..data import Dataset, moons
from ..engine.ops import total
from ..engine.value import Value
from ..nn import ACTIVATIONS, MLP
from ..nn.activations import default_initialiser
from ..nn.init import Rng
from ..nn.kinds import as_list
from ..nn.losses import binary_cross_entropy_with_logits
from ..notation.text import table
from ..optim import SGD
from ..program import trace
from ..train.callbacks import Epoch
from .experiment import Panel, Result, experiment
from .runs import Array, curves, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PHIS = ("sigmoid", "tanh", "relu")
SIZES = {"small": 0.25, "right": 1.0, "large": 4.0}


@experiment("U42", width=32, depth=20)
def vanishing_gradients(*, seed: int = 0, depth: int = 10, width: int = 16) -> Result:
    """Products of local gradients vanish or explode with depth, and zeros are deadly.

    Source: UCL, "Vanishing & exploding": "zeros are deadly; small numbers get very small; big
    numbers get very big". Each layer's number is the root mean square of ∂y/∂h over its units, for
    initial weights of the right size (Glorot's, or He's for relu), and for weights that are ¼ and 4
    times as large. Read the curves from the right, where the backward pass starts. For the zeros, a
    chain has one unit per layer: a single relu that does not fire stops its gradient.

    >>> print(vanishing_gradients(width=8).verdict)
    The claim holds here: over 10 layers the gradient falls to 2e-06 of its size with sigmoid, ...
    """
    rows, ends = [], {}
    numbers = {}
    for phi, (size, factor) in itertools.product(PHIS, SIZES.items()):
        grads = _layer_gradients(phi, [width] * depth, factor=factor, seed=seed)
        numbers[f"{phi}, {size}"], ends[phi, size] = grads, grads[0] / grads[-1]
        rows.append([phi, size, *(f"{g:.1e}" for g in (grads[0], grads[depth // 2], grads[-1]))])
    chains = [_layer_gradients("relu", [1] * depth, factor=1.0, seed=s) for s in range(64)]
    broken = float(np.mean([c[0] == 0.0 for c in chains]))
    head = ["activation", "weights", "layer 1", f"layer {depth // 2 + 1}", f"layer {depth}"]
    return Result(
        {**numbers, "chains without gradient": broken},
        table([head, *rows], right=[2, 3, 4]),
        ends["sigmoid", "right"] < 1e-3 and ends["relu", "large"] > 1e3 and broken > 0.5,
        f"over {depth} layers the gradient falls to {ends['sigmoid', 'right']:.0e} of its size "
        f"with sigmoid, and grows to {ends['relu', 'large']:.0e} times its size with relu and "
        f"large weights. With relu and He's weights it stays at {ends['relu', 'right']:.2g}. "
        f"Of 64 chains of single relus, {broken:.0%} pass no gradient at all.",
        [_by_layer(phi, numbers) for phi in PHIS],
    )  # fmt: skip


def _layer_gradients(phi: str, sizes: list[int], *, factor: float, seed: int) -> list[float]:
    """The root mean square of ∂y/∂h in each layer, over its units and over 8 random samples."""
    usual = default_initialiser(phi)

    def scaled(rng: Rng, fan_in: int, fan_out: int) -> float:
        return factor * usual(rng, fan_in, fan_out)

    model = MLP(sizes[0], sizes, activation=phi, output=phi, init=scaled, seed=seed)
    xs = np.random.default_rng(seed).standard_normal((8, sizes[0])).tolist()
    outputs: list[list[Value]] = [[] for _ in sizes]
    for x in xs:
        h = x
        for layer, kept in zip(model.layers, outputs, strict=True):
            h = as_list(layer(h))
            kept.extend(h)
    total(outputs[-1]).backward()
    return [math.hypot(*(h.grad for h in kept)) / math.sqrt(len(kept)) for kept in outputs]


def _by_layer(phi: str, numbers: dict[str, list[float]]) -> Panel:
    lines = {f"{size} weights": numbers[f"{phi}, {size}"] for size in SIZES}
    return curves(lines, log=True, xlabel="layer", ylabel="rms of ∂y/∂h", title=phi)


@experiment("U44", samples=300, epochs=300)
def dead_units(*, seed: int = 0, samples: int = 80, epochs: int = 60) -> Result:
    """A unit that never fires never learns; large steps push units there, and relu is prone to it.

    Source: UCL, "Dead neurons": random weights "may lead to neurons with zero output for all
    training samples", or updates may push a neuron there, "falling off the data manifold". The data
    are the moons moved to x₁, x₂ > 0, so that some units are dead from the start. A unit counts as
    dead if its output has slope 0 for every sample. Look at relu with the large rate: its curve
    rises, and never falls.

    >>> print(dead_units(samples=30, epochs=20).verdict)
    The claim holds here: of 16 relus, 4 are dead at first, and ...
    """
    near = moons(samples, seed=seed)
    data = Dataset([[a + 2.0, b + 1.5] for a, b in near.xs], near.ys, "moons", 2)
    rows, numbers, moves = [], {}, {}
    for phi, rate in itertools.product(("relu", "leaky_relu"), (0.02, 1.0)):
        name = f"{phi}, rate {rate:g}"
        dead, moves[name] = _deaths(phi, rate, data, seed=seed, epochs=epochs)
        numbers[name] = dead
        rows.append([phi, f"{rate:g}", f"{dead[0]:.0f}", f"{dead[-1]:.0f}", f"{moves[name]:g}"])
    relu, leaky = numbers["relu, rate 1"], numbers["leaky_relu, rate 1"]
    head = ["activation", "rate", "dead at first", "dead at last", "moved while dead"]
    return Result(
        {**numbers, "moved while dead": max(moves.values())},
        table([head, *rows], right=[1, 2, 3, 4]),
        relu[-1] > relu[0] > 0.0 == max(leaky) == max(moves.values()),
        f"of 16 relus, {relu[0]:.0f} are dead at first, and {relu[-1]:.0f} after {epochs} steps "
        f"with the large rate; the weights of a dead unit never move. Leaky relu has no dead unit.",
        [lambda ax: _deaths_by_step(ax, numbers)],
    )  # fmt: skip


def _deaths(
    phi: str, rate: float, data: Dataset, *, seed: int, epochs: int
) -> tuple[list[float], float]:
    """The number of dead units after each step, and how far the weights of dead ones moved."""
    model, slope = MLP(2, [16, 1], activation=phi, seed=seed), trace(ACTIVATIONS[phi], 0.5)
    xs = np.c_[np.array(data.xs), np.ones(len(data))]
    counts: list[float] = []
    last: dict[int, Array] = {}
    moves = [0.0]

    def look(_: Epoch | None = None) -> None:
        weights = np.array([[p.data for p in n.parameters()] for n in model.layers[0].neurons])
        sums = xs @ weights.T
        _, grads = slope.value_and_grad(sums.ravel())
        slopes = np.reshape(grads.inputs[0], sums.shape)
        dead = np.flatnonzero(~slopes.any(axis=0)).tolist()
        moves.extend(float(np.abs(weights[i] - last[i]).max()) for i in dead if i in last)
        last.update((i, weights[i]) for i in dead)
        counts.append(float(len(dead)))

    look()
    loss = binary_cross_entropy_with_logits
    train(model, data, SGD(lr=rate), loss=loss, epochs=epochs, callbacks=[look])
    return counts, max(moves)


def _deaths_by_step(ax: Axes, numbers: dict[str, list[float]]) -> None:
    for name, counts in numbers.items():
        line = "--" if name == "leaky_relu, rate 1" else "-"  # it lies on the other leaky one
        ax.step(range(len(counts)), counts, line, where="post", label=name)
    ax.set(xlabel="step", ylabel="dead units of 16")
    ax.legend(loc="center right")
