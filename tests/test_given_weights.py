"""Models made from given weights: w[out][in], as PyTorch stores them."""

import math

import numpy as np
import pytest

from autograd_edu.errors import ShapeError
from autograd_edu.nn import MLP, Layer, Linear

W1, B1 = [[1.0, -2.0], [0.5, 0.25], [3.0, 1.0]], [0.1, -0.2, 0.3]
W2, B2 = [[1.0, -1.0, 0.5]], [0.7]


def by_hand(x):
    hidden = [math.tanh(w[0] * x[0] + w[1] * x[1] + b) for w, b in zip(W1, B1, strict=True)]
    return sum(w * h for w, h in zip(W2[0], hidden, strict=True)) + B2[0]


@pytest.mark.parametrize("convert", [list, np.array])
def test_a_model_from_weights_computes_what_they_say(convert):
    model = MLP.from_weights([convert(W1), convert(W2)], [B1, B2], activation="tanh")
    assert model([0.3, -0.8]).data == pytest.approx(by_hand([0.3, -0.8]), rel=1e-15)
    assert len(model.parameters()) == 13
    assert [p.label for p in model.parameters()[:3]] == ["w₁", "w₂", "b"]
    assert repr(model) == repr(MLP(2, [3, 1], activation="tanh"))


def test_without_biases_a_model_has_none():
    assert len(MLP.from_weights([W1, W2]).parameters()) == 9


@pytest.mark.frameworks
def test_weights_of_a_trained_torch_model_give_its_outputs(torch):
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)
    ).double()
    layers = [theirs[0], theirs[2]]
    ours = MLP.from_weights([layer.weight for layer in layers], [layer.bias for layer in layers])
    expected = theirs(torch.tensor([0.5, -1.5], dtype=torch.float64)).tolist()
    assert [y.data for y in ours([0.5, -1.5])] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP.from_weights([W1, W1]), "layer 0 has 3 output.* layer 1 take 2"),
        (lambda: MLP.from_weights([W1, W2], [B1]), r"2 layer\(s\), but biases for 1"),
        (lambda: MLP.from_weights([W1, W2], [B1, [0.0, 0.0]]), "1 neuron.* needs 1 bias.*; got 2"),
        (lambda: MLP.from_weights(W1), r"must be a matrix w\[out\]\[in\]"),
        (lambda: MLP.from_weights([]), "at least one layer"),
        (lambda: Layer.from_weights([[1.0], [1.0, 2.0]], activation="relu"), r"lengths \[1, 2\]"),
    ],
)
def test_weights_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ShapeError, match=message):
        make()


def test_given_weights_have_the_activation_that_the_layer_has_by_default():
    weights = [[1.0, 1.0], [-1.0, -1.0]]
    assert [y.data for y in Layer.from_weights(weights)([1.0, 2.0])] == [3.0, 0.0]
    assert [y.data for y in Linear.from_weights(weights)([1.0, 2.0])] == [3.0, -3.0]
