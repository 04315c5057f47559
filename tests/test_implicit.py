"""Solutions of equations have derivatives, however they were found."""

import math

import mpmath
import pytest

from autograd_edu import Value, cos, exp, fixed_point, grad, hessian, implicit, jvp
from autograd_edu.errors import ArityError, DomainError, OperandError, TargetError


def lambert(a):
    """The w with w·eʷ = a, its number by mpmath."""
    w = float(mpmath.lambertw(a.data if isinstance(a, Value) else a).real)
    return implicit(lambda x: x * exp(x) - a, w, order=3)


def test_the_derivative_of_a_root_is_that_of_the_root_function():
    a = Value(3.0)
    root = implicit(lambda x: x * x - a, math.sqrt(3.0))
    root.backward()
    assert root.data == pytest.approx(math.sqrt(3.0), rel=1e-15)
    assert a.grad == pytest.approx(0.5 / math.sqrt(3.0), rel=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_derivatives_up_to_the_order_are_right(n):
    f = lambert
    for _ in range(n):
        f = grad(f)
    expected = mpmath.diff(lambda a: mpmath.lambertw(a).real, 1.5, n)
    assert f(1.5) == pytest.approx(float(expected), rel=1e-12)


def test_a_system_of_equations():
    def solution(a, b):
        """x + y = a and x·y = b."""
        x, y = implicit(lambda v: [v[0] + v[1] - a, v[0] * v[1] - b], [3.0, 2.0], order=2)
        return x * 10 + y

    # dx/da = x/(x - y), dy/da = -y/(x - y); dx/db = -1/(x - y) = -dy/db
    assert grad(solution)(5.0, 6.0) == pytest.approx((30.0 - 2.0, -10.0 + 1.0), rel=1e-14)
    x_aa = -2 * 6.0  # of x = (a + √(a² - 4b))/2: -2b/(a² - 4b)^(3/2), and of y the opposite
    assert hessian(solution)(5.0, 6.0)[0][0] == pytest.approx(9 * x_aa, rel=1e-12)


def test_the_fixed_point_of_the_cosine():
    def settled(a):
        return fixed_point(lambda x: cos(a * x), 0.7)

    x = float(mpmath.findroot(lambda t: mpmath.cos(t) - t, 0.7))
    slope = -x * math.sin(x) / (1 + math.sin(x))
    assert settled(1.0) == pytest.approx(x, rel=1e-15)
    assert grad(settled)(1.0) == pytest.approx(slope, rel=1e-13)
    assert jvp(settled, 1.0, 1.0)[1] == pytest.approx(slope, rel=1e-13)


def test_a_fixed_point_of_several_numbers():
    a = Value(0.5)
    x, y = fixed_point(lambda v: [a * v[1] + 1.0, a * v[0]], [0.0, 0.0])
    (x + y).backward()  # x = 1/(1 - a²), y = a·x: together 1/(1 - a)
    assert (x + y).data == pytest.approx(2.0, rel=1e-15)
    assert a.grad == pytest.approx(4.0, rel=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: implicit(lambda x: x * x, 0.0), DomainError, "∂f/∂x is singular"),
        (
            lambda: implicit(lambda x: [x, x], 1.0),
            ArityError,
            "as many numbers as it takes: 1, not 2",
        ),
        (
            lambda: implicit(lambda x: x, 0.0, order=1.5),
            OperandError,
            "order must be a whole number",
        ),
        (
            lambda: fixed_point(lambda x: 2 * x, 1.0, maxiter=9),
            DomainError,
            "did not converge in 9 steps",
        ),
        (lambda: fixed_point(lambda x: x, 1.0, rtol=0), TargetError, "rtol must be finite and pos"),
    ],
    ids=["singular", "two equations", "half an order", "diverges", "no tolerance"],
)
def test_what_has_no_solution_says_so(call, error, message):
    with pytest.raises(error, match=message):
        call()
