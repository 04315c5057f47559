"""Run a program: check its inputs, and let the faster engine compute it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from math import prod
from threading import Lock
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArityError, ShapeError, one_of
from .array_engine.engine import Answer, NumpyEngine
from .arrays import input_names, real_array
from .compiled_engine.choice import Costs, chosen
from .compiled_engine.hint import Waiting
from .compiled_engine.run import Interpreter
from .form import Results, fill
from .ir import WRT, AnyGradients, Computation, Floats, Gradients, Replayed, Shapes, Wrt
from .lifting.group import Lifted
from .python_engine.run import PythonEngine

_FLOAT = np.dtype(np.float64)
_NOTHING = np.zeros((1, 0))  # the inputs of a program that takes none


class Batch(NamedTuple):
    """The inputs of a call.

    Attributes:
        columns: one array per argument, of shape (samples, numbers).
        samples: the number of samples.
        batched: for each argument, whether it has a batch axis.
        single: True if no argument has a batch axis.
        rows: the numbers of all arguments, (numbers, samples), if they are at hand.
    """

    columns: list[Floats]
    samples: int
    batched: Sequence[bool]
    single: bool
    rows: Floats | None = None


class Runner:
    """A program made ready to run.

    Args:
        given: the program as recorded, for its names and parameter values.
        program: the same, fused, to be run.
    """

    def __init__(self, given: Computation, program: Computation) -> None:
        self.given, self.program = given, program
        spans = pairwise(accumulate([0, *map(prod, program.shapes)]))
        self.places = [(*span, shape) for span, shape in zip(spans, program.shapes, strict=True)]
        self.names = input_names(given.argument_names)
        self.scalars, self.alone = not any(program.shapes), (False,) * len(program.shapes)
        self.lock = Lock()
        self.waiting = Waiting()
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

    @property
    def lifted(self) -> Lifted:
        """The program as array operations."""
        return self.numpy.lifted

    def results(self, inputs: tuple[ArrayLike, ...], *, engine: str, on_nonfinite: str) -> Results:
        """The results, in the form in which the traced function gave them."""
        batch = self._batch(inputs)
        values, _, _ = self._run(batch, engine, wrt=None, on_nonfinite=on_nonfinite)
        return fill(self.given.form, values, single=batch.single)

    def value_and_grad(
        self, inputs: tuple[ArrayLike, ...], *, engine: str, on_nonfinite: str, wrt: Wrt
    ) -> tuple[Replayed, AnyGradients]:
        """The only result and the gradients that ``wrt`` asks for."""
        if not self.given.has_one_result:
            raise ArityError(
                f"value_and_grad() needs a program with one result; this one returns "
                f"{len(self.given.roots)} in a {type(self.given.form).__name__}. Trace a function "
                f"that returns one Value, such as one of them or their total"
            )
        if wrt not in WRT:
            one_of(wrt, WRT, "wrt")
        if wrt == "all" and on_nonfinite == "raise" and chosen(engine, self.costs, 1) == "jit":
            found = self._quickly(inputs)
            if found is not None:
                return found
        batch = self._batch(inputs)
        values, by_input, by_parameter = self._run(
            batch, engine, wrt=wrt, on_nonfinite=on_nonfinite
        )
        y: Replayed = values.item() if batch.single else values[0]
        return y, Gradients(
            None if by_input is None else self._per_argument(by_input, batch), by_parameter
        )

    def _quickly(self, inputs: tuple[ArrayLike, ...]) -> tuple[float, Gradients] | None:
        """The answer for one sample by the compiled engine; None where that takes the long way."""
        column = self._column(inputs)
        if column is None:
            return None
        with self.lock:
            parameters = self.given.parameter_values
            answer = self.interpreter.run(column, parameters, backward=True)
        if answer is None:
            return None
        return answer[0].item(), Gradients(self._of_one(answer[1]), answer[2])

    def _column(self, inputs: tuple[ArrayLike, ...]) -> Floats | None:
        """One sample's numbers in a column; None if an input has to be converted, or batched."""
        shapes = self.program.shapes
        if len(inputs) != len(shapes) or not inputs:
            return None
        if self.scalars:
            return np.array(inputs)[:, None] if {*map(type, inputs)} == {float} else None
        parts = []
        for x, shape in zip(inputs, shapes, strict=True):
            if type(x) is not np.ndarray or x.dtype is not _FLOAT or x.shape != shape:
                return None
            parts.append(x.reshape(-1, 1))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _run(self, batch: Batch, engine: str, *, wrt: Wrt | None, on_nonfinite: str) -> Answer:
        if on_nonfinite not in ("raise", "keep"):
            one_of(on_nonfinite, ("raise", "keep"), "on_nonfinite")
        with self.lock:  # only one thread at a time may use the tables
            kind = chosen(engine, self.costs, batch.samples)
            if engine == "auto" and self.costs is not None:
                self.waiting.add(self.costs, batch.samples)
            answer = None if kind == "numpy" else self._by_scalars(kind, batch, wrt)
            if answer is None:
                with np.errstate(all="ignore"):
                    raising = on_nonfinite == "raise"
                    answer = self.numpy.run(batch.columns, batch.samples, wrt=wrt, raising=raising)
            return answer

    def _by_scalars(self, kind: str, batch: Batch, wrt: Wrt | None) -> Answer | None:
        """Another engine's answer; None if a number is not finite or a guard fails."""
        engine, rows = self.interpreter if kind == "jit" else self.python, batch.rows
        if rows is None:
            columns = batch.columns or [_NOTHING]
            rows = (columns[0] if len(columns) == 1 else np.concatenate(columns, 1)).T
        rows = np.ascontiguousarray(rows, dtype=float)
        answer = engine.run(rows, self.given.parameter_values, backward=wrt is not None)
        if answer is None or wrt == "all":
            return answer
        y, by_input, by_parameter = answer
        return (
            y,
            by_input if wrt == "inputs" else None,
            by_parameter if wrt == "parameters" else None,
        )

    def _batch(self, inputs: tuple[ArrayLike, ...]) -> Batch:
        """The inputs as columns. One without a batch axis is shared by all samples."""
        shapes = self.program.shapes
        if len(inputs) != len(shapes):
            raise ArityError(f"the program takes {self._arguments()}; got {len(inputs)}")
        column = self._column(inputs)
        if column is not None:
            columns = [column[start:stop].T for start, stop, _ in self.places]
            return Batch(columns, 1, self.alone, True, column)
        given = [real_array(x, name) for x, name in zip(inputs, self.names, strict=True)]
        samples, batched = _layout(tuple([x.shape for x in given]), shapes)
        if not samples:
            self._refuse(given)
        columns = [
            x.reshape(samples, -1)
            if leads or samples == 1
            else np.broadcast_to(x.reshape(1, -1), (samples, x.size))
            for x, leads in zip(given, batched, strict=True)
        ]
        return Batch(columns, samples, batched, True not in batched)

    def _refuse(self, arrays: list[Floats]) -> NoReturn:
        """Raise an error for inputs that lack their shapes, or a common batch axis before them."""
        given, shapes = tuple([x.shape for x in arrays]), self.program.shapes
        _, batched = _layout(given, shapes)
        for name, shape, own, leads in zip(self.names, given, shapes, batched, strict=True):
            if shape[leads:] != own:
                raise ShapeError(
                    f"{name} must {f'have the shape {own}' if own else 'be a number'}, or "
                    f"have the shape {_with_batch(own)} for a batch; got the shape {shape}"
                )
        lengths = {name: len(arrays[i]) for i, name in enumerate(self.names) if batched[i]}
        if len(set(lengths.values())) > 1:
            listed = ", ".join([f"{name} has {length}" for name, length in lengths.items()])
            raise ShapeError(
                f"all inputs with a batch axis must have the same number of samples; {listed}"
            )
        raise ShapeError("the batch is empty; it must hold at least one sample")

    def _arguments(self) -> str:
        names, count = self.given.argument_names, len(self.program.shapes)
        shown = f" ({', '.join(names)})" if count and all(names) else ""
        return f"{count} input{'' if count == 1 else 's'}{shown}"

    def _per_argument(self, by_input: Floats, batch: Batch) -> list[Replayed]:
        """The gradient for each argument, in its shape."""
        if batch.single:
            return self._of_one(by_input)
        grads: list[Replayed] = []
        for (start, stop, shape), leads in zip(self.places, batch.batched, strict=True):
            rows = by_input[start:stop]
            if leads:
                grads.append(rows.T.reshape(batch.samples, *shape))
            else:
                own = (rows[:, 0] if batch.samples == 1 else rows.sum(axis=1)).reshape(shape)
                grads.append(own if shape else own.item())
        return grads

    def _of_one(self, by_input: Floats) -> list[Replayed]:
        """The gradient for each argument of a sample that is not in a batch."""
        if self.scalars:
            grads: list[Replayed] = by_input[:, 0].tolist()
            return grads
        return [
            by_input[start:stop].reshape(shape) if shape else by_input[start].item()
            for start, stop, shape in self.places
        ]


@lru_cache(maxsize=256)
def _layout(given: Shapes, own: Shapes) -> tuple[int, tuple[bool, ...]]:
    """The number of samples, and which arguments have a batch axis; 0 if the shapes do not fit."""
    batched = tuple([len(a) == len(b) + 1 for a, b in zip(given, own, strict=True)])
    counts = {shape[0] for shape, leads in zip(given, batched, strict=True) if leads} or {1}
    fits = all([a[leads:] == b for a, b, leads in zip(given, own, batched, strict=True)])
    return (counts.pop() if fits and len(counts) == 1 else 0), batched


def _with_batch(shape: tuple[int, ...]) -> str:
    return f"(batch, {', '.join(map(str, shape))})" if shape else "(batch,)"
