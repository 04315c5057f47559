"""Losses: one number that says how wrong a prediction is, and that training reduces.

A loss takes the prediction and the target of one sample: two numbers, or two lists if a sample has
several outputs. Its `check` raises a TargetError for a target that the loss is not defined for. The
loss of a batch is the mean over its samples (`average`), so gradients do not grow with the batch.
The lectures write squared errors with and without ½, as sums and as means. Here each form has a
name of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Protocol, cast

from ..arithmetic.floats import real
from ..data import Target
from ..engine.number import Number, plain
from ..engine.ops import dot, exp, log, relu, softplus, sqrt, square, total, where
from ..errors import OperandError, ShapeError, TargetError, suggest_names
from ..wording import require
from .activations import linear
from .kinds import Nested, S, Scalar, Vector, as_list, is_listed
from .softmax import log_softmax, softmax

# A user's own loss may accept only certain predictions and targets, such as lists.
Loss = Callable[[Nested, Target], Scalar]


class ClassLoss(Protocol):
    """A loss of this module: a function with attributes that training reads.

    Attributes:
        check: raises a TargetError for a target that the loss is not defined for.
        prepare: turns a target into numbers, given the number of outputs of the model.
        threshold: a single output above it means class 1, otherwise class 0. None if the loss is
            not for classes.
        independent: True if each output is a label of its own, False if the outputs are scores of
            classes of which one is right.

    >>> softmax_cross_entropy.prepare(2, 4)
    [0.0, 0.0, 1.0, 0.0]
    >>> binary_cross_entropy.threshold, binary_cross_entropy_with_logits.threshold
    (0.5, 0.0)
    >>> hinge.check(0.0)
    Traceback (most recent call last):
    autograd_edu.errors.TargetError: hinge takes the labels -1 and 1; got 0.0. For the labels 0 ...
    """

    __name__: str
    check: Callable[[Target], None]
    prepare: Callable[[Target, int], Target]
    threshold: float | None
    independent: bool

    def __call__(
        self, prediction: S | Sequence[S], target: Target, *, parts: bool = False
    ) -> S: ...


def average(losses: Sequence[S]) -> S:
    """The mean of the losses of a batch, as one number to differentiate.

    Raises:
        ShapeError: if there are none.

    >>> average([half_squared_error(1.0, 0.0), half_squared_error(3.0, 0.0)])
    2.5
    """
    if not len(losses):
        raise ShapeError("a batch needs at least one sample; got no losses to average")
    y: S = total(list(losses)) * (1.0 / len(losses))
    return y


def _unchanged(target: Target, outputs: int) -> Target:  # noqa: ARG001
    return target


def loss(
    check: Callable[[Target], None],
    *,
    prepare: Callable[[Target, int], Target] = _unchanged,
    threshold: float | None = None,
    independent: bool = False,
) -> Callable[[Callable[..., Scalar]], ClassLoss]:
    """Give a function of (prediction, target) the attributes of a `ClassLoss`.

    Use it as a decorator for a loss of your own. The loss then calls ``check`` on every target.

    >>> def positive(price):
    ...     if price <= 0.0:
    ...         raise TargetError(f"a price must be positive; got {price}")
    >>> @loss(positive)
    ... def relative_error(prediction, price):
    ...     return abs(prediction - price) / price
    >>> relative_error(12.5, 10.0)
    0.25
    >>> relative_error(12.5, 0.0)
    Traceback (most recent call last):
    autograd_edu.errors.TargetError: a price must be positive; got 0.0
    """

    def decorate(f: Callable[..., Scalar]) -> ClassLoss:
        @wraps(f)
        def checked(prediction: Vector | Scalar, target: Target, **options: bool) -> Scalar:
            check(target)
            return f(prediction, target, **options)

        vars(checked).update(
            check=check, prepare=prepare, threshold=threshold, independent=independent
        )
        return cast(ClassLoss, checked)  # it has the attributes that were just set

    return decorate


# ---- what targets may be ----


def _any_numbers(target: Target) -> None:
    for t in as_list(target):
        plain(t)


def _signs(target: Target) -> None:
    text = "hinge takes the labels -1 and 1; got {!r}. For the labels 0 and 1, use 2*t - 1"
    for t in _numbers(target):
        sign = where(t > 0.0, 1.0, -1.0)
        _check_range(t, sign, sign, text=text)


def _probabilities(target: Target) -> None:
    text = (
        "a target of cross-entropy must be 0, 1 or a probability in between; got {!r}. For the "
        "labels -1 and 1, use (t + 1)/2"
    )
    for t in _numbers(target):
        _check_range(t, 0.0, 1.0, text=text)


def _class(target: Target) -> None:
    if is_listed(target):
        _probabilities(target)
        text = "target probabilities must sum to 1; these sum to {!r}"
        low, high = 1.0 - 1e-6, 1.0 + 1e-6  # float32 keeps seven digits
        _check_range(total(list(target)), low, high, text=text)
    elif not _is_traced(target) and (
        isinstance(target, (str, bytes, Number)) or not real(target).is_integer() or target < 0
    ):
        raise TargetError(
            "a class must be a whole number from 0, or a list with one probability per class; "
            f"got {target!r}"
        )


def _numbers(target: Target) -> list[Scalar]:
    """The target as a list of numbers. Raises an error for anything that is not a number."""
    _any_numbers(target)
    return as_list(target)


def _check_range(x: Scalar, low: Scalar, high: Scalar, *, text: str) -> None:
    """Raise a TargetError with ``text`` unless low ≤ x ≤ high. A replay checks it again."""
    require(x >= low, TargetError, text, x)
    require(x <= high, TargetError, text, x)


def _is_traced(target: Target) -> bool:
    """Is the target an input of a function that is being traced? Then its number may change."""
    return hasattr(target == 0.0, "require")  # as in `require`


def one_hot(label: Target, classes: int) -> list[float]:
    """A list of ``classes`` numbers: 1.0 at the index ``label`` and 0.0 elsewhere.

    A list of probabilities is returned unchanged.

    Raises:
        TargetError: if the label is not a whole number from 0 to ``classes`` - 1.
        ShapeError: if there is not one probability per class.

    >>> one_hot(2, 4)
    [0.0, 0.0, 1.0, 0.0]
    """
    if is_listed(label):
        if len(label) != classes:
            raise ShapeError(
                f"{classes} scores need as many target probabilities; got {len(label)}"
            )
        return list(label)
    _class(label)
    text = f"the class must be from 0 to {classes - 1} for {classes} score(s); got {{!r}}"
    if _is_traced(label):
        chosen = [where(label == k, 1.0, 0.0) for k in range(classes)]
        require(label == dot(range(classes), chosen), TargetError, text, label)
        return chosen
    if label >= classes:
        raise TargetError(text.format(label))
    return [1.0 if k == label else 0.0 for k in range(classes)]


def _outputs(prediction: Scalar | Vector) -> list[Scalar]:
    """The prediction as a list of numbers."""
    if prediction is None or isinstance(prediction, str):
        raise OperandError(
            "a prediction must be a number or a list of numbers; "
            f"got {prediction!r}: does the model's forward return its result?"
        )
    return as_list(prediction)


def _pairs(prediction: Scalar | Vector, target: Target, loss: str) -> list[tuple[Scalar, Scalar]]:
    """The outputs paired with their targets. Raises ShapeError if their numbers differ."""
    ys, ts = _outputs(prediction), as_list(target)
    if len(ys) != len(ts):
        raise ShapeError(
            f"{loss} needs as many targets as outputs; got {len(ys)} output(s) and {len(ts)} "
            "target(s)"
        )
    return list(zip(ys, ts, strict=True))


# ---- regression ----


@loss(_any_numbers)
def half_squared_error(prediction: Scalar | Vector, target: Target) -> Scalar:
    """½ Σ (y - t)² over the outputs. Its gradient is y - t.

    >>> half_squared_error([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    pairs = _pairs(prediction, target, "half_squared_error")
    half: Scalar = 0.5 * total([square(y - t) for y, t in pairs])
    return half


@loss(_any_numbers)
def mean_squared_error(prediction: Scalar | Vector, target: Target) -> Scalar:
    """(1/N) Σ (y - t)² over the N outputs, as in PyTorch. Its gradient is 2(y - t)/N.

    >>> mean_squared_error([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    pairs = _pairs(prediction, target, "mean_squared_error")
    mean: Scalar = average([square(y - t) for y, t in pairs])
    return mean


def normal_negative_log_likelihood(mean: S, variance: S, target: float) -> S:
    """-log N(t; μ, v) = ½ log v + (t - μ)²/2v + ½ log 2π, for the variance v > 0.

    For a target that is 2 away from the mean, the variance 4 has the lowest loss:

    >>> [round(normal_negative_log_likelihood(0.0, v, 2.0), 3) for v in (1.0, 4.0, 9.0)]
    [2.919, 2.112, 2.24]
    """
    y = 0.5 * log(variance) + square(target - mean) / (2.0 * variance) + _HALF_LOG_2_PI
    return y  # type: ignore[return-value]  # the same kind of number as its operands


_HALF_LOG_2_PI = 0.5 * math.log(2.0 * math.pi)


@loss(_any_numbers)
def gaussian_negative_log_likelihood(
    prediction: Vector, target: Target, *, parts: bool = False
) -> Scalar:
    """-log N(t; f, eᵃ) for two outputs: the mean f and the log variance a.

    The model learns how noisy its targets are: at the minimum over a, the variance is (t - f)².
    Source: Nix and Weigend, "Estimating the mean and variance of the target probability
    distribution", 1994.

    Args:
        parts: give the variance v = eᵃ a node of its own, as in MLPR's tutorial. Otherwise only
            e^(-a/2) is computed, which cannot underflow together with v.

    Raises:
        ShapeError: if the model does not have two outputs.

    For a target that is 2 away from the mean, the variance 4 has the lowest loss:

    >>> logs = [math.log(variance) for variance in (1.0, 4.0, 9.0)]
    >>> [round(gaussian_negative_log_likelihood([0.0, a], 2.0), 3) for a in logs]
    [2.919, 2.112, 2.24]
    """
    pair = _outputs(prediction)
    if len(pair) != 2:
        raise ShapeError(
            "gaussian_negative_log_likelihood takes two outputs, the mean and the log variance; "
            f"got {len(pair)}"
        )
    mean, log_variance = pair
    y: Scalar
    if parts:
        y = normal_negative_log_likelihood(mean, exp(log_variance), target)
    else:
        scaled = (target - mean) * exp(-0.5 * log_variance)
        y = 0.5 * log_variance + 0.5 * square(scaled) + _HALF_LOG_2_PI
    return y


def multivariate_normal_negative_log_likelihood(
    mean: Sequence[S], covariance: Sequence[Sequence[S]], target: Sequence[float]
) -> S:
    """-log N(t; μ, Σ) = ½ log |Σ| + ½ (t - μ)ᵀ Σ⁻¹ (t - μ) + ½ D log 2π, for D numbers.

    It is computed from the Cholesky factor L of Σ = LLᵀ, of which only the entries on and below
    the diagonal are read. To learn Σ, use `multivariate_gaussian_negative_log_likelihood`.

    Raises:
        TargetError: if Σ is not positive definite.

    >>> covariance = [[4, 2], [2, 2]]
    >>> near, far = ([2, 1], [2, -1])  # along the correlation, and against it
    >>> nll = multivariate_normal_negative_log_likelihood
    >>> [round(nll([0, 0], covariance, target), 3) for target in (near, far)]
    [3.031, 5.031]
    """
    if len({len(mean), len(target), len(covariance), *map(len, covariance)}) > 1:
        raise ShapeError(
            f"a mean of {len(mean)} numbers needs as many targets and a covariance matrix of as "
            f"many rows and columns; got {len(target)} targets and rows of "
            f"{[len(row) for row in covariance]}"
        )
    text = (
        "the covariance matrix must be positive definite; its Cholesky factor has a pivot of {!r}"
    )
    factor: list[list[Scalar]] = []
    for i, row in enumerate(covariance):
        new: list[Scalar] = []
        for j in range(i):
            new.append((row[j] - dot(new, factor[j][:j])) / factor[j][j])
        pivot = row[i] - dot(new, new)
        require(pivot > 0.0, TargetError, text, pivot)
        factor.append([*new, sqrt(pivot)])
    y: S = _normal_of_factor(mean, factor, [log(row[-1]) for row in factor], target)
    return y


@loss(_any_numbers)
def multivariate_gaussian_negative_log_likelihood(prediction: Vector, target: Target) -> Scalar:
    """-log N(t; μ, LLᵀ) for D targets and D + D(D + 1)/2 outputs, so that any output is allowed.

    The outputs are the D means, the logarithms of the D diagonal entries of L, and its entries
    below the diagonal, row by row. The model learns the noise of each target and their correlation.
    Source: Williams, "Using neural networks to model conditional multivariate densities", 1996.

    Raises:
        ShapeError: if the number of outputs does not fit the number of targets.

    For the errors 1 and 2, the entry 2 below the diagonal has the lowest loss:

    >>> nll = multivariate_gaussian_negative_log_likelihood
    >>> [round(nll([0, 0, 0, 0, below], [1, 2]), 3) for below in (1, 2, 3)]
    [2.838, 2.338, 2.838]
    """
    outputs, targets = _outputs(prediction), as_list(target)
    size = len(targets)
    if len(outputs) != size + size * (size + 1) // 2:
        raise ShapeError(
            f"multivariate_gaussian_negative_log_likelihood takes {size + size * (size + 1) // 2} "
            f"outputs for {size} target(s): the means, the log diagonal and the entries below it; "
            f"got {len(outputs)}"
        )
    logs, below = outputs[size : 2 * size], outputs[2 * size :]
    rows = [below[i * (i - 1) // 2 : i * (i + 1) // 2] for i in range(size)]
    factor = [[*row, exp(a)] for row, a in zip(rows, logs, strict=True)]
    y: Scalar = _normal_of_factor(outputs[:size], factor, logs, targets)
    return y


def _normal_of_factor(
    mean: Vector, factor: Sequence[Vector], logs: Vector, target: Vector
) -> Nested:
    """The negative log-likelihood, from L and the logarithms of its diagonal: L z = t - μ."""
    z: list[Scalar] = []
    for m, row, t in zip(mean, factor, target, strict=True):
        z.append((t - m - dot(row[:-1], z)) / row[-1])
    return 0.5 * dot(z, z) + total(logs) + len(z) * _HALF_LOG_2_PI


# ---- two classes ----


@loss(_signs, threshold=0.0, independent=True)
def hinge(prediction: Scalar | Vector, target: Target) -> Scalar:
    """max(0, 1 - t·f) for the labels t = -1 and t = 1, averaged over the outputs.

    Where t·f = 1, the gradient is 0. Source: Cortes and Vapnik, "Support-Vector Networks",
    1995.

    >>> hinge(0.25, 1)
    0.75
    """
    return _mean_of([relu(1.0 - t * f) for f, t in _pairs(prediction, target, "hinge")])


@loss(_probabilities, threshold=0.5, independent=True)
def binary_cross_entropy(prediction: Scalar | Vector, target: Target) -> Scalar:
    """-t log p - (1 - t) log(1 - p) for probabilities p, averaged over the outputs.

    If your model gives scores, use `binary_cross_entropy_with_logits`, which is more accurate.

    Raises:
        TargetError: if a prediction is not in [0, 1].
        DomainError: if a prediction is 0 or 1 and the target differs, because the loss is
            infinite there.

    >>> [round(binary_cross_entropy(0.9, target), 3) for target in (1, 0)]
    [0.105, 2.303]
    >>> binary_cross_entropy(0.0, 1)
    Traceback (most recent call last):
    autograd_edu.errors.DomainError: log(0.0) has no real value: the operand must be positive
    """
    pairs = _pairs(prediction, target, "binary_cross_entropy")
    return _mean_of([_cross_entropy(p, t) for p, t in pairs])


def _cross_entropy(p: Scalar, t: Scalar) -> Scalar:
    text = (
        "binary_cross_entropy takes probabilities; got {!r}. For scores use "
        "binary_cross_entropy_with_logits"
    )
    _check_range(p, 0.0, 1.0, text=text)
    return _mix(t, lambda: -log(p), lambda: -log(1.0 - p))


@loss(_probabilities, threshold=0.0, independent=True)
def binary_cross_entropy_with_logits(prediction: Scalar | Vector, target: Target) -> Scalar:
    """t·softplus(-z) + (1 - t)·softplus(z) for scores z, averaged over the outputs.

    This is the cross-entropy of p = σ(z), and it stays accurate for any z. The gradient is
    σ(z) - t.

    >>> [binary_cross_entropy_with_logits(z, 1) for z in (-1000.0, 1000.0)]
    [1000.0, 0.0]
    """
    pairs = _pairs(prediction, target, "binary_cross_entropy_with_logits")
    return _mean_of([_of_logit(z, t) for z, t in pairs])


def _of_logit(z: Scalar, t: Scalar) -> Scalar:
    return _mix(t, lambda: softplus(-z), lambda: softplus(z))


def _mix(t: Scalar, one: Callable[[], Scalar], zero: Callable[[], Scalar]) -> Scalar:
    """t·one + (1 - t)·zero. If t is a plain 0 or 1, only the term that counts is computed."""
    if not isinstance(t, Number) and t in (0, 1):
        return one() if t else zero()
    return t * one() + (1.0 - t) * zero()


def _mean_of(losses: list[Scalar]) -> Scalar:
    return losses[0] if len(losses) == 1 else average(losses)


# ---- many classes ----


@loss(_class, prepare=one_hot, threshold=0.0)
def negative_log_likelihood(prediction: Vector, target: Target) -> Scalar:
    """-Σ tₖ log yₖ for probabilities y. The target is a class, or one probability per class.

    >>> negative_log_likelihood([0.25, 0.75], 0)
    1.3862943611198906
    """
    text = (
        "negative_log_likelihood takes probabilities; got {!r}. For scores use "
        "softmax_cross_entropy"
    )
    ys = _outputs(prediction)
    for y in ys:
        _check_range(y, 0.0, 1.0, text=text)
    return -_expected(log, ys, target)


@loss(_class, prepare=one_hot, threshold=0.0)
def softmax_cross_entropy(prediction: Vector, target: Target, *, parts: bool = False) -> Scalar:
    """-Σ tₖ log yₖ with y = softmax(z), for scores z. Its gradient is y - t.

    The target is a class, or one probability per class.

    Args:
        parts: give the probabilities nodes of their own, as the lectures draw them. Otherwise a
            single node computes log Σ exp z, which neither overflows nor loses digits.

    >>> softmax_cross_entropy([0.0, 0.0], 1)
    0.6931471805599453
    """
    zs = _outputs(prediction)
    if parts:
        ys = softmax(zs, parts=True)
        return -_expected(log, ys, target)
    return -_expected(linear, log_softmax(zs), target)


def _expected(f: Callable[[Scalar], Scalar], ys: list[Scalar], target: Target) -> Scalar:
    """Σ tₖ f(yₖ). Where tₖ is a plain 0, f(yₖ) is not computed, because it may not exist."""
    pairs = zip(one_hot(target, len(ys)), ys, strict=True)
    chosen = [(t, f(y)) for t, y in pairs if isinstance(t, Number) or t]
    if len(chosen) == 1 and chosen[0][0] == 1.0:
        return chosen[0][1]
    y: Scalar = dot([t for t, _ in chosen], [term for _, term in chosen])
    return y


# ---- weights ----


def weighted(of: Loss, weight: Callable[[Target], float] | Mapping[float, float]) -> Loss:
    """The loss ``of``, multiplied by a weight that depends on the target.

    If you keep only a fraction f of the samples of a class, give that class the weight 1/f. The
    gradient is then right again on average (MLPR week 7, tutorial 1).

    Args:
        weight: a function of the target, or a mapping from each label to its weight.

    >>> weighted(half_squared_error, {0: 1.0, 1: 10.0})(3.0, 1)
    20.0
    """
    weigh = weight if callable(weight) else lambda target: _look_up(weight, target)
    prepare: Callable[[Target, int], Target] = getattr(of, "prepare", _unchanged)
    of_prepared: Loss = getattr(of, "of_prepared", of)

    @wraps(of)  # which also copies its attributes
    def times_weight(prediction: Nested, target: Target, **options: bool) -> Scalar:
        return weigh(target) * of(prediction, target, **options)

    def with_weight(target: Target, outputs: int) -> list[Nested]:
        """The weight and the prepared target as a pair of the same shape, for replay."""
        prepared = prepare(target, outputs)
        return [_fill(prepared, weigh(target)), prepared]

    def times_prepared(prediction: Nested, prepared: Sequence[Nested]) -> Scalar:
        weights, target = prepared
        while isinstance(weights, list):
            weights = weights[0]
        y: Scalar = weights * of_prepared(prediction, target)
        return y

    vars(times_weight).update(prepare=with_weight, of_prepared=times_prepared)
    return times_weight


def _fill(like: Nested, number: float) -> Nested:
    """Lists of the same shape as ``like``, filled with ``number``."""
    return [_fill(part, number) for part in like] if is_listed(like) else number


def _look_up(weight: Mapping[float, float], target: Target) -> float:
    text = f"the weights are for the labels {sorted(weight)}; got a target of {{!r}}"
    if _is_traced(target):
        is_label = [where(target == label, 1.0, 0.0) for label in weight]
        require(target == dot(weight, is_label), TargetError, text, target)
        found: float = dot(weight.values(), is_label)
        return found
    number = plain(target)
    if number not in weight:
        raise TargetError(text.format(target))
    return weight[number]


_ELSEWHERE = {  # names of PyTorch and Keras
    "mse": "mean_squared_error", "mse_loss": "mean_squared_error",
    "cross_entropy": "softmax_cross_entropy", "bce": "binary_cross_entropy",
    "nll_loss": "negative_log_likelihood",
}  # fmt: skip

if not TYPE_CHECKING:  # a checker would take every misspelled name for a name
    __getattr__ = suggest_names(globals(), _ELSEWHERE)
