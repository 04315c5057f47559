"""Forward mode: the same rules, read in the other direction, must give the same derivatives."""

import math

import pytest

from autograd_edu import OPS, Dual, Value, exp, grad, jvp, log, maximum, sin, sqrt, tanh, where
from autograd_edu.errors import ArityError, DomainError, OperandError


@pytest.mark.parametrize("op", OPS.values(), ids=OPS.keys())
def test_forward_mode_and_reverse_mode_read_the_same_rule(op):
    reverse = grad(lambda *xs: op.apply(xs))(*op.example)
    reverse = reverse if isinstance(reverse, tuple) else (reverse,)
    for i in range(len(op.example)):
        direction = [float(j == i) for j in range(len(op.example))]
        value, derivative = jvp(lambda *xs: op.apply(xs), op.example, direction)
        assert value == op.apply(op.example)
        assert derivative == reverse[i]


def test_a_dual_shows_its_two_parts():
    assert repr(Dual(3, 1)) == "Dual(3.0, 1.0)"
    assert (Dual(3.0, 1.0) * 2).tangent == 2.0


def test_a_tangent_in_any_direction_is_the_sum_of_the_partial_derivatives():
    assert jvp(lambda x, y: x * y, (3.0, -4.0), (2.0, 5.0)) == (-12.0, 2.0 * -4.0 + 5.0 * 3.0)


def test_an_operand_without_a_tangent_contributes_nothing_even_where_its_gradient_does_not_exist():
    assert jvp(lambda b: b**3, (-2.0,), (1.0,)) == (-8.0, 12.0)  # (-2)ᵇ has no slope in b
    y, slope = jvp(lambda x: sqrt(Value(0.0)) + x, (1.0,), (1.0,))
    assert (y.data, slope) == (1.0, 1.0)


def test_a_gradient_that_does_not_exist_is_an_error_that_names_the_operation():
    with pytest.raises(DomainError, match=r"derivative is inf: sqrt\(0\.0\) has an infinite slope"):
        jvp(sqrt, (0.0,), (1.0,))
    assert jvp(sqrt, (0.0,), (0.0,)) == (0.0, 0.0)  # in no direction there is nothing to have


def test_the_branch_not_taken_passes_no_tangent():
    assert jvp(lambda x: where(x > 0, x, sqrt(-x)), (0.0,), (0.0,)) == (0.0, 0.0)
    assert jvp(lambda x: where(x >= 0, 3 * x, sqrt(x)), (0.0,), (1.0,)) == (0.0, 3.0)


def test_duals_compare_by_their_data():
    x = Dual(2.0, 1.0)
    assert [x > 1, x >= 2, x < 3, x <= 2.0, x > 2, x < 2] == [True, True, True, True, False, False]
    assert max(x, Dual(1.0)) is x
    with pytest.raises(OperandError, match="neither true nor false"):
        bool(x)


@pytest.mark.parametrize(
    ("f", "at", "expected"),
    [
        pytest.param(
            lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], 3.0, 1.0, id="x·d/dy(x + y) = x"
        ),
        pytest.param(
            lambda x: x * jvp(lambda y: x * y, (1.0,), (1.0,))[1], 3.0, 6.0, id="x·d/dy(x·y) = x²"
        ),
        pytest.param(
            lambda x: jvp(lambda y: x * y * y, (x,), (1.0,))[1],
            3.0,
            12.0,
            id="d/dy x·y² at y = x is 2x²",
        ),
        pytest.param(
            lambda x: jvp(lambda y: jvp(lambda z: x * y * y * z, (y,), (1.0,))[1], (x,), (1.0,))[1],
            5.0,
            20.0,
            id="three deep: 2x²",
        ),
        pytest.param(
            lambda x: jvp(lambda y: x, (1.0,), (1.0,))[1] + x,
            3.0,
            1.0,
            id="the inner one does not depend on its own",
        ),
        pytest.param(lambda x: x * grad(lambda y: x * y)(1.0), 3.0, 6.0, id="reverse inside"),
        pytest.param(
            lambda x: grad(lambda y: x * y * y)(x),
            3.0,
            12.0,
            id="reverse inside, at the outer point",
        ),
    ],
)
@pytest.mark.parametrize("outer", ["forward", "reverse"])
def test_passes_inside_one_another_do_not_mix_their_tangents(f, at, expected, outer):
    assert (jvp(f, (at,), (1.0,))[1] if outer == "forward" else grad(f)(at)) == expected


def derivative(f, mode):
    return grad(f) if mode == "r" else lambda x: jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize(
    "modes", ["ff", "fr", "rf", "rr", "frf", "rfr", "ffr", "rrf", "fff", "rrr", "ffrr"]
)
def test_forward_and_reverse_nest_in_any_order(modes):
    def f(x):
        return exp(sin(x * x) * log(x * x))

    at = 1.5
    nested = f
    for mode in modes:
        nested = derivative(nested, mode)
    reference = f
    for _ in modes:
        reference = derivative(reference, "f")
    assert nested(at) == pytest.approx(reference(at), rel=1e-12)


def test_third_derivatives_of_tanh_at_zero():
    third = derivative(derivative(derivative(tanh, "f"), "f"), "f")
    assert third(0.0) == -2.0


def test_a_tie_shares_the_tangent():
    assert jvp(lambda x: maximum(x, 3 * x), (0.0,), (1.0,)) == (0.0, 2.0)


def test_a_function_of_many_results_has_a_derivative_of_each():
    assert jvp(lambda x: [x * x, (2 * x, 7.0)], (3.0,), (1.0,)) == (
        [9.0, (6.0, 7.0)],
        [6.0, (2.0, 0.0)],
    )


def test_lists_as_arguments_take_lists_as_tangents():
    assert jvp(lambda w, b: w[0] * w[1] + b, ([2.0, 3.0], 1.0), ([1.0, 0.0], 10.0)) == (7.0, 13.0)
    with pytest.raises(ArityError, match=r"shape of `at`, whose arguments have \[2, 1\] numbers"):
        jvp(lambda w, b: b, ([2.0, 3.0], 1.0), ([1.0], [0.0, 1.0]))


def test_tangents_may_be_values_that_are_differentiated_later():
    t = Value(2.0)
    value, d = jvp(lambda x: x * x, (3.0,), (t,))
    d.backward()
    assert (value.data, d.data, t.grad) == (9.0, 12.0, 6.0)


@pytest.mark.slow
def test_a_long_chain_needs_no_recursion():
    x = Dual(1.0, 1.0)
    for _ in range(100_000):
        x = x * 1.00001
    assert math.isclose(x.tangent, x.data, rel_tol=1e-15)
