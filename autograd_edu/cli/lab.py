"""The command `autograd-edu lab`: run an experiment of the lectures by name."""

from __future__ import annotations

import argparse
import inspect
from time import perf_counter

from ..errors import OptionError


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "name", nargs="?", help="an experiment, or a row such as U5; without it, all are listed"
    )
    parser.add_argument(
        "--save", metavar="FILE", help="where to write the picture (default: NAME.png here)"
    )
    parser.add_argument("--seed", type=int, help="seed of the random numbers (default: 0)")
    parser.add_argument("--full", action="store_true", help="a larger and slower run")


def run(options: argparse.Namespace) -> int:
    """Run an experiment of the lectures and draw its picture, or list all experiments."""
    from ..lab import find, listing

    if options.name is None:
        print(listing())
        return 0
    chosen = find(options.name)
    if options.full and not chosen.full:
        raise OptionError(f"{chosen.name} has only one size; leave out --full")
    settings = dict(chosen.full) if options.full else {}
    if options.seed is not None:
        if "seed" not in inspect.signature(chosen.run).parameters:
            raise OptionError(f"{chosen.name} uses no random numbers; leave out --seed")
        settings["seed"] = options.seed
    start = perf_counter()
    result = chosen.run(**settings)
    print(result, end="\n\n", flush=True)
    path = options.save or f"{chosen.name}.png"
    try:
        result.save(path)
        written = f"wrote {path}"
    except ImportError as missing:
        written = f"no picture ({missing})"
    print(f"{written}; took {perf_counter() - start:.1f} s")
    return 0
