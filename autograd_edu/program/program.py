"""`Program`: a function of Values that is recorded once, then replayed and printed.

`trace` and `trace_graph` make one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import isclose
from typing import Any, Generic, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from ..derivatives.check import Report, check_gradient
from ..derivatives.report import Row
from ..engine.modes import no_gc
from ..engine.number import Number
from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import ArityError, OperandError, ShapeError
from ..printing import Text, prints
from .again import again
from .ir import AnyGradients, Computation, Floats, Gradients, Key, R, Replayed, Wrt
from .lifting.fuse import fused
from .parameters import Parameters
from .runner import Runner
from .saved import content, from_text, to_text
from .tracing.trace import Example, record, record_graph
from .writing.directional import directional
from .writing.export import exported
from .writing.frameworks import Foreign
from .writing.listing import listing

# a container of Values; the keys of a Mapping are invariant, so each type stands alone
Nested: TypeAlias = Sequence[object] | Mapping[str, object] | Mapping[int, object]
Results: TypeAlias = "Replayed | list[Results] | tuple[Results, ...] | dict[Key, Results]"
AnyProgram: TypeAlias = "Program[Any]"  # what it returns is up to the traced function


@prints
class Program(Parameters, Computation, Generic[R]):
    """A recorded computation. Call it to replay it, on one sample or on a whole batch.

    `trace` and `trace_graph` make programs. An input is a number or an array in the shape of the
    example, or an array with a batch axis before that shape. If only some inputs have a batch axis,
    all samples share the others.

    Attributes:
        slots: all numbers: the inputs, then the parameters, then the results of the operations.
        parameters: the captured Values, in order of first use. Empty after `from_json`.
        parameter_values: the numbers of the parameters in this program. `write_back` copies them to
            the Values.
        engine: "numpy"; "jit", which needs the extra ``jit``; "python", for a few samples of an
            irregular program without that extra; or "auto", the fastest of them.
            Set it on the class to change it for all programs that have no engine of their own.

    >>> program = trace(lambda x, y: x * y + x, 1.0, 2.0)
    >>> program(3.0, 4.0)
    15.0
    >>> y, gradients = program.value_and_grad([1.0, 2.0, 3.0], 4.0)
    >>> y.tolist(), gradients.inputs
    ([5.0, 10.0, 15.0], [array([5., 5., 5.]), 6.0])
    """

    engine = "auto"
    parameters: tuple[Value, ...]

    @classmethod
    def of(cls, computation: Computation) -> AnyProgram:
        """The program of a recorded computation."""
        program = object.__new__(cls)
        program.__dict__.update(computation.__dict__)
        return program

    # ---- running ----

    @cached_property
    def runner(self) -> Runner:
        """What runs the program. It is made when it is first needed."""
        with no_gc():
            return Runner(self, fused(self))

    @overload
    def __call__(self: Program[Replayed], *inputs: float, on_nonfinite: str = ...) -> float: ...
    @overload
    def __call__(self, *inputs: ArrayLike, on_nonfinite: str = ...) -> R: ...
    def __call__(self, *inputs: ArrayLike, on_nonfinite: str = "raise") -> Any:  # R, or a float
        """The result: a float, or an array of shape (batch,) if an input has a batch axis.

        If the traced function returns several results, they come in the same lists, tuples, dicts
        and arrays. The batch axis of an array comes first.

        Args:
            on_nonfinite: "raise" raises a DomainError if a result is not finite, and "keep" returns
                it.

        Raises:
            ArityError, ShapeError, OperandError: if the inputs do not fit the traced function.
            BranchChanged: if an input takes another branch than the recorded one.
        """
        return self.runner.results(inputs, engine=self.engine, on_nonfinite=on_nonfinite)

    @overload
    def value_and_grad(self, *inputs: float, wrt: Literal["all"] = ..., on_nonfinite: str = ...
                       ) -> tuple[float, Gradients]: ...  # fmt: skip
    @overload
    def value_and_grad(self, *inputs: float, wrt: Literal["inputs"], on_nonfinite: str = ...
                       ) -> tuple[float, Gradients[list[Replayed], None]]: ...  # fmt: skip
    @overload
    def value_and_grad(self, *inputs: float, wrt: Literal["parameters"], on_nonfinite: str = ...
                       ) -> tuple[float, Gradients[None, Floats]]: ...  # fmt: skip
    @overload
    def value_and_grad(self, *inputs: ArrayLike, wrt: Literal["all"] = ..., on_nonfinite: str = ...
                       ) -> tuple[Replayed, Gradients]: ...  # fmt: skip
    @overload
    def value_and_grad(self, *inputs: ArrayLike, wrt: Literal["inputs"], on_nonfinite: str = ...
                       ) -> tuple[Replayed, Gradients[list[Replayed], None]]: ...  # fmt: skip
    @overload
    def value_and_grad(self, *inputs: ArrayLike, wrt: Literal["parameters"], on_nonfinite: str = ...
                       ) -> tuple[Replayed, Gradients[None, Floats]]: ...  # fmt: skip
    def value_and_grad(
        self, *inputs: ArrayLike, wrt: Wrt = "all", on_nonfinite: str = "raise"
    ) -> tuple[Replayed, AnyGradients]:
        """The result, as from a call, and its `Gradients`.

        The gradient of an input has a batch axis if the input has one. The gradients of other
        inputs and of the parameters are summed over the batch. For a Jacobian, trace one program
        per result: ``trace(lambda *xs: f(*xs)[i], *xs)``.

        Args:
            wrt: which gradients you need: "all", "inputs" or "parameters". The others are None, and
                are not computed, so they cannot raise errors either.

        Raises:
            ArityError: if there are several results. A call says what else can be raised.
            OptionError: if ``wrt`` is something else.

        >>> w = Value(3.0)
        >>> trace(lambda x: w * x, 1.0).value_and_grad([1.0, 2.0], wrt="parameters")
        (array([3., 6.]), Gradients(inputs=None, parameters=array([3.])))
        """
        return self.runner.value_and_grad(
            inputs, engine=self.engine, on_nonfinite=on_nonfinite, wrt=wrt
        )

    def hvp(
        self,
        at: Sequence[ArrayLike],
        tangents: Sequence[ArrayLike] | None = None,
        *,
        parameter_tangents: ArrayLike | None = None,
    ) -> Gradients:
        """The Hessian-vector product: the Hessian of the result times a direction, as `Gradients`.

        It costs about as much as four gradients, for any number of inputs and parameters.

        Args:
            at: a list of the inputs, each as for a call.
            tangents: the direction, a list of one entry per input. An entry has the shape of its
                input, or a batch axis before that shape. By default all are zero.
            parameter_tangents: the direction of the parameters. By default all are zero.

        Raises:
            OperandError: if ``at`` or ``tangents`` is not a list.
            ArityError: if their number differs, or the program has several results.

        >>> program = trace(lambda x, y: x * x * y, 1.0, 1.0)
        >>> program.hvp((3.0, 5.0), (1.0, 0.0)).inputs  # the first column of [[2y, 2x], [2x, 0]]
        [10.0, 6.0]
        """
        if tangents is None:
            tangents = [np.zeros(shape) for shape in self.shapes]
        self._check_lists(at, tangents)
        self(*at)  # raises if the recorded branch or a number is wrong for these inputs
        with self.runner.lock:  # only one thread at a time may set the direction
            return self._along([*at, [1.0], *tangents], parameter_tangents)

    def _check_lists(self, at: Sequence[ArrayLike], tangents: Sequence[ArrayLike]) -> None:
        for given, what in ((at, "inputs"), (tangents, "tangents")):
            if not (isinstance(given, Sequence) or getattr(given, "ndim", 0)):
                raise OperandError(
                    f"hvp() takes a list of {what}, as in hvp([x, y], [1.0, 0.0]); got {given!r}"
                )
        if len(tangents) != len(self.shapes):
            raise ArityError(
                f"hvp() needs one tangent for each of the {len(self.shapes)} inputs; "
                f"got {len(tangents)}"
            )

    def _along(
        self, inputs: Sequence[ArrayLike], parameter_tangents: ArrayLike | None
    ) -> Gradients:
        """The gradients of the derivative along a direction, at the current parameters."""
        self.root  # noqa: B018 - an error if there are several results
        if parameter_tangents is None:
            parameter_tangents = np.zeros(self.parameter_count)
        tangents = self._one_each(parameter_tangents, "tangents")
        along = self._directional
        along.engine, along.parameter_values = self.engine, np.append(self._values, tangents)
        # kept at first, as a branch that is not taken need not be finite
        _, found = along.value_and_grad(*inputs, on_nonfinite="keep")
        by_input, own = found.inputs[: len(self.shapes)], found.parameters[: self.parameter_count]
        if not all(np.isfinite(x).all() for x in (*by_input, own)):
            along.value_and_grad(*inputs)  # raises, and says what is not finite
        return Gradients(by_input, own)

    @cached_property
    def _directional(self) -> AnyProgram:
        return Program.of(directional(self))

    def check_gradient(
        self, *inputs: ArrayLike, rtol: float = 1e-8, sample: int = 50, seed: int = 0
    ) -> Report:
        """A report that compares the replayed gradients of one sample with numeric ones.

        It also checks the gradients of the parameters, at `parameter_values`. The report is true if
        all gradients pass. Keyword arguments are those of `autograd_edu.check_gradient`.

        >>> bool(trace(lambda x, y: x * y, 1.0, 1.0).check_gradient(3.0, -4.0))
        True
        """
        y, grads = self.value_and_grad(*inputs)
        if isinstance(y, np.ndarray):
            raise ShapeError("check_gradient() checks one sample; pass inputs without a batch axis")
        numbers = np.concatenate([*map(np.ravel, inputs), self._values]).astype(float).tolist()
        replayed = np.concatenate([*map(np.ravel, grads.inputs), grads.parameters]).tolist()
        names = self.names()[: len(numbers)]
        report = check_gradient(
            lambda *xs: again(self, xs)[self.root],
            numbers,
            rtol=rtol, sample=sample, seed=seed, names=names,
        )  # fmt: skip
        of_replay = dict(zip(names, replayed, strict=True))
        rows = [_compared(row, of_replay[row.name], rtol) for row in report.rows]
        return replace(report, rows=tuple(rows))

    # ---- as text, and in other frameworks ----

    def listing(self, style: str = "math", *, gradients: bool = False) -> str:
        """The program as text.

        Args:
            style: "python" gives a NumPy function over batches that runs by itself, "javascript" a
                function for the browser. "math" and "latex" give one line per scalar operation.
            gradients: also print the backward pass, for "python" and "javascript". The function
                then returns what `value_and_grad` returns.

        Raises:
            OptionError: if the style is unknown, or cannot print gradients.
            ArityError: if ``gradients`` is True and the program has several results.
        """
        return Text(listing(self, style, gradients=gradients))

    def to_jax(self) -> Callable[..., Foreign]:
        """The program as a JAX function, ``f(parameters, *inputs)``.

        Pass `parameter_values` as ``parameters``. Inputs and results are as for a call of the
        program. It computes in 64 bits, and does not check that numbers are finite. JAX can
        differentiate it in reverse mode (`jax.grad`, `jax.vjp`), not in forward mode.

        Raises:
            ImportError: if JAX is missing; the extra ``jax`` installs it.
            OperandError: if JAX is set to 32 bits, or the program has guards, which a compiled
                function cannot check.
        """
        return exported(self, "jax")

    def to_torch(self) -> Callable[..., Foreign]:
        """The program as a function of PyTorch tensors, ``f(parameters, *inputs)``.

        PyTorch can differentiate it. Inputs and results are as for `to_jax`, in 64 bits.

        Raises:
            ImportError: if PyTorch is missing; the extra ``torch`` installs it.
            OperandError: if the program has guards.
        """
        return exported(self, "torch")

    def to_json(self) -> str:
        """The program with its `parameter_values` as text, which `from_json` reads."""
        return to_text(self)

    @staticmethod
    def from_json(text: str) -> AnyProgram:
        """The program that `to_json` wrote. Its `parameters`, the captured Values, are gone.

        Raises:
            OperandError: if you pass something other than text.
            StateError: if the text was altered, cut short or not written by `to_json`, or uses an
                operation that does not exist here.
        """
        if not isinstance(text, (str, bytes)):
            raise OperandError(
                f"from_json takes the text that to_json returned; got {type(text).__name__} "
                f"{text!r:.60}"
            )
        return Program.of(from_text(text))

    # ---- as an object ----

    def __repr__(self) -> str:
        operations = sum(slot.op in OPS for slot in self.slots)
        results = "" if len(self.roots) == 1 else f"{len(self.roots)} results, "
        return (
            f"Program({self.input_count} inputs, {self.parameter_count} parameters, {results}"
            f"{operations} operations, {len(self.guards)} guards)"
        )

    def __eq__(self, other: object) -> bool:  # no hash, as parameter values change
        return isinstance(other, Program) and content(self) == content(other)

    def __getstate__(self) -> dict[str, object]:
        """What is copied and pickled: the data, without what was made to run it."""
        made = ("runner", "_directional")
        return {name: part for name, part in self.__dict__.items() if name not in made}

    def __copy__(self) -> Program[R]:
        """A program of the same Values with its own `parameter_values`."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__getstate__(), _values=self._values.copy())
        return twin


