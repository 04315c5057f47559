"""Functions in, functions out: gradients, Jacobians and Hessians of ordinary Python functions.

Nothing here touches the `grad` of a Value: adjoints are kept in a dictionary of the pass, so these functions may be
used on shared values, inside one another and from several threads. Called on Values or Duals (as happens when one is
nested in another), the backward pass is made of operations that are recorded too, and can be differentiated again.

Arguments are numbers, or lists and tuples of them, nested as you like; a gradient has the shape of its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any

from ..engine.floats import ieee, ieee_is_on, real
from ..engine.modes import recording
from ..engine.number import Number, plain
from ..engine.ops import total
from ..engine.value import Constant, Value, topological_order
from ..errors import ArityError, DomainError, OperandError
from . import dual
from .dual import Dual
from .tree import as_arguments, flatten, tree_map, unflatten

_levels = count(1)
_enclosing: ContextVar[int] = ContextVar(
    "enclosing", default=0
)  # how many transforms this call is inside of


def value_and_grad(f: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """A function that returns ``f(*at)`` and its gradient; see `grad`."""

    def differentiated(*at: Any) -> tuple[Any, Any]:
        y, gradient = _differentiated(f, at)
        return _results([y], nested=_is_nested(at))[0], gradient

    return differentiated


def grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns the gradient of ``f``, by one backward pass.

    For one argument the gradient has the argument's shape; for several it is a tuple with one gradient an argument.
    A gradient that depends on Values, which were given as arguments or which ``f`` uses from outside, is a Value that can
    be differentiated further; all others are floats, and so are all inside `no_grad`.

    Raises:
        DomainError: where ``f`` or its gradient has no finite value.
        OperandError: if ``f`` does not return a single number.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(lambda x, y: x * y)(3.0, -4.0)
    (-4.0, 3.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> w = Value(5.0)
    >>> grad(lambda x: w * x * x)(3.0).backward()
    >>> w.grad
    6.0
    """
    return lambda *at: _differentiated(f, at)[1]


def _differentiated(f: Callable[..., Any], at: Sequence[Any]) -> tuple[Any, Any]:
    """``f(*at)`` as ``f`` returns it, and its gradient as the caller gets it."""
    _check_arguments(at)
    variables = [tree_map(_variable, argument) for argument in at]
    y = call(f, variables)
    _check_scalar(y)
    (gradient,) = _gradients([y], variables, nested=_is_nested(at))
    return y, gradient


