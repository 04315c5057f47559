"""How much gradient flows back along each wire, and which shares a gradient is the sum of."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.value import Value
from ...notation.text import text_width

_LONGEST = 32  # columns of a sum


def share(value: Value, slot: int) -> float | None:
    """Local × upstream gradient: what ``value`` gave to operand ``slot``.

    None if it gave nothing: before a backward pass, to a constant, to what is not selected.
    """
    operand, local = value.parents[slot], value.local_grads[slot]
    if operand.is_constant or not (value.has_grad and operand.has_grad):
        return None
    if local == 0.0 and value.op is not None and value.op.selects:
        return None
    return local * value.grad


def ledger(terms: Sequence[str], total: str) -> str:
    """The sum written out, "1 + 3 + (-3) = 1", with "…" in the place of what makes it too long."""
    shown = [f"({term})" if k and term.startswith("-") else term for k, term in enumerate(terms)]
    shorter = ([*shown[:kept], "…", shown[-1]] for kept in (3, 2, 1) if kept + 1 < len(shown))
    sums = [f"{' + '.join(some)} = {total}" for some in (shown, *shorter)]
    return next((each for each in sums if text_width(each) <= _LONGEST), sums[-1])
