"""Which engine runs a program: an estimate from the program's operations, without measuring.

NumPy pays for every call, and little for a product in a matrix; the interpreter pays for every
instruction. The choice depends only on the program and the size of the batch, so the same call
gives the same bits on every run.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import one_of
from ..ir import Computation
from ..lifting.analysis import facts
from ..lifting.schedule import Signature, signature
from .run import WIDTH

ENGINES = ("auto", "numpy", "jit")
# nanoseconds for both passes, measured with tests/benchmarks/irregular.py --engines
_GROUP, _PRODUCT, _OPERAND = 5000.0, 0.35, 4.0  # NumPy: per array operation, and per sample
_CALL, _BLOCK, _SINGLE = 10_000.0, 2.4, 3.0  # interpreter: an instruction for a block, for a sample
_MARGIN = 0.75  # the interpreter must be faster by this much, as some programs are misjudged


@dataclass(frozen=True)
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
        known = facts(program.slots, program.root)
        groups: dict[tuple[int, Signature], list[int]] = {}
        for i, slot in enumerate(program.slots):
            if slot.operands and not known.fixed[i]:
                form = known.height[i], signature(slot, known, i)
                counts = groups.setdefault(form, [0, 0])
                counts[0] += 1
                counts[1] += len(slot.operands)
        products = operands = summed = members = 0
        for (_, (kind, *_)), (count, read) in groups.items():
            members += count
            if kind == "matrix":
                products += read // 2
            else:
                operands += read
                summed += read if kind in ("stack", "dot") else 0
        return Costs(len(groups), products, operands, 3 * products + 2 * summed + 2 * members)

    def numpy(self, samples: int) -> float:
        """How many nanoseconds NumPy takes."""
        return _GROUP * self.groups + samples * (
            _PRODUCT * self.products + _OPERAND * self.operands
        )

    def jit(self, samples: int) -> float:
        """How many nanoseconds the interpreter takes."""
        each = _SINGLE if samples == 1 else -(-samples // WIDTH) * _BLOCK
        return _CALL + each * self.instructions


def is_interpreted(engine: str, costs: Costs | None, samples: int) -> bool:
    """Whether the interpreter runs a batch: always for "jit", for "auto" where it is faster.

    Raises:
        OptionError: if there is no such engine.
    """
    if engine not in ENGINES:
        one_of(engine, ENGINES, "engine")
    if engine != "auto":
        return engine == "jit"
    return costs is not None and costs.jit(samples) < _MARGIN * costs.numpy(samples)
