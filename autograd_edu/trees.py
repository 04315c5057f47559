"""Nested containers: lists, tuples, dicts, sets and arrays, flattened, mapped and filled again.

Arguments of functions, gradients, results and the parts of a model all come nested in this way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A leaf of any type, or a container of trees. Python has no type for "anything but a container".
Tree: TypeAlias = Any
Shape: TypeAlias = "tuple[int, ...] | list[Shape] | dict[str, Shape]"

_NUMBERS, _OBJECTS = "bfiuO", "O"  # the kinds of arrays that hold numbers, and that hold objects


def contents(tree: Tree, kinds: str = _OBJECTS) -> list[tuple[Hashable, Tree]] | None:
    """The places in a container and what is there; None if ``tree`` is not a container.

    Arrays of other ``kinds`` are not containers. A set has no order, so its parts come by label.
    """
    if not _may_hold(tree.__class__):  # most are numbers
        return None
    if isinstance(tree, (list, tuple)):
        return list(enumerate(tree))
    if isinstance(tree, dict):
        return list(tree.items())
    if isinstance(tree, (set, frozenset)):
        return list(enumerate(sorted(tree, key=lambda part: str(getattr(part, "label", "")))))
    if is_array(tree) and tree.dtype.kind in kinds:
        return list(enumerate(tree if tree.ndim > 1 else tree.tolist()))
    return None


@lru_cache(maxsize=256)
def _may_hold(kind: type) -> bool:
    """Can something of this kind be a container?"""
    return issubclass(kind, (list, tuple, dict, set, frozenset)) or hasattr(kind, "dtype")


def is_array(tree: Tree) -> bool:
    """Is it an array (of at least one dimension)?"""
    return hasattr(type(tree), "dtype") and tree.shape != ()


def flatten(tree: Tree) -> list[Tree]:
    """The leaves of ``tree``, in order; of arrays, the numbers."""
    inside = contents(tree, _NUMBERS)
    if inside is None:
        return [tree]
    found: list[Tree] = []
    for _, part in inside:
        if _may_hold(part.__class__):
            found += flatten(part)
        else:
            found.append(part)
    return found


def unflatten(tree: Tree, numbers: Iterator[object]) -> Tree:
    """The next of ``numbers`` for each number of ``tree``, in the shape of ``tree``."""
    if not _may_hold(tree.__class__):
        return next(numbers)
    return tree_map(lambda _: next(numbers), tree)


def tree_map(f: Callable[[Tree], Tree], tree: Tree) -> Tree:
    """``tree`` with ``f(leaf)`` in the place of each leaf; of arrays, of each number."""
    return replace(tree, f, kinds=_NUMBERS)


def leaves(tree: Tree, key: str = "", *, kinds: str = _OBJECTS) -> Iterator[tuple[str, Tree]]:
    """Everything that is not a container, each with the path to it, such as "w.0.1"."""
    inside = contents(tree, kinds)
    if inside is None:
        yield key, tree
        return
    for place, part in inside:
        if not _may_hold(part.__class__) or contents(part, kinds) is None:  # nearly all of them
            yield f"{key}.{place}", part
        else:
            yield from leaves(part, f"{key}.{place}", kinds=kinds)


def replace(tree: Tree, f: Callable[[Tree], Tree], *, kinds: str = _OBJECTS) -> Tree:
    """The same containers with ``f(leaf)`` in the place of each leaf; a set becomes a list."""
    inside = contents(tree, kinds)
    if inside is None:
        return f(tree)
    parts = [replace(part, f, kinds=kinds) for _, part in inside]
    if isinstance(tree, dict):
        return dict(zip(tree, parts, strict=True))
    if isinstance(tree, tuple):
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    if not is_array(tree):
        return parts
    return _array(parts, tree.shape, floats=kinds != _OBJECTS and _are_floats(parts))


def _are_floats(parts: list[Tree]) -> bool:
    return all(p.dtype == float if is_array(p) else type(p) is float for p in parts)


def _array(parts: list[Tree], shape: tuple[int, ...], *, floats: bool) -> NDArray[Any]:
    """An array of floats or of objects, which need not be numbers."""
    import numpy as np

    array = np.empty(shape, float if floats else object)
    for i, part in enumerate(parts):
        array[i] = part
    return array


def lists(tree: Tree, f: Callable[[Tree], Tree]) -> Tree:
    """``f(leaf)`` for each leaf in plain lists and dicts, as JSON can hold them."""
    inside = contents(tree)
    if inside is None:
        return f(tree)
    if isinstance(tree, dict):
        return {str(place): lists(part, f) for place, part in inside}
    return [lists(part, f) for _, part in inside]


def has_order(tree: Tree) -> bool:
    """Are there no sets among the containers?"""
    inside = contents(tree)
    if inside is None:
        return True
    return not isinstance(tree, (set, frozenset)) and all(has_order(part) for _, part in inside)


def shape(tree: Tree) -> Shape:
    """The lengths of nested lists, such as (2, 3); where they differ, the shape of each part."""
    inside = contents(tree)
    if inside is None:
        return ()
    parts = [shape(part) for _, part in inside]
    if isinstance(tree, dict):
        return {str(place): part for (place, _), part in zip(inside, parts, strict=True)}
    first = parts[0] if parts else ()
    if not isinstance(first, tuple) or any(part != first for part in parts):
        return parts
    return (len(parts), *first)
