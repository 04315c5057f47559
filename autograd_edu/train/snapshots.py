"""Snapshot ensembles: one run with a cyclic learning rate that copies the model every cycle."""

from __future__ import annotations

import copy

from ..errors import OperandError
from ..nn.module import Module
from ..nn.regularise import Ensemble
from ..schedules import Cyclic
from .callbacks import Epoch


class Snapshots:
    """A callback for `fit` that copies the model at the end of each cycle of its ``schedule``.

    Pass the same schedule to `fit`. Afterwards, `ensemble` averages the copies. A new run, which
    begins with epoch 0, removes the copies of the last one.

    Source: Huang et al., "Snapshot Ensembles: Train 1, Get M for Free", 2017.

    >>> from autograd_edu import data, nn, optim, schedules, train
    >>> cycle = schedules.Cyclic(0.5, period=10)
    >>> snapshots, model = Snapshots(cycle), nn.MLP(2, [4, 2], seed=0)
    >>> _ = train.fit(
    ...     model, nn.losses.softmax_cross_entropy, data.moons(20), optim.SGD(model.parameters()),
    ...     epochs=30, schedule=cycle, callbacks=[snapshots], progress=False,
    ... )
    >>> snapshots.ensemble()
    Ensemble of 3 models
    """

    def __init__(self, schedule: Cyclic) -> None:
        if not isinstance(schedule, Cyclic):
            raise OperandError(
                "the schedule must be a schedules.Cyclic, because snapshots are taken at the end "
                f"of its cycles; got {schedule!r}"
            )
        self.schedule = schedule
        self.models: list[Module] = []

    def __call__(self, epoch: Epoch) -> None:
        if epoch.number == 0:
            self.models = []
        if self.schedule.ends_cycle(epoch.number):
            self.models.append(copy.deepcopy(epoch.model).eval())

    def ensemble(self) -> Ensemble:
        """One model that averages the probabilities of all copies."""
        return Ensemble(self.models).eval()
