"""What a network picture shows of a model, as plain data: columns of units, and named blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

INPUT = "input"  # the title of the block for an input that is no list of numbers
Rows: TypeAlias = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Units:
    """A column of units.

    Attributes:
        join: how the column hangs together with the one before it: "dense" (a weight from each of
            its units to each of these), "each" (unit to unit), "given" (what a block gives), or
            "input".
        does: what the units compute, in words.
        weights: as w[out][in], of a dense column.
        kept: which weights DropConnect keeps, as kept[out][in]; empty if all.
        dropped: the units that dropout sets to 0.
        values, grads: what the units give for the picture's input, and the gradients of the loss
            with respect to it; empty if there is no input, or no loss.
        symbol: what stands in each unit in place of a name.
        around: the column whose values come along a wire around everything between; -1 for none.
        loop: what the wire from the units back to themselves carries; "" for none.
        title: what stands below, in place of "hidden" and so on.
    """

    count: int
    join: Literal["input", "dense", "each", "given"]
    does: str = ""
    weights: Rows = ()
    biases: tuple[float, ...] = ()
    kept: tuple[tuple[bool, ...], ...] = ()
    dropped: frozenset[int] = frozenset()
    values: tuple[float, ...] = ()
    grads: tuple[float, ...] = ()
    symbol: str = ""
    around: int = -1
    loop: str = ""
    title: str = ""

    def keeps(self, i: int, j: int) -> bool:
        """Whether the weight from unit ``i`` before to unit ``j`` is used."""
        return j not in self.dropped and (not self.kept or self.kept[j][i])


@dataclass(frozen=True)
class HeatMap:
    """The weights of attention: a row for each query, a column for each key.

    A row may be shorter, where a query does not see the later keys.
    """

    title: str
    rows: Rows


@dataclass(frozen=True)
class Unrolled:
    """A recurrent cell at every step: what enters and what leaves it, as text."""

    inputs: tuple[str, ...]
    states: tuple[str, ...]


Inset: TypeAlias = HeatMap | Unrolled


@dataclass(frozen=True)
class Block:
    """A part of the model that is drawn as a box with its name.

    Attributes:
        shapes: what it takes and gives, as "1×8×8 → 4×3×3"; "" if that is not known.
        insets: what is drawn in the box.
        around: as in `Units`.
    """

    title: str
    shapes: str = ""
    parameters: int = 0
    insets: tuple[Inset, ...] = ()
    around: int = -1


Stage: TypeAlias = Units | Block


def dense(stages: Sequence[Stage]) -> Iterator[Units]:
    """The columns that have weights."""
    return (s for s in stages if isinstance(s, Units) and s.join == "dense")


def largest(stages: Sequence[Stage]) -> float:
    """The largest weight or bias, of those that are finite, for the width of lines."""
    weights = (w for stage in dense(stages) for row in (*stage.weights, stage.biases) for w in row)
    return max((abs(w) for w in weights if w - w == 0.0), default=0.0)


def is_one_neuron(stages: Sequence[Stage]) -> bool:
    """Whether there is only one unit. Its weights are then written with their names."""
    found = list(dense(stages))
    blocks = any(isinstance(stage, Block) for stage in stages)
    return len(found) == 1 and found[0].count == 1 and not blocks
