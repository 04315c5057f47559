"""The curve of the loss: an SVG that is there without scripts, too."""

from __future__ import annotations

from math import ceil, floor, isfinite, log10

from .show import Numbers, Show

WIDE, HIGH = 360, 300
_LEFT, _BELOW = 48, 24  # margins
_POINTS = 400  # of a curve that is drawn


def loss_curve(show: Show) -> str:
    """Loss over epochs, both on logarithmic axes; a dot marks the epoch that is shown."""
    scale = _Scale([*show.losses, *show.validation], len(show.losses))
    at = [max(frame.epoch, 1) for frame in show.frames]
    places = " ".join(scale.point(epoch, show.losses[epoch - 1]) for epoch in at)
    x, y = places.rsplit(" ", 1)[-1].split(",")
    dot = f'<circle r="6" cx="{x}" cy="{y}" data-part="dot" data-places="{places}"/>'
    title = f"Loss from {show.losses[0]:.3g} to {show.losses[-1]:.3g}"
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{title}" data-part="curve">'
        f"{scale.axes()}{_line(show.validation, scale, 'validation')}"
        f"{_line(show.losses, scale, 'curve')}{dot}</svg>"
    )


def _line(losses: Numbers, scale: _Scale, kind: str) -> str:
    step = ceil(len(losses) / _POINTS) or 1
    chosen = sorted({*range(0, len(losses), step), *range(min(40, len(losses)))})
    path = " ".join(scale.point(i + 1, losses[i]) for i in chosen)
    return f'<polyline class="{kind}" points="{path}"/>' if losses else ""


class _Scale:
    """Places in the picture of the curve."""

    def __init__(self, losses: Numbers, epochs: int) -> None:
        positive = [loss for loss in losses if 0.0 < loss and isfinite(loss)] or [1.0]
        self.low, self.high = floor(log10(min(positive))), ceil(log10(max(positive)) + 1e-9)
        self.epochs = max(epochs, 2)

    def point(self, epoch: int, loss: float) -> str:
        share = log10(epoch) / log10(self.epochs)
        inside = min(max(loss, 10.0**self.low), 10.0**self.high)
        height = (log10(inside) - self.low) / (self.high - self.low)
        x = _LEFT + share * (WIDE - _LEFT - 10)
        return f"{x:.1f},{HIGH - _BELOW - height * (HIGH - _BELOW - 10):.1f}"

    def axes(self) -> str:
        """A line and a number for each power of ten."""
        drawn = []
        for power in range(floor(log10(self.epochs)) + 1):
            x = self.point(10**power, 1.0).split(",")[0]
            drawn.append(f'<line class="axis" x1="{x}" x2="{x}" y1="10" y2="{HIGH - _BELOW}"/>')
            anchor = "middle" if float(x) < WIDE - 30 else "end"
            label = f'<text x="{x}" y="{HIGH - 8}" text-anchor="{anchor}">{10**power:,}</text>'
            drawn.append(label)
        every = ceil((self.high - self.low) / 8)
        for power in range(self.low, self.high + 1, every):
            y = self.point(1, 10.0**power).split(",")[1]
            label = f'<text x="{_LEFT - 6}" y="{float(y) + 4}" text-anchor="end">{10.0**power:g}'
            drawn.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDE - 10}" y1="{y}" y2="{y}"/>')
            drawn.append(f"{label}</text>")
        return "".join(drawn)
