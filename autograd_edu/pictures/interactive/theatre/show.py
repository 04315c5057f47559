"""What a theatre shows: plain data of a recorded run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt

Numbers = Sequence[float]
Target = float | Numbers  # as the loss takes it: a number, or one for each output


@dataclass(frozen=True)
class Frame:
    """The parameters after so many epochs, neuron after neuron: its weights, then its bias."""

    epoch: int
    parameters: Numbers


@dataclass(frozen=True)
class Samples:
    """The samples of a run.

    Attributes:
        xs: the inputs of each, as the first layer takes them.
        targets: the target of each, as the loss takes it.
        labels: the class of each; empty for a regression.
        threshold: a single output above it means class 1, otherwise class 0.
        every: 1 if these are all samples of the run, 2 if they are every second one, and so on.
    """

    xs: Sequence[Numbers]
    targets: Sequence[Target]
    labels: Sequence[int] = ()
    threshold: float = 0.0
    every: int = 1

    def __len__(self) -> int:
        return len(self.xs)

    def few(self, most: int) -> Samples:
        """At most so many samples, spread evenly over all."""
        step = -(-len(self) // most)
        xs, targets, labels = self.xs[::step], self.targets[::step], self.labels[::step]
        return replace(self, xs=xs, targets=targets, labels=labels, every=step)


@dataclass(frozen=True)
class Show:
    """What a theatre shows.

    Attributes:
        sizes: the units of each layer, after the number of inputs.
        activations: the name of one for each layer after the inputs.
        loss: the JavaScript function ``valueAndGrad([], outputs, target)`` of one sample.
        losses, validation: after each epoch.
        name: of the run, by which a page remembers what its reader chose while it is updated.
    """

    title: str
    sizes: Sequence[int]
    activations: Sequence[str]
    loss: str
    samples: Samples
    frames: Sequence[Frame]
    losses: Numbers
    validation: Numbers = ()
    name: str = ""

    @property
    def kind(self) -> str:
        """How the data are drawn: on a "plane", as a "curve", or as a "table" of predictions."""
        classes, inputs = bool(self.samples.labels), self.sizes[0]
        if inputs == 2 and classes:
            return "plane"
        one_number = not isinstance(self.samples.targets[0], Sequence)
        return "curve" if inputs == 1 and one_number and not classes else "table"

    @property
    def side(self) -> int:
        """The side of the square pictures that the inputs are; 0 if they are none."""
        side = isqrt(self.sizes[0])
        return side if side >= 4 and side * side == self.sizes[0] else 0
