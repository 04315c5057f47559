"""What a network picture shows of a model.

Its dense layers, one after the other, with weights as numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...errors import OperandError, ShapeError


@dataclass(frozen=True)
class Dense:
    """A layer φ(Wx + b).

    Weights as w[out][in], a bias for each unit or none, and what φ is called.
    """

    weights: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]
    activation: str

    @property
    def fan_in(self) -> int:
        return len(self.weights[0])

    @property
    def fan_out(self) -> int:
        return len(self.weights)


def layers_of(model: Any) -> list[Dense]:
    """The dense layers of ``model``, first to last.

    Activations that stand alone belong to the layer before them.

    Raises:
        OperandError: if the model is no stack of such layers.
        ShapeError: if a layer takes another number of inputs than the one before gives.
    """
    found: list[Dense] = []
    for part in _parts(model, type(model).__name__):
        if isinstance(part, Dense):
            if found and part.fan_in != found[-1].fan_out:
                raise ShapeError(
                    f"layer {len(found) + 1} takes {part.fan_in} numbers, and the one before it "
                    f"gives {found[-1].fan_out}"
                )
            found.append(part)
        elif not found:
            raise OperandError(
                "a network picture begins with a layer that has weights; "
                f"this one begins with {part}"
            )
        else:
            before = found[-1].activation
            found[-1] = replace(
                found[-1], activation=part if before == "linear" else f"{before}, {part}"
            )
    if not found:
        raise OperandError(f"{type(model).__name__} has no layer to draw")
    return found


def _parts(model: Any, within: str) -> Iterator[Dense | str]:
    """Layers, and the names of activations between them."""
    from ...nn import MLP, Apply, Layer, Module, Neuron, Perceptron, Sequential
    from ...nn.activations import name_of

    if isinstance(model, (Neuron, Perceptron)):
        yield _dense([model])
    elif isinstance(model, Layer):
        yield _dense(model.neurons)
    elif isinstance(model, (MLP, Sequential)):
        for layer in model.layers:
            yield from _parts(layer, within)
    elif isinstance(model, Apply):
        yield name_of(model.activation)
    elif callable(model) and not isinstance(model, (Module, type)):
        yield name_of(model)
    else:
        other = (
            f", not {type(model).__name__}"
            if type(model).__name__ == within
            else f"; this {within} has a {type(model).__name__} in it"
        )
        raise OperandError(
            "a network picture shows a Neuron, a Layer, an MLP, or a Sequential of layers and "
            f"activations{other}"
        )


def _dense(neurons: Sequence[Any]) -> Dense:
    from ...nn import Perceptron
    from ...nn.activations import name_of

    names = list(
        dict.fromkeys(
            "step" if isinstance(n, Perceptron) else name_of(n.activation) for n in neurons
        )
    )
    weights = tuple(tuple(w.data for w in n.w) for n in neurons)
    return Dense(weights, tuple(n.b.data for n in neurons if n.b is not None), "/".join(names))
