"""A network as the lectures draw it: units in columns, layer by layer, and a line for each weight.

There are two readings: weights drawn, by colour and width, with negative ones dashed so that colour
is not alone; or weights written on the lines, with the bias as the weight of a unit x₀ = 1, as in
figure 1 of the MLPR notes. What is no layer of units, such as a convolution, is a box with its name
and its shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...arguments import positive, whole
from ...errors import OperandError, ShapeError, one_of
from ...nn.kinds import Nested
from ...notation.letters import SUBSCRIPTS, plain
from ...notation.text import abbreviate, printable, table
from ...printing import Text
from ..picture import Picture
from .architecture import INPUT, Block, Stage, Units, is_one_neuron, largest
from .places import WEIGHTS, Names, Reading, Weights, places
from .reader import ACTIVATIONS, Loss, Where, Wish, stages_of
from .svg import network_svg

if TYPE_CHECKING:
    from ...nn import Module


class NetworkDrawing(Picture):
    """A picture of a network, as it was when it was drawn.

    `save` writes .svg, .html, .png or .pdf.

    Attributes:
        scale: the weight that has the widest line, to give to the next picture of a series.

    >>> from autograd_edu import draw_network, nn
    >>> draw_network(nn.MLP(2, [3, 1], seed=0))
    a network of 2 inputs, 2 layers, 13 parameters
      layer  units  activation  weights  bias
      1      3      relu        3 × 2    yes
      2      1      linear      1 × 3    yes
    """

    title = "A network"

    def __init__(
        self, stages: Sequence[Stage], *, reading: Reading, names: Names, parameters: int
    ) -> None:
        self._text, self.scale = _table(stages, parameters), reading.scale
        stack = places(stages, reading, names)
        self.svg = Text(network_svg(stack, stages, reading, self._text.split("\n")[0]))

    @property
    def text(self) -> str:
        """The layers as a table."""
        return Text(self._text)


def draw_network(
    model: Module, *, weights: Weights = "drawn", inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None, x: Nested = None, loss: Loss | None = None,
    activations: Where = "inside", unrolled: bool = False, scale: float | None = None,
    most: int | None = None,
) -> NetworkDrawing:  # fmt: skip
    """The units of ``model`` in columns and its weights as lines between them.

    In training mode, dropout and DropConnect show the mask of the next forward pass: dropped units
    are hollow and dashed, and what is dropped has no lines. A `Residual` or `Skip` has a wire
    around its layers. A recurrent network has a wire back to itself. Any other part is a box with
    its name and its shapes. Drawing changes nothing.

    Args:
        model: any module.
        weights: "drawn": blue for positive ones, orange and dashed for negative, wider for larger.
            "written": their numbers stand on the lines, and biases are the weights of a unit x₀ =
            1. "gradients": drawn, but the gradients of the latest backward pass, or of ``loss``.
        inputs, outputs: names for these units; x₁, x₂, … and ŷ₁, ŷ₂, … if left out.
        x: an input. Each unit then shows its value for it, and attention its weights: a row for
            each query, a column for each key.
        loss: a function of the model's output. Each unit then shows the gradient of the loss too,
            which needs ``x``.
        activations: "inside" the units that sum, or "apart", as units of their own.
        unrolled: show the cell of a recurrent network at every step.
        scale: the weight that has the widest line; the largest if left out. Give each picture of a
            series the same one.
        most: units of a column that are shown, the rest cut with "⋮"; 10, or 5 where weights are
            written.

    Raises:
        OperandError: if the model is no module, or takes an input of any size and none is given.
        OptionError: for an unknown reading of the weights or place of the activations.
        ShapeError: if there are not as many names or numbers as units.

    >>> from autograd_edu.nn import MLP
    >>> draw_network(MLP(3, [4, 1], activation="tanh", seed=1))
    a network of 3 inputs, 2 layers, 21 parameters
      layer  units  activation  weights  bias
      1      4      tanh        4 × 3    yes
      2      1      linear      1 × 4    yes
    """
    one_of(weights, WEIGHTS, "reading of weights")
    one_of(activations, ACTIVATIONS, "place of activations")
    if loss is not None and x is None:
        raise OperandError("the gradients of a loss need an input: pass x as well")
    shown = whole((5 if weights == "written" else 10) if most is None else most, "most", low=3)
    wish = Wish(x, loss, weights == "gradients", activations, unrolled)
    stages = stages_of(model, wish)
    if weights == "written" and is_one_neuron(stages):
        stages = stages_of(model, replace(wish, activations="apart"))
    widest = largest(stages) if scale is None else positive(scale, "scale")
    lines = 3 if loss is not None else 2 if x is not None else 1
    return NetworkDrawing(
        stages,
        reading=Reading(weights, widest, shown, lines),
        names=Names(
            _names(inputs, "x", stages[0], "input"), _names(outputs, "ŷ", stages[-1], "output")
        ),
        parameters=len(model.parameters()),
    )


def _names(given: Sequence[str] | None, letter: str, stage: Stage, what: str) -> list[str]:
    count = stage.count if isinstance(stage, Units) else 0
    if given is None:
        return [
            letter
            if count == 1 and letter != "x"
            else f"{letter}{str(i + 1).translate(SUBSCRIPTS)}"
            for i in range(count)
        ]
    if isinstance(given, str) or not all(isinstance(name, str) for name in given):
        raise OperandError(f"{what}s takes a list of names; got {given!r}")
    if isinstance(stage, Block):
        raise ShapeError(
            f"the {what} of this network is drawn as a box, so it has no units to name"
        )
    if len(given) != count:
        raise ShapeError(
            f"the network has {_counted(count, what)}; got {_counted(len(given), 'name')}"
        )
    return [abbreviate(plain(name), 24) for name in given]


def _table(stages: Sequence[Stage], parameters: int) -> str:
    """The network in words; the same on every run."""
    layers = [s for s in stages if _is_layer(s)]
    rows = [("layer", "units", "activation", "weights", "bias")]
    rows += [_row(i, layer) for i, layer in enumerate(layers, 1)]
    first = stages[0]
    size = f" of {_counted(first.count, 'input')}," if isinstance(first, Units) else " of"
    head = f"a network{size} {_counted(len(layers), 'layer')}, {parameters:,} parameters"
    return "\n".join([head, *(f"  {line}" for line in table(rows, ruled=False).split("\n"))])


def _is_layer(stage: Stage) -> bool:
    """Whether a stage computes something: the input does not, nor what shows a block's output."""
    if isinstance(stage, Block):
        return stage.title != INPUT
    return stage.join in ("dense", "each")


def _row(i: int, stage: Stage) -> tuple[str, str, str, str, str]:
    if isinstance(stage, Block):
        weights = f"{stage.parameters:,}" if stage.parameters else "–"
        return str(i), stage.shapes or "–", printable(stage.title, 40), weights, "–"
    dropped = f", {len(stage.dropped)} dropped" if stage.dropped else ""
    loop = f"; {stage.loop}" if stage.loop else ""
    does = printable(stage.does + dropped + loop, 40)
    if stage.join == "each":
        return str(i), str(stage.count), does, "–", "–"
    weights = f"{stage.count} × {len(stage.weights[0])}"
    return str(i), str(stage.count), does, weights, "yes" if stage.biases else "no"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"
