"""What the lectures claim about training, each tried on a network that trains in a moment."""

import itertools
import math
import random

import numpy as np
import pytest

from autograd_edu import Value, data, plots
from autograd_edu.data import Dataset
from autograd_edu.nn import MLP, Layer, Linear, Noise, Sequential, init, losses, regularise
from autograd_edu.nn.layer_outputs import layer_statistics
from autograd_edu.optim import SGD, Adam, Momentum, RMSProp, minimise
from autograd_edu.train import fit

LOGITS = losses.binary_cross_entropy_with_logits


def epochs_until(goal, activation, seed):
    """How many epochs a network of two hidden layers takes on the moons, at most 300."""
    model = MLP(2, [12, 12, 1], activation=activation, seed=seed)
    optimiser = SGD(model.parameters(), 0.5)
    history = fit(model, LOGITS, data.moons(60, seed=0), optimiser, epochs=300, progress=False)
    return next((i for i, loss in enumerate(history.loss) if loss < goal), 300)


def test_a_rectifier_learns_faster_than_tanh_but_not_six_times_and_a_sigmoid_last():
    """K8 and L25 say "6×". Here it is between 1× and 4×."""
    took = {
        name: np.array([epochs_until(0.2, name, seed) for seed in range(2)])
        for name in ("relu", "tanh", "sigmoid")
    }
    assert (took["sigmoid"] == 300).all(), "none of the sigmoids arrives"
    assert (took["relu"] < took["tanh"]).all()
    assert (took["tanh"] < 300).all()
    assert 1.0 < took["tanh"].mean() / took["relu"].mean() < 4.0


# ---- features that are learned ----


def test_learned_features_fit_what_fixed_features_of_the_same_number_do_not():
    """M2: the best w and b for fixed v come from least squares; learning v too is much better."""
    xs = np.linspace(-2.0, 2.0, 24)
    ys = np.tanh(6.0 * (xs - 1.0))
    model = MLP(1, [2, 1], activation="sigmoid", init=init.gaussian(1.0), seed=0)
    v, b = np.array([[n.w[0].data, n.b.data] for n in model.layers[0].neurons]).T
    features = np.column_stack([1.0 / (1.0 + np.exp(-np.outer(xs, v) - b)), np.ones(24)])
    solution = np.linalg.lstsq(features, ys, rcond=None)[0]
    fixed = float(((features @ solution - ys) ** 2).mean())
    samples = Dataset([[x] for x in xs.tolist()], ys.tolist())
    optimiser = Adam(model.parameters(), 0.1)
    fit(model, losses.mean_squared_error, samples, optimiser, epochs=600, progress=False)
    learned = np.mean([(model([x]).data - y) ** 2 for x, y in zip(xs, ys, strict=True)])
    assert learned < 0.1 * fixed
    assert [n.w[0].data for n in model.layers[0].neurons] != pytest.approx(v.tolist(), rel=0.1)


# ---- noise, penalties, samples that are left out ----


