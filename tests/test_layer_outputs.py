"""What layers answer, and what a model says on average over masks or over an ensemble."""

import itertools
import math

import numpy as np
import pytest

from autograd_edu import nn
from autograd_edu.data import Dataset
from autograd_edu.errors import OperandError, ShapeError, TargetError, TrainingError
from autograd_edu.nn import (
    MLP,
    Apply,
    DropConnect,
    Dropout,
    Ensemble,
    Linear,
    Residual,
    Sequential,
    Standardiser,
    dropout_average,
    layer_outputs,
    layer_statistics,
)
from autograd_edu.nn.losses import half_squared_error

SAMPLES = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]]


def matrices(model):
    return [
        (
            np.array([[w.data for w in neuron.w] for neuron in layer.neurons]),
            np.array([neuron.b.data for neuron in layer.neurons]),
        )
        for layer in model.layers
    ]


# ---- by layer ----


def test_the_outputs_of_each_layer_are_those_of_the_matrices():
    model = MLP(2, [4, 3, 1], activation=["tanh", "relu", "linear"], seed=1)
    outputs, h = layer_outputs(model, SAMPLES), np.array(SAMPLES)
    phis = (np.tanh, lambda z: np.maximum(z, 0.0), lambda z: z)
    assert list(outputs) == ["layers.0", "layers.1", "layers.2"]
    for (w, b), phi, name in zip(matrices(model), phis, outputs, strict=True):
        h = phi(h @ w.T + b)
        assert np.array(outputs[name]) == pytest.approx(h, rel=1e-13, abs=1e-15)


def test_statistics_of_outputs_and_gradients_are_those_of_the_matrix_rules():
    model = MLP(2, [5, 1], activation="relu", seed=3)
    data = Dataset(SAMPLES, [1.0, -2.0, 0.5])
    (w1, b1), (w2, b2) = matrices(model)
    h = np.maximum(np.array(SAMPLES) @ w1.T + b1, 0.0)
    y = h @ w2.T + b2
    delta = (y - np.array([data.ys]).T) / 3
    found = layer_statistics(model, half_squared_error, data)
    for moments, wanted in [
        (found.outputs["layers.0"], h),
        (found.outputs["layers.1"], y),
        (found.gradients["layers.0"], delta @ w2),
        (found.gradients["layers.1"], delta),
    ]:
        assert [moments.mean, moments.sd, moments.zeros, moments.norm] == pytest.approx(
            [wanted.mean(), wanted.std(), (wanted == 0.0).mean(), np.linalg.norm(wanted)],
            rel=1e-12,
        )
    assert 0.0 < found.outputs["layers.0"].zeros < 1.0
    assert "layers.0" in str(found)


def test_blocks_and_what_they_hold_are_layers_and_a_scaling_of_the_inputs_has_no_gradient():
    model = Sequential(
        Standardiser([0.0, 0.0], [2.0, 2.0]), Residual(Linear(2, 2, seed=0), Apply("tanh"))
    )
    outputs = layer_outputs(model, SAMPLES)
    assert list(outputs) == ["layers.0", "layers.1", "layers.1.layers.0", "layers.1.layers.1"]
    inner, scaled = (np.array(outputs[name]) for name in ("layers.1.layers.1", "layers.0"))
    assert np.array(outputs["layers.1"]) == pytest.approx(scaled + inner, rel=1e-15)
    found = layer_statistics(model, half_squared_error, Dataset(SAMPLES, [[0.0, 0.0]] * 3))
    assert list(found.gradients) == ["layers.1", "layers.1.layers.0", "layers.1.layers.1"]


def test_looking_at_layers_does_not_change_the_model():
    model = Sequential(Dropout(0.5, seed=0), Linear(2, 1, seed=0)).train()
    before = model.state_dict()
    assert layer_outputs(model, SAMPLES)["layers.0"] == SAMPLES  # in evaluation mode
    layer_statistics(model, half_squared_error, Dataset(SAMPLES, [0.0] * 3))
    assert model.state_dict() == before
    assert all(part.training for part in model.modules())
    assert not any(p.has_grad for p in model.parameters())


