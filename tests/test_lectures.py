"""The worked numbers of the five lectures, in reverse and in forward mode.

The row numbers are those of the lecture survey. Rational results are compared with exact fractions.
The others must agree with the exact result to a relative 1e-15. Three are badly conditioned and get
2e-15: the loss of I25 after a step, which squares a difference from 2; and in K39 the gradients of
the first hidden unit and of the weights before it, because it sums two terms (-0.61 + 0.69) eight
times larger than the sum.
"""

import math
import re
from fractions import Fraction

import mpmath
import pytest

from autograd_edu import (
    Value,
    cos,
    dot,
    exp,
    grad,
    jacobian,
    jvp,
    log,
    logsumexp,
    relu,
    sigmoid,
    sin,
    steps,
    total,
    value_and_grad,
)


def by_reverse_mode(f, *at):
    return value_and_grad(f)(*at)


def by_backward(f, *at):
    leaves = [Value(x) for x in at]
    y = f(*leaves)
    y.backward()
    gradients = tuple(leaf.grad for leaf in leaves)
    return y.data, gradients[0] if len(at) == 1 else gradients


def by_forward_mode(f, *at):
    runs = [jvp(f, at, [float(i == j) for j in range(len(at))]) for i in range(len(at))]
    gradients = tuple(run[1] for run in runs)
    return runs[0][0], gradients[0] if len(at) == 1 else gradients


MODES = pytest.mark.parametrize(
    "differentiate",
    [by_backward, by_reverse_mode, by_forward_mode],
    ids=["backward", "reverse", "forward"],
)


def close(exact, rel=1e-15):
    return pytest.approx(exact, rel=rel, abs=0.0)


# ---- L15–L18: g = xy + z -------------------------------------------------------------------------


def g(x, y, z):
    return x * y + z


@MODES
def test_l15_g_is_minus_10_with_gradients_minus_4_3_1(differentiate):
    assert differentiate(g, 3, -4, 2) == (-10.0, (-4.0, 3.0, 1.0))


@MODES
def test_l17_one_step_of_a_tenth_lowers_g_by_2_72(differentiate):
    before, slopes = differentiate(g, 3, -4, 2)
    exact = [
        Fraction(x) - Fraction(1, 10) * Fraction(s) for x, s in zip((3, -4, 2), slopes, strict=True)
    ]
    assert exact == [Fraction(34, 10), Fraction(-43, 10), Fraction(19, 10)]
    assert Fraction(-10) - g(*exact) == Fraction(68, 25)
    after = g(*[x - 0.1 * s for x, s in zip((3, -4, 2), slopes, strict=True)])
    assert before - after == pytest.approx(
        2.72, abs=4e-15
    )  # the difference of two numbers near 12, each with its rounding


def test_l15_the_product_inside_is_minus_12():
    x, y, z = Value(3), Value(-4), Value(2)
    f = x * y
    assert (f.data, g(x, y, z).data) == (-12.0, -10.0)


# ---- M14, M16, M18: z = exp(sin(u²)·log(u²)) -----------------------------------------------------


def z_of(u):
    v = u**2
    return exp(sin(v) * log(v))


def exact_m14(u):
    """Every number of both tables at 50 digits, by hand-written formulas, not by rules."""
    with mpmath.workdps(50):
        v = mpmath.mpf(u) ** 2
        w, x = mpmath.sin(v), mpmath.log(v)
        y, z = w * x, mpmath.exp(w * x)
        forward = {"v": 2 * u, "w": mpmath.cos(v) * 2 * u, "x": 2 * u / v}
        forward["y"] = forward["w"] * x + w * forward["x"]
        forward["z"] = z * forward["y"]
        v_bar = z * x * mpmath.cos(v) + z * w / v
        values = {"v": v, "w": w, "x": x, "y": y, "z": z}
        backward = {"y": z, "w": z * x, "x": z * w, "v": v_bar, "u": v_bar * 2 * u}
        return tuple(
            {k: float(number) for k, number in table.items()}
            for table in (values, forward, backward)
        )


