"""The record of both passes with all that one asks of it, each thing imported when it is asked for.

Steps, tables, a view for notebooks, a walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from ..engine.value import Value, topological_order
from ..errors import OperandError
from ..notation.letters import plain
from ..printing import Text, prints
from ..record.build import build
from ..record.model import Node, Record, Step

if TYPE_CHECKING:
    from ..record.worksheet import Worksheet


@prints
class Steps(Sequence[Step]):
    """The steps of a forward and a backward pass, and the nodes they speak of.

    `text`, `markdown` and `latex` print tables; a notebook shows the steps one by one.

    >>> from autograd_edu import Value, steps
    >>> x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    >>> passes = steps((x * w).relu())
    >>> print(passes.forward)
      1  v1 = x·w = 2·(-3) = -6
      2  v2 = relu(v1) = relu(-6) = 0
    >>> print(passes.of("v1")[-1])
    v1.grad += local × upstream: 0 + 0 × 1 = 0
    >>> passes.gradients()
    {'v2': 1.0, 'v1': 0.0, 'x': -0.0, 'w': 0.0}
    """

    def __init__(
        self, record: Record, values: Sequence[Value] = (), *, whole: bool = False
    ) -> None:
        self.record = record
        self._values = tuple(values)  # of the nodes, where the record was made here
        self.held = [value.grad if value.has_grad else None for value in values]
        self._whole = whole  # both passes, not a part of them

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The values that the steps speak of, parents before results."""
        return self.record.nodes

    def __len__(self) -> int:
        return len(self.record.steps)

    @overload
    def __getitem__(self, which: int) -> Step: ...
    @overload
    def __getitem__(self, which: slice) -> Steps: ...
    def __getitem__(self, which: int | slice) -> Step | Steps:
        steps = self.record.steps
        return self._some(steps[which]) if isinstance(which, slice) else steps[which]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.record.steps)

    def __eq__(self, other: object) -> bool:  # by content, so like a list without a hash
        return isinstance(other, Steps) and self.record == other.record

    @property
    def forward(self) -> Steps:
        """The steps of the forward pass."""
        return self._some(self.record.forward)

    @property
    def backward(self) -> Steps:
        """The seed and the steps of the backward pass."""
        return self._some(self.record.backward)

    def _some(self, steps: Sequence[Step]) -> Steps:
        return Steps(Record(self.nodes, tuple(steps)), self._values)

    def of(self, value: Value | str) -> Steps:
        """Every step that reached ``value`` (or the node of that name).

        They are the one that made it, and those that gave it gradient.
        """
        index, made = self._index(value), ("forward", "seed")
        return self._some(
            [
                s
                for s in self
                if (s.node == index and s.kind in made) or any(p.parent == index for p in s.parts)
            ]
        )

    def _index(self, value: Value | str) -> int:
        if isinstance(value, Value) and self._values:
            found = [i for i, own in enumerate(self._values) if own is value]
        else:
            name = value if isinstance(value, str) else value.label
            found = [node.index for node in self.nodes if node.name == plain(name)]
        if not found:
            asked = repr(value) if isinstance(value, Value) else f"value {value!r}"
            there = ", ".join(node.name for node in self.nodes[:20])
            raise OperandError(f"there is no {asked} among these steps; there are {there}")
        return found[0]

    def gradients(self) -> dict[str, float]:
        """∂root/∂node by name, after these steps, for each node that they reach."""
        reached = {s.name: s.value for s in self if s.kind == "seed"}
        for step in self:
            reached |= {part.name: part.after for part in step.parts}
        return reached

    def to_json(self) -> str:
        """The steps and nodes as JSON text with a checksum; `from_json` reads it back."""
        from ..record import saved

        return saved.to_json(self.record)

    @classmethod
    def from_json(cls, text: str) -> Steps:
        """The steps that `to_json` wrote.

        Raises:
            OperandError: if ``text`` is something else, was cut short, or was altered.
        """
        from ..record import saved

        return cls(saved.from_json(text))

    def text(self, *, digits: int = 6, wrt: str | None = None) -> str:
        """The forward and the backward table as plain text.

        Args:
            wrt: the name of the input that the forward table differentiates by; by default the
                first. An unknown name raises OptionError.
        """
        from ..record import formats

        return Text(formats.as_text(self.record, digits, wrt=wrt))

    def markdown(self, *, digits: int = 6, wrt: str | None = None) -> str:
        """The forward and the backward table as Markdown.

        The arguments are those of `text`.
        """
        from ..record import formats

        return Text(formats.as_markdown(self.record, digits, wrt=wrt))

    def latex(self, *, digits: int = 6, wrt: str | None = None) -> str:
        """The forward and the backward table as LaTeX tabulars.

        The arguments are those of `text`.
        """
        from ..record import formats

        return Text(formats.as_latex(self.record, digits, wrt=wrt))

    def tree(self, *, digits: int = 4) -> str:
        """The graph as an indented tree of formulas, values and gradients."""
        from ..record import tree

        return Text(tree.as_tree(self.record, digits=digits))

    def worksheet(self, *, digits: int = 4) -> Worksheet:
        """The pass with its numbers left out as blanks, and the answers apart."""
        from ..record import worksheet

        return worksheet.worksheet(self.record, digits=digits)

    def python(self) -> str:
        """Both passes as a Python program that runs by itself: dloss_out4 = df5(out4)."""
        from ..record.listing import as_python

        return Text(as_python(self.record))

    def __str__(self) -> str:
        return "\n".join(f"{i + 1:>3}  {step.sentence}" for i, step in enumerate(self))

    def _repr_html_(self) -> str | None:
        """The stepper, of a whole record made from a graph.

        A part of one, one read from a file, or a long one shows as tables.
        """
        from .interactive import stepper
        from .scene.scene import scene

        if not self._whole or len(self.nodes) > stepper.MOST:
            return None
        picture = scene(self._values[-1], formulas=True)
        return stepper.stepper(picture, self.record, self.held, opens="start")

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        size = f"{len(self)} steps over {len(self.nodes)} values"
        return f"<{size}: print() shows them, .text() the tables>"


