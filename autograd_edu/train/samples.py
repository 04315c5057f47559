"""The data and the loss of a run, as the training theatre shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..data import Dataset
from ..data import Target as Given
from ..errors import AutogradError, OperandError
from ..nn.kinds import as_list, is_listed
from ..nn.losses import Loss
from ..pictures.interactive.theatre.show import Numbers, Samples, Target
from ..program.program import trace
from .stack import Stack


@dataclass(frozen=True)
class Recorded:
    """What a recording keeps of the data and the loss.

    Attributes:
        name: of the data set.
        loss: in JavaScript.
        of_prepared: the loss as a function of outputs and a prepared target.
    """

    name: str
    samples: Samples
    loss: str
    of_prepared: Loss


def recorded(data: Dataset, loss: Loss, stack: Stack) -> Recorded:
    """The data and the loss, ready to be shown.

    Raises:
        OperandError: if samples or targets are no lists of numbers, or the loss cannot be written
            in JavaScript.
    """
    outputs = stack.sizes[-1]
    of_prepared: Loss = getattr(loss, "of_prepared", loss)
    targets = [_target(getattr(loss, "prepare", _same)(t, outputs)) for t in data.ys]
    labels, threshold = _labels(data, loss, targets, outputs)
    samples = Samples([_inputs(x, stack) for x in data.xs], targets, labels, threshold)
    return Recorded(data.name, samples, _javascript(of_prepared, outputs, targets[0]), of_prepared)


def _same(target: Given, outputs: int) -> Given:  # noqa: ARG001 - as a loss prepares it
    return target


def _target(target: Given) -> Target:
    try:
        return [float(t) for t in as_list(target)] if is_listed(target) else float(target)
    except (TypeError, ValueError):
        raise OperandError(
            f"a recording needs targets that are numbers or lists of numbers; got {target!r:.60}"
        ) from None


def _inputs(x: Numbers, stack: Stack) -> list[float]:
    """The numbers that the first layer takes."""
    wanted = stack.sizes[0]
    try:
        numbers = [float(v) for v in (stack.scale(x) if stack.scale else x)]
    except (TypeError, ValueError):
        raise OperandError(
            f"a recording needs samples that are lists of numbers; got {x!r:.60}"
        ) from None
    if len(numbers) != wanted:
        raise OperandError(f"the model takes {wanted} numbers; a sample has {len(numbers)}")
    return numbers


def _labels(
    data: Dataset, loss: Loss, targets: Sequence[Target], outputs: int
) -> tuple[list[int], float]:
    """The class of each sample, and the threshold of a single output; no classes for others."""
    between: float | None = getattr(loss, "threshold", None)
    if outputs > 1:
        one_of_them = between is not None and not getattr(loss, "independent", False)
        lists = [as_list(t) for t in targets]
        return [t.index(max(t)) for t in lists] if one_of_them or data.classes else [], 0.0
    found = sorted({t for t in targets if isinstance(t, float)})
    if found not in ([0.0, 1.0], [-1.0, 1.0]) or (between is None and not data.classes):
        return [], 0.0
    middle = sum(found) / 2.0 if between is None else between
    return [int(t == 1.0) for t in targets], middle


def _javascript(loss: Loss, outputs: int, target: Target) -> str:
    """The loss of one sample as a JavaScript function ``valueAndGrad([], outputs, target)``."""
    example = [0.5] * outputs if outputs > 1 else 0.5
    try:
        program = trace(lambda y, t: loss(y, t), example, target)
        if not any(guard.error is None for guard in program.guards):
            return str(program.listing("javascript", gradients=True))
        why = "it has branches; `where` keeps both"
    except AutogradError as error:
        why = str(error)
    raise OperandError(f"a recording cannot show this loss: {why}")
