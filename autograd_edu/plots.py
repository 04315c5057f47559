"""Plots of training and of functions, with matplotlib (the extra `plot`). Each takes an Axes, or makes one, and returns it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .derivatives.numeric import Method, numeric_gradient
from .derivatives.transforms import value_and_grad
from .engine.number import plain
from .engine.value import Value, no_grad
from .errors import OperandError
from .metrics import class_of, largest

Numbers = Sequence[float]


def new_axes(ax: Any = None) -> Any:
    """``ax``, or the Axes of a new figure that no window shows."""
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
            raise OperandError(f"{name} must be at least {least}; {count!r} was given")


def loss_curve(losses: Any, *, window: int = 20, ax: Any = None) -> Any:
    """Losses over steps, as points with their moving average over ``window`` steps; several runs lie over one another.

    Args:
        losses: the losses of one run: numbers, or a history with a ``loss`` attribute; or a mapping from names to such.
        window: how many steps the average takes in, up to the one it stands at.
        ax: where to draw; by default a new figure.
    """
    _at_least(1, window=window)
    ax = new_axes(ax)
    runs = losses if isinstance(losses, Mapping) else {"loss": losses}
    for name, run in runs.items():
        numbers = [plain(x) for x in getattr(run, "loss", run)]
        if not numbers:
            raise OperandError(f"there is no loss to draw in {name!r}")
        steps = range(1, len(numbers) + 1)
        averages = [math.fsum(numbers[max(0, i - window) : i]) / min(i, window) for i in steps]
        points = ax.plot(steps, numbers, ".", markersize=3, alpha=0.35)[0]
        ax.plot(steps, averages, color=points.get_color(), label=f"{name} (average of {window})")
    ax.set(xlabel="step", ylabel="loss")
    ax.legend()
    return ax


def decision_boundary(
    model: Callable[..., Any],
    xs: Sequence[Numbers],
    ys: Sequence[Any],
    *,
    threshold: float | None = None,
    resolution: int = 60,
    ax: Any = None,
) -> Any:
    """What a model of two inputs answers over the plane, the boundaries of its classes, and the points it was given.

    Args:
        model: takes a list of two numbers. Of several scores that it returns, the largest is the class. A single one is
            that of the second of two classes.
        xs: n points of two numbers.
        ys: their n labels: 0 and 1, -1 and 1, numbers of classes, or a probability for each class.
        threshold: where a single score turns to the second class; by default ½ if all scores are probabilities, in
            [0, 1], and else 0.
    """
    if not len(xs) or any(len(x) != 2 for x in xs) or len(xs) != len(ys):
        raise OperandError("a decision boundary needs points of two numbers and as many labels")
    _at_least(2, resolution=resolution)
    ax = new_axes(ax)
    sides = [_padded([x[i] for x in xs], resolution) for i in (0, 1)]
    with no_grad():
        scores = [[_scores(model([a, b])) for a in sides[0]] for b in sides[1]]
    several = len(scores[0][0]) > 1
    (_regions if several else _sides)(ax, sides, scores, threshold)
    _points(ax, xs, [class_of(y) for y in ys], several=several)
    ax.set(xlabel="x₁", ylabel="x₂")
    return ax


def _points(ax: Any, xs: Sequence[Numbers], labels: list[int], *, several: bool) -> None:
    """The points of each class, with a sign and a colour of their own."""
    for k, label in enumerate(sorted({*labels, 0, 1})):
        chosen = [x for x, y in zip(xs, labels, strict=True) if y == label]
        colour = f"C{label % 10}" if several else ("#1f4e9c", "#a3121f")[min(label, 1)]
        ax.plot(
            [x[0] for x in chosen], [x[1] for x in chosen], "o^sDvP*X<>"[k % 10], linestyle="",
            markeredgecolor="white", markersize=4, color=colour,
        )  # fmt: skip


def _sides(ax: Any, sides: list[list[float]], scores: Any, threshold: float | None) -> None:
    """The two sides of the threshold in blue and red, the stronger the further from it."""
    rows = [[score for (score,) in row] for row in scores]
    low, high = min(map(min, rows)), max(map(max, rows))
    if threshold is None:
        threshold = 0.5 if 0.0 <= low and high <= 1.0 else 0.0
    room = max(high - threshold, threshold - low) or 1.0
    limits = {"vmin": threshold - room, "vmax": threshold + room}
    ax.pcolormesh(*sides, rows, cmap="RdBu_r", alpha=0.6, shading="nearest", **limits)
    if low < threshold < high:
        ax.contour(*sides, rows, levels=[threshold], colors="black", linewidths=1.0)


def _regions(ax: Any, sides: list[list[float]], scores: Any, threshold: float | None) -> None:
    """The region of each class in its own colour, with the lines where its score is the largest no longer."""
    if threshold is not None:
        raise OperandError(
            "a threshold is for a model of one score; of several, the largest is the class"
        )
    classes = range(len(scores[0][0]))
    winners = [[largest(cell) for cell in row] for row in scores]
    limits = {"vmin": -0.5, "vmax": 9.5}
    shown = [[k % 10 for k in row] for row in winners]
    ax.pcolormesh(*sides, shown, cmap="tab10", alpha=0.3, shading="nearest", **limits)
    for k in classes:
        leads = [[cell[k] - max(cell[:k] + cell[k + 1 :]) for cell in row] for row in scores]
        if min(map(min, leads)) < 0.0 < max(map(max, leads)):
            ax.contour(*sides, leads, levels=[0.0], colors="black", linewidths=1.0)


def _padded(numbers: Numbers, resolution: int) -> list[float]:
    low, high = min(numbers), max(numbers)
    span = high - low
    room = 0.1 * span if span > 1e-9 * max(abs(low), abs(high)) else max(1.0, 0.1 * abs(low))
    return [low - room + (high - low + 2 * room) * i / (resolution - 1) for i in range(resolution)]


def _scores(y: Any) -> list[float]:
    return [plain(score) for score in y] if hasattr(y, "__len__") else [plain(y)]


def histograms(layers: Mapping[str, Sequence[Any]], *, bins: int = 40, ax: Any = None) -> Any:
    """The distribution of numbers (activations, gradients) a layer, as outlines over one another; the legend gives their sd.

    ``layers`` maps names to numbers or Values.
    """
    _at_least(1, bins=bins, layers=len(layers))
    ax = new_axes(ax)
    for name, values in layers.items():
        numbers = [plain(v) for v in values]
        if not numbers or not all(map(math.isfinite, numbers)):
            raise OperandError(
                f"there is nothing to draw in {name!r}: it needs numbers, and all of them finite"
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
    ax: Any = None,
) -> Any:
    """Each row of weights as a small image, red positive and blue negative, all on one scale, side by side.

    ``shape`` is (height, width) of an image; by default a square.
    """
    count = len(weights[0]) if len(weights) else 0
    height, width = shape or (math.isqrt(count), math.isqrt(count))
    if not count or any(len(row) != height * width for row in weights):
        raise OperandError(
            f"each row must have {height} × {width} weights; rows of {sorted({len(row) for row in weights})} were given"
        )
    _at_least(1, columns=columns)
    ax = new_axes(ax)
    limit = max(abs(plain(w)) for row in weights for w in row) or 1.0
    picture = _mosaic(weights, height, width, min(columns, len(weights)))
    ax.imshow(picture, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_axis_off()
    return ax


def _mosaic(weights: Sequence[Numbers], height: int, width: int, columns: int) -> list[list[float]]:
    """The rows as images of this size, so many side by side, with gaps of nan between them."""
    lines = math.ceil(len(weights) / columns)
    picture = [[math.nan] * (columns * (width + 1) - 1) for _ in range(lines * (height + 1) - 1)]
    for i, row in enumerate(weights):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        for j, w in enumerate(row):
            picture[top + j // width][left + j % width] = plain(w)
    return picture


def function_and_derivative(
    f: Callable[[Any], Any],
    low: float = -3.0,
    high: float = 3.0,
    *,
    points: int = 301,
    ax: Any = None,
) -> Any:
    """A function of one number and its derivative, by backpropagation, between ``low`` and ``high``."""
    if not low < high:
        raise OperandError(f"the range must go upwards: {low!r} to {high!r}")
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
    f: Callable[[Any, Any], Any],
    paths: Mapping[str, Sequence[Numbers]],
    *,
    resolution: int = 80,
    ax: Any = None,
) -> Any:
    """The ways of optimisers, each a list of points of two numbers, on the contour lines of ``f``."""
    points = [point for path in paths.values() for point in path]
    if not points or not all(map(len, paths.values())) or any(len(p) != 2 for p in points):
        raise OperandError("a trajectory is a list of points of two numbers")
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
    f: Callable[[Any], Any],
    at: float,
    *,
    steps: Numbers = (),
    methods: Sequence[Method] = ("forward", "central"),
    ax: Any = None,
) -> Any:
    """The relative error of numeric derivatives of ``f`` at ``at`` against the step, both axes logarithmic.

    Too long a step is wrong by the curvature it crosses, too short a one by rounding: the error falls, and rises again.
    The extrapolated method begins with the step and goes on to shorter ones; the complex one subtracts nothing, and does not rise.
    An error of exactly 0 is drawn at 1e-17, below what a float can show.

    Args:
        f: a function of one number.
        steps: positive steps; by default from 0.3 down to 2e-15, four a decade.
        methods: of `numeric_gradient`: "forward", "central", "extrapolated", "complex".
    """
    ax = new_axes(ax)
    sizes = list(steps) or [10.0 ** (-k / 4) for k in range(2, 60)]
    with no_grad():
        value, exact = value_and_grad(f)(at)
    if exact == 0.0 or abs(exact * at) <= 2.0 * math.ulp(abs(value)):  # nothing but rounding
        raise OperandError(f"the relative error needs a derivative that is not 0; it is at {at!r}")
    for method in methods:
        errors = [
            abs(numeric_gradient(f, [at], method=method, step=h)[0] / exact - 1.0) for h in sizes
        ]
        ax.loglog(sizes, [max(e, 1e-17) for e in errors], ".-", label=method)
    ax.set(xlabel="step h", ylabel="relative error")
    ax.legend()
    return ax
