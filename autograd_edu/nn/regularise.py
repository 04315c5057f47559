"""Against overfitting: penalties on weights, dropout, noise, averages of several models.

Dropout is *inverted*: what is kept is scaled up by 1/(1 - p) in training, so that nothing is left to do at the end. KIT
prints the other form, weights scaled "by the dropout rate" in evaluation, where the keep probability 1 - p is meant;
Imperial's "weights which are not updated" is something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..arguments import fraction, not_negative
from ..engine.ops import dot, total
from ..engine.value import Value
from ..errors import OperandError, ShapeError
from ..seeds import stream
from .init import gauss
from .layers import Neuron, as_list, numbers
from .losses import average
from .module import Module
from .softmax import softmax

Penalty = Callable[[Sequence[Any]], Any]


def l2(strength: float) -> Penalty:
    """λ Σ θ², without ½: its gradient is 2λθ (MLPR's form)."""
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: strength * dot(parameters, parameters)


def half_l2(strength: float) -> Penalty:
    """λ ½ Σ θ²: its gradient is λθ (KIT's form, and what optimisers call weight decay)."""
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: 0.5 * strength * dot(parameters, parameters)


def l1(strength: float) -> Penalty:
    """λ Σ |θ|: its gradient is ±λ, and 0 where θ is 0; it drives weights to exactly that."""
    not_negative(strength, "the strength of a penalty")
    return lambda parameters: strength * total([abs(p) for p in parameters])


def weights_of(model: Module) -> list[Value]:
    """The parameters without the biases, which are usually not penalised."""
    return [
        parameter for name, parameter in model.named_parameters() if name.rsplit(".", 1)[-1] != "b"
    ]


class _Random(Module):
    """A module that draws random numbers in training."""

    changes_in_training = True

    def __init__(self, p: float, seed: Any) -> None:
        self.p = fraction(p, "the probability of dropping")
        self.rng = (
            random.Random(random.random()) if seed is None else stream(seed, type(self).__name__)
        )

    def keep(self) -> float:
        """0 with probability p, else 1/(1 - p)."""
        return 0.0 if self.rng.random() < self.p else 1.0 / (1.0 - self.p)

    def varying(self) -> str:
        return (
            f"{self!r} draws anew for every sample while training"
            if self.training and self.p
            else ""
        )


class Dropout(_Random):
    """In training, sets each number to 0 with probability ``p`` and divides the others by 1 - p; else passes all.

    A number that is dropped is dropped in both passes: its gradient is 0.
    """

    def __init__(self, p: float = 0.5, *, seed: Any = None) -> None:
        super().__init__(p, seed)

    def forward(self, x: Sequence[Any]) -> list[Any]:
        return [number * self.keep() for number in x] if self.training and self.p else list(x)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


class DropConnect(_Random):
    """A layer of neurons in which, in training, single weights are dropped instead of whole numbers (Wan et al. 2013)."""

    def __init__(
        self, nin: int, nout: int, p: float = 0.5, *, seed: Any = None, **of_neurons: Any
    ) -> None:
        super().__init__(p, seed)
        self.neurons = [Neuron(nin, fan_out=nout, seed=self.rng, **of_neurons) for _ in range(nout)]

    def forward(self, x: Sequence[Any]) -> list[Any]:
        if not self.training or not self.p:
            return [neuron(x) for neuron in self.neurons]
        return [self._thinned(neuron, x) for neuron in self.neurons]

    def _thinned(self, neuron: Neuron, x: Sequence[Any]) -> Any:
        numbers(x, wanted=len(neuron.w), who=repr(self))
        return neuron.activation(dot([w * self.keep() for w in neuron.w], x, neuron.b))

    def __repr__(self) -> str:
        return f"DropConnect({len(self.neurons[0].w)}, {len(self.neurons)}, p={self.p})"


class Noise(_Random):
    """In training, adds N(0, sd²) to each number.

    On a linear model with squared error it is, on average, an L2 penalty with λ = sd² (Bishop 1995); MLPR says so of
    N(0, 1) in general, which holds only for small variances.
    """

    def __init__(self, sd: float = 0.1, *, seed: Any = None) -> None:
        super().__init__(0.0, seed)
        self.sd = not_negative(sd, "the standard deviation of noise")

    def varying(self) -> str:
        return (
            f"{self!r} draws anew for every sample while training"
            if self.training and self.sd
            else ""
        )

    def forward(self, x: Sequence[Any]) -> list[Any]:
        return [number + self.sd * gauss(self.rng) for number in x] if self.training else list(x)

    def __repr__(self) -> str:
        return f"Noise({self.sd})"


class Ensemble(Module):
    """Several models that vote: the mean of the probabilities that each gives (softmax of its scores).

    Args:
        probabilities: how a model's output becomes probabilities; `as_list` takes it as it is.
    """

    def __init__(
        self, models: Iterable[Module], probabilities: Callable[[Any], list[Any]] = softmax
    ) -> None:
        if isinstance(models, Module):
            raise OperandError("an ensemble takes a list of models; got one model")
        self.models = list(models)
        self.probabilities = probabilities
        if not self.models:
            raise ShapeError("an ensemble has at least one model")

    def forward(self, x: Any) -> list[Any]:
        votes = [as_list(self.probabilities(model(x))) for model in self.models]
        return [average(of_class) for of_class in zip(*votes, strict=True)]

    def __repr__(self) -> str:
        return f"Ensemble of {len(self.models)} models"
