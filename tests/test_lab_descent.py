"""Learning rates on a bowl, and the paths of optimisers, against closed forms."""

import math

import numpy as np
import pytest

from autograd_edu import lab


@pytest.fixture(scope="module")
def paths():
    return lab.descent_paths()


def test_four_rates_multiply_theta_by_one_minus_ten_times_the_rate():
    found = lab.learning_rates(steps=20)
    assert found.holds
    factors = {"too low": 0.95, "good": 0.5, "too high": -0.9, "much too high": -1.1}
    for name, factor in factors.items():
        assert found.numbers[name] == pytest.approx([factor**k for k in range(21)])


def test_the_picture_of_the_rates_shows_the_bowl_and_the_distances():
    bowl, distances = lab.learning_rates(steps=20).plot().figure.axes
    assert len(bowl.lines) == 5
    assert list(distances.lines[1].get_ydata()) == pytest.approx([0.5**k for k in range(21)])


def test_the_loss_of_a_network_shows_four_kinds_of_rates():
    found = lab.loss_by_rate(epochs=60)
    low, good, high, most = found.numbers.values()
    assert found.holds
    assert (np.diff(low) < 0.0).all(), "slow and steady"
    assert good[-1] < 0.5 * low[-1]
    assert high[-1] == pytest.approx(math.log(2.0), abs=0.01), "all relus dead: it guesses"
    assert most[-1] > 3.0 * most[0]
    assert [list(line.get_ydata()) for line in found.plot().lines] == [low, good, high, most]


def test_a_busy_picture_takes_little_room_in_a_notebook(paths):
    assert len(paths._repr_html_()) < 300_000


def test_gradient_descent_is_slow_along_a_ravine_and_momentum_is_quicker(paths):
    """Along the ravine θ shrinks by 1 - 0.018 per step: from 4 to 0.1 takes 204 of them."""
    assert paths.holds
    expected = math.ceil(math.log(0.1 / 4.0) / math.log(1.0 - 0.018))
    assert paths.numbers["SGD, ravine"] == pytest.approx(expected, abs=1)
    assert paths.numbers["Nesterov, ravine"] < paths.numbers["momentum, ravine"] < 100


def test_only_rules_that_divide_by_the_size_of_gradients_leave_the_plateau(paths):
    left = {rule for rule in RULES if paths.numbers[f"{rule}, plateau"] < 300}
    assert left == {"AdaGrad", "RMSProp", "Adam"}
    assert all(math.isinf(paths.numbers[f"{rule}, plateau"]) for rule in RULES - left)


def test_all_rules_leave_the_saddle_and_plain_descent_is_last(paths):
    steps = {rule: paths.numbers[f"{rule}, saddle"] for rule in RULES}
    assert max(steps, key=steps.get) == "SGD"
    assert max(steps.values()) < 300


def test_momentum_is_no_cure_for_noise_at_the_same_rate(paths):
    """It sums up gradients, so its steps are up to ten times as long."""
    assert paths.numbers["momentum, noise"] > 2.0 * paths.numbers["SGD, noise"] > 0.0
    quiet = lab.descent_paths(noise=0.0)
    assert all(quiet.numbers[f"{rule}, noise"] < 0.1 for rule in RULES)


def test_the_picture_has_the_six_paths_in_four_parts(paths):
    parts = paths.plot().figure.axes
    assert [ax.get_title() for ax in parts] == ["ravine", "saddle", "plateau", "ravine with noise"]
    assert all({line.get_label() for line in ax.lines} > RULES for ax in parts)
    start = [list(line.get_xydata()[0]) for line in parts[0].lines if line.get_label() in RULES]
    assert start == [[-4.0, 1.0]] * 6


RULES = {"SGD", "momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam"}