def _compared(row: Row, replayed: float, rtol: float) -> Row:
    """The row, marked as failed if the replayed gradient differs."""
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
) -> AnyProgram:
    """``f`` as a `Program`, which is recorded by running ``f`` once at ``example``.

    The example consists of numbers or nested lists of numbers, and ``f`` receives Values in the
    same shapes. It may return one Value, or several in lists, tuples, dicts or arrays. Values that
    it captures become ``program.parameters``, in order of first use. If you pass ``parameters``,
    the program has exactly those, and ``f`` must not capture others.

    While it is traced, an input behaves like a float: you can compare it with numbers, print it,
    and use it as an index or a key. If ``f`` reads its number (``x.data``, ``int(x)``, ``f"{x}"``),
    a replay with another number there raises `BranchChanged`. A trace does not record side effects
    such as random draws and counters.

    Raises:
        OperandError: if ``f`` does something that a replay cannot repeat: it reads gradients, calls
            ``.backward()``, sets data, or catches an error of an operation.

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
    """The graph of ``root`` as a `Program`.

    Leaves that are neither ``inputs`` nor ``parameters`` become constants. By default, all leaves
    that are neither inputs nor constants are parameters.

    >>> from autograd_edu import Value
    >>> x, w = Value(2.0, "x"), Value(3.0, "w")
    >>> program = trace_graph(x * w, inputs=[x])
    >>> program(10.0), program.parameter_values
    (30.0, array([3.]))
    """
    return Program.of(record_graph(root, inputs=inputs, parameters=parameters))
