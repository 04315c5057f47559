"""A program as instructions for the interpreter, which work on the rows of one table.

The table has a row for every slot, numbered in the order of execution, as many again for their
adjoints, then rows for intermediate results and numbers. An instruction is an opcode, the row that
it writes (or, for slopes, the one whose adjoint it passes on), and the rows that it reads. Slots
are ordered by level and operation, so like instructions follow one another, and the processor
predicts well what comes next. A narrow program, such as an integrator, keeps its own order.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..ir import Computation, Floats, Guard
from ..lifting.analysis import facts, levels
from .steps import HEAD, Opcode, Template, masks, opcodes, templates

Ints = NDArray[np.integer]
_NARROW = 4  # a program of fewer slots per level keeps the order in which it was recorded
_BATCH = 2  # the kind of a slot that depends on inputs; 1: on parameters alone; 0: on neither


def encode(program: Computation) -> tuple[Ints, Floats]:
    """The words and the table for one sample of ``program`` and its gradients.

    The words say where each stream starts (what depends on no input, the other operations, their
    backward pass, and that of the former), how many slots, inputs, and leaves there are, which row
    is the result, and how many rows follow; then comes a mark of the machine, then the rows of
    slots that depend on parameters and on no input, and the streams.

    The table holds the program's numbers. The row of a slot's adjoint is as many rows after its own
    as there are slots. Inputs, then parameters, have the first rows.
    """
    return _Encoder(program).encoded(program)


class _Form(NamedTuple):
    """The slots of one operation with one number of operands, and how they are done."""

    name: str
    members: Ints
    operands: Ints  # their rows
    templates: tuple[Template, Template]  # forward and backward


class _Encoder:
    """What is known while a program is being encoded."""

    def __init__(self, program: Computation) -> None:
        ops, operands, *_ = program.columns
        self.count = len(ops)
        known = facts(program)
        self.kind = np.where(known.fixed, np.where(known.varies, 1, 0), _BATCH)
        self.level, self.live = np.array(levels(program)), np.array(known.live)
        keys = [*zip(ops, operands.counts.tolist(), strict=True)]
        forms = sorted({key for key in keys if key[1]})
        number = {key: i for i, key in enumerate(forms, 1)}
        self.form = np.array([number.get(key, 0) for key in keys], np.int64)  # 0 for leaves
        if self.count < _NARROW * int(self.level.max(initial=0)):
            self.level = np.where(self.form == 0, 0, np.arange(1, self.count + 1))
        self.row = np.empty(self.count, dtype=np.int64)
        self.row[np.lexsort((self.form, self.level))] = np.arange(self.count)
        self.varies = np.empty(self.count, dtype=bool)  # by row
        self.varies[self.row] = self.kind > 0
        self.numbers: dict[float, int] = {}
        starts = np.cumsum(operands.counts) - operands.counts
        self.forms = []
        for (name, count), i in number.items():
            members = np.flatnonzero(self.form == i)
            rows = self.row[operands.flat[starts[members, None] + np.arange(count)]]
            self.forms.append(_Form(name, members, rows, templates(name, count, self.numbers)))
        busy = max([part.busy for form in self.forms for part in form.templates], default=0)
        self.rows = 2 * self.count + busy + len(self.numbers)

    def encoded(self, program: Computation) -> tuple[Ints, Floats]:
        row, fixed, codes = self.row, self.row[self.kind == 1], opcodes()
        streams = [self._stream(fixed=fixed, backward=False) for fixed in (True, False)]
        streams += [self._stream(fixed=fixed, backward=True) for fixed in (False, True)]
        guards = [self._guard(guard) for guard in program.guards]
        streams[1] = np.concatenate([streams[1], np.ravel(guards)])
        streams = [np.append(stream, codes[Opcode("step", "stop")]) for stream in streams]
        starts = accumulate(map(len, streams[:-1]), initial=HEAD + len(fixed))
        sizes = [self.count, program.input_count, program.leaf_count, row[program.root], len(fixed)]
        streams = [np.where(stream < 0, stream + self.rows, stream) for stream in streams]
        words = np.concatenate([[*starts, *sizes, 0], fixed, *streams]).astype(np.int32)
        column, constants = np.zeros(self.rows), program.constants
        column[row[[*constants]]] = [*constants.values()]
        column[self.rows - len(self.numbers) :] = [*self.numbers][::-1]
        return words, column

    def _guard(self, guard: Guard) -> tuple[int, ...]:
        """The instruction that says what holds: a > b is b < a, and if it does not, a <= b."""
        sign, left, right = guard.sign, guard.left, guard.right
        if not guard.outcome:
            sign = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "is": "is not"}[sign]
        if sign[0] == ">":
            sign, left, right = sign.replace(">", "<"), right, left
        return opcodes()[Opcode("guard", sign, 2)], 0, self.row[left], self.row[right]

    def _stream(self, *, fixed: bool, backward: bool) -> Ints:
        """The instructions of some slots in the order of their levels, or against it.

        The slots are those that depend on no input if ``fixed``, else the others.
        """
        parts = [self._part(form, fixed=fixed, backward=backward) for form in self.forms]
        none = np.zeros(0, np.int64)
        slots = np.concatenate([none, *[own for own, _ in parts]])
        codes = np.concatenate([none, *[words[:, 0] for _, words in parts]])
        lengths = np.concatenate([none, *[np.full(*words.shape) for _, words in parts]])
        level = -self.level[slots] if backward else self.level[slots]
        place = np.empty(len(slots), dtype=np.int64)
        place[np.lexsort((self.row[slots], codes, self.form[slots], level))] = np.arange(len(slots))
        flat = np.concatenate([none, *[words.ravel() for _, words in parts]])
        return flat[np.argsort(np.repeat(place, lengths), kind="stable")]

    def _part(self, form: _Form, *, fixed: bool, backward: bool) -> tuple[Ints, Ints]:
        """The slots of a form that a stream computes, and their instructions, one row each."""
        wanted = self.varies[form.operands]
        chosen = (self.kind[form.members] < _BATCH) == fixed
        if backward:
            chosen &= self.live[form.members] & wanted.any(axis=1)
        at = np.flatnonzero(chosen)
        slots, template, count = form.members[at], form.templates[backward], wanted.shape[1]
        words = np.tile(template.words, (len(at), 1))
        result, busy = self.row[slots][:, None], np.tile(np.arange(template.busy), (len(at), 1))
        own = [form.operands[at], result]
        local = np.hstack([*own, *[x + self.count for x in own], busy + 2 * self.count])
        words[:, template.local] = local[:, template.words[template.local]]
        if template.is_instruction and backward:
            bits = wanted[at] @ (1 << np.arange(count))
            bits = np.where(np.isin(bits, masks(count)), bits, (1 << count) - 1)
            for mask in masks(count):
                words[bits == mask, 0] = opcodes()[Opcode("slopes", form.name, count, mask)]
        return slots, words
