"""Replay that is checked against the eager engine.

A trace records operations on numbers. It does not record side effects, or that a function asks for
the time or for the type of an argument. So both engines compute random samples before training and
regularly during training, and their answers are compared. Read `memory` and `engines` first.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from ..data import Dataset
from ..engine.value import Value
from ..errors import AutogradError, ShapeError, TrainingError
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.regularise import Penalty
from ..optim import Array
from .engines import Eager, Replay, T, assign
from .memory import Memory

Answer = float | tuple[float, Array]  # a loss, or a loss and its gradient
Compute = Callable[[Array, Dataset], Answer]

_SAMPLES = 4  # the number that each check compares; the first check takes four times as many
_OPERATIONS = 20_000  # a check compares fewer samples if they would take more operations
_CLOSE = 1e-9  # the largest relative difference
_NUDGE = 1e-13  # a relative change of the parameters, to see how much rounding matters


class CannotReplay(Exception):  # noqa: N818 - it is caught, and its text is a reason
    """The model cannot be replayed. The text says why.

    A call of the model or loss has side effects, or the engines differ.
    """


class Trusted(Eager):
    """Replays as long as replay agrees with the eager engine, then computes eagerly.

    Args:
        insist: raise an error instead of computing eagerly.

    Raises:
        CannotReplay: if calls of the model or loss have side effects, or the engines differ.
        Exception: what the user's functions raise when they are traced.
    """

    replays = True

    def __init__(
        self, model: Module, loss: Loss, parameters: Sequence[Value], penalty: Penalty | None, *,
        data: Dataset, insist: bool,
    ) -> None:  # fmt: skip
        super().__init__(model, loss, parameters, penalty)
        self.name, self.data, self.insist = "replay", data, insist
        self.rng = random.Random(len(data))
        self._prepare()

    def _prepare(self) -> None:
        """Trace the model in its current state, and compare the first samples."""
        theta, first = np.array([p.data for p in self.parameters]), self.data.take([0])
        memory = self._remember(first)
        try:
            compute = super().value_and_grad
            answer = observe(lambda: compute(theta, first), memory)
            call_again(lambda: compute(theta, first), answer)
            self.replay = Replay(self.model, self.loss, self.parameters, self.penalty, self.data)
        finally:
            memory.restore()
        self.measure: Replay | None = None  # for the validation loss
        self.measured: Dataset | None = None  # the validation set
        self.samples = max(1, min(_SAMPLES, _OPERATIONS // self.replay.size))
        self.replay.mean_loss(theta, self.data)  # raises if a sample takes another branch
        if reason := self._difference(theta, times=4):
            raise CannotReplay(reason)
        self.latest = theta  # the parameters of the last replay

    def fall_back(self, reason: str) -> None:
        if self.insist:
            raise TrainingError(f"this model can no longer be replayed: {reason}")
        self.replays, self.name = False, f"eager: {reason}"

    def value_and_grad(self, theta: Array, batch: Dataset) -> tuple[float, Array]:
        if self.replays:
            try:
                self.latest, answer = theta, self.replay.value_and_grad(theta, batch)
                return answer
            except AutogradError as error:
                if self.insist:
                    raise
                return self._answer_eagerly(theta, batch, str(error))
        return super().value_and_grad(theta, batch)

    def _answer_eagerly(self, theta: Array, batch: Dataset, error: str) -> tuple[float, Array]:
        """The eager engine's answer after replay has raised ``error``. Replay ends here."""
        answer = super().value_and_grad(theta, batch)
        if reason := self._difference(self.latest, errors=False):  # replay was already wrong there
            raise CannotReplay(reason) from None
        self.fall_back(error)
        return answer

    def mean_loss(self, theta: Array, data: Dataset) -> float:
        if self.replays:
            if self.measured is None:
                self.measure, self.measured = self._measure(theta, data), data
            if self.measure is not None:
                try:
                    return self.measure.mean_loss(theta, data)
                except AutogradError:
                    self.measure = None
        return super().mean_loss(theta, data)

    def follow(self, change: Callable[[], T]) -> T:
        """Call ``change()`` and return its result. If it has changed the model, trace it again."""
        memory = self._remember() if self.replays else None
        result = super().follow(change)
        if memory is not None and memory.change(generators=False):
            try:
                self._prepare()
            except Exception as error:  # the user's functions can raise anything
                self.fall_back(str(error))
        return result

    def difference(self, theta: Array) -> str:
        return self._difference(theta) if self.replays else ""

    def _difference(self, theta: Array, *, times: int = 1, errors: bool = True) -> str:
        """How the engines differ on random samples, or "".

        Args:
            times: compare this many times as many samples as usual.
            errors: an error that only replay raises counts as a difference.
        """
        batch = self._draw(self.data, times * self.samples)
        truth, replay = super().value_and_grad, self.replay.value_and_grad
        reason = self._compare(truth, replay, theta=theta, batch=batch, errors=errors)
        if not reason and self.measure is not None and self.measured is not None:
            batch = self._draw(self.measured, self.samples)
            self.model.eval()
            measure, slow = self.measure.mean_loss, super().mean_loss
            reason = self._compare(slow, measure, theta=theta, batch=batch, errors=errors)
            self.model.train()
        return reason

    def _draw(self, data: Dataset, count: int) -> Dataset:
        return data.take(sorted(self.rng.sample(range(len(data)), min(count, len(data)))))

    def _remember(self, batch: Dataset | None = None) -> Memory:
        """The state of all objects that the functions of this run can change."""
        given = {"samples": batch.xs, "targets": batch.ys} if batch else {}
        return Memory(model=self.model, loss=self.loss, penalty=self.penalty, **given)

    def _compare(
        self, truth: Compute, replay: Compute, *, theta: Array, batch: Dataset, errors: bool
    ) -> str:
        """How two engines differ on a batch by more than rounding, or ""."""
        assign(self.parameters, theta)
        memory = self._remember(batch)
        try:
            compare(truth, replay, theta=theta, batch=batch, memory=memory, errors=errors)
        except CannotReplay as found:
            return str(found)
        except Exception as error:  # the user's functions can raise anything
            return f"a check against the eager engine raised {type(error).__name__}: {error}"
        finally:
            memory.restore()
        return ""

    def _measure(self, theta: Array, data: Dataset) -> Replay | None:
        """A replay of the model in evaluation mode, or None if it differs from the eager engine."""
        self.model.eval()
        memory = self._remember(data.take([0]))
        try:
            replay = Replay(self.model, self.loss, self.parameters, None, data)
        except Exception:  # the user's functions can raise anything
            return None
        finally:
            memory.restore()
        batch, truth = self._draw(data, 4 * self.samples), super().mean_loss
        differs = self._compare(truth, replay.mean_loss, theta=theta, batch=batch, errors=True)
        return None if differs else replay


