"""Kinks, limits, inf and nan: what happens at each edge, by default and inside `ieee()`."""

import math
from itertools import product

import pytest

import autograd_edu as ae
from autograd_edu import OPS, Value, ieee, maximum, minimum, relu, sqrt, where
from autograd_edu.errors import DomainError

INF, NAN = math.inf, math.nan

# f, at, value, gradients; the same inside ieee() and outside
KINKS = [
    pytest.param(relu, (0.0,), 0.0, (0.0,), id="relu is flat at its corner"),
    pytest.param(relu, (-0.0,), 0.0, (0.0,), id="relu of minus zero"),
    pytest.param(abs, (0.0,), 0.0, (0.0,), id="|x| has slope 0 at 0"),
    pytest.param(lambda x: maximum(x, 0), (0.0,), 0.0, (0.5,),
                 id="max(x, 0) shares at 0, unlike relu"),
    pytest.param(maximum, (2.0, 2.0), 2.0, (0.5, 0.5), id="max ties share"),
    pytest.param(minimum, (2.0, 2.0, 2.0), 2.0, (1 / 3,) * 3, id="min of three shares in thirds"),
    pytest.param(lambda x: ae.clip(x, 0.0, 1.0), (0.0,), 0.0, (1.0,),
                 id="clip has slope 1 at its lower end"),
    pytest.param(lambda x: ae.clip(x, 0.0, 1.0), (1.0,), 1.0, (1.0,),
                 id="clip has slope 1 at its upper end"),
    pytest.param(lambda x: ae.clip(x, 0.0, 1.0), (2.0,), 1.0, (0.0,), id="clip is flat outside"),
    pytest.param(ae.step, (0.0,), 1.0, (0.0,), id="the step fires at 0"),
    pytest.param(lambda x: ae.step(x, strict=True), (0.0,), 0.0, (0.0,),
                 id="the strict step does not"),
    pytest.param(ae.leaky_relu, (0.0,), 0.0, (0.1,), id="leaky relu has its slope at 0"),
    pytest.param(lambda x: ae.leaky_relu(x, 0.0), (-1.0,), 0.0, (0.0,), id="slope 0 is relu"),
    pytest.param(lambda x: ae.leaky_relu(x, 2.0), (-1.0,), -2.0, (2.0,),
                 id="a slope above 1 is piecewise, not a maximum"),
    pytest.param(ae.elu, (0.0,), 0.0, (1.0,), id="elu, alpha 1"),
    pytest.param(lambda x: ae.elu(x, 2.0), (0.0,), 0.0, (2.0,),
                 id="elu, alpha 2: the limit from the left"),
    pytest.param(lambda x: maximum(0.0, 1.0 - x), (2.0,), 0.0, (0.0,),
                 id="hinge beyond the margin"),
    pytest.param(lambda x: relu(1.0 - x), (1.0,), 0.0, (0.0,), id="hinge at the margin"),
    pytest.param(lambda x: x**2, (0.0,), 0.0, (0.0,), id="x² at 0"),
    pytest.param(lambda x: x**1.0, (0.0,), 0.0, (1.0,), id="x¹ at 0"),
    pytest.param(lambda x: x**0, (0.0,), 1.0, (0.0,), id="x⁰ at 0"),
    pytest.param(ae.pow, (0.0, 0.0), 1.0, (0.0, 0.0), id="0⁰"),
    pytest.param(ae.pow, (0.0, 1.0), 0.0, (1.0, 0.0), id="0¹"),
    pytest.param(ae.pow, (0.0, 2.0), 0.0, (0.0, 0.0), id="0²"),
    pytest.param(lambda x: x**3, (-2.0,), -8.0, (12.0,), id="negative base"),
    pytest.param(lambda x: where(x > 0, sqrt(x), 0.0), (0.0,), 0.0, (0.0,),
                 id="a branch that is not taken gives nothing"),
    pytest.param(lambda x: where(x > 0, lambda: ae.log(x), lambda: 0 * x + 5), (-1.0,), 5.0, (0.0,),
                 id="a function not taken"),
    pytest.param(ae.sigmoid, (1e308,), 1.0, (0.0,), id="sigmoid far out"),
    pytest.param(ae.tanh, (-1e308,), -1.0, (0.0,), id="tanh far out"),
    pytest.param(ae.softplus, (1e308,), 1e308, (1.0,), id="softplus far out"),
    pytest.param(ae.gelu, (1e308,), 1e308, (1.0,), id="gelu far out"),
    pytest.param(ae.logsumexp, (1e308, -1e308), 1e308, (1.0, 0.0), id="logsumexp far out"),
    pytest.param(ae.logsumexp, (1000.0, 1001.0, 1002.0), 1002.4076059644444, None,
                 id="logsumexp near 1000"),
]  # fmt: skip

