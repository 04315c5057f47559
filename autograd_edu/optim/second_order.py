"""Methods that use curvature: Newton's, with the whole Hessian, and L-BFGS, which guesses it from gradients.

They minimise a function of a list of numbers. `of_parameters` makes one of a model's loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..derivatives.transforms import hessian, value_and_grad
from ..engine.modes import no_grad
from ..engine.number import plain
from ..errors import DomainError

Loss = Callable[[list[Any]], Any]


def of_parameters(model: Any, loss: Callable[[], Any]) -> Loss:
    """``loss()``, which calls ``model``, as a function of the list of the model's parameters."""

    def of(values: Sequence[Any]) -> Any:
        with model.with_parameters(list(values)):
            return loss()

    return of


def newton(f: Loss, at: Sequence[float], steps: int = 1) -> list[float]:
    """θ ← θ - H⁻¹g, ``steps`` times: in one step at the minimum of a quadratic.

    KIT prints the Taylor expansion without the ½ on its Hessian term; the minimum of that form is half a Newton step
    away. The Hessian of n parameters takes n backward passes and n² numbers, the solution n³ operations.

    Raises:
        DomainError: where the Hessian is singular.
    """
    import numpy as np

    theta = [float(x) for x in at]
    for _ in range(steps):
        with no_grad():
            _, g = value_and_grad(f)(theta)
            second = np.array(hessian(f)(theta), float).reshape(len(theta), -1)
        try:
            move = np.linalg.solve(second, np.array(g, float))
        except np.linalg.LinAlgError:
            raise DomainError(
                f"newton: the Hessian at {theta[:4]} is singular: there is no single minimum to step to"
            ) from None
        theta = [x - d for x, d in zip(theta, move.tolist(), strict=True)]
    return theta


def lbfgs(f: Loss, at: Sequence[float], steps: int = 100, tolerance: float = 1e-10) -> list[float]:
    """Where SciPy's L-BFGS-B arrives from ``at``, with gradients by backpropagation. It wants the loss of the full batch.

    Raises:
        ImportError: without SciPy (which scikit-learn, the extra `data`, brings along).
    """
    try:
        from scipy.optimize import minimize  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ImportError("lbfgs needs SciPy: pip install 'autograd-edu[data]'") from None

    def fun(theta: Any) -> tuple[float, list[float]]:
        with no_grad():
            y, g = value_and_grad(f)(theta.tolist())
        return plain(y), list(g)

    options = {"maxiter": steps, "ftol": tolerance * 1e-4, "gtol": tolerance}
    return [
        float(x)
        for x in minimize(
            fun, [float(x) for x in at], jac=True, method="L-BFGS-B", options=options
        ).x
    ]
