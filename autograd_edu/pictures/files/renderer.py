"""A picture as PNG or PDF: Typst, which pip installs, renders our SVG with fonts of its own.

Typst's wheel holds DejaVu Sans Mono, the face that our widths are measured in. Fonts of the system
are used only for characters that it lacks, such as Japanese ones.
"""

from __future__ import annotations

import math
import re
import warnings
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Literal

from ...errors import LayoutError

if TYPE_CHECKING:
    import typst

Kind = Literal["png", "pdf"]
_PAGE = b"""
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#let width = float(sys.inputs.width) * 1pt
#image(bytes(sys.inputs.svg), format: "svg", width: width, alt: sys.inputs.title)
"""
_DENSITY = 2.0  # dots of a PNG for each pixel of the picture
LONGEST, _MOST = 16_000, 4e7  # dots of a PNG on one side, and in all: few programs show more
_PDF_LONGEST = 14_400  # points on one side of a PDF, of which more is not allowed
_UNASSIGNED = "\u0378"  # a character that no font has


def png(svg: str, *, longest: int = LONGEST) -> bytes:
    """The picture as a PNG with two dots for each pixel, or fewer if it is very large.

    Args:
        longest: the most dots on one side.

    Warns:
        UserWarning: if no font has some of the characters, so that boxes stand for them.

    Raises:
        ImportError: if Typst is not installed.
    """
    width, height = size(svg)
    density = min(_DENSITY, longest / max(width, height), math.sqrt(_MOST / (width * height)))
    return _render(svg, "png", width=width, dots=72.0 * density)


def pdf(svg: str) -> bytes:
    """The picture as a PDF of one page, with a point for each pixel, or fewer if it is very large.

    Text stays text: it can be searched and copied. Warns and raises as `png` does.
    """
    width, height = size(svg)
    return _render(svg, "pdf", width=width * min(1.0, _PDF_LONGEST / max(width, height)))


def size(svg: str) -> tuple[float, float]:
    """The width and height that a picture of ours says it has, in pixels."""
    found = re.match(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', svg)
    assert found, "a picture says its size first"
    return float(found[1]), float(found[2])


def _render(svg: str, kind: Kind, *, width: float, dots: float = 72.0) -> bytes:
    lacking = sorted(sign for sign in set(svg) if not sign.isascii() and not has_face(sign))
    if lacking:
        shown = " ".join(lacking[:10])
        warnings.warn(
            f"the .{kind} has boxes in place of {shown}: no installed font has them. Install one "
            "that does, or save the picture as .svg",
            UserWarning,
            stacklevel=6,
        )
    return _compile(svg, kind, width=width, dots=dots)


def _compile(svg: str, kind: Kind, *, width: float, dots: float = 72.0) -> bytes:
    title = re.search(r'aria-label="([^"]*)"', svg)
    inputs = {"svg": svg, "title": unescape(title[1] if title else ""), "width": f"{width:.4f}"}
    try:
        made = compiler().compile(_PAGE, format=kind, ppi=dots, sys_inputs=inputs)
    except RuntimeError as error:  # Typst's own errors are of this kind
        raise LayoutError(f"Typst could not render the picture as .{kind}: {error}") from None
    assert isinstance(made, bytes), "there is one page"
    return made


@cache
def compiler() -> typst.Compiler:
    """Typst with the fonts of its wheel and of the system. Raises ImportError without it."""
    try:
        import typst
    except ImportError:
        raise ImportError(
            "saving a picture as .png, .pdf or .gif needs Typst: pip install "
            "'autograd-edu[files]'; .svg and .html need nothing"
        ) from None
    return typst.Compiler(font_paths=typst.Fonts())


@cache
def has_face(sign: str) -> bool:
    """Whether some font has ``sign``: it looks otherwise than a character that none has."""
    return _sign(sign) != _sign(_UNASSIGNED)


@cache
def _sign(sign: str) -> bytes:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">'
    text = f'<text x="2" y="15" font-family="DejaVu Sans Mono">{sign}</text>'
    return _compile(f"{head}{text}</svg>", "png", width=20.0)
