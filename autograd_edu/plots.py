"""Plots of training, models and functions, with matplotlib (the extra `plot`) or as text.

Each function draws on the Axes that you pass, or on a new figure, and returns the Axes. To save a
plot, call ``axes.figure.savefig("plot.png")``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from .data import Target
from .derivatives.numeric import Method, numeric_gradient
from .derivatives.transforms import value_and_grad
from .engine.modes import no_grad
from .engine.number import plain
from .engine.value import Value
from .errors import OperandError, suggest_names
from .metrics import class_of, largest
from .nn.kinds import Nested, Scalar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = Sequence[float]
Grid = list[list[list[float]]]  # scores, by row, column and class


class HasLoss(Protocol):
    """A history of training."""

    loss: list[float]


Losses: TypeAlias = "Numbers | HasLoss"


def new_axes(ax: Axes | None = None) -> Axes:
    """``ax``, or the Axes of a new figure. No window opens."""
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plots need matplotlib: pip install 'autograd-edu[plot]'") from None
    return Figure(figsize=(6.0, 4.0), layout="constrained").add_subplot()


def _at_least(least: int, **counts: int) -> None:
    for name, count in counts.items():
        if count < least:
            raise OperandError(f"{name} must be at least {least}; got {count!r}")


def loss_curve(
    losses: Losses | Mapping[str, Losses], *, window: int = 20, ax: Axes | None = None
) -> Axes:
    """Plot losses over steps, as points with their moving average.

    Args:
        losses: the losses of one run, as numbers or as a history. To compare several runs, pass a
            mapping from their names to their losses.
        window: the number of steps in the moving average.
        ax: the Axes to draw on; by default those of a new figure.
    """
    _at_least(1, window=window)
    ax = new_axes(ax)
    for name, numbers in _runs(losses).items():
        steps = range(1, len(numbers) + 1)
        points = ax.plot(steps, numbers, ".", markersize=3, alpha=0.35)[0]
        averages, label = moving_average(numbers, window), f"{name} (average of {window})"
        ax.plot(steps, averages, color=points.get_color(), label=label)
    ax.set(xlabel="step", ylabel="loss")
    ax.legend()
    return ax


def loss_text(losses: Losses | Mapping[str, Losses], *, width: int = 60, height: int = 12) -> str:
    """A plot of losses over steps as text, for a terminal.

    Args:
        losses: as in `loss_curve`.
        width, height: the size of the plot in characters, without its axes.

    >>> print(loss_text([4.0, 3.0, 2.0, 1.0], width=8, height=4))
            4 |**
              |  **
              |    **
            1 |      **
              +--------
               1      4   * loss
    """
    _at_least(2, width=width, height=height)
    runs = _runs(losses)
    finite = [x for run in runs.values() for x in run if math.isfinite(x)]
    if not finite:
        raise OperandError(
            "the losses to draw must contain a finite number; none of them is finite"
        )
    low, high, longest = min(finite), max(finite), max(map(len, runs.values()))
    rows = [[" "] * width for _ in range(height)]
    for mark, run in zip("*o+x#@" * len(runs), runs.values(), strict=False):
        for column in range(width):
            start = column * longest // width
            part = run[start : max(start + 1, (column + 1) * longest // width)]
            if part and math.isfinite(mean := math.fsum(part) / len(part)):
                share = (high - mean) / (high - low) if high > low else 0.0
                rows[round(share * (height - 1))][column] = mark
    sides = [f"{high:9.4g}", *[" " * 9] * (height - 2), f"{low:9.4g}"]
    lines = [f"{side} |{''.join(row)}".rstrip() for side, row in zip(sides, rows, strict=True)]
    legend = "  ".join(
        f"{mark} {name}" for mark, name in zip("*o+x#@" * len(runs), runs, strict=False)
    )
    steps = f"1{longest:>{width - 1}}"
    return "\n".join([*lines, f"{'':10}+{'-' * width}", f"{'':11}{steps}   {legend}"])


def moving_average(numbers: Numbers, window: int) -> list[float]:
    """The moving average: the mean of each number and up to ``window`` - 1 before it."""
    ends = range(1, len(numbers) + 1)
    return [math.fsum(numbers[max(0, i - window) : i]) / min(i, window) for i in ends]


def _runs(losses: Losses | Mapping[str, Losses]) -> dict[str, list[float]]:
    """A dict from the name of each run to its losses. Raises OperandError if it has none."""
    runs: Mapping[str, Losses] = losses if isinstance(losses, Mapping) else {"loss": losses}
    found = {}
    for name, run in runs.items():
        numbers: Nested = getattr(run, "loss", run)
        if not hasattr(numbers, "__len__") or isinstance(numbers, str):
            raise OperandError(
                f"losses must be a list of numbers or a history; got {type(run).__name__} {run!r}"
            )
        found[name] = [plain(x) for x in numbers]
        if not found[name]:
            raise OperandError(f"{name!r} needs at least one loss to draw; got none")
    return found


def decision_boundary(
    model: Callable[[list[float]], Nested],
    xs: Sequence[Numbers],
    ys: Sequence[Target],
    *,
    threshold: float | None = None,
    resolution: int = 60,
    ax: Axes | None = None,
) -> Axes:
    """Plot the scores of a model over the plane, the boundaries of its classes, and the samples.

    Args:
        model: takes a list of two numbers and returns one score, or one score per class.
        xs: the samples, lists of two numbers.
        ys: one label per sample: 0 and 1, -1 and 1, classes from 0, or lists of probabilities.
        threshold: a single score above it means the second class. By default it is ½ if all scores
            are in [0, 1], and otherwise 0.
        resolution: the number of points along each axis at which the model is called.
        ax: the Axes to draw on; by default those of a new figure.
    """
    lengths = sorted(set(map(len, xs)))
    if lengths != [2] or len(xs) != len(ys):
        of = f" of {' or '.join(map(str, lengths))} numbers" if lengths else ""
        raise OperandError(
            "a decision boundary needs points of two numbers and as many labels; "
            f"got {len(xs)} points{of} and {len(ys)} labels"
        )
    _at_least(2, resolution=resolution)
    ax = new_axes(ax)
    sides = [_padded([x[i] for x in xs], resolution) for i in (0, 1)]
    with no_grad():
        scores = [[_scores(model([a, b])) for a in sides[0]] for b in sides[1]]
    several = len(scores[0][0]) > 1
    (_regions if several else _sides)(ax, sides, scores, threshold=threshold)
    _points(ax, xs, [class_of(y) for y in ys], several=several)
    ax.set(xlabel="x₁", ylabel="x₂")
    return ax


def _points(ax: Axes, xs: Sequence[Numbers], labels: list[int], *, several: bool) -> None:
    """Draw the points. Each class has its own marker and colour."""
    for k, label in enumerate(sorted({*labels, 0, 1})):
        chosen = [x for x, y in zip(xs, labels, strict=True) if y == label]
        colour = f"C{label % 10}" if several else ("#1f4e9c", "#a3121f")[min(label, 1)]
        ax.plot(
            [x[0] for x in chosen], [x[1] for x in chosen], "o^sDvP*X<>"[k % 10], linestyle="",
            markeredgecolor="white", markersize=4, color=colour,
        )  # fmt: skip


def _sides(ax: Axes, sides: list[list[float]], scores: Grid, *, threshold: float | None) -> None:
    """Draw the two sides of the threshold in blue and red, stronger with their distance to it."""
    rows = [[score for (score,) in row] for row in scores]
    low, high = min(map(min, rows)), max(map(max, rows))
    if threshold is None:
        threshold = 0.5 if 0.0 <= low and high <= 1.0 else 0.0
    room = max(high - threshold, threshold - low) or 1.0
    ax.pcolormesh(
        *sides, rows, cmap="RdBu_r", alpha=0.6, shading="nearest", vmin=threshold - room,
        vmax=threshold + room,
    )  # fmt: skip
    if low < threshold < high:
        ax.contour(*sides, rows, levels=[threshold], colors="black", linewidths=1.0)


def _regions(ax: Axes, sides: list[list[float]], scores: Grid, *, threshold: float | None) -> None:
    """Draw the region of each class in its own colour, and the lines between the regions."""
    if threshold is not None:
        raise OperandError(
            "threshold is for a model with one score; this model has several, and the largest is "
            "the class"
        )
    classes = range(len(scores[0][0]))
    winners = [[largest(cell) for cell in row] for row in scores]
    shown = [[k % 10 for k in row] for row in winners]
    ax.pcolormesh(*sides, shown, cmap="tab10", alpha=0.3, shading="nearest", vmin=-0.5, vmax=9.5)
    for k in classes:
        leads = [[cell[k] - max(cell[:k] + cell[k + 1 :]) for cell in row] for row in scores]
        if min(map(min, leads)) < 0.0 < max(map(max, leads)):
            ax.contour(*sides, leads, levels=[0.0], colors="black", linewidths=1.0)


def _padded(numbers: Numbers, resolution: int) -> list[float]:
    low, high = min(numbers), max(numbers)
    span = high - low
    room = 0.1 * span if span > 1e-9 * max(abs(low), abs(high)) else max(1.0, 0.1 * abs(low))
    return [low - room + (high - low + 2 * room) * i / (resolution - 1) for i in range(resolution)]


def _scores(y: Nested) -> list[float]:
    return [plain(score) for score in y] if hasattr(y, "__len__") else [plain(y)]


def histograms(
    layers: Mapping[str, Sequence[Scalar]], *, bins: int = 40, ax: Axes | None = None
) -> Axes:
    """Plot the distribution of numbers in each layer, such as activations or gradients.

    The legend gives the standard deviations.

    Args:
        layers: a dict from the name of each layer to its numbers or Values.
        bins: the number of bins of each histogram.
        ax: the Axes to draw on; by default those of a new figure.
    """
    if not isinstance(layers, Mapping):
        raise OperandError(
            f"layers must be a dict of names and numbers; got {type(layers).__name__} {layers!r}"
        )
    _at_least(1, bins=bins, layers=len(layers))
    ax = new_axes(ax)
    for name, values in layers.items():
        numbers = [plain(v) for v in values]
        if not numbers or not all(map(math.isfinite, numbers)):
            raise OperandError(
                f"cannot draw {name!r}: it needs at least one number, and all must be finite"
            )
        mean = math.fsum(numbers) / len(numbers)
        sd = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
        ax.hist(numbers, bins=bins, histtype="step", density=True, label=f"{name} (sd {sd:.3g})")
    ax.set(xlabel="value", ylabel="density")
    ax.legend()
    return ax


def weights_as_images(
    weights: Sequence[Numbers],
    *,
    shape: tuple[int, int] | None = None,
    columns: int = 8,
    ax: Axes | None = None,
) -> Axes:
    """Draw each row of weights as a small image, with positive weights red and negative ones blue.

    All images have the same colour scale.

    Args:
        weights: one list of numbers per image.
        shape: the height and width of an image; by default a square.
        columns: the number of images side by side.
        ax: the Axes to draw on; by default those of a new figure.
    """
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
    _at_least(1, columns=columns)
    ax = new_axes(ax)
    limit = max(abs(plain(w)) for row in weights for w in row) or 1.0
    picture = _mosaic(weights, (height, width), columns=min(columns, len(weights)))
    ax.imshow(picture, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_axis_off()
    return ax


def _mosaic(
    weights: Sequence[Numbers], size: tuple[int, int], *, columns: int
) -> list[list[float]]:
    """One picture of all images, with gaps of NaN between them."""
    height, width = size
    lines = math.ceil(len(weights) / columns)
    picture = [[math.nan] * (columns * (width + 1) - 1) for _ in range(lines * (height + 1) - 1)]
    for i, row in enumerate(weights):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        for j, w in enumerate(row):
            picture[top + j // width][left + j % width] = plain(w)
    return picture


def function_and_derivative(
    f: Callable[[Nested], Scalar],
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
        ax: the Axes to draw on; by default those of a new figure.
    """
    if not low < high:
        raise OperandError(f"low must be less than high; got low={low!r} and high={high!r}")
    _at_least(2, points=points)
    ax = new_axes(ax)
    xs = [low + (high - low) * i / (points - 1) for i in range(points)]
    with no_grad():
        pairs = [value_and_grad(f)(x) for x in xs]
    name = getattr(f, "name", getattr(f, "__name__", "f")).replace("<lambda>", "f")
    ax.plot(xs, [y for y, _ in pairs], label=f"{name}(x)")
    ax.plot(xs, [slope for _, slope in pairs], "--", label=f"{name}′(x)")
    ax.axhline(0.0, color="#9aa3ad", linewidth=0.8)
    ax.set(xlabel="x")
    ax.legend()
    return ax


