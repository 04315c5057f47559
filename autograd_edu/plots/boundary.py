"""The decision boundary of a classifier over the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..data import Target
from ..errors import OperandError, one_of
from .axes import Numbers, check_at_least, colours, new_axes, padded, sign_map
from .plane import Floats, Model, Sides, as_module, check_points, over_plane, scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def decision_boundary(
    model: Model,
    xs: Sequence[Numbers],
    ys: Sequence[Target],
    *,
    show: str = "score",
    threshold: float | None = None,
    resolution: int = 80,
    ax: Axes | None = None,
) -> Axes:
    """Plot what a model says over the plane, the boundaries of its classes, and the samples.

    Args:
        model: takes a list of two numbers and returns one score, or one score per class.
        xs: the samples, lists of two numbers.
        ys: one label per sample: 0 and 1, -1 and 1, classes from 0, or lists of probabilities.
        show: "score" draws the score, or the region of each class if there are several scores.
            "probability" draws probabilities: the sigmoid of one score, or the softmax of several.
            Outputs that are probabilities already stay as they are.
        threshold: a single score above it means the second class. By default it is ½ if all scores
            are in [0, 1], and otherwise 0.
        resolution: the number of points along each axis at which the model is called.

    Raises:
        TrainingError: if a layer such as dropout is in training mode.

    >>> ax = decision_boundary(lambda x: x[0] + x[1], [[0.0, -1.0], [0.0, 1.0]], [0, 1])
    >>> ax.get_xlabel(), [line.get_label() for line in ax.lines]
    ('x₁', ['class 0', 'class 1'])
    """
    check_points(xs, ys, user="a decision boundary")
    check_at_least(2, resolution=resolution)
    one_of(show, ("score", "probability"), "kind of picture")
    sides = padded([x[0] for x in xs], resolution), padded([x[1] for x in xs], resolution)
    scores = over_plane(model, sides, module=as_module(model))
    ax = new_axes(ax)
    if scores.shape[-1] == 1:
        _draw_score(ax, sides, scores[..., 0], threshold=threshold, show=show)
    else:
        _draw_classes(ax, sides, scores, threshold=threshold, show=show)
    scatter(ax, xs, ys)
    ax.set(xlabel="x₁", ylabel="x₂")
    ax.legend(framealpha=0.9)
    return ax


def _draw_score(
    ax: Axes, sides: Sides, scores: Floats, *, threshold: float | None, show: str
) -> None:
    """Draw both sides of the threshold, stronger with their distance to it, and a colour bar."""
    certain = 0.0 <= scores.min() and scores.max() <= 1.0
    threshold = (0.5 if certain else 0.0) if threshold is None else threshold
    boundary, room = threshold, max(scores.max() - threshold, threshold - scores.min()) or 1.0
    if show == "probability":
        scores = scores if certain else _sigmoid(scores)
        boundary = threshold if certain else float(_sigmoid(np.array(threshold)))
        threshold, room = 0.5, 0.5
    levels = threshold + _even_levels(room)
    filled = ax.contourf(*sides, scores, levels=levels, cmap=sign_map(ax), alpha=0.8)
    if scores.min() < boundary < scores.max():
        ax.contour(*sides, scores, levels=[boundary], colors=colours(ax).ink, linewidths=1.5)
    label = "score" if show == "score" else "probability of class 1"
    ax.figure.colorbar(filled, ax=ax, label=label, format="{x:.3g}")


def _even_levels(room: float) -> Floats:
    """Round numbers from below ``-room`` to above ``room``, for contours and a colour bar."""
    from matplotlib.ticker import MaxNLocator

    return np.array(MaxNLocator(10, symmetric=True).tick_values(-room, room), float)


def _sigmoid(scores: Floats) -> Floats:
    half: Floats = 0.5 * (1.0 + np.tanh(0.5 * scores))
    return half


def _draw_classes(
    ax: Axes, sides: Sides, scores: Floats, *, threshold: float | None, show: str
) -> None:
    """Draw the region of each class in its own colour, and the lines between the regions."""
    if threshold is not None:
        raise OperandError(
            "threshold is for a model with one score; this model has several, and the largest is "
            "the class"
        )
    own = colours(ax)
    if show == "probability":
        _mix_colours(ax, sides, _softmax(scores))
    for k in range(scores.shape[-1]):
        lead = scores[..., k] - np.delete(scores, k, axis=-1).max(axis=-1)
        if show == "score" and lead.max() > 0.0:
            top = [0.0, 2.0 * float(lead.max())]
            ax.contourf(*sides, lead, levels=top, colors=[own.of_class(k)], alpha=0.35)
        if lead.min() < 0.0 < lead.max():
            ax.contour(*sides, lead, levels=[0.0], colors=own.ink, linewidths=1.2)


def _softmax(scores: Floats) -> Floats:
    """The softmax over the last axis; numbers that are probabilities already stay as they are."""
    if scores.min() >= 0.0 and np.allclose(scores.sum(axis=-1), 1.0):
        return scores
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _mix_colours(ax: Axes, sides: Sides, shares: Floats) -> None:
    """Mix the colours of the classes in proportion to their probabilities."""
    from matplotlib.colors import to_rgb

    own = colours(ax)
    palette = np.array([to_rgb(own.of_class(k)) for k in range(shares.shape[-1])])
    extent = (sides[0][0], sides[0][-1], sides[1][0], sides[1][-1])
    ax.imshow(
        shares @ palette, extent=extent, origin="lower", aspect="auto", alpha=0.6,
        interpolation="bilinear",
    )  # fmt: skip
