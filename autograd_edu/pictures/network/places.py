"""Where the units and boxes of a network picture stand: columns from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal, TypeAlias

from ...notation.formula import short
from ...notation.letters import SUBSCRIPTS
from ...notation.text import printable, text_width
from ..render.layout import FITS
from ..scene.scene import CHARACTER, LINE, PADDING
from .architecture import Block, Stage, Units, dense, is_one_neuron
from .insets import height_of, width_of

MARGIN = 12.0
ROOM = 70.0  # pixels for a written weight
FROM, TO = 0.14, 0.62  # the part of a line on which its weight is written
LEVEL = 24.0  # pixels from one wire around columns to the next
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
Weights = Literal["drawn", "written", "gradients"]
WEIGHTS: tuple[Weights, ...] = ("drawn", "written", "gradients")


@dataclass(frozen=True)
class Reading:
    """How a network is read.

    Attributes:
        weights: drawn or written.
        scale: the number with the widest line.
        most: units of a column that are shown.
        lines: how many lines of text a unit holds: its name, its value, its gradient.
    """

    weights: Weights
    scale: float
    most: int
    lines: int = 1

    @property
    def radius(self) -> float:
        """The radius of a unit."""
        return (16.0, 16.0, 21.0, 26.0)[self.lines]

    @property
    def step(self) -> float:
        """How far apart the units of a column are."""
        return 2 * self.radius + (14.0 if self.weights == "written" else 10.0)


@dataclass(frozen=True)
class Unit:
    """A circle: where it is, what stands in it and beside it, and everything in full.

    Attributes:
        value, grad: what the unit gives, and the gradient with respect to it; "" without them.
        bias: drawn as a short line from below; None if there is none, or if it is written.
    """

    x: float
    y: float
    name: str
    beside: str = ""
    about: str = ""
    kind: Literal["input", "unit", "one", "dropped"] = "unit"
    value: str = ""
    grad: str = ""
    bias: float | None = None


@dataclass(frozen=True)
class Column:
    """The units of a layer that are shown, by number from 0, and the text below them.

    Attributes:
        one: the unit that is always 1, if the layer has it.
        gap: where "⋮" stands for the units left out.
    """

    units: dict[int, Unit]
    one: Unit | None
    x: float
    gap: float | None
    below: tuple[str, ...]
    radius: float

    @cached_property
    def top(self) -> float:
        """The upper end of the column."""
        return min(unit.y for unit in self.units.values()) - self.radius

    @property
    def bottom(self) -> float:
        return max(unit.y for unit in self.units.values()) + self.radius


@dataclass(frozen=True)
class Panel:
    """A block as a box, by its middle."""

    block: Block
    x: float
    y: float

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the box below its title."""
        count = self.block.parameters
        return tuple(filter(None, (self.block.shapes, f"{count:,} parameters" if count else "")))

    @cached_property
    def width(self) -> float:
        texts = max(map(text_width, (self.block.title, *self.lines))) * CHARACTER
        return max(texts, sum(width_of(each) + PADDING for each in self.block.insets)) + 2 * PADDING

    @cached_property
    def height(self) -> float:
        insets = max(map(height_of, self.block.insets), default=0.0)
        return (1 + len(self.lines)) * LINE + PADDING + insets

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


Place: TypeAlias = Column | Panel


@dataclass(frozen=True)
class Names:
    """What the inputs and the outputs are called."""

    inputs: Sequence[str]
    outputs: Sequence[str]


def places(stages: Sequence[Stage], reading: Reading, names: Names) -> list[Place]:
    """A column or a box for each stage, from left to right, centred on one line."""
    parts = [_Part(k, stage, stages, reading, names) for k, stage in enumerate(stages)]
    middle = MARGIN + LEVEL * _levels(stages) + max(part.height for part in parts) / 2
    return [part.at(x, middle) for part, x in zip(parts, _across(parts), strict=True)]


def level(k: int, stages: Sequence[Stage]) -> int:
    """How high the wire around to stage ``k`` is: above those between its ends."""
    inside = range(stages[k].around + 1, k)
    return 1 + max((level(i, stages) for i in inside if stages[i].around >= 0), default=0)


