"""Functions in, functions out: gradients, Jacobians and Hessians of ordinary Python functions.

Nothing here touches the `grad` of a Value: adjoints are kept in a dictionary of the pass, so these functions may be
used on shared values, inside one another and from several threads. Called on Values or Duals (as happens when one is
nested in another), the backward pass is made of operations that are recorded too, and can be differentiated again.

Arguments are numbers, or lists and tuples of them, nested as you like; a gradient has the shape of its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any

from ..engine.floats import ieee_is_on, real
from ..engine.graph import topological_order
from ..engine.modes import recording
from ..engine.number import Number, plain, total
from ..engine.value import Constant, Value
from ..errors import ArityError, DomainError, OperandError
from . import dual
from .dual import Dual

_levels = count(1)
_enclosing: ContextVar[int] = ContextVar(
    "enclosing", default=0
)  # how many transforms this call is inside of


def value_and_grad(f: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """A function that returns ``f(*at)`` and its gradient; see `grad`."""

    def differentiated(*at: Any) -> tuple[Any, Any]:
        _check_arguments(at)
        variables = [mapped(_variable, argument) for argument in at]
        y = called(f, variables)
        _check_scalar(y)
        nested = _is_nested(at)
        gradients = _gradients(y, variables, nested)
        return _result(y, nested), gradients

    return differentiated


def grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns the gradient of ``f``, by one backward pass.

    For one argument the gradient has the argument's shape; for several it is a tuple with one gradient an argument.

    Raises:
        DomainError: where ``f`` or its gradient has no finite value.
        OperandError: if ``f`` does not return a single number.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(lambda x, y: x * y)(3.0, -4.0)
    (-4.0, 3.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    both = value_and_grad(f)
    return lambda *at: both(*at)[1]


def jvp(f: Callable[..., Any], at: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``f(*at)`` and its derivative in the direction ``tangents``, by forward mode: one evaluation of ``f``.

    ``tangents`` has the shape of ``at``. Where ``f`` returns a list, so are the value and the derivative.

    >>> jvp(lambda x, y: x * y, (3.0, -4.0), (1.0, 0.0))
    (-12.0, -4.0)
    """
    at, tangents = _sequence(at, "at"), _sequence(tangents, "tangents")
    _check_arguments(at)
    counts, given = [len(flat(x)) for x in at], [len(flat(t)) for t in tangents]
    if counts != given:
        raise ArityError(
            f"`tangents` needs the shape of `at`, which has {counts} numbers an argument; the tangents have {given}"
        )
    level, nested = next(_levels), _is_nested([at, tangents])
    seeds = iter(flat(tangents))
    y = called(f, [mapped(lambda x: Dual(x, next(seeds), level), argument) for argument in at])
    if isinstance(y, (list, tuple)):
        return mapped(lambda v: _parts(v, level, nested)[0], y), mapped(
            lambda v: _parts(v, level, nested)[1], y
        )
    return _parts(y, level, nested)


def jacobian(f: Callable[..., Any]) -> Callable[..., list[Any]]:
    """A function that returns the gradient of each number that ``f`` returns, as a list of rows: one backward pass a row."""

    def differentiated(*at: Any) -> list[Any]:
        _check_arguments(at)
        variables = [mapped(_variable, argument) for argument in at]
        nested = _is_nested(at)
        results = flat([called(f, variables)])
        for y in results:
            _check_scalar(y)
        return [_gradients(y, variables, nested) for y in results]

    return differentiated


