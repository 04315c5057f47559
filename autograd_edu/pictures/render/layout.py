"""Where boxes and wires go: Graphviz decides, from numbers alone.

It is given ids and sizes and nothing that a user wrote, so no label can break or change a layout.
The program is the one of the package graphviz-pure, which pip installs with this one; or a `dot`
on the PATH.

Graphviz' work grows steeply with the columns that wires pass over: a hundred steps of a recurrent
network, whose weights lead to every step, take it minutes. So it lays out pictures up to a certain
size, within a time limit, and all others are laid out by `columns`. The picture says so.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import LayoutError
from ..scene.scene import LEDGER, LINE, Box, Scene, Wire
from .columns import Layout, Point, depths, in_columns

# Measured over 84 graphs of 24 shapes: up to this size Graphviz takes 0.3 s at most, beyond it up
# to minutes, and its chains become staircases.
_LARGEST = 600  # boxes, and columns that wires lead over
FITS = 1190.0  # pixels that are shown in a notebook's 900 with text of at least 9
# About how far boxes are apart, beside and before each other; what labels of wires widen a row by.
_BESIDE, _BEFORE, _LABELS = 20.0, 32.0, 1.2
_SECONDS = 2.5  # what Graphviz may take, on however busy a machine
_APART = 14.4  # the least distance between boxes side by side
_INCH = 72.0


def program() -> str:
    """The layout program: `graphviz-pure` beside this Python or on the PATH, else `dot`.

    LayoutError if there is neither.

    The environment variable AUTOGRAD_EDU_DOT names another one.
    """
    import shutil
    import sysconfig

    chosen = os.environ.get("AUTOGRAD_EDU_DOT")
    own = Path(sysconfig.get_path("scripts")) / (
        "graphviz-pure.exe" if os.name == "nt" else "graphviz-pure"
    )
    found = chosen or (
        str(own) if own.exists() else shutil.which("graphviz-pure") or shutil.which("dot")
    )
    if not found:
        raise LayoutError(
            "no Graphviz layout program was found: `pip install graphviz-pure`, or install "
            "Graphviz so that `dot` is on the PATH"
        )
    return found


def layout(scene: Scene, *, apart: float = 0.0) -> Layout:
    """Places for everything in ``scene``, in pixels, y downwards.

    ``apart`` is the least distance between two boxes that stand side by side in a layer. It is
    never less than what stands between them needs.
    """
    apart = max(apart, _APART + (LEDGER if any(box.ledger for box in scene.boxes) else 0.0))
    depth = depths(scene)
    down = leads_down(scene, depth)
    if is_large(scene, depth):
        note = "large, so laid out in columns, without Graphviz"
        return in_columns(scene, depth, note, down=down)
    answer = run(dot_text(scene, down=down, apart=apart))
    if answer is None:
        note = f"laid out in columns: Graphviz took more than {_SECONDS:g} seconds"
        return in_columns(scene, depth, note, down=down)
    return read(answer, scene)


def leads_down(scene: Scene, depth: Sequence[int]) -> bool:
    """Whether wires lead down rather than to the right."""
    if scene.look.direction != "auto":
        return scene.look.direction == "down"
    right, down = _widths(scene, depth)
    return right > FITS and down < max(FITS, right / 2)


def expected_width(scene: Scene) -> float:
    """About how wide the layout will be, in a small part of the time that it takes."""
    depth = depths(scene)
    return _widths(scene, depth)[leads_down(scene, depth)]


def _widths(scene: Scene, depth: Sequence[int]) -> tuple[float, float]:
    """About how wide ``scene`` is when its wires lead to the right, and when they lead down."""
    columns, rows, gaps = ([0.0] * (max(depth) + 1) for _ in range(3))
    for d, box in zip(depth, scene.boxes, strict=True):
        columns[d] = max(columns[d], box.width)
        rows[d] += box.width + _BESIDE
    for wire in scene.wires:
        d = depth[wire.head]
        gaps[d] = max(gaps[d], _BEFORE + (wire.width if wire.text else 0.0))
    gates = any(box.gate for box in scene.boxes)  # their numbers stand on wires to the right
    return sum(columns) + sum(gaps), math.inf if gates else _LABELS * max(rows)


def is_large(scene: Scene, depth: Sequence[int]) -> bool:
    """Whether Graphviz would take long; ``depth`` are the boxes' columns."""
    over = sum(depth[wire.tail] - depth[wire.head] for wire in scene.wires)
    return len(scene.boxes) + over > _LARGEST


def read(answer: str, scene: Scene) -> Layout:
    """The places in what the layout program answered."""
    import json

    picture = json.loads(answer)
    _, _, width, height = map(float, picture["bb"].split(","))
    boxes = [item for item in picture.get("objects", []) if "pos" in item]  # others are groups
    nodes = {item["name"]: _point(item["pos"], height) for item in boxes}
    edges = {int(item["wire"]): item for item in picture.get("edges", [])}  # -1: invisible ones
    wires = []
    for i in range(len(scene.wires)):
        tip, *curve = edges[i]["pos"].removeprefix("e,").split(" ")
        label = edges[i].get("lp")
        wires.append(
            (
                tuple(_point(p, height) for p in curve),
                _point(tip, height),
                _point(label, height) if label else None,
            )
        )
    return Layout(
        tuple(nodes[f"n{i}"] for i in range(len(scene.boxes))), tuple(wires), width, height
    )


