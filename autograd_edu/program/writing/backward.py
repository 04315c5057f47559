"""The lines of the backward pass: the gradient of every array, from the result to the leaves.

Read `forward` first. An array's gradient is written once everything that uses the array has been
written: it is the sum of what each use passes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from ..lifting.analysis import facts
from ..lifting.group import Group, Read, Rows
from .forward import Array, Forward, Product, Rule
from .text import add_up, number_text, pick, tidy

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
        there = self.there and f"np.any({self.there}, axis=1, keepdims=True)"
        return _Upstream(f"np.sum({self.text}, axis=1, keepdims=True)", there)


@dataclass
class _Passed:
    """What one use passes back: row ``source[j]`` of an expression to row ``places[j]``."""

    upstream: _Upstream
    size: int  # rows of the expression
    source: Rows
    places: Rows

    def picked(self, text: str) -> str:
        return tidy(pick(f"({text})", self.source, size=self.size))


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
            if group.kind == "spread":
                rows = slice(group.start, group.start + len(group.members))
                self.wanted[False][rows] = [known.varies[i] for i in group.members]

    def write(self, upstream: str = "") -> tuple[list[str], str]:
        """Write the lines; return the expressions of the inputs' gradients and the parameters'.

        ``upstream`` names an array with the gradient of each result; by default that is 1.
        """
        self._pass(self._root(), _Upstream(self._seed(upstream)))
        made = zip(self.lifted.groups, self.forward.made, strict=True)
        for group, (array, texts) in reversed(list(made)):
            if array.name in self.passed:
                there = "" if self._is_sure(group) else self._there(array)
                self._through(group, array, texts, _Upstream(self._gradient(array), there))
        return self._of_inputs(), self._of_parameters()

    def _root(self) -> Read:
        root = self.forward.fused.root
        return Read(self.lifted.fixed[root], self.lifted.row[[root]])

    def _seed(self, upstream: str) -> str:
        if self._root().fixed:
            return f"np.sum({upstream}).reshape(1, 1)" if upstream else "np.full((1, 1), float(n))"
        return f"{upstream}.reshape(1, -1)" if upstream else "np.ones((1, n))"

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
                columns = pick(columns, np.argsort(order), size=len(order))
            columns = f"{columns}.T" if shape else columns
            texts.append(f"{columns}.reshape({f'-1, {sizes}' if shape else '-1'})")
        return texts

    def _of_parameters(self) -> str:
        if not self.forward.program.parameter_count:
            return "np.zeros(0)"
        array = next(each for each in self.forward.arrays if each.name == "parameters")
        return f"{self._gradient(array)}.reshape(-1)"

    # ---- what arrives at an array ----

    def _pass(self, read: Read, upstream: _Upstream, *, source: Rows | None = None) -> None:
        """Note that row ``source[j]`` of a gradient, by default row j, is for row j of ``read``."""
        rows = read.rows.ravel()
        source = np.arange(len(rows)) if source is None else source
        size = int(source.max(initial=-1)) + 1
        wanted = self.wanted[read.fixed][rows]
        holders = np.where(wanted, self.forward.holder[read.fixed][rows], -1)
        for i in np.unique(holders[holders >= 0]):
            array, inside = self.forward.arrays[i], holders == i
            self.passed.setdefault(array.name, []).append(
                _Passed(upstream, size, source[inside], rows[inside] - array.start)
            )

    def _is_sure(self, group: Group) -> bool:
        """Whether every member gets a gradient whatever is selected."""
        return all([self.known.sure[i] for i in group.members if self.known.varies[i]])

    def _there(self, array: Array) -> str:
        """Write where the gradient of an array exists; return the name of the mask."""
        passed, terms = self.passed[array.name], []
        for each in passed:
            ones = f"np.ones(({len(each.places)}, {array.name}.shape[1]))"
            text = each.picked(each.upstream.there) if each.upstream.there else ones
            terms.append(_scattered(array, text, each.places))
        mask = passed[0].upstream.there
        alone = len(passed) == 1 and mask and terms[0] == passed[0].picked(mask)
        text = terms[0] if alone else f"({' + '.join(terms)}) > 0.0"
        return self._named(text, f"{array.name}_taken")

    def _gradient(self, array: Array) -> str:
        """Write the gradient of an array; return its name."""
        sums = [
            add_up(f"({each.picked(each.upstream.text)})", each.places)
            for each in self.passed.pop(array.name, [])
        ]
        sums.sort(key=lambda each: int(each[1][0]))
        everywhere = np.arange(array.stop - array.start)
        if len(sums) > 1 and np.array_equal(np.concatenate([rows for _, rows in sums]), everywhere):
            return self._named(
                f"np.concatenate([{', '.join(text for text, _ in sums)}])", f"{array.name}_grad"
            )
        terms = [_scattered(array, f"({text})", rows) for text, rows in sums]
        if not terms:
            return self._named(f"np.zeros_like({array.name})", f"{array.name}_grad")
        name = self._named(" + ".join(terms[:_TERMS]), f"{array.name}_grad")
        for start in range(_TERMS, len(terms), _TERMS):
            more = " + ".join([name, *terms[start : start + _TERMS]])
            self.forward.lines.append(f"{name} = {tidy(more)}")
        return name

    # ---- what a group passes on ----

    def _through(
        self, group: Group, array: Array, texts: Rule | Product | None, upstream: _Upstream
    ) -> None:
        if isinstance(texts, Rule):
            self._through_rule(group, texts, result=array.name, upstream=upstream)
            return
        if texts is None:  # numbers that all samples share
            self._pass(group.reads[0], upstream.over_samples(group, group.reads[0]))
            return
        if group.kind == "matrix":
            self._through_matrix(group, texts, upstream)
        else:
            self._through_dot(group, texts, upstream)
        for read, edges in zip(group.reads[2:], group.edges[2:], strict=True):
            if edges is not None:
                self._pass(read, upstream.over_samples(group, read))

    def _through_matrix(self, group: Group, product: Product, upstream: _Upstream) -> None:
        """Through C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄. Several vectors are an axis of B."""
        outputs, vectors = group.shape
        gradient, there = upstream
        if vectors > 1:
            reshape = f".reshape({outputs}, {vectors}, -1)"
            gradient = self._named(f"{gradient}{reshape}", "grad")
            there = there and self._named(f"{there}{reshape}", "taken")
        used = there and self._named(f"np.any({there}, axis=0)", "used")
        if group.edges[0] is not None:
            self._to_weights(group, product, _Upstream(gradient, there), used=used)
        if group.edges[1] is not None:
            read = group.reads[1]
            inner = read.rows.size // vectors
            text = f"{product.weights}.T @ {gradient}"
            if vectors > 1:
                text = f"np.tensordot({product.weights}.T, {gradient}, 1)"
                text = f"{text}.reshape({read.rows.size}, -1)"
            mask = used and f"np.tile({used}, ({inner}, 1)).reshape({read.rows.size}, -1)"
            self._pass(read, _Upstream(text, mask))

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
        mask = there and f"np.repeat(np.any({there}, axis={axes}), {width}).reshape(-1, 1)"
        self._pass(group.reads[0], _Upstream(f"{name}.reshape(-1, 1)", mask))

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
        columns = "-1"
        if read.fixed and not group.fixed:
            columns = "1"
            text, there = f"np.sum({text}, axis=2)", there and f"np.any({there}, axis=2)"
        reshape = f".reshape({read.rows.size}, {columns})"
        self._pass(read, _Upstream(f"({text}){reshape}", there and f"({there}){reshape}"))

    def _through_rule(self, group: Group, rule: Rule, *, result: str, upstream: _Upstream) -> None:
        """Pass back each local gradient, as the rule table gives it, times the upstream one."""

        def passed(i: int) -> _Upstream | None:
            return self._times(group, rule, i=i, result=result, upstream=upstream)

        for i, (read, edges) in enumerate(zip(group.reads, group.edges, strict=True)):
            if edges is None:
                continue
            if not rule.written.stacked:
                each = [read.rows.ravel()] if group.kind == "map" else list(read.rows)
                for j, rows in enumerate(each, start=i):
                    if (found := passed(j)) is not None:
                        self._pass(Read(read.fixed, rows), found.over_samples(group, read))
            elif (found := passed(0)) is upstream:
                count, members = read.rows.shape
                source = np.tile(np.arange(members), count)
                self._pass(read, upstream.over_samples(group, read), source=source)
            elif found is not None:
                self._pass_stack(group, read, found)

    def _times(
        self, group: Group, rule: Rule, *, i: int, result: str, upstream: _Upstream
    ) -> _Upstream | None:
        """Local gradient ``i`` times the upstream one; None if the operand is never selected."""
        symbol, (text, there) = rule.written.slopes[i], upstream
        if symbol.name == "number":
            if symbol.number == 1.0:
                return upstream
            if group.op.selects and symbol.number == 0.0:
                return None
            factor = "-" if symbol.number == -1.0 else f"{number_text(symbol.number)} * "
            infinite = symbol.number - symbol.number != 0.0
            text = self._where_there(f"{factor}{text}", there if infinite else "")
            return _Upstream(text, there)
        slope = self.forward.formula(symbol, rule, result)
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


def _scattered(array: Array, text: str, places: Rows) -> str:
    """``text`` as it adds to an array: its rows at these places, and zeros in the others."""
    count = array.stop - array.start
    if np.array_equal(places, np.arange(count)):
        return text
    even = len(places) and (np.diff(places) == 1).all()
    rows = f"slice({places[0]}, {places[-1] + 1})" if even else places.tolist()
    return f"scatter({count}, {rows}, {text})"