@pytest.mark.parametrize("u", [0.5, 1.0, 2.0])
@MODES
def test_m14_value_and_derivative(differentiate, u):
    values, forward, _ = exact_m14(u)
    value, slope = differentiate(z_of, u)
    assert value == close(values["z"])
    assert slope == close(forward["z"])


def test_m14_printed_numbers():
    assert exact_m14(0.5)[1]["z"] == -0.25092163556897229
    assert exact_m14(2.0)[2]["u"] == -1.5345097784098192
    assert exact_m14(1.0)[2]["u"] == close(2 * math.sin(1), 3e-16)


@pytest.mark.parametrize("u", [0.5, 1.0, 2.0])
def test_m18_the_reverse_table(u):
    values, _, backward = exact_m14(u)
    n = {"u": Value(u)}
    n["v"] = n["u"] ** 2
    n["w"], n["x"] = sin(n["v"]), log(n["v"])
    n["y"] = n["w"] * n["x"]
    n["z"] = exp(n["y"])
    n["z"].backward()
    for name, exact in values.items():
        assert n[name].data == close(exact), name
    for name, exact in backward.items():
        assert n[name].grad == close(exact), name


@pytest.mark.parametrize("u", [0.5, 1.0, 2.0])
def test_m16_the_forward_table(u):
    _, forward, _ = exact_m14(u)
    stages = {
        "v": lambda u: u**2, "w": lambda u: sin(u**2), "x": lambda u: log(u**2),
        "y": lambda u: sin(u**2) * log(u**2), "z": z_of,
    }  # fmt: skip
    for name, stage in stages.items():
        assert jvp(stage, (u,), (1.0,))[1] == close(forward[name]), name


def test_m14_the_function_is_even_and_its_derivative_odd():
    assert grad(z_of)(-0.5) == -grad(z_of)(0.5)


# ---- I22, I25: the ReLU network of Imperial ------------------------------------------------------

X = (4.0, -8.0, 4.0)
IMPERIAL = {  # bias first, then a weight for each input
    "a": [1.0, 0.25, 0.75, 0.75], "b": [1.0, 0.5, 0.125, 0.25], "c": [0.5, 0.5, 0.125]
}  # fmt: skip


def imperial(a, b, c, x):
    fa = relu(dot(a[1:], x, a[0]))
    fb = relu(dot(b[1:], x, b[0]))
    return relu(dot(c[1:], [fa, fb], c[0]))


def imperial_loss(a, b, c, x):
    return 0.5 * (imperial(a, b, c, x) - 2.0) ** 2


def test_i22_forward_pass():
    a, b, c = IMPERIAL.values()
    assert (dot(a[1:], X, a[0]), dot(b[1:], X, b[0])) == (-1.0, 3.0)
    assert imperial(a, b, c, X) == 0.875
    assert imperial_loss(a, b, c, X) == 81 / 128


def test_i25_every_gradient_is_exact():
    a, b, c, x = grad(imperial_loss)(*IMPERIAL.values(), X)
    assert c == [-1.125, 0.0, -3.375]
    assert b == [-0.140625, -0.5625, 1.125, -0.5625]
    assert a == [0.0, 0.0, 0.0, 0.0]
    assert x == (-0.0703125, -0.017578125, -0.03515625)


def test_i25_forward_mode_gives_the_same_gradients_exactly():
    numbers = [*IMPERIAL["a"], *IMPERIAL["b"], *IMPERIAL["c"], *X]

    def loss(*p):
        return imperial_loss(p[:4], p[4:8], p[8:11], p[11:])

    assert by_forward_mode(loss, *numbers)[1] == by_reverse_mode(loss, *numbers)[1]


