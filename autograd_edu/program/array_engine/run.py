"""A lifted program as NumPy calls, forward and backward, over a block of samples.

The tables are allocated once for each size of block. Every call is prepared, with its views and
buffers, so a run is a walk over a list. Each call writes its result where it belongs, and does not
copy what lies evenly. The calls of a backward pass are prepared when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from math import prod

import numpy as np

from ..lifting.group import Group, Lifted
from ..lifting.reverse import Back, Reverse
from ..lifting.spacing import Mask, strided
from .formulas import Formulas
from .tables import (
    SMALL,
    Array,
    Call,
    Tables,
    gather,
    matrix,
    table_of_values,
    tables_of_gradients,
    taken,
    view,
)


class Plan:
    """The forward calls for blocks of ``width`` samples.

    Attributes:
        values: the tables; the key says whether it is the fixed one.
        inputs: where the batch's table holds each argument, (samples, numbers).
        operands: for each group, what it reads.
        prepare, forward: the calls on what depends on no input, and on a block.
        formulas: the rule of each group; None for matrix products.
    """

    def __init__(self, lifted: Lifted, fixed: Array, width: int) -> None:
        self.lifted, self.width = lifted, width
        table = table_of_values(lifted, False, width)
        self.values = {True: fixed, False: table}
        self.inputs = [table[row:stop].T for row, stop, _ in lifted.arguments]
        self.prepare: list[Call] = []
        self.forward: list[Call] = []
        # the rules share a few flat buffers, as no rule needs them once it has run
        self.scratch = cache(lambda _, size, kind: np.empty(size, kind))
        self.formulas: list[Formulas | None] = []
        self.operands = [self._forward(group) for group in lifted.groups]
        self.results = [self.values[lifted.fixed[i]][lifted.row[i]] for i in lifted.roots]

    def _forward(self, group: Group) -> list[Array]:
        """Add the calls of a group. Returns what it reads."""
        calls = self.prepare if group.fixed else self.forward
        operands = [self._read(group, i, calls) for i in range(len(group.reads))]
        out = self.values[group.fixed][group.rows].reshape(*group.shape, -1)
        formulas = None
        if group.kind in _PRODUCTS:
            calls += _PRODUCTS[group.kind](out, operands)
        else:
            own = list(operands[0]) if _is_one_by_one(group) else operands
            formulas = Formulas(group.rule, own, out, self.scratch)
            formulas.value(calls)
        self.formulas.append(formulas)
        if group.masked:
            calls.append(_clearing(group, out))
        return operands

    def _read(self, group: Group, i: int, calls: list[Call]) -> Array:
        """What a group reads by the number ``i``; for a matrix product, a factor of two axes."""
        read = group.reads[i]
        if read.number is not None:
            # a float would raise when divided by 0, and an array without axes is slower
            return np.float64(read.number)  # type: ignore[return-value]
        calls, table = self.prepare if read.fixed else calls, self.values[read.fixed]
        if group.kind == "matrix" and i == 0:
            # copied only if BLAS cannot read them in place
            even = strided(read.rows)
            take = view if even and 1 in even[1] else taken
            return take(table, read.rows, calls)[..., 0]
        if group.kind == "matrix" and i == 1:
            ones = [read.rows[-1:] + group.ones] if group.ones else []
            return matrix(table, np.vstack([read.rows, *ones]), calls)
        operand = view(table, read.rows, calls)
        return operand if read.real is None else _filled(group, read.real, operand, calls)


class Backward:
    """The calls of a backward pass of a plan.

    Attributes:
        gradients: the tables; the key says whether it is the fixed one.
        backward, finish: the calls back through a block, and from there to the parameters.
        inputs, parameters: the gradients of the leaves, (numbers, samples), after these calls.
        of_batch: the rows of the fixed tables that each block of a batch adds to.
    """

    def __init__(self, plan: Plan, reverse: Reverse) -> None:
        self.plan, self.reverse = plan, reverse
        self.gradients = tables_of_gradients(reverse, plan.width)
        self.of_batch = [self.gradients[True][: reverse.batch_edges]]
        self.backward: list[Call] = []
        self.finish: list[Call] = []
        for back in reverse.backs:
            self._through(back, self.finish if back.group.fixed else self.backward)
        self.inputs = gather(self.gradients[False], reverse.leaves[False], self.backward)
        self.parameters = gather(self.gradients[True], reverse.leaves[True], self.finish)

    def _through(self, back: Back, calls: list[Call]) -> None:
        operands, formulas = self.plan.operands[back.number], self.plan.formulas[back.number]
        upstream = self._upstream(self.gradients, back, calls)
        known = dict(formulas.arrays) if formulas else {}
        for i, out in enumerate(self._outs(self.gradients, back)):
            if out is None:
                continue
            if formulas:
                self._pass(formulas.slope(i, known, calls), upstream, out, calls)
            else:
                calls.append(_THROUGH[back.group.kind](i, operands, upstream, out))

    @staticmethod
    def _upstream(tables: Tables, back: Back, calls: list[Call]) -> Array:
        """Add the calls that sum the gradients of a group. Returns the sums."""
        upstream = gather(tables[back.group.fixed], back.upstream, calls)
        if back.group.masked:
            calls.append(_clearing(back.group, upstream))
        return upstream

    @staticmethod
    def _outs(tables: Tables, back: Back) -> Sequence[Array | None]:
        """For each operand of a group, where its gradient goes; None if it is not computed."""
        pairs = zip(back.group.reads, back.edges, strict=True)
        outs = [
            None if edges is None else view(tables[read.fixed], edges, []) for read, edges in pairs
        ]
        return list(outs[0]) if outs[0] is not None and _is_one_by_one(back.group) else outs

    def _pass(self, slope: Array, upstream: Array, out: Array, calls: list[Call]) -> None:
        """Add the calls for slope × upstream, summed over the samples if they share ``out``."""
        summed, passed = out.shape[-1] < upstream.shape[-1], upstream
        if slope.ndim or slope != 1.0:
            shape = (*out.shape[:-1], upstream.shape[-1])
            passed = self.plan.scratch(-1, prod(shape), float).reshape(shape) if summed else out
            calls.append(partial(np.multiply, np.asarray(slope), upstream, passed))
        if summed:
            calls.append(partial(np.add.reduce, passed, -1, None, out, keepdims=True))
        elif passed is upstream:
            calls.append(partial(np.copyto, out, upstream))


def _is_one_by_one(group: Group) -> bool:
    """Does its rule take the operands of a stack one by one?"""
    return group.kind == "stack" and not group.rule.stacked


# ---- matrix products ----


def _matrix(out: Array, operands: list[Array]) -> list[Call]:
    """The calls for C = A·B, and perhaps a bias."""
    weights, inputs, *bias = operands
    product = _times(weights, inputs, out.reshape(len(weights), -1))
    return [product, *[partial(np.add, out, each, out) for each in bias]]


def _through_matrix(i: int, operands: list[Array], upstream: Array, out: Array) -> Call:
    """For C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""
    weights, inputs = operands[:2]
    flat = upstream.reshape(len(weights), -1)
    if i == 0:
        return _times(flat, inputs.T, out[..., 0])
    if i == 1:
        return _times(weights[:, : len(out)].T, flat, out.reshape(len(out), -1))
    return partial(np.add.reduce, upstream, -1, None, out, keepdims=True)  # a bias that all share


