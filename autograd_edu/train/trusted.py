"""Replay that is trusted only as far as it has been compared with the eager engine.

A trace sees what happens to numbers. It does not see what a function does besides: draw, count, ask for the time or for
the type of what it is given. So before training, and again and again while it goes on, random samples are computed by
both engines. Read `memory` and `engines` first.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..data import Dataset
from ..engine.value import Value
from ..errors import AutogradError, ShapeError
from ..nn.losses import Loss
from ..nn.module import Module
from .engines import Array, Eager, Penalty, Replay, put
from .memory import Memory

_SAMPLES = 4  # compared in each check, and four times as many in the first
_OPERATIONS = 20_000  # of a check, at most, in large programs; one sample is always compared
_CLOSE, _NUDGE = (
    1e-9,
    1e-13,
)  # relative: what replay may differ by, and what shows how far rounding can reach


class Unseen(Exception):  # noqa: N818 - it says what was found
    """A call does more than compute, or the engines differ; the text says what."""


class Trusted:
    """A replay beside the eager engine that it is checked against.

    Raises (when made) whatever says why the model cannot be traced.
    """

    name = "replay"

    def __init__(self, eager: Eager, data: Dataset) -> None:
        self.eager, self.data = eager, data
        self.replay = Replay(eager.model, eager.loss, eager.parameters, eager.penalty, data)
        operations = len(self.replay.of_sample.program.slots)
        self.samples = max(1, min(_SAMPLES, _OPERATIONS // operations))
        self.rng = random.Random(len(data))
        self.measure: Eager | Replay | None = (
            None  # of the validation loss, made when it is first wanted
        )
        self.measured: Dataset | None = None

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        """The mean loss of ``batch`` at ``theta``, with the penalty, and its gradient."""
        return self.replay.value_and_grad(theta, batch)

    def mean_loss(self, theta: Array, data: Dataset) -> float:
        """The mean loss of ``data`` at ``theta`` in evaluation mode, without the penalty."""
        if self.measure is None:
            self.measure, self.measured = self._measure(theta, data), data
        try:
            return self.measure.mean_loss(theta, data)
        except AutogradError:
            self.measure = self.eager
            return self.eager.mean_loss(theta, data)

    def difference(self, theta: Array, *, times: int = 1, errors: bool = True) -> str:
        """What the engines differ in at ``theta`` on random samples; "" if in nothing but rounding.

        Args:
            errors: count it as a difference where only replay raises an error.
        """
        eager, replay = self.eager, self.replay
        batch = self._some(self.data, times * self.samples)
        reason = self._told_apart(eager.value_and_grad, replay.value_and_grad, theta, batch, errors)
        if not reason and isinstance(self.measure, Replay) and self.measured is not None:
            batch = self._some(self.measured, self.samples)
            eager.model.eval()
            reason = self._told_apart(eager.mean_loss, self.measure.mean_loss, theta, batch, errors)
            eager.model.train()
        return reason

    def _some(self, data: Dataset, count: int) -> Dataset:
        return data.take(sorted(self.rng.sample(range(len(data)), min(count, len(data)))))

    def _told_apart(
        self,
        truth: Callable[..., Any],
        replay: Callable[..., Any],
        theta: Array,
        batch: Dataset,
        errors: bool = True,
    ) -> str:
        put(self.eager.parameters, theta)
        memory = watch(self.eager)
        try:
            compare(
                lambda at: truth(at, batch), lambda at: replay(at, batch), theta, memory, errors
            )
        except Unseen as found:
            return str(found)
        except Exception as error:  # the user's functions run here, and can raise anything
            return f"a check against the eager engine raised {type(error).__name__}: {error}"
        finally:
            memory.restore()
        return ""

    def _measure(self, theta: Array, data: Dataset) -> Eager | Replay:
        """Replay of the model in evaluation mode, if it agrees with the eager engine."""
        eager = self.eager
        eager.model.eval()
        memory = watch(eager)
        try:
            replay = Replay(eager.model, eager.loss, eager.parameters, None, data)
        except Exception:  # the user's functions run here, and can raise anything
            return eager
        finally:
            memory.restore()
        batch = self._some(data, 4 * self.samples)
        differs = self._told_apart(eager.mean_loss, replay.mean_loss, theta, batch)
        return eager if differs else replay


def watch(eager: Eager) -> Memory:
    """The state of all that the functions of a training run can reach."""
    return Memory(model=eager.model, loss=eager.loss, penalty=eager.penalty)


def observe(f: Callable[[], Any], memory: Memory) -> Array:
    """The numbers that ``f`` gives. Raises `Unseen` if calling it changes something."""
    if memory.iterator:
        raise Unseen(
            f"{memory.iterator} is an iterator, and whether a call moves it on cannot be seen"
        )
    numbers = _flat(f())
    if changed := memory.change():
        raise Unseen(f"a call of the model or the loss changes {changed}")
    return numbers


def call_again(f: Callable[[], Any], first: Array) -> None:
    """Raise `Unseen` if ``f`` gives other numbers now."""
    if not np.array_equal(first, _flat(f()), equal_nan=True):
        raise Unseen("the model or the loss gives other numbers when it is called again")


def compare(
    truth: Callable[[Array], Any], replay: Callable[[Array], Any], theta: Array, memory: Memory,
    errors: bool,
) -> None:  # fmt: skip
    """Raise `Unseen` if the two differ at ``theta`` by more than rounding can explain.

    Args:
        errors: count it as a difference where only the replay raises an error.
    """
    try:
        wanted = observe(lambda: truth(theta), memory)
    except AutogradError:
        try:
            replay(theta)
        except AutogradError:
            return  # neither gives an answer here
        raise
    try:
        found = _flat(replay(theta))
    except AutogradError as error:
        if errors:
            raise Unseen(str(error)) from None
        return
    off = np.abs(found - wanted)
    allowed = _CLOSE * np.abs(wanted) + 1e-12 * np.abs(wanted).max()
    if (off <= allowed).all():
        return
    call_again(lambda: truth(theta), wanted)
    if not (off <= allowed + _spread(truth, theta, wanted)).all():
        if off[0] <= allowed[0]:
            raise Unseen("replay gives another gradient than the eager engine")
        both = f"a loss of {found[0]:.10g} and the eager engine {wanted[0]:.10g}"
        raise Unseen(f"on the same samples, replay gives {both}")


def _spread(truth: Callable[[Array], Any], theta: Array, wanted: Array) -> Array:
    """How far the answer moves when the parameters move by some hundred roundings."""
    signs = np.where(np.arange(len(theta)) % 2, 1.0, -1.0)
    nudge = _NUDGE * signs * (np.abs(theta) + np.abs(theta).mean())
    moved = [np.abs(_flat(truth(theta + sign * nudge)) - wanted) for sign in (1.0, -1.0)]
    return np.maximum(*moved)


def _flat(answer: Any) -> Array:
    """A loss, or a loss and its gradient, as one array."""
    return np.atleast_1d(np.hstack(answer)) if isinstance(answer, tuple) else np.atleast_1d(answer)


# ---- which engine --------------------------------------------------------------------------------------------------


def engine_for(
    model: Module, loss: Loss, parameters: Sequence[Value], penalty: Penalty | None, data: Dataset,
    wanted: str = "auto",
) -> Eager | Trusted:  # fmt: skip
    """Replay where it does what the eager engine does, else eager; which and why stands in the engine's name.

    Args:
        wanted: "auto", or "eager" or "replay" to insist.

    Raises:
        AutogradError: if replay was insisted on and the model cannot be replayed.
    """
    eager = Eager(model, loss, parameters, penalty)
    if wanted == "eager":
        return eager
    reason = model.why_varying() or _why_irregular(model, data)
    unseen = False
    if not reason:
        memory = watch(eager)
        try:
            return _trusted(eager, data, memory)
        except Unseen as found:
            reason, unseen = str(found), True
        except (
            Exception
        ) as error:  # the user's functions run here on traced values, and can raise anything
            if wanted == "replay" and isinstance(error, AutogradError):
                raise
            reason = str(error) if isinstance(error, AutogradError) else f"tracing raised {error!r}"
        finally:
            memory.restore()
    if wanted == "replay":
        raise ShapeError(f"this model cannot be replayed: {reason}")
    if unseen:
        warnings.warn(f"training without replay: {reason}", stacklevel=4)
    return Eager(model, loss, parameters, penalty, reason)


def _trusted(eager: Eager, data: Dataset, memory: Memory) -> Trusted:
    """A replay that has passed its first check."""
    theta = np.array([p.data for p in eager.parameters])
    first = data.take([0])
    answer = observe(lambda: eager.value_and_grad(theta, first), memory)
    call_again(lambda: eager.value_and_grad(theta, first), answer)
    trusted = Trusted(eager, data)
    memory.restore()
    trusted.replay.mean_loss(theta, data)  # so that what a branch excludes is known before training
    if reason := trusted.difference(theta, times=4):
        raise Unseen(reason)
    return trusted


def _why_irregular(model: Module, data: Dataset) -> str:
    """What of a model or of data has no place in the arrays that a replay runs on; "" if nothing."""
    for module in model.modules():
        kind = type(module)
        if kind.batch is not Module.batch and not kind.batch.__module__.startswith(
            __package__.partition(".")[0]
        ):
            return f"{kind.__name__} computes a batch in its own way"
    if any(isinstance(x, np.ma.MaskedArray) for x in (*data.xs, *data.ys)):
        return "masked arrays lose their masks in a replay"
    return ""
