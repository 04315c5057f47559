"""Which engine runs a program: an estimate from the program's operations, made without a measurement.

NumPy pays for every call, and little for a product in a matrix; the interpreter pays for every instruction. The choice
depends on the program and the size of the batch alone, so that the same call gives the same bits on every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import one_of
from ..ir import Computation
from ..lifting.analysis import facts
from ..lifting.schedule import signature
from .run import WIDTH

ENGINES = ("auto", "numpy", "jit")
# nanoseconds, forward and backward, as measured with tests/benchmarks/irregular.py --engines
_A_GROUP, _A_PRODUCT, _AN_OPERAND = (
    5000.0,
    0.35,
    4.0,
)  # of NumPy: a call of one array operation, and its parts, each sample
_A_CALL, _AN_INSTRUCTION, _A_SINGLE = (
    10_000.0,
    2.4,
    3.0,
)  # of the interpreter: an instruction for a block, and for one sample
_MARGIN = 0.75  # the interpreter has to be faster by this much: a program's parameters may be met where it is slower than estimated


@dataclass(frozen=True)
class Costs:
    """What counts in a program: array operations, products in matrices, other operands, and the interpreter's instructions."""

    groups: int
    products: int
    operands: int
    instructions: int

    @staticmethod
    def of(program: Computation) -> Costs:
        """From the heights and signatures of the operations: the groups that they will be lifted to, or nearly so."""
        known = facts(program.slots, program.root)
        groups: dict[Any, list[int]] = {}
        for i, slot in enumerate(program.slots):
            if slot.operands and not known.fixed[i]:
                counts = groups.setdefault((known.height[i], signature(slot, known, i)), [0, 0])
                counts[0] += 1
                counts[1] += len(slot.operands)
        products = operands = summed = members = 0
        for (_, form), (count, read) in groups.items():
            members += count
            if form[0] == "matrix":
                products += read // 2
                continue
            operands += read
            summed += read if form[0] in ("stack", "dot") else 0
        return Costs(len(groups), products, operands, 3 * products + 2 * summed + 2 * members)

    def numpy(self, samples: int) -> float:
        """Nanoseconds that NumPy takes."""
        return _A_GROUP * self.groups + samples * (
            _A_PRODUCT * self.products + _AN_OPERAND * self.operands
        )

    def jit(self, samples: int) -> float:
        """Nanoseconds that the interpreter takes."""
        each = _A_SINGLE if samples == 1 else -(-samples // WIDTH) * _AN_INSTRUCTION
        return _A_CALL + each * self.instructions


def is_interpreted(engine: str, costs: Costs | None, samples: int) -> bool:
    """Whether the interpreter is asked first: always for "jit", never for "numpy"; for "auto" where it is there and faster."""
    if engine not in ENGINES:
        one_of(engine, ENGINES, "engine")
    return engine == "jit" or (
        engine == "auto"
        and costs is not None
        and costs.jit(samples) < _MARGIN * costs.numpy(samples)
    )
