"""Text that can be printed anywhere: a terminal's encoding may lack ×, ∂ or θ.

`print` raises for a character that `sys.stdout` cannot encode. So what the package prints goes
through `shown`, which writes such a character as ASCII that looks like it, or is named like it.
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
    "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "↑": "^", "↓": "v", "├": "|", "└": "`", "█": "#", "░": ".", "│": "|", "─": "-",
    "\N{COMBINING DOT ABOVE}": "'", "\N{COMBINING MACRON}": "_",  # a tangent, an adjoint
}  # fmt: skip
_POWERS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_T = TypeVar("_T")


def shown(text: str, encoding: str | None = None) -> str:
    """``text`` in characters that the ``encoding`` has, by default that of ``sys.stdout``.

    Control characters other than line breaks and tabs become "�": a label cannot steer a terminal.
    """
    if text.isprintable() and text.isascii():
        return text
    text = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    if _encodes(text, encoding):
        return text
    text = re.sub(f"[{''.join(_POWERS)}]+", lambda power: _power(power[0], encoding), text)
    return "".join(c if _encodes(c, encoding) else like(c) for c in text)


def like(character: str) -> str:
    """ASCII that looks like a character, or its name: × is x, é is e, θ is theta; else "?"."""
    if character in _LIKE:
        return _LIKE[character]
    decomposed = unicodedata.normalize("NFKD", character)
    if decomposed != character:
        return "".join(c if c.isascii() else like(c) for c in decomposed)
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
    except LookupError:  # not an encoding of Python's
        return text.isascii()
    return True


def _power(power: str, encoding: str) -> str:
    """A power as it is, or as ^-10 if one of its signs is missing."""
    return power if _encodes(power, encoding) else "^" + "".join(_POWERS[c] for c in power)


class Text(str):
    """Text that `print` shows in characters of the terminal's encoding; in files it is unchanged."""

    __slots__ = ()

    def __str__(self) -> str:
        return shown(str.__str__(self))

    def __repr__(self) -> str:
        return shown(str.__repr__(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def prints(kind: type[_T]) -> type[_T]:
    """A class decorator: what its objects print is `shown`."""
    for name in ("__str__", "__repr__"):
        if name in vars(kind):
            setattr(kind, name, _printing(vars(kind)[name]))
    return kind


def _printing(method: Callable[[object], str]) -> Callable[[object], str]:
    @functools.wraps(method)
    def printed(self: object) -> str:
        return shown(method(self))

    return printed


def keep_printable(*streams: TextIO | None) -> None:
    """From now on these streams write `like` characters for those that their encoding lacks."""

    def replacement(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError), "only writing raises"
        return "".join(map(like, error.object[error.start : error.end])), error.end

    codecs.register_error("like", replacement)
    for stream in streams:
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="like")
