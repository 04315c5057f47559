"""The networks that the lectures compute by hand, and their experiments on initial weights."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from autograd_edu import Value, sigmoid, tanh
from autograd_edu.nn import MLP, Layer, Neuron, init
from autograd_edu.nn.counting import cost
from autograd_edu.nn.losses import half_squared_error, softmax_cross_entropy
from autograd_edu.nn.regularise import half_l2, l1, l2, weights_of
from autograd_edu.optim import SGD


def neuron(weights, bias, activation="relu"):
    made = Neuron(len(weights), activation=activation)
    for value, number in zip(made.parameters(), (*weights, bias), strict=True):
        value.data = number
    return made


# ---- Imperial: three rectifiers (6.2) ----


def imperial():
    a, b, c = (
        neuron([0.25, 0.75, 0.75], 1.0),
        neuron([0.5, 0.125, 0.25], 1.0),
        neuron([0.5, 0.125], 0.5),
    )
    x = [Value(v) for v in (4.0, -8.0, 4.0)]
    fa, fb = a(x), b(x)
    h = c([fa, fb])
    return a, b, c, x, fa, fb, h, half_squared_error(h, 2.0)


def test_imperial_forward():
    a, b, c, x, fa, fb, h, loss = imperial()
    assert [a.preactivation(x).data, b.preactivation(x).data, c.preactivation([fa, fb]).data] == [
        -1.0,
        3.0,
        0.875,
    ]
    assert [fa.data, fb.data, h.data, loss.data] == [0.0, 3.0, 0.875, 0.6328125]


def test_imperial_backward():
    a, b, c, x, _, fb, h, loss = imperial()
    loss.backward()
    assert [h.grad, fb.grad] == [-1.125, -0.140625]
    assert [p.grad for p in c.parameters()] == [0.0, -3.375, -1.125]
    assert [p.grad for p in b.parameters()] == [-0.5625, 1.125, -0.5625, -0.140625]
    assert [p.grad for p in a.parameters()] == [0.0, 0.0, 0.0, 0.0]
    assert [v.grad for v in x] == [-0.0703125, -0.017578125, -0.03515625]


def test_imperial_update_of_one_weight():
    _, b, c, x, fa, _, _, loss = imperial()
    loss.backward()
    SGD([b.w[2]], 0.1).step()
    assert b.w[2].data == pytest.approx(0.30625, rel=1e-15, abs=0.0)
    h = c([fa, b(x)])
    assert (b(x).data, h.data) == pytest.approx((3.225, 0.903125), rel=1e-15, abs=0.0)
    assert half_squared_error(h, 2.0).data == pytest.approx(0.6015673828125, rel=1e-14, abs=0.0)


def test_imperial_update_of_all_weights_overshoots():
    a, b, c, x, _, _, _, loss = imperial()
    loss.backward()
    SGD([*a.parameters(), *b.parameters(), *c.parameters()], 0.1).step()
    h = c([a(x), b(x)])
    assert (b(x).data, c.w[1].data, c.b.data, h.data) == pytest.approx(
        (4.3640625, 0.4625, 0.6125, 2.63087890625), rel=1e-15, abs=0.0
    )
    assert half_squared_error(h, 2.0).data == pytest.approx(
        float(Fraction(1043354601, 5242880000)), rel=1e-14, abs=0.0
    )


# ---- KIT: logistic least squares (6.4) and the 2-2-2 network (6.6) ----


def test_regularised_logistic_regression_every_bar():
    w, x, b, t, strength = (Value(v) for v in (0.5, 2.0, -1.0, 1.0, 0.1))
    z = w * x + b
    y = sigmoid(z)
    loss, r = 0.5 * (y - t) ** 2, 0.5 * w**2
    regularised = loss + strength * r
    regularised.backward()
    assert [v.data for v in (z, y, loss, r)] == [0.0, 0.5, 0.125, 0.125]
    assert regularised.data == pytest.approx(0.1375, rel=1e-15, abs=0.0)
    assert [v.grad for v in (regularised, loss, r, y, z, b, x)] == [
        1.0,
        1.0,
        0.1,
        -0.5,
        -0.125,
        -0.125,
        -0.0625,
    ]
    assert w.grad == pytest.approx(-0.2, rel=1e-15, abs=0.0)
    assert (strength.grad, t.grad) == (r.data, -y.grad)


def two_two_two():
    model = MLP(2, [2, 2], activation="sigmoid")
    numbers = [0.1, 0.2, 0.05, 0.3, -0.4, -0.1, 0.5, -0.6, 0.0, 0.7, 0.8, 0.1]
    for value, number in zip(model.parameters(), numbers, strict=True):
        value.data = number
    return model


def test_the_two_two_two_network():
    model, x, t = two_two_two(), [1.0, -2.0], [1.0, 0.0]
    first, second = model.layers
    h = first(x)
    y = second(h)
    loss = half_squared_error(y, t)
    loss.backward()
    assert [n.preactivation(x).data for n in first.neurons] == pytest.approx(
        [-0.25, 1.0], rel=1e-15, abs=0.0
    )
    assert [v.data for v in h] == pytest.approx(
        [0.4378234991142019, 0.73105857863000488], rel=1e-15, abs=0.0
    )
    assert [v.data for v in y] == pytest.approx(
        [-0.21972339762090198, 0.99132331228394523], rel=1e-15, abs=0.0
    )
    assert loss.data == pytest.approx(1.2352235380907447, rel=1e-15, abs=0.0)
    assert [v.grad for v in y] == pytest.approx(
        [-1.219723397620902, 0.99132331228394523], rel=1e-15, abs=0.0
    )
    assert [v.grad for v in h] == pytest.approx(
        [0.084064619788310672, 1.5248926883996974], rel=1e-15, abs=0.0
    )
    w2 = [[-0.5340235658978463, -0.89168925338649688], [0.43402464133763758, 0.72471541164108946]]
    w1 = [
        [0.020691168082280806, -0.041382336164561612],
        [0.29981209945206509, -0.59962419890413018],
    ]
    for layer, expected in ((second, w2), (first, w1)):
        for unit, row in zip(layer.neurons, expected, strict=True):
            assert [w.grad for w in unit.w] == pytest.approx(row, rel=2e-15, abs=0.0)
    assert [unit.b.grad for unit in first.neurons] == pytest.approx(
        [0.020691168082280806, 0.29981209945206509], rel=2e-15, abs=0.0
    )


def test_a_backward_pass_multiplies_twice_as_often_as_a_forward_pass():
    x = [Value(0.1 * i) for i in range(20)]
    found = cost(half_squared_error(MLP(20, [30, 30, 1], activation="tanh", seed=0)(x), 1.0))
    weights = 20 * 30 + 30 * 30 + 30
    assert found.forward == pytest.approx(weights, abs=3)
    assert found.backward == pytest.approx(2 * weights, abs=70)  # and one for each activation
    assert found.functions == {"tanh": 60}
    assert str(found).splitlines()[1].split() == ["forward", "pass", f"{found.forward:,}"]


def test_the_cost_is_linear_in_layers_and_quadratic_in_units():
    def forward(units, layers):
        return cost(MLP(units, [units] * layers + [1], seed=0)([1.0] * units)).forward

    assert forward(10, 4) - forward(10, 2) == pytest.approx(2 * 100)
    assert forward(20, 1) - 20 == 4 * (forward(10, 1) - 10)


def test_the_cost_prints_as_a_table_whose_numbers_end_in_one_column():
    head, *rows, functions = str(cost(MLP(2, [3, 1], seed=0)([1.0, 2.0]))).splitlines()
    assert [row.rsplit(None, 1) for row in rows] == [
        ["forward pass", "9"],
        ["backward pass", "15"],
        ["forward mode, 13 passes", "195"],
    ]
    assert len({len(row) for row in rows}) == 1
    assert (head.split(), functions) == (["multiplications"], "and 3 × relu")


def test_constants_need_no_gradient_and_are_not_counted():
    assert cost(MLP(3, [1], seed=0)([1.0, 2.0, 3.0])).backward == 3
    assert cost(MLP(3, [1], seed=0)([Value(1.0), Value(2.0), Value(3.0)])).backward == 6


def test_swapping_hidden_units_gives_the_same_loss_and_swapped_gradients():
    """The loss of a network is not convex: it has one equal minimum per order of the units."""
    model, swapped = two_two_two(), two_two_two()
    for one, other in ((0, 1), (1, 0)):
        for a, b in zip(
            swapped.layers[0].neurons[one].parameters(),
            two_two_two().layers[0].neurons[other].parameters(),
            strict=True,
        ):
            a.data = b.data
    for unit, old in zip(swapped.layers[1].neurons, two_two_two().layers[1].neurons, strict=True):
        unit.w[0].data, unit.w[1].data = old.w[1].data, old.w[0].data
    losses = [half_squared_error(m([1.0, -2.0]), [1.0, 0.0]) for m in (model, swapped)]
    for loss in losses:
        loss.backward()
    assert losses[0].data == losses[1].data
    for one, other in ((0, 1), (1, 0)):
        assert [p.grad for p in model.layers[0].neurons[one].parameters()] == [
            p.grad for p in swapped.layers[0].neurons[other].parameters()
        ]


def test_the_hidden_layer_of_two_heads_adds_their_gradients():
    """M60: h̄ = h̄^σ + h̄^f."""
    alone = []
    for heads in ((0,), (1,), (0, 1)):
        h = Value(0.4)
        sum([(2.0 * h, 3.0 * tanh(h))[i] for i in heads]).backward()
        alone.append(h.grad)
    assert alone[2] == pytest.approx(alone[0] + alone[1], rel=1e-15, abs=0.0)


# ---- penalties ----


def test_penalties_and_their_gradients():
    for penalty, value, slopes in (
        (l2(0.1), 1.3, [0.4, -0.6]),
        (half_l2(0.1), 0.65, [0.2, -0.3]),
        (l1(0.1), 0.5, [0.1, -0.1]),
    ):
        theta = [Value(2.0), Value(-3.0)]
        y = penalty(theta)
        y.backward()
        assert y.data == pytest.approx(value)
        assert [p.grad for p in theta] == pytest.approx(slopes)
    zero = Value(0.0)
    l1(0.1)([zero]).backward()
    assert zero.grad == 0.0


def test_the_weights_of_a_model_are_its_parameters_without_biases():
    assert len(weights_of(MLP(2, [3, 1]))) == 2 * 3 + 3


# ---- initial weights (6.7) ----


def test_equal_weights_stay_equal_for_ever():
    model = MLP(3, [4, 2], activation="tanh", init=init.constant(0.3))
    optimiser = SGD(model.parameters(), 0.1)
    for _ in range(5):
        optimiser.zero_grad()
        softmax_cross_entropy(model([0.5, -1.0, 2.0]), 1).backward()
        optimiser.step()
        units = [[p.data for p in unit.parameters()] for unit in model.layers[0].neurons]
        assert all(unit == units[0] for unit in units)
    assert (
        len(
            {
                tuple(p.data for p in u.parameters())
                for u in MLP(3, [4, 2], seed=0).layers[0].neurons
            }
        )
        == 4
    ), "random ones differ"


@pytest.mark.parametrize(
    ("rule", "sd", "limit"),
    [
        pytest.param(
            init.glorot_normal, 0.04756514941544941, 0.08238525545716346, id="Glorot, 784 → 100"
        ),
        pytest.param(init.he_normal, 0.050507627227610534, 0.08748177652797065, id="He, 784"),
        pytest.param(init.small_normal, 0.0035714285714285713, None, id="MLPR's quick fix, 784"),
        pytest.param(init.lecun_normal, 1 / 28, None, id="KIT's Xavier, 784"),
        pytest.param(init.printed_relu, 2 / 28, None, id="KIT's ReLU correction as printed, 784"),
        pytest.param(init.gaussian(0.01), 0.01, None, id="KIT's first idea"),
    ],
)
def test_a_rule_for_initial_weights_has_the_spread_of_its_formula(rule, sd, limit):
    assert rule.sd(784, 100) == pytest.approx(sd, rel=1e-15, abs=0.0)
    if limit is not None:
        assert rule.limit(784, 100) == pytest.approx(limit, rel=1e-15, abs=0.0)


@pytest.mark.parametrize(
    "rule", [init.glorot_uniform, init.he_uniform, init.glorot_normal, init.uniform(1.0)], ids=str
)
@pytest.mark.parametrize(
    "generator", [random.Random(1), np.random.default_rng(1)], ids=["random", "numpy"]
)
def test_draws_have_the_spread_of_the_rule(rule, generator):
    drawn = np.array([rule(generator, 30, 10) for _ in range(20_000)])
    assert drawn.std() == pytest.approx(rule.sd(30, 10), rel=0.02, abs=0.0)
    assert abs(drawn.mean()) < 4 * rule.sd(30, 10) / math.sqrt(20_000)
    if rule.kind == "uniform":
        assert np.abs(drawn).max() <= rule.limit(30, 10)


def test_the_same_seed_gives_the_same_model():
    assert MLP(3, [4, 1], seed=5).state_dict() == MLP(3, [4, 1], seed=5).state_dict()
    assert (
        MLP(3, [4, 1], seed=np.random.default_rng(5)).state_dict()
        == MLP(3, [4, 1], seed=np.random.default_rng(5)).state_dict()
    )
    assert MLP(3, [4, 1], seed=5).state_dict() != MLP(3, [4, 1], seed=6).state_dict()


def relu(a):
    return np.maximum(a, 0.0)


CASES = [
    pytest.param(
        init.gaussian(0.01),
        np.tanh,
        "std",
        [0.4922, 0.2892, 0.1792, 0.1132, 0.07209, 0.04604],
        id="0.01 collapses",
    ),
    pytest.param(
        init.gaussian(0.05),
        np.tanh,
        "std",
        [0.8717, 0.8530, 0.8498, 0.8493, 0.8492, 0.8492],
        id="0.05 saturates",
    ),
    pytest.param(
        init.lecun_normal,
        np.tanh,
        "std",
        [0.6279, 0.4863, 0.4082, 0.3576, 0.3216, 0.2944],
        id="Xavier holds",
    ),
    pytest.param(
        init.lecun_normal,
        relu,
        "rms",
        [0.7071, 0.5, 0.3536, 0.25, 0.1768, 0.125],
        id="ReLU halves every two layers",
    ),
    pytest.param(
        init.printed_relu,
        relu,
        "rms",
        [1.414, 2.0, 2.828, 4.0, 5.657, 8.0],
        id="2/√D as printed grows",
    ),
    pytest.param(init.he_normal, relu, "rms", [1.0] * 6, id="He holds"),
]


@pytest.fixture(scope="module")
def activations():
    """For each case, the activations of six layers of 4096 units for 32 unit Gaussian inputs.

    The cases share their draws.
    """
    rng, cases = np.random.default_rng(0), [case.values[:2] for case in CASES]
    hidden = [rng.standard_normal((32, 4096), dtype=np.float32)] * len(cases)
    layers = []
    for _ in range(6):
        draws = rng.standard_normal((4096, 4096), dtype=np.float32)
        hidden = [
            phi(h @ draws * np.float32(rule.sd(4096, 4096)))
            for h, (rule, phi) in zip(hidden, cases, strict=True)
        ]
        layers.append(hidden)
    return [[layer[case] for layer in layers] for case in range(len(cases))]


@pytest.mark.parametrize("case", range(len(CASES)), ids=[case.id for case in CASES])
@pytest.mark.slow
def test_activation_statistics_of_six_layers_of_4096_units(activations, case):
    _, _, kind, theory = CASES[case].values
    found = [
        float(h.std() if kind == "std" else np.sqrt((h * h).mean())) for h in activations[case]
    ]
    assert found == pytest.approx(theory, rel=0.03, abs=0.0)


@pytest.mark.parametrize(("rule", "phi", "kind", "theory"), CASES)
def test_activation_statistics_by_the_recursion_of_variances(rule, phi, kind, theory):
    """q′ = sd²·D·E[φ(√q z)²] with z ~ N(0, 1), by 200 nodes of Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    q, seen = 1.0, []
    for _ in theory:
        q = rule.sd(4096, 4096) ** 2 * 4096 * q
        q = float(weights @ phi(math.sqrt(q) * nodes) ** 2)
        seen.append(math.sqrt(q))
    assert seen == pytest.approx(theory, rel=0.005, abs=0.0)


