"""The loss of a model over a plane through its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arguments import positive
from ..data import Dataset, Target, check_dataset
from ..errors import OperandError, one_of
from ..nn.kinds import Nested, as_list
from ..nn.losses import Loss
from ..nn.module import Module
from ..program import Program, trace
from ..seeds import stream
from .axes import Numbers, check_at_least, colours, new_axes, spread_evenly
from .paths import draw_contours
from .plane import Floats, check_evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_surface(
    model: Module,
    loss: Loss,
    data: Dataset,
    *,
    directions: Sequence[Numbers] | None = None,
    span: float = 1.0,
    resolution: int = 31,
    show: str = "contour",
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean loss over a plane through the parameters θ: at θ + a·d₁ + b·d₂.

    Random directions are scaled so that the part of each unit is as long as the unit's own
    parameters; then pictures of different models can be compared. The graph of one sample is traced
    once and replayed, so the model must have a graph that is the same for all samples.

    Args:
        directions: d₁ and d₂, each with one number per parameter; by default random ones.
        span: a and b go from ``-span`` to ``span``.
        resolution: the number of points along each axis.
        show: "contour" or "3d".
        seed: the seed of the random directions.
        ax: for "3d", Axes that were made with ``projection="3d"``.

    Raises:
        TrainingError: if a layer such as dropout is in training mode.

    Source: Li, Xu, Taylor, Studer and Goldstein, "Visualizing the Loss Landscape of Neural Nets",
    2018.

    >>> from autograd_edu import data, nn
    >>> model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    >>> loss = nn.losses.binary_cross_entropy_with_logits
    >>> ax = loss_surface(model, loss, data.moons(20), resolution=5)
    >>> ax.get_xlabel(), ax.get_ylabel(), ax.lines[0].get_label()
    ('a', 'b', 'the model')
    """
    one_of(show, ("contour", "3d"), "kind of picture")
    check_at_least(2, resolution=resolution)
    steps = spread_evenly(-positive(span, "span"), span, resolution)
    theta = np.array([p.data for p in model.parameters()])
    check_evaluation(model)
    first, second = _directions(model, theta, directions, seed)
    mean_loss = _mean_loss(model, loss, check_dataset(data))
    heights = np.array([[mean_loss(theta + a * first + b * second) for a in steps] for b in steps])
    ax = new_axes(ax, projection="3d" if show == "3d" else None)
    (_draw_flat if show == "contour" else _draw_in_3d)(ax, steps, heights)
    ax.set(xlabel="a", ylabel="b")
    return ax


def _draw_flat(ax: Axes, steps: list[float], heights: Floats) -> None:
    draw_contours(ax, (steps, steps), heights)
    ax.plot([0.0], [0.0], "*", color=colours(ax).value, markersize=12, label="the model")
    ax.legend()


def _draw_in_3d(ax: Axes, steps: list[float], heights: Floats) -> None:
    if not hasattr(ax, "plot_surface"):
        raise OperandError('show="3d" needs Axes that were made with projection="3d"')
    ax.plot_surface(*np.meshgrid(steps, steps), heights, cmap="viridis")
    ax.set(zlabel="mean loss")


def _directions(
    model: Module, theta: Floats, given: Sequence[Numbers] | None, seed: int
) -> list[Floats]:
    """Two directions, as arrays with one number per parameter."""
    if given is None:
        rng = stream(seed, "loss surface")
        drawn = [np.array([rng.gauss(0.0, 1.0) for _ in theta]) for _ in range(2)]
        return [_scaled_by_unit(model, theta, direction) for direction in drawn]
    if len(given) != 2 or any(len(direction) != len(theta) for direction in given):
        raise OperandError(
            f"directions must be two lists of {len(theta)} numbers, one per parameter; "
            f"got {len(given)} of lengths {[len(direction) for direction in given]}"
        )
    return [np.array(direction, float) for direction in given]


def _scaled_by_unit(model: Module, theta: Floats, direction: Floats) -> Floats:
    """``direction``, with the part of each unit as long as the unit's parameters."""
    names = [name.split(".") for name, _ in model.named_parameters()]
    units = [".".join(parts[: -2 if parts[-1].isdigit() else -1]) for parts in names]
    scaled = direction.copy()
    for unit in set(units):
        own = np.array([other == unit for other in units])
        scaled[own] *= np.linalg.norm(theta[own]) / np.linalg.norm(direction[own])
    return scaled


def _mean_loss(model: Module, loss: Loss, data: Dataset) -> Callable[[Floats], float]:
    """The mean loss as a function of the parameters."""
    prepare: Callable[[Target, int], Target] = getattr(loss, "prepare", lambda t, _: t)
    of_prepared: Loss = getattr(loss, "of_prepared", loss)
    count = len(as_list(model(data.xs[0])))
    xs, ys = np.array(data.xs, float), np.array([prepare(t, count) for t in data.ys], float)

    def of_sample(x: Nested, t: Nested) -> Nested:
        return of_prepared(model(x), t)

    program: Program = trace(of_sample, xs[0], ys[0], parameters=model.parameters())

    def at(theta: Floats) -> float:
        program.parameter_values = theta
        return float(np.mean(program(xs, ys)))

    return at
