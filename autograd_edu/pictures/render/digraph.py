"""A `graphviz.Digraph` that renders with the Graphviz program that pip installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import graphviz
from graphviz.backend import dot_command

from .layout import program


class Digraph(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A directed graph that Graphviz' own `dot` renders, or without one on the PATH graphviz-pure.

    The latter writes .svg and .png, and no .pdf.
    """

    def _render(self, *args: Any, **options: Any) -> str:
        with _installed_program():
            return str(super()._render(*args, **options))

    def _pipe_lines(self, *args: Any, **options: Any) -> bytes:
        with _installed_program():
            return bytes(super()._pipe_lines(*args, **options))

    def _pipe_lines_string(self, *args: Any, **options: Any) -> str:
        with _installed_program():
            return str(super()._pipe_lines_string(*args, **options))


@contextmanager
def _installed_program() -> Iterator[None]:
    """Have the package graphviz call the program that is there; it knows only the name `dot`."""
    usual = dot_command.DOT_BINARY
    dot_command.DOT_BINARY = usual if shutil.which(str(usual)) else program()
    try:
        yield
    finally:
        dot_command.DOT_BINARY = usual
