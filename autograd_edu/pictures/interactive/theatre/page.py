"""The theatre: a recorded run as one self-contained piece of HTML.

It holds the parameters at some epochs, and the page computes from them what the network says: the
decision boundary, and every unit as a small map. Without scripts it is the curve of the loss.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from json import dumps
from math import ceil, floor, log10
from struct import pack

from ....program.writing.javascript import helpers
from ..scripts import scoped

SCRIPTS = ("network", "colours", "screen", "units", "theatre")
_WIDE, _HIGH, _LEFT, _BELOW = 360, 300, 44, 24  # of the curve's picture, and of its margins
_POINTS = 400  # of a curve that is drawn


@dataclass(frozen=True)
class Frame:
    """The parameters after so many epochs, neuron after neuron: its weights, then its bias."""

    epoch: int
    parameters: Sequence[float]


@dataclass(frozen=True)
class Show:
    """What a theatre shows.

    Attributes:
        sizes: the units of each layer, the two inputs first.
        activations: one for each layer after the inputs, as a JavaScript function.
        threshold: of the output, between the two classes.
        points: x, y and the class (0 or 1) of each sample.
        losses: after each epoch.
    """

    title: str
    sizes: Sequence[int]
    activations: Sequence[str]
    threshold: float
    points: Sequence[tuple[float, float, int]]
    frames: Sequence[Frame]
    losses: Sequence[float]


def theatre(show: Show, *, bits: int = 64) -> str:
    """The theatre as an HTML element. ``bits`` of each parameter: 64 for all, or 32."""
    code = "\n".join(["const activations = [", *[f"  {f}," for f in show.activations], "];"])
    parts = [helpers(code), code, *[_resource(f"{name}.js") for name in SCRIPTS]]
    script = scoped(parts, "startTheatre", of="autograd-theatre")
    return (
        f'<div class="autograd-theatre" role="group" aria-label="{escape(show.title)}">'
        f"<style>{_resource('theatre.css')}</style>{_markup(show)}"
        f'<script type="application/json">{_content(show, bits)}</script>'
        f"<script>{script}</script></div>"
    )


def _markup(show: Show) -> str:
    def canvas(part: str, height: int, caption: str) -> str:
        facts = (
            f'data-part="{part}" width="360" height="{height}" role="img" aria-label="{caption}"'
        )
        figure = f"<canvas {facts}></canvas><figcaption>{caption}</figcaption>"
        return f'<figure class="live">{figure}</figure>'

    return (
        '<div class="controls live"><button type="button" data-part="play">▶ Play</button>'
        '<input type="range" min="0" data-part="slider" aria-label="Epoch">'
        '<p role="status" data-part="status"></p></div><div class="stage">'
        + canvas("screen", 300, "The data, the boundary, and where each first unit is zero")
        + canvas("units", 380, "Each unit as a map of its output; weights: − blue, + orange")
        + f"<figure>{_curve(show)}<figcaption>Loss after each epoch</figcaption></figure></div>"
    )


def _content(show: Show, bits: int) -> str:
    xs, ys = [x for x, _, _ in show.points], [y for _, y, _ in show.points]
    edge = 0.15 * max(max(xs) - min(xs), max(ys) - min(ys))
    view = {
        "left": min(xs) - edge, "right": max(xs) + edge,
        "top": max(ys) + edge, "bottom": min(ys) - edge,
    }  # fmt: skip
    content = {
        "sizes": list(show.sizes), "threshold": show.threshold, "view": view,
        "points": [[_few(x), _few(y), label] for x, y, label in show.points],
        "epochs": [frame.epoch for frame in show.frames],
        "losses": [_few(show.losses[max(frame.epoch, 1) - 1]) for frame in show.frames],
        "parameters": [_bytes(frame.parameters, bits) for frame in show.frames],
    }  # fmt: skip
    return dumps(content, separators=(",", ":"))


def _few(x: float) -> float:
    return float(f"{x:.6g}")


def _bytes(numbers: Sequence[float], bits: int) -> dict[str, object]:
    kind = "d" if bits == 64 else "f"
    packed = pack(f"<{len(numbers)}{kind}", *numbers)
    return {"bits": bits, "bytes": b64encode(packed).decode()}


# ---- the curve of the loss, which is there without scripts, too ----


def _curve(show: Show) -> str:
    """Loss over epochs, both by logarithm; a dot marks the epoch that is shown."""
    scale = _Scale(show.losses)
    step = ceil(len(show.losses) / _POINTS)
    chosen = sorted({*range(0, len(show.losses), step), *range(min(40, len(show.losses)))})
    path = " ".join(scale.point(i + 1, show.losses[i]) for i in chosen)
    at = [max(frame.epoch, 1) for frame in show.frames]
    places = " ".join(scale.point(epoch, show.losses[epoch - 1]) for epoch in at)
    last = places.rsplit(" ", 1)[-1].split(",")
    dot = f'<circle r="5" cx="{last[0]}" cy="{last[1]}" data-part="dot" data-places="{places}"/>'
    title = f"Loss from {show.losses[0]:.3g} to {show.losses[-1]:.3g}"
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{title}">{scale.axes()}'
        f'<polyline class="curve" points="{path}"/>{dot}</svg>'
    )


class _Scale:
    """Places in the picture of the curve."""

    def __init__(self, losses: Sequence[float]) -> None:
        positive = [loss for loss in losses if loss > 0.0] or [1.0]
        self.low, self.high = floor(log10(min(positive))), ceil(log10(max(positive)) + 1e-9)
        self.epochs = max(len(losses), 2)

    def point(self, epoch: int, loss: float) -> str:
        share = log10(epoch) / log10(self.epochs)
        height = (log10(max(loss, 10.0**self.low)) - self.low) / (self.high - self.low)
        x = _LEFT + share * (_WIDE - _LEFT - 10)
        return f"{x:.1f},{_HIGH - _BELOW - height * (_HIGH - _BELOW - 10):.1f}"

    def axes(self) -> str:
        """A line and a number for each power of ten."""
        drawn = []
        for power in range(floor(log10(self.epochs)) + 1):
            x = self.point(10**power, 1.0).split(",")[0]
            drawn.append(f'<line class="axis" x1="{x}" x2="{x}" y1="10" y2="{_HIGH - _BELOW}"/>')
            drawn.append(f'<text x="{x}" y="{_HIGH - 8}" text-anchor="middle">{10**power:,}</text>')
        for power in range(self.low, self.high + 1):
            y = self.point(1, 10.0**power).split(",")[1]
            drawn.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDE - 10}" y1="{y}" y2="{y}"/>')
            label = f"{10.0**power:g}"
            drawn.append(
                f'<text x="{_LEFT - 6}" y="{float(y) + 4}" text-anchor="end">{label}</text>'
            )
        return "".join(drawn)


@cache
def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
