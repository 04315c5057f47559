"""The gradient check and numeric gradients are not misled by scale: each example was once answered
wrongly.
"""

import math
import re

import mpmath
import pytest
from rules import replaced

from autograd_edu import (
    OPS,
    Value,
    check_gradient,
    detach,
    exp,
    log,
    maximum,
    numeric_gradient,
    relu,
    sin,
    softplus,
    sqrt,
    square,
    tan,
    tanh,
    total,
    where,
)
from autograd_edu.derivatives.report import Report
from autograd_edu.errors import ShapeError
from autograd_edu.nn import MLP


def tilted(x, factor):
    """``x``, whose local gradient claims to be ``factor``."""
    value, slope = (lambda xp, x: 1.0 * x), (lambda xp, y, x: (factor,))
    return replaced(OPS["neg"], name="tilt", value=value, local_gradients=slope)(x)


def verdict(f, at):
    return check_gradient(f, at).rows[0].verdict


SCALES = [
    pytest.param(lambda x: 1 / x, 1e-4, -1e8, id="1/x at 1e-4"),
    pytest.param(lambda x: 1 / x, 1e-5, -1e10, id="1/x at 1e-5"),
    pytest.param(lambda r: 2.3e-28 / r, 5.29e-11, -2.3e-28 / 5.29e-11**2, id="the hydrogen atom"),
    pytest.param(lambda r: 1 / (r * r), 1e-3, -2e9, id="1/r²"),
    pytest.param(lambda x: 1 / (x - 1), 1.001, -((1.001 - 1) ** -2), id="beside a pole at 1"),
    pytest.param(tan, 1.5707, 1 + math.tan(1.5707) ** 2, id="tan near π/2"),
    pytest.param(lambda x: sin(500 * x), 1.234, 500 * math.cos(617), id="a fast oscillation"),
    pytest.param(lambda x: sin(1e4 * x), 1.234, 1e4 * math.cos(12340), id="a faster oscillation"),
    pytest.param(
        lambda x: exp(-square((x - 0.3) / 0.01)), 0.305, -100 * math.exp(-0.25), id="a narrow bump"
    ),
    pytest.param(
        lambda x: x + exp(-square((x - 0.3) / 0.01)),
        0.305,
        1 - 100 * math.exp(-0.25),
        id="a bump on a slope",
    ),
    pytest.param(
        lambda x: 1 / (1 + 1e6 * x * x), 0.01, -2e4 / (1 + 1e6 * 1e-4) ** 2, id="a narrow peak"
    ),
    pytest.param(lambda x: exp(-1e6 * x * x), 1e-3, -2000 * math.exp(-1), id="a narrower bump"),
    pytest.param(
        lambda x: sqrt(x * x + 1e-14), 3e-8, 3e-8 / math.sqrt(9e-16 + 1e-14), id="a narrow bend"
    ),
    pytest.param(lambda x: relu(x - 1e-6) + x, 0.0, 1.0, id="a corner a millionth away"),
    pytest.param(lambda x: relu(x - 1e-18) + x, 0.0, 1.0, id="a corner 1e-18 away"),
    pytest.param(lambda x: tanh(1e20 * x), 0.0, 1e20, id="all that happens is within 1e-20"),
    pytest.param(lambda x: 5 + tanh(x / 1e6), 1e-12, 1e-6,
        id="nothing happens within the size of x"),
    pytest.param(lambda x: 5 + tanh(x / 1e12), 0.3, 1e-12, id="1e12 is the scale"),
    pytest.param(log, 1e-300, 1e300, id="next to the end of the domain"),
    pytest.param(lambda x: log(1 + x * x), 0.0223762, 2 * 0.0223762 / (1 + 0.0223762**2),
        id="rounded inside"),
    pytest.param(
        lambda x: x + 1e-9 * sin(1e9 * x), 0.7, 1 + math.cos(0.7e9), id="a ripple of 1e-9"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x", "slope"), SCALES)
def test_numeric_gradients_are_right_at_every_scale(f, x, slope):
    assert numeric_gradient(f, x) == pytest.approx([slope], rel=1e-5)


@pytest.mark.parametrize(("f", "x", "slope"), SCALES)
def test_right_gradients_pass_at_every_scale(f, x, slope):
    assert check_gradient(f, x).rows[0].analytic == pytest.approx(slope, rel=1e-5)
    assert check_gradient(f, x)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [2.0, -1.0, 0.5, 0.999, 0.0, 1e308])
@pytest.mark.parametrize(("f", "x", "slope"), SCALES)
def test_wrong_gradients_fail_at_every_scale_and_the_wrong_rule_is_named(f, x, slope, factor):
    factor = min(factor, 1e308 / abs(slope))
    report = check_gradient(lambda x: f(tilted(x, factor)), x)
    assert [row.verdict for row in report.rows] == ["fail"]
    assert [suspect.partition(":")[0] for suspect in report.suspects] == ["tilt"]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        pytest.param(lambda x: x + exp(-square((x.data - 0.3) / 0.01)), 0.305, id="a bump"),
        pytest.param(lambda x: sqrt(x * x.data + 1e-14), 3e-8, id="half of a square"),
        pytest.param(lambda x: x + 1e-9 * sin(1e9 * x.data), 0.7, id="a ripple"),
        pytest.param(lambda x: x.data**2 + 0 * x, 3.0, id="everything"),
        pytest.param(lambda x: x * detach(x), 3.0, id="a factor that is detached"),
    ],
)
def test_what_hides_behind_data_fails_and_no_rule_is_accused(f, x):
    report = check_gradient(f, x)
    assert [row.verdict for row in report.rows] == ["fail"]
    assert report.suspects == ()
    assert "but its graph gives" in str(report)
    assert "taken out with .data or detach" in str(report)


