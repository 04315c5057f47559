"""What a unit without a hidden layer can and cannot separate."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from ..data import Dataset, above_the_corner, truth_table
from ..nn import MLP
from ..nn.losses import binary_cross_entropy_with_logits
from ..notation.text import table
from ..optim import Adam
from ..plots import decision_boundary
from ..train.evaluate import accuracy
from ..train.trainer import fit
from .experiment import Panel, Result, experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _trained(data: Dataset, sizes: list[int], *, seed: int, epochs: int) -> MLP:
    model = MLP(2, sizes, activation="tanh", seed=seed)
    optimiser = Adam(model.parameters(), 0.05)
    fit(model, binary_cross_entropy_with_logits, data, optimiser, epochs=epochs, progress=False)
    return model


def _boundary(model: MLP, data: Dataset, title: str) -> Panel:
    def draw(ax: Axes) -> None:
        decision_boundary(model, data.xs, data.ys, resolution=41, ax=ax).set_title(title)

    return draw


@experiment("U5 I2 M64", epochs=2000)
def lone_perceptron(*, seed: int = 0, epochs: int = 400) -> Result:
    """A lone perceptron cannot learn XOR, nor x₂ ≥ |x₁|: its boundary is one straight line.

    Sources: UCL, "limits of a lone perceptron"; Imperial, "the exclusive or (XOR) cannot be solved
    by a single layer"; MLPR, tutorial 3a. The table compares one unit with a network that has a
    hidden layer. It also has the most rows of XOR that any line gets right, from a search over
    lines. Look at the straight boundary: whichever way it lies, points of one class are on both
    sides.
    """
    sets = [truth_table("and"), truth_table("xor"), above_the_corner(side=21, step=0.5)]
    rows, numbers, panels = [], {"best_line_on_xor": best_line(sets[1])}, []
    for data in sets:
        for kind, sizes in (("unit", [1]), ("network", [4, 1])):
            model = _trained(data, sizes, seed=seed, epochs=epochs)
            right = accuracy(model, binary_cross_entropy_with_logits, data)
            numbers[f"{kind}_on_{data.name}"] = right
            panels.append(_boundary(model, data, f"{kind} on {data.name}: {right:.0%}"))
            rows.append([data.name, kind, f"{right:.1%}"])
    rows.append(["xor", "best of all lines", f"{numbers['best_line_on_xor']:.1%}"])
    fails = max(numbers["unit_on_xor"], numbers["best_line_on_xor"], numbers["unit_on_x₂ ≥ |x₁|"])
    return Result(
        numbers, table([["data", "model", "right"], *rows], right=[2]), fails < 1.0,
        f"one unit gets {numbers['unit_on_xor']:.0%} of XOR right, and no line more than "
        f"{numbers['best_line_on_xor']:.0%}. A hidden layer of four units gets "
        f"{numbers['network_on_xor']:.0%}.",
        [panels[i] for i in (2, 4, 3)],
    )  # fmt: skip


def best_line(data: Dataset, angles: int = 72) -> float:
    """The largest share of samples that a line gets right, searched over directions and offsets."""
    best = 0.0
    offsets = [i / 10.0 - 2.0 for i in range(41)]
    for k, b in itertools.product(range(angles), offsets):
        w = math.cos(2.0 * math.pi * k / angles), math.sin(2.0 * math.pi * k / angles)
        right = sum((w[0] * x[0] + w[1] * x[1] + b >= 0.0) == y for x, y in data)
        best = max(best, right / len(data))
    return best