def trajectories(
    f: Callable[[Nested, Nested], Scalar],
    paths: Mapping[str, Sequence[Numbers]],
    *,
    resolution: int = 80,
    ax: Axes | None = None,
) -> Axes:
    """Plot the paths of optimisers on the contour lines of ``f``.

    Args:
        f: a function of two Values.
        paths: a dict from the name of each path to its list of points, each of two numbers.
        resolution: the number of points along each axis at which ``f`` is computed.
        ax: the Axes to draw on; by default those of a new figure.
    """
    points = [point for path in paths.values() for point in path]
    if not points or not all(map(len, paths.values())) or any(len(p) != 2 for p in points):
        raise OperandError("each path must be a list of one or more points of two numbers")
    _at_least(2, resolution=resolution)
    ax = new_axes(ax)
    sides = [_padded([point[i] for point in points], resolution) for i in (0, 1)]
    with no_grad():
        heights = [[plain(f(Value(a), Value(b))) for a in sides[0]] for b in sides[1]]
    ax.contour(*sides, heights, levels=20, colors="#9aa3ad", linewidths=0.7)
    for name, path in paths.items():
        ax.plot([p[0] for p in path], [p[1] for p in path], ".-", label=name)
    ax.set(xlabel="θ₁", ylabel="θ₂")
    ax.legend()
    return ax


def numeric_error(
    f: Callable[[Nested], Scalar],
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
        ax: the Axes to draw on; by default those of a new figure.
    """
    ax = new_axes(ax)
    sizes = list(steps) or [10.0 ** (-k / 4) for k in range(2, 60)]
    with no_grad():
        value, exact = value_and_grad(f)(at)
    if exact == 0.0 or abs(exact * at) <= 2.0 * math.ulp(abs(value)):  # only rounding
        raise OperandError(f"the relative error needs a derivative other than 0; it is 0 at {at!r}")
    for method in methods:
        errors = [
            abs(numeric_gradient(f, [at], method=method, step=h)[0] / exact - 1.0) for h in sizes
        ]
        ax.loglog(sizes, [max(e, 1e-17) for e in errors], ".-", label=method)
    ax.set(xlabel="step h", ylabel="relative error")
    ax.legend()
    return ax


if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = suggest_names(globals())
