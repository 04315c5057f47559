"""A function of Values, or a finished graph, as a recorded computation.

Read `traced` first: while a function is traced, every operation is noted with the line that asked for it, and every
comparison and every number taken out is a guard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from ...engine.modes import no_gc, tracer
from ...engine.value import Constant, Value
from ...errors import ArityError, OperandError
from ..ir import Computation
from .condition import Condition
from .slots import as_computation
from .traced import Given, Tracer
from .watch import told_to


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
        root = _root(f, arguments, tape)
    finally:
        for leaf in leaves:  # once the trace is over, they and all results are as other Values
            leaf.__class__ = Value
        for result, _, _ in tape.results.values():
            result.__class__ = Value
    if tape.faults:
        raise OperandError(
            f"the traced function went on after an error, which no replay could: {tape.faults[0]}"
        )
    return as_computation(root, leaves, shapes, parameters=parameters, tape=tape)


def _root(f: Callable[..., Any], arguments: list[Any], tape: Tracer) -> Value:
    """The result of ``f``, which tells the tape what it does."""
    with told_to(tape):
        root = f(*arguments)
        if isinstance(root, Condition):
            root = root.as_value()
    if isinstance(root, (list, tuple)):
        raise OperandError(
            "a program has one result: the function must return one Value, not a list of them"
        )
    return root if isinstance(root, Value) else Constant(root)


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
    return as_computation(root, list(inputs), [()] * len(inputs), parameters=parameters)


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
