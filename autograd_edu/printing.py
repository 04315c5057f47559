"""Text that can be printed anywhere: a terminal's encoding may lack ×, ∂ or θ.

`print` raises an error if `sys.stdout` cannot encode a character. So everything that the package
prints goes through `fit_encoding`, which replaces such a character by ASCII that looks like it or
by its name.
"""

from __future__ import annotations

import codecs
import functools
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import TextIO, TypeVar

_LIKE = {
    "·": "*", "×": "x", "÷": "/", "–": "-", "—": "-", "−": "-", "∂": "d", "√": "sqrt", "∞": "inf",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "←": "<-", "▸": ">", "•": "*",
    "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "↑": "^", "↓": "v",
    "├": "|", "└": "`", "█": "#", "░": ".", "│": "|", "─": "-",
    "\N{COMBINING DOT ABOVE}": "'", "\N{COMBINING MACRON}": "_",  # a tangent, an adjoint
}  # fmt: skip
_POWERS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_T = TypeVar("_T")


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook, which can display more than text."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def fit_encoding(text: str, encoding: str | None = None) -> str:
    """``text`` in characters that ``encoding`` (by default that of ``sys.stdout``) can represent.

    Control characters other than line breaks and tabs become "�", so that a label cannot send
    commands to the terminal.
    """
    if text.isprintable() and text.isascii():
        return text
    text = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    if _encodes(text, encoding):
        return text
    text = re.sub(f"[{''.join(_POWERS)}]+", lambda power: _power(power[0], encoding), text)
    return "".join(c if _encodes(c, encoding) else to_ascii(c) for c in text)


def to_ascii(character: str) -> str:
    """ASCII that looks like a character, or its name; "?" if it has neither.

    >>> [to_ascii(character) for character in "×éθ漢"]
    ['x', 'e', 'theta', '?']
    """
    if character in _LIKE:
        return _LIKE[character]
    decomposed = unicodedata.normalize("NFKD", character)
    if decomposed != character:
        return "".join(c if c.isascii() else to_ascii(c) for c in decomposed)
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(character, ""))
    if greek:
        name = greek[2].replace("LAMDA", "LAMBDA")
        return name.lower() if greek[1] == "SMALL" else name.capitalize()
    return "" if unicodedata.combining(character) else "?"


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    except LookupError:  # Python does not know this encoding
        return text.isascii()
    return True


def _power(power: str, encoding: str) -> str:
    """A superscript as it is, or written like ^-10 if one of its characters is missing."""
    return power if _encodes(power, encoding) else "^" + "".join(_POWERS[c] for c in power)


class Text(str):
    """Text that `print` fits to the terminal's encoding; written to a file it is unchanged."""

    __slots__ = ()

    def __str__(self) -> str:
        return fit_encoding(str.__str__(self))

    def __repr__(self) -> str:
        return fit_encoding(str.__repr__(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def prints(kind: type[_T]) -> type[_T]:
    """A class decorator that fits what ``str`` and ``repr`` return to the terminal's encoding."""
    for name in ("__str__", "__repr__"):
        if name in vars(kind):
            setattr(kind, name, _fit_result(vars(kind)[name]))
    return kind


def _fit_result(method: Callable[[_T], str]) -> Callable[[_T], str]:
    @functools.wraps(method)
    def fitted(self: _T) -> str:
        return fit_encoding(method(self))

    return fitted


def keep_printable(*streams: TextIO | None) -> None:
    """Make these streams write `to_ascii` for characters that their encoding lacks."""

    def replacement(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError), "only writing raises"
        return "".join(map(to_ascii, error.object[error.start : error.end])), error.end

    codecs.register_error("to_ascii", replacement)
    for stream in streams:
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="to_ascii")
