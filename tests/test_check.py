"""Numeric gradients, and the gradient check: what it must accept, what it must reject, and what it
must leave open.
"""

import math
import random

import mpmath
import numpy as np
import pytest
from rules import replaced

from autograd_edu import (
    OPS,
    Value,
    check_gradient,
    clip,
    cos,
    dot,
    erfc,
    exp,
    grad,
    ieee,
    log,
    maximum,
    no_grad,
    numeric_gradient,
    operation,
    relu,
    sigmoid,
    sin,
    sqrt,
    square,
    tanh,
    total,
    where,
)
from autograd_edu.errors import (
    ArityError,
    DomainError,
    OperandError,
    OptionError,
    ShapeError,
    TargetError,
)


def lecture(u):
    """M14: exp(sin(u²)·log(u²))."""
    v = u * u
    return exp(sin(v) * log(v))


def exact_lecture(u):
    with mpmath.workdps(50):
        return float(
            mpmath.diff(lambda t: mpmath.exp(mpmath.sin(t * t) * mpmath.log(t * t)), mpmath.mpf(u))
        )


# ---- numeric gradients ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "error"),
    [("forward", 2e-7), ("central", 2e-9), ("extrapolated", 1e-12), ("complex", 2e-15)],
    ids=lambda x: str(x),
)
def test_each_method_is_as_accurate_as_it_says(method, error):
    for u in (0.5, 1.3, 2.0):
        (found,) = numeric_gradient(lecture, [u], method=method)
        assert found == pytest.approx(exact_lecture(u), rel=error, abs=0.0)


def counted(f):
    def counting(*at):
        counting.calls += 1
        return f(*at)

    counting.calls = 0
    return counting


@pytest.mark.parametrize(("method", "calls"), [("forward", 8), ("central", 14), ("complex", 7)])
def test_the_lectures_forward_difference_takes_one_evaluation_more_than_there_are_inputs(
    method, calls
):
    f = counted(lambda *xs: total([x * x for x in xs]))
    numeric_gradient(f, [0.1 * i for i in range(7)], method=method)
    assert f.calls == calls


def test_the_step_can_be_given():
    assert numeric_gradient(square, [1.0], method="forward", step=0.5) == [2.5]  # (1.5² - 1)/0.5
    assert numeric_gradient(lambda x: x**3, [1.0], method="central", step=0.5) == [3.25]  # 3 + h²
    assert numeric_gradient(lambda x: x**3, [1.0], step=0.5) == pytest.approx([3.0], rel=1e-12)


