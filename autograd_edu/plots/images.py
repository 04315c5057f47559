"""Matrices as pictures: the weights of units, heat maps, and the weights of attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import OperandError, ShapeError
from ..nn.attention import SelfAttention, attend
from ..nn.kinds import Nested, Vector
from .axes import Numbers, check_at_least, colours, new_axes, new_panels, sign_map
from .plane import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weights_as_images(
    weights: Sequence[Numbers],
    *,
    shape: tuple[int, int] | None = None,
    columns: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each row of weights as a small image, with a minus sign on each negative weight.

    All images have the same colour scale: blue for positive weights and orange for negative ones.

    Args:
        weights: one list of numbers per image.
        shape: the height and width of an image; by default a square.
        columns: the number of images side by side; by default so that the picture is wide.

    >>> weights_as_images([[1.0, -2.0, 3.0, 0.0]]).images[0].get_array().tolist()
    [[1.0, -2.0], [3.0, 0.0]]
    """
    height, width = _image_shape(weights, shape)
    if columns is None:
        columns = math.ceil(math.sqrt(1.5 * len(weights)))
    check_at_least(1, columns=columns)
    ax = new_axes(ax)
    picture = _mosaic(weights, (height, width), columns=min(columns, len(weights)))
    _draw_signed(ax, picture)
    rows, places = np.nonzero(np.nan_to_num(picture) < 0.0)
    ax.plot(places, rows, "_", markersize=2.5, markeredgewidth=0.6, color=colours(ax).ink)
    ax.set_axis_off()
    return ax


def _draw_signed(ax: Axes, picture: Floats) -> None:
    """Draw a matrix in the colours of signs, with a colour bar."""
    limit = float(np.nanmax(np.abs(picture))) or 1.0
    image = ax.imshow(picture, cmap=sign_map(ax), vmin=-limit, vmax=limit)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8)
    if np.nanmin(picture) >= 0.0:
        bar.ax.set_ylim(0.0, limit)


def _image_shape(weights: Sequence[Numbers], shape: tuple[int, int] | None) -> tuple[int, int]:
    """The height and width of an image. Raises OperandError if the weights do not fill it."""
    count = len(weights[0]) if len(weights) else 0
    side = math.isqrt(count)
    if shape is None and side * side != count:
        raise OperandError(
            f"{count} weights cannot form a square image; pass shape=(height, width)"
        )
    height, width = shape or (side, side)
    if not count or any(len(row) != height * width for row in weights):
        raise OperandError(
            f"each row must have {height} × {width} weights; "
            f"got rows of {sorted({len(row) for row in weights})}"
        )
    return height, width


def _mosaic(weights: Sequence[Numbers], size: tuple[int, int], *, columns: int) -> Floats:
    """One picture of all images, with gaps of NaN between them."""
    height, width = size
    lines = math.ceil(len(weights) / columns)
    picture = np.full((lines * (height + 1) - 1, columns * (width + 1) - 1), math.nan)
    for i, row in enumerate(weights):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        image = np.array([plain(w) for w in row]).reshape(size)
        picture[top : top + height, left : left + width] = image
    return picture


def heat_map(
    matrix: Sequence[Vector],
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a matrix as coloured cells: blue for positive numbers and orange for negative ones.

    Up to 12 rows and columns, each cell also shows its number.

    Args:
        matrix: a list of rows of the same length.
        rows, columns: their names; by default none.

    Raises:
        ShapeError: if rows differ in length, or there is not one name per row or column.

    >>> ax = heat_map([[0.5, -0.25]], rows=["w"], columns=["x₁", "x₂"])
    >>> [text.get_text() for text in ax.texts]
    ['0.50', '−0.25']
    """
    if not len(matrix) or len(lengths := {len(row) for row in matrix}) != 1 or 0 in lengths:
        raise ShapeError("a heat map needs one or more rows of numbers, all of the same length")
    cells = np.array([[plain(v) for v in row] for row in matrix], float)
    for names, count, what in ((rows, len(cells), "row"), (columns, len(cells[0]), "column")):
        if len(names) not in (0, count):
            raise ShapeError(f"got {len(names)} name(s) for {count} {what}(s)")
    ax = new_axes(ax)
    _draw_signed(ax, cells)
    if max(cells.shape) <= 12:
        _write_numbers(ax, cells)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    return ax


def _write_numbers(ax: Axes, cells: Floats) -> None:
    """Write the number into each cell, in a colour that stands out from it."""
    own, limit = colours(ax), float(np.abs(cells).max()) or 1.0
    for (i, j), number in np.ndenumerate(cells):
        text = f"{number:.2f}" if limit < 10.0 else f"{number:.3g}"
        ink = own.paper if abs(number) > 0.6 * limit else own.ink
        ax.text(j, i, text.replace("-", "−"), ha="center", va="center", color=ink, fontsize="small")


def attention_map(
    attention: SelfAttention,
    vectors: Sequence[Vector],
    *,
    names: Sequence[str] = (),
    ax: Axes | None = None,
) -> list[Axes]:
    """Draw how much each vector of a sequence attends to every other, with one panel per head.

    Each row adds up to 1.

    Args:
        attention: the module.
        vectors: the sequence that it gets.
        names: the names of the vectors, such as words.

    >>> from autograd_edu import nn
    >>> panels = attention_map(nn.SelfAttention(4, heads=2, seed=0), [[1, 0, 0, 0], [0, 1, 0, 0]])
    >>> [panel.get_title() for panel in panels]
    ['head 1', 'head 2']
    """
    if not isinstance(attention, SelfAttention):
        raise OperandError(f"attention_map needs an nn.SelfAttention; got {attention!r:.60}")
    panels = new_panels(attention.heads, columns=3, ax=ax, size=(3.6, 3.0))
    for head, panel in enumerate(panels):
        heat_map(_attention(attention, vectors, head), rows=names, columns=names, ax=panel)
        panel.set(title=f"head {head + 1}", xlabel="attends to")
    return panels


def _attention(attention: SelfAttention, vectors: Sequence[Vector], head: int) -> Nested:
    """The weights of one head: what it makes of values that are the rows of an identity matrix."""
    width = attention.size // attention.heads
    part = slice(head * width, (head + 1) * width)
    with no_grad():
        queries = [attention.query(v)[part] for v in vectors]
        keys = [attention.key(v)[part] for v in vectors]
        identity = np.eye(len(vectors)).tolist()
        return attend(queries, keys, identity, causal=attention.causal)
