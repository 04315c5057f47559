"""A picture of ours as PNG or PDF: a Graphviz program draws our own shapes, where we say.

The shapes are the background (in xdot, Graphviz' drawing language) of a graph of two invisible points, which mark the
page's corners: nothing is laid out, and the picture shows what the SVG shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from unicodedata import bidirectional, combining

from ...errors import LayoutError
from ...notation.text import text_width
from ..render.columns import Point
from ..render.layout import program
from .shapes import Page, Paint, Path, Text

_FACE = "DejaVu Sans Mono,monospace"
_CORNER = 'style=invis shape=point width=0 height=0 label=""'
_UNASSIGNED = "\u0378"
_DOTS = {"png": 144, "pdf": 72}  # an inch; of a PNG two a pixel, of a PDF a point a pixel
_SECONDS = 30.0  # that writing a page may take
LONGEST, _MOST = 16_000, 4e7  # dots of a PNG on one side, and in all


def png(page: Page, longest: int = LONGEST) -> bytes:
    """The page as a PNG of two dots a pixel, or fewer, so that no side is longer than ``longest``.

    The layout program that pip installs has no face for some scripts (Chinese, emoji): a `dot` on the PATH takes such pictures
    over; without one there is a warning, and boxes stand for those characters.

    Raises:
        LayoutError: if there is no Graphviz program, or it finds no font: it would leave out every text, and say nothing.
    """
    import shutil
    import warnings

    own, other = program(), shutil.which("dot")
    if not _drawn(own, "8", beside=""):
        raise LayoutError(
            f"{own!r} finds no font to write with: install one, such as DejaVu Sans Mono, or save the picture as .svg"
        )
    signs = {
        c
        for shape in page.shapes
        if isinstance(shape, Text)
        for c in shape.text
        if not c.isascii() and not combining(c)
    }
    lacking = sorted(c for c in signs if not _drawn(own, c, beside=_UNASSIGNED))
    if lacking and other:
        return _run(other, "png", page, longest)
    if lacking:
        shown = " ".join(lacking[:10])
        warnings.warn(
            f"the .png has boxes for {shown}: put Graphviz' `dot` on the PATH, or save .svg",
            UserWarning,
            stacklevel=4,
        )
    return _run(own, "png", page, longest)


def pdf(page: Page) -> bytes:
    """The page as a PDF.

    Raises:
        LayoutError: if no `dot` is on the PATH; the layout program that pip installs writes no PDF.
    """
    import shutil

    own = shutil.which("dot")
    if own is None:
        raise LayoutError(
            "a .pdf is written by Graphviz' own `dot`: install Graphviz so that it is on the PATH, or save .svg, .png or .tex"
        )
    return _run(own, "pdf", page)


@cache
def _drawn(own: str, sign: str, beside: str) -> bool:
    """Whether the program draws ``sign`` otherwise than ``beside``: nothing at all, or the box for a sign that no font has."""
    one, other = (
        Page(60.0, 20.0, (Text(t, 10.0, 15.0, 7.0, "#000000", 12.0),) if t else ())
        for t in (sign, beside)
    )
    return _run(own, "png", one) != _run(own, "png", other)


def _run(own: str, kind: str, page: Page, longest: int = LONGEST) -> bytes:
    import subprocess

    try:
        command = [own, "-Kneato", "-n2", f"-T{kind}"]
        text = _dot_text(page, _dots(kind, page, longest)).encode()
        done = subprocess.run(
            command, input=text, capture_output=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise LayoutError(
            f"the picture is too large for a .{kind}: {own!r} took more than {_SECONDS:g} seconds; "
            "save it as .svg or .html"
        ) from None
    except OSError as error:
        raise LayoutError(f"the Graphviz program {own!r} cannot be run: {error}") from None
    start = {"png": b"\x89PNG", "pdf": b"%PDF"}[kind]
    if done.returncode or not done.stdout.startswith(start):
        said = done.stderr.decode(errors="replace").strip()[:300]
        raise LayoutError(
            f"the Graphviz program {own!r} wrote no {kind.upper()}: {said or f'exit status {done.returncode}'}"
        )
    return done.stdout


def _dots(kind: str, page: Page, longest: int) -> int:
    """Dots an inch: fewer for a PNG that few programs could show."""
    if kind != "png":
        return _DOTS[kind]
    side = max(page.width, page.height)
    largest = min(longest / side, math.sqrt(_MOST / (page.width * page.height)))
    return max(min(_DOTS[kind], int(72 * largest)), 1)


def _dot_text(page: Page, dots: int = 72) -> str:
    drawn = [
        '"' + "".join(shape) + '"' for shape in (_xdot(shape, page.height) for shape in page.shapes)
    ]
    background = (
        " +\n".join(drawn) or '""'
    )  # a string a shape: some versions refuse one of more than 16,384 characters
    head = f'graph {{ graph [pad=0 margin=0 dpi={dots} bgcolor="#ffffff" _background={background}]; node [{_CORNER}];'
    return f'{head} a [pos="0,0"]; b [pos="{page.width:g},{page.height:g}"]; }}'


def _xdot(shape: Path | Text, height: float) -> Iterator[str]:
    return _curve(shape, height) if isinstance(shape, Path) else _words(shape, height)


def _curve(path: Path, height: float) -> Iterator[str]:
    points = f"{len(path.points)} {' '.join(_place(p, height) for p in path.points)} "
    yield f"S {len(style := f'setlinewidth({path.width:g})')} -{style} S {len(dash := 'dashed' if path.dashed else 'solid')} -{dash} "
    yield _colour("c", path.stroke) + (
        _colour("C", path.fill) + f"b {points}" if path.fill[1] else f"B {points}"
    )


def _words(text: Text, height: float) -> Iterator[str]:
    """The text in pieces, each in its place."""
    yield (
        _colour("c", (text.colour, 1.0))
        + f"F {text.size:g} {len(_FACE)} -{_FACE} t {int(text.bold)} "
    )
    x, whole = text.x, max(text_width(text.text), 1)
    for piece in _pieces(text.text):
        width = text.width * text_width(piece) / whole
        quoted = piece.replace('"', '\\"')
        yield f"T {_place((x, text.y + 0.1 * text.size), height)} -1 {width:.2f} {len(piece.encode())} -{quoted}  "
        x += width


def _pieces(text: str) -> list[str]:
    r"""ASCII up to a \ or &, which alone begin no escape and no entity; words from right to left; other characters one by one.

    A program takes another face for a whole piece if its own lacks one character.
    """
    found: list[str] = []
    last = ""
    for c in text:
        kind = "ascii" if c.isascii() else "right to left" if bidirectional(c) in ("R", "AL") else c
        if found and (
            combining(c)
            or (kind == last and kind in ("ascii", "right to left") and found[-1][-1] not in "\\&")
        ):
            found[-1] += c
        else:
            found.append(c)
        last = kind
    return found


def _place(point: Point, height: float) -> str:
    return f"{point[0]:.2f} {height - point[1]:.2f}"


def _colour(which: str, paint: Paint) -> str:
    colour = f"{paint[0] or '#000000'}{round(255 * paint[1]):02x}"
    return f"{which} {len(colour)} -{colour} "
