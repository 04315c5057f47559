"""Plots of what lectures draw: each says what the engine computes, and refuses what it cannot draw.

The numbers come from closed forms or from the model called directly.
"""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from autograd_edu import data, log, nn, optim, plots, schedules, sigmoid, sin, total
from autograd_edu.errors import AutogradError, OperandError

CROSS_ENTROPY = nn.losses.binary_cross_entropy_with_logits
CORNERS = [[-1.0, -1.0], [1.0, 1.0], [1.0, -1.0]]


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def points(line):
    return list(zip(*line.get_data(), strict=True))


# ---- hidden units ----


@pytest.mark.parametrize(
    "wrap", [lambda model: model, lambda model: nn.Sequential(nn.Apply("linear"), model)]
)
def test_a_tile_of_a_hidden_unit_shows_its_output_over_the_plane(wrap):
    mlp = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    layer = 0 if wrap(mlp) is mlp else 1
    tiles = plots.hidden_units(wrap(mlp), CORNERS, layer=layer, resolution=11)
    assert [tile.get_title() for tile in tiles] == ["unit 1", "unit 2", "unit 3"]
    for tile, neuron in zip(tiles, mlp.layers[0].neurons, strict=True):
        shown = tile.images[0]
        left, _, bottom, top = shown.get_extent()
        assert shown.get_array()[0][0] == pytest.approx(neuron([left, bottom]).data)
        assert shown.get_array()[-1][0] == pytest.approx(neuron([left, top]).data)
        assert shown.get_clim() == tiles[0].images[0].get_clim(), "one scale for all"


def test_the_samples_stand_in_the_hidden_space_where_the_layer_puts_them():
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    ax = plots.hidden_space(model, CORNERS, [0, 0, 1])
    hidden = [tuple(y.data for y in model.layers[0](x)) for x in CORNERS]
    assert np.allclose(points(ax.lines[0]) + points(ax.lines[1]), hidden)
    border = ax.collections[-1].get_paths()[0].vertices
    last = model.layers[1].neurons[0]
    assert all(abs(last(list(psi)).data) < 1e-9 for psi in border), "a line, by the last layer"


def test_two_units_of_a_wide_layer_can_be_chosen():
    model = nn.MLP(2, [5, 1], activation="tanh", seed=1)
    ax = plots.hidden_space(model, CORNERS, [0, 0, 0], units=(4, 2))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("ψ₅", "ψ₃")
    hidden = [[y.data for y in model.layers[0](x)] for x in CORNERS]
    assert np.allclose(points(ax.lines[0]), [(h[4], h[2]) for h in hidden])


# ---- fits and descent ----


def test_the_band_of_a_variance_network_is_two_standard_deviations_wide():
    for second, number in (("log variance", math.log(0.25)), ("variance", 0.25), ("sd", 0.5)):
        ax = plots.fitted_curve(
            lambda x, n=number: [3 * x[0], n], [[0.0], [1.0]], [0.0, 3.0], second=second
        )
        band = ax.collections[0].get_paths()[0].vertices
        assert {round(abs(y - 3 * x), 9) for x, y in band} == {1.0}
    assert points(ax.lines[0]) == [(0.0, 0.0), (1.0, 3.0)]
    one = plots.fitted_curve(lambda x: x[0], [0.0, 1.0], [0.0, 1.0], truth=math.sin)
    assert names(one) == ["data", "truth", "model"]
    assert not one.collections


def test_descent_stands_on_the_curve_and_an_arrow_leads_from_step_to_step():
    ax = plots.descent(lambda x: x * x, [2.0, -1.0, 0.5])
    assert points(ax.lines[1]) == [(2.0, 4.0), (-1.0, 1.0), (0.5, 0.25)]
    assert [(note.xyann, note.xy) for note in ax.texts] == [
        ((2.0, 4.0), (-1.0, 1.0)),
        ((-1.0, 1.0), (0.5, 0.25)),
    ]
    assert names(ax) == ["f", "2 steps", "start", "end"]


