"""What is known about each slot of a computation before it is lifted."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import finalize

from ..ir import Computation, Operands
from .rows import ROWS


@dataclass
class Facts:
    """What is known about each slot.

    Attributes:
        fixed: does it depend on no input?
        varies: does it depend on a parameter or an input?
        live: does the root depend on it?
        sure: does it get a gradient whatever is selected?
        height: how many operations lie between it and the root, on the longest path?
    """

    fixed: list[bool]
    varies: list[bool]
    live: list[bool]
    sure: list[bool]
    height: list[int]


_known: dict[int, Facts] = {}  # by the identity of a computation, as some have no hash


def facts(program: Computation) -> Facts:
    """What is known about each slot of a program. It is found once."""
    key = id(program)
    if key not in _known:
        _known[key] = _facts(program)
        finalize(program, _known.pop, key).atexit = False
    return _known[key]


def _facts(program: Computation) -> Facts:
    operands = program.columns.operands.tuples
    depends = program.depends or depends_on(program, program.columns.operands)
    live, height = [False] * len(operands), [0] * len(operands)
    for root in program.roots:
        live[root] = True
    for i in range(len(operands) - 1, program.leaf_count - 1, -1):
        above, alive = height[i] + 1, live[i]
        for j in operands[i]:
            if height[j] < above:
                height[j] = above
            if alive:
                live[j] = True
    fixed, varies = [what < 2 for what in depends], [what > 0 for what in depends]
    return Facts(fixed, varies, live, _sure(program, live), height)


def depends_on(program: Computation, operands: Operands) -> list[int]:
    """What slots of these ``operands`` depend on; see `Computation`."""
    found = [2] * program.input_count + [1] * program.parameter_count
    for own in operands.tuples[program.leaf_count :]:
        on = found[own[0]] | found[own[-1]] if own else 0  # these two usually settle it
        if on < 3:
            for i in own:
                on |= found[i]
        found.append(on)
    return found


def _sure(program: Computation, live: list[bool]) -> list[bool]:
    """Which slots the gradient of a root reaches by a path on which nothing selects."""
    ops, operands = program.columns.ops, program.columns.operands.tuples
    selecting = {name for name, op in ROWS.items() if op.selects}
    if selecting.isdisjoint(ops):
        return live
    sure = [False] * len(ops)
    for root in program.roots:
        sure[root] = True
    for i in range(len(ops) - 1, -1, -1):
        if sure[i] and ops[i] not in selecting:
            for j in operands[i]:
                sure[j] = True
    return sure


def levels(program: Computation) -> list[int]:
    """The height of each slot: the number of operations on the longest path from a leaf."""
    level: list[int] = []
    for own in program.columns.operands.tuples:
        if len(own) == 2:
            a, b = level[own[0]], level[own[1]]
            level.append(a + 1 if a > b else b + 1)
        else:
            level.append(max([level[i] for i in own]) + 1 if own else 0)
    return level
