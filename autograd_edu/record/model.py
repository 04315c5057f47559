"""A forward and a backward pass as plain data: nodes, and one operation for each step.

Tables, sentences, LaTeX, the stepper and the tests all read this one list; `build` makes it.
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
    """A value of the graph.

    Where it stands in the order, what it is called, and how it was made.
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
    """What one backward step gives to one parent: local × upstream, added to what the parent had.

    The last of several that reach a parent holds all of them in ``terms``, in the order in which
    they came: their sum is the sum over consumers.
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

    A backward step has a part for each parent that it gives gradient to.
    """

    kind: Kind
    node: int
    name: str
    formula: str  # the operation on its operands' names
    value: float  # forward: the result; else the gradient that the node passes on
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
