"""What the parts of training promise, in small numbers: losses, layers, clips, loops."""

import math
import random

import numpy as np
import pytest

from autograd_edu import Value, data, draw_network, schedules, total
from autograd_edu.errors import TargetError
from autograd_edu.nn import (
    MLP,
    Dropout,
    Ensemble,
    Linear,
    Maxout,
    Module,
    Neuron,
    Noise,
    Pool,
    RMSNorm,
    Sequential,
    losses,
    regularise,
    softmax,
)
from autograd_edu.nn.init import constant
from autograd_edu.optim import SGD, Adam
from autograd_edu.train import EarlyStopping, Snapshots, fit

XOR = data.truth_table("xor")
CROSS_ENTROPY = losses.softmax_cross_entropy


def number(x):
    return x.data if isinstance(x, Value) else x


# ---- losses ----

ONE_OUTPUT = [
    (losses.mean_squared_error, 3.0, 1.0, 4.0),
    (losses.hinge, 0.25, 1.0, 0.75),
    (losses.binary_cross_entropy, 0.25, 1.0, -math.log(0.25)),
    (losses.binary_cross_entropy_with_logits, 2.0, 0.0, math.log(1.0 + math.exp(2.0))),
]


@pytest.mark.parametrize(("loss", "prediction", "target", "expected"), ONE_OUTPUT)
def test_a_mean_over_outputs_does_not_grow_with_their_number(loss, prediction, target, expected):
    for outputs in (1, 2, 5):
        ys = [Value(prediction) for _ in range(outputs)]
        y = loss(ys, [target] * outputs)
        y.backward()
        assert y.data == pytest.approx(expected, rel=1e-14)
        alone = Value(prediction)
        loss([alone], [target]).backward()
        assert [v.grad for v in ys] == pytest.approx([alone.grad / outputs] * outputs, rel=1e-14)


def test_half_squared_error_and_cross_entropies_are_sums_over_outputs():
    assert losses.half_squared_error([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]) == 7.0
    twice = number(losses.negative_log_likelihood([0.25, 0.75], [0.5, 0.5]))
    assert twice == pytest.approx(-0.5 * math.log(0.25) - 0.5 * math.log(0.75), rel=1e-15)


@pytest.mark.parametrize("loss", [losses.negative_log_likelihood, CROSS_ENTROPY])
@pytest.mark.parametrize(
    "probabilities", [[0.2, 0.7], [0.5, 0.49], [0.0, 0.0], [0.6, 0.5], [1.0, 1e-3]]
)
def test_target_probabilities_that_do_not_sum_to_one_are_refused(loss, probabilities):
    with pytest.raises(TargetError, match="sum"):
        loss([0.3, 0.7], probabilities)


def test_target_probabilities_may_be_rounded_to_float32():
    rng = np.random.default_rng(0)
    for classes in (2, 3, 10, 100, 1000):
        for _ in range(20):
            raw = rng.random(classes)
            rounded = (raw / raw.sum()).astype(np.float32)
            for probabilities in (rounded, rounded.tolist()):
                y = number(CROSS_ENTROPY([0.0] * classes, probabilities))
                whole = math.fsum(map(float, rounded))
                assert y == pytest.approx(whole * math.log(classes), rel=1e-12)


def test_the_epsilon_of_an_rms_norm_stands_under_the_root():
    """Zhang and Sennrich, and PyTorch: x / √(mean x² + ε). Outside the root: 1.5, 2.0 here."""
    norm = RMSNorm(2, affine=False, eps=3.0)
    assert [number(y) for y in norm([1.0, 1.0])] == pytest.approx([0.5, 0.5], rel=1e-15)


# ---- layers ----


class Says(Module):
    """A model that gives the same scores for everything."""

    def __init__(self, *scores):
        self.scores = [Value(s) for s in scores]

    def forward(self, x):
        return list(self.scores)


def test_an_ensemble_is_the_mean_of_the_probabilities_of_all_its_models():
    models = [Says(0.0, 1.0), Says(2.0, -1.0), Says(-3.0, 0.5)]
    votes = np.array([np.exp(s) / np.exp(s).sum() for s in ([0.0, 1.0], [2.0, -1.0], [-3.0, 0.5])])
    got = [p.data for p in Ensemble(models)([0.0])]
    assert got == pytest.approx(votes.mean(axis=0).tolist(), rel=1e-14)


