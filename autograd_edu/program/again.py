"""Compute a recorded computation again, slot by slot, on numbers of any kind.

A replay runs on arrays. Here the numbers may also be Values or complex numbers, which the gradient
check needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from ..engine.number import Number, plain
from ..engine.ops import OPS
from ..errors import BranchChanged, error_named
from .ir import SIGNS, Computation

Scalar = Number | float


def again(given: Computation, leaves: Sequence[Scalar]) -> list[Scalar]:
    """The numbers of all slots, from the numbers of the inputs and the parameters.

    Raises:
        BranchChanged: if these numbers take another branch than the recorded one.
    """
    values = list(leaves)
    for slot in given.slots[len(leaves) :]:
        operands = [values[j] for j in slot.operands]
        values.append(OPS[slot.op].apply(operands) if operands else slot.number)
    for number, guard in enumerate(given.guards):
        left, right = plain(values[guard.left]), plain(values[guard.right])
        if bool(SIGNS[guard.sign](left, right)) != guard.outcome:
            break_guard(given, number, left, right, sample=0)
    return values


def break_guard(
    given: Computation, number: int, left: float, right: float, *, sample: int
) -> NoReturn:
    """Raise the error of a guard that does not hold for the numbers of a sample."""
    guard, names = given.guards[number], given.names()
    if guard.error is not None:
        kind, text = guard.error
        raise error_named(kind)(text.format(left))
    if guard.sign == "is":
        raise BranchChanged(
            f"{guard.line} used the number of {names[guard.left]}, which was {right!r} when the "
            f"function was traced; for sample {sample} it is {left!r}. Trace the function again "
            f"for that number"
        )
    raise BranchChanged(
        f"the comparison {names[guard.left]} {guard.sign} {names[guard.right]} at {guard.line} was "
        f"{guard.outcome} when the function was traced, but is {not guard.outcome} for sample "
        f"{sample} ({left!r} and {right!r}). Trace the function again for that branch, or use "
        f"where(), which keeps both"
    )