@pytest.mark.parametrize(
    ("f", "ends", "expected"),
    [
        (lambda x: (x * x - 1) ** 2 + 0.1 * x, (-2, 2), ["global minimum", "maximum",
                                                          "local minimum"]),
        (lambda x: x**3, (-1, 1), ["saddle"]),
        (lambda x: -sin(x), (0, 3), ["global minimum"]),
        (lambda x: x, (-1, 1), []),
    ],
)  # fmt: skip
def test_critical_points_are_named(f, ends, expected):
    ax = plots.critical_points(f, *ends)
    assert [line.get_label() for line in ax.lines[1:]] == expected
    hollow = [line.get_label() for line in ax.lines[1:] if line.get_markerfacecolor() == "#ffffff"]
    assert hollow == [name for name in expected if name == "local minimum"]


def test_a_critical_point_is_where_the_slope_is_zero():
    (minimum,) = plots.critical_points(lambda x: -sin(x), 0, 3).lines[1:]
    assert minimum.get_xdata()[0] == pytest.approx(math.pi / 2, abs=1e-12)


def test_a_plateau_is_a_flat_stretch_without_a_critical_point():
    flat = plots.critical_points(lambda x: sigmoid(20 * x), -1, 1)
    assert len([patch for patch in flat.patches if patch.get_label() == "plateau"]) == 2
    assert not plots.critical_points(lambda x: x**3, -1, 1).patches


def test_the_parabola_bends_as_the_function_and_the_newton_step_is_its_lowest_point():
    """f = x⁴ at 1: f = 1, f′ = 4, f″ = 12, so the step is to 1 - 4/12."""
    ax = plots.tangent_and_parabola(lambda x: x**4, 1.0, low=0.0, high=2.0)
    _, tangent, parabola, _, newton = ax.lines
    assert points(tangent)[0] == pytest.approx((0.0, -3.0))
    assert points(parabola)[0] == pytest.approx((0.0, 3.0))
    assert points(newton)[0] == pytest.approx((2 / 3, 1 - 16 / 24))
    bent_down = plots.tangent_and_parabola(sin, 1.0)
    assert names(bent_down) == ["f", "tangent (first order)", "parabola (second order)", "x = 1"]


# ---- paths ----


def test_trajectories_take_what_minimise_returns_and_mark_start_end_and_minimum():
    def bowl(a, b):
        return a * a + 10 * b * b

    path = optim.minimise(bowl, [2.0, 1.0], optimiser=optim.SGD(lr=0.05), steps=3)
    ax = plots.trajectories(bowl, {"SGD": path}, minimum=(0.0, 0.0))
    assert np.allclose(points(ax.lines[0]), path.points)
    assert names(ax) == ["SGD", "start", "end", "minimum"]
    marks = {line.get_label(): points(line)[0] for line in ax.lines[1:]}
    assert np.allclose(marks["end"], path.points[-1])
    assert marks["start"] == (2.0, 1.0)
    assert marks["minimum"] == (0.0, 0.0)


def test_contours_have_a_gap_where_the_function_has_no_value():
    """The grid covers a from -0.35 to 9.85, so part of it lies where log(a) has no value."""
    ax = plots.trajectories(lambda a, b: log(a) + b * b, {"path": [(0.5, 1.0), (9.0, -1.0)]})
    smallest = min(a for a in np.linspace(-0.35, 9.85, 80) if a > 0.0)
    assert ax.collections[0].levels[0] == pytest.approx(math.log(smallest), abs=1e-3)


def test_contours_are_closer_together_near_the_lowest_place():
    ax = plots.trajectories(lambda a, b: a * a + b * b, {"path": [(-1.0, -1.0), (1.0, 1.0)]})
    gaps = np.diff(ax.collections[0].levels)
    assert all(np.diff(gaps) > 0.0)


def test_the_arrows_of_a_step_with_momentum_add_up():
    """f = a² + b² at (1, 2) with v = (-1, 1): αv = (-½, ½), and the gradients are 2θ."""
    plain, ahead = (
        plots.momentum_step(
            lambda a, b: a * a + b * b, (1.0, 2.0), (-1.0, 1.0), lr=0.25, momentum=0.5, nesterov=n
        )
        for n in (False, True)
    )
    arrows = [[(note.xyann, note.xy) for note in ax.texts[:3]] for ax in (plain, ahead)]
    assert arrows[0] == [
        ((1.0, 2.0), (0.5, 2.5)),
        ((1.0, 2.0), (0.5, 1.0)),
        ((1.0, 2.0), (0.0, 1.5)),
    ]
    assert arrows[1] == [
        ((1.0, 2.0), (0.5, 2.5)),
        ((0.5, 2.5), (0.25, 1.25)),
        ((1.0, 2.0), (0.25, 1.25)),
    ]


