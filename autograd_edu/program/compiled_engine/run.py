"""A program run by the compiled interpreter (the optional extra ``jit``), several samples at a time.

It is for passes in which every number is finite and every guard holds. Where that is not so it gives no answer, and the
NumPy engine, which decides what to say or to keep, has the word: so edges and messages are described in one place.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..ir import SIGNS, Computation
from .code import Encoded, encode

Array = Any
WIDTH = 8  # samples taken at a time: a row of the table is one line of the processor's cache
_SIGNS = list(SIGNS)
_NONE = np.empty((0, 0))


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether the extra is there, and not switched off by ``NUMBA_DISABLE_JIT``."""
    return find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


class Interpreter:
    """Instructions of a program, and the tables that they work on, allocated once for a width.

    Raises:
        ImportError: if Numba is not installed.
    """

    def __init__(self, program: Computation) -> None:
        if not is_installed():
            raise ImportError(
                "the compiled interpreter needs Numba: pip install 'autograd-edu[jit]'"
            )
        self.code: Encoded = encode(program)
        self.parameters = slice(program.input_count, program.input_count + program.parameter_count)
        row = self.code.row
        self.root = int(row[program.root])
        sides = [
            (_SIGNS.index(g.sign), row[g.left], row[g.right], g.outcome) for g in program.guards
        ]
        self.guards = np.array(sides, dtype=np.int32).reshape(-1, 4)
        self.tables: dict[int, _Table] = {}

    def run(
        self, columns: Array, parameters: Array, *, backward: bool
    ) -> tuple[Array, Array, Array] | None:
        """Results by sample, gradients by input and sample, and those by parameter, summed over the samples.

        None if anything is not finite or a guard does not hold. ``columns`` are the inputs, a column a sample.
        """
        width = 1 if columns.shape[1] == 1 else WIDTH
        if width not in self.tables:
            self.tables[width] = _Table(self.code, width)
        table = self.tables[width]
        table.begin(self.parameters, parameters)
        values, by_input = (
            np.empty(columns.shape[1]),
            np.empty(columns.shape) if backward else _NONE,
        )
        if not table.replay(columns, self.guards, self.root, values, by_input):
            return None
        if not backward:
            return values, by_input, None
        by_parameter = table.adjoints[self.parameters, 0].copy()
        finite = np.isfinite(np.add.reduce(by_input, None)) and np.isfinite(
            np.add.reduce(by_parameter)
        )
        return (values, by_input, by_parameter) if finite else None


class _Table:
    """Rows of ``width`` numbers for values and adjoints, and the machine that works on them.

    The machine goes through what depends on no input once, the rest block by block. Going back it clears every adjoint
    that it has passed on, so that after a whole pass those of leaves alone are to be cleared.
    """

    def __init__(self, code: Encoded, width: int) -> None:
        from .machine import machine

        self.code, self.machine = code, machine(width)
        self.values = _aligned(code.rows, width)
        self.values[code.numbers] = code.number_values[:, None]
        self.adjoints = self.values[code.count : 2 * code.count]
        self.streams = (
            code.forward[True],
            code.forward[False],
            code.backward[False],
            code.backward[True],
        )
        self.whole = True

    def begin(self, own: slice, parameters: Array) -> None:
        self.adjoints[: self.code.leaves if self.whole else None] = 0.0
        self.values[own] = parameters[:, None]

    def replay(
        self, columns: Array, guards: Array, root: int, values: Array, by_input: Array
    ) -> bool:
        """Whether all leaves and results are finite and all guards hold; then ``values`` and ``by_input`` are filled."""
        columns = np.ascontiguousarray(columns, dtype=float)
        for leaves in (columns, self.values[len(columns) : self.code.leaves]):
            if not np.isfinite(np.add.reduce(leaves, None)):
                return False
        self.whole = False
        done = self.machine(
            *self.streams,
            self.values,
            self.adjoints,
            columns,
            guards,
            root,
            self.code.fixed,
            values,
            by_input,
        )
        self.whole = bool(done)
        return self.whole


def _aligned(rows: int, width: int) -> Array:
    """Zeros whose rows do not straddle lines of the cache."""
    plain = np.zeros(rows * width + 8)
    start = -plain.ctypes.data // 8 % 8
    return plain[start : start + rows * width].reshape(rows, width)
