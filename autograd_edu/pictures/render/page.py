"""A picture on a page of its own."""

from __future__ import annotations

from html import escape

_DARK = '<meta name="color-scheme" content="light dark">'


def html_page(body: str, title: str, *, dark: bool = False) -> str:
    """An HTML page with ``body`` on it; ``dark``: the page follows the reader's colour scheme."""
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head = f"{meta}{_DARK if dark else ''}<title>{escape(title)}</title>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'
