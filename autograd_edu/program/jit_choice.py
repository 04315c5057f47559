"""Which engine runs a program: an estimate from what the program was lifted to, made without a measurement.

NumPy pays for every call, and little for a product in a matrix; the interpreter pays for every instruction. The choice
depends on the program and the size of the batch alone, so that the same call gives the same bits on every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .jit_run import WIDTH, is_installed

if TYPE_CHECKING:
    from .group import Lifted

ENGINES = ("auto", "numpy", "jit")
# nanoseconds, forward and backward, as measured with tests/benchmarks/irregular.py --engines
_A_GROUP, _A_PRODUCT, _AN_OPERAND = 5000.0, 0.35, 4.0  # of NumPy: a call of one array operation, and its parts, each sample
_A_CALL, _AN_INSTRUCTION, _A_SINGLE = 10_000.0, 2.4, 3.0  # of the interpreter: an instruction for a block, and for one sample
_MARGIN = 0.75  # the interpreter has to be faster by this much: a program's parameters may be met where it is slower than estimated


@dataclass(frozen=True)
class Costs:
    """What counts in a program: array operations, products in matrices, other operands, and the interpreter's instructions."""

    groups: int
    products: int
    operands: int
    instructions: int

    @staticmethod
    def of(lifted: Lifted) -> Costs:
        groups = [group for group in lifted.groups if not group.fixed]
        products = sum(len(group.members) * len(group.reads[1].rows) for group in groups if group.kind == "matrix")
        operands = sum(read.rows.size for group in groups if group.kind != "matrix" for read in group.reads)
        summed = sum(read.rows.size for group in groups if group.kind in ("stack", "dot") for read in group.reads)
        return Costs(len(groups), products, operands, 3 * products + 2 * summed + 2 * sum(len(group.members) for group in groups))

    def numpy(self, samples: int) -> float:
        """Nanoseconds that NumPy takes."""
        return _A_GROUP * self.groups + samples * (_A_PRODUCT * self.products + _AN_OPERAND * self.operands)

    def jit(self, samples: int) -> float:
        """Nanoseconds that the interpreter takes."""
        each = _A_SINGLE if samples == 1 else -(-samples // WIDTH) * _AN_INSTRUCTION
        return _A_CALL + each * self.instructions


def is_interpreted(engine: str, costs: Costs, samples: int) -> bool:
    """Whether the interpreter is asked first: always for "jit", never for "numpy"; for "auto" where it is there and faster."""
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}; choose one of {', '.join(map(repr, ENGINES))}")
    return engine == "jit" or (engine == "auto" and is_installed() and costs.jit(samples) < _MARGIN * costs.numpy(samples))
