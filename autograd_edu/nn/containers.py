"""Modules made of modules: one after the other, around one another, and side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..arguments import whole
from ..engine.ops import maximum
from ..errors import OperandError, ShapeError
from ..seeds import stream
from .layers import Linear, as_list
from .module import Module


class Sequential(Module):
    """The layers one after the other: the output of each is the input of the next. Functions of a list serve as layers too.

    A batch goes through layer by layer, so that layers may look at it as a whole (`BatchNorm`).
    """

    def __init__(self, *layers: Any) -> None:
        for layer in layers:
            if not callable(layer):
                raise OperandError(
                    f"a layer must be a module or a function; got {type(layer).__name__}. "
                    "Give layers one by one: Sequential(first, second)"
                )
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def batch(self, samples: Sequence[Any]) -> list[Any]:
        outputs = list(samples)
        for layer in self.layers:
            outputs = (
                layer.batch(outputs) if isinstance(layer, Module) else [layer(x) for x in outputs]
            )
        return outputs

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(str, self.layers))})"


class Residual(Module):
    """r(x) = x + f(x): gradients reach x past the layers of f, undiminished (He et al. 2016)."""

    def __init__(self, *layers: Any) -> None:
        self.layers = list(layers)

    def forward(self, x: Any) -> list[Any]:
        inside = x
        for layer in self.layers:
            inside = layer(inside)
        return _sum(as_list(x), as_list(inside))

    def batch(self, samples: Sequence[Any]) -> list[Any]:
        inside = Sequential.batch(self, samples)  # type: ignore[arg-type]  # it needs the layers alone
        return [_sum(as_list(x), as_list(y)) for x, y in zip(samples, inside, strict=True)]

    def __repr__(self) -> str:
        return f"Residual({', '.join(map(str, self.layers))})"


class Skip(Module):
    """The layers' output and the input itself, as one longer list: a skip connection that later layers can weigh."""

    def __init__(self, *layers: Any) -> None:
        self.inner = Sequential(*layers)

    def forward(self, x: Any) -> list[Any]:
        return [*as_list(self.inner(x)), *as_list(x)]

    def batch(self, samples: Sequence[Any]) -> list[Any]:
        return [
            [*as_list(y), *as_list(x)]
            for x, y in zip(samples, self.inner.batch(samples), strict=True)
        ]

    def __repr__(self) -> str:
        return f"Skip({', '.join(map(str, self.inner.layers))})"


class Maxout(Module):
    """``nout`` numbers, each the largest of ``pieces`` learned linear functions (Goodfellow et al. 2013).

    Only the piece that wins gets a gradient; pieces that tie share it.
    """

    def __init__(
        self, nin: int, nout: int, pieces: int = 2, *, seed: Any = None, **of_neurons: Any
    ) -> None:
        whole(pieces, "the number of pieces of maxout")
        rng = stream(seed, f"Maxout({nin}, {nout}, {pieces})")
        self.pieces = [Linear(nin, nout, seed=rng, **of_neurons) for _ in range(pieces)]

    def forward(self, x: Any) -> list[Any]:
        return [
            maximum(rivals) for rivals in zip(*(piece(x) for piece in self.pieces), strict=True)
        ]

    def __repr__(self) -> str:
        return f"Maxout({self.pieces[0].nin}, {len(self.pieces[0].neurons)}, pieces={len(self.pieces)})"


def _sum(xs: list[Any], ys: list[Any]) -> list[Any]:
    if len(xs) != len(ys):
        raise ShapeError(
            f"a residual layer adds its input to its output; they have {len(xs)} and {len(ys)} numbers"
        )
    return [x + y for x, y in zip(xs, ys, strict=True)]