def test_a_hidden_number_is_found_in_the_parameters_of_a_model():
    w, b = Value(0.3, "w"), Value(0.1, "b")
    report = check_gradient(lambda: tanh(w * 2.0 + b) * (1.0 + b.data), [w, b])
    assert [row.verdict for row in report.rows] == ["pass", "fail"]


@pytest.mark.parametrize("width", [1e-3, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("x", [0.0, 1.0])
def test_a_bend_however_narrow_is_no_corner_at_which_half_the_slope_would_do(width, x):
    def bend(t):
        return sqrt(square(t - x) + width * width)

    at = x + 0.5 * width
    assert check_gradient(bend, at)
    assert verdict(lambda t: bend(tilted(t, 0.5)), at) == "fail"


@pytest.mark.parametrize("distance", [1e-2, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_beside_a_corner_only_the_slope_of_the_own_side_is_right(distance, side):
    def corner(t):
        return relu(t - 1.0) + t

    at = 1.0 + side * distance
    assert check_gradient(corner, at)
    assert verdict(lambda t: corner(tilted(t, 1.5 if side < 0 else 0.75)), at) == "fail"


def test_no_slope_between_the_sides_passes_where_a_corner_may_be_a_bend():
    def bend(t):
        return 1e6 + sqrt(square(t - 1.0) + 1e-24)

    at = 1.0 + 4.0 * 2.0**-52
    assert verdict(lambda t: bend(tilted(t, 0.5)), at) == "unsure"


# ---- what the user's code refuses ----------------------------------------------------------------


def guarded(low, error):
    def f(x):
        if x.data < low:
            raise error("too small for this model")
        return exp(x)

    return f


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, OverflowError])
@pytest.mark.parametrize("room", [0.0, 1e-9, 1e-3])
def test_an_error_of_the_users_own_guard_is_a_reason_for_smaller_or_one_sided_steps(error, room):
    f = guarded(0.5 - room, error)
    assert check_gradient(f, 0.5)
    assert numeric_gradient(f, 0.5) == pytest.approx([math.exp(0.5)], rel=1e-5)
    assert verdict(lambda x: f(tilted(x, 1.001)), 0.5) == "fail"


def test_a_slope_from_one_side_says_so():
    report = check_gradient(guarded(0.5, ValueError), 0.5)
    assert "f is undefined on one side; this is the slope on the right alone" in str(report)


def test_other_errors_of_the_users_code_are_not_hidden():
    def f(x):
        if x.data != 0.5:
            raise KeyError("a fault of the model")
        return x * x

    with pytest.raises(KeyError, match="a fault of the model"):
        check_gradient(f, 0.5)


# ---- evidence that is missing or disagrees -------------------------------------------------------


def test_nothing_checked_is_not_passed():
    assert not Report(rows=(), inputs=1)
    with pytest.raises(ShapeError, match="sample must be at least 1; got 0"):
        check_gradient(lambda x: x * x, 3.0, sample=0)


def test_equal_numbers_do_not_pass_where_the_numeric_one_is_too_uncertain():
    """The values move by some units in the last place, and the slope is planted to be the numeric
    one.
    """

    def f(x):
        if not 0.0 < x.data < 1.0:
            raise ValueError("outside")
        return 2.0**30 + 2.0**-18 * x

    numeric = check_gradient(f, 0.5).rows[0].numeric
    row = check_gradient(lambda x: f(tilted(x, numeric * 2.0**18)), 0.5).rows[0]
    assert row.analytic == row.numeric != 0.0
    assert row.verdict == "unsure"


def test_noise_counts_as_error_of_the_numeric_side():
    """Values are rounded, so an error of a thousandth may not show, but one of a half does."""
    for digits in (3, 4, 5, 6):

        def rough(x, digits=digits):
            y = exp(x)
            return y + (round(y.data, digits) - y.data)

        assert verdict(rough, 0.5) != "fail"
        assert verdict(lambda x, f=rough: f(tilted(x, 1.001)), 0.5) != "pass"
        assert verdict(lambda x, f=rough: f(tilted(x, 1.5)), 0.5) == "fail"


def test_a_jump_has_no_slope():
    report = check_gradient(lambda x: where(x > 1.0, x + 1.0, x), 1.0)
    assert [row.verdict for row in report.rows] == ["unsure"]


@pytest.mark.parametrize(("f", "x", "slope"), SCALES)
def test_the_numeric_slope_is_no_further_off_than_its_estimated_error(f, x, slope):
    row = check_gradient(f, x).rows[0]
    assert abs(row.numeric - slope) <= row.estimated_error + 1e-9 * abs(slope)


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-6, 1e-7])
def test_steps_across_a_pole_do_not_make_the_error_look_small(distance):
    x = math.pi / 2 - distance
    with mpmath.workdps(40):
        slope = float(mpmath.sec(mpmath.mpf(x)) ** 2)
    row = check_gradient(tan, x).rows[0]
    assert abs(row.numeric - slope) <= row.estimated_error


