"""Neurons, layers of neurons, and multi-layer perceptrons, with micrograd's names and signatures.

A neuron computes φ(w·x + b) by one `dot`. Weights are stored as w[out][in]: a layer maps x to φ(Wx + b).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..arguments import whole
from ..engine.number import Number
from ..engine.ops import dot
from ..engine.value import Value
from ..errors import OperandError, ShapeError
from ..seeds import stream
from .activations import Activation, activation_named, name_of, usual_initialiser
from .init import Initialiser, initialiser_named
from .module import Module

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def numbers(x: Any, *, wanted: int, who: str) -> Sequence[Any]:
    """``x`` as the list of ``wanted`` numbers that ``who`` takes; micrograd would cut the longer of the two."""
    if isinstance(x, (Number, str, bytes)) or not hasattr(x, "__len__"):
        raise OperandError(
            f"{who} takes a list of {wanted} number(s), not {type(x).__name__} {x!r}"
        )
    if len(x) != wanted:
        raise ShapeError(f"{who} takes {wanted} number(s); {len(x)} were given")
    return x  # type: ignore[no-any-return]  # a sequence, as the tests have just shown


def as_list(x: Any) -> list[Any]:
    """A number as a list of one; a list, a tuple or an array as a list."""
    return list(x) if isinstance(x, (list, tuple)) or bool(getattr(x, "shape", None)) else [x]


def subscript(i: int) -> str:
    """A number as a subscript for labels: "₁₂"."""
    return str(i).translate(_SUBSCRIPTS)


class Neuron(Module):
    """φ(w·x + b) of a list of ``nin`` numbers.

    Args:
        nonlin: micrograd's switch: without it the neuron is linear, whatever ``activation`` says.
        activation: the name of one of `ACTIVATIONS`, or any function of a number.
        init: how the weights are drawn; None is He's rule for rectifiers, Glorot's for others. The bias starts at 0.
        fan_out: the number of neurons that take the same inputs, for initialisers that ask.
        seed: a whole number or a generator; None draws from Python's global generator.

    >>> from autograd_edu.nn.init import constant
    >>> neuron = Neuron(2, activation="tanh", init=constant(0.5))
    >>> neuron([1.0, -1.0]).data
    0.0
    """

    def __init__(
        self, nin: int, nonlin: bool = True, *, activation: str | Activation = "relu", init: str | Initialiser | None = None,
        bias: bool = True, fan_out: int = 1, seed: Any = None,
    ) -> None:  # fmt: skip
        whole(nin, "the number of inputs of a neuron")
        shown = activation if nonlin else "linear"
        draw, rng = (
            usual_initialiser(shown) if init is None else initialiser_named(init),
            stream(seed, f"Neuron({nin})"),
        )
        self.w = [Value(draw(rng, nin, fan_out), f"w{subscript(i + 1)}") for i in range(nin)]
        self.b = Value(0.0, "b") if bias else None
        self.activation = activation_named(shown)
        self._shown = {"linear": "Linear", "relu": "ReLU"}.get(name_of(shown), name_of(shown))

    def forward(self, x: Any) -> Any:
        return self.activation(self.preactivation(x))

    def preactivation(self, x: Any) -> Any:
        """w·x + b."""
        return dot(self.w, numbers(x, wanted=len(self.w), who=repr(self)), self.b)

    def __repr__(self) -> str:
        return f"{self._shown}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons that take the same ``nin`` numbers: φ(Wx + b). One neuron gives its number, several a list.

    Keyword arguments are those of `Neuron`; an activation that is a module (PReLU) is shared by the neurons.
    """

    def __init__(
        self, nin: int, nout: int, nonlin: bool = True, *, seed: Any = None, **of_neurons: Any
    ) -> None:
        whole(nin, "the number of inputs of a layer"), whole(nout, "the number of its neurons")
        rng = stream(seed, f"{type(self).__name__}({nin}, {nout})")
        self.nin = nin
        self.neurons = [
            Neuron(nin, nonlin, fan_out=nout, seed=rng, **of_neurons) for _ in range(nout)
        ]

    def forward(self, x: Any) -> Any:
        numbers(x, wanted=self.nin, who=f"a layer of {len(self.neurons)} {self.neurons[0]!r}")
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class Linear(Layer):
    """Wx + b, always a list: a layer for use in larger modules."""

    def __init__(self, nin: int, nout: int, **of_neurons: Any) -> None:
        super().__init__(nin, nout, nonlin=False, **of_neurons)

    def forward(self, x: Any) -> list[Any]:
        return as_list(super().forward(x))

    def __repr__(self) -> str:
        return f"Linear({self.nin}, {len(self.neurons)})"


class MLP(Module):
    """A multi-layer perceptron: ``nin`` numbers, then layers of ``nouts`` neurons, the last of them linear.

    Args:
        activation, init: one for all layers, or a list with one for each. A list of activations says the last too.
        output: the activation of the last layer, if ``activation`` is not a list.
        bias, seed: as of `Neuron`.

    >>> model = MLP(2, [16, 16, 1], seed=1)
    >>> len(model.parameters())
    337
    """

    def __init__(
        self, nin: int, nouts: Sequence[int], *, activation: Any = "relu", output: str | Activation = "linear", init: Any = None,
        bias: bool = True, seed: Any = None,
    ) -> None:  # fmt: skip
        if not isinstance(nouts, Sequence) or not len(nouts):
            raise OperandError(
                f"the sizes of an MLP's layers must be a list, as in MLP({nin}, [16, 1]); got {nouts!r}"
            )
        sizes, rng = [nin, *nouts], stream(seed, f"MLP({nin}, {list(nouts)})")
        activations = _one_each(activation, len(nouts), "activation", last=output)
        inits = _one_each(init, len(nouts), "init")
        self.layers = [
            Layer(fan_in, fan_out, activation=phi, init=draw, bias=bias, seed=rng)
            for fan_in, fan_out, phi, draw in zip(sizes, nouts, activations, inits, strict=False)
        ]

    def forward(self, x: Any) -> Any:
        for i, layer in enumerate(self.layers):
            x = layer(as_list(x) if i else x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def _one_each(given: Any, count: int, what: str, last: Any = None) -> list[Any]:
    if not isinstance(given, (list, tuple)):
        return [given] * count if last is None else [given] * (count - 1) + [last]
    if len(given) != count:
        raise ShapeError(
            f"a model of {count} layers needs {count} of `{what}`, or one for all; {len(given)} were given"
        )
    return list(given)
