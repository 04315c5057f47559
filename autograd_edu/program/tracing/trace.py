"""A function of Values, or a finished graph, as a recorded computation.

Read `traced` first: while a function is traced, every operation is noted with the line that asked for it, and every
comparison and every number taken out is a guard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...engine.modes import no_gc, told_to
from ...engine.number import tracer
from ...engine.value import Constant, Value, topological_order
from ...errors import ArityError, OperandError
from ..ir import Computation, Guard, Slot, new_slot
from .tape import Tape, line_of
from .traced import Condition, Given, Tracer


@no_gc()  # a trace makes much, and no garbage
def record(
    f: Callable[..., Any], *example: Any, parameters: Sequence[Value] | None = None
) -> Computation:
    """``f`` recorded by running it once at ``example``; see `trace` for its arguments and errors."""
    if parameters is not None:
        check_leaves(parameters)
    if (outer := tracer.get()) is not None:
        outer.refuse("trace()")
    leaves: list[Value] = []
    shapes = [_shape(x) for x in example]
    arguments = [_traced(x, leaves) for x in example]
    tape = Tracer(sys._getframe().f_code)
    try:
        with told_to(tape):
            root = f(*arguments)
            if isinstance(root, Condition):
                root = root.as_value()
    finally:
        for value in (*leaves, *[result for result, _, _ in tape.results.values()]):
            value.__class__ = Value  # as all others, once the trace is over
    if tape.faults:
        raise OperandError(
            f"the traced function went on after an error, which no replay could: {tape.faults[0]}"
        )
    if not isinstance(root, Value):
        if isinstance(root, (list, tuple)):
            raise OperandError(
                "a program has one result: the function must return one Value, not a list of them"
            )
        root = Constant(root)
    first = list(tape.captured.values()) if parameters is None else list(parameters)
    return _recorded(root, leaves, shapes, first, tape, parameters is None)


@no_gc()
def record_graph(
    root: Value, *, inputs: Sequence[Value] = (), parameters: Sequence[Value] | None = None
) -> Computation:
    """A graph that is there, recorded; see `trace_graph`."""
    check_leaves([*inputs, *(parameters or ())])
    if not isinstance(root, Value):
        raise OperandError(
            f"a graph is given by its result, a Value that operations on Values gave, not {root!r}"
        )
    return _recorded(
        root, list(inputs), [()] * len(inputs), list(parameters or ()), None, parameters is None
    )


def check_leaves(values: Sequence[Value]) -> None:
    """Raise unless all are variables, each given once."""
    for value in values:
        if not isinstance(value, Value) or value.is_constant:
            raise OperandError(
                f"an input or parameter is a variable, made by Value(number), not {value!r}"
            )
        if value.op is not None:
            raise OperandError(
                f"an input or parameter must be a leaf; {value!r} was computed by {value.op.name}"
            )
    if len({id(v) for v in values}) != len(values):
        raise ArityError("a value is given twice among the inputs and parameters; give it once")


def _shape(x: Any) -> tuple[int, ...]:
    if isinstance(x, (list, tuple)) or (hasattr(x, "shape") and len(x.shape)):
        inner = {_shape(item) for item in x}
        if len(inner) > 1:
            raise OperandError(
                f"the rows of an example must be of one shape; they have the shapes {sorted(inner)}"
            )
        return (len(x), *(inner.pop() if inner else ()))
    return ()


def _traced(x: Any, leaves: list[Value]) -> Any:
    if _shape(x):
        return [_traced(item, leaves) for item in x]
    leaf = Given(x)
    leaf.label = f"x{len(leaves) + 1}"
    leaves.append(leaf)
    return leaf


def _order(roots: list[Value]) -> list[Value]:
    """All that the roots depend on, parents first."""
    order = topological_order(roots[0])
    if len(roots) == 1:
        return order
    seen = dict.fromkeys(order)
    for root in roots[1:]:
        if root not in seen:
            seen.update(dict.fromkeys(topological_order(root)))
    return list(seen)


def _recorded(
    root: Value,
    inputs: list[Value],
    shapes: list[tuple[int, ...]],
    first: list[Value],
    tape: Tape | None,
    capture: bool = True,
) -> Computation:
    guards = tape.guards if tape else []
    order = _order([root, *(side for guard in guards for side in guard[1:3])])
    if tape and tape.tried:  # what a caller may catch is computed, used or not
        used = set(order)
        guards += [noted for noted in tape.tried if noted.left not in used]
        order = _order([root, *(side for guard in guards for side in guard[1:3])])
    parameters = _captured(first, order, inputs) if capture or tape else first
    if not capture and tape:
        _refuse_others(parameters, first)
        parameters = first
    leaves = [*inputs, *parameters]
    place = {v: i for i, v in enumerate(leaves)}
    slots = [new_slot(("input", (), v.label, "", v._data)) for v in inputs]
    slots += [new_slot(("parameter", (), v.label, "", v._data)) for v in parameters]
    _fill(slots, place, order, tape)
    checks = tuple([Guard(g.sign, place[g.left], place[g.right], *g[3:]) for g in guards])
    return Computation(
        slots, tuple(shapes), len(parameters), place[root], checks, parameters=parameters
    )


def _captured(first: Iterable[Value], order: list[Value], inputs: list[Value]) -> list[Value]:
    """The leaves that the program needs and that are neither inputs nor plain numbers, those met ``first`` first."""
    leaves = dict.fromkeys([value for value in order if value.op is None and not value.is_constant])
    for value in inputs:
        leaves.pop(value, None)
    return list(dict.fromkeys([*(value for value in first if value in leaves), *leaves]))


def _refuse_others(captured: list[Value], given: list[Value]) -> None:
    if others := set(captured) - set(given):
        raise OperandError(
            f"the function captured {next(v for v in captured if v in others)!r}, which is not among the {len(given)} parameters "
            f"given: list it among them, or use its .data where it is to stay fixed"
        )


def _fill(
    slots: list[Slot], place: dict[Value, int], order: list[Value], tape: Tape | None
) -> None:
    """Append a slot for each value of a topological order that has none yet. One loop, as programs have up to millions."""
    at = place.__getitem__
    results = tape.results if tape else {}
    lines: dict[
        int, dict[int, str]
    ] = {}  # of each instruction of a piece of code; each is looked up once
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
            known = lines.setdefault(id(code), {})
            line = known.get(instruction) or known.setdefault(
                instruction, line_of(code, instruction)
            )
        operands = (
            (at(left), at(right))
            if right is not None
            else tuple(map(at, left if left.__class__ is tuple else (left,)))
        )
        place[value] = len(slots)
        slots.append(new_slot((op.name, operands, value.label, line, 0.0)))