@pytest.mark.parametrize(
    "op",
    [op for name, op in OPS.items() if name not in ("erf", "erfc", "gelu")],
    ids=lambda op: op.name,
)
def test_the_complex_step_goes_through_every_operation_that_has_a_complex_version(op):
    analytic = grad(lambda xs: op.apply(xs))(list(op.example))
    assert numeric_gradient(
        lambda xs: op.apply(xs), [list(op.example)], method="complex"
    ) == pytest.approx(analytic, rel=2e-15, abs=1e-300)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        pytest.param(
            lambda: numeric_gradient(erfc, [0.5], method="complex"),
            DomainError,
            "cannot go through erfc",
            id="erfc",
        ),
        pytest.param(
            lambda: numeric_gradient(log, [-1.0]),
            DomainError,
            "log(-1",
            id="undefined at the point",
        ),
        pytest.param(
            lambda: numeric_gradient(log, [1.0], method="forward", step=0.0),
            TargetError,
            "the step must be finite and positive; got 0.0",
            id="no step",
        ),
        pytest.param(
            lambda: numeric_gradient(log, [1.0], method="central", step=2.0),
            DomainError,
            "log(-1",
            id="a step too far",
        ),
        pytest.param(
            lambda: numeric_gradient(log, [1.0], method="magic"),
            OptionError,
            "unknown method 'magic'; choose from 'forward', 'central', 'extrapolated', 'complex'",
            id="no such method",
        ),
        pytest.param(
            lambda: numeric_gradient(log, "1.0"),
            OperandError,
            "`at` must be a number, or a list or tuple with one entry for each argument",
            id="text",
        ),
        pytest.param(
            lambda: check_gradient(log, 1.0, sample=0),
            ShapeError,
            "sample must be at least 1; got 0",
            id="nothing to check",
        ),
        pytest.param(
            lambda: numeric_gradient(log, []), OperandError, "contains no number", id="nothing"
        ),
        pytest.param(
            lambda: numeric_gradient(3.0, 1.0),
            OperandError,
            "numeric_gradient needs a function, such as lambda x: x * x; got float 3.0",
            id="no function for numeric_gradient",
        ),
        pytest.param(
            lambda: check_gradient(3.0, 1.0),
            OperandError,
            "check_gradient needs a function, such as lambda x: x * x; got float 3.0",
            id="no function for check_gradient",
        ),
        pytest.param(
            lambda: numeric_gradient(lambda x: [x], [1.0]),
            OperandError,
            "several numbers",
            id="a list returned",
        ),
        pytest.param(
            lambda: check_gradient(log, [-1.0]),
            DomainError,
            "log(-1",
            id="check where f is undefined",
        ),
        pytest.param(
            lambda: check_gradient(sqrt, [0.0]),
            DomainError,
            "sqrt(0.0) has an infinite slope",
            id="no gradient",
        ),
        pytest.param(
            lambda: check_gradient(lambda x, y: x, [1.0, 2.0], names=["a"]),
            ArityError,
            "`names` must have one name for each of the 2 inputs; got 1",
            id="too few names",
        ),
    ],
)
def test_mistakes_are_explained(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


# ---- what the check must accept ------------------------------------------------------------------

SMOOTH = [
    (lambda x: x * x, lambda x: 2 * x),
    (lambda x: exp(x), lambda x: math.exp(x)),
    (lambda x: sin(3 * x) + x, lambda x: 3 * math.cos(3 * x) + 1),
    (lambda x: tanh(x) * x, lambda x: math.tanh(x) + x / math.cosh(x) ** 2),
    (lambda x: log(1 + x * x), lambda x: 2 * x / (1 + x * x)),
    (lambda x: sigmoid(2 * x), lambda x: 2 * math.exp(-2 * x) / (1 + math.exp(-2 * x)) ** 2),
    (
        lambda x: sqrt(2 + x) * cos(x),
        lambda x: math.cos(x) / (2 * math.sqrt(2 + x)) - math.sqrt(2 + x) * math.sin(x),
    ),
    (lambda x: 1 / (2.5 + x), lambda x: -1 / (2.5 + x) ** 2),
]


@pytest.mark.random
def test_none_of_thousands_of_right_gradients_fails(long):
    """10,000 with --long, of which 2,000 run always."""
    rng, rounds = random.Random(1), 625 if long else 125
    verdicts = {"pass": 0, "unsure": 0, "fail": 0}
    for _ in range(rounds):
        parts = [
            (rng.choice(SMOOTH)[0], rng.choice([1.0, -3.0, 1e-3, 1e-6, 1e-12, 1e6]))
            for _ in range(16)
        ]
        at = [rng.uniform(-1.9, 1.9) for _ in parts]
        scale = rng.choice([1.0, 1e-8, 1e8])
        for (f, factor), x in zip(parts, at, strict=True):
            report = check_gradient(lambda x, f=f, c=factor * scale: c * f(x), [x])
            verdicts[report.rows[0].verdict] += 1
    control = check_gradient(
        lambda x: replaced(OPS["exp"], local_gradients=lambda xp, y, x: (1.001 * y,))(x), [0.3]
    )
    assert not control, "the negative control must fail, or this test shows nothing"
    assert sum(verdicts.values()) == 16 * rounds
    assert verdicts["fail"] == 0
    assert verdicts["pass"] >= 0.999 * 16 * rounds


def test_right_gradients_of_functions_of_several_inputs_pass():
    def f(w, x, b):
        return tanh(dot(w, x, b)) + maximum(*w) * where(b > 0, b, x[0])

    report = check_gradient(f, [[0.3, -0.2], [1.5, 0.7], 0.1])
    assert report
    assert [row.name for row in report.rows] == ["w[0]", "w[1]", "x[0]", "x[1]", "b"]


@pytest.mark.parametrize(
    ("f", "at"),
    [
        pytest.param(lambda x: 3.0, 1.0, id="a constant"),
        pytest.param(lambda x: 0 * x, 1.0, id="a product with 0"),
        pytest.param(lambda x: x**3, 0.0, id="x³ at 0"),
        pytest.param(lambda x: (x - 2) ** 2, 2.0, id="a minimum"),
        pytest.param(lambda x: 1e300 * exp(x), 1.0, id="a huge slope"),
        pytest.param(log, 1e-300, id="next to the end of the domain"),
        pytest.param(lambda x: sin(1000 * x), 1.0, id="a fast oscillation"),
        pytest.param(sigmoid, -700.0, id="a slope of 1e-304"),
        pytest.param(lambda x: square(x), 1e8, id="far out"),
        pytest.param(grad(tanh), 0.3, id="a gradient"),
    ],
)
def test_right_gradients_pass_at_every_scale(f, at):
    assert check_gradient(f, [at])


def test_inside_no_grad_the_check_is_the_same():
    with no_grad():
        assert check_gradient(tanh, [0.3])


# ---- what it must reject -------------------------------------------------------------------------


def planted(f, slope):
    """An operation that computes ``f`` and claims the derivative ``slope``."""
    return replaced(
        OPS["exp"],
        name="planted",
        value=lambda xp, x: f(x),
        local_gradients=lambda xp, y, x: (slope(x),),
    )


@pytest.mark.random
def test_every_one_of_a_thousand_planted_wrong_gradients_fails():
    rng = random.Random(2)
    errors = [
        lambda g: -g, lambda g: 2 * g, lambda g: 0.5 * g, lambda g: 0.0 * g, lambda g: 1.1 * g,
        lambda g: 1.01 * g,
        lambda g: (1 + 1e-3) * g, lambda g: (1 - 1e-4) * g, lambda g: (1 + 1e-5) * g,
        lambda g: (1 + 1e-6) * g,
    ]  # fmt: skip
    missed, wrong = [], 0
    for k in range(1300):
        f, slope = rng.choice(SMOOTH)
        scale, x, spoil = (
            10.0 ** -rng.choice([0, 3, 6, 9, 12]),
            rng.uniform(-1.9, 1.9),
            errors[k % len(errors)],
        )
        if abs(slope(x)) < 0.05:
            # next to a zero of the slope, a relative error means less than the rounding of f
            continue
        wrong += 1
        op = planted(
            lambda x, f=f, s=scale: s * f(x),
            lambda x, slope=slope, s=scale, spoil=spoil: spoil(s * slope(x)),
        )
        report = check_gradient(lambda x, op=op: op(x), [x])
        if report.rows[0].verdict != "fail" or "planted" not in str(report):
            missed.append(str(report))
        right = planted(
            lambda x, f=f, s=scale: s * f(x), lambda x, slope=slope, s=scale: s * slope(x)
        )
        assert check_gradient(lambda x, op=right: op(x), [x]), "the positive control must pass"
    assert wrong >= 1000
    assert missed == []


def test_a_wrong_rule_is_rejected_by_name():
    right = OPS["tanh"].local_gradients
    wrong = replaced(
        OPS["tanh"], local_gradients=lambda xp, y, x: (1.001 * right(xp, y, [x])[0],)
    )  # 0.1 % off
    report = check_gradient(lambda x: sin(wrong(x * x)) * x, [0.3])
    assert not report
    assert "wrong rule: tanh: " in str(report)
    assert len(report.suspects) == 1


@pytest.mark.parametrize(
    ("name", "slopes"),
    [
        pytest.param("mul", lambda xp, y, a, b: (a, b), id="swapped factors"),
        pytest.param("sub", lambda xp, y, a, b: (1.0, 1.0), id="a lost sign"),
        pytest.param("div", lambda xp, y, a, b: (1.0 / b, 0.0), id="a missing term"),
        pytest.param("pow", lambda xp, y, a, b: (b * a**b, y), id="a wrong exponent"),
    ],
)
def test_wrong_rules_of_two_operands_are_rejected_by_name(name, slopes):
    wrong = replaced(OPS[name], local_gradients=slopes)
    report = check_gradient(lambda a, b: wrong(a, b), [1.7, 2.3])
    assert not report
    assert f"wrong rule: {name}: " in str(report)


def test_a_gradient_that_is_wrong_altogether_at_the_scale_of_a_millionth_fails():
    """torch.autograd.gradcheck and jax.test_util.check_grads both pass this one: their absolute
    tolerance is larger.
    """
    wrong = replaced(
        OPS["square"],
        value=lambda xp, x: 1e-6 * x * x,
        local_gradients=lambda xp, y, x: (4e-6 * x,),
    )
    assert [row.verdict for row in check_gradient(lambda x: wrong(x), [1.5]).rows] == ["fail"]


def test_nan_does_not_slip_through():
    wrong = replaced(OPS["tanh"], local_gradients=lambda xp, y, x: (math.nan,))
    with pytest.raises(DomainError, match=r"gradient is nan: tanh.* has no slope"):
        check_gradient(lambda x: wrong(x), [0.3])
    with ieee():
        report = check_gradient(lambda x: wrong(x), [0.3])
    assert [row.verdict for row in report.rows] == ["fail"]
    assert "wrong rule: tanh" in str(report)


# ---- what it must leave open ---------------------------------------------------------------------


@pytest.mark.parametrize(("shift", "verdict"), [("0.0", "pass"), ("1e-11", "fail")])
def test_an_operation_of_ones_own_passes_at_its_flat_point_if_its_slope_is_0(shift, verdict):
    @operation(
        formula="bell(x)",
        local_gradients=(f"(1 - x * x) / (1 + x * x) ** 2 + {shift}",),
        example=(0.5,),
    )
    def bell(xp, x):
        """x / (1 + x²), which is flat at 1."""
        return x / (1.0 + x * x)

    try:
        (row,) = check_gradient(bell, (1.0,)).rows
        assert (row.analytic, row.verdict) == (float(shift), verdict)
    finally:
        del OPS["bell"]


@pytest.mark.parametrize(
    ("f", "at"),
    [
        pytest.param(sigmoid, 40.0, id="a slope of 4e-18 of a function that rounds to 1"),
        pytest.param(
            lambda x: 1 + 1e-14 * sin(x), 1.0, id="a slope below the rounding of the value"
        ),
        pytest.param(lambda x: x**1.5, 0.0, id="the end of the domain"),
    ],
)
def test_what_the_numeric_side_cannot_resolve_is_unsure_and_says_why(f, at):
    report = check_gradient(f, [at])
    assert [row.verdict for row in report.rows] == ["unsure"]
    assert not report
    assert report.rows[0].note in str(report)
    assert report.rows[0].note


def test_noise_is_not_taken_for_a_wrong_rule():
    rng = random.Random(5)
    noisy = replaced(OPS["exp"], value=lambda xp, x: xp.exp(x) * (1 + 1e-9 * rng.random()))
    verdicts = {check_gradient(lambda x: noisy(x), [0.5]).rows[0].verdict for _ in range(50)}
    assert "fail" not in verdicts


# ---- what the values cannot show -----------------------------------------------------------------


@pytest.mark.parametrize("x", [-20.0, -30.0, -300.0])
def test_a_right_gradient_that_rounding_hides_is_unsure(x):
    """tanh(x) is -1 to the last digit; its slope is not 0."""
    w = Value(x)
    for report in (
        check_gradient(lambda x: tanh(x) + 1.0, [x]),
        check_gradient(lambda: tanh(w) + 1.0, [w]),
    ):
        assert [row.verdict for row in report.rows] == ["unsure"]


def test_a_right_gradient_that_the_values_deny_is_unsure_if_the_complex_step_confirms_it():
    """At x = 1233 the sine has a period of 8e-10 and the rounding of x⁴ moves it by 4e-4."""
    f = lambda x: sin(x**4)  # noqa: E731
    (row,) = check_gradient(f, [1233.3]).rows
    assert row.verdict == "unsure"
    assert row.note.endswith("the complex step gives the same gradient")
    wrong = replaced(OPS["sin"], local_gradients=lambda xp, y, x: (2.0 * xp.cos(x),))
    assert check_gradient(lambda x: wrong(x**4), [1233.3]).rows[0].verdict == "fail"


@pytest.mark.parametrize(
    ("f", "x"),
    [(lambda x: math.sin(28.4 * x), -1.6), (lambda x: 1.3e-4 * math.log(x), 7.1e-8)],
    ids=["steps far wider than the waves", "steps far narrower than the noise"],
)
@pytest.mark.parametrize("seed", range(4))
def test_noise_does_not_make_a_wrong_gradient_of_zero_pass(f, x, seed):
    """Slopes between noisy values are so steep that any other slope looks like 0."""
    size = 1e6 if x < 0.0 else 132.0

    def noisy(x):
        noise = 1.0 + 6e-7 * random.Random(f"{seed} {x.data!r}").uniform(-1.0, 1.0)
        return 0.0 * x + noise * (size + f(x.data))

    assert check_gradient(noisy, [x]).rows[0].verdict != "pass"


# ---- kinks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "at", "left", "right"),
    [
        pytest.param(relu, 0.0, 0, 1, id="relu"),
        pytest.param(abs, 0.0, -1, 1, id="abs, whose central difference is right by luck"),
        pytest.param(lambda x: maximum(x, 2 * x), 0.0, 1, 2, id="a tie"),
        pytest.param(lambda x: clip(x, 0, 1), 1.0, 1, 0, id="clip"),
        pytest.param(lambda x: abs(sin(x)), 0.0, -1, 1, id="a kink of something curved"),
    ],
)
def test_at_a_kink_any_slope_between_the_one_sided_ones_passes_and_the_report_says_so(
    f, at, left, right
):
    report = check_gradient(f, [at])
    assert report
    assert f"kink: the slope is {left} on the left, {right} on the right" in str(report)


