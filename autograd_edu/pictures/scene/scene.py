"""A graph as boxes and wires: what a picture shows, before anything has a place.

A box knows its text and its size. A wire knows which box it leads to which operand of which other,
and what stands on it. Sizes follow from the text, in a monospaced face whose widths we set, so no
text is wider than its box. Here every value is a box; `detail` decides which values share one, and
`folded` makes such boxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, isclose, isfinite

from ...engine.value import Value, topological_order
from ...notation import operations
from ...notation.formula import short
from ...notation.names import names
from ...notation.text import abbreviate, printable, text_width
from .flow import ledger, share

CHARACTER, LINE, PADDING = 7.25, 18.0, 8.0  # of a 12-pixel monospaced face, in pixels
LEDGER = 17.0  # pixels below a box, for the sum that its gradient is
LONGEST = 28  # characters of a name or formula in a box; the whole stands in the tooltip
_FORMULA, _MANY = 24, 8  # columns and operands of a formula: a longer one is in the tooltip alone
LONGEST_FORMULA = 12  # columns of a formula in a gate: instead of a longer one stands a symbol


@dataclass(frozen=True)
class Row:
    """A line of a box that stands for several values: name, number, gradient, and the rest."""

    name: str
    data: str
    grad: str = ""
    after: str = ""
    tooltip: str = ""
    strength: float = 0.0
    negative: bool = False


@dataclass(frozen=True)
class Box:
    """A value, or several, as text.

    Attributes:
        title, data, grad: what stands in it; ``grad`` is "–" where no backward pass has been.
        tooltip: everything in full.
        strength: |gradient| as a share of the largest in the picture, for the tint.
        kind: "input", "constant", "result", or "part" for several values; styles add "operation".
        name, symbol: the value's name, and that of its operation.
        labelled: whether the user gave the name.
        aside: the scope that it belongs to, where there is room.
        siblings: the layer that a neuron belongs to; neurons of one layer stand in order.
        alarm: what is said about a value or gradient that is inf or nan.
        receives: a share of a gradient lands on it in this scene.
        ledger: the gradient as a sum over the uses of the value, "1 + 3 + 3 = 7".
        formula: the right-hand side of the title, where the order of the operands matters.
        entries: how many places it has for wires to enter, one for each operand in order. 0: wires
            may enter anywhere.
        gate: how much of its width, from the left, wires lead to; they leave at the right. 0: they
            may touch it anywhere.
        rows: the lines of a box that stands for several values; ``data`` is "" then, unless there
            is one result.
    """

    title: str
    data: str
    grad: str
    tooltip: str
    strength: float
    negative: bool
    kind: str
    width: float
    height: float = 2 * LINE + PADDING
    name: str = ""
    symbol: str = ""
    labelled: bool = False
    aside: str = ""
    siblings: str = ""
    alarm: str = ""
    ledger: str = ""
    receives: bool = False
    formula: str = ""
    entries: int = 0
    gate: float = 0.0
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Wire:
    """The wire from box ``tail`` to operand number ``slot`` of box ``head``.

    Attributes:
        text: the local gradient; "" towards a constant.
        row: the row of its head that it ends at; -1 for none.
        share: local × upstream gradient, which flows back along it; None where nothing does.
    """

    tail: int
    head: int
    slot: int
    text: str
    width: float
    height: float = LINE
    row: int = -1
    share: float | None = None


@dataclass(frozen=True)
class Look:
    """What a caller may choose for a whole picture.

    Attributes:
        direction: which way wires lead: "right", "down", or "auto": down where that is narrower and
            a picture to the right would not fit a notebook.
        digits: significant digits of a number.
        font_size: in pixels. All of the picture grows and shrinks with it.
    """

    direction: str = "auto"
    digits: int = 4
    font_size: float = 12.0


@dataclass(frozen=True)
class Scene:
    """All boxes, and all wires: one for each time an operand is used.

    In a scene of single values, parents stand before the results made from them.

    Attributes:
        note: what is not shown one by one.
        shown: the number of the value that each box shows, where plain numbers have no box. Empty
            if box ``i`` shows value ``i``, or if boxes stand for several values.
        flow: every share that a ribbon may show, for their scale, if not only those of the wires.
    """

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    note: str = ""
    look: Look = Look()
    shown: tuple[int, ...] = ()
    flow: tuple[float, ...] = ()

    @property
    def shares(self) -> tuple[float, ...]:
        """What flows back, for the scale of ribbons and for the key."""
        return self.flow or tuple(wire.share for wire in self.wires if wire.share is not None)

    def number(self, box: int) -> int:
        """The number of a box in the picture: that of its value, if it shows a single one.

        Boxes that a style adds, such as micrograd's circles, have the numbers after all others.
        """
        added = box - len(self.shown)
        return self.shown[box] if added < 0 else self._first_free + added

    @cached_property
    def _first_free(self) -> int:
        return max(self.shown, default=-1) + 1


class Graph:
    """Everything a value depends on, numbered in topological order.

    Each value has its name and the numbers of its parents.
    """

    def __init__(self, y: Value, look: Look | None = None) -> None:
        self.look = look or Look()
        self._formulas: dict[tuple[int, bool], str] = {}
        self.order = topological_order(y)
        self.names = names(self.order)
        place = {id(value): i for i, value in enumerate(self.order)}
        self.parents = [
            tuple([place[id(parent)] for parent in value.parents]) for value in self.order
        ]
        self.largest = max(
            (abs(value.grad) for value in self.order if value.grad - value.grad == 0.0), default=0.0
        )

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def consumers(self) -> list[list[int]]:
        """The values that use each value. One that uses it twice is listed twice."""
        found: list[list[int]] = [[] for _ in self.order]
        for i, parents in enumerate(self.parents):
            for parent in parents:
                found[parent].append(i)
        return found

    def short(self, x: float) -> str:
        """``x`` to as many digits as the picture shows."""
        return short(x, self.look.digits)

    def grad(self, i: int) -> str:
        """The gradient of value ``i`` as pictures show it."""
        return self.short(self.order[i].grad) if self.order[i].has_grad else "–"

    def strength(self, i: int) -> float:
        """|gradient| as a share of the largest in the picture."""
        return self.share_of_largest(self.order[i].grad)

    @cached_property
    def _begins(self) -> tuple[int, int]:
        """Where inf or nan begins: the first such value and the last such gradient, or -1."""
        values = (i for i, value in enumerate(self.order) if not isfinite(value.data))
        gradients = (i for i, v in enumerate(self.order) if v.has_grad and not isfinite(v.grad))
        return next(values, -1), max(gradients, default=-1)

    def alarm(self, i: int) -> str:
        """What a box says if its value or gradient is inf or nan."""
        value, (first, last) = self.order[i], self._begins
        if i in (first, last):
            what = self.short(value.data if i == first else value.grad)
            return f"⚠ {what} {'' if i == first else 'gradient '}begins here"
        return "⚠" if not isfinite(value.data + value.grad) else ""

    def share_of_largest(self, grad: float) -> float:
        """|``grad``| as a share of the largest gradient in the picture, at most 1."""
        return min(abs(grad) / self.largest, 1.0) if self.largest and grad - grad == 0.0 else 0.0

    def name(self, i: int) -> str:
        """What a box calls the value: its name, or a plain number to a few digits."""
        value = self.order[i]
        number = value.is_constant and not value.label
        return abbreviate(self.short(value.data) if number else self.names[i], LONGEST)

    def formula(self, i: int, *, in_full: bool = True) -> str:
        """The value as people write it, "f = x·y", or the name of a leaf.

        Plain numbers stand in full, or to a few digits.
        """
        value = self.order[i]
        if value.op is None:
            return self.names[i] if in_full else self.name(i)
        parents = [(parent, self.order[parent]) for parent in self.parents[i]]
        numbers = any(p.is_constant and not p.label for _, p in parents)
        key = i, in_full or not numbers
        if key not in self._formulas:
            operands: list[str | float] = []
            for parent, p in parents:
                plain = p.data if in_full else float(self.short(p.data))
                operands.append(plain if p.is_constant and not p.label else self.names[parent])
            made = operations.text(value.op, *operands)
            self._formulas[key] = f"{self.names[i]} = {made}"
        return self._formulas[key]

    def stands_in_a_formula(self, i: int) -> bool:
        """Whether value ``i`` is a plain number that the only box which uses it shows."""
        value, users = self.order[i], set(self.consumers[i])
        plain = value.is_constant and value.op is None and not value.label
        if not plain or len(users) != 1:
            return False
        shown = self._fitting_formula(user := users.pop()).partition(" = ")[2]
        others = [self.names[p] for p in self.parents[user] if p != i]
        return shown not in ("", *others, *[f"-{name}" for name in others])  # as x·1 is written x

    def _fitting_formula(self, i: int) -> str:
        """The formula of a result if it fits a box, else ""."""
        shown = self.formula(i, in_full=False) if len(self.parents[i]) <= _MANY else ""
        return printable(shown) if text_width(shown) <= _FORMULA else ""

    def title(self, i: int) -> str:
        """The formula where it fits a box, else the name and the operation's symbol."""
        value = self.order[i]
        if value.op is None:
            return self.name(i)
        if shown := self._fitting_formula(i):
            return shown
        made = f" = {value.op.symbol}"
        return printable(abbreviate(self.names[i], LONGEST - text_width(made)) + made, LONGEST)

    def tooltip(self, i: int) -> str:
        """Formula, value and gradient in full."""
        value = self.order[i]
        numbers = f"value {value.data!r}" + (f"; gradient {value.grad!r}" if value.has_grad else "")
        return printable(f"{self.formula(i)}; {numbers}", 10000)

    def entries(self, i: int) -> int:
        """How many places value ``i`` has for wires to enter; see `Box`.

        Operands enter in order where it matters, and apart from each other where one is used twice.
        """
        parents = self.parents[i]
        if not 2 <= len(parents) <= _MANY:
            return 0
        twice = len(set(parents)) < len(parents)
        return len(parents) if twice or self._ordered(i) else 0

    def _ordered(self, i: int) -> bool:
        """Whether the operands of value ``i`` have an order that matters."""
        op = self.order[i].op
        return op is not None and len(self.parents[i]) > 1 and not (op.adds or op.multiplies)

    def box(self, i: int) -> Box:
        """Value ``i`` as a box of its own."""
        value, title, entries = self.order[i], self.title(i), self.entries(i)
        data, grad, alarm = self.short(value.data), self.grad(i), self.alarm(i)
        head = text_width(title) + (text_width(alarm) + 2 if alarm else 0)
        wide = max(head, text_width(data) + text_width(grad) + 4, 10)
        return Box(
            title,
            data,
            grad,
            self.tooltip(i),
            self.strength(i),
            value.grad < 0.0,
            "constant" if value.is_constant else "result" if value.op else "input",
            pixels(wide),
            name=self.name(i),
            symbol=value.op.symbol if value.op else "",
            labelled=bool(value.label),
            alarm=alarm,
            formula=title.partition(" = ")[2] if self._ordered(i) else "",
            entries=entries,
        )

    def wire(self, i: int, slot: int, tail: int, head: int, row: int = -1) -> Wire:
        """The wire from box ``tail`` to ``head`` that carries operand ``slot`` of value ``i``."""
        value = self.order[i]
        text = "" if value.parents[slot].is_constant else self.short(value.local_grads[slot])
        return replace(wire(tail, head, slot, text, row), share=share(value, slot))