def test_a_snapshot_ensemble_is_the_mean_of_all_its_snapshots():
    schedule, model = schedules.Cyclic(0.1, 3), MLP(2, [4, 2], activation="tanh", seed=0)
    snapshots = Snapshots(schedule)
    fit(
        model,
        CROSS_ENTROPY,
        XOR,
        Adam(model.parameters()),
        epochs=9,
        schedule=schedule,
        callbacks=[snapshots],
        progress=False,
    )
    assert len(snapshots.models) == 3
    for x, _ in XOR:
        votes = [[p.data for p in softmax(m(x))] for m in snapshots.models]
        got = [p.data for p in snapshots.ensemble()(x)]
        assert got == pytest.approx([math.fsum(v) / 3 for v in zip(*votes, strict=True)], rel=1e-14)
        assert votes[0] != votes[1] != votes[2]


def test_each_pooling_is_what_its_name_says():
    vectors = [[1.0, -2.0], [3.0, 5.0], [8.0, 0.0]]
    for kind, expected in (("sum", [12.0, 3.0]), ("mean", [4.0, 1.0]), ("max", [8.0, 5.0])):
        assert [number(y) for y in Pool(kind)(vectors)] == expected
    x = [[Value(1.0)], [Value(2.0)]]
    Pool("sum")(x)[0].backward()
    assert [v.grad for (v,) in x] == [1.0, 1.0]


def test_dropout_draws_a_mask_of_its_own_for_every_number_and_every_call():
    layer = Dropout(0.5, seed=0)
    masks = [tuple(y != 0.0 for y in layer([1.0] * 8)) for _ in range(200)]
    assert len(set(masks)) > 100, "of 256 masks, 200 draws miss few"
    kept = np.array(masks)
    assert np.abs(kept.mean(axis=0) - 0.5).max() < 4 * 0.5 / math.sqrt(200)
    between = np.corrcoef(kept.T) - np.eye(8)
    assert np.abs(between).max() < 4.5 / math.sqrt(200), "units are dropped independently"


def test_random_layers_change_nothing_in_evaluation():
    x = [1.0, -2.0, 3.0]
    model = Sequential(Dropout(0.5, seed=0), Noise(1.0, seed=0)).eval()
    for _ in range(20):
        assert model(x) == x


@pytest.mark.slow
def test_the_mean_of_many_masks_of_a_linear_network_is_its_evaluation():
    model = Sequential(Linear(6, 4, seed=0), Dropout(0.4, seed=1), Linear(4, 1, seed=2))
    x = [0.5, -1.0, 2.0, 0.3, 1.5, -0.7]
    drawn = np.array([number(model(x)[0]) for _ in range(4000)])
    whole = number(model.eval()(x)[0])
    assert drawn.std() > 0.1 * abs(whole)
    assert drawn.mean() == pytest.approx(whole, abs=4 * drawn.std() / math.sqrt(4000))


def test_noise_has_the_spread_it_was_asked_for():
    layer = Noise(0.3, seed=0)
    drawn = np.array([layer([1.0, 5.0]) for _ in range(4000)])
    assert drawn.mean(axis=0) == pytest.approx([1.0, 5.0], abs=4 * 0.3 / math.sqrt(4000))
    assert drawn.std(axis=0) == pytest.approx([0.3, 0.3], rel=4 / math.sqrt(2 * 4000))


def test_penalties_have_the_values_and_slopes_of_their_formulas():
    for penalty, value, slopes in (
        (regularise.l2(0.5), 6.5, [3.0, -2.0]),
        (regularise.half_l2(0.5), 3.25, [1.5, -1.0]),
        (regularise.l1(0.5), 2.5, [0.5, -0.5]),
    ):
        theta = [Value(3.0), Value(-2.0)]
        y = penalty(theta)
        y.backward()
        assert (y.data, [t.grad for t in theta]) == (value, slopes)


