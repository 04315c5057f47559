"""Losses: their numbers, their gradients, their stable forms, and targets that they refuse."""

import math

import numpy as np
import pytest

from autograd_edu import Value, check_gradient, log, sigmoid, total
from autograd_edu.errors import OperandError, ShapeError, TargetError
from autograd_edu.nn import log_softmax, losses, softmax
from autograd_edu.nn.losses import (
    average,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    gaussian_negative_log_likelihood,
    half_squared_error,
    hinge,
    mean_squared_error,
    negative_log_likelihood,
    normal_negative_log_likelihood,
    one_hot,
    softmax_cross_entropy,
    weighted,
)


def data(x):
    return x.data if isinstance(x, Value) else x


def gradient(loss, prediction, target, **options):
    ys = [Value(y) for y in prediction]
    loss(ys if len(ys) > 1 else ys[0], target, **options).backward()
    return [y.grad for y in ys]


NUMBERS = [
    pytest.param(
        half_squared_error, [3.0], 1.0, 2.0, [2.0], id="half squared error: gradient y - t"
    ),
    pytest.param(
        mean_squared_error,
        [1.0, 2.0],
        [0.0, 4.0],
        2.5,
        [1.0, -2.0],
        id="mean squared error: gradient 2(y - t)/N",
    ),
    pytest.param(hinge, [0.3], 1, 0.7, [-1.0], id="hinge inside the margin"),
    pytest.param(hinge, [0.3], -1, 1.3, [1.0], id="hinge on the wrong side"),
    pytest.param(hinge, [2.0], 1, 0.0, [0.0], id="hinge beyond the margin"),
    pytest.param(hinge, [1.0], 1, 0.0, [0.0], id="hinge at the margin: sub-gradient 0"),
    pytest.param(
        binary_cross_entropy, [0.8], 1, 0.22314355131420976, [-1.25], id="cross-entropy of a 1"
    ),
    pytest.param(
        binary_cross_entropy, [0.8], 0, 1.6094379124341004, [5.0], id="cross-entropy of a 0"
    ),
    pytest.param(
        binary_cross_entropy_with_logits, [0.0], 1, math.log(2.0), [-0.5], id="from a score of 0"
    ),
    pytest.param(
        negative_log_likelihood,
        [0.5, 0.25, 0.25],
        1,
        math.log(4.0),
        [0.0, -4.0, 0.0],
        id="negative log-likelihood",
    ),
    pytest.param(
        softmax_cross_entropy,
        [1.0, 2.0, 3.0],
        2,
        0.40760596444438030,
        [0.09003057317038046, 0.24472847105479765, -0.33475904422517811],
        id="softmax cross-entropy: gradient y - t",
    ),
    pytest.param(
        softmax_cross_entropy,
        [1.0, 2.0, 3.0],
        [0.0, 0.0, 1.0],
        0.40760596444438030,
        [0.09003057317038046, 0.24472847105479765, -0.33475904422517811],
        id="with a one-hot target",
    ),
    pytest.param(
        gaussian_negative_log_likelihood,
        [2.0, -0.5],
        1.5,
        0.87502869204218876,
        [0.82436063535006407, 0.29390984116248398],
        id="a learned variance",
    ),
]


@pytest.mark.parametrize(("loss", "prediction", "target", "value", "slopes"), NUMBERS)
def test_value_and_gradient(loss, prediction, target, value, slopes):
    assert data(
        loss(prediction if len(prediction) > 1 else prediction[0], target)
    ) == pytest.approx(value, rel=2e-15, abs=1e-15)
    assert gradient(loss, prediction, target) == pytest.approx(slopes, rel=2e-15, abs=1e-15)


