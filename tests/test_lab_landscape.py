"""Experiments on the landscape of a loss, on saturation, and on how weights move through it."""

import math

import numpy as np
import pytest

from autograd_edu import lab


def test_a_network_with_two_units_swapped_has_the_same_cost_and_a_wall_lies_between():
    found = lab.swapped_units(epochs=120)
    assert found.holds
    assert found.numbers["first"] == found.numbers["swapped"]
    assert found.numbers["middle"] > found.numbers["first"] + 0.1
    costs = found.numbers["costs"]
    assert costs == pytest.approx(costs[::-1], rel=1e-9), "the way back is the way there"


def test_gradients_bypass_activations_in_residual_blocks_and_the_loss_is_no_smoother_here():
    """MLPR's second half does not reproduce: both losses curve downward about as often."""
    found = lab.skip_connections(lines=6).numbers
    assert found["residual, reach"] > 10.0 * found["plain, reach"]
    assert found["plain, reach"] < 0.3
    assert 0.8 < found["residual, bent"] / found["plain, bent"] < 1.3


def test_the_variance_of_a_sum_of_n_weights_is_n():
    found = lab.random_walk(units=300, seed=2)
    assert found.holds
    assert found.numbers["variance / K"] == pytest.approx([1.0] * 4, abs=4 * math.sqrt(2 / 300))


def test_a_sigmoid_at_the_root_of_its_inputs_is_saturated_and_its_mean_slope_less_so():
    """The mean slope for large K is the integral of σ′, which is 1, times the density at 0."""
    found = lab.saturation()
    assert found.holds
    assert found.numbers["slope at √K"][1] == pytest.approx(0.0066480566707901550, rel=1e-12)
    assert found.numbers["slope at √K"][3] == pytest.approx(1.8467266624096249e-14, rel=1e-12)
    wanted = 1.0 / math.sqrt(2.0 * math.pi * 1000.0)
    assert found.numbers["mean slope"][3] == pytest.approx(wanted, rel=0.01)


def test_a_variance_as_an_output_can_be_negative_and_its_square_has_an_extreme_gradient():
    """By hand, with r = 1: v = a has 1/2a - 1/2a², v = a² has 1/a - 1/a³, eᵃ has ½ - ½e⁻ᵃ."""
    found = lab.variance_of_outputs()
    assert found.holds
    assert found.numbers["slopes"] == pytest.approx(
        [0.5e4 - 0.5e8, 1e2 - 1e6, 0.5 - 0.5e4], rel=1e-9
    )
    assert found.numbers["allowed"] == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_positive_inputs_every_step_moves_both_weights_alike(seed):
    found = lab.zigzag(seed=seed, steps=60).numbers
    assert found["one direction"][0] == 1.0
    assert found["one direction"][1] < 0.75
    assert found["length"][0] > 1.3 * found["length"][1]


def test_the_zigzag_path_ends_at_the_weights_that_it_should_learn():
    ax = lab.zigzag(steps=200).plot()
    ends = [line.get_xydata()[-1] for line in ax.lines if len(line.get_xydata()) > 100]
    assert len(ends) == 2
    assert np.array(ends) == pytest.approx(np.array([[1.0, -1.0]] * 2), abs=0.02)
