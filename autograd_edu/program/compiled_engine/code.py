"""A program as instructions for the interpreter: rows of one table, and runs of like instructions over them.

The table has a row for every slot, numbered in the order of execution, as many again for their adjoints, then rows for
intermediate results and numbers. An instruction is four rows: the one it writes (or, of slopes, the one whose adjoint it
takes further), and up to three that it reads. Slots are ordered by level and operation: like instructions follow one
another as a run, so that the interpreter decides what to do once a run, and the processor guesses right what comes next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from ..ir import Computation, Slot
from ..lifting.analysis import facts, levels
from ..lifting.rows import ROWS
from .steps import AHEAD, Template, is_built_in, masks, opcodes, templates

Array = Any
Stream = tuple[
    Array, Array
]  # runs (opcode, start, stop), and the instructions that they are of, with some to look ahead at
_BATCH = 2  # the kind of a slot that depends on inputs; 1 is one of parameters alone, 0 of numbers


@dataclass
class Encoded:
    """A program's instructions. ``row`` is each slot's row; adjoints stand ``count`` rows further down."""

    row: Array
    count: int
    rows: int
    leaves: int
    fixed: Array  # rows of slots that depend on parameters and on no input
    numbers: Array  # rows that hold a number, and ...
    number_values: Array  # ... those numbers
    forward: dict[bool, Stream]  # by whether they depend on no input
    backward: dict[bool, Stream]


def encode(program: Computation) -> Encoded:
    """The instructions that compute ``program`` and its gradients."""
    return _Encoder(program.slots, program.root).encoded()


class _Form:
    """Operations of one name and number of operands: the slots, the rows of their operands, and how they are done."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count = name, count
        self.members: Array = []
        self.operands: Array = None
        self.code = opcodes().get(("value", name, count)) if is_built_in(ROWS[name]) else None
        self.templates: tuple[Template, Template] | None = None
        if self.code is None:
            self.templates = templates(name, count)


