"""The theatre: a recorded run as one self-contained piece of HTML.

It holds the parameters at some epochs, and the page computes from them what the network says: the
answer to the data, every unit as a small picture, and both passes for one sample. Without scripts
it is the curve of the loss.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from itertools import chain
from json import dumps
from struct import pack

from ....engine.ops import OPS
from ....program.writing.javascript import helpers, row
from ...render.page import html_page
from .. import stepper
from ..content import as_json
from ..scripts import scoped
from .loss_curve import loss_curve
from .paths import Path
from .show import Numbers, Samples, Show, Target

_PAGE = ("colours", "network", "content", "plane", "fitted", "table", "units", "card", "theatre")

_DATA = {  # what the first picture is, and how to read it
    "plane": (
        "The data, and what the network says",
        "The colour behind the samples is what the network answers there; the thick line is where "
        "it changes its mind. Thin lines: where a unit of the first layer is zero. Click a sample "
        "to choose it.",
    ),
    "curve": (
        "The data, and the curve that the network has fitted",
        "Dots: the data. Thick line: the network. Thin upright lines: where a unit of the first "
        "layer is zero. Dashed: the error of the chosen sample. Click a dot to choose it.",
    ),
    "classes": (
        "Which classes the network takes for which",
        "Each number counts samples. On the diagonal (blue) the answer is right; elsewhere "
        "(orange) it is wrong. Click a cell to choose a sample of it; click again for the next.",
    ),
    "numbers": (
        "Predictions beside their targets",
        "Each square is a sample. On the dashed line, the prediction equals the target. Click a "
        "square to choose it as the sample (orange).",
    ),
}
_COLOURS = ("orange", "blue", "green", "yellow")  # of the first classes
_LINES = (
    "Lines: blue is positive, orange and dashed is negative, wider is larger, on one scale for the "
    "whole run. Click a unit to see its formula; arrow keys move between units."
)
_UNITS = {
    "plane": "Each square is a unit over the same plane: blue where its output is positive, "
    "orange where it is negative. ",
    "curve": "Each square is a unit: its output over x, with zero in the middle. ",
    "pixels": "In the first layer, each square shows a unit's weights as a picture: where it likes "
    "light (blue) and where it dislikes it (orange). The others show outputs for the sample. ",
    "table": "The colour of each square is the unit's output for the chosen sample. ",
}


def theatre(show: Show, *, bits: int = 64, paths: Sequence[Path | None] = ()) -> str:
    """The theatre as an HTML element.

    Args:
        bits: of each number: 64 for all, or 32.
        paths: for each layer, what the page needs to step from a weight to the loss.
    """
    rows = [_activation(name) for name in show.activations]
    code = "\n".join(["const activations = [", *[f"  {each}," for each in rows], "];"])
    loss = (
        f"const lossOf = (() => {{\n{show.loss}\nreturn (y, t) => valueAndGrad([], y, t);\n}})();"
    )
    parts = [helpers(code), code, loss, *[_resource(f"{name}.js") for name in _PAGE]]
    if paths:
        parts += [_steppers(paths), _resource("steps.js")]
    script = scoped(parts, "startTheatre", of="autograd-theatre")
    return (
        f'<div class="autograd-theatre" role="group" aria-label="{escape(show.title)}">'
        f"<style>{_resource('theatre.css')}</style><div class='own'>{_markup(show)}</div>"
        '<div data-part="steps"></div>'
        f'<script type="application/json">{as_json(_content(show, bits, paths))}</script>'
        f"<script>{script}</script></div>"
    )


def theatre_page(show: Show, paths: Sequence[Path | None]) -> str:
    """A page of its own that holds the theatre."""
    return html_page(theatre(show, paths=paths), show.title, dark=True)


def _activation(name: str) -> str:
    """The activation with this name as an object of JavaScript functions of x."""
    if name == "linear":
        return "{ value: x => x, locals: () => [1] }"
    op = OPS[name]
    made = row(op, 1 + len(op.defaults))
    if not op.defaults:
        return made
    given = ", ".join(map(repr, op.defaults))
    functions = f"value: x => value(x, {given}), locals: (y, x) => locals(y, x, {given})"
    return f"(({{ value, locals }}) => ({{ {functions} }}))({made})"


def _steppers(paths: Sequence[Path | None]) -> str:
    """The scripts of the stepper, to start with the operations of each path."""
    made = [f"() => {{\n{path.code}\nreturn rows;\n}}" if path else "null" for path in paths]
    return "\n".join(
        [
            f"const stepperStyle = {dumps(stepper.style())};",
            f"const operations = [{', '.join(made)}];",
            "function stepperWith(rows) {", *stepper.scripts(),
            "return { makeGraph, startStepper };", "}",
        ]
    )  # fmt: skip


def _markup(show: Show) -> str:
    data = show.kind if show.kind != "table" else "classes" if show.samples.labels else "numbers"
    units = "pixels" if show.kind == "table" and show.side else show.kind
    name, words = _DATA[data]
    key = _classes(show) if data == "plane" else ""
    screen = f"<div>{_canvas('screen', name)}</div>"
    network = f'<div class="holder" data-part="holder">{_canvas("units", "The network")}</div>'
    dashed = " Dashed: on the validation set." if show.validation else ""
    return (
        '<p class="live">Drag the slider, or press Play, to see the network as it was after each '
        "of these epochs.</p>"
        '<div class="time"><div class="controls live">'
        '<button type="button" data-part="play">▶ Play</button>'
        '<input type="range" min="0" data-part="slider" aria-label="Epoch"></div>'
        '<p role="status" data-part="status"></p></div><div class="stage">'
        + _figure(name, screen, key + words)
        + _figure("The network", network, _UNITS[units] + _LINES)
        + _figure(
            "The loss after each epoch",
            loss_curve(show),
            "Both axes are logarithmic. The dot is the epoch that is shown; drag it along the "
            f"curve.{dashed}",
            live=False,
        )
        + f"</div>{_choices(show.samples)}"
        '<div class="live"><div data-part="card" hidden></div><div data-part="opened" hidden>'
        '<p data-part="from"></p><button type="button" data-part="close">Close these steps</button>'
        "</div></div>"
    )


def _classes(show: Show) -> str:
    """Which sign stands for which class."""
    shapes, count = "●■▲", max(show.sizes[-1], 2)
    named = [f"{shapes[k % 3]} {colour}: class {k}" for k, colour in enumerate(_COLOURS[:count])]
    return f"{', '.join(named)}{', …' if count > len(_COLOURS) else ''}. "


def _canvas(part: str, name: str) -> str:
    return (
        f'<canvas data-part="{part}" width="400" height="400" role="img" '
        f'aria-label="{name}"></canvas>'
    )


def _figure(name: str, picture: str, words: str, *, live: bool = True) -> str:
    kind = ' class="live"' if live else ""
    return f"<figure{kind}><b>{name}</b>{picture}<figcaption>{words}</figcaption></figure>"


def _choices(samples: Samples) -> str:
    """The chosen sample, and what the lines of the network show."""
    some = f" (one of every {samples.every} in the data)" if samples.every > 1 else ""
    radio = '<label><input type="radio" name="lines" data-part="{}"{}> {}</label>'
    return (
        '<form class="controls live" onsubmit="return false">'
        '<label>Sample <input type="number" min="1" data-part="sample"> '
        f"of {len(samples)}{some}</label>"
        '<span data-part="about"></span><fieldset aria-label="What the lines show">Lines: '
        + radio.format("weights", " checked", "weights")
        + radio.format("gradients", "", "gradients of the sample's loss")
        + "</fieldset></form>"
    )


def _content(show: Show, bits: int, paths: Sequence[Path | None]) -> dict[str, object]:
    """What the script reads."""
    samples = show.samples
    classes = max(show.sizes[-1], 2) if samples.labels else 0
    told: dict[str, object] = {
        "name": show.name, "kind": show.kind, "side": show.side if show.kind == "table" else 0,
        "sizes": list(show.sizes), "names": list(show.activations), "view": _view(show),
        "classes": classes, "threshold": samples.threshold, "labels": list(samples.labels),
        "xs": _packed(chain.from_iterable(samples.xs), bits), "targets": list(samples.targets),
        "epochs": [frame.epoch for frame in show.frames],
        "losses": [_few(show.losses[max(frame.epoch, 1) - 1]) for frame in show.frames],
        "parameters": [_packed(frame.parameters, bits) for frame in show.frames],
    }  # fmt: skip
    if paths:
        told["steps"] = [path and path.as_dict(k) for k, path in enumerate(paths)]
    return told


def _view(show: Show) -> dict[str, float]:
    """The part of the plane, or of the targets, that a picture shows: the data and an edge."""
    xs = show.samples.xs
    across = [x[0] for x in xs]
    up = [x[1] for x in xs] if show.kind == "plane" else list(_all_numbers(show.samples.targets))
    wide, high = max(across) - min(across), max(up) - min(up)
    edges = [0.15 * max(wide, high)] * 2 if show.kind == "plane" else [0.05 * wide, 0.25 * high]
    return {
        "left": min(across) - edges[0], "right": max(across) + edges[0],
        "top": max(up) + edges[1], "bottom": min(up) - edges[1],
    }  # fmt: skip


def _all_numbers(targets: Sequence[Target]) -> Iterable[float]:
    for target in targets:
        yield from target if isinstance(target, Sequence) else [target]


def _few(x: float) -> float:
    return float(f"{x:.6g}")


def _packed(numbers: Iterable[float], bits: int) -> dict[str, object]:
    listed: Numbers = list(numbers)
    packed = pack(f"<{len(listed)}{'d' if bits == 64 else 'f'}", *listed)
    return {"bits": bits, "bytes": b64encode(packed).decode()}


@cache
def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
