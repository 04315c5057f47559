"""Plots: what is drawn is what was given, and bad input is refused."""

import math
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from autograd_edu import Value, nn, plots, sin, tanh, train
from autograd_edu.errors import OperandError, OptionError, TrainingError
from autograd_edu.plots import (
    decision_boundary,
    function_and_derivative,
    histograms,
    loss_curve,
    numeric_error,
    trajectories,
    weights_as_images,
)


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_loss_curve_shows_each_loss_and_nothing_else():
    ax = loss_curve({"a": [4.0, 2.0, 0.0], "b": [1.0, 2.0]})
    assert [list(line.get_ydata()) for line in ax.lines] == [[4.0, 2.0, 0.0], [1.0, 2.0]]
    assert (names(ax), ax.get_xlabel()) == (["a", "b"], "step")
    assert loss_curve([1.0], ax=ax) is ax


def test_a_moving_average_is_drawn_on_request_from_a_full_window():
    points, average = loss_curve([4.0, 2.0, 0.0], window=2).lines
    assert list(points.get_ydata()) == [4.0, 2.0, 0.0]
    assert list(zip(average.get_xdata(), average.get_ydata(), strict=True)) == [(2, 3.0), (3, 1.0)]


def test_a_history_is_drawn_over_epochs_with_its_validation_loss_and_its_lowest_point():
    history = train.History(
        loss=[3.0, 2.0, 1.0], validation=[3.0, 1.5, 2.5], step_loss=[4.0, 2.0, 3.0, 1.0]
    )
    ax = history.plot(log=True)
    assert (ax.get_xlabel(), ax.get_yscale()) == ("epoch", "log")
    assert names(ax) == ["training", "validation", "lowest validation loss, epoch 2"]
    training, validation, lowest = ax.lines
    assert list(training.get_ydata()) == history.loss
    assert list(validation.get_ydata()) == history.validation
    assert validation.get_linestyle() == "--"
    assert (list(lowest.get_xdata()), list(lowest.get_ydata())) == ([2], [1.5])
    several = loss_curve({"Adam": history, "SGD": history})
    assert names(several) == ["Adam", "SGD", "validation", "lowest validation loss"]
    steps = history.plot(per="step")
    assert [list(line.get_ydata()) for line in steps.lines] == [history.step_loss]
    assert steps.get_xlabel() == "step"


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
    regions, borders = ax.collections[::2], ax.collections[1::2]
    assert (len(regions), len(borders)) == (3, 3)
    for region, inside in zip(regions, [(-1.0, 0.0), (1.0, 0.0), (0.1, 1.9)], strict=True):
        holds = [r for r in regions if any(path.contains_point(inside) for path in r.get_paths())]
        assert holds == [region]
    for border in borders:
        for path in border.get_paths():
            for x, y in path.vertices:
                assert abs(y - abs(x)) < 0.1 or (abs(x) < 0.1 and y < 0.1)
    assert [list(line.get_xdata()) for line in ax.lines] == [[-1.0], [1.0], [0.0]]
    one_hot = decision_boundary(lambda x: [-x[0], x[0], x[1]], xs, np.eye(3)).lines
    assert [list(line.get_xdata()) for line in one_hot] == [[-1.0], [1.0], [0.0]]


def test_probabilities_of_three_classes_mix_their_colours():
    xs, ys = [[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [0, 1, 2]
    ax = decision_boundary(
        lambda x: [0.0, 50.0 * x[0], -50.0], xs, ys, show="probability", resolution=11
    )
    mixed = ax.images[0].get_array()[5]
    first, second = (np.array(to_rgb(ax.lines[k].get_color())) for k in (0, 1))
    assert np.allclose(mixed[0], first)
    assert np.allclose(mixed[-1], second)
    assert np.allclose(mixed[5], 0.5 * (first + second))


def test_the_probability_of_a_score_is_its_sigmoid_and_the_colour_bar_says_so():
    xs = [[-1.0, 0.0], [1.0, 0.0]]
    ax = decision_boundary(lambda x: x[0] - 0.5, xs, [0, 1], show="probability")
    bar = ax.figure.axes[1]
    assert (bar.get_ylabel(), bar.get_ylim()) == ("probability of class 1", (0.0, 1.0))
    vertices = [v for path in ax.collections[-1].get_paths() for v in path.vertices]
    assert vertices
    assert all(abs(x - 0.5) < 1e-3 for x, _ in vertices)
    wide = decision_boundary(
        lambda x: x[0], [[-3.0, 0.0], [3.0, 0.0]], [0, 1], show="probability"
    ).collections[0]
    likely = wide.get_paths()[list(wide.levels.round(9)).index(0.8)]
    assert min(x for x, _ in likely.vertices) == pytest.approx(math.log(4.0), abs=5e-3)
    probabilities = decision_boundary(lambda x: x[0] > 0.5, xs, [0, 1], show="probability")
    assert probabilities.collections[0].get_array().max() == 0.95, "0 and 1 stay as they are"
    with pytest.raises(OptionError, match="did you mean 'probability'"):
        decision_boundary(lambda x: x[0], xs, [0, 1], show="probabilty")


def test_a_replayed_boundary_is_that_of_the_model_called_point_by_point():
    model = nn.MLP(2, [5, 1], activation="tanh", seed=3)
    xs = [[-1.0, -1.0], [1.0, 1.0]]
    replayed, eager = (
        decision_boundary(f, xs, [0, 1], resolution=15) for f in (model, lambda x: model(x))
    )
    for one, other in zip(replayed.collections, eager.collections, strict=True):
        for path, same in zip(one.get_paths(), other.get_paths(), strict=True):
            assert np.allclose(path.vertices, same.vertices, rtol=1e-9)


def test_a_model_in_training_mode_is_refused():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.Linear(2, 1))
    with pytest.raises(TrainingError, match=r"call model\.eval\(\) first"):
        decision_boundary(model, [[0.0, 0.0], [1.0, 1.0]], [0, 1])


def test_points_of_one_class_are_drawn_as_that_class():
    for ys, drawn in (([1, 1], "class 1"), ([0, 0], "class 0"), ([-1, -1], "class 0")):
        (line,) = decision_boundary(lambda x: x[0], [[0.0, 0.0], [1.0, 1.0]], ys).lines
        assert (line.get_label(), len(line.get_xdata())) == (drawn, 2)


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
        lambda: loss_curve({}),
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
