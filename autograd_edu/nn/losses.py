"""Losses: how wrong a prediction is for its target, as one number to differentiate.

Each takes a prediction and a target for one sample (numbers, or lists where a sample has several outputs); its `check`
raises a TargetError for targets it is not defined for. The loss of a batch is the mean over its samples (`average`):
gradients then do not grow with the batch. The lectures write squared errors with and without ½, as sums and as means;
here each form has a name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

from ..engine.floats import real
from ..engine.number import Number, plain, require
from ..engine.ops import dot, exp, log, relu, softplus, square, total, where
from ..errors import ShapeError, TargetError
from .activations import linear
from .layers import as_list
from .softmax import log_softmax, softmax

Loss = Callable[[Any, Any], Any]


def average(losses: Sequence[Any]) -> Any:
    """The mean of the losses of a batch: its gradient is the sum's divided by their number."""
    if not len(losses):
        raise ShapeError("the mean of no losses is not defined; a batch has at least one sample")
    return total(list(losses)) * (1.0 / len(losses))


def _as_it_is(target: Any, outputs: int) -> Any:  # noqa: ARG001
    return target


def loss(
    check: Callable[[Any], None],
    *,
    prepare: Callable[[Any, int], Any] = _as_it_is,
    threshold: float | None = None,
    independent: bool = False,
) -> Callable[[Loss], Loss]:
    """Make a function of (prediction, target) a loss.

    Its attributes: `check` raises for targets it is not defined for, `prepare` gives a target as numbers for so many
    outputs, `threshold` is where a single output turns from one class to the other (None: of no classes), and
    `independent` says that several outputs are labels of their own, not scores of classes of which one is right.
    """

    def made(f: Loss) -> Loss:
        @wraps(f)
        def checked(prediction: Any, target: Any, **options: Any) -> Any:
            check(target)
            return f(prediction, target, **options)

        vars(checked).update(
            check=check, prepare=prepare, threshold=threshold, independent=independent
        )
        return checked

    return made


# ---- what targets may be -------------------------------------------------------------------------------------------


def _any_numbers(target: Any) -> None:
    for t in as_list(target):
        plain(t)


def _signs(target: Any) -> None:
    text = "hinge takes the labels -1 and 1, not {!r}; for 0/1 labels give 2*t - 1"
    for t in _numbers(target):
        sign = where(t > 0.0, 1.0, -1.0)
        _check_range(t, sign, sign, text)


def _probabilities(target: Any) -> None:
    text = "a target of cross-entropy is 0, 1 or a probability between, not {!r}; for ±1 labels give (t + 1)/2"
    for t in _numbers(target):
        _check_range(t, 0.0, 1.0, text)


def _class(target: Any) -> None:
    if _is_listed(target):
        _probabilities(target)
        whole = total(list(target))
        text = "target probabilities must sum to 1; these sum to {!r}"
        _check_range(whole, 1.0 - 1e-6, 1.0 + 1e-6, text)  # float32 keeps seven digits
    elif not _is_traced(target) and (
        isinstance(target, (str, bytes, Number)) or not real(target).is_integer() or target < 0
    ):
        raise TargetError(
            f"a class is a whole number from 0 or a list with a probability for each class, not {target!r}"
        )


def _numbers(target: Any) -> list[Any]:
    """The numbers of a target. Raises for what is no number."""
    _any_numbers(target)
    return as_list(target)


def _check_range(x: Any, low: Any, high: Any, text: str) -> None:
    """Raise a TargetError with ``text`` unless low ≤ x ≤ high; of a loss that is traced, in every replay."""
    require(x >= low, TargetError, text, x)
    require(x <= high, TargetError, text, x)


def _is_traced(target: Any) -> bool:
    """Whether a target is an input of a function that is traced: a number that can be taken for a whole one."""
    return isinstance(target, Number) and hasattr(target, "__int__")


def _is_listed(target: Any) -> bool:
    return isinstance(target, (list, tuple)) or bool(getattr(target, "shape", ()))


def one_hot(label: Any, classes: int) -> list[float]:
    """1.0 in the place of ``label``, 0.0 elsewhere; a list of probabilities is itself.

    >>> one_hot(2, 4)
    [0.0, 0.0, 1.0, 0.0]
    """
    if _is_listed(label):
        if len(label) != classes:
            raise ShapeError(f"{len(label)} target probabilities were given for {classes} scores")
        return list(label)
    _class(label)
    if _is_traced(label):
        chosen = [where(label == k, 1.0, 0.0) for k in range(classes)]
        text = f"class {{!r}} was given for {classes} scores: classes are 0 to {classes - 1}"
        require(label == dot(range(classes), chosen), TargetError, text, label)
        return chosen
    if label >= classes:
        raise TargetError(
            f"class {label} was given for {classes} scores: classes are 0 to {classes - 1}"
        )
    return [1.0 if k == label else 0.0 for k in range(classes)]


