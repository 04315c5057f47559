"""Neurons, layers of neurons and multi-layer perceptrons, with micrograd's names and signatures.

A neuron computes φ(w·x + b) by one `dot`. Weights are stored as w[out][in]: a layer maps x to
φ(Wx + b).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self, TypedDict, Unpack

from ..arguments import whole
from ..arithmetic.floats import real
from ..engine.number import Number
from ..engine.ops import dot
from ..engine.value import Value
from ..errors import OperandError, ShapeError
from ..seeds import stream
from .activations import Activation, default_initialiser, find_activation, linear, name_of
from .init import Initialise, constant, find_initialiser
from .kinds import Nested, Output, S, Seed, Vector, is_listed
from .kinds import as_list as as_list
from .module import Module

Row = Sequence[float]

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class WeightOptions(TypedDict, total=False):
    """The keyword arguments of layers that have no activation; see `Neuron`."""

    init: str | Initialise | None
    bias: bool


class NeuronOptions(WeightOptions, total=False):
    """The keyword arguments that layers pass on to each `Neuron`."""

    activation: str | Activation


class SwitchedOptions(NeuronOptions, total=False):
    """`NeuronOptions`, and micrograd's ``nonlin``."""

    nonlin: bool


def check_length(x: Sequence[S], *, wanted: int, module: Module | str) -> Sequence[S]:
    """``x``, if it is a list of ``wanted`` numbers; otherwise an error names the ``module``.

    micrograd would ignore the numbers beyond ``wanted``.
    """
    if isinstance(x, (Number, str, bytes)) or not hasattr(x, "__len__"):
        raise OperandError(
            f"{module} takes a list of {wanted} number(s); got {type(x).__name__} {x!r}"
        )
    if len(x) != wanted or (isinstance(x, (list, tuple)) and isinstance(x[0], (list, tuple))):
        several = isinstance(x, Sequence) and len(x) and is_listed(x[0])
        hint = " lists. For several samples, call model.batch(samples)" if several else ""
        raise ShapeError(f"{module} takes {wanted} number(s); got {len(x)}{hint}")
    return x


def subscript(i: int) -> str:
    """A number in subscript digits, for labels: 12 gives "₁₂"."""
    return str(i).translate(_SUBSCRIPTS)


def make_parameters(size: int, start: float, label: str) -> list[Value]:
    """``size`` parameters with the data ``start``, labelled "γ₁", "γ₂" and so on."""
    return [Value(start, f"{label}{subscript(i + 1)}") for i in range(size)]


