"""Products of two factors that both depend on the inputs run as matrix products, and stay right.

Attention is written here as a loop over heads and places. Whatever looks like a matrix product but
is not one must give the eager engine's numbers too.
"""

import math
import re

import numpy as np
import pytest

from autograd_edu import Program, Value, dot, exp, hypot, ieee, logsumexp, tanh, total, trace
from autograd_edu.errors import DomainError
from autograd_edu.nn.softmax import softmax as softmax_of

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    """The engine that has matrix products."""
    monkeypatch.setattr(Program, "engine", "numpy")


WEIGHTS = [[Value(w) for w in row] for row in RNG.normal(0.0, 0.5, (12, 4)).tolist()]


def attention(queries, keys, values, *, sees, softmax=softmax_of):
    """What each place takes from those that it sees: ``sees(t)`` lists their numbers."""
    results = []
    for t, query in enumerate(queries):
        seen = sees(t)
        weights = softmax([dot(query, keys[s]) / 2.0 for s in seen])
        columns = zip(*[values[s] for s in seen], strict=True)
        results += [dot(weights, column) for column in columns]
    return results


def plain_softmax(scores):
    powers = [exp(score) for score in scores]
    return [power / total(powers) for power in powers]


def heads(xs, *, sees, softmax=softmax_of):
    """Two heads of two numbers over vectors of four, mixed by tanh and summed."""
    projected = [[dot(row, x) for row in WEIGHTS] for x in xs]
    results = []
    for head in (slice(0, 2), slice(2, 4)):
        parts = [[x[start : start + 4][head] for x in projected] for start in (0, 4, 8)]
        results += attention(*parts, sees=sees, softmax=softmax)
    return total([tanh(result) * (i + 1.0) for i, result in enumerate(results)])


def eager(f, sample):
    """The value, and the gradients of the input and of the weights."""
    weights = [w for row in WEIGHTS for w in row]
    for w in weights:
        w.clear_grad()
    xs = [[Value(x) for x in row] for row in sample.tolist()]
    y = f(xs)
    y.backward()
    own = np.array([[x.grad for x in row] for row in xs])
    return y.data, own, np.array([w.grad for w in weights])


