"""The training loop: epochs of batches, each a step of the optimiser along the gradient of the batch's mean loss."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Dataset
from ..engine.value import Value
from ..errors import (
    AutogradError,
    DomainError,
    OperandError,
    ShapeError,
    TargetError,
    TrainingError,
    one_of,
)
from ..nn.losses import Loss
from ..nn.module import Module
from ..optim import Optimiser
from ..schedules import Schedule
from ..seeds import stream
from .checkpoint import read_checkpoint, write_checkpoint
from .early import EarlyStopping
from .engines import Eager, Penalty, put
from .history import History
from .memory import Memory
from .progress import bar
from .trusted import Trusted, Unseen, engine_for, watch


@dataclass(frozen=True)
class Epoch:
    """What a callback gets to see after each epoch. ``number`` counts from 0."""

    number: int
    loss: float
    validation: float | None
    lr: float
    model: Module
    optimiser: Optimiser
    history: History


Callback = Callable[[Epoch], Any]
_DIVERGED = 1e6  # a loss so many times as large as the first is not learning any more


def fit(
    model: Module,
    loss: Loss,
    data: Dataset,
    optimiser: Optimiser,
    *,
    epochs: int = 100,
    batch_size: int | None = None,
    penalty: Penalty | None = None,
    penalised: Iterable[Value] | None = None,
    schedule: Schedule | None = None,
    schedule_by: str = "epoch",
    validation: Dataset | None = None,
    early_stopping: EarlyStopping | None = None,
    callbacks: Sequence[Callback] = (),
    seed: int = 0,
    progress: bool | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    engine: str = "auto",
) -> History:
    """Train ``model`` on ``data`` and give the history of it; the model is left in evaluation mode.

    Where the model's graph is the same for every sample it is traced once and replayed over arrays; else it is built
    anew for every batch. The history's ``engine`` says which, and why. Ctrl-C ends training and keeps what was reached.

    Args:
        loss: of one sample, (prediction, target); see `nn.losses`. The mean over each batch is made small.
        optimiser: its parameters are changed; none given means all of the model's.
        batch_size: None takes all samples at once; else they are shuffled anew in every epoch.
        penalty: a function of the parameters that is added to the loss; see `nn.regularise`. Of ``penalised``, if given.
        schedule: the learning rate as a function of the number of the epoch, or of the step if ``schedule_by`` is "step".
        validation: a set on which the loss is measured after every epoch, in evaluation mode.
        early_stopping: watches the validation loss (the training loss, if there is none); the best parameters are restored.
        callbacks: called with an `Epoch` after each; one that returns True ends training.
        seed: of the shuffling. The same seed, model and data give the same numbers, bit for bit.
        progress: a bar, or not; None shows one on a terminal or in a notebook.
        checkpoint: a .json file to which everything is saved after each epoch; with ``resume``, training goes on from it.
        engine: "eager" or "replay" to insist on one.

    Raises:
        DomainError: if the loss or a gradient is not finite, saying in which epoch and where; see `diagnose`.
        TargetError, ShapeError: if targets are not what the loss takes, or samples are not what the model takes.
    """
    _check_arguments(loss, data, optimiser, epochs, batch_size)
    one_of(schedule_by, ("epoch", "step"), "schedule_by")
    one_of(engine, ("auto", "eager", "replay"), "engine")
    run = _Run(
        model, loss, data, optimiser, penalty, penalised, schedule, schedule_by, batch_size, seed, engine,
        early_stopping, callbacks, validation, checkpoint,
    )  # fmt: skip
    if resume and checkpoint is not None and Path(checkpoint).exists():
        run.history = read_checkpoint(
            checkpoint, model=model, optimiser=optimiser, rng=run.rng, early=early_stopping
        )
        run.reload()
    elif early_stopping is not None:
        early_stopping.reset()
    shown = bar(epochs, run.history.epochs, progress)
    try:
        run.history.stopped = run.train(epochs, shown)
    except KeyboardInterrupt:
        run.history.stopped = f"interrupted in epoch {run.history.epochs}"
    finally:
        run.finish()
        shown.close()
    if early_stopping is not None and early_stopping.best is not None:
        put(run.parameters, np.array(early_stopping.best, float))
    return run.history


class _Run:
    """A training run between its steps: the parameters as an array, the engine, the generator, the history."""

    def __init__(
        self, model: Module, loss: Loss, data: Dataset, optimiser: Optimiser, penalty: Penalty | None,
        penalised: Iterable[Value] | None, schedule: Schedule | None, schedule_by: str, batch_size: int | None, seed: int, engine: str,
        early: EarlyStopping | None, callbacks: Sequence[Callback], validation: Dataset | None, checkpoint: str | Path | None,
    ) -> None:  # fmt: skip
        check: Any = getattr(loss, "check", None)
        for target in data.ys if check else ():
            check(target)
        self.parameters = _parameters(model, optimiser)
        self.model, self.loss, self.data, self.optimiser = model.train(), loss, data, optimiser
        self.schedule, self.schedule_by, self.batch_size = schedule, schedule_by, batch_size
        self.early, self.callbacks, self.validation = early, callbacks, validation
        self.checkpoint = checkpoint
        self.lr = optimiser.lr
        self.rng = stream(seed, "batches")
        self.penalty, self.wanted = _part(penalty, self.parameters, penalised), engine
        self.engine: Eager | Trusted = self.new_engine()
        self.history = History(engine=self.engine.name)
        self.steps = self.verified = self.next_check = self.next_mark = 0
        self.reload()

    def new_engine(self) -> Eager | Trusted:
        """Replay if it can be trusted with the functions as they are now, else the eager engine."""
        return engine_for(
            self.model, self.loss, self.parameters, self.penalty, self.data, self.wanted
        )

    def reload(self) -> None:
        """Begin from what the parameters and the history are now."""
        self.theta = np.array([p.data for p in self.parameters])
        self.verified = -1 if self.history.epochs else 0
        self.shown = self.history.epochs
        self.steps = self.next_mark = len(self.history.step_loss)
        self.history.engine = self.engine.name

    # ---- what is trusted, and the way back ----

    def verify(self) -> None:
        """Raise `Unseen` if replay differs from the eager engine here."""
        if isinstance(self.engine, Trusted) and self.verified != self.steps:
            if reason := self.engine.difference(self.theta):
                raise Unseen(reason)
            self.verified, self.next_check = self.steps, 2 * self.steps

    def mark(self) -> None:
        """Keep the state at the beginning of an epoch, from time to time, to come back to if something is wrong."""
        if isinstance(self.engine, Trusted) and self.steps >= self.next_mark:
            self.verify()
            self.marked = self.theta.copy(), Memory(
                optimiser=self.optimiser, early=self.early, rng=self.rng, history=self.history,
                callbacks=self.callbacks, model=self.model, loss=self.loss, penalty=self.penalty,
            )  # fmt: skip
            self.next_mark = max(1, 2 * self.steps)

    def go_back(self, reason: str) -> None:
        """Return to the state that was kept last, and go on eagerly from there."""
        self.theta, memory = self.marked
        memory.restore()
        self.steps = len(self.history.step_loss)
        self.go_on_eagerly(reason)

    def go_on_eagerly(self, reason: str) -> None:
        """Train without replay from now on, and say so."""
        if self.wanted == "replay":
            raise TrainingError(f"this model cannot be replayed any longer: {reason}")
        warnings.warn(
            f"training goes on without replay since step {self.steps}: {reason}", stacklevel=2
        )
        self.engine = Eager(self.model, self.loss, self.parameters, self.penalty)
        self.engine.name = self.history.engine = f"eager since step {self.steps}: {reason}"

    # ---- training ----

    def train(self, epochs: int, shown: Any) -> str:
        """All epochs that are left, again from where replay was right if it was not to the end. Gives why it ended."""
        while True:
            try:
                stopped = self.train_once(epochs, shown)
                self.verify()
                return stopped
            except Unseen as found:
                self.go_back(str(found))

    def train_once(self, epochs: int, shown: Any) -> str:
        """All epochs that are left. Gives why it ended."""
        early, history = self.early, self.history
        if early is not None and early.since >= early.patience:
            epochs = 0
        for number in range(history.epochs, epochs):
            self.mark()
            epoch = self.epoch(number)
            stop = early is not None and early.check(
                epoch.loss if epoch.validation is None else epoch.validation, self.theta.copy()
            )
            if self.checkpoint is not None:
                write_checkpoint(
                    self.checkpoint, model=self.model, optimiser=self.optimiser, history=history, rng=self.rng, early=early
                )  # fmt: skip
            self.show(shown, epoch)
            if early is not None and stop:
                return f"no gain in {early.since} checks"
            if self.call(epoch):
                return "a callback ended it"
            if epoch.loss > _DIVERGED * (1.0 + abs(history.loss[0])):
                return (
                    f"diverged: the loss grew from {history.loss[0]:.3g} to {epoch.loss:.3g}; "
                    "use a smaller learning rate"
                )
        return f"all {history.epochs if epochs == 0 else epochs} epochs done"

    def show(self, shown: Any, epoch: Epoch) -> None:
        """Move the progress bar, back too, to what is done."""
        shown.update(self.history.epochs - self.shown)
        self.shown = self.history.epochs
        validation = "" if epoch.validation is None else f", validation {epoch.validation:.4g}"
        fallen = ", without replay" if " since " in self.engine.name else ""
        shown.set_postfix_str(f"loss {epoch.loss:.4g}{validation}{fallen}")

    def call(self, epoch: Epoch) -> bool:
        """Whether a callback wants to end training. What they change of the functions, replay has to know."""
        if not self.callbacks:
            return False
        memory = watch(self.engine.eager) if isinstance(self.engine, Trusted) else None
        answers = [callback(epoch) for callback in self.callbacks]
        self.model.train()
        if memory is not None and memory.change(generators=False):
            self.engine = self.new_engine()
            if isinstance(self.engine, Eager):
                self.go_on_eagerly(self.engine.name.removeprefix("eager: "))
        return any(answer is True for answer in answers)

    def epoch(self, number: int) -> Epoch:
        """All batches once."""
        begun, losses, sizes = time.perf_counter(), [], []
        for batch in self.data.batches(self.batch_size, self.rng if self.batch_size else None):
            losses.append(self.step(number, batch))
            sizes.append(len(batch))
        if self.callbacks or self.checkpoint is not None:
            put(self.parameters, self.theta)
        mean = sum(y * n for y, n in zip(losses, sizes, strict=True)) / sum(sizes)
        measured = None
        if self.validation is not None:
            measured = self.engine.mean_loss(self.theta, self.validation)
            self.model.train()
        history = self.history
        history.step_loss += losses
        history.loss.append(mean)
        history.lr.append(self.optimiser.lr)
        history.seconds.append(time.perf_counter() - begun)
        if measured is not None:
            history.validation.append(measured)
        return Epoch(number, mean, measured, self.optimiser.lr, self.model, self.optimiser, history)

    def step(self, number: int, batch: Dataset) -> float:
        """One batch: its loss before the step. The parameters change only when everything has gone well."""
        if self.schedule is not None:
            at = number if self.schedule_by == "epoch" else self.steps
            try:
                self.optimiser.lr = self.schedule(at)
            except TargetError as error:
                error.add_note(f"the schedule gave this rate for {self.schedule_by} {at}")
                raise
        try:
            y, gradient = self.value_and_grad(self.optimiser.look_ahead(self.theta), batch)
        except DomainError as error:
            error.add_note(
                f"in epoch {number}, step {self.steps}: diagnose(model, loss, data) says where it begins; often lr is too large"
            )
            raise
        self.theta = self.optimiser.update(self.theta, gradient)
        self.steps += 1
        if self.steps >= self.next_check:
            self.verify()
        return y

    def value_and_grad(self, theta: Any, batch: Dataset) -> tuple[float, Any]:
        """The loss of a batch and its gradient. Where replay raises what the eager engine does not, that one has the word."""
        try:
            return _finite(*self.engine.value_and_grad(theta, batch))
        except AutogradError as error:
            if not isinstance(self.engine, Trusted) or self.wanted == "replay":
                raise
            answer = _finite(*self.engine.eager.value_and_grad(theta, batch))
            if reason := self.engine.difference(self.theta, errors=False):
                raise Unseen(reason) from None
            self.go_on_eagerly(str(error))
            return answer

    def finish(self) -> None:
        """Leave the parameters at the last complete step, and the model ready to be used."""
        put(self.parameters, self.theta)
        self.model.eval()
        if self.schedule is not None:
            self.optimiser.lr = self.lr


def _check_arguments(
    loss: Any, data: Any, optimiser: Any, epochs: Any, batch_size: int | None
) -> None:
    """Say what is wrong with them before anything is changed."""
    if not callable(loss):
        raise OperandError(
            f"the loss must be a function of (prediction, target), as in nn.losses; got {loss!r}"
        )
    if not isinstance(data, Dataset):
        raise OperandError(
            f"the data must be a Dataset: write Dataset(xs, ys); got {type(data).__name__}"
        )
    if not len(data):
        raise ShapeError("training needs data; an empty set was given")
    if not isinstance(optimiser, Optimiser):
        raise OperandError(
            f"the optimiser must be one of optim's, such as Adam(model.parameters()); got {optimiser!r}"
        )
    if type(epochs) is not int or epochs < 0:
        raise TargetError(f"the number of epochs must be a whole number from 0; got {epochs!r}")
    next(data.batches(batch_size))


def _parameters(model: Module, optimiser: Optimiser) -> list[Value]:
    """What is trained: the optimiser's parameters, which are made the model's if there are none."""
    own = model.parameters()
    if not own:
        raise TrainingError("there is nothing to train: the model has no parameters")
    if not optimiser.parameters:
        optimiser.parameters = own
    elif not {id(p) for p in own} & {id(p) for p in optimiser.parameters}:
        raise TrainingError(
            "the optimiser has the parameters of another model, and this one would not be trained: "
            f"write {type(optimiser).__name__}(model.parameters())"
        )
    return optimiser.parameters


def _finite(y: float, gradient: Any) -> tuple[float, Any]:
    """A loss and its gradient, if they are finite."""
    if not (np.isfinite(y) and np.isfinite(gradient).all()):
        raise DomainError(f"the loss is {y!r}, or its gradient is not finite")
    return y, gradient


def _part(
    penalty: Penalty | None, parameters: Sequence[Value], penalised: Iterable[Value] | None
) -> Penalty | None:
    """The penalty as a function of all parameters, of which it takes ``penalised``."""
    if penalty is None or penalised is None:
        return penalty
    wanted = {id(p) for p in penalised}
    places = [i for i, p in enumerate(parameters) if id(p) in wanted]
    return lambda values: penalty([values[i] for i in places])