def test_learning_rates_are_those_of_the_schedules_and_cycles_end_with_a_snapshot():
    cyclic = schedules.Cyclic(0.1, 5)
    ax = plots.learning_rates({"1/√t": schedules.InverseSqrt(1.0), "cyclic": cyclic}, epochs=10)
    root, waves, snapshots = ax.lines
    assert math.isnan(root.get_ydata()[0]), "1/√0 is a gap"
    assert list(root.get_ydata()[1:]) == [1 / math.sqrt(t) for t in range(1, 10)]
    assert list(waves.get_ydata()) == [cyclic(t) for t in range(10)]
    assert list(snapshots.get_xdata()) == [4, 9]


# ---- data ----


def test_each_step_of_preparation_does_what_its_name_says():
    given = data.noisy_function(lambda x: 2 * x, 50, noise=0.5, seed=0)
    xs = [[x + 5.0, y - 3.0] for (x,), y in given]
    panels = plots.preparations(xs)
    shown = {panel.get_title(): np.array(points(panel.lines[0])) for panel in panels}
    assert np.allclose(shown["data"], xs)
    for name in ("centred", "scaled", "principal axes", "whitened"):
        assert np.allclose(shown[name].mean(axis=0), 0.0)
    assert np.allclose(shown["scaled"].std(axis=0), 1.0)
    assert abs(np.cov(shown["principal axes"].T)[0, 1]) < 1e-9
    assert np.allclose(np.cov(shown["whitened"].T, bias=True), np.eye(2))
    assert {panel.get_aspect() for panel in panels} == {1.0}, "equal units on both axes"


def test_a_boundary_far_from_zero_is_more_sensitive():
    blobs = data.blobs(60, [[8, 8], [10, 9]], sd=0.5, seed=0)
    before, after = plots.boundary_sensitivity(blobs.xs, blobs.ys)
    worst = [float(panel.get_title().split()[-1].rstrip("%")) for panel in (before, after)]
    assert worst[0] < worst[1] - 5.0
    assert len([line for line in before.lines if line.get_linestyle() == "--"]) == 4


def test_a_feature_map_moves_the_points():
    before, after = plots.feature_map(lambda x: [x[0] + 1, 2 * x[1]], CORNERS, [0, 0, 0])
    assert points(before.lines[0]) == [tuple(x) for x in CORNERS]
    assert points(after.lines[0]) == [(a + 1, 2 * b) for a, b in CORNERS]
    _, lifted = plots.feature_map(lambda x: [*x, x[0] * x[1]], CORNERS, [0, 0, 0])
    assert list(lifted.lines[0].get_data_3d()[2]) == [1.0, 1.0, -1.0]


# ---- layers ----


def test_histograms_take_the_outputs_of_the_layers_of_a_model():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    panels = plots.histogram_panels(nn.layer_outputs(model, CORNERS), bins=5)
    assert [panel.get_title().split("\n")[0] for panel in panels] == ["layers.0", "layers.1"]
    heights = [sum(bar.get_height() for bar in panel.patches) for panel in panels]
    assert heights == [9, 3], "three units and one unit, for three corners"
    assert panels[0].patches[0].get_x() == panels[1].patches[0].get_x(), "one axis for all"


def test_gradient_norms_are_the_lengths_of_the_gradients_and_show_that_they_vanish():
    models = {
        name: nn.MLP(4, [4] * 5 + [1], activation=name, seed=0) for name in ("sigmoid", "tanh")
    }
    for model in models.values():
        total([model([0.1, -0.2, 0.3, k]) ** 2 for k in (0.0, 1.0)]).backward()
    ax = plots.gradient_norms(models)
    for line, model in zip(ax.lines, models.values(), strict=True):
        expected = [math.hypot(*(p.grad for p in layer.parameters())) for layer in model.layers]
        assert list(line.get_ydata()) == expected
    first, last = ax.lines[0].get_ydata()[[0, -1]]
    assert (first < 1e-3 * last, ax.get_yscale()) == (True, "log")


