"""Run a program: check its inputs, and let the faster engine compute it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArityError, ShapeError, one_of
from .array_engine.engine import Answer, NumpyEngine
from .arrays import real_array
from .compiled_engine.choice import Costs, is_interpreted
from .compiled_engine.run import Interpreter, is_installed
from .form import Results, fill
from .ir import Computation, Floats, Gradients, Replayed
from .lifting.group import Lifted


class Batch(NamedTuple):
    """The inputs of a call.

    Attributes:
        columns: one array per argument, of shape (samples, numbers).
        samples: the number of samples.
        batched: for each argument, whether it has a batch axis.
        single: True if no argument has a batch axis.
    """

    columns: list[Floats]
    samples: int
    batched: list[bool]
    single: bool


class Runner:
    """A program made ready to run.

    Args:
        given: the program as recorded, for its names and parameter values.
        program: the same, fused, to be run.
    """

    def __init__(self, given: Computation, program: Computation) -> None:
        self.given, self.program = given, program
        self.spans = list(pairwise(accumulate([0, *map(prod, program.shapes)])))
        self.names = [  # in errors
            f"input {i} ({name!r})" if name else f"input {i}"
            for i, name in enumerate(given.argument_names)
        ]
        self.lock = Lock()
        may_compile = program.has_one_result and is_installed()  # that engine computes no more
        self.costs = Costs.of(program) if may_compile else None
        if self.costs is None:
            self.numpy  # noqa: B018 - made now, so that an error in it is raised here

    @cached_property
    def numpy(self) -> NumpyEngine:
        """The NumPy engine; where the compiled one can run, made when it is first needed."""
        return NumpyEngine(self.given, self.program)

    @cached_property
    def interpreter(self) -> Interpreter:
        """The compiled interpreter (extra ``jit``)."""
        return Interpreter(self.program)

    @property
    def lifted(self) -> Lifted:
        """The program as array operations."""
        return self.numpy.lifted

    def results(self, inputs: tuple[ArrayLike, ...], *, engine: str, on_nonfinite: str) -> Results:
        """The results, in the form in which the traced function gave them."""
        batch = self._batch(inputs)
        values, _, _ = self._run(batch, engine, backward=False, on_nonfinite=on_nonfinite)
        return fill(self.given.form, values, single=batch.single)

    def value_and_grad(
        self, inputs: tuple[ArrayLike, ...], *, engine: str, on_nonfinite: str
    ) -> tuple[Replayed, Gradients]:
        """The only result and its gradients."""
        if not self.given.has_one_result:
            raise ArityError(
                f"value_and_grad() needs a program with one result; this one returns "
                f"{len(self.given.roots)} in a {type(self.given.form).__name__}. Trace a function "
                f"that returns one Value, such as one of them or their total"
            )
        batch = self._batch(inputs)
        values, by_input, by_parameter = self._run(
            batch, engine, backward=True, on_nonfinite=on_nonfinite
        )
        assert by_parameter is not None  # as a backward pass was asked for
        y: Replayed = float(values[0, 0]) if batch.single else values[0]
        return y, Gradients(self._per_argument(by_input, batch), by_parameter)

    def _run(self, batch: Batch, engine: str, *, backward: bool, on_nonfinite: str) -> Answer:
        if on_nonfinite not in ("raise", "keep"):
            one_of(on_nonfinite, ("raise", "keep"), "on_nonfinite")
        columns, count = batch.columns, batch.samples
        with self.lock, np.errstate(all="ignore"):  # only one thread at a time may use the tables
            if is_interpreted(engine, self.costs, count):
                answer = self._interpreted(columns, backward=backward)
                if answer is not None:
                    return answer
            return self.numpy.run(columns, count, backward, raising=on_nonfinite == "raise")

    def _interpreted(self, columns: list[Floats], *, backward: bool) -> Answer | None:
        """The compiled interpreter's answer; None if a number is not finite or a guard fails."""
        together = np.concatenate([column.T for column in columns]) if columns else np.zeros((0, 1))
        answer = self.interpreter.run(together, self.given.parameter_values, backward=backward)
        return None if answer is None else (answer[0][None], *answer[1:])

    def _batch(self, inputs: tuple[ArrayLike, ...]) -> Batch:
        """The inputs as columns. One without a batch axis is shared by all samples."""
        shapes = self.program.shapes
        if len(inputs) != len(shapes):
            raise ArityError(f"the program takes {self._arguments()}; got {len(inputs)}")
        given = [real_array(x, name) for x, name in zip(inputs, self.names, strict=True)]
        if all([x.shape == shape for x, shape in zip(given, shapes, strict=True)]):
            return Batch([x.reshape(1, -1) for x in given], 1, [False] * len(given), True)
        count = len(given[0]) if given[0].ndim else 0
        if count and all([x.shape == (count, *s) for x, s in zip(given, shapes, strict=True)]):
            columns = [x.reshape(count, prod(x.shape[1:])) for x in given]
            return Batch(columns, count, [True] * len(given), False)
        return self._mixed(given)

    def _mixed(self, given: list[Floats]) -> Batch:
        """Inputs with and without a batch axis as columns."""
        shapes = self.program.shapes
        batched = [x.ndim == len(shape) + 1 for x, shape in zip(given, shapes, strict=True)]
        counts = [len(x) for x, leads in zip(given, batched, strict=True) if leads]
        self._check_shapes([x.shape for x in given], batched, counts)
        count = counts[0]
        columns = [
            x.reshape(count, prod(x.shape[1:]))
            if leads
            else np.broadcast_to(x.reshape(1, -1), (count, x.size))
            for x, leads in zip(given, batched, strict=True)
        ]
        return Batch(columns, count, batched, False)

    def _check_shapes(
        self, given: Sequence[tuple[int, ...]], batched: list[bool], counts: list[int]
    ) -> None:
        """Raise unless every input has its shape, or its shape after one common batch axis."""
        for i, (shape, own, leads) in enumerate(
            zip(given, self.program.shapes, batched, strict=True)
        ):
            if (shape[1:] if leads else shape) != own:
                raise ShapeError(
                    f"{self.names[i]} must {f'have the shape {own}' if own else 'be a number'}, or "
                    f"have the shape {_with_batch(own)} for a batch; got the shape {shape}"
                )
        if len(set(counts)) > 1:
            lengths = ", ".join(
                f"{self.names[i]} has {shape[0]}"
                for i, (shape, leads) in enumerate(zip(given, batched, strict=True))
                if leads
            )
            raise ShapeError(
                f"all inputs with a batch axis must have the same number of samples; {lengths}"
            )
        if counts and counts[0] == 0:
            raise ShapeError("the batch is empty; it must hold at least one sample")

    def _arguments(self) -> str:
        names, count = self.given.argument_names, len(self.program.shapes)
        shown = f" ({', '.join(names)})" if count and all(names) else ""
        return f"{count} input{'' if count == 1 else 's'}{shown}"

    def _per_argument(self, by_input: Floats, batch: Batch) -> list[Replayed]:
        """The gradient for each argument, in its shape."""
        grads: list[Replayed] = []
        shapes = self.program.shapes
        for (start, stop), shape, leads in zip(self.spans, shapes, batch.batched, strict=True):
            rows = by_input[start:stop]
            if leads:
                grads.append(rows.T.reshape(batch.samples, *shape))
            else:
                own = (rows[:, 0] if batch.single else rows.sum(axis=1)).reshape(shape)
                grads.append(own if shape else float(own))
        return grads


def _with_batch(shape: tuple[int, ...]) -> str:
    return f"(batch, {', '.join(map(str, shape))})" if shape else "(batch,)"
