"""Paths of optimisers over the contours of a function of two numbers, and one step in detail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arguments import not_negative
from ..derivatives.transforms import grad
from ..engine.modes import no_grad
from ..errors import OperandError
from ..nn.kinds import Nested, Scalar
from ..optim import Descent
from .axes import Numbers, check_at_least, colours, draw_legend, height_map, new_axes, padded
from .downhill import arrow, mark_ends
from .plane import Floats, Sides, heights_of, valley_levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Surface = Callable[[Nested, Nested], Scalar]


def trajectories(
    f: Surface,
    paths: Mapping[str, Descent | Sequence[Numbers]],
    *,
    minimum: Numbers | None = None,
    resolution: int = 80,
    ax: Axes | None = None,
) -> Axes:
    """Plot the paths of optimisers on the contours of ``f``, with a mark at each start and end.

    The contour lines are closer together near the lowest place, so that a valley is seen. Where
    ``f`` has no value, there are none.

    Args:
        f: a function of two Values.
        paths: a dict from the name of each path to its points, each of two numbers, or to the
            result of `optim.minimise`.
        minimum: where the minimum is, if it is to be marked.
        resolution: the number of points along each axis at which ``f`` is computed.

    >>> from autograd_edu import optim
    >>> def bowl(a, b):
    ...     return a * a + 10 * b * b
    >>> path = optim.minimise(bowl, [2.0, 1.0], optimiser=optim.SGD(lr=0.09), steps=20)
    >>> ax = trajectories(bowl, {"SGD": path}, minimum=(0.0, 0.0))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['SGD', 'start', 'end', 'minimum']
    """
    lists = {n: p.points if isinstance(p, Descent) else p for n, p in paths.items()}
    points = [point for path in lists.values() for point in path]
    if not points or not all(map(len, lists.values())) or any(len(p) != 2 for p in points):
        raise OperandError("each path must be a list of one or more points of two numbers")
    check_at_least(2, resolution=resolution)
    ax = new_axes(ax)
    shown = points if minimum is None else [*points, minimum]
    sides = padded([p[0] for p in shown], resolution), padded([p[1] for p in shown], resolution)
    draw_contours(ax, sides, heights_of(f, sides))
    own = colours(ax)
    for k, (name, path) in enumerate(lists.items()):
        _draw_path(ax, path, colour=own.of_class(k), name=name)
    if minimum is not None:
        ax.plot(*minimum, "*", color=own.value, markersize=13, label="minimum", zorder=5)
    ax.set(xlabel="θ₁", ylabel="θ₂")
    draw_legend(ax)
    return ax


def draw_contours(ax: Axes, sides: Sides, heights: Floats) -> None:
    """Draw filled contours in grey, the higher the darker, with thin lines between them."""
    levels = valley_levels(heights)
    ax.contourf(*sides, heights, levels=levels, cmap=height_map(ax), alpha=0.6, extend="max")
    ax.contour(*sides, heights, levels=levels, colors=colours(ax).quiet, linewidths=0.6)


def _draw_path(ax: Axes, path: Sequence[Numbers], *, colour: str, name: str) -> None:
    """Draw the points of a path, and arrows on its longest steps."""
    ax.plot(
        [p[0] for p in path], [p[1] for p in path], ".-", color=colour, label=name, linewidth=1.2,
        markersize=4,
    )  # fmt: skip
    steps = np.diff(np.array(path, float), axis=0)
    lengths = np.hypot(*steps.T) if len(steps) else np.zeros(0)
    for i in np.argsort(-lengths)[:5]:
        if lengths[i] > 0.0:
            middle = np.array(path[i], float) + 0.6 * steps[i]
            arrow(ax, path[i], middle.tolist(), colour=colour)
    mark_ends(ax, path[0], path[-1])


def momentum_step(
    f: Surface,
    at: Numbers,
    velocity: Numbers,
    *,
    lr: float = 0.1,
    momentum: float = 0.9,
    nesterov: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw one step with momentum as arrows: the momentum step, the gradient step, and their sum.

    Args:
        f: a function of two Values.
        at: where the step begins, θ.
        velocity: the last step, v.
        lr: the learning rate η.
        momentum: α. The momentum step is αv.
        nesterov: take the gradient where the momentum step ends, at θ + αv, as in Nesterov's
            method, and not at θ.

    >>> ax = momentum_step(lambda a, b: a * a + 4 * b * b, (2.0, 1.0), (-1.0, 0.0), nesterov=True)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['momentum step αv', 'gradient step −η∇f(θ + αv)', 'step']
    """
    not_negative(lr, "the learning rate")
    if len(at) != 2 or len(velocity) != 2:
        raise OperandError(
            f"`at` and `velocity` must have two numbers each; got {at!r} and {velocity!r}"
        )
    start = np.array(at, float)
    ahead = start + momentum * np.array(velocity, float)
    begin = ahead if nesterov else start  # where the gradient is taken
    with no_grad():
        slope = np.array(grad(f)(*begin.tolist()), float)
    corners = np.array([start, ahead, begin - lr * slope, ahead - lr * slope])
    ax = new_axes(ax)
    left, below = (padded(side, 60, room=0.35) for side in corners.T.tolist())
    draw_contours(ax, (left, below), heights_of(f, (left, below)))
    _draw_arrows(ax, corners, nesterov=nesterov)
    ax.annotate("θ", (at[0], at[1]), xytext=(-10, 6), textcoords="offset points")
    ax.set(xlabel="θ₁", ylabel="θ₂")
    ax.legend()
    return ax


def _draw_arrows(ax: Axes, corners: Floats, *, nesterov: bool) -> None:
    """Draw the three arrows between θ, the ends of the momentum and gradient step, and the end."""
    own, (start, ahead, down, end) = colours(ax), corners.tolist()
    if not nesterov:  # the sides of the parallelogram
        ax.plot(*corners[[1, 3, 2]].T, ":", color=own.quiet, label="_")
    place, begin = ("θ + αv", ahead) if nesterov else ("θ", start)
    for here, there, colour, name in (
        (start, ahead, own.positive, "momentum step αv"),
        (begin, down, own.gradient, f"gradient step −η∇f({place})"),
        (start, end, own.ink, "step"),
    ):
        arrow(ax, here, there, colour=colour, width=2.0)
        ax.plot([], [], color=colour, linewidth=2.0, label=name)
