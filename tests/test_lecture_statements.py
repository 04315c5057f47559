"""What the lectures say about graphs, activations and training, each in a small program."""

import itertools
import math
import random

import numpy as np
import pytest

from autograd_edu import (
    Value,
    data,
    dot,
    elu,
    exp,
    grad,
    hessian,
    jvp,
    leaky_relu,
    log,
    relu,
    selu,
    sigmoid,
    sin,
    step,
    tanh,
    total,
    value_and_grad,
)  # fmt: skip
from autograd_edu.engine.value import topological_order
from autograd_edu.errors import StateError
from autograd_edu.nn import (
    MLP,
    RNN,
    Embedding,
    Layer,
    Linear,
    Neuron,
    Perceptron,
    log_softmax,
    losses,
    softmax,
)
from autograd_edu.nn.layers import subscript
from autograd_edu.optim import SGD, Adam, Momentum, RMSProp
from autograd_edu.train import evaluate, fit


def slope(f, x):
    return grad(f)(x)


# ---- chains and graphs ---------------------------------------------------------------------------

STAGES = [sin, exp, tanh, sigmoid, lambda x: x * x]


def test_the_chain_rule_of_two_functions_is_evaluated_at_the_inner_value():
    assert slope(lambda x: exp(sin(x)), 0.7) == pytest.approx(
        math.exp(math.sin(0.7)) * math.cos(0.7), rel=1e-15, abs=0.0
    )


def test_a_chain_of_any_length_multiplies_its_local_gradients_from_either_end():
    x = Value(0.4)
    y, nodes = x, []
    for stage in STAGES:
        y = stage(y)
        nodes.append(y)
    y.backward()
    local = [
        node.local_grads if len(node.local_grads) == 1 else (sum(node.local_grads),)
        for node in nodes
    ]
    forwards = backwards = 1.0
    for (g,) in local:
        forwards *= g
    for (g,) in reversed(local):
        backwards *= g
    assert (forwards, backwards) == pytest.approx((x.grad, x.grad), rel=1e-15, abs=0.0)


def test_the_lecture_s_forward_and_backward_loops_give_the_engine_s_gradient():
    """out_i = f_i(out_{i-1}); then dloss_out_{i-1} = df_i(out_{i-1})·dloss_out_i."""
    outs = [0.4]
    for f in STAGES:
        outs.append(f(outs[-1]))
    gradient = 1.0
    for f, into in zip(reversed(STAGES), reversed(outs[:-1]), strict=True):
        gradient = slope(f, into) * gradient

    def whole(x):
        for f in STAGES:
            x = f(x)
        return x

    assert gradient == pytest.approx(slope(whole, 0.4), rel=1e-15, abs=0.0)


def test_a_sigmoid_of_four_nodes_is_the_sigmoid_of_one():
    x = Value(1.0)
    nodes = [-x]
    nodes.append(exp(nodes[-1]))
    nodes.append(1 + nodes[-1])
    nodes.append(1 / nodes[-1])
    nodes[-1].backward()
    assert [v.data for v in nodes] == pytest.approx(
        [-1.0, 0.36787944117144233, 1.3678794411714423, 0.7310585786300049], rel=1e-15, abs=0.0
    )
    assert x.grad == pytest.approx(0.19661193324148185, rel=4e-16, abs=0.0)
    for at in (-3.0, 0.2, 5.0):
        four = slope(lambda v: 1 / (1 + exp(-v)), at)
        assert four == pytest.approx(slope(sigmoid, at), rel=4 * 2.3e-16, abs=0.0)


def test_a_node_of_several_inputs_has_a_local_gradient_for_each():
    a, b, c = Value(2.0), Value(3.0), Value(-1.0)
    assert (a * b).local_grads == (3.0, 2.0)
    assert total(a, b, c).local_grads == (1.0, 1.0, 1.0)
    assert dot([a, b], [c, 4.0]).local_grads == (-1.0, 4.0, 2.0, 3.0)


