"""A function or a model on a grid over the plane, and its contours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..data import Target
from ..engine.modes import no_grad
from ..engine.number import plain
from ..engine.value import Value
from ..errors import AutogradError, DomainError, OperandError, TrainingError
from ..metrics import class_of
from ..nn.kinds import Nested, Scalar, as_list
from ..nn.module import Module
from ..program import trace
from .axes import MARKERS, Numbers, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats: TypeAlias = NDArray[np.float64]
Sides = tuple[list[float], list[float]]  # where the columns and the rows of a grid stand
Model = Callable[[list[float]], Nested]


def outputs(f: Model, samples: Sequence[Numbers] | Floats, *, module: Module | None) -> Floats:
    """What ``f`` gives for each sample, with one row per sample.

    Args:
        module: the module that ``f`` computes with, or None for any other function. The graph of a
            module is traced once and replayed for all samples.

    Raises:
        DomainError: if an output is not finite.
        TrainingError: if a layer such as dropout is in training mode.
    """
    if module is not None:
        check_evaluation(module)
        if not module.why_varying():
            try:
                return _replay(f, np.array([list(x) for x in samples], float))
            except AutogradError:
                pass  # it cannot be replayed; below, it computes the same or raises its own error
    with no_grad():
        rows = [[plain(y) for y in as_list(f([float(v) for v in x]))] for x in samples]
    found = np.array(rows, float)
    for x, row in zip(samples, found, strict=True):
        if not np.isfinite(row).all():
            shown = ", ".join(f"{float(v):.4g}" for v in x)
            raise DomainError(f"the model gives {row.tolist()} at ({shown}), which is not finite")
    return found


def _replay(f: Model, samples: Floats) -> Floats:
    def listed(x: Nested) -> list[Scalar]:
        return as_list(f(x))

    columns: Nested = trace(listed, samples[0].tolist())(samples)
    return np.stack([np.broadcast_to(column, len(samples)) for column in columns], axis=-1)


def as_module(f: Model) -> Module | None:
    """``f`` if it is a module, otherwise None."""
    return f if isinstance(f, Module) else None


def check_evaluation(module: Module) -> None:
    """Raise TrainingError if a layer such as dropout is in training mode."""
    for part in module.modules():
        if part.training and part.changes_in_training:
            raise TrainingError(
                f"{part!r} is in training mode, in which its outputs are different: call "
                "model.eval() first"
            )


def over_plane(f: Model, sides: Sides, *, module: Module | None) -> Floats:
    """What ``f`` gives over a grid, by row, column and output."""
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    found = outputs(f, grid.reshape(-1, 2), module=module)
    return found.reshape(len(sides[1]), len(sides[0]), -1)


def heights_of(f: Callable[[Nested, Nested], Scalar], sides: Sides) -> Floats:
    """The values of a function of two numbers over a grid, by row and column.

    Where it has no value, there is NaN, which is drawn as a gap.
    """

    def height(a: float, b: float) -> float:
        try:
            return plain(f(Value(a), Value(b)))
        except DomainError:
            return math.nan

    with no_grad():
        return np.array([[height(a, b) for a in sides[0]] for b in sides[1]])


def valley_levels(heights: Floats) -> Floats:
    """Levels for contours, closer together near the lowest height, so that a valley is seen."""
    if np.isnan(heights).all():
        raise DomainError("the function has no value at any point of the grid that would be drawn")
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    room = high - low if high > low else 1.0
    return low + room * np.linspace(0.0, 1.0, 20) ** 2.5


def check_points(xs: Sequence[Numbers], ys: Sequence[Target] | None, *, user: str) -> None:
    """Raise OperandError unless ``xs`` are points of two numbers, with one label per point."""
    lengths = sorted(set(map(len, xs)))
    if lengths != [2] or (ys is not None and len(xs) != len(ys)):
        of = f" of {' or '.join(map(str, lengths))} numbers" if lengths else ""
        labels = "" if ys is None else f" and {len(ys)} labels"
        raise OperandError(
            f"{user} needs points of two numbers and as many labels; got {len(xs)} points{of}"
            f"{labels}"
        )


def scatter(ax: Axes, xs: Sequence[Numbers], ys: Sequence[Target] | None, size: float = 6) -> None:
    """Draw points of two or three numbers. Each class has its own marker and colour."""
    own = colours(ax)
    labels = [0] * len(xs) if ys is None else [class_of(y) for y in ys]
    for label in sorted(set(labels)):
        chosen = [x for x, y in zip(xs, labels, strict=True) if y == label]
        ax.plot(
            *zip(*chosen, strict=True), linestyle="", marker=MARKERS[label % len(MARKERS)],
            markersize=size, color=own.ink if ys is None else own.of_class(label),
            markeredgecolor=own.paper, markeredgewidth=0.8, label=f"class {label}",
        )  # fmt: skip
