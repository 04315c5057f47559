"""The backward pass as a function: adjoints in a dictionary of the pass, nothing on the values.

So it can be used on shared values, inside another pass, and from several threads. It is made of
operations that are recorded, so that it can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TypeVar

from ..engine.modes import ieee, ieee_is_on, recording
from ..engine.number import plain
from ..engine.value import Value, topological_order
from ..errors import DomainError
from . import dual
from .dual import Dual
from .signatures import Scalar

_Y = TypeVar("_Y")
_enclosing: ContextVar[int] = ContextVar("enclosing", default=0)  # transforms around this call


def call(f: Callable[..., _Y], variables: Sequence[object]) -> _Y:
    """``f(*variables)`` inside a transform.

    It is recorded even inside `no_grad`, which only hides the record from the caller.
    """
    depth, on = _enclosing.set(_enclosing.get() + 1), recording.set(True)
    try:
        return f(*variables)
    finally:
        recording.reset(on)
        _enclosing.reset(depth)


def is_enclosed() -> bool:
    """Is this call inside another transform?"""
    return _enclosing.get() > 0


def pull_back(y: Scalar, variables: Sequence[Scalar], *, captured: bool = False) -> list[Scalar]:
    """∂y/∂variable for each variable; for a Dual y, the gradients of its primal and its tangent.

    With ``captured`` the pass is recorded if ``y`` also depends on other variables, because it may
    yet be differentiated with respect to those.
    """
    if isinstance(y, Dual):
        primals, tangents = (
            pull_back(part, variables, captured=captured) for part in (y.primal, y.tangent)
        )
        return [Dual(p, t, y.level) for p, t in zip(primals, tangents, strict=True)]
    if not isinstance(y, Value):
        return [0.0] * len(variables)
    return _backward(y, [root(x) for x in variables], captured=captured)


def root(variable: Scalar) -> Value:
    """The Value inside the Duals that a variable may be wrapped in."""
    while isinstance(variable, Dual):
        variable = variable.primal
    assert isinstance(variable, Value), "a variable is a Value"
    return variable


def is_variable(x: Value) -> bool:
    """Is it a leaf that gradients flow to?"""
    return x.op is None and not x.is_constant


def finite(gradient: Scalar, fault: str, name: str = "gradient") -> Scalar:
    """``gradient``, unless it is inf or nan outside `ieee()`: then a DomainError says why."""
    number = plain(gradient)
    if number - number != 0.0 and not ieee_is_on():
        why = fault or "a product of local gradients is larger than the largest float, 1.8e308"
        raise DomainError(f"the {name} is {number!r}: {why}")
    return gradient


def _backward(y: Value, variables: list[Value], *, captured: bool) -> list[Scalar]:
    # another thread that walks the same values at the same time may make the order repeat some
    order = list({id(v): v for v in topological_order(y)}.values())
    known = {id(x) for x in variables}
    depends = set(known)  # only values that depend on a variable pass gradients on
    for value in order:
        if any(id(parent) in depends for parent in value.parents):
            depends.add(id(value))
    others = captured and any(is_variable(x) and id(x) not in known for x in order)
    recorded = (
        (recording.get() and others)
        or is_enclosed()
        or any(variable.op is not None for variable in variables)
    )
    adjoint: dict[int, Scalar] = {id(y): 1.0}
    passing = [x for x in reversed(order) if id(x) in depends and id(x) not in known]
    with ieee():  # a missing slope is only an error if it is still there at the end
        fault = _pass_back(passing, adjoint, depends, recorded=recorded)
    return [finite(adjoint.get(id(x), 0.0), fault) for x in variables]


def _pass_back(
    values: list[Value], adjoint: dict[int, Scalar], depends: set[int], *, recorded: bool
) -> str:
    """Give each value's adjoint to its parents; the first local gradient that was not finite."""
    fault = ""
    for value in values:
        if value.op is None or id(value) not in adjoint:
            continue
        upstream, parents = adjoint.pop(id(value)), value.parents
        wanted = [id(parent) in depends for parent in parents]
        slopes: Sequence[Scalar | None] = (
            dual.local_gradients(value.op, value, parents, wanted)
            if recorded
            else value.kept_local_grads
        )
        for parent, want, slope in zip(parents, wanted, slopes, strict=True):
            if not want or slope is None or (value.op.selects and dual.is_zero(slope)):
                continue
            fault = fault or dual.fault_of(value.op, slope, parents)
            part = upstream if dual.is_one(slope) else slope * upstream
            adjoint[id(parent)] = adjoint[id(parent)] + part if id(parent) in adjoint else part
    return fault
