"""`fit`: the trainer with the callbacks that its arguments ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..data import Dataset
from ..engine.value import Value
from ..errors import OperandError, ShapeError, TargetError, TrainingError, one_of
from ..files import PathLike
from ..nn.losses import Loss
from ..nn.module import Module
from ..optim import Optimiser
from ..schedules import Schedule
from ..seeds import stream
from .callbacks import (
    Calls,
    Checkpointed,
    Divergence,
    Epoch,
    Scheduled,
    Shown,
    StoppedEarly,
    Validated,
)
from .early import EarlyStopping
from .engines import Penalty
from .history import History
from .loop import Trainer
from .run import Callback, Run
from .trusted import engine_for


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
    callbacks: Sequence[Callback | Callable[[Epoch], Any]] = (),
    seed: int = 0,
    progress: bool | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
    engine: str = "auto",
) -> History:
    """Train ``model`` on ``data`` and give the history of it; the model is left in evaluation mode.

    Where the model's graph is the same for every sample, it is traced once and replayed over arrays;
    otherwise a new graph is built for every batch. The history's ``engine`` says which, and why.
    Replay is compared with a new graph before training and as it goes on. On a difference, training
    returns to the last state that agreed, goes on without replay, and warns. State outside Python's
    objects (environment variables, context variables, files) cannot be put back: for a model that
    changes such state, choose ``engine="eager"``. Ctrl-C ends training and keeps what was reached.

    Args:
        loss: of one sample, (prediction, target); see `nn.losses`. The mean over each batch is made small.
        optimiser: its parameters are changed; none given means all of the model's.
        batch_size: None takes all samples at once; else they are shuffled anew in every epoch.
        penalty: a function of the parameters that is added to the loss; see `nn.regularise`. Of ``penalised``, if given.
        schedule: the learning rate as a function of the number of the epoch, or of the step if ``schedule_by`` is "step".
        validation: a set on which the loss is measured after every epoch, in evaluation mode.
        early_stopping: watches the validation loss (the training loss, if there is none); the best parameters are restored.
        callbacks: functions that are called with an `Epoch` after each, and end training by returning True; or `Callback` objects.
        seed: of the shuffling. The same seed, model and data give the same numbers, bit for bit.
        progress: a bar, or not; None shows one on a terminal or in a notebook.
        checkpoint: a .json file to which everything is saved after each epoch; with ``resume``, training goes on from it.
        engine: "eager" or "replay" to insist on one.

    Raises:
        DomainError: if the loss or a gradient is not finite, saying in which epoch and where; see `diagnose`.
        TargetError, ShapeError: if targets are not what the loss takes, or samples are not what the model takes.
    """
    _check_arguments(model, loss, data, optimiser, epochs, batch_size)
    _check_options(schedule, penalty, validation, early_stopping, callbacks)
    one_of(schedule_by, ("epoch", "step"), "schedule_by")
    one_of(engine, ("auto", "eager", "replay"), "engine")
    parameters = _parameters(model, optimiser)
    for target in data.ys:
        getattr(loss, "check", _unchecked)(target)
    part = _part(penalty, parameters, penalised)
    run = Run(
        model, loss, data, optimiser, parameters, np.array([p.data for p in parameters]),
        engine_for(model.train(), loss, parameters, part, data, engine), stream(seed, "batches"),
        batch_size,
    )  # fmt: skip
    used: list[Callback] = []
    if schedule is not None:
        used.append(Scheduled(schedule, schedule_by))
    if validation is not None:
        used.append(Validated(validation))
    if early_stopping is not None:
        used.append(StoppedEarly(early_stopping))
    if checkpoint is not None:
        used.append(Checkpointed(checkpoint, early_stopping, resume=resume))
    used += [Shown(epochs, progress), *_as_callbacks(callbacks), Divergence()]
    return Trainer(run, used).train(epochs)


def _unchecked(target: Any) -> None:
    """What a loss without a check of its own does with a target."""


def _as_callbacks(given: Sequence[Callback | Callable[[Epoch], Any]]) -> list[Callback]:
    """The callbacks as they are, and the functions as one that calls them."""
    functions = [each for each in given if not isinstance(each, Callback)]
    objects = [each for each in given if isinstance(each, Callback)]
    return [*([Calls(functions)] if functions else []), *objects]


def _check_options(
    schedule: Any, penalty: Any, validation: Any, early_stopping: Any, callbacks: Any
) -> None:
    """Say which of what may be given is of another kind."""
    for given, what in (
        (schedule, "schedule"), (penalty, "penalty"), *((each, "callback") for each in callbacks),
    ):  # fmt: skip
        if not (given is None or callable(given) or isinstance(given, Callback)):
            raise OperandError(f"a {what} must be a function; got {given!r}")
    if validation is not None and not (isinstance(validation, Dataset) and len(validation)):
        raise OperandError(
            f"the validation data must be a Dataset with samples; got {validation!r}"
        )
    if not (early_stopping is None or isinstance(early_stopping, EarlyStopping)):
        raise OperandError(f"early_stopping must be an EarlyStopping; got {early_stopping!r}")


def _check_arguments(
    model: Any, loss: Any, data: Any, optimiser: Any, epochs: Any, batch_size: int | None
) -> None:
    """Say what is wrong with them before anything is changed."""
    if not isinstance(model, Module):
        raise OperandError(f"the model must be a Module of nn; got {model!r}")
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


def _part(
    penalty: Penalty | None, parameters: Sequence[Value], penalised: Iterable[Value] | None
) -> Penalty | None:
    """The penalty as a function of all parameters, of which it takes ``penalised``."""
    if penalty is None or penalised is None:
        return penalty
    wanted = {id(p) for p in penalised}
    places = [i for i, p in enumerate(parameters) if id(p) in wanted]
    return lambda values: penalty([values[i] for i in places])
