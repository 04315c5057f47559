"""Snapshot ensembles: one training run with a cyclic learning rate, and a copy of the model at the end of every cycle."""

from __future__ import annotations

import copy

from ..errors import OperandError
from ..nn.module import Module
from ..nn.regularise import Ensemble
from ..schedules import Cyclic
from .callbacks import Epoch


class Snapshots:
    """A callback for `fit`, together with its ``schedule``; afterwards `ensemble` averages the copies (Huang et al. 2017).

    A run that begins at epoch 0 begins a new collection.
    """

    def __init__(self, schedule: Cyclic) -> None:
        if not hasattr(schedule, "ends_cycle"):
            raise OperandError(
                f"snapshots are taken where a cycle of the schedule ends: give a Cyclic; got {schedule!r}"
            )
        self.schedule = schedule
        self.models: list[Module] = []

    def __call__(self, epoch: Epoch) -> None:
        if epoch.number == 0:
            self.models = []
        if self.schedule.ends_cycle(epoch.number):
            self.models.append(copy.deepcopy(epoch.model).eval())

    def ensemble(self) -> Ensemble:
        """The copies as one model, which averages their probabilities."""
        return Ensemble(self.models).eval()
