"""Text that can be shown anywhere: printable characters, a limited width, aligned columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def printable(text: str, limit: int | None = None) -> str:
    """``text`` on one line, cut with "…" to at most ``limit`` columns.

    Characters that cannot be shown become "�": control characters, line breaks, lone surrogates and
    marks of direction.
    """
    shown = text if text.isprintable() else "".join(c if c.isprintable() else "�" for c in text)
    if limit is None or text_width(shown) <= limit:
        return shown
    while text_width(shown) >= limit:
        shown = shown[: max(limit - 1, 0)] if len(shown) >= limit else shown[:-1]
    return shown + "…"


def abbreviate(text: str, limit: int) -> str:
    """``text`` on one line, with "…" in its middle if it is wider than ``limit`` columns.

    >>> abbreviate("layer3.neuron12.weight[7]", 15)
    'layer3.…ight[7]'
    """
    shown = printable(text)
    if text_width(shown) <= limit:
        return shown
    start = len(shown)
    while start and text_width(shown[start - 1 :]) <= (limit - 1) // 2:
        start -= 1
    end = shown[start:].lstrip("".join(c for c in shown[start:] if unicodedata.combining(c)))
    return printable(shown, limit - text_width(end)) + end


def text_width(text: str) -> int:
    """The width of ``text`` in a monospaced font: accents take 0 columns, wide characters 2."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def pad(text: str, width: int, side: str = "left") -> str:
    """``text`` with spaces up to ``width``, aligned on the left or the right ``side``."""
    spaces = " " * (width - text_width(text))
    return spaces + text if side == "right" else text + spaces


def table(rows: Iterable[Sequence[str]], *, right: Sequence[int] = (), ruled: bool = True) -> str:
    """Rows of cells as text in aligned columns, two spaces apart.

    The first row is the head; if ``ruled``, there is a line under it. The columns whose indices are
    in ``right`` are aligned on the right.

    >>> print(table([("name", "value"), ("x", "3"), ("y", "-4")], right=[1]))
    name  value
    ----  -----
    x         3
    y        -4
    """
    lines = [list(row) for row in rows]
    widths = [max(map(text_width, column)) for column in zip(*lines, strict=True)]
    if ruled:
        lines.insert(1, ["-" * width for width in widths])
    sides = ["right" if i in right else "left" for i in range(len(widths))]
    return "\n".join("  ".join(map(pad, line, widths, sides)).rstrip() for line in lines)
