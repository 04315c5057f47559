"""A program run by the compiled interpreter (extra ``jit``), several samples at a time.

It serves passes in which every number is finite and every guard holds. Otherwise it returns None,
and the NumPy engine runs instead: so edges and messages are described in one place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, partial
from importlib.util import find_spec
from itertools import accumulate
from math import isfinite, prod

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from ..ir import AnyGradients, Computation, Floats, Gradients, Replayed, Shapes, Wrt
from .code import encode

Machine = Callable[[Floats, int, bool], bool]
# `Gradients(...)` takes twice as long
_gradients: Callable[..., AnyGradients] = partial(tuple.__new__, Gradients)
_FLOAT = np.dtype(np.float64)
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
        self.words, self.column = encode(program)
        self.is_finite = all(map(isfinite, program.constants.values()))
        self.shapes, self.parameter_count = program.shapes, program.parameter_count
        self.machines: dict[int, Machine] = {}
        self.runs = {1: 0, WIDTH: 0}
        self.owners: dict[int, object] = {}  # of the machine code of rounds
        self.samples: dict[Shapes, Sample] = {}

    def run(
        self, columns: Floats, parameters: Floats, *, backward: bool
    ) -> tuple[Floats, Floats, Floats] | None:
        """Results in a row, gradients by input and sample, and the summed gradients of parameters.

        The gradients mean nothing without ``backward``. The answer is None if anything is not
        finite or a guard does not hold. ``columns`` are the inputs, one column per sample.
        """
        if not self.is_finite:
            return None
        inputs, samples = columns.shape
        width = 1 if samples == 1 else WIDTH
        runs = self.runs[width] = self.runs[width] + 1
        if width not in self.machines or runs == _OFTEN:  # an interrupted first run left none
            self.machines[width] = self._machine(width)
            self.samples.clear()
        size, start = columns.size, columns.size + len(parameters)
        numbers = np.empty(2 * start + samples)
        numbers[:size], numbers[size:start] = columns.ravel(), parameters
        if not self.machines[width](numbers, samples, backward):
            return None
        values, rest = numbers[None, start : start + samples], numbers[start + samples :]
        return values, rest[:size].reshape(inputs, samples), rest[size:]

    def sample(self, shapes: Shapes) -> Sample:
        """A prepared call of one sample with inputs of these shapes. `run` must have run one."""
        if shapes not in self.samples:
            value = () if shapes == self.shapes else (1,)
            every = (*shapes, (self.parameter_count,))
            self.samples[shapes] = Sample(self.machines[1], every, value, self.runs)
        return self.samples[shapes]

    def _machine(self, width: int) -> Machine:
        """The machine with a table for this program, whose rows do not straddle cache lines."""
        from .machine import machine  # Numba is optional, and takes long to import
        from .rounds import with_rounds

        words, column = self.words.copy(), self.column[:, None]
        if self.runs[width] == _OFTEN:
            words, self.owners[width] = with_rounds(words, width)
        plain = np.zeros(column.size * width + 8)
        start = -plain.ctypes.data // 8 % 8
        table = plain[start : start + column.size * width].reshape(-1, width)
        table[:] = column
        (compiled,) = machine(width).overloads.values()  # called without a look at the arguments
        return partial(compiled._asdict()["entry_point"], words, table)


class Sample:
    """A prepared call of one sample: places for its inputs, and for what is computed from them.

    Later calls use it again, as preparing a call takes longer than the pass of a small program.

    Args:
        shapes: those of the inputs, then that of the parameters.
        value: the shape of the result: () for a number, (1,) for a batch of one.
        runs: the interpreter's count of runs, to which these calls add.
    """

    def __init__(
        self, machine: Machine, shapes: Shapes, value: tuple[int, ...], runs: dict[int, int]
    ) -> None:
        every, self.runs = (*shapes, value, *shapes), runs
        ends = [*accumulate(map(prod, every))]
        self.numbers = np.zeros(ends[-1])
        flat = zip(np.split(self.numbers, ends[:-1]), every, strict=True)
        parts = [part.reshape(shape) for part, shape in flat]
        *places, self.parameters = parts[: len(shapes)]
        self.places = [(i, place, place.shape) for i, place in enumerate(places)]
        self.value, *self.by_input, self.by_parameter = [
            part.copy if part.shape else part.item for part in parts[len(shapes) :]
        ]
        self.machine = partial(machine, self.numbers, 1)

    def run(
        self, inputs: tuple[ArrayLike, ...], program: Computation, wrt: Wrt | None
    ) -> tuple[Replayed, AnyGradients] | None:
        """The result and the gradients; None where `Interpreter.run` gives no answer either.

        It is also None for inputs other than floats and arrays of floats in the expected shapes,
        and for the run in which the interpreter looks for loops.
        """
        if len(inputs) != len(self.places) or self.runs[1] == _OFTEN - 1:
            return None
        for i, place, shape in self.places:
            x = inputs[i]
            if type(x) is ndarray:
                if x.dtype is not _FLOAT or x.shape != shape:
                    return None
            elif not isinstance(x, float) or shape:
                return None
            place[...] = x
        if self.parameters.size:
            self.parameters[...] = program.parameter_values
        self.runs[1] += 1
        if not self.machine(wrt is not None):
            return None
        by_input = [get() for get in self.by_input] if wrt in ("all", "inputs") else None
        by_parameter = self.by_parameter() if wrt in ("all", "parameters") else None
        return self.value(), _gradients((by_input, by_parameter))
