"""Gradients, Jacobians and Hessians of ordinary Python functions.

No transform changes the `grad` of a Value, so transforms can be nested and can use shared values.
`pull_back` has the backward pass that they share.

Arguments are numbers, or lists, tuples, dicts and arrays of numbers, nested as you like. The
function receives Values in the same containers, and a gradient has the shape of its argument.
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
from ..engine.value import Constant, Value, topological_order
from ..errors import ArityError, OperandError
from ..trees import flatten, is_array, tree_map, unflatten
from . import dual
from .dual import Dual
from .pull_back import call, dependents, finite, free_variables, is_enclosed, pull_back, root
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
    f: Callable[..., object], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., object]:
    """A function that returns the gradient of ``f``, computed by one backward pass.

    Args:
        f: returns a single number.
        argnums: the positions of the arguments to differentiate by: an int for one argument, a
            sequence for several. By default all of them (JAX takes the first). The other arguments
            may be anything; ``f`` gets them unchanged.
        has_aux: if True, ``f`` returns a pair, its result and anything else. The new function then
            returns the gradient and that other thing.

    With one argument, the gradient has its shape; with several, it is a tuple with one entry for
    each. Its numbers are floats, unless they depend on Values that are arguments or that ``f`` uses
    from outside. Then they are Values, so that you can differentiate further, except inside
    `no_grad`.

    Raises:
        DomainError: if ``f`` or its gradient has no finite value at the arguments.
        OperandError: if ``f`` does not return a single number.
        ArityError: if ``argnums`` names an argument that the call does not have.

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

    def gradient_of_f(*at: object) -> object:  # what argnums leaves out may be anything
        run, gradient = _differentiate(f, at, argnums, has_aux=has_aux)
        return (gradient, run.auxiliary()) if has_aux else gradient

    return gradient_of_f


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
    f: Callable[..., object], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., object]:
    """A function that returns ``f(*at)`` and its gradient; see `grad`.

    >>> value_and_grad(lambda x, y: x * y)(3.0, -4.0)
    (-12.0, (-4.0, 3.0))
    >>> value_and_grad(lambda x: (x * x, "a note"), has_aux=True)(3.0)
    ((9.0, 'a note'), 6.0)
    """
    function(f, "value_and_grad")

    def value_and_gradient_of_f(*at: object) -> object:  # as in grad
        run, gradient = _differentiate(f, at, argnums, has_aux=has_aux)
        (y,) = _unwrap([_check_scalar(run.y)], nested=run.nested)
        return ((y, run.auxiliary()) if has_aux else y), gradient

    return value_and_gradient_of_f


@overload
def jvp(
    f: Callable[..., Scalar], at: float | Sequence[float], tangents: float | Sequence[float]
) -> tuple[float, float]: ...
@overload
def jvp(f: Function, at: Tree, tangents: Tree) -> tuple[Tree, Tree]: ...
def jvp(f: Function, at: Tree, tangents: Tree) -> tuple[Tree, Tree]:
    """``f(*at)`` and its derivative in the direction ``tangents``, by one forward-mode pass.

    Args:
        f: returns a number, or several in a list, dict or array. Both results have that shape.
        at: a list or tuple with one entry for each argument. Anything else is the only argument.
        tangents: the direction, in the shape of ``at``.

    Raises:
        ArityError: if ``tangents`` have another shape than ``at``.

    >>> jvp(lambda x, y: x * y, (3.0, -4.0), (1.0, 0.0))
    (-12.0, -4.0)
    >>> jvp(lambda x: x**3, 2.0, 1.0)
    (8.0, 12.0)
    """
    function(f, "jvp")
    arguments, direction = as_arguments(at, "at"), as_arguments(tangents, "tangents")
    _check_not_empty(arguments)
    _check_same_shape(arguments, direction, "tangents")
    level, nested = next(_levels), _is_nested([arguments, direction])
    seeds = (None if dual.is_zero(tangent) else tangent for tangent in flatten(direction))
    duals = [tree_map(lambda x: Dual(x, next(seeds), level), argument) for argument in arguments]
    y = call(f, duals)
    parts = [_primal_and_tangent(v, level) for v in flatten(y)]
    value, derivative = (_unwrap([part[i] for part in parts], nested=nested) for i in (0, 1))
    return unflatten(y, iter(value)), unflatten(y, iter(derivative))


