"""Compute a recorded computation again, slot by slot, on numbers of any kind.

A replay runs on arrays. Here the numbers may also be Values or complex numbers, which the gradient
check needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.number import Number, plain
from ..engine.ops import OPS
from ..errors import BranchChanged, error_named
from .ir import SIGNS, Computation, Guard

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
    for guard in given.guards:
        _check(guard, plain(values[guard.left]), plain(values[guard.right]))
    return values


def _check(guard: Guard, left: float, right: float) -> None:
    if bool(SIGNS[guard.sign](left, right)) == guard.outcome:
        return
    if guard.error is not None:
        raise error_named(guard.error[0])(guard.error[1].format(left))
    raise BranchChanged(
        f"the comparison at {guard.line} was {guard.outcome} when the function was traced, but is "
        f"{not guard.outcome} for {left!r} and {right!r}"
    )
