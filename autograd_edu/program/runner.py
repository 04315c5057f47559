"""Run a program: check its inputs, and let the faster engine compute it."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArityError, one_of
from .array_engine.engine import Answer, NumpyEngine
from .arrays import input_names, real_array
from .compiled_engine.choice import Costs, chosen, wait
from .compiled_engine.run import Interpreter, Sample, is_installed
from .form import Results, fill
from .ir import WRT, AnyGradients, Computation, Floats, Gradients, Replayed, Wrt
from .layout import Argument, Layout, check_count, layout_of
from .python_engine.run import PythonEngine

Columns: TypeAlias = list[Floats]  # for each argument, an array of shape (samples, numbers)

_FLOAT = np.dtype(np.float64)


class Runner:
    """A program made ready to run.

    Args:
        given: the program as recorded, for its names and parameter values.
        program: the same, fused, to be run.
    """

    def __init__(self, given: Computation, program: Computation) -> None:
        self.given, self.program = given, program
        self.names = input_names(given.argument_names)
        self.lock = Lock()
        self.samples: dict[str, Sample] = {}  # by the engine that was asked for
        self.costs = Costs.of(program) if program.has_one_result else None
        if self.costs is None:  # the other engines compute one result
            self.numpy  # noqa: B018 - made now, so that an error in it is raised here

    @cached_property
    def numpy(self) -> NumpyEngine:
        """The NumPy engine; where another one can run, made when it is first needed."""
        return NumpyEngine(self.given, self.program)

    @cached_property
    def interpreter(self) -> Interpreter:
        """The compiled interpreter (extra ``jit``)."""
        return Interpreter(self.program)

    @cached_property
    def python(self) -> PythonEngine:
        """Python's own functions."""
        return PythonEngine(self.program)

    def results(self, inputs: tuple[ArrayLike, ...], *, engine: str, on_nonfinite: str) -> Results:
        """The results, in the form in which the traced function gave them."""
        return self._answer(inputs, engine, wrt=None, on_nonfinite=on_nonfinite)[0]

    def value_and_grad(
        self, inputs: tuple[ArrayLike, ...], *, engine: str, on_nonfinite: str, wrt: Wrt
    ) -> tuple[Replayed, AnyGradients]:
        """The only result and the gradients that ``wrt`` asks for."""
        if self.costs is None:
            raise ArityError(
                f"value_and_grad() needs a program with one result; this one returns "
                f"{len(self.given.roots)} in a {type(self.given.form).__name__}. Trace a function "
                f"that returns one Value, such as one of them or their total"
            )
        if wrt not in WRT:
            one_of(wrt, WRT, "wrt")
        return self._answer(inputs, engine, wrt=wrt, on_nonfinite=on_nonfinite)

    def _answer(
        self, inputs: tuple[ArrayLike, ...], engine: str, *, wrt: Wrt | None, on_nonfinite: str
    ) -> tuple[Results, AnyGradients]:
        """The results, and the gradients that ``wrt`` asks for."""
        if on_nonfinite not in ("raise", "keep"):
            one_of(on_nonfinite, ("raise", "keep"), "on_nonfinite")
        if sample := self.samples.get(engine):
            with self.lock:
                found = sample.run(inputs, self.given, wrt)
            if found:
                return found
        columns, layout = self._checked(inputs)
        values, by_input, own = self._run(
            columns, layout, engine, wrt=wrt, on_nonfinite=on_nonfinite
        )
        asked = by_input if wrt in ("all", "inputs") else None
        return fill(self.given.form, values, single=layout.single), Gradients(
            None if asked is None else _per_argument(asked, layout.arguments),
            own if wrt in ("all", "parameters") else None,
        )

    def _run(
        self, columns: Columns, layout: Layout, engine: str, *, wrt: Wrt | None, on_nonfinite: str
    ) -> Answer:
        samples = layout.samples
        with self.lock:  # only one thread at a time may use the tables
            kind = chosen(engine, self.costs, samples)
            if self.costs and engine == "auto" and not is_installed():
                wait(self.costs, samples)
            if kind != "numpy":
                whole = [np.empty((samples, 0)), *columns]
                rows = (columns[0] if len(columns) == 1 else np.concatenate(whole, axis=1)).T
                scalars = self.interpreter if kind == "jit" else self.python
                found = scalars.run(rows, self.given.parameter_values, backward=wrt is not None)
                if found is not None:  # else a number is not finite, or a guard fails
                    if kind == "jit" and samples == 1:
                        shapes = tuple([argument.shape for argument in layout.arguments])
                        self.samples[engine] = self.interpreter.sample(shapes)
                    return found
            with np.errstate(all="ignore"):
                raising = on_nonfinite == "raise"
                return self.numpy.run(columns, samples, wrt=wrt, raising=raising)

    def _checked(self, inputs: tuple[ArrayLike, ...]) -> tuple[Columns, Layout]:
        """The inputs as columns, and what their shapes say."""
        check_count(self.given, len(inputs))
        arrays = [x for x in inputs if type(x) is np.ndarray and x.dtype is _FLOAT]
        if len(arrays) < len(inputs):  # most often there is nothing to convert
            pairs = zip(inputs, self.names, strict=True)
            arrays = [np.asarray(real_array(x, name), dtype=float) for x, name in pairs]
        layout = layout_of(self.given, tuple([x.shape for x in arrays]))
        samples = layout.samples
        columns = [
            x.reshape(samples, -1) if own else np.broadcast_to(x.ravel(), (samples, x.size))
            for x, (_, _, own) in zip(arrays, layout.arguments, strict=True)
        ]
        return columns, layout


def _per_argument(by_input: Floats, arguments: list[Argument]) -> list[Replayed]:
    """The gradient for each argument, in its shape."""
    grads: list[Replayed] = []
    for numbers, shape, own in arguments:
        rows = by_input[numbers]
        found = rows.T if own else rows.sum(axis=1)
        grads.append(found.reshape(shape) if shape else found.item())
    return grads
