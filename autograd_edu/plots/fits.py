"""The fit of a function of one number, with the uncertainty that a variance network predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..engine.number import plain
from ..errors import OperandError, ShapeError, one_of
from ..nn.kinds import as_list
from .axes import Numbers, colours, new_axes, padded
from .plane import Floats, Model, as_module, outputs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DEVIATIONS: dict[str, Callable[[Floats], Floats]] = {
    "log variance": lambda a: np.exp(0.5 * a),
    "variance": np.sqrt,
    "sd": lambda sd: sd,
}


def fitted_curve(
    model: Model,
    xs: Sequence[Numbers] | Numbers,
    ys: Numbers,
    *,
    truth: Callable[[float], float] | None = None,
    second: str = "log variance",
    points: int = 201,
    ax: Axes | None = None,
) -> Axes:
    """Plot data of one input, and the curve that a model fits to them.

    If the model has two outputs, a band of two standard deviations surrounds the first.

    Args:
        model: takes a list of one number. It returns a number, or two: the mean, and how far the
            data spread around it.
        xs: the inputs, as numbers or as lists of one number.
        ys: the targets.
        truth: the function behind the data, to draw it too.
        second: what the second output is: "log variance", as in
            `nn.losses.gaussian_negative_log_likelihood`, "variance" or "sd".
        points: the number of points at which the model is called.

    Raises:
        ShapeError: if the model has more than two outputs.

    >>> ax = fitted_curve(lambda x: [2 * x[0], 0.0], [0.0, 1.0, 2.0], [0.1, 2.2, 3.9])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['data', 'model', 'mean ± 2 sd']
    """
    deviation = _DEVIATIONS[one_of(second, _DEVIATIONS, "meaning of the second output")]
    inputs = _check_inputs(xs, ys)
    grid = padded(inputs, points, room=0.05)
    found = outputs(model, [[x] for x in grid], module=as_module(model))
    if found.shape[-1] > 2:
        raise ShapeError(f"the model must have one or two outputs; got {found.shape[-1]}")
    ax = new_axes(ax)
    own = colours(ax)
    data = [plain(y) for target in ys for y in as_list(target)]
    ax.plot(inputs, data, "o", color=own.negative, markersize=4, alpha=0.7, label="data")
    if truth is not None:
        ax.plot(grid, [truth(x) for x in grid], ":", color=own.ink, label="truth")
    mean = found[:, 0]
    ax.plot(grid, mean, color=own.positive, linewidth=2.0, label="model")
    if found.shape[-1] == 2:
        ends = mean - 2.0 * deviation(found[:, 1]), mean + 2.0 * deviation(found[:, 1])
        ax.fill_between(grid, *ends, color=own.positive, alpha=0.25, label="mean ± 2 sd")
    ax.set(xlabel="x", ylabel="y")
    ax.legend()
    return ax


def _check_inputs(xs: Sequence[Numbers] | Numbers, ys: Numbers) -> list[float]:
    """The inputs as numbers. Raises OperandError if one has several, or has no target."""
    inputs = [plain(number) for x in xs for number in as_list(x)]
    if not inputs or len(inputs) != len(ys) or len(inputs) != len(xs):
        raise OperandError(
            "a fitted curve needs one or more inputs of one number and as many targets; "
            f"got {len(xs)} inputs with {len(inputs)} numbers, and {len(ys)} targets"
        )
    return inputs
