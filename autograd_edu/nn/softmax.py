"""Softmax, which turns scores into probabilities, and its logarithm."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.ops import exp, logsumexp, total
from ..errors import OperandError, ShapeError
from .kinds import S


def softmax(scores: Sequence[S], *, parts: bool = False) -> list[S]:
    """yₖ = exp zₖ / Σ exp z: a list of probabilities, one per score, that sum to 1.

    Args:
        parts: compute exponentials, their sum and quotients, as the lectures do. The graph then
            shows these steps, but scores above 709 overflow. Otherwise it computes
            exp(zₖ - log Σ exp z), which cannot overflow.

    >>> [round(p, 3) for p in softmax([1.0, 2.0, 3.0])]
    [0.09, 0.245, 0.665]
    """
    if parts:
        _check_some(scores)
        powers = [exp(z) for z in scores]
        whole = total(powers)
        return [power / whole for power in powers]
    return [exp(z) for z in log_softmax(scores)]


def log_softmax(scores: Sequence[S]) -> list[S]:
    """zₖ - log Σ exp z: the logarithm of each probability.

    It stays accurate even where the probability itself rounds to 0.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    >>> softmax([0.0, 1000.0])
    [0.0, 1.0]
    """
    _check_some(scores)
    log_whole = logsumexp(scores)
    return [z - log_whole for z in scores]


def _check_some(scores: Sequence[S]) -> None:
    if not hasattr(scores, "__len__"):
        raise OperandError(f"softmax takes a list of scores; got {scores!r}")
    if not len(scores):
        raise ShapeError("softmax needs at least one score; got none")