SLOTS = [
    (half_squared_error, [0.3, -0.7], [0.5, 0.2]),
    (mean_squared_error, [0.3, -0.7], [0.5, 0.2]),
    (hinge, [0.3], [-1.0]),
    (binary_cross_entropy, [0.3, 0.9], [0.2, 1.0]),
    (binary_cross_entropy_with_logits, [0.3, -4.0], [0.2, 1.0]),
    (negative_log_likelihood, [0.3, 0.7], [0.25, 0.75]),
    (softmax_cross_entropy, [0.3, -0.7, 2.0], [0.25, 0.5, 0.25]),
    (gaussian_negative_log_likelihood, [0.3, -0.7], [0.5]),
]


@pytest.mark.parametrize(
    ("loss", "prediction", "target"), SLOTS, ids=lambda held: getattr(held, "__name__", "")
)
def test_gradients_pass_the_check_and_values_and_floats_serve_in_every_slot(
    loss, prediction, target
):
    def shaped(xs):
        return xs[0] if len(xs) == 1 else list(xs)

    report = check_gradient(lambda *ys: loss(shaped(ys), shaped(target)), prediction)
    assert report, report
    expected = data(loss(shaped(prediction), shaped(target)))
    for ys in (prediction, [Value(y) for y in prediction]):
        for ts in (target, [Value(t) for t in target]):
            assert data(loss(shaped(ys), shaped(ts))) == pytest.approx(expected, rel=1e-14, abs=0.0)


def test_a_loss_with_a_wrong_gradient_is_rejected():
    def wrong(y, t):
        return 0.5 * (y - t) * Value(data(y) - t)  # the right value, half the gradient

    assert not check_gradient(lambda y: wrong(y, 1.0), [3.0])


def test_the_mean_of_a_batch_has_the_gradient_of_the_sum_divided_by_its_size():
    ws = [Value(0.5), Value(0.5)]
    samples = [(1.0, 2.0), (3.0, -1.0), (0.5, 0.0)]
    average([half_squared_error(ws[0] * x, t) for x, t in samples]).backward()
    total([half_squared_error(ws[1] * x, t) for x, t in samples]).backward()
    assert ws[0].grad == pytest.approx(ws[1].grad / 3, rel=1e-15, abs=0.0)


@pytest.mark.parametrize("parts", [False, True])
def test_softmax_cross_entropy_in_one_node_or_in_the_lecture_s_parts(parts):
    z = [Value(1.0), Value(2.0), Value(3.0)]
    y = softmax(z, parts=parts)
    assert [v.data for v in y] == pytest.approx(
        [0.09003057317038046, 0.24472847105479765, 0.66524095577482189], rel=2e-15, abs=0.0
    )
    assert gradient(softmax_cross_entropy, [1.0, 2.0, 3.0], 2, parts=parts) == pytest.approx(
        [0.09003057317038046, 0.24472847105479765, -0.33475904422517811], rel=4e-15, abs=0.0
    )


def test_large_scores_neither_overflow_nor_lose_the_answer():
    assert data(softmax_cross_entropy([1000.0, 1001.0, 1002.0], 2)) == pytest.approx(
        0.4076059644443803, rel=1e-12, abs=0.0
    )
    assert softmax([1000.0, 1001.0]) == pytest.approx(softmax([0.0, 1.0]), rel=1e-12, abs=0.0)
    assert log_softmax([0.0, 1000.0])[0] == -1000.0
    assert data(binary_cross_entropy_with_logits(800.0, 1)) == 0.0
    assert data(binary_cross_entropy_with_logits(-800.0, 1)) == 800.0
    assert data(binary_cross_entropy_with_logits(40.0, 1)) == pytest.approx(
        4.248354255291589e-18, rel=1e-14, abs=0.0
    )
    assert gradient(binary_cross_entropy_with_logits, [40.0], 1) == pytest.approx(
        [-4.248354255291589e-18], rel=1e-14, abs=0.0
    )


def test_cross_entropy_on_logits_has_gradient_sigmoid_minus_target():
    for z in (-3.0, 0.5, 7.0):
        for t in (0, 1, 0.25):
            assert gradient(binary_cross_entropy_with_logits, [z], t)[0] == pytest.approx(
                sigmoid(z) - t, rel=1e-12, abs=0.0
            )


