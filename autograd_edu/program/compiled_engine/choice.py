"""Which engine runs a program: an estimate from the program's operations, without measuring.

NumPy pays for every call, and little for a product in a matrix; the compiled interpreter and
Python pay for every operation of every sample. The choice depends only on the program, the size of
the batch and whether Numba is installed, so the same call gives the same bits on every run.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

from ...errors import ArityError, one_of
from ..ir import Computation
from ..lifting.analysis import facts
from ..lifting.rows import ROWS, is_sum_of_products
from .run import WIDTH, is_installed

ENGINES = ("auto", "numpy", "jit", "python")
# nanoseconds for both passes, measured with tests/benchmarks/irregular.py --engines
_GROUP, _PRODUCT, _OPERAND = 5000.0, 0.35, 4.0  # NumPy: per array operation, and per sample
_CALL, _BLOCK, _SINGLE = 5000.0, 2.4, 3.0  # interpreter: an instruction for a block, for a sample
_SAMPLE, _STEP = 1000.0, 100.0  # Python: a sample, and an instruction of the interpreter for it
# An engine must be faster than NumPy by this much, as some programs are misjudged; and Python's
# functions take long to make.
_MARGINS = {"numpy": 1.0, "python": 2.0, "jit": 1.3}
_WORTH = 10.0  # how many times faster the compiled engine must be for the hint to install Numba
_WAITED = 1e9  # nanoseconds that must have been lost before


@dataclass(frozen=True, eq=False)
class Costs:
    """What counts in a program.

    Attributes:
        groups: array operations.
        products: products in matrices.
        operands: all other operands.
        instructions: those of the interpreter.
    """

    groups: int
    products: int
    operands: int
    instructions: int

    @staticmethod
    def of(program: Computation) -> Costs:
        """The costs of ``program``, whose operations are grouped nearly as lifting will do it."""
        columns, known, fixed = program.columns, facts(program), facts(program).fixed
        rows = zip(known.height, columns.ops, columns.operands.tuples, fixed, strict=True)
        forms = Counter([
            (height, name, len(own), fixed[own[0]])
            for height, name, own, is_fixed in rows if own and not is_fixed
        ])  # fmt: skip
        dots = {name for name in {*columns.ops} if is_sum_of_products(name)}
        groups, matrices, operands, summed = set(), 0, 0, 0
        for (height, name, count, weighted), members in forms.items():
            is_matrix = weighted and name in dots
            groups.add((height, name, count // 2 if is_matrix else 0))
            if is_matrix:
                matrices += members * count
            else:
                operands += members * count
                summed += members * count if ROWS[name].variadic else 0
        products = matrices // 2
        instructions = 3 * products + 2 * summed + 2 * forms.total()
        return Costs(len(groups), products, operands, instructions)

    def times(self, samples: int) -> dict[str, float]:
        """How many nanoseconds each engine takes."""
        blocks = _SINGLE if samples == 1 else -(-samples // WIDTH) * _BLOCK
        each = _PRODUCT * self.products + _OPERAND * self.operands
        return {
            "numpy": _GROUP * self.groups + samples * each,
            "python": samples * (_SAMPLE + _STEP * self.instructions),
            "jit": _CALL + blocks * self.instructions,
        }

    @lru_cache(maxsize=1024)  # noqa: B019 - it keeps no more than so many
    def fastest(self, samples: int, *, compiles: bool) -> tuple[str, float]:
        """The fastest engine, and how many nanoseconds it takes.

        Args:
            compiles: may it be the compiled one?
        """
        times = self.times(samples)
        engines = [name for name in times if compiles or name != "jit"]
        engine = min(engines, key=lambda name: times[name] * _MARGINS[name])
        return engine, times[engine]


@lru_cache(maxsize=1024)
def chosen(engine: str, costs: Costs | None, samples: int) -> str:
    """The engine that runs a batch: the given one, or for "auto" the fastest.

    Args:
        costs: None for a program that only NumPy can run.

    Raises:
        OptionError: if there is no such engine.
        ArityError: if the given engine cannot run the program.
    """
    if engine not in ENGINES:
        one_of(engine, ENGINES, "engine")
    if costs is None and engine not in ("auto", "numpy"):
        raise ArityError(
            f"the engine {engine!r} runs programs with one result, and this one has several; "
            "use 'auto' or 'numpy'"
        )
    if engine != "auto":
        return engine
    return "numpy" if costs is None else costs.fastest(samples, compiles=is_installed())[0]


class Waiting:
    """How many nanoseconds the calls of this process have lost because Numba is missing."""

    lost = 0.0


def wait(costs: Costs, samples: int) -> None:
    """Count a call without Numba. Say what would help, if it is time to."""
    (_, taken), compiled = costs.fastest(samples, compiles=False), costs.times(samples)["jit"]
    Waiting.lost += max(0.0, taken - compiled)
    if Waiting.lost > _WAITED and taken > _WORTH * compiled:
        say_once()


@lru_cache(maxsize=1)
def say_once() -> None:
    """Log the command, unless Numba is there (perhaps switched off) or cannot be installed."""
    if find_spec("numba") is None and sys.platform != "emscripten":
        logging.getLogger("autograd_edu").warning(
            "this program would run more than ten times faster with Numba: "
            "pip install 'autograd-edu[jit]'"
        )
