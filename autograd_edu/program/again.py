"""A recorded computation computed again, slot by slot, on numbers of any kind.

A replay runs arrays. Here the numbers may be floats, Values or complex numbers, as the gradient
check needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # a number of any kind

from ..engine.number import plain
from ..engine.ops import OPS
from ..errors import BranchChanged, error_named
from .ir import SIGNS, Computation, Guard


def again(given: Computation, leaves: Sequence[Any]) -> list[Any]:
    """The number of every slot, from those of the inputs and the parameters.

    Raises:
        BranchChanged: if the recorded branch is not the one that these numbers take.
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