@pytest.mark.slow
def test_with_a_spread_of_one_twentieth_a_third_of_the_units_saturates(activations):
    saturated = activations[1]
    assert all(0.31 < float((np.abs(h) > 0.99).mean()) < 0.43 for h in saturated)
    assert [float((1 - h * h).mean()) for h in (saturated[0], saturated[-1])] == pytest.approx(
        [0.24, 0.28], abs=0.01
    )


@pytest.mark.slow
def test_a_unit_with_weights_of_variance_one_takes_a_random_walk():
    """Σ w_d x_d has variance K for x_d = ±1, so its root mean square is √K.

    Its mean size is √(2K/π) = .798√K.
    """
    rng, k = np.random.default_rng(0), 400
    walks = (rng.choice([-1.0, 1.0], size=(20_000, k)) * rng.standard_normal((20_000, k))).sum(
        axis=1
    )
    assert walks.var() / k == pytest.approx(1.0, rel=0.03, abs=0.0)
    assert np.abs(walks).mean() == pytest.approx(0.7979 * math.sqrt(k), rel=0.03, abs=0.0)


def test_a_sigmoid_of_many_inputs_saturates():
    x = Value(5.0)
    y = sigmoid(x)
    y.backward()
    assert (y.data, x.grad) == pytest.approx(
        (0.99330714907571514, 0.0066480566707901550), rel=1e-15, abs=0.0
    )
    x = Value(math.sqrt(1000.0))
    sigmoid(x).backward()
    assert x.grad == pytest.approx(1.8467266624096249e-14, rel=1e-14, abs=0.0)


