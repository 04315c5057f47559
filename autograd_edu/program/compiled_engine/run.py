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
from .code import Encoded, encode
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
        self.parameters = slice(program.input_count, program.input_count + program.parameter_count)
        row = self.code.row
        self.root = int(row[program.root])
        sides = [(_ORDERS[g.sign], row[g.left], row[g.right], g.outcome) for g in program.guards]
        self.guards = np.array(sides, dtype=np.int32).reshape(-1, 4)
        self.tables: dict[int, _Table] = {}

    def run(
        self, columns: Numbers, parameters: Numbers, *, backward: bool
    ) -> tuple[Numbers, Numbers, Numbers] | None:
        """Results by sample, gradients by input and sample, and the parameters' summed gradients.

        None if anything is not finite or a guard does not hold. ``columns`` are the inputs, one
        column per sample.
        """
        samples = columns.shape[1]
        width = 1 if samples == 1 else WIDTH
        if width not in self.tables:  # allocated once for each width
            self.tables[width] = _Table(self.code, width)
        table = self.tables[width]
        table.begin(self.parameters, parameters)
        values, by_input = np.empty(samples), np.empty(columns.shape) if backward else _NONE
        if not table.replay(
            columns, guards=self.guards, root=self.root, results=(values, by_input)
        ):
            return None
        if not backward:
            return values, by_input, _NONE[0]
        by_parameter = table.adjoints[self.parameters, 0].copy()
        whole = np.add.reduce(by_input, None) + np.add.reduce(by_parameter)
        return (values, by_input, by_parameter) if np.isfinite(whole) else None


class _Table:
    """Rows of ``width`` numbers for values and adjoints, and the machine that works on them.

    The machine does what depends on no input once, and the rest block by block. On the backward
    pass it clears every adjoint that it has passed on, so after a whole pass only those of the
    leaves are left.
    """

    def __init__(self, code: Encoded, width: int) -> None:
        from .machine import machine  # Numba is optional, and takes long to import

        self.code, self.machine = code, machine(width)
        self.values = _aligned(code.rows, width)
        self.values[code.numbers] = code.number_values[:, None]
        self.adjoints = self.values[code.count : 2 * code.count]
        forward, backward = code.forward, code.backward
        self.streams = forward[True], forward[False], backward[False], backward[True]
        self.whole = True

    def begin(self, own: slice, parameters: Numbers) -> None:
        self.adjoints[: self.code.leaves if self.whole else None] = 0.0
        self.values[own] = parameters[:, None]

    def replay(
        self, columns: Numbers, *, guards: NDArray[np.int32], root: int,
        results: tuple[Numbers, Numbers],
    ) -> bool:  # fmt: skip
        """Whether every number is finite and every guard holds; then ``results`` are filled."""
        columns = np.ascontiguousarray(columns, dtype=float)
        for leaves in (columns, self.values[len(columns) : self.code.leaves]):
            if not np.isfinite(np.add.reduce(leaves, None)):
                return False
        self.whole = False
        self.whole = self.machine(
            self.streams, self.values, self.adjoints, columns, guards, root, self.code.fixed,
            *results,
        )  # fmt: skip
        return self.whole


def _aligned(rows: int, width: int) -> Numbers:
    """Zeros in rows that do not straddle lines of the cache."""
    plain = np.zeros(rows * width + 8)
    start = -plain.ctypes.data // 8 % 8
    return plain[start : start + rows * width].reshape(rows, width)
