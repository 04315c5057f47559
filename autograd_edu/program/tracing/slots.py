"""Values as the slots of a recorded computation: inputs first, then parameters, then all else in the order of its making."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from ...engine.ops import total
from ...engine.value import Value, topological_order
from ...engine.value import record as recorded
from ...errors import OperandError
from ..ir import Computation, Guard, Slot, new_slot
from .tape import Noted, Tape, line_of


def as_computation(
    root: Value, inputs: list[Value], shapes: list[tuple[int, ...]], *,
    parameters: Sequence[Value] | None, tape: Tape | None = None,
) -> Computation:  # fmt: skip
    """``root`` as a computation of the inputs and parameters.

    Without ``parameters``, all leaves that are neither inputs nor plain numbers are. With a tape they must be among those
    given; without one, other leaves become constants.
    """
    guards, order = _needed(root, tape)
    chosen = list(parameters or ())
    if parameters is None or tape:
        captured = _captured(list(tape.captured.values()) if tape else [], order, inputs)
        _check_given(captured, parameters)
        chosen = captured if parameters is None else chosen
    place = {v: i for i, v in enumerate([*inputs, *chosen])}
    slots = [new_slot(("input", (), v.label, "", v._data)) for v in inputs]
    slots += [new_slot(("parameter", (), v.label, "", v._data)) for v in chosen]
    _fill(slots, place, order, tape)
    checks = tuple([Guard(g.sign, place[g.left], place[g.right], *g[3:]) for g in guards])
    return Computation(slots, tuple(shapes), len(chosen), place[root], checks, parameters=chosen)


def _needed(root: Value, tape: Tape | None) -> tuple[list[Noted], list[Value]]:
    """The guards, and all values that they and the root depend on, parents first."""
    if tape is None:
        return [], topological_order(root)
    order = _order(root, tape.guards)
    if not tape.tried:
        return tape.guards, order
    used = set(order)  # what a caller may catch is computed, used or not
    guards = [*tape.guards, *[noted for noted in tape.tried if noted.left not in used]]
    return guards, _order(root, guards)


def _order(root: Value, guards: list[Noted]) -> list[Value]:
    """All that the root and the guards depend on, parents first: what a sum of them depends on, without the sum."""
    if not guards:
        return topological_order(root)
    sides = chain.from_iterable(guard[1:3] for guard in guards)
    return topological_order(recorded(0.0, total, (root, *sides), None, ()))[:-1]


def _captured(first: list[Value], order: list[Value], inputs: list[Value]) -> list[Value]:
    """The leaves that are neither inputs nor plain numbers, those met ``first`` first."""
    leaves = dict.fromkeys([value for value in order if value.op is None and not value.is_constant])
    for value in inputs:
        leaves.pop(value, None)
    return list(dict.fromkeys([*(value for value in first if value in leaves), *leaves]))


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise if something was captured that is not among the parameters given."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not among "
            f"the {len(parameters)} parameters given: list it among them, or use its .data where it "
            f"is to stay fixed"
        )


def _fill(
    slots: list[Slot], place: dict[Value, int], order: list[Value], tape: Tape | None
) -> None:
    """Append a slot for each value of the order that has none yet. One loop, as programs have up to millions."""
    at = place.__getitem__
    results = tape.results if tape else {}
    lines: dict[tuple[int, int], str] = {}  # of each instruction, looked up once
    for value in order:
        op, left, right = value.op, value._left, value._right
        if op is None:
            if value not in place:
                place[value] = len(slots)
                slots.append(new_slot(("constant", (), value.label, "", value._data)))
            continue
        line, asked = "", results.get(id(value))
        if asked is not None:
            _, code, instruction = asked
            key = (id(code), instruction)
            if not (line := lines.get(key, "")):
                line = lines[key] = line_of(code, instruction)
        if right is None:
            operands: tuple[int, ...]
            operands = tuple(map(at, left if left.__class__ is tuple else (left,)))
        else:  # most of them
            operands = (at(left), at(right))
        place[value] = len(slots)
        slots.append(new_slot((op.name, operands, value.label, line, 0.0)))