def assert_printed(program, batch):
    """The listing gives what the program gives."""
    space = {}
    exec(program.listing("python", gradients=True), space)
    printed, (inputs, parameters) = space["value_and_grad"](program.parameter_values, batch)
    values, gradients = program.value_and_grad(batch)
    np.testing.assert_allclose(printed, values, rtol=1e-12)
    np.testing.assert_allclose(inputs[0], gradients.inputs[0], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(parameters, gradients.parameters, rtol=1e-11, atol=1e-13)


MASKS = {
    "everything": lambda t: range(5),
    "the past": lambda t: range(t + 1),
    "the future": lambda t: range(t, 5),
    "the last two": lambda t: range(max(0, t - 1), t + 1),
    "all but one pair": lambda t: range(4 if t == 2 else 5),
}


@pytest.mark.parametrize("softmax", [softmax_of, plain_softmax])
@pytest.mark.parametrize("sees", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("samples", [1, 3])
def test_attention_replays_to_the_eager_engines_numbers(sees, softmax, samples):
    def f(xs):
        return heads(xs, sees=sees, softmax=softmax)

    batch = RNG.normal(0.0, 1.0, (samples, 5, 4))
    weights = [w for row in WEIGHTS for w in row]
    program = trace(f, batch[0], parameters=weights)
    values, gradients = program.value_and_grad(batch)
    expected = [eager(f, sample) for sample in batch]
    np.testing.assert_allclose(values, [y for y, _, _ in expected], rtol=1e-12)
    np.testing.assert_allclose(gradients.inputs[0], [x for _, x, _ in expected], rtol=1e-10)
    summed = sum(w for _, _, w in expected)
    np.testing.assert_allclose(gradients.parameters, summed, rtol=1e-10, atol=1e-14)
    assert_printed(program, batch)


def grid(rows, columns, product):
    """The products of all rows and columns, weighed by their place."""
    pairs = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
    return total([product(i, j, rows[i], columns[j]) * (3.0 * i + j + 1.0) for i, j in pairs])


NEARLY = {
    "all pairs": lambda i, j, a, b: dot(a, b),
    "one pair is missing": lambda i, j, a, b: a[0] if i == j == 1 else dot(a, b),
    "one pair occurs twice": lambda i, j, a, b: dot(a, b) + (dot(a, b) if i == j == 1 else 0.0),
    "one pair is turned round": lambda i, j, a, b: dot(b, a) if i == j == 1 else dot(a, b),
    "one pair has other numbers": lambda i, j, a, b: dot(a[::-1] if i == j == 1 else a, b),
    "one pair is shorter": lambda i, j, a, b: dot(a[:2], b[:2]) if i == j == 1 else dot(a, b),
    "every pair has a bias": lambda i, j, a, b: dot(a, b, a[0] * b[j]),
    "one pair has a bias": lambda i, j, a, b: dot(a, b, b[0]) if i == j == 1 else dot(a, b),
    "a factor is a constant": lambda i, j, a, b: dot([*a[:2], 2.0], b),
    "a row is also a column": lambda i, j, a, b: dot(a, b) + dot(a, a) + dot(b, b),
}


@pytest.mark.parametrize("product", NEARLY.values(), ids=NEARLY)
def test_what_is_nearly_a_matrix_product_replays_to_the_eager_engines_numbers(product):
    def f(xs):
        xs = [[tanh(x) for x in row] for row in xs]
        return grid(xs[:3], xs[3:], product)

    batch = RNG.normal(0.0, 1.0, (4, 6, 3))
    program = trace(f, batch[0])
    values, gradients = program.value_and_grad(batch)
    expected = [eager(f, sample) for sample in batch]
    np.testing.assert_allclose(values, [y for y, _, _ in expected], rtol=1e-12)
    slopes = [x for _, x, _ in expected]
    np.testing.assert_allclose(gradients.inputs[0], slopes, rtol=1e-12, atol=1e-14)
    assert_printed(program, batch)


def past(xs):
    """Each of three places looks at itself and those before it."""
    parts = [[list(row[k : k + 2]) for row in xs] for k in (0, 2, 4)]
    return attention(*parts, sees=lambda t: range(t + 1), softmax=_linear)


def _linear(scores):
    return [score + 1.0 for score in scores]


def test_a_product_that_a_mask_leaves_out_may_overflow():
    """Place 0 does not look at place 2; the product of its query and that key is 1e400."""
    xs = np.full((3, 6), 0.5)
    xs[0, :2], xs[2, 2:4] = 1e200, 1e200
    xs[1:, :2] = 1e-200
    program = trace(lambda xs: total(past(xs)), np.ones((3, 6)))
    for _ in range(2):
        y, gradients = program.value_and_grad(xs)
        expected, slopes, _ = eager(lambda xs: total(past(xs)), xs)
        assert math.isclose(y, expected, rel_tol=1e-12)
        np.testing.assert_allclose(gradients.inputs[0], slopes, rtol=1e-12)


def test_what_a_mask_leaves_out_need_not_be_finite():
    """Place 2 is infinite; the places before it do not look at it."""
    xs = RNG.normal(0.0, 1.0, (3, 6))
    xs[2] = math.inf
    program = trace(past, np.ones((3, 6)))
    with pytest.raises(DomainError, match=r"input 0 .* is not finite"):
        program(xs)
    with ieee():
        expected = [y.data for y in past([[Value(x) for x in row] for row in xs.tolist()])]
    assert all(map(math.isfinite, expected[:4]))
    np.testing.assert_allclose(program(xs, on_nonfinite="keep"), expected, rtol=1e-12)


def test_an_overflow_in_a_matrix_product_names_the_operation_and_the_sample():
    program = trace(lambda xs: total(past(xs)), np.ones((3, 6)))
    batch = np.ones((4, 3, 6))
    batch[2, 1, :4] = 1e200
    with pytest.raises(DomainError, match=r"dot: .* is not finite for sample 2"):
        program.value_and_grad(batch)


def test_a_masked_logsumexp_ignores_what_it_leaves_out():
    def f(xs):
        scores = [[dot(a, b) for b in xs[: t + 1]] for t, a in enumerate(xs)]
        return total([logsumexp([score * 400.0 for score in row]) for row in scores])

    sample = RNG.normal(0.0, 1.0, (4, 3))
    y, gradients = trace(f, sample).value_and_grad(sample)
    expected, slopes, _ = eager(f, sample)
    assert math.isclose(y, expected, rel_tol=1e-12)
    np.testing.assert_allclose(gradients.inputs[0], slopes, rtol=1e-12)


@pytest.mark.parametrize(("mask", "written"), [("everything", ""), ("the past", "np.tri(5)")])
def test_a_listing_has_attention_as_matrix_products(mask, written):
    program = trace(lambda xs: heads(xs, sees=MASKS[mask]), np.ones((5, 4)))
    text = program.listing("python")
    assert len(re.findall(r"np\.moveaxis\(\w+ @ \w+, 0, -1\)", text)) == 2
    assert written in text
    assert "np.take" not in text


def test_a_score_that_a_mask_leaves_out_may_be_far_too_large_in_a_listing():
    """exp of the score minus those that are seen would be infinite, and infinite times 0 is nan."""

    def f(xs):
        return heads([[x * 100.0 for x in row] for row in xs], sees=MASKS["the past"])

    assert_printed(trace(f, np.ones((5, 4))), RNG.normal(0.0, 1.0, (2, 5, 4)))


def test_a_weight_of_zero_does_not_hide_a_gradient_that_is_undefined():
    program = trace(lambda x: hypot(dot([x / x], [-0.0]), 0.0), 1.5)
    xs = np.array([2.0, 3.0])
    _, gradients = program.value_and_grad(xs, on_nonfinite="keep")
    assert np.isnan(gradients.inputs[0]).all()  # as that of the length of (0, 0)
    with pytest.raises(DomainError, match="not finite"):
        program.value_and_grad(xs)
