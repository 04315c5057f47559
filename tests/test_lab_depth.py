"""Vanishing and exploding gradients, and units that die, against numbers computed otherwise."""

import numpy as np
import pytest

from autograd_edu import lab


@pytest.fixture(scope="module")
def gradients():
    return lab.vanishing_gradients(depth=6, width=8)


@pytest.fixture(scope="module")
def deaths():
    return lab.dead_units(samples=40, epochs=30)


def test_a_sigmoid_loses_at_least_a_quarter_per_layer_of_what_its_weights_pass(gradients):
    """σ′ ≤ ¼, and the weights are N(0, 1/8): a layer of 8 units passes at most about ¼."""
    rms = np.array(gradients.numbers["sigmoid, right"])
    assert (rms[:-1] / rms[1:] < 0.5).all()
    assert rms[0] < 0.3**5 * rms[-1] * 2


def test_large_weights_make_a_relu_s_gradient_explode_and_small_ones_make_it_vanish(gradients):
    """Relu is linear in its weights: 4 times the weights is 4 times the gradient per layer."""
    small, right, large = (
        np.array(gradients.numbers[f"relu, {size}"]) for size in ("small", "right", "large")
    )
    assert large / right == pytest.approx(4.0 ** np.arange(5, -1, -1))
    assert small / right == pytest.approx(0.25 ** np.arange(5, -1, -1))


def test_chains_of_single_relus_are_almost_all_broken(gradients):
    """Each of the five inner weights must be positive: 31 of 32 chains pass nothing."""
    assert gradients.numbers["chains without gradient"] == pytest.approx(31 / 32, abs=0.06)
    assert not lab.vanishing_gradients(depth=2, width=8).holds


def test_the_picture_has_a_curve_per_size_and_a_part_per_activation(gradients):
    parts = gradients.plot().figure.axes
    assert [ax.get_title() for ax in parts] == ["sigmoid", "tanh", "relu"]
    assert [len(ax.lines) for ax in parts] == [3, 3, 3]
    assert list(parts[2].lines[2].get_ydata()) == gradients.numbers["relu, large"]


def test_a_large_rate_kills_relus_for_ever_and_no_leaky_one(deaths):
    assert deaths.holds
    relu = deaths.numbers["relu, rate 1"]
    assert relu[-1] > relu[0] > 0
    assert relu == sorted(relu), "a dead unit stays dead"
    assert deaths.numbers["moved while dead"] == 0.0
    assert deaths.numbers["leaky_relu, rate 1"] == [0.0] * 31
    assert deaths.numbers["relu, rate 0.02"][-1] == relu[0]


def test_the_units_that_are_dead_from_the_start_have_no_positive_sum(deaths):
    from autograd_edu import data, nn

    xs = np.array(data.moons(40, seed=0).xs) + np.array([2.0, 1.5])
    layer = nn.MLP(2, [16, 1], activation="relu", seed=0).layers[0]
    weights = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
    silent = (xs @ weights.T).max(axis=0) <= 0.0
    assert deaths.numbers["relu, rate 1"][0] == silent.sum() > 0
