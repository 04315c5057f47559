"""Replay that is trusted only as far as it has been compared with the eager engine.

A trace sees what happens to numbers. It does not see what a function does besides: draw, count, ask for the time or for
the type of what it is given. So before training, and again and again while it goes on, random samples are computed by
both engines. Read `memory` and `engines` first.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ..data import Dataset
from ..engine.value import Value
from ..errors import AutogradError, ShapeError, TrainingError
from ..nn.losses import Loss
from ..nn.module import Module
from .engines import Array, Eager, Engine, Penalty, Replay, T, put
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
    """Replay as long as it agrees with the eager engine.

    Attributes:
        fallen: why it computes eagerly now; "" while it replays.
    """

    def __init__(self, eager: Eager, data: Dataset, *, insist: bool) -> None:
        self.eager, self.data, self.insist = eager, data, insist
        self.rng = random.Random(len(data))
        self.fallen = ""
        self.prepare()

    @property
    def name(self) -> str:
        """ "replay", or why it is not."""
        return f"eager: {self.fallen}" if self.fallen else "replay"

    @property
    def replays(self) -> bool:
        """Whether it replays now."""
        return not self.fallen

    def prepare(self) -> None:
        """Trace the model as it is now, and compare the first samples.

        Raises:
            Unseen: if calls do more than compute, or the engines differ.
            Exception: whatever the user's functions raise when they are traced.
        """
        eager = self.eager
        theta, first = np.array([p.data for p in eager.parameters]), self.data.take([0])
        memory = watch(eager, first)
        try:
            answer = observe(lambda: eager.value_and_grad(theta, first), memory)
            call_again(lambda: eager.value_and_grad(theta, first), answer)
            self.replay = Replay(
                eager.model, eager.loss, eager.parameters, eager.penalty, self.data
            )
        finally:
            memory.restore()
        self.measure: Eager | Replay | None = None  # of the validation loss, when it is wanted
        self.measured: Dataset | None = None
        self.samples = max(1, min(_SAMPLES, _OPERATIONS // self.replay.size))
        self.replay.mean_loss(theta, self.data)  # what a branch excludes is known before training
        if reason := self._difference(theta, times=4):
            raise Unseen(reason)
        self.latest = theta  # where it was replayed last

    def fall_back(self, reason: str) -> None:
        """Compute eagerly from now on."""
        if self.insist:
            raise TrainingError(f"this model cannot be replayed any longer: {reason}")
        self.fallen = reason

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        """The mean loss of ``batch`` at ``theta``, with the penalty, and its gradient.

        Where replay raises an error that the eager engine does not, that one goes on.
        """
        if self.fallen:
            return self.eager.value_and_grad(theta, batch)
        try:
            answer = self.replay.value_and_grad(theta, batch)
        except AutogradError as error:
            if self.insist:
                raise
            answer = self.eager.value_and_grad(theta, batch)
            if reason := self._difference(self.latest, errors=False):  # where no branch changed yet
                raise Unseen(reason) from None
            self.fall_back(str(error))
        self.latest = theta
        return answer

    def mean_loss(self, theta: Array, data: Dataset) -> float:
        """The mean loss of ``data`` at ``theta`` in evaluation mode, without the penalty."""
        if self.fallen:
            return self.eager.mean_loss(theta, data)
        if self.measure is None:
            self.measure, self.measured = self._measure(theta, data), data
        try:
            return self.measure.mean_loss(theta, data)
        except AutogradError:
            self.measure = self.eager
            return self.eager.mean_loss(theta, data)

    def follow(self, change: Callable[[], T]) -> T:
        """What ``change`` gives. If it changes what the model may compute with, that is traced anew."""
        memory = None if self.fallen else watch(self.eager)
        result = change()
        self.eager.model.train()
        if memory is not None and memory.change(generators=False):
            try:
                self.prepare()
            except Exception as error:  # the user's functions run here, and can raise anything
                self.fall_back(str(error))
        return result

    def difference(self, theta: Array) -> str:
        """What the engines differ in at ``theta`` on random samples; "" if in nothing but rounding."""
        return "" if self.fallen else self._difference(theta)

    def _difference(self, theta: Array, *, times: int = 1, errors: bool = True) -> str:
        """The difference; with ``errors``, it is one that replay alone raises an error."""
        eager, replay = self.eager, self.replay
        batch = self._some(self.data, times * self.samples)
        reason = self._told_apart(eager.value_and_grad, replay.value_and_grad, theta, batch, errors)
        if not reason and isinstance(self.measure, Replay) and self.measured is not None:
            batch = self._some(self.measured, self.samples)
            eager.model.eval()
            measure = self.measure.mean_loss
            reason = self._told_apart(eager.mean_loss, measure, theta, batch, errors)
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
        memory = watch(self.eager, batch)
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
        memory = watch(eager, data.take([0]))
        try:
            replay = Replay(eager.model, eager.loss, eager.parameters, None, data)
        except Exception:  # the user's functions run here, and can raise anything
            return eager
        finally:
            memory.restore()
        batch = self._some(data, 4 * self.samples)
        differs = self._told_apart(eager.mean_loss, replay.mean_loss, theta, batch)
        return eager if differs else replay


def watch(eager: Eager, batch: Dataset | None = None) -> Memory:
    """The state of all that the functions of a training run can reach, and of their samples."""
    given = {"samples": batch.xs, "targets": batch.ys} if batch else {}
    return Memory(model=eager.model, loss=eager.loss, penalty=eager.penalty, **given)


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
        with suppress(AutogradError):  # neither gives an answer here
            replay(theta)
            raise Unseen("the eager engine raises an error where replay does not") from None
        return
    try:
        found = _flat(replay(theta))
    except AutogradError as error:
        if errors:
            raise Unseen(str(error)) from None
        return
    off = np.abs(found - wanted)
    allowed = _CLOSE * np.abs(wanted) + 1e-12 * np.abs(wanted).max()
    if (off > allowed).any():
        call_again(lambda: truth(theta), wanted)
        if (off > allowed + _spread(truth, theta, wanted)).any():
            raise Unseen(_difference(found, wanted, off[0] > allowed[0]))


def _difference(found: Array, wanted: Array, in_loss: bool) -> str:
    if not in_loss:
        return "replay gives another gradient than the eager engine"
    both = f"a loss of {found[0]:.10g} and the eager engine {wanted[0]:.10g}"
    return f"on the same samples, replay gives {both}"


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
) -> Engine:  # fmt: skip
    """Replay where it does what the eager engine does, else eager; which and why stands in the engine's name.

    Args:
        wanted: "auto", or "eager" or "replay" to insist.

    Raises:
        AutogradError: if replay was insisted on and the model cannot be replayed.
    """
    eager = Eager(model, loss, parameters, penalty)
    if wanted == "eager":
        return eager
    insist = wanted == "replay"
    reason = model.why_varying() or _why_irregular(model, data)
    if not reason:
        try:
            return Trusted(eager, data, insist=insist)
        except Unseen as found:
            reason = str(found)
            if not insist:
                warnings.warn(f"training without replay: {reason}", stacklevel=3)
        except (
            Exception
        ) as error:  # the user's functions run here on traced values, and can raise anything
            if insist and isinstance(error, AutogradError):
                raise
            reason = str(error) if isinstance(error, AutogradError) else f"tracing raised {error!r}"
    if insist:
        raise ShapeError(f"this model cannot be replayed: {reason}")
    return Eager(model, loss, parameters, penalty, reason)


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
