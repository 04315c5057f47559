"""A program run by the compiled interpreter (extra ``jit``), several samples at a time.

It serves passes in which every number is finite and every guard holds. Otherwise it returns None,
and the NumPy engine runs instead: so edges and messages are described in one place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, partial
from importlib.util import find_spec
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from ..ir import Computation
from .code import encode

Numbers = NDArray[np.float64]
Machine = Callable[[Numbers, int, bool], bool]
_OFTEN = 30  # runs of a program after which it pays to compile the rounds of its loops
WIDTH = 8  # samples taken at a time: a row of the table is one line of the processor's cache


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether Numba is installed, and not switched off by ``NUMBA_DISABLE_JIT``."""
    return find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


class Interpreter:
    """The instructions of a program, and the tables that they work on, one for each width.

    A table has rows of as many numbers as there are samples taken at a time, for values and
    adjoints. The machine does what depends on no input once, and the rest block by block. On the
    backward pass it clears every adjoint that it has passed on, so after a whole pass only those of
    the leaves are left.

    Raises:
        ImportError: if Numba is not installed.
    """

    def __init__(self, program: Computation) -> None:
        if not is_installed():
            raise ImportError(
                "the compiled interpreter needs Numba: pip install 'autograd-edu[jit]'"
            )
        self.code = encode(program)
        self.is_finite = all(map(isfinite, program.constants.values()))
        self.machines: dict[int, Machine] = {}
        self.runs = {1: 0, WIDTH: 0}
        self.owners: dict[int, object] = {}  # of the machine code of rounds

    def run(
        self, columns: Numbers, parameters: Numbers, *, backward: bool
    ) -> tuple[Numbers, Numbers, Numbers] | None:
        """Results in a row, gradients by input and sample, and the summed gradients of parameters.

        The gradients mean nothing without ``backward``. The answer is None if anything is not
        finite or a guard does not hold. ``columns`` are the inputs, one column per sample.
        """
        if not self.is_finite:
            return None
        inputs, samples = columns.shape
        size, own = inputs * samples, len(parameters)
        width = 1 if samples == 1 else WIDTH
        runs = self.runs[width] = self.runs[width] + 1
        if runs == 1 or runs == _OFTEN:
            self.machines[width] = self._machine(width)
        start = size + own
        numbers = np.empty(2 * start + samples)
        numbers[:size] = columns.ravel()
        if own:
            numbers[size:start] = parameters
        if not self.machines[width](numbers, samples, backward):
            return None
        middle = start + samples
        stop = middle + size
        by_input = numbers[middle:stop].reshape(inputs, samples)
        return numbers[None, start:middle], by_input, numbers[stop:]

    def _machine(self, width: int) -> Machine:
        """The machine with a table for this program, whose rows do not straddle cache lines."""
        from .machine import machine  # Numba is optional, and takes long to import
        from .rounds import with_rounds

        words = self.code.words.copy()
        if self.runs[width] == _OFTEN:
            words, self.owners[width] = with_rounds(words, width)
        plain = np.zeros(self.code.rows * width + 8)
        start = -plain.ctypes.data // 8 % 8
        table = plain[start : start + self.code.rows * width].reshape(-1, width)
        table[self.code.numbers] = self.code.number_values[:, None]
        return partial(machine(width), words, table)
