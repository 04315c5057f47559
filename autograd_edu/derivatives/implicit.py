"""Solutions of equations, with their derivatives by the implicit function theorem.

If f(x, θ) = 0 then ∂x/∂θ = -(∂f/∂x)⁻¹ ∂f/∂θ, however x was found. To get this derivative, record
one step of Newton's method that starts at the solution: x stays the same, and its gradient is the
right one. Each further step doubles the number of derivatives that are right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from ..arguments import positive, whole
from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import ArityError, DomainError
from ..trees import flatten, unflatten
from .signatures import Scalar, Tree
from .transforms import jacobian


@overload
def implicit(f: Callable[..., Scalar], solution: float, *, order: int = 1) -> Scalar: ...
@overload
def implicit(
    f: Callable[..., Tree], solution: Sequence[float], *, order: int = 1
) -> list[Scalar]: ...
def implicit(f: Callable[..., Tree], solution: Tree, *, order: int = 1) -> Tree:
    """The ``solution`` of f(x) = 0 as Values that depend on the Values in ``f``.

    Args:
        f: takes a number or a list, like ``solution``, and returns as many numbers, which are all 0
            at the solution. It refers to the Values that you want to differentiate by.
        solution: where ``f`` is 0, found by any solver.
        order: the highest derivative that you need, such as 2 for a Hessian.

    Raises:
        DomainError: if ∂f/∂x is singular. Then the solution is not a function of those Values.

    >>> from autograd_edu import Value
    >>> a = Value(2.0)
    >>> root = implicit(lambda x: x * x - a, 2.0**0.5)
    >>> root.backward()
    >>> round(a.grad, 6)  # the slope of √a at 2, which is 1/(2√2)
    0.353553
    """
    x: Tree = unflatten(solution, map(plain, flatten(solution)))
    for _ in range(whole(order, "order").bit_length()):
        residuals, rows = flatten(f(x)), [flatten(row) for row in jacobian(f)(x)]
        numbers = flatten(x)
        if len(residuals) != len(numbers):
            raise ArityError(
                f"f must return as many numbers as it takes: {len(numbers)}, not {len(residuals)}"
            )
        steps = _solve(rows, residuals)
        x = unflatten(solution, (a - b for a, b in zip(numbers, steps, strict=True)))
    return x


@overload
def fixed_point(
    g: Callable[..., Scalar], start: float, *, rtol: float = 1e-15, maxiter: int = 1000
) -> Scalar: ...
@overload
def fixed_point(
    g: Callable[..., Tree], start: Sequence[float], *, rtol: float = 1e-15, maxiter: int = 1000
) -> list[Scalar]: ...
def fixed_point(
    g: Callable[..., Tree], start: Tree, *, rtol: float = 1e-15, maxiter: int = 1000
) -> Tree:
    """The x with x = g(x), as Values that depend on the Values in ``g``; see `implicit`.

    It applies ``g`` again and again, beginning at ``start``, until no number changes by more than
    ``rtol`` times the largest.

    Raises:
        DomainError: if that takes more than ``maxiter`` steps.

    >>> from autograd_edu import Value, exp
    >>> a = Value(1.0)
    >>> x = fixed_point(lambda x: exp(-a * x), 0.5)
    >>> round(x.data, 6)
    0.567143
    """
    positive(rtol, "rtol")
    x = list(map(plain, flatten(start)))
    for _ in range(whole(maxiter, "maxiter")):
        before = x
        with no_grad():
            x = list(map(plain, flatten(g(unflatten(start, iter(before))))))
        change = max(abs(a - b) for a, b in zip(x, before, strict=True))
        if change <= rtol * max(map(abs, x)):
            return implicit(lambda x: _subtract(g(x), x), unflatten(start, iter(x)))
    raise DomainError(
        f"x = g(x) did not converge in {maxiter} steps; the last one changed x by {change:.2g}. "
        "Start closer to the solution, or find it by other means and pass it to implicit(f, x)"
    )


def _subtract(a: Tree, b: Tree) -> list[Scalar]:
    return [x - y for x, y in zip(flatten(a), flatten(b), strict=True)]


def _solve(rows: list[list[Scalar]], right: list[Scalar]) -> list[Scalar]:
    """The x with rows · x = right, by Gauss-Jordan elimination with partial pivoting."""
    system = [[*row, y] for row, y in zip(rows, right, strict=True)]
    for i in range(len(system)):
        pivot = max(range(i, len(system)), key=lambda k: abs(plain(system[k][i])))
        system[i], system[pivot] = system[pivot], system[i]
        if plain(system[i][i]) == 0.0:
            raise DomainError(
                "the equations do not determine how the solution changes: ∂f/∂x is singular there"
            )
        system[i] = [x / system[i][i] for x in system[i]]
        for k, row in enumerate(system):
            if k != i:
                system[k] = [x - row[i] * p for x, p in zip(row, system[i], strict=True)]
    return [row[-1] for row in system]