def test_activations_are_drawn_with_their_derivatives():
    (panel,) = plots.activation_curves(["tanh"], low=-1.0, high=1.0)
    f, slope = panel.lines[:2]
    assert f.get_ydata()[0] == math.tanh(-1)
    assert slope.get_ydata()[-1] == pytest.approx(1 - math.tanh(1) ** 2)


# ---- matrices ----


def test_a_heat_map_writes_its_numbers_and_its_signs():
    ax = plots.heat_map([[1.0, -0.5]], columns=["a", "b"])
    assert [text.get_text() for text in ax.texts] == ["1.00", "−0.50"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    weights = plots.weights_as_images([[1.0, -2.0, 3.0, -4.0]])
    assert points(weights.lines[0]) == [(1, 0), (1, 1)], "a minus on each negative weight"


@pytest.mark.parametrize("causal", [False, True])
def test_the_weights_of_attention_are_softmax_of_the_scores(causal):
    attention = nn.SelfAttention(4, heads=2, causal=causal, seed=0)
    vectors = [[1.0, 0.0, -1.0, 0.5], [0.0, 2.0, 1.0, 0.0], [0.5, 0.5, 0.0, 1.0]]
    panels = plots.attention_map(attention, vectors, names=["a", "b", "c"])
    for head, panel in enumerate(panels):
        part = slice(2 * head, 2 * head + 2)
        q, k = (
            np.array([[y.data for y in layer(v)] for v in vectors])[:, part]
            for layer in (attention.query, attention.key)
        )
        scores = np.exp(q @ k.T / math.sqrt(2)) * (np.tri(3) if causal else 1.0)
        expected = scores / scores.sum(axis=1, keepdims=True)
        assert np.allclose(panel.images[0].get_array(), expected)


# ---- surfaces and background ----


def test_the_loss_surface_is_the_mean_loss_along_two_directions():
    """With two points per axis, the levels go from the lowest corner to the highest."""
    model, moons = nn.MLP(2, [3, 1], activation="tanh", seed=0), data.moons(12)
    theta = [p.data for p in model.parameters()]
    along = [[1.0] * len(theta), [0.0] * (len(theta) - 1) + [2.0]]
    ax = plots.loss_surface(model, CROSS_ENTROPY, moons, directions=along, span=0.5, resolution=2)
    corners = []
    for a, b in ((-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)):
        moved = [t + a * d + b * e for t, d, e in zip(theta, *along, strict=True)]
        with model.with_parameters(moved):
            corners.append(math.fsum(CROSS_ENTROPY(model(x), t) for x, t in moons) / len(moons))
    assert ax.collections[0].levels[[0, -1]] == pytest.approx([min(corners), max(corners)])
    assert [p.data for p in model.parameters()] == theta


def test_random_directions_move_each_unit_by_its_own_length():
    """A model whose parameters are all 0 has a flat surface: its units have length 0."""
    model = nn.MLP(2, [3, 1], init=nn.init.constant(0.0))
    ax = plots.loss_surface(model, CROSS_ENTROPY, data.moons(12), resolution=5)
    assert ax.collections[0].levels[[0, -1]] == pytest.approx([math.log(2), math.log(2) + 1.0])


def test_a_neuron_fires_as_often_as_the_closed_form_says():
    """τ ln(RI/(RI - 15)) = 10 ln(20/5) = 13.863 ms: seven spikes in 100 ms."""
    ax = plots.integrate_and_fire(2.0, step=0.001)
    spikes = [path.vertices[0][0] for path in ax.collections[0].get_paths()]
    assert np.allclose(np.diff(spikes), 10 * math.log(4), atol=2e-3)
    assert not plots.integrate_and_fire(1.4).collections, "RI = 14 mV never reaches the threshold"


def test_the_doubling_time_of_network_sizes_is_that_of_the_fit():
    sizes = {str(year): (year, 10.0 * 2 ** ((year - 1960) / 2.4)) for year in range(1960, 2020, 9)}
    ax = plots.network_sizes(sizes, unit="neurons")
    assert (ax.lines[-1].get_label(), ax.get_yscale()) == ("doubles every 2.4 years", "log")
    assert [text.get_text() for text in ax.texts] == list(sizes)


# ---- all of them ----

ALL = {
    "descent": lambda ax: plots.descent(sin, [1.0, 0.5], ax=ax),
    "critical_points": lambda ax: plots.critical_points(sin, ax=ax),
    "tangent_and_parabola": lambda ax: plots.tangent_and_parabola(sin, 1.0, ax=ax),
    "momentum_step": lambda ax: plots.momentum_step(
        lambda a, b: a * a + b * b, (1, 1), (0.5, 0), ax=ax
    ),
    "learning_rates": lambda ax: plots.learning_rates(schedules.Cosine(0.1, 9), epochs=9, ax=ax),
    "fitted_curve": lambda ax: plots.fitted_curve(lambda x: x[0], [0.0, 1.0], [0, 1], ax=ax),
    "heat_map": lambda ax: plots.heat_map([[1.0]], ax=ax),
    "integrate_and_fire": lambda ax: plots.integrate_and_fire(ax=ax),
    "network_sizes": lambda ax: plots.network_sizes({"A": (2000, 10.0)}, ax=ax),
    "hidden_space": lambda ax: plots.hidden_space(
        nn.MLP(2, [2, 1], seed=0), CORNERS, [0, 1, 1], ax=ax
    ),
    "loss_surface": lambda ax: plots.loss_surface(
        nn.MLP(2, [1], seed=0), CROSS_ENTROPY, data.moons(4), resolution=3, ax=ax
    ),
}
PANELS = {
    "hidden_units": lambda ax: plots.hidden_units(nn.MLP(2, [2, 1], seed=0), CORNERS, ax=ax),
    "activation_curves": lambda ax: plots.activation_curves(["relu", "tanh"], ax=ax),
    "preparations": lambda ax: plots.preparations(CORNERS, ax=ax),
    "boundary_sensitivity": lambda ax: plots.boundary_sensitivity(CORNERS, [0, 1, 1], ax=ax),
    "feature_map": lambda ax: plots.feature_map(lambda x: [*x, 0.0], CORNERS, [0, 1, 1], ax=ax),
    "histogram_panels": lambda ax: plots.histogram_panels({"a": [1.0], "b": [2.0]}, ax=ax),
    "attention_map": lambda ax: plots.attention_map(
        nn.SelfAttention(2, seed=0), [[1.0, 0.0], [0.0, 1.0]], ax=ax
    ),
}


@pytest.mark.parametrize("plot", ALL.values(), ids=ALL)
@pytest.mark.parametrize("paper", ["white", "black"])
def test_a_plot_draws_on_the_axes_it_is_given_light_or_dark(plot, paper):
    ax = Figure().add_subplot(facecolor=paper)
    assert plot(ax) is ax
    shown = {line.get_color() for line in ax.lines} - {"None"}
    assert paper not in shown
    assert plot(None).figure is not ax.figure


@pytest.mark.parametrize(
    ("paper", "value", "gradient"),
    [("white", "#0b6e2e", "#a01127"), ("black", "#6fd08c", "#ff9aa6")],
)
def test_values_and_gradients_have_the_colours_of_the_pictures(paper, value, gradient):
    ax = Figure().add_subplot(facecolor=paper)
    lines = plots.function_and_derivative(sin, ax=ax).lines
    assert [line.get_color() for line in lines[:2]] == [value, gradient]
    assert lines[1].get_linestyle() == "--", "colour is not the only difference"


@pytest.mark.parametrize("plot", PANELS.values(), ids=PANELS)
def test_panels_stand_in_the_place_of_the_axes_they_are_given(plot):
    left, right = Figure(figsize=(9, 4)).subplots(1, 2)
    panels = plot(right)
    assert all(panel.figure is right.figure for panel in panels)
    assert all(panel.get_position().x0 > left.get_position().x1 for panel in panels)
    with pytest.raises(OperandError, match="need Axes from a grid"):
        plot(Figure().add_axes((0.1, 0.1, 0.5, 0.5)))


WRONG = {
    "labels without points": (
        lambda: plots.hidden_units(nn.MLP(2, [2, 1]), CORNERS, [0]),
        "a picture of hidden units needs points of two numbers and as many labels; got 3 points of "
        "2 numbers and 1 labels",
    ),
    "a layer that is not there": (
        lambda: plots.hidden_units(nn.MLP(2, [2, 1]), CORNERS, layer=2),
        "layer must be an index of the model's 2 layer(s), from 0; got 2",
    ),
    "a model without layers": (
        lambda: plots.hidden_units(nn.Neuron(2), CORNERS),
        "the model must be an MLP or a Sequential, which have layers; got ReLUNeuron(2)",
    ),
    "units that are not there": (
        lambda: plots.hidden_space(nn.MLP(2, [2, 1]), CORNERS, [0, 1, 1], units=(0, 2)),
        "units must be two indices of the layer's 2 unit(s); got (0, 2)",
    ),
    "three outputs of a fit": (
        lambda: plots.fitted_curve(lambda x: [1.0, 2.0, 3.0], [0.0], [0.0]),
        "the model must have one or two outputs; got 3",
    ),
    "a path in the plane": (
        lambda: plots.descent(sin, [[1.0, 2.0]]),
        "the path must be one or more numbers; got 1 points of 2 numbers in all",
    ),
    "gradients before a backward pass": (
        lambda: plots.gradient_norms(nn.MLP(2, [2, 1])),
        "no parameter has a gradient: call loss.backward() first",
    ),
    "a window longer than the run": (
        lambda: plots.loss_curve([1.0, 2.0], window=3),
        "window must be at most the number of losses, 2; got 3",
    ),
    "a number as a schedule": (
        lambda: plots.learning_rates(0.1),
        "'learning rate' must be a schedule, such as schedules.Cosine(0.1, 100); got 0.1",
    ),
    "points on one line": (
        lambda: plots.preparations([[1.0, 1.0], [2.0, 2.0]]),
        "the points stand on one line, so they cannot be whitened in the plane",
    ),
    "one class": (
        lambda: plots.boundary_sensitivity(CORNERS, [1, 1, 1]),
        "a boundary needs points of two classes; all are of the same",
    ),
    "a map into four dimensions": (
        lambda: plots.feature_map(lambda x: [*x, *x], CORNERS, [0, 1, 1]),
        "phi must return two or three numbers, to draw them; got [4]",
    ),
    "rows of different lengths": (
        lambda: plots.heat_map([[1.0], [1.0, 2.0]]),
        "a heat map needs one or more rows of numbers, all of the same length",
    ),
    "too few names": (
        lambda: plots.heat_map([[1.0, 2.0]], columns=["a"]),
        "got 1 name(s) for 2 column(s)",
    ),
    "attention of another kind": (
        lambda: plots.attention_map(nn.Neuron(2), []),
        "attention_map needs an nn.SelfAttention; got ReLUNeuron(2)",
    ),
    "flat axes for three dimensions": (
        lambda: surface_in_3d(Figure().add_subplot()),
        'show="3d" needs Axes that were made with projection="3d"',
    ),
    "directions that are too short": (
        lambda: plots.loss_surface(
            nn.MLP(2, [1]), CROSS_ENTROPY, data.moons(4), directions=[[1.0], [1.0]]
        ),
        "directions must be two lists of 3 numbers, one per parameter; got 2 of lengths [1, 1]",
    ),
    "a surface of a model in training mode": (
        lambda: plots.loss_surface(
            nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.Linear(2, 1)),
            CROSS_ENTROPY,
            data.moons(4),
        ),
        "Dropout(0.5) is in training mode, in which its outputs are different: call model.eval() "
        "first",
    ),
    "a function without a value anywhere": (
        lambda: plots.trajectories(lambda a, b: log(-a * a - b * b - 1.0), {"path": [(0.0, 0.0)]}),
        "the function has no value at any point of the grid that would be drawn",
    ),
    "a score that is not a number": (
        lambda: plots.decision_boundary(lambda x: math.nan, [[0.0, 0.0]], [1]),
        "the model gives [nan] at (-1, -1), which is not finite",
    ),
    "a threshold below rest": (
        lambda: plots.integrate_and_fire(threshold=-80.0),
        "rest must be below threshold; got -70.0 and -80.0",
    ),
    "a network of size 0": (
        lambda: plots.network_sizes({"A": (2000, 0)}),
        "networks must be a dict of names and pairs (year, size > 0)",
    ),
}


def surface_in_3d(ax):
    return plots.loss_surface(
        nn.MLP(2, [1], seed=0), CROSS_ENTROPY, data.moons(4), resolution=3, show="3d", ax=ax
    )


@pytest.mark.parametrize(("mistake", "text"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_drawn_is_explained(mistake, text):
    with pytest.raises(AutogradError) as caught:
        mistake()
    assert str(caught.value) == text
