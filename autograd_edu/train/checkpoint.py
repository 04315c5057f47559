"""Checkpoints: one file with everything that training needs to continue exactly.

The file is replaced as a whole after each epoch. If a run is killed, its last checkpoint loads.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from ..errors import StateError
from ..files import PathLike, expect, is_finite_number, seal, unseal, write
from ..nn.module import Module
from ..optim import Optimiser
from ..trees import leaves
from .early import EarlyStopping
from .history import History

Generator = random.Random | np.random.Generator
Raw = Any  # JSON from a file; it is checked before it is used

_ENTRIES = {
    "model": lambda x: isinstance(x, dict),
    "optimiser": lambda x: isinstance(x, dict),
    "history": lambda x: isinstance(x, dict),
    "generators": lambda x: isinstance(x, list),
    "early": lambda x: x is None or isinstance(x, dict),
}


@dataclass
class Checkpoint:
    """The checkpoint file of a run, and the objects whose state it saves and loads."""

    path: PathLike
    model: Module
    optimiser: Optimiser
    rng: random.Random
    early: EarlyStopping | None

    def write(self, history: History) -> None:
        """Save the state of all objects and the history, as JSON."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "history": history.to_dict(),
            "generators": [generator_state(g) for g in self._generators()],
            "early": None if self.early is None else self.early.state_dict(),
        }
        write(self.path, seal(state, "checkpoint"))

    def read(self) -> History:
        """Load the state of all objects. Returns the history.

        Raises:
            StateError: if the file is damaged, or belongs to another model or optimiser. Nothing
                is then changed.
        """
        raw = unseal(Path(self.path).read_bytes(), "checkpoint", source=self.path)
        state = expect(raw, _ENTRIES, f"the checkpoint {self.path}")
        history = History.from_dict(state["history"])
        copy.deepcopy(self)._load(state)  # on a copy first: if this raises, nothing is changed
        self._load(state)
        return history

    def _load(self, state: dict[str, Raw]) -> None:
        own, early = self._generators(), self.early
        if (saved := len(state["generators"])) != len(own):
            raise StateError(
                f"{self.path} has the state of {saved} random generator(s), but this run has "
                f"{len(own)}: it is the checkpoint of a model with other random layers"
            )
        if (state["early"] is None) != (early is None):
            done = "without" if state["early"] is None else "with"
            raise StateError(f"{self.path} is the checkpoint of a run {done} early stopping")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        for generator, held in zip(own, state["generators"], strict=True):
            set_generator_state(generator, held)
        if early is not None:
            early.load_state_dict(state["early"])
            count = len(self.optimiser.parameters or self.model.parameters())
            if early.best is not None and len(early.best) != count:
                raise StateError(
                    f"the checkpoint has {len(early.best)} best parameters; the model has {count}"
                )

    def _generators(self) -> Sequence[Generator]:
        """The random generators of training and of the model's layers, in order, each once."""
        held = (
            part
            for module in self.model.modules()
            for attribute in vars(module).values()
            for _, part in leaves(attribute)
        )
        return list({id(g): g for g in [self.rng, *filter(_is_generator, held)]}.values())


def _is_generator(held: object) -> TypeGuard[Generator]:  # any attribute
    return isinstance(held, (random.Random, np.random.Generator))


def generator_state(generator: Generator) -> Raw:
    """The state of a random.Random or a numpy.random.Generator, ready for JSON."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    version, numbers, following = generator.getstate()
    return [version, list(numbers), following]


def set_generator_state(generator: Generator, state: Raw) -> None:
    """Restore a generator's state from `generator_state`. Raises StateError for anything else."""
    try:
        if isinstance(generator, np.random.Generator):
            generator.bit_generator.state = state
        else:
            version, numbers, following = state
            if following is not None and not is_finite_number(following):
                raise ValueError(f"{following!r} cannot be the next draw")
            generator.setstate((version, tuple(numbers), following))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        kind = type(generator).__name__
        raise StateError(f"this is not the state of a {kind} generator: {error}") from None
