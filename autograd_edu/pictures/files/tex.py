r"""A computation as a LaTeX file that compiles as it is: its steps, and the two tables.

It compiles with pdfLaTeX, XeLaTeX and LuaLaTeX, and needs amsmath, graphicx and iftex. Every part
can be copied into a paper. pdfLaTeX has no face for most scripts: what it lacks prints as the
character's number, [U+6587].
"""

from __future__ import annotations

import unicodedata

from ...notation.letters import LETTERS
from ...notation.text import printable
from ...record.formats import as_latex
from ...record.model import Record
from ..interactive.running import LONGEST_SENTENCE

_ROWS = 36  # of a table on one page

_SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "∂": r"\partial", "√": r"\surd", "→": r"\to",
    "∞": r"\infty", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∇": r"\nabla",
    "�": r"\boxed{?}",
    **{letter: f"\\{name}" for name, letter in LETTERS.items()},
    **{sign: f"^{plain}" for sign, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)},
    **{sign: f"_{plain}" for sign, plain in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)},
}  # fmt: skip
_WORDS = {"–": r"\textendash{}", "…": r"\dots{}"}
_NOT_IN_T1 = "ĦħĸĿŀŉŦŧſ"  # the letters below U+0180 that the encoding T1 lacks
_SPECIAL = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "`": r"\textasciigrave{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}",
    **{c: f"{c}{{}}" for c in "<>-,!?"}, **{c: f"\\{c}" for c in "#$%&_{}"},
}  # fmt: skip

_PREAMBLE = r"""%% Compiles with pdfLaTeX, XeLaTeX and LuaLaTeX.
%% Every part can be copied into a paper.
\documentclass{article}
\usepackage[margin=22mm]{geometry}
\usepackage{amsmath,graphicx,iftex}
\ifpdftex
\usepackage[T1]{fontenc}
\usepackage{lmodern,textcomp}
%s\fi
\setlength{\parindent}{0pt}
\newsavebox{\whole}
\newcommand{\fitted}[1]{\sbox{\whole}{\small #1}\par\medskip
\ifdim\wd\whole>\linewidth\resizebox{\linewidth}{!}{\usebox{\whole}}\else\usebox{\whole}\fi\par}"""


def document(record: Record) -> str:
    """The LaTeX file of ``record``."""
    title = latex_text(printable(record.nodes[-1].name, 60))
    said = [latex_text(printable(step.sentence, LONGEST_SENTENCE)) for step in record.steps]
    parts = [page for table in as_latex(record).split("\n\n") for page in _pages(table)]
    body = "\n".join(
        [
            rf"\section*{{The computation of {title}, step by step}}",
            r"\begin{enumerate}\raggedright\sloppy",
            *[rf"\item {{}}{sentence}" for sentence in said],
            r"\end{enumerate}",
            r"\section*{Tables, forward and backward}",
            *[rf"\fitted{{{part}}}" for part in parts],
        ]
    )
    return f"{_PREAMBLE % _declared(body)}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"


def latex_text(text: str) -> str:
    """``text`` as LaTeX text: nothing in it is active, and no two characters join into one."""
    return "".join(_SPECIAL.get(c, c) for c in unicodedata.normalize("NFC", text))


def _declared(body: str) -> str:
    """What pdfLaTeX is to print for each character of ``body`` that it has no face for."""
    lacking = {c for c in body if ord(c) >= 0x180 or c in _NOT_IN_T1 or c in _SIGNS}
    return "".join(
        rf"\DeclareUnicodeCharacter{{{ord(c):04X}}}{{{_plain(c)}}}" + "\n" for c in sorted(lacking)
    )


def _plain(c: str) -> str:
    """What stands for the character ``c`` in pdfLaTeX."""
    if c in _SIGNS:
        return rf"\ensuremath{{{_SIGNS[c]}}}"
    return _WORDS.get(c, f"[U+{ord(c):04X}]")


def _pages(table: str) -> list[str]:
    """A tabular in parts that each fit a page, all with its head."""
    begin, head, *rows, end = table.split("\n")
    return [
        "\n".join([begin, head, *rows[k : k + _ROWS], end])
        for k in range(0, max(len(rows), 1), _ROWS)
    ]
