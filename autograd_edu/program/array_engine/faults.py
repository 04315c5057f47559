"""Find what went wrong in a replay, and name the operation, the sample and the line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn

import numpy as np

from ...engine.ops import OPS
from ...errors import DomainError
from ...notation import operations
from ..again import break_guard
from ..arrays import Arrays, input_names
from ..ir import SIGNS, Compare, Computation, Floats, Outcome
from ..lifting.group import Group, Lifted
from ..lifting.spacing import Rows
from .run import Backward, Plan

_KEEP = "Pass on_nonfinite='keep' to get the value instead of this error"
_TOO_LARGE = f"is larger than the largest float, 1.8e308. {_KEEP}"


class Faults:
    """The checks of a replay. Each raises an error that names what is wrong.

    Args:
        given: the program as recorded, for its names and lines.
        program: the same, fused, as it is run.
        watched: the rows of each table of values that must be finite.
    """

    def __init__(
        self, given: Computation, program: Computation, lifted: Lifted,
        watched: Mapping[bool, Rows | slice],
    ) -> None:  # fmt: skip
        self.given, self.program, self.lifted, self.watched = given, program, lifted, watched
        self.guards = list(self._guards())

    # ---- guards ----

    def _guards(self) -> Iterator[tuple[list[int], Compare, list[tuple[bool, Rows]], Outcome]]:
        """The guards that are checked together, of one sign, with their sides in the same tables.

        It gives their numbers, how they compare, the table and the rows of each side, and the
        outcomes.
        """
        fixed, guards = self.lifted.fixed, self.program.guards
        kinds: dict[tuple[str, bool, bool], list[int]] = {}
        for n, guard in enumerate(guards):
            kinds.setdefault((guard.sign, fixed[guard.left], fixed[guard.right]), []).append(n)
        for (sign, *tables), numbers in kinds.items():
            slots = zip(*[(guards[n].left, guards[n].right) for n in numbers], strict=True)
            rows = [self.lifted.row[list(side)] for side in slots]
            outcomes = np.array([[guards[n].outcome] for n in numbers])
            yield numbers, SIGNS[sign], list(zip(tables, rows, strict=True)), outcomes

    def check_guards(self, plan: Plan, start: int) -> None:
        """Raise an error for the first guard that does not hold, at its first sample."""
        for numbers, compare, sides, outcomes in self.guards:
            a, b = [plan.values[fixed][rows] for fixed, rows in sides]
            other = np.asarray(compare(a, b)) != outcomes
            if other.any():
                which, sample = map(int, np.argwhere(other)[0])
                left, right = [float(s[which, min(sample, s.shape[1] - 1)]) for s in (a, b)]
                break_guard(self.given, numbers[which], left, right, sample=start + sample)

    # ---- values ----

    def check_inputs(self, columns: list[Floats], start: int) -> None:
        """Raise an error if an input is not finite."""
        for i, (column, shape) in enumerate(zip(columns, self.program.shapes, strict=True)):
            bad = np.argwhere(~np.isfinite(column.astype(float)))
            if len(bad):
                sample, number = map(int, bad[0])
                where = (start + sample, *map(int, np.unravel_index(number, shape)))
                raise DomainError(
                    f"{input_names(self.given.argument_names)[i]} is not finite at {where}: "
                    f"{float(column[sample, number])!r}"
                )

    def locate(self, plan: Plan, columns: list[Floats], start: int) -> None:
        """Raise an error for the first recorded operation whose result is not finite."""
        for fixed, table in plan.values.items():
            bad = np.flatnonzero(~np.isfinite(table[self.watched[fixed]]).all(axis=0))
            if len(bad):
                sample = int(bad[0])  # in the block
                numbers = [float(x) for column in columns for x in column[sample]]
                i, y = self._first_fault(numbers)
                whose = "every sample" if fixed else f"sample {start + sample}"
                raise DomainError(
                    f"{self._described(i)} is not finite for {whose} ({y!r}). {_KEEP}"
                )

    def _first_fault(self, inputs: list[float]) -> tuple[int, float]:
        """The first recorded slot that is not finite for these inputs, and its number."""
        leaves = [*inputs, *self.given.parameter_values.tolist()]
        values: list[np.float64] = []
        for i, slot in enumerate(self.given.slots):
            y = leaves[i] if i < len(leaves) else slot.number
            if slot.operands:
                y = OPS[slot.op].value(Arrays, *[values[j] for j in slot.operands])
            values.append(np.float64(y))
            if not np.isfinite(y) and slot.op != "constant":
                return i, float(y)
        raise DomainError(f"a sum in the replay {_TOO_LARGE}")

    def _described(self, i: int) -> str:
        slot, names = self.given.slots[i], self.given.names()
        shown = slot.op
        if slot.op in OPS:
            shown = operations.text(OPS[slot.op], *[names[j] for j in slot.operands])
        return f"{slot.op}: {names[i]} = {shown}{f' ({slot.line})' if slot.line else ''}"

    # ---- gradients ----

    def blame(self, passes: Backward, start: int) -> NoReturn:
        """Raise an error for the operation at which a gradient stopped being finite."""
        alone = passes.plan.width == 1  # then even sums over samples are of that sample
        for back in passes.reverse.backs:
            group = back.group
            for i, (read, edges) in enumerate(zip(group.reads, back.edges, strict=True)):
                if edges is not None:
                    bad = np.argwhere(~np.isfinite(passes.gradients[read.fixed][edges]))
                    if len(bad):
                        *place, sample = map(int, bad[0])
                        summed = read.fixed and (group.fixed or not alone)
                        whose = "" if summed else f" for sample {start + sample}"
                        slot = self._described(self._operation(group, i, place))
                        raise DomainError(f"the gradient of {slot} is not finite{whose}. {_KEEP}")
        raise DomainError(f"a sum of gradients {_TOO_LARGE}")

    def _operation(self, group: Group, read: int, place: list[int]) -> int:
        """The recorded slot of the operation that has an edge at this place of a read."""
        if group.kind == "matrix" and read < 2:  # its edges belong to several products each
            place = [place[0], 0] if read == 0 else [0, place[1]]
        member = int(np.ravel_multi_index(place[-len(group.shape) :], group.shape))
        return self.program.origins[group.members[member]]
