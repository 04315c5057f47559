"""Snapshot ensembles: one run with a cyclic learning rate, and a copy of the model per cycle."""

from __future__ import annotations

import copy

from ..errors import OperandError
from ..nn.module import Module
from ..nn.regularise import Ensemble
from ..schedules import Cyclic
from .callbacks import Epoch


class Snapshots:
    """A callback for `fit` that copies the model at the end of each cycle of its ``schedule``.

    Pass the same schedule to `fit`. Afterwards, `ensemble` averages the copies. A run that begins
    at epoch 0 starts a new collection.

    Source: Huang et al., "Snapshot Ensembles: Train 1, Get M for Free", 2017.
    """

    def __init__(self, schedule: Cyclic) -> None:
        if not isinstance(schedule, Cyclic):
            raise OperandError(
                "the schedule must be a Cyclic, because snapshots are taken at the end of its "
                f"cycles; got {schedule!r}"
            )
        self.schedule = schedule
        self.models: list[Module] = []

    def __call__(self, epoch: Epoch) -> None:
        if epoch.number == 0:
            self.models = []
        if self.schedule.ends_cycle(epoch.number):
            self.models.append(copy.deepcopy(epoch.model).eval())

    def ensemble(self) -> Ensemble:
        """The copies as one model that averages their probabilities."""
        return Ensemble(self.models).eval()
