"""What every picture can do: show itself in a notebook or a browser, be saved, and be embedded."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from ..printing import Text, in_notebook
from .render.dark import with_dark_colours
from .render.page import html_page

if TYPE_CHECKING:
    from .files.save import Contents


class Picture:
    """A picture, as it was when it was drawn.

    Attributes:
        svg: the picture as one SVG element.
        title: what it shows, in a few words.
    """

    svg: str
    title: str

    @property
    def text(self) -> str:
        """The picture in words: what a terminal shows."""
        raise NotImplementedError

    @property
    def html(self) -> str:
        """The picture as an HTML page of its own."""
        return Text(html_page(with_dark_colours(self.svg), self.title, dark=True))

    def embed(self) -> str:
        """The picture as an HTML element for your own page; it needs nothing from elsewhere."""
        return f"<div>{self.svg}</div>"

    def _contents(self) -> Contents:
        """What each kind of file holds."""
        from .files.save import of_picture

        return of_picture(self.svg, lambda: self.html)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:  # what IPython passes
        from .interactive.stepper import picture_alone

        html = picture_alone(self.svg, self.text.split("\n")[0])
        return {"text/plain": self.text, "image/svg+xml": self.svg, "text/html": html}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to ``path``, whose suffix says how. Returns the path.

        It is .svg, .png, .pdf, .gif, .html, .tex, .md or .json; not every picture has them all.

        A .png, .pdf or .gif needs the extra `files` (``pip install 'autograd-edu[files]'``). A file
        that was there is kept if anything fails.

        Raises:
            OperandError: for another suffix; the message lists those that are possible.
            OSError: if the folder does not exist or cannot be written to.
        """
        from .files.save import save

        return save(path, self._contents())

    def show(self) -> Path | None:
        """Open the picture: in a notebook below the cell, else as a page in the browser.

        Returns:
            The page, or None in a notebook. Where no browser can be opened, as in a script on a
            server, it prints the path and opens nothing.
        """
        if in_notebook():
            from IPython.display import display

            display(self)  # type: ignore[no-untyped-call]  # IPython has no types for it
            return None
        page = Path(tempfile.mkdtemp(prefix="autograd_edu-")) / "picture.html"
        page.write_text(self.html, encoding="utf-8")
        if not (_has_a_screen() and webbrowser.open(page.as_uri())):
            print(f"The picture is in {page}")
        return page

    def __repr__(self) -> str:
        return self.text


def _has_a_screen() -> bool:
    """Whether a browser would open a window.

    Without a display, Python's `webbrowser` would start a browser for terminals on Linux.
    """
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
