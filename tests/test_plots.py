"""Plots: what is drawn is what was given, and bad input is refused."""

import math
import sys

import numpy as np
import pytest

from autograd_edu import Value, nn, plots, sin, tanh
from autograd_edu.errors import OperandError
from autograd_edu.plots import (
    decision_boundary,
    function_and_derivative,
    histograms,
    loss_curve,
    numeric_error,
    trajectories,
    weights_as_images,
)


def test_a_loss_curve_shows_each_loss_and_the_average_of_the_latest():
    ax = loss_curve({"a": [4.0, 2.0, 0.0], "b": [1.0]}, window=2)
    points, average = ax.lines[:2]
    assert list(points.get_ydata()) == [4.0, 2.0, 0.0]
    assert list(average.get_ydata()) == [4.0, 3.0, 1.0]
    assert len(ax.lines) == 4
    assert loss_curve([1.0], ax=ax) is ax


def test_a_decision_boundary_lies_where_the_score_changes_sign():
    xs, ys = [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]], [-1, 1, -1, 1]
    ax = decision_boundary(lambda x: x[1] - 0.5, xs, ys)
    boundary = ax.collections[-1]
    assert all(abs(y - 0.5) < 1e-9 for path in boundary.get_paths() for _, y in path.vertices)
    first, second = ax.lines
    assert list(first.get_ydata()) == [0.0, 0.0]
    assert list(second.get_ydata()) == [1.0, 1.0]


def test_a_model_of_probabilities_turns_at_one_half():
    model = nn.MLP(2, [1], output="sigmoid", init=nn.init.constant(1.0), activation="linear")
    model.layers[0].neurons[0].w[0].data = 0.0
    ax = decision_boundary(model, [[0.0, -1.0], [0.0, 1.0]], [0, 1])
    vertices = [v for path in ax.collections[-1].get_paths() for v in path.vertices]
    assert vertices
    assert all(abs(y) < 0.02 for _, y in vertices), "σ(y) = ½ at y = 0"
    moved = decision_boundary(lambda x: x[1], [[0.0, -1.0], [0.0, 1.0]], [0, 1], threshold=0.5)
    assert all(
        abs(y - 0.5) < 1e-9 for path in moved.collections[-1].get_paths() for _, y in path.vertices
    )


def test_a_model_of_three_classes_has_three_regions_and_their_borders():
    """Scores that are largest left, right and above: the borders are x = 0 and the diagonals."""
    xs, ys = [[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [0, 1, 2]
    ax = decision_boundary(lambda x: [-x[0], x[0], x[1]], xs, ys, resolution=41)
    grid = np.asarray(ax.collections[0].get_array()).reshape(41, 41)
    assert set(grid.ravel()) == {0, 1, 2}
    assert (grid[0, 0], grid[0, -1], grid[-1, 20]) == (0, 1, 2)
    assert len(ax.collections) == 4, "the regions, and a border around each class"
    for border in ax.collections[1:]:
        for path in border.get_paths():
            for x, y in path.vertices:
                assert abs(y - abs(x)) < 0.1 or (abs(x) < 0.1 and y < 0.1)
    assert [list(line.get_xdata()) for line in ax.lines] == [[-1.0], [1.0], [0.0]]
    one_hot = decision_boundary(lambda x: [-x[0], x[0], x[1]], xs, np.eye(3)).lines
    assert [list(line.get_xdata()) for line in one_hot] == [[-1.0], [1.0], [0.0]]


def test_points_of_one_class_are_drawn_as_that_class():
    for ys, drawn in (([1, 1], 1), ([0, 0], 0), ([-1, -1], 0)):
        lines = decision_boundary(lambda x: x[0], [[0.0, 0.0], [1.0, 1.0]], ys).lines
        assert [len(line.get_xdata()) for line in lines] == [2 * (drawn == 0), 2 * (drawn == 1)]


@pytest.mark.parametrize(("f", "at"), [(sin, math.pi / 2), (lambda x: x * x, 0.0)])
def test_a_relative_error_needs_a_derivative_that_is_more_than_rounding(f, at):
    with pytest.raises(OperandError, match="needs a derivative other than 0"):
        numeric_error(f, at)


def test_columns_that_differ_by_rounding_alone_are_drawn():
    ax = decision_boundary(
        lambda x: x[0] - x[1], [[0.1, 0.1], [0.1 + 1e-17, 0.30000000000000004 - 0.2]], [0, 1]
    )
    assert ax.collections


def test_histograms_state_the_spread():
    ax = histograms({"layer 1": [-1.0, 1.0], "layer 2": [Value(3.0)] * 4})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "layer 1 (sd 1)",
        "layer 2 (sd 0)",
    ]


def test_weights_stand_in_the_image_where_they_stand_in_the_row():
    image = weights_as_images([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, -8.0]]).images[0].get_array()
    assert image[0][0] == 1.0
    assert image[1][1] == 4.0
    assert image[1][4] == -8.0


