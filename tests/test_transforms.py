"""Functions of functions: gradients, Jacobians, Hessians; nested, shared and in threads."""

import math
import threading

import numpy as np
import pytest

import autograd_edu as ae
from autograd_edu import (
    OPS,
    Constant,
    Value,
    dot,
    exp,
    grad,
    hessian,
    hvp,
    ieee,
    jacobian,
    jvp,
    log,
    no_grad,
    numeric_gradient,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    total,
    value_and_grad,
    where,
)
from autograd_edu.errors import ArityError, DomainError, OperandError


def nth(f, n):
    for _ in range(n):
        f = grad(f)
    return f


@pytest.mark.parametrize(
    ("f", "at", "expected"),
    [
        pytest.param(lambda x: x + x, 3.0, 2.0, id="a value used twice counts twice"),
        pytest.param(lambda x: x**3, -2.0, 12.0, id="negative base, constant exponent"),
        pytest.param(relu, 0.0, 0.0, id="relu is flat at its corner"),
        pytest.param(lambda x: 3.0, 1.0, 0.0, id="a plain number does not depend on anything"),
        pytest.param(lambda x: Value(3.0), 1.0, 0.0, id="nor does a value from elsewhere"),
        pytest.param(lambda x: x, 5, 1.0, id="the identity"),
    ],
)
def test_gradient(f, at, expected):
    assert grad(f)(at) == expected
    assert type(grad(f)(at)) is float


@pytest.mark.parametrize(
    ("f", "at", "derivatives"),
    [
        pytest.param(tanh, 0.0, [1.0, 0.0, -2.0, 0.0, 16.0], id="tanh at 0"),
        pytest.param(sigmoid, 0.0, [1 / 4, 0.0, -1 / 8, 0.0, 1 / 4], id="sigmoid at 0"),
        pytest.param(lambda x: x**3, 0.0, [0.0, 0.0, 6.0, 0.0, 0.0], id="x³ at 0"),
        pytest.param(lambda x: x**3, 2.0, [12.0, 12.0, 6.0, 0.0], id="x³ at 2"),
        pytest.param(lambda x: x * x * x, 2.0, [12.0, 12.0, 6.0, 0.0], id="x·x·x at 2"),
        pytest.param(lambda x: 1 / x, 2.0, [-1 / 4, 1 / 4, -3 / 8, 3 / 4], id="1/x at 2"),
        pytest.param(exp, 0.0, [1.0] * 6, id="exp at 0"),
        pytest.param(sin, 0.0, [1.0, 0.0, -1.0, 0.0, 1.0], id="sin at 0"),
        pytest.param(log, 1.0, [1.0, -1.0, 2.0, -6.0, 24.0], id="log at 1"),
        pytest.param(lambda x: x**2.5, 1.0, [2.5, 3.75, 1.875], id="x^2.5 at 1"),
        pytest.param(lambda x: 2**x, 0.0, [math.log(2) ** n for n in (1, 2, 3)], id="2ˣ at 0"),
    ],
)
def test_gradients_of_gradients(f, at, derivatives):
    for n, expected in enumerate(derivatives, 1):
        assert nth(f, n)(at) == pytest.approx(expected, rel=4e-16, abs=0.0), f"derivative {n}"


@pytest.mark.parametrize("op", OPS.values(), ids=OPS.keys())
def test_second_derivatives_of_every_operation_agree_with_differences_of_the_first(op):
    gradient = grad(lambda xs: op.apply(xs))
    rows = hessian(lambda xs: op.apply(xs))(list(op.example))
    for i, row in enumerate(rows):
        numeric = numeric_gradient(lambda xs, i=i: gradient(xs)[i], [list(op.example)])
        assert row == pytest.approx(numeric, rel=1e-9, abs=1e-11)


def test_gradients_come_in_the_shape_of_the_arguments():
    def f(w, b, x):
        return dot(w[0], x) * w[1][0] + b

    assert grad(f)([[1.0, 2.0], (3.0,)], 4.0, (5.0, 6.0)) == (
        [[15.0, 18.0], (17.0,)],
        1.0,
        (3.0, 6.0),
    )


def test_one_argument_gives_one_gradient_and_several_give_a_tuple():
    assert grad(lambda x: x * x)(3.0) == 6.0
    assert grad(lambda xs: xs[0] * xs[1])([3.0, 4.0]) == [4.0, 3.0]
    assert grad(lambda *xs: xs[0] * xs[1])(3.0, 4.0) == (4.0, 3.0)
    assert value_and_grad(lambda x, y: x * y)(3.0, 4.0) == (12.0, (4.0, 3.0))


def test_arrays_are_taken_apart():
    assert grad(lambda w: total(w[0]) * w[1][0])(np.array([[1.0, 2.0], [3.0, 4.0]])) == [
        [3.0, 3.0],
        [3.0, 0.0],
    ]


