"""What the engine says: how a row is documented, and what is wrong with a call, a row or a graph.

`errors` has the exceptions. Here are the texts that look at an operation or at a graph. They know
both only by the few attributes that `Row` and `Node` list.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from inspect import cleandoc
from typing import Any, Protocol

from .errors import ArityError, AutogradError, Named, no_gradient


class Row(Named, Protocol):
    """What the texts tell of an operation; see `engine.op.Op`."""

    example: tuple[float, ...]
    edges: str
    variadic: bool

    @property
    def rule(self) -> Callable[..., Any]:
        """The value, a function of a namespace and of numbers of any kind."""

    def apply(self, operands: Sequence[Any]) -> Any:
        """The result for the operands."""

    def slopes_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The local gradients in words."""


class Node(Protocol):
    """What the texts tell of a value; see `engine.value.Value`."""

    label: str
    op: Any  # a `Row`, or None for a leaf

    @property
    def has_grad(self) -> bool:
        """Has a pass reached it?"""

    def _peek(self) -> float:
        """The number."""

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands."""

    @property
    def local_grads(self) -> tuple[float, ...]:
        """The local gradients."""


# ---- rows ----


def documented(op: Row) -> str:
    """The docstring of a row's rule, with the domain and the edges that the row states."""
    names = op.operand_names(len(op.example))
    domain = op.domain.format(**dict(zip(names, names, strict=True)))
    parts = [
        cleandoc(op.rule.__doc__ or ""),
        domain and f"Domain: {domain}.",
        op.edges and f"Edges: {op.edges}.",
    ]
    return "\n\n".join(filter(None, parts))


def check_row(op: Row, is_taken: bool) -> None:
    """Raise unless a row can enter the table."""
    names = op.operand_names(len(op.example) if op.variadic else 0)
    count = len(op.slopes_of(names))
    if is_taken:
        raise ValueError(f"there is an operation {op.name!r} already; choose another name")
    if not len(names) == len(op.example) == count:
        raise ArityError(
            f"{op.name} has the operands {', '.join(names)}; it needs {len(names)} local gradients "
            f"and an example of {len(names)} numbers; got {count} and {len(op.example)}"
        )


def check_count(op: Row, count: int) -> None:
    """Raise if an operation cannot take ``count`` operands."""
    names = op.operand_names(0)
    if op.variadic and count == 0:
        raise ArityError(f"{op.name} needs at least one operand; none was given") from None
    if not op.variadic and count != len(names):
        raise ArityError(
            f"{op.name} takes {len(names)} operand(s), {', '.join(names)}; {count} were given"
        ) from None


# ---- graphs ----


def warn_of_changes(order: Sequence[Node], *, stacklevel: int) -> None:
    """Warn of the first result in ``order`` that its operands, as they are now, would not give.

    Setting ``.data``, as an optimiser's step does, changes one value alone, not what was computed
    from it before.
    """
    for value in order:
        if value.op is None or not math.isfinite(value._peek()):
            continue
        try:
            y = value.op.apply([parent._peek() for parent in value.parents])
        except (ValueError, ArithmeticError):
            y = math.nan
        if y != value._peek():
            now = f"would be {y!r} now" if y == y else "has no value now"
            warnings.warn(
                f"{value.label or value.op.name!r} was {value._peek()!r} when it was computed, and "
                f"{now}: a number has changed since. Values and gradients here are those of the "
                "old numbers; build the graph again for the new ones",
                stacklevel=stacklevel + 1,
            )
            return


def without_gradient(leaf: Node, gradient: float, order: Sequence[Node]) -> str:
    """Which operation a gradient that is not finite came from; ``order`` has what it passed."""
    variable = repr(leaf.label) if leaf.label else "a leaf"
    root = repr(order[-1].label) if order[-1].label else "the result"
    asked = f"the gradient of {root} with respect to {variable} is {gradient!r}"
    for value in reversed(order):
        for local in value.local_grads:
            if local - local != 0.0 and value.has_grad:
                xs = [parent._peek() for parent in value.parents]
                return f"{asked}: {no_gradient(value.op, xs, local)}"
    return f"{asked}: a product or a sum of gradients is larger than the largest float, 1.8e308"


def require(holds: Any, error: type[AutogradError], text: str, number: Any) -> None:
    """Raise ``error`` with ``text``, into which ``number`` goes, unless a comparison holds.

    ``number`` is the left side of the comparison. Where a function is traced, every replay asks
    again.
    """
    if hasattr(holds, "require"):  # a comparison that is traced
        holds.require(error, text)
    elif not holds:
        raise error(text.format(number._peek() if hasattr(number, "_peek") else float(number)))
