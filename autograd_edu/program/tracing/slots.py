"""Values as the slots of a recorded computation.

Inputs come first, then parameters, then everything else in the order in which it was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from ...engine.ops import total
from ...engine.value import Value, topological_order
from ...engine.value import record as recorded
from ...errors import OperandError
from ..ir import Computation, Form, Guard, Slot, new_slot
from .tape import Noted, Tape, line_of

Arguments = Sequence[tuple[str, tuple[int, ...]]]  # (name, shape) per argument


def as_computation(
    roots: Sequence[Value], inputs: list[Value], arguments: Arguments, *,
    parameters: Sequence[Value] | None, form: Form = 0, tape: Tape | None = None,
) -> Computation:  # fmt: skip
    """``roots`` as a computation of the inputs and parameters.

    Without ``parameters``, all leaves that are neither inputs nor plain numbers become parameters.
    With a tape, no other leaf may be used; without one, other leaves become constants.
    """
    guards, order = _needed(roots, tape)
    chosen = list(parameters or ())
    if parameters is None or tape:
        captured = _captured(list(tape.captured.values()) if tape else [], order, inputs)
        _check_given(captured, parameters)
        chosen = captured if parameters is None else chosen
    place = {v: i for i, v in enumerate([*inputs, *chosen])}
    slots = [new_slot(("input", (), v.label, "", v._data)) for v in inputs]
    slots += [new_slot(("parameter", (), v.label, "", v._data)) for v in chosen]
    _fill(slots, place, order, tape)
    return Computation(
        slots,
        tuple([shape for _, shape in arguments]),
        roots=[place[root] for root in roots],
        guards=[Guard(g.sign, place[g.left], place[g.right], *g[3:]) for g in guards],
        parameter_count=len(chosen),
        parameters=chosen,
        argument_names=[name for name, _ in arguments],
        form=form,
    )


def _needed(roots: Sequence[Value], tape: Tape | None) -> tuple[list[Noted], list[Value]]:
    """The guards, and every value that they and the roots depend on, parents first."""
    if tape is None:
        return [], _order(roots, [])
    order = _order(roots, tape.guards)
    if not tape.tried:
        return tape.guards, order
    used = set(order)  # an operation whose error a caller may catch is computed even if unused
    guards = [*tape.guards, *[noted for noted in tape.tried if noted.left not in used]]
    return guards, _order(roots, guards)


def _order(roots: Sequence[Value], guards: list[Noted]) -> list[Value]:
    """Every value that the roots and the guards depend on, parents first."""
    if len(roots) == 1 and not guards:
        return topological_order(roots[0])
    sides = chain.from_iterable(guard[1:3] for guard in guards)
    together = recorded(0.0, total, (*roots, *sides), None, ())
    return topological_order(together)[:-1]


def _captured(first: list[Value], order: list[Value], inputs: list[Value]) -> list[Value]:
    """The leaves that are neither inputs nor constants. Those in ``first`` come first."""
    leaves = dict.fromkeys([value for value in order if value.op is None and not value.is_constant])
    for value in inputs:
        leaves.pop(value, None)
    return list(dict.fromkeys([*(value for value in first if value in leaves), *leaves]))


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise an error if the function captured a Value that is not a given parameter."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not "
            f"among the {len(parameters)} parameters given; add it to them, or use its .data if it "
            f"should stay fixed"
        )


def _fill(
    slots: list[Slot], place: dict[Value, int], order: list[Value], tape: Tape | None
) -> None:
    """Append a slot for each value that has none yet.

    It is one loop, and not tidier, because programs have up to millions of slots.
    """
    at = place.__getitem__
    results = tape.results if tape else {}
    lines: dict[tuple[int, int], str] = {}  # the line of each instruction, looked up once
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
