"""The lines of the backward pass: the gradient of every array, from the results to the leaves.

Read `forward` first. An array's gradient is written once everything that uses the array has been
written: it is the sum of what each use passes back.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np

from ..lifting.analysis import facts
from ..lifting.group import Group, Read
from ..lifting.spacing import folded
from .formula import Formula
from .forward import Array, Forward, Product
from .text import Added, added, number_text, rows_of, tidy

_TERMS = 8  # of a sum on one line


class _Upstream(NamedTuple):
    """A gradient as an expression.

    ``there`` is where it exists, as an operand that is not selected has none; "" for everywhere.
    """

    text: str
    there: str = ""

    def over_samples(self, group: Group, read: Read) -> _Upstream:
        """Summed over the samples, if all of them share what ``group`` reads."""
        if group.fixed or not read.fixed:
            return self
        there = self.there and f"np.any({self.there}, axis=-1, keepdims=True)"
        return _Upstream(f"np.sum({self.text}, axis=-1, keepdims=True)", there)


class _Passed(NamedTuple):
    """What one use passes back to an array, and where that exists; None for everywhere."""

    gradient: Added
    there: Added | None


class Backward:
    """The backward pass through a `Forward` that has been written."""

    def __init__(self, forward: Forward) -> None:
        self.forward, self.lifted = forward, forward.lifted
        self.known = facts(forward.fused)
        self.passed: dict[str, list[_Passed]] = {}

    def write(self, upstream: str = "") -> tuple[list[str], str]:
        """Write the lines; return the expressions of the inputs' gradients and the parameters'.

        ``upstream`` names an array with the gradients of the results, (samples, results). Without
        it, the gradient of the only result is 1.
        """
        for k, root in enumerate(self.forward.fused.roots):
            read = Read(self.lifted.fixed[root], self.lifted.row[[root]])
            seed = self._upstream(f"{upstream}[:, {k}]", read) if upstream else self._one(root)
            self._pass(read, _Upstream(seed))
        for group, array, texts in reversed(self.forward.made):
            if array.name in self.passed:
                there = "" if self._is_sure(group) else self._there(array)
                gradient = self._gradient(array)
                if group.masked:
                    gradient = self._named(self.forward.masked(gradient, group), gradient)
                self._through(group, texts, _Upstream(gradient, there))
        return self._of_inputs(), self._of_parameters()

    @staticmethod
    def _upstream(text: str, read: Read) -> str:
        return f"np.sum({text}).reshape(1, 1)" if read.fixed else f"{text}.reshape(1, -1)"

    def _one(self, root: int) -> str:
        if self.lifted.fixed[root]:
            return "np.full((1, 1), float(n))"
        return f"np.ones_like({self.forward.slot(root)})"

    def _of_inputs(self) -> list[str]:
        forward, by_name = self.forward, {array.name: array for array in self.forward.arrays}
        texts = []
        for name, shape, (_, _, order) in zip(
            forward.arguments, forward.program.shapes, self.lifted.arguments, strict=True
        ):
            sizes = ", ".join(map(str, shape))
            if not prod(shape):
                texts.append(f"np.zeros((n, {sizes}))")
                continue
            columns = self._gradient(by_name[name])
            if order is not None:
                back = np.argsort(order)
                columns = rows_of(columns, back.reshape(folded([back])), by_name[name].shape)
                columns = f"{columns}.reshape({len(order)}, -1)"
            columns = f"{columns}.T" if shape else columns
            texts.append(f"{columns}.reshape({f'-1, {sizes}' if shape else '-1'})")
        return texts

    def _of_parameters(self) -> str:
        if not self.forward.program.parameter_count:
            return "np.zeros(0)"
        array = next(each for each in self.forward.arrays if each.name == "parameters")
        return f"{self._gradient(array)}.reshape(-1)"

    # ---- what arrives at an array ----

    def _pass(self, read: Read, upstream: _Upstream, *, tail: str = "-1") -> None:
        """Note that an expression of the shape of ``read`` is its gradient.

        ``tail`` is the axis of the samples, or "" if there is none.
        """
        wanted = self.forward.wanted[read.fixed][read.rows]
        holders = np.where(wanted, self.forward.holder[read.fixed][read.rows], -1)
        arrays = np.unique(holders[holders >= 0])
        if len(arrays) > 1:
            upstream = _Upstream(
                self._short(upstream.text, "passed"), self._short(upstream.there, "taken")
            )
        for i in arrays:
            array, inside = self.forward.arrays[i], np.flatnonzero(holders == i)
            rows = read.rows - array.start
            gradient = added(f"({upstream.text})", rows, inside=inside, tail=tail)
            there = upstream.there and added(f"({upstream.there})", rows, inside=inside, tail=tail)
            self.passed.setdefault(array.name, []).append(_Passed(gradient, there or None))

    def _is_sure(self, group: Group) -> bool:
        """Whether every member gets a gradient whatever is selected."""
        return all([self.known.sure[i] for i in group.members if self.known.varies[i]])

    def _there(self, array: Array) -> str:
        """Write where the gradient of an array exists; return the name of the mask."""
        masks = [
            there
            or Added(f"np.ones(({len(gradient.rows)}, 1))", gradient.rows.shape, gradient.rows)
            for gradient, there in self.passed[array.name]
        ]
        texts = [_scattered(array, mask) for mask in masks]
        alone = len(texts) == 1 and texts[0].strip("()").isidentifier()
        text = texts[0] if alone else f"{' + '.join(texts)} > 0.0"
        return self._named(text, f"{array.name}_taken")

    def _gradient(self, array: Array) -> str:
        """Write the gradient of an array; return its name."""
        sums = [each.gradient for each in self.passed.pop(array.name, [])]
        sums.sort(key=lambda each: int(each.rows[0]))
        count, label = array.stop - array.start, f"{array.name}_grad"
        if len(sums) > 1 and (parts := _end_to_end(sums, count, width="1" if array.fixed else "n")):
            joined = Added(f"np.concatenate([{', '.join(parts)}])", (count,), np.arange(count))
            return self._named(joined.reshaped(array.shape), label)
        terms = [_scattered(array, each) for each in sums]
        if not terms:
            return self._named(f"np.zeros_like({array.name})", label)
        name = self._named(" + ".join(terms[:_TERMS]), label)
        for start in range(_TERMS, len(terms), _TERMS):
            more = " + ".join([name, *terms[start : start + _TERMS]])
            self.forward.lines.append(f"{name} = {tidy(more)}")
        return name

    # ---- what a group passes on ----

    def _through(self, group: Group, texts: Formula | Product | None, upstream: _Upstream) -> None:
        if isinstance(texts, Formula):
            self._through_rule(group, texts, upstream)
            return
        if texts is None:  # numbers that all samples share
            self._pass(group.reads[0], upstream.over_samples(group, group.reads[0]))
            return
        through = {
            "matrix": self._through_matrix, "matmul": self._through_matmul, "dot": self._through_dot
        }  # fmt: skip
        through[group.kind](group, texts, upstream)
        for read in group.reads[2:]:  # the bias
            self._pass(_without_ones(read), upstream.over_samples(group, read))

    def _through_matrix(self, group: Group, product: Product, upstream: _Upstream) -> None:
        """Through C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄. Several vectors are an axis of B."""
        (gradient, there), several = upstream, group.shape[1] > 1
        used = there and self._named(f"np.any({there}, axis=0)", "used")
        weights, inputs = group.reads[:2]
        if self.forward.takes(weights):
            self._to_weights(group, product, upstream, used=used)
        if self.forward.takes(inputs):
            text = f"{product.weights}.T @ {gradient}"
            if several:
                text = f"np.tensordot({product.weights}.T, {gradient}, 1)"
            read = _without_ones(inputs)
            self._pass(read, _Upstream(text, self._spread(used, group, read)))

    def _to_weights(
        self, group: Group, product: Product, upstream: _Upstream, *, used: str
    ) -> None:
        """The gradient of a matrix; a bias that belongs to it is its last column."""
        (gradient, there), several = upstream, group.shape[1] > 1
        factor = f"np.where({used}, {product.inputs}, 0.0)" if used else product.inputs
        text = f"{gradient} @ {factor}.T"
        if several:
            text = f"np.tensordot({gradient}, {factor}, ((1, 2), (1, 2)))"
        name = self._named(text, f"{product.weights}_grad")
        if product.bias:
            summed = f"np.sum({gradient}, axis=2)" if several else gradient
            column = self._named(f"np.sum({summed}, axis=1, keepdims=True)", f"{product.bias}_grad")
            name = f"np.hstack([{name}, {column}])"
        axes, width = ("(1, 2)" if several else "1"), group.reads[0].rows.size // group.shape[0]
        mask = there and f"np.repeat(np.any({there}, axis={axes}), {width}).reshape(-1, {width})"
        self._pass(group.reads[0], _Upstream(name, mask), tail="")

    def _through_matmul(self, group: Group, product: Product, upstream: _Upstream) -> None:
        """Through C = A·B, block by block: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""
        gradient = self._named(f"np.moveaxis({upstream.text}, -1, 0)", "grad")
        texts = (
            f"{gradient} @ {product.inputs}.swapaxes(2, 3)",
            f"{product.weights}.swapaxes(2, 3) @ {gradient}",
        )
        for i, (read, text) in enumerate(zip(group.reads, texts, strict=True)):
            there = upstream.there and f"np.any({upstream.there}, axis={2 - i}, keepdims=True)"
            text = f"np.moveaxis({text}, 0, -1)"
            self._pass(read, _Upstream(text, self._spread(there, group, read)))

    def _through_dot(self, group: Group, product: Product, upstream: _Upstream) -> None:
        others = product.inputs, product.weights
        for read, other in zip(group.reads, others, strict=False):
            text = self._where_there(f"{other} * {upstream.text}", upstream.there)
            passed = _Upstream(text, self._spread(upstream.there, group, read))
            self._pass(read, passed.over_samples(group, read))

    def _through_rule(self, group: Group, formula: Formula, upstream: _Upstream) -> None:
        """Pass back each local gradient, as the rule table gives it, times the upstream one."""
        for i, read in enumerate(group.reads):
            if not self.forward.takes(read):
                continue
            if formula.rule.stacked:
                self._through_stack(group, formula, upstream)
                continue
            each = [read.rows] if group.kind == "map" else list(read.rows)
            for j, rows in enumerate(each, start=i):
                if (passed := self._times(group, formula, i=j, upstream=upstream)) is not None:
                    self._pass(Read(read.fixed, rows), passed.over_samples(group, read))

    def _through_stack(self, group: Group, formula: Formula, upstream: _Upstream) -> None:
        """Pass back a local gradient for all operands, which stand in one array."""
        (read,) = group.reads
        passed = self._times(group, formula, i=0, upstream=upstream)
        if passed is None:
            return
        text, there = passed
        if formula.rule.slopes[0].name != "number":
            passed = _Upstream(text, self._spread(there, group, read))
        elif read.rows.shape[1] > 1:  # the same for all operands
            passed = _Upstream(self._spread(text, group, read), self._spread(there, group, read))
        else:
            read, count = _without_ones(read), len(read.rows)
            passed = _Upstream(*[x and f"np.repeat({x}, {count}, axis=0)" for x in passed])
        self._pass(read, passed)

    def _times(
        self, group: Group, formula: Formula, *, i: int, upstream: _Upstream
    ) -> _Upstream | None:
        """Local gradient ``i`` times the upstream one; None if the operand is never selected."""
        symbol, (text, there) = formula.rule.slopes[i], upstream
        if symbol.name == "number":
            if symbol.number == 1.0:
                return upstream
            if group.op.selects and symbol.number == 0.0:
                return None
            factor = "-" if symbol.number == -1.0 else f"{number_text(symbol.number)} * "
            infinite = symbol.number - symbol.number != 0.0
            text = self._where_there(f"{factor}{text}", there if infinite else "")
            return _Upstream(text, there)
        slope = formula.write(symbol).text
        if group.op.selects:
            slope = self._short(slope, "slope")
            chosen = f"({slope} != 0.0)"
            whole = all([self.forward.is_whole(read) for read in group.reads])
            if not (whole or formula.rule.stacked):
                chosen = f"np.broadcast_to({chosen}, {formula.result}.shape)"
            there = self._short(f"{there} & {chosen}" if there else chosen, "taken")
        return _Upstream(self._where_there(f"({slope}) * {text}", there), there)

    def _where_there(self, text: str, there: str) -> str:
        """A product where a gradient exists; elsewhere nothing flows back, however steep."""
        self.forward.choosing |= bool(there)
        return f"np.where({there}, {text}, 0.0)" if there else text

    def _spread(self, text: str, group: Group, read: Read) -> str:
        """An expression, unless it is "", in the shape of what a group reads."""
        return text and self.forward.broadcast(text, read.rows.shape, fixed=group.fixed)

    def _short(self, text: str, label: str) -> str:
        """An expression that can be repeated: a name that says nothing, or "" as it is."""
        if not text or text.isidentifier():
            return text
        name = self._named(text, label)
        self.forward.names.saying_nothing.add(name)
        return name

    def _named(self, text: str, label: str) -> str:
        name = self.forward.name(label, "grad")
        self.forward.lines.append(f"{name} = {tidy(text)}")
        return name


