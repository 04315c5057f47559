"""A NumPy function being written: its lines and names, and which array holds which rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from ..ir import Computation, Slot
from ..lifting.fuse import fused
from ..lifting.group import Read
from ..lifting.lift import lift
from ..lifting.spacing import Mask
from ..lifting.symbols import Symbol
from .expression import Expression
from .formula import PLUS, Text, terms_of
from .names import Names
from .text import RESERVED, number_text, spelled, tidy

_TERMS = 8  # of a sum on one line


@dataclass
class Held:
    """A named array that holds rows of a table, from ``start`` on.

    Attributes:
        takes: does it take a gradient?
        real: where it is False, the array has a hole.
    """

    array: Expression
    start: int
    takes: bool = True
    real: Mask | None = None


class Script:
    """The function so far.

    Attributes:
        differentiated: whether a backward pass will follow.
        held: the arrays that hold the rows of the tables, in the order in which they were made.
        holder: for each row of a table, the number of its array.
        shorts: the names of expressions that may be needed again, by their text.
        choosing: whether something is computed that may not be chosen, so need not be finite.
    """

    def __init__(self, program: Computation, *, differentiated: bool) -> None:
        self.program, self.fused, self.differentiated = program, fused(program), differentiated
        self.lifted, self.names = lift(self.fused), Names(RESERVED)
        self.holder = {kind: np.full(count, -1) for kind, count in self.lifted.counts.items()}
        self.held, self.lines = list[Held](), list[str]()
        self.shorts: dict[str, str] = {}
        self.choosing = False

    # ---- lines ----

    def assign(self, name: str, text: str, comment: str = "") -> str:
        """Write a line that gives an expression this name."""
        self.lines.append(f"{name} = {tidy(text)}{comment}")
        return name

    def named(self, text: str, label: str) -> str:
        """A name like ``label`` for an expression."""
        return self.assign(self.names.name(label, "grad"), text)

    def short(self, text: str, stem: str = "t") -> str:
        """A name for an expression, so that it can be repeated."""
        if text.isidentifier():
            return text
        if text not in self.shorts:
            self.shorts[text] = self.assign(self.names.made_up(stem), text)
        return self.shorts[text]

    def spell(self, symbol: Symbol, parts: Sequence[Text]) -> Text:
        """A symbol on the texts of its operands."""
        branches = symbol.operands[1:] if symbol.name == "select" else ()
        self.choosing |= any(x.operands for x in branches)
        if symbol.name in ("total", "dot"):
            terms = [part.within(PLUS) for part in parts]
            return Text(self.add(terms_of(parts) if symbol.name == "dot" else terms), PLUS)
        return spelled(symbol, parts)

    def add(self, terms: list[str]) -> str:
        """The sum of terms; a long one gets several lines."""
        while len(terms) > _TERMS:
            terms = [self.short(" + ".join(terms[:_TERMS])), *terms[_TERMS:]]
        return " + ".join(terms)

    def where(self, there: str, text: str) -> str:
        """An expression where a mask holds; elsewhere 0, even if the expression is not finite."""
        self.choosing |= bool(there)
        return f"np.where({there}, {text}, 0.0)" if there else text

    def mask(self, real: Mask) -> str:
        """The name of an array that says where the blocks of a product have no holes."""
        block = real[0]
        text = f"np.array({block.astype(float).tolist()})"
        if np.array_equal(block, np.tri(*block.shape)):
            text = f"np.tri({len(block)})"
        text = f"{text}[:, :, None] > 0.0"
        if text not in self.shorts:
            self.shorts[text] = self.named(text, "mask")
        return self.shorts[text]

    # ---- arrays ----

    def hold(self, held: Held) -> None:
        """Note which rows an array holds."""
        rows = slice(held.start, held.start + prod(held.array.shape))
        self.holder[held.array.samples == "1"][rows] = len(self.held)
        self.held.append(held)

    def varies(self, read: Read) -> bool:
        """Does anything in it depend on an input or a parameter?"""
        return any([self.held[i].takes for i in np.unique(self.holder[read.fixed][read.rows])])

    def wants(self, read: Read) -> bool:
        """Will anything in it take a gradient?"""
        return self.differentiated and self.varies(read)

    def read(
        self, read: Read, *, neutral: float | None = None, samples: str | None = None
    ) -> Expression:
        """An expression that broadcasts to the shape of a read.

        Args:
            neutral: what stands in holes.
            samples: "" for a matrix, without an axis for the samples.
        """
        holders, places = self.holder[read.fixed][read.rows], np.zeros_like(read.rows)
        arrays, size = list[Expression](), 0
        for i in np.unique(holders):
            held, inside = self.held[i], holders == i
            places[inside] = read.rows[inside] - held.start + size
            size += prod(held.array.shape)
            arrays.append(held.array)
        array = arrays[0]
        if len(arrays) > 1:
            joined = ", ".join([each.flat.text for each in arrays])
            array = Expression(f"np.concatenate([{joined}])", (size,), array.samples)
        elif read.real is not None and held.real is not None and neutral is not None:
            mask = self.mask(held.real)
            filled = self.short(f"np.where({mask}, {array.text}, {number_text(neutral)})")
            array = Expression(filled, array.shape, array.samples)
        return array.read(places, samples)

    def whole(
        self, read: Read, *, neutral: float | None = None, samples: str | None = None
    ) -> Expression:
        """An expression of the shape of a read; see `read`."""
        found = self.read(read, neutral=neutral, samples=samples)
        return found.broadcast(read.rows.shape, found.samples)

    def number(self, read: Read) -> float | None:
        """The number that a read has in all places, if it is one constant."""
        slots = [self.fixed_slots.get(row) for row in read.rows.ravel().tolist()]
        text, *others = {repr(x.number) if x and x.op == "constant" else "" for x in slots}
        return float(text) if text and read.fixed and not others else None  # 0.0 and -0.0 differ

    @cached_property
    def fixed_slots(self) -> dict[int, Slot]:
        """For each row of the fixed table, its slot."""
        rows = zip(self.lifted.row.tolist(), self.fused.slots, self.lifted.fixed, strict=True)
        return {row: slot for row, slot, fixed in rows if fixed}
