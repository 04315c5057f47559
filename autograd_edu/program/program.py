"""A function of Values recorded once, to be replayed, printed and exported: what stands on top of all that does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.modes import no_gc
from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import ShapeError
from ..printing import Text, prints
from .arrays import real_array
from .ir import Computation, Gradients
from .lifting.fuse import fused
from .runner import Runner
from .saved import content, from_text, to_text
from .tracing.trace import record, record_graph
from .writing import export
from .writing.listing import listing


@prints
class Program(Computation):
    """A computation recorded once, to be replayed over batches. Made by `trace` or `trace_graph`.

    Attributes:
        slots: every number: inputs first, then parameters, then the rest in the order of their computation.
        parameters: the Values that the computation captured, in order of first use; empty after `from_json`.
        parameter_values: their numbers in this program, an array; `write_back` sets the Values' data to them.
        engine: "numpy"; "jit", the compiled interpreter (extra ``jit``); or "auto", that of the two which should be faster.
            Set on the class, it holds for every program that has not its own.
    """

    engine = "auto"
    _runner: Runner | None = None

    @classmethod
    def of(cls, computation: Computation) -> Program:
        """The program of a recorded computation."""
        program = object.__new__(cls)
        program.__dict__.update(computation.__dict__)
        return program

    @property
    def parameter_values(self) -> Any:
        """The numbers of the parameters in this program: an array (parameter_count,) of float64, to read and to write to.

        Raises:
            ShapeError: if it is set to an array of another shape.
            OperandError: if it is set to what are not real numbers.
        """
        return self._values

    @parameter_values.setter
    def parameter_values(self, new: Any) -> None:
        array = real_array(new, "the values of parameters")
        if array.shape != self._values.shape:
            raise ShapeError(
                f"the program has {self.parameter_count} parameters; an array of shape {array.shape} was given"
            )
        self._values = array.astype(float)

    def write_back(self) -> None:
        """Set the data of the captured Values to `parameter_values`."""
        for value, new in zip(self.parameters, self._values.tolist(), strict=True):
            value.data = new

    def read(self) -> None:
        """Set `parameter_values` to the data of the captured Values."""
        self._values[:] = [value.data for value in self.parameters]

    @property
    def runner(self) -> Runner:
        """The program made ready to run, the first time that it is asked for."""
        if self._runner is None:
            with no_gc():
                self._runner = Runner(self, fused(self))
        return self._runner

    def __call__(self, *inputs: Any, on_nonfinite: str = "raise") -> Any:
        """The result: a float for numbers, an array (batch,) for arrays with a leading batch axis."""
        return self.runner.run(
            inputs, engine=self.engine, backward=False, on_nonfinite=on_nonfinite
        )[0]

    def value_and_grad(self, *inputs: Any, on_nonfinite: str = "raise") -> tuple[Any, Gradients]:
        """The result and its `Gradients`: those of inputs per sample, those of parameters summed over the batch."""
        value, grads = self.runner.run(
            inputs, engine=self.engine, backward=True, on_nonfinite=on_nonfinite
        )
        assert grads is not None
        return value, grads

    def listing(self, style: str = "math", *, gradients: bool = False) -> str:
        """The program as text.

        Args:
            style: "python" for the lifted program as plain NumPy, a function that runs by itself;
                "math" or "latex" for the scalar program, one line per operation; "javascript" for
                the scalar program as a function of one sample.
            gradients: print the backward pass too, of "python" or "javascript": the function
                gives what `value_and_grad` gives.

        Raises:
            OptionError: if there is no such listing, or none with gradients.
        """
        return Text(listing(self, style, gradients=gradients))

    def to_jax(self) -> Callable[..., Any]:
        """The program as a function of JAX, ``f(parameters, *inputs)``, to be jitted, differentiated and sharded by JAX.

        Inputs are as for the program, with a leading batch axis or none; so is the result. Call it with `parameter_values`. It
        computes in 64 bits, and is differentiated backwards only (`jax.grad`, `jax.vjp`). Nothing checks that numbers are finite.

        Raises:
            ImportError: without JAX (extra ``jax``).
            OperandError: if JAX is set to 32 bits, or the program has guards: a compiled function cannot check them.
        """
        return export.to_jax(self)

    def to_torch(self) -> Callable[..., Any]:
        """The program as a function of PyTorch tensors, ``f(parameters, *inputs)``, which PyTorch differentiates.

        Inputs and the result are as for `to_jax`, in 64 bits.

        Raises:
            ImportError: without PyTorch (extra ``torch``).
            OperandError: if the program has guards.
        """
        return export.to_torch(self)

    def __repr__(self) -> str:
        operations = sum(slot.op in OPS for slot in self.slots)
        return f"Program({self.input_count} inputs, {self.parameter_count} parameters, {operations} operations, {len(self.guards)} guards)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and content(self) == content(other)

    __hash__ = None  # type: ignore[assignment]  # parameter values change

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: the data, and no tables and calls of a run."""
        return {**self.__dict__, "_runner": None}

    def __copy__(self) -> Program:
        """A program of its own parameter values, for the same Values."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__getstate__(), _values=self._values.copy())
        return twin

    def to_json(self) -> str:
        """The program and its parameters' numbers as text, sealed by a checksum, for `from_json`."""
        return to_text(self)

    @staticmethod
    def from_json(text: str) -> Program:
        """The program that `to_json` wrote. It has the parameters' numbers, and no Values.

        Raises:
            StateError: if the text is not such a program, was altered or cut short, or uses operations that are not in the table.
        """
        return Program.of(from_text(text))


def trace(
    f: Callable[..., Any], *example: Any, parameters: Sequence[Value] | None = None
) -> Program:
    """``f`` as a Program, recorded by running it once at ``example``: numbers, or nested lists of them.

    ``f`` receives Values in the same shape. Values that it captures become ``program.parameters``, in order of first use;
    or ``parameters`` do, used or not, and it may capture no others.

    The inputs, and what is computed from them alone, behave as the floats that they stand for: they are equal to numbers,
    and can be keys, text or indices. Where ``f`` takes a number out of a value (``x.data``, ``int(x)``, ``f"{x}"``), a
    replay that finds another number there raises `BranchChanged`. Random draws, counters and the like are not seen.

    Raises:
        OperandError: if ``f`` does what a replay could not repeat: reads or makes gradients by ``.backward()``, sets
            data, or catches an error of an operation.
    """
    return Program.of(record(f, *example, parameters=parameters))


def trace_graph(
    root: Value, *, inputs: Sequence[Value] = (), parameters: Sequence[Value] | None = None
) -> Program:
    """A graph that is there as a Program. Leaves that are neither inputs nor ``parameters`` become constants.

    Without ``parameters``, every leaf that is no input and no plain number is one.
    """
    return Program.of(record_graph(root, inputs=inputs, parameters=parameters))