@overload
def vjp(f: Callable[..., Scalar], at: float) -> tuple[float, Callable[[float], float]]: ...
@overload
def vjp(f: Function, at: Tree) -> tuple[Tree, Callable[..., Tree]]: ...
def vjp(f: Function, at: Tree) -> tuple[Tree, Callable[..., Tree]]:
    """``f(*at)``, and a function that multiplies the Jacobian from the left by cotangents.

    Args:
        f: returns a number, or several in a list, dict or array.
        at: a list or tuple with one entry for each argument. Anything else is the only argument.

    The returned function takes cotangents in the shape of the result, and returns a gradient in the
    shape that `grad` gives. It can be called any number of times without evaluating ``f`` again.

    Raises:
        ArityError: from the returned function, if the cotangents have another shape.

    >>> y, pull = vjp(lambda x, y: [x * y, x + y], (3.0, -4.0))
    >>> y, pull([1.0, 0.0]), pull([0.0, 1.0])
    ([-12.0, -1.0], (-4.0, 3.0), (1.0, 1.0))
    """
    function(f, "vjp")
    run = _run(f, as_arguments(at, "at"), None, has_aux=False)
    ys = run.numbers()

    def pull(cotangents: Tree) -> Tree:
        weights = flatten(cotangents)
        if len(weights) != len(ys):
            raise ArityError(
                f"the cotangents must have the shape of the result, which has {len(ys)} "
                f"number(s); got {len(weights)}"
            )
        y = weights[0] * ys[0] if len(ys) == 1 else call(dot, [weights, ys])
        return run.gradients([y])[0]

    return unflatten(run.y, iter(_unwrap(ys, nested=run.nested))), pull


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
    f: Callable[..., object], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., object]:
    """A function that returns a list with the gradient of each number that ``f`` returns.

    Each gradient takes one backward pass. For ``argnums`` and ``has_aux`` see `grad`.

    >>> jacobian(lambda x, y: [x * y, x + y])(3.0, -4.0)
    [(-4.0, 3.0), (1.0, 1.0)]
    """
    function(f, "jacobian")

    def jacobian_of_f(*at: object) -> object:  # as in grad
        run = _run(f, at, argnums, has_aux=has_aux)
        rows = run.gradients(run.numbers())
        return (rows, run.auxiliary()) if has_aux else rows

    return jacobian_of_f


@overload
def hessian(
    f: Callable[..., tuple[Scalar, A]], argnums: Places = None, *, has_aux: Literal[True]
) -> Callable[..., tuple[Scalar | list[list[Scalar]], A]]: ...
@overload
def hessian(f: Function, argnums: Places = None, *, has_aux: Literal[False] = False) -> Second: ...
def hessian(
    f: Callable[..., object], argnums: Places = None, *, has_aux: bool = False
) -> Callable[..., object]:
    """A function that returns the matrix of second derivatives of ``f``.

    The matrix is a list of rows, with a row and a column for each number of the arguments, in
    order. If ``f`` takes a single number, the result is a number too. For ``argnums`` and
    ``has_aux`` see `grad`.

    >>> hessian(lambda x, y: x * x * y)(3.0, 5.0)
    [[10.0, 6.0], [6.0, 0.0]]
    """
    function(f, "hessian")

    def hessian_of_f(*at: object) -> object:  # as in grad
        chosen, _ = _positions(at, argnums)
        by = [at[i] for i in chosen]
        _check_not_empty(by)
        aux: object = None

        def on_numbers(*numbers: Scalar) -> Scalar:
            nonlocal aux
            returned = call(f, _fill(at, chosen, unflatten(by, iter(numbers))))
            y, aux = _split(returned, has_aux=has_aux)
            return _check_scalar(y)

        numbers, gradient = flatten(by), grad(on_numbers)
        rows: Tree
        if len(numbers) == 1:
            second = grad(gradient)(*numbers)
            rows = second if by[0] is numbers[0] else [[second]]
        else:
            rows = list(map(list, jacobian(lambda *xs: list(gradient(*xs)))(*numbers)))
        return (rows, _unwrap_aux(aux, nested=_is_nested(by))) if has_aux else rows

    return hessian_of_f


