"""Checkpoints: everything that training has to know to go on to the same numbers, in one file.

The file is replaced as a whole after an epoch, so that a run which is killed at any time leaves one that loads.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from ..errors import StateError
from ..nn.module import Module
from ..nn.saving import load_state, save_state
from ..optim import Optimiser
from .early import EarlyStopping
from .history import History


def generators(model: Module, *others: random.Random) -> list[Any]:
    """Every generator of random numbers that training draws from, each once, in order."""
    found = [
        *others,
        *(
            held
            for module in model.modules()
            for held in vars(module).values()
            if _is_generator(held)
        ),
    ]
    return list({id(g): g for g in found}.values())


def _is_generator(held: Any) -> bool:
    return hasattr(held, "getstate") or hasattr(held, "bit_generator")


def generator_state(g: Any) -> Any:
    """The state of a random.Random or a numpy.random.Generator, as JSON can hold it."""
    if hasattr(g, "bit_generator"):
        return g.bit_generator.state
    version, numbers, following = g.getstate()
    return [version, list(numbers), following]


def set_generator_state(g: Any, state: Any) -> None:
    """Put a generator where `generator_state` found it."""
    if hasattr(g, "bit_generator"):
        g.bit_generator.state = state
    else:
        g.setstate((state[0], tuple(state[1]), state[2]))


def write_checkpoint(
    path: str | Path,
    *,
    model: Module,
    optimiser: Optimiser,
    history: History,
    rng: random.Random,
    early: EarlyStopping | None,
) -> None:
    """Save all of it to a .json file."""
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "history": history.to_dict(),
        "generators": [generator_state(g) for g in generators(model, rng)],
        "early": None if early is None else early.state_dict(),
    }
    save_state(state, path)


def read_checkpoint(
    path: str | Path,
    *,
    model: Module,
    optimiser: Optimiser,
    rng: random.Random,
    early: EarlyStopping | None,
) -> History:
    """Load all of it, and give the history so far.

    Raises:
        StateError: if the file is damaged, or of another model or optimiser. Nothing is changed then.
    """
    state = load_state(path)
    missing = {"model", "optimiser", "history", "generators", "early"} - state.keys()
    own = generators(model, rng)
    if missing:
        raise StateError(
            f"{path} is no checkpoint of a training run: it lacks {', '.join(sorted(missing))}"
        )
    if len(state["generators"]) != len(own) or (state["early"] is None) != (early is None):
        raise StateError(
            f"{path} is the checkpoint of a run with other random layers, or another choice of early stopping"
        )
    before = optimiser.state_dict()
    optimiser.load_state_dict(state["optimiser"])
    try:
        model.load_state_dict(state["model"])
    except StateError:
        optimiser.load_state_dict(before)
        raise
    for g, held in zip(own, state["generators"], strict=True):
        set_generator_state(g, held)
    if early is not None:
        early.load_state_dict(state["early"])
    return History.from_dict(state["history"])
