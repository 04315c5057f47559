"""The cost of gradients, the condition number of a loss, and activations, by other witnesses."""

import itertools

import numpy as np
import pytest

from autograd_edu import data, grad, jvp, lab, tanh, total


@pytest.fixture(scope="module")
def fitted():
    return lab.condition_number(steps=30)


def test_a_backward_pass_has_about_two_multiplications_per_weight_and_a_forward_pass_one():
    found = lab.cost_of_modes(most=64)
    assert found.holds
    counts = {name: three for name, three in found.numbers.items() if "layers" in name}
    for weights, forward, backward in counts.values():
        assert forward == weights
        assert 2.0 * weights < backward < 2.2 * weights
    assert counts["8 layers of 16"][2] == 2 * counts["4 layers of 16"][2], "linear in the layers"
    assert counts["2 layers of 32"][0] == 4 * counts["2 layers of 16"][0], "quadratic in the units"


def test_forward_mode_takes_longer_the_more_inputs_there_are():
    found = lab.cost_of_modes(most=64).numbers
    reverse, forward = found["backpropagation, seconds"], found["forward mode, seconds"]
    assert found["inputs"] == [8, 16, 32, 64]
    assert forward[-1] > 4.0 * forward[0]
    assert forward[-1] > 3.0 * reverse[-1]


def test_both_modes_find_the_same_gradient():
    def f(*xs):
        return total([tanh(a * b) for a, b in itertools.pairwise(xs)])

    at = [0.5, 1.0, -0.25]
    rows = [jvp(f, at, [float(i == j) for j in range(3)])[1] for i in range(3)]
    assert rows == pytest.approx(list(grad(f, argnums=(0, 1, 2))(*at)), rel=1e-14)


def test_standardised_inputs_lower_the_condition_number_as_numpy_computes_it(fitted):
    """At the minimum, the Hessian of the mean loss is Σ p(1 - p)·x xᵀ / n."""
    near = data.blobs(40, sd=0.9, seed=0)
    raw = np.array(near.xs) + np.array([6.0, 4.0])
    labels = np.array(near.ys)
    for name, xs in {"raw": raw, "standardised": (raw - raw.mean(0)) / raw.std(0)}.items():
        inputs, w = np.c_[xs, np.ones(40)], np.zeros(3)
        for _ in range(20):
            p = 1.0 / (1.0 + np.exp(-inputs @ w))
            curvature = (inputs * (p * (1.0 - p))[:, None]).T @ inputs / 40.0
            w = w - np.linalg.solve(curvature, inputs.T @ (p - labels) / 40.0)
        assert fitted.numbers[name][0] == pytest.approx(np.linalg.cond(curvature), rel=1e-4)


def test_raw_inputs_make_the_loss_sensitive_and_descent_slow(fitted):
    assert fitted.holds
    raw, scaled = fitted.numbers["raw"], fitted.numbers["standardised"]
    assert raw[1] > 20.0 * scaled[1] > 0.0
    assert raw[2] > 20.0 * scaled[2] > 0.0


def test_the_boundary_drawn_black_is_where_the_classes_are_equally_likely(fitted):
    raw, _, descent = fitted.plot().figure.axes
    black = next(line for line in raw.lines if line.get_color() == "black")
    assert len(raw.lines) == 16 + 2
    assert 3.0 < np.mean(black.get_ydata()) < 5.0
    assert len(descent.lines[0].get_ydata()) == 31


def test_the_slope_of_tanh_is_as_printed_and_that_of_relu_only_above_zero():
    found = lab.activations()
    ss = np.linspace(-6.0, 6.0, 241)
    assert not found.holds
    assert found.numbers["tanh"] == pytest.approx((1.0 / np.cosh(ss) ** 2).tolist(), rel=1e-12)
    assert found.numbers["relu"] == (ss > 0.0).astype(float).tolist()
    assert [ax.get_title() for ax in found.plot().figure.axes][:3] == ["sigmoid", "tanh", "relu"]


def test_tanh_is_nearly_linear_for_small_signals():
    found = lab.tanh_near_zero()
    assert found.holds
    s, off = np.array(found.numbers["s"]), np.array(found.numbers["tanh s - s"])
    assert off == pytest.approx(np.tanh(s) - s, rel=1e-9)
    assert off[-1] == pytest.approx(-(s[-1] ** 3) / 3.0, rel=1e-4)
    assert len(found.plot().figure.axes) == 2
