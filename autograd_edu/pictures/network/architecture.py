"""What a network picture shows of a model: its dense layers, with their weights as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import OperandError, ShapeError

if TYPE_CHECKING:
    from ...engine.value import Value
    from ...nn import Neuron, Perceptron
    from ...nn.containers import AnyLayer
    from ...nn.kinds import Scalar


@dataclass(frozen=True)
class Dense:
    """A layer φ(Wx + b): a bias for each unit or none, and what φ is called.

    Attributes:
        weights: as w[out][in].
        values: what the units give for the input of the picture; empty if it has none.
    """

    weights: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]
    activation: str
    values: tuple[float, ...] = ()

    @property
    def fan_in(self) -> int:
        return len(self.weights[0])

    @property
    def fan_out(self) -> int:
        return len(self.weights)


def layers_of(
    model: AnyLayer, *, gradients: bool = False, x: Sequence[float] | None = None
) -> list[Dense]:
    """The dense layers of ``model``, first to last.

    Activations that stand alone belong to the layer before them.

    Args:
        gradients: take the gradients of the weights and biases in place of their values.
        x: an input, for which each layer gets the values of its units.

    Raises:
        OperandError: if the model is no stack of such layers.
        ShapeError: if a layer takes another number of inputs than the one before gives.
    """
    found: list[Dense] = []
    given: Sequence[Any] = () if x is None else x  # as `_applied` returns it
    for layer, part in _parts(model, type(model).__name__, gradients=gradients):
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
            both = part if before == "linear" else f"{before}, {part}"
            found[-1] = replace(found[-1], activation=both)
        if x is not None:
            given = _applied(layer, given)
            found[-1] = replace(found[-1], values=tuple(getattr(v, "data", v) for v in given))
    if not found:
        raise OperandError(f"{type(model).__name__} has no layer to draw")
    return found


def _applied(layer: AnyLayer, x: Sequence[Scalar]) -> Sequence[Any]:
    """What ``layer`` gives for ``x``, always as a list: Values, or what a user's function gives."""
    from ...nn import Layer, Neuron, Perceptron

    if isinstance(layer, Layer):
        return [neuron(x) for neuron in layer.neurons]
    if isinstance(layer, (Neuron, Perceptron)):
        return [layer(x)]
    return [layer(v) for v in x]


def _parts(
    model: AnyLayer, within: str, *, gradients: bool
) -> Iterator[tuple[AnyLayer, Dense | str]]:
    """Layers, and activations between them, each with what the picture shows of it."""
    from ...nn import MLP, Apply, Layer, Module, Neuron, Perceptron, Sequential
    from ...nn.activations import name_of

    if isinstance(model, (Neuron, Perceptron)):
        yield model, _dense([model], gradients=gradients)
    elif isinstance(model, Layer):
        yield model, _dense(model.neurons, gradients=gradients)
    elif isinstance(model, (MLP, Sequential)):
        for layer in model.layers:
            yield from _parts(layer, within, gradients=gradients)
    elif isinstance(model, Apply):
        yield model.activation, name_of(model.activation)
    elif callable(model) and not isinstance(model, (Module, type)):
        yield model, name_of(model)
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


def _dense(neurons: Sequence[Neuron | Perceptron], *, gradients: bool) -> Dense:
    from ...nn import Perceptron
    from ...nn.activations import name_of

    def number(p: Value) -> float:
        return float(p.grad if gradients else p.data)

    called = ["step" if isinstance(n, Perceptron) else name_of(n.activation) for n in neurons]
    weights = tuple(tuple(map(number, n.w)) for n in neurons)
    biases = tuple(number(n.b) for n in neurons if n.b is not None)
    return Dense(weights, biases, "/".join(dict.fromkeys(called)))
