"""What units without a hidden layer can compute, and what a hidden layer adds."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from ..data import Dataset, above_the_corner, truth_table
from ..nn import MLP
from ..nn.losses import binary_cross_entropy_with_logits
from ..notation.text import table
from ..optim import Adam
from ..plots import decision_boundary
from .experiment import Result, experiment
from .runs import Array, boundary, outputs, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@experiment("U5 I2 M64", epochs=4000)
def lone_perceptron(*, seed: int = 0, epochs: int = 600) -> Result:
    """A lone perceptron cannot learn XOR, nor x₂ ≥ |x₁|: its boundary is one straight line.

    Sources: UCL, "Neurons for Beginners"; Imperial, "the exclusive or (XOR) cannot be solved by a
    single layer"; MLPR, tutorial 3a. One unit is compared with a network that has a hidden layer,
    and with the best of all lines, found by a search. Look at the straight boundaries: points of
    one class lie on both sides of each. The unit that was trained on XOR has no boundary to draw:
    it answers ½ everywhere.

    >>> print(lone_perceptron(epochs=200).verdict)
    The claim holds here: no line gets more than 75% of XOR right, and the unit learns to ...
    """
    both, xor = truth_table("and"), truth_table("xor")
    corner = above_the_corner(side=21, step=0.5)
    tried = {"unit on and": (both, [1]), "unit on xor": (xor, [1]), "network on xor": (xor, [4, 1])}
    tried |= {"unit on corner": (corner, [1]), "network on corner": (corner, [4, 1])}
    line, best_unit = best_line(xor)
    models, rows, numbers = {}, [], {"best line on xor": line}
    for name, (data, sizes) in tried.items():
        models[name], answers = _learned(data, sizes, seed=seed, epochs=epochs)
        numbers[name] = right = float(np.mean((answers > 0.5) == np.array(data.ys)))
        rows.append([name, f"{right:.1%}", f"{answers.min():.3f} to {answers.max():.3f}"])
        if name == "unit on xor":
            halves = answers.tolist()
    return Result(
        {**numbers, "probabilities of the unit on xor": halves},
        table([["model", "right", "probabilities"], *rows], right=[1]),
        max(line, numbers["unit on corner"]) < 1.0,
        f"no line gets more than {line:.0%} of XOR right, and the unit learns to answer "
        f"{np.mean(halves):.3f} for each input. A hidden layer of four units "
        f"gets {numbers['network on xor']:.0%}.",
        [
            boundary(best_unit, xor, f"the best line on XOR: {line:.0%}"),
            boundary(models["unit on corner"], corner, "one unit on x₂ ≥ |x₁|"),
            boundary(models["network on xor"], xor, "a hidden layer on XOR"),
        ],
    )  # fmt: skip


def _learned(data: Dataset, sizes: list[int], *, seed: int, epochs: int) -> tuple[MLP, Array]:
    """A trained model, and its probabilities of class 1."""
    model = MLP(2, sizes, activation="tanh", seed=seed)
    optimiser = Adam(model.parameters(), 0.05)
    train(model, data, optimiser, loss=binary_cross_entropy_with_logits, epochs=epochs)
    return model, 1.0 / (1.0 + np.exp(-outputs(model, data.xs)[:, 0]))


def best_line(data: Dataset, *, angles: int = 72) -> tuple[float, MLP]:
    """The largest share of samples that a line gets right, and a linear unit with this boundary.

    Lines are searched over directions and offsets; of equally good ones, the one farthest from all
    samples is taken.
    """
    best, unit = (0.0, 0.0), [0.0, 0.0, 0.0]
    xs, ys = np.array(data.xs), np.array(data.ys)
    for k, b in itertools.product(range(angles), np.linspace(-2.0, 2.0, 41).tolist()):
        w = math.cos(2.0 * math.pi * k / angles), math.sin(2.0 * math.pi * k / angles)
        scores = xs @ w + b
        found = float(np.mean((scores >= 0.0) == ys)), float(np.abs(scores).min())
        if found > best:
            best, unit = found, [*w, b]
    return best[0], MLP.from_weights([[unit[:2]]], [unit[2:]])


@experiment("K13 I3")
def xor_by_hand() -> Result:
    """Two layers of hard thresholds compute XOR: (a OR b) AND NOT (a AND b).

    KIT asks for the network, but prints no weights; here the thresholds are ½ for OR, 1½ for AND
    and ½ for the output h₁ - h₂. Imperial builds it from "a, not b" and "b, not a". Look at the
    right: in the plane of the two hidden units, one line separates the classes.

    >>> print(xor_by_hand().verdict)
    The claim holds here: both networks, of nine numbers each, give XOR for all four inputs.
    """
    kit = MLP.from_weights(
        [[[1, 1], [1, 1]], [[1, -1]]], [[-0.5, -1.5], [-0.5]], activation="step", output="step"
    )
    imperial = MLP.from_weights(
        [[[1, -1], [-1, 1]], [[1, 1]]], [[-0.5, -0.5], [-0.5]], activation="step", output="step"
    )
    data = truth_table("xor")
    hidden, answers = (outputs(m, data.xs) for m in (kit.layers[0], kit))
    others = outputs(imperial, data.xs)[:, 0]
    rows = [
        [*(f"{v:g}" for v in (*x, *h, y, other)), str(t)]
        for (x, t), h, y, other in zip(data, hidden, answers[:, 0], others, strict=True)
    ]
    head = ["a", "b", "a OR b", "a AND b", "OR and not AND", "Imperial's", "XOR"]
    numbers = {"kit": answers[:, 0].tolist(), "imperial": others.tolist()}
    return Result(
        numbers, table([head, *rows], right=range(7)),
        numbers["kit"] == numbers["imperial"] == data.ys,
        "both networks, of nine numbers each, give XOR for all four inputs.",
        [
            boundary(kit, data, "(a OR b) AND NOT (a AND b)"),
            boundary(imperial, data, "(a AND NOT b) OR (b AND NOT a)"),
            lambda ax: _hidden_plane(ax, hidden, data),
        ],
    )  # fmt: skip


def _hidden_plane(ax: Axes, hidden: Array, data: Dataset) -> None:
    """The inputs as the hidden units see them, with the line of the output unit."""
    decision_boundary(lambda h: h[0] - h[1] - 0.5, hidden.tolist(), data.ys, ax=ax)
    for (h1, h2), x in dict(zip(map(tuple, hidden.tolist()), data.xs, strict=True)).items():
        both = " and (0,1)" if x == [1.0, 0.0] else ""
        ax.annotate(
            f"({x[0]:g},{x[1]:g}){both}", (h1, h2), textcoords="offset points",
            xytext=(6 - 12 * h1, 8), ha="right" if h1 else "left",
        )  # fmt: skip
    ax.set(xlabel="h₁ = a OR b", ylabel="h₂ = a AND b", title="what the output unit sees")


@experiment("U12 K14", depth=30)
def linear_layers(*, seed: int = 0, depth: int = 6, width: int = 8) -> Result:
    """Layers without an activation collapse: x W₁ W₂ … is x times one matrix, however deep it is.

    Sources: UCL, "Multi-Layer Perceptrons"; KIT, "W³W²W¹x = W̃x". The matrix is the product of the
    weights, and its bias follows in the same way. The second row has the same weights with tanh: no
    matrix fits it, and the table has the error of the best one. Look at the outputs along a line
    through the inputs: they are straight, or bent.

    >>> print(linear_layers().verdict)
    The claim holds here: 337 parameters in 6 linear layers are one matrix of 4 weights and a ...
    """
    xs = np.random.default_rng(seed).uniform(-2.0, 2.0, (200, 4))
    numbers, curves = {}, {}
    along = np.linspace(-6.0, 6.0, 101)[:, None] * np.ones(4)
    for phi in ("linear", "tanh"):
        model = MLP(4, [width] * (depth - 1) + [1], activation=phi, seed=seed)
        matrix, bias = _collapsed(model)
        found = outputs(model, xs)
        best = np.linalg.lstsq(np.c_[xs, np.ones(len(xs))], found, rcond=None)[0]
        numbers[f"{phi}, off the product"] = float(np.abs(xs @ matrix + bias - found).max())
        missed = np.c_[xs, np.ones(len(xs))] @ best - found
        numbers[f"{phi}, off the best line"] = float(np.abs(missed).max())
        curves[phi] = outputs(model, along)[:, 0]
    rows = [[name, f"{x:.3g}"] for name, x in numbers.items()]
    return Result(
        numbers, table([["largest difference of outputs", ""], *rows], right=[1]),
        numbers["linear, off the product"] < 1e-12 < numbers["tanh, off the best line"],
        f"{len(model.parameters())} parameters in {depth} linear layers are one matrix of 4 "
        f"weights and a bias, to {numbers['linear, off the product']:.0e}. No matrix fits the tanh "
        "layers.",
        [lambda ax: _curves(ax, along[:, 0], curves)],
    )  # fmt: skip


def _collapsed(model: MLP) -> tuple[Array, Array]:
    """The product of all weights, and the bias that goes with it, as if all layers were linear."""
    matrix, bias = np.eye(model.layers[0].nin), np.zeros(model.layers[0].nin)
    for layer in model.layers:
        w = np.array([[p.data for p in neuron.w] for neuron in layer.neurons]).T
        b = [0.0 if neuron.b is None else neuron.b.data for neuron in layer.neurons]
        matrix, bias = matrix @ w, bias @ w + b
    return matrix, bias


def _curves(ax: Axes, xs: Array, curves: dict[str, Array]) -> None:
    for name, ys in curves.items():
        ax.plot(xs, ys / np.abs(ys).max(), label=name)
    ax.set(xlabel="t, for the input (t, t, t, t)", ylabel="output / its largest")
    ax.legend(title="activation")
