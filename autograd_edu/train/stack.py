"""A model as a stack of dense layers, which is what the training theatre can compute in a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..engine.ops import OPS
from ..engine.value import Value
from ..errors import OperandError
from ..nn.activations import Activation, Apply, name_of
from ..nn.containers import AnyLayer, Sequential
from ..nn.layers import MLP, Layer, Neuron
from ..nn.module import Module
from ..nn.normalise import Standardiser


@dataclass(frozen=True)
class Dense:
    """A layer of neurons, and the name of their activation."""

    neurons: Sequence[Neuron]
    activation: str

    @property
    def values(self) -> Iterator[Value | None]:
        """The weights of each neuron, then its bias, which is None if it has none."""
        return (value for neuron in self.neurons for value in (*neuron.w, neuron.b))


@dataclass(frozen=True)
class Stack:
    """Dense layers, first to last, and the scale of the inputs, if they are standardised first."""

    layers: Sequence[Dense]
    scale: Standardiser | None

    @property
    def sizes(self) -> list[int]:
        """The number of inputs, and of the units of each layer."""
        return [len(self.layers[0].neurons[0].w), *[len(layer.neurons) for layer in self.layers]]


def stack_of(model: Module) -> Stack:
    """The layers of ``model``.

    Raises:
        OperandError: if it is no stack of dense layers.
    """
    parts, layers = list(_parts(model)), list[Dense]()
    scale = parts.pop(0) if parts and isinstance(parts[0], Standardiser) else None
    for part in parts:
        if isinstance(part, (Layer, Neuron)):
            neurons = part.neurons if isinstance(part, Layer) else [part]
            layers.append(Dense(neurons, _named(neurons[0].activation)))
        elif isinstance(part, Apply) and layers and layers[-1].activation == "linear":
            layers[-1] = replace(layers[-1], activation=_named(part.activation))
        else:
            raise OperandError(_refusal(model, part))
    if not layers:
        raise OperandError(_refusal(model, model))
    return Stack(layers, scale if isinstance(scale, Standardiser) else None)


def _parts(model: AnyLayer) -> Iterator[AnyLayer]:
    if isinstance(model, (MLP, Sequential)):
        for layer in model.layers:
            yield from _parts(layer)
    else:
        yield model


def _refusal(model: Module, part: AnyLayer) -> str:
    found = type(part).__name__ if isinstance(part, Module) else name_of(part)
    where = "" if part is model else f"; this {type(model).__name__} has {found} in it"
    return (
        "a recording shows an MLP, or a Sequential of dense layers and activations "
        f"(a Standardiser may come first){where or f'; got {found}'}"
    )


def _named(activation: Activation) -> str:
    """The name of an activation that a page can compute."""
    name = name_of(activation)
    op = OPS.get(name)
    if name != "linear" and not (op and len(op.example) - len(op.defaults) == 1):
        raise OperandError(
            f"a recording cannot show the activation {name!r}; use one that has a name in "
            "nn.ACTIVATIONS"
        )
    return name
