"""What hidden units compute: a tile per unit over the plane, and the space that they span."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..data import Target
from ..errors import OperandError
from ..nn.containers import AnyLayer, Sequential
from ..nn.kinds import Nested, as_list
from ..nn.layers import MLP
from ..nn.module import Module
from .axes import Numbers, check_at_least, colours, new_axes, new_panels, padded, sign_map
from .boundary import decision_boundary
from .plane import Floats, Sides, check_points, outputs, over_plane, scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def layers_of(model: Module) -> list[AnyLayer]:
    """The layers of an MLP or a Sequential, in order; those inside others are listed, too.

    Raises:
        OperandError: if ``model`` is another module, whose layers have no order that is known.
    """
    found: list[AnyLayer] = []
    stack: list[AnyLayer] = [model]
    while stack:
        layer = stack.pop()
        if isinstance(layer, (MLP, Sequential)):
            stack.extend(reversed(layer.layers))
        else:
            found.append(layer)
    if found == [model]:
        raise OperandError(
            f"the model must be an MLP or a Sequential, which have layers; got {model!r:.60}"
        )
    return found


def hidden_units(
    model: Module,
    xs: Sequence[Numbers],
    ys: Sequence[Target] | None = None,
    *,
    layer: int = 0,
    columns: int = 4,
    resolution: int = 50,
    ax: Axes | None = None,
) -> list[Axes]:
    """Draw the output of each unit of a layer over the plane, one tile per unit.

    All tiles have one colour scale. A solid line is where the output is 0, and dashed lines are
    where it is negative.

    Args:
        model: an MLP or a Sequential of two inputs.
        xs: samples, which determine the part of the plane.
        ys: the labels of the samples, to draw them too. None leaves the samples out.
        layer: the index of the layer, from 0. Negative numbers count from the last layer.
        columns: the number of tiles side by side.
        resolution: the number of points along each axis at which the model is called.

    >>> from autograd_edu import nn
    >>> model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    >>> [tile.get_title() for tile in hidden_units(model, [[-1.0, -1.0], [1.0, 1.0]])]
    ['unit 1', 'unit 2', 'unit 3']
    """
    check_points(xs, ys, user="a picture of hidden units")
    check_at_least(1, columns=columns)
    sides = padded([x[0] for x in xs], resolution), padded([x[1] for x in xs], resolution)
    first, _ = _cut(model, layer)
    found = over_plane(lambda x: _through(first, x), sides, module=model)
    top = float(np.abs(found).max()) or 1.0
    tiles = new_panels(found.shape[-1], columns=columns, ax=ax, size=(2.2, 2.1))
    for k, tile in enumerate(tiles):
        image = draw_tile(tile, sides, found[..., k], top=top)
        if ys is not None:
            scatter(tile, xs, ys, size=3.5)
        tile.set(title=f"unit {k + 1}", xticks=[], yticks=[])
    tiles[0].figure.colorbar(image, ax=tiles, label="output", format="{x:.2g}", aspect=30)
    return tiles


def draw_tile(ax: Axes, sides: Sides, scores: Floats, *, top: float) -> AxesImage:
    """Draw numbers over the plane in the colours of signs, with lines at 0 and below it."""
    extent = (sides[0][0], sides[0][-1], sides[1][0], sides[1][-1])
    image = ax.imshow(
        scores, cmap=sign_map(ax), vmin=-top, vmax=top, extent=extent, origin="lower",
        aspect="auto", interpolation="bilinear",
    )  # fmt: skip
    lines = [level for level in (-0.75 * top, -0.5 * top, -0.25 * top, 0.0) if level > scores.min()]
    if lines and scores.max() > lines[0]:
        ax.contour(*sides, scores, levels=lines, colors=colours(ax).ink, linewidths=0.7)
    return image


def hidden_space(
    model: Module,
    xs: Sequence[Numbers],
    ys: Sequence[Target],
    *,
    layer: int = -2,
    units: tuple[int, int] = (0, 1),
    ax: Axes | None = None,
) -> Axes:
    """Draw each sample where a hidden layer puts it: at its ψ(x).

    If that layer has two units, the picture also shows the decision boundary that the later layers
    draw there.

    Args:
        model: an MLP or a Sequential.
        xs: the samples, as the model takes them.
        ys: one label per sample, as for `decision_boundary`.
        layer: the index of the layer; by default the last but one.
        units: the indices of the units on the two axes.

    >>> from autograd_edu import nn
    >>> model = nn.MLP.from_weights([[[1, 0], [0, 2]], [[1, 1]]])
    >>> ax = hidden_space(model, [[-1.0, 3.0], [1.0, 1.0]], [0, 1])
    >>> [(*line.get_xdata().tolist(), *line.get_ydata().tolist()) for line in ax.lines]
    [(0.0, 6.0), (1.0, 2.0)]
    """
    first, rest = _cut(model, layer)
    psi = outputs(lambda x: _through(first, x), xs, module=model)
    if not all(0 <= unit < psi.shape[-1] for unit in units) or len(units) != 2:
        raise OperandError(
            f"units must be two indices of the layer's {psi.shape[-1]} unit(s); got {units!r}"
        )
    points = psi[:, list(units)].tolist()
    if psi.shape[-1] == 2 and units == (0, 1) and rest:
        ax = decision_boundary(lambda x: _through(rest, x), points, ys, ax=ax)
    else:
        ax = new_axes(ax)
        scatter(ax, points, ys)
        ax.legend()
    horizontal, vertical = (f"ψ{'₀₁₂₃₄₅₆₇₈₉'[u + 1]}" if u < 9 else f"ψ({u + 1})" for u in units)
    ax.set(xlabel=horizontal, ylabel=vertical)
    return ax


def _cut(model: Module, layer: int) -> tuple[list[AnyLayer], list[AnyLayer]]:
    """The layers up to ``layer``, which is an index, and those after it."""
    layers = layers_of(model)
    if not -len(layers) <= layer < len(layers):
        raise OperandError(
            f"layer must be an index of the model's {len(layers)} layer(s), from 0; got {layer!r}"
        )
    end = layer % len(layers) + 1
    return layers[:end], layers[end:]


def _through(layers: Sequence[AnyLayer], x: Nested) -> list[Nested]:
    for layer in layers:
        x = as_list(layer(x))
    return list(x)
