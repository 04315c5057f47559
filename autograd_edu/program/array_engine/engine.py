"""The NumPy engine: a lifted program run in blocks that stay in cache, its guards kept, what goes wrong named."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from ...engine.modes import no_gc
from ...engine.ops import OPS
from ...errors import BranchChanged, DomainError, error_named
from ...notation import operations
from ..arrays import Arrays
from ..ir import SIGNS, Computation
from ..lifting.group import NEUTRAL, SEED
from ..lifting.lift import lift
from .run import Plan
from .selection import Careful
from .tables import all_finite, table_of_gradients, table_of_values

Array = Any
_BLOCK, _NUMBERS = 2000, 8_000_000  # samples, and numbers in the tables, of a block
_KEPT = 4  # sizes of block whose plan is kept


class NumpyEngine:
    """A program lifted once, and with a plan for each size of block that it has met."""

    def __init__(self, given: Computation, program: Computation) -> None:
        self.given, self.program = (
            given,
            program,
        )  # as recorded, for names and parameter values; and fused, to run
        with no_gc():
            self.lifted = lift(program)
        self.selects = any(group.op.selects for group in self.lifted.groups)
        self.fixed = {
            True: table_of_values(self.lifted, True, 1),
            False: table_of_gradients(self.lifted, True, 1),
        }
        for i, slot in enumerate(program.slots):
            if slot.op == "constant":
                self.fixed[True][self.lifted.row[i]] = slot.number
        start = len(NEUTRAL)
        self.own = self.fixed[True][start : start + program.parameter_count, 0]
        self.block = min(
            _BLOCK, max(1, _NUMBERS // (self.lifted.counts[False] + self.lifted.edge_counts[False]))
        )
        self.watched = self._watched()
        self.plans: dict[int, Plan] = {}
        self.careful: dict[int, Careful] = {}
        self.guards = self._compared()

    def _watched(self) -> dict[bool, Array]:
        """Which rows of each table have to be finite: all but those of constants that the author wrote as infinite."""
        lifted, slots = self.lifted, self.program.slots
        infinite = {
            i for i, slot in enumerate(slots) if slot.op == "constant" and not isfinite(slot.number)
        }
        rows = {True: [int(lifted.row[i]) for i in infinite], False: []}
        for group in lifted.groups:
            if group.kind == "spread":
                rows[False] += [
                    group.start + j for j, i in enumerate(group.members) if i in infinite
                ]
        return {
            kind: np.setdiff1d(np.arange(len(NEUTRAL), lifted.counts[kind]), odd)
            if odd
            else slice(len(NEUTRAL), None)
            for kind, odd in rows.items()
        }

    def plan(self, width: int) -> Plan:
        """The plan for blocks of ``width`` samples; the latest few are kept."""
        plan = self.plans.pop(width, None)
        if plan is None:
            if len(self.plans) >= _KEPT:
                oldest = next(iter(self.plans))
                del self.plans[oldest]
                self.careful.pop(oldest, None)
            with no_gc():
                plan = Plan(self.lifted, width, self.fixed)
        self.plans[width] = plan
        return plan

    def _passes(self, width: int, *, careful: bool) -> Plan | Careful:
        """The backward calls for blocks of ``width`` samples."""
        if not careful:
            return self.plan(width)
        if width not in self.careful:
            self.careful[width] = Careful(self.plan(width))
        return self.careful[width]

    def run(
        self, columns: list[Array], count: int, backward: bool, *, raising: bool
    ) -> tuple[Array, Array, Array]:
        """Values, gradients of the inputs and of the parameters, one block of samples after another."""
        answer = self._run(columns, count, backward, raising=raising, careful=False)
        if backward and self.selects and not all(map(all_finite, answer[1:])):
            return self._run(columns, count, backward, raising=raising, careful=True)
        return answer

    def _run(
        self, columns: list[Array], count: int, backward: bool, *, raising: bool, careful: bool
    ) -> tuple[Array, Array, Array]:
        width = min(count, self.block)
        self.own[:] = self.given.parameter_values
        values = np.empty(count)
        by_input = np.empty((self.program.input_count if backward else 0, count))
        blaming = raising and (careful or not self.selects)
        prepared, summed = None, _Summed(self.lifted.batch_edges) if count > width else None
        for start in range(0, count if raising and count > width else 0, width):
            if not all([all_finite(column[start : start + width]) for column in columns]):
                self._check_inputs([column[start : start + width] for column in columns], start)
        for start in range(0, count, width):
            stop = min(start + width, count)
            plan = self.plan(stop - start)
            if plan is not prepared:
                prepared = plan
                for call in plan.prepare:
                    call()
            block = [column[start:stop] for column in columns] if count > width else columns
            self._forward(plan, block, start, raising)
            values[start:stop] = plan.result
            if backward:
                passes = self._passes(stop - start, careful=careful)
                for call in passes.backward:
                    call()
                by_input[:, start:stop] = passes.inputs
                if blaming and not all_finite(passes.inputs):
                    self._blame(plan, start)
                if summed is not None:
                    summed.add(self.fixed[False], passes)
        if not backward:
            return values, by_input, None
        by_parameter = self._finish(passes, summed, count)
        if blaming and not all_finite(by_parameter):
            self._blame(*self._culprit(columns, count, plan, careful=careful))
        return values, by_input, by_parameter

    def _forward(self, plan: Plan, columns: list[Array], start: int, raising: bool) -> None:
        """Run a block forward and see that it is what was asked for."""
        table = plan.values[False]
        for column, (row, stop, order) in zip(columns, self.lifted.arguments, strict=True):
            table[row:stop] = column.T if order is None else column.T[order]
        for call in plan.forward:
            call()
        finite = not raising or (
            all_finite(table[self.watched[False]])
            and all_finite(self.fixed[True][self.watched[True]])
        )
        if not finite:
            self._check_inputs(columns, start)
        for guards in self.guards:
            self._check(plan, guards, start)
        if not finite:
            self._locate(plan, columns, start)

    def _finish(self, passes: Plan | Careful, summed: _Summed | None, count: int) -> Array:
        """The gradients of the parameters, from those of the blocks."""
        gradients = self.fixed[False]
        if summed is not None:
            summed.put(gradients, passes)
        gradients[SEED] = count  # a root that depends on no input is the result of every sample
        for call in passes.finish:
            call()
        return passes.parameters[:, 0].copy()

    # ---- what can go wrong ----

    def _compared(self) -> list[Any]:
        """The guards of one kind together: sign, sides and their tables, outcomes, and their numbers."""
        fixed, row = self.lifted.fixed, self.lifted.row
        kinds: dict[Any, list[int]] = {}
        for n, guard in enumerate(self.program.guards):
            kinds.setdefault((guard.sign, fixed[guard.left], fixed[guard.right]), []).append(n)
        sides = [
            ([self.program.guards[n].left for n in ns], [self.program.guards[n].right for n in ns])
            for ns in kinds.values()
        ]
        return [
            (
                kind,
                row[left],
                row[right],
                np.array([[self.program.guards[n].outcome] for n in ns]),
                ns,
            )
            for (kind, ns), (left, right) in zip(kinds.items(), sides, strict=True)
        ]

    def _check(self, plan: Plan, guards: Any, start: int) -> None:
        """Raise for the first of these guards, and its first sample, that does not hold."""
        (sign, left_fixed, right_fixed), left, right, outcomes, numbers = guards
        a, b = plan.values[left_fixed][left], plan.values[right_fixed][right]
        other = SIGNS[sign](a, b) != outcomes
        if other.any():
            which, sample = map(int, np.argwhere(other)[0])
            guard, names = self.given.guards[numbers[which]], self.given.names()
            shown = [float(side[which, min(sample, side.shape[1] - 1)]) for side in (a, b)]
            if guard.error is not None:
                kind, text = guard.error
                raise error_named(kind)(text.format(shown[0]))
            if guard.sign == "is":
                raise BranchChanged(
                    f"{guard.line} used the number of {names[guard.left]}, {shown[1]!r}, when the program was traced; for "
                    f"sample {start + sample} it is {shown[0]!r}: trace the function again for it"
                )
            raise BranchChanged(
                f"the comparison {names[guard.left]} {guard.sign} {names[guard.right]} at {guard.line} was {guard.outcome} when the "
                f"program was traced, and is not for sample {start + sample} ({shown[0]!r} and {shown[1]!r}): trace the function "
                f"again for it, or use where()"
            )

    def _locate(self, plan: Plan, columns: list[Array], start: int) -> None:
        """Raise for the first operation, in the order of the program as recorded, whose result is not finite for some sample."""
        for kind, table in plan.values.items():
            bad = np.flatnonzero(~np.isfinite(table[self.watched[kind]]).all(axis=0))
            if len(bad):
                sample = int(bad[0])  # of the block
                numbers = (
                    np.concatenate([column[sample] for column in columns])
                    if columns
                    else np.zeros(0)
                )
                i, y = self._first_fault(numbers)
                whose = "for every sample" if kind else f"for sample {start + sample}"
                raise DomainError(
                    f"{self._described(i)} is not finite {whose}: {y!r}; on_nonfinite='keep' keeps it"
                )

    def _first_fault(self, numbers: Array) -> tuple[int, float]:
        """The first slot of the recorded program whose number is not finite for one sample, computed slot by slot."""
        values: list[Any] = []
        leaves, xp = [*numbers, *self.given.parameter_values], Arrays
        for i, slot in enumerate(self.given.slots):
            operands = [values[j] for j in slot.operands]
            values.append(
                np.float64(
                    leaves[i]
                    if i < len(leaves)
                    else OPS[slot.op].value(xp, *operands)
                    if operands
                    else slot.number
                )
            )
            if not np.isfinite(values[-1]) and slot.op != "constant":
                return i, float(values[-1])
        raise DomainError(
            "a sum in the replay is larger than the largest float, 1.8e308; on_nonfinite='keep' keeps it"
        )

    def _described(self, i: int) -> str:
        slot, names = self.given.slots[i], self.given.names()
        shown = (
            operations.text(OPS[slot.op], *[names[j] for j in slot.operands])
            if slot.op in OPS
            else slot.op
        )
        return f"{slot.op}: {names[i]} = {shown}{f' ({slot.line})' if slot.line else ''}"

    def _culprit(
        self, columns: list[Array], count: int, plan: Plan, *, careful: bool
    ) -> tuple[Plan, int]:
        """The first sample that alone makes a gradient of the parameters not finite, and the plan that it was run with."""
        alone, passes = self.plan(1), self._passes(1, careful=careful)
        for call in alone.prepare:
            call()
        for sample in range(count if columns else 0):
            self._forward(alone, [column[sample : sample + 1] for column in columns], sample, False)
            for call in passes.backward:
                call()
            if not all_finite(self._finish(passes, None, 1)):
                return alone, sample
        return plan, 0

    def _blame(self, plan: Plan, start: int) -> None:
        """Raise for the operation at which a gradient stopped being finite."""
        for group in reversed(self.lifted.groups):
            for i, (read, edges) in enumerate(zip(group.reads, group.edges, strict=False)):
                if edges is not None:
                    bad = np.argwhere(~np.isfinite(plan.gradients[read.fixed][edges]))
                    if len(bad):
                        *place, sample = map(int, bad[0])
                        summed = read.fixed and (group.fixed or plan is not self.plans.get(1))
                        raise DomainError(
                            self._faulty_gradient(
                                group, i, place, None if summed else start + sample
                            )
                        )
        raise DomainError(
            "a sum of gradients is larger than the largest float, 1.8e308; on_nonfinite='keep' keeps it"
        )

    def _faulty_gradient(self, group: Any, read: int, place: list[int], sample: int | None) -> str:
        shape = group.shape
        if (
            group.kind == "matrix" and read < 2
        ):  # the edges of a row of weights, or of a vector, are those of several products
            place = [place[0], 0] if read == 0 else [0, place[1]]
        member = int(np.ravel_multi_index(place[-len(shape) :], shape))
        i = self.program.origins[group.members[member]]
        whose = "" if sample is None else f", for sample {sample}"
        return f"the gradient of {self._described(i)} is not finite{whose}; on_nonfinite='keep' keeps it"

    def _check_inputs(self, columns: list[Array], start: int) -> None:
        """Raise if an input is not finite."""
        for i, (column, shape) in enumerate(zip(columns, self.program.shapes, strict=True)):
            bad = np.argwhere(~np.isfinite(column.astype(float)))
            if len(bad):
                sample, number = map(int, bad[0])
                where = (start + sample, *map(int, np.unravel_index(number, shape)))
                raise DomainError(f"input {i} is not finite at {where}: {column[sample, number]!r}")


class _Summed:
    """What the blocks of a batch give to the table of what depends on no input, added up."""

    def __init__(self, edges: int) -> None:
        self.edges = edges
        self.tables: list[Array] = []

    def add(self, gradients: Array, passes: Plan | Careful) -> None:
        """Add the block that was passed last."""
        found = [table[: self.edges] for table in _tables(gradients, passes)]
        self.tables = [a + b for a, b in zip(self.tables or [0.0, 0.0], found, strict=False)]

    def put(self, gradients: Array, passes: Plan | Careful) -> None:
        """Put the sums, if there are any, where the last part of the pass reads them."""
        for table, total in zip(_tables(gradients, passes), self.tables, strict=False):
            table[: self.edges] = total


def _tables(gradients: Array, passes: Plan | Careful) -> list[Array]:
    return [gradients, *([passes.marks[True]] if isinstance(passes, Careful) else [])]
