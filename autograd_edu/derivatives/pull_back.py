"""The backward pass as a function that stores nothing on the values.

The gradients are in a dictionary, so the pass can run on shared values, inside another pass, and in
several threads. Its own operations are recorded, so it can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TypeVar

from ..arithmetic.ieee754 import ieee_is_on
from ..engine.modes import ieee, recording
from ..engine.number import plain
from ..engine.value import Value, both, topological_order
from ..errors import DomainError
from . import dual
from .dual import Dual
from .signatures import Scalar

_Y = TypeVar("_Y")
_enclosing: ContextVar[int] = ContextVar("enclosing", default=0)  # transforms around this call


def call(f: Callable[..., _Y], variables: Sequence[object]) -> _Y:
    """``f(*variables)`` inside a transform.

    Its operations are recorded even inside `no_grad`, which concerns only the caller.
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
    """∂y/∂variable for each variable; if ``y`` is a Dual, the gradients are Duals.

    If ``captured``, the pass is recorded if ``y`` also depends on other variables, because the
    caller may later differentiate by those.
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
    """Is it a leaf that receives a gradient?"""
    return x.op is None and not x.is_constant


def finite(gradient: Scalar, fault: str, name: str = "gradient") -> Scalar:
    """``gradient``, if it is finite or `ieee()` is on.

    Raises:
        DomainError: otherwise. The message says why: ``fault``, or overflow.
    """
    number = plain(gradient)
    if number - number != 0.0 and not ieee_is_on():
        why = fault or "a product of local gradients is larger than the largest float, 1.8e308"
        raise DomainError(f"the {name} is {number!r}: {why}")
    return gradient


def _backward(y: Value, variables: list[Value], *, captured: bool) -> list[Scalar]:
    # if another thread sorts the same values at the same time, the order may contain some twice
    order = list({id(v): v for v in topological_order(y)}.values())
    known = {id(x) for x in variables}
    depends = dependents(order, known)  # only these pass gradients on
    recorded = (
        is_enclosed()
        or any(variable.op is not None for variable in variables)
        or (
            captured
            and recording.get()
            and not known.issuperset(map(id, filter(is_variable, order)))
        )
    )
    adjoint: dict[int, Scalar] = {id(y): 1.0}
    passing = [x for x in reversed(order) if id(x) in depends and id(x) not in known]
    with ieee():  # an infinite slope is an error only if it reaches a variable
        fault = (_pass_back if recorded else _pass_back_floats)(passing, adjoint, depends)
    return [finite(adjoint.get(id(x), 0.0), fault) for x in variables]


def dependents(order: Sequence[Value], known: set[int]) -> set[int]:
    """The ids of the values in ``order`` that depend on a value whose id is ``known``."""
    depends = set(known)
    for value in order:
        if not depends.isdisjoint(map(id, both(value._left, value._right))):
            depends.add(id(value))
    return depends


def _pass_back(values: list[Value], adjoint: dict[int, Scalar], depends: set[int]) -> str:
    """Pass each value's gradient on to its parents, by operations that are recorded.

    Returns:
        What is wrong with the first local gradient that is not finite; "" if all are.
    """
    fault = ""
    for value in values:
        if value.op is None or id(value) not in adjoint:
            continue
        upstream, parents = adjoint.pop(id(value)), both(value._left, value._right)
        wanted = [id(parent) in depends for parent in parents]
        slopes = value.op.local_gradients(dual.Numbers, value, parents, wanted)
        for parent, want, slope in zip(parents, wanted, slopes, strict=True):
            if not want or slope is None or (value.op.selects and dual.is_zero(slope)):
                continue
            fault = fault or dual.fault_of(value.op, slope, parents)
            part = upstream if dual.is_one(slope) else slope * upstream
            adjoint[id(parent)] = adjoint[id(parent)] + part if id(parent) in adjoint else part
    return fault


def _pass_back_floats(values: list[Value], adjoint: dict[int, Scalar], depends: set[int]) -> str:
    """Like `_pass_back`, but on floats and faster: it uses the local gradients on the values."""
    fault = ""
    for value in values:
        if value.op is None or id(value) not in adjoint:
            continue
        upstream, parents = adjoint.pop(id(value)), both(value._left, value._right)
        for parent, slope in zip(parents, both(value._left_grad, value._right_grad), strict=True):
            place = id(parent)
            if slope is None or place not in depends:
                continue
            if slope - slope != 0.0:
                fault = fault or dual.fault_of(value.op, slope, parents)
            part = slope * upstream
            adjoint[place] = adjoint[place] + part if place in adjoint else part
    return fault
