"""A network as the lectures draw it: units in columns, layer by layer, and a line for each weight.

There are two readings: weights drawn, by colour and width, with negative ones dashed so that colour
is not alone; or weights written on the lines, with the bias as the weight of a unit x₀ = 1, as in
figure 1 of the MLPR notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...arguments import positive, whole
from ...engine.op import OPS
from ...errors import OperandError, ShapeError, one_of
from ...notation.formula import short
from ...notation.letters import SUBSCRIPTS, plain
from ...notation.text import abbreviate, printable, table, text_width
from ...printing import Text
from ..picture import Picture
from ..render.dark import with_dark_colours
from ..render.page import html_page
from ..scene.scene import CHARACTER
from .architecture import Dense, layers_of
from .svg import (
    FROM,
    MARGIN,
    RADIUS,
    ROOM,
    TO,
    WEIGHTS,
    Column,
    Reading,
    Unit,
    Weights,
    is_one_neuron,
    largest,
    network_svg,
)

_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

if TYPE_CHECKING:
    from ...nn.containers import AnyLayer
    from ..files.save import Contents


class NetworkDrawing(Picture):
    """A picture of a network, as it was when it was drawn.

    `save` writes .svg, .html, .png or .pdf.

    Attributes:
        scale: the weight that has the widest line, to give to the next picture of a series.
    """

    title = "A network"

    def __init__(
        self,
        layers: Sequence[Dense],
        *,
        reading: Reading,
        inputs: Sequence[str],
        outputs: Sequence[str],
        x: Sequence[float],
        most: int,
    ) -> None:
        self._text, self.scale = _table(layers), reading.scale
        stack = _columns(layers, reading.weights, inputs, outputs, x, most)
        self.svg = Text(network_svg(stack, layers, reading, self._text.split("\n")[0]))

    @property
    def text(self) -> str:
        """The layers as a table."""
        return Text(self._text)

    @property
    def html(self) -> str:
        """The picture as an HTML page of its own."""
        return Text(html_page(with_dark_colours(self.svg), self.title, dark=True))

    def _contents(self) -> Contents:
        from ..files.save import of_picture

        return of_picture(self.svg, lambda: self.html)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:  # what IPython passes
        from ..interactive.stepper import picture_alone

        html = picture_alone(self.svg, self.text.split("\n")[0])
        return {"text/plain": self.text, "image/svg+xml": self.svg, "text/html": html}


def draw_network(
    model: AnyLayer, *, weights: Weights = "drawn", inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None, x: Sequence[float] | None = None,
    scale: float | None = None, most: int | None = None,
) -> NetworkDrawing:  # fmt: skip
    """The units of ``model`` in columns and its weights as lines between them.

    Args:
        model: a Neuron, a Layer, an MLP, a Perceptron, or a Sequential of layers and activations.
        weights: "drawn": blue for positive ones, orange and dashed for negative, wider for larger.
            "written": their numbers stand on the lines, and biases are the weights of a unit x₀ =
            1. "gradients": drawn, but the gradients of the latest backward pass.
        inputs, outputs: names for these units; x₁, x₂, … and ŷ₁, ŷ₂, … if left out.
        x: an input; each unit then shows its value for it.
        scale: the weight that has the widest line; the largest if left out. Give each picture of a
            series the same one.
        most: units of a column that are shown, the rest cut with "⋮"; 10, or 5 where weights are
            written.

    Raises:
        OperandError: if the model is no stack of such layers.
        OptionError: for an unknown reading of the weights.
        ShapeError: if there are not as many names or numbers as units.

    >>> from autograd_edu.nn import MLP
    >>> draw_network(MLP(3, [4, 1], activation="tanh", seed=1))
    a network of 3 inputs, 2 layers, 21 parameters
      layer  units  activation  weights  bias
      1      4      tanh        4 × 3    yes
      2      1      linear      1 × 4    yes
    """
    one_of(weights, WEIGHTS, "reading of weights")
    shown = whole((5 if weights == "written" else 10) if most is None else most, "most", low=3)
    layers = layers_of(model, gradients=weights == "gradients", x=x)
    reading = Reading(weights, largest(layers) if scale is None else positive(scale, "scale"))
    return NetworkDrawing(
        layers,
        reading=reading,
        inputs=_names(inputs, "x", layers[0].fan_in, "input"),
        outputs=_names(outputs, "ŷ", layers[-1].fan_out, "output"),
        x=() if x is None else [float(getattr(v, "data", v)) for v in x],
        most=shown,
    )


def _names(given: Sequence[str] | None, letter: str, count: int, what: str) -> list[str]:
    if given is None:
        return [
            letter if count == 1 and letter != "x" else f"{letter}{_subscript(i + 1)}"
            for i in range(count)
        ]
    if isinstance(given, str) or not all(isinstance(name, str) for name in given):
        raise OperandError(f"{what}s takes a list of names; got {given!r}")
    if len(given) != count:
        raise ShapeError(
            f"the network has {_counted(count, what)}; got {_counted(len(given), 'name')}"
        )
    return [abbreviate(plain(name), 24) for name in given]


def _subscript(i: int) -> str:
    return str(i).translate(SUBSCRIPTS)


def _table(layers: Sequence[Dense]) -> str:
    """The network in words; the same on every run."""
    count = sum(layer.fan_in * layer.fan_out + len(layer.biases) for layer in layers)
    head = f"a network of {_counted(layers[0].fan_in, 'input')}, {_counted(len(layers), 'layer')}"
    rows = [("layer", "units", "activation", "weights", "bias")]
    for i, layer in enumerate(layers, 1):
        activation = printable(layer.activation, 40)
        rows.append(
            (
                str(i),
                str(layer.fan_out),
                activation,
                f"{layer.fan_out} × {layer.fan_in}",
                "yes" if layer.biases else "no",
            )
        )
    lines = table(rows, ruled=False).split("\n")
    return "\n".join([f"{head}, {count:,} parameters", *(f"  {line}" for line in lines)])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"


# ---- places ------------------------------------------------------------------------------------


def _columns(
    layers: Sequence[Dense],
    weights: Weights,
    inputs: Sequence[str],
    outputs: Sequence[str],
    x: Sequence[float],
    most: int,
) -> list[Column]:
    """A column for the inputs and one for each layer, from left to right, centred on one line."""
    sizes = [layers[0].fan_in, *(layer.fan_out for layer in layers)]
    ones = [weights == "written" and bool(layer.biases) for layer in layers] + [False]
    step = 46.0 if weights == "written" else 42.0
    tall = max(min(size, most + 1) + one for size, one in zip(sizes, ones, strict=True)) * step
    across = MARGIN + 2 * RADIUS + _beside(inputs, one=ones[0]) * CHARACTER
    values = [x, *(layer.values for layer in layers)]
    found = []
    for k, size in enumerate(sizes):
        hidden = [f"h{_subscript(i + 1)}" for i in range(size)]
        names = inputs if k == 0 else outputs if k == len(layers) else hidden
        below, middle = _below(k, layers, size), tall / 2 + MARGIN
        column = _column(k, layers, names, below, across, middle, step, most, one=ones[k])
        drawn = {
            i: _told(unit, i, k, layers, weights, values[k]) for i, unit in column.units.items()
        }
        found.append(replace(column, units=drawn))
        across += _step_across(k, layers, weights, most) if k < len(layers) else 0.0
    one_neuron = weights == "written" and is_one_neuron(layers)
    return _summed(found, layers[0].activation) if one_neuron else found


def _told(
    unit: Unit, i: int, k: int, layers: Sequence[Dense], weights: Weights, values: Sequence[float]
) -> Unit:
    """The unit with its value, and with its bias where that is drawn."""
    biases = layers[k - 1].biases if k and weights != "written" else ()
    value = short(values[i], 2) if len(values) else ""
    about = f"{unit.about}; value {values[i]!r}" if value else unit.about
    return replace(unit, value=value, bias=biases[i] if biases else None, about=about)


def _beside(inputs: Sequence[str], *, one: bool) -> int:
    """The columns that names beside the inputs take, and the name of their unit of ones."""
    return max([*(text_width(name) for name in inputs if text_width(name) > 3), 2 * one])


def _step_across(k: int, layers: Sequence[Dense], weights: Weights, most: int) -> float:
    """How far the column after the inputs of layer ``k`` is. Written weights need room."""
    room = ROOM * (2 if is_one_neuron(layers) else min(layers[k].fan_out, most))
    return max(150.0, room / (TO - FROM) if weights == "written" else 0.0)


def _summed(stack: list[Column], activation: str) -> list[Column]:
    """The one unit as two: where the sum is taken, and the activation."""
    *before, last = stack
    unit = last.units[0]
    summing = replace(last, units={0: replace(unit, name="Σ", beside="")}, below=("sum",))
    if activation == "linear":
        return [*before, replace(summing, units={0: replace(unit, name="Σ")}, below=last.below)]
    symbol = OPS[activation].symbol if activation in OPS else activation
    x = last.x + 90.0
    return [
        *before,
        summing,
        replace(
            last,
            x=x,
            units={0: replace(unit, x=x, name=symbol if text_width(symbol) <= 4 else "φ")},
        ),
    ]


def _column(
    k: int, layers: Sequence[Dense], names: Sequence[str], below: tuple[str, ...], x: float,
    middle: float, step: float, most: int, *, one: bool,
) -> Column:  # fmt: skip
    size = len(names)
    shown = list(range(size)) if size <= most else [*range(most - 1), size - 1]
    places = len(shown) + one + (size > most)
    top = middle - (places - 1) * step / 2
    units = {
        i: _unit(
            k, i, layers, names, x, top + (place + one + (place == most - 1 and size > most)) * step
        )
        for place, i in enumerate(shown)
    }
    ones = (
        Unit(
            x, top, "1", f"{'x' if k == 0 else 'h'}₀", "always 1: its weights are the biases", "one"
        )
        if one
        else None
    )
    return Column(units, ones, x, top + (most - 1 + one) * step if size > most else None, below)


def _unit(
    k: int, i: int, layers: Sequence[Dense], names: Sequence[str], x: float, y: float
) -> Unit:
    name, last = names[i], k == len(layers)
    if k == 0:
        return Unit(
            x,
            y,
            name if text_width(name) <= 3 else "",
            name if text_width(name) > 3 else "",
            f"input {i + 1}: {name}",
            "input",
        )
    layer = layers[k - 1]
    bias = f"; bias {layer.biases[i]!r}" if layer.biases else "; no bias"
    return Unit(
        x,
        y,
        "" if last else name if text_width(name) <= 3 else "",
        name if last else "",
        f"unit {i + 1} of layer {k}: {layer.activation}{bias}",
    )


def _below(k: int, layers: Sequence[Dense], size: int) -> tuple[str, ...]:
    """What stands below a column: what it is, its size, and its activation."""
    units = f"{size} unit{'s' * (size > 1)}"
    if k == 0:
        return ("input", units)
    hidden = "hidden" if len(layers) == 2 else f"hidden {k}: h⁽{str(k).translate(_POWERS)}⁾"
    return (
        "output" if k == len(layers) else hidden,
        units,
        printable(layers[k - 1].activation, 20),
    )
