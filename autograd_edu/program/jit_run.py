"""A program run by the compiled interpreter (the optional extra ``jit``), several samples at a time.

It is for passes in which every number is finite and every guard holds. Where that is not so it gives no answer, and the
NumPy engine, which decides what to say or to keep, has the word: so edges and messages are described in one place.
"""

from __future__ import annotations

import operator
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from .jit_code import Encoded, encode

if TYPE_CHECKING:
    from .record import Guard, Program

Array = Any
WIDTH = 8  # samples taken at a time: a row of the table is one line of the processor's cache
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def is_installed() -> bool:
    """Whether the extra is there, and not switched off by ``NUMBA_DISABLE_JIT``."""
    return find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


class Interpreter:
    """Instructions of a program, and the tables that they work on, allocated once for a width.

    Raises:
        ImportError: if Numba is not installed.
    """

    def __init__(self, program: Program) -> None:
        if not is_installed():
            raise ImportError("the compiled interpreter needs Numba: pip install 'autograd-edu[jit]'")
        self.code: Encoded = encode(program)
        self.inputs = slice(0, program.input_count)
        self.parameters = slice(program.input_count, program.input_count + program.parameter_count)
        self.root = int(self.code.row[program.root])
        self.guards = _by_sign(program.guards, self.code.row)
        self.tables: dict[int, _Table] = {}

    def run(self, columns: Array, parameters: Array, *, backward: bool) -> tuple[Array, Array, Array] | None:
        """Results by sample, gradients by input and sample, and those by parameter, summed over the samples.

        None if anything is not finite or a guard does not hold. ``columns`` are the inputs, a column a sample.
        """
        count = columns.shape[1]
        width = 1 if count == 1 else WIDTH
        table = self.tables.get(width)
        if table is None:
            table = self.tables[width] = _Table(self, width)
        if not table.begin(parameters):
            return None
        values, by_input = np.empty(count), np.empty_like(columns)
        for start in range(0, count, width):
            stop = min(start + width, count)
            if not table.forward(columns[:, start:stop]):
                return None
            values[start:stop] = table.values[self.root, : stop - start]
            if backward:
                table.backward(by_input[:, start:stop])
        if not backward:
            return values, by_input, None
        by_parameter = table.end()
        finite = np.isfinite(np.add.reduce(by_input, None)) and np.isfinite(np.add.reduce(by_parameter, None))
        return (values, by_input, by_parameter) if finite else None


def _by_sign(guards: tuple[Guard, ...], row: Array) -> list[tuple[Any, Array, Array, Array]]:
    """The guards of one sign together: the comparison, the rows of its sides, and its outcomes."""
    signs: dict[str, list[Guard]] = {}
    for guard in guards:
        signs.setdefault(guard.sign, []).append(guard)
    return [
        (_COMPARE[sign], row[[g.left for g in each]], row[[g.right for g in each]], np.array([[g.outcome] for g in each]))
        for sign, each in signs.items()
    ]


class _Table:
    """Rows of ``width`` numbers, and the passes over them: what depends on no input once, the rest block by block."""

    def __init__(self, interpreter: Interpreter, width: int) -> None:
        from .jit_machine import machine

        self.of, self.code, self.machine = interpreter, interpreter.code, machine(width)
        self.values = _aligned(self.code.rows, width)
        self.values[self.code.numbers] = self.code.number_values[:, None]
        self.adjoints = self.values[self.code.count : 2 * self.code.count]
        self.dirty = False
        addresses = self.values.ctypes.data, self.adjoints.ctypes.data
        streams = (self.code.forward, self.code.backward)
        self.calls = [
            {fixed: (runs.ctypes.data, len(runs), code.ctypes.data, *addresses) for fixed, (runs, code) in by.items()} for by in streams
        ]

    def begin(self, parameters: Array) -> bool:
        """Whether the leaves and what depends on no input are finite."""
        self.adjoints[: None if self.dirty else self.code.leaves] = 0.0
        self.values[self.of.parameters] = parameters[:, None]
        return bool(np.isfinite(self.values[: self.code.leaves]).all()) and self.machine(*self.calls[0][True]) == 0

    def forward(self, columns: Array) -> bool:
        """Whether the block's numbers are finite and its guards hold. Columns that are missing repeat the last one."""
        values, used = self.values, columns.shape[1]
        values[self.of.inputs, :used] = columns
        values[self.of.inputs, used:] = columns[:, -1:]
        return self.machine(*self.calls[0][False]) == 0 and all(
            bool((compare(values[left], values[right]) == outcomes).all()) for compare, left, right, outcomes in self.of.guards
        )

    def backward(self, by_input: Array) -> None:
        """Put the gradients by input of the block's samples into ``by_input``. Every adjoint is zero again once it is passed on."""
        self.dirty, used = True, by_input.shape[1]
        self.adjoints[self.of.root, :used] += 1.0
        self.machine(*self.calls[1][False])
        by_input[:] = self.adjoints[self.of.inputs, :used]
        self.adjoints[self.of.inputs] = 0.0

    def end(self) -> Array:
        """The gradients by parameter: what depends on no input is gone through once, for the sum of the samples."""
        self.adjoints[self.code.fixed, 0] = self.adjoints[self.code.fixed].sum(axis=1)
        self.machine(*self.calls[1][True])
        self.dirty = False
        return self.adjoints[self.of.parameters, 0].copy()


def _aligned(rows: int, width: int) -> Array:
    """Zeros whose rows do not straddle lines of the cache."""
    plain = np.zeros(rows * width + 8)
    start = -plain.ctypes.data // 8 % 8
    return plain[start : start + rows * width].reshape(rows, width)
