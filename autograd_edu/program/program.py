"""A traced computation as data: operations over numbered slots, and the guards that it holds under."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..engine.modes import no_gc
from ..engine.ops import OPS
from ..errors import is_an_error
from ..files import seal, unseal
from ..notation.formula import number
from ..notation.text import printable
from .arrays import real_array

if TYPE_CHECKING:
    from ..engine.value import Value
    from .runner import Runner


class Slot(NamedTuple):
    """One number of the computation: a leaf (input, parameter, constant), or an operation on earlier slots."""

    op: str
    operands: tuple[int, ...] = ()
    label: str = ""
    line: str = ""
    number: float = 0.0


new_slot = partial(
    tuple.__new__, Slot
)  # a third of the time that the class itself takes, for programs of a million slots


def _is_same(a: Any, b: Any) -> Any:
    """Whether two finite numbers are the same in everything, so that 0.0 is not -0.0."""
    import numpy as np

    return (a == b) & (np.signbit(a) == np.signbit(b))


SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "is": _is_same,
}  # of guards, in the order that the machine numbers them


@dataclass(frozen=True)
class Guard:
    """A comparison of two slots whose outcome the recorded branch depends on.

    Attributes:
        error: the name of the error that another outcome raises, and its text, into which the number on the left goes;
            None for `BranchChanged`.
    """

    sign: str
    left: int
    right: int
    outcome: bool
    line: str
    error: tuple[str, str] | None = None


class Gradients(NamedTuple):
    """Gradients of the result: per sample for the inputs, one entry an argument; summed over the batch for the parameters."""

    inputs: list[Any]
    parameters: Any


class Program:
    """A computation recorded once, to be replayed over batches. Made by `trace` or `trace_graph`.

    Attributes:
        slots: every number: inputs first, then parameters, then the rest in the order of their computation.
        parameters: the Values that the computation captured, in order of first use; empty after `from_json`.
        parameter_values: their numbers in this program, an array; `write_back` sets the Values' data to them.
        engine: "numpy"; "jit", the compiled interpreter (extra ``jit``); or "auto", that of the two which should be faster.
            Set on the class, it holds for every program that has not its own.
    """

    engine = "auto"

    def __init__(
        self, slots: tuple[Slot, ...], shapes: tuple[tuple[int, ...], ...], parameter_count: int, root: int,
        guards: tuple[Guard, ...], parameters: Sequence[Value] = (),
    ) -> None:  # fmt: skip
        import numpy as np

        self.slots, self.shapes, self.root, self.guards = slots, shapes, root, guards
        self.input_count = sum(prod(shape) for shape in shapes)
        self.parameter_count = parameter_count
        self.parameters = tuple(parameters)
        start = self.input_count
        self._values = np.array(
            [slot.number for slot in slots[start : start + parameter_count]], dtype=float
        )
        self._runner: Runner | None = None
        self.origins: Sequence[int] = range(
            len(slots)
        )  # of each slot of a fused program, which one it was

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
        from ..errors import ShapeError

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

    def fused(self) -> Program:
        """The same program with its sums of products as dot products; parameters and inputs keep their places."""
        from .lifting.fuse import fuse

        slots, root, guards, origins = fuse(self.slots, self.root, self.guards)
        fused = Program(
            tuple(slots), self.shapes, self.parameter_count, root, tuple(guards), self.parameters
        )
        fused.origins = origins
        return fused

    @property
    def runner(self) -> Runner:
        """The program made ready to run, the first time that it is asked for."""
        if self._runner is None:
            from .runner import Runner

            with no_gc():
                self._runner = Runner(self, self.fused())
        return self._runner

    def __call__(self, *inputs: Any, on_nonfinite: str = "raise") -> Any:
        """The result: a float for numbers, an array (batch,) for arrays with a leading batch axis."""
        return self.runner.run(inputs, backward=False, on_nonfinite=on_nonfinite)[0]

    def value_and_grad(self, *inputs: Any, on_nonfinite: str = "raise") -> tuple[Any, Gradients]:
        """The result and its `Gradients`: those of inputs per sample, those of parameters summed over the batch."""
        value, grads = self.runner.run(inputs, backward=True, on_nonfinite=on_nonfinite)
        assert grads is not None
        return value, grads

    def names(self) -> list[str]:
        """A distinct name for each slot: its label, or v and its number; a constant's is its number."""
        taken: set[str] = set()
        names = []
        for i, slot in enumerate(self.slots):
            name = (
                number(slot.number) if slot.op == "constant" else printable(slot.label) or f"v{i}"
            )
            if slot.op != "constant" and name in taken:
                name = f"{name}_{i}"
            taken.add(name)
            names.append(name)
        return names

    def listing(self, style: str = "math", *, gradients: bool = False) -> str:
        """The program as text: "python" for the lifted one as plain NumPy, a function that runs by itself; "math" or "latex" for
        the scalar one, a line an operation.

        Args:
            gradients: print the way back too, of "python": the function gives what `value_and_grad` gives.

        Raises:
            OptionError: if there is no such listing, or none with gradients.
        """
        from .writing.listing import listing

        return listing(self, style, gradients=gradients)

    def to_jax(self) -> Callable[..., Any]:
        """The program as a function of JAX, ``f(parameters, *inputs)``, to be jitted, differentiated and sharded by JAX.

        Inputs are as for the program, with a leading batch axis or none; so is the result. Call it with `parameter_values`. It
        computes in 64 bits, and is differentiated backwards only (`jax.grad`, `jax.vjp`). Nothing checks that numbers are finite.

        Raises:
            ImportError: without JAX (extra ``jax``).
            OperandError: if JAX is set to 32 bits, or the program has guards: a compiled function cannot check them.
        """
        from .writing.export import to_jax

        return to_jax(self)

    def to_torch(self) -> Callable[..., Any]:
        """The program as a function of PyTorch tensors, ``f(parameters, *inputs)``, which PyTorch differentiates.

        Inputs and the result are as for `to_jax`, in 64 bits.

        Raises:
            ImportError: without PyTorch (extra ``torch``).
            OperandError: if the program has guards.
        """
        from .writing.export import to_torch

        return to_torch(self)

    def __repr__(self) -> str:
        operations = sum(slot.op in OPS for slot in self.slots)
        return f"Program({self.input_count} inputs, {self.parameter_count} parameters, {operations} operations, {len(self.guards)} guards)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self._data() == other._data()

    __hash__ = None  # type: ignore[assignment]  # parameter values change

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: the data, and no tables and calls of a run."""
        return {**self.__dict__, "_runner": None}

    def __copy__(self) -> Program:
        """A program of its own parameter values, for the same Values."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__getstate__(), _values=self._values.copy())
        return twin

    def _data(self) -> dict[str, Any]:
        return {
            "slots": [list(slot) for slot in self.slots],
            "shapes": self.shapes,
            "parameter_count": self.parameter_count,
            "root": self.root,
            "guards": [list(asdict(guard).values()) for guard in self.guards],
            "parameter_values": self._values.tolist(),
        }

    def to_json(self) -> str:
        """The program and its parameters' numbers as text, sealed by a checksum, for `from_json`."""
        return seal(self._data(), "program")

    @staticmethod
    def from_json(text: str) -> Program:
        """The program that `to_json` wrote. It has the parameters' numbers, and no Values.

        Raises:
            StateError: if the text is not such a program, was altered or cut short, or uses operations that are not in the table.
        """
        from ..errors import StateError

        data = unseal(text, "program")
        try:
            slots = tuple(Slot(op, tuple(operands), *rest) for op, operands, *rest in data["slots"])
            unknown = {slot.op for slot in slots} - {*OPS, "input", "parameter", "constant"}
            guards = tuple(_guard(*guard) for guard in data["guards"])
            shapes = tuple(tuple(shape) for shape in data["shapes"])
            program = Program(slots, shapes, data["parameter_count"], data["root"], guards)
            program.parameter_values = data["parameter_values"]
            sound = bool(unknown) or program._is_sound()
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            raise StateError(
                f"this is not a program as to_json writes it: {type(error).__name__}: {error}"
            ) from None
        if unknown:
            raise StateError(
                f"the program uses operations that are not in the table: {sorted(unknown)}; register them first"
            )
        if not sound:
            raise StateError(
                "this is not a program as to_json writes it: its leaves do not come first, an operation has operands that it "
                "cannot have, or a name or number is none"
            )
        return program

    def _is_sound(self) -> bool:
        """Whether inputs come first, then parameters, and every operation has as many earlier slots as it needs."""
        leaves = ["input"] * self.input_count + ["parameter"] * self.parameter_count
        numbers = [
            self.root,
            *[side for guard in self.guards for side in (guard.left, guard.right)],
        ]
        return (
            [slot.op for slot in self.slots if slot.op in ("input", "parameter")]
            == leaves
            == [slot.op for slot in self.slots[: len(leaves)]]
            and all(_slot_is_sound(i, slot) for i, slot in enumerate(self.slots))
            and all(type(number) is int and 0 <= number < len(self.slots) for number in numbers)
            and all(_guard_is_sound(guard) for guard in self.guards)
        )


def _guard(
    sign: str, left: int, right: int, outcome: bool, line: str, error: list[str] | None = None
) -> Guard:
    return Guard(sign, left, right, outcome, line, None if error is None else (error[0], error[1]))


def _guard_is_sound(guard: Guard) -> bool:
    """Whether a guard has a sign, an outcome, and an error of this package's, if any."""
    error = guard.error
    known = error is None or (is_an_error(error[0]) and type(error[1]) is str)
    return guard.sign in SIGNS and type(guard.outcome) is bool and known


def _slot_is_sound(place: int, slot: Slot) -> bool:
    """Whether a slot at this place refers to earlier ones, as many as its operation takes, and its texts and number are such."""
    op, operands, label, line, number = slot
    earlier = all(type(i) is int and 0 <= i < place for i in operands)
    row = OPS.get(op)
    right = (
        not operands
        if row is None
        else len(operands) > 0
        if row.variadic
        else len(operands) == len(row.operand_names())
    )
    return earlier and right and type(label) is type(line) is str and type(number) in (int, float)