def _without_ones(read: Read) -> Read:
    """A read of one vector, in one axis."""
    rows = read.rows
    return replace(read, rows=rows[:, 0]) if rows.ndim == 2 and rows.shape[1] == 1 else read


def _end_to_end(sums: list[Added], count: int, *, width: str) -> list[str]:
    """Expressions that one after another make up all rows, with zeros in gaps; [] if they do not.

    They must lie in order and must not overlap.
    """
    parts, stop = list[str](), 0
    for each in [*sums, Added("", (0,), np.array([count]))]:
        first, last = int(each.rows[0]), int(each.rows[-1])
        if first < stop or last - first + 1 != len(each.rows) or (np.diff(each.rows) != 1).any():
            return []
        if first > stop:
            parts.append(f"np.zeros(({first - stop}, {width}))")
        parts += [each.reshaped(each.rows.shape)] if each.text else []
        stop = last + 1
    return parts


def _scattered(array: Array, term: Added) -> str:
    """What is added to an array, in its shape: zeros where it is not named."""
    count, rows = array.stop - array.start, term.rows
    if np.array_equal(rows, np.arange(count)):
        return f"({term.reshaped(array.shape)})"
    even = len(rows) and (np.diff(rows) == 1).all()
    where = f"slice({rows[0]}, {rows[-1] + 1})" if even else rows.tolist()
    text = f"scatter({count}, {where}, {term.reshaped(rows.shape)})"
    return Added(text, (count,), rows).reshaped(array.shape)
