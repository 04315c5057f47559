"""The styles of a picture, by name: how each arranges a scene, and how it draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..scene.scene import Scene
from . import circuit, micrograd
from .columns import Layout
from .svg import svg


@dataclass(frozen=True)
class Style:
    """One way to draw.

    Attributes:
        arrange: gives boxes the sizes of the style, and may add some.
        svg: draws an arranged scene.
        formulas: whether boxes show formulas, and with them plain numbers.
    """

    arrange: Callable[[Scene], Scene]
    svg: Callable[[Scene, Layout, str], str]
    formulas: bool = False


STYLES = {
    "card": Style(lambda scene: scene, svg, formulas=True),
    "circuit": Style(circuit.arrange, circuit.svg),
    "micrograd": Style(micrograd.arrange, micrograd.svg),
}
