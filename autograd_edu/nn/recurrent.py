"""A recurrent network: the same cell at every step of a sequence, unrolled into a graph without cycles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.value import scope
from ..errors import ShapeError
from ..seeds import stream
from .activations import Activation
from .layers import Layer, as_list, numbers
from .module import Module


class RecurrentCell(Module):
    """h′ = φ(W[x, h] + b): the next state of ``nhidden`` numbers, from an input of ``nin`` numbers and the state."""

    def __init__(
        self,
        nin: int,
        nhidden: int,
        *,
        activation: str | Activation = "tanh",
        seed: Any = None,
        **of_neurons: Any,
    ) -> None:
        self.nin, self.nhidden = nin, nhidden
        self.layer = Layer(
            nin + nhidden,
            nhidden,
            activation=activation,
            seed=stream(seed, f"RecurrentCell({nin}, {nhidden})"),
            **of_neurons,
        )

    def forward(self, x: Any, state: Sequence[Any]) -> list[Any]:
        x, state = (
            numbers(x, wanted=self.nin, who=repr(self)),
            numbers(state, wanted=self.nhidden, who=f"the state of {self!r}"),
        )
        return as_list(self.layer([*x, *state]))

    def __repr__(self) -> str:
        return f"RecurrentCell({self.nin}, {self.nhidden})"


class RNN(Module):
    """A cell along a sequence, from a state of zeros: gives the state after every step.

    Its graph is a chain with shared weights, whose gradients add up over the steps ("backpropagation through time").
    """

    def __init__(self, nin: int, nhidden: int, **of_cell: Any) -> None:
        self.cell = RecurrentCell(nin, nhidden, **of_cell)

    def forward(self, sequence: Sequence[Any]) -> list[list[Any]]:
        if not len(sequence):
            raise ShapeError(
                f"{self!r} takes a sequence of at least one input; an empty one was given"
            )
        state: list[Any] = [0.0] * self.cell.nhidden
        states = []
        for t, x in enumerate(sequence):
            with scope(f"step{t}"):
                state = self.cell(x, state)
            states.append(state)
        return states

    def __repr__(self) -> str:
        return f"RNN({self.cell.nin}, {self.cell.nhidden})"
