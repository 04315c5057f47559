"""What the stepper's script reads: the graph, the recorded pass, and its operations."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from ...engine.op import OPS
from ...errors import OperandError
from ...notation import operations
from ...notation.text import printable
from ...program.writing.javascript import helpers, row
from ...record.model import Node, Record
from ...record.sentences import operands

_MOST = 8  # operands of a formula that is written out with its numbers

Number = float | list[str]  # as JSON has it: what is not finite is a text in a list


class Operations:
    """The operations of a record in JavaScript, or why there is none.

    Attributes:
        code: the rows as a JavaScript array, after the helper functions that they call.
        unable: why the values cannot be computed in the page; "" if they can.
    """

    def __init__(self, record: Record) -> None:
        made = [node for node in record.nodes if node.op]
        kinds = dict.fromkeys((node.op, len(node.parents)) for node in made)
        self.place = {kind: i for i, kind in enumerate(kinds)}
        self.unable = ""
        try:
            rows = [row(OPS[name], count) for name, count in kinds]
        except OperandError as error:
            self.code, self.unable = "const rows = null;", str(error)
        else:
            array = "\n".join(["const rows = [", *[f"  {each}," for each in rows], "];"])
            self.code = f"{helpers(array)}\n{array}"


def content(
    record: Record, held: Sequence[float | None], *, operations: Operations
) -> dict[str, object]:
    """The graph as the script takes it; a wire is an operand of a node.

    ``held`` are the gradients that the values have; None for one that no pass has reached.
    """
    told: dict[str, object] = {"unable": operations.unable} if operations.unable else {}
    return {
        **told,
        "nodes": [_node(node, record, operations) for node in record.nodes],
        "values": [_number(node.data) for node in record.nodes],
        "held": [None if gradient is None else _number(gradient) for gradient in held],
        "wires": [
            _wire(tail, head, slot, record)
            for head, node in enumerate(record.nodes)
            for slot, tail in enumerate(node.parents)
        ],
    }


def _node(node: Node, record: Record, found: Operations) -> dict[str, object]:
    """A leaf has a name; a result also a template of its formula.

    The formula on names stands there only where it is not what the template makes.
    """
    shown: dict[str, object] = {"name": printable(node.name, 40)}
    if node.kind == "constant":
        shown["constant"] = True
    if node.op:
        op, count = OPS[node.op], len(node.parents)
        places = [f"{{{i}}}" for i in range(count)]
        formula = operations.text(op, *operands(node, record.nodes))
        numbers = operations.text(op, *places) if count <= _MOST else "…"
        shown |= {"template": numbers, "row": found.place[node.op, count]}
        if formula != numbers.format(*[printable(record.nodes[p].name, 40) for p in node.parents]):
            shown["formula"] = printable(formula, 200)
        if op.selects:
            shown["selects"] = True
        if _is_fixed(node, record):
            shown["fixed"] = True
    return shown


def _is_fixed(node: Node, record: Record) -> bool:
    """Whether what chooses between its operands is a plain number, as ``a > b`` of Values is."""
    op = OPS[node.op]
    if not op.selects or op.stops:
        return False
    slopes = op.slopes_of(list(map(str, operands(node, record.nodes))))
    return any(
        slope == "0" and record.nodes[parent].kind == "constant"
        for slope, parent in zip(slopes, node.parents, strict=True)
    )


def _wire(tail: int, head: int, slot: int, record: Record) -> list[object]:
    """Tail, head, local gradient, and the formula of that, if the tail takes a gradient."""
    node = record.nodes[head]
    shown: list[object] = [tail, head, _number(node.local_grads[slot])]
    if record.nodes[tail].kind == "constant":
        return shown
    named = operands(node, record.nodes)
    slope = operations.slope_text(OPS[node.op], slot, node.name, *named)
    return [*shown, printable(slope, 200)]


def _number(x: float) -> Number:
    return x if math.isfinite(x) else [repr(x)]


def as_json(content: object) -> str:  # whatever json.dumps takes
    r"""JSON that nothing in it can end or escape from: <, > and & are written \u003c and so on."""
    text = json.dumps(content, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
