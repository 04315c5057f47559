"""A `graphviz.Digraph` that renders with the Graphviz program that pip installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import graphviz
from graphviz.backend import dot_command

from .layout import program


class Digraph(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A directed graph that Graphviz' own `dot` renders, or without one on the PATH graphviz-pure.

    The latter writes .svg and .png, and no .pdf.
    """

    @property
    def _render(self) -> Callable[..., str]:
        render: Callable[..., str] = super()._render
        return _installed_program()(render)

    @property
    def _pipe_lines(self) -> Callable[..., bytes]:
        pipe: Callable[..., bytes] = super()._pipe_lines
        return _installed_program()(pipe)

    @property
    def _pipe_lines_string(self) -> Callable[..., str]:
        pipe: Callable[..., str] = super()._pipe_lines_string
        return _installed_program()(pipe)


@contextmanager
def _installed_program() -> Iterator[None]:
    """Have the package graphviz call the program that is there; it knows only the name `dot`."""
    usual = dot_command.DOT_BINARY
    dot_command.DOT_BINARY = usual if shutil.which(str(usual)) else program()
    try:
        yield
    finally:
        dot_command.DOT_BINARY = usual
