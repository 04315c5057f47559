"""The facade: a function of Values recorded once, to be replayed, differentiated and printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isclose
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from ..derivatives.check import Report, check_gradient
from ..derivatives.report import Row
from ..engine.modes import no_gc
from ..engine.number import Number
from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import ArityError, ShapeError
from ..printing import Text, prints
from .again import again
from .arrays import real_array
from .ir import Computation, Floats, Gradients, Key, Replayed
from .lifting.fuse import fused
from .runner import Runner
from .saved import content, from_text, to_text
from .tracing.trace import Example, record, record_graph
from .writing import export
from .writing.directional import directional
from .writing.listing import listing

Nested: TypeAlias = Sequence[object] | Mapping[Any, object]  # a container of Values
Results: TypeAlias = "Replayed | list[Results] | tuple[Results, ...] | dict[Key, Results]"
if TYPE_CHECKING:
    from typing_extensions import TypeVar  # whose default Python has only from 3.13 on

    R = TypeVar("R", default=Replayed)
else:
    from typing import TypeVar

    R = TypeVar("R")


@prints
class Program(Computation, Generic[R]):
    """A computation recorded once, to be replayed over batches. Made by `trace` or `trace_graph`.

    Inputs are numbers or arrays in the shapes of the example, or arrays with a leading batch axis.
    An input without a batch axis may stand beside inputs that have one: all samples share it.

    Attributes:
        slots: every number: inputs first, then parameters, then the rest as they were computed.
        parameters: the captured Values, in order of first use; empty after `from_json`.
        parameter_values: their numbers in this program; `write_back` sets the Values' data to them.
        engine: "numpy"; "jit", the compiled interpreter (extra ``jit``); or "auto", the one of the
            two that should be faster. Set on the class, it holds for every program without its own.
    """

    engine = "auto"
    _runner: Runner | None = None
    _directional: Program | None = None

    @classmethod
    def of(cls, computation: Computation) -> Program[Any]:
        """The program of a recorded computation."""
        program = object.__new__(cls)
        program.__dict__.update(computation.__dict__)
        return program

    # ---- parameters ----

    @property
    def parameter_values(self) -> Floats:
        """The numbers of the parameters in this program: an array (parameter_count,).

        You can change its entries, or set the whole.

        Raises:
            ShapeError: if it is set to an array of another shape.
            OperandError: if it is set to something other than real numbers.
        """
        return self._values

    @parameter_values.setter
    def parameter_values(self, new: ArrayLike) -> None:
        array = real_array(new, "the values of the parameters")
        if array.shape != self._values.shape:
            raise ShapeError(
                f"the program has {self.parameter_count} parameters, so their values need the "
                f"shape {self._values.shape}; got {array.shape}"
            )
        self._values = array.astype(float)

    def write_back(self) -> None:
        """Set the data of the captured Values to `parameter_values`."""
        for value, new in zip(self.parameters, self._values.tolist(), strict=True):
            value.data = new

    def read(self) -> None:
        """Set `parameter_values` to the data of the captured Values."""
        self._values[:] = [value.data for value in self.parameters]

    # ---- running ----

    @property
    def runner(self) -> Runner:
        """The program made ready to run, when it is first needed."""
        if self._runner is None:
            with no_gc():
                self._runner = Runner(self, fused(self))
        return self._runner

    @overload
    def __call__(self: Program[Replayed], *inputs: float, on_nonfinite: str = ...) -> float: ...
    @overload
    def __call__(self, *inputs: ArrayLike, on_nonfinite: str = ...) -> R: ...
    def __call__(self, *inputs: ArrayLike, on_nonfinite: str = "raise") -> Any:
        """The result: a float for numbers, an array (batch,) if an input has a batch axis.

        If the traced function returns several results, they come in the same lists, tuples, dicts
        and arrays; an array of results has its batch axis first.

        Args:
            on_nonfinite: "raise" a DomainError if something is not finite, or "keep" it.

        Raises:
            ArityError, ShapeError, OperandError: if the inputs do not fit the traced function.
            BranchChanged: if an input would take another branch than the recorded one.
        """
        return self.runner.results(inputs, engine=self.engine, on_nonfinite=on_nonfinite)

    @overload
    def value_and_grad(
        self, *inputs: float, on_nonfinite: str = ...
    ) -> tuple[float, Gradients]: ...
    @overload
    def value_and_grad(
        self, *inputs: ArrayLike, on_nonfinite: str = ...
    ) -> tuple[Replayed, Gradients]: ...
    def value_and_grad(
        self, *inputs: ArrayLike, on_nonfinite: str = "raise"
    ) -> tuple[Replayed, Gradients]:
        """The only result and its `Gradients`.

        For a Jacobian, trace one program for each result: ``trace(lambda *xs: f(*xs)[i], *xs)``.

        Raises:
            ArityError: if there are several results.
        """
        return self.runner.value_and_grad(inputs, engine=self.engine, on_nonfinite=on_nonfinite)

    def hvp(
        self,
        at: Sequence[ArrayLike],
        tangents: Sequence[ArrayLike] | None = None,
        *,
        parameter_tangents: ArrayLike | None = None,
    ) -> Gradients:
        """The Hessian of the result times a direction, as `Gradients`.

        It costs some four gradients, whatever the number of inputs and parameters.

        Args:
            at: the inputs, as for a call.
            tangents: the direction, one entry for each input, in its shape, or with a batch axis if
                each sample has its own direction. Zero by default.
            parameter_tangents: the direction of the parameters. Zero by default.

        >>> program = trace(lambda x, y: x * x * y, 1.0, 1.0)
        >>> program.hvp((3.0, 5.0), (1.0, 0.0)).inputs  # the first column of [[2y, 2x], [2x, 0]]
        [10.0, 6.0]
        """
        if tangents is None:
            tangents = [np.zeros(shape) for shape in self.shapes]
        if len(tangents) != len(self.shapes):
            raise ArityError(
                f"hvp() needs one tangent for each of the {len(self.shapes)} inputs; "
                f"got {len(tangents)}"
            )
        self(*at)  # whether the recorded branch and the numbers are right for these inputs
        along = self._along(parameter_tangents)
        # a branch that is not taken need not be a number
        _, found = along.value_and_grad(*at, 1.0, *tangents, on_nonfinite="keep")
        inputs, own = found.inputs[: len(self.shapes)], found.parameters[: self.parameter_count]
        if not all(np.isfinite(x).all() for x in (*inputs, own)):
            along.value_and_grad(*at, 1.0, *tangents)  # which says what is not finite
        return Gradients(inputs, own)

    def _along(self, parameter_tangents: ArrayLike | None) -> Program[Any]:
        """The derivative along a direction, at the present values of the parameters."""
        if self._directional is None:
            self._directional = Program.of(directional(self))
        if parameter_tangents is None:
            parameter_tangents = np.zeros(self.parameter_count)
        tangents = real_array(parameter_tangents, "the tangents of the parameters")
        if tangents.shape != self._values.shape:
            raise ShapeError(
                f"the tangents of the {self.parameter_count} parameters need the shape "
                f"{self._values.shape}; got {tangents.shape}"
            )
        self._directional.engine = self.engine
        self._directional.parameter_values = np.concatenate([self._values, tangents])
        return self._directional

    def check_gradient(
        self, *inputs: ArrayLike, rtol: float = 1e-8, sample: int = 50, seed: int = 0
    ) -> Report:
        """A gradient check of one sample: replayed gradients against values of the function.

        Its arguments are those of `autograd_edu.check_gradient`. The parameters are checked too, at
        `parameter_values`. The report is true if all gradients pass.

        >>> bool(trace(lambda x, y: x * y, 1.0, 1.0).check_gradient(3.0, -4.0))
        True
        """
        y, grads = self.value_and_grad(*inputs)
        if isinstance(y, np.ndarray):
            raise ShapeError("check_gradient() checks one sample; pass inputs without a batch axis")
        replayed = np.concatenate([*map(np.ravel, grads.inputs), grads.parameters]).tolist()
        numbers = [*np.concatenate([np.ravel(x) for x in inputs]), *self._values]
        names = self.names()[: len(numbers)]
        report = check_gradient(
            lambda *xs: again(self, xs)[self.root],
            [float(x) for x in numbers],
            rtol=rtol, sample=sample, seed=seed, names=names,
        )  # fmt: skip
        of_replay = dict(zip(names, replayed, strict=True))
        rows = [_compared(row, of_replay[row.name], rtol) for row in report.rows]
        return replace(report, rows=tuple(rows))

    # ---- as text, and in other frameworks ----

    def listing(self, style: str = "math", *, gradients: bool = False) -> str:
        """The program as text.

        Args:
            style: "python" is the lifted program as plain NumPy, a function that runs by itself;
                "math" and "latex" are the scalar one, one line for each operation; "javascript" is
                a function for the browser.
            gradients: print the backward pass too (of "python" and "javascript"): the function
                then returns what `value_and_grad` returns.

        Raises:
            OptionError: if there is no such style, or it has no gradients.
            ArityError: if gradients are asked for, and the program has several results.
        """
        return Text(listing(self, style, gradients=gradients))

    def to_jax(self) -> Callable[..., Any]:
        """The program as a function of JAX, ``f(parameters, *inputs)``, for JAX to transform.

        Inputs are as for the program, and so are the results: samples share an input without a
        batch axis.
        Call it with `parameter_values`. It computes in 64 bits, and JAX can differentiate it
        backwards only (`jax.grad`, `jax.vjp`). Nothing checks that numbers are finite.

        Raises:
            ImportError: without JAX (extra ``jax``).
            OperandError: if JAX is set to 32 bits, or the program has guards, which a compiled
                function cannot check.
        """
        return export.to_jax(self)

    def to_torch(self) -> Callable[..., Any]:
        """The program as a function of PyTorch tensors, ``f(parameters, *inputs)``.

        PyTorch can differentiate it. Inputs and the result are as for `to_jax`, in 64 bits.

        Raises:
            ImportError: without PyTorch (extra ``torch``).
            OperandError: if the program has guards.
        """
        return export.to_torch(self)

    def to_json(self) -> str:
        """The program and its parameters' numbers as text for `from_json`, with a checksum."""
        return to_text(self)

    @staticmethod
    def from_json(text: str) -> Program[Any]:
        """The program that `to_json` wrote, with the parameters' numbers but no Values.

        Raises:
            StateError: if the text is something else, was altered or cut short, or uses an
                operation that is not in the table.
        """
        return Program.of(from_text(text))

    # ---- as an object ----

    def __repr__(self) -> str:
        operations = sum(slot.op in OPS for slot in self.slots)
        results = "" if len(self.roots) == 1 else f"{len(self.roots)} results, "
        return (
            f"Program({self.input_count} inputs, {self.parameter_count} parameters, {results}"
            f"{operations} operations, {len(self.guards)} guards)"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and content(self) == content(other)

    __hash__ = None  # type: ignore[assignment]  # parameter values change

    def __getstate__(self) -> dict[str, object]:
        """What is copied and pickled: the data, without the tables and calls of a run."""
        return {**self.__dict__, "_runner": None, "_directional": None}

    def __copy__(self) -> Program[R]:
        """A program with parameter values of its own, for the same Values."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__getstate__(), _values=self._values.copy())
        return twin


def _compared(row: Row, replayed: float, rtol: float) -> Row:
    """A row of the check of the graph, failed if the replay has another gradient."""
    if isclose(row.analytic, replayed, rel_tol=rtol, abs_tol=row.estimated_error):
        return row
    note = f"the replay gives {replayed!r}, but backpropagation {row.analytic!r}"
    return replace(row, analytic=replayed, verdict="fail", note=note)


@overload
def trace(
    f: Callable[..., Number | float], *example: Example, parameters: Sequence[Value] | None = ...
) -> Program: ...
@overload
def trace(
    f: Callable[..., Nested], *example: Example, parameters: Sequence[Value] | None = ...
) -> Program[Results]: ...
def trace(
    f: Callable[..., object], *example: Example, parameters: Sequence[Value] | None = None
) -> Program[Any]:
    """``f`` as a Program, recorded by running it once at ``example``.

    The example is numbers, or nested lists of them, and ``f`` receives Values in the same shapes.
    It may return one Value, or several in lists, tuples, dicts or arrays. Values that it captures
    become ``program.parameters``, in order of first use. If you pass ``parameters``, those do, used
    or not, and ``f`` may capture no others.

    The inputs, and what is computed from them alone, behave as the floats that they stand for:
    they are equal to numbers, and can be keys, text or indices. Where ``f`` takes a number out of
    a value (``x.data``, ``int(x)``, ``f"{x}"``), a replay that finds another number there raises
    `BranchChanged`. A trace does not see random draws, counters and the like.

    Raises:
        OperandError: if ``f`` does what a replay could not repeat: reads gradients or computes
            them by ``.backward()``, sets data, or catches an error of an operation.

    >>> program = trace(lambda x, t: (x - t) ** 2, 1.0, 0.0)
    >>> program([1.0, 2.0, 3.0], 1.0).tolist()
    [0.0, 1.0, 4.0]
    >>> trace(lambda x: {"sum": x[0] + x[1], "both": x}, [1.0, 2.0])([3.0, 4.0])
    {'sum': 7.0, 'both': [3.0, 4.0]}
    """
    return Program.of(record(f, *example, parameters=parameters))


def trace_graph(
    root: Value, *, inputs: Sequence[Value] = (), parameters: Sequence[Value] | None = None
) -> Program:
    """A finished graph as a Program.

    Leaves that are neither inputs nor ``parameters`` become constants. Without ``parameters``,
    every leaf that is neither an input nor a plain number is one.
    """
    return Program.of(record_graph(root, inputs=inputs, parameters=parameters))
