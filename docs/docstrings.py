"""Docstrings as reStructuredText.

They are written to be read in a terminal: `|x|` and `a*b` are mathematics there, where
reStructuredText would see a substitution and emphasis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LITERAL = re.compile(r"(``.*?``|`[^`\n]*`)")
_MARKS = re.compile(r"([*|]|(?<=\w)_(?!\w))")


def escape(lines: list[str]) -> list[str]:
    """The lines with the marks of reStructuredText escaped, outside code."""
    escaped, example = [], False
    for line in lines:
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        escaped.append(line if example else _escape_line(line))
    return escaped


def _escape_line(line: str) -> str:
    pieces = _LITERAL.split(line)  # every second piece is code
    pieces[::2] = [_MARKS.sub(r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)


def _process(*event: Any) -> None:  # Sphinx passes objects of any kind
    lines = event[-1]
    lines[:] = escape(lines)


def setup(app: Sphinx) -> dict[str, Any]:  # the type that Sphinx states
    """Escape each docstring before napoleon reads its sections."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _process, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