def steps(y: Value) -> Steps:
    """The forward and the backward pass of ``y``, one operation at a time.

    >>> x, y = Value(3, "x"), Value(-4, "y")
    >>> for step in steps(x * y):
    ...     print(step)
    v1 = x·y = 3·(-4) = -12
    ∂v1/∂v1 = 1, the seed
    x.grad += local × upstream: 0 + (-4) × 1 = -4; y.grad += local × upstream: 0 + 3 × 1 = 3
    """
    if not isinstance(y, Value):
        raise OperandError(
            f"steps needs a Value, the result of operations on Values; {type(y).__name__} was given"
        )
    order = topological_order(y)
    return Steps(build(order), order, whole=True)


def walk(of: Value | Steps) -> None:
    """Walk through the forward and the backward pass in a terminal or a notebook, step by step.

    Enter goes on, b goes back, a number goes to that step, q quits. Where nobody answers, as in a
    pipe, every step is printed, then the table of values and gradients.

    >>> from autograd_edu import Value
    >>> from unittest import mock
    >>> with mock.patch("builtins.input", side_effect=["", "q"]):  # Enter once, then q
    ...     walk(Value(2.0, "x") * 3.0)
    before step 1 of 3   v1
    The inputs are known; nothing is computed yet.
    <BLANKLINE>
      variable  value  gradient
      x             2         –
      3             3         –
      v1 = x·3      ?         –
    step 1 of 3, forward   v1
    v1 = x·3 = 2·3 = 6
    <BLANKLINE>
      variable  value  gradient
      x             2         –
      3             3         –
    ▸ v1 = x·3      6         –
    """
    from .interactive import terminal

    terminal.walk((of if isinstance(of, Steps) else steps(of)).record)