def _times(a: Array, b: Array, out: Array) -> Call:
    """The call that writes a·b to ``out``.

    `dot` starts sooner than `matmul`, and is faster for an outer product, but first clears ``out``.
    """
    if a.size == 1 or b.size == 1:  # `dot` would leave out a factor 0, even where it meets nan
        return partial(np.multiply, a, b, out)
    if out.flags.f_contiguous:
        a, b, out = b.T, a.T, out.T
    if out.flags.c_contiguous and (out.size <= SMALL or a.shape[1] == 1):
        return partial(a.dot, b, out)
    return partial(np.matmul, a, b, out)


def _matmul(out: Array, operands: list[Array]) -> list[Call]:
    """The call for C = A·B, block by block."""
    rows, columns = map(_samples_first, operands)
    return [partial(np.matmul, rows, columns, _samples_first(out))]


def _through_matmul(i: int, operands: list[Array], upstream: Array, out: Array) -> Call:
    """For C = A·B, block by block: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""
    arriving, other = _samples_first(upstream), _samples_first(operands[1 - i]).swapaxes(-1, -2)
    a, b = (other, arriving) if i else (arriving, other)
    return partial(np.matmul, a, b, _samples_first(out))


def _samples_first(x: Array) -> Array:
    """A view with the samples as first axis: the last two are those of matrices."""
    return np.moveaxis(x, -1, 0)


def _filled(group: Group, real: Mask, operand: Array, calls: list[Call]) -> Array:
    """A buffer with what a stack reads, and its neutral element, ±∞, where nothing is real."""
    assert group.op.neutral is not None  # only such operations read holes
    filler = np.where(real, 0.0, group.op.neutral)[..., None]
    buffer = np.empty(operand.shape)
    calls.append(partial(np.add, operand, filler, buffer))
    return buffer


def _clearing(group: Group, x: Array) -> Call:
    """The call that makes the holes of a group 0."""
    assert group.real is not None
    return partial(np.multiply, x, group.real[..., None].astype(float), x)


_PRODUCTS = {"matrix": _matrix, "matmul": _matmul}
_THROUGH = {"matrix": _through_matrix, "matmul": _through_matmul}