def hessian(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns the second derivatives of ``f``: a list of rows, over all numbers of the arguments in order.

    For a single number it is the second derivative itself.

    >>> hessian(lambda x, y: x * x * y)(3.0, 5.0)
    [[10.0, 6.0], [6.0, 0.0]]
    """

    def differentiated(*at: Any) -> Any:
        _check_arguments(at)
        numbers_at = flat(at)
        gradient = grad(lambda *numbers: called(f, shaped(at, iter(numbers))))
        if len(numbers_at) == 1:
            second = grad(gradient)(*numbers_at)
            return second if at[0] is numbers_at[0] else [[second]]
        return [
            list(row) for row in jacobian(lambda *numbers: list(gradient(*numbers)))(*numbers_at)
        ]

    return differentiated


def hvp(f: Callable[..., Any], at: Sequence[Any], vector: Sequence[Any]) -> Any:
    """The Hessian of ``f`` times ``vector``, without the Hessian: the gradient of a directional derivative."""
    return grad(lambda *xs: jvp(f, xs, vector)[1])(*_sequence(at, "at"))


# ---- the backward pass, as a function ------------------------------------------------------------------------------


def called(f: Callable[..., Any], variables: Sequence[Any]) -> Any:
    """``f(*variables)``, inside a transform; recorded even inside `no_grad`, which only hides the record from the caller."""
    depth, on = _enclosing.set(_enclosing.get() + 1), recording.set(True)
    try:
        return f(*variables)
    finally:
        recording.reset(on)
        _enclosing.reset(depth)


def pulled(y: Any, variables: Sequence[Any]) -> list[Any]:
    """∂y/∂variable for each variable; of a Dual y, as a Dual: the gradients of its primal and of its tangent."""
    if isinstance(y, Dual):
        primals, tangents = pulled(y.primal, variables), pulled(y.tangent, variables)
        return [Dual(p, t, y.level) for p, t in zip(primals, tangents, strict=True)]
    if not isinstance(y, Value):
        return [0.0] * len(variables)
    return _backward(y, [_root(x) for x in variables])


def _backward(y: Value, variables: list[Value]) -> list[Any]:
    """The reverse pass from ``y`` to ``variables``; recorded, if it belongs to a pass that encloses this one."""
    order = list(
        dict.fromkeys(topological_order(y))
    )  # another thread on the same values may make the order repeat some
    known = {id(x) for x in variables}
    depends = set(
        known
    )  # ids of the values that depend on a variable; these alone pass gradients on
    for value in order:
        if any(id(parent) in depends for parent in value.parents):
            depends.add(id(value))
    recorded = _enclosing.get() > 0 or any(x.op is not None for x in variables)
    adjoint: dict[int, Any] = {id(y): 1.0}
    fault = ""
    for value in reversed(order):
        if (
            value.op is None
            or id(value) not in depends
            or id(value) in known
            or id(value) not in adjoint
        ):
            continue
        upstream = adjoint.pop(id(value))
        slopes = (
            dual.local_gradients(value.op, value, value.parents) if recorded else value.local_grads
        )
        for parent, slope in zip(value.parents, slopes, strict=True):
            if id(parent) not in depends or (value.op.selects and dual.is_zero(slope)):
                continue
            fault = fault or dual.fault_of(value.op, slope, value.parents)
            part = upstream if dual.is_one(slope) else slope * upstream
            adjoint[id(parent)] = adjoint[id(parent)] + part if id(parent) in adjoint else part
    return [_finite(adjoint.get(id(x), 0.0), fault) for x in variables]


def _finite(gradient: Any, fault: str, name: str = "gradient") -> Any:
    number = plain(gradient)
    if number - number != 0.0 and not ieee_is_on():
        raise DomainError(
            f"the {name} is {number!r}: {fault or 'a product of local gradients is larger than the largest float, 1.8e308'}"
        )
    return gradient


# ---- arguments and results -----------------------------------------------------------------------------------------


def _variable(x: Any) -> Any:
    """A fresh value that stands for ``x``, through which gradients flow on to ``x`` where it is a value itself."""
    if isinstance(x, Dual):
        return Dual(_variable(x.primal), x.tangent, x.level)
    return total(x) if isinstance(x, Value) else Value(x)


def _root(variable: Any) -> Value:
    while isinstance(variable, Dual):
        variable = variable.primal
    value: Value = variable
    return value


def _is_nested(at: Any) -> bool:
    """Whether results may be differentiated further: a transform encloses this call, or an argument is no plain number."""
    return _enclosing.get() > 0 or any(isinstance(x, Number) for x in flat(at))


def _gradients(y: Any, variables: Sequence[Any], nested: bool) -> Any:
    """The gradient of ``y`` in the shape of its variables; of a single argument, without the tuple."""
    found = (_result(g, nested) for g in pulled(y, flat(variables)))
    gradients = shaped(variables, found)
    return gradients[0] if len(variables) == 1 else tuple(gradients)


def _result(y: Any, nested: bool) -> Any:
    """What the caller gets: a float; or, in a nested call, a number that can be differentiated further."""
    if not nested:
        return plain(y)
    if isinstance(y, Dual) or (isinstance(y, Value) and recording.get()):
        return y
    return Constant(plain(y))


def _parts(y: Any, level: int, nested: bool) -> tuple[Any, Any]:
    """The primal and the tangent of ``y`` in the pass ``level``; a number that does not depend on it has tangent 0."""
    if isinstance(y, Dual) and y.level == level:
        return _result(y.primal, nested), _result(_finite(y.tangent, y.fault, "derivative"), nested)
    _check_scalar(y)
    return _result(y, nested), _result(0.0, nested)


def _check_arguments(at: Sequence[Any]) -> None:
    if not flat(at):
        raise ArityError(
            "there is nothing to differentiate with respect to: call the result with at least one number"
        )


def _check_scalar(y: Any) -> None:
    if isinstance(y, (list, tuple)) or getattr(y, "shape", ()) != ():
        raise OperandError(
            f"the function must return a single number, not {type(y).__name__}; for several numbers use jacobian"
        )
    if not isinstance(y, Number):
        real(y)


def _sequence(x: Any, name: str) -> Sequence[Any]:
    if not isinstance(x, (list, tuple)):
        raise OperandError(
            f"`{name}` is a list or tuple with one entry for each argument of the function, not {type(x).__name__}"
        )
    return x


def _items(structure: Any) -> Sequence[Any] | None:
    """What a list, tuple or array holds; None for a number."""
    if isinstance(structure, (list, tuple)):
        return structure
    return structure.tolist() if getattr(structure, "shape", ()) != () else None


def mapped(f: Callable[[Any], Any], structure: Any) -> Any:
    """``structure`` with ``f`` of each number in its place."""
    items = _items(structure)
    if items is None:
        return f(structure)
    parts = [mapped(f, item) for item in items]
    return tuple(parts) if isinstance(structure, tuple) else parts


def flat(structure: Any) -> list[Any]:
    """The numbers of ``structure``, in order."""
    items = _items(structure)
    return [structure] if items is None else [x for item in items for x in flat(item)]


def shaped(structure: Any, numbers: Iterator[Any]) -> Any:
    """``numbers`` in the shape of ``structure``."""
    return mapped(lambda _: next(numbers), structure)
