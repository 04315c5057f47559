"""What the layers of a model answer: the values of their units, and statistics for each layer."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from ..data import Dataset, check_dataset
from ..engine.modes import no_grad
from ..engine.number import plain
from ..engine.value import Value
from ..errors import OperandError, TrainingError
from ..notation.text import table
from ..printing import prints
from ..trees import flatten
from .containers import Sequential
from .kinds import Nested, Scalar
from .layers import MLP, Neuron
from .losses import Loss, average
from .module import Module

Rows = dict[str, list[list[Scalar]]]  # by layer: one row of units for each call


def layer_outputs(model: Module, samples: Sequence[Nested]) -> dict[str, list[list[float]]]:
    """The value of each unit for each sample, by layer, in evaluation mode.

    The name of a layer is that of its parameters, such as "layers.0". Its rows are the samples, and
    its columns are the units. A layer that is called several times per sample has as many rows.

    >>> model = MLP.from_weights([[[1, 0], [0, -1]], [[1, 1]]])
    >>> layer_outputs(model, [[3.0, 4.0], [-1.0, -2.0]])
    {'layers.0': [[3.0, 0.0], [0.0, 2.0]], 'layers.1': [[3.0], [2.0]]}
    """
    with no_grad():
        rows = _watch(trial := _copy(model))
        for x in samples:
            trial(x)
    return {name: [list(map(plain, row)) for row in rows[name]] for name in rows}


@dataclass(frozen=True)
class Moments:
    """The mean, the standard deviation, the share of exact zeros and the Euclidean norm."""

    mean: float
    sd: float
    zeros: float
    norm: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Self:
        mean = math.fsum(numbers) / len(numbers)
        sd = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))
        return cls(mean, sd, numbers.count(0.0) / len(numbers), math.hypot(*numbers))

    def cells(self) -> list[str]:
        """The numbers as cells of a table."""
        return [f"{self.mean:.3g}", f"{self.sd:.3g}", f"{self.zeros:.0%}", f"{self.norm:.3g}"]


@prints
@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of the layers of a model, by name. It prints as a table.

    Attributes:
        outputs: of the values of all units for all samples.
        gradients: of the gradients of the mean loss with respect to these values.

    Through five layers of sigmoids, the gradient shrinks a thousandfold on its way to the first:

    >>> from autograd_edu.nn.losses import half_squared_error
    >>> model = MLP(1, [4] * 5 + [1], activation="sigmoid", seed=0)
    >>> found = layer_statistics(model, half_squared_error, Dataset([[1.0], [2.0]], [0.0, 1.0]))
    >>> [round(moments.norm, 5) for moments in found.gradients.values()]
    [0.00034, 0.001, 0.00448, 0.06555, 0.31334, 0.40226]
    """

    outputs: dict[str, Moments]
    gradients: dict[str, Moments]

    def __str__(self) -> str:
        head = ["layer", *["mean", "sd", "zeros", "norm"] * 2]
        rows = [
            ["", "outputs", "", "", "", "gradients", "", "", ""],
            head,
            *([name, *self.outputs[name].cells(), *self.gradients[name].cells()]
              for name in self.outputs),
        ]  # fmt: skip
        return table(rows, right=range(1, 9), ruled=False)


def layer_statistics(model: Module, loss: Loss, data: Dataset) -> LayerStatistics:
    """Statistics of the outputs and gradients of each layer, over all samples of ``data``.

    They show whether signals and gradients vanish or explode on their way, and how many rectifiers
    are 0. The model is used in evaluation mode. Layers without trainable numbers before them, such
    as a `Standardiser` of the inputs, are left out.

    Raises:
        TrainingError: if the loss does not depend on any parameter.

    >>> from autograd_edu.nn.losses import half_squared_error
    >>> model = MLP.from_weights([[[1, 0], [0, -1]], [[1, 1]]])
    >>> print(layer_statistics(model, half_squared_error, Dataset([[3.0, 4.0]], [2.0])))
              outputs                    gradients
    layer        mean   sd  zeros  norm       mean  sd  zeros  norm
    layers.0      1.5  1.5    50%     3          1   0     0%  1.41
    layers.1        3    0     0%     3          1   0     0%     1
    """
    rows = _watch(trial := _copy(model))
    y = average([loss(trial(x), target) for x, target in check_dataset(data)])
    if isinstance(y, Value):
        y.backward()
    if not any(p.has_grad for p in trial.parameters()):
        raise TrainingError("the loss does not depend on any parameter of the model")
    reached = {
        name: [v for row in rows[name] for v in row if isinstance(v, Value) and v.has_grad]
        for name in rows
    }
    live = {name: values for name, values in reached.items() if values}
    return LayerStatistics(
        {name: Moments.of([v.data for v in vs]) for name, vs in live.items()},
        {name: Moments.of([v.grad for v in vs]) for name, vs in live.items()},
    )


def _copy(model: Module) -> Module:
    """A copy of the model in evaluation mode."""
    if not isinstance(model, Module):
        raise OperandError(f"the model must be a Module of nn; got {type(model).__name__}")
    return copy.deepcopy(model).eval()


def _watch(trial: Module) -> Rows:
    """What each layer of ``trial`` will return. It fills up while the model runs."""
    rows: Rows = {}
    inner = [(name, part) for name, part in trial.named_modules() if part is not trial]
    layers = [(name, part) for name, part in inner if not isinstance(part, _NOT_LAYERS)]
    for name, part in layers or [("model.", trial)]:
        seen = rows.setdefault(name.rstrip("."), [])
        object.__setattr__(part, "forward", _remember(part.forward, seen))
    return rows


_NOT_LAYERS = (Neuron, Sequential, MLP)  # a unit, and containers that only pass values on


def _remember(
    forward: Callable[[Nested], Nested], seen: list[list[Scalar]]
) -> Callable[[Nested], Nested]:
    """``forward``, which also appends the numbers that it returns to ``seen``."""

    @functools.wraps(forward)
    def remembering(*inputs: Nested) -> Nested:
        out = forward(*inputs)
        seen.append(flatten(out))
        return out

    return remembering
