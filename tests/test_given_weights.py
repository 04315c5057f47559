"""Models made from given weights: w[out][in], as PyTorch stores them."""

import math

import numpy as np
import pytest

from autograd_edu.errors import ShapeError
from autograd_edu.nn import MLP, Conv1d, Conv2d, Layer, Linear

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


def test_a_convolution_from_kernels_computes_what_numpy_does():
    kernel, signal = [1.0, -2.0, 0.5], [3.0, 1.0, 4.0, 1.0, 5.0]
    layer = Conv1d.from_weights(np.array([[kernel]]), [0.25], activation="linear", padding=1)
    [channel] = layer([signal])
    expected = np.correlate(signal, kernel, mode="same") + 0.25
    assert [y.data for y in channel] == pytest.approx(expected, rel=1e-15)
    assert [p.label for p in layer.parameters()] == ["w₁", "w₂", "w₃", "b"]
    assert repr(layer) == "Conv1d(1, 1, kernel=3)"


@pytest.mark.frameworks
@pytest.mark.parametrize(("kind", "sides"), [(Conv1d, 1), (Conv2d, 2)])
def test_kernels_of_a_torch_convolution_give_its_outputs(torch, kind, sides):
    theirs = getattr(torch.nn, kind.__name__)(2, 3, 2, stride=2, padding=1).double()
    ours = kind.from_weights(theirs.weight, theirs.bias, activation="linear", stride=2, padding=1)
    x = np.random.default_rng(0).standard_normal((2,) + (5,) * sides)
    expected = theirs(torch.tensor(x[None]))[0].detach().numpy()
    found = np.vectorize(lambda y: y.data)(np.array(ours(x.tolist()), dtype=object))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv1d.from_weights([[1.0, 2.0]]), r"k\[filter\]\[channel\]\[i\].* \(1, 2\)"),
        (lambda: Conv2d.from_weights([[[[1.0, 2.0]]]]), r"\[j\].* shape \(1, 1, 1, 2\)"),
        (lambda: Conv1d.from_weights([[[1.0]], [[1.0, 2.0]]]), r"same size; got the shape \["),
        (lambda: Conv1d.from_weights([[[1.0]]], [0.0, 1.0]), r"1 neuron.* 1 bias.*; got 2"),
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
