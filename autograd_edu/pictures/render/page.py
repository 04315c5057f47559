"""A picture on a page of its own."""

from __future__ import annotations

from html import escape

_DARK = '<meta name="color-scheme" content="light dark">'


def html_page(body: str, title: str, *, dark: bool = False) -> str:
    """An HTML page with a title above ``body``.

    With ``dark`` the page follows the reader's colour scheme.
    """
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head = f"{meta}{_DARK if dark else ''}<title>{escape(title)}</title>"
    main = f'<main><h1 style="font:600 18px system-ui">{escape(title)}</h1>{body}</main>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{main}</body></html>\n'
