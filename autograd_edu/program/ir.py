"""A traced computation as plain data: operations over numbered slots, and its guards.

Nothing here knows how a computation is recorded, run, printed or exported.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate, chain, pairwise
from math import prod
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..engine.value import Value
from ..errors import ArityError
from ..notation.formula import number
from ..notation.text import printable

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Replayed: TypeAlias = float | Floats
Shapes: TypeAlias = tuple[tuple[int, ...], ...]
# How the results are nested, with their indices as leaves. An array holds several indices.
Form: TypeAlias = "int | NDArray[np.intp] | list[Form] | tuple[Form, ...] | dict[Key, Form]"
Key: TypeAlias = str | int | float | bool | None
Wrt: TypeAlias = Literal["all", "inputs", "parameters"]  # which gradients are asked for
WRT: tuple[Wrt, ...] = "all", "inputs", "parameters"
if TYPE_CHECKING:
    from typing_extensions import TypeVar  # whose default Python has only from 3.13 on

    I_co = TypeVar("I_co", covariant=True, default=list[Replayed])
    P_co = TypeVar("P_co", covariant=True, default=Floats)
    R = TypeVar("R", default=Replayed)
else:
    from typing import TypeVar

    I_co, P_co = TypeVar("I_co", covariant=True), TypeVar("P_co", covariant=True)
    R = TypeVar("R")


class Slot(NamedTuple):
    """One number of the computation: a leaf (input, parameter, constant) or an operation."""

    op: str
    operands: tuple[int, ...] = ()
    label: str = ""
    line: str = ""
    number: float = 0.0


class Operands:
    """The operands of every slot: as tuples for Python, and one after another for NumPy."""

    def __init__(self, tuples: Iterable[tuple[int, ...]]) -> None:
        self.tuples = list(tuples)

    @classmethod
    def of(cls, flat: Ints, counts: Ints) -> Operands:
        """Operands from a flat list, and how many each slot has. Tuples are made when asked for."""
        operands = cls.__new__(cls)
        operands.flat, operands.counts = flat, counts
        return operands

    def without(self, slots: list[int]) -> Operands:
        """The same operands, but none for these slots."""
        stay = np.ones(len(self.counts), bool)
        stay[slots] = False
        rest = Operands.of(self.flat[np.repeat(stay, self.counts)], self.counts * stay)
        rest.tuples = self.tuples.copy()
        for i in slots:
            rest.tuples[i] = ()
        return rest

    @cached_property
    def tuples(self) -> list[tuple[int, ...]]:
        """For each slot, its operands."""
        flat, stops = tuple(self.flat.tolist()), self.counts.cumsum().tolist()
        return [flat[start:stop] for start, stop in pairwise([0, *stops])]

    @cached_property
    def flat(self) -> Ints:
        """The operands of all slots."""
        return np.fromiter(chain.from_iterable(self.tuples), np.intp)

    @cached_property
    def counts(self) -> Ints:
        """The number of operands of each slot."""
        return np.fromiter(map(len, self.tuples), np.intp, len(self.tuples))

    @cached_property
    def starts(self) -> Ints:
        """Where the operands of each slot begin in ``flat``."""
        starts: Ints = self.counts.cumsum() - self.counts
        return starts


class Columns(NamedTuple):
    """Slots, field by field. A program may have a million, and a tuple for each takes long."""

    ops: list[str]
    operands: Operands
    labels: list[str]
    lines: Iterable[str]
    numbers: list[float]


def _is_same(a: Replayed, b: Replayed) -> Outcome:
    """Are two finite numbers identical? 0.0 and -0.0 are not."""
    same: Outcome = (a == b) & (np.signbit(a) == np.signbit(b))
    return same


Outcome: TypeAlias = bool | NDArray[np.bool_]
Compare: TypeAlias = Callable[[Replayed, Replayed], Outcome]
# The signs of guards, and how they compare.
SIGNS: Mapping[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "is": _is_same,
}


@dataclass(frozen=True)
class Guard:
    """A comparison of two slots that decides which branch is taken.

    Attributes:
        error: the name of the error that another outcome raises, and its text, with a place for
            the number on the left; None for `BranchChanged`.
    """

    sign: str
    left: int
    right: int
    outcome: bool
    line: str
    error: tuple[str, str] | None = None


class Gradients(NamedTuple, Generic[I_co, P_co]):
    """The gradients of the result. What was not asked for is None.

    Attributes:
        inputs: one entry for each argument, in its shape. An argument with a batch axis has the
            gradient of every sample; one without is shared by the samples, so its gradient is
            summed over them.
        parameters: one number for each parameter, summed over the batch.

    >>> from autograd_edu import trace
    >>> value, gradients = trace(lambda a, b: a * b, 1.0, 1.0).value_and_grad(2.0, 3.0)
    >>> gradients.inputs
    [3.0, 2.0]
    """

    inputs: I_co
    parameters: P_co


AnyGradients: TypeAlias = Gradients[list[Replayed] | None, Floats | None]


class Computation:
    """A computation recorded once.

    Attributes:
        columns: every number: inputs first, then parameters and, in a recorded computation,
            constants, then the rest as they were computed.
        shapes: the shape of each input.
        argument_names: the name of each argument of the traced function; "" where it has none.
        roots: the slots of the results.
        form: how the results are nested; 0 if there is a single result.
        guards: what the recorded branches depend on.
        parameters: the captured Values, in order of first use; empty if read from a file.
        parameter_values: the numbers of the parameters.
        origins: for each slot of a fused computation, which slot it was before, and where its
            line stands.
        depends: for each slot of a fused computation, what it depends on: 1 for parameters, 2 for
            inputs, 3 for both, 0 for neither.
    """

    def __init__(
        self,
        columns: Columns,
        shapes: Shapes,
        *,
        parameter_count: int,
        roots: Sequence[int],
        guards: Sequence[Guard],
        parameters: Sequence[Value] = (),
        argument_names: Sequence[str] = (),
        form: Form = 0,
        origins: Sequence[int] | None = None,
        depends: Sequence[int] = (),
    ) -> None:
        self.columns, self.shapes = columns, shapes
        self.argument_names = tuple(argument_names) or ("",) * len(shapes)
        self.roots, self.form, self.guards = tuple(roots), form, tuple(guards)
        self.input_count = sum(map(prod, shapes))
        self.parameter_count = parameter_count
        self.parameters = tuple(parameters)
        own = columns.numbers[self.input_count : self.leaf_count]
        self._values: Floats = np.array(own, dtype=float)
        self.origins: Sequence[int] = range(len(columns.ops)) if origins is None else origins
        self.depends = depends

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The rows of the columns."""
        ops, operands, *rest = self.columns
        rows = zip(ops, operands.tuples, *rest, strict=True)
        return tuple(
            map(partial(tuple.__new__, Slot), rows)
        )  # `Slot(...)` takes three times as long

    @cached_property
    def constants(self) -> dict[int, float]:
        """The number of each constant, by its slot."""
        ops, numbers = self.columns.ops, self.columns.numbers
        return {i: numbers[i] for i in self.operations if ops[i] == "constant"}

    @property
    def leaf_count(self) -> int:
        """The number of inputs and parameters, which are the first slots."""
        return self.input_count + self.parameter_count

    @property
    def leaf_spans(self) -> list[range]:
        """The slots of each input in turn, then those of the parameters."""
        counts = [*map(prod, self.shapes), self.parameter_count]
        return [range(*span) for span in pairwise(accumulate([0, *counts]))]

    @property
    def operations(self) -> range:
        """The slots after those, which are operations and constants."""
        return range(self.leaf_count, len(self.columns.ops))

    @property
    def has_one_result(self) -> bool:
        """Did the function return one number, rather than a container?"""
        return isinstance(self.form, int)

    @property
    def root(self) -> int:
        """The slot of the only result.

        Raises:
            ArityError: if there are several results.
        """
        if not self.has_one_result:
            raise ArityError(
                f"this needs a program with one result, but the program has {len(self.roots)} in a "
                f"{type(self.form).__name__}; trace a function that returns one Value"
            )
        return self.roots[0]

    @property
    def parameter_values(self) -> Floats:
        """The numbers of the parameters, an array of shape (parameter_count,)."""
        return self._values

    def names(self) -> list[str]:
        """A distinct name for each slot: its label, or v and its number; a constant's number."""
        taken: set[str] = set()
        names = []
        for i, slot in enumerate(self.slots):
            if slot.op == "constant":
                name = number(slot.number)
            else:
                name = printable(slot.label) or f"v{i}"
                name = f"{name}_{i}" if name in taken else name
            taken.add(name)
            names.append(name)
        return names
