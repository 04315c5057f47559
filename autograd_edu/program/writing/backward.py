"""The lines of the way back: the gradient of every array, from the result to the inputs and parameters.

An array's gradient is written where all that uses the array has been written: it is the sum of what each use passes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from ..lifting.analysis import facts
from ..lifting.group import Group, Read, Rows
from .forward import Array, Forward, Rule
from .text import added_up, number_text, picked, tidy

_TERMS = 8  # of a sum in a line


@dataclass
class _Passed:
    """What one use passes back to an array: row ``source[j]`` of an expression of ``size`` rows, to row ``places[j]`` of the array.

    ``there`` says for each of the rows where that gradient is there; it is empty where it always is.
    """

    text: str
    there: str
    size: int
    source: Rows
    places: Rows


class _Upstream(NamedTuple):
    """The gradient of an array, or what is passed on of it, and where it is there; empty if everywhere."""

    text: str
    there: str = ""

    @property
    def over_samples(self) -> _Upstream:
        """The same for all samples together."""
        there = self.there and f"np.any({self.there}, axis=1, keepdims=True)"
        return _Upstream(f"np.sum({self.text}, axis=1, keepdims=True)", there)


class Backward:
    """The way back through a `Forward` that is written."""

    def __init__(self, forward: Forward) -> None:
        self.forward, self.lifted = forward, forward.lifted
        self.passed: dict[str, list[_Passed]] = {}
        fused = forward.fused
        self.known = known = facts(fused.slots, fused.root)
        self.wanted = {
            kind: np.zeros(count, dtype=bool) for kind, count in self.lifted.counts.items()
        }
        for i, row in enumerate(self.lifted.row):
            self.wanted[known.fixed[i]][row] |= known.varies[i] and known.live[i]
        for group in self.lifted.groups:
            if group.kind == "spread":
                self.wanted[False][group.start : group.start + len(group.members)] = [
                    known.varies[i] for i in group.members
                ]

    def write(self) -> str:
        """Write the lines; the expression of the gradients, of the inputs and of the parameters."""
        lifted, forward = self.lifted, self.forward
        root, lines = forward.fused.root, forward.lines
        lines.append("# the way back: of everything, the gradient of the sum of the results")
        of_root = "np.full((1, 1), float(n))" if lifted.fixed[root] else "np.ones((1, n))"
        self._pass(lifted.fixed[root], lifted.row[[root]], of_root)
        for group, (array, texts) in reversed(list(zip(lifted.groups, forward.made, strict=True))):
            if array.name in self.passed:
                there = "" if self._is_sure(group) else self._there(array)
                self._group(group, array, texts, _Upstream(self._gradient(array), there))
        by_name = {array.name: array for array in forward.arrays}
        inputs = [
            self._of_input(by_name[name], shape, order)
            for name, shape, (_, _, order) in zip(
                forward.arguments, forward.program.shapes, lifted.arguments, strict=True
            )
        ]
        parameters = (
            f"{self._gradient(by_name['parameters'])}.reshape(-1)"
            if forward.program.parameter_count
            else "np.zeros(0)"
        )
        return f"([{', '.join(inputs)}], {parameters})"

    def _of_input(self, array: Array, shape: tuple[int, ...], order: Rows | None) -> str:
        sizes = ", ".join(map(str, shape))
        if not prod(shape):
            return f"np.zeros((n, {sizes}))"
        columns = (
            self._gradient(array)
            if order is None
            else f"{self._gradient(array)}[{np.argsort(order).tolist()}]"
        )
        return f"{columns}.T.reshape(-1, {sizes})" if shape else f"{columns}.reshape(-1)"

    # ---- what arrives ----

    def _pass(
        self,
        fixed: bool,
        rows: Rows,
        text: str,
        there: str = "",
        size: int | None = None,
        source: Rows | None = None,
    ) -> None:
        """Note that row ``source[j]`` of ``text``, by default row j, is passed back to ``rows[j]`` of a table."""
        size = len(rows) if size is None else size
        source = np.arange(size) if source is None else source
        holders = np.where(self.wanted[fixed][rows], self.forward.holder[fixed][rows], -1)
        for i in np.unique(holders[holders >= 0]):
            array, inside = self.forward.arrays[i], holders == i
            self.passed.setdefault(array.name, []).append(
                _Passed(text, there, size, source[inside], rows[inside] - array.start)
            )

    def _is_sure(self, group: Group) -> bool:
        """Whether every member gets a gradient whatever is selected."""
        return all([self.known.sure[i] for i in group.members if self.known.varies[i]])

    def _there(self, array: Array) -> str:
        """Write where the gradient of an array is there, as an operand not selected has none; its name."""
        lines, name = self.forward.lines, self.forward.name(f"{array.name}_taken", "taken")
        first, *more = self.passed[array.name]
        if (
            not more
            and first.there
            and np.array_equal(first.places, np.arange(array.stop - array.start))
        ):
            lines.append(f"{name} = {tidy(picked(f'({first.there})', first.size, first.source))}")
            return name
        lines.append(f"{name} = np.zeros({array.name}.shape, 'bool')")
        for each in self.passed[array.name]:
            text = tidy(picked(f"({each.there})", each.size, each.source)) if each.there else "True"
            if len(np.unique(each.places)) == len(each.places):
                lines.append(f"{tidy(_index(name, each.places))} |= {text}")
            else:
                lines.append(f"np.logical_or.at({name}, {each.places.tolist()}, {text})")
        return name

    def _gradient(self, array: Array) -> str:
        """Write the gradient of an array; its name."""
        lines, count = self.forward.lines, array.stop - array.start
        name = self.forward.name(f"{array.name}_grad", "grad")
        sums = []
        for each in self.passed.pop(array.name, []):
            text = tidy(picked(f"({each.text})", each.size, each.source))
            sums.append(added_up(f"({text})", each.places))
        if sums and all(np.array_equal(rows, np.arange(count)) for _, rows in sums):
            for start in range(0, len(sums), _TERMS):
                terms = " + ".join(f"({text})" for text, _ in sums[start : start + _TERMS])
                lines.append(f"{name} = {tidy(f'{name} + {terms}' if start else terms)}")
            return name
        sums.sort(key=lambda each: int(each[1][0]))
        if sums and np.array_equal(np.concatenate([rows for _, rows in sums]), np.arange(count)):
            lines.append(
                f"{name} = {tidy('np.concatenate([' + ', '.join(text for text, _ in sums) + '])')}"
            )
            return name
        lines.append(f"{name} = np.zeros_like({array.name})")
        for text, rows in sums:
            if len(np.unique(rows)) == len(rows):
                lines.append(f"{tidy(_index(name, rows))} += {tidy(text)}")
            else:
                lines.append(f"np.add.at({name}, {rows.tolist()}, {tidy(text)})")
        return name

    # ---- what a group passes on ----

    def _group(
        self, group: Group, array: Array, texts: Rule | list[str], upstream: _Upstream
    ) -> None:
        if group.kind == "spread":
            self._pass(True, group.reads[0].rows, *upstream.over_samples)
        elif isinstance(texts, Rule):
            self._through_rule(group, array.name, texts, upstream)
        else:
            weights, inputs, column = texts
            if group.kind == "matrix":
                self._through_matrix(group, weights, inputs, column, upstream)
            else:
                self._through_dot(group, weights, inputs, upstream)
            for read, edges in zip(group.reads[2:], group.edges[2:], strict=True):
                if edges is not None:
                    self._pass(read.fixed, read.rows.ravel(), *_over_samples(upstream, group, read))

    def _through_matrix(
        self, group: Group, weights: str, inputs: str, column: str, upstream: _Upstream
    ) -> None:
        """Of C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""
        read, (outputs, vectors) = group.reads[1], group.shape
        flat, there = upstream.text, upstream.there
        if vectors > 1:
            flat = self._named(f"{flat}.reshape({outputs}, -1)", f"{flat}_flat")
            there = there and self._named(f"{there}.reshape({outputs}, -1)", f"{there}_flat")
        used = there and self._named(f"np.any({there}, axis=0)", "used")
        inner = read.rows.size // vectors
        if group.edges[0] is not None:
            factor = f"np.where({used}, {inputs}, 0.0)" if used else inputs
            name = self._named(f"{flat} @ {factor}.T", f"{weights}_grad")
            width = inner
            if column:
                name = f"np.hstack([{name}, {self._named(f'np.sum({flat}, axis=1, keepdims=True)', f'{column}_grad')}])"
                width += 1
            of_row = there and f"np.repeat(np.any({there}, axis=1), {width}).reshape(-1, 1)"
            self._pass(True, group.reads[0].rows.ravel(), f"{name}.reshape(-1, 1)", of_row)
        if group.edges[1] is not None:
            product = f"{weights}.T @ {flat}"
            mask = used and f"np.tile({used}, ({inner}, 1)).reshape({read.rows.size}, -1)"
            product = product if vectors == 1 else f"({product}).reshape({read.rows.size}, -1)"
            self._pass(read.fixed, read.rows.ravel(), product, mask)

    def _through_dot(self, group: Group, weights: str, inputs: str, upstream: _Upstream) -> None:
        for read, edges, other in zip(group.reads, group.edges, (inputs, weights), strict=False):
            if edges is not None:
                text = self._where_there(f"{other} * {upstream.text}", upstream.there)
                self._pass_stack(group, read, _Upstream(text, upstream.there))

    def _pass_stack(self, group: Group, read: Read, passed: _Upstream) -> None:
        """Pass back an array whose first two axes are those of what a group reads."""
        text, there = passed.text, passed.there
        if there:  # perhaps of the group's shape: one for all of the operands
            text = self._named(text, "passed")
            there = f"np.broadcast_to({there}, {text}.shape)"
        if read.fixed and not group.fixed:
            size = f"{read.rows.size}, 1"
            text, there = f"np.sum({text}, axis=2)", there and f"np.any({there}, axis=2)"
        else:
            size = f"{read.rows.size}, -1"
        there = there and f"({there}).reshape({size})"
        self._pass(read.fixed, read.rows.ravel(), f"({text}).reshape({size})", there)

    def _through_rule(self, group: Group, result: str, rule: Rule, upstream: _Upstream) -> None:
        """Each slope, as the rule table gives it, times the gradient of the result."""
        for i, (read, edges) in enumerate(zip(group.reads, group.edges, strict=True)):
            if edges is None:
                continue
            if group.kind == "map":
                self._pass_slope(rule, i, result, upstream, read, read.rows.ravel(), group)
            elif not rule.written.stacked:
                for j, rows in enumerate(read.rows):
                    self._pass_slope(rule, j, result, upstream, read, rows, group)
            elif (passed := self._times(rule, 0, result, upstream, group)) is upstream:
                count, members = read.rows.shape
                source = np.tile(np.arange(members), count)
                of_all = _over_samples(upstream, group, read)
                self._pass(read.fixed, read.rows.ravel(), *of_all, members, source)
            elif passed is not None:
                self._pass_stack(group, read, passed)

    def _pass_slope(
        self,
        rule: Rule,
        i: int,
        result: str,
        upstream: _Upstream,
        read: Read,
        rows: Rows,
        group: Group,
    ) -> None:
        passed = self._times(rule, i, result, upstream, group)
        if passed is not None:
            self._pass(read.fixed, rows, *_over_samples(passed, group, read))

    def _times(
        self, rule: Rule, i: int, result: str, upstream: _Upstream, group: Group
    ) -> _Upstream | None:
        """A slope times the gradient of the result, where that is there; None if the operand is never selected."""
        symbol, text = rule.written.slopes[i], upstream.text
        if symbol.name == "number":
            if symbol.number == 1.0:
                return upstream
            if group.op.selects and symbol.number == 0.0:
                return None
            scaled = (
                f"-{text}" if symbol.number == -1.0 else f"{number_text(symbol.number)} * {text}"
            )
            infinite = symbol.number - symbol.number != 0.0
            scaled = self._where_there(scaled, upstream.there) if infinite else scaled
            return _Upstream(scaled, upstream.there)
        slope, there = self.forward.formula(symbol, rule, result), upstream.there
        if group.op.selects:
            slope = slope if slope.isidentifier() else self._named(slope, "slope")
            chosen = f"({slope} != 0.0)"
            there = self._named(f"{there} & {chosen}" if there else chosen, "taken")
        return _Upstream(self._where_there(f"({slope}) * {text}", there), there)

    def _where_there(self, text: str, there: str) -> str:
        """A product where a gradient is there; however steep the operation, nothing flows back elsewhere."""
        self.forward.choosing |= bool(there)
        return f"np.where({there}, {text}, 0.0)" if there else text

    def _named(self, text: str, name: str) -> str:
        name = self.forward.name(name, "grad")
        self.forward.lines.append(f"{name} = {tidy(text)}")
        return name


def _over_samples(passed: _Upstream, group: Group, read: Read) -> _Upstream:
    """A gradient that all samples share, summed over them."""
    return passed.over_samples if read.fixed and not group.fixed else passed


def _index(name: str, rows: Rows) -> str:
    """Some rows of an array, to be added to."""
    steps = np.diff(rows)
    if (steps == steps[:1]).all() and (not len(steps) or steps[0] > 0):
        step = f":{steps[0]}" if len(steps) and steps[0] > 1 else ""
        return f"{name}[{rows[0]}:{rows[-1] + 1}{step}]"
    return f"{name}[{rows.tolist()}]"
