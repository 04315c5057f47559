"""The graph as a `graphviz.Digraph`, for people who want DOT.

Labels are escaped: none can become markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.value import Value
from ...errors import OperandError
from ..scene.scene import scene
from .columns import depths, in_columns
from .layout import is_large

if TYPE_CHECKING:
    import graphviz


_PLACED = {"splines": "line", "inputscale": "72", "mode": "KK", "maxiter": "1"}
_ROOM = 1.6  # Graphviz' letters are wider than ours, and a record says "value" and "grad"


def to_dot(y: Value) -> graphviz.Digraph:
    """The computation graph of ``y``: a record for each value, an edge for each use of an operand.

    A large graph, which Graphviz would take minutes to lay out, says where everything is: its
    records stand in columns as in the picture of `draw`, and its edges are straight lines.

    >>> y = Value(2.0, "x") * 3.0
    >>> [line.strip() for line in to_dot(y).body if "->" in line]
    ['n0 -> n2 [label=3]', 'n1 -> n2 [label=""]']
    """
    import graphviz

    from .digraph import Digraph

    if not isinstance(y, Value):
        raise OperandError(
            "to_dot needs a Value, the result of operations on Values; "
            f"{type(y).__name__} was given"
        )
    picture = scene(y)
    depth = depths(picture)
    places = in_columns(picture, depth).boxes if is_large(picture, depth) else ()
    digraph = Digraph(
        "computation",
        format="svg",
        graph_attr=_PLACED if places else {"rankdir": "LR"},
        node_attr={"shape": "record", "fontname": "monospace"},
        engine="neato" if places else None,
    )
    for i, box in enumerate(picture.boxes):
        numbers = f"{{ value {_record(box.data)} | grad {_record(box.grad)} }}"
        place = {"pos": f"{places[i][0] * _ROOM:.0f},{-places[i][1]:.0f}!"} if places else {}
        digraph.node(f"n{i}", f"{{ {_record(box.title)} | {numbers} }}", **place)
    for wire in picture.wires:
        digraph.edge(f"n{wire.tail}", f"n{wire.head}", label=graphviz.escape(wire.text))
    return digraph


def _record(text: str) -> str:
    """``text`` as part of a record label.

    Its separators, escapes and entities lose their meaning.
    """
    return "".join("\\" + c if c in "\\{}|<> " else "&amp;" if c == "&" else c for c in text)
