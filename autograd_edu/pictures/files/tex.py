r"""A computation as a LaTeX file that compiles as it is: the picture in TikZ, the steps, and the two tables.

It compiles with pdfLaTeX, XeLaTeX and LuaLaTeX, and needs amsmath, xcolor, graphicx and TikZ. Every part can be copied into a
paper. pdfLaTeX has no face for most scripts: what it lacks prints as the character's number, [U+6587].
"""

from __future__ import annotations

import unicodedata

from ...notation.text import printable
from ...record.formats import as_latex
from ...record.model import Record
from ..interactive.running import LONGEST_SENTENCE
from ..render.columns import Point
from .shapes import Page, Paint, Path, Text, page

_WIDE, _HIGH = 460.0, 560.0  # points that the picture may take
_POINT = 0.75  # a pixel in points
_ROWS = 36  # of a table on one page

_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "∂": r"\partial", "√": r"\surd", "→": r"\to", "∞": r"\infty", "≤": r"\le", "≥": r"\ge",
    "≠": r"\ne", "≈": r"\approx", "∇": r"\nabla", "Σ": r"\Sigma", "Δ": r"\Delta", "Θ": r"\Theta", "Γ": r"\Gamma", "Λ": r"\Lambda",
    "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "Π": r"\Pi", "�": r"\boxed{?}",
    **{unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda').upper()}"): f"\\{name}" for name in _GREEK.split()},
    **{sign: f"^{plain}" for sign, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)},
    **{sign: f"_{plain}" for sign, plain in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)},
}  # fmt: skip
_SPECIAL = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", **{c: f"{c}{{}}" for c in "<>-,!?"}, **{c: f"\\{c}" for c in "#$%&_{}"},
}  # fmt: skip


def document(svg: str, record: Record) -> str:
    """The LaTeX file of the picture ``svg`` and the pass ``record``."""
    title = latex_text(printable(record.nodes[-1].name, 60))
    steps = "\n".join(
        rf"\item {{}}{latex_text(printable(step.sentence, LONGEST_SENTENCE))}"
        for step in record.steps
    )
    tables = "\n\n".join(
        rf"\fitted{{{part}}}" for table in as_latex(record).split("\n\n") for part in _pages(table)
    )
    listed = "\n".join([r"\begin{enumerate}\raggedright\sloppy", steps, r"\end{enumerate}"])
    heads = [
        rf"\section*{{The computation of {title}}}",
        r"\section*{Step by step}",
        r"\section*{Tables, forward and backward}",
    ]
    body = "\n\n".join([heads[0], tikz(page(svg)), heads[1], listed, heads[2], tables])
    return f"{_PREAMBLE % _declared(body)}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"


_PREAMBLE = r"""%% Compiles with pdfLaTeX, XeLaTeX and LuaLaTeX; every part can be copied into a paper.
\documentclass{article}
\usepackage[margin=22mm]{geometry}
\usepackage{amsmath,graphicx,iftex,xcolor,tikz}
\ifpdftex
\usepackage[T1]{fontenc}
\usepackage{lmodern,textcomp}
%s\fi
\setlength{\parindent}{0pt}
\newsavebox{\whole}
\newcommand{\fitted}[1]{\sbox{\whole}{\small #1}\par\medskip
\ifdim\wd\whole>\linewidth\resizebox{\linewidth}{!}{\usebox{\whole}}\else\usebox{\whole}\fi\par}"""


def latex_text(text: str) -> str:
    """``text`` as LaTeX text, with nothing active in it, and no two characters that would join into one."""
    return "".join(_SPECIAL.get(c, c) for c in unicodedata.normalize("NFC", text))


def _declared(body: str) -> str:
    """What pdfLaTeX is to print for each character of ``body`` that it has no face for."""
    signs = sorted({c for c in body if not c.isascii() and (ord(c) >= 0x180 or c in _SIGNS)})
    shown = [rf"\ensuremath{{{_SIGNS[c]}}}" if c in _SIGNS else f"[U+{ord(c):04X}]" for c in signs]
    known = {"–": r"\textendash{}", "…": r"\dots{}"}
    lines = [
        rf"\DeclareUnicodeCharacter{{{ord(c):04X}}}{{{known.get(c, text)}}}"
        for c, text in zip(signs, shown, strict=True)
    ]
    return "".join(line + "\n" for line in lines)


def _pages(table: str) -> list[str]:
    """A tabular in parts that each fit a page, all with its head."""
    begin, head, *rows, end = table.split("\n")
    return [
        "\n".join([begin, head, *rows[k : k + _ROWS], end])
        for k in range(0, max(len(rows), 1), _ROWS)
    ]


# ---- the picture ---------------------------------------------------------------------------------------------------


def tikz(picture: Page) -> str:
    """The picture as a tikzpicture, at most as large as a page."""
    scale = min(_POINT, _WIDE / picture.width, _HIGH / picture.height)
    shapes = [
        _path(shape) if isinstance(shape, Path) else _node(shape, scale) for shape in picture.shapes
    ]
    return "\n".join(
        [rf"\begin{{tikzpicture}}[x={scale:.4f}pt,y=-{scale:.4f}pt]", *shapes, r"\end{tikzpicture}"]
    )


def _path(path: Path) -> str:
    first, *rest = path.points
    curves = "".join(
        f" .. controls {_at(a)} and {_at(b)} .. {_at(c)}"
        for a, b, c in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    )
    closed = " -- cycle" if path.points[0] == path.points[-1] else ""
    dashed = ["dashed"] if path.dashed else []
    style = [
        *_colour("fill", path.fill),
        *_colour("draw", path.stroke),
        f"line width={path.width * 0.6:g}pt",
        *dashed,
    ]
    return rf"\path[{','.join(style)}] {_at(first)}{curves}{closed};"


def _node(text: Text, scale: float) -> str:
    """Text in typewriter letters as wide as ours: Latin Modern's are 0.525 of their size, ours 0.604."""
    size = text.size * scale * 1.15
    face = rf"\fontsize{{{size:.2f}}}{{{size:.2f}}}\ttfamily\selectfont" + (
        r"\bfseries" if text.bold else ""
    )
    colour = _colour("text", (text.colour, 1.0))[0]
    words = latex_text(text.text).replace(" ", "~")
    return rf"\node[anchor=base west,inner sep=0pt,font={{{face}}},{colour}] at {_at((text.x, text.y))} {{{words}}};"


def _colour(what: str, paint: Paint) -> list[str]:
    if not paint[0]:
        return []
    red, green, blue = (int(paint[0][k : k + 2], 16) for k in (1, 3, 5))
    opacity = [f"{what} opacity={paint[1]:g}"] if paint[1] < 1.0 else []
    return [f"{what}={{rgb,255:red,{red};green,{green};blue,{blue}}}", *opacity]


def _at(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"
