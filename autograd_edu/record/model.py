"""A forward and a backward pass as plain data: nodes, and one operation a step; sliced, filtered, and kept as JSON.

Tables, sentences, LaTeX, the stepper and the tests all read this one list; `steps` makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, overload

from ..engine.value import Value
from ..errors import OperandError

Kind = Literal["forward", "seed", "backward"]


@dataclass(frozen=True)
class Node:
    """A value of the graph: where it stands in the order, what it is called, and how it was made."""

    index: int
    name: str
    kind: Literal["input", "constant", "result"]
    op: str  # "" for a leaf
    data: float
    parents: tuple[int, ...]
    local_grads: tuple[float, ...]
    scope: str = ""


@dataclass(frozen=True)
class Part:
    """What one backward step gives to one parent: local × upstream, added to what the parent had.

    The last of several that reach a parent holds all of them in ``terms``, in the order in which they came: their sum is
    the sum over consumers.
    """

    parent: int
    name: str
    local: float
    contribution: float
    before: float
    after: float
    terms: tuple[float, ...] = ()


@dataclass(frozen=True)
class Step:
    """One operation of the forward pass, the seed, or one operation of the backward pass with its part for each parent."""

    kind: Kind
    node: int
    name: str
    formula: str  # the operation on its operands' names
    value: float  # forward: the result; else the gradient that the node passes on
    parts: tuple[Part, ...] = ()
    sentence: str = ""

    def __str__(self) -> str:
        return self.sentence


class Steps(Sequence[Step]):
    """The steps of a forward and a backward pass, and the nodes they speak of. `text`, `markdown` and `latex` print tables."""

    def __init__(
        self,
        steps: Sequence[Step],
        nodes: Sequence[Node],
        values: Sequence[Value] = (),
        *,
        whole: bool = False,
    ) -> None:
        self._steps, self.nodes = tuple(steps), tuple(nodes)
        self._values = tuple(
            values
        )  # of the nodes, where the record was made here and not read from a file
        self._whole = whole  # both passes, not a part of them

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, which: int) -> Step: ...
    @overload
    def __getitem__(self, which: slice) -> Steps: ...
    def __getitem__(self, which: int | slice) -> Step | Steps:
        return self._some(self._steps[which]) if isinstance(which, slice) else self._steps[which]

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and (self._steps, self.nodes) == (other._steps, other.nodes)

    __hash__ = None  # type: ignore[assignment]  # compared by content, like a list

    @property
    def forward(self) -> Steps:
        """The steps of the forward pass."""
        return self._only("forward")

    @property
    def backward(self) -> Steps:
        """The seed and the steps of the backward pass."""
        return self._only("seed", "backward")

    def _only(self, *kinds: Kind) -> Steps:
        return self._some([step for step in self if step.kind in kinds])

    def _some(self, steps: Sequence[Step]) -> Steps:
        return Steps(steps, self.nodes, self._values)

    def of(self, value: Value | str) -> Steps:
        """Every step that reached ``value`` (or the node of that name): the one that made it, and those that gave it gradient."""
        index = self._index(value)
        return self._some(
            [
                s
                for s in self
                if (s.node == index and s.kind != "backward")
                or any(p.parent == index for p in s.parts)
            ]
        )

    def _index(self, value: Value | str) -> int:
        if isinstance(value, Value) and self._values:
            found = [i for i, own in enumerate(self._values) if own is value]
        else:
            name = value if isinstance(value, str) else value.label
            found = [node.index for node in self.nodes if node.name == name]
        if not found:
            asked = repr(value) if isinstance(value, Value) else f"value {value!r}"
            raise OperandError(
                f"there is no {asked} among these steps; there are {', '.join(n.name for n in self.nodes[:20])}"
            )
        return found[0]

    def gradients(self) -> dict[str, float]:
        """∂root/∂node by name, after these steps, for each node that they reach."""
        reached = {s.name: s.value for s in self if s.kind == "seed"}
        for step in self:
            reached |= {part.name: part.after for part in step.parts}
        return reached

    def to_json(self) -> str:
        """The steps and nodes as JSON text; `from_json` reads it back. Floats keep every digit; inf and nan stand as strings."""
        import json

        content = {"nodes": [asdict(n) for n in self.nodes], "steps": [asdict(s) for s in self]}
        return json.dumps(_strict(content), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Steps:
        """The steps that `to_json` wrote.

        Raises:
            OperandError: if ``text`` is something else.
        """
        import json

        try:
            content = json.loads(text)
            nodes = [
                Node(
                    **{
                        **n,
                        "data": float(n["data"]),
                        "parents": tuple(n["parents"]),
                        "local_grads": tuple(map(float, n["local_grads"])),
                    }
                )
                for n in content["nodes"]
            ]
            return cls([_step(**s) for s in content["steps"]], nodes)
        except (ValueError, TypeError, KeyError) as error:
            raise OperandError(
                f"from_json needs the text that Steps.to_json wrote; {text[:40]!r} is not: {error!r}"
            ) from None

    def text(self, *, digits: int = 6) -> str:
        """The forward and the backward table as plain text."""
        from .text import as_text

        return as_text(self, digits)

    def markdown(self, *, digits: int = 6) -> str:
        """The forward and the backward table as Markdown."""
        from .text import as_markdown

        return as_markdown(self, digits)

    def latex(self, *, digits: int = 6) -> str:
        """The forward and the backward table as LaTeX tabulars."""
        from .text import as_latex

        return as_latex(self, digits)

    def python(self) -> str:
        """Both passes as a Python program that runs by itself, in the manner of lecture file 000: dloss_out4 = df5(out4)."""
        from .text import as_python

        return as_python(self)

    def __str__(self) -> str:
        return "\n".join(f"{i + 1:>3}  {step.sentence}" for i, step in enumerate(self))

    def _repr_html_(self) -> str | None:
        """The stepper, of a whole record made from a graph; a part of one, one read from a file, or a long one shows as tables."""
        from ..pictures.interactive.stepper import MOST, stepper

        if not self._whole or len(self.nodes) > MOST:
            return None
        from ..pictures.scene.scene import scene

        return stepper(scene(self._values[-1]), self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        return f"<{len(self)} steps over {len(self.nodes)} values: print() shows them, .text() the tables>"


def _strict(content: Any) -> Any:
    """``content`` with floats that JSON does not know as the strings that float() reads."""
    if isinstance(content, dict):
        return {key: _strict(item) for key, item in content.items()}
    if isinstance(content, list | tuple):
        return [_strict(item) for item in content]
    return str(content) if isinstance(content, float) and content - content != 0.0 else content


def _step(*, value: Any, parts: Any, **rest: Any) -> Step:
    """A step as JSON has it."""
    return Step(value=float(value), parts=tuple(_part(**part) for part in parts), **rest)


def _part(*, parent: int, name: str, terms: Any = (), **numbers: Any) -> Part:
    return Part(
        parent,
        name,
        terms=tuple(map(float, terms)),
        **{key: float(number_) for key, number_ in numbers.items()},
    )
