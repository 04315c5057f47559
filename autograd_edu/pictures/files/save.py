"""A picture as a file of the kind that the path's suffix names, complete or not at all."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import OperandError
from ...files import write
from ...notation.text import printable
from ...record.formats import as_markdown, markdown_text
from ...record.model import Record
from ...record.saved import to_json
from ..interactive.running import LONGEST_SENTENCE
from ..render.dark import with_dark_colours
from ..scene.scene import Scene
from .animate import frames, gif
from .renderer import pdf, png
from .tex import document

Contents = Mapping[str, Callable[[], str | bytes]]  # of a file, by its suffix
ABOUT = {
    ".svg": "the picture",
    ".html": "a page to step through",
    ".png": "the picture in pixels",
    ".pdf": "the picture on a page",
    ".gif": "the picture, step by step",
    ".tex": "LaTeX: steps and tables",
    ".md": "Markdown: steps and tables",
    ".json": "the steps as data",
}


def save(path: str | os.PathLike[str], contents: Contents) -> Path:
    """Write the content for the suffix of ``path``, in capitals or not. Returns the path.

    Raises:
        OperandError: if there is nothing for that suffix.
        OSError: if the folder does not exist or cannot be written to, or ``path`` is a folder.
    """
    path = Path(path)
    content = contents.get(path.suffix.lower())
    if content is None:
        kinds = ", ".join(f"{suffix} ({ABOUT[suffix]})" for suffix in contents)
        what = f"not as {path.suffix!r}" if path.suffix else "and a suffix must say which"
        raise OperandError(f"a picture is saved as {kinds}; {what}: {ascii(str(path))[:200]}")
    _check(path)
    made = content()
    write(path, made)
    return path


def _check(path: Path) -> None:
    """Say before the work what would fail after it."""
    if path.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, "a folder stands where the picture is to be saved", str(path)
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT,
            f"there is no folder {str(path.parent)!r} to save the picture in",
            str(path),
        )


# ---- what each kind of file holds ----------------------------------------------------------------


def of_picture(svg: str, html: Callable[[], str]) -> Contents:
    """The picture alone: as .svg, .html, .png and .pdf."""
    return {
        ".svg": lambda: with_dark_colours(svg) + "\n",
        ".html": html,
        ".png": lambda: png(svg),
        ".pdf": lambda: pdf(svg),
    }


def of_graph(
    svg: str, html: Callable[[], str], *, scene: Scene, record: Record, style: str = "card"
) -> Contents:
    """The picture of a computation, and the record of its pass, step by step.

    Args:
        svg, html: the picture as it is, and its page.
        scene, record, style: the boxes, the pass, and how both are drawn, for the animation.
    """
    return {
        **of_picture(svg, html),
        ".gif": lambda: gif(frames(scene, record, style=style)),
        ".tex": lambda: document(record),
        ".md": lambda: _markdown(record),
        ".json": lambda: to_json(record),
    }


def _markdown(record: Record) -> str:
    said = [printable(step.sentence.strip(), LONGEST_SENTENCE) for step in record.steps]
    shown = [_in_a_list(markdown_text(sentence)) for sentence in said]
    steps = "\n".join(f"{i}. {sentence}" for i, sentence in enumerate(shown, 1))
    return f"{steps}\n\n{as_markdown(record)}\n"


def _in_a_list(sentence: str) -> str:
    """``sentence`` as an entry of a Markdown list in which no other list and no heading begins."""
    return re.sub(r"^(?:(\d+)(?=[.)])|(?=[#+=-]))", r"\1\\", sentence)
