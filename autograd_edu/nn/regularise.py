"""Against overfitting: penalties on weights, dropout, noise and ensembles of models.

Dropout is *inverted*, as in PyTorch: in training mode, the numbers that are kept are multiplied by
1/(1 - p), and evaluation mode changes nothing. KIT prints the other form, which scales the weights
"by the dropout rate" in evaluation; it means the keep probability 1 - p. Imperial describes dropout
as "weights which are not updated", which is something else: the option ``skip`` of an optimiser.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from ..arguments import fraction, not_negative, positive, whole
from ..engine.modes import no_grad
from ..engine.number import plain
from ..engine.ops import dot, total
from ..engine.value import Value
from ..errors import OperandError, ShapeError
from ..printing import prints
from ..seeds import stream
from .init import gauss
from .kinds import Nested, Scalar, Seed, Vector, as_list
from .layers import Neuron, SwitchedOptions, check_length
from .losses import average
from .module import Module
from .softmax import softmax

Penalty = Callable[[Sequence[Any]], Scalar]  # of Values, or of traced numbers


def l2(strength: float) -> Penalty:
    """The penalty λ Σ θ², the form of MLPR. Its gradient is 2λθ.

    >>> l2(0.5)([1.0, 2.0])
    2.5
    """
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: strength * dot(parameters, parameters)


def half_l2(strength: float) -> Penalty:
    """The penalty λ ½ Σ θ², the form of KIT and of weight decay. Its gradient is λθ.

    >>> half_l2(0.5)([1.0, 2.0])
    1.25
    """
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: 0.5 * strength * dot(parameters, parameters)


def l1(strength: float) -> Penalty:
    """The penalty λ Σ |θ|. It drives weights to 0. Its gradient is ±λ, and 0 at θ = 0.

    >>> l1(0.5)([1.0, -2.0])
    1.5
    """
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: strength * total([abs(p) for p in parameters])


def weights_of(model: Module) -> list[Value]:
    """All parameters of a model except the biases, which are usually not penalised.

    >>> from autograd_edu.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> len(model.parameters()), len(weights_of(model))
    (13, 9)
    """
    named = model.named_parameters()
    return [parameter for name, parameter in named if name.rsplit(".", 1)[-1] != "b"]


class _Random(Module):
    """A module that draws random numbers in training mode, unless its ``amount`` is 0."""

    changes_in_training = True
    amount: ClassVar[str] = "p"  # the name of the attribute with the amount

    def __init__(self, seed: Seed) -> None:
        own = random.Random(random.random())
        self.rng = own if seed is None else stream(seed, type(self).__name__)

    @property
    def active(self) -> bool:
        """Does the module draw random numbers at the moment?"""
        return self.training and getattr(self, self.amount) > 0.0

    def varying(self) -> str:
        return (
            f"{self!r} draws new random numbers for every sample in training mode"
            if self.active
            else ""
        )

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
    """In training mode, set each number to 0 with probability ``p``, and divide the rest by 1 - p.

    A number that is dropped gets the gradient 0. In evaluation mode nothing changes.
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout", 2014.

    >>> dropout = Dropout(0.5, seed=1)
    >>> dropout([1.0, 2.0, 3.0, 4.0])
    [0.0, 0.0, 6.0, 0.0]
    >>> dropout.eval()([1.0, 2.0, 3.0, 4.0])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, p: float = 0.5, *, seed: Seed = None) -> None:
        super().__init__(p, seed)

    def forward(self, x: Vector) -> list[Scalar]:
        return [number * self.keep() for number in x] if self.active else list(x)


