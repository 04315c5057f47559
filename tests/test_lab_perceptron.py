"""What a unit alone cannot separate, by experiment and by a witness of its own."""

import itertools

import numpy as np
import pytest

from autograd_edu import lab


@pytest.fixture(scope="module")
def alone():
    return lab.lone_perceptron(epochs=400)


def test_no_unit_computes_xor_but_a_hidden_layer_does(alone):
    """The loss is convex and the same if the bits are swapped: its least is at ½ for all inputs."""
    assert alone.holds
    assert alone.numbers["probabilities of the unit on xor"] == pytest.approx([0.5] * 4, abs=0.02)
    assert alone.numbers["network on xor"] == 1.0
    assert alone.numbers["unit on and"] == 1.0


def test_the_best_line_gets_three_of_the_four_rows_of_xor(alone):
    grid = [i / 2 for i in range(-4, 5)]
    most = max(
        sum((a * x + b * y + c >= 0) == (x != y) for x, y in itertools.product((0, 1), repeat=2))
        for a, b, c in itertools.product(grid, repeat=3)
    )
    assert alone.numbers["best line on xor"] == most / 4 == 0.75


def test_no_unit_computes_the_corner(alone):
    """(1, 2) and (-1, 2) are in; (3, 2) and (-3, 2), on the same line, are out."""
    assert alone.numbers["unit on corner"] < 0.95
    assert alone.numbers["network on corner"] > 0.95


def test_the_picture_shows_a_straight_boundary_for_the_unit_and_two_lines_for_the_network(alone):
    unit, _, network = (ax for ax in alone.plot().figure.axes if ax.get_title())
    (line,) = unit.collections[-1].get_paths()
    slopes = np.diff(line.vertices[:, 1]) / np.diff(line.vertices[:, 0])
    assert slopes == pytest.approx([slopes[0]] * len(slopes), rel=1e-3), "up to interpolation"
    assert len(network.collections[-1].get_paths()[0].to_polygons(closed_only=False)) == 2


def test_both_networks_of_thresholds_give_xor_and_the_output_unit_sees_a_line():
    found = lab.xor_by_hand()
    assert found.holds
    assert found.numbers == {"kit": [0.0, 1.0, 1.0, 0.0], "imperial": [0.0, 1.0, 1.0, 0.0]}
    plane = [ax for ax in found.plot().figure.axes if ax.get_title()][2]
    assert sorted(text.get_text() for text in plane.texts) == [
        "(0,0)", "(1,0) and (0,1)", "(1,1)"
    ]  # fmt: skip


def test_linear_layers_are_the_product_of_their_matrices_and_tanh_layers_are_not():
    found = lab.linear_layers(depth=4, width=3)
    assert found.holds
    assert found.numbers["linear, off the product"] < 1e-12
    assert found.numbers["tanh, off the product"] > 0.1
    straight, bent = (np.diff(line.get_ydata(), 2) for line in found.plot().lines)
    assert np.abs(straight).max() < 1e-12 < 1e-3 < np.abs(bent).max()
