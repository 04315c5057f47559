"""A forward and a backward pass as plain data: nodes, and steps of one operation each.

`build` makes the list of steps. Tables, sentences, LaTeX, the stepper and the tests all read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..printing import prints

NodeKind = Literal["input", "constant", "result"]
Kind = Literal["forward", "seed", "backward"]


@prints
@dataclass(frozen=True)
class Node:
    """A value of the graph: its place in the order, its name, and how it was computed.

    ``parents`` are the places of its operands, and ``local_grads`` its derivatives by them.

    >>> from autograd_edu import Value, steps
    >>> node = steps(Value(2.0, label="x") * Value(-3.0, label="w")).nodes[-1]
    >>> node.name, node.kind, node.op, node.parents, node.local_grads
    ('v1', 'result', 'mul', (0, 1), (-3.0, 2.0))
    """

    index: int
    name: str
    kind: NodeKind
    op: str  # "" for a leaf
    data: float
    parents: tuple[int, ...]
    local_grads: tuple[float, ...]
    scope: str = ""


@prints
@dataclass(frozen=True)
class Part:
    """The share that a backward step gives to one parent: local × upstream.

    ``before`` and ``after`` are the gradient of the parent before and after this addition. If a
    parent gets several parts, the last one lists all contributions in ``terms``, in order. They add
    up to the sum over the consumers of the parent.

    >>> from autograd_edu import Value, steps
    >>> part = steps(Value(3.0, label="x") ** 2)[-1].parts[0]
    >>> part.name, part.local, part.contribution, part.before, part.after
    ('x', 6.0, 6.0, 0.0, 6.0)
    """

    parent: int
    name: str
    local: float
    contribution: float
    before: float
    after: float
    terms: tuple[float, ...] = ()


@prints
@dataclass(frozen=True)
class Step:
    """One operation of the forward pass, the seed, or one operation of the backward pass.

    A backward step has one part for each parent that gets a gradient from it.

    >>> from autograd_edu import Value, steps
    >>> for step in steps(Value(3.0, label="x") ** 2):
    ...     print(step.kind, step)
    forward v1 = x² = 3² = 9
    seed ∂v1/∂v1 = 1, the seed
    backward x.grad += local × upstream: 0 + 6 × 1 = 6
    """

    kind: Kind
    node: int
    name: str
    formula: str  # the operation, with the names of its operands
    value: float  # in the forward pass the result, in the backward pass the upstream gradient
    parts: tuple[Part, ...] = ()
    sentence: str = ""

    def __str__(self) -> str:
        return self.sentence


@prints
@dataclass(frozen=True)
class Record:
    """Both passes over a graph, or some of their steps."""

    nodes: tuple[Node, ...]
    steps: tuple[Step, ...]

    @property
    def forward(self) -> tuple[Step, ...]:
        """The steps of the forward pass."""
        return tuple(step for step in self.steps if step.kind == "forward")

    @property
    def backward(self) -> tuple[Step, ...]:
        """The seed and the steps of the backward pass."""
        return tuple(step for step in self.steps if step.kind != "forward")
