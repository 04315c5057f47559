"""The potential of a spiking neuron over time, and the sizes of networks over the years."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..arguments import positive
from ..errors import OperandError, TargetError
from .axes import Numbers, colours, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def integrate_and_fire(
    current: float | Callable[[float], float] = 2.0,
    *,
    duration: float = 100.0,
    rest: float = -70.0,
    threshold: float = -55.0,
    resistance: float = 10.0,
    tau: float = 10.0,
    step: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """Plot the potential V(t) of a leaky integrate-and-fire neuron, a model of a nerve cell.

    It follows τ dV/dt = (rest - V) + R·I. When V reaches the threshold, the neuron fires, which is
    drawn as a spike, and V starts again at rest. With a constant current it fires every
    τ ln(RI/(RI - (threshold - rest))) ms, or never if RI is too small.

    Args:
        current: I in nA, as a number or as a function of the time in ms.
        duration: how long to simulate, in ms.
        rest, threshold: potentials in mV.
        resistance: R in MΩ.
        tau: τ in ms.
        step: the time step in ms. In each, V follows the exact solution for a constant current.

    Source: Lapicque, 1907, as in Gerstner and Kistler, "Spiking Neuron Models", 2002.

    Raises:
        TargetError: if ``rest`` is not below ``threshold``.

    >>> [text.get_text() for text in integrate_and_fire(2.0).get_legend().get_texts()]
    ['potential V(t)', 'threshold', '7 spikes']
    """
    for x, what in ((duration, "duration"), (tau, "tau"), (step, "step")):
        positive(x, what)
    if not rest < threshold:
        raise TargetError(f"rest must be below threshold; got {rest!r} and {threshold!r}")
    times = [i * step for i in range(math.floor(duration / step) + 1)]
    potentials, spikes = [rest], []
    for t in times[:-1]:
        end = rest + resistance * (current(t) if callable(current) else current)
        v = end + (potentials[-1] - end) * math.exp(-step / tau)
        if v >= threshold:
            spikes.append(t + step)
            v = rest
        potentials.append(v)
    return _draw_spikes(new_axes(ax), times, potentials, spikes=spikes, threshold=threshold)


def _draw_spikes(
    ax: Axes, times: Numbers, potentials: Numbers, *, spikes: Numbers, threshold: float
) -> Axes:
    own = colours(ax)
    ax.plot(times, potentials, color=own.value, label="potential V(t)")
    ax.axhline(threshold, color=own.quiet, linestyle="--", label="threshold")
    if spikes:
        top = threshold + 0.8 * (threshold - min(potentials))
        label = f"{len(spikes)} spike{'s' * (len(spikes) > 1)}"
        ax.vlines(spikes, threshold, top, color=own.gradient, label=label)
    ax.set(xlabel="time in ms", ylabel="potential in mV")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.25 * (top - bottom))  # room for the legend
    ax.legend(loc="upper center", ncols=3)
    return ax


def network_sizes(
    networks: Mapping[str, tuple[float, float]],
    *,
    unit: str = "parameters",
    ax: Axes | None = None,
) -> Axes:
    """Plot the sizes of networks over the years on a logarithmic axis, and how fast they double.

    The line is the least-squares fit of the logarithms. The package has no such numbers of its own.

    Args:
        networks: a dict from the name of each network to its year and its size.
        unit: what the sizes count.

    >>> ax = network_sizes({"A": (2000, 1e3), "B": (2004, 4e3), "C": (2008, 16e3)})
    >>> ax.lines[-1].get_label()
    'doubles every 2 years'
    """
    if not networks or any(not size > 0.0 for _, size in networks.values()):
        raise OperandError("networks must be a dict of names and pairs (year, size > 0)")
    years, sizes = zip(*networks.values(), strict=True)
    ax = new_axes(ax)
    own = colours(ax)
    ax.plot(years, sizes, "o", color=own.positive, label="_")
    for name, at in networks.items():
        ax.annotate(name, at, xytext=(5, 3), textcoords="offset points", fontsize="small")
    if len(set(years)) > 1:
        slope, start = np.polyfit(np.array(years) - years[0], np.log2(sizes), 1)
        ends = np.array([min(years), max(years)])
        label = f"{'doubles' if slope > 0 else 'halves'} every {1.0 / abs(slope):.3g} years"
        line = 2.0 ** (start + slope * (ends - years[0]))
        ax.plot(ends, line, "--", color=own.quiet, label=label)
        ax.legend()
    ax.set(xlabel="year", ylabel=unit, yscale="log")
    ax.margins(x=0.12)  # room for the last name
    return ax