def jvp(f: Callable[..., Any], at: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``f(*at)`` and its derivative in the direction ``tangents``, by forward mode: one evaluation of ``f``.

    ``tangents`` has the shape of ``at``. Where ``f`` returns a list, so are the value and the derivative.

    >>> jvp(lambda x, y: x * y, (3.0, -4.0), (1.0, 0.0))
    (-12.0, -4.0)
    """
    at, tangents = as_arguments(at, "at"), as_arguments(tangents, "tangents")
    _check_arguments(at)
    counts, given = [len(flatten(x)) for x in at], [len(flatten(t)) for t in tangents]
    if counts != given:
        raise ArityError(
            f"`tangents` needs the shape of `at`, which has {counts} numbers an argument; the tangents have {given}"
        )
    level, nested = next(_levels), _is_nested([at, tangents])
    seeds = (None if dual.is_zero(tangent) else tangent for tangent in flatten(tangents))
    y = call(f, [tree_map(lambda x: Dual(x, next(seeds), level), argument) for argument in at])
    parts = [_parts(v, level) for v in flatten([y] if not isinstance(y, (list, tuple)) else y)]
    values, derivatives = (
        (iter(_results(each, nested=nested)) for each in zip(*parts, strict=True))
        if parts
        else (iter(()), iter(()))
    )
    return unflatten(y, values), unflatten(y, derivatives)


def jacobian(f: Callable[..., Any]) -> Callable[..., list[Any]]:
    """A function that returns the gradient of each number that ``f`` returns, as a list of rows: one backward pass a row."""

    def differentiated(*at: Any) -> list[Any]:
        _check_arguments(at)
        variables = [tree_map(_variable, argument) for argument in at]
        results = flatten([call(f, variables)])
        for y in results:
            _check_scalar(y)
        return _gradients(results, variables, nested=_is_nested(at))

    return differentiated


def hessian(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns the second derivatives of ``f``: a list of rows, over all numbers of the arguments in order.

    For a single number it is the second derivative itself.

    >>> hessian(lambda x, y: x * x * y)(3.0, 5.0)
    [[10.0, 6.0], [6.0, 0.0]]
    """

    def differentiated(*at: Any) -> Any:
        _check_arguments(at)
        numbers_at = flatten(at)
        gradient = grad(lambda *numbers: call(f, unflatten(at, iter(numbers))))
        if len(numbers_at) == 1:
            second = grad(gradient)(*numbers_at)
            return second if at[0] is numbers_at[0] else [[second]]
        return [
            list(row) for row in jacobian(lambda *numbers: list(gradient(*numbers)))(*numbers_at)
        ]

    return differentiated


def hvp(f: Callable[..., Any], at: Sequence[Any], vector: Sequence[Any]) -> Any:
    """The Hessian of ``f`` times ``vector``, without the Hessian: the gradient of a directional derivative."""
    return grad(lambda *xs: jvp(f, xs, vector)[1])(*as_arguments(at, "at"))


# ---- the backward pass, as a function ------------------------------------------------------------------------------


def call(f: Callable[..., Any], variables: Sequence[Any]) -> Any:
    """``f(*variables)``, inside a transform; recorded even inside `no_grad`, which only hides the record from the caller."""
    depth, on = _enclosing.set(_enclosing.get() + 1), recording.set(True)
    try:
        return f(*variables)
    finally:
        recording.reset(on)
        _enclosing.reset(depth)


def pull_back(y: Any, variables: Sequence[Any], *, captured: bool = False) -> list[Any]:
    """∂y/∂variable for each variable; of a Dual y, as a Dual: the gradients of its primal and of its tangent."""
    if isinstance(y, Dual):
        primals, tangents = (
            pull_back(part, variables, captured=captured) for part in (y.primal, y.tangent)
        )
        return [Dual(p, t, y.level) for p, t in zip(primals, tangents, strict=True)]
    if not isinstance(y, Value):
        return [0.0] * len(variables)
    return _backward(y, [_root(x) for x in variables], captured)


def _backward(y: Value, variables: list[Value], captured: bool) -> list[Any]:
    """The reverse pass from ``y`` to ``variables``; recorded, if it belongs to a pass that encloses this one.

    And, where ``captured`` says so, if ``y`` depends on other variables, with respect to which it may yet be differentiated.
    """
    order = list(
        {id(v): v for v in topological_order(y)}.values()
    )  # another thread on the same values may make the order repeat some
    known = {id(x) for x in variables}
    outside = (
        recording.get() and captured and any(_is_variable(x) and id(x) not in known for x in order)
    )
    depends = set(
        known
    )  # ids of the values that depend on a variable; these alone pass gradients on
    for value in order:
        if any(id(parent) in depends for parent in value.parents):
            depends.add(id(value))
    recorded = outside or _enclosing.get() > 0 or any(x.op is not None for x in variables)
    adjoint: dict[int, Any] = {id(y): 1.0}
    passing = [x for x in reversed(order) if id(x) in depends and id(x) not in known]
    with ieee():  # what has no derivative is looked at in the end, if it is still there
        fault = _pass_back(passing, adjoint, depends, recorded=recorded)
    return [_finite(adjoint.get(id(x), 0.0), fault) for x in variables]


def _pass_back(
    values: list[Value], adjoint: dict[int, Any], depends: set[int], *, recorded: bool
) -> str:
    """Give the adjoint of each value to its parents; what first had no finite local gradient."""
    fault = ""
    for value in values:
        if value.op is None or id(value) not in adjoint:
            continue
        upstream, parents = adjoint.pop(id(value)), value.parents
        wanted = [id(parent) in depends for parent in parents]
        slopes: Sequence[Any] = (
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


def _is_variable(x: Value) -> bool:
    return x.op is None and not x.is_constant


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
    return total(x) if isinstance(x, Value) and recording.get() else Value(plain(x))


def _root(variable: Any) -> Value:
    while isinstance(variable, Dual):
        variable = variable.primal
    value: Value = variable
    return value


def _is_nested(at: Any) -> bool:
    """Whether results may be differentiated further: a transform encloses this call, or an argument is no plain number."""
    return _enclosing.get() > 0 or any(isinstance(x, Number) for x in flatten(at))


def _gradients(ys: Sequence[Any], variables: Sequence[Any], *, nested: bool) -> list[Any]:
    """The gradient of each of ``ys`` in the shape of its variables; of a single argument, without the tuple."""
    numbers = flatten(variables)
    found = [pull_back(y, numbers, captured=True) for y in ys]
    for root in map(_root, numbers):
        if root.op is None:  # it stood for a plain number, and is one for everybody else
            root.__class__ = Constant
    shapes = [unflatten(variables, iter(_results(each, nested=nested))) for each in found]
    return [gradients[0] if len(variables) == 1 else tuple(gradients) for gradients in shapes]


def _results(found: Sequence[Any], *, nested: bool) -> list[Any]:
    """What the caller gets: numbers that can be differentiated further, and floats where there is nothing to gain from that.

    In a nested call, all can be. In any other, those can that depend on a Dual or on a variable.
    """
    kept = recording.get()
    if nested:
        return [
            y if isinstance(y, Dual) or (isinstance(y, Value) and kept) else Constant(plain(y))
            for y in found
        ]
    values = [y for y in found if isinstance(y, Value)] if kept else []
    depends: set[int] = set()
    for value in topological_order(total(values)) if values else ():
        if _is_variable(value) or any(id(x) in depends for x in value.parents):
            depends.add(id(value))
    return [y if isinstance(y, Dual) or id(y) in depends else plain(y) for y in found]


def _parts(y: Any, level: int) -> tuple[Any, Any]:
    """The primal and the tangent of ``y`` in the pass ``level``; a number that does not depend on it has tangent 0."""
    if isinstance(y, Dual) and y.level == level:
        return y.primal, _finite(y.tangent, y.fault, "derivative")
    _check_scalar(y)
    return y, 0.0


def _check_arguments(at: Sequence[Any]) -> None:
    if not flatten(at):
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
