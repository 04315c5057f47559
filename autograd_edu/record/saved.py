"""A record as JSON text, and back. Floats keep every digit; inf and nan stand as strings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..errors import OperandError, StateError
from ..files import seal, unseal
from .model import Node, Part, Record, Step

_KIND, _VERSION = "steps", 1


def to_json(record: Record) -> str:
    """The record as sealed JSON text: with its kind, its version and a checksum."""
    return seal(_strict(asdict(record)), _KIND, _VERSION)


def from_json(text: str) -> Record:
    """The record that `to_json` wrote.

    Raises:
        OperandError: if ``text`` is something else, was cut short, or was altered.
    """
    try:
        content = unseal(text, _KIND, _VERSION)
        nodes = tuple(_node(**node) for node in content["nodes"])
        return Record(nodes, tuple(_step(**step) for step in content["steps"]))
    except (StateError, ValueError, TypeError, KeyError) as error:
        raise OperandError(
            f"from_json needs the text that Steps.to_json wrote; {text[:40]!r} is not: {error}"
        ) from None


def _strict(content: Any) -> Any:
    """``content`` with floats that JSON does not know as the strings that float() reads."""
    if isinstance(content, dict):
        return {key: _strict(item) for key, item in content.items()}
    if isinstance(content, list | tuple):
        return [_strict(item) for item in content]
    return str(content) if isinstance(content, float) and content - content != 0.0 else content


def _node(*, data: Any, parents: Any, local_grads: Any, **rest: Any) -> Node:
    """A node as JSON has it."""
    locals_ = tuple(map(float, local_grads))
    return Node(data=float(data), parents=tuple(parents), local_grads=locals_, **rest)


def _step(*, value: Any, parts: Any, **rest: Any) -> Step:
    """A step as JSON has it."""
    return Step(value=float(value), parts=tuple(_part(**part) for part in parts), **rest)


def _part(*, parent: int, name: str, terms: Any, **numbers: Any) -> Part:
    floats = {key: float(number) for key, number in numbers.items()}
    return Part(parent, name, terms=tuple(map(float, terms)), **floats)
