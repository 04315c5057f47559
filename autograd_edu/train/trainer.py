"""`fit`, which trains a model with the callbacks that its arguments ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from ..arguments import whole
from ..data import Dataset, check_dataset
from ..engine.value import Value
from ..errors import OperandError, OptionError, ShapeError, TrainingError, one_of
from ..files import PathLike
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.regularise import Penalty
from ..optim import Optimiser
from ..schedules import Schedule
from ..seeds import stream
from .callbacks import (
    Calls,
    Checkpointed,
    Divergence,
    EpochFunction,
    Scheduled,
    Shown,
    StoppedEarly,
    Validated,
)
from .early import EarlyStopping
from .history import History
from .loop import Trainer
from .recording import Recording
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
    drop_last: bool = False,
    penalty: Penalty | None = None,
    penalised: Iterable[Value] | None = None,
    schedule: Schedule | None = None,
    schedule_by: str = "epoch",
    validation: Dataset | None = None,
    early_stopping: EarlyStopping | None = None,
    callbacks: Sequence[Callback | EpochFunction] = (),
    seed: int = 0,
    progress: bool | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
    record: bool | Literal["live"] = False,
    engine: str = "auto",
) -> History:
    """Train ``model`` on ``data``. Returns the `History`.

    Afterwards the model is in evaluation mode. Ctrl-C ends training and keeps the parameters
    reached so far.

    If the model's graph is the same for every sample, it is traced once and replayed over arrays.
    Otherwise a new graph is built for each batch. ``history.engine`` says which, and why. Replay is
    compared with a new graph before training and regularly during training. If they differ,
    training goes back to the last state at which they agreed, warns, and continues without replay.
    It cannot restore state outside Python's objects, such as environment variables, context
    variables and files: for a model that changes such state, pass ``engine="eager"``.

    Args:
        loss: a function of (prediction, target) for one sample, such as those in `nn.losses`.
            Training reduces its mean over each batch.
        optimiser: trains its parameters. If it has none, it gets all parameters of the model.
            Frozen parameters (see `Module.freeze`) keep their numbers.
        batch_size: the number of samples in each step. None uses all samples, in order; otherwise
            they are shuffled in each epoch.
        drop_last: leave out the last batch of an epoch if it is smaller than ``batch_size``.
        penalty: a function of the parameters, such as those in `nn.regularise`. It is added to the
            loss.
        penalised: the parameters that the penalty receives; by default all trained parameters.
        schedule: the learning rate as a function of the number of the epoch, or of the step if
            ``schedule_by`` is "step". Both count from 0.
        validation: a data set. Its loss is measured after each epoch, in evaluation mode.
        early_stopping: watches the validation loss, or without ``validation`` the training loss.
            If it ends training, the best parameters are restored.
        callbacks: a list of functions and `Callback` objects. A function is called with an `Epoch`
            after each epoch, and ends training if it returns True.
        seed: determines the shuffling. The same seed, model and data give the same numbers.
        progress: show a progress bar. None shows it in a terminal or a notebook.
        checkpoint: a .json file in which everything is saved after each epoch.
        resume: continue from the ``checkpoint``, if the file exists. ``epochs`` still counts from
            the first epoch of the saved run.
        record: keep the parameters at about 60 epochs, to look at the training afterwards:
            ``history.recording`` is a `Recording`. With "live", a notebook shows it while training
            runs, too.
        engine: "auto", or "eager" or "replay" to insist on one.

    Raises:
        DomainError: if the loss or a gradient is not finite. The message says in which epoch.
        TargetError: if the loss is not defined for a target.
        ShapeError: if a sample or a target has the wrong length.
        TrainingError: if no parameter can be trained.

    >>> from autograd_edu import data, nn, optim
    >>> model, points = nn.MLP(2, [4, 1], activation="tanh", seed=0), data.truth_table("xor")
    >>> loss = nn.losses.binary_cross_entropy_with_logits
    >>> history = fit(model, loss, points, optim.Adam(model.parameters(), 0.1), epochs=200)
    >>> history.loss[-1] < 0.1
    True
    """
    _check_arguments(model, loss, data, optimiser)
    _check_options(schedule, penalty, validation, early_stopping, callbacks)
    whole(epochs, "the number of epochs", low=0)
    one_of(schedule_by, ("epoch", "step"), "schedule_by")
    if record not in (True, False, "live"):
        raise OptionError(f"record must be True, False or 'live'; got {record!r}")
    one_of(engine, ("auto", "eager", "replay"), "engine")
    next(data.batches(batch_size, drop_last=drop_last))
    parameters = _parameters(model, optimiser)
    for target in data.ys:
        getattr(loss, "check", lambda _: None)(target)
    part = _restrict(penalty, parameters, penalised)
    used: list[Callback] = []
    if schedule is not None:
        used.append(Scheduled(schedule, schedule_by))
    if validation is not None:
        used.append(Validated(validation))
    if early_stopping is not None:
        used.append(StoppedEarly(early_stopping))
    if resume and checkpoint is None:
        raise OperandError("resume continues from a checkpoint; pass checkpoint='run.json', too")
    if checkpoint is not None:
        used.append(Checkpointed(checkpoint, early_stopping, resume=resume))
    recording = Recording(live=record == "live") if record else None
    functions = [each for each in callbacks if not isinstance(each, Callback)]
    objects = [each for each in callbacks if isinstance(each, Callback)]
    used.append(Shown(epochs, progress))
    if functions:
        used.append(Calls(functions))
    used += [*objects, *([recording] if recording else []), Divergence()]
    run = Run(
        model, loss, data, optimiser, parameters, np.array([p.data for p in parameters]),
        engine_for(model.train(), loss, parameters, part, data=data, wanted=engine),
        stream(seed, "batches"), batch_size, drop_last,
    )  # fmt: skip
    history = Trainer(run, used).train(epochs)
    history.recording = recording
    return history


def _check_arguments(model: Module, loss: Loss, data: Dataset, optimiser: Optimiser) -> None:
    """Raise an error that says which argument is wrong."""
    if not isinstance(model, Module):
        raise OperandError(f"the model must be a Module of nn; got {_describe(model)}")
    if not callable(loss):
        raise OperandError(
            "the loss must be a function of (prediction, target), such as "
            f"nn.losses.mean_squared_error; got {_describe(loss)}"
        )
    if not len(check_dataset(data)):
        raise ShapeError("training needs samples; the data set is empty")
    if not isinstance(optimiser, Optimiser):
        made = optimiser.__name__ if isinstance(optimiser, type) else "Adam"
        raise OperandError(
            f"the optimiser must be an object such as {made}(model.parameters(), lr=0.01); "
            f"got {_describe(optimiser)}"
        )


def _check_options(
    schedule: Schedule | None,
    penalty: Penalty | None,
    validation: Dataset | None,
    early_stopping: EarlyStopping | None,
    callbacks: Sequence[Callback | EpochFunction],
) -> None:
    """Raise an error that says which option is wrong."""
    if not isinstance(callbacks, (list, tuple)):
        raise OperandError(f"callbacks must be a list; got {_describe(callbacks)}")
    functions = {"schedule": schedule, "penalty": penalty}
    functions |= {f"callbacks[{i}]": each for i, each in enumerate(callbacks)}
    for what, given in functions.items():
        if not (given is None or callable(given) or isinstance(given, Callback)):
            raise OperandError(f"{what} must be a function; got {_describe(given)}")
    if validation is not None and not (isinstance(validation, Dataset) and len(validation)):
        raise OperandError(
            f"validation must be a Dataset with samples; got {_describe(validation)}"
        )
    if not (early_stopping is None or isinstance(early_stopping, EarlyStopping)):
        raise OperandError(
            f"early_stopping must be an EarlyStopping; got {_describe(early_stopping)}"
        )


def _describe(x: object) -> str:  # whatever a user passes
    """A short description of an argument, for an error."""
    if isinstance(x, type):
        return f"the class {x.__name__} itself"
    text = repr(x)
    return f"the {type(x).__name__} {text}" if len(text) < 60 else f"a {type(x).__name__}"


def _parameters(model: Module, optimiser: Optimiser) -> list[Value]:
    """The parameters to train: those of the optimiser, or of the model if it has none."""
    own = model.parameters()
    if not own:
        raise TrainingError("there is nothing to train: the model has no parameters")
    if not optimiser.parameters:
        optimiser.parameters = own
    elif not {id(p) for p in own} & {id(p) for p in optimiser.parameters}:
        raise TrainingError(
            "the optimiser has the parameters of another model, so this model would not be "
            f"trained: write {type(optimiser).__name__}(model.parameters())"
        )
    if not any(p.requires_grad for p in optimiser.parameters):
        raise TrainingError(
            "there is nothing to train: every parameter is frozen; call unfreeze() on the model "
            "or on a part of it"
        )
    return optimiser.parameters


def _restrict(
    penalty: Penalty | None, parameters: Sequence[Value], penalised: Iterable[Value] | None
) -> Penalty | None:
    """The penalty as a function of all trained parameters that only uses ``penalised``."""
    if penalised is None:
        return penalty
    if penalty is None:
        raise OperandError("penalised needs a penalty, such as penalty=nn.regularise.l2(0.01)")
    wanted = {id(p) for p in penalised}
    places = [i for i, p in enumerate(parameters) if id(p) in wanted]
    if not places:
        raise OperandError(
            "none of the penalised parameters is trained: pass parameters that the optimiser has"
        )
    return lambda values: penalty([values[i] for i in places])
