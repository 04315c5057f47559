"""Functions in, functions out: gradients, Jacobians and Hessians of ordinary Python functions.

None of them touches the `grad` of a Value, so they can be used on shared values and inside one
another. See `pull_back` for the pass itself.

Arguments are numbers, or lists, tuples, dicts and arrays of them, nested as you like. A list
arrives at the function as a list of Values and an array as an array of Values; a gradient has the
shape of its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Literal, NamedTuple, overload

from ..arguments import function, whole
from ..arithmetic.floats import real
from ..engine.modes import recording
from ..engine.number import Number, plain
from ..engine.ops import dot, total
from ..engine.value import Constant, Value, record, topological_order
from ..errors import ArityError, OperandError
from ..trees import flatten, is_array, tree_map, unflatten
from . import dual
from .dual import Dual
from .pull_back import call, finite, is_enclosed, is_variable, pull_back, root
from .signatures import (
    A,
    Function,
    Gradient,
    Partial,
    Places,
    Rows,
    Scalar,
    Second,
    Tree,
    ValueAndGradient,
)  # fmt: skip

_levels = count(1)


@overload
def grad(
    f: Callable[..., tuple[Scalar, A]], argnums: Places = None, *, has_aux: Literal[True]
) -> Callable[..., tuple[Tree, A]]: ...
@overload
def grad(f: Function, argnums: int, *, has_aux: Literal[False] = False) -> Partial: ...
@overload
def grad(
    f: Function, argnums: Sequence[int] | None = None, *, has_aux: Literal[False] = False
) -> Gradient: ...
def grad(
    f: Callable[..., Any], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of ``f``, by one backward pass.

    Args:
        f: returns a single number.
        argnums: the places of the arguments to differentiate by, as in JAX: an int for one of them,
            a sequence for several. All of them by default (in JAX, the first). The others may be
            anything, and reach ``f`` as they are.
        has_aux: ``f`` returns a pair, the number and anything else, and the new function returns
            the gradient and that.

    For one argument the gradient has its shape; for several it is a tuple with one for each. It
    consists of floats. Where it depends on Values, which were given as arguments or which ``f``
    uses from outside, it is a Value that can be differentiated further, unless inside `no_grad`.

    Raises:
        DomainError: where ``f`` or its gradient has no finite value.
        OperandError: if ``f`` does not return a single number.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(lambda x, y: x * y)(3.0, -4.0)
    (-4.0, 3.0)
    >>> grad(lambda x, n: x**n, argnums=0)(2.0, 3)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> w = Value(5.0)
    >>> grad(lambda x: w * x * x)(3.0).backward()
    >>> w.grad
    6.0
    """

    function(f, "grad")

    def differentiated(*at: Any) -> Any:
        _, gradient, aux = _differentiated(f, at, argnums, has_aux)
        return (gradient, aux) if has_aux else gradient

    return differentiated


