"""The backward pass as a function that stores nothing on the values.

The gradients are in a dictionary, so the pass can run on shared values, inside another pass, and in
several threads. Its own operations are recorded, so it can be differentiated again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TypeVar

from ..arithmetic.ieee754 import ieee_is_on, ieee_mode
from ..copies import both
from ..engine.modes import recording
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


def free_variables(order: Sequence[Value]) -> set[int]:
    """The ids of the leaves in ``order`` that receive a gradient."""
    return {id(value) for value in order if value.op is None and not value.is_constant}


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
    order = topological_order(y)
    if len(set(map(id, order))) < len(order):  # another thread has sorted the same values too
        order = list({id(v): v for v in order}.values())
    known = {id(x) for x in variables}
    recorded = (
        is_enclosed()
        or {variable.op for variable in variables} != {None}
        or (captured and recording.get() and not known.issuperset(free_variables(order)))
    )
    if not recorded:
        floats = _pass_back_floats(order)
        gradients = [floats.get(id(x), 0.0) for x in variables]
        if ieee_is_on() or math.isfinite(sum(gradients)):
            return [*gradients]
    adjoint, fault = _pass_back(order, known)  # it also finds out why a gradient is not finite
    return [finite(adjoint.get(id(x), 0.0), fault) for x in variables]


def dependents(order: Sequence[Value], known: set[int]) -> set[int]:
    """The ids of the values in ``order`` that depend on a value whose id is ``known``."""
    depends = set(known)
    for value in order:
        left = value._left  # a tuple of all parents, the first of two, or None
        parents = left if left.__class__ is tuple else (left, value._right)
        if not depends.isdisjoint(map(id, parents)):
            depends.add(id(value))
    return depends


def _pass_back(order: list[Value], known: set[int]) -> tuple[dict[int, Scalar], str]:
    """Pass each value's gradient on to its parents, by operations that are recorded.

    Only values that depend on a ``known`` one pass it on.

    Returns:
        The gradients by the ids of the values, and what is wrong with the first local gradient
        that is not finite; "" if all are.
    """
    depends, fault = dependents(order, known), ""
    adjoint: dict[int, Scalar] = {id(order[-1]): 1.0}
    on = ieee_mode.set(True)  # an infinite slope is an error only if it reaches a variable
    try:
        for value in reversed(order):
            if value.op is None or id(value) in known or id(value) not in adjoint:
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
    finally:
        ieee_mode.reset(on)
    return adjoint, fault


def _pass_back_floats(order: list[Value]) -> dict[int, float]:
    """The gradients as floats, by the local gradients on the values; which is faster."""
    adjoint = {id(order[-1]): 1.0}
    for value in reversed(order):
        upstream, parents, slopes = adjoint.get(id(value)), value._left, value._left_grad
        if parents is None or upstream is None:
            continue
        if parents.__class__ is not tuple:
            parents, slopes = (parents, value._right), (slopes, value._right_grad)
        for parent, slope in zip(parents, slopes, strict=True):
            if slope is not None:
                place, part = id(parent), slope * upstream
                adjoint[place] = adjoint[place] + part if place in adjoint else part
    return adjoint
