"""A recorded computation computed again, slot by slot, on numbers of any kind.

A replay runs arrays; here the numbers may be floats, Values or traced Values. The gradient check
and the Hessian-vector product are made of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any  # a number of any kind: a float, a Value, a Dual

from ..engine import ops
from ..engine.modes import ieee
from ..engine.number import Numbers, plain, tracer
from ..engine.ops import OPS
from ..engine.value import Constant, Value
from ..errors import BranchChanged, error_named
from ..trees import flatten
from .ir import SIGNS, Computation, Guard
from .tracing.condition import Condition
from .tracing.tape import Noted, Tape
from .tracing.trace import record


def again(given: Computation, leaves: Sequence[Any]) -> list[Any]:
    """The number of every slot, from those of the inputs and the parameters.

    Raises:
        BranchChanged: if the recorded branch is not the one that these numbers take.
    """
    values = list(leaves)
    for slot in given.slots[len(leaves) :]:
        operands = [values[j] for j in slot.operands]
        values.append(OPS[slot.op].apply(operands) if operands else slot.number)
    for guard in given.guards:
        _check(guard, plain(values[guard.left]), plain(values[guard.right]))
    return values


def _check(guard: Guard, left: float, right: float) -> None:
    if bool(SIGNS[guard.sign](left, right)) == guard.outcome:
        return
    if guard.error is not None:
        raise error_named(guard.error[0])(guard.error[1].format(left))
    raise BranchChanged(
        f"the comparison at {guard.line} was {guard.outcome} when the function was traced, but is "
        f"{not guard.outcome} for {left!r} and {right!r}"
    )


def nested(numbers: Iterator[Any], shape: tuple[int, ...]) -> Any:
    """The next of ``numbers`` as nested lists of this shape."""
    return [nested(numbers, shape[1:]) for _ in range(shape[0])] if shape else next(numbers)


def directional(given: Computation) -> Computation:
    """The derivative of the only result along a direction, as a computation.

    Its inputs are those of ``given``, then as many tangents in their shapes, then the tangents of
    the parameters. The gradient of this derivative is the Hessian times the direction.
    """
    count = given.input_count + given.parameter_count
    labels = [slot.label for slot in given.slots[given.input_count : count]]
    pairs = zip(given.parameter_values.tolist(), labels, strict=True)
    parameters = [Value(number, label) for number, label in pairs]

    def slope(*arguments: Any) -> Any:
        inputs, tangents = arguments[: len(given.shapes)], arguments[len(given.shapes) :]
        return _tangent(given, [*flatten(inputs), *parameters], flatten(tangents))

    numbers = iter([slot.number for slot in given.slots[: given.input_count]])
    example = [nested(numbers, shape) for shape in given.shapes]
    ones = iter([1.0] * count)
    shapes = (*given.shapes, (given.parameter_count,))
    return record(slope, *example, *[nested(ones, s) for s in shapes], parameters=parameters)


def _tangent(given: Computation, leaves: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The tangent of the result, by forward mode: local gradient × tangent, added up."""
    values: list[Any] = list(leaves)
    moved: list[Any] = list(tangents)
    for slot in given.slots[len(leaves) :]:
        y: Any = slot.number
        tangent: Any = None
        if slot.operands:
            op, xs = OPS[slot.op], [values[j] for j in slot.operands]
            own = [moved[j] for j in slot.operands]
            y = op.apply(xs)
            with ieee():  # the branches that no sample takes are computed too
                slopes = op.some_local_gradients(_Both, y, xs, [t is not None for t in own])
            parts = [s * t for s, t in zip(slopes, own, strict=True) if t is not None and _moves(s)]
            tangent = ops.total(parts) if parts else None
        values.append(y)
        moved.append(tangent)
    _keep_guards(given, values)
    found = moved[given.root]
    return 0.0 if found is None else found


def _moves(slope: Any) -> bool:
    return isinstance(slope, Value) or slope != 0.0


def _keep_guards(given: Computation, values: Sequence[Any]) -> None:
    """Note the guards, so that the derivative holds where the computation does."""
    tape = tracer.get()
    assert isinstance(tape, Tape)
    for guard in given.guards:
        left, right = [
            x if isinstance(x, Value) else Constant(x)
            for x in (values[guard.left], values[guard.right])
        ]
        tape.guards.append(Noted(guard.sign, left, right, *_rest(guard)))


def _rest(guard: Guard) -> tuple[bool, str, tuple[str, str] | None]:
    return guard.outcome, guard.line, guard.error


class _Both(Numbers):
    """The namespace of Numbers, but a choice keeps both branches, as samples may take either."""

    @staticmethod
    def choose(condition: Any, then: Any, otherwise: Any) -> Any:
        if not isinstance(condition, Condition):
            return Numbers.choose(condition, then, otherwise)
        branches = [each() if isinstance(each, Callable) else each for each in (then, otherwise)]
        return ops.where.apply((condition.as_value(), *branches))
