"""Checkpoints: everything that training has to know to go on to the same numbers, in one file.

The file is replaced as a whole after an epoch, so that a run which is killed at any time leaves one that loads.
"""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

from ..errors import StateError
from ..files import PathLike, expect, is_finite_number, seal, unseal, write
from ..nn.module import Module
from ..optim import Optimiser
from ..trees import leaves
from .early import EarlyStopping
from .history import History


def generators(model: Module, *others: random.Random) -> list[Any]:
    """Every generator of random numbers that training draws from, each once, in order."""
    held = (
        part
        for module in model.modules()
        for attribute in vars(module).values()
        for _, part in leaves(attribute)
    )
    found = [*others, *filter(_is_generator, held)]
    return list({id(g): g for g in found}.values())


def _is_generator(held: Any) -> bool:
    return isinstance(held, random.Random) or hasattr(held, "bit_generator")


def generator_state(g: Any) -> Any:
    """The state of a random.Random or a numpy.random.Generator, as JSON can hold it."""
    if hasattr(g, "bit_generator"):
        return g.bit_generator.state
    version, numbers, following = g.getstate()
    return [version, list(numbers), following]


def set_generator_state(g: Any, state: Any) -> None:
    """Put a generator where `generator_state` found it. Raises StateError if the state is none of such a generator."""
    try:
        if hasattr(g, "bit_generator"):
            g.bit_generator.state = state
        else:
            version, numbers, following = state
            if following is not None and not is_finite_number(following):
                raise ValueError(f"{following!r} is no draw")
            g.setstate((version, tuple(numbers), following))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise StateError(
            f"this is not the state of a {type(g).__name__} generator: {error}"
        ) from None


_ENTRIES = {
    "model": lambda x: isinstance(x, dict),
    "optimiser": lambda x: isinstance(x, dict),
    "history": lambda x: isinstance(x, dict),
    "generators": lambda x: isinstance(x, list),
    "early": lambda x: x is None or isinstance(x, dict),
}


def write_checkpoint(
    path: PathLike,
    *,
    model: Module,
    optimiser: Optimiser,
    history: History,
    rng: random.Random,
    early: EarlyStopping | None,
) -> None:
    """Save all of it to a file, as JSON."""
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "history": history.to_dict(),
        "generators": [generator_state(g) for g in generators(model, rng)],
        "early": None if early is None else early.state_dict(),
    }
    write(path, seal(state, "checkpoint"))


def read_checkpoint(
    path: PathLike,
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
    raw = unseal(Path(path).read_bytes(), "checkpoint", source=path)
    state = expect(raw, _ENTRIES, f"the checkpoint {path}")
    own = generators(model, rng)
    if len(state["generators"]) != len(own) or (state["early"] is None) != (early is None):
        raise StateError(
            f"{path} is the checkpoint of a run with other random layers, or another choice of early stopping"
        )
    history = History.from_dict(state["history"])
    _load(state, *copy.deepcopy((model, optimiser, own, early)))  # a trial that changes nothing
    _load(state, model, optimiser, own, early)
    return history


def _load(
    state: dict[str, Any],
    model: Module,
    optimiser: Optimiser,
    own: list[Any],
    early: EarlyStopping | None,
) -> None:
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    for g, held in zip(own, state["generators"], strict=True):
        set_generator_state(g, held)
    if early is not None:
        early.load_state_dict(state["early"])
        count = len(optimiser.parameters or model.parameters())
        if early.best is not None and len(early.best) != count:
            raise StateError(
                f"the best parameters are {len(early.best)}, and the model has {count}"
            )
