"""What a unit alone cannot separate, by experiment and by a witness of its own."""

import itertools

import pytest

from autograd_edu import lab


@pytest.fixture(scope="module")
def alone():
    return lab.lone_perceptron(epochs=150)


def test_no_unit_computes_xor_but_a_hidden_layer_does(alone):
    """u + v of the two ones is u + v of the two zeros, so both pairs lie on both sides."""
    assert alone.holds
    assert alone.numbers["unit_on_xor"] <= 0.75
    assert alone.numbers["network_on_xor"] == 1.0
    assert alone.numbers["unit_on_and"] == 1.0


def test_the_best_line_gets_three_of_the_four_rows_of_xor(alone):
    grid = [i / 2 for i in range(-4, 5)]
    most = max(
        sum((a * x + b * y + c >= 0) == (x != y) for x, y in itertools.product((0, 1), repeat=2))
        for a, b, c in itertools.product(grid, repeat=3)
    )
    assert alone.numbers["best_line_on_xor"] == most / 4 == 0.75


def test_no_unit_computes_the_corner(alone):
    """(1, 2) and (-1, 2) are in; (3, 2) and (-3, 2), on the same line, are out."""
    assert alone.numbers["unit_on_x₂ ≥ |x₁|"] < 0.95
    assert alone.numbers["network_on_x₂ ≥ |x₁|"] > 0.95


def test_the_picture_shows_a_straight_boundary_for_the_unit(alone):
    first = alone.plot()
    assert len(first.figure.axes) == 3
    assert "unit on xor" in first.get_title()
