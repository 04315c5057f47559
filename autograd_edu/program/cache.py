"""One program a structure: for functions whose graph depends on the shapes of their inputs, as a sequence's on its length.

Read `trace` first. All programs of a cache share one array of parameter values, and give gradients in its order.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import ArityError, ShapeError
from ..printing import prints
from .arrays import real_array
from .ir import Gradients
from .program import Program, trace
from .tracing.trace import check_leaves

Array = Any  # numpy.ndarray of float64
Structure = tuple[tuple[int, ...], ...]


@dataclass
class _Entry:
    """A program of the cache: where its parameters stand among the cache's if not in the same places, and its uses and cost."""

    program: Program
    places: Array | None
    seconds: float
    calls: int = 0


@prints
class ProgramCache:
    """The programs of ``f``, each traced when inputs of its structure come first; the one used longest ago goes at the bound.

    The structure is the shape of every input of one sample. With ``batch=True`` a call's inputs have a leading batch axis,
    which is no part of it: samples of one structure, alone or in batches, are replays of one program.

    Args:
        f: as for `trace`: it receives Values in the shapes of the inputs, and gives one Value.
        parameters: the Values that ``f`` may capture; gradients and `parameter_values` are in their order. Without them,
            those that traces have captured so far: there are more after a new structure that captures more, and gradients
            are longer then.
        bound: how many programs are kept at most.

    Attributes:
        parameters: the Values that `parameter_values` are the numbers of; changing their data changes nothing before `read`.
        found, traced, dropped: how many calls found their program, how many did not, and how many programs the bound cost.
        seconds: what tracing and compiling took in all.

    >>> from autograd_edu import Value, total
    >>> w = Value(2.0, "w")
    >>> programs = ProgramCache(lambda xs: total([w * x for x in xs]))
    >>> programs([1.0, 2.0]), programs([1.0, 2.0, 3.0]), programs([[5.0, 5.0], [0.0, 1.0]], batch=True).tolist()
    (6.0, 12.0, [20.0, 2.0])
    >>> programs
    ProgramCache(2 of at most 32 programs, 1 parameters, 3 calls: 1 found, 2 traced, 0 dropped)
    """

    def __init__(
        self, f: Callable[..., Any], parameters: Iterable[Value] | None = None, *, bound: int = 32
    ) -> None:
        import numpy as np

        if isinstance(bound, bool) or not isinstance(bound, int) or bound < 1:
            raise ArityError(
                f"a cache keeps a whole number of programs, at least one; its bound cannot be {bound!r}"
            )
        self.f, self.bound = f, bound
        self.grows = parameters is None
        self.parameters: list[Value] = []
        self._place: dict[int, int] = {}
        self._values = np.zeros(0)
        self._entries: OrderedDict[Structure, _Entry] = OrderedDict()
        self.found = self.traced = self.dropped = 0
        self.seconds = 0.0
        given = list(parameters or ())
        check_leaves(given)
        self._add(given)

    # ---- running ----

    def __call__(self, *inputs: Any, batch: bool = False, on_nonfinite: str = "raise") -> Any:
        """The result: a float, or with ``batch`` an array (batch,)."""
        arrays = _arrays(inputs)
        return self._entry(arrays, batch).program(*arrays, on_nonfinite=on_nonfinite)

    def value_and_grad(
        self, *inputs: Any, batch: bool = False, on_nonfinite: str = "raise"
    ) -> tuple[Any, Gradients]:
        """The result and its `Gradients`, as a program gives them; those of parameters in the order of `parameters`.

        A parameter that the program of this structure does not have has gradient 0.
        """
        import numpy as np

        arrays = _arrays(inputs)
        entry = self._entry(arrays, batch)
        value, grads = entry.program.value_and_grad(*arrays, on_nonfinite=on_nonfinite)
        if entry.places is None:
            return value, grads
        by_parameter = np.zeros(len(self.parameters))
        by_parameter[entry.places] = grads.parameters
        return value, Gradients(grads.inputs, by_parameter)

    def program(self, *inputs: Any, batch: bool = False) -> Program:
        """The program for inputs of this structure, at the cache's parameter values."""
        return self._entry(_arrays(inputs), batch).program

    # ---- parameters ----

    @property
    def parameter_values(self) -> Array:
        """The numbers of `parameters` in all programs: an array to read and to write to."""
        return self._values

    @parameter_values.setter
    def parameter_values(self, new: Any) -> None:
        array = real_array(new, "the values of parameters")
        if array.shape != self._values.shape:
            raise ShapeError(
                f"the cache has {len(self.parameters)} parameters; an array of shape {array.shape} was given"
            )
        self._values = array.astype(float)

    def read(self) -> None:
        """Set `parameter_values` to the data of `parameters`."""
        self._values[:] = [value.data for value in self.parameters]

    def write_back(self) -> None:
        """Set the data of `parameters` to `parameter_values`."""
        for value, new in zip(self.parameters, self._values.tolist(), strict=True):
            value.data = new

    def _add(self, values: list[Value]) -> None:
        import numpy as np

        for value in values:
            self._place[id(value)] = len(self.parameters)
            self.parameters.append(value)
        self._values = np.concatenate([self._values, [value.data for value in values]])

    # ---- programs ----

    def _entry(self, arrays: list[Array], batch: bool) -> _Entry:
        """The program for these inputs, made if there is none yet, with the shared parameter values in it."""
        structure = _structure(arrays, batch)
        entry = self._entries.get(structure)
        if entry is None:
            example = (
                [array[0].tolist() for array in arrays]
                if batch
                else [array.tolist() for array in arrays]
            )
            entry = self._made(example)
            self._entries[structure] = entry
            self.traced += 1
            if len(self._entries) > self.bound:
                self._entries.popitem(last=False)
                self.dropped += 1
        else:
            self._entries.move_to_end(structure)
            self.found += 1
        entry.calls += 1
        entry.program.parameter_values[:] = (
            self._values if entry.places is None else self._values[entry.places]
        )
        return entry

    def _made(self, example: list[Any]) -> _Entry:
        import numpy as np

        start = time.perf_counter()
        program = self._trace(example)
        program.runner  # noqa: B018 - made now, so that its time is counted, and what cannot be run is known here
        places = None
        if self.grows:
            self._add([value for value in program.parameters if id(value) not in self._place])
            places = np.array(
                [self._place[id(value)] for value in program.parameters], dtype=np.intp
            )
        entry = _Entry(program, places, time.perf_counter() - start)
        self.seconds += entry.seconds
        return entry

    def _trace(self, example: list[Any]) -> Program:
        """Traced where the parameters have the shared values, as branches may depend on them; the Values' data stay as they are."""
        before = [value.data for value in self.parameters]
        self.write_back()
        try:
            return trace(self.f, *example, parameters=None if self.grows else self.parameters)
        finally:
            for value, data in zip(self.parameters, before, strict=True):
                value.data = data

    def clear(self) -> None:
        """Forget the programs, and keep the parameter values."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        calls = self.found + self.traced
        return (
            f"ProgramCache({len(self)} of at most {self.bound} programs, {len(self.parameters)} parameters, "
            f"{calls} calls: {self.found} found, {self.traced} traced, {self.dropped} dropped)"
        )

    def __str__(self) -> str:
        """What the cache holds, as a table, the program used last at the end."""
        lines = [f"{'structure':28}{'operations':>12}{'calls':>8}{'compiled in':>14}"]
        for structure, entry in self._entries.items():
            operations = sum(slot.op in OPS for slot in entry.program.slots)
            shapes = (
                " ".join(
                    str(shape).replace(",)", ")").replace("()", "number") for shape in structure
                )
                or "no input"
            )
            lines.append(f"{shapes:28}{operations:12}{entry.calls:8}{entry.seconds:12.3f} s")
        return "\n".join([repr(self), *lines])


def _arrays(inputs: tuple[Any, ...]) -> list[Array]:
    return [real_array(x, f"input {i}") for i, x in enumerate(inputs)]


def _structure(arrays: list[Array], batch: bool) -> Structure:
    """The shape of every input of one sample."""
    if not batch:
        return tuple([array.shape for array in arrays])
    for i, array in enumerate(arrays):
        if array.ndim == 0 or len(array) == 0:
            raise ShapeError(
                f"with batch=True every input has a leading axis of at least one sample; input {i} has the shape {array.shape}"
            )
    return tuple([array.shape[1:] for array in arrays])