@pytest.mark.parametrize(
    ("misuse", "kind", "message"),
    [
        pytest.param(
            lambda: layer_outputs(lambda x: x, SAMPLES), OperandError, "must be a Module", id="f"
        ),
        pytest.param(
            lambda: layer_statistics(
                MLP(2, [1], seed=0).freeze(), half_squared_error, Dataset(SAMPLES, [0.0] * 3)
            ),
            TrainingError,
            "the loss does not depend on any parameter",
            id="a frozen model",
        ),
    ],
)
def test_layers_that_cannot_be_looked_at_are_told(misuse, kind, message):
    with pytest.raises(kind, match=message):
        misuse()


# ---- over masks ----


def test_the_average_over_masks_is_that_over_all_masks_and_not_that_of_scaled_weights():
    """Four hidden units have 16 masks, which NumPy can list. After tanh, the two means differ."""
    model = Sequential(
        Linear(2, 4, seed=0), Apply("relu"), Dropout(0.5, seed=1), Linear(4, 1, seed=5),
        Apply("tanh"),
    )  # fmt: skip
    (w1, b1), (w2, b2) = matrices(Sequential(model.layers[0], model.layers[3]))
    x = [3.0, 4.0]
    h = np.maximum(w1 @ np.array(x) + b1, 0.0)
    masks = np.array(list(itertools.product([0.0, 2.0], repeat=4)))
    exact = np.tanh((masks * h) @ w2.T + b2)[:, 0]
    found = dropout_average(model, x, masks=4000)
    room = 4.0 * exact.std() / math.sqrt(4000)
    assert found.mean == [pytest.approx(exact.mean(), abs=room)]
    assert found.sd == [pytest.approx(exact.std(), rel=0.05)]
    scaled = model.eval()(x)[0].data
    assert scaled == pytest.approx(math.tanh((w2 @ h + b2)[0]), rel=1e-13)
    assert abs(scaled - exact.mean()) > 2.0 * room


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_of_a_linear_model_the_average_over_masks_is_the_output_of_scaled_weights(p):
    """Its variance is Σ (wᵢxᵢ)² p/(1 - p)."""
    model = DropConnect(3, 1, p, seed=0, activation="linear")
    x = np.array([1.0, -2.0, 0.5])
    w = np.array([v.data for v in model.neurons[0].w])
    found = dropout_average(model, x.tolist(), masks=4000)
    sd = math.sqrt(((w * x) ** 2).sum() * p / (1 - p))
    assert found.mean == [pytest.approx(model.eval()(x.tolist())[0].data, abs=4 * sd / 63)]
    assert found.sd == [pytest.approx(sd, rel=0.05)]


def test_averaging_over_masks_leaves_the_model_as_it_was():
    model = Sequential(Dropout(0.5, seed=4), Linear(2, 2, seed=0)).eval()
    first, second = (dropout_average(model, [1.0, 2.0]) for _ in range(2))
    assert first == second
    assert not model.training


def test_a_model_without_masks_has_no_average_over_them():
    with pytest.raises(OperandError, match="needs a model with dropout or noise; got MLP of"):
        dropout_average(MLP(1, [1], seed=0), [1.0])


# ---- over an ensemble ----


def test_a_weighted_ensemble_is_the_weighted_mean_of_the_probabilities():
    models = [MLP(2, [3], seed=seed) for seed in range(3)]
    votes = np.array([[p.data for p in nn.softmax(model([1.0, -1.0]))] for model in models])
    weights = [1.0, 0.0, 3.0]
    got = [p.data for p in Ensemble(models, weights=weights)([1.0, -1.0])]
    assert got == pytest.approx(np.average(votes, axis=0, weights=weights).tolist(), rel=1e-14)
    alike = [p.data for p in Ensemble(models, weights=[2, 2, 2])([1.0, -1.0])]
    assert alike == pytest.approx(votes.mean(axis=0).tolist(), rel=1e-14)


@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    [
        pytest.param([1.0], ShapeError, "2 models needs 2 weights; got 1", id="too few"),
        pytest.param([1.0, -1.0], TargetError, "must be finite and not negative", id="negative"),
        pytest.param([0.0, 0.0], TargetError, "the sum of the weights .* positive", id="all 0"),
    ],
)
def test_weights_that_cannot_be_averaged_are_told(weights, kind, message):
    with pytest.raises(kind, match=message):
        Ensemble([MLP(2, [2], seed=0), MLP(2, [2], seed=1)], weights=weights)
