"""Data before and after it is prepared: centred, scaled, rotated, whitened, or mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..data import Target, standardise, whiten
from ..errors import OperandError, ShapeError
from ..metrics import class_of
from .axes import Numbers, colours, new_panels
from .plane import Floats, check_points, scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def preparations(
    xs: Sequence[Numbers], ys: Sequence[Target] | None = None, *, ax: Axes | None = None
) -> list[Axes]:
    """Draw points as they are, centred, scaled, rotated to their principal axes, and whitened.

    All axes have equal units, so that one sees how far the points spread in each direction.

    Args:
        xs: points of two numbers.
        ys: one label per point, for its colour and marker. None draws all points alike.

    Raises:
        ShapeError: if the points stand on one line.

    >>> panels = preparations([[4.0, 10.0], [5.0, 13.0], [6.0, 11.0]])
    >>> [panel.get_title() for panel in panels]
    ['data', 'centred', 'scaled', 'principal axes', 'whitened']
    """
    check_points(xs, ys, user="a picture of prepared data")
    points = np.array([list(x) for x in xs], float)
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    whitened = np.array(whiten(points.tolist())[0])
    if whitened.shape[-1] < 2:
        raise ShapeError("the points stand on one line, so they cannot be whitened in the plane")
    steps: dict[str, Floats] = {
        "data": points, "centred": centred, "scaled": np.array(standardise(points.tolist())[0]),
        "principal axes": centred @ axes.T, "whitened": whitened,
    }  # fmt: skip
    panels = new_panels(len(steps), columns=5, ax=ax, size=(2.0, 2.3))
    for panel, (name, shown) in zip(panels, steps.items(), strict=True):
        scatter(panel, shown.tolist(), ys, size=4)
        _draw_origin(panel)
        panel.set(title=name)
        panel.set_aspect("equal", adjustable="datalim")
    return panels


def _draw_origin(ax: Axes) -> None:
    """Draw the two axes through 0, which are then part of the picture."""
    for line in (ax.axhline, ax.axvline):
        line(0.0, color=colours(ax).quiet, linewidth=0.8, zorder=0, label="_")


def boundary_sensitivity(
    xs: Sequence[Numbers], ys: Sequence[Target], *, change: float = 0.1, ax: Axes | None = None
) -> list[Axes]:
    """Draw how much a linear boundary moves if its weights change, before and after scaling.

    In each panel the solid line is the best linear boundary (by least squares). The dashed lines
    are those with one weight changed by ± ``change``, and the title says how accurate the best line
    is, and the worst. Data far from 0 make a boundary sensitive.

    Args:
        xs: points of two numbers.
        ys: one label per point, of two classes.
        change: how much each weight changes, as a share of the length of the weights.

    Raises:
        OperandError: if all points have the same class.

    >>> left, right = boundary_sensitivity([[8.0, 9.0], [9.0, 8.2], [9.0, 10.0], [10.0, 9.1]],
    ...                                    [0, 0, 1, 1])
    >>> right.get_title()
    'scaled\\naccuracy 100% → 100%'
    """
    check_points(xs, ys, user="a picture of sensitivity")
    signs = np.array([1.0 if class_of(y) == 1 else -1.0 for y in ys])
    if len(set(signs)) != 2:
        raise OperandError("a boundary needs points of two classes; all are of the same")
    scaled = standardise([list(map(float, x)) for x in xs])[0]
    panels = new_panels(2, columns=2, ax=ax, size=(4.0, 3.4))
    given = [list(map(float, x)) for x in xs]
    for panel, name, points in zip(panels, ("data", "scaled"), (given, scaled), strict=True):
        lines = _moved_lines(np.array(points), signs, change)
        scatter(panel, points, ys, size=5)
        panel.set(xlim=panel.get_xlim(), ylim=panel.get_ylim())
        for i, line in enumerate(lines):
            _draw_line(panel, line, style="--" if i else "-")
        right = [_accuracy(line, np.array(points), signs) for line in lines]
        panel.set(title=f"{name}\naccuracy {right[0]:.0%} → {min(right):.0%}")
    return panels


def _moved_lines(points: Floats, signs: Floats, change: float) -> list[Floats]:
    """The best line as (w₁, w₂, b), and those with one weight changed."""
    columns = np.column_stack([points, np.ones(len(points))])
    best = np.array(np.linalg.lstsq(columns, signs, rcond=None)[0], float)
    size = change * float(np.hypot(*best[:2]))
    moves = [np.array(move) for move in ((size, 0.0, 0.0), (0.0, size, 0.0))]
    return [best, *(best + sign * move for move in moves for sign in (1.0, -1.0))]


def _accuracy(line: Floats, points: Floats, signs: Floats) -> float:
    return float(np.mean((points @ line[:2] + line[2] > 0.0) == (signs > 0.0)))


def _draw_line(ax: Axes, line: Floats, *, style: str) -> None:
    """Draw w₁x₁ + w₂x₂ + b = 0 through the whole picture."""
    near = -line[2] * line[:2] / (line[:2] @ line[:2])
    along = (near[0] - line[1], near[1] + line[0])
    own = colours(ax)
    ax.axline(
        near, along, linestyle=style, color=own.ink if style == "-" else own.quiet, linewidth=1.3,
        label="_",
    )  # fmt: skip


def feature_map(
    phi: Callable[[list[float]], Sequence[float]],
    xs: Sequence[Numbers],
    ys: Sequence[Target],
    *,
    ax: Axes | None = None,
) -> list[Axes]:
    """Draw points before and after a feature map, which can make classes separable by a plane.

    Args:
        phi: takes a list of two numbers and returns two or three.
        xs: points of two numbers.
        ys: one label per point.

    Raises:
        ShapeError: if ``phi`` returns neither two nor three numbers.

    >>> ring = [[0.1, 0.0], [0.0, -0.2], [1.0, 0.0], [0.0, 1.1]]
    >>> before, after = feature_map(lambda x: [*x, x[0]**2 + x[1]**2], ring, [0, 0, 1, 1])
    >>> after.texts[0].get_text()
    'φ₃'
    """
    check_points(xs, ys, user="a feature map")
    mapped = [[float(v) for v in phi([float(v) for v in x])] for x in xs]
    size = len(mapped[0])
    if size not in (2, 3) or any(len(x) != size for x in mapped):
        raise ShapeError(
            f"phi must return two or three numbers, to draw them; got {sorted({*map(len, mapped)})}"
        )
    projections = (None, "3d" if size == 3 else None)
    before, after = new_panels(2, columns=2, ax=ax, size=(4.0, 3.6), projections=projections)
    scatter(before, xs, ys, size=5)
    scatter(after, mapped, ys, size=5)
    before.set(title="data", xlabel="x₁", ylabel="x₂")
    after.set(title="after the feature map", xlabel="φ₁", ylabel="φ₂")
    if size == 3:
        after.annotate("φ₃", (0.95, 0.9), xycoords="axes fraction")  # zlabel would be cut off
    before.legend()
    return [before, after]
