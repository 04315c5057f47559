"""Loss curves of training runs, as plots and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ..engine.number import plain
from ..errors import OperandError, one_of
from ..nn.kinds import Nested
from .axes import Numbers, check_at_least, colours, draw_legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class HasLoss(Protocol):
    """A history of training, such as `train.History`."""

    loss: list[float]
    step_loss: list[float]
    validation: list[float]


Losses: TypeAlias = "Numbers | HasLoss"


@dataclass(frozen=True)
class _Curve:
    """The losses of one run, and what to call them."""

    name: str
    losses: list[float]
    validation: list[float]


def loss_curve(
    losses: Losses | Mapping[str, Losses],
    *,
    per: str | None = None,
    window: int | None = None,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Plot losses over epochs or steps.

    The validation losses of a history are dashed, and their lowest point, which is where early
    stopping keeps the parameters, is marked.

    Args:
        losses: the losses of one run, as a history or as numbers. To compare several runs, pass a
            mapping from their names to their losses.
        per: "epoch" or "step": which losses of a history to draw, and what to call the numbers of a
            list. By default epochs for a history and steps for a list.
        window: also draw the moving average of so many losses, which shows the trend of noisy
            mini-batches. It begins where the window is full.
        log: make the axis of the losses logarithmic.

    >>> ax = loss_curve({"lr 0.1": [4.0, 2.0, 1.0], "lr 1": [4.0, 8.0, 16.0]}, log=True)
    >>> ax.get_xlabel(), ax.get_yscale(), [line.get_label() for line in ax.lines]
    ('step', 'log', ['lr 0.1', 'lr 1'])
    """
    runs = losses if isinstance(losses, Mapping) else {"": losses}
    has_epochs = any(hasattr(run, "loss") for run in runs.values())
    per = one_of(per or ("epoch" if has_epochs else "step"), ("epoch", "step"), "`per`")
    curves = [_curve(name, run, per=per) for name, run in runs.items()]
    _check_window(window, curves)
    ax = new_axes(ax)
    for k, curve in enumerate(curves):
        _draw(ax, curve, colour=colours(ax).of_class(k + 1), window=window)
        label = "lowest validation loss" + ("" if len(curves) > 1 else f", {per} {{}}")
        _draw_validation(ax, curve, colour=colours(ax).of_class(k + 1), label=label)
    ax.set(xlabel=per, ylabel="loss", yscale="log" if log else "linear")
    draw_legend(ax)
    return ax


def _check_window(window: int | None, curves: Sequence[_Curve]) -> None:
    """Raise OperandError if no window of so many losses is ever full."""
    shortest = min((len(curve.losses) for curve in curves), default=0)
    if not shortest:
        raise OperandError("loss_curve needs at least one run to draw; got an empty dict")
    if window is not None:
        check_at_least(1, window=window)
        if window > shortest:
            raise OperandError(
                f"window must be at most the number of losses, {shortest}; got {window!r}"
            )


def _curve(name: str, run: Losses, *, per: str) -> _Curve:
    validation: list[float] = list(getattr(run, "validation", ())) if per == "epoch" else []
    label = name or ("training" if validation else "loss")
    return _Curve(label, _numbers(run, name or "loss", per=per), validation)


def _draw(ax: Axes, curve: _Curve, *, colour: str, window: int | None) -> None:
    """Draw the losses as a line, or as faint points with the line of their moving average."""
    steps = range(1, len(curve.losses) + 1)
    if window is None:
        marker = "o" if len(curve.losses) == 1 else ""
        ax.plot(steps, curve.losses, color=colour, marker=marker, label=curve.name)
        return
    ax.plot(steps, curve.losses, ".", markersize=3, alpha=0.35, color=colour, label="_")
    averages = moving_average(curve.losses, window)[window - 1 :]
    label = f"{curve.name} (average of {window})"
    ax.plot(steps[window - 1 :], averages, color=colour, label=label)


def _draw_validation(ax: Axes, curve: _Curve, *, colour: str, label: str) -> None:
    """Draw the validation losses, and mark the lowest. In ``label``, {} is where it stands."""
    finite = [(loss, i) for i, loss in enumerate(curve.validation, 1) if math.isfinite(loss)]
    if finite:
        lowest, at = min(finite)
        steps = range(1, len(curve.validation) + 1)
        ax.plot(steps, curve.validation, "--", color=colour, label="validation")
        ink = colours(ax).ink
        ax.plot([at], [lowest], "o", color=colour, markeredgecolor=ink, label=label.format(at))


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
    check_at_least(2, width=width, height=height)
    given = losses if isinstance(losses, Mapping) else {"loss": losses}
    runs = {name: _numbers(run, name, per="epoch") for name, run in given.items()}
    finite = [x for run in runs.values() for x in run if math.isfinite(x)]
    if not finite:
        raise OperandError(
            "the losses to draw must contain a finite number; none of them is finite"
        )
    low, high, longest = min(finite), max(finite), max(map(len, runs.values()))
    rows = [[" "] * width for _ in range(height)]
    marks = ["*o+x#@"[i % 6] for i in range(len(runs))]
    for mark, run in zip(marks, runs.values(), strict=True):
        for column in range(width):
            start = column * longest // width
            part = run[start : max(start + 1, (column + 1) * longest // width)]
            if part and math.isfinite(mean := math.fsum(part) / len(part)):
                share = (high - mean) / (high - low) if high > low else 0.0
                rows[round(share * (height - 1))][column] = mark
    sides = [f"{high:9.4g}", *[" " * 9] * (height - 2), f"{low:9.4g}"]
    lines = [f"{side} |{''.join(row)}".rstrip() for side, row in zip(sides, rows, strict=True)]
    legend = "  ".join(f"{mark} {name}" for mark, name in zip(marks, runs, strict=True))
    steps = f"1{longest:>{width - 1}}"
    return "\n".join([*lines, f"{'':10}+{'-' * width}", f"{'':11}{steps}   {legend}"])


def moving_average(numbers: Numbers, window: int) -> list[float]:
    """The moving average: the mean of each number and up to ``window`` - 1 before it.

    >>> moving_average([4.0, 2.0, 3.0, 1.0], window=2)
    [4.0, 3.0, 2.5, 2.0]
    """
    ends = range(1, len(numbers) + 1)
    return [math.fsum(numbers[max(0, i - window) : i]) / min(i, window) for i in ends]


def _numbers(run: Losses, name: str, *, per: str) -> list[float]:
    """The losses of a run as floats. Raises OperandError if it has none."""
    numbers: Nested = getattr(run, "loss" if per == "epoch" else "step_loss", run)
    if not hasattr(numbers, "__len__") or isinstance(numbers, str):
        raise OperandError(
            f"losses must be a list of numbers or a history; got {type(run).__name__} {run!r}"
        )
    if not len(numbers):
        raise OperandError(f"{name!r} needs at least one loss to draw; got none")
    return [plain(x) for x in numbers]