def test_a_right_gradient_that_values_deny_is_cleared_by_its_operations():
    """To the right of the point, where alone f is defined, all values are 0.2 to the last bit."""

    def f(x):
        if x.data < 0.038:
            raise ValueError("too small")
        return 0.2 + exp(-x / 1e-3)

    report = check_gradient(f, 0.038)
    assert [row.verdict for row in report.rows] == ["unsure"]
    assert report.suspects == ()
    assert "each operation passes its own check" in str(report)


def test_rounding_inside_the_function_is_no_staircase_of_its_values():
    """1 + x² is rounded to 1e-16, which is much beside log(1 + x²) = 5e-4."""
    (slope,) = numeric_gradient(lambda x: log(1 + x * x) + 1e-3 * x, 0.0223762)
    assert slope == pytest.approx(2 * 0.0223762 / (1 + 0.0223762**2) + 1e-3, rel=1e-6)


def test_a_slope_that_is_0_because_its_terms_cancel_passes():
    report = check_gradient(lambda b: log(exp(b + 1.0) + exp(b + 2.0)) - b, 0.3)
    assert report
    assert abs(report.rows[0].analytic) < 1e-15
    assert not check_gradient(lambda b: log(exp(b + 1.0) + exp(b + 2.0)) - tilted(b, 1.001), 0.3)


def test_values_too_rough_for_a_right_gradient_accuse_nobody():
    """(x + 1e8) - 1e8 is a staircase with treads of 1e-8."""
    report = check_gradient(lambda x: (x + 1e8) - 1e8, 0.3)
    assert report.rows[0].verdict != "fail"
    assert report.suspects == ()


