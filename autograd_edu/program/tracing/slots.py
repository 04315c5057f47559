"""Values as the slots of a recorded computation.

Inputs come first, then parameters, then everything else in the order in which it was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from types import CodeType

from ...engine.ops import total
from ...engine.value import Value, clock, topological_order
from ...engine.value import record as recorded
from ...errors import OperandError
from ..ir import Computation, Form, Guard, Slot, new_slot
from .tape import Asked, Noted, Tape, lines_of

Arguments = Sequence[tuple[str, tuple[int, ...]]]  # (name, shape) per argument


def as_computation(
    roots: Sequence[Value], inputs: list[Value], arguments: Arguments, *,
    parameters: Sequence[Value] | None, form: Form = 0, tape: Tape | None = None,
) -> Computation:  # fmt: skip
    """``roots`` as a computation of the inputs and parameters.

    Without ``parameters``, all leaves that are neither inputs nor plain numbers become parameters.
    With a tape, no other leaf may be used; without one, other leaves become constants.
    """
    guards, used, order = _needed(roots, tape)
    chosen = list(parameters or ())
    if parameters is None or tape:
        captured = _captured(used, inputs)
        _check_given(captured, parameters)
        chosen = captured if parameters is None else chosen
    slots = [new_slot(("input", (), v._label, "", v._data)) for v in inputs]
    slots += [new_slot(("parameter", (), v._label, "", v._data)) for v in chosen]
    place = _Places({v: i for i, v in enumerate([*inputs, *chosen])})
    place.slots = slots
    _fill(slots, place, order)
    found = [place[root] for root in roots]
    checked = [Guard(g.sign, place[g.left], place[g.right], *g[3:]) for g in guards]
    return Computation(
        slots,
        tuple([shape for _, shape in arguments]),
        roots=found,
        guards=checked,
        parameter_count=len(chosen),
        parameters=chosen,
        argument_names=[name for name, _ in arguments],
        form=form,
    )


Wanted = tuple[list[Noted], list[Value], list[Asked]]


def _needed(roots: Sequence[Value], tape: Tape | None) -> Wanted:
    """The guards, the leaves and other values that were there before, and all slots, in order."""
    if tape is None:
        every = topological_order(recorded(0.0, total, tuple(roots), None, ()))[:-1]
        return [], every, [(value, None, 0) for value in every]
    mine, live = tape.mark, next(clock)
    _mark([*roots, *chain.from_iterable([guard[1:3] for guard in tape.guards])], mine, live)
    used, order = _live(tape.results, mine, live)
    guards = tape.guards
    # an operation whose error a caller may catch is computed even if it is unused
    if tried := [noted for noted in tape.tried if noted.left._mark != live]:
        guards = [*guards, *tried]
        _mark([noted.left for noted in tried], mine, live)
        used, order = _live(tape.results, mine, live)
    ends = [*roots, *chain.from_iterable([guard[1:3] for guard in guards])]
    used = list(dict.fromkeys([*used, *[value for value in ends if value._mark != live]]))
    _, deeper, before = _needed([value for value in used if value.op is not None], None)
    return guards, [*used, *deeper], [*before, *order]


def _mark(values: Sequence[Value], mine: int, live: int) -> None:
    for value in values:
        if value._mark == mine:
            value._mark = live


def _live(results: list[Asked], mine: int, live: int) -> tuple[list[Value], list[Asked]]:
    """What live results use that was there before, and they themselves, in order.

    Live is what is marked so, and what it depends on. The other results are marked as ``mine``.
    """
    order, used = [], []
    for asked in reversed(results):
        value = asked[0]
        if value._mark != live:
            continue
        order.append(asked)
        left, right = value._left, value._right
        whole = left if left.__class__ is tuple else (left,) if right is None else (left, right)
        for parent in reversed(whole):
            if parent._mark == mine:
                parent._mark = live
            elif parent._mark != live:
                used.append(parent)
    return used[::-1], order[::-1]


def _captured(used: list[Value], inputs: list[Value]) -> list[Value]:
    """The leaves among the values that are neither inputs nor constants, each once."""
    own = set(inputs)
    leaves = dict.fromkeys([v for v in used if v.op is None and not v.is_constant])
    return [value for value in leaves if value not in own]


def _check_given(captured: list[Value], parameters: Sequence[Value] | None) -> None:
    """Raise an error if the function captured a Value that is not a given parameter."""
    if parameters is not None and (others := set(captured) - set(parameters)):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not "
            f"among the {len(parameters)} parameters given; add it to them, or use its .data if it "
            f"should stay fixed"
        )


class _Places(dict[Value, int]):
    """Where the slots of values are. A leaf that has none yet becomes a constant."""

    slots: list[Slot]

    def __missing__(self, leaf: Value) -> int:
        place = self[leaf] = len(self.slots)
        self.slots.append(new_slot(("constant", (), leaf._label, "", leaf._data)))
        return place


def _fill(slots: list[Slot], place: _Places, order: list[Asked]) -> None:
    """Append a slot for each value.

    It is one loop, and not tidier, because programs have up to millions of slots.
    """
    latest: CodeType | None = None
    tables: dict[int, dict[int, str]] = {}  # for each code, the line of each instruction
    lines = lines_of(None)
    at = place.__getitem__
    for value, code, instruction in order:
        op, left, right = value.op, value._left, value._right
        if op is None:
            at(value)
            continue
        if code is not latest:
            latest = code
            lines = tables[id(code)] = tables.get(id(code)) or lines_of(code)
        if right is not None:  # most of them
            operands: tuple[int, ...] = (at(left), at(right))
        else:
            operands = tuple(map(at, left if left.__class__ is tuple else (left,)))
        place[value] = len(slots)
        slots.append(new_slot((op.name, operands, value._label, lines[instruction], 0.0)))