def test_both_cross_entropies_agree():
    for z in (-3.0, 0.5, 7.0):
        for t in (0, 1, 0.25):
            assert data(binary_cross_entropy_with_logits(z, t)) == pytest.approx(
                data(binary_cross_entropy(sigmoid(z), t)), rel=1e-10, abs=0.0
            )


def test_a_probability_of_zero_for_what_did_not_happen_costs_nothing():
    assert data(binary_cross_entropy(0.0, 0)) == 0.0
    assert data(negative_log_likelihood([0.0, 1.0], 1)) == 0.0


def test_the_normal_likelihood_of_the_lecture():
    assert normal_negative_log_likelihood(1.0, 2.0, 0.0) == pytest.approx(
        1.5155121234846454, rel=1e-15, abs=0.0
    )


def test_the_variance_network_s_bars():
    f, a = Value(2.0), Value(-0.5)
    c = gaussian_negative_log_likelihood([f, a], 1.5, parts=True)
    c.backward()
    v = next(node for node in _nodes(c) if node.op is not None and node.op.name == "exp")
    assert (v.data, c.data) == pytest.approx(
        (0.60653065971263342, 0.87502869204218876), rel=1e-15, abs=0.0
    )
    assert (f.grad, v.grad, a.grad) == pytest.approx(
        (0.82436063535006407, 0.48457540679268342, 0.29390984116248398), rel=2e-15, abs=0.0
    )


def _nodes(root):
    from autograd_edu.engine.value import topological_order

    return topological_order(root)


def test_the_variance_network_is_best_where_the_variance_is_the_squared_error():
    a = math.log((1.5 - 2.0) ** 2)
    assert gradient(gaussian_negative_log_likelihood, [2.0, a], 1.5)[1] == pytest.approx(
        0.0, abs=1e-15
    )


def test_a_variance_too_small_for_a_float_does_no_harm():
    assert data(gaussian_negative_log_likelihood([1.0, -800.0], 1.0)) == pytest.approx(
        -400.0 + 0.5 * math.log(2 * math.pi)
    )


# ---- sub-sampling (MLPR, tutorial 1) ----


def test_sub_sampling_is_undone_by_the_log_of_the_fraction_in_the_bias():
    p, f = 0.02, 0.1
    kept = p / (p + f * (1 - p))
    logit = math.log(kept / (1 - kept))
    assert kept == pytest.approx(0.16949152542372881, rel=1e-15, abs=0.0)
    assert logit == pytest.approx(-1.5892352051165809, rel=1e-15, abs=0.0)
    assert logit + math.log(f) == pytest.approx(-3.8918202981106266, rel=1e-15, abs=0.0)
    assert sigmoid(logit + math.log(f)) == pytest.approx(p, rel=1e-14, abs=0.0)


def test_a_ratio_of_densities_is_a_sigmoid_of_their_log_difference():
    for c, d in ((0.3, 0.7), (1e-8, 5.0), (4.0, 1e-6)):
        assert sigmoid(log(c) - log(d)) == pytest.approx(c / (c + d), rel=1e-13, abs=0.0)


def test_a_weight_of_one_over_f_scales_the_gradient_of_its_class():
    loss = weighted(binary_cross_entropy_with_logits, {0: 10.0, 1: 1.0})
    plain = binary_cross_entropy_with_logits
    assert gradient(loss, [0.7], 0)[0] == pytest.approx(
        10.0 * gradient(plain, [0.7], 0)[0], rel=1e-15, abs=0.0
    )
    assert gradient(loss, [0.7], 1) == gradient(plain, [0.7], 1)
    assert data(loss(0.7, Value(0.0))) == pytest.approx(
        10.0 * data(plain(0.7, 0)), rel=1e-14, abs=0.0
    ), "also for a target that is a Value"
    with pytest.raises(TargetError, match="weights are for the labels"):
        loss(0.7, 0.5)


def test_weights_may_be_a_function_of_the_target():
    assert data(weighted(half_squared_error, lambda t: 2.0 * t)(1.0, 3.0)) == 12.0


