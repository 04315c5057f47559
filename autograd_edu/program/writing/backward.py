"""The lines of the backward pass: the gradient of every array, from the result to the leaves.

Read `forward` first. An array's gradient is written once everything that uses the array has been
written: it is the sum of what each use passes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

import numpy as np

from ..lifting.analysis import facts
from ..lifting.group import Group, Read
from ..lifting.spacing import Rows, folded
from .formula import Formula
from .forward import Array, Forward, Product
from .text import Added, added, dims, number_text, pick, rows_of, tidy

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


@dataclass
class _Passed:
    """What one use passes back.

    Attributes:
        shape: of the expressions, without the samples.
        inside: which of its rows are for the array; None for all of them.
        places: the rows of the array that they are added to.
        tail: the axis of the samples; "" if there is none.
    """

    upstream: _Upstream
    shape: tuple[int, ...]
    inside: Rows | None
    places: Rows
    tail: str

    def added(self, text: str) -> Added:
        """One of the expressions, as it adds to the rows of the array."""
        if self.inside is not None:
            size = prod(self.shape)
            flat = Added(f"({text})", self.shape, self.places, self.tail).reshaped((size,))
            return added(pick(flat, self.inside, size=size), self.places)
        return added(f"({text})", self.places, tail=self.tail)


class Backward:
    """The backward pass through a `Forward` that has been written."""

    def __init__(self, forward: Forward) -> None:
        self.forward, self.lifted = forward, forward.lifted
        self.passed: dict[str, list[_Passed]] = {}
        self.known = known = facts(forward.fused)
        self.wanted = {
            kind: np.zeros(count, dtype=bool) for kind, count in self.lifted.counts.items()
        }
        for i, row in enumerate(self.lifted.row):
            self.wanted[known.fixed[i]][row] |= known.varies[i] and known.live[i]
        for group in self.lifted.groups:
            if group.real is not None:
                self.wanted[False][group.start + np.flatnonzero(~group.real)] = True
            if group.kind == "spread":
                rows = slice(group.start, group.start + len(group.members))
                self.wanted[False][rows] = [known.varies[i] for i in group.members]

    def write(self, upstream: str = "") -> tuple[list[str], str]:
        """Write the lines; return the expressions of the inputs' gradients and the parameters'.

        ``upstream`` names an array with the gradient of each result; by default that is 1.
        """
        self._pass(self._root(), _Upstream(self._seed(upstream)))
        for group, array, texts in reversed(self.forward.made):
            if array.name in self.passed:
                there = "" if self._is_sure(group) else self._there(array)
                gradient = self._gradient(array)
                if group.masked:
                    gradient = self._named(self.forward.masked(gradient, group), gradient)
                self._through(group, array, texts, _Upstream(gradient, there))
        return self._of_inputs(), self._of_parameters()

    def _root(self) -> Read:
        root = self.forward.fused.root
        return Read(self.lifted.fixed[root], self.lifted.row[[root]])

    def _seed(self, upstream: str) -> str:
        if self._root().fixed:
            return f"np.sum({upstream}).reshape(1, 1)" if upstream else "np.full((1, 1), float(n))"
        if upstream:
            return f"{upstream}.reshape(1, -1)"
        return f"np.ones_like({self.forward.slot(self.forward.fused.root)})"

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
        """Note that an expression of the shape of ``read`` is its gradient."""
        shape, rows = read.rows.shape, read.rows
        wanted = self.wanted[read.fixed][rows]
        holders = np.where(wanted, self.forward.holder[read.fixed][rows], -1)
        for i in np.unique(holders[holders >= 0]):
            array, inside = self.forward.arrays[i], np.flatnonzero(holders == i)
            alone = len(inside) == rows.size
            places = rows - array.start if alone else rows.ravel()[inside] - array.start
            passed = _Passed(upstream, shape, None if alone else inside, places, tail)
            self.passed.setdefault(array.name, []).append(passed)

    def _is_sure(self, group: Group) -> bool:
        """Whether every member gets a gradient whatever is selected."""
        return all([self.known.sure[i] for i in group.members if self.known.varies[i]])

    def _there(self, array: Array) -> str:
        """Write where the gradient of an array exists; return the name of the mask."""
        passed = self.passed[array.name]
        texts = []
        for each in passed:
            found = each.added(each.upstream.there or "1")
            if not each.upstream.there:
                found = Added(f"np.ones(({len(found.rows)}, 1))", found.rows.shape, found.rows)
            texts.append(_scattered(array, found))
        alone = len(passed) == 1 and passed[0].upstream.there
        mask = f"({' + '.join(texts)}) > 0.0"
        if alone and texts[0] == f"({alone})":
            mask = alone
        return self._named(mask, f"{array.name}_taken")

    def _gradient(self, array: Array) -> str:
        """Write the gradient of an array; return its name."""
        sums = [each.added(each.upstream.text) for each in self.passed.pop(array.name, [])]
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

    def _through(
        self, group: Group, array: Array, texts: Formula | Product | None, upstream: _Upstream
    ) -> None:
        if isinstance(texts, Formula):
            self._through_rule(group, texts, result=array.name, upstream=upstream)
            return
        if texts is None:  # numbers that all samples share
            self._pass(group.reads[0], upstream.over_samples(group, group.reads[0]))
            return
        if group.kind == "matrix":
            self._through_matrix(group, texts, upstream)
        elif group.kind == "matmul":
            self._through_matmul(group, texts, upstream)
        else:
            self._through_dot(group, texts, upstream)
        for read, edges in zip(group.reads[2:], group.edges[2:], strict=True):
            if edges is not None:
                self._pass(_without_ones(read), upstream.over_samples(group, read))

    def _through_matrix(self, group: Group, product: Product, upstream: _Upstream) -> None:
        """Through C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄. Several vectors are an axis of B."""
        gradient, there = upstream
        used = there and self._named(f"np.any({there}, axis=0)", "used")
        if group.edges[0] is not None:
            self._to_weights(group, product, upstream, used=used)
        if group.edges[1] is not None:
            read, several = group.reads[1], group.shape[1] > 1
            text = f"{product.weights}.T @ {gradient}"
            if several:
                text = f"np.tensordot({product.weights}.T, {gradient}, 1)"
            samples = "1" if group.fixed else "n"
            shape = dims(read.rows.shape if several else read.rows.shape[:1], tail=samples)
            mask = used and f"np.broadcast_to({used}, ({shape}))"
            self._pass(_without_ones(read), _Upstream(text, mask))

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
        for i, (read, edges, text) in enumerate(zip(group.reads, group.edges, texts, strict=True)):
            if edges is not None:
                found = f"np.any({upstream.there}, axis={2 - i}, keepdims=True)"
                shape = dims(read.rows.shape, tail="n")
                there = upstream.there and f"np.broadcast_to({found}, ({shape}))"
                self._pass(read, _Upstream(f"np.moveaxis({text}, 0, -1)", there))

    def _through_dot(self, group: Group, product: Product, upstream: _Upstream) -> None:
        others = product.inputs, product.weights
        for read, edges, other in zip(group.reads, group.edges, others, strict=False):
            if edges is not None:
                text = self._where_there(f"{other} * {upstream.text}", upstream.there)
                self._pass_stack(group, read, _Upstream(text, upstream.there))

    def _pass_stack(self, group: Group, read: Read, passed: _Upstream) -> None:
        """Pass back an array whose first two axes are those of what a group reads."""
        text, there = passed
        if there:  # may have the shape of the group: one mask for all of the operands
            text = self._named(text, "passed")
            there = f"np.broadcast_to({there}, {text}.shape)"
        self._pass(read, _Upstream(text, there).over_samples(group, read))

    def _through_rule(
        self, group: Group, formula: Formula, *, result: str, upstream: _Upstream
    ) -> None:
        """Pass back each local gradient, as the rule table gives it, times the upstream one."""

        def passed(i: int) -> _Upstream | None:
            return self._times(group, formula, i=i, upstream=upstream)

        for i, (read, edges) in enumerate(zip(group.reads, group.edges, strict=True)):
            if edges is None:
                continue
            if not formula.rule.stacked:
                each = [read.rows] if group.kind == "map" else list(read.rows)
                for j, rows in enumerate(each, start=i):
                    if (found := passed(j)) is not None:
                        if found.there and not self._all_whole(group):
                            there = f"np.broadcast_to({found.there}, {result}.shape)"
                            found = _Upstream(found.text, there)
                        self._pass(Read(read.fixed, rows), found.over_samples(group, read))
            elif (found := passed(0)) is upstream:
                text, there = upstream.over_samples(group, read)
                count, members = read.rows.shape
                shape = dims(read.rows.shape, tail="1" if read.fixed else "n")
                everywhere = f"np.broadcast_to({{}}, ({shape}))"
                if members == 1:
                    everywhere, read = f"np.repeat({{}}, {count}, axis=0)", _without_ones(read)
                there = there and everywhere.format(there)
                self._pass(read, _Upstream(everywhere.format(text), there))
            elif found is not None:
                self._pass_stack(group, read, found)

    def _all_whole(self, group: Group) -> bool:
        """Whether every operand of a group has its shape, so that every mask has it, too."""
        return all([self.forward.is_whole(read) for read in group.reads])

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
            slope = slope if slope.isidentifier() else self._named(slope, "slope")
            chosen = f"({slope} != 0.0)"
            there = self._named(f"{there} & {chosen}" if there else chosen, "taken")
        return _Upstream(self._where_there(f"({slope}) * {text}", there), there)

    def _where_there(self, text: str, there: str) -> str:
        """A product where a gradient exists; elsewhere nothing flows back, however steep."""
        self.forward.choosing |= bool(there)
        return f"np.where({there}, {text}, 0.0)" if there else text

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