def test_a_flat_stretch_is_flat_and_no_staircase():
    assert check_gradient(lambda x: relu(x) + 2.0, -0.1)
    assert verdict(lambda x: relu(x) + 2.0 + 1e-3 * (tilted(x, 2.0) - x.data), -0.1) == "fail"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_a_network_whose_units_are_partly_dead_passes(seed):
    """Beside a dead unit the loss is flat up to its corner, and beyond come the corners of other
    units.
    """
    model = MLP(3, [4, 4, 1], activation="relu", seed=seed)
    report = check_gradient(
        lambda: (model([0.3, -0.4, 0.5]) - 1.0) ** 2, model.parameters(), sample=200
    )
    assert any(row.analytic == 0.0 for row in report.rows)
    assert report, report


def test_the_complex_step_must_not_contradict():
    twice = replaced(OPS["square"], value=lambda xp, x: x * x if type(x) is float else 2.0 * x * x)
    report = check_gradient(lambda x: twice(x), 3.0)
    assert [row.verdict for row in report.rows] == ["unsure"]
    assert "the complex step gives 12" in str(report)


def test_at_a_corner_a_hundredth_outside_is_outside():
    def tilt(slope):
        return replaced(OPS["relu"], local_gradients=lambda xp, y, x: (slope,))

    for slope, expected in (
        (-0.01, "fail"),
        (0.0, "pass"),
        (0.5, "pass"),
        (1.0, "pass"),
        (1.01, "fail"),
    ):
        assert verdict(lambda x, s=slope: tilt(s)(x), 0.0) == expected


def test_a_tie_may_share_its_slope_and_a_branch_of_the_users_own_may_not():
    assert check_gradient(lambda x: maximum(x, 2 * x), 0.0)
    assert check_gradient(lambda x: x if x.data > 0 else -x, 0.0)
    half = check_gradient(lambda x: tilted(x, 0.5) if x.data > 0 else tilted(-x, 0.5), 0.0)
    assert half.rows[0].verdict == "unsure"


# ---- many inputs, and the report -----------------------------------------------------------------


def test_one_wrong_input_of_many_is_found():
    def f(*xs):
        return total([softplus(tilted(x, 1.001) if i == 3 else x) for i, x in enumerate(xs)])

    report = check_gradient(f, [0.1 * i for i in range(8)])
    assert [row.verdict for row in report.rows] == ["pass"] * 3 + ["fail"] + ["pass"] * 4


def test_an_ordinary_input_takes_some_sixty_evaluations():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return tanh(x * x) + x

    report = check_gradient(f, 0.7)
    assert report
    assert calls <= 70
    assert report.rows[0].evaluations == calls - 2  # one for the graph, one for the complex step


def test_a_single_number_stands_for_a_point_of_one_number():
    assert numeric_gradient(square, 3) == pytest.approx([6.0])
    assert check_gradient(square, 3).rows[0].at == 3.0
    w = Value(0.5, "w")
    assert check_gradient(lambda: w * w, w).rows[0].name == "w"


def test_the_report_says_what_was_done():
    lines = str(check_gradient(lambda x, y: sin(x) * y, (0.5, 2.0))).splitlines()
    assert re.fullmatch(
        r"63 evaluations for each input, at steps from \de\+00 to \de-16 on both sides, "
        "extrapolated to 0; other steps agree; the complex step agrees",
        " ".join(map(str.strip, lines[-3:-1])),
    )
    assert lines[-1] == "gradient check: 2 pass"


@pytest.mark.parametrize(
    ("f", "at"),
    [
        pytest.param(lambda x: abs(x) + 0.3 * x.data, (0.0,), id="beside |x|"),
        pytest.param(lambda x, y: maximum(x, y) + 0.2 * x.data, (1.0, 1.0), id="beside a tie"),
    ],
)
def test_what_hides_behind_data_at_a_corner_does_not_pass(f, at):
    row = check_gradient(f, at).rows[0]
    assert row.verdict == "unsure"
    assert "between, but at " in row.note
    assert "but its graph gives" in row.note


def test_a_corner_on_a_slope_of_its_own_passes():
    assert check_gradient(lambda x: abs(x) + 0.3 * x, (0.0,))