def test_at_a_kink_a_slope_outside_fails():
    wrong = replaced(OPS["relu"], local_gradients=lambda xp, y, x: (-0.5,))
    report = check_gradient(lambda x: wrong(x), [0.0])
    assert [row.verdict for row in report.rows] == ["fail"]
    assert "-0.5 is not between" in str(report)


def test_a_corner_beside_the_point_does_not_excuse_a_gradient_that_the_complex_step_denies():
    """The values are too coarse to show that the corner is not at the point itself."""
    double = replaced(
        OPS["neg"], value=lambda xp, x: 1.0 * x, local_gradients=lambda xp, y, x: (2.0,)
    )

    def f(x, own=lambda x: x):
        return 1e9 + relu(own(x) - 7e-8) + own(x)

    (row,) = check_gradient(lambda x: f(x, double), [0.0]).rows
    assert row.verdict == "unsure"
    assert "the slope is 1 on the left, 2 on the right" in row.note
    assert row.note.endswith("2 is one of them, but the complex step gives 1")
    assert check_gradient(f, [0.0])


def test_at_a_corner_the_other_side_passes_although_the_complex_step_knows_only_one():
    mine = replaced(OPS["relu"], local_gradients=lambda xp, y, x: (xp.choose(x >= 0.0, 1.0, 0.0),))
    assert check_gradient(lambda x: mine(x), [0.0])