def test_jacobian_has_a_row_for_each_result():
    assert jacobian(lambda x, y: [x * y, x + y, 5.0])(3.0, -4.0) == [
        (-4.0, 3.0),
        (1.0, 1.0),
        (0.0, 0.0),
    ]
    assert jacobian(lambda xs: [xs[0] * xs[1]])([2.0, 3.0]) == [[3.0, 2.0]]


def test_hessian_of_a_quadratic_form_is_its_symmetric_part_doubled():
    a = [[2.0, 1.0, 0.0], [3.0, -1.0, 5.0], [4.0, 0.0, 7.0]]

    def form(xs):
        return total([xs[i] * a[i][j] * xs[j] for i in range(3) for j in range(3)])

    at, vector = [1.0, -2.0, 0.5], [3.0, 1.0, -1.0]
    expected = [
        [a[i][j] + a[j][i] for j in range(3)] for i in range(3)
    ]  # ∇xᵀAx = (A + Aᵀ)x, not 2Ax
    assert hessian(form)(at) == expected
    assert hvp(form, (at,), (vector,)) == [
        sum(e * v for e, v in zip(row, vector, strict=True)) for row in expected
    ]


def test_newton_finds_a_root_to_the_last_digit():
    def f(x):
        return exp(x) - 2.0

    x = 1.0
    for _ in range(7):
        value, slope = value_and_grad(f)(x)
        x -= value / slope
    assert x == pytest.approx(math.log(2), rel=3e-16)


def test_newtons_step_goes_to_the_minimum_of_a_quadratic_at_once():
    def f(x, y):
        return 0.5 * (x * x + 10 * y * y)

    g, ((a, b), (c, d)) = grad(f)(1.0, 1.0), hessian(f)(1.0, 1.0)
    determinant = a * d - b * c
    assert (1 - (d * g[0] - b * g[1]) / determinant, 1 - (a * g[1] - c * g[0]) / determinant) == (
        0.0,
        0.0,
    )


def test_gradients_flow_to_values_that_the_function_captures_where_calls_are_nested():
    assert grad(lambda w: grad(lambda x: w * x * x)(3.0))(2.0) == 6.0
    w = Value(2.0)
    penalty = grad(lambda x: w * w * x)(Value(3.0))
    penalty.backward()
    assert (penalty.data, w.grad) == (4.0, 4.0)


def test_nothing_that_the_caller_owns_is_touched():
    w = Value(2.0, "w")
    y = w * 3
    y.backward()
    before = (w.grad, y.grad, w.label, y.local_grads)
    assert grad(lambda x: w * x + y)(5.0).data == 2.0
    assert hessian(lambda x: x * x * w)(5.0).data == 4.0
    assert (w.grad, y.grad, w.label, y.local_grads) == before


def test_the_gradient_at_a_value_is_a_value():
    x = Value(2.0)
    slope = grad(lambda x: x**3)(x)
    slope.backward()
    assert (slope.data, x.grad) == (12.0, 12.0)
    assert grad(lambda x: x + 1)(x).tanh().data == math.tanh(1.0)  # even where it is constant


CAPTURED = {
    "grad": lambda f: grad(f)(3.0),
    "value_and_grad": lambda f: value_and_grad(f)(3.0)[1],
    "jvp": lambda f: jvp(f, (3.0,), (1.0,))[1],
    "jacobian": lambda f: jacobian(lambda z: [f(z)])(3.0)[0],
    "several arguments": lambda f: grad(lambda z, u: f(z) * u)(3.0, 1.0)[0],
    "in a list": lambda f: grad(lambda zs: f(zs[0]))([3.0])[0],
}


@pytest.mark.parametrize("inner", CAPTURED.values(), ids=CAPTURED)
def test_a_gradient_depends_on_the_values_that_the_function_uses_from_outside(inner):
    lam = Value(2.0)
    (lam * inner(lambda z: z * z * lam)).backward()  # λ·2zλ
    assert lam.grad == 24.0
    assert grad(lambda x: x * inner(lambda z: z * z * x))(2.0) == 24.0
    assert jvp(lambda x: x * inner(lambda z: z * z * x), (2.0,), (1.0,))[1] == 24.0


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(lambda f: hessian(f)(3.0), id="hessian"),
        pytest.param(lambda f: hvp(f, (3.0,), (1.0,)), id="hvp"),
        pytest.param(lambda f: grad(grad(f))(3.0), id="grad of grad"),
        pytest.param(lambda f: grad(lambda z: jvp(f, (z,), (1.0,))[1])(3.0), id="grad of jvp"),
        pytest.param(lambda f: jvp(grad(f), (3.0,), (1.0,))[1], id="jvp of grad"),
    ],
)
def test_so_do_second_derivatives(second):
    lam = Value(2.0)
    (lam * second(lambda z: z**3 * lam)).backward()  # λ·6zλ
    assert lam.grad == 72.0