def test_an_inner_product_gives_each_side_the_other_as_gradient():
    w, x = [Value(0.5), Value(-2.0)], [Value(3.0), Value(7.0)]
    dot(w, x).backward()
    assert [v.grad for v in x] == [0.5, -2.0]
    assert [v.grad for v in w] == [3.0, 7.0]


def test_elementwise_activations_have_elementwise_gradients():
    xs = [Value(v) for v in (-1.0, 0.5, 2.0)]
    total([tanh(x) for x in xs]).backward()
    assert [x.grad for x in xs] == [slope(tanh, v) for v in (-1.0, 0.5, 2.0)]


def test_parents_come_before_what_is_made_of_them_and_data_get_gradients_too():
    x = [Value(0.3), Value(-0.8)]
    loss = losses.half_squared_error(MLP(2, [3, 1], activation="tanh", seed=0)(x), 1.0)
    order = topological_order(loss)
    place = {id(v): i for i, v in enumerate(order)}
    assert all(place[id(parent)] < place[id(v)] for v in order for parent in v.parents)
    assert order[-1] is loss
    loss.backward()
    assert all(v.has_grad and v.grad != 0.0 for v in x), "right back to the input data"


def test_the_backpropagation_algorithm_taken_literally():
    """v̄_N = 1; for i = N-1 … 1: v̄_i = Σ over its children of v̄_j ∂v_j/∂v_i (KIT)."""
    rng = random.Random(3)
    values = [Value(rng.uniform(0.2, 1.5)) for _ in range(4)]
    operations = [
        lambda a, b: a * b,
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: sin(a),
        lambda a, b: tanh(a * b),
    ]
    for _ in range(40):
        values.append(rng.choice(operations)(rng.choice(values), rng.choice(values)))
    root = total(values)
    order = topological_order(root)
    bars = {id(root): 1.0}
    for v in reversed(order[:-1]):
        children = [
            (child, g)
            for child in order
            for parent, g in zip(child.parents, child.local_grads, strict=True)
            if parent is v
        ]
        bars[id(v)] = math.fsum(bars[id(child)] * g for child, g in children)
    root.backward()
    for v in order:
        assert v.grad == pytest.approx(bars[id(v)], rel=1e-12, abs=0.0)


def test_one_backward_sweep_gives_all_derivatives_where_forward_mode_takes_one_for_each():
    calls = []

    def f(*xs):
        calls.append(1)
        return total([sin(x) * y for x, y in itertools.pairwise(xs)])

    at = (0.1, 0.7, -0.3, 2.0, 1.1)
    _, gradients = value_and_grad(f)(*at)
    assert len(calls) == 1
    one_by_one = [jvp(f, at, [float(i == j) for j in range(5)])[1] for i in range(5)]
    assert len(calls) == 1 + 5
    assert one_by_one == pytest.approx(gradients, rel=1e-14, abs=0.0)


def test_a_variable_used_in_two_places_gathers_both_gradients():
    x = Value(0.6)
    t = Value(0.6)
    (sin(x) * exp(x)).backward()
    a, b = sin(t), exp(t)
    (a * b).backward()
    assert x.grad == t.grad == a.grad * math.cos(0.6) + b.grad * math.exp(0.6)


# ---- activations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "values"), [
    pytest.param(
        sigmoid,
        [0.11920292202211755, 0.2689414213699951, 0.5, 0.7310585786300049, 0.8807970779778823],
        id="sigmoid",
    ),
    pytest.param(
        tanh,
        [-0.9640275800758169, -0.7615941559557649, 0.0, 0.7615941559557649, 0.9640275800758169],
        id="tanh",
    ),
    pytest.param(relu, [0.0, 0.0, 0.0, 1.0, 2.0], id="ReLU"),
    pytest.param(
        leaky_relu, [-0.2, -0.1, 0.0, 1.0, 2.0], id="leaky ReLU, slope .1 as in the lectures"
    ),
    pytest.param(elu, [-0.8646647167633873, -0.6321205588285577, 0.0, 1.0, 2.0], id="ELU"),
    pytest.param(step, [0.0, 0.0, 1.0, 1.0, 1.0], id="threshold"),
])  # fmt: skip
def test_activations_at_minus_two_to_two(f, values):
    assert [f(float(x)) for x in range(-2, 3)] == pytest.approx(values, rel=1e-15, abs=0.0)


