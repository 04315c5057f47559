"""A program at work: its inputs checked, and run by the engine that should be faster."""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from ..errors import ArityError, ShapeError, one_of
from .array_engine.engine import NumpyEngine
from .arrays import real_array
from .compiled_engine.choice import Costs, is_interpreted
from .compiled_engine.run import Interpreter, is_installed
from .ir import Computation, Gradients
from .lifting.group import Lifted

Array = Any


class Runner:
    """A program made ready to run."""

    def __init__(self, given: Computation, program: Computation) -> None:
        self.given, self.program = (
            given,
            program,
        )  # as recorded, for names and parameter values; and fused, to run
        self.spans = list(pairwise(accumulate([0, *map(prod, program.shapes)])))
        self.lock = Lock()
        self.costs = Costs.of(program) if is_installed() else None
        if self.costs is None:
            self.numpy  # noqa: B018 - made now, so that what cannot be run is known here

    @cached_property
    def numpy(self) -> NumpyEngine:
        """The engine that lifts the program; beside the interpreter, made when it is first wanted."""
        return NumpyEngine(self.given, self.program)

    @cached_property
    def interpreter(self) -> Interpreter:
        """The compiled interpreter (extra ``jit``)."""
        return Interpreter(self.program)

    @property
    def lifted(self) -> Lifted:
        """The program as array operations."""
        return self.numpy.lifted

    def run(
        self, inputs: tuple[Any, ...], *, engine: str, backward: bool, on_nonfinite: str
    ) -> tuple[Any, Gradients | None]:
        """The result, and with ``backward`` its gradients."""
        if on_nonfinite not in ("raise", "keep"):
            one_of(on_nonfinite, ("raise", "keep"), "on_nonfinite")
        columns, count, single = self._columns(inputs)
        with self.lock, np.errstate(all="ignore"):  # the tables are one thread's at a time
            answer = (
                self._interpreted(columns, backward)
                if is_interpreted(engine, self.costs, count)
                else None
            )
            if answer is None:
                answer = self.numpy.run(columns, count, backward, raising=on_nonfinite == "raise")
        values, by_input, by_parameter = answer
        y = float(values[0]) if single else values
        return y, Gradients(
            self._per_argument(by_input, single), by_parameter
        ) if backward else None

    def _interpreted(
        self, columns: list[Array], backward: bool
    ) -> tuple[Array, Array, Array] | None:
        """The answer of the compiled interpreter; None where something is not finite or a guard does not hold."""
        together = np.concatenate([column.T for column in columns]) if columns else np.zeros((0, 1))
        return self.interpreter.run(together, self.given.parameter_values, backward=backward)

    def _columns(self, inputs: tuple[Any, ...]) -> tuple[list[Array], int, bool]:
        """The inputs as arrays (samples, numbers), how many samples they are, and whether they were one without a batch axis."""
        shapes = self.program.shapes
        if len(inputs) != len(shapes):
            raise ArityError(f"the program takes {len(shapes)} input(s); {len(inputs)} were given")
        if not inputs:
            return [], 1, True
        given = [real_array(x, f"input {i}") for i, x in enumerate(inputs)]
        if all([x.shape == shape for x, shape in zip(given, shapes, strict=True)]):
            return [x.reshape(1, -1) for x in given], 1, True
        count = len(given[0]) if given[0].ndim else 0
        if not count or any(
            [x.shape != (count, *shape) for x, shape in zip(given, shapes, strict=True)]
        ):
            raise ShapeError(
                f"the program takes inputs of the shapes {list(shapes)}, or all of them with one leading batch axis; "
                f"the shapes {[x.shape for x in given]} were given"
            )
        return [x.reshape(count, prod(x.shape[1:])) for x in given], count, False

    def _per_argument(self, by_input: Array, single: bool) -> list[Any]:
        """Gradients of the inputs, one entry an argument, in its shape."""
        grads = []
        for (start, stop), shape in zip(self.spans, self.program.shapes, strict=True):
            rows = by_input[start:stop]
            each = rows[:, 0].reshape(shape) if single else rows.T.reshape(rows.shape[1], *shape)
            grads.append(float(each) if single and not shape else each)
        return grads
