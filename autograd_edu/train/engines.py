"""Two ways to the loss of a batch and its gradient: a new graph for each batch, or one traced graph replayed over arrays.

Both are given the parameters as an array and the batch, and give the mean loss (with the penalty) and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..data import Dataset
from ..engine.number import plain
from ..engine.value import Value, no_gc
from ..errors import AutogradError, ShapeError
from ..nn.layers import as_list
from ..nn.losses import Loss, average
from ..nn.module import Module

if TYPE_CHECKING:
    from ..program import Program

Array = Any  # numpy.ndarray of float64
Penalty = Callable[[Sequence[Any]], Any]


def put(values: Sequence[Value], theta: Array) -> None:
    """Give the values these data."""
    for value, number in zip(values, theta.tolist(), strict=True):
        value.data = number


class Eager:
    """A new graph for each batch: works for every model."""

    def __init__(
        self,
        model: Module,
        loss: Loss,
        parameters: Sequence[Value],
        penalty: Penalty | None,
        reason: str,
    ) -> None:
        self.model, self.loss, self.parameters, self.penalty = model, loss, parameters, penalty
        self.name = f"eager: {reason}" if reason else "eager"

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        """The mean loss of ``batch`` at ``theta``, with the penalty, and its gradient."""
        import numpy as np

        put(self.parameters, theta)
        self.model.zero_grad()
        for parameter in self.parameters:
            parameter.clear_grad()
        with no_gc():
            y = self.of_batch(batch)
            if isinstance(y, Value):
                y.backward()
        return plain(y), np.array([p.grad for p in self.parameters])

    def of_batch(self, batch: Dataset) -> Any:
        """The mean loss with the penalty, as a graph."""
        y = average(
            [self.loss(out, t) for out, t in zip(self.model.batch(batch.xs), batch.ys, strict=True)]
        )
        return y if self.penalty is None else y + self.penalty(self.parameters)


class Replay:
    """The graph of one sample's loss, traced once and run over whole batches of arrays.

    Raises (when made) the AutogradError that says why the model cannot be traced.
    """

    name = "replay"

    def __init__(
        self,
        model: Module,
        loss: Loss,
        parameters: Sequence[Value],
        penalty: Penalty | None,
        data: Dataset,
    ) -> None:
        from ..program import trace

        self.parameters, self.penalty = parameters, penalty
        self.penalty_program: Program | None = None  # traced when it is first wanted
        self.outputs = len(as_list(model(data.xs[0])))
        self.prepare: Callable[[Any, int], Any] = getattr(
            loss,
            "prepare",
            lambda target, outputs: target,  # noqa: ARG005 - takes what losses take
        )
        self.program = trace(
            lambda x, t: loss(model(x), t), *(column[0].tolist() for column in self.arrays(data))
        )
        place = {id(parameter): i for i, parameter in enumerate(parameters)}
        in_program = list(self.program.parameters)
        self.taken = [
            j for j, p in enumerate(in_program) if id(p) in place
        ]  # the others are not trained
        self.places = [place[id(in_program[j])] for j in self.taken]

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        """The mean loss of ``batch`` at ``theta``, with the penalty, and its gradient."""
        import numpy as np

        values, grads = self.program_at(theta).value_and_grad(*self.arrays(batch))
        gradient = np.zeros(len(self.parameters))
        gradient[self.places] = np.asarray(grads.parameters)[self.taken] / len(batch)
        y = float(np.mean(values))
        if self.penalty is None:
            return y, gradient
        extra, slopes = self._penalty(theta)
        return y + extra, gradient + slopes

    def mean_loss(self, theta: Array, data: Dataset) -> float:
        """The mean loss of ``data`` at ``theta``, without the penalty."""
        import numpy as np

        return float(np.mean(self.program_at(theta)(*self.arrays(data))))

    def program_at(self, theta: Array) -> Any:
        """The program with the trained parameters at ``theta``."""
        new = self.program.parameter_values.copy()
        new[self.taken] = theta[self.places]
        self.program.parameter_values = new
        return self.program

    def arrays(self, batch: Dataset) -> tuple[Array, Array]:
        """The samples and the prepared targets of a batch as arrays."""
        import numpy as np

        try:
            return np.array(batch.xs, float), np.array(
                [self.prepare(t, self.outputs) for t in batch.ys], float
            )
        except (TypeError, ValueError):
            raise ShapeError(
                "the samples, or the targets, are not numbers in lists of one shape"
            ) from None

    def _penalty(self, theta: Array) -> tuple[float, Array]:
        """The penalty and its gradient, replayed as well; where it compares numbers, a new graph each time."""
        import numpy as np

        from ..program import trace

        assert self.penalty is not None
        if self.penalty_program is None:
            self.penalty_program = trace(self.penalty, theta.tolist())
        if not self.penalty_program.guards:
            y, grads = self.penalty_program.value_and_grad(theta)
            return y, grads.inputs[0]
        variables = [Value(number) for number in theta.tolist()]
        y = self.penalty(variables)
        if isinstance(y, Value):
            y.backward()
        return plain(y), np.array([v.grad for v in variables])


def engine_for(
    model: Module,
    loss: Loss,
    parameters: Sequence[Value],
    penalty: Penalty | None,
    data: Dataset,
    wanted: str = "auto",
) -> Eager | Replay:
    """Replay where the graph is the same for every sample, else eager; which and why stands in the engine's name.

    Args:
        wanted: "auto", or "eager" or "replay" to insist.

    Raises:
        AutogradError: if replay was insisted on and the model cannot be traced.
    """
    if wanted == "eager":
        return Eager(model, loss, parameters, penalty, "")
    reason = model.why_varying()
    if not reason:
        try:
            replay = Replay(model, loss, parameters, penalty, data)
            if wanted == "replay" or not replay.program.guards:
                replay.program.runner  # noqa: B018 - made now, so that what cannot be run is known before training begins
                return replay
            guard = replay.program.guards[0]
            reason = f"the comparison {guard.sign} on {guard.line} chooses between branches, sample by sample"
        except AutogradError as error:
            reason = str(error)
            if wanted == "replay":
                raise
    if wanted == "replay":
        raise ShapeError(f"this model cannot be replayed: {reason}")
    return Eager(model, loss, parameters, penalty, reason)
