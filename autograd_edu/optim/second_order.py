"""Second-order methods: Newton's method uses the whole Hessian, and L-BFGS estimates it.

Both minimise a function of a list of numbers. `of_parameters` turns the loss of a model into one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..arguments import whole
from ..derivatives.transforms import hessian, value_and_grad
from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import DomainError, OperandError
from ..nn.kinds import Nested, Scalar
from ..nn.module import Module
from .base import Array

Function = Callable[[Nested], Scalar]  # of a list of numbers of any kind


def of_parameters(model: Module, loss: Callable[[], Scalar]) -> Function:
    """A function of a list of parameters: ``loss()``, while ``model`` uses these parameters."""

    def of(values: Sequence[Scalar]) -> Scalar:
        with model.with_parameters(list(values)):
            return loss()

    return of


def _check_start(at: Sequence[float]) -> list[float]:
    if not isinstance(at, Iterable):
        raise OperandError(f"the start must be a list of numbers; got {at!r}")
    return [float(x) for x in at]


def newton(f: Function, at: Sequence[float], *, steps: int = 1) -> list[float]:
    """The parameters after ``steps`` steps of Newton's method, θ ← θ - H⁻¹g.

    One step reaches the minimum of a quadratic. KIT prints the Taylor expansion without the ½ of
    its Hessian term, and its minimum is only half a Newton step away. For n parameters, the Hessian
    H takes n backward passes and n² numbers, and solving for the step takes n³ operations.

    Raises:
        DomainError: if the Hessian is singular.

    >>> newton(lambda p: (p[0] - 3.0) ** 2 + 2.0 * p[1] ** 2, [0.0, 1.0])
    [3.0, 0.0]
    """
    import numpy as np

    theta = _check_start(at)
    for _ in range(whole(steps, "the number of steps", low=0)):
        with no_grad():
            _, g = value_and_grad(f)(theta)
            second = np.array(hessian(f)(theta), float).reshape(len(theta), -1)
        try:
            move = np.linalg.solve(second, np.array(g, float))
        except np.linalg.LinAlgError:
            raise DomainError(
                f"newton: the Hessian at {theta[:4]} is singular, so there is no single minimum"
            ) from None
        theta = [x - d for x, d in zip(theta, move.tolist(), strict=True)]
    return theta


def lbfgs(
    f: Function, at: Sequence[float], *, steps: int = 100, gtol: float = 1e-10
) -> list[float]:
    """The minimum that SciPy's L-BFGS-B finds from ``at``, with gradients by backpropagation.

    ``f`` must be the loss of the full batch, because mini-batches mislead it. Source: Liu and
    Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.

    Args:
        steps: the largest number of steps.
        gtol: stop once no component of the gradient is larger than this.

    Raises:
        ImportError: if SciPy is missing; the extra `data` installs it.

    >>> rosenbrock = lambda p: (1.0 - p[0]) ** 2 + 100.0 * (p[1] - p[0] ** 2) ** 2
    >>> [round(x, 4) for x in lbfgs(rosenbrock, [-1.0, 1.0])]
    [1.0, 1.0]
    """
    try:
        from scipy.optimize import minimize  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ImportError("lbfgs needs SciPy: pip install 'autograd-edu[data]'") from None

    def fun(theta: Array) -> tuple[float, list[float]]:
        with no_grad():
            y, g = value_and_grad(f)(theta.tolist())
        return plain(y), list(g)

    start = _check_start(at)
    options = {"maxiter": steps, "ftol": gtol * 1e-4, "gtol": gtol}
    found = minimize(fun, start, jac=True, method="L-BFGS-B", options=options)
    return [float(x) for x in found.x]
