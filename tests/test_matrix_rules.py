"""The scalar engine against the matrix rules of reverse mode, written here in NumPy.

Samples are columns: A = WH + b1ᵀ.
"""

import random

import numpy as np
import pytest

from autograd_edu import Value, dot, exp, sigmoid, square, tanh, total
from autograd_edu.nn import MLP
from autograd_edu.nn.counting import cost

TOLERANCE = 1e-13


def close(ours, theirs):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert ours.shape == theirs.shape
    scale = max(1e-300, float(np.abs(theirs).max()))
    assert np.abs(ours - theirs).max() <= TOLERANCE * max(1.0, scale)


def values(array):
    return [[Value(x) for x in row] for row in array.tolist()]


def grads(rows):
    return [[v.grad for v in row] for row in rows]


def product(a, b):
    return [[dot(row, column) for column in zip(*b, strict=True)] for row in a]


def backward(matrix, seed):
    """The pass from Σ C̄ᵢⱼCᵢⱼ, whose gradient at C is C̄."""
    total(
        [
            s * c
            for seeds, row in zip(seed.tolist(), matrix, strict=True)
            for s, c in zip(seeds, row, strict=True)
        ]
    ).backward()


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_a_product_gives_c_bar_b_transposed_and_a_transposed_c_bar(rng):
    a, b, c_bar = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    av, bv = values(a), values(b)
    backward(product(av, bv), c_bar)
    close(grads(av), c_bar @ b.T)
    close(grads(bv), a.T @ c_bar)


def test_a_sum_passes_its_gradient_to_both(rng):
    a, b, c_bar = (rng.normal(size=(3, 4)) for _ in range(3))
    av, bv = values(a), values(b)
    backward(
        [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(av, bv, strict=True)], c_bar
    )
    close(grads(av), c_bar)
    close(grads(bv), c_bar)


def test_an_elementwise_function_multiplies_by_its_slope(rng):
    a, c_bar = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    av = values(a)
    backward([[tanh(x) for x in row] for row in av], c_bar)
    close(grads(av), (1 - np.tanh(a) ** 2) * c_bar)


def test_masking_masks_the_gradient_too(rng):
    a, c_bar, mask = (
        rng.normal(size=(3, 4)),
        rng.normal(size=(3, 4)),
        rng.integers(0, 2, size=(3, 4)).astype(float),
    )
    av = values(a)
    backward(
        [
            [x * m for x, m in zip(*rows, strict=True)]
            for rows in zip(av, mask.tolist(), strict=True)
        ],
        c_bar,
    )
    close(grads(av), mask * c_bar)


def test_reshaping_and_choosing_put_gradients_back_and_give_the_others_zero(rng):
    a, seed = rng.normal(size=(3, 4)), rng.normal(size=(1, 3))
    av = values(a)
    backward([[row[1] for row in av]], seed)  # the second column, as a row
    expected = np.zeros((3, 4))
    expected[:, 1] = seed[0]
    assert grads(av) == expected.tolist()
    assert av[0][0].grad == 0.0, "0.0, not None"


def test_transposing_and_reshaping_undo_themselves_in_the_gradient(rng):
    """M27: Ā = r⁻¹(C̄), for r(A) = Aᵀ and for r(A) = A written as 2 × 6."""
    a, across, flat = rng.normal(size=(3, 4)), rng.normal(size=(4, 3)), rng.normal(size=(2, 6))
    av = values(a)
    backward([list(column) for column in zip(*av, strict=True)], across)
    assert grads(av) == across.T.tolist()
    av = values(a)
    row_by_row = [v for row in av for v in row]
    backward([row_by_row[:6], row_by_row[6:]], flat)
    assert grads(av) == flat.reshape(3, 4).tolist()


def test_the_naive_sum_of_n_to_the_fourth_terms_is_a_product_of_n_to_the_third(rng):
    """M22: Āᵢⱼ = Σₖₗ C̄ₖₗ ∂Cₖₗ/∂Aᵢⱼ by four loops against C̄Bᵀ, which takes n³."""
    for n in (2, 4):
        a, b, c_bar = (rng.normal(size=(n, n)) for _ in range(3))
        naive = np.zeros((n, n))
        for i, j, k, m in np.ndindex(n, n, n, n):
            naive[i, j] += c_bar[k, m] * (b[j, m] if k == i else 0.0)
        av = values(a)
        result = product(av, b.tolist())
        backward(result, c_bar)
        close(grads(av), naive)
        close(grads(av), c_bar @ b.T)
        assert cost(total([v for row in result for v in row])).backward == n**3


def test_gradients_of_quadratic_forms(rng):
    a, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    xs = [Value(v) for v in x.tolist()]
    total([square(v) for v in xs]).backward()
    close([v.grad for v in xs], 2 * x)
    xs = [Value(v) for v in x.tolist()]
    dot(xs, [dot(row, xs) for row in a.tolist()]).backward()
    close([v.grad for v in xs], (a + a.T) @ x)  # 2Ax only if A is symmetric
    assert np.abs((a + a.T) @ x - 2 * a @ x).max() > 0.1


def test_the_gradient_of_a_product_by_its_vector_is_its_transposed_matrix(rng):
    a, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    for i, row in enumerate(a.tolist()):
        xs = [Value(v) for v in x.tolist()]
        dot(row, xs).backward()
        close([v.grad for v in xs], a.T[:, i])


