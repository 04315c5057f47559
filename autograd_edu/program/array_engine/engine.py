"""The NumPy engine: it runs a lifted program in blocks that stay in cache.

It keeps the guards, and where something goes wrong, it names it (see `faults`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from math import isfinite
from typing import NoReturn, TypeAlias

import numpy as np

from ...engine.modes import no_gc
from ...errors import DomainError
from ..ir import Computation, Floats, Wrt
from ..lifting.group import NEUTRAL
from ..lifting.lift import lift
from ..lifting.reverse import SEED, Reverse
from ..lifting.spacing import Rows
from .faults import Faults
from .run import Backward, Plan
from .selection import Careful
from .tables import LINE, all_finite, table_of_values

# Values (results, samples), and the gradients of inputs (numbers, samples) and of parameters; None
# where they were not asked for.
Answer: TypeAlias = tuple[Floats, Floats | None, Floats | None]
_FEWEST, _MOST = 250, 2000  # samples in a block
_CACHED, _NUMBERS = 150_000, 16_000_000  # numbers in its tables that stay in cache; and at most


class NumpyEngine:
    """A lifted program, with one plan per size of block. The latest few plans are kept.

    Args:
        given: the program as recorded, for its names and parameter values.
        program: the same, fused, to be run.
    """

    def __init__(self, given: Computation, program: Computation, *, matmuls: bool = True) -> None:
        self.given, self.program = given, program
        with no_gc():
            self.lifted = lifted = lift(program, matmuls=matmuls)
        # It then multiplies more than the program does, and is right only if all is finite.
        self.widened = any(group.kind == "matmul" for group in lifted.groups)
        self.trusted = True
        self.selects = any(group.op.selects for group in lifted.groups)
        fixed, start = table_of_values(lifted, True, 1), len(NEUTRAL)
        fixed[lifted.row[list(program.constants)], 0] = list(program.constants.values())
        self.own = fixed[start : start + program.parameter_count, 0]
        numbers = lifted.counts[False] * (2 if program.has_one_result else 1)  # with gradients
        self.block = max(1, min(_MOST, max(_FEWEST, _CACHED // numbers), _NUMBERS // numbers))
        self.watched = self._watched()
        self.faults = Faults(given, program, lifted, self.watched)
        kept, quick = lru_cache(maxsize=4), no_gc()
        self.reverse = kept(quick(partial(Reverse, lifted, program)))
        self.plan = kept(quick(partial(Plan, lifted, fixed)))
        self.passes = {kind: kept(quick(kind)) for kind in (Backward, Careful)}

    def _watched(self) -> dict[bool, Rows | slice]:
        """The rows of each table that must be finite: all but the constants and their copies."""
        lifted, constants = self.lifted, self.program.constants
        if all(map(isfinite, constants.values())):
            return dict.fromkeys(lifted.counts, slice(len(NEUTRAL), None))
        rows = {kind: np.arange(count) >= len(NEUTRAL) for kind, count in lifted.counts.items()}
        rows[True][lifted.row[list(constants)]] = False
        for group in lifted.groups:
            if group.kind == "spread":
                rows[False][group.rows] = False
        return {kind: np.flatnonzero(each) for kind, each in rows.items()}

    def run(self, columns: list[Floats], count: int, *, wrt: Wrt | None, raising: bool) -> Answer:
        """The values, and the gradients that ``wrt`` asks for. Blocks run one after another.

        Where a gradient is not finite although something selects, the careful pass decides: an
        operand that was not selected cannot make a gradient undefined.
        """
        if self.widened and self.trusted:
            with suppress(DomainError):
                answer = self._run(columns, count, wrt=wrt, raising=True, kind=Backward)
                if _is_finite(answer):
                    return answer
        if self.widened:
            answer = self.exact.run(columns, count, wrt=wrt, raising=raising)
            # if this did not raise, only the added products were at fault: do without them
            self.trusted = not raising
            return answer
        answer = self._run(columns, count, wrt=wrt, raising=raising, kind=Backward)
        if self.selects and not _is_finite(answer):
            return self._run(columns, count, wrt=wrt, raising=raising, kind=Careful)
        return answer

    @cached_property
    def exact(self) -> NumpyEngine:
        """An engine that computes what was recorded and nothing else."""
        return NumpyEngine(self.given, self.program, matmuls=False)

    def _run(
        self, columns: list[Floats], count: int, *, wrt: Wrt | None, raising: bool,
        kind: type[Backward], first: int = 0,
    ) -> Answer:  # fmt: skip
        """The answer of one pass over all blocks; ``first`` is the number of the first sample."""
        values = np.empty((len(self.program.roots), count))
        by_input = np.empty((self.program.input_count, count)) if wrt in ("all", "inputs") else None
        totals: list[Floats | float] = [-0.0, -0.0]  # to which anything can be added unchanged
        for plan, samples, block in self._blocks(columns, count, raising=raising):
            self._forward(plan, block, first + samples.start, raising)
            for row, result in zip(values, plan.results, strict=True):
                row[samples] = result
            if wrt is not None:
                passes = self.passes[kind](plan, self.reverse(wrt))
                for call in passes.backward:
                    call()
                if by_input is not None:
                    by_input[:, samples] = passes.inputs
                if plan.width < count:
                    totals = [a + b for a, b in zip(totals, passes.of_batch, strict=False)]
        by_parameter = None if wrt in (None, "inputs") else _finish(passes, totals, count)
        answer = values, by_input, by_parameter
        is_last = kind is Careful or not (self.selects or self.widened)  # else another may follow
        if raising and is_last and not _is_finite(answer):
            self._blame(passes, columns if count > 1 else [], wrt=wrt, first=first)
        return answer

    def _blame(
        self, passes: Backward, columns: list[Floats], *, wrt: Wrt | None, first: int
    ) -> NoReturn:
        """Raise an error for a gradient, at the first of several samples that alone has it."""
        for i in range(len(columns[0]) if columns else 0):
            alone = [column[i : i + 1] for column in columns]
            self._run(alone, 1, wrt=wrt, raising=True, kind=type(passes), first=i)
        self.faults.blame(passes, first)

    def _blocks(
        self, columns: list[Floats], count: int, *, raising: bool
    ) -> Iterator[tuple[Plan, slice, list[Floats]]]:
        """For each block: its plan, its samples, and its inputs."""
        width = -(-count // -(-count // self.block))  # as even as can be
        width += -width % (LINE // 8)  # so that each row of a table starts a cache line
        if raising and width < count and not all(map(all_finite, columns)):
            self.faults.check_inputs(columns, 0)
        np.copyto(self.own, self.given.parameter_values)
        plan = None
        for start in range(0, count, width):
            samples = slice(start, min(start + width, count))  # the last block may be smaller
            last, plan = plan, self.plan(samples.stop - start)
            if plan is not last:
                for call in plan.prepare:
                    call()
            yield plan, samples, [x[samples] for x in columns] if width < count else columns

    def _forward(self, plan: Plan, columns: list[Floats], start: int, raising: bool) -> None:
        """Run a block forward, and check the guards and that everything is finite."""
        arguments = zip(plan.inputs, columns, self.lifted.arguments, strict=True)
        for own, column, (_, _, order) in arguments:
            own[...] = column if order is None else column.take(order, 1)
        for call in plan.forward:
            call()
        watched = [plan.values[kind][rows] for kind, rows in self.watched.items()]
        finite = not raising or all(map(all_finite, watched))
        if not finite:
            if self.widened:
                raise DomainError("a number is not finite; `exact` finds out what that means")
            self.faults.check_inputs(columns, start)
        self.faults.check_guards(plan, start)
        if not finite:
            self.faults.locate(plan, columns, start)


def _finish(passes: Backward, totals: list[Floats | float], count: int) -> Floats:
    """The gradients of the parameters, from the sums over the blocks if there are several."""
    if passes.plan.width < count:
        for table, total in zip(passes.of_batch, totals, strict=False):
            table[...] = total
    # a root that depends on no input is the result of every sample
    passes.gradients[True][SEED] = count
    for call in passes.finish:
        call()
    found: Floats = passes.parameters[:, 0].copy()
    return found


def _is_finite(answer: Answer) -> bool:
    """Are all gradients of an answer finite?"""
    return all([gradients is None or all_finite(gradients) for gradients in answer[1:]])
