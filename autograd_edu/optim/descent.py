"""Run an optimiser on a plain function, without a model or data, and keep its path."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..arguments import function, whole
from ..derivatives.signatures import Scalar, Tree
from ..derivatives.transforms import as_arguments, value_and_grad
from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import DomainError, OperandError
from ..printing import prints
from ..schedules import Schedule
from ..trees import flatten, unflatten
from .base import Array, Optimiser


@prints
@dataclass(frozen=True)
class Descent:
    """The path of an optimiser.

    Attributes:
        points: the start and the point after each step, as lists of numbers. `plots.trajectories`
            draws the paths of functions of two numbers.
        values: the value of the function at each point.

    >>> from autograd_edu.optim import SGD
    >>> print(minimise(lambda x, y: x**2 + 3 * y**2, [2.0, 1.0], optimiser=SGD(lr=0.25), steps=3))
    3 steps: 7 → 0.1094 at (0.25, -0.125)
    """

    points: list[list[float]]
    values: list[float]

    @property
    def end(self) -> list[float]:
        """The last point."""
        return self.points[-1]

    def __str__(self) -> str:
        end = ", ".join(f"{x:.4g}" for x in self.end[:4]) + ", …" * (len(self.end) > 4)
        steps = len(self.points) - 1
        return f"{steps} steps: {self.values[0]:.4g} → {self.values[-1]:.4g} at ({end})"


def minimise(
    f: Callable[..., Scalar],
    at: Tree,
    *,
    optimiser: Optimiser,
    steps: int = 100,
    schedule: Schedule | None = None,
) -> Descent:
    """The path of ``steps`` steps that ``optimiser`` takes on ``f``, from ``at``.

    Args:
        f: a function that returns one number.
        at: a list or tuple with one entry for each argument of ``f``. If ``f`` takes one list, as
            in SciPy's `minimize`, write ``[[1.0, 2.0]]``.
        optimiser: without parameters, such as ``SGD(lr=0.1)``. A copy is used, so that the same one
            can run again from another start.
        schedule: the learning rate as a function of the number of the step, from 0.

    Raises:
        DomainError: if ``f``, its gradient or a step is not finite. The message says at which step.

    >>> from autograd_edu.optim import SGD
    >>> minimise(lambda x, y: x**2 + 3 * y**2, [2.0, 1.0], optimiser=SGD(lr=0.25), steps=3).points
    [[2.0, 1.0], [1.0, -0.5], [0.5, 0.25], [0.25, -0.125]]
    """
    function(f, "minimise")
    whole(steps, "the number of steps", low=0)
    arguments = as_arguments(at)
    points = [[plain(x) for x in flatten(arguments)]]
    if not points[0]:
        raise OperandError("`at` contains no number, so there is nothing to change")
    rule, slope = _copy_unbound(optimiser), value_and_grad(f)

    def gradient(point: Array) -> Array:
        _, found = slope(*unflatten(arguments, iter(point.tolist())))
        return np.array(flatten(found), float)

    with no_grad():
        for step in range(steps):
            try:
                points.append(_move(rule, points[-1], gradient, lr=schedule and schedule(step)))
            except DomainError as error:
                raise DomainError(f"step {step + 1} of {steps}: {error}") from error
        values = [plain(f(*unflatten(arguments, iter(point)))) for point in points]
    return Descent(points, values)


def _move(
    rule: Optimiser, point: list[float], gradient: Callable[[Array], Array], *, lr: float | None
) -> list[float]:
    """The point after one step."""
    if lr is not None:
        rule.lr = lr
    theta = np.array(point)
    moved: list[float] = rule.update(theta, gradient(rule.look_ahead(theta))).tolist()
    return moved


def _copy_unbound(optimiser: Optimiser) -> Optimiser:
    """A copy of an optimiser without parameters, for numbers that no model holds."""
    if not isinstance(optimiser, Optimiser):
        raise OperandError(
            f"the optimiser must be one of optim, such as SGD(lr=0.1); got {optimiser!r:.60}"
        )
    if optimiser.parameters:
        raise OperandError(
            "minimise needs an optimiser without parameters: write "
            f"{type(optimiser).__name__}(lr={optimiser.lr!r})"
        )
    return copy.deepcopy(optimiser)
