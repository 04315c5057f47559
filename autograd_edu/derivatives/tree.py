"""Nested lists and tuples of numbers: mapped, flattened, and filled again.

Arguments of functions, gradients and results have any such shape. An array counts as the list that it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..engine.floats import real
from ..engine.number import Number
from ..errors import OperandError


def tree_map(f: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``f`` of each number in its place."""
    items = _items(tree)
    if items is None:
        return f(tree)
    parts = [tree_map(f, item) for item in items]
    return tuple(parts) if isinstance(tree, tuple) else parts


def flatten(tree: Any) -> list[Any]:
    """The numbers of ``tree``, in order."""
    items = _items(tree)
    return [tree] if items is None else [x for item in items for x in flatten(item)]


def unflatten(tree: Any, numbers: Iterator[Any]) -> Any:
    """``numbers`` in the shape of ``tree``."""
    return tree_map(lambda _: next(numbers), tree)


def as_arguments(at: Any, name: str = "at") -> Sequence[Any]:
    """``at`` as one entry for each argument of a function; a number stands for the only argument.

    Raises:
        OperandError: if ``at``, which the message calls by ``name``, is neither.
    """
    if isinstance(at, (list, tuple)):
        return at
    if isinstance(at, Number):
        return (at,)
    try:
        return (real(at),)
    except OperandError:
        raise OperandError(
            f"`{name}` must be a number, or a list or tuple with one entry for each argument of "
            f"the function; got {type(at).__name__}"
        ) from None


def _items(tree: Any) -> Sequence[Any] | None:
    """What a list, tuple or array holds; None for a number."""
    if isinstance(tree, (list, tuple)):
        return tree
    return tree.tolist() if getattr(tree, "shape", ()) != () else None