def test_a_function_is_drawn_with_its_derivative():
    f, slope = function_and_derivative(tanh, -1, 1, points=3).lines[:2]
    assert list(f.get_ydata()) == [math.tanh(-1), 0.0, math.tanh(1)]
    assert list(slope.get_ydata()) == pytest.approx(
        [1 - math.tanh(1) ** 2, 1.0, 1 - math.tanh(1) ** 2]
    )


def test_trajectories_pass_through_their_points():
    ax = trajectories(lambda a, b: a * a + 10 * b * b, {"sgd": [(1.0, 1.0), (0.5, 0.0)]})
    assert list(ax.lines[0].get_xdata()) == [1.0, 0.5]


def test_the_error_of_a_difference_falls_and_rises_again():
    forward, central = (
        line.get_ydata() for line in numeric_error(sin, 1.0, steps=[1e-1, 1e-8, 1e-14]).lines
    )
    assert forward[1] < forward[0]
    assert forward[1] < forward[2]
    assert central[0] < forward[0]


def test_the_complex_step_has_no_step_too_small_and_extrapolation_none_too_long():
    steps = [1e-1, 1e-5, 1e-14]
    extrapolated, complex_ = (
        line.get_ydata()
        for line in numeric_error(sin, 1.0, steps=steps, methods=["extrapolated", "complex"]).lines
    )
    assert extrapolated[0] < 1e-9
    assert complex_[2] < 1e-15 < complex_[0]


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-edu\[plot\]'"):
        loss_curve([1.0])


def test_every_plot_draws_on_the_axes_it_is_given():
    from matplotlib.figure import Figure

    for draw in (
        lambda ax: loss_curve([1.0], ax=ax),
        lambda ax: decision_boundary(lambda x: x[0], [[0.0, 0.0], [1.0, 1.0]], [0, 1], ax=ax),
        lambda ax: histograms({"a": [1.0, 2.0]}, ax=ax),
        lambda ax: weights_as_images([[1.0]], ax=ax),
        lambda ax: function_and_derivative(sin, ax=ax),
        lambda ax: trajectories(lambda a, b: a * a + b * b, {"a": [(1.0, 1.0)]}, ax=ax),
        lambda ax: numeric_error(sin, 1.0, ax=ax),
    ):
        ax = Figure().add_subplot()
        assert draw(ax) is ax
        ax.figure.canvas.draw()


@pytest.mark.parametrize(
    "call",
    [
        lambda: loss_curve([]),
        lambda: decision_boundary(lambda x: x[0], [[1.0]], [1]),
        lambda: decision_boundary(lambda x: x[0], [[1.0, 2.0], [1.0]], [0, 1]),
        lambda: histograms({"a": []}),
        lambda: weights_as_images([[1.0, 2.0]]),
        lambda: function_and_derivative(sin, 1, 0),
        lambda: trajectories(lambda a, b: a, {}),
        lambda: numeric_error(lambda x: x * 0, 1.0),
        lambda: loss_curve([1.0], window=0),
        lambda: histograms({}),
        lambda: function_and_derivative(sin, points=1),
        lambda: decision_boundary(lambda x: x[0], [[0.0, 0.0]], [1], resolution=1),
    ],
)
def test_what_cannot_be_drawn_is_refused(call):
    with pytest.raises(TypeError):
        call()


def test_arrays_of_numpy_are_drawn_like_lists_and_what_cannot_be_drawn_is_refused():
    points, labels = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), np.array([0, 1, 1])
    assert plots.decision_boundary(lambda x: x[0] - x[1], points, labels, resolution=5).lines
    assert plots.weights_as_images(np.ones((3, 4))).images
    for draw_nothing in (
        lambda: plots.histograms({"a": [1.0, math.inf]}),
        lambda: plots.histograms({"a": []}),
        lambda: plots.trajectories(lambda a, b: a * b, {"x": []}),
        lambda: plots.decision_boundary(lambda x: x[0], np.zeros((0, 2)), np.zeros(0)),
    ):
        with pytest.raises(OperandError):
            draw_nothing()