class _Encoder:
    def __init__(self, slots: Sequence[Slot], root: int) -> None:
        self.slots, self.count = slots, len(slots)
        uses = [slot.operands for slot in slots]
        known = facts(slots, root)
        self.kind = np.where(known.fixed, np.where(known.varies, 1, 0), _BATCH)
        self.level, self.live = np.array(levels(slots)), np.array(known.live)
        self.forms = self._formed(uses)
        self.form = np.zeros(
            self.count, dtype=np.int64
        )  # its number, in order of names; of leaves 0
        for i, form in enumerate(self.forms, 1):
            self.form[form.members] = i
        self.row = np.empty(self.count, dtype=np.int64)
        by_kind = np.where(self.form == 0, 0, self.kind)
        self.row[np.lexsort((self.form, by_kind, self.level))] = np.arange(self.count)
        for form in self.forms:
            form.operands = self.row[form.operands]

    def _formed(self, uses: list[tuple[int, ...]]) -> list[_Form]:
        members: dict[tuple[str, int], list[int]] = {}
        for i, slot in enumerate(self.slots):
            if slot.operands:
                members.setdefault((slot.op, len(slot.operands)), []).append(i)
        forms = []
        for (name, count), indices in sorted(members.items()):
            form = _Form(name, count)
            form.members = np.array(indices)
            form.operands = np.fromiter(
                chain.from_iterable([uses[i] for i in indices]), np.int64, count * len(indices)
            ).reshape(-1, count)
            forms.append(form)
        return forms

    def encoded(self) -> Encoded:
        apart = [template for form in self.forms for template in form.templates or ()]
        numbers = {
            x: i
            for i, x in enumerate(dict.fromkeys(x for template in apart for x in template.numbers))
        }
        self.between = 2 * self.count
        self.pool = self.between + max([template.busy for template in apart], default=0)
        self.numbers = {x: self.pool + i for x, i in numbers.items()}
        constants = [i for i, slot in enumerate(self.slots) if slot.op == "constant"]
        return Encoded(
            self.row, self.count, self.pool + len(numbers), int((self.form == 0).sum()), self.row[self.kind == 1],
            np.array([*self.row[constants], *self.numbers.values()], dtype=np.int64),
            np.array([*(self.slots[i].number for i in constants), *self.numbers]),
            {fixed: self._forward(fixed) for fixed in (True, False)}, {fixed: self._backward(fixed) for fixed in (True, False)},
        )  # fmt: skip

    def _forward(self, fixed: bool) -> Stream:
        parts = []
        for form in self.forms:
            chosen = (self.kind[form.members] < _BATCH) == fixed
            codes = np.full(len(chosen), form.code if form.code is not None else -1)
            parts.append((form, np.flatnonzero(chosen), codes))
        return self._stream(parts, backward=False)

    def _backward(self, fixed: bool) -> Stream:
        variable = np.empty(self.count, dtype=bool)
        variable[self.row] = self.kind > 0
        parts = []
        for form in self.forms:
            wanted = variable[form.operands]
            chosen = (
                self.live[form.members]
                & ((self.kind[form.members] < _BATCH) == fixed)
                & wanted.any(axis=1)
            )
            codes = np.full(len(chosen), -1)
            if form.code is not None:
                bits = wanted @ (1 << np.arange(form.count))
                bits = np.where(np.isin(bits, masks(form.count)), bits, (1 << form.count) - 1)
                for mask in masks(form.count):
                    codes[bits == mask] = opcodes()["slopes", form.name, form.count, mask]
            parts.append((form, np.flatnonzero(chosen), codes))
        return self._stream(parts, backward=True)

    def _stream(self, parts: list[tuple[_Form, Array, Array]], *, backward: bool) -> Stream:
        """The instructions of the chosen members of each form, in order of their levels, or against it."""
        slots = np.concatenate(
            [form.members[chosen] for form, chosen, _ in parts] or [np.zeros(0, np.int64)]
        )
        keys = np.concatenate(
            [codes[chosen] for _, chosen, codes in parts] or [np.zeros(0, np.int64)]
        )
        lengths = np.concatenate(
            [np.full(len(chosen), self._length(form, backward)) for form, chosen, _ in parts]
            or [np.zeros(0, np.int64)]
        )
        level = self.level[slots]
        order = np.lexsort((self.row[slots], keys, self.form[slots], -level if backward else level))
        starts = np.empty(len(slots), dtype=np.int64)
        starts[order] = np.cumsum(lengths[order]) - lengths[order]
        each, code = (
            np.zeros(lengths.sum(), np.int32),
            np.zeros((lengths.sum() + AHEAD, 4), np.int32),
        )
        done = 0
        for form, chosen, codes in parts:
            here = starts[done : done + len(chosen)]
            done += len(chosen)
            if form.templates is None:
                each[here] = codes[chosen]
                code[here, 0] = self.row[form.members[chosen]]
                code[here, 1 : 1 + form.count] = form.operands[chosen]
            elif len(chosen):
                places = here[:, None] + np.arange(self._length(form, backward))
                each[places] = form.templates[backward].steps[:, 0]
                code[places] = self._local(form, chosen, form.templates[backward])[
                    :, form.templates[backward].steps[:, 1:]
                ]
        return _runs(each), code

    def _length(self, form: _Form, backward: bool) -> int:
        return 1 if form.templates is None else len(form.templates[backward].steps)

    def _local(self, form: _Form, chosen: Array, template: Template) -> Array:
        """Of each chosen member, the rows that the local rows of its template are."""
        operands, result = form.operands[chosen], self.row[form.members[chosen]][:, None]
        shared = [
            *range(self.between, self.between + template.busy),
            *(self.numbers[x] for x in template.numbers),
        ]
        common = np.broadcast_to(np.array(shared, dtype=np.int64), (len(chosen), len(shared)))
        return np.concatenate(
            [operands, operands + self.count, result, result + self.count, common], axis=1
        )


def _runs(each: Array) -> Array:
    starts = np.flatnonzero(np.diff(each, prepend=-1))
    return np.stack(
        [each[starts], starts, np.append(starts[1:], len(each))[: len(starts)]], axis=1
    ).astype(np.int32)