def scene(y: Value, *, formulas: bool = False) -> Scene:
    """The picture of everything ``y`` depends on: a box for each value, a wire for each operand.

    With ``formulas``, plain numbers stand in the formulas of their users, without a box.
    """
    graph = Graph(y)
    numbers = [formulas and graph.stands_in_a_formula(i) for i in range(len(graph))]
    return in_full(graph, [i for i, in_formula in enumerate(numbers) if not in_formula])


def in_full(graph: Graph, shown: Sequence[int]) -> Scene:
    """Every value of ``shown`` as a box of its own."""
    box = {i: k for k, i in enumerate(shown)}
    wires = tuple(
        graph.wire(i, slot, box[tail], box[i])
        for i in shown
        for slot, tail in enumerate(graph.parents[i])
        if tail in box
    )
    entering = Counter(wire.head for wire in wires)
    boxes = [graph.box(i) for i in shown]
    boxes = [b if entering[k] > 1 else replace(b, entries=0) for k, b in enumerate(boxes)]
    boxes = with_ledgers(graph, boxes, wires, shown)
    numbers = tuple(shown) if len(shown) < len(graph) else ()
    return Scene(tuple(boxes), wires, look=graph.look, shown=numbers)


def with_ledgers(
    graph: Graph, boxes: Sequence[Box], wires: Iterable[Wire], values: Sequence[int]
) -> list[Box]:
    """Boxes with the sum of what flows back to them, where several wires bring something.

    There is no sum if it is another number: the value also holds gradients of earlier passes.

    Args:
        values: the number of the value that each box shows, or -1.
    """
    given: dict[int, list[float]] = {}
    for wire in sorted(wires, key=lambda wire: (-wire.head, wire.slot)):  # as in the pass
        if wire.share is not None:
            given.setdefault(wire.tail, []).append(wire.share)
    return [_with_ledger(graph, box, values[k], given.get(k, ())) for k, box in enumerate(boxes)]


def _with_ledger(graph: Graph, box: Box, i: int, given: Sequence[float]) -> Box:
    if i < 0 or len(given) < 2:
        return box
    grad = graph.order[i].grad
    if not isclose(sum(given), grad, rel_tol=1e-9, abs_tol=1e-15):
        return box
    shown = ledger([graph.short(term) for term in given], graph.short(grad))
    return replace(box, ledger=shown, width=max(box.width, pixels(text_width(shown) - 2)))


def wire(tail: int, head: int, slot: int, text: str, row: int = -1) -> Wire:
    """A wire with room for its text."""
    return Wire(tail, head, slot, text, text_width(text) * CHARACTER + 6.0, row=row)


def pixels(wide: int) -> float:
    """The width of a box for so many columns of text. It is even, so that halves are whole."""
    return 2.0 * ceil(wide * CHARACTER / 2 + PADDING)
