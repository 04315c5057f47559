"""The pass step by step in a terminal, by the keyboard.

Every screen is text alone, made by a pure function from the record, the step and the size. Where input or output is no
terminal, all steps are printed, one after the other.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ...engine.value import Value
from ...errors import OperandError
from ...record.build import Steps
from ...record.build import steps as steps_of
from ..scene.scene import columns, printable
from .keyboard import Keyboard, keyboard
from .running import LONGEST_SENTENCE, State, position, states

_HELP = ("next: → space n", "back: ← b", "quit: q", "first: Home", "last: End")
_GREEN, _RED, _MARKED, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[0m"
_LEAST = (20, 6)  # columns and lines; a smaller terminal is treated as one of that size, and cut


def walk(of: Value | Steps) -> None:
    """Walk through the forward and the backward pass with the keyboard: → or space, ←, Home, End; q quits.

    Needs a terminal; where there is none, every step is printed, then the table of values and gradients. No colour where
    NO_COLOR is set or TERM is "dumb". The terminal is left as it was, whatever happens.
    """
    record = of if isinstance(of, Steps) else steps_of(of)
    if (
        not len(record)
        or len(record.forward) + len(record.backward) != len(record)
        or record[0].kind == "backward"
    ):
        raise OperandError(
            "there is nothing to walk through: a record begins with a step forward or the seed"
        )
    with keyboard() as keys:
        if keys is None:
            sys.stdout.write(_safe(plain(record) + "\n"))
        else:
            _walk(record, keys)


def plain(record: Steps) -> str:
    """All steps, a line each, and the values and gradients that they lead to."""
    lines = [
        f"{position(k, record)}: {printable(step.sentence, LONGEST_SENTENCE)}"
        for k, step in enumerate(record, 1)
    ]
    return "\n".join([*lines, "", *table(record, states(record), len(record), 79)])


def _walk(record: Steps, keys: Keyboard) -> None:
    known, k = states(record), 0
    dumb = os.environ.get("TERM") == "dumb"
    colour = not dumb and not os.environ.get("NO_COLOR")
    with _own_screen(sys.stdout, dumb=dumb):
        while True:
            size = keys.size()
            lines = screen(record, known, k, *size, colour=colour)
            sys.stdout.write(
                _safe(
                    "\n".join(lines) + "\n\n"
                    if dumb
                    else "\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J"
                )
            )
            sys.stdout.flush()
            key = keys.read(until_resized_from=size)
            if key == "quit":
                return
            k = moved(k, key, len(record))


def moved(k: int, key: str, last: int) -> int:
    """The step that ``key`` leads to from step ``k``."""
    to = {
        "next": k + 1,
        "back": k - 1,
        "first": 0,
        "last": last,
        "ten on": k + 10,
        "ten back": k - 10,
    }.get(key, k)
    return min(max(to, 0), last)


@contextmanager
def _own_screen(out: TextIO, *, dumb: bool) -> Iterator[None]:
    """A screen of our own without a cursor, and at the end the one that was there."""
    if dumb:
        yield
        return
    out.write("\x1b[?1049h\x1b[?25l")
    try:
        yield
    finally:
        out.write("\x1b[?25h\x1b[?1049l")
        out.flush()


def _safe(text: str) -> str:
    """``text`` in the characters that the terminal's encoding has."""
    if (sys.stdout.errors or "strict") != "strict":
        return text  # the stream says itself how
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


# ---- a screen ------------------------------------------------------------------------------------------------------


