"""Pictures of a computation graph, with forward values and backward gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from ..arguments import positive, whole
from ..engine.value import Value
from ..errors import LayoutError, OperandError, one_of
from ..notation.text import printable
from ..printing import Text
from .folding.detail import MOST_BOXES
from .folding.folded import as_text, scenes
from .folding.scopes import Folding
from .picture import Picture
from .render.dot import to_dot
from .render.layout import FITS, expected_width, layout
from .render.styles import STYLES
from .scene.scene import Graph, Look, Scene
from .scene.symbolic import symbolic
from .steps import Steps, steps

if TYPE_CHECKING:
    from ..program.program import AnyProgram
    from .arrays.picture import ProgramDrawing
    from .files.save import Contents

__all__ = ["Drawing", "draw", "to_dot"]


class Drawing(Picture):
    """A picture of a computation graph, as it was when it was drawn.

    A notebook shows it, and steps through it where every value is a card. `save` writes .svg, .png,
    .pdf: the picture; .html: a page to step through; .gif: the picture, step by step; .tex, .md:
    steps and tables; .json: the steps as data (`Steps.from_json`).

    Attributes:
        svg: the picture as one SVG element.
        style: how it is drawn.
        detail: the level of detail that was chosen.
        title: the label of the result.

    >>> from autograd_edu import Value, draw
    >>> picture = draw(Value(2.0, label="x").tanh(), style="circuit")
    >>> picture.style, picture.detail, picture.svg[:4]
    ('circuit', 'full', '<svg')
    >>> picture.save("tanh.svg")  # doctest: +SKIP
    """

    def __init__(
        self, y: Value, *, style: str, detail: str, wish: Folding, look: Look,
        symbolic: bool = False,
    ) -> None:  # fmt: skip
        graph = Graph(y, look)
        self._symbolic = symbolic
        self.style, self.title = style, printable(y.label or "result", 60)
        self._y, self._values = y, len(graph)
        if len(graph) <= MOST_BOXES:
            self._steps  # noqa: B018 - made now: the values may change after
        self.detail, self._scene, arranged = self._chosen(graph, detail, wish)
        count = len(self._scene.boxes)
        if count > MOST_BOXES:
            raise LayoutError(_too_large(graph, count))
        places = layout(arranged)
        self.svg = Text(STYLES[style].svg(arranged, places, self._caption(graph)))

    def _chosen(self, graph: Graph, detail: str, wish: Folding) -> tuple[str, Scene, Scene]:
        """The level, its scene, and that in the style: the first that fits, or the narrowest."""
        tried = []
        for level, scene in scenes(graph, "full" if self._symbolic else detail, wish):
            scene = symbolic(graph, scene) if self._symbolic else scene
            arranged = STYLES[self.style].arrange(scene)
            tried.append((expected_width(arranged), level, scene, arranged))
            if tried[-1][0] <= FITS:
                break
        return min(tried, key=lambda entry: entry[0])[1:]

    def _caption(self, graph: Graph) -> str:
        what = self._scene.note or f"{len(graph)} values, {len(self._scene.wires)} wires"
        return f"Computation graph of {self.title}: {what}"

    @cached_property
    def _steps(self) -> Steps:
        """Both passes, step by step. For more than 1,500 values they are made when asked for."""
        return steps(self._y)

    @cached_property
    def text(self) -> str:
        """The forward and the backward table.

        If boxes stand for several values, or gradients are formulas, a table with one line per box
        and per row in it.
        """
        in_boxes = self._scene.note or self._symbolic
        return as_text(self._scene) if in_boxes else str(self._steps)

    @property
    def _steps_through(self) -> bool:
        """Whether the stepper shows this very picture."""
        from .interactive import stepper

        whole = self.style == "card" and not self._scene.note and not self._symbolic
        return whole and self._values <= stepper.MOST

    @property
    def html(self) -> str:
        """The picture as an HTML page of its own.

        It steps through the pass where every value is a card, and shows the picture where scripts
        do not run.
        """
        from .interactive.stepper import stepper_page

        if self._steps_through:
            held = self._steps.held
            page = stepper_page(self._scene, self._steps.record, held, title=self.title)
            return Text(page)
        return super().html

    def _contents(self) -> Contents:
        from .files.save import of_graph

        return of_graph(
            self.svg,
            lambda: self.html,
            scene=self._scene,
            record=self._steps.record,
            style=self.style,
        )

    def embed(self) -> str:
        """The picture as an HTML element for a page of your own; it needs nothing from elsewhere.

        It can be stepped through where every value is a card.
        """
        from .interactive.stepper import picture_alone, stepper

        if self._steps_through:
            return stepper(self._scene, self._steps.record, self._steps.held)
        return picture_alone(self.svg, f"Computation graph of {self.title}", self._why_alone)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:  # what IPython passes
        return {"text/plain": self.text, "image/svg+xml": self.svg, "text/html": self.embed()}

    @property
    def _why_alone(self) -> str:
        """Why a notebook shows a picture of cards without the stepper."""
        from .interactive import stepper

        values = self._values
        if self.style != "card" or self._symbolic:
            return ""
        if values > stepper.MOST:
            most = f"at most {stepper.MOST}"
            many = f"{values:,} values are too many to step through ({most})"
            return f"{many}: print(steps(y)) lists the pass."
        return 'draw(y, detail="full") shows each value by itself, to step through.'


Gradients = Literal["numbers", "symbolic"]
GRADIENTS: tuple[Gradients, ...] = ("numbers", "symbolic")


@overload
def draw(y: Value, style: str = ..., *, detail: str = ..., expand: str | Sequence[str] = ...,
         collapse: str | Sequence[str] = ..., gradients: Gradients = ..., direction: str = ...,
         digits: int = ..., font_size: float = ...) -> Drawing: ...  # fmt: skip
@overload
def draw(y: AnyProgram, *, gradients: Gradients = ..., direction: str = ...,
         font_size: float = ...) -> ProgramDrawing: ...  # fmt: skip
def draw(
    y: Value | AnyProgram,
    style: str = "card",
    *,
    detail: str = "auto",
    expand: str | Sequence[str] = (),
    collapse: str | Sequence[str] = (),
    gradients: Gradients = "numbers",
    direction: str = "auto",
    digits: int = 4,
    font_size: float = 12.0,
) -> Drawing | ProgramDrawing:
    """The computation graph of ``y``, with values, gradients and local gradients.

    Gradients are those of the latest `backward`; "–" stands where none has reached. Drawing changes
    nothing. A program, from `trace` or `trace_graph`, is drawn as arrays with their shapes and the
    operations between them.

    Args:
        y: a Value, or a program.
        style: "card" (a card for each value, local gradients on the wires), "circuit" (gates on
            wires: values above, gradients below) or "micrograd" (records of data and grad, and
            circles for operations).
        detail: "full" (every value), "fused" (sums of products as one box, with a row for each
            product), "neuron" (a box for each innermost scope), "layer" (a box for each scope
            around those), or "auto": the finest of these that can be read. If even the coarsest
            leaves more than 150 boxes, "auto" leaves out the middle.
        expand: names of scopes that must not become one box, or labels of values that get their
            own.
        collapse: names of scopes that become one box, or labels of results: each with all that it
            alone uses.
        gradients: "numbers"; or "symbolic": each value, or each array of a program, has its
            gradient as a formula, and each wire of a Value its local gradient.
        direction: which way wires lead: "right", "down", or "auto": to the right, or down where
            that fits a notebook better.
        digits: significant digits of a number.
        font_size: in pixels. The whole picture grows and shrinks with it.

    Raises:
        OperandError: if ``y`` is neither a Value nor a program, or an option does not fit a
            program.
        OptionError: for an unknown style, level of detail, direction, scope or label. The message
            lists those there are.
        LayoutError: if no Graphviz layout program is installed, or the picture has more than 1,500
            boxes at the level that you asked for.

    Without a notebook, it prints what the picture shows:

    >>> draw(Value(3, "x") * 2.0)
      1  v1 = x·2 = 3·2 = 6
      2  ∂v1/∂v1 = 1, the seed
      3  x.grad += local × upstream: 0 + 2 × 1 = 2
    >>> from autograd_edu import dot, tanh, trace
    >>> draw(trace(lambda w, x: tanh(dot(w, x)), [1.0, 2.0], [3.0, 4.0]))
    A program of 2 operations on numbers as 4 arrays
    array  shape  made by
    -----  -----  -------
    w      2      input
    x      2      input
    v      1      w @ x
    y      1      tanh(v)
    """
    if not isinstance(y, Value):
        from ..program.program import Program  # pictures of Values need no NumPy

        if isinstance(y, Program):
            given = (style, detail, tuple(expand), tuple(collapse), digits)
            return _program(y, given, gradients, _look(direction, digits, font_size))
        raise OperandError(
            "draw needs a Value, the result of operations on Values, or a program; for a model "
            f"there is draw_network; got {type(y).__name__}"
        )
    formulas = STYLES[one_of(style, STYLES, "style")].formulas
    is_symbolic = one_of(gradients, GRADIENTS, "form of gradients") == "symbolic"
    if is_symbolic:
        one_of(detail, ("auto", "full"), "level of detail for symbolic gradients")
        if expand or collapse:
            raise OperandError("symbolic gradients are those of every value: leave out collapse")
    return Drawing(
        y,
        style=style,
        detail=detail,
        wish=Folding(_listed(expand, "expand"), _listed(collapse, "collapse"), formulas),
        look=_look(direction, digits, font_size),
        symbolic=is_symbolic,
    )


def _look(direction: str, digits: int, font_size: float) -> Look:
    return Look(
        one_of(direction, ("auto", "right", "down"), "direction"),
        whole(digits, "digits"),
        positive(font_size, "font_size"),
    )


def _program(
    program: AnyProgram, given: tuple[object, ...], gradients: Gradients, look: Look
) -> ProgramDrawing:
    """The picture of a program; ``given`` are the options that only Values have."""
    from .arrays.picture import ProgramDrawing

    if given != ("card", "auto", (), (), 4):
        raise OperandError(
            "style, detail, expand, collapse and digits are for the graph of a Value; a program "
            "is drawn as arrays"
        )
    is_symbolic = one_of(gradients, GRADIENTS, "form of gradients") == "symbolic"
    return ProgramDrawing(program, look, gradients=is_symbolic)


def _listed(names: str | Sequence[str], what: str) -> tuple[str, ...]:
    if isinstance(names, str):
        return (names,)
    if not isinstance(names, Iterable):
        raise OperandError(
            f"{what} takes the name of a scope or a label, or a list of them; got {names!r}"
        )
    return tuple(names)


def _too_large(graph: Graph, count: int) -> str:
    folded = "" if count == len(graph) else f", {count:,} boxes"
    return (
        f"a picture of {len(graph):,} values{folded} cannot be read, and {MOST_BOXES:,} boxes are "
        "the most: leave out detail, so that as much as needed is folded, or draw a part of the "
        "graph, such as one sample's loss"
    )