def test_a_chain_of_sigmoids_loses_a_quarter_of_the_gradient_each_time():
    x = Value(0.3)
    y = x
    for _ in range(10):
        y = sigmoid(y)
    y.backward()
    assert 0 < x.grad <= 0.25**10


def test_logistic_softmax_and_layers_are_one_table_of_weights():
    layer = Layer(3, 4, nonlin=False, seed=2)
    softmax_cross_entropy(layer([0.5, -1.0, 2.0]), 2).backward()
    scores = np.array([y.data for y in layer([0.5, -1.0, 2.0])])
    p = np.exp(scores) / np.exp(scores).sum()
    for k, unit in enumerate(layer.neurons):
        assert [w.grad for w in unit.w] == pytest.approx(
            [(p[k] - (k == 2)) * x for x in (0.5, -1.0, 2.0)], rel=1e-13, abs=0.0
        )


def test_the_update_that_imperial_prints_without_its_minus_goes_uphill():
    """D35: I18 prints w ← w + ηxδ, and I25 computes w ← w - ηxδ, which lowers the loss."""
    losses = []
    for sign in (1.0, -1.0):
        _, b, c, x, fa, _, _, loss = imperial()
        loss.backward()
        delta = -0.140625
        b.w[2].data += sign * 0.1 * x[2].data * delta
        losses.append(half_squared_error(c([fa, b(x)]), 2.0).data)
    assert losses[0] > 0.6328125 > losses[1]
    assert losses[1] == pytest.approx(0.6015673828125, rel=1e-14, abs=0.0)


def test_the_cost_slide_of_kit_mixes_the_indices_of_two_layers():
    """D36: the slide has W̄² = h̄zᵀ, which is not even of the shape of W²; it is ȳhᵀ."""
    model = MLP(2, [3, 2], activation="sigmoid", seed=0)
    h = model.layers[0]([1.0, -2.0])
    y = model.layers[1](h)
    half_squared_error(y, [1.0, 0.0]).backward()
    w_bar = np.array([[w.grad for w in neuron.w] for neuron in model.layers[1].neurons])
    h_bar, y_bar = [v.grad for v in h], [v.grad for v in y]
    z = [neuron.preactivation([1.0, -2.0]).data for neuron in model.layers[0].neurons]
    assert w_bar == pytest.approx(np.outer(y_bar, [v.data for v in h]), rel=1e-14)
    assert np.outer(h_bar, z).shape != w_bar.shape
    w = np.array([[w.data for w in neuron.w] for neuron in model.layers[1].neurons])
    assert h_bar == pytest.approx(w.T @ y_bar, rel=1e-14), "h̄ = W²ᵀȳ, as printed"
