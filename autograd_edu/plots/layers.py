"""Numbers of each layer: histograms of outputs and gradients, and norms of gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..engine.number import plain
from ..errors import OperandError, TrainingError
from ..nn.kinds import Scalar
from ..nn.module import Module
from ..trees import flatten
from .axes import check_at_least, colours, new_axes, new_panels, standard_deviation
from .units import layers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Layers = Mapping[str, Sequence[Scalar] | Sequence[Sequence[Scalar]]]


def histograms(layers: Layers, *, bins: int = 40, ax: Axes | None = None) -> Axes:
    """Plot the distribution of numbers in each layer, such as activations or gradients.

    The legend gives the standard deviations.

    Args:
        layers: a dict from the name of each layer to its numbers or Values, which may be nested,
            such as that of `nn.layer_outputs` or `layer_gradients`.
        bins: the number of bins of each histogram.

    >>> ax = histograms({"layer 1": [-1.0, 1.0], "layer 2": [2.0, 2.0]})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['layer 1 (sd 1)', 'layer 2 (sd 0)']
    """
    found = _numbers(layers, bins)
    ax = new_axes(ax)
    for k, (name, numbers) in enumerate(found.items()):
        label = f"{name} (sd {standard_deviation(numbers):.3g})"
        ax.hist(
            numbers, bins=bins, histtype="step", density=True, label=label,
            linestyle=("-", "--", "-.", ":")[k % 4], color=colours(ax).of_class(k + 1),
        )  # fmt: skip
    ax.set(xlabel="value", ylabel="density")
    ax.legend()
    return ax


def histogram_panels(
    layers: Layers, *, bins: int = 40, columns: int = 3, ax: Axes | None = None
) -> list[Axes]:
    """Plot the distribution of numbers in each layer, in one panel per layer.

    All panels have the same horizontal axis. The titles give the standard deviations. Use it to see
    activations or gradients shrink, grow or saturate from layer to layer.

    Args:
        layers: as in `histograms`.
        bins: the number of bins of each histogram.
        columns: the number of panels side by side.

    >>> panels = histogram_panels({"layer 1": [-1.0, 1.0], "layer 2": [2.0, 2.0]})
    >>> [panel.get_title() for panel in panels]
    ['layer 1\\nsd 1', 'layer 2\\nsd 0']
    """
    found = _numbers(layers, bins)
    check_at_least(1, columns=columns)
    low, high = min(map(min, found.values())), max(map(max, found.values()))
    ends = (low, high) if low < high else (low - 0.5, high + 0.5)
    panels = new_panels(len(found), columns=columns, ax=ax)
    for panel, (name, numbers) in zip(panels, found.items(), strict=True):
        panel.hist(numbers, bins=bins, range=ends, color=colours(panel).positive)
        panel.set(title=f"{name}\nsd {standard_deviation(numbers):.3g}", yticks=[])
    return panels


def _numbers(layers: Layers, bins: int) -> dict[str, list[float]]:
    """The numbers of each layer as floats. Raises OperandError if one cannot be drawn."""
    if not isinstance(layers, Mapping):
        raise OperandError(
            f"layers must be a dict of names and numbers; got {type(layers).__name__} {layers!r}"
        )
    check_at_least(1, bins=bins, layers=len(layers))
    found = {name: [plain(v) for v in flatten(values)] for name, values in layers.items()}
    for name, numbers in found.items():
        if not numbers or not all(map(math.isfinite, numbers)):
            raise OperandError(
                f"cannot draw {name!r}: it needs at least one number, and all must be finite"
            )
    return found


def layer_gradients(model: Module) -> dict[str, list[float]]:
    """The gradients of each layer's parameters, for `histogram_panels`.

    Layers without parameters are left out.

    Raises:
        TrainingError: if no backward pass has reached the parameters.

    >>> from autograd_edu import nn
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> model([1.0, -1.0]).backward()
    >>> {name: len(numbers) for name, numbers in layer_gradients(model).items()}
    {'layer 1': 9, 'layer 2': 4}
    """
    modules = [layer for layer in layers_of(model) if isinstance(layer, Module)]
    groups = [group for module in modules if (group := module.parameters())]
    if not any(p.has_grad for group in groups for p in group):
        raise TrainingError("no parameter has a gradient: call loss.backward() first")
    return {f"layer {i + 1}": [p.grad for p in group] for i, group in enumerate(groups)}


def gradient_norms(models: Module | Mapping[str, Module], *, ax: Axes | None = None) -> Axes:
    """Plot the length of the gradient of each layer, on a logarithmic axis.

    If the gradient vanishes, the line rises from the first layer to the last; if it explodes, it
    falls. Call ``loss.backward()`` first. A length of exactly 0 is drawn as a gap.

    Args:
        models: a model, or a dict of names and models to compare.

    >>> from autograd_edu import nn
    >>> model = nn.MLP(2, [4, 4, 1], activation="sigmoid", seed=0)
    >>> model([1.0, -1.0]).backward()
    >>> [float(f"{norm:.1g}") for norm in gradient_norms({"sigmoid": model}).lines[0].get_ydata()]
    [0.03, 0.2, 1.0]
    """
    named = models if isinstance(models, Mapping) else {"gradient": models}
    lengths = {
        name: [math.hypot(*numbers) or math.nan for numbers in layer_gradients(model).values()]
        for name, model in named.items()
    }
    ax = new_axes(ax)
    for k, (name, norms) in enumerate(lengths.items()):
        style, layers = ("o-", "s--", "^-.", "D:")[k % 4], range(1, len(norms) + 1)
        ax.plot(layers, norms, style, color=colours(ax).of_class(k + 1), label=name)
    ax.set(xlabel="layer", ylabel="length of the gradient", yscale="log")
    ax.set_xticks(range(1, 1 + max(map(len, lengths.values()))))
    ax.legend()
    return ax