class Neuron(Module):
    """A neuron: φ(w·x + b) for a list x of ``nin`` numbers.

    Args:
        nonlin: micrograd's name for a switch. False makes the neuron linear, whatever
            ``activation`` says.
        activation: φ, as the name of one of `ACTIVATIONS` or as a function of a number.
        init: the distribution of the first weights, as a name or a function (see `nn.init`). None
            means He's rule for rectifiers and Glorot's rule for others. The bias starts at 0.
        bias: False leaves out b.
        fan_out: the number of neurons in the same layer, for initialisers that use it.
        seed: a whole number, or a random generator. None uses Python's global generator.

    >>> from autograd_edu.nn.init import constant
    >>> neuron = Neuron(2, activation="tanh", init=constant(0.5))
    >>> neuron([1.0, -1.0]).data
    0.0
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str | Activation = "relu",
        init: str | Initialise | None = None,
        bias: bool = True,
        fan_out: int = 1,
        seed: Seed = None,
    ) -> None:
        whole(nin, "the number of inputs of a neuron")
        shown = activation if nonlin else "linear"
        draw = default_initialiser(shown) if init is None else find_initialiser(init)
        rng = stream(seed, f"Neuron({nin})")
        self.w = [Value(draw(rng, nin, fan_out), f"w{subscript(i + 1)}") for i in range(nin)]
        self.b = Value(0.0, "b") if bias else None
        self.activation = find_activation(shown)
        row_or_name = getattr(self.activation, "symbol", name_of(shown))
        self._shown = "Linear" if self.activation is linear else row_or_name

    def forward(self, x: Vector) -> Value:
        y: Value = self.activation(self.preactivation(x))
        return y

    def preactivation(self, x: Vector) -> Value:
        """w·x + b, before the activation."""
        y: Value = dot(self.w, check_length(x, wanted=len(self.w), module=self), self.b)
        return y

    def __repr__(self) -> str:
        return f"{self._shown}Neuron({len(self.w)})"


class Layer(Module):
    """A layer of ``nout`` neurons with the same ``nin`` inputs: φ(Wx + b).

    The output is a list, or a Value if there is only one neuron, as in micrograd. Keyword arguments
    are those of `Neuron`. If the activation is a module, such as PReLU, all neurons share it.

    >>> layer = Layer.from_weights([[1.0, 2.0], [-1.0, 0.0]], [0.0, 0.5])
    >>> [y.data for y in layer([3.0, 4.0])]
    [11.0, 0.0]
    """

    def __init__(
        self, nin: int, nout: int, nonlin: bool = True, *, seed: Seed = None,
        **of_neurons: Unpack[NeuronOptions],
    ) -> None:  # fmt: skip
        whole(nin, "the number of inputs of a layer")
        whole(nout, "the number of neurons of a layer")
        rng = stream(seed, f"{type(self).__name__}({nin}, {nout})")
        self.nin = nin
        self.neurons = [
            Neuron(nin, nonlin, fan_out=nout, seed=rng, **of_neurons) for _ in range(nout)
        ]

    @classmethod
    def from_weights(
        cls, weights: Sequence[Row], biases: Row | None = None, *,
        activation: str | Activation | None = None,
    ) -> Self:  # fmt: skip
        """A layer with given weights w[out][in] and biases b[out]. None leaves out the biases.

        Args:
            activation: as in `Neuron`; by default "relu", and "linear" for a `Linear`.

        Raises:
            ShapeError: if the weights are not a matrix, or the biases do not fit them.
        """
        weights, biases = plain_lists(weights), None if biases is None else plain_lists(biases)
        layer = cls.__new__(cls)
        if activation is None:
            activation = "linear" if issubclass(cls, Linear) else "relu"
        Layer.__init__(
            layer, *_shape(weights, biases), activation=activation, bias=biases is not None,
            init=constant(0.0),
        )  # fmt: skip
        for i, (neuron, row) in enumerate(zip(layer.neurons, weights, strict=True)):
            for w, number in zip(neuron.w, row, strict=True):
                w.data = real(number)
            if neuron.b is not None and biases is not None:
                neuron.b.data = real(biases[i])
        return layer

    def forward(self, x: Vector) -> Output:
        out = self.outputs(x)
        return out[0] if len(out) == 1 else out

    def outputs(self, x: Vector) -> list[Value]:
        """The outputs of all neurons, as a list even if there is only one neuron."""
        name = f"{type(self).__name__}({self.nin}, {len(self.neurons)})"
        check_length(x, wanted=self.nin, module=name)
        return [neuron(x) for neuron in self.neurons]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class Linear(Layer):
    """A layer without an activation, Wx + b. Its output is always a list.

    >>> [y.data for y in Linear.from_weights([[1.0, -1.0]], [0.5])([1.0, 4.0])]
    [-2.5]
    """

    def __init__(
        self, nin: int, nout: int, *, seed: Seed = None, **of_neurons: Unpack[WeightOptions]
    ) -> None:
        if (activation := of_neurons.get("activation", "linear")) not in ("linear", linear):
            raise OperandError(
                f"Linear has no activation; got {activation!r}. Write Layer({nin!r}, {nout!r}, "
                f"activation={activation!r}), or put Apply({activation!r}) after it"
            )
        super().__init__(nin, nout, nonlin=False, seed=seed, **of_neurons)

    def forward(self, x: Vector) -> list[Value]:
        return self.outputs(x)

    def __repr__(self) -> str:
        return f"Linear({self.nin}, {len(self.neurons)})"


class MLP(Module):
    """A multi-layer perceptron with ``nin`` inputs and layers of ``nouts`` neurons.

    The output is a list, or a Value if the last layer has only one neuron. The losses take both.

    Args:
        activation: one activation for all layers but the last, or a list of one per layer.
        output: the activation of the last layer, unless ``activation`` is a list.
        init: one initialiser for all layers, or a list of one per layer.
        bias, seed: as in `Neuron`.

    >>> model = MLP(2, [16, 16, 1], seed=1)
    >>> len(model.parameters())
    337
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Activation | Sequence[str | Activation] = "relu",
        output: str | Activation = "linear",
        init: str | Initialise | Sequence[str | Initialise | None] | None = None,
        bias: bool = True,
        seed: Seed = None,
    ) -> None:
        if not isinstance(nouts, Sequence) or isinstance(nouts, str) or not len(nouts):
            raise OperandError(
                "the sizes of the layers of an MLP must be a list, as in "
                f"MLP({nin!r}, [{nouts if isinstance(nouts, int) else 16}]); got {nouts!r}"
            )
        sizes, rng = [nin, *nouts], stream(seed, f"MLP({nin}, {list(nouts)})")
        phis = _one_per_layer(activation, len(nouts), "activation")
        if not isinstance(activation, (list, tuple)):
            phis[-1] = output
        draws = _one_per_layer(init, len(nouts), "init")
        self.layers = [
            Layer(fan_in, fan_out, activation=phi, init=draw, bias=bias, seed=rng)
            for fan_in, fan_out, phi, draw in zip(sizes, nouts, phis, draws, strict=False)
        ]

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[Sequence[Row]],
        biases: Sequence[Row] | None = None,
        *,
        activation: str | Activation | Sequence[str | Activation] = "relu",
        output: str | Activation = "linear",
    ) -> Self:
        """A model with given weights, for example those of a trained PyTorch model.

        Args:
            weights: one matrix w[out][in] per layer, such as PyTorch's ``nn.Linear.weight``.
            biases: one list b[out] per layer. None leaves out all biases.
            activation, output: as in `MLP`.

        Raises:
            ShapeError: if the matrices do not fit together, or the biases do not fit them.

        >>> model = MLP.from_weights([[[1, 0], [0, 1]], [[2, -1]]], [[0, 0], [5]])
        >>> model([3.0, 4.0]).data
        7.0
        """
        if biases is not None and len(biases) != len(weights):
            raise ShapeError(
                f"got weights for {len(weights)} layer(s), but biases for {len(biases)}"
            )
        if not len(weights):
            raise ShapeError("the weights of an MLP must have at least one layer; got none")
        shapes = [_shape(plain_lists(w), None) for w in weights]
        for i, ((_, nout), (nin, _)) in enumerate(pairwise(shapes)):
            if nin != nout:
                raise ShapeError(
                    f"layer {i} has {nout} output(s), but the weights of layer {i + 1} take {nin}"
                )
        model = cls(
            shapes[0][0], [nout for _, nout in shapes], activation=activation, output=output
        )
        model.layers = [
            Layer.from_weights(
                w, None if biases is None else biases[i], activation=layer.neurons[0].activation
            )
            for i, (w, layer) in enumerate(zip(weights, model.layers, strict=True))
        ]
        return model

    def forward(self, x: Vector) -> Output:
        for layer in self.layers[:-1]:
            x = as_list(layer(x))
        return self.layers[-1](x)

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def plain_lists(array: Nested) -> Nested:
    """An array or a tensor as nested lists. Lists are returned unchanged."""
    array = array.detach() if hasattr(array, "detach") else array
    return array.tolist() if hasattr(array, "tolist") else array


def _shape(weights: Nested, biases: Nested) -> tuple[int, int]:
    """(nin, nout) of weights w[out][in]. Raises ShapeError if they are not a matrix."""
    rows = [row for row in weights if is_listed(row)] if is_listed(weights) else []
    lengths = sorted({len(row) for row in rows})
    if not rows or len(rows) < len(weights) or len(lengths) != 1 or not lengths[0]:
        raise ShapeError(
            "the weights of a layer must be a matrix w[out][in], with rows of the same length; "
            f"got {'rows of lengths ' + str(lengths) if len(lengths) > 1 else repr(weights)[:60]}"
        )
    if biases is not None and len(biases) != len(rows):
        raise ShapeError(
            f"a layer of {len(rows)} neuron(s) needs {len(rows)} bias(es); got {len(biases)}"
        )
    return lengths[0], len(rows)


def _one_per_layer(given: Nested, count: int, what: str) -> list[Nested]:
    """A list of ``count`` options, one per layer. A single option is used for all layers."""
    if not isinstance(given, (list, tuple)):
        return [given] * count
    if len(given) != count:
        raise ShapeError(
            f"a model of {count} layer(s) needs a list of {count} for `{what}`, or one for all; "
            f"got a list of {len(given)}"
        )
    return list(given)