@overload
def value_and_grad(
    f: Callable[..., tuple[Scalar, A]], argnums: Places = None, *, has_aux: Literal[True]
) -> Callable[..., tuple[tuple[Scalar, A], Tree]]: ...
@overload
def value_and_grad(
    f: Function, argnums: int, *, has_aux: Literal[False] = False
) -> Callable[..., tuple[Scalar, Tree]]: ...
@overload
def value_and_grad(
    f: Function, argnums: Sequence[int] | None = None, *, has_aux: Literal[False] = False
) -> ValueAndGradient: ...
def value_and_grad(
    f: Callable[..., Any], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns ``f(*at)`` and its gradient; see `grad`.

    >>> value_and_grad(lambda x, y: x * y)(3.0, -4.0)
    (-12.0, (-4.0, 3.0))
    >>> value_and_grad(lambda x: (x * x, "a note"), has_aux=True)(3.0)
    ((9.0, 'a note'), 6.0)
    """

    function(f, "value_and_grad")

    def differentiated(*at: Any) -> Any:
        y, gradient, aux = _differentiated(f, at, argnums, has_aux)
        return ((y, aux) if has_aux else y), gradient

    return differentiated


@overload
def jvp(
    f: Callable[..., Scalar], at: float | Sequence[float], tangents: float | Sequence[float]
) -> tuple[float, float]: ...
@overload
def jvp(f: Function, at: Tree, tangents: Tree) -> tuple[Tree, Tree]: ...
def jvp(f: Callable[..., Any], at: Any, tangents: Any) -> tuple[Any, Any]:
    """``f(*at)`` and its derivative in the direction ``tangents``, by one pass of forward mode.

    Args:
        f: returns a number, or several in a list, dict or array; the results have that shape.
        at: a list or tuple with one entry for each argument; anything else is the only argument.
        tangents: in the shape of ``at``.

    >>> jvp(lambda x, y: x * y, (3.0, -4.0), (1.0, 0.0))
    (-12.0, -4.0)
    >>> jvp(lambda x: x**3, 2.0, 1.0)
    (8.0, 12.0)
    """
    function(f, "jvp")
    at, tangents = as_arguments(at, "at"), as_arguments(tangents, "tangents")
    _check_something(at)
    _check_same_shape(at, tangents, "tangents")
    level, nested = next(_levels), _is_nested([at, tangents])
    seeds = (None if dual.is_zero(tangent) else tangent for tangent in flatten(tangents))
    y = call(f, [tree_map(lambda x: Dual(x, next(seeds), level), argument) for argument in at])
    parts = [_parts(v, level) for v in flatten(y)]
    value, derivative = (_results([part[i] for part in parts], nested=nested) for i in (0, 1))
    return unflatten(y, iter(value)), unflatten(y, iter(derivative))


@overload
def vjp(f: Callable[..., Scalar], at: float) -> tuple[float, Callable[[float], float]]: ...
@overload
def vjp(f: Function, at: Tree) -> tuple[Tree, Callable[..., Tree]]: ...
def vjp(f: Callable[..., Any], at: Any) -> tuple[Any, Callable[[Any], Any]]:
    """``f(*at)``, and a function that pulls cotangents of the result back to the arguments.

    Args:
        f: returns a number, or several in a list, dict or array.
        at: a list or tuple with one entry for each argument; anything else is the only argument.

    The function takes cotangents in the shape of the result, and returns their products with the
    Jacobian in the shape that `grad` gives. It can be called any number of times: ``f`` is not
    evaluated again.

    >>> y, pull = vjp(lambda x, y: [x * y, x + y], (3.0, -4.0))
    >>> y, pull([1.0, 0.0]), pull([0.0, 1.0])
    ([-12.0, -1.0], (-4.0, 3.0), (1.0, 1.0))
    """
    function(f, "vjp")
    at = as_arguments(at, "at")
    run = _run(f, at, None, has_aux=False)
    ys = run.numbers()

    def pull(cotangents: Any) -> Any:
        weights = flatten(cotangents)
        if len(weights) != len(ys):
            raise ArityError(
                f"the cotangents must have the shape of the result, which holds {len(ys)} "
                f"number(s); they hold {len(weights)}"
            )
        y = weights[0] * ys[0] if len(ys) == 1 else call(dot, [weights, ys])
        return run.gradients([y])[0]

    return unflatten(run.y, iter(_results(ys, nested=run.nested))), pull


@overload
def jacobian(
    f: Callable[..., tuple[Tree, A]], argnums: Places = None, *, has_aux: Literal[True]
) -> Callable[..., tuple[list[Tree], A]]: ...
@overload
def jacobian(
    f: Function, argnums: int, *, has_aux: Literal[False] = False
) -> Callable[..., list[Tree]]: ...
@overload
def jacobian(
    f: Function, argnums: Sequence[int] | None = None, *, has_aux: Literal[False] = False
) -> Rows: ...
def jacobian(
    f: Callable[..., Any], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of each number that ``f`` returns, as a list of rows.

    Each row takes one backward pass. For ``argnums`` and ``has_aux`` see `grad`.

    >>> jacobian(lambda x, y: [x * y, x + y])(3.0, -4.0)
    [(-4.0, 3.0), (1.0, 1.0)]
    """

    function(f, "jacobian")

    def differentiated(*at: Any) -> Any:
        run = _run(f, at, argnums, has_aux=has_aux)
        rows = run.gradients(run.numbers())
        return (rows, run.auxiliary()) if has_aux else rows

    return differentiated


@overload
def hessian(
    f: Callable[..., tuple[Scalar, A]], argnums: Places = None, *, has_aux: Literal[True]
) -> Callable[..., tuple[Scalar | list[list[Scalar]], A]]: ...
@overload
def hessian(f: Function, argnums: Places = None, *, has_aux: Literal[False] = False) -> Second: ...
def hessian(
    f: Callable[..., Any], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the second derivatives of ``f``.

    They are a list of rows over all numbers of the arguments, in order; for a single number they
    are one number. For ``argnums`` and ``has_aux`` see `grad`.

    >>> hessian(lambda x, y: x * x * y)(3.0, 5.0)
    [[10.0, 6.0], [6.0, 0.0]]
    """

    function(f, "hessian")

    def differentiated(*at: Any) -> Any:
        chosen, _ = _chosen(at, argnums)
        by = [at[i] for i in chosen]
        _check_something(by)
        aux: list[Any] = []

        def of_numbers(*numbers: Any) -> Any:
            y = call(f, _filled(at, chosen, unflatten(by, iter(numbers))))
            y, *aux[:] = _with_aux(y) if has_aux else (y,)
            return y

        numbers, gradient = flatten(by), grad(of_numbers)
        if len(numbers) == 1:
            second = grad(gradient)(*numbers)
            rows = second if by[0] is numbers[0] else [[second]]
        else:
            rows = list(map(list, jacobian(lambda *xs: list(gradient(*xs)))(*numbers)))
        return (rows, _auxiliary(aux[0], nested=_is_nested(by))) if has_aux else rows

    return differentiated


def hvp(f: Function, at: Tree, vector: Tree) -> Any:
    """The Hessian of ``f`` times ``vector``, without forming the Hessian.

    It is the gradient of a directional derivative, in the shape that `grad` gives.

    >>> hvp(lambda x, y: x * x * y, (3.0, 5.0), (1.0, 0.0))
    (10.0, 6.0)
    """
    function(f, "hvp")
    at, vector = as_arguments(at, "at"), as_arguments(vector, "vector")
    _check_same_shape(at, vector, "vector")
    return grad(lambda *xs: jvp(f, xs, vector)[1])(*at)


# ---- one call of a function, to be differentiated ------------------------------------------------


class _Run(NamedTuple):
    """What a function returned, and the variables that stood for the arguments."""

    y: Any
    aux: Any
    variables: list[Any]
    single: bool  # one argument: its gradient comes without a tuple
    nested: bool  # the results may be differentiated further

    def numbers(self) -> list[Scalar]:
        """The numbers that the function returned."""
        ys = flatten(self.y)
        for y in ys:
            _check_scalar(y)
        return ys

    def gradients(self, ys: Sequence[Scalar]) -> list[Any]:
        """The gradient of each of ``ys`` in the shape of the arguments."""
        numbers = flatten(self.variables)
        found = [pull_back(y, numbers, captured=True) for y in ys]
        filled = (iter(_results(each, nested=self.nested)) for each in found)
        shaped = [[unflatten(x, numbers) for x in self.variables] for numbers in filled]
        return [each[0] if self.single else tuple(each) for each in shaped]

    def auxiliary(self) -> Any:
        """What the function returned beside its result."""
        return _auxiliary(self.aux, nested=self.nested)


def _run(f: Function, at: Sequence[Any], argnums: Places, *, has_aux: bool) -> _Run:
    chosen, single = _chosen(at, argnums)
    by = [at[i] for i in chosen]
    _check_something(by)
    variables = [tree_map(_variable, x) for x in by]
    y, aux = call(f, _filled(at, chosen, variables)), None
    for leaf in map(root, flatten(variables)):
        if leaf.op is None:  # it stood for a plain number; from now on it is one
            leaf.__class__ = Constant
    if has_aux:
        y, aux = _with_aux(y)
    return _Run(y, aux, variables, single, _is_nested(by))


def _differentiated(
    f: Function, at: Sequence[Any], argnums: Places, has_aux: bool
) -> tuple[Any, Any, Any]:
    """The value, the gradient and what else ``f`` returned, as the caller gets them."""
    run = _run(f, at, argnums, has_aux=has_aux)
    _check_scalar(run.y)
    (gradient,) = run.gradients([run.y])
    return _results([run.y], nested=run.nested)[0], gradient, run.auxiliary()


def _chosen(at: Sequence[Any], argnums: Places) -> tuple[list[int], bool]:
    """The places of the arguments to differentiate by, and whether their gradient is just one."""
    if argnums is None:
        return list(range(len(at))), len(at) == 1
    given = argnums if isinstance(argnums, (list, tuple)) else (argnums,)
    places = [whole(i, "argnums", low=-len(at)) for i in given]
    if beyond := [i for i in places if i >= len(at)]:
        raise ArityError(
            f"argnums names argument {beyond[0]}, counted from 0, but the function was called with "
            f"{len(at)} argument(s)"
        )
    return [i % len(at) for i in places], given is not argnums


def _filled(at: Sequence[Any], places: Sequence[int], new: Sequence[Any]) -> list[Any]:
    """``at`` with ``new`` at the given places."""
    arguments = list(at)
    for i, x in zip(places, new, strict=True):
        arguments[i] = x
    return arguments


def _with_aux(returned: Any) -> tuple[Any, Any]:
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise OperandError(
            "with has_aux=True the function must return a pair, its result and anything else; "
            f"got {type(returned).__name__}"
        )
    return returned


def _auxiliary(aux: Any, *, nested: bool) -> Any:
    return tree_map(lambda x: _results([x], nested=nested)[0] if isinstance(x, Number) else x, aux)


# ---- arguments and results -----------------------------------------------------------------------


def as_arguments(at: Tree, name: str = "at") -> Sequence[Any]:
    """``at`` as one entry for each argument of a function.

    A list or tuple has them; a number, a dict or an array is the only argument.

    Raises:
        OperandError: if ``at``, which the message calls by ``name``, is none of these.
    """
    if isinstance(at, (list, tuple)):
        return at
    if not isinstance(at, (Number, dict)) and not is_array(at):
        try:
            real(at)
        except OperandError:
            raise OperandError(
                f"`{name}` must be a number, or a list or tuple with one entry for each argument "
                f"of the function; got {type(at).__name__} {at!r}"
            ) from None
    return (at,)


def _variable(x: Any) -> Scalar:
    """A fresh Value for ``x``. If ``x`` is a Value itself, gradients flow on to it."""
    if isinstance(x, Dual):
        return Dual(_variable(x.primal), x.tangent, x.level)
    return total(x) if isinstance(x, Value) and recording.get() else record(plain(x))


def _is_nested(at: Sequence[Any]) -> bool:
    """May results be differentiated further, by a transform around this call or by arguments?"""
    return is_enclosed() or any(isinstance(x, Number) for x in flatten(at))


def _results(found: Sequence[Scalar], *, nested: bool) -> list[Scalar]:
    """What the caller gets: numbers to differentiate further, or floats where that is pointless.

    All of a nested call can be differentiated; otherwise those that depend on a variable or a Dual.
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
        if is_variable(value) or any(id(x) in depends for x in value.parents):
            depends.add(id(value))
    return [y if isinstance(y, Dual) or id(y) in depends else plain(y) for y in found]


def _parts(y: Scalar, level: int) -> tuple[Scalar, Scalar]:
    """The primal and the tangent of ``y`` in the pass ``level``; constants have tangent 0."""
    if isinstance(y, Dual) and y.level == level:
        return y.primal, finite(y.tangent, y.fault, "derivative")
    _check_scalar(y)
    return y, 0.0


def _check_something(at: Sequence[Any]) -> None:
    if not flatten(at):
        raise ArityError(
            "there is nothing to differentiate with respect to; pass at least one number"
        )


def _check_same_shape(at: Sequence[Any], given: Sequence[Any], name: str) -> None:
    wanted, counts = ([len(flatten(x)) for x in each] for each in (at, given))
    if counts != wanted:
        raise ArityError(
            f"`{name}` must have the shape of `at`, whose arguments hold {wanted} numbers; "
            f"those of `{name}` hold {counts}"
        )


def _check_scalar(y: Any) -> None:
    if isinstance(y, (list, tuple, dict)) or is_array(y):
        raise OperandError(
            f"the function must return a single number, not {type(y).__name__}; for several "
            "numbers use jacobian"
        )
    if not isinstance(y, Number):
        real(y)
