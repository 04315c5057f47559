"""A program run by the compiled interpreter (extra ``jit``), several samples at a time.

It serves passes in which every number is finite and every guard holds. Otherwise it returns None,
and the NumPy engine runs instead: so edges and messages are described in one place.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from ..ir import Computation
from .code import encode
from .steps import LESS, MORE, SAME, ZEROS

Numbers = NDArray[np.float64]
WIDTH = 8  # samples taken at a time: a row of the table is one line of the processor's cache
_ORDERS = {  # for each sign of a guard, when it holds
    "<": LESS, "<=": LESS | ZEROS | SAME, ">": MORE, ">=": MORE | ZEROS | SAME, "==": ZEROS | SAME,
    "is": SAME,
}  # fmt: skip
_NONE = np.empty((1, 0))


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether Numba is installed, and not switched off by ``NUMBA_DISABLE_JIT``."""
    return find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


class Interpreter:
    """The instructions of a program, and the tables that they work on.

    Raises:
        ImportError: if Numba is not installed.
    """

    def __init__(self, program: Computation) -> None:
        if not is_installed():
            raise ImportError(
                "the compiled interpreter needs Numba: pip install 'autograd-edu[jit]'"
            )
        self.code = encode(program)
        row = self.code.row
        self.root = int(row[program.root])
        sides = [(_ORDERS[g.sign], row[g.left], row[g.right], g.outcome) for g in program.guards]
        self.guards = np.array(sides, dtype=np.int32).reshape(-1, 4)
        self.tables: dict[int, _Table] = {}

    def run(
        self, columns: Numbers, parameters: Numbers, *, backward: bool
    ) -> tuple[Numbers, Numbers, Numbers] | None:
        """Results in a row, gradients by input and sample, and the summed gradients of parameters.

        None if anything is not finite or a guard does not hold. ``columns`` are the inputs, one
        column per sample, as a contiguous array of floats.
        """
        samples = columns.shape[1]
        if not columns.flags.writeable:
            columns = columns.copy()  # the machine is compiled for arrays that it could write to
        width = 1 if samples == 1 else WIDTH
        table = self.tables.get(width)
        if table is None:  # allocated once for each width
            table = self.tables[width] = _Table(self, width)
        values = np.empty((1, samples))
        by_input, by_parameter = _NONE, _NONE[0]
        if backward:
            by_input, by_parameter = np.empty(columns.shape), np.empty(len(parameters))
        holds = table.machine(*table.parts, columns, parameters, values, by_input, by_parameter)
        return (values, by_input, by_parameter) if holds else None


class _Table:
    """Rows of ``width`` numbers for values and adjoints, and the machine that works on them.

    The machine does what depends on no input once, and the rest block by block. On the backward
    pass it clears every adjoint that it has passed on, so after a whole pass only those of the
    leaves are left.
    """

    def __init__(self, interpreter: Interpreter, width: int) -> None:
        from .machine import machine  # Numba is optional, and takes long to import

        code = interpreter.code
        self.machine = machine(width)
        values = _aligned(code.rows, width)
        values[code.numbers] = code.number_values[:, None]
        layout = np.array([*code.starts, code.count, code.leaves, interpreter.root, False])
        self.parts = code.words, layout, values, code.fixed, interpreter.guards


def _aligned(rows: int, width: int) -> Numbers:
    """Zeros in rows that do not straddle lines of the cache."""
    plain = np.zeros(rows * width + 8)
    start = -plain.ctypes.data // 8 % 8
    return plain[start : start + rows * width].reshape(rows, width)