# ---- misuse ----

REFUSED = [
    pytest.param(
        lambda: hinge(0.5, 0),
        TargetError,
        r"labels -1 and 1; got 0.0. For the labels 0 and 1, use 2\*t - 1",
        id="0/1 labels for hinge",
    ),
    pytest.param(
        lambda: binary_cross_entropy_with_logits(0.5, -1),
        TargetError,
        r"For the labels -1 and 1, use \(t \+ 1\)/2",
        id="±1 labels",
    ),
    pytest.param(
        lambda: binary_cross_entropy(1.2, 1),
        TargetError,
        "takes probabilities; got 1.2",
        id="a probability above 1",
    ),
    pytest.param(
        lambda: binary_cross_entropy(-0.1, 1),
        TargetError,
        "takes probabilities; got -0.1",
        id="a probability below 0",
    ),
    pytest.param(
        lambda: negative_log_likelihood([0.5, 1.5], 0),
        TargetError,
        "takes probabilities; got 1.5",
        id="scores for likelihood",
    ),
    pytest.param(
        lambda: softmax_cross_entropy([1.0, 2.0], 2),
        TargetError,
        r"must be from 0 to 1 for 2 score\(s\); got 2",
        id="a class that is not there",
    ),
    pytest.param(
        lambda: softmax_cross_entropy([1.0, 2.0], -1),
        TargetError,
        "a whole number from 0",
        id="a negative class",
    ),
    pytest.param(
        lambda: softmax_cross_entropy([1.0, 2.0], 0.5),
        TargetError,
        "a whole number from 0",
        id="half a class",
    ),
    pytest.param(
        lambda: softmax_cross_entropy([1.0, 2.0], "cat"),
        TargetError,
        "got 'cat'",
        id="a name as a class",
    ),
    pytest.param(
        lambda: softmax_cross_entropy([1.0, 2.0], [0.5, 0.6]),
        TargetError,
        "must sum to 1; these sum to 1.1",
        id="a sum above 1",
    ),
    pytest.param(
        lambda: softmax_cross_entropy([1.0, 2.0], [1.0]),
        ShapeError,
        "2 scores need as many target probabilities; got 1",
        id="too few",
    ),
    pytest.param(
        lambda: half_squared_error([1.0, 2.0], 1.0),
        ShapeError,
        r"2 output\(s\) and 1 target\(s\)",
        id="a target for two outputs",
    ),
    pytest.param(
        lambda: half_squared_error(1.0, "two"),
        OperandError,
        "'two', which is text",
        id="text as a target",
    ),
    pytest.param(
        lambda: gaussian_negative_log_likelihood(1.0, 1.0),
        ShapeError,
        "two outputs, the mean and the log variance; got 1",
        id="one output",
    ),
    pytest.param(lambda: average([]), ShapeError, "at least one sample", id="the mean of nothing"),
    pytest.param(
        lambda: one_hot(3, 3),
        TargetError,
        r"from 0 to 2 for 3 score\(s\); got 3",
        id="one-hot beyond the end",
    ),
]


@pytest.mark.parametrize(("misuse", "kind", "message"), REFUSED)
def test_a_wrong_kind_of_target_or_prediction_is_refused(misuse, kind, message):
    with pytest.raises(kind, match=message):
        misuse()


@pytest.mark.parametrize("target", [math.nan, math.inf])
def test_a_class_that_is_no_whole_number_is_refused(target):
    with pytest.raises(TargetError, match="a class must be a whole number from 0"):
        softmax_cross_entropy([1.0, 2.0], target)


def test_one_hot_turns_a_class_into_probabilities_and_keeps_probabilities():
    assert one_hot(1, 3) == [0.0, 1.0, 0.0]
    assert one_hot([0.5, 0.5], 2) == [0.5, 0.5]


def test_every_loss_says_what_its_threshold_is():
    assert losses.hinge.threshold == 0.0
    assert losses.binary_cross_entropy.threshold == 0.5
    assert losses.half_squared_error.threshold is None


