"""Descent on a function of one number: the steps of an optimiser, and the places that stop it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from ..derivatives.transforms import grad
from ..engine.number import plain
from ..errors import OperandError
from ..nn.kinds import as_list
from ..optim import Descent
from .axes import Numbers, colours, draw_legend, new_axes, padded, spread_evenly
from .curves import Function, values_and_slopes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Path: TypeAlias = "Descent | Numbers"


def descent(
    f: Function,
    path: Path,
    *,
    low: float | None = None,
    high: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot the steps of an optimiser down the curve of ``f``, with an arrow for each step.

    Args:
        f: a function of one Value.
        path: the points, as numbers or as the result of `optim.minimise`.
        low, high: where the curve begins and ends; by default it covers the path and a margin.

    >>> from autograd_edu import optim
    >>> path = optim.minimise(lambda x: x * x, [3.0], optimiser=optim.SGD(lr=0.25), steps=2)
    >>> descent(lambda x: x * x, path).lines[1].get_xdata().tolist()
    [3.0, 1.5, 0.75]
    """
    points = _numbers_of(path)
    ends = padded(points, 2, room=0.25)
    xs = spread_evenly(ends[0] if low is None else low, ends[1] if high is None else high, 301)
    ax = new_axes(ax)
    own = colours(ax)
    ax.plot(xs, values_and_slopes(f, xs)[0], color=own.value, label="f")
    heights = values_and_slopes(f, points)[0]
    ax.plot(points, heights, ".", color=own.gradient, label=f"{len(points) - 1} steps")
    for here, there in pairwise(zip(points, heights, strict=True)):
        arrow(ax, here, there, colour=own.gradient)
    mark_ends(ax, (points[0], heights[0]), (points[-1], heights[-1]))
    ax.set(xlabel="x", ylabel="f(x)")
    ax.legend()
    return ax


def _numbers_of(path: Path) -> list[float]:
    """The points of a path on a line, as numbers."""
    rows = path.points if isinstance(path, Descent) else path
    points = [plain(x) for row in rows for x in as_list(row)]
    if not points or len(points) != len(rows):
        raise OperandError(
            f"the path must be one or more numbers; got {len(rows)} points of "
            f"{len(points)} numbers in all"
        )
    return points


def arrow(ax: Axes, here: Numbers, there: Numbers, *, colour: str, width: float = 1.0) -> None:
    """Draw an arrow from ``here`` to ``there``."""
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (there[0], there[1]), (here[0], here[1]), arrowprops=style)


def mark_ends(ax: Axes, start: Numbers, end: Numbers) -> None:
    """Mark the start and the end of a path."""
    own = colours(ax)
    for (x, y), marker, name in ((start, "s", "start"), (end, "D", "end")):
        ax.plot([x], [y], marker, color=own.ink, markeredgecolor=own.paper, label=name, zorder=4)


_KINDS = {"minimum": "v", "maximum": "^", "saddle": "X"}


def critical_points(
    f: Function,
    low: float = -3.0,
    high: float = 3.0,
    *,
    points: int = 1201,
    ax: Axes | None = None,
) -> Axes:
    """Plot ``f`` and the places where its slope is 0: minima, maxima, saddles and plateaus.

    The lowest minimum between ``low`` and ``high`` is called the global minimum. The others are
    local minima, and their marks are hollow. At a saddle, the slope is 0 but has the same sign on
    both sides. A plateau, which is shaded, is a stretch without such a place over which the slope
    is less than 2 % of the steepest one.

    Args:
        f: a function of one Value.
        points: the number of points at which it is computed.

    >>> ax = critical_points(lambda x: x**4 - 2 * x**2 + 0.3 * x, -1.6, 1.6)
    >>> [line.get_label() for line in ax.lines[1:]]
    ['global minimum', 'maximum', 'local minimum']
    """
    xs = spread_evenly(low, high, points)
    values, slopes = values_and_slopes(f, xs)
    ax = new_axes(ax)
    own = colours(ax)
    ax.plot(xs, values, color=own.value, label="f")
    found = _stops(f, xs, slopes)
    heights = values_and_slopes(f, [x for x, _ in found])[0]
    for (x, kind), height in zip(found, heights, strict=True):
        minima = [y for (_, k), y in zip(found, heights, strict=True) if k == "minimum"]
        scope = "global " if height == min(minima, default=None) else "local "
        name = scope + kind if kind == "minimum" else kind
        inside = own.paper if name == "local minimum" else own.gradient
        ax.plot(
            [x], [height], _KINDS[kind], color=own.gradient, markersize=8, label=name,
            markerfacecolor=inside,
        )  # fmt: skip
    for start, end in _plateaus(xs, slopes):
        if not any(start <= x <= end for x, _ in found):
            ax.axvspan(start, end, color=own.quiet, alpha=0.25, label="plateau")
    ax.set(xlabel="x", ylabel="f(x)")
    draw_legend(ax)
    return ax


def _stops(f: Function, xs: Numbers, slopes: Numbers) -> list[tuple[float, str]]:
    """Where the slope is 0, and whether that is a minimum, a maximum or a saddle."""
    steepest, found = max(map(abs, slopes)) or 1.0, []
    for i in range(1, len(xs) - 1):
        before, here, after = slopes[i - 1 : i + 2]
        if here == 0.0 and before * after < 0.0:
            found.append((xs[i], "minimum" if before < 0.0 else "maximum"))
        elif before * here < 0.0:
            found.append((_zero(f, xs[i - 1], xs[i]), "minimum" if before < 0.0 else "maximum"))
        elif (
            before * after > 0.0
            and abs(before) > abs(here) <= abs(after)
            and abs(here) < 1e-4 * steepest
        ):
            found.append((xs[i], "saddle"))
    return found


def _zero(f: Function, a: float, b: float) -> float:
    """Where the slope changes its sign between ``a`` and ``b``, by bisection."""
    slope = grad(f)
    sign = plain(slope(a)) < 0.0
    for _ in range(50):
        middle = 0.5 * (a + b)
        a, b = (middle, b) if (plain(slope(middle)) < 0.0) == sign else (a, middle)
    return 0.5 * (a + b)


def _plateaus(xs: Numbers, slopes: Numbers) -> list[tuple[float, float]]:
    """The stretches of at least a tenth of the axis over which the slope is almost 0."""
    limit, start, found = 0.02 * max(map(abs, slopes)), None, []
    for x, slope in zip([*xs, xs[-1]], [*slopes, 2.0 * limit + 1.0], strict=True):
        if abs(slope) < limit:
            start = x if start is None else start
        elif start is not None:
            if x - start >= 0.1 * (xs[-1] - xs[0]):
                found.append((start, x))
            start = None
    return found