def test_a_neuron_adds_its_bias_and_its_weights_learn():
    neuron = Neuron(2, activation="sigmoid", init=constant(0.5))
    neuron.b.data = 3.0
    x = [Value(2.0), Value(-6.0)]
    y = neuron(x)
    y.backward()
    s = 1.0 / (1.0 + math.exp(-1.0))
    assert y.data == pytest.approx(s, rel=1e-15), "0.5·2 - 0.5·6 + 3 = 1"
    slope = s * (1.0 - s)
    assert neuron.b.grad == pytest.approx(slope, rel=1e-14)
    assert [w.grad for w in neuron.w] == pytest.approx([2.0 * slope, -6.0 * slope], rel=1e-14)
    assert [v.grad for v in x] == pytest.approx([0.5 * slope] * 2, rel=1e-14)


def test_a_network_is_drawn_with_its_units():
    model = MLP(3, [4, 2], seed=0)
    svg = draw_network(model).svg
    assert svg.count("<circle") >= 9


# ---- steps and loops ----


def test_parts_are_cut_off_before_the_length_is_scaled_down():
    """(30, 4) cut at 5 is (5, 4), of length √41; scaling first would keep the direction."""
    step = SGD((), 1.0, clip_value=5.0, clip_norm=1.0).update(np.zeros(2), np.array([30.0, 4.0]))
    assert step.tolist() == pytest.approx(
        [-5.0 / math.sqrt(41.0), -4.0 / math.sqrt(41.0)], rel=1e-14
    )


def test_the_loss_of_an_epoch_is_the_mean_over_samples_also_where_batches_are_unequal():
    samples = data.Dataset([[0.0]] * 5, [1.0, 2.0, 3.0, 4.0, 100.0])
    model = Linear(1, 1, init=constant(0.0))
    history = fit(
        model,
        losses.half_squared_error,
        samples,
        SGD(model.parameters(), 0.0),
        epochs=1,
        batch_size=2,
        progress=False,
    )
    assert len(history.step_loss) == 3
    assert history.loss == pytest.approx([0.5 * (1 + 4 + 9 + 16 + 10000) / 5], rel=1e-14)


def test_a_schedule_by_step_goes_on_where_it_was_when_training_is_resumed(tmp_path):
    seen = []

    def schedule(t):
        seen.append(t)
        return 0.1 / (1.0 + t)

    def run(epochs, **options):
        model = MLP(2, [2, 1], activation="tanh", seed=0)
        fit(
            model,
            losses.binary_cross_entropy_with_logits,
            XOR,
            SGD(model.parameters()),
            epochs=epochs,
            batch_size=2,
            schedule=schedule,
            schedule_by="step",
            progress=False,
            **options,
        )
        return [p.data for p in model.parameters()]

    whole = run(5)
    seen.clear()
    run(2, checkpoint=tmp_path / "run.json")
    resumed = run(5, checkpoint=tmp_path / "run.json", resume=True)
    assert seen == list(range(10))
    assert resumed == whole


def test_early_stopping_watches_the_validation_loss_where_there_is_one():
    """The training loss falls; the validation targets are the opposite, so their loss rises."""
    train, other = data.Dataset([[1.0]], [1.0]), data.Dataset([[1.0]], [-1.0])
    model, stop = Linear(1, 1, init=constant(0.0)), EarlyStopping(patience=2)
    history = fit(
        model,
        losses.half_squared_error,
        train,
        SGD(model.parameters(), 0.1),
        epochs=50,
        validation=other,
        early_stopping=stop,
        progress=False,
    )
    assert history.loss == sorted(history.loss, reverse=True)
    assert history.epochs == 3
    assert stop.best_loss == min(history.validation) == history.validation[0]


def test_a_batch_s_gradient_is_the_mean_s():
    random.seed(0)
    x, w = [random.gauss(0, 1) for _ in range(7)], Value(0.5)
    losses.average([losses.half_squared_error(w * v, 0.0) for v in x]).backward()
    assert w.grad == pytest.approx(0.5 * math.fsum(v * v for v in x) / 7, rel=1e-14)
    assert total([Value(1.0)] * 3).data == 3.0


def test_maxout_fits_a_bend():
    """Pieces that started alike would stay alike, and the layer linear: a loss of 0.19 at best."""
    places = [x / 4 for x in range(-8, 9)]
    bend = data.Dataset([[x] for x in places], [abs(x) for x in places])
    model = Maxout(1, 1, seed=0)
    history = fit(
        model,
        losses.half_squared_error,
        bend,
        Adam(model.parameters(), 0.05),
        epochs=500,
        progress=False,
    )
    assert history.loss[-1] < 1e-9
