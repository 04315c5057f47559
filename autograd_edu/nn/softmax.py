"""Softmax: scores to probabilities that sum to one, without overflow, and its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.ops import exp, logsumexp, total
from ..errors import ShapeError


def softmax(scores: Sequence[Any], *, parts: bool = False) -> list[Any]:
    """yₖ = exp zₖ / Σ exp z: a probability for each score.

    With ``parts`` it is written as the lectures do, as exponentials, their sum and quotients: more nodes to look at, and
    an overflow for scores above 709. Otherwise it is exp(zₖ - log Σ exp z), which cannot overflow.
    """
    _some(scores)
    if parts:
        powers = [exp(z) for z in scores]
        whole = total(powers)
        return [power / whole for power in powers]
    return [exp(z) for z in log_softmax(scores)]


def log_softmax(scores: Sequence[Any]) -> list[Any]:
    """zₖ - log Σ exp z: the logarithm of each probability, also where the probability itself would be 0."""
    _some(scores)
    log_whole = logsumexp(scores)
    return [z - log_whole for z in scores]


def _some(scores: Sequence[Any]) -> None:
    if not len(scores):
        raise ShapeError("softmax needs at least one score; none was given")
