"""Rules of the table as prepared NumPy calls.

A rule is run on symbols once (see `lifting.symbols`). Each symbol becomes a call that writes to a
buffer, so a run allocates nothing. Both branches of a choice are computed. What the local gradients
share with the value is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import TypeAlias

import numpy as np

from ...arithmetic.rows import products
from ..arrays import Arrays
from ..ir import Replayed
from ..lifting.symbols import CONDITIONS, FUNCTIONS, Symbol, Written, in_order
from .exact import exact_sum
from .tables import Array, Call, sum_of_rows

Function: TypeAlias = Callable[..., Replayed]
Buffers: TypeAlias = Callable[[int, int, type], Array]
_FUNCTIONS: dict[str, Function] = {
    **{name: getattr(Arrays, name) for name in FUNCTIONS},
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "mod": np.remainder,
    "neg": np.negative, "abs": np.absolute, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "select": np.where, "total": lambda *xs: Arrays.total(xs),
    "exact_total": lambda *xs: _exact_total(*xs), "dot": lambda *xs: Arrays.dot(*products(xs)),
}  # fmt: skip
_OVER_ALL: dict[str, Callable[[Array, Array], Call]] = {
    "total_all": sum_of_rows, "sum_all": sum_of_rows,
    "exact_total_all": lambda x, out: partial(exact_sum, x, out),
    "maximum_all": lambda x, out: partial(np.maximum.reduce, x, 0, None, out),
    "minimum_all": lambda x, out: partial(np.minimum.reduce, x, 0, None, out),
}  # fmt: skip


class Formulas:
    """The value and the local gradients of one group.

    Args:
        rule: the row on symbols.
        operands: what the group reads.
        out: where its result stands.
        scratch: returns the buffer for a number, a size and a kind; the same one each time.
    """

    def __init__(
        self, rule: Written, operands: Sequence[Array], out: Array, scratch: Buffers
    ) -> None:
        self.rule, self.operands, self.out, self.scratch = rule, operands, out, scratch
        self.kept = {id(x) for x in in_order(rule.slopes)}
        self.arrays: dict[int, Array] = {}

    def value(self, calls: list[Call]) -> None:
        """Add the calls that compute the result."""
        root = self.rule.value
        found = self._compute(root, self.arrays, calls, last=self.out)
        if found is not self.out:
            calls.append(partial(np.copyto, self.out, found))
        self.arrays[id(root)] = self.out

    def slope(self, i: int, known: dict[int, Array], calls: list[Call]) -> Array:
        """Add the calls that compute a local gradient. Returns where it is, or its number.

        ``known`` holds what is computed already. What other local gradients share is added to it.
        """
        return self._compute(self.rule.slopes[i], known, calls, last=None)

    def _compute(
        self, root: Symbol, known: dict[int, Array], calls: list[Call], *, last: Array | None
    ) -> Array:
        arrays = dict(known)
        for symbol in in_order([root], known):
            out = last if symbol is root else None
            arrays[id(symbol)] = found = self._add(symbol, arrays, calls, out)
            if symbol.operands and id(symbol) in self.kept:
                known[id(symbol)] = found
        return arrays[id(root)]

    def _add(
        self, symbol: Symbol, arrays: dict[int, Array], calls: list[Call], out: Array | None
    ) -> Array:
        """Add the call of a symbol. Returns where its numbers will be."""
        if symbol.name == "operand":
            return self.operands[int(symbol.number)]
        if symbol.name == "result":
            return self.out
        if symbol.name == "number":
            return np.float64(symbol.number)  # type: ignore[return-value]  # faster than an array
        xs = [arrays[id(x)] for x in symbol.operands]
        if all([x.ndim == 0 for x in xs]):
            number: Array = np.asarray(_FUNCTIONS[symbol.name](*xs))[()]
            return number
        out = self._buffer(symbol, xs, len(arrays)) if out is None else out
        calls.append(_call(symbol, xs, out))
        return out

    def _buffer(self, symbol: Symbol, xs: Sequence[Array], number: int) -> Array:
        """A buffer for a symbol; one of its own if the backward pass needs it again."""
        shape = np.broadcast_shapes(*[x.shape for x in xs])
        shape = shape[1:] if symbol.name.endswith("_all") else shape
        kind = bool if symbol.name in CONDITIONS else float
        if id(symbol) in self.kept:
            return np.empty(shape, kind)
        return self.scratch(number, prod(shape), kind).reshape(shape)


def _exact_total(*xs: Array) -> Array:
    stack = np.stack(np.broadcast_arrays(*xs))
    out = np.empty(stack.shape[1:])
    exact_sum(stack, out)
    return out


def _call(symbol: Symbol, xs: Sequence[Array], out: Array) -> Call:
    if symbol.name in _OVER_ALL:
        return _OVER_ALL[symbol.name](xs[0], out)
    if symbol.name == "select":
        condition, a, b = xs
        if a.ndim == b.ndim == 0 and (float(a), float(b)) == (1.0, 0.0):
            return partial(np.copyto, out, condition)
        return partial(_choose, condition, a, b, out)
    function = _FUNCTIONS[symbol.name]
    if isinstance(function, np.ufunc):
        operands = map(np.asarray, xs)  # a plain number would become an array in every call
        if function in (np.maximum, np.minimum):
            return partial(function, *operands, out=out)
        return partial(function, *operands, out)  # sooner than with a keyword, where NumPy lets us
    return partial(_write, function, xs, out)


def _write(function: Function, xs: Sequence[Array], out: Array) -> None:
    out[...] = function(*xs)


def _choose(condition: Array, a: Array, b: Array, out: Array) -> None:
    np.copyto(out, b)
    np.copyto(out, a, where=condition)