# ---- models, names, the report -------------------------------------------------------------------


def model(count):
    parameters = [Value(0.1 * math.sin(i + 1), f"p{i}") for i in range(count)]

    def loss():
        return total([tanh(p) for p in parameters]) ** 2

    return loss, parameters


def test_a_loss_that_reads_parameters_is_checked_by_moving_their_data_and_putting_them_back():
    loss, parameters = model(5)
    before = [p.data for p in parameters]
    parameters[0].grad = 7.0
    report = check_gradient(loss, parameters)
    assert report
    assert [row.name for row in report.rows] == ["p0", "p1", "p2", "p3", "p4"]
    assert [p.data for p in parameters] == before
    assert [p.grad for p in parameters] == [7.0, 0.0, 0.0, 0.0, 0.0]


def test_the_data_of_parameters_are_put_back_when_the_loss_fails():
    p = Value(1.0)
    calls = 0

    def loss():
        nonlocal calls
        calls += 1
        if calls > 1:
            raise RuntimeError("out of data")
        return p * p

    with pytest.raises(RuntimeError, match="out of data"):
        check_gradient(loss, [p])
    assert p.data == 1.0


@pytest.mark.slow
def test_of_thousands_of_inputs_a_sample_is_checked_and_the_report_says_which():
    loss, parameters = model(2000)
    report = check_gradient(loss, parameters, sample=5, seed=4)
    assert len(report.rows) == 5
    assert "5 of 2000 inputs, sampled with seed 4" in str(report)
    assert report.rows == check_gradient(loss, parameters, sample=5, seed=4).rows
    assert report.rows != check_gradient(loss, parameters, sample=5, seed=5).rows


