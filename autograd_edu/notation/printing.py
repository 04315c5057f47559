"""Text for a terminal whose encoding lacks some signs: each is printed as one that is like it."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Any

_PLAIN = {
    "·": "*",
    "×": "x",
    "–": "-",
    "−": "-",
    "∂": "d",
    "Σ": "sum",
    "σ": "sigmoid",
    "√": "sqrt",
    "Θ": "step",
    "…": "...",
    "→": "->",
}
_PLAIN |= dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁻",
        ("^0", "^1", "^2", "^3", "^4", "^5", "^6", "^7", "^8", "^9", "^-"),
        strict=True,
    )
)


def keep_printable(*streams: Any) -> None:
    """Where the terminal's encoding lacks a sign, print one that is like it rather than fail."""
    codecs.register_error("like", _alike)
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="like")


def _alike(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # the only kind that writing raises
    return "".join(_like(c) for c in error.object[error.start : error.end]), error.end


def _like(sign: str) -> str:
    marks = {"\u0307": "'", "\u0304": "_"}  # the tangent's dot, the adjoint's bar
    if sign in marks or unicodedata.combining(sign):
        return marks.get(sign, "")
    decomposed = unicodedata.normalize("NFD", sign)
    if decomposed != sign:
        return "".join(c if c.isascii() else _like(c) for c in decomposed)
    return (
        _PLAIN.get(sign)
        or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        or "?"
    )
