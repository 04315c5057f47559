"""Formulas as MathML, which browsers draw by themselves: no script, and nothing to fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator


def inline(page: HTML5Translator, formula: nodes.math) -> None:
    """A formula in a line of text."""
    page.body.append(convert(formula.astext()))
    raise SkipNode


def block(page: HTML5Translator, formula: nodes.math_block) -> None:
    """A formula on a line of its own."""
    page.body.append(f'<div class="math">{convert(formula.astext(), display="block")}</div>')
    raise SkipNode


def setup(app: Sphinx) -> dict[str, Any]:  # the type that Sphinx states
    """Register the renderer: `html_math_renderer = "mathml"`."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
