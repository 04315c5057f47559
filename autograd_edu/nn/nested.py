"""What an attribute of a module holds: parts in nested lists, tuples, dicts, sets and arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def contents(held: Any) -> list[tuple[Any, Any]] | None:
    """The places in a container and what stands there; None if ``held`` is no container.

    A set has no order of its own: its parts come by label.
    """
    if isinstance(held, dict):
        return list(held.items())
    if isinstance(held, (set, frozenset)):
        return list(enumerate(sorted(held, key=lambda part: str(getattr(part, "label", "")))))
    if getattr(getattr(held, "dtype", None), "kind", "") == "O":
        held = held.tolist()
    return list(enumerate(held)) if isinstance(held, (list, tuple)) else None


def leaves(held: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """All that is not a container, each with the path to it, such as "w.0.1"."""
    inside = contents(held)
    if inside is None:
        yield key, held
    else:
        for place, part in inside:
            yield from leaves(part, f"{key}.{place}")


def replace(held: Any, f: Callable[[Any], Any]) -> Any:
    """The same containers with f(leaf) in the place of each leaf; what was a set is a list."""
    inside = contents(held)
    if inside is None:
        return f(held)
    parts = [replace(part, f) for _, part in inside]
    if isinstance(held, dict):
        return dict(zip(held, parts, strict=True))
    if isinstance(held, tuple):
        return type(held)(*parts) if hasattr(held, "_fields") else tuple(parts)
    if hasattr(held, "dtype"):
        import numpy as np

        return np.array(parts, object).reshape(held.shape)
    return parts


def lists(held: Any, f: Callable[[Any], Any]) -> Any:
    """Plain lists and dicts of f(leaf), as JSON can hold them."""
    inside = contents(held)
    if inside is None:
        return f(held)
    if isinstance(held, dict):
        return {str(place): lists(part, f) for place, part in inside}
    return [lists(part, f) for _, part in inside]


def has_order(held: Any) -> bool:
    """Is there no set among the containers?"""
    inside = contents(held)
    if inside is None:
        return True
    return not isinstance(held, (set, frozenset)) and all(has_order(part) for _, part in inside)


def shape(held: Any) -> Any:
    """The lengths of nested lists, such as (2, 3); where they differ, the shape of each part."""
    inside = contents(held)
    if inside is None:
        return ()
    parts = [shape(part) for _, part in inside]
    if isinstance(held, dict):
        return {str(place): part for (place, _), part in zip(inside, parts, strict=True)}
    if any(part != parts[0] for part in parts) or (parts and isinstance(parts[0], (dict, list))):
        return parts
    return (len(parts), *(parts[0] if parts else ()))