def dot_text(scene: Scene, *, down: bool = False, apart: float = _APART) -> str:
    """What the layout program is asked: sizes, and which box a wire joins to which."""
    direction = "TB" if down else "LR"
    lines = [
        f"digraph {{ rankdir={direction}; nodesep={apart / _INCH:.3f}; ranksep=0.32;",
        'node [shape=box fixedsize=true label=""];',
    ]
    lines += [f"n{i} [{_size(box, down=down)}];" for i, box in enumerate(scene.boxes)]
    entering = Counter(wire.head for wire in scene.wires)
    for i, wire in enumerate(scene.wires):
        size = f'FIXEDSIZE="TRUE" WIDTH="{wire.width:.0f}" HEIGHT="{wire.height:.0f}"'
        cell = f'<TABLE BORDER="0" {size}><TR><TD></TD></TR></TABLE>'
        label = f" label=<{cell}>" if wire.text else ""
        begin = ":e" if scene.boxes[wire.tail].gate else ""
        spine = (
            " weight=8" if down and entering[wire.tail] else ""
        )  # chains of results are straight
        alone = down and entering[wire.head] == 1
        end = "" if alone else _end(wire, scene.boxes[wire.head], down=down)
        lines.append(f"n{wire.tail}{begin} -> n{wire.head}{end} [wire={i}{label}{spine}];")
    return "\n".join([*lines, *_in_order(scene), "}"])


def _in_order(scene: Scene) -> Iterator[str]:
    """What keeps the neurons of a layer in order: those that lead to the same boxes."""
    heads: dict[int, list[int]] = {}
    for wire in scene.wires:
        heads.setdefault(wire.tail, []).append(wire.head)
    alike: dict[tuple[str, frozenset[int]], list[str]] = {}
    for i, box in enumerate(scene.boxes):
        if box.siblings:
            key = box.siblings, frozenset(heads.get(i, ()))
            alike.setdefault(key, []).append(f"n{i}")
    for neurons in alike.values():
        if len(neurons) > 1:
            yield f"{{rank=same; {' -> '.join(neurons)} [style=invis wire=-1];}}"


def _end(wire: Wire, box: Box, *, down: bool) -> str:
    """Where on its box a wire ends: a row, an operand's place, the gate, or anywhere."""
    if wire.row >= 0:
        return "" if down else f":r{wire.row}:w"
    if box.entries:
        return f":o{wire.slot}:{'n' if down else 'w'}"
    return ":gate:w" if box.gate else ""


def _size(box: Box, *, down: bool) -> str:
    """A box's size; where wires end at places of their own, a table of that size that has them."""
    if down and box.entries:
        ports = [f"o{k}" for k in range(box.entries)]
        cells = [_cells(box.height, dict.fromkeys(ports, box.width / len(ports)))]
    elif box.rows and not down:
        rows = [_cells(LINE, {f"r{i}": box.width}) for i in range(len(box.rows))]
        head = box.height - len(box.rows) * LINE - 3
        cells = [_cells(head, {"": box.width}), *rows, _cells(3, {"": box.width})]
    elif box.entries:
        beside = {"": box.width - box.gate} if box.gate else {}
        height, wide = box.height / box.entries, box.gate or box.width
        cells = [_cells(height, {f"o{k}": wide, **beside}) for k in range(box.entries)]
    elif box.gate:
        cells = [_cells(box.height, {"gate": box.gate, "": box.width - box.gate})]
    else:
        return f"width={box.width / _INCH:.4f} height={box.height / _INCH:.4f}"
    table = (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{"".join(cells)}</TABLE>'
    )
    return f"shape=plain fixedsize=false label=<{table}>"


def _cells(height: float, widths: dict[str, float]) -> str:
    """A row of a table: empty cells, some of them with a name that wires can end at."""
    ports = {port: f'PORT="{port}" ' if port else "" for port in widths}
    cells = [
        f'<TD {ports[port]}FIXEDSIZE="TRUE" WIDTH="{wide:.0f}" HEIGHT="{height:.0f}"></TD>'
        for port, wide in widths.items()
    ]
    return f"<TR>{''.join(cells)}</TR>"


def run(text: str) -> str | None:
    """The layout program's answer to ``text``; None if it took too long, and was ended.

    The package graphviz runs it, as it runs `dot`. Its own `pipe` has no limit of time, and knows
    no other program than `dot`, so we call the function below that.

    Where no process can be started, as in a browser, assign another function of this kind to
    ``layout.run``: from DOT to what Graphviz writes for ``-Tjson0``.
    """
    import subprocess

    import graphviz
    from graphviz.backend.execute import run_check

    command = [program(), "-Tjson0"]
    try:
        done = run_check(
            command, input=text.encode(), capture_output=True, quiet=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return None
    except (OSError, graphviz.ExecutableNotFound) as error:
        raise LayoutError(
            f"the layout program {command[0]!r} cannot be run: {error}; "
            "`pip install graphviz-pure` gives one that can"
        ) from None
    except graphviz.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[:300]
        raise LayoutError(f"the layout program {command[0]!r} failed: {said}") from None
    answer: bytes = done.stdout
    return answer.decode()


def _point(text: str, height: float) -> Point:
    x, y = map(float, text.split(","))
    return round(x, 1), round(height - y, 1)
