"""The gradient check beside those of PyTorch, JAX, SciPy and numdifftools.

Run it: python tests/benchmarks/gradient_checks.py [COUNT] (it needs the extra `bench`). The cases
are those of the campaign `check`. Every package gets the same values of the same functions, and the
same right and wrong gradients, and runs with its defaults. PyTorch and JAX give a verdict
themselves. SciPy and numdifftools give a derivative and its error: a gradient passes if it differs
by at most that error plus a millionth, and fails beyond ten times as much. In between, or where the
package reports no success, the verdict is "unsure".
"""

import math
import random
import sys
import warnings
from collections import Counter
from pathlib import Path

import jax
import numdifftools
import numpy as np
import torch
from jax.test_util import check_vjp
from scipy.differentiate import derivative

from autograd_edu import Value, check_gradient, grad, no_grad

jax.config.update("jax_enable_x64", True)


def ours(f, case, _gradient):
    """check_gradient."""
    return check_gradient(f, case.at).rows[case.i].verdict


def pytorch(f, case, gradient):
    """torch.autograd.gradcheck."""
    section = along(f, case)

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.tensor(section(x.item()), dtype=torch.float64)

        @staticmethod
        def backward(ctx, upstream):
            return upstream * gradient

    x = torch.tensor(case.at[case.i], dtype=torch.float64, requires_grad=True)
    passed = torch.autograd.gradcheck(Planted.apply, (x,), raise_exception=False)
    return "pass" if passed else "fail"


def jax_check(f, case, gradient):
    """jax.test_util: what check_grads does in reverse mode."""
    section = along(f, case)

    def value(x):
        return np.float64(section(float(x)))

    def vjp(x):
        return value(x), lambda upstream: (np.float64(float(upstream) * gradient),)

    try:
        check_vjp(value, vjp, (np.float64(case.at[case.i]),))
    except AssertionError:
        return "fail"
    return "pass"


def scipy_derivative(f, case, gradient):
    """scipy.differentiate.derivative."""
    found = derivative(np.vectorize(along(f, case), otypes=[float]), case.at[case.i])
    if not found.success:
        return "unsure"
    return compared(gradient, float(found.df), float(found.error))


def numdifftools_derivative(f, case, gradient):
    """numdifftools.Derivative."""
    section = np.vectorize(along(f, case), otypes=[float])
    found = numdifftools.Derivative(section, full_output=True)(case.at[case.i])
    return compared(gradient, float(found.estimate), float(found.error_estimate))


def along(f, case):
    """``f`` as a function of the one number that is looked at."""

    def section(x):
        at = [Value(float(x)) if j == case.i else Value(v) for j, v in enumerate(case.at)]
        with no_grad():
            return f(*at).data

    return section


def compared(gradient, value, error):
    """The verdict by a numeric derivative and its error."""
    if not math.isfinite(value) or not math.isfinite(error):
        return "unsure"
    allowed = error + 1e-6 * max(abs(gradient), abs(value))
    difference = abs(gradient - value)
    return "pass" if difference <= allowed else "fail" if difference > 10.0 * allowed else "unsure"


CHECKS = {
    "autograd_edu": ours,
    "torch.autograd.gradcheck": pytorch,
    "jax.test_util.check_grads": jax_check,
    "scipy.differentiate": scipy_derivative,
    "numdifftools": numdifftools_derivative,
}


def verdict(check, f, case, gradient):
    """What ``check`` says; "error" where it raises."""
    try:
        return check(f, case, gradient)
    except Exception:  # of a function that refuses a step; each package meets it in its own way
        return "error"


def gradient_of(f, case):
    """The gradient by backpropagation."""
    found = grad(f)(*case.at)
    return found[case.i] if len(case.at) > 1 else found


def main(count, seed=2025):
    """Print one table of the verdicts on ``count`` right gradients and their wrong twins."""
    warnings.simplefilter("ignore")
    sys.path[:0] = [str(Path(__file__).parents[level]) for level in (2, 1)]
    from tests.campaign.check import shapes, trees

    tables = {name: Counter() for name in CHECKS}
    resolvable = 0
    for k in range(count):
        rng = random.Random(f"{seed} {k}")
        case = (shapes if k % 2 else trees)(rng)
        resolvable += case.resolvable
        kind = "resolvable" if case.resolvable else "not resolvable"
        for side, f in (("right", case.right), ("wrong", case.wrong)):
            gradient = gradient_of(f, case)
            for name, check in CHECKS.items():
                tables[name][kind, side, verdict(check, f, case, gradient)] += 1
    columns = [
        (s, v)
        for s, v in (("right", "pass"), ("right", "fail"), ("wrong", "fail"), ("wrong", "pass"))
    ]
    print(f"{count} right gradients and {count} wrong ones; resolvable: {resolvable} of each")
    print(
        "resolvable".ljust(28)
        + "".join(f"{side} {v}".rjust(12) for side, v in columns)
        + "undecided".rjust(12)
    )
    for name, table in tables.items():
        cells = [table["resolvable", side, v] for side, v in columns]
        cells.append(2 * resolvable - sum(cells))
        print(name.ljust(28) + "".join(str(cell).rjust(12) for cell in cells))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
