"""Write a record as a Python program that runs on its own, in the style of lecture file 000.

For each operation, the program defines a function and its derivatives. Then it calls them, for the
forward pass and for the backward pass: dloss_out3 = df4(out3) * dloss_out4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..engine.op import OPS
from ..notation import operations
from ..notation.names import identifiers
from .model import Node, Record
from .tables import variables

ADDED = "added"
_MARK = "# backward pass: local gradient * upstream gradient (some lectures say downstream)"
_ADDED = [
    f"def {ADDED}(*gradients):",
    "    known = [gradient for gradient in gradients if gradient is not None]",
    "    return sum(known[1:], known[0]) if known else None",
]


def as_python(record: Record) -> str:
    """The program that computes both passes of ``record``."""
    results = [node for node in record.nodes if node.op]
    names = identifiers([node.name for node in record.nodes], {*OPS, "pi", ADDED})
    functions = [
        line for k, node in enumerate(results, 1) for line in _functions(k, node, record, names)
    ]
    forward = [f"{names[n.index]} = {n.data!r}" for n in record.nodes if n.kind == "input"]
    forward += [
        f"{names[node.index]} = f{k}({_arguments(node, record, names)})"
        for k, node in enumerate(results, 1)
    ]
    backward = _backward(record, names)
    backward = [_MARK, *backward] if backward else []
    blocks = [_imports(results), functions, forward, backward]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _arguments(node: Node, record: Record, names: Sequence[str]) -> str:
    """The variables that an operation takes, without repetition."""
    return ", ".join(dict.fromkeys(names[p.index] for _, p in variables(node, record.nodes)))


def _functions(k: int, node: Node, record: Record, names: Sequence[str]) -> list[str]:
    """The lines that define an operation as a function, and its derivative for each variable."""
    op, arguments = OPS[node.op], _arguments(node, record, names)
    parents = [record.nodes[p] for p in node.parents]
    own = [p.data if p.kind == "constant" else names[p.index] for p in parents]
    lines = [f"def f{k}({arguments}): return {operations.source(op, names[node.index], *own)}"]
    for derivative, (i, _) in _derivatives(k, node, record):
        slope = operations.source(op, f"f{k}({arguments})", *own, slope=i)
        lines.append(f"def {derivative}({arguments}): return {slope}")
    return lines


def _derivatives(k: int, node: Node, record: Record) -> list[tuple[str, tuple[int, Node]]]:
    """The name of the derivative by each variable: df4, or df4_1, df4_2 … for several."""
    own = variables(node, record.nodes)
    return [(f"df{k}_{j}" if len(own) > 1 else f"df{k}", each) for j, each in enumerate(own, 1)]


def _backward(record: Record, names: Sequence[str]) -> list[str]:
    """One line for each gradient.

    The gradient of an operand that was not selected is None, which contributes nothing.
    """
    root, sure = record.nodes[-1], _always_reached(record)
    number = {node.index: k for k, node in enumerate((n for n in record.nodes if n.op), 1)}
    terms: dict[int, list[tuple[str, bool]]] = {node.index: [] for node in record.nodes}
    lines = []
    for node in reversed(record.nodes):
        gradient = f"d{names[root.index]}_{names[node.index]}"
        if node is not root and terms[node.index]:
            doubtful = not node.op and node.index not in sure
            total = _sum(terms[node.index])
            lines.append(f"{gradient} = {f'({total}) or 0.0' if doubtful else total}")
        if not node.op or (node is not root and not terms[node.index]):
            continue
        arguments, selects = _arguments(node, record, names), OPS[node.op].selects
        for derivative, (_, parent) in _derivatives(number[node.index], node, record):
            slope = f"{derivative}({arguments})"
            passed = slope if node is root else f"{slope} * {gradient}"
            conditions = [f"{gradient} is not None"] if node.index not in sure else []
            conditions += [slope] if selects else []
            term = f"{passed} if {' and '.join(conditions)} else None" if conditions else passed
            terms[parent.index].append((term, bool(conditions)))
    added = [*_ADDED, ""] if any(f"{ADDED}(" in line for line in lines) else []
    return [*added, *lines]


def _sum(terms: list[tuple[str, bool]]) -> str:
    """The sum of terms, some of which may be None."""
    if len(terms) > 1 and any(doubtful for _, doubtful in terms):
        return f"{ADDED}({', '.join(text for text, _ in terms)})"
    return " + ".join(text for text, _ in terms)


def _always_reached(record: Record) -> set[int]:
    """The nodes that get a gradient no matter which operands are selected."""
    sure = {record.nodes[-1].index}
    for node in reversed(record.nodes):
        if node.index in sure and node.op and not OPS[node.op].selects:
            sure.update(node.parents)
    return sure


def _imports(results: Sequence[Node]) -> list[str]:
    """The lines that import the functions that the program calls."""
    used = {name for node in results for name in _names_in(node)}
    functions = sorted(used & OPS.keys())
    lines = ["from math import pi"] if "pi" in used else []
    return [*lines, f"from autograd_edu import {', '.join(functions)}"] if functions else lines


def _names_in(node: Node) -> set[str]:
    """The names in the formula of an operation and in those of its local gradients."""
    op, count = OPS[node.op], len(node.parents)
    own = [f"a{i}" for i in range(count)]
    sources = [operations.source(op, "y", *own)]
    sources += [operations.source(op, "y", *own, slope=i) for i in range(count)]
    return set(re.findall(r"[A-Za-z_]\w*", " ".join(sources)))
