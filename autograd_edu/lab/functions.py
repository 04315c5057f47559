"""Activations as functions of one number: their derivatives, and tanh near 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..engine.number import Number
from ..engine.ops import tanh
from ..nn import ACTIVATIONS
from ..notation.text import table
from ..plots import function_and_derivative
from ..program import trace
from .experiment import Panel, Result, experiment
from .runs import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus")


@experiment("I20")
def activations() -> Result:
    """tanh′(s) is 1 - tanh²(s), and the derivative of max{0, s} is 1.

    Source: Imperial, exercise i): "propose a non-linearity activation function, draw this function
    and its gradient in a figure". The table has the slopes of six activations at -6, 0 and 6, and
    the largest slope. Look at relu: its slope is 1 for s > 0 only, and 0 below and at 0, so the
    second half of the printed solution is half the story.

    >>> print(activations().verdict)
    The claim does not hold here: tanh′ agrees with 1 - tanh² to ..., but relu has slope 1 ...
    """
    ss = np.linspace(-6.0, 6.0, 241)
    slopes = {name: _slopes(name, ss) for name in DRAWN}
    rows = [
        [name, f"{d[0]:.3g}", f"{d[120]:.3g}", f"{d[-1]:.3g}", f"{d.max():.3g}"]
        for name, d in slopes.items()
    ]
    off = float(np.abs(slopes["tanh"] - (1.0 - np.tanh(ss) ** 2)).max())
    relu = slopes["relu"]
    return Result(
        {**{name: d.tolist() for name, d in slopes.items()}, "tanh′ off 1 - tanh²": off},
        table([["slope", "at -6", "at 0", "at 6", "largest"], *rows], right=[1, 2, 3, 4]),
        off < 1e-12 and bool((relu == 1.0).all()),
        f"tanh′ agrees with 1 - tanh² to {off:.0e}, but relu has slope 1 only where s > 0: it "
        f"is {relu[0]:g} at -6 and {relu[120]:g} at 0.",
        [_with_slope(name) for name in DRAWN],
    )  # fmt: skip


def _slopes(name: str, ss: Array) -> Array:
    """The derivative of an activation at each of ``ss``, by one replay of its graph."""
    _, grads = trace(ACTIVATIONS[name], 0.5).value_and_grad(ss)
    return np.array(grads.inputs[0])


def _with_slope(name: str) -> Panel:
    def draw(ax: Axes) -> None:
        function_and_derivative(ACTIVATIONS[name], -6.0, 6.0, points=121, ax=ax).set_title(name)

    return draw


@experiment("I21")
def tanh_near_zero() -> Result:
    """A network of tanh units is nearly linear as long as its signals are small.

    Source: Imperial, exercise ii): "can θ(s) = s be achieved with tanh(s)?", "by forcing signal and
    weights to be small with regularization". The series tanh s = s - s³/3 + … says how small: the
    difference is at most |s|³/3. Look at the slope 3 of the line on logarithmic axes: a signal
    ten times smaller is a thousand times nearer to linear.

    >>> print(tanh_near_zero().verdict)
    The claim holds here: at s = 0.1 tanh is off by 0.33%, and at s = 1 by 24%; never by more ...
    """
    ss = np.array([2.0, 1.0, 0.5, 0.2, 0.1, 0.01])
    off = np.array(trace(lambda s: tanh(s) - s, 0.5)(ss))
    bounds = ss**3 / 3.0
    rows = [
        [f"{s:g}", f"{d:.3e}", f"{b:.3e}", f"{-d / s:.2%}"]
        for s, d, b in zip(ss, off, bounds, strict=True)
    ]
    return Result(
        {"s": ss.tolist(), "tanh s - s": off.tolist()},
        table([["s", "tanh s - s", "s³/3", "off by"], *rows], right=[0, 1, 2, 3]),
        bool((np.abs(off) <= bounds * (1 + 1e-9)).all()) and abs(off[-2]) < 1e-3,
        f"at s = 0.1 tanh is off by {-off[-2] / 0.1:.2%}, and at s = 1 by {-off[1]:.0%}; never by "
        "more than s³/3.",
        [
            lambda ax: function_and_derivative(tanh_minus_s, -2.0, 2.0, ax=ax),
            _draw_bound,
        ],
    )  # fmt: skip


def tanh_minus_s(s: Number) -> Number:
    """tanh s - s, computed as it is written."""
    y: Number = tanh(s) - s
    return y


def _draw_bound(ax: Axes) -> None:
    """The difference and its bound, on logarithmic axes."""
    ss = np.logspace(-3.0, 0.5, 60)
    ax.loglog(ss, np.abs(np.tanh(ss) - ss), label="|tanh s - s|")
    ax.loglog(ss, ss**3 / 3.0, "--", label="s³/3")
    ax.set(xlabel="s", ylabel="difference")
    ax.legend()
