"""Pictures of a computation graph, with forward values and backward gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import LayoutError, OperandError
from ..graph import topological_order
from ..steps import steps
from ..value import Value
from .dot import to_dot
from .layout import layout
from .scene import printable, scene
from .svg import svg

__all__ = ["Drawing", "draw", "to_dot"]

MOST = 1500  # values in a picture


class Drawing:
    """A picture, as it was when it was drawn: `svg` and `html` as text; a notebook shows it to step through; `save` writes a file."""

    def __init__(self, y: Value) -> None:
        boxes = scene(y)
        self._scene, self._record = boxes, steps(y)
        self.text = str(self._record)
        self.title = printable(y.label or "result", 60)
        self.svg = svg(boxes, layout(boxes), f"Computation graph of {self.title}: {len(boxes.boxes)} values, {len(boxes.wires)} wires")

    @property
    def html(self) -> str:
        """A page of its own: the picture that one can step through, and without JavaScript the picture."""
        from .stepper import page

        return page(self._scene, self._record, self.title)

    def save(self, path: str | Path) -> Path:
        """Write the picture to ``path``, whose suffix says how: .svg or .html. Returns the path."""
        path = Path(path)
        content = {".svg": lambda: self.svg + "\n", ".html": lambda: self.html}.get(path.suffix.lower())
        if content is None:
            raise OperandError(f"a picture is saved as .svg or .html, not {path.suffix or 'without a suffix'!r}: {str(path)!r}")
        path.write_text(content(), encoding="utf-8")
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - Jupyter's signature
        from .stepper import stepper

        return {"text/plain": self.text, "image/svg+xml": self.svg, "text/html": stepper(self._scene, self._record)}

    def __repr__(self) -> str:
        return self.text


def draw(y: Value) -> Drawing:
    """The computation graph of ``y``: a card a value, with its number, its gradient, and local gradients on the wires.

    Gradients are those of the latest `backward`; "–" stands where none has reached. Drawing changes nothing.

    Raises:
        LayoutError: if no Graphviz layout program is installed, or the graph has more than 1,500 values: nobody could
            read the picture, and its layout would take minutes.
    """
    if not isinstance(y, Value):
        raise OperandError(f"draw needs a Value, the result of operations on Values; {type(y).__name__} was given")
    count = len(topological_order(y))
    if count > MOST:
        raise LayoutError(
            f"a picture of {count:,} values cannot be read, and {MOST:,} are the most: draw a part of it, such as one sample's loss"
        )
    return Drawing(y)
