"""What the shapes of a program's inputs say: which have a batch axis, and how long it is."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise
from math import prod
from typing import NamedTuple, NoReturn

from ..errors import ArityError, ShapeError
from .arrays import input_names
from .ir import Computation, Shapes


class Argument(NamedTuple):
    """One argument of a call.

    Attributes:
        numbers: where its numbers stand among those of all arguments.
        shape: the shape in which it was passed.
        own: True if every sample has its own numbers, False if they share them.
    """

    numbers: slice
    shape: tuple[int, ...]
    own: bool


class Layout(NamedTuple):
    """What the shapes of the inputs say. ``single`` is True if no argument has a batch axis."""

    samples: int
    single: bool
    arguments: list[Argument]


def check_count(program: Computation, count: int) -> None:
    """Raise an ArityError unless the program takes ``count`` inputs."""
    names, own = program.argument_names, len(program.shapes)
    if count != own:
        shown = f" ({', '.join(names)})" if own and all(names) else ""
        raise ArityError(
            f"the program takes {own} input{'' if own == 1 else 's'}{shown}; got {count}"
        )


def layout_of(program: Computation, given: Shapes) -> Layout:
    """The layout of inputs that are given in these shapes.

    Raises:
        ShapeError: if one does not fit the program, the batches differ in length, or one is empty.
    """
    layout = _layout(given, program.shapes)
    if not layout.samples:
        _refuse(program, given)
    return layout


@lru_cache(maxsize=256)
def _layout(given: Shapes, own: Shapes) -> Layout:
    """The layout of arguments in the ``given`` shapes; 0 samples if they do not fit ``own``."""
    batched = [len(a) == len(b) + 1 for a, b in zip(given, own, strict=True)]
    counts = {shape[0] for shape, leads in zip(given, batched, strict=True) if leads} or {1}
    fits = all([a[leads:] == b for a, b, leads in zip(given, own, batched, strict=True)])
    samples = counts.pop() if fits and len(counts) == 1 else 0
    spans = pairwise(accumulate(map(prod, own), initial=0))
    arguments = [
        Argument(slice(*span), shape, leads or samples == 1)
        for span, shape, leads in zip(spans, given, batched, strict=True)
    ]
    return Layout(samples, True not in batched, arguments)


def _refuse(program: Computation, given: Shapes) -> NoReturn:
    """Raise the error that says what is wrong with the shapes of the inputs."""
    lengths = {}
    for name, shape, own in zip(
        input_names(program.argument_names), given, program.shapes, strict=True
    ):
        leads = len(shape) == len(own) + 1
        if shape[leads:] != own:
            batch = f"(batch, {', '.join(map(str, own))})" if own else "(batch,)"
            raise ShapeError(
                f"{name} must {f'have the shape {own}' if own else 'be a number'}, or "
                f"have the shape {batch} for a batch; got the shape {shape}"
            )
        if leads:
            lengths[name] = shape[0]
    if len(set(lengths.values())) > 1:
        listed = ", ".join([f"{name} has {length}" for name, length in lengths.items()])
        raise ShapeError(
            f"all inputs with a batch axis must have the same number of samples; {listed}"
        )
    raise ShapeError("the batch is empty; it must hold at least one sample")
