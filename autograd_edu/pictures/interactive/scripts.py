"""Scripts for one element of a page, as they are written, in a scope of their own."""

from __future__ import annotations

from collections.abc import Iterable


def scoped(parts: Iterable[str], start: str, *, of: str) -> str:
    """The ``parts``, and then a call of ``start`` with the element whose class is ``of``.

    The script stands in that element. VS Code runs a copy of it beside the element instead.
    """
    root = f'(s => s.querySelector(".{of}") || s)(document.currentScript.parentNode)'
    return "\n".join(["(() => {", *parts, f"{start}({root});", "})()"])