def test_the_gradient_of_weights_is_exactly_an_outer_product(rng):
    w, x, z_bar = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3)
    wv = values(w)
    total([s * dot(row, x.tolist()) for s, row in zip(z_bar.tolist(), wv, strict=True)]).backward()
    assert grads(wv) == np.outer(z_bar, x).tolist()


ACTIVATIONS = {
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0),
    "linear": (lambda a: a, np.ones_like),
}


@pytest.mark.parametrize("seed", range(25))
def test_any_network_s_gradients_are_those_of_the_matrix_rules(seed):
    pick, generator = random.Random(seed), np.random.default_rng(seed)
    sizes = [pick.randint(1, 6) for _ in range(pick.randint(1, 5))]
    nin, batch, name = pick.randint(1, 6), pick.randint(1, 6), pick.choice(list(ACTIVATIONS))
    model = MLP(nin, sizes, activation=name, seed=seed)
    for parameter in model.parameters():
        parameter.data = generator.normal()
    x, t = generator.normal(size=(nin, batch)), generator.normal(size=(sizes[-1], batch))

    inputs = [[Value(v) for v in column] for column in x.T.tolist()]
    outputs = [y if isinstance(y, list) else [y] for y in map(model, inputs)]
    rows = zip(outputs, t.T.tolist(), strict=True)
    loss = total(
        [
            0.5 * square(y - wanted)
            for row, targets in rows
            for y, wanted in zip(row, targets, strict=True)
        ]
    )
    loss.backward()

    g, slope = ACTIVATIONS[name]
    weights = [
        np.array([[w.data for w in neuron.w] for neuron in layer.neurons]) for layer in model.layers
    ]
    biases = [np.array([[neuron.b.data] for neuron in layer.neurons]) for layer in model.layers]
    hidden, before = [x], []
    for depth, (w, b) in enumerate(zip(weights, biases, strict=True)):
        before.append(w @ hidden[-1] + b)
        hidden.append(g(before[-1]) if depth < len(sizes) - 1 else before[-1])
    h_bar = hidden[-1] - t
    assert loss.data == pytest.approx(0.5 * np.sum(h_bar**2), rel=1e-13, abs=0.0)
    for depth in reversed(range(len(sizes))):
        a_bar = h_bar if depth == len(sizes) - 1 else slope(before[depth]) * h_bar
        layer = model.layers[depth]
        close([[w.grad for w in neuron.w] for neuron in layer.neurons], a_bar @ hidden[depth].T)
        close([neuron.b.grad for neuron in layer.neurons], a_bar.sum(axis=1))
        h_bar = weights[depth].T @ a_bar
    close([[v.grad for v in column] for column in inputs], h_bar.T)


def test_a_wrong_matrix_rule_is_rejected(rng):
    a, b, c_bar = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    av = values(a)
    backward(product(av, values(b)), c_bar)
    with pytest.raises(AssertionError):
        close(grads(av), c_bar @ b)


def test_the_delta_recursion_of_imperial():
    """δᵢ = (1 - xᵢ²) Σⱼ δⱼwᵢⱼ for tanh, and every weight's gradient is δⱼxᵢ."""
    model, x, y = (
        MLP(3, [4, 2], activation="tanh", output="tanh", seed=5),
        [0.3, -0.8, 1.2],
        [0.4, -0.6],
    )
    hidden = model.layers[0](x)
    out = model.layers[1](hidden)
    total([0.5 * square(o - t) for o, t in zip(out, y, strict=True)]).backward()
    last = [(o.data - t) * (1 - o.data**2) for o, t in zip(out, y, strict=True)]
    first = [
        (1 - h.data**2)
        * sum(d * unit.w[i].data for d, unit in zip(last, model.layers[1].neurons, strict=True))
        for i, h in enumerate(hidden)
    ]
    for deltas, layer, inputs in (
        (last, model.layers[1], [h.data for h in hidden]),
        (first, model.layers[0], x),
    ):
        for delta, unit in zip(deltas, layer.neurons, strict=True):
            assert [w.grad for w in unit.w] == pytest.approx(
                [delta * xi for xi in inputs], rel=1e-12, abs=0.0
            )
            assert unit.b.grad == pytest.approx(delta, rel=1e-12, abs=0.0)


def test_sigmoidal_features_are_a_layer(rng):
    """f = w·φ + b with φₖ = σ(vₖ·x + bₖ), by the package and by NumPy."""
    model, x = MLP(3, [5, 1], activation="sigmoid", seed=1), rng.normal(size=3)
    biases = [*rng.normal(size=5).tolist(), 0.7]
    units = [unit for layer in model.layers for unit in layer.neurons]
    for unit, b in zip(units, biases, strict=True):
        unit.b.data = b
    v = np.array([[w.data for w in neuron.w] for neuron in model.layers[0].neurons])
    w = np.array([u.data for u in model.layers[1].neurons[0].w])
    assert model(x.tolist()).data == pytest.approx(
        float(w @ (1 / (1 + np.exp(-v @ x - biases[:5])))) + 0.7, rel=1e-14, abs=0.0
    )
    assert sigmoid(0.3) == pytest.approx(1 / (1 + exp(-0.3)), rel=1e-15, abs=0.0)
