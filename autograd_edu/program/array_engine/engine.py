"""The NumPy engine: it runs a lifted program in blocks that stay in cache.

It keeps the guards, and where something goes wrong, it names it (see `faults`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...engine.modes import no_gc
from ...errors import DomainError
from ..ir import Computation, Floats, Wrt
from ..lifting.group import NEUTRAL, SEED
from ..lifting.lift import lift
from ..lifting.reverse import asked_for
from .faults import Faults
from .run import Backward, Plan
from .selection import Careful
from .tables import all_finite, table_of_gradients, table_of_values

# Values (results, samples), and the gradients of inputs (numbers, samples) and of parameters; None
# where they were not asked for.
Answer: TypeAlias = tuple[Floats, Floats | None, Floats | None]
_FEWEST, _MOST = 250, 2000  # samples in a block
_CACHED, _NUMBERS = 150_000, 16_000_000  # numbers in its tables that stay in cache; and at most
_KEPT = 4  # the number of plans that are kept


class _NotFiniteError(ArithmeticError):
    """A number is not finite; `NumpyEngine.exact` finds out what that means."""


class NumpyEngine:
    """A lifted program, with one plan per size of block.

    Args:
        given: the program as recorded, for its names and parameter values.
        program: the same, fused, to be run.
    """

    def __init__(self, given: Computation, program: Computation, *, matmuls: bool = True) -> None:
        self.given, self.program = given, program
        with no_gc():
            self.lifted = lift(program, matmuls=matmuls)
        # It then multiplies what the program does not, and is right only if all is finite.
        self.widened = any(group.kind == "matmul" for group in self.lifted.groups)
        self.trusted = True
        self.selects = any(group.op.selects for group in self.lifted.groups)
        self.fixed = {
            True: table_of_values(self.lifted, True, 1),
            False: table_of_gradients(self.lifted, True, 1),
        }
        for i, number in program.constants.items():
            self.fixed[True][self.lifted.row[i]] = number
        start = len(NEUTRAL)
        self.own = self.fixed[True][start : start + program.parameter_count, 0]
        numbers = self.lifted.counts[False] + self.lifted.edge_counts[False]
        fitting = min(_MOST, max(_FEWEST, _CACHED // numbers))
        self.block = max(1, min(fitting, _NUMBERS // numbers))
        self.watched = self._watched()
        self.plans: dict[int, Plan] = {}
        self.passes: dict[int, dict[tuple[Wrt, bool], Backward]] = {}
        self.faults = Faults(given, program, self.lifted, self.watched)
        self.numbers = self.fixed[True][start:].reshape(-1)

    def _watched(self) -> dict[bool, NDArray[np.intp]]:
        """The rows of each table that must be finite: all but constants written as infinite."""
        lifted = self.lifted
        infinite = {i for i, number in self.program.constants.items() if not isfinite(number)}
        rows = {True: [int(lifted.row[i]) for i in infinite], False: []}
        for group in lifted.groups:
            if group.kind == "spread":
                own = enumerate(group.members, group.start)
                rows[False] += [row for row, i in own if i in infinite]
        return {
            kind: np.delete(np.arange(lifted.counts[kind]), [*range(len(NEUTRAL)), *odd])
            for kind, odd in rows.items()
        }

    def plan(self, width: int) -> Plan:
        """The plan for blocks of ``width`` samples. The latest few plans are kept."""
        plan = self.plans.pop(width, None)
        if plan is None:
            if len(self.plans) >= _KEPT:
                oldest = next(iter(self.plans))
                del self.plans[oldest]
                self.passes.pop(oldest, None)
            with no_gc():
                plan = Plan(self.lifted, width, self.fixed)
        self.plans[width] = plan
        return plan

    def _passes(self, plan: Plan, wrt: Wrt, *, careful: bool) -> Backward:
        """The backward pass of a plan; a careful one knows which gradients there are."""
        passes = self.passes.setdefault(plan.width, {})
        if (wrt, careful) not in passes:
            with no_gc():
                kind = Careful if careful else Backward
                passes[wrt, careful] = kind(plan, asked_for(self.lifted, wrt))
        return passes[wrt, careful]

    def run(self, columns: list[Floats], count: int, *, wrt: Wrt | None, raising: bool) -> Answer:
        """The values, and the gradients that ``wrt`` asks for. Blocks run one after another.

        Where a gradient is not finite although something selects, the careful pass decides: an
        operand that was not selected cannot make a gradient undefined.
        """
        if not self.widened:
            return self._decided(columns, count, wrt=wrt, raising=raising)
        if self.trusted and (found := self._finite(columns, count, wrt)) is not None:
            return found
        answer = self.exact._decided(columns, count, wrt=wrt, raising=raising)
        self.trusted = not raising  # if nothing was raised, what it adds to the program is to blame
        return answer

    @cached_property
    def exact(self) -> NumpyEngine:
        """An engine that computes what was recorded and nothing else."""
        return NumpyEngine(self.given, self.program, matmuls=False)

    def _finite(self, columns: list[Floats], count: int, wrt: Wrt | None) -> Answer | None:
        """The answer, if every number on the way to it is finite."""
        try:
            answer = self._run(columns, count, wrt=wrt, raising=True, careful=False)
        except (DomainError, _NotFiniteError):
            return None
        finite = all(each is None or all_finite(each) for each in answer[1:])
        return answer if finite else None

    def _decided(
        self, columns: list[Floats], count: int, *, wrt: Wrt | None, raising: bool
    ) -> Answer:
        answer = self._run(columns, count, wrt=wrt, raising=raising, careful=False)
        if self.selects and not all(each is None or all_finite(each) for each in answer[1:]):
            return self._run(columns, count, wrt=wrt, raising=raising, careful=True)
        return answer

    def _run(
        self, columns: list[Floats], count: int, *, wrt: Wrt | None, raising: bool, careful: bool
    ) -> Answer:
        """The answer of one pass over all blocks, plain or careful."""
        values = np.empty((len(self.program.roots), count))
        by_input = np.empty((self.program.input_count, count)) if wrt in ("all", "inputs") else None
        blaming = raising and not self.widened and (careful or not self.selects)
        summed = _Summed(self.lifted.batch_edges) if count > self.block else None
        np.copyto(self.own, self.given.parameter_values)
        for plan, start, block in self._blocks(columns, count, raising=raising):
            self._forward(plan, block, start, raising)
            for row, result in zip(values, plan.results, strict=True):
                row[start : start + plan.width] = result
            if wrt is not None:
                passes = self._passes(plan, wrt, careful=careful)
                _backward(passes, start, by_input=by_input, summed=summed)
                if blaming and by_input is not None and not all_finite(passes.inputs):
                    self.faults.blame(passes, start)
        if wrt is None or wrt == "inputs":
            return values, by_input, None
        by_parameter = self._finish(passes, summed, count)
        if blaming and not all_finite(by_parameter):
            self.faults.blame(*self._culprit(columns, count, passes, wrt))
        return values, by_input, by_parameter

    def _blocks(
        self, columns: list[Floats], count: int, *, raising: bool
    ) -> Iterator[tuple[Plan, int, list[Floats]]]:
        """For each block: its plan, its first sample, and its inputs."""
        width = -(-count // -(-count // self.block))  # as even as can be
        if raising and width < count:
            self._check_blocks(columns, count)
        for start in range(0, count, width):
            stop = min(start + width, count)  # the last block may be smaller
            plan = self.plan(stop - start)
            if not start or plan.width != width:
                for call in plan.prepare:
                    call()
            yield plan, start, [c[start:stop] for c in columns] if width < count else columns

    def _check_blocks(self, columns: list[Floats], count: int) -> None:
        """Before the first block runs, raise an error if an input is not finite."""
        for start in range(0, count, self.block):
            block = [column[start : start + self.block] for column in columns]
            if not all(map(all_finite, block)):
                self.faults.check_inputs(block, start)

    def _forward(self, plan: Plan, columns: list[Floats], start: int, raising: bool) -> None:
        """Run a block forward, and check the guards and that everything is finite."""
        arguments = zip(plan.inputs, columns, self.lifted.arguments, strict=True)
        for own, column, (_, _, order) in arguments:
            own[...] = column if order is None else column.take(order, 1)
        for call in plan.forward:
            call()
        finite = (
            not raising
            or (all_finite(plan.numbers) and all_finite(self.numbers))
            or all([all_finite(plan.values[kind][rows]) for kind, rows in self.watched.items()])
        )
        if not finite:
            if self.widened:
                raise _NotFiniteError
            self.faults.check_inputs(columns, start)
        self.faults.check_guards(plan, start)
        if not finite:
            self.faults.locate(plan, columns, start)

    def _finish(self, passes: Backward, summed: _Summed | None, count: int) -> Floats:
        """The gradients of the parameters, from those of the blocks."""
        if summed is not None:
            summed.put(passes)
        # a root that depends on no input is the result of every sample
        self.fixed[False][SEED] = count
        for call in passes.finish:
            call()
        found: Floats = passes.parameters[:, 0].copy()
        return found

    def _culprit(
        self, columns: list[Floats], count: int, passes: Backward, wrt: Wrt
    ) -> tuple[Backward, int]:
        """The first sample that alone makes a parameter's gradient not finite, and its pass."""
        plan = self.plan(1)
        alone = self._passes(plan, wrt, careful=isinstance(passes, Careful))
        for call in plan.prepare:
            call()
        for sample in range(count if columns else 0):
            self._forward(plan, [column[sample : sample + 1] for column in columns], sample, False)
            for call in alone.backward:
                call()
            if not all_finite(self._finish(alone, None, 1)):
                return alone, sample
        return passes, 0


def _backward(
    passes: Backward, start: int, *, by_input: Floats | None, summed: _Summed | None
) -> None:
    """Run a block backward. What is asked for goes to ``by_input``, and is added to ``summed``."""
    for call in passes.backward:
        call()
    if by_input is not None:
        by_input[:, start : start + passes.plan.width] = passes.inputs
    if summed is not None:
        summed.add(passes)


class _Summed:
    """The rows of the gradient table that a batch adds to, summed over its blocks."""

    def __init__(self, edges: int) -> None:
        self.edges = edges
        self.tables: list[Floats] = []

    def add(self, passes: Backward) -> None:
        """Add the block that was passed last."""
        found = [table[: self.edges] for table in passes.summed]
        pairs = zip(self.tables, found, strict=True)
        self.tables = [a + b for a, b in pairs] if self.tables else [each.copy() for each in found]

    def put(self, passes: Backward) -> None:
        """Put the sums, if there are any, where the last part of the pass reads them."""
        for table, total in zip(passes.summed, self.tables, strict=False):
            table[: self.edges] = total
