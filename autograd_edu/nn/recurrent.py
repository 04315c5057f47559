"""Recurrent networks: the same cell at every step of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from ..engine.modes import scope
from ..engine.value import Value
from ..errors import ShapeError
from ..seeds import stream
from .kinds import Scalar, Seed, Vector, as_list
from .layers import Layer, NeuronOptions, check_length
from .module import Module


class RecurrentCell(Module):
    """h′ = φ(W[x, h] + b): the next state from an input x and the state h.

    An input has ``nin`` numbers and a state ``nhidden``. Call it as ``cell(x, h)``. φ is tanh by
    default. Keyword arguments are those of `Neuron`. Source: Elman, "Finding Structure in Time",
    1990.

    >>> from autograd_edu.nn.init import constant
    >>> cell = RecurrentCell(1, 1, init=constant(0.5))
    >>> [round(h.data, 3) for h in cell([1.0], [3.0])]
    [0.964]
    """

    def __init__(
        self, nin: int, nhidden: int, *, seed: Seed = None, **of_neurons: Unpack[NeuronOptions]
    ) -> None:
        self.nin, self.nhidden = nin, nhidden
        rng = stream(seed, f"RecurrentCell({nin}, {nhidden})")
        options: NeuronOptions = {"activation": "tanh", **of_neurons}
        self.layer = Layer(nin + nhidden, nhidden, seed=rng, **options)

    def forward(self, x: Vector, state: Vector) -> list[Value]:
        x = check_length(x, wanted=self.nin, module=self)
        state = check_length(state, wanted=self.nhidden, module=f"the state of {self!r}")
        return as_list(self.layer([*x, *state]))

    def __repr__(self) -> str:
        return f"RecurrentCell({self.nin}, {self.nhidden})"


class RNN(Module):
    """A recurrent network. It takes a sequence of inputs and gives the state after every step.

    The first state is all zeros. The weights are shared by all steps, so their gradients add up
    over the steps ("backpropagation through time"). Keyword arguments are those of `RecurrentCell`.

    Raises:
        ShapeError: if the sequence is empty, or an input does not have ``nin`` numbers.

    Here the states keep a trace of the first input, which fades:

    >>> from autograd_edu.nn.init import constant
    >>> states = RNN(1, 1, init=constant(0.5))([[2.0], [0.0], [0.0]])
    >>> [round(state[0].data, 3) for state in states]
    [0.762, 0.363, 0.18]
    """

    def __init__(
        self, nin: int, nhidden: int, *, seed: Seed = None, **of_neurons: Unpack[NeuronOptions]
    ) -> None:
        self.cell = RecurrentCell(nin, nhidden, seed=seed, **of_neurons)

    def forward(self, sequence: Sequence[Vector]) -> list[list[Value]]:
        if not len(sequence):
            raise ShapeError(f"{self!r} takes a sequence of at least one input; got an empty one")
        state: Sequence[Scalar] = [0.0] * self.cell.nhidden
        states = []
        for t, x in enumerate(sequence):
            with scope(f"step{t}"):
                states.append(self.cell(x, state))
            state = states[-1]
        return states

    def __repr__(self) -> str:
        return f"RNN({self.cell.nin}, {self.cell.nhidden})"