@overload
def hvp(f: Callable[..., Scalar], at: float, vector: float) -> float: ...
@overload
def hvp(f: Function, at: Tree, vector: Tree) -> Tree: ...
def hvp(f: Function, at: Tree, vector: Tree) -> Tree:
    """The Hessian of ``f`` times ``vector``, in the shape that `grad` gives.

    It is computed as the gradient of a directional derivative, without the Hessian itself.

    Raises:
        ArityError: if ``vector`` has another shape than ``at``.

    >>> hvp(lambda x, y: x * x * y, (3.0, 5.0), (1.0, 0.0))
    (10.0, 6.0)
    """
    function(f, "hvp")
    arguments, direction = as_arguments(at, "at"), as_arguments(vector, "vector")
    _check_same_shape(arguments, direction, "vector")
    return grad(lambda *xs: jvp(f, xs, direction)[1])(*arguments)


# ---- one call of the function --------------------------------------------------------------------


class _Run(NamedTuple):
    """What a function returned, and what it was called with."""

    y: Tree
    aux: object
    by: Sequence[object]  # the arguments to differentiate by
    variables: list[Scalar]  # what stood in the place of their numbers
    single: bool  # there is one argument, whose gradient is not put into a tuple
    nested: bool  # the results may be differentiated further

    def numbers(self) -> list[Scalar]:
        """The numbers that the function returned."""
        return list(map(_check_scalar, flatten(self.y)))

    def gradients(self, ys: Sequence[Scalar]) -> list[Tree]:
        """The gradient of each of ``ys`` in the shape of the arguments."""
        found = [pull_back(y, self.variables, captured=True) for y in ys]
        unwrapped = (iter(_unwrap(each, nested=self.nested)) for each in found)
        shaped = [[unflatten(x, each) for x in self.by] for each in unwrapped]
        return [each[0] if self.single else tuple(each) for each in shaped]

    def auxiliary(self) -> object:
        """What the function returned beside its result."""
        return _unwrap_aux(self.aux, nested=self.nested)


def _run(f: Callable[..., object], at: Sequence[object], argnums: Places, *, has_aux: bool) -> _Run:
    """Call ``f`` with fresh variables in place of the arguments to differentiate by."""
    chosen, single = _positions(at, argnums)
    by = [at[i] for i in chosen]
    numbers = flatten(by)
    _check_not_empty(numbers)
    variables = list(map(_variable, numbers))
    new = iter(variables)
    filled = [unflatten(x, new) for x in by]
    returned = call(f, filled if argnums is None else _fill(at, chosen, filled))
    for leaf in map(root, variables):
        if leaf.op is None:  # it was made for a plain number, and later passes treat it as one
            leaf.__class__ = Constant
    y, aux = _split(returned, has_aux=has_aux)
    nested = is_enclosed() or any(isinstance(x, Number) for x in numbers)
    return _Run(y, aux, by, variables, single, nested)


def _differentiate(
    f: Callable[..., object], at: Sequence[object], argnums: Places, *, has_aux: bool
) -> tuple[_Run, Tree]:
    """A call of ``f``, and the gradient that the caller gets."""
    run = _run(f, at, argnums, has_aux=has_aux)
    (gradient,) = run.gradients([_check_scalar(run.y)])
    return run, gradient


