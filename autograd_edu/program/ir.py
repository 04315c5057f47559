"""A traced computation as plain data: operations over numbered slots, and the guards that it holds under.

Nothing here knows how a computation is recorded, run, printed or exported.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..notation.formula import number
from ..notation.text import printable

Shapes = tuple[tuple[int, ...], ...]


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


class Computation:
    """A computation recorded once.

    Attributes:
        slots: every number: inputs first, then parameters, then the rest in the order of their computation.
        shapes: of each input.
        root: the slot of the result.
        guards: what the recorded branches depend on.
        parameters: what was captured, in order of first use; empty if it was read from a file.
        parameter_values: the numbers of the parameters, an array.
        origins: of each slot of a fused computation, which one it was.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        shapes: Shapes,
        parameter_count: int,
        root: int,
        guards: Sequence[Guard],
        *,
        parameters: Sequence[Any] = (),
        origins: Sequence[int] | None = None,
    ) -> None:
        self.slots, self.shapes, self.root, self.guards = tuple(slots), shapes, root, tuple(guards)
        self.input_count = sum(map(prod, shapes))
        self.parameter_count = parameter_count
        self.parameters = tuple(parameters)
        own = slots[self.input_count : self.input_count + parameter_count]
        self._values = np.array([slot.number for slot in own], dtype=float)
        self.origins: Sequence[int] = range(len(slots)) if origins is None else origins

    @property
    def parameter_values(self) -> Any:
        """The numbers of the parameters: an array (parameter_count,) of float64."""
        return self._values

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
