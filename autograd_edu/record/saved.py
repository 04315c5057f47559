"""Save a record as JSON text, and load it.

Floats keep all their digits. As JSON has no inf and nan, these are saved as strings.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

from ..errors import StateError
from ..files import Json, expect, is_count, is_number, is_text, list_of, seal, unseal
from .model import Kind, Node, NodeKind, Part, Record, Step

_KIND, _VERSION = "steps", 1


def to_json(record: Record) -> str:
    """The record as JSON text with its kind, its version and a checksum."""
    return seal(_spell_nonfinite(asdict(record)), _KIND, _VERSION)


def from_json(text: str) -> Record:
    """The record in a text that `to_json` wrote.

    Raises:
        StateError: if ``text`` is something else, was cut short, or was altered.
    """
    content = expect(
        unseal(text, _KIND, _VERSION), {"nodes": _is_list, "steps": _is_list}, "a record"
    )
    nodes = tuple(_node(node) for node in content["nodes"])
    steps = tuple(_step(step) for step in content["steps"])
    places = [place for node in nodes for place in node.parents] + [step.node for step in steps]
    places += [part.parent for step in steps for part in step.parts]
    if [node.index for node in nodes] != list(range(len(nodes))) or not all(
        place < len(nodes) for place in places
    ):
        raise StateError("the nodes of a record must be in order, and its steps must refer to them")
    return Record(nodes, steps)


def _spell_nonfinite(content: Json) -> Json:
    """``content`` with inf and nan replaced by the strings that float() reads."""
    if isinstance(content, dict):
        return {key: _spell_nonfinite(item) for key, item in content.items()}
    if isinstance(content, list | tuple):
        return [_spell_nonfinite(item) for item in content]
    return str(content) if isinstance(content, float) and content - content != 0.0 else content


def _is_list(x: Json) -> bool:
    return isinstance(x, list)


def _is_float(x: Json) -> bool:
    return is_number(x) or x in ("inf", "-inf", "nan")


_NODE = {
    "index": is_count, "name": is_text, "kind": lambda x: x in get_args(NodeKind), "op": is_text,
    "data": _is_float, "parents": list_of(is_count), "local_grads": list_of(_is_float),
    "scope": is_text,
}  # fmt: skip
_STEP = {
    "kind": lambda x: x in get_args(Kind), "node": is_count, "name": is_text, "formula": is_text,
    "value": _is_float, "parts": _is_list, "sentence": is_text,
}  # fmt: skip
_PART = {
    "parent": is_count, "name": is_text, "local": _is_float, "contribution": _is_float,
    "before": _is_float, "after": _is_float, "terms": list_of(_is_float),
}  # fmt: skip


def _node(saved: Json) -> Node:
    held = expect(saved, _NODE, "a node of a record")
    floats = {"data": float(held["data"]), "local_grads": tuple(map(float, held["local_grads"]))}
    return Node(**{**held, **floats, "parents": tuple(held["parents"])})


def _step(saved: Json) -> Step:
    held = expect(saved, _STEP, "a step of a record")
    parts = tuple(_part(part) for part in held["parts"])
    return Step(**{**held, "value": float(held["value"]), "parts": parts})


def _part(saved: Json) -> Part:
    held = expect(saved, _PART, "a part of a step")
    floats = {key: float(held[key]) for key in ("local", "contribution", "before", "after")}
    return Part(**{**held, **floats, "terms": tuple(map(float, held["terms"]))})