def _positions(at: Sequence[object], argnums: Places) -> tuple[list[int], bool]:
    """Which arguments to differentiate by, and whether the gradient is not put into a tuple."""
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


def _fill(at: Sequence[object], places: Sequence[int], new: Sequence[object]) -> list[object]:
    """``at`` with ``new`` at these positions."""
    arguments = list(at)
    for i, x in zip(places, new, strict=True):
        arguments[i] = x
    return arguments


def _split(returned: object, *, has_aux: bool) -> tuple[Any, object]:  # whatever f returned
    """The result, and what comes beside it if ``has_aux``."""
    if not has_aux:
        return returned, None
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise OperandError(
            "with has_aux=True the function must return a pair, its result and anything else; "
            f"got {type(returned).__name__}"
        )
    return returned


def _unwrap_aux(aux: object, *, nested: bool) -> object:  # whatever f returned
    return tree_map(lambda x: _unwrap([x], nested=nested)[0] if isinstance(x, Number) else x, aux)


# ---- arguments and results -----------------------------------------------------------------------


def as_arguments(at: Tree, name: str = "at") -> Sequence[Tree]:
    """The arguments of a function: the entries of a list or tuple, or ``at`` itself.

    Raises:
        OperandError: if ``at`` is not a number, list, tuple, dict or array. The message calls it
            ``name``.
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


def _variable(x: Scalar) -> Scalar:
    """A fresh Value for ``x``. If ``x`` is a Value, gradients flow back to it."""
    if isinstance(x, Dual):
        return Dual(_variable(x.primal), x.tangent, x.level)
    return total(x) if isinstance(x, Value) and recording.get() else Value(plain(x))


def _is_nested(at: Sequence[object]) -> bool:
    """Is the call inside another transform, or are there Values or Duals among its arguments?"""
    return is_enclosed() or any(isinstance(x, Number) for x in flatten(at))


def _unwrap(found: Sequence[Scalar], *, nested: bool) -> list[Scalar]:
    """The numbers that the caller gets: floats, unless they can be differentiated further.

    All numbers of a nested call can be; of other calls, those that depend on a variable or a Dual.
    """
    if not nested and set(map(type, found)) == {float}:
        return list(found)
    kept = recording.get()
    if nested:
        return [
            y if isinstance(y, Dual) or (isinstance(y, Value) and kept) else Constant(plain(y))
            for y in found
        ]
    values = [y for y in found if isinstance(y, Value)] if kept else []
    order = topological_order(total(values)) if values else []
    depends = dependents(order, free_variables(order))
    return [y if isinstance(y, Dual) or id(y) in depends else plain(y) for y in found]


def _primal_and_tangent(y: Scalar, level: int) -> tuple[Scalar, Scalar]:
    """The primal and the tangent of ``y`` in the pass ``level``; a constant has the tangent 0."""
    if isinstance(y, Dual) and y.level == level:
        return y.primal, finite(y.tangent, y.fault, "derivative")
    return _check_scalar(y), 0.0


def _check_not_empty(at: Sequence[object]) -> None:
    if not flatten(at):
        raise ArityError(
            "there is nothing to differentiate with respect to; pass at least one number"
        )


def _check_same_shape(at: Sequence[Tree], given: Sequence[Tree], name: str) -> None:
    wanted, counts = ([len(flatten(x)) for x in each] for each in (at, given))
    if counts != wanted:
        raise ArityError(
            f"`{name}` must have the shape of `at`, whose arguments have {wanted} numbers; "
            f"those of `{name}` have {counts}"
        )


def _check_scalar(y: Tree) -> Scalar:
    """``y``, if it is a single number."""
    if isinstance(y, (list, tuple, dict)) or is_array(y):
        raise OperandError(
            f"the function must return a single number, not {type(y).__name__}; for several "
            "numbers use jacobian"
        )
    return y if isinstance(y, Number) else real(y)