def test_training_with_noise_on_the_inputs_ends_where_an_l2_penalty_ends():
    """M50, on a linear model: both are ridge regression with λ = sd², which NumPy solves."""
    rng, sd = np.random.default_rng(0), 0.7
    x = rng.normal(size=(40, 2))
    t = x @ [1.0, -2.0] + 0.1 * rng.normal(size=40)
    samples = Dataset(x.tolist(), t.tolist())
    both = np.column_stack([x, np.ones(40)])
    ridge = np.linalg.solve(both.T @ both / 40 + np.diag([sd**2, sd**2, 0.0]), both.T @ t / 40)

    def trained(model, epochs, rate, **options):
        seen = []
        fit(
            model, losses.half_squared_error, samples, SGD(model.parameters(), rate),
            epochs=epochs, progress=False,
            callbacks=[lambda _: seen.append([p.data for p in model.parameters()])], **options,
        )  # fmt: skip
        return np.mean(seen[len(seen) // 3 :], axis=0)

    linear = Linear(2, 1, seed=0)
    weights = regularise.weights_of(linear)
    penalty = {"penalty": regularise.half_l2(sd**2), "penalised": weights}
    assert trained(linear, 150, 0.2, **penalty) == pytest.approx(ridge, abs=0.01)
    noisy = Sequential(Noise(sd, seed=0), Linear(2, 1, seed=0))
    assert trained(noisy, 300, 0.1) == pytest.approx(ridge, abs=0.06)
    assert abs(ridge[1] + 2.0) > 0.5, "without noise the weights are (1, -2)"


def logistic(samples, loss):
    model = Linear(1, 1, seed=0)
    optimiser = Momentum(model.parameters(), 0.5)
    fit(model, loss, samples, optimiser, epochs=300, progress=False)
    return [p.data for p in model.parameters()]


def test_a_classifier_of_sub_sampled_data_needs_the_log_of_the_fraction_or_weights():
    """M55 and M56: of the class 0 only every tenth sample is kept, so f = 0.1."""
    rng = np.random.default_rng(0)
    common, rare = rng.normal(0.0, 1.0, size=1000), rng.normal(1.0, 1.0, size=60)
    xs = [[x] for x in [*rare.tolist(), *common.tolist()]]
    ys = [1] * 60 + [0] * 1000
    kept = Dataset(xs[:60] + xs[60::10], ys[:60] + ys[60::10])
    whole, sub = logistic(Dataset(xs, ys), LOGITS), logistic(kept, LOGITS)
    weighted = logistic(kept, losses.weighted(LOGITS, {0: 10.0, 1: 1.0}))
    assert sub[1] - whole[1] == pytest.approx(-math.log(0.1), abs=0.35)
    assert sub[1] + math.log(0.1) == pytest.approx(whole[1], abs=0.35)
    assert weighted == pytest.approx(whole, abs=0.35)
    assert sub[0] == pytest.approx(whole[0], abs=0.35), "only the bias is wrong"


def test_the_gradient_of_a_mini_batch_strays_by_one_over_the_root_of_its_size():
    """L8: sampled without replacement, the variance is σ²/b · (n - b)/(n - 1)."""
    rng = np.random.default_rng(0)
    x, t, n = rng.normal(size=48), rng.normal(size=48), 48
    samples = Dataset([[v] for v in x.tolist()], t.tolist())
    w = 0.5
    sigma = np.std((w * x - t) * x)
    for size in (1, 4, 16):
        drawn = []
        shuffle = random.Random(size)
        for _ in range(max(4, 6 * size)):
            for batch in samples.batches(size, shuffle):
                v = Value(w)
                loss = losses.average([losses.half_squared_error(v * a[0], b) for a, b in batch])
                loss.backward()
                drawn.append(v.grad)
        expected = sigma / math.sqrt(size) * math.sqrt((n - size) / (n - 1))
        assert np.std(drawn) == pytest.approx(expected, rel=0.15)
        assert np.mean(drawn) == pytest.approx(np.mean((w * x - t) * x), rel=1e-12)


# ---- variances on the way back ----


@pytest.mark.parametrize(
    ("rule", "variance"),
    [
        pytest.param(init.he_normal, lambda i, o: 2.0 / i, id="He"),
        pytest.param(init.glorot_normal, lambda i, o: 2.0 / (i + o), id="Glorot"),
        pytest.param(init.lecun_normal, lambda i, o: 1.0 / i, id="1 by fan_in"),
    ],
)
def test_fan_in_matters_forwards_and_fan_out_backwards(rule, variance):
    """Of linear layers, outputs grow by fan_in·var and gradients by fan_out·var."""
    sizes = [24, 96, 24]
    forwards, backwards = [], []
    for seed in range(4):
        model = MLP(24, [96, 24], activation="linear", init=rule, seed=seed)
        rng = np.random.default_rng(seed)
        x = [Value(v) for v in rng.normal(size=24).tolist()]
        h = model.layers[0](x)
        y = model.layers[1](h)
        seeds = rng.normal(size=24)
        sum(s * v for s, v in zip(seeds.tolist(), y, strict=True)).backward()
        squares = [np.mean(np.square(v)) for v in (
            [v.data for v in x], [v.data for v in h], [v.data for v in y],
            seeds, [v.grad for v in h], [v.grad for v in x],
        )]  # fmt: skip
        forwards.append([squares[1] / squares[0], squares[2] / squares[1]])
        backwards.append([squares[4] / squares[3], squares[5] / squares[4]])
    ins = [i * variance(i, o) for i, o in itertools.pairwise(sizes)]
    outs = [o * variance(i, o) for i, o in itertools.pairwise(sizes)]
    assert np.mean(forwards, axis=0) == pytest.approx(ins, rel=0.2)
    assert np.mean(backwards, axis=0) == pytest.approx(outs[::-1], rel=0.2)


def test_gradients_of_a_deep_network_vanish_explode_or_stay():
    """U42 and U46: He's weights keep the size; half or double them, and it halves or doubles."""
    shares = {}
    for scale in (0.5, 1.0, 2.0):
        spread = init.gaussian(scale * math.sqrt(2.0 / 32))
        model = MLP(32, [32] * 7, activation="relu", init=spread, seed=0)
        x = np.random.default_rng(0).normal(size=(4, 32))
        samples = Dataset(x.tolist(), [[0.0] * 32] * 4)
        found = layer_statistics(model, losses.half_squared_error, samples)
        norms = [each.norm for each in found.gradients.values()]
        shares[scale] = norms[0] / norms[-1]
    assert 0.2 < shares[1.0] < 5.0
    assert shares[0.5] / shares[1.0] == pytest.approx(0.5**6, rel=1e-9)
    assert shares[2.0] / shares[1.0] == pytest.approx(2.0**6, rel=1e-9)


def test_the_share_of_dead_rectifiers_depends_on_the_initial_weights_and_outputs_are_positive():
    """L26: for weights from N(0, 1), wx + v ≤ 0 on all of [-r, r] has probability ½ - atan(r)/π."""
    for r in (0.1, 1.0, 10.0):
        layer = Layer(2, 600, activation="relu", init=init.gaussian(1.0), bias=False, seed=1)
        ends = np.array([[v.data for v in layer([x, 1.0])] for x in (-r, r)])
        dead = float((ends.max(axis=0) <= 0.0).mean())
        expected = 0.5 - math.atan(r) / math.pi
        assert dead == pytest.approx(expected, abs=4 * math.sqrt(expected / 600))
        assert ends.min() == 0.0
        assert ends.mean() > 0.2, "a rectifier's outputs are not centred"


# ---- paths ----


def test_momentum_overshoots_and_a_step_is_the_old_step_and_a_gradient_step():
    """L33, on ½θ²: v ← αv - μθ and θ ← θ + v from θ = 1, by hand."""
    theta, v, expected = 1.0, 0.0, [1.0]
    for _ in range(30):
        v = 0.9 * v - 0.1 * theta
        theta += v
        expected.append(theta)
    path = minimise(lambda a: 0.5 * a * a, 1.0, optimiser=Momentum((), 0.1), steps=30)
    at = np.array(path.points, dtype=float).ravel()
    assert at.tolist() == pytest.approx(expected, rel=1e-12)
    assert min(at) < -0.3, "it passes the minimum at 0"
    assert max(at[int(np.argmin(at)) :]) > 0.05, "and comes back beyond it"
    plain = minimise(lambda a: 0.5 * a * a, 1.0, optimiser=SGD((), 0.1), steps=30)
    assert (np.array(plain.points, dtype=float) > 0.0).all()


def test_every_path_is_drawn_with_its_own_points():
    """L38: six rules from one start, on one picture."""

    def bowl(a, b):
        return 0.5 * (a * a + 10.0 * b * b)

    rules = {"SGD": SGD, "momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam}
    paths = {
        name: minimise(bowl, (1.0, 1.0), optimiser=rule((), 0.05), steps=5)
        for name, rule in rules.items()
    }
    lines = {line.get_label(): line for line in plots.trajectories(bowl, paths).lines}
    for name, path in paths.items():
        assert lines[name].get_xydata().tolist() == path.points


# ---- the size of a network ----


def one_dimensional(hidden, seed, *, samples, noise=0.0):
    """The losses of a tanh network on sin 3x: at its samples, and between them without noise."""
    rng = np.random.default_rng(seed)
    xs = np.linspace(-1.5, 1.5, samples)
    ys = np.sin(3.0 * xs) + noise * rng.normal(size=samples)
    model = MLP(1, [hidden, 1], activation="tanh", init=init.gaussian(1.5), seed=seed)
    training = Dataset([[x] for x in xs.tolist()], ys.tolist())
    optimiser = Adam(model.parameters(), 0.03)
    fit(model, losses.mean_squared_error, training, optimiser, epochs=700, progress=False)
    between = (xs[1:] + xs[:-1]) / 2
    at = np.mean([(model([x]).data - y) ** 2 for x, y in zip(xs.tolist(), ys, strict=True)])
    off = np.mean([(model([x]).data - math.sin(3 * x)) ** 2 for x in between.tolist()])
    return float(at), float(off)


def test_more_hidden_units_approximate_a_function_better():
    """K15: sin 3x with one, two and eight hidden units."""
    errors = [one_dimensional(hidden, 0, samples=16)[0] for hidden in (1, 2, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.1 * errors[0]


def test_the_gap_between_training_and_other_data_grows_with_the_network():
    """K59: noise on nine samples is learned by heart by many units, and not by two."""
    few, many = (one_dimensional(hidden, 0, samples=9, noise=0.4) for hidden in (2, 24))
    assert many[0] < 0.2 * few[0], "the training loss falls"
    assert many[1] - many[0] > few[1] - few[0], "the gap grows"


def test_most_first_weights_end_in_other_minima_of_nearly_the_same_loss():
    """U34: the loss is not convex, and that rarely matters. One of these four runs is stuck."""
    ends, weights = [], []
    for seed in range(4):
        model = MLP(2, [8, 1], activation="tanh", seed=seed)
        optimiser = Adam(model.parameters(), 0.05)
        moons = data.moons(40, seed=0)
        history = fit(model, LOGITS, moons, optimiser, epochs=150, progress=False)
        ends.append(history.loss[-1])
        weights.append(sorted(w.data for w in model.layers[0].neurons[0].w))
    assert sum(end < 0.05 for end in ends) == 3
    assert all(a != pytest.approx(b, rel=0.05) for a, b in itertools.combinations(weights, 2))


def test_a_fit_of_log_squared_residuals_finds_the_variance_up_to_a_known_factor():
    """M61: E[log ε²] = log v + ψ(½) + log 2 for ε from N(0, v), so the constant is off by -1.27."""
    rng = np.random.default_rng(0)
    xs = rng.uniform(-1.0, 1.0, size=4000)
    residuals = rng.normal(size=4000) * np.exp(0.5 * (0.5 + 1.5 * xs))
    samples = Dataset([[x] for x in xs.tolist()], np.log(residuals**2).tolist())
    model = Linear(1, 1, seed=0)
    optimiser = Momentum(model.parameters(), 0.1)
    fit(model, losses.half_squared_error, samples, optimiser, epochs=150, progress=False)
    slope, constant = (p.data for p in model.parameters())
    assert slope == pytest.approx(1.5, abs=0.2)
    assert constant - 0.5 == pytest.approx(-np.euler_gamma - math.log(2.0), abs=0.12)
