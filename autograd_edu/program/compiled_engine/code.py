"""A program as instructions for the interpreter, which work on the rows of one table.

The table has a row for every slot, numbered in the order of execution, as many again for their
adjoints, then rows for intermediate results and numbers. An instruction is an opcode, the row that
it writes (or, for slopes, the one whose adjoint it passes on), and the rows that it reads. Slots
are ordered by level and operation, so like instructions follow one another, and the processor
predicts well what comes next. A narrow program, such as an integrator, keeps its own order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..ir import Computation, Slot
from ..lifting.analysis import facts, levels
from .steps import HEAD, Opcode, Template, masks, opcodes, templates

Ints = NDArray[np.integer]
Stream = Ints  # instructions one after another
_NARROW = 4  # a program of fewer slots per level keeps the order in which it was recorded
_BATCH = 2  # the kind of a slot that depends on inputs; 1: on parameters alone; 0: on neither


class Encoded(NamedTuple):
    """A program's instructions.

    Attributes:
        words: where each stream starts (what depends on no input, the other operations, their
            backward pass, and that of the former), how many slots, inputs, and leaves there are,
            the row of the result, how many rows follow, and a mark of the machine; then the rows of
            slots that depend on parameters and on no input, and the streams.
        column: the table for one sample, with the program's numbers. The row of a slot's adjoint is
            as many rows after its own as there are slots. Inputs, then parameters, have the first
            rows.
    """

    words: Ints
    column: NDArray[np.float64]


def encode(program: Computation) -> Encoded:
    """The instructions that compute ``program`` and its gradients."""
    return _Encoder(program).encoded(program)


@dataclass
class _Form:
    """The slots of one operation with one number of operands, and how they are done."""

    name: str
    members: Ints
    operands: Ints  # rows, once they are numbered
    templates: tuple[Template, Template]  # forward and backward


def _forms(slots: Sequence[Slot]) -> list[_Form]:
    members: dict[tuple[str, int], list[int]] = {}
    for i, slot in enumerate(slots):
        if slot.operands:
            members.setdefault((slot.op, len(slot.operands)), []).append(i)
    forms = []
    for (name, count), own in sorted(members.items()):
        flat = chain.from_iterable([slots[i].operands for i in own])
        operands = np.fromiter(flat, np.int64, count * len(own)).reshape(-1, count)
        forms.append(_Form(name, np.array(own), operands, templates(name, count)))
    return forms


class _Encoder:
    """What is known while a program is being encoded."""

    def __init__(self, program: Computation) -> None:
        self.slots = slots = program.slots
        self.count = len(slots)
        known = facts(program)
        self.kind = np.where(known.fixed, np.where(known.varies, 1, 0), _BATCH)
        self.level, self.live = np.array(levels(program)), np.array(known.live)
        self.forms = _forms(slots)
        self.form = np.zeros(self.count, dtype=np.int64)  # its number; 0 for leaves
        for i, form in enumerate(self.forms, 1):
            self.form[form.members] = i
        if self.count < _NARROW * int(self.level.max(initial=0)):
            self.level = np.where(self.form == 0, 0, np.arange(1, self.count + 1))
        self.row = np.empty(self.count, dtype=np.int64)
        by_kind = np.where(self.form == 0, 0, self.kind)
        self.row[np.lexsort((self.form, by_kind, self.level))] = np.arange(self.count)
        for form in self.forms:
            form.operands = self.row[form.operands]
        self.varies = np.empty(self.count, dtype=bool)  # by row
        self.varies[self.row] = self.kind > 0
        apart = [template for form in self.forms for template in form.templates]
        self.between = 2 * self.count
        start = self.between + max([template.busy for template in apart], default=0)
        numbers = dict.fromkeys(x for template in apart for x in template.numbers)
        self.numbers = {x: start + i for i, x in enumerate(numbers)}
        self.rows = start + len(numbers)

    def encoded(self, program: Computation) -> Encoded:
        row, fixed, codes = self.row, self.row[self.kind == 1], opcodes()
        streams = [self._stream(fixed=fixed, backward=False) for fixed in (True, False)]
        streams += [self._stream(fixed=fixed, backward=True) for fixed in (False, True)]
        guards = [
            (codes[Opcode("guard", g.sign, 2, g.outcome)], 0, row[g.left], row[g.right])
            for g in program.guards
        ]
        streams[1] = np.concatenate([streams[1], np.ravel(guards)])
        streams = [np.append(stream, codes[Opcode("step", "stop")]) for stream in streams]
        starts = accumulate(map(len, streams[:-1]), initial=HEAD + len(fixed))
        sizes = [self.count, program.input_count, program.leaf_count, row[program.root], len(fixed)]
        words = np.concatenate([[*starts, *sizes, 0], fixed, *streams]).astype(np.int32)
        column, constants = np.zeros(self.rows), program.constants
        column[row[[*constants]]] = [*constants.values()]
        column[[*self.numbers.values()]] = [*self.numbers]
        return Encoded(words, column)

    def _stream(self, *, fixed: bool, backward: bool) -> Stream:
        """The instructions of some slots in the order of their levels, or against it.

        The slots are those that depend on no input if ``fixed``, else the others.
        """
        parts = [self._part(form, fixed=fixed, backward=backward) for form in self.forms]
        none = np.zeros(0, np.int64)
        slots = np.concatenate([none, *[own for own, _ in parts]])
        codes = np.concatenate([none, *[words[:, 0] for _, words in parts]])
        lengths = np.concatenate([none, *[np.full(*words.shape) for _, words in parts]])
        level = -self.level[slots] if backward else self.level[slots]
        order = np.lexsort((self.row[slots], codes, self.form[slots], level))
        starts = np.empty(len(slots), dtype=np.int64)
        starts[order] = np.cumsum(lengths[order]) - lengths[order]
        stream = np.empty(lengths.sum(), np.int32)
        at = 0
        for own, words in parts:
            places = starts[at : at + len(own), None] + np.arange(words.shape[1])
            stream[places] = words
            at += len(own)
        return stream

    def _part(self, form: _Form, *, fixed: bool, backward: bool) -> tuple[Ints, Ints]:
        """The slots of a form that a stream computes, and their instructions, one row each."""
        wanted = self.varies[form.operands]
        chosen = (self.kind[form.members] < _BATCH) == fixed
        if backward:
            chosen &= self.live[form.members] & wanted.any(axis=1)
        at = np.flatnonzero(chosen)
        slots, template, count = form.members[at], form.templates[backward], wanted.shape[1]
        words = np.tile(template.words, (len(at), 1))
        local = self._local(slots, form.operands[at], template)
        words[:, template.rows] = local[:, template.words[template.rows]]
        if template.is_instruction and backward:
            bits = wanted[at] @ (1 << np.arange(count))
            bits = np.where(np.isin(bits, masks(count)), bits, (1 << count) - 1)
            for mask in masks(count):
                words[bits == mask, 0] = opcodes()[Opcode("slopes", form.name, count, mask)]
        return slots, words

    def _local(self, slots: Ints, operands: Ints, template: Template) -> Ints:
        """For each slot, the rows that the local rows of its template are."""
        result = self.row[slots][:, None]
        busy = range(self.between, self.between + template.busy)
        shared = np.array([*busy, *(self.numbers[x] for x in template.numbers)], dtype=np.int64)
        common = np.broadcast_to(shared, (len(slots), len(shared)))
        return np.concatenate(
            [operands, operands + self.count, result, result + self.count, common], axis=1
        )
