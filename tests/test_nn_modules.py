"""Modules: what each computes, that its gradients are right, and that misuse is told."""

import json
import math
import random
import statistics

import numpy as np
import pytest

from autograd_edu import Constant, Value, check_gradient, exp, maximum, sqrt, tanh, total
from autograd_edu.engine.value import topological_order
from autograd_edu.errors import (
    AutogradError,
    OperandError,
    OptionError,
    ShapeError,
    StateError,
    TargetError,
    TrainingError,
)
from autograd_edu.nn import (
    MLP,
    RNN,
    Apply,
    AttentionPool,
    BatchNorm,
    Conv1d,
    Conv2d,
    DropConnect,
    Dropout,
    Embedding,
    Ensemble,
    Flatten,
    Layer,
    LayerNorm,
    Linear,
    Maxout,
    Module,
    Neuron,
    Noise,
    Perceptron,
    Pool,
    Pool2d,
    PReLU,
    RecurrentCell,
    Residual,
    RMSNorm,
    SelfAttention,
    Sequential,
    Skip,
    Standardiser,
    attend,
    init,
    padded,
    regularise,
    softmax,
)


def flat(x):
    return [number for part in x for number in flat(part)] if isinstance(x, (list, tuple)) else [x]


def scattered(count, seed=0):
    rng = random.Random(seed)
    return [rng.uniform(-1.5, 1.5) for _ in range(count)]


def weighed(outputs):
    """One number that depends on every output differently."""
    return total([math.cos(i + 0.5) * y for i, y in enumerate(flat(outputs))])


VECTOR, VECTORS = scattered(4), [scattered(4, seed) for seed in (1, 2, 3)]
PICTURE = [[scattered(4, seed) for seed in (5, 6, 7, 8)]]
MODULES = [
    (Neuron(4, activation="tanh", seed=1), VECTOR),
    (Neuron(4, nonlin=False, seed=1), VECTOR),
    (Neuron(4, activation=PReLU(0.3), seed=1), VECTOR),
    (Layer(4, 3, activation="sigmoid", seed=1), VECTOR),
    (Linear(4, 2, bias=False, seed=1), VECTOR),
    (MLP(4, [3, 2], seed=1), VECTOR),
    (
        MLP(4, [3, 3, 1], activation=["tanh", "gelu", "softplus"], init="glorot_uniform", seed=2),
        VECTOR,
    ),
    (Sequential(Linear(4, 3, seed=1), Apply("elu"), Linear(3, 2, seed=2)), VECTOR),
    (Residual(Linear(4, 4, seed=1), Apply("tanh")), VECTOR),
    (Skip(Linear(4, 2, seed=1), Apply("tanh")), VECTOR),
    (Maxout(4, 2, pieces=3, seed=1), VECTOR),
    (LayerNorm(4), VECTOR),
    (RMSNorm(4), VECTOR),
    (BatchNorm(4).eval(), VECTOR),
    (Standardiser([1.0, 2.0, 3.0, 4.0], [0.5, 2.0, 1.0, 3.0]), VECTOR),
    (Dropout(0.5).eval(), VECTOR),
    (Noise(0.5).eval(), VECTOR),
    (DropConnect(4, 3, 0.5, seed=1, activation="tanh").eval(), VECTOR),
    (Conv1d(1, 2, 3, padding=1, stride=2, activation="tanh", seed=1), [VECTOR]),
    (Conv2d(1, 2, 2, activation="tanh", seed=1), PICTURE),
    (Pool2d(2, "max"), PICTURE),
    (Flatten(), PICTURE),
    (Pool("mean"), VECTORS),
    (Pool("sum"), VECTORS),
    (Pool("max"), VECTORS),
    (AttentionPool(4, seed=1), VECTORS),
    (SelfAttention(4, heads=1, seed=1, bias=False), VECTORS),
    (SelfAttention(4, heads=2, causal=True, seed=1, bias=False), VECTORS),
    (RNN(4, 2, seed=1), VECTORS),
    (Ensemble([MLP(4, [3], seed=1), MLP(4, [3], seed=2)]), VECTOR),
]


@pytest.mark.parametrize(
    ("module", "x"), MODULES, ids=lambda held: repr(held)[:60] if isinstance(held, Module) else ""
)
@pytest.mark.slow
def test_gradients_of_parameters_and_inputs_pass_the_check(module, x):
    numbers = flat(x)
    inputs = [Value(number) for number in numbers]

    def shaped(like, source):
        return (
            [shaped(part, source) for part in like]
            if isinstance(like, (list, tuple))
            else next(source)
        )

    report = check_gradient(
        lambda: weighed(module(shaped(x, iter(inputs)))), [*module.parameters(), *inputs]
    )
    assert report, report


@pytest.mark.parametrize(
    ("module", "x"), MODULES, ids=lambda held: repr(held)[:60] if isinstance(held, Module) else ""
)
def test_values_and_plain_numbers_give_the_same_output(module, x):
    def valued(part):
        return [valued(p) for p in part] if isinstance(part, (list, tuple)) else Value(part)

    def data(outputs):
        return [y.data if isinstance(y, Value) else y for y in flat(outputs)]

    assert data(module(x)) == data(module(valued(x)))


