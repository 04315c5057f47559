"""Initial weights: all equal, too small, too large and right, in shallow and deep networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..data import circles, moons
from ..nn import MLP
from ..nn.init import Initialise, constant, gaussian, glorot_normal
from ..nn.layers import Layer
from ..nn.losses import binary_cross_entropy_with_logits
from ..notation.text import table
from ..optim import SGD, Adam
from ..plots import histograms
from ..train.callbacks import Epoch
from .experiment import Panel, Result, experiment
from .runs import Array, boundary, curves, outputs, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 4096  # units of KIT's layers


@experiment("U45 K69 M42", epochs=1000)
def constant_weights(*, seed: int = 0, epochs: int = 200) -> Result:
    """With equal initial weights, the units of a layer get equal gradients and stay equal for ever.

    Sources: UCL, "Symmetry breaking"; KIT, "What happens if we initialize all weights constantly?";
    MLPR, section 4.1. Two networks of 8 hidden units learn to tell two circles apart: one starts
    with all weights ½, the other at random. The spread is the largest difference between the
    weights of two hidden units at any step. Look at the boundary of the first: it is that of one
    unit, a straight line.

    >>> print(constant_weights(epochs=50).verdict)
    The claim holds here: the eight equal units never differ, not in the last bit, and the loss ...
    """
    data, rows, numbers, panels = circles(80, seed=seed), [], {}, []
    for name, init in {"all weights ½": constant(0.5), "random": glorot_normal}.items():
        model = MLP(2, [8, 1], activation="tanh", init=init, seed=seed)
        spreads: list[float] = []
        history = train(
            model, data, Adam(lr=0.05), loss=binary_cross_entropy_with_logits, epochs=epochs,
            callbacks=[_note_spread(spreads)],
        )  # fmt: skip
        numbers[f"{name}, spread"], numbers[f"{name}, loss"] = max(spreads), history.loss[-1]
        rows.append([name, f"{max(spreads):.3g}", f"{history.loss[-1]:.4f}"])
        panels.append(boundary(model, data, name))
    stuck, free = numbers["all weights ½, loss"], numbers["random, loss"]
    return Result(
        numbers, table([["weights", "spread", "loss"], *rows], right=[1, 2]),
        numbers["all weights ½, spread"] == 0.0 and stuck > 2.0 * free,
        f"the eight equal units never differ, not in the last bit, and the loss ends at "
        f"{stuck:.2f}; with random weights it ends at {free:.2g}.",
        panels,
    )  # fmt: skip


def _note_spread(spreads: list[float]) -> Callable[[Epoch], None]:
    """A callback that notes the largest difference between the weights of two hidden units."""

    def note(epoch: Epoch) -> None:
        layer = next(part for part in epoch.model.modules() if isinstance(part, Layer))
        units = np.array([[p.data for p in unit.parameters()] for unit in layer.neurons])
        spreads.append(float(np.ptp(units, axis=0).max()))

    return note


@experiment("U49 K71", width=256, epochs=1000)
def initial_weights(*, seed: int = 0, width: int = 64, epochs: int = 300) -> Result:
    """Initial weights matter more in deeper networks: if they are too small, signals tend to 0.

    Sources: UCL, "Initialisation matters at scale"; KIT, "Activation Statistics": six tanh layers
    of 4096 units. With D units and weights of standard deviation σ, activations depend on σ√D, so
    a narrower layer shows the same if σ√D is the same: 0.64 and 3.2 for KIT's σ of 0.01 and 0.05.
    Look at the histograms: too small weights shrink them layer by layer, too large ones push them
    to ±1, and Xavier's 1/√D keeps them. At the right, networks of 2 and 8 layers are trained.

    >>> print(initial_weights(width=16, epochs=100).verdict)
    The claim holds here: from σ = 0.01, 2 layers learn to a loss of 0.38, and 8 layers stay at ...
    """
    scales = {"σ = 0.01": 0.01 * math.sqrt(MOST), "σ = 0.05": 0.05 * math.sqrt(MOST), "1/√D": 1.0}
    layers = {name: _signals(scale, width, seed=seed) for name, scale in scales.items()}
    sds = {name: [float(np.std(h)) for h in hs] for name, hs in layers.items()}
    rows = [[name, *(f"{sd:.3f}" for sd in found)] for name, found in sds.items()]
    losses = _losses_by_depth(seed=seed, epochs=epochs)
    ends = {name: loss[-1] for name, loss in losses.items()}
    text = table([["sd of activations", *(f"layer {i}" for i in range(1, 7))], *rows])
    ended = table([["trained network", "loss"], *([name, f"{x:.3f}"] for name, x in ends.items())])
    return Result(
        {**sds, **losses}, f"{text}\n\n{ended}",
        ends["2 layers, σ = 0.01"] < 0.4 < 0.6 < ends["8 layers, σ = 0.01"],
        f"from σ = 0.01, 2 layers learn to a loss of {ends['2 layers, σ = 0.01']:.2f}, and 8 "
        f"layers stay at {ends['8 layers, σ = 0.01']:.2f} (a guess has log 2 = 0.69). With "
        f"Glorot's weights, 8 layers reach {ends['8 layers, Glorot']:.2f}.",
        [
            *(_histograms(name, hs) for name, hs in layers.items()),
            curves(losses, xlabel="step", ylabel="loss", title="learning the moons"),
        ],
    )  # fmt: skip


def _signals(scale: float, width: int, *, seed: int) -> list[Array]:
    """The activations of six tanh layers for 32 samples from N(0, 1), with σ√D = ``scale``."""
    h: Array = np.random.default_rng(seed).standard_normal((32, width))
    kept, init = [], gaussian(scale / math.sqrt(width))
    for i in range(6):
        h = outputs(Layer(width, width, activation="tanh", init=init, seed=6 * seed + i), h)
        kept.append(h)
    return kept


def _losses_by_depth(*, seed: int, epochs: int) -> dict[str, list[float]]:
    """The losses of shallow and deep tanh networks that learn the moons."""
    data, found = moons(60, seed=seed), {}
    starts: dict[str, Initialise] = {"σ = 0.01": gaussian(0.01), "Glorot": glorot_normal}
    for depth in (2, 8):
        for name, init in starts.items():
            sizes = [8] * (depth - 1) + [1]
            model = MLP(2, sizes, activation="tanh", init=init, seed=seed)
            history = train(
                model, data, SGD(lr=0.2), loss=binary_cross_entropy_with_logits, epochs=epochs
            )
            found[f"{depth} layers, {name}"] = history.loss
    return found


def _histograms(name: str, layers: list[Array]) -> Panel:
    def draw(ax: Axes) -> None:
        histograms({f"layer {i}": h.ravel().tolist() for i, h in enumerate(layers, 1)}, ax=ax)
        ax.set(title=f"tanh, {name}", xlim=(-1.05, 1.05))

    return draw