def test_the_report_prints_as_a_table():
    lines = str(check_gradient(lambda x, y: where(x > 0, 2 * x, y), [1.0, 1.0])).splitlines()
    assert lines[0] == "input  at  analytic  numeric  abs. error  rel. error  est. error  verdict"
    assert [line.split()[:4] for line in lines[1:3]] == [["x", "1", "2", "2"], ["y", "1", "0", "0"]]
    assert [len(line) for line in lines[1:3]] == [len(lines[0])] * 2
    assert lines[-1] == "gradient check: 2 pass"


def test_the_report_fits_a_terminal_of_80_columns():
    report = check_gradient(lambda x, w: exp(x * w) / w, (0.5, 0.3))
    assert max(map(len, str(report).splitlines())) < 80


def test_rows_are_plain_records():
    row = check_gradient(lambda x: x * x, [3.0]).rows[0]
    assert (row.name, row.at, row.analytic, row.verdict, row.note) == ("x", 3.0, 6.0, "pass", "")
    assert row.numeric == pytest.approx(6.0, rel=1e-12)
    assert row.absolute_error == abs(row.analytic - row.numeric)


def test_a_complex_step_through_a_power_needs_a_positive_base_or_a_whole_exponent():
    (slope,) = numeric_gradient(lambda x: x**1.5, (2.25,), method="complex")
    assert slope == pytest.approx(1.5 * 1.5, rel=1e-15)
    (slope,) = numeric_gradient(lambda x: x**3.0, (-2.0,), method="complex")
    assert slope == 12.0
    with pytest.raises(ValueError, match="positive"):
        numeric_gradient(lambda x: x**1.5, (-2.25,), method="complex")


def test_a_scalar_a_list_an_array_and_a_dict_are_points():
    assert check_gradient(lambda x: x**3, 3)
    assert check_gradient(lambda x, y: x * y, [3, 4])
    assert check_gradient(lambda w: (w**3).sum(), np.array([1.0, 2.0]))
    assert check_gradient(lambda p: p["w"] * p["b"], {"w": 2.0, "b": 3.0})
    assert numeric_gradient(lambda x: x * x, 3) == pytest.approx([6.0], rel=1e-10)


def test_rtol_is_the_relative_difference_that_is_allowed():
    f = lambda x: x * x + 0.001 * (x.data if isinstance(x, Value) else x)  # noqa: E731
    assert not check_gradient(f, 3.0)
    assert check_gradient(f, 3.0, rtol=1e-2)
