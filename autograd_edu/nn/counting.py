"""What a pass costs: the multiplications of the forward and of the backward pass of a graph.

Going forward, a weight takes one multiplication; going backward two, one for the weight's gradient and one for the
input's. So a backward pass costs about twice a forward pass, whatever the number of inputs, where forward mode costs a
pass for each of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..engine import ops
from ..engine.graph import topological_order
from ..engine.ops import Op
from ..engine.value import Constant, Value


@dataclass(frozen=True)
class Cost:
    """How much a graph takes to compute and to differentiate. Prints as a small table.

    Attributes:
        forward, backward: the multiplications (and divisions) of each pass.
        functions: how often each other function is evaluated: {"tanh": 16}.
        inputs: how many leaves are variables: the passes that forward mode would take.
    """

    forward: int
    backward: int
    functions: dict[str, int]
    inputs: int

    def __str__(self) -> str:
        rows = [
            ("forward pass", self.forward),
            ("backward pass", self.backward),
            (f"forward mode, {self.inputs} passes", self.inputs * self.backward),
        ]
        width = max(len(name) for name, _ in rows)
        lines = [
            f"{'':{width}}  multiplications",
            *(f"{name:{width}}  {count:15,}" for name, count in rows),
        ]
        if self.functions:
            lines.append(
                "and " + ", ".join(f"{count} × {name}" for name, count in self.functions.items())
            )
        return "\n".join(lines)


def cost(y: Value) -> Cost:
    """The multiplications of a forward and a backward pass of the graph of ``y``; constants need no gradient."""
    order = topological_order(y)
    active = {id(v) for v in order if v.op is None and not isinstance(v, Constant)}
    inputs = len(active)
    forward = backward = 0
    functions: Counter[str] = Counter()
    for value in order:
        if value.op is None:
            continue
        forward += _products(value.op, len(value.parents))
        if not _products(value.op, 2) and value.op.name not in _SUMS:
            functions[value.op.name] += 1
        needed = [id(p) in active for p in value.parents]
        if any(needed):
            active.add(id(value))
            backward += sum(_slopes_to_multiply(value.op, needed))
    return Cost(forward, backward, dict(functions), inputs)


_SUMS = frozenset(
    {"add", "sub", "neg", "total"}
)  # their local gradients are 1 or -1: nothing to multiply


def _products(op: Op, operands: int) -> int:
    return operands // 2 if op is ops.dot else int(op in (ops.mul, ops.div) or op.name == "square")


def _slopes_to_multiply(op: Op, needed: list[bool]) -> list[bool]:
    """Through which of the operands the gradient is multiplied on its way back."""
    if op.name in _SUMS:
        return []
    return needed[: len(needed) // 2 * 2] if op is ops.dot else needed  # the bias's is 1
