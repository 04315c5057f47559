"""The two engines of training, which compute the loss of a batch and its gradient.

`Eager` builds a new graph for each batch. `Replay` runs one traced graph over arrays. Both take the
parameters as an array, and return the mean loss plus the penalty, and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import TypeVar

import numpy as np

from ..data import Dataset, Target
from ..engine.modes import no_gc
from ..engine.number import Number, plain
from ..engine.value import Value
from ..errors import DomainError, OperandError, ShapeError, describe
from ..nn.kinds import Scalar, as_list
from ..nn.losses import Loss, average
from ..nn.module import Module
from ..nn.regularise import Penalty
from ..optim import Array
from ..program.program import Program, trace
from .evaluate import mean_loss

T = TypeVar("T")


def assign(values: Sequence[Value], theta: Array) -> None:
    """Set the data of ``values`` to the numbers in ``theta``."""
    for value, number in zip(values, theta.tolist(), strict=True):
        value.data = number


class Eager:
    """Builds a new graph for each batch. This works for every model.

    Attributes:
        name: the name of the engine, and why it was chosen, for the history.
        replays: True while a traced graph is replayed.
    """

    replays = False

    def __init__(
        self, model: Module, loss: Loss, parameters: Sequence[Value], penalty: Penalty | None,
        reason: str = "",
    ) -> None:  # fmt: skip
        self.model, self.loss, self.parameters, self.penalty = model, loss, parameters, penalty
        trained = set(map(id, parameters))
        self.others = [p for p in model.parameters() if id(p) not in trained]
        self.name = f"eager: {reason}" if reason else "eager"

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        """The mean loss of ``batch`` at ``theta`` plus the penalty, and its gradient.

        Raises:
            DomainError: if the loss or the gradient is not finite.
        """
        assign(self.parameters, theta)
        for parameter in self.others:
            parameter.clear_grad()
        return check_finite(*_differentiate(lambda: self._of_batch(batch), self.parameters))

    def _of_batch(self, batch: Dataset) -> Scalar:
        """The mean loss plus the penalty, as a graph."""
        outputs = self.model.batch(batch.xs)
        losses = [self.loss(out, t) for out, t in zip(outputs, batch.ys, strict=True)]
        if not isinstance(losses[0], (Number, Real)):
            raise OperandError(
                f"the loss of a sample must be one number; got {describe(losses[0])}"
            )
        y = average(losses)
        return y if self.penalty is None else y + self.penalty(self.parameters)

    def mean_loss(self, theta: Array, data: Dataset) -> float:
        """The mean loss of ``data`` at ``theta``, in evaluation mode and without the penalty."""
        assign(self.parameters, theta)
        return mean_loss(self.model.eval(), self.loss, data)

    def difference(self, theta: Array) -> str:  # noqa: ARG002 - a subclass uses it
        """How replay differs from the eager engine at ``theta``, or "" if it does not."""
        return ""

    def follow(self, change: Callable[[], T]) -> T:
        """Call ``change()``, which may change the model, and return its result."""
        result = change()
        self.model.train()
        return result

    def fall_back(self, reason: str) -> None:
        """From now on, compute without replay."""


def check_finite(y: float, gradient: Array) -> tuple[float, Array]:
    """The loss and its gradient, unchanged. Raises DomainError if one is not finite."""
    if not (np.isfinite(y) and np.isfinite(gradient).all()):
        raise DomainError(f"the loss is {y!r}, or its gradient is not finite")
    return y, gradient


def _differentiate(f: Callable[[], Scalar], parameters: Sequence[Value]) -> tuple[float, Array]:
    """The value of ``f()`` and its gradient with respect to the parameters."""
    for parameter in parameters:
        parameter.clear_grad()
    with no_gc():
        y = f()
        if isinstance(y, Value):
            y.backward()
    return plain(y), np.array([p.grad for p in parameters])


class _Placement:
    """A program, and how its parameters map to the list of trained parameters."""

    def __init__(self, program: Program, parameters: Sequence[Value]) -> None:
        place = {id(parameter): i for i, parameter in enumerate(parameters)}
        self.program, self.count = program, len(parameters)
        taken = [j for j, p in enumerate(program.parameters) if id(p) in place]
        self.taken = np.array(taken, int)
        self.places = np.array([place[id(program.parameters[j])] for j in taken], int)
        self.fixed = [(j, p) for j, p in enumerate(program.parameters) if id(p) not in place]

    def at(self, theta: Array) -> Program:
        """The program at ``theta``. Parameters that are not trained keep their current data."""
        new = self.program.parameter_values.copy()
        new[self.taken] = theta[self.places]
        for j, parameter in self.fixed:
            new[j] = parameter.data
        self.program.parameter_values = new
        return self.program

    def gradient(self, by_parameter: Array) -> Array:
        """The gradient of the trained parameters, which is 0 for those the program does not use."""
        gradient = np.zeros(self.count)
        gradient[self.places] = np.asarray(by_parameter)[self.taken]
        return gradient


class Replay:
    """Traces the loss of one sample once, and runs that graph over whole batches as arrays.

    It computes in the mode, training or evaluation, that the model has when it is traced.

    Raises:
        AutogradError: if the model cannot be traced. The message says why.
    """

    def __init__(
        self, model: Module, loss: Loss, parameters: Sequence[Value], penalty: Penalty | None,
        data: Dataset,
    ) -> None:  # fmt: skip
        self.parameters, self.penalty = parameters, penalty
        self.outputs = len(as_list(model(data.xs[0])))
        self.prepare: Callable[[Target, int], Target]
        self.prepare = getattr(loss, "prepare", lambda target, _: target)
        of_prepared: Loss = getattr(loss, "of_prepared", loss)
        example = [column[0].tolist() for column in self.arrays(data.take([0]))]
        program = trace(lambda x, t: of_prepared(model(x), t), *example)
        if any(slot.operands and not slot.line for slot in program.slots):
            raise OperandError(
                "the model uses a result that was computed before training and would not be "
                "computed again"
            )
        program.runner  # noqa: B018 - compile now, so that an error comes before training
        self.size = len(program.slots)
        self.of_sample = _Placement(program, parameters)
        self.extra = penalty and _Placement(trace(lambda: penalty(parameters)), parameters)

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        """The mean loss of ``batch`` at ``theta`` plus the penalty, and its gradient."""
        program = self.of_sample.at(theta)
        values, grads = program.value_and_grad(*self.arrays(batch), wrt="parameters")
        y = float(np.mean(values))
        gradient = self.of_sample.gradient(grads.parameters) / len(batch)
        if self.penalty is not None and self.extra is not None:
            extra, slopes = self._penalty(self.penalty, self.extra, theta)
            y, gradient = y + extra, gradient + slopes
        return check_finite(y, gradient)

    def mean_loss(self, theta: Array, data: Dataset) -> float:
        """The mean loss of ``data`` at ``theta``, without the penalty."""
        return float(np.mean(self.of_sample.at(theta)(*self.arrays(data))))

    def arrays(self, batch: Dataset) -> tuple[Array, Array]:
        """The samples and the prepared targets of a batch as arrays."""
        try:
            targets = [self.prepare(t, self.outputs) for t in batch.ys]
            return np.array(batch.xs, float), np.array(targets, float)
        except (TypeError, ValueError):
            raise ShapeError(
                "the samples or the targets are not lists of numbers of the same shape"
            ) from None

    def _penalty(self, penalty: Penalty, extra: _Placement, theta: Array) -> tuple[float, Array]:
        """The penalty and its gradient. If the penalty has branches, it is computed eagerly."""
        if extra.program.guards:
            assign(self.parameters, theta)
            return _differentiate(lambda: penalty(self.parameters), self.parameters)
        y, grads = extra.at(theta).value_and_grad()
        return y, extra.gradient(grads.parameters)
