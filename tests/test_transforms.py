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
    vjp,
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


def test_an_array_arrives_as_an_array_and_so_does_its_gradient():
    w = np.array([[1.0, 2.0], [3.0, 4.0]])
    gradient = grad(lambda w: (w[0] ** 2 @ w[1]) + w.sum())(w)
    assert gradient.dtype == float
    assert gradient.tolist() == [[7.0, 17.0], [2.0, 5.0]]
    y, slope = jvp(lambda x: np.sin(x) * w[0], np.array([0.0, math.pi]), np.array([1.0, 1.0]))
    assert y.tolist() == [0.0, 2.0 * math.sin(math.pi)]
    assert slope.tolist() == [1.0, -2.0]


def test_the_gradient_by_an_array_of_values_is_an_array_of_values():
    x = Value(3.0)
    gradient = grad(lambda w: (w**3).sum())(np.array([x, Value(2.0)]))
    gradient[0].backward()
    assert ([g.data for g in gradient], x.grad) == ([27.0, 12.0], 18.0)


def test_a_dict_is_an_argument_and_its_gradient_a_dict():
    at = {"w": [2.0, 3.0], "b": 1.0}
    assert grad(lambda p: dot(p["w"], [4.0, 5.0]) * p["b"])(at) == {"w": [4.0, 5.0], "b": 23.0}


def xyz(x, y, z):
    return x * y + z * x * x


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        pytest.param(0, 16.0, id="one place gives one gradient"),
        pytest.param(-1, 4.0, id="from the end"),
        pytest.param((2, 0), (4.0, 16.0), id="several give a tuple in their order"),
        pytest.param([1], (2.0,), id="a list of one gives a tuple of one"),
    ],
)
def test_argnums_says_which_arguments_to_differentiate_by(argnums, expected):
    assert grad(xyz, argnums)(2.0, 4.0, 3.0) == expected
    assert value_and_grad(xyz, argnums=argnums)(2.0, 4.0, 3.0) == (20.0, expected)
    assert jacobian(xyz, argnums)(2.0, 4.0, 3.0) == [expected]


def test_the_hessian_by_some_arguments():
    assert hessian(xyz, 0)(2.0, 4.0, 3.0) == 6.0
    assert hessian(xyz, (0, 2))(2.0, 4.0, 3.0) == [[6.0, 4.0], [4.0, 0.0]]


def test_arguments_that_are_not_differentiated_may_be_anything():
    def f(x, kind, *, twice):
        return {"sin": sin, "exp": exp}[kind](x * (2 if twice else 1))

    assert grad(lambda x, kind: f(x, kind, twice=True), 0)(0.0, "sin") == 2.0


def test_has_aux_passes_on_what_the_function_returns_beside_its_number():
    def f(x):
        y = x * x
        return y * x, {"square": y, "note": "by hand"}

    aux = {"square": 4.0, "note": "by hand"}
    assert grad(f, has_aux=True)(2.0) == (12.0, aux)
    assert value_and_grad(f, has_aux=True)(2.0) == ((8.0, aux), 12.0)
    assert jacobian(f, has_aux=True)(2.0) == ([12.0], aux)
    assert hessian(f, has_aux=True)(2.0) == (12.0, aux)
    (_, aux), _ = value_and_grad(f, has_aux=True)(Value(2.0))
    assert aux["square"].data == 4.0


def test_vjp_is_the_transposed_jacobian_times_the_cotangents():
    def f(x, y):
        return [x * y, sin(x), 3.0]

    rows, cotangents = jacobian(f)(0.7, -2.0), [0.3, -1.5, 10.0]
    values, pull = vjp(f, (0.7, -2.0))
    expected = [sum(c * row[i] for c, row in zip(cotangents, rows, strict=True)) for i in (0, 1)]
    assert values == [-1.4, math.sin(0.7), 3.0]
    assert pull(cotangents) == pytest.approx(expected, rel=1e-15)
    assert pull([0.0, 1.0, 0.0]) == (math.cos(0.7), 0.0)


def test_vjp_of_a_single_number_is_its_gradient_times_the_cotangent():
    y, pull = vjp(lambda x: x**3, 2.0)
    assert (y, pull(1.0), pull(10.0)) == (8.0, 12.0, 120.0)
    assert grad(lambda x: vjp(lambda z: z**3, x)[1](x))(2.0) == 36.0  # d/dx 3x²·x


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
            "`tangents` must have the shape of `at`",
            id="too many tangents",
        ),
        pytest.param(
            lambda: grad(lambda x: x, 2)(1.0),
            ArityError,
            "argnums names argument 2, counted from 0, but the function was called with 1 argument",
            id="a place beyond the last",
        ),
        pytest.param(
            lambda: grad(lambda x: x, "x")(1.0),
            OperandError,
            "argnums must be a whole number; got str 'x'",
            id="a place by name",
        ),
        pytest.param(
            lambda: grad(lambda x: x, has_aux=True)(1.0),
            OperandError,
            "with has_aux=True the function must return a pair, its result and anything else; got",
            id="no auxiliary data",
        ),
        pytest.param(
            lambda: vjp(lambda x: [x, x], 1.0)[1]([1.0]),
            ArityError,
            "the cotangents must have the shape of the result, which has 2 number(s)",
            id="too few cotangents",
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
            "gradient is inf: sqrt(0.0) has an infinite slope",
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