def test_slopes_of_activations_as_the_exercise_draws_them():
    for x in (-2.0, -0.5, 0.3, 1.0):
        assert slope(tanh, x) == pytest.approx(1 - math.tanh(x) ** 2, rel=1e-14, abs=0.0)
        assert slope(relu, x) == (1.0 if x > 0 else 0.0)
    assert slope(tanh, 1.0) == pytest.approx(0.41997434161402614, rel=1e-15, abs=0.0)
    assert (slope(relu, 0.0), slope(step, 0.0), slope(step, 1.0)) == (0.0, 0.0, 0.0)


def test_selu_keeps_the_variance_of_unit_gaussians():
    z = np.random.default_rng(0).standard_normal(40_000)
    out = np.array([selu(x) for x in z.tolist()])
    assert (out.mean(), out.std()) == pytest.approx((0.0, 1.0), abs=0.02)


def test_a_sigmoid_never_overflows_where_both_printed_forms_do():
    assert (sigmoid(1e308), sigmoid(-1e308)) == (1.0, 0.0)
    with pytest.raises(OverflowError):
        math.exp(710.0) / (1.0 + math.exp(710.0))  # Imperial's
    with pytest.raises(OverflowError):
        1.0 / (1.0 + math.exp(710.0))  # UCL's, at x = -710


def test_tanh_is_a_stretched_sigmoid_but_must_not_be_computed_so():
    for x in (-3.0, -0.2, 0.7, 5.0):
        assert tanh(x) == pytest.approx(2.0 * sigmoid(2.0 * x) - 1.0, abs=1e-15)
    assert tanh(1e-9) == 1e-9
    assert 2.0 * sigmoid(2e-9) - 1.0 != pytest.approx(1e-9, rel=1e-8, abs=0.0)


def test_for_small_signals_tanh_is_the_identity():
    for s in (1e-3, 0.1, 0.5, -0.3):
        assert abs(tanh(s) - s) <= abs(s) ** 3 / 3


def test_elu_is_piecewise_and_imperial_s_maximum_is_another_function():
    assert elu(1.0) == 1.0
    assert max(math.exp(1.0) - 1.0, 1.0) == pytest.approx(1.718, abs=1e-3)
    assert max(math.exp(2.0) - 1.0, 2.0) == pytest.approx(6.389, abs=1e-3)


def test_a_leaky_slope_above_one_is_piecewise_where_the_maximum_breaks():
    assert leaky_relu(-1.0, 2.0) == -2.0
    assert max(2.0 * -1.0, -1.0) == -1.0
    assert leaky_relu(1.0, 2.0) == 1.0


def test_a_saturated_sigmoid_has_a_tiny_slope_and_not_zero():
    assert slope(sigmoid, 40.0) == pytest.approx(4.248354255291589e-18, rel=1e-14, abs=0.0)


def test_a_multiclass_output_is_a_log_probability():
    assert [exp(z) for z in log_softmax([1.0, 2.0, 3.0])] == pytest.approx(
        softmax([1.0, 2.0, 3.0]), rel=1e-15, abs=0.0
    )
    assert math.fsum(softmax([1.0, 2.0, 3.0])) == pytest.approx(1.0, rel=1e-15, abs=0.0)


def test_a_folded_bias_is_a_weight_of_a_constant_input():
    """Imperial: x_j = θ(Σ from i = 0 of w_ij x_i) with x₀ = 1."""
    neuron, folded = Neuron(2, activation="tanh", seed=1), Neuron(3, activation="tanh", bias=False)
    for value, number in zip(folded.w, [0.7, *(w.data for w in neuron.w)], strict=True):
        value.data = number
    neuron.b.data = 0.7
    assert neuron([0.5, -2.0]).data == folded([1.0, 0.5, -2.0]).data