def test_i25_one_step_on_the_weight_from_input_3_to_b():
    b = list(IMPERIAL["b"])
    b[3] -= 0.1 * grad(imperial_loss)(*IMPERIAL.values(), X)[1][3]
    assert b[3] == 0.30625
    assert relu(dot(b[1:], X, b[0])) == close(3.225)
    assert imperial(IMPERIAL["a"], b, IMPERIAL["c"], X) == close(0.903125)
    assert imperial_loss(IMPERIAL["a"], b, IMPERIAL["c"], X) == close(0.6015673828125)


def test_i25_one_step_on_all_parameters_overshoots():
    slopes = grad(imperial_loss)(*IMPERIAL.values(), X)
    a, b, c = (
        [p - 0.1 * s for p, s in zip(row, by, strict=True)]
        for row, by in zip(IMPERIAL.values(), slopes, strict=False)
    )
    assert relu(dot(b[1:], X, b[0])) == close(4.3640625)
    assert (c[2], c[0]) == (close(0.4625), close(0.6125))
    assert imperial(a, b, c, X) == close(2.63087890625)
    assert imperial_loss(a, b, c, X) == close(
        1043354601 / 5242880000, 2e-15
    )  # (h - 2)² with h near 2.6: rounding of h counts 4-fold


# ---- K32: the multivariable chain rule -----------------------------------------------------------


def k32(x, y):
    return y + exp(x * y)


@pytest.mark.parametrize(
    ("t", "f", "f_x", "f_y", "f_t"),
    [
        (0.5, 1.4953238797625697, 0.31133096994064242, 2.0928745207852944, 1.9436145028373329),
        (1.0, 2.7165256995489035, 1.7165256995489035, 1.9274427935481942, 2.4104790162489090),
    ],
)
@MODES
def test_k32_partial_and_total_derivatives(differentiate, t, f, f_x, f_y, f_t):
    value, slopes = differentiate(k32, math.cos(t), t * t)
    assert (value, *slopes) == (close(f), close(f_x), close(f_y))
    value, slope = differentiate(lambda t: k32(cos(t), t**2), t)
    assert (value, slope) == (close(f), close(f_t))


# ---- K26, K30, K35: regularised univariate logistic regression -----------------------------------


@MODES
def test_k30_every_gradient_is_exact(differentiate):
    def loss(w, b, x, t, decay):
        return 0.5 * (sigmoid(w * x + b) - t) ** 2 + decay * (0.5 * w**2)

    value, (w, b, x, t, decay) = differentiate(loss, 0.5, -1.0, 2.0, 1.0, 0.1)
    assert value == close(0.1375)
    assert (w, b, x, t, decay) == (close(-0.2), -0.125, -0.0625, 0.5, 0.125)


def test_k35_the_bars_along_the_graph():
    w, b, x, t, decay = (Value(v) for v in (0.5, -1.0, 2.0, 1.0, 0.1))
    z = w * x + b
    y = sigmoid(z)
    loss = 0.5 * (y - t) ** 2
    penalty = 0.5 * w**2
    (loss + decay * penalty).backward()
    assert (z.data, y.data, loss.data, penalty.data) == (0.0, 0.5, 0.125, 0.125)
    assert (loss.grad, penalty.grad, y.grad, z.grad) == (1.0, 0.1, -0.5, -0.125)


# ---- K31: softmax and cross-entropy --------------------------------------------------------------


@MODES
def test_k31_the_gradient_is_y_minus_t(differentiate):
    def cross_entropy(*z):
        return logsumexp(*z) - z[2]

    value, slopes = differentiate(cross_entropy, 1.0, 2.0, 3.0)
    assert value == pytest.approx(
        0.40760596444438030, abs=4.5e-16
    )  # a difference from 3.4: half a unit in that number's last place
    assert slopes[:2] == (close(0.09003057317038046), close(0.24472847105479765))
    assert slopes[2] == close(-0.33475904422517811)
    assert logsumexp(1000, 1001, 1002) == close(1002.4076059644444)


# ---- K36, K39: a 2-2-2 network -------------------------------------------------------------------

