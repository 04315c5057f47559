"""What is known at each step of a pass: the state that an animation and a terminal show."""

from __future__ import annotations

from ...notation.formula import short
from ...record.model import Record, Step

# Columns of a step's sentence in files and in print: only a label of thousands makes a longer one.
LONGEST_SENTENCE = 4000

Known = tuple[str, str, float]  # value and gradient as text, and the gradient as a number
State = list[Known]  # one for each node, in order


def states(record: Record) -> list[State]:
    """What is known before the first step and after each.

    "?" for a value, "–" for a gradient that is still to come.
    """
    now: State = [("?" if node.op else short(node.data), "–", 0.0) for node in record.nodes]
    found = [now]
    for step in record.steps:
        now = list(now)
        if step.kind == "forward":
            now[step.node] = (short(step.value), "–", 0.0)
        for index, gradient in _gradients(step):
            now[index] = (now[index][0], short(gradient), gradient)
        found.append(now)
    return found


def _gradients(step: Step) -> list[tuple[int, float]]:
    return (
        [(step.node, 1.0)]
        if step.kind == "seed"
        else [(part.parent, part.after) for part in step.parts]
    )


def position(k: int, record: Record) -> str:
    """Where step ``k`` stands: "step 4 of 13, backward"; 0 is before the first."""
    if k == 0:
        return f"before step 1 of {len(record.steps)}"
    way = "forward" if record.steps[k - 1].kind == "forward" else "backward"
    return f"step {k} of {len(record.steps)}, {way}"