def test_a_general_network_turns_signs_into_a_smooth_function_in_its_hidden_layers():
    """I4: with the same weights, θ(s) = σ(ks) in place of the step; as k grows, they agree."""
    first, second = np.array([[1.0, -2.0], [0.5, 1.0], [-1.0, 0.3]]), np.array([[2.0, -1.0, 1.5]])
    biases, points = [[0.2, -0.4, 0.1], [-0.3]], np.random.default_rng(0).normal(size=(20, 2))
    hard = (points @ first.T + biases[0] >= 0.0) @ second.T + biases[1]

    def furthest(k):
        def smooth(s):
            return sigmoid(k * s)

        model = MLP.from_weights([first, second], biases, activation=smooth)
        return max(abs(model(x).data - y) for x, (y,) in zip(points.tolist(), hard, strict=True))

    signs = MLP.from_weights([first, second], biases, activation="step")
    assert [signs(x).data for x in points.tolist()] == pytest.approx(hard[:, 0].tolist())
    distances = [furthest(k) for k in (1.0, 10.0, 100.0, 100_000.0)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 0.5 > 1e-6 > distances[-1]


def test_a_labelled_neuron_draws_its_weights_and_bias():
    from autograd_edu.pictures.drawing import draw

    y = Neuron(2, activation="sigmoid", seed=0)([Value(1.0, "x₁"), Value(2.0, "x₂")])
    y.backward()
    shown = draw(y).svg
    assert all(label in shown for label in ("x₁", "x₂", "w₁", "w₂", ">b<"))
    assert subscript(12) == "₁₂"


def test_gradients_have_bars_in_the_tables():
    from autograd_edu import steps

    w, x = Value(0.5, "w"), Value(2.0, "x")
    y = sigmoid(w * x)
    y.backward()
    assert "w̄" in steps(y).text()


# ---- training ------------------------------------------------------------------------------------


def test_averaging_and_summing_a_batch_differ_by_its_size_in_the_gradient_and_in_the_rate():
    w, samples = Value(0.5), [(1.0, 2.0), (2.0, 1.0)]
    mean = grad(
        lambda v: losses.average([losses.half_squared_error(v * x, t) for x, t in samples])
    )(w.data)
    whole = grad(lambda v: total([losses.half_squared_error(v * x, t) for x, t in samples]))(w.data)
    assert mean == whole / 2


def test_steps_of_one_sample_a_mini_batch_or_all():
    for size, steps in ((1, 4), (2, 2), (None, 1)):
        model = MLP(2, [3, 1], seed=0)
        history = fit(
            model,
            losses.half_squared_error,
            data.truth_table("xor"),
            SGD(model.parameters(), 0.1),
            epochs=1,
            batch_size=size,
        )
        assert len(history.step_loss) == steps


def test_four_optimisers_all_lower_the_loss_and_their_curves_can_be_compared():
    curves = {}
    for rule, lr in ((SGD, 0.3), (Momentum, 0.1), (RMSProp, 0.02), (Adam, 0.03)):
        model = MLP(2, [6, 1], activation="tanh", seed=0)
        history = fit(
            model,
            losses.binary_cross_entropy_with_logits,
            data.moons(30),
            rule(model.parameters(), lr),
            epochs=40,
        )
        curves[rule.__name__] = history.loss
    assert all(curve[-1] < 0.6 * curve[0] for curve in curves.values())
    assert len({curve[0] for curve in curves.values()}) == 1, "all begin at the same model"


def test_standardising_makes_the_loss_less_sensitive():
    """The Hessian's largest over its smallest curvature falls when inputs are scaled."""
    raw = [[1000.0 + i, 0.01 * (i * 7 % 5)] for i in range(10)]

    def condition(xs):
        h = hessian(
            lambda a, b, c: losses.average(
                [losses.half_squared_error(a * x + b * y + c, 0.0) for x, y in xs]
            )
        )(0.1, 0.1, 0.1)
        return np.linalg.cond(np.array(h))

    assert condition(data.standardise(raw)[0]) < 10 < 1e6 < condition(raw)


def test_a_ravine_is_crossed_back_and_forth_and_momentum_goes_along_it():
    """½(θ₁² + 10θ₂²) with a learning rate near the limit of the steep direction.

    Gradient descent oscillates; with momentum it arrives sooner.
    """

    def far(optimiser, steps=30):
        theta, path = np.array([10.0, 1.0]), []
        for _ in range(steps):
            theta = optimiser.update(theta, theta * np.array([1.0, 10.0]))
            path.append(theta)
        return path

    plain = far(SGD((), 0.19))
    assert all(a[1] * b[1] < 0 for a, b in itertools.pairwise(plain))
    slow, quick = far(SGD((), 0.02)), far(Momentum((), 0.02, momentum=0.8))
    assert np.hypot(*quick[-1]) < 0.2 * np.hypot(*slow[-1])


def test_two_classes_in_the_plane_are_separated():
    model, points = MLP(2, [8, 1], activation="tanh", seed=0), data.circles(60, 0.05)
    fit(
        model,
        losses.binary_cross_entropy_with_logits,
        points,
        Adam(model.parameters(), 0.05),
        epochs=120,
    )
    assert evaluate(model, losses.binary_cross_entropy_with_logits, points).accuracy == 1.0


def test_other_weights_make_another_map_of_the_same_function():
    """LIP: a unit without bias, three inputs, two sets of weights."""
    unit = Neuron(3, activation="sigmoid", bias=False)
    for weights in ([0.1, 0.2, 0.3], [-1.0, 2.0, 0.5]):
        for w, number in zip(unit.w, weights, strict=True):
            w.data = number
        expected = 1 / (
            1 + math.exp(-sum(w * x for w, x in zip(weights, (1.0, 2.0, -1.0), strict=True)))
        )
        assert unit([1.0, 2.0, -1.0]).data == pytest.approx(expected, rel=1e-15, abs=0.0)
    assert len(unit.parameters()) == 3


def test_the_rows_of_a_design_matrix_are_samples():
    """U11: Z = XW + b for X of n × d and W of d × m; a layer stores W as w[out][in]."""
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    layer = Linear.from_weights(w.T.tolist(), b.tolist())
    z = np.array([[v.data for v in layer(row)] for row in x.tolist()])
    assert z == pytest.approx(x @ w + b, rel=1e-13)


def test_a_weighted_vote_of_stumps_is_a_network_with_one_hidden_layer_of_thresholds():
    """U8: AdaBoost's sign(Σ αₖ hₖ(x)), with stumps hₖ = ±1, on a square that no line cuts out."""
    stumps = [(0, 1.0, 0.3), (0, -1.0, 0.7), (1, 1.0, 0.3), (1, -1.0, 0.7)]  # axis, sign, place
    alphas = [0.8, 0.9, 1.1, 1.0]
    grid = [(a / 10, b / 10) for a in range(11) for b in range(11)]

    def vote(x):
        return sum(
            a if s * (x[i] - c) >= 0 else -a for a, (i, s, c) in zip(alphas, stumps, strict=True)
        )

    weights = [[s if axis == i else 0.0 for i in (0, 1)] for axis, s, _ in stumps]
    model = MLP.from_weights(
        [weights, [[2.0 * a for a in alphas]]],
        [[-s * c for _, s, c in stumps], [-sum(alphas)]],
        activation="step",
    )
    for x in grid:
        assert model(x).data == pytest.approx(vote(x), abs=1e-12)
    inside = {x for x in grid if model(x).data > 2.5}
    assert inside == {(a, b) for a, b in grid if 0.3 <= a <= 0.7 and 0.3 <= b <= 0.7}


def test_a_value_passes_data_on_and_gradients_back_by_what_it_holds_itself():
    """U26: each node knows its parents, its local gradients and, after the pass, its gradient."""
    x, w = Value(0.7), Value(-1.3)
    h = tanh(x * w)
    y = h * h + sin(x)
    y.backward()
    arrived = {}
    for node in topological_order(y):
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            arrived.setdefault(id(parent), []).append(node.grad * local)
    for node in topological_order(y)[:-1]:
        if not node.is_constant:
            assert node.grad == pytest.approx(math.fsum(arrived[id(node)]), rel=1e-14)
    h_at = math.tanh(0.7 * -1.3)
    assert h.grad == pytest.approx(2.0 * h_at, rel=1e-15), "an inner node keeps its gradient"
    assert x.grad == pytest.approx(2.0 * h_at * (1.0 - h_at**2) * -1.3 + math.cos(0.7), rel=1e-14)


def test_a_recurrent_network_unrolled_has_no_cycle_and_its_cell_learns_from_every_step():
    """K4: h₁ = tanh(ux₁), h₂ = tanh(ux₂ + wh₁); ∂h₂/∂u and ∂h₂/∂w by hand."""
    rnn = RNN(1, 1, seed=0)
    (neuron,) = rnn.cell.layer.neurons
    for value, number in zip(neuron.parameters(), (0.8, -0.6, 0.1), strict=True):
        value.data = number
    u, w, b, x1, x2 = 0.8, -0.6, 0.1, 0.5, -1.2
    (h2,) = rnn([[x1], [x2]])[-1]
    h2.backward()
    one = math.tanh(u * x1 + b)
    two = math.tanh(u * x2 + w * one + b)
    assert h2.data == pytest.approx(two, rel=1e-14)
    slope1, slope2 = 1.0 - one**2, 1.0 - two**2
    assert [p.grad for p in neuron.parameters()] == pytest.approx(
        [slope2 * (x2 + w * slope1 * x1), slope2 * one, slope2 * (1.0 + w * slope1)], rel=1e-13
    )
    order = topological_order(h2)
    place = {id(v): i for i, v in enumerate(order)}
    assert all(place[id(p)] < place[id(v)] for v in order for p in v.parents)
    y = sin(Value(1.0))
    with pytest.raises(AttributeError):
        y.parents = (y,)


def test_an_embedding_with_an_activation_is_that_of_a_column_and_the_bias():
    """M30: g(Wx + b) = g(w_d + b) for a one-hot x, not g(w_dᵀx + b) as printed."""
    layer = Layer(4, 3, activation="tanh", seed=0)
    for neuron, b in zip(layer.neurons, (0.3, -0.2, 0.5), strict=True):
        neuron.b.data = b
    table = Embedding(4, 3, seed=1)
    numbers = [n.w[d].data for d in range(4) for n in layer.neurons]
    for value, number in zip(table.parameters(), numbers, strict=True):
        value.data = number
    for d in range(4):
        one_hot = [float(i == d) for i in range(4)]
        looked_up = [tanh(e + n.b) for e, n in zip(table(d), layer.neurons, strict=True)]
        expected = [math.tanh(n.w[d].data + n.b.data) for n in layer.neurons]
        assert [v.data for v in layer(one_hot)] == pytest.approx(expected, rel=1e-15)
        assert [v.data for v in looked_up] == pytest.approx(expected, rel=1e-15)


def test_the_loss_of_all_samples_with_its_penalty_is_one_objective():
    """argmin Σ l(xᵢ, θ) + λ·penalty(θ): its gradient is the sum of both gradients."""
    model, xor = MLP(2, [2, 1], activation="tanh", seed=0), data.truth_table("xor")

    def gradients(*parts):
        model.zero_grad()
        for part in parts:
            part().backward()
        return [p.grad for p in model.parameters()]

    def fitting():
        return losses.average([losses.half_squared_error(model(x), t) for x, t in xor])

    def penalty():
        return 0.1 * total([p * p for p in model.parameters()])

    assert gradients(lambda: fitting() + penalty()) == pytest.approx(
        gradients(fitting, penalty), rel=1e-13, abs=0.0
    )


def test_importance_of_a_ratio_of_logs():
    """MLPR T1b: the log-odds are log P(1) - log P(0), with both logarithms."""
    p = 0.3
    assert log(p) - log(1 - p) == pytest.approx(math.log(p / (1 - p)), rel=1e-14, abs=0.0)


def test_a_state_that_does_not_fit_names_what_is_missing():
    with pytest.raises(StateError, match="lacks b"):
        Perceptron([1.0]).load_state_dict({"w": [1.0]})
