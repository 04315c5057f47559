"""Pictures of a computation graph, with forward values and backward gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..engine.value import Value
from ..errors import LayoutError, OperandError, one_of
from ..notation.text import printable
from .folding.detail import MOST_BOXES
from .folding.folded import as_text, at_level
from .render.dot import to_dot
from .render.layout import layout
from .render.page import html_page
from .render.styles import STYLES
from .scene.scene import Graph
from .steps import Steps, steps

__all__ = ["Drawing", "draw", "to_dot"]


class Drawing:
    """A picture, as it was when it was drawn: `svg` and `html` as text.

    A notebook shows it, to step through where every value is a card.

    Attributes:
        style, detail: how it is drawn, and the level of detail that was chosen.
        title: the label of the result.
    """

    def __init__(
        self,
        y: Value,
        style: str = "card",
        detail: str = "auto",
        expand: Sequence[str] = (),
        collapse: Sequence[str] = (),
    ) -> None:
        graph = Graph(y)
        self.style, self.title = style, printable(y.label or "result", 60)
        self.detail, self._scene = at_level(
            graph, detail, expand, collapse, formulas=STYLES[style].formulas
        )
        self._y, self._values = y, len(graph)
        if len(graph) <= MOST_BOXES:
            self._steps  # noqa: B018 - made now: the values may change after
        count = len(self._scene.boxes)
        if count > MOST_BOXES:
            raise LayoutError(_too_large(graph, count))
        arranged = STYLES[style].arrange(self._scene)
        self.svg = STYLES[style].svg(arranged, layout(arranged), self._caption(graph))

    def _caption(self, graph: Graph) -> str:
        what = self._scene.note or f"{len(graph)} values, {len(self._scene.wires)} wires"
        return f"Computation graph of {self.title}: {what}"

    @cached_property
    def _steps(self) -> Steps:
        """Both passes step by step.

        Of a graph of more than 1,500 values they are made when they are asked for.
        """
        return steps(self._y)

    @cached_property
    def text(self) -> str:
        """The forward and the backward table.

        Of a picture with boxes for several values, a line a box.
        """
        return as_text(self._scene) if self._scene.note else str(self._steps)

    @property
    def _steps_through(self) -> bool:
        """Whether the stepper shows this very picture."""
        from .interactive import stepper

        return (
            self.style == "card" and not self._scene.note and len(self._scene.boxes) <= stepper.MOST
        )

    @property
    def html(self) -> str:
        """A page of its own.

        The picture that one can step through, and without JavaScript the picture; or the picture
        alone.
        """
        from .interactive.stepper import stepper_page

        if self._steps_through:
            return stepper_page(self._scene, self._steps.record, self.title)
        return html_page(self.svg, self.title)

    def save(self, path: str | Path, *, animated: bool = False) -> Path:
        """Write the picture to ``path``, whose suffix says how. Returns the path.

        .svg, .png, .pdf: the picture; .html: a page to step through; .gif, or .svg with
        ``animated``: the picture, moving step by step; .tex, .md: picture or steps, and the tables;
        .json: the steps as data (`Steps.from_json`).

        A .pdf needs Graphviz' `dot` on the PATH, a .gif Pillow (extra `plot`). A file that was
        there is kept if anything fails.
        """
        from .files.save import of_graph, save

        return save(
            path,
            of_graph(
                self.svg,
                lambda: self.html,
                self._scene,
                self._steps.record,
                style=self.style,
                animated=animated,
            ),
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from .interactive.stepper import picture_alone, stepper

        html = (
            stepper(self._scene, self._steps.record)
            if self._steps_through
            else picture_alone(self.svg, f"Computation graph of {self.title}", self._why_alone)
        )
        return {"text/plain": self.text, "image/svg+xml": self.svg, "text/html": html}

    @property
    def _why_alone(self) -> str:
        """Why a notebook shows a picture of cards without the stepper."""
        from .interactive import stepper

        values = self._values
        if self.style != "card":
            return ""
        if values > stepper.MOST:
            most = f"at most {stepper.MOST}"
            many = f"{values:,} values are too many to step through ({most})"
            return f"{many}: print(steps(y)) lists the pass."
        return 'draw(y, detail="full") shows each value by itself, to step through.'

    def __repr__(self) -> str:
        return self.text


def draw(
    y: Value,
    style: str = "card",
    detail: str = "auto",
    expand: Sequence[str] = (),
    collapse: Sequence[str] = (),
) -> Drawing:
    """The computation graph of ``y``, with values, gradients and local gradients.

    Gradients are those of the latest `backward`; "–" stands where none has reached. Drawing changes
    nothing.

    Args:
        style: "card" (a card a value, local gradients on the wires), "circuit" (gates on wires:
            values above, gradients below) or "micrograd" (records of data and grad, and circles for
            operations).
        detail: "full" (every value), "fused" (sums of products as one box, a row a product),
            "neuron" (a box for each innermost scope), "layer" (a box for each scope around those),
            or "auto": the finest that can be read. Where there is none, and
            more than 150 boxes are left, it leaves out the middle.
        expand: names of scopes that are not to be one box, or labels of values that are to have
            their own.
        collapse: names of scopes that are to be one box, or labels of results: these and all that
            they alone use.

    Raises:
        OperandError: for an unknown style, level, scope or label; the message lists those there
            are.
        LayoutError: if no Graphviz layout program is installed, or the picture has more than 1,500
            boxes at the level that you asked for.

    >>> x = Value(3, "x")
    >>> draw(x * x, style="micrograd").svg[:4]
    '<svg'
    """
    if not isinstance(y, Value):
        raise OperandError(
            f"draw needs a Value, the result of operations on Values; {type(y).__name__} was given"
        )
    return Drawing(
        y,
        one_of(style, STYLES, "style"),
        detail,
        _listed(expand, "expand"),
        _listed(collapse, "collapse"),
    )


def _listed(names: Sequence[str], what: str) -> tuple[str, ...]:
    if isinstance(names, str):
        return (names,)
    if not isinstance(names, Iterable):
        raise OperandError(
            f"{what} takes the name of a scope or a label, or a list of them; {names!r} was given"
        )
    return tuple(names)


def _too_large(graph: Graph, count: int) -> str:
    folded = "" if count == len(graph) else f", {count:,} boxes"
    return (
        f"a picture of {len(graph):,} values{folded} cannot be read, and {MOST_BOXES:,} boxes are "
        "the most: leave out detail, so that as much as needed is folded, or draw a part of the "
        "graph, such as one sample's loss"
    )
