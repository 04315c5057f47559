"""Training by replay: the same numbers as training eagerly, and fast enough for real digits."""

import pytest

from autograd_edu import data
from autograd_edu.nn import (
    MLP,
    Apply,
    LayerNorm,
    Linear,
    Maxout,
    Residual,
    Sequential,
    losses,
    regularise,
)
from autograd_edu.optim import Adam, Momentum, Nesterov
from autograd_edu.schedules import Cosine
from autograd_edu.train import accuracy, fit

BCE = losses.binary_cross_entropy_with_logits


def other_layers():
    parts = (
        Linear(2, 4, seed=0),
        LayerNorm(4),
        Residual(Linear(4, 4, seed=1), Apply("tanh")),
        Maxout(4, 1, seed=2),
    )
    return Sequential(*parts)


CASES = [
    pytest.param(
        BCE, data.moons(40), lambda: MLP(2, [6, 4, 1], activation="tanh", seed=0), id="two classes"
    ),
    pytest.param(
        losses.hinge,
        data.moons(40).map_targets(lambda t: 2 * t - 1),
        lambda: MLP(2, [8, 1], seed=0),
        id="hinge",
    ),
    pytest.param(
        losses.softmax_cross_entropy,
        data.blobs(40, ((0, 0), (2, 1), (-1, 2))),
        lambda: MLP(2, [5, 3], seed=0),
        id="three classes",
    ),
    pytest.param(
        losses.half_squared_error,
        data.noisy_function(n=30),
        lambda: MLP(1, [6, 1], activation="gelu", seed=0),
        id="regression",
    ),
    pytest.param(
        losses.gaussian_negative_log_likelihood,
        data.noisy_function(n=30),
        lambda: MLP(1, [6, 2], activation="tanh", seed=0),
        id="a learned variance",
    ),
    pytest.param(
        losses.weighted(BCE, {0: 3.0, 1: 1.0}),
        data.moons(30),
        lambda: MLP(2, [4, 1], activation="elu", seed=0),
        id="weights of classes",
    ),
    pytest.param(BCE, data.circles(30), other_layers, id="other layers"),
]


def run(make, loss, points, engine, rule=Adam, **options):
    model = make()
    history = fit(
        model,
        loss,
        points,
        rule(model.parameters(), 0.03),
        epochs=6,
        batch_size=11,
        engine=engine,
        seed=1,
        **options,
    )
    return history, [p.data for p in model.parameters()]


@pytest.mark.parametrize(("loss", "points", "make"), CASES)
def test_replay_is_chosen_unasked_and_trains_to_the_numbers_of_eager_training(loss, points, make):
    replayed, at = run(make, loss, points, "auto")
    eager, there = run(make, loss, points, "eager")
    assert replayed.engine == "replay"
    assert replayed.step_loss == pytest.approx(eager.step_loss, rel=1e-10)
    assert at == pytest.approx(there, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("rule", [Momentum, Nesterov])
def test_with_a_penalty_on_some_parameters_and_any_optimiser(rule):
    for engine in ("replay", "eager"):
        model = MLP(2, [5, 1], activation="tanh", seed=0)
        fit(
            model,
            BCE,
            data.moons(30),
            rule(model.layers[0].parameters(), 0.05),
            epochs=5,
            batch_size=7,
            engine=engine,
            penalty=regularise.l2(0.01),
            penalised=regularise.weights_of(model),
        )
        numbers = [p.data for p in model.parameters()]
        if engine == "replay":
            expected = numbers
    assert numbers == pytest.approx(expected, rel=1e-11)
    assert (
        numbers[-6:]
        == [p.data for p in MLP(2, [5, 1], activation="tanh", seed=0).parameters()][-6:]
    ), "the others stay"


@pytest.mark.slow
def test_moons_are_learned_without_an_error_for_9_of_10_seeds():
    perfect = 0
    for seed in range(10):
        model, points = (
            MLP(2, [16, 16, 1], seed=seed),
            data.moons(100, 0.1, seed=seed).map_targets(lambda t: 2 * t - 1),
        )
        history = fit(
            model,
            losses.hinge,
            points,
            Adam(model.parameters(), 0.1),
            epochs=100,
            penalty=regularise.l2(1e-4),
            schedule=Cosine(0.1, 110),
        )
        perfect += accuracy(model, losses.hinge, points) == 1.0
        assert history.engine == "replay"
    assert perfect >= 9


@pytest.mark.slow
def test_handwritten_digits_are_learned_to_95_percent():
    training, test = data.digits().split(0.2, seed=0)
    model = MLP(64, [32, 10], seed=0)
    history = fit(
        model,
        losses.softmax_cross_entropy,
        training,
        Adam(model.parameters(), 0.01),
        epochs=30,
        batch_size=32,
        schedule=Cosine(0.01, 30),
    )
    assert history.engine == "replay"
    assert accuracy(model, losses.softmax_cross_entropy, test) >= 0.95