def _pairs(prediction: Any, target: Any, who: str) -> list[tuple[Any, Any]]:
    ys, ts = as_list(prediction), as_list(target)
    if len(ys) != len(ts):
        raise ShapeError(
            f"{who} needs as many targets as outputs; {len(ys)} output(s) and {len(ts)} target(s) were given"
        )
    return list(zip(ys, ts, strict=True))


# ---- regression ----------------------------------------------------------------------------------------------------


@loss(_any_numbers)
def half_squared_error(prediction: Any, target: Any) -> Any:
    """½ Σ (y - t)²: its gradient is y - t."""
    return 0.5 * total([square(y - t) for y, t in _pairs(prediction, target, "half_squared_error")])


@loss(_any_numbers)
def mean_squared_error(prediction: Any, target: Any) -> Any:
    """(1/N) Σ (y - t)² over the N outputs, without ½: its gradient is 2(y - t)/N.

    >>> mean_squared_error([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    return average([square(y - t) for y, t in _pairs(prediction, target, "mean_squared_error")])


def normal_negative_log_likelihood(mean: Any, variance: Any, target: Any) -> Any:
    """-log N(t; μ, v) = ½ log v + (t - μ)²/2v + ½ log 2π."""
    return (
        0.5 * log(variance)
        + square(target - mean) / (2.0 * variance)
        + 0.5 * math.log(2.0 * math.pi)
    )


@loss(_any_numbers)
def gaussian_negative_log_likelihood(prediction: Any, target: Any, *, parts: bool = False) -> Any:
    """-log N(t; f, eᵃ) for a network with two outputs, mean f and log variance a: it learns how noisy its targets are.

    With ``parts``, the variance v = eᵃ is a node of its own, as in MLPR's tutorial; else only e^(-a/2) is taken, so that
    no variance can underflow. At its minimum over a, v = (t - f)².
    """
    pair = as_list(prediction)
    if len(pair) != 2:
        raise ShapeError(
            f"gaussian_negative_log_likelihood takes two outputs, mean and log variance; {len(pair)} were given"
        )
    mean, log_variance = pair
    if parts:
        return normal_negative_log_likelihood(mean, exp(log_variance), target)
    return (
        0.5 * log_variance
        + 0.5 * square((target - mean) * exp(-0.5 * log_variance))
        + 0.5 * math.log(2.0 * math.pi)
    )


# ---- two classes ---------------------------------------------------------------------------------------------------


@loss(_signs, threshold=0.0, independent=True)
def hinge(prediction: Any, target: Any) -> Any:
    """max(0, 1 - t·f) for labels ±1, averaged over the outputs; at the margin itself the gradient is 0."""
    return _mean_of([relu(1.0 - t * f) for f, t in _pairs(prediction, target, "hinge")])


@loss(_probabilities, threshold=0.5, independent=True)
def binary_cross_entropy(prediction: Any, target: Any) -> Any:
    """-t log p - (1 - t) log(1 - p) for probabilities p, averaged over the outputs. From scores, see the stable form below.

    Raises:
        TargetError: if a prediction is not in [0, 1].
        DomainError: if a prediction is exactly 0 or 1 and the target says otherwise: the loss is infinite.
    """
    return _mean_of(
        [_cross_entropy(p, t) for p, t in _pairs(prediction, target, "binary_cross_entropy")]
    )


def _cross_entropy(p: Any, t: Any) -> Any:
    text = "binary_cross_entropy takes probabilities, not {!r}; for scores use binary_cross_entropy_with_logits"
    _check_range(p, 0.0, 1.0, text)
    return _weighed(t, lambda: -log(p), lambda: -log(1.0 - p))


@loss(_probabilities, threshold=0.0, independent=True)
def binary_cross_entropy_with_logits(prediction: Any, target: Any) -> Any:
    """The same for scores z with p = σ(z), averaged over the outputs: t·softplus(-z) + (1 - t)·softplus(z).

    Right to the last digits for any z; its gradient is σ(z) - t.
    """
    return _mean_of(
        [_of_logit(z, t) for z, t in _pairs(prediction, target, "binary_cross_entropy_with_logits")]
    )


def _of_logit(z: Any, t: Any) -> Any:
    return _weighed(t, lambda: softplus(-z), lambda: softplus(z))


def _weighed(t: Any, one: Callable[[], Any], zero: Callable[[], Any]) -> Any:
    """t·one + (1 - t)·zero, with only the term that counts where the target is a plain 0 or 1."""
    if not hasattr(t, "precedence") and t in (0, 1):
        return one() if t else zero()
    return t * one() + (1.0 - t) * zero()


def _mean_of(losses: list[Any]) -> Any:
    return losses[0] if len(losses) == 1 else average(losses)


# ---- many classes --------------------------------------------------------------------------------------------------


@loss(_class, prepare=one_hot, threshold=0.0)
def negative_log_likelihood(prediction: Any, target: Any) -> Any:
    """-Σ tₖ log yₖ for probabilities y; the target is a class, or a probability for each class."""
    ys = as_list(prediction)
    for y in ys:
        _check_range(
            y,
            0.0,
            1.0,
            "negative_log_likelihood takes probabilities, not {!r}; for scores use softmax_cross_entropy",
        )
    return -_expected([partial(log, y) for y in ys], target)


@loss(_class, prepare=one_hot, threshold=0.0)
def softmax_cross_entropy(prediction: Any, target: Any, *, parts: bool = False) -> Any:
    """-Σ tₖ log softmax(z)ₖ for scores z; the target is a class, or a probability for each class.

    The gradient at the scores is y - t. With ``parts``, probabilities are nodes of their own, as the lecture draws
    them; else one node is log Σ exp z, which neither overflows nor loses digits.
    """
    zs = as_list(prediction)
    if parts:
        ys = softmax(zs, parts=True)
        return -_expected([partial(log, y) for y in ys], target)
    return -_expected([partial(linear, z) for z in log_softmax(zs)], target)


def _expected(terms: list[Callable[[], Any]], target: Any) -> Any:
    """Σ tₖ termₖ, of the terms whose target is not a plain 0: the logarithm of a probability of 0 may not exist."""
    ts = one_hot(target, len(terms))
    chosen = [
        (t, term()) for t, term in zip(ts, terms, strict=True) if hasattr(t, "precedence") or t
    ]
    if len(chosen) == 1 and chosen[0][0] == 1.0:
        return chosen[0][1]
    return dot([t for t, _ in chosen], [term for _, term in chosen])


# ---- weights -------------------------------------------------------------------------------------------------------


def weighted(of: Loss, weight: Callable[[Any], Any] | dict[float, float]) -> Loss:
    """A loss times a weight that depends on the target: a function of it, or a number for each label.

    A class that was sub-sampled to a fraction f of its samples is weighted by 1/f, and the gradient is right again on
    average (MLPR week 7, tutorial 1).
    """
    weigh = weight if callable(weight) else lambda target: _looked_up(weight, target)
    prepare: Any = getattr(of, "prepare", _as_it_is)
    of_prepared: Any = getattr(of, "of_prepared", of)

    @wraps(of)  # its attributes too
    def times_weight(prediction: Any, target: Any, **options: Any) -> Any:
        return weigh(target) * of(prediction, target, **options)

    def with_weight(target: Any, outputs: int) -> Any:
        """The prepared target behind as many copies of its weight, so that both are of one shape."""
        prepared = prepare(target, outputs)
        return [_filled(prepared, weigh(target)), prepared]

    def times_prepared(prediction: Any, prepared: Any) -> Any:
        weights, target = prepared
        while isinstance(weights, list):
            weights = weights[0]
        return weights * of_prepared(prediction, target)

    times_weight.prepare = with_weight  # type: ignore[attr-defined]
    times_weight.of_prepared = times_prepared  # type: ignore[attr-defined]
    return times_weight


def _filled(like: Any, number: Any) -> Any:
    return [_filled(part, number) for part in like] if _is_listed(like) else number


def _looked_up(weight: dict[float, float], target: Any) -> Any:
    text = f"there are weights for the labels {sorted(weight)}, not for {{!r}}"
    if _is_traced(target):
        is_label = [where(target == label, 1.0, 0.0) for label in weight]
        require(target == dot(weight, is_label), TargetError, text, target)
        return dot(weight.values(), is_label)
    number = plain(target)
    if number not in weight:
        raise TargetError(text.format(target))
    return weight[number]