def test_what_does_not_depend_on_a_value_from_outside_is_a_float():
    lam = Value(2.0)
    y, slope = value_and_grad(lambda z: z * z + lam)(3.0)
    assert (y.data, slope, type(slope)) == (11.0, 6.0, float)
    assert type(grad(lambda z: z * z * Constant(2.0))(3.0)) is float
    assert type(grad(lambda z: grad(lambda u: u * u * z)(1.0))(3.0)) is float
    assert jvp(lambda z: [z * lam, z], (3.0,), (1.0,))[1][1] == 1.0
    with no_grad():
        assert grad(lambda z: z * z * lam)(3.0) == 12.0


def test_inside_no_grad_gradients_are_right_and_remember_nothing():
    with no_grad():
        assert grad(tanh)(0.0) == 1.0
        assert nth(tanh, 3)(0.0) == -2.0
        value, slope = value_and_grad(lambda x: x**3)(Value(2.0))
    assert (value.data, value.op, slope.data, slope.op) == (8.0, None, 12.0, None)


@pytest.mark.slow
def test_deep_chains_need_no_recursion():
    def chain(x):
        for _ in range(50_000):
            x = x * 1.00001
        return x

    assert grad(chain)(1.0) == pytest.approx(1.00001**50_000, rel=1e-10)
    assert nth(chain, 2)(1.0) == 0.0
    assert jvp(chain, (1.0,), (1.0,))[1] == pytest.approx(1.00001**50_000, rel=1e-10)


@pytest.mark.slow
def test_eight_threads_on_one_shared_graph_get_the_serial_answer_to_the_last_bit():
    shared = [Value(0.1 * i + 0.05) for i in range(20)]
    middle = [sin(a) * b + a for a in shared for b in shared]

    def f(x):
        y = x
        for v in middle:
            y = y * 0.999 + sin(v * x)
        return y

    expected = [grad(f)(0.3 + 0.1 * i).data for i in range(8)]
    got = [[] for _ in range(8)]

    def work(i):
        for _ in range(6):
            got[i].append(grad(f)(0.3 + 0.1 * i).data)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [[e] * 6 for e in expected]
    assert not any(v.has_grad for v in [*shared, *middle])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        pytest.param(
            lambda: grad(lambda x: x)(),
            ArityError,
            "nothing to differentiate with respect to",
            id="no argument",
        ),
        pytest.param(
            lambda: grad(lambda x: x)([]),
            ArityError,
            "nothing to differentiate with respect to",
            id="an empty list",
        ),
        pytest.param(
            lambda: grad(lambda x: [x])(1.0),
            OperandError,
            "must return a single number, not list",
            id="a list returned",
        ),
        pytest.param(
            lambda: grad(lambda x: None)(1.0), OperandError, "not None", id="nothing returned"
        ),
        pytest.param(lambda: grad(lambda x: "a")(1.0), OperandError, "'a'", id="text returned"),
        pytest.param(
            lambda: grad(lambda x: x)("a"), OperandError, "'a', which is text", id="text given"
        ),
        pytest.param(
            lambda: grad(lambda x: x)(1j),
            OperandError,
            "complex numbers are not supported",
            id="a complex number given",
        ),
        pytest.param(
            lambda: jvp(lambda x: x, (1.0,), "1"),
            OperandError,
            "`tangents` must be a number, or a list or tuple with one entry for each argument",
            id="jvp along text",
        ),
        pytest.param(
            lambda: jvp(lambda x: x, (1.0,), (1.0, 2.0)),
            ArityError,
            "`tangents` needs the shape",
            id="too many tangents",
        ),
        pytest.param(
            lambda: jvp(lambda x: None, (1.0,), (1.0,)),
            OperandError,
            "not None",
            id="jvp of nothing",
        ),
        pytest.param(
            lambda: jacobian(lambda x: [x, None])(1.0),
            OperandError,
            "not None",
            id="a row that is nothing",
        ),
        pytest.param(
            lambda: grad(sqrt)(0.0),
            DomainError,
            "gradient is inf: sqrt(0.0) has the local gradient inf",
            id="√ at 0",
        ),
        pytest.param(
            lambda: grad(lambda x: sqrt(x * x))(0.0),
            DomainError,
            "gradient is nan",
            id="inf times 0",
        ),
    ],
)
def test_mistakes_are_explained(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_in_ieee_a_gradient_may_be_infinite():
    with ieee():
        assert grad(sqrt)(0.0) == math.inf


def test_the_branch_not_taken_gets_no_gradient_even_where_it_has_none():
    f = lambda x: where(x > 0, sqrt(x), x * x)  # noqa: E731
    assert [nth(f, n)(0.0) for n in (1, 2)] == [0.0, 2.0]


def test_public_functions_have_examples_that_run():
    for name in ("grad", "jvp", "hessian"):
        assert ">>>" in getattr(ae, name).__doc__


def test_a_single_number_stands_for_the_only_argument():
    assert jvp(lambda x: x * x, 2.0, 1.0) == (4.0, 4.0)
    assert hvp(lambda x: x**3, 2.0, 1.0) == 12.0
