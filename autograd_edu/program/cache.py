"""One program per structure of the inputs, such as per length of a sequence.

Read `trace` first. All programs of a cache share one array of parameter values, and give gradients
in its order.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import whole
from ..engine.number import Number
from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import ArityError, ShapeError
from ..printing import prints
from .arrays import input_names, real_array
from .ir import AnyGradients, Floats, Gradients, Replayed, Shapes, Wrt
from .parameters import Parameters
from .program import AnyProgram, Program, trace
from .tracing.trace import argument_names, check_leaves

Batched: TypeAlias = bool | Sequence[bool]  # for all inputs at once, or one per input


@dataclass
class _Entry:
    """A program of the cache, and how it was used.

    Attributes:
        places: where its parameters stand among the cache's.
        seconds: how long it took to trace and compile.
    """

    program: AnyProgram
    places: slice | NDArray[np.intp]
    seconds: float
    calls: int = 0


@prints
class ProgramCache(Parameters):
    """The programs of ``f``, one per structure of its inputs, traced when it is first needed.

    The structure is the shape of every input of one sample. With ``batch=True`` the inputs of a
    call have a leading batch axis, which is not part of it: samples of one structure, alone or in
    batches, are replays of one program. ``batch=(True, False)`` says it for each input: samples
    share those that have no batch axis.

    Args:
        f: as for `trace`: it receives Values in the shapes of the inputs.
        parameters: the Values that ``f`` may capture; gradients and `parameter_values` are in their
            order. Without them, they are those that traces have captured so far, so a structure
            that captures more makes the gradients longer.
        maxsize: how many programs are kept; the one that was used longest ago goes first.

    Attributes:
        parameters: the Values of `parameter_values`; a change of their data counts after `read`.
        found, traced, dropped: how many calls found their program, how many traced it, and how
            many programs were dropped.
        seconds: how long tracing and compiling took in all.

    >>> from autograd_edu import Value, total
    >>> w = Value(2.0, "w")
    >>> programs = ProgramCache(lambda xs: total([w * x for x in xs]))
    >>> programs([1.0, 2.0]), programs([1.0, 2.0, 3.0])
    (6.0, 12.0)
    >>> programs([[5.0, 5.0], [0.0, 1.0]], batch=True).tolist()
    [20.0, 2.0]
    >>> programs
    ProgramCache(2 of at most 32 programs, 1 parameters, 3 calls: 1 found, 2 traced, 0 dropped)
    """

    parameters: list[Value]

    def __init__(
        self,
        f: Callable[..., Number | float],
        parameters: Iterable[Value] | None = None,
        *,
        maxsize: int = 32,
    ) -> None:
        self.f, self.maxsize = f, whole(maxsize, "maxsize")
        self.grows = parameters is None
        self.parameters = list(parameters or ())
        check_leaves(self.parameters)
        self._values: Floats = np.array([value.data for value in self.parameters], dtype=float)
        self._named: dict[int, list[str]] = {}  # the inputs, by their number
        self._entries: OrderedDict[Shapes, _Entry] = OrderedDict()
        self.found = self.traced = self.dropped = 0
        self.seconds = 0.0

    # ---- running ----

    @overload
    def __call__(self, *inputs: float, on_nonfinite: str = ...) -> float: ...
    @overload
    def __call__(
        self, *inputs: ArrayLike, batch: Batched = ..., on_nonfinite: str = ...
    ) -> Replayed: ...
    def __call__(
        self, *inputs: ArrayLike, batch: Batched = False, on_nonfinite: str = "raise"
    ) -> Replayed:
        """The result: a float, or with ``batch`` an array of shape (batch,)."""
        arrays = self._arrays(inputs)
        program = self._entry(arrays, batch).program
        result: Replayed = program(*arrays, on_nonfinite=on_nonfinite)
        return result

    @overload
    def value_and_grad(
        self, *inputs: ArrayLike, batch: Batched = ..., wrt: Literal["all"] = ...,
        on_nonfinite: str = ...,
    ) -> tuple[Replayed, Gradients]: ...  # fmt: skip
    @overload
    def value_and_grad(
        self, *inputs: ArrayLike, batch: Batched = ..., wrt: Literal["inputs"],
        on_nonfinite: str = ...,
    ) -> tuple[Replayed, Gradients[list[Replayed], None]]: ...  # fmt: skip
    @overload
    def value_and_grad(
        self, *inputs: ArrayLike, batch: Batched = ..., wrt: Literal["parameters"],
        on_nonfinite: str = ...,
    ) -> tuple[Replayed, Gradients[None, Floats]]: ...  # fmt: skip
    def value_and_grad(
        self, *inputs: ArrayLike, batch: Batched = False, wrt: Wrt = "all",
        on_nonfinite: str = "raise",
    ) -> tuple[Replayed, AnyGradients]:  # fmt: skip
        """The result and its `Gradients`. Parameters are in the order of `parameters`.

        A parameter that the program of this structure does not use has gradient 0. ``wrt`` is as
        for `Program.value_and_grad`.
        """
        arrays = self._arrays(inputs)
        entry = self._entry(arrays, batch)
        runner, engine = entry.program.runner, entry.program.engine
        value, grads = runner.value_and_grad(
            tuple(arrays), engine=engine, on_nonfinite=on_nonfinite, wrt=wrt
        )
        if grads.parameters is None:
            return value, grads
        by_parameter = np.zeros(len(self.parameters))
        by_parameter[entry.places] = grads.parameters
        return value, Gradients(grads.inputs, by_parameter)

    def program(self, *inputs: ArrayLike, batch: Batched = False) -> Program:
        """The program for inputs of this structure, at the cache's parameter values."""
        return self._entry(self._arrays(inputs), batch).program

    def _arrays(self, inputs: tuple[ArrayLike, ...]) -> list[Floats]:
        names = self._names(len(inputs))
        return [real_array(x, name) for x, name in zip(inputs, names, strict=True)]

    def _names(self, count: int) -> list[str]:
        if count not in self._named:
            self._named[count] = input_names(argument_names(self.f, count))
        return self._named[count]

    # ---- programs ----

    def _entry(self, arrays: list[Floats], batch: Batched) -> _Entry:
        """The program for these inputs at the shared parameter values. Traces it if necessary."""
        samples = arrays if batch is False else self._samples(arrays, batch)
        structure = tuple([sample.shape for sample in samples])
        entry = self._entries.get(structure)
        if entry is None:
            entry = self._made(samples)
            self._entries[structure] = entry
            self.traced += 1
            if len(self._entries) > self.maxsize:
                self._entries.popitem(last=False)
                self.dropped += 1
        else:
            self._entries.move_to_end(structure)
            self.found += 1
        entry.calls += 1
        entry.program.parameter_values[:] = self._values[entry.places]
        return entry

    def _samples(self, arrays: list[Floats], batch: Batched) -> list[Floats]:
        """The inputs of the first sample."""
        leads = [batch] * len(arrays) if isinstance(batch, bool) else list(batch)
        if len(leads) != len(arrays):
            raise ArityError(
                f"batch must be True, False, or one of them for each of the {len(arrays)} inputs; "
                f"got {len(leads)}"
            )
        found = []
        for name, array, leading in zip(self._names(len(arrays)), arrays, leads, strict=True):
            if leading and (array.ndim == 0 or len(array) == 0):
                raise ShapeError(
                    f"with batch=True, {name} needs a leading axis of at least one sample; got the "
                    f"shape {array.shape}"
                )
            found.append(np.asarray(array[0]) if leading else array)
        return found

    def _made(self, example: list[NDArray[np.float64]]) -> _Entry:
        start = time.perf_counter()
        program = self._trace(example)
        program.runner  # noqa: B018 - make it now, so that its errors are raised here
        places = self._places(program.parameters) if self.grows else slice(None)
        entry = _Entry(program, places, time.perf_counter() - start)
        self.seconds += entry.seconds
        return entry

    def _places(self, values: Sequence[Value]) -> NDArray[np.intp]:
        """Where ``values`` stand among the parameters. New ones are added."""
        known = {id(value): i for i, value in enumerate(self.parameters)}
        new = [value for value in values if id(value) not in known]
        self.parameters += new
        self._values = np.append(self._values, [value.data for value in new])
        return np.array(
            [known.setdefault(id(value), len(known)) for value in values], dtype=np.intp
        )

    def _trace(self, example: list[NDArray[np.float64]]) -> AnyProgram:
        """Trace a program at the shared parameter values, because branches may depend on them.

        The data of the Values are afterwards as they were.
        """
        before = [value.data for value in self.parameters]
        self.write_back()
        try:
            return trace(self.f, *example, parameters=None if self.grows else self.parameters)
        finally:
            for value, data in zip(self.parameters, before, strict=True):
                value.data = data

    def clear(self) -> None:
        """Remove the programs, but keep the parameter values."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        calls = self.found + self.traced
        return (
            f"ProgramCache({len(self)} of at most {self.maxsize} programs, "
            f"{len(self.parameters)} parameters, "
            f"{calls} calls: {self.found} found, {self.traced} traced, {self.dropped} dropped)"
        )

    def __str__(self) -> str:
        """A table of the programs in the cache. The one used last comes last."""
        lines = [f"{'structure':28}{'operations':>12}{'calls':>8}{'compiled in':>14}"]
        for structure, entry in self._entries.items():
            operations = sum(slot.op in OPS for slot in entry.program.slots)
            shapes = [str(shape).replace(",)", ")").replace("()", "number") for shape in structure]
            shown = " ".join(shapes) or "no input"
            lines.append(f"{shown:28}{operations:12}{entry.calls:8}{entry.seconds:12.3f} s")
        return "\n".join([repr(self), *lines])
