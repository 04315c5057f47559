"""Against overfitting: penalties on weights, dropout, noise, and averages of several models.

Dropout is *inverted*: in training, the numbers that are kept are multiplied by 1/(1 - p), so that
evaluation need not change anything. KIT prints the other form, with weights scaled "by the dropout
rate" in evaluation, where the keep probability 1 - p is meant. Imperial's "weights which are not
updated" is something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Unpack

from ..arguments import fraction, not_negative
from ..engine.ops import dot, total
from ..engine.value import Value
from ..errors import OperandError, ShapeError
from ..seeds import stream
from .init import gauss
from .kinds import Nested, Scalar, Seed, Vector, as_list
from .layers import Neuron, SwitchedOptions, numbers
from .losses import average
from .module import Module
from .softmax import softmax

Penalty = Callable[[Sequence[Any]], Scalar]  # of Values, or of traced numbers


def l2(strength: float) -> Penalty:
    """λ Σ θ², without ½ (the form of MLPR). Its gradient is 2λθ.

    >>> l2(0.5)([1.0, 2.0])
    2.5
    """
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: strength * dot(parameters, parameters)


def half_l2(strength: float) -> Penalty:
    """λ ½ Σ θ² (the form of KIT, and the weight decay of optimisers). Its gradient is λθ."""
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: 0.5 * strength * dot(parameters, parameters)


def l1(strength: float) -> Penalty:
    """λ Σ |θ|. Its gradient is ±λ, and 0 at θ = 0, so it drives weights to exactly 0."""
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: strength * total([abs(p) for p in parameters])


def weights_of(model: Module) -> list[Value]:
    """The parameters without the biases, which are usually not penalised."""
    named = model.named_parameters()
    return [parameter for name, parameter in named if name.rsplit(".", 1)[-1] != "b"]


class _Random(Module):
    """A module that draws random numbers in training, if its ``amount`` is not 0."""

    changes_in_training = True
    amount: ClassVar[str] = "p"  # the attribute that holds it

    def __init__(self, seed: Seed) -> None:
        own = random.Random(random.random())
        self.rng = own if seed is None else stream(seed, type(self).__name__)

    @property
    def active(self) -> bool:
        """Does it draw random numbers now?"""
        return self.training and getattr(self, self.amount) > 0.0

    def varying(self) -> str:
        return f"{self!r} draws anew for every sample while training" if self.active else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, self.amount)})"


class _Dropping(_Random):
    """A module that drops numbers with probability ``p``."""

    def __init__(self, p: float, seed: Seed) -> None:
        super().__init__(seed)
        self.p = fraction(p, "the probability of dropping")

    def keep(self) -> float:
        """0 with probability p, otherwise 1/(1 - p)."""
        return 0.0 if self.rng.random() < self.p else 1.0 / (1.0 - self.p)


class Dropout(_Dropping):
    """In training, sets each number to 0 with probability ``p``, and divides the others by 1 - p.

    The gradient of a number that is dropped is 0. In evaluation all numbers pass as they are.
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout", 2014.
    """

    def __init__(self, p: float = 0.5, *, seed: Seed = None) -> None:
        super().__init__(p, seed)

    def forward(self, x: Vector) -> list[Scalar]:
        return [number * self.keep() for number in x] if self.active else list(x)


class DropConnect(_Dropping):
    """A layer of neurons that, in training, drops single weights instead of whole numbers.

    Source: Wan, Zeiler, Zhang, LeCun and Fergus, "Regularization of Neural Networks using
    DropConnect", 2013.
    """

    def __init__(
        self, nin: int, nout: int, p: float = 0.5, *, seed: Seed = None,
        **of_neurons: Unpack[SwitchedOptions],
    ) -> None:  # fmt: skip
        super().__init__(p, seed)
        self.neurons = [Neuron(nin, fan_out=nout, seed=self.rng, **of_neurons) for _ in range(nout)]

    def forward(self, x: Vector) -> list[Value]:
        if not self.active:
            return [neuron(x) for neuron in self.neurons]
        numbers(x, wanted=len(self.neurons[0].w), who=repr(self))
        return [self._thinned(neuron, x) for neuron in self.neurons]

    def _thinned(self, neuron: Neuron, x: Vector) -> Value:
        y: Value = neuron.activation(dot([w * self.keep() for w in neuron.w], x, neuron.b))
        return y

    def __repr__(self) -> str:
        return f"DropConnect({len(self.neurons[0].w)}, {len(self.neurons)}, p={self.p})"


class Noise(_Random):
    """In training, adds N(0, sd²) to each number.

    For a linear model with squared error this is, on average, an L2 penalty with λ = sd². MLPR says
    so of N(0, 1) in general, but it holds only for small variances. Source: Bishop, "Training with
    Noise is Equivalent to Tikhonov Regularization", 1995.
    """

    amount = "sd"

    def __init__(self, sd: float = 0.1, *, seed: Seed = None) -> None:
        super().__init__(seed)
        self.sd = not_negative(sd, "the standard deviation of noise")

    def forward(self, x: Vector) -> list[Scalar]:
        if not self.active:
            return list(x)
        return [number + self.sd * gauss(self.rng) for number in x]


class Ensemble(Module):
    """Several models that vote: the mean of the probabilities that they give.

    Args:
        probabilities: how the output of a model becomes probabilities; by default its softmax.
            Pass `as_list` if the models give probabilities already.
    """

    def __init__(
        self,
        models: Iterable[Module],
        probabilities: Callable[[Nested], Vector] = softmax,
    ) -> None:
        if isinstance(models, Module):
            raise OperandError("an ensemble takes a list of models; got one model")
        self.models = list(models)
        self.probabilities = probabilities
        if not self.models:
            raise ShapeError("an ensemble needs at least one model; got none")

    def forward(self, x: Nested) -> list[Scalar]:
        votes = [as_list(self.probabilities(model(x))) for model in self.models]
        return [average(of_class) for of_class in zip(*votes, strict=True)]

    def __repr__(self) -> str:
        return f"Ensemble of {len(self.models)} models"
