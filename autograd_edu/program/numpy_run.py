"""A lifted program run by NumPy, forward and backward, over a batch in blocks that stay in cache."""

from __future__ import annotations

import operator
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArityError, BranchChanged, DomainError, OperandError, ShapeError
from ..ops import OPS
from ..reals import arrays
from .lift import SEED, ZERO, Consumers, Group, Lifted, lift
from .record import Gradients

if TYPE_CHECKING:
    from .record import Program

Array = Any
_BLOCK, _NUMBERS = 2000, 8_000_000  # samples, and numbers in the tables, of a block
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Runner:
    """The tables of a program, allocated once for a size of block, and the passes over them."""

    def __init__(self, given: Program, program: Program) -> None:
        self.given, self.program = given, program  # as recorded, for its parameter values, and fused, to run
        self.lifted: Lifted = lift(program)
        self.selects = any(OPS[slot.op].selects for slot in program.slots if slot.op in OPS)
        fixed = np.zeros((self.lifted.counts[True], 1))
        for i, slot in enumerate(program.slots):
            if slot.op == "constant":
                fixed[self.lifted.place[i][1]] = slot.number
        self.tables = {True: fixed, False: np.zeros((self.lifted.counts[False], 0))}
        self.edges = {True: self._fresh_edges(True, 1), False: self._fresh_edges(False, 0)}
        self.watch = False

    def _fresh_edges(self, kind: bool, width: int) -> Array:
        edges = np.zeros((self.lifted.edge_counts[kind], width))
        edges[SEED] = 1.0
        return edges

    def run(self, inputs: tuple[Any, ...], *, backward: bool, on_nonfinite: str) -> tuple[Any, Gradients | None]:
        """The result, and with ``backward`` its gradients."""
        if on_nonfinite not in ("raise", "keep"):
            raise ValueError(f"on_nonfinite must be 'raise' or 'keep', not {on_nonfinite!r}")
        columns, single = self._columns(inputs, finite=on_nonfinite == "raise")
        self.watch = False
        with np.errstate(all="ignore"):
            results = self._run_blocks(columns, backward, raising=on_nonfinite == "raise")
        values, by_input, by_parameter = results
        y = float(values[0]) if single else values
        return y, self._gradients(by_input, by_parameter, single) if backward else None

    def _run_blocks(self, columns: Array, backward: bool, *, raising: bool) -> tuple[Array, Array, Array]:
        count = columns.shape[1]
        numbers = self.lifted.counts[False] + self.lifted.edge_counts[False] + 1
        block = min(count, _BLOCK, max(1, _NUMBERS // numbers))
        self.tables[True][: self.program.parameter_count, 0] = self.given.parameter_values
        self._forward(fixed=True)
        self.edges[True][SEED + 1 :] = 0.0
        values, by_input = np.empty(count), np.empty_like(columns)
        at_root, row = self.lifted.place[self.program.root]
        for start in range(0, count, block):
            stop = min(start + block, count)
            self._allocate(stop - start)
            self.tables[False][: self.program.input_count] = columns[:, start:stop]
            self._forward(fixed=False)
            self._check(start, raising)
            values[start:stop] = self.tables[at_root][row]
            if backward:
                self._backward(fixed=False)
                by_input[:, start:stop] = self._summed(self.lifted.leaves[False], False)
                if raising and not np.isfinite(by_input[:, start:stop]).all():
                    self._blame(start)
        if not backward:
            return values, by_input, None
        self.edges[True][SEED] = count  # a root that depends on no input is the result of every sample
        self._backward(fixed=True)
        by_parameter = self._summed(self.lifted.leaves[True], True)[:, 0].copy()
        if raising and not np.isfinite(by_parameter).all():
            self._blame(0)
        return values, by_input, by_parameter

    def _allocate(self, width: int) -> None:
        if self.tables[False].shape[1] != width:
            self.tables[False] = np.zeros((self.lifted.counts[False], width))
            self.edges[False] = self._fresh_edges(False, width)

    # ---- the two passes ----

    def _forward(self, *, fixed: bool) -> None:
        xp, table = arrays(), self.tables[fixed]
        for group in self.lifted.groups:
            if group.fixed == fixed:
                xs = [self.tables[operand.fixed][operand.rows] for operand in group.operands]
                if group.matrix:
                    out = table[group.rows]
                    np.matmul(xs[0].reshape(len(group.members), -1), xs[1], out=out)
                    if len(xs) == 3:
                        out += xs[2]
                else:
                    table[group.rows] = group.op.value(xp, *xs)

    def _backward(self, *, fixed: bool) -> None:
        for group in reversed(self.lifted.groups):
            if group.fixed == fixed and group.live:
                assert group.consumers is not None
                upstream = self._summed(group.consumers, fixed)
                (self._through_matrix if group.matrix else self._through)(group, upstream)

    def _summed(self, consumers: Consumers, kind: bool) -> Array:
        """The gradient of some rows: the sum of the edges that use them."""
        gathered = self.edges[kind][consumers.edges]
        return gathered if consumers.starts is None else np.add.reduceat(gathered, consumers.starts, axis=0)

    def _through_matrix(self, group: Group, upstream: Array) -> None:
        """Of C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""
        weights, inputs, *bias = group.operands
        a = self.tables[True][weights.rows].reshape(len(group.members), -1)
        b = self.tables[False][inputs.rows]
        if weights.edges is not None:
            self.edges[True][weights.edges] += (upstream @ b.T).reshape(-1, 1)
        np.matmul(a.T, upstream, out=self.edges[False][inputs.edges])
        for operand in bias:
            if operand.edges is not None:
                self._put(operand, upstream, group)

    def _through(self, group: Group, upstream: Array) -> None:
        xs = [self.tables[operand.fixed][operand.rows] for operand in group.operands]
        slopes = group.op.local_gradients(arrays(), self.tables[group.fixed][group.rows], *xs)
        for operand, slope in zip(group.operands, slopes, strict=True):
            if operand.edges is None:
                continue  # constants
            passed = slope * upstream
            if self.selects:  # nothing flows back into a branch that was not taken, however steep it is
                passed = np.where(upstream == 0.0, 0.0, passed)
                if group.op.selects:
                    passed = np.where(np.equal(slope, 0.0), 0.0, passed)
            self._put(operand, passed, group)

    def _put(self, operand: Any, passed: Array, group: Group) -> None:
        if self.watch and not np.isfinite(passed).all():
            row, sample = np.argwhere(~np.isfinite(passed))[0]
            raise DomainError(f"the gradient of {self._described(group.members[row])} is not finite, for sample {self.offset + sample}")
        if operand.fixed and not group.fixed:
            self.edges[True][operand.edges] += passed.sum(axis=1, keepdims=True)
        else:
            self.edges[operand.fixed][operand.edges] = passed

    # ---- what can go wrong ----

    def _check(self, start: int, raising: bool) -> None:
        """Raise if a guard does not hold, or a number is not finite."""
        for guard in self.program.guards:
            left, right = (self.tables[kind][row] for kind, row in (self.lifted.place[guard.left], self.lifted.place[guard.right]))
            other = np.flatnonzero(_COMPARE[guard.sign](left, right) != guard.outcome)
            if len(other):
                raise BranchChanged(self._branch(guard, left, right, int(other[0]), start))
        if raising:
            for kind in (True, False):
                if not np.isfinite(self.tables[kind].sum()) and not np.isfinite(self.tables[kind]).all():
                    self._locate(start)

    def _branch(self, guard: Any, left: Array, right: Array, sample: int, start: int) -> str:
        names = self.program.names()
        a, b = float(left[min(sample, len(left) - 1)]), float(right[min(sample, len(right) - 1)])
        return (
            f"the comparison {names[guard.left]} {guard.sign} {names[guard.right]} at {guard.line} was {guard.outcome} when the program "
            f"was traced, and is not for sample {start + sample} ({a!r} and {b!r}): trace the function again for it, or use where()"
        )

    def _locate(self, start: int) -> None:
        """Raise for the first operation, in the order of the program, whose result is not finite."""
        for i, (kind, row) in enumerate(self.lifted.place):
            bad = np.flatnonzero(~np.isfinite(self.tables[kind][row]))
            if len(bad):
                y = float(self.tables[kind][row][bad[0]])
                whose = "for every sample" if kind else f"for sample {start + int(bad[0])}"
                raise DomainError(f"{self._described(i)} is not finite {whose}: {y!r}; on_nonfinite='keep' keeps it")

    def _described(self, i: int) -> str:
        slot, names = self.program.slots[i], self.program.names()
        shown = OPS[slot.op].text(*[names[j] for j in slot.operands]) if slot.op in OPS else slot.op
        return f"{slot.op}: {names[i]} = {shown}{f' ({slot.line})' if slot.line else ''}"

    def _blame(self, start: int) -> None:
        """Raise for the operation at which a gradient stopped being finite."""
        self.watch, self.offset = True, start
        try:
            self._backward(fixed=False)
            self._backward(fixed=True)
        finally:
            self.watch = False
        raise DomainError("a sum of gradients is larger than the largest float, 1.8e308")

    # ---- shapes ----

    def _columns(self, inputs: tuple[Any, ...], *, finite: bool) -> tuple[Array, bool]:
        """The inputs as an array (numbers, samples), and whether they were one sample without a batch axis."""
        shapes = self.program.shapes
        if len(inputs) != len(shapes):
            raise ArityError(f"the program takes {len(shapes)} input(s); {len(inputs)} were given")
        if not inputs:
            return np.zeros((0, 1)), True
        given = [self._array(x, i, finite) for i, x in enumerate(inputs)]
        if all(x.shape == shape for x, shape in zip(given, shapes, strict=True)):
            return np.concatenate([x.reshape(-1) for x in given])[:, None], True
        sizes = {x.shape[0] if x.ndim == len(shape) + 1 and x.shape[1:] == shape else -1 for x, shape in zip(given, shapes, strict=True)}
        if len(sizes) != 1 or min(sizes) < 1:
            raise ShapeError(
                f"the program takes inputs of the shapes {list(shapes)}, or all of them with one leading batch axis; "
                f"the shapes {[x.shape for x in given]} were given"
            )
        return np.concatenate([x.reshape(len(x), -1).T for x in given]), False

    def _array(self, x: Any, i: int, finite: bool) -> Array:
        try:
            array = np.asarray(x)
        except ValueError as error:
            raise ShapeError(f"input {i} is not an array: {error}") from None
        if array.dtype.kind not in "biuf":
            raise OperandError(f"input {i} must be real numbers, not {array.dtype}")
        array = array.astype(float)
        if finite and not np.isfinite(array).all():
            raise DomainError(f"input {i} is not finite at {tuple(map(int, np.argwhere(~np.isfinite(array))[0]))}")
        return array

    def _gradients(self, by_input: Array, by_parameter: Array, single: bool) -> Gradients:
        grads, start = [], 0
        for shape in self.program.shapes:
            rows = by_input[start : start + prod(shape)]
            start += prod(shape)
            each = rows[:, 0].reshape(shape) if single else rows.T.reshape(-1, *shape)
            grads.append(float(each) if single and not shape else each)
        return Gradients(grads, by_parameter)


assert ZERO < SEED
