"""Functions of one number with their derivatives, and how well the derivatives are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..derivatives.numeric import Method, numeric_gradient
from ..derivatives.transforms import hessian, value_and_grad
from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import OperandError
from ..nn.activations import Activation, find_activation, name_of
from ..nn.kinds import Nested, Scalar
from .axes import Numbers, check_at_least, colours, new_axes, new_panels, spread_evenly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Function = Callable[[Nested], Scalar]


def values_and_slopes(f: Function, xs: Numbers) -> tuple[list[float], list[float]]:
    """The values and the slopes of ``f`` at ``xs``."""
    with no_grad():
        pairs = [value_and_grad(f)(x) for x in xs]
    return [plain(y) for y, _ in pairs], [plain(slope) for _, slope in pairs]


def function_and_derivative(
    f: Function,
    low: float = -3.0,
    high: float = 3.0,
    *,
    points: int = 301,
    ax: Axes | None = None,
) -> Axes:
    """Plot a function of one number and its derivative, from ``low`` to ``high``.

    Args:
        f: a function of one Value.
        points: the number of points at which it is computed.

    >>> from autograd_edu import tanh
    >>> [line.get_label() for line in function_and_derivative(tanh, -1, 1).lines[:2]]
    ['tanh(x)', 'tanh′(x)']
    """
    xs = spread_evenly(low, high, points)
    values, slopes = values_and_slopes(f, xs)
    ax = new_axes(ax)
    own, name = colours(ax), name_of(f).replace("<lambda>", "f")
    ax.plot(xs, values, color=own.value, label=f"{name}(x)")
    ax.plot(xs, slopes, "--", color=own.gradient, label=f"{name}′(x)")
    ax.axhline(0.0, color=own.quiet, linewidth=0.8)
    ax.set(xlabel="x")
    ax.legend()
    return ax


def activation_curves(
    activations: Sequence[str | Activation] = (
        "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus",
    ),
    *,
    low: float = -4.0,
    high: float = 4.0,
    columns: int = 3,
    ax: Axes | None = None,
) -> list[Axes]:  # fmt: skip
    """Plot several activations with their derivatives, in one panel per activation.

    Args:
        activations: names from `nn.activations.ACTIVATIONS`, or functions of one Value.
        low, high: where the curves begin and end.
        columns: the number of panels side by side.

    >>> [panel.get_title() for panel in activation_curves(["tanh", "relu"])]
    ['tanh', 'relu']
    """
    check_at_least(1, columns=columns, activations=len(activations))
    found = [find_activation(activation) for activation in activations]
    panels = new_panels(len(found), columns=columns, ax=ax, size=(3.0, 2.3))
    for phi, panel, activation in zip(found, panels, activations, strict=True):
        function_and_derivative(phi, low, high, ax=panel)
        panel.set(title=name_of(activation), xlabel="")
        panel.legend(["φ(x)", "φ′(x)"], fontsize="small")
    return panels


def tangent_and_parabola(
    f: Function,
    at: float,
    *,
    low: float | None = None,
    high: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot ``f`` with its tangent and its parabola at a point.

    The tangent is what methods of first order see: it says where down is. The parabola is what
    methods of second order see. If it opens upwards, its lowest point is marked: Newton's step.

    Args:
        f: a function of one Value.
        at: the point.
        low, high: where the curves begin and end; by default so that the Newton step fits in.

    >>> ax = tangent_and_parabola(lambda x: x**4, 1.0)
    >>> [float(line.get_xdata()[0].round(3)) for line in ax.lines[-2:]]
    [1.0, 0.667]
    """
    with no_grad():
        (y, slope), bend = map(plain, value_and_grad(f)(at)), plain(hessian(f)(at))
    reach = 2.0 * abs(slope / bend) if bend > 0.0 and slope != 0.0 else 1.0
    ends = at - reach if low is None else low, at + reach if high is None else high
    xs = spread_evenly(*ends, 201)
    ax = new_axes(ax)
    own = colours(ax)
    ax.plot(xs, values_and_slopes(f, xs)[0], color=own.value, label="f")
    bottom, top = ax.get_ylim()
    tangent = [y + slope * (x - at) for x in xs]
    ax.plot(xs, tangent, "--", color=own.gradient, label="tangent (first order)")
    parabola = [t + 0.5 * bend * (x - at) ** 2 for x, t in zip(xs, tangent, strict=True)]
    ax.plot(xs, parabola, "-.", color=own.positive, label="parabola (second order)")
    ax.plot([at], [y], "o", color=own.ink, label=f"x = {at:.4g}")
    if bend > 0.0:
        newton, lowest = at - slope / bend, y - 0.5 * slope * slope / bend
        ax.plot([newton], [lowest], "v", color=own.positive, label=f"Newton step to {newton:.4g}")
        bottom = min(bottom, lowest - 0.1 * (top - bottom))
    ax.set(xlabel="x", ylim=(bottom, top))
    ax.legend()
    return ax


def numeric_error(
    f: Function,
    at: float,
    *,
    steps: Numbers = (),
    methods: Sequence[Method] = ("forward", "central"),
    ax: Axes | None = None,
) -> Axes:
    """Plot the relative error of numeric derivatives over the step, on logarithmic axes.

    With a long step, the error comes from the curvature of the function; with a short one, from
    rounding. The "extrapolated" method starts with the step and continues with shorter ones. The
    "complex" method does not subtract, so its error does not rise again. An error of exactly 0 is
    drawn at 1e-17, which is smaller than any error of a float.

    Args:
        f: a function of one Value.
        at: the point at which the derivative is computed.
        steps: positive steps; by default four per decade, from 0.3 down to 2e-15.
        methods: methods of `numeric_gradient`: "forward", "central", "extrapolated", "complex".

    Raises:
        OperandError: if the derivative is 0, which has no relative error.

    >>> from autograd_edu import exp
    >>> forward, central = (min(line.get_ydata()) for line in numeric_error(exp, 1.0).lines)
    >>> bool(central < forward / 10.0)
    True
    """
    ax = new_axes(ax)
    sizes = list(steps) or [10.0 ** (-k / 4) for k in range(2, 60)]
    with no_grad():
        value, exact = value_and_grad(f)(at)
    if exact == 0.0 or abs(exact * at) <= 2.0 * math.ulp(abs(value)):  # only rounding
        raise OperandError(f"the relative error needs a derivative other than 0; it is 0 at {at!r}")
    for k, method in enumerate(methods):
        errors = [
            abs(numeric_gradient(f, [at], method=method, step=h)[0] / exact - 1.0) for h in sizes
        ]
        shown = [max(e, 1e-17) for e in errors]
        ax.loglog(sizes, shown, ".-", color=colours(ax).of_class(k + 1), label=method)
    ax.set(xlabel="step h", ylabel="relative error")
    ax.legend()
    return ax
