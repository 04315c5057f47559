"""Compare the outputs of two runs of a notebook: text exactly, numbers to six significant digits.

An output stands for what a reader sees: printed lines, and the words and numbers in a picture.
How a picture is drawn and the script that moves it are not compared. A cell with the tag `timing`
may print any numbers, in columns of any width; its words are compared.
"""

from __future__ import annotations

import html
import re
from itertools import zip_longest
from typing import Any

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?")
_UNSEEN = re.compile(r"<(script|style|template)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^'">])*>""")
_SIX_DIGITS = 5e-7  # half of the smallest change that the sixth digit can show


def differences(committed: Any, fresh: Any) -> list[str]:
    """Texts that say where two notebooks differ, in their cells or in what their outputs show."""
    if _cells(committed) != _cells(fresh):
        return ["the cells differ from those of the source: run `python notebooks/notebook.py run`"]
    found = []
    for i, (old, new) in enumerate(zip(committed.cells, fresh.cells, strict=True), 1):
        before, after = shown(old), shown(new)
        same = same_words if timed(old) else same_text
        if not same(before, after):
            lines = zip_longest(before.splitlines(), after.splitlines(), fillvalue="(nothing)")
            changed = [f"- {a}\n+ {b}" for a, b in lines if not same(a, b)]
            found.append("\n".join([f"cell {i}:", old.source, "--- committed, +++ now", *changed]))
    return found


def timed(cell: Any) -> bool:
    """Whether a code cell has the tag `timing`, so that its numbers may change."""
    return "timing" in cell.metadata.get("tags", [])


def same_text(a: str, b: str) -> bool:
    """Whether two texts agree letter by letter, apart from a decimal's digits after the sixth.

    Whole numbers must be equal.
    """
    numbers = list(zip_longest(_NUMBER.findall(a), _NUMBER.findall(b), fillvalue=""))
    return _NUMBER.sub("#", a) == _NUMBER.sub("#", b) and all(_near(x, y) for x, y in numbers)


def same_words(a: str, b: str) -> bool:
    """Whether two texts agree when numbers and the width of gaps do not count."""
    return _words(a) == _words(b)


def shown(cell: Any) -> str:
    """What a reader sees below a code cell, as text."""
    return "\n".join(_output(out) for out in cell.get("outputs", []))


def _cells(notebook: Any) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def _near(a: str, b: str) -> bool:
    if a.isdecimal() or b.isdecimal():
        return a == b
    x, y = float(a), float(b)
    return abs(x - y) <= _SIX_DIGITS * max(x, y)


def _words(text: str) -> list[str]:
    return _NUMBER.sub("#", text).split()


def _output(out: Any) -> str:
    if out.output_type == "stream":
        return f"[{out.name}] {out.text}"
    if out.output_type == "error":
        return f"[error] {out.ename}: {out.evalue}"
    kinds = sorted(kind for kind in out.data if kind != "text/plain")
    pictures = [
        _visible(out.data[kind]) for kind in kinds if kind in ("image/svg+xml", "text/html")
    ]
    return "\n".join([f"[shown {' '.join(kinds)}]", out.data.get("text/plain", ""), *pictures])


def _visible(markup: str) -> str:
    """The words and numbers of a picture or table, one per line."""
    text = _TAG.sub("\n", _UNSEEN.sub("", markup))
    return "\n".join(line.strip() for line in html.unescape(text).splitlines() if line.strip())
