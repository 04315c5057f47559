"""Initial weights: equal ones stay equal, and their size matters with depth."""

import math

import numpy as np
import pytest

from autograd_edu import lab


@pytest.fixture(scope="module")
def by_size():
    return lab.initial_weights(width=48, epochs=200)


def test_equal_units_stay_equal_to_the_last_bit_and_do_not_learn_circles():
    found = lab.constant_weights(epochs=120)
    assert found.holds
    assert found.numbers["all weights ½, spread"] == 0.0
    assert found.numbers["random, spread"] > 1.0
    assert found.numbers["random, loss"] < 0.1 < 0.5 < found.numbers["all weights ½, loss"]
    stuck, free = (ax for ax in found.plot().figure.axes if ax.get_title())
    (line,) = stuck.collections[-1].get_paths()
    slopes = np.diff(line.vertices[:, 1]) / np.diff(line.vertices[:, 0])
    assert slopes == pytest.approx([slopes[0]] * len(slopes), rel=0.05), "the line of one unit"
    (ring,) = free.collections[-1].get_paths()
    assert np.hypot(*ring.vertices.T).min() > 0.3, "a ring around the inner circle"


@pytest.mark.parametrize(("name", "scale"), [("σ = 0.01", 0.64), ("σ = 0.05", 3.2), ("1/√D", 1.0)])
def test_activations_shrink_saturate_or_stay_as_an_integral_says(by_size, name, scale):
    """q ← E[tanh²(scale·√q·z)] for z from N(0, 1), by Gauss-Hermite quadrature."""
    z, w = np.polynomial.hermite_e.hermegauss(200)
    q, expected = 1.0, []
    for _ in range(6):
        q = float(w @ np.tanh(scale * math.sqrt(q) * z) ** 2) / math.sqrt(2.0 * math.pi)
        expected.append(math.sqrt(q))
    assert by_size.numbers[name] == pytest.approx(expected, rel=0.12)


def test_small_weights_stop_a_deep_network_and_not_a_shallow_one(by_size):
    ends = {name: by_size.numbers[name][-1] for name in by_size.numbers if "layers" in name}
    assert by_size.holds
    assert ends["8 layers, σ = 0.01"] == pytest.approx(math.log(2.0), abs=0.01)
    assert ends["2 layers, σ = 0.01"] < 0.35
    assert ends["8 layers, Glorot"] < 0.35