def observe(compute: Callable[[], Answer], memory: Memory) -> Array:
    """The numbers that ``compute()`` gives. Raises `CannotReplay` if it has side effects."""
    if memory.iterator:
        raise CannotReplay(f"{memory.iterator} is an iterator, and its position cannot be read")
    numbers = _flat(compute())
    if changed := memory.change():
        raise CannotReplay(f"a call of the model or the loss changes {changed}")
    return numbers


def call_again(compute: Callable[[], Answer], first: Array) -> None:
    """Raise `CannotReplay` if ``compute()`` does not give the same numbers again."""
    if not np.array_equal(first, _flat(compute()), equal_nan=True):
        raise CannotReplay("the model or the loss gives different numbers when it is called again")


def compare(
    truth: Compute, replay: Compute, *, theta: Array, batch: Dataset, memory: Memory, errors: bool
) -> None:
    """Raise `CannotReplay` if the engines differ at ``theta`` by more than rounding.

    Args:
        errors: an error that only replay raises counts as a difference.
    """
    try:
        wanted = observe(lambda: truth(theta, batch), memory)
    except AutogradError:
        with suppress(AutogradError):  # neither engine has an answer here
            replay(theta, batch)
            raise CannotReplay("the eager engine raises an error where replay does not") from None
        return
    try:
        found = _flat(replay(theta, batch))
    except AutogradError as error:
        if errors:
            raise CannotReplay(str(error)) from None
        return
    off = np.abs(found - wanted)
    allowed = _CLOSE * np.abs(wanted) + 1e-12 * np.abs(wanted).max()
    if (off > allowed).any():
        call_again(lambda: truth(theta, batch), wanted)
        if (off > allowed + _spread(lambda at: truth(at, batch), theta, wanted)).any():
            if off[0] <= allowed[0]:
                raise CannotReplay("replay gives a different gradient than the eager engine")
            both = f"a loss of {found[0]:.10g} and the eager engine {wanted[0]:.10g}"
            raise CannotReplay(f"on the same samples, replay gives {both}")


def _spread(truth: Callable[[Array], Answer], theta: Array, wanted: Array) -> Array:
    """How much the answer changes when the parameters change by some hundred rounding errors."""
    signs = np.where(np.arange(len(theta)) % 2, 1.0, -1.0)
    nudge = _NUDGE * signs * (np.abs(theta) + np.abs(theta).mean())
    moved = [np.abs(_flat(truth(theta + sign * nudge)) - wanted) for sign in (1.0, -1.0)]
    return np.maximum(*moved)


def _flat(answer: Answer) -> Array:
    """A loss, or a loss and its gradient, as one array."""
    return np.hstack(answer if isinstance(answer, tuple) else (answer,))


# ---- which engine ----


def engine_for(
    model: Module, loss: Loss, parameters: Sequence[Value], penalty: Penalty | None, *,
    data: Dataset, wanted: str = "auto",
) -> Eager:  # fmt: skip
    """The replaying engine if it agrees with the eager engine, otherwise the eager engine.

    The name of the eager engine says why it was chosen.

    Args:
        wanted: "auto", or "eager" or "replay" to insist on one.

    Raises:
        AutogradError: if you insist on replay and the model cannot be replayed.
    """
    run = (model, loss, parameters, penalty)
    if wanted == "eager":
        return Eager(*run)
    insist = wanted == "replay"
    reason = model.why_varying() or _why_irregular(model, data)
    if not reason:
        try:
            return Trusted(*run, data=data, insist=insist)
        except CannotReplay as found:
            reason = str(found)
            if not insist:
                warnings.warn(f"training without replay: {reason}", stacklevel=3)
        except Exception as error:  # the user's functions run on traced values here
            if insist and isinstance(error, AutogradError):
                raise
            reason = str(error) if isinstance(error, AutogradError) else f"tracing raised {error!r}"
    if insist:
        raise ShapeError(
            f"this model cannot be replayed: {reason}. Choose engine='auto' or 'eager'"
        )
    return Eager(*run, reason)


def _why_irregular(model: Module, data: Dataset) -> str:
    """The reason why a model or its data cannot be replayed over arrays, or ""."""
    for module in model.modules():
        kind = type(module)
        ours = kind.batch.__module__.startswith(__package__.partition(".")[0])
        if kind.batch is not Module.batch and not ours:
            return f"{kind.__name__} computes a batch in its own way"
    if any(isinstance(x, np.ma.MaskedArray) for x in (*data.xs, *data.ys)):
        return "masked arrays would lose their masks in a replay"
    return ""