def test_a_module_with_a_wrong_gradient_is_rejected():
    class Wrong(Module):
        def __init__(self):
            self.w = Value(2.0)

        def forward(self, x):
            return self.w * x * Value(self.w.data)  # w², differentiated as if one w were a constant

    module = Wrong()
    assert not check_gradient(lambda: module(3.0), module.parameters())


# ---- neurons, layers, perceptrons ----


def test_the_names_and_signatures_are_those_of_micrograd():
    model = MLP(3, [4, 4, 1])
    assert len(model.parameters()) == 41
    assert repr(model).startswith(
        "MLP of [Layer of [ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3)], Layer of ["
    )
    assert repr(model).endswith("Layer of [LinearNeuron(4)]]")
    model([2.0, 3.0, -1.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert all(p.grad == 0.0 for p in model.parameters())


def test_a_single_output_is_a_number_and_several_are_a_list():
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert len(MLP(2, [3, 2])([1.0, 2.0])) == 2
    assert isinstance(MLP(2, [1, 1])([1.0, 2.0]), Value), "a hidden layer of one neuron too"


def test_a_fully_connected_layer_has_one_weight_per_connection_and_one_bias_per_output():
    assert len(Layer(5, 3).parameters()) == 5 * 3 + 3
    assert len(Layer(5, 3, bias=False).parameters()) == 5 * 3


def test_weights_are_stored_by_output_then_input():
    layer = Linear(2, 3, seed=0)
    for k, neuron in enumerate(layer.neurons):
        for j, w in enumerate(neuron.w):
            w.data = 10.0 * k + j
    x = [5.0, 7.0]
    assert [y.data for y in layer(x)] == [
        (10.0 * k) * 5.0 + (10.0 * k + 1) * 7.0 for k in range(3)
    ]  # Wx
    by_rows = [
        [neuron.w[j].data for neuron in layer.neurons] for j in range(2)
    ]  # the other convention: xW with W[in][out]
    assert [y.data for y in layer(x)] == [
        sum(x[j] * by_rows[j][k] for j in range(2)) for k in range(3)
    ]


def test_linear_layers_collapse_to_one_linear_map():
    model = MLP(3, [4, 5, 2], activation="linear", bias=False, seed=3)
    columns = [[y.data for y in model([float(i == j) for j in range(3)])] for i in range(3)]
    x = [0.3, -1.2, 0.7]
    for k, y in enumerate(model(x)):
        assert y.data == pytest.approx(
            sum(columns[i][k] * x[i] for i in range(3)), rel=1e-12, abs=0.0
        )


@pytest.mark.parametrize("strict", [False, True])
def test_equality_fires_a_perceptron_unless_it_is_strict(strict):
    unit = Perceptron([1.0, -2.0], 0.5, strict=strict)
    assert unit([1.5, 1.0]).data == (0.0 if strict else 1.0)
    assert unit([1.6, 1.0]).data == 1.0
    assert unit([1.4, 1.0]).data == 0.0


def test_a_hard_threshold_has_gradient_zero_and_cannot_learn():
    unit = Perceptron([1.0, -2.0])
    unit([1.0, 1.0]).backward()
    assert [p.grad for p in unit.parameters()] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("strict", "wrong"), [(False, 0), (True, 41)])
def test_two_layers_of_thresholds_compute_where_x2_is_at_least_the_size_of_x1(strict, wrong):
    above = [Perceptron([-1.0, 1.0], strict=strict), Perceptron([1.0, 1.0], strict=strict)]
    both = Perceptron([0.5, 0.5], -0.6, strict=strict)
    grid = [(i * 0.25, j * 0.25) for i in range(-20, 21) for j in range(-20, 21)]
    fired = [both([unit(p) for unit in above]).data == 1.0 for p in grid]
    assert sum(f != (x2 >= abs(x1)) for f, (x1, x2) in zip(fired, grid, strict=True)) == wrong
    assert sum(x2 >= abs(x1) for x1, x2 in grid) == 441
    corners = [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]
    assert [round(0.5 * a + 0.5 * b - 0.6, 10) for a, b in corners] == [0.4, -0.1, -0.1, -0.6]


def test_one_threshold_computes_where_x2_is_at_least_x1():
    unit = Perceptron([-1.0, 1.0])
    assert all(unit([x1, x2]).data == (x2 >= x1) for x1 in range(-5, 6) for x2 in range(-5, 6))


def test_xor_by_thresholds_in_two_constructions():
    either, both = Perceptron([1.0, 1.0], -0.5), Perceptron([1.0, 1.0], -1.5)
    only_one = Perceptron([1.0, -1.0], -0.5)  # KIT: OR and not AND
    first, second, any_of = (
        Perceptron([1.0, -1.0], -0.5),
        Perceptron([-1.0, 1.0], -0.5),
        Perceptron([1.0, 1.0], -0.5),
    )
    bits = [(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    assert [only_one([either(x), both(x)]).data for x in bits] == [0.0, 1.0, 1.0, 0.0]
    assert [any_of([first(x), second(x)]).data for x in bits] == [
        0.0,
        1.0,
        1.0,
        0.0,
    ]  # Imperial: a¬b or ¬ab


def test_no_single_threshold_computes_xor_or_the_corner():
    grid = [i * 0.25 for i in range(-8, 9)]
    tables = {
        tuple(float(a * x + b * y + c >= 0) for x in (0, 1) for y in (0, 1))
        for a in grid
        for b in grid
        for c in grid
    }
    assert (0.0, 1.0, 1.0, 0.0) not in tables
    assert (0.0, 0.0, 0.0, 1.0) in tables, "but AND it does"
    # (1, 2) and (-1, 2) are in x₂ ≥ |x₁|, (±1, 0) are not … and (2, 2.1), (-2, 2.1) with (0, -1):
    # any line leaves one wrong
    assert not any(
        a * 2 + b * 2 + c >= 0
        and a * -2 + b * 2 + c >= 0
        and a * 0 + b * 0 + c >= 0
        and a * 1 + c < 0
        and a * -1 + c < 0
        for a in grid
        for b in grid
        for c in grid
    )


# ---- activations ----


def test_prelu_learns_its_slope_where_the_input_is_negative():
    phi = PReLU(0.3)
    for x, slope in ((-2.0, -2.0), (2.0, 0.0)):
        phi.zero_grad()
        phi(x).backward()
        assert phi.slope.grad == slope
    neurons = Layer(2, 3, activation=phi, seed=1)
    assert len(neurons.parameters()) == 9 + 1, "shared by the neurons of a layer, and counted once"


def test_maxout_takes_the_larger_of_its_pieces_and_only_the_winner_learns():
    unit = Maxout(2, 1)
    for piece, (w, b) in zip(unit.pieces, (((1.0, 2.0), 0.0), ((-1.0, 0.5), 1.0)), strict=True):
        for value, number in zip(piece.parameters(), (*w, b), strict=True):
            value.data = number
    (y,) = unit([1.0, -1.0])
    y.backward()
    assert y.data == -0.5
    assert [[p.grad for p in piece.parameters()] for piece in unit.pieces] == [
        [0.0, 0.0, 0.0],
        [1.0, -1.0, 1.0],
    ]


def test_a_dead_rectifier_gets_gradient_exactly_zero_for_every_sample():
    neuron = Neuron(2, seed=0)
    neuron.b.data = -100.0
    for x in VECTORS:
        neuron(x[:2]).backward()
    assert all(p.grad == 0.0 for p in neuron.parameters())


def test_sigmoid_outputs_are_positive_so_all_weight_gradients_of_the_next_unit_have_one_sign():
    hidden, unit = Layer(3, 5, activation="sigmoid", seed=1), Neuron(5, nonlin=False, seed=2)
    for x in ([1.0, -2.0, 3.0], [-0.3, 0.2, 0.1]):
        unit.zero_grad()
        (0.5 * (unit(hidden(x)) - 3.0) ** 2).backward()
        assert len({math.copysign(1.0, w.grad) for w in unit.w}) == 1


# ---- containers ----


def test_sequential_is_nested_calls():
    first, second = Linear(4, 3, seed=1), Layer(3, 2, seed=2)
    assert [y.data for y in Sequential(first, second)(VECTOR)] == [
        y.data for y in second(first(VECTOR))
    ]


def test_a_residual_layer_adds_its_input():
    layer = Layer(1, 1, activation="tanh")
    layer.neurons[0].w[0].data, layer.neurons[0].b.data = 2.0, -0.3
    h = Value(0.5)
    (r,) = Residual(layer)([h])
    r.backward()
    assert r.data == pytest.approx(1.1043677771171635, rel=1e-15, abs=0.0)
    assert h.grad == pytest.approx(2.2694791799649172, rel=1e-15, abs=0.0)


def test_a_skip_connection_gives_output_and_input():
    skip = Skip(Linear(4, 2, seed=1))
    assert len(skip(VECTOR)) == 6
    assert skip(VECTOR)[2:] == VECTOR


def test_an_ensemble_of_one_model_repeated_is_the_model():
    model = MLP(4, [3], seed=1)
    alone = [y.data for y in softmax(model(VECTOR))]
    assert [y.data for y in Ensemble([model, model, model])(VECTOR)] == pytest.approx(
        alone, rel=1e-15, abs=0.0
    )


# ---- embeddings, pooling, attention, sequences ----


def test_only_the_row_that_is_looked_up_gets_a_gradient():
    table = Embedding(4, 2, seed=0)
    total([tanh(e) for e in table(2)]).backward()
    assert [[e.has_grad for e in row] for row in table.rows] == [
        [False, False],
        [False, False],
        [True, True],
        [False, False],
    ]


def test_an_embedding_is_a_linear_layer_of_a_one_hot_input():
    table, layer = Embedding(4, 3, seed=0), Linear(4, 3, bias=False)
    for k, neuron in enumerate(layer.neurons):
        for d, w in enumerate(neuron.w):
            w.data = table.rows[d][k].data  # w_d is the d-th column of W: g(Wx + b) = g(w_d + b)
    assert [y.data for y in layer([0.0, 0.0, 1.0, 0.0])] == [e.data for e in table(2)]


def test_attention_pooling_weighs_by_the_match_with_the_query():
    pool = AttentionPool(2)
    for q, number in zip(pool.query, (1.0, 2.0), strict=True):
        q.data = number
    vectors = [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
    assert [a.data for a in pool.weights(vectors)] == pytest.approx(
        [0.09003057317038046, 0.24472847105479764, 0.6652409557748218], rel=1e-15, abs=0.0
    )
    assert [y.data for y in pool(vectors)] == pytest.approx(
        [0.7552715289452022, 0.9099694268296195], rel=1e-15, abs=0.0
    )


def test_of_max_pooling_only_the_winner_gets_a_gradient():
    vectors = [[Value(1.0)], [Value(3.0)], [Value(2.0)]]
    Pool("max")(vectors)[0].backward()
    assert [v[0].grad for v in vectors] == [0.0, 1.0, 0.0]


def test_mean_pooling_divides_by_the_length_and_padding_fills_up_to_one():
    assert Pool("mean")([[1.0], [2.0], [6.0]]) == [3.0]
    assert padded([[1.0]], 3, [0.0]) == [[1.0], [0.0], [0.0]]
    with pytest.raises(ShapeError, match="3 items does not fit into a length of 2"):
        padded([1, 2, 3], 2, 0)


def test_causal_attention_does_not_see_what_comes_later():
    layer, late = SelfAttention(4, causal=True, seed=1), [[Value(x) for x in v] for v in VECTORS]
    total(layer(late)[0]).backward()
    assert [any(x.grad for x in v) for v in late] == [True, False, False]


@pytest.mark.slow
def test_the_bias_of_the_keys_has_no_effect_because_softmax_ignores_what_is_added_to_all_scores():
    layer = SelfAttention(4, seed=1)
    report = check_gradient(lambda: weighed(layer(VECTORS)), layer.parameters())
    assert not any(row.verdict == "fail" for row in report.rows), report
    weighed(layer(VECTORS)).backward()
    assert max(abs(neuron.b.grad) for neuron in layer.key.neurons) < 1e-15


def test_attention_is_softmax_of_scaled_products_times_values():
    query, keys, values = [1.0, 0.5], [[0.2, 0.1], [-0.3, 0.8]], [[1.0, 2.0], [3.0, 4.0]]
    scores = [(0.2 + 0.05) / math.sqrt(2), (-0.3 + 0.4) / math.sqrt(2)]
    share = math.exp(scores[0]) / (math.exp(scores[0]) + math.exp(scores[1]))
    assert attend([query], keys, values)[0] == pytest.approx(
        [share * 1 + (1 - share) * 3, share * 2 + (1 - share) * 4], rel=1e-14, abs=0.0
    )


def test_a_recurrent_network_is_its_cell_repeated():
    network = RNN(4, 2, seed=1)
    state = [0.0, 0.0]
    for x, expected in zip(VECTORS, network(VECTORS), strict=True):
        state = network.cell(x, state)
        assert [s.data for s in state] == [s.data for s in expected]


def test_a_convolution_is_the_same_neuron_at_every_place():
    layer = Conv1d(1, 1, 3, padding=1, nonlin=False, seed=1)
    w = [v.data for v in layer.neurons[0].w]
    x = [0.0, *VECTOR, 0.0]
    assert [y.data for y in layer([VECTOR])[0]] == pytest.approx(
        [sum(w[j] * x[i + j] for j in range(3)) for i in range(4)], rel=1e-14, abs=0.0
    )


def test_two_dimensional_convolution_matches_a_sum_over_windows():
    layer = Conv2d(1, 1, 2, stride=2, nonlin=False, seed=1)
    w, p = [v.data for v in layer.neurons[0].w], PICTURE[0]
    expected = [
        [sum(w[2 * a + b] * p[i + a][j + b] for a in (0, 1) for b in (0, 1)) for j in (0, 2)]
        for i in (0, 2)
    ]
    for row, wanted in zip(layer(PICTURE)[0], expected, strict=True):
        assert [y.data for y in row] == pytest.approx(wanted, rel=1e-14, abs=0.0)


# ---- normalisation ----


def test_batch_norm_gives_mean_zero_and_variance_one_over_the_batch():
    norm = BatchNorm(1, eps=0.0)
    columns = [y.data for (y,) in norm.batch([[1.0], [2.0], [3.0], [4.0]])]
    assert columns == pytest.approx(
        [-1.3416407864998738, -0.4472135954999579, 0.4472135954999579, 1.3416407864998738],
        rel=1e-15,
        abs=0.0,
    )


def test_batch_norm_gradients_through_the_statistics_pass_the_check():
    norm, layer = BatchNorm(2), Linear(4, 2, seed=1)
    model = Sequential(layer, norm, Apply("tanh"))
    biases = [neuron.b for neuron in layer.neurons]
    others = [p for p in model.parameters() if p not in biases]
    report = check_gradient(lambda: weighed(model.batch(VECTORS)), others)
    assert report, report
    model.zero_grad()
    weighed(model.batch(VECTORS)).backward()
    assert [b.grad for b in biases] == pytest.approx([0.0, 0.0], abs=1e-14), (
        "the mean takes them away"
    )


def test_running_statistics_approach_those_of_the_data_and_serve_in_evaluation():
    norm = BatchNorm(1, momentum=0.5, affine=False)
    for _ in range(60):
        norm.batch([[1.0], [3.0]])
    assert norm.running_mean == pytest.approx([2.0])
    assert norm.running_variance == pytest.approx([2.0]), "unbiased: ((1-2)² + (3-2)²)/1"
    (y,) = norm.eval()([3.0])
    assert y == pytest.approx(1.0 / math.sqrt(2.0 + 1e-5))
    assert norm.parameters() == []


def test_layer_norm_and_rms_norm_by_their_formulas():
    x = [1.0, 2.0, 3.0, 4.0]
    assert [y.data for y in LayerNorm(4, eps=0.0)(x)] == pytest.approx(
        [-1.3416407864998738, -0.4472135954999579, 0.4472135954999579, 1.3416407864998738]
    )
    assert [y.data for y in RMSNorm(4, eps=0.0)(x)] == pytest.approx(
        [v / math.sqrt(7.5) for v in x], rel=1e-15, abs=0.0
    )


# ---- random layers ----


def test_dropout_keeps_the_expectation_and_drops_at_its_rate():
    layer = Dropout(0.3, seed=0)
    outputs = [layer([1.0])[0] for _ in range(20000)]
    assert set(outputs) == {0.0, 1.0 / 0.7}
    assert sum(outputs) / 20000 == pytest.approx(1.0, abs=4 * math.sqrt(0.3 / 0.7 / 20000))
    assert outputs.count(0.0) / 20000 == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 20000))


def test_a_dropped_number_has_gradient_zero_and_the_seed_repeats_the_mask():
    x = [Value(1.0) for _ in range(50)]
    total(Dropout(0.5, seed=3)(x)).backward()
    again = Dropout(0.5, seed=3)([1.0] * 50)
    assert [v.grad for v in x] == again
    assert Dropout(0.5, seed=3).eval()([1.0, 2.0]) == [1.0, 2.0]


def test_4096_units_have_about_ten_to_the_1233_masks():
    assert math.log10(2**4096) == pytest.approx(1233.0188622396670, rel=1e-15, abs=0.0)


def test_dropconnect_drops_weights_and_averages_to_the_whole_layer():
    layer = DropConnect(1, 1, 0.5, seed=0, nonlin=False, init=init.constant(2.0))
    outputs = [layer([1.0])[0].data for _ in range(4000)]
    assert set(outputs) == {0.0, 4.0}
    assert sum(outputs) / 4000 == pytest.approx(2.0, abs=4 * 2.0 / math.sqrt(4000))
    assert layer.eval()([1.0])[0].data == 2.0


# ---- parameters by name, scopes ----


def test_parameters_have_names_labels_and_scopes():
    model = MLP(2, [3, 1], seed=1)
    names = [name for name, _ in model.named_parameters()]
    assert names[:3] == ["layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b"]
    last = model.layers[1].neurons[0]
    assert (last.w[2].label, last.w[2].scope, last.b.label) == ("w₃", "layer1/neuron0", "b")


def test_what_a_neuron_computes_is_in_its_scope():
    y = MLP(2, [3, 1], seed=1)([1.0, 2.0])
    assert y.scope == "layer1/neuron0"
    assert [parent.scope for parent in y.parents[3:6]] == [
        "layer0/neuron0",
        "layer0/neuron1",
        "layer0/neuron2",
    ]


def test_parts_inside_parts_have_the_path_as_scope():
    model = Sequential(SelfAttention(2, seed=0), Residual(Linear(2, 2, seed=1)))
    assert model.layers[0].query.neurons[1].w[0].scope == "layer0/query/neuron1"
    assert model.layers[1].layers[0].neurons[0].b.scope == "layer1/layer0/neuron0"


def test_a_layer_used_twice_is_counted_once():
    layer = Linear(2, 2, seed=0)
    assert len(Sequential(layer, layer).parameters()) == 6


def test_with_parameters_makes_the_model_a_function_of_them():
    from autograd_edu import grad

    model = MLP(2, [2, 1], activation="tanh", seed=0)

    def at(values):
        with model.with_parameters(values):
            return model([0.3, -0.4])

    gradient = grad(at)([p.data for p in model.parameters()])
    model([0.3, -0.4]).backward()
    assert gradient == pytest.approx([p.grad for p in model.parameters()], rel=1e-14, abs=0.0)
    with (
        pytest.raises(ShapeError, match="9 parameters, so it needs as many values; got 1"),
        model.with_parameters([1.0]),
    ):
        pass


# ---- misuse ----

MISUSE = [
    pytest.param(
        lambda: Layer("a", 2),
        OperandError,
        "inputs of a layer must be a whole number; got str",
        id="text for a number",
    ),
    pytest.param(
        lambda: Layer(2.5, 2),
        OperandError,
        "must be a whole number; got float 2.5",
        id="two and a half inputs",
    ),
    pytest.param(
        lambda: Neuron(-1),
        ShapeError,
        "inputs of a neuron must be at least 1; got -1",
        id="inputs below none",
    ),
    pytest.param(
        lambda: Ensemble(MLP(1, [1])),
        OperandError,
        "a list of models; got one model",
        id="an ensemble of no list",
    ),
    pytest.param(
        lambda: Standardiser([0.0], [0.0]),
        TargetError,
        "standard deviation must be finite and positive",
        id="a scale of 0",
    ),
    pytest.param(
        lambda: Dropout("a"),
        OperandError,
        "probability of dropping must be a number; got str",
        id="text for a probability",
    ),
    pytest.param(
        lambda: MLP(3, [2, 1])([1.0, 2.0]),
        ShapeError,
        r"takes 3 number\(s\); got 2",
        id="an input too short",
    ),
    pytest.param(
        lambda: MLP(2, [2, 1])([1.0, 2.0, 3.0]),
        ShapeError,
        r"takes 2 number\(s\); got 3",
        id="an input too long",
    ),
    pytest.param(
        lambda: MLP(1, [1])(3.0),
        OperandError,
        r"a list of 1 number\(s\); got float 3.0",
        id="a number instead of a list",
    ),
    pytest.param(
        lambda: MLP(1, [1])(Value(3.0)), OperandError, "got Value", id="a Value instead of a list"
    ),
    pytest.param(lambda: MLP(3, [1])("abc"), OperandError, "got str", id="text instead of a list"),
    pytest.param(
        lambda: MLP(2, [2, 1], activation=["relu"]),
        ShapeError,
        r"2 layer\(s\) needs a list of 2 for `activation`",
        id="activations for fewer layers",
    ),
    pytest.param(
        lambda: Neuron(2, activation="rleu"),
        OptionError,
        r"unknown activation 'rleu'.*did you mean 'relu'",
        id="an unknown activation",
    ),
    pytest.param(
        lambda: Neuron(2, init="xavier"),
        OptionError,
        "unknown initialiser 'xavier'",
        id="an unknown initialiser",
    ),
    pytest.param(
        lambda: Neuron(2, seed="one"),
        OperandError,
        "a seed must be a whole number",
        id="a seed of text",
    ),
    pytest.param(
        lambda: Layer(2, 0),
        ShapeError,
        "number of neurons of a layer must be at least 1; got 0",
        id="an empty layer",
    ),
    pytest.param(
        lambda: Residual(Linear(2, 3))([1.0, 2.0]),
        ShapeError,
        "got 2 and 3 numbers",
        id="a residual of another width",
    ),
    pytest.param(
        lambda: Embedding(3, 2)(3), TargetError, "from 0 to 2; got 3", id="a row that is not there"
    ),
    pytest.param(
        lambda: Embedding(3, 2)(Value(1.0)),
        OperandError,
        "needs a whole number as index; got Value",
        id="a Value as an index",
    ),
    pytest.param(
        lambda: Dropout(1.0), TargetError, r"must be in \[0, 1\); got 1.0", id="dropping everything"
    ),
    pytest.param(
        lambda: BatchNorm(1)([1.0]),
        TrainingError,
        "a whole batch in training mode",
        id="batch norm of one sample",
    ),
    pytest.param(
        lambda: BatchNorm(1).batch([[1.0]]),
        TrainingError,
        "at least two samples",
        id="a batch of one",
    ),
    pytest.param(
        lambda: Pool("median"),
        OptionError,
        "unknown pooling 'median'; choose from 'mean'",
        id="an unknown pooling",
    ),
    pytest.param(lambda: Pool()([]), ShapeError, "one or more vectors", id="pooling of nothing"),
    pytest.param(
        lambda: Pool()([[1.0], [1.0, 2.0]]),
        ShapeError,
        r"lengths \[1, 2\]",
        id="vectors of several lengths",
    ),
    pytest.param(
        lambda: SelfAttention(4, heads=3),
        ShapeError,
        "3 heads cannot share 4",
        id="heads that do not divide",
    ),
    pytest.param(
        lambda: Conv1d(1, 1, 5)([[1.0, 2.0]]),
        ShapeError,
        "a window of 5 does not fit into 2",
        id="a kernel too wide",
    ),
    pytest.param(
        lambda: Conv1d(2, 1, 1)([[1.0]]),
        ShapeError,
        r"takes 2 channel\(s\); got 1",
        id="a missing channel",
    ),
    pytest.param(
        lambda: Pool2d(2)([[[1.0, 2.0, 3.0]]]),
        ShapeError,
        "1 × 3 cannot be cut into tiles of 2 × 2",
        id="tiles that do not fit",
    ),
    pytest.param(
        lambda: RNN(1, 1)([]),
        ShapeError,
        "at least one input; got an empty one",
        id="an empty sequence",
    ),
    pytest.param(
        lambda: RecurrentCell(1, 2)([1.0], [0.0]),
        ShapeError,
        r"state of RecurrentCell\(1, 2\) takes 2",
        id="a state too short",
    ),
    pytest.param(
        lambda: MLP(2, 4),
        OperandError,
        r"must be a list, as in MLP\(2, \[4\]\); got 4",
        id="a size instead of sizes",
    ),
    pytest.param(lambda: MLP(2, []), OperandError, r"must be a list.*got \[\]", id="no layers"),
    pytest.param(
        lambda: Sequential([Linear(1, 1)]),
        OperandError,
        "Pass the layers one by one",
        id="layers in a list",
    ),
    pytest.param(
        lambda: Noise(-1.0),
        TargetError,
        "deviation of noise must be finite and not negative",
        id="negative noise",
    ),
    pytest.param(
        lambda: RMSNorm(2, eps=-1.0),
        TargetError,
        "eps must be finite and not negative",
        id="a negative ε",
    ),
    pytest.param(
        lambda: regularise.l2(-1e-4),
        TargetError,
        "strength of a penalty must be",
        id="a reward for weights",
    ),
    pytest.param(
        lambda: regularise.half_l2(-1.0),
        TargetError,
        "strength of a penalty must be",
        id="a half reward",
    ),
    pytest.param(
        lambda: regularise.l1(math.nan),
        TargetError,
        "strength of a penalty must be",
        id="a penalty of nan",
    ),
    pytest.param(lambda: Ensemble([]), ShapeError, "at least one model", id="an empty ensemble"),
    pytest.param(lambda: softmax([]), ShapeError, "at least one score", id="softmax of nothing"),
]


@pytest.mark.parametrize(("misuse", "kind", "message"), MISUSE)
def test_misuse_is_told(misuse, kind, message):
    with pytest.raises(kind, match=message) as caught:
        misuse()
    assert isinstance(caught.value, AutogradError)


def test_the_sigmoid_of_a_logistic_unit_and_logistic_regression_are_one():
    neuron = Neuron(2, activation="sigmoid", seed=1)
    w1, w2, b = (Value(p.data) for p in neuron.parameters())
    by_hand = 1 / (1 + exp(-(w1 * 0.5 + w2 * -2.0 + b)))
    unit = neuron([0.5, -2.0])
    by_hand.backward()
    unit.backward()
    assert unit.data == pytest.approx(by_hand.data, rel=1e-15, abs=0.0)
    assert [p.grad for p in neuron.parameters()] == pytest.approx(
        [w1.grad, w2.grad, b.grad], rel=1e-14, abs=0.0
    )


def test_arrays_serve_as_samples_and_targets():
    import numpy as np

    from autograd_edu.nn import losses

    model = MLP(2, [3, 2], seed=0)
    listed, arrayed = model([0.5, -2.0]), model(np.array([0.5, -2.0]))
    assert [y.data for y in listed] == [y.data for y in arrayed]
    for target in ([0.0, 1.0], np.array([0.0, 1.0])):
        assert (
            losses.softmax_cross_entropy(listed, target).data
            == losses.softmax_cross_entropy(listed, np.int64(1)).data
        )
        assert (
            losses.mean_squared_error(listed, target).data
            == losses.mean_squared_error(listed, [0.0, 1.0]).data
        )


@pytest.mark.parametrize(
    ("activation", "rule"),
    [
        ("relu", "he_normal"),
        ("leaky_relu", "he_normal"),
        ("elu", "he_normal"),
        ("gelu", "he_normal"),
        ("softplus", "he_normal"),
        (PReLU(), "he_normal"),
        (lambda x: maximum(x, 0.0), "he_normal"),
        ("tanh", "glorot_normal"),
        ("sigmoid", "glorot_normal"),
        ("selu", "glorot_normal"),
        ("linear", "glorot_normal"),
        ("step", "glorot_normal"),
        (sqrt, "glorot_normal"),
    ],
)
def test_what_passes_half_of_the_variance_starts_by_he_s_rule(activation, rule):
    own = Neuron(3, activation=activation, seed=0)
    named = Neuron(3, activation=activation, init=rule, seed=0)
    assert [w.data for w in own.w] == [w.data for w in named.w]


# ---- where parameters are found ----


class Holder(Module):
    def __init__(self, **held):
        for name, what in held.items():
            setattr(self, name, what)

    def forward(self, x):
        return total([p * x for p in self.parameters()])


def values(*numbers):
    return [Value(n, f"p{n}") for n in numbers]


A, B, C = values(1.0, 2.0, 3.0)
HOLDERS = [
    pytest.param(Holder(w=[A, [B, C]]), ["w.0", "w.1.0", "w.1.1"], id="nested lists"),
    pytest.param(
        Holder(w={"left": A, "right": [B, C]}), ["w.left", "w.right.0", "w.right.1"], id="a dict"
    ),
    pytest.param(
        Holder(w=({"a": A}, {"b": (B, C)})), ["w.0.a", "w.1.b.0", "w.1.b.1"], id="a tuple of dicts"
    ),
    pytest.param(Holder(w=np.array([[A], [B], [C]])), ["w.0.0", "w.1.0", "w.2.0"], id="an array"),
    pytest.param(
        Holder(w=[A, "text", None, B], v={1: C}), ["w.0", "w.3", "v.1"], id="among other things"
    ),
]


@pytest.mark.parametrize(("module", "names"), HOLDERS)
def test_parameters_are_found_saved_and_replaced_wherever_they_are_held(module, names):
    assert [name for name, _ in module.named_parameters()] == names
    assert [p.data for p in module.parameters()] == [1.0, 2.0, 3.0]
    before = json.loads(json.dumps(module.state_dict()))
    with module.with_parameters([10.0, 20.0, 30.0]):
        assert "Value" not in repr(module.w), "numbers stand in the places of all of them"
        assert "10.0" in repr(module.w)
    for p in module.parameters():
        p.data = 0.0
    module.load_state_dict(before)
    assert [p.data for p in module.parameters()] == [1.0, 2.0, 3.0]


def test_modules_in_dicts_are_parts_with_scopes_of_their_own():
    model = Holder(heads={"left": Linear(1, 1, seed=0), "right": Linear(1, 1, seed=1)})
    assert next(name for name, _ in model.named_parameters()) == "heads.left.neurons.0.w.0"
    assert [p.scope for p in model.parameters()][::2] == ["head_left/neuron0", "head_right/neuron0"]
    model.eval()
    assert not model.heads["right"].training


def test_parameters_in_a_set_are_trained_but_have_no_order_to_be_saved_in():
    model = Holder(w=set(values(2.0, 1.0)))
    assert [p.data for p in model.parameters()] == [1.0, 2.0], "by label"
    with pytest.raises(StateError, match="w is a set of parameters, which have no order"):
        model.state_dict()


def test_a_state_whose_dict_has_another_order_is_loaded_by_name():
    model, other = (
        Holder(w=dict(zip("ab", values(1.0, 2.0), strict=True))),
        Holder(w=dict(zip("ba", values(3.0, 4.0), strict=True))),
    )
    model.load_state_dict(other.state_dict())
    assert {name: p.data for name, p in model.w.items()} == {"a": 4.0, "b": 3.0}


@pytest.mark.parametrize(
    "lose",
    [
        lambda n: setattr(n, "w", [0.5, 0.25]),
        lambda n: setattr(n, "w", np.array([0.5, 0.25])[0]),
        lambda n: setattr(n, "b", 0.0),
        lambda n: setattr(MLP(1, [1]), "layers", 5),
        lambda n: (n.w.__setitem__(0, 0.5), n.parameters()),
        lambda n: (n.w.__setitem__(slice(None), [0.5, 0.25]), n.parameters()),
        lambda n: (n.w.__setitem__(0, 0.5), MLP.zero_grad(n)),
    ],
)
def test_a_number_in_the_place_of_a_parameter_is_told(lose):
    with pytest.raises(OperandError, match=r"it would no longer be trained.*use Constant\("):
        lose(Neuron(2, seed=0))


def test_a_parameter_may_be_fixed_by_a_constant_or_taken_out():
    neuron = Neuron(2, seed=0)
    neuron.w[0] = Constant(0.5)
    neuron.b = None
    assert len(neuron.parameters()) == 1
    neuron.w = values(1.0, 2.0, 3.0)
    assert len(neuron.parameters()) == 3


def test_layers_that_are_appended_have_scopes_of_their_own():
    class Stack(Module):
        def __init__(self):
            self.layers = []
            for i in range(2):
                self.layers.append(Layer(2, 2, seed=i))

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return total(x)

    y = Stack()([1.0, 2.0])
    assert {v.scope for v in topological_order(y) if v.scope} == {
        f"layer{i}/neuron{j}" for i in (0, 1) for j in (0, 1)
    }
    inside = Sequential(Stack(), Stack())
    assert {p.scope for p in inside.parameters()} == {
        f"layer{k}/layer{i}/neuron{j}" for k in (0, 1) for i in (0, 1) for j in (0, 1)
    }
    model = Stack()
    model.layers[1] = Layer(2, 2, seed=5)
    assert model([1.0, 2.0]).parents[0].scope.startswith("layer1/")


def test_a_part_may_know_the_whole_that_it_is_a_part_of():
    class Part(Module):
        def __init__(self, whole):
            self.w, self.whole = Value(1.0, "w"), whole

    class Whole(Module):
        def __init__(self):
            self.part = Part(self)

    assert [name for name, _ in Whole().named_parameters()] == ["part.w"]


def test_the_running_variance_of_batch_norm_is_unbiased_as_in_pytorch():
    norm, column = BatchNorm(1, momentum=0.25), [1.0, 2.0, 6.0]
    norm.batch([[x] for x in column])
    assert norm.running_mean == [0.25 * 3.0]
    assert norm.running_variance == [pytest.approx(0.75 + 0.25 * statistics.variance(column))]
