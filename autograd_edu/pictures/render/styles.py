"""The styles of a picture, by name.

How a scene is arranged for one, and drawn when everything has a place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..scene.scene import Scene
from . import circuit, micrograd
from .columns import Layout
from .svg import svg


@dataclass(frozen=True)
class Style:
    """``arrange`` gives boxes the sizes of the style, and may add some.

    ``svg`` draws an arranged scene.

    ``formulas``: a box shows its formula, and with it the plain numbers there.
    """

    arrange: Callable[[Scene], Scene]
    svg: Callable[[Scene, Layout, str], str]
    formulas: bool = False


STYLES = {
    "card": Style(lambda scene: scene, svg, formulas=True),
    "circuit": Style(circuit.arrange, circuit.svg),
    "micrograd": Style(micrograd.arrange, micrograd.svg),
}
