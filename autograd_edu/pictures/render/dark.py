"""A picture that follows the reader's colour scheme, where it stands alone.

The rules name colours, not elements: they fit every style. On a page with other pictures they would
reach those too, so they belong in a file of its own, in an image, or on a page of ours.
"""

from __future__ import annotations

DARK = {
    "#ffffff": "#16191d",  # paper
    "#1c1f24": "#e8eaed",  # ink
    "#5b6470": "#b4bcc6",  # quiet ink
    "#7d8793": "#8d97a3",  # wires
    "#d5dae0": "#3a414a",  # rules within a card
    "#4a525c": "#9aa3ad",  # edges of results
    "#9aa3ad": "#767f89",  # edges of constants, and weights of zero
    "#2f6f9f": "#6aa9dc",  # edges of inputs, and positive weights
    "#0b6e2e": "#6fd08c",  # values
    "#a01127": "#ff9aa6",  # gradients
    "#a34a00": "#ffb066",  # inf and nan
    "#c2410c": "#ff9e64",  # negative weights
    "#eef4f9": "#22303c",  # inputs of a network
    "#b8500f": "#f2935f",  # ribbons of positive gradient
    "#6b46c1": "#a78bfa",  # ribbons of negative gradient
    "#7b2cbf": "#b98cff",  # behind negative gradients
}


def with_dark_colours(svg: str) -> str:
    """``svg`` with dark colours for readers who ask for them."""
    rules = "".join(
        f'[{what}="{light}"]{{{what}:{dark}}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    head, end, rest = svg.partition(">")
    return f"{head}{end}<style>@media (prefers-color-scheme: dark){{{rules}}}</style>{rest}"