# ---- the multivariate normal distribution ----


def covariance(size, seed):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_multivariate_normal_likelihood_is_that_of_scipy(size):
    from scipy import stats

    rng = np.random.default_rng(size)
    mean, target, sigma = rng.normal(size=size), rng.normal(size=size), covariance(size, size)
    wanted = -stats.multivariate_normal(mean, sigma).logpdf(target)
    ours = losses.multivariate_normal_negative_log_likelihood(
        mean.tolist(), sigma.tolist(), target.tolist()
    )
    assert data(ours) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_its_gradients_are_the_matrix_formulas(size):
    """∂/∂μ = -Σ⁻¹(t - μ), and ∂/∂Σ = ½(Σ⁻¹ - Σ⁻¹ r rᵀ Σ⁻¹).

    Only the lower triangle is read, so an entry below the diagonal stands for two.
    """
    rng = np.random.default_rng(size)
    mean, target, sigma = rng.normal(size=size), rng.normal(size=size), covariance(size, size)
    m = [Value(x) for x in mean]
    s = [[Value(x) for x in row] for row in sigma]
    losses.multivariate_normal_negative_log_likelihood(m, s, target.tolist()).backward()
    inverse = np.linalg.inv(sigma)
    pull = inverse @ (target - mean)
    assert [v.grad for v in m] == pytest.approx((-pull).tolist(), rel=1e-10)
    full = 0.5 * (inverse - np.outer(pull, pull))
    wanted = np.tril(2.0 * full) - np.diag(np.diag(full))
    assert np.array([[v.grad for v in row] for row in s]) == pytest.approx(wanted, rel=1e-9)


def test_a_network_s_outputs_are_the_means_and_the_cholesky_factor():
    mean, factor, target = [0.5, -1.0, 2.0], [[2.0, 0, 0], [0.3, 0.5, 0], [-1, 4, 1.5]], [1, 2, 3]
    outputs = [*mean, *(math.log(factor[i][i]) for i in range(3)), 0.3, -1.0, 4.0]
    sigma = (np.array(factor) @ np.array(factor).T).tolist()
    assert losses.multivariate_gaussian_negative_log_likelihood(outputs, target) == pytest.approx(
        losses.multivariate_normal_negative_log_likelihood(mean, sigma, target), rel=1e-12
    )


def test_with_one_target_it_is_the_normal_likelihood_with_half_the_log_variance():
    assert losses.multivariate_gaussian_negative_log_likelihood([0.3, -0.4], 1.1) == pytest.approx(
        gaussian_negative_log_likelihood([0.3, -0.8], 1.1), rel=1e-14
    )


def test_its_gradient_is_the_numeric_one():
    loss = losses.multivariate_gaussian_negative_log_likelihood
    at = [0.3, -0.2, 0.1, -0.4, 0.7]
    assert check_gradient(lambda *outputs: loss(list(outputs), [1.0, -2.0]), at)


@pytest.mark.parametrize(
    ("misuse", "kind", "message"),
    [
        pytest.param(
            lambda: losses.multivariate_normal_negative_log_likelihood(
                [0, 0], [[1, 2], [2, 1]], [0, 0]
            ),
            TargetError,
            r"must be positive definite; its Cholesky factor has a pivot of -3.0",
            id="an indefinite matrix",
        ),
        pytest.param(
            lambda: losses.multivariate_normal_negative_log_likelihood([0, 0], [[1, 0]], [0, 0]),
            ShapeError,
            r"a mean of 2 numbers needs .* got 2 targets and rows of \[2\]",
            id="a matrix with a missing row",
        ),
        pytest.param(
            lambda: losses.multivariate_gaussian_negative_log_likelihood([0] * 4, [0, 0]),
            ShapeError,
            r"takes 5 outputs for 2 target\(s\): the means, .* got 4",
            id="an output too few",
        ),
    ],
)
def test_likelihoods_of_the_wrong_shape_are_told(misuse, kind, message):
    with pytest.raises(kind, match=message):
        misuse()
