"""A record as a Python program that runs by itself, in the manner of lecture file 000.

It has a function and its derivatives for each operation, then their calls, forward and backward:
dloss_out3 = df4(out3) * dloss_out4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..engine.op import OPS
from ..notation import operations
from ..notation.names import identifiers
from .model import Node, Record
from .tables import variables


def as_python(record: Record) -> str:
    """The program."""
    results = [node for node in record.nodes if node.op]
    names = identifiers([node.name for node in record.nodes], {*OPS, "pi"})
    functions = [
        line for k, node in enumerate(results, 1) for line in _functions(k, node, record, names)
    ]
    forward = [f"{names[n.index]} = {n.data!r}" for n in record.nodes if n.kind == "input"]
    forward += [
        f"{names[node.index]} = f{k}({_arguments(node, record, names)})"
        for k, node in enumerate(results, 1)
    ]
    blocks = [_imports(results), functions, forward, _backward(record, names)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _arguments(node: Node, record: Record, names: Sequence[str]) -> str:
    """The variables that an operation takes, each once."""
    return ", ".join(dict.fromkeys(names[p.index] for _, p in variables(node, record.nodes)))


def _functions(k: int, node: Node, record: Record, names: Sequence[str]) -> list[str]:
    """The operation as a function, and its derivative for each variable."""
    op, arguments = OPS[node.op], _arguments(node, record, names)
    parents = [record.nodes[p] for p in node.parents]
    own = [p.data if p.kind == "constant" else names[p.index] for p in parents]
    lines = [f"def f{k}({arguments}): return {operations.source(op, names[node.index], *own)}"]
    for derivative, (i, _) in _derivatives(k, node, record):
        slope = operations.source(op, f"f{k}({arguments})", *own, slope=i)
        lines.append(f"def {derivative}({arguments}): return {slope}")
    return lines


def _derivatives(k: int, node: Node, record: Record) -> list[tuple[str, tuple[int, Node]]]:
    """What the derivative for each variable is called.

    Df4, or df4_1 and df4_2 where there are more.
    """
    own = variables(node, record.nodes)
    return [(f"df{k}_{j}" if len(own) > 1 else f"df{k}", each) for j, each in enumerate(own, 1)]


def _backward(record: Record, names: Sequence[str]) -> list[str]:
    """A line for each gradient."""
    root = record.nodes[-1]
    number = {node.index: k for k, node in enumerate((n for n in record.nodes if n.op), 1)}
    terms: dict[int, list[str]] = {node.index: [] for node in record.nodes}
    lines = []
    for node in reversed(record.nodes):
        gradient = f"d{names[root.index]}_{names[node.index]}"
        if node is not root and terms[node.index]:
            lines.append(f"{gradient} = {' + '.join(terms[node.index])}")
        if not node.op or (node is not root and not terms[node.index]):
            continue
        times = "" if node is root else f" * {gradient}"
        arguments = _arguments(node, record, names)
        for derivative, (_, parent) in _derivatives(number[node.index], node, record):
            terms[parent.index].append(f"{derivative}({arguments}){times}")
    return lines


def _imports(results: Sequence[Node]) -> list[str]:
    """The imports of all functions that are called."""
    used = {name for node in results for name in _called(node)}
    functions = sorted(used & OPS.keys())
    lines = ["from math import pi"] if "pi" in used else []
    return [*lines, f"from autograd_edu import {', '.join(functions)}"] if functions else lines


def _called(node: Node) -> set[str]:
    op, count = OPS[node.op], len(node.parents)
    own = [f"a{i}" for i in range(count)]
    sources = [operations.source(op, "y", *own)]
    sources += [operations.source(op, "y", *own, slope=i) for i in range(count)]
    return set(re.findall(r"[A-Za-z_]\w*", " ".join(sources)))
