"""Modules made of modules: in sequence, around one another, and side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

from ..arguments import whole
from ..engine.op import Op
from ..engine.ops import maximum
from ..engine.value import Value
from ..errors import OperandError, ShapeError
from ..seeds import stream
from .kinds import Nested, Output, Scalar, Seed, Vector, as_list
from .layers import Linear, WeightOptions
from .module import Module

AnyLayer = Callable[[Nested], Nested]  # a module, or a function of the previous layer's output


class _Layers(Module):
    """A list of layers, and how a sample or a batch passes through them."""

    def __init__(self, *layers: AnyLayer) -> None:
        for layer in layers:
            if not callable(layer) or isinstance(layer, type):
                name = layer.__name__ if isinstance(layer, type) else type(layer).__name__
                shown = f"the class {name}, not {name}(…)" if isinstance(layer, type) else name
                raise OperandError(
                    f"a layer must be a module or a function; got {shown}. Pass the layers one by "
                    "one, without a list: Sequential(Linear(2, 3), Apply('tanh'))"
                )
            if isinstance(layer, Op) and not layer.variadic:
                raise OperandError(
                    f"{layer.name} takes one number, but a layer takes a list; write "
                    f"Apply({layer.name!r}) to apply it to each number"
                )
        self.layers = list(layers)

    def through(self, x: Nested) -> Output:
        """The output of the last layer for one sample."""
        out: Output = x
        for layer in self.layers:
            out = layer(out)
        return out

    def batch_through(self, samples: Sequence[Nested]) -> list[Nested]:
        """The outputs of the last layer for a batch. Each layer gets the whole batch at once."""
        outputs: Sequence[Nested] = samples
        for layer in self.layers:
            outputs = (
                layer.batch(outputs) if isinstance(layer, Module) else [layer(x) for x in outputs]
            )
        return list(outputs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.layers))})"


class Sequential(_Layers):
    """Layers in sequence: the output of each is the input of the next.

    A layer is a module or a function of a list. For an activation, write ``Apply("relu")``. Each
    layer gets the whole batch at once, so that layers such as `BatchNorm` can use all of it.

    >>> from autograd_edu.nn import Apply
    >>> sum_and_difference = Linear.from_weights([[1.0, 1.0], [1.0, -1.0]])
    >>> model = Sequential(sum_and_difference, Apply("relu"))
    >>> [y.data for y in model([2.0, 3.0])]
    [5.0, 0.0]
    """

    def forward(self, x: Nested) -> Output:
        return self.through(x)

    def batch(self, samples: Sequence[Nested]) -> list[Nested]:
        return self.batch_through(samples)


class Residual(_Layers):
    """x + f(x), where f is the sequence of layers.

    The sum passes the gradient on to x unchanged, beside the gradient through f.

    Raises:
        ShapeError: if f(x) does not have as many numbers as x.

    Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016.

    >>> x = Value(2.0)
    >>> [y] = Residual(Linear.from_weights([[0.25]]))([x])
    >>> y.backward()
    >>> y.data, x.grad
    (2.5, 1.25)
    """

    def forward(self, x: Nested) -> list[Value]:
        return _sum(as_list(x), as_list(self.through(x)))

    def batch(self, samples: Sequence[Nested]) -> list[Nested]:
        pairs = zip(samples, self.batch_through(samples), strict=True)
        return [_sum(as_list(x), as_list(y)) for x, y in pairs]


class Skip(Module):
    """The output of the layers followed by the input, as one longer list.

    Later layers can then use both.

    >>> Skip(lambda xs: [sum(xs)])([3.0, 4.0])
    [7.0, 3.0, 4.0]
    """

    def __init__(self, *layers: AnyLayer) -> None:
        self.inner = Sequential(*layers)

    def forward(self, x: Vector) -> list[Scalar]:
        return [*as_list(self.inner(x)), *as_list(x)]

    def batch(self, samples: Sequence[Nested]) -> list[Nested]:
        pairs = zip(samples, self.inner.batch(samples), strict=True)
        return [[*as_list(y), *as_list(x)] for x, y in pairs]

    def __repr__(self) -> str:
        return f"Skip({', '.join(map(str, self.inner.layers))})"


class Maxout(Module):
    """A list of ``nout`` numbers; each is the maximum of ``pieces`` learned linear functions.

    Only the largest piece gets a gradient; pieces that tie share it. Source: Goodfellow,
    Warde-Farley, Mirza, Courville and Bengio, "Maxout Networks", 2013.

    >>> absolute = Maxout(1, 1, pieces=2)
    >>> absolute.pieces = [Linear.from_weights([[1.0]]), Linear.from_weights([[-1.0]])]
    >>> [absolute([x])[0].data for x in (-3.0, 2.0)]
    [3.0, 2.0]
    """

    def __init__(
        self, nin: int, nout: int, pieces: int = 2, *, seed: Seed = None,
        **of_neurons: Unpack[WeightOptions],
    ) -> None:  # fmt: skip
        whole(pieces, "the number of pieces of maxout")
        rng = stream(seed, f"Maxout({nin}, {nout}, {pieces})")
        self.pieces = [Linear(nin, nout, seed=rng, **of_neurons) for _ in range(pieces)]

    def forward(self, x: Vector) -> list[Value]:
        outputs = zip(*(piece(x) for piece in self.pieces), strict=True)
        return [maximum(rivals) for rivals in outputs]

    def __repr__(self) -> str:
        nin, nout = self.pieces[0].nin, len(self.pieces[0].neurons)
        return f"Maxout({nin}, {nout}, pieces={len(self.pieces)})"


def _sum(xs: Vector, ys: Sequence[Value]) -> list[Value]:
    if len(xs) != len(ys):
        raise ShapeError(
            "a residual layer adds its input to its output, so both need the same length; "
            f"got {len(xs)} and {len(ys)} numbers"
        )
    return [x + y for x, y in zip(xs, ys, strict=True)]  # type: ignore[misc]  # with a Value: one
