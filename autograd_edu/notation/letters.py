r"""Greek letters and subscripts: \theta_{1} in LaTeX is θ₁ in text."""

from __future__ import annotations

import re
import unicodedata

_NAMES = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
)  # fmt: skip  # the Greek letters that LaTeX has commands for


def _letter(name: str) -> str:
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    unicode_name = name.upper().replace("LAMBDA", "LAMDA")
    return unicodedata.lookup(f"GREEK {size} LETTER {unicode_name}")


LETTERS = {name: _letter(name) for name in _NAMES}
_SPELLED = {letter: name for name, letter in LETTERS.items()}
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def plain(label: str) -> str:
    r"""A label with LaTeX letters and subscripts as plain text; any other label unchanged.

    >>> plain(r"\theta_{1}"), plain("w_{12}"), plain(r"\hat{y}")
    ('θ₁', 'w₁₂', '\\hat{y}')
    """
    match = re.fullmatch(r"\$?(?:\\([A-Za-z]+)|([A-Za-z]))(?:_(?:\{(\d+)\}|(\d)))?\$?", label)
    if not match or (match[1] and match[1] not in LETTERS):
        return label
    index = match[3] or match[4] or ""
    if not match[1] and not match[3]:
        return label  # x and w_1 are plain already
    return (LETTERS[match[1]] if match[1] else match[2]) + index.translate(SUBSCRIPTS)


def spell(name: str) -> str:
    """A letter with subscripts in ASCII: theta1 for θ₁, x2 for x₂. Other names are unchanged."""
    match = re.fullmatch(r"(\w)([₀-₉]*)", name)
    if not match or not (match[1] in _SPELLED or match[2]):
        return name
    return _SPELLED.get(match[1], match[1]) + match[2].translate(_DIGITS)
