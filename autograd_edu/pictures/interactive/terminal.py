"""The pass step by step in a terminal, a notebook or over a pipe.

A screen of text, and a question after each.

Every screen is made by a pure function from the record, the step and the size. Where nobody
answers, all steps are printed, one after the other.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

from ...errors import OperandError
from ...notation.text import pad, printable, text_width
from ...printing import fit_encoding
from ...record.model import Record
from .running import LONGEST_SENTENCE, State, position, states

ASKED = "Enter: next, b: back, a number: that step, q: quit > "
_GREEN, _RED, _MARKED, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[0m"
_LEAST = (20, 6)  # columns and lines; a smaller terminal is treated as one of that size, and cut


def walk(record: Record) -> None:
    """Show the start of both passes, and go on, back, to a step, or leave, as `input` says.

    The walk ends after the last step, with q, or with the input. If there was no input at all,
    every step is printed.
    """
    steps = record.steps
    if not steps or len(record.forward) + len(record.backward) != len(steps) or _is_late(record):
        raise OperandError(
            "there is nothing to walk through: a record begins with a step forward or the seed"
        )
    known, k, answered = states(record), 0, False
    try:
        while k <= len(steps):
            answer = _ask(record, known, k)
            if answer in ("q", "quit"):
                return
            k, answered = moved(k, answer, len(steps)), True
    except EOFError:
        print(_safe("\n" if answered else f"\n{plain(record)}"))


def _is_late(record: Record) -> bool:
    return record.steps[0].kind == "backward"


def _ask(record: Record, known: list[State], k: int) -> str:
    """Show step ``k``, and return the answer; EOFError if there is no more input."""
    size, colour = shutil.get_terminal_size(), _is_coloured()
    shown = screen(record, known, k, size.columns, size.lines - 1, colour=colour)
    print(_safe("\n".join(shown)))
    try:
        return input(_safe(printable(ASKED, size.columns - 2))).strip().lower()
    except (OSError, ValueError, RuntimeError):  # input that is closed, lost, or not supported
        raise EOFError from None


def moved(k: int, answer: str, last: int) -> int:
    """The step that an answer leads to from step ``k``; one past the last for the end."""
    if answer.isdecimal():
        return min(int(answer[:9]), last)
    return {"": k + 1, "n": k + 1, "b": max(k - 1, 0)}.get(answer, k)


def _is_coloured() -> bool:
    out = sys.stdout
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def plain(record: Record) -> str:
    """All steps, a line each, and the values and gradients that they lead to."""
    lines = [
        f"{position(k, record)}: {printable(step.sentence, LONGEST_SENTENCE)}"
        for k, step in enumerate(record.steps, 1)
    ]
    return "\n".join([*lines, "", *state_table(record, states(record), len(record.steps), 79)])


def _safe(text: str) -> str:
    """``text`` in the characters that the terminal's encoding has."""
    if (sys.stdout.errors or "strict") != "strict":
        return text  # the stream says itself how
    parts = re.split(r"(\x1b\[\d+m)", text)  # colours stay as they are
    return "".join(part if i % 2 else fit_encoding(part) for i, part in enumerate(parts))


# ---- a screen ----------------------------------------------------------------------------------


def screen(
    record: Record, known: list[State], k: int, wide: int, high: int, *, colour: bool = False
) -> list[str]:
    """At most ``high`` lines of at most ``wide`` columns.

    What step ``k`` does, and what is known then.
    """
    wide, tall = max(wide, _LEAST[0]), max(high, _LEAST[1])
    wide -= 1  # a full line would wrap in some terminals
    said = _said(record, k, wide, max(min(4, tall - 5), 1))
    rows = state_table(record, known, k, wide, colour=colour)
    shown = _window(rows, tall - len(said) - 3, _changed(record, k))
    return [_head(record, k, wide), *said, "", *shown][:high]


def _head(record: Record, k: int, wide: int) -> str:
    where, title = position(k, record), printable(record.nodes[-1].name, 24)
    both = f"{where}   {title}"
    return printable(both if text_width(both) <= wide else where, wide)


def _said(record: Record, k: int, wide: int, most: int) -> list[str]:
    """The sentence of step ``k`` in lines; "…" ends the last one if there are more."""
    sentence = (
        record.steps[k - 1].sentence if k else "The inputs are known; nothing is computed yet."
    )
    lines = textwrap.wrap(printable(sentence, 400), wide)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]:<{wide}}…"]
    return [printable(line, wide) for line in lines]


def _changed(record: Record, k: int) -> set[int]:
    """The nodes whose value or gradient step ``k`` gives."""
    if k == 0:
        return set()
    step = record.steps[k - 1]
    return {part.parent for part in step.parts} if step.kind == "backward" else {step.node}


def state_table(
    record: Record, known: list[State], k: int, wide: int, *, colour: bool = False
) -> list[str]:
    """Head and a line for each value after step ``k``.

    "▸" marks what the step changed, "•" the value that passes its gradient on.
    """
    changed, active = _changed(record, k), record.steps[k - 1].node if k else -1
    titles, widths = _titles(record, known, wide)
    lines = [printable("".join(_row("  ", ("variable", "value", "gradient"), widths)), wide)]
    for node, title, (value, gradient, _) in zip(record.nodes, titles, known[k], strict=True):
        mark = "▸ " if node.index in changed else "• " if node.index == active else "  "
        name = printable(title if text_width(title) <= widths[0] else node.name, widths[0])
        parts = _row(mark, (name, value, gradient), widths)
        bold = _MARKED if node.index in changed else ""
        coloured = f"{bold}{parts[0]}{_GREEN}{parts[1]}{_RED}{parts[2]}{_PLAIN}"
        whole = "".join(parts)
        lines.append(coloured if colour and text_width(whole) <= wide else printable(whole, wide))
    return lines


def _titles(
    record: Record, known: list[State], wide: int
) -> tuple[list[str], tuple[int, int, int]]:
    """What each line calls its value, and the widths of the three columns."""
    formula = {step.node: f"{step.name} = {step.formula}" for step in record.forward}
    titles = [formula.get(node.index, node.name) for node in record.nodes]
    data = max(len("value"), *(text_width(value) for value, _, _ in known[-1]))
    grad = 12  # of a pass too long to look through
    if len(known) < 400:
        grad = max(len("gradient"), *(text_width(g) for state in known for _, g, _ in state))
    room = min(max(map(text_width, [*titles, "variable"])), 40, wide - data - grad - 6)
    return titles, (max(room, 4), data, grad)


def _row(
    mark: str, cells: tuple[str, str, str], widths: tuple[int, int, int]
) -> tuple[str, str, str]:
    """Name, value and gradient, each as wide as its column."""
    name, value, gradient = map(pad, cells, widths, ("left", "right", "right"))
    return f"{mark}{name}", f"  {value}", f"  {gradient}"


def _window(rows: list[str], room: int, changed: set[int]) -> list[str]:
    """The head and as many rows as there is room for, among them those that changed.

    "…" where others are above or below.
    """
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