# f, at: an error by default, with these in ieee()
LIMITS = [
    pytest.param(ae.sqrt, (-1.0,), NAN, (NAN,), id="√-1"),
    pytest.param(ae.log, (-1.0,), NAN, (-1.0,), id="log -1"),
    pytest.param(ae.log, (0.0,), -INF, (INF,), id="log 0"),
    pytest.param(lambda x: 1 / x, (0.0,), INF, (-INF,), id="1/0"),
    pytest.param(lambda x: x / x, (0.0,), NAN, (NAN,), id="0/0"),
    pytest.param(lambda x: x**-1, (0.0,), INF, (-INF,), id="0⁻¹"),
    pytest.param(ae.pow, (0.0, -1.0), INF, (-INF, -INF), id="0⁻¹ of two variables"),
    pytest.param(ae.pow, (-2.0, 0.5), NAN, (NAN, NAN),
                 id="a negative base with a fraction is never complex"),
    pytest.param(ae.exp, (1000.0,), INF, (INF,), id="exp overflows"),
    pytest.param(lambda x: x * 10, (1e308,), INF, (10.0,), id="a product overflows"),
    pytest.param(lambda x: x - x, (INF,), NAN, (0.0,), id="inf - inf"),
    pytest.param(relu, (NAN,), NAN, None, id="nan goes through relu"),
    pytest.param(ae.step, (NAN,), NAN, (0.0,), id="nan is on neither side of a step"),
    pytest.param(ae.OPS["strict_step"], (NAN,), NAN, (0.0,),
                 id="nan is on neither side of a strict step"),
    pytest.param(maximum, (NAN, 1.0), NAN, None, id="nan on the left of max"),
    pytest.param(maximum, (1.0, NAN), NAN, None, id="nan on the right of max"),
    pytest.param(minimum, (1.0, NAN), NAN, None, id="nan in min"),
]  # fmt: skip

# f, at, value: there is a value, and a gradient only in ieee()
SLOPES = [
    pytest.param(ae.sqrt, (0.0,), 0.0, (INF,), id="√0"),
    pytest.param(lambda x: x**0.5, (0.0,), 0.0, (INF,), id="0^½"),
    pytest.param(lambda x: sqrt(x * x), (0.0,), 0.0, (NAN,), id="√(x·x) at 0 is inf·0"),
    pytest.param(ae.asin, (1.0,), math.pi / 2, (INF,), id="asin 1"),
    pytest.param(ae.acos, (-1.0,), math.pi, (-INF,), id="acos -1"),
    pytest.param(
        ae.pow,
        (-2.0, 3.0),
        -8.0,
        (12.0, NAN),
        id="a negative base has no gradient for a variable exponent",
    ),
]


def run(f, at):
    xs = [Value(x) for x in at]
    y = f(*xs)
    y.backward()
    return y.data, tuple(x.grad for x in xs)


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-15)


def check(found, value, gradients):
    assert same(found[0], value), found
    assert gradients is None or all(map(same, found[1], gradients)), found


@pytest.mark.parametrize(("f", "at", "value", "gradients"), KINKS)
def test_kinks_follow_the_documented_convention_in_both_modes(f, at, value, gradients):
    check(run(f, at), value, gradients)
    with ieee():
        check(run(f, at), value, gradients)


@pytest.mark.parametrize(("f", "at", "value", "gradients"), LIMITS)
def test_where_there_is_no_value_there_is_an_error_or_what_ieee_says(f, at, value, gradients):
    with pytest.raises(DomainError):
        run(f, at)
    with ieee():
        check(run(f, at), value, gradients)


@pytest.mark.parametrize(("f", "at", "value", "gradients"), SLOPES)
def test_where_there_is_no_gradient_only_asking_for_it_is_an_error(f, at, value, gradients):
    assert f(*map(Value, at)).data == pytest.approx(value)
    with pytest.raises(DomainError):
        run(f, at)
    with ieee():
        check(run(f, at), value, gradients)


ADVERSARIAL = [
    s * x
    for x in (
        0.0,
        5e-324,
        2.3e-308,
        1e-308,
        1e-20,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        710.0,
        1e16,
        1e154,
        1e308,
        INF,
    )
    for s in (1.0, -1.0)
] + [NAN]


@pytest.mark.parametrize("name", sorted(OPS))
def test_no_operand_brings_out_a_bare_error_or_a_silent_nan(name):
    op = OPS[name]
    count = 2 if op.variadic else len(op.example)
    for xs in product(ADVERSARIAL if count < 3 else ADVERSARIAL[::4], repeat=count):
        values = [Value(x) for x in xs]
        try:
            y = op.apply(values)
        except DomainError as error:
            signs = {"add": "+", "sub": "-", "mul": "*", "neg": "-", "div": "/", "pow": "**"}
            sign = "**2" if name == "square" else signs.get(name, name)
            assert sign in str(error)  # noqa: PT017 - most operands raise nothing
        else:
            assert math.isfinite(y.data)
        with ieee():
            y = op.apply(values)
            assert type(y.data) is float
            assert all(type(g) is float for g in y.local_grads)


def test_every_documented_edge_names_its_operation():
    assert {name for name, op in OPS.items() if op.edges} >= {
        "relu",
        "abs",
        "maximum",
        "minimum",
        "pow",
        "sqrt",
        "step",
        "clip",
        "leaky_relu",
        "elu",
    }
