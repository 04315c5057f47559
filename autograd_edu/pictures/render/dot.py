"""The graph as a `graphviz.Digraph`, for people who want DOT. Labels are escaped: none can become markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.value import Value
from ...errors import OperandError
from ..scene.scene import scene

if TYPE_CHECKING:
    import graphviz


def to_dot(y: Value) -> graphviz.Digraph:
    """The computation graph of ``y``, a record a value (title, value, gradient) and an edge for each use of an operand."""
    import graphviz

    if not isinstance(y, Value):
        raise OperandError(
            f"to_dot needs a Value, the result of operations on Values; {type(y).__name__} was given"
        )
    picture = scene(y)
    digraph = graphviz.Digraph(
        "computation",
        graph_attr={"rankdir": "LR"},
        node_attr={"shape": "record", "fontname": "monospace"},
    )
    for i, box in enumerate(picture.boxes):
        digraph.node(
            f"n{i}",
            f"{{ {_record(box.title)} | {{ value {_record(box.data)} | grad {_record(box.grad)} }} }}",
        )
    for wire in picture.wires:
        digraph.edge(f"n{wire.tail}", f"n{wire.head}", label=graphviz.escape(wire.text))
    return digraph


def _record(text: str) -> str:
    """``text`` as part of a record label: its separators, escapes and entities lose their meaning."""
    return "".join("\\" + c if c in "\\{}|<> " else "&amp;" if c == "&" else c for c in text)