W1, B1, W2, B2 = [[0.1, 0.2], [0.3, -0.4]], [0.05, -0.1], [[0.5, -0.6], [0.7, 0.8]], [0.0, 0.1]
INPUT, TARGET = [1.0, -2.0], [1.0, 0.0]


def hidden(w1, b1):
    return [sigmoid(dot(w, INPUT, b)) for w, b in zip(w1, b1, strict=True)]


def outputs(h, w2, b2):
    return [dot(w, h, b) for w, b in zip(w2, b2, strict=True)]


def squared(y):
    return 0.5 * total([(a - t) ** 2 for a, t in zip(y, TARGET, strict=True)])


def test_k36_forward_pass():
    h = hidden(W1, B1)
    assert h == close([0.4378234991142019, 0.73105857863000488])
    y = outputs(h, W2, B2)
    assert y == close([-0.21972339762090198, 0.99132331228394523])
    assert squared(y) == close(1.2352235380907447)


def test_k39_backward_pass_in_vector_form():
    h = hidden(W1, B1)
    y = outputs(h, W2, B2)
    assert grad(squared)(y) == close([-1.219723397620902, 0.99132331228394523])
    h_bar, w2_bar, b2_bar = grad(lambda h, w2, b2: squared(outputs(h, w2, b2)))(h, W2, B2)
    assert h_bar == [
        close(0.084064619788310672, 2e-15),
        close(1.5248926883996974),
    ]  # -0.6099 + 0.6939 cancels one digit
    assert w2_bar == [
        close([-0.5340235658978463, -0.89168925338649688]),
        close([0.43402464133763758, 0.72471541164108946]),
    ]
    assert b2_bar == close([-1.219723397620902, 0.99132331228394523])
    w1_bar, b1_bar = grad(lambda w1, b1: squared(outputs(hidden(w1, b1), W2, B2)))(W1, B1)
    assert b1_bar == [close(0.020691168082280806, 2e-15), close(0.29981209945206509)]
    assert w1_bar == [
        close([0.020691168082280806, -0.041382336164561612], 2e-15),
        close([0.29981209945206509, -0.59962419890413018]),
    ]


def test_k36_forward_mode_agrees():
    numbers = [*W1[0], *W1[1], *B1]

    def loss(*p):
        return squared(outputs(hidden([p[0:2], p[2:4]], p[4:]), W2, B2))

    assert by_forward_mode(loss, *numbers)[1] == close(by_reverse_mode(loss, *numbers)[1], 2e-15)


def test_k36_the_jacobian_of_the_outputs_is_w2_times_the_slopes_of_the_units():
    rows = jacobian(lambda b1: outputs(hidden(W1, b1), W2, B2))(B1)
    slopes = [h * (1 - h) for h in hidden(W1, B1)]
    assert rows == [close([w * s for w, s in zip(row, slopes, strict=True)], 4e-16) for row in W2]


def test_a_wrong_number_is_seen():
    with pytest.raises(AssertionError):
        assert grad(z_of)(0.5) == close(-0.25092163556897229 * (1 + 3e-15))


def test_m14_the_column_of_local_derivatives_is_not_the_derivative_by_the_input():
    """D25: MLPR heads the column of ∂w/∂v = cos v with "Derivative wrt Input"."""
    u = Value(0.7, "u")
    v = u**2
    w = sin(v)
    v.label, w.label = "v", "w"
    forward = steps(w).text().split("\n\n")[0].splitlines()
    assert re.split(r"  +", forward[1]) == [
        "variable", "value", "local derivative", "forward mode, ∂/∂u", "derivative"
    ]  # fmt: skip
    variable, _, local, mode, derivative = re.split(r"  +", forward[-1])
    assert (variable, local, mode) == ("w = sin(v)", "∂w/∂v = cos(v)", "ẇ = cos(v)·v̇")
    assert float(derivative) == pytest.approx(2 * 0.7 * math.cos(0.49), rel=1e-5)
    assert w.local_grads == pytest.approx((math.cos(0.49),), rel=1e-14)