def _levels(stages: Sequence[Stage]) -> int:
    """The levels that wires above the columns need; a loop has a line of text above it."""
    around = [level(k, stages) for k, stage in enumerate(stages) if stage.around >= 0]
    loops = any(isinstance(stage, Units) and stage.loop for stage in stages)
    return max([*around, 2 * loops])


def _across(parts: Sequence[_Part]) -> list[float]:
    """The middle of each column. If the picture is too wide, columns come closer."""
    first, written = parts[0].left, parts[0].reading.weights == "written"
    least = [max(a.half + b.half + 16.0, b.closest) for a, b in pairwise(parts)]
    wide = [max(gap, part.apart) for gap, part in zip(least, parts[1:], strict=True)]
    fits = FITS * (11 / 12 if parts[0].reading.lines > 1 else 1.0)  # for the smallest text
    spare = fits - 60.0 - first - parts[-1].half - sum(least)
    share = min(max(spare / max(sum(wide) - sum(least), 1.0), 0.0), 1.0)
    share = 1.0 if written else share
    gaps = (a + share * (b - a) for a, b in zip(least, wide, strict=True))
    return list(accumulate(gaps, initial=first))


@dataclass(frozen=True)
class _Part:
    """A stage that gets its place, among the others."""

    k: int
    stage: Stage
    stages: Sequence[Stage]
    reading: Reading
    names: Names

    def at(self, x: float, middle: float) -> Place:
        """The stage with its middle there."""
        if isinstance(self.stage, Block):
            return Panel(self.stage, x, middle)
        return _Units(self, self.stage).column(x, middle)

    @cached_property
    def has_ones(self) -> bool:
        """Whether it gets a unit that is always 1, whose weights are the next biases."""
        after = self.after
        written = self.reading.weights == "written" and isinstance(self.stage, Units)
        return written and isinstance(after, Units) and bool(after.biases)

    @property
    def after(self) -> Stage | None:
        return self.stages[self.k + 1] if self.k + 1 < len(self.stages) else None

    @property
    def before(self) -> Stage | None:
        return self.stages[self.k - 1] if self.k else None

    @property
    def height(self) -> float:
        if isinstance(self.stage, Block):
            return Panel(self.stage, 0.0, 0.0).height
        shown = min(self.stage.count, self.reading.most + 1) + self.has_ones
        return shown * self.reading.step

    @cached_property
    def half(self) -> float:
        """Half of what it takes from left to right, with the text below it."""
        if isinstance(self.stage, Block):
            return Panel(self.stage, 0.0, 0.0).width / 2 + 16.0
        below = [*_Units(self, self.stage).below, self.stage.loop]
        return max(self.reading.radius, max(map(text_width, below)) * CHARACTER / 2)

    @property
    def left(self) -> float:
        """The middle of the first column: names stand beside the inputs, and beside ones."""
        names = [text_width(name) for name in self.names.inputs if text_width(name) > 3]
        beside = max([*names, 2 * self.has_ones])
        half = self.half - 16.0 * isinstance(self.stage, Block)
        return MARGIN + max(half, (self.reading.radius + beside * CHARACTER + 6) * (beside > 0))

    @property
    def closest(self) -> float:
        """How near the column before it may be, so that lines between them can be told apart."""
        is_dense = isinstance(self.stage, Units) and self.stage.join == "dense"
        return 2 * self.reading.radius + (44.0 if is_dense else 10.0)

    @property
    def apart(self) -> float:
        """How far the column before it is, where there is room. Written weights need some."""
        if isinstance(self.stage, Block) or self.stage.join != "dense":
            return 90.0
        if self.reading.weights != "written":
            return 150.0
        shown = 2 if is_one_neuron(self.stages) else min(self.stage.count, self.reading.most)
        return max(150.0, ROOM * shown / (TO - FROM))