def screen(
    record: Steps, known: list[State], k: int, wide: int, high: int, *, colour: bool = False
) -> list[str]:
    """At most ``high`` lines of at most ``wide`` columns: what step ``k`` does, and what is known after it."""
    wide, tall = max(wide, _LEAST[0]), max(high, _LEAST[1])
    wide -= 1  # a full line would wrap in some terminals
    title = printable(record.nodes[-1].name, 24)
    where = position(k, record)
    head = printable(
        f"{where}   {title}" if columns(where) + 3 + columns(title) <= wide else where, wide
    )
    said = (
        textwrap.wrap(printable(record[k - 1].sentence, 400), wide) if k else ["→ or space begins."]
    )
    most = max(min(4, tall - 5), 1)
    said = [
        printable(line, wide)
        for line in (
            said if len(said) <= most else [*said[: most - 1], f"{said[most - 1]:<{wide}}…"]
        )
    ]
    rows = table(record, known, k, wide, colour=colour)
    room = tall - len(said) - 4
    lines = [
        head,
        *said,
        "",
        *_window(rows, room, _changed(record, k)),
        *([""] if tall > len(said) + 5 else []),
        _help(wide),
    ]
    return lines[:high]


def _help(wide: int) -> str:
    line = ""
    for part in _HELP:
        if columns(line) + columns(part) + 3 <= wide:
            line += ("   " if line else "") + part
    return line or "q"


def _changed(record: Steps, k: int) -> set[int]:
    """The nodes whose value or gradient step ``k`` gives."""
    if k == 0:
        return set()
    step = record[k - 1]
    return {part.parent for part in step.parts} if step.kind == "backward" else {step.node}


def table(
    record: Steps, known: list[State], k: int, wide: int, *, colour: bool = False
) -> list[str]:
    """Head and a line a value after step ``k``; "▸" marks what it changed, "•" the value that passes its gradient on."""
    state, changed = known[k], _changed(record, k)
    active = record[k - 1].node if k else -1
    data = max(len("value"), *(columns(d) for d, _, _ in known[-1]))
    grad = (
        max(len("gradient"), *(columns(g) for now in known for _, g, _ in now))
        if len(known) < 400
        else 12
    )
    formula = {
        step.node: f"{step.name} = {step.formula}" for step in record if step.kind == "forward"
    }
    titles = [formula.get(node.index, node.name) for node in record.nodes]
    room = max(min(max(map(columns, [*titles, "variable"])), 40, wide - data - grad - 6), 4)
    widths = (room, data, grad)
    lines = [printable("".join(_row("  ", ("variable", "value", "gradient"), widths)), wide)]
    for node, title, (value, gradient, _) in zip(record.nodes, titles, state, strict=True):
        mark = "▸ " if node.index in changed else "• " if node.index == active else "  "
        parts = _row(
            mark,
            (printable(title if columns(title) <= room else node.name, room), value, gradient),
            widths,
        )
        fits = columns("".join(parts)) <= wide
        bold = _MARKED if node.index in changed else ""
        coloured = f"{bold}{parts[0]}{_GREEN}{parts[1]}{_RED}{parts[2]}{_PLAIN}"
        lines.append(coloured if colour and fits else printable("".join(parts), wide))
    return lines


def _row(
    mark: str, cells: tuple[str, str, str], widths: tuple[int, int, int]
) -> tuple[str, str, str]:
    """Name, value and gradient, each as wide as its column."""
    name, value, gradient = cells
    room = [" " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True)]
    return f"{mark}{name}{room[0]}", f"  {room[1]}{value}", f"  {room[2]}{gradient}"


def _window(rows: list[str], room: int, changed: set[int]) -> list[str]:
    """The head and as many rows as there is room for, among them those that changed; "…" where others are above or below."""
    head, body = rows[0], rows[1:]
    room = max(room - 1, 1)
    if len(body) <= room:
        return [head, *body]
    shown = max(room - 2, 1)
    middle = (min(changed) + max(changed)) // 2 if changed else 0
    start = min(max(middle - shown // 2, 0), len(body) - shown)
    if changed and not start <= min(changed) < start + shown:
        start = min(min(changed), len(body) - shown)
    above, below = f"  … {start} above", f"  … {len(body) - start - shown} below"
    return [
        head,
        *([above] if room > 2 else []),
        *body[start : start + shown],
        *([below] if room > 2 else []),
    ]