class DropConnect(_Dropping):
    """A layer of ``nout`` neurons that drops single weights, with probability ``p``.

    It does so in training mode only.

    Source: Wan, Zeiler, Zhang, LeCun and Fergus, "Regularization of Neural Networks using
    DropConnect", 2013.

    >>> from autograd_edu.nn.init import constant
    >>> layer = DropConnect(4, 1, activation="linear", init=constant(1.0), seed=0)
    >>> [layer([1.0, 2.0, 4.0, 8.0])[0].data for _ in range(3)]
    [30.0, 18.0, 18.0]
    >>> layer.eval()([1.0, 2.0, 4.0, 8.0])[0].data
    15.0
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
        check_length(x, wanted=len(self.neurons[0].w), module=self)
        return [self._drop_weights(neuron, x) for neuron in self.neurons]

    def _drop_weights(self, neuron: Neuron, x: Vector) -> Value:
        y: Value = neuron.activation(dot([w * self.keep() for w in neuron.w], x, neuron.b))
        return y

    def __repr__(self) -> str:
        return f"DropConnect({len(self.neurons[0].w)}, {len(self.neurons)}, p={self.p})"


class Noise(_Random):
    """In training mode, add a random number from N(0, sd²) to each number.

    For a linear model with squared error, this has on average the effect of an L2 penalty with
    λ = sd². MLPR says this of N(0, 1) in general, but it holds only for small variances. Source:
    Bishop, "Training with Noise is Equivalent to Tikhonov Regularization", 1995.

    >>> noise = Noise(0.1, seed=0)
    >>> [round(x, 3) for x in noise([1.0, 2.0])]
    [0.87, 2.145]
    >>> noise.eval()([1.0, 2.0])
    [1.0, 2.0]
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
    """An average of several models: the mean of the probabilities that they give.

    Args:
        probabilities: turns the output of a model into probabilities; by default softmax. Pass
            ``list`` if the models already give probabilities, or numbers that are not classes.
        weights: how much each model counts, such as its accuracy. They need not sum to 1. None
            counts all models alike.

    Raises:
        ShapeError: if there is no model, or not one weight per model.

    >>> from autograd_edu.nn import MLP
    >>> sure, unsure = (MLP.from_weights([[[1], [0]]], [[b, 0]]) for b in (4.0, 0.0))
    >>> [round(p.data, 2) for p in Ensemble([sure, unsure], weights=[3, 1])([0.0])]
    [0.86, 0.14]
    """

    def __init__(
        self,
        models: Iterable[Module],
        probabilities: Callable[[Nested], Vector] = softmax,
        *,
        weights: Sequence[float] | None = None,
    ) -> None:
        if isinstance(models, Module):
            raise OperandError("an ensemble takes a list of models; got one model")
        self.models = list(models)
        self.probabilities = probabilities
        if not self.models:
            raise ShapeError("an ensemble needs at least one model; got none")
        self.weights = None if weights is None else _normalise(weights, len(self.models))

    def forward(self, x: Nested) -> list[Scalar]:
        votes = zip(*(as_list(self.probabilities(model(x))) for model in self.models), strict=True)
        if self.weights is None:
            return [average(of_class) for of_class in votes]
        return [dot(self.weights, of_class) for of_class in votes]

    def __repr__(self) -> str:
        return f"Ensemble of {len(self.models)} models"


def _normalise(weights: Sequence[float], count: int) -> list[float]:
    """The weights divided by their sum."""
    if len(weights) != count:
        raise ShapeError(f"an ensemble of {count} models needs {count} weights; got {len(weights)}")
    sum_of_all = math.fsum(not_negative(w, "a weight of an ensemble") for w in weights)
    return [w / positive(sum_of_all, "the sum of the weights of an ensemble") for w in weights]


@prints
@dataclass(frozen=True)
class MaskAverage:
    """The mean and the standard deviation of each output over random masks.

    >>> found = dropout_average(Dropout(0.5, seed=0), [2.0], masks=1000)
    >>> round(found.mean[0], 1), round(found.sd[0], 1)
    (2.1, 2.0)
    """

    mean: list[float]
    sd: list[float]

    def __str__(self) -> str:
        return ", ".join(f"{m:.4g} ± {s:.4g}" for m, s in zip(self.mean, self.sd, strict=True))


def dropout_average(model: Module, x: Nested, *, masks: int = 100) -> MaskAverage:
    """The outputs of ``model`` for one sample, averaged over random dropout masks.

    Dropout, DropConnect and noise draw random numbers, and all other layers are in evaluation mode.
    The mean is what evaluation mode approximates by scaling weights; the two differ if the model is
    not linear. The standard deviation says how uncertain the model is. Calls with the same model
    draw the same masks. Source: Gal and Ghahramani, "Dropout as a Bayesian Approximation", 2016.

    Raises:
        OperandError: if no layer draws random numbers.

    >>> from autograd_edu.nn import Linear, Sequential
    >>> model = Sequential(Dropout(0.5, seed=0), Linear.from_weights([[1.0, 1.0]], [0.0]))
    >>> print(dropout_average(model, [3.0, 4.0], masks=1000))
    7.24 ± 5.002
    """
    trial = copy.deepcopy(model).eval()
    for part in trial.modules():
        object.__setattr__(part, "training", isinstance(part, _Random))
    if not trial.why_varying():
        raise OperandError(
            f"dropout_average needs a model with dropout or noise; got {model!r:.60}"
        )
    with no_grad():
        runs = [as_list(trial(x)) for _ in range(whole(masks, "the number of masks", low=2))]
    columns = [list(map(plain, column)) for column in zip(*runs, strict=True)]
    mean = [math.fsum(column) / masks for column in columns]
    pairs = zip(columns, mean, strict=True)
    return MaskAverage(mean, [math.dist(c, [m] * masks) / math.sqrt(masks - 1) for c, m in pairs])