@dataclass(frozen=True)
class _Units:
    """A stage of units that becomes a column."""

    part: _Part
    stage: Units

    def column(self, x: float, middle: float) -> Column:
        size, reading, one = self.stage.count, self.part.reading, self.part.has_ones
        most, cut = reading.most, size > reading.most
        shown = [*range(most - 1), size - 1] if cut else [*range(size)]
        top = middle - (min(size, most + 1) + one - 1) * reading.step / 2
        rows = [i + one + (cut and i == most - 1) for i in range(len(shown))]
        units = {
            i: self.unit(i, x, top + row * reading.step) for i, row in zip(shown, rows, strict=True)
        }
        name = f"{'h' if self.part.k else 'x'}₀"
        ones = Unit(x, top, "1", name, "always 1: its weights are the biases", "one")
        gap = top + (most - 1 + one) * reading.step if cut else None
        return Column(units, ones if one else None, x, gap, self.below, reading.radius)

    def unit(self, i: int, x: float, y: float) -> Unit:
        stage, drops = self.stage, i in self.stage.dropped
        name, beside = self.named(i)
        shown = bool(stage.biases) and self.part.reading.weights != "written" and not drops
        return Unit(
            x, y, name, beside, self.about(i, f"{name}{beside}"),
            "dropped" if drops else "unit" if self.part.k else "input",
            short(stage.values[i], 2) if stage.values and not drops else "",
            short(stage.grads[i], 2) if stage.grads and not drops else "",
            stage.biases[i] if shown else None,
        )  # fmt: skip

    def named(self, i: int) -> tuple[str, str]:
        """What stands in unit ``i`` and beside it."""
        if not self.part.k:
            name = self.part.names.inputs[i]
            return (name, "") if text_width(name) <= 3 else ("", name)
        if self.part.after is None:
            return self.stage.symbol, self.part.names.outputs[i]
        own = f"h{str(i + 1).translate(SUBSCRIPTS)}" if self.stage.join == "dense" else ""
        return self.stage.symbol or (own if text_width(own) <= 3 else ""), ""

    def about(self, i: int, name: str) -> str:
        """Everything about unit ``i``."""
        stage = self.stage
        if not self.part.k:
            said = f"input {i + 1}: {name}"
        elif stage.join == "dense":
            bias = f"bias {stage.biases[i]!r}" if stage.biases else "no bias"
            said = f"unit {i + 1} of layer {self.number}: {stage.does}; {bias}"
        else:
            said = f"unit {i + 1}: {stage.does or 'given by the block before'}"
        said += "; dropped" if i in stage.dropped else ""
        said += f"; value {stage.values[i]!r}" if stage.values else ""
        return said + (f"; gradient {stage.grads[i]!r}" if stage.grads else "")

    @property
    def number(self) -> int:
        """Which layer with weights it is, from 1."""
        return len(list(dense(self.part.stages[: self.part.k + 1])))

    @cached_property
    def below(self) -> tuple[str, ...]:
        """What stands below the column: what it is, its size, and what its units do."""
        stage, part = self.stage, self.part
        units, does = f"{stage.count} unit{'s' * (stage.count > 1)}", printable(stage.does, 28)
        if _sums(stage) and isinstance(part.after, Units) and part.after.join == "each":
            return ("sum",)
        ends = "" if part.k and part.after else "output" if part.k else "input"
        hidden = self.hidden if stage.join == "dense" or _sums(part.before) else ""
        lines = [title, units, does] if (title := stage.title or ends or hidden) else [does, units]
        dropped = f"{len(stage.dropped)} dropped" if stage.dropped else ""
        return tuple(filter(None, [*lines, dropped]))

    @property
    def hidden(self) -> str:
        """What a hidden layer is called; briefly, if there are many."""
        layers = len(list(dense(self.part.stages)))
        own = f"h⁽{str(self.number).translate(_POWERS)}⁾"
        return "hidden" if layers == 2 else f"hidden {self.number}: {own}" if layers < 7 else own


def _sums(stage: Stage | None) -> bool:
    """Whether units only sum, and others after them apply the activation."""
    return isinstance(stage, Units) and stage.does == "sum"
