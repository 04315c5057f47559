"""A function of Values, or a finished graph, as a recorded computation.

Read `traced` first: while a function is traced, every operation is noted with the line that asked
for it, and every comparison and every number taken out is a guard.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ...engine.modes import no_gc, tracer
from ...engine.value import Constant, Value, topological_order
from ...errors import ArityError, OperandError, describe
from ...wording import warn
from ..form import Results, take_apart
from ..ir import Computation, Form
from .condition import Condition
from .slots import as_computation
from .tape import Tape
from .traced import Given, Tracer
from .watch import told_to

Example = Any  # a number, or a nested list or array of numbers
Traceable = Any  # the same with Values


@no_gc()  # a trace makes many objects, but no garbage
def record(
    f: Callable[..., object], *example: Example, parameters: Sequence[Value] | None = None
) -> Computation:
    """``f`` recorded by running it once at ``example``; see `trace`."""
    if parameters is not None:
        check_leaves(parameters)
    if (outer := tracer.get()) is not None:
        outer.refuse("trace()")
    _check_traceable(f, example)
    names = argument_names(f, len(example))
    tape = Tracer(_results.__code__)
    given = [_traced(x, tape, name=name) for x, name in zip(example, names, strict=True)]
    shapes = tuple([shape for _, shape in given])
    try:
        roots, form = _results(f, [argument for argument, _ in given], tape)
    finally:
        tape.finish()
    return as_computation(roots, tape, shapes=shapes, names=names, parameters=parameters, form=form)


def _results(
    f: Callable[..., object], arguments: list[Traceable], tape: Tracer
) -> tuple[list[Value], Form]:
    """Call ``f`` and record it on the tape. Returns its results, and their form."""
    found: list[Results] = []
    with told_to(tape):
        form = take_apart(f(*arguments), found)
        found = [x.as_value() if isinstance(x, Condition) else x for x in found]
    if tape.faults:
        raise OperandError(
            f"the traced function caught an error and continued, which a replay cannot repeat: "
            f"{tape.faults[0]}"
        )
    if not found:
        raise OperandError(f"a traced function must return at least one number; got {form!r}")
    return [x if isinstance(x, Value) else Constant(x) for x in found], form


def _check_traceable(f: Callable[..., object], example: Sequence[Example]) -> None:
    """Raise or warn if ``f`` cannot be traced well."""
    if not callable(f):
        graph = " For a finished graph, there is trace_graph." if isinstance(f, Value) else ""
        raise OperandError(
            f"trace needs a function, such as lambda x: x * x; got {type(f).__name__} {f!r}.{graph}"
        )
    if not example and (names := [name for name in argument_names(f, 1) if name]):
        raise ArityError(
            "trace needs an example, a number or a list for each argument of the function, "
            f"beginning with {names[0]!r}; got none"
        )
    modules = getattr(f, "modules", None)  # of a model
    for part in modules() if callable(modules) else ():
        if getattr(part, "changes_in_training", False) and part.training:
            warn(
                f"the traced model is in training mode: every replay repeats what {part!r} does "
                "now. Call model.eval() first"
            )
            return


def argument_names(f: Callable[..., object], count: int) -> list[str]:
    """The names of the arguments of ``f``, for errors; "" for an argument without a name."""
    try:
        own = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # written in C
        own = []
    names = [p.name for p in own if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [*names, *[""] * count][:count]


@no_gc()
def record_graph(
    root: Value, *, inputs: Sequence[Value] = (), parameters: Sequence[Value] | None = None
) -> Computation:
    """A finished graph, recorded; see `trace_graph`."""
    check_leaves([*inputs, *(parameters or ())])
    if not isinstance(root, Value):
        raise OperandError(
            f"trace_graph() needs the result of operations on Values; got {describe(root)}"
        )
    tape = Tape()
    tape.inputs = list(inputs)
    if parameters is not None:
        leaves = {value for value in topological_order(root) if value.op is None}
        tape.fixed = leaves.difference(parameters)
    names, shapes = [value.label for value in inputs], ((),) * len(inputs)
    return as_computation([root], tape, shapes=shapes, names=names, parameters=parameters)


def check_leaves(values: Sequence[Value]) -> None:
    """Raise an error unless all are leaves that are not constants, and all are different."""
    for value in values:
        if not isinstance(value, Value) or value.is_constant:
            raise OperandError(
                f"an input or parameter must be a variable, made by Value(number); got {value!r}"
            )
        if value.op is not None:
            raise OperandError(
                f"an input or parameter must be a leaf; {value!r} was computed by {value.op.name}"
            )
    if len({id(v) for v in values}) != len(values):
        twice = next(v for i, v in enumerate(values) if any(v is other for other in values[:i]))
        raise ArityError(f"{twice!r} is given twice among the inputs and parameters; give it once")


def _traced(x: Example, tape: Tracer, *, name: str) -> tuple[Traceable, tuple[int, ...]]:
    """An example with inputs in place of its numbers, and its shape.

    ``name`` is the name of the argument, for the error.
    """
    if not isinstance(x, (list, tuple)) and not len(getattr(x, "shape", ())):
        tape.inputs.append(Given(x, f"x{len(tape.inputs) + 1}"))
        return tape.inputs[-1], ()
    found = [_traced(item, tape, name=name) for item in x]
    inner = {shape for _, shape in found}
    if len(inner) > 1:
        raise OperandError(
            f"the rows of the example for {name or 'an input'} must all have the same shape; "
            f"they have the shapes {', '.join(map(str, sorted(inner)))}"
        )
    rest = inner.pop() if inner else getattr(x, "shape", (0,))[1:]
    return [value for value, _ in found], (len(x), *rest)
