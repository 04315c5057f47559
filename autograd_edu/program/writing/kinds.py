"""How each kind of group is written, and what it passes back.

Read `script` and `lifting.group` first. Gradients follow from the matrix rules, and from the local
gradients of the rule table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite, prod

import numpy as np

from ..lifting.group import Group, Read
from ..lifting.symbols import Symbol, in_order
from .expression import Expression, pieces
from .formula import Formula, Text, times
from .script import Script
from .text import number_text


class Kind:
    """A group of one kind.

    Attributes:
        default: the first letter of the name of its array, if it has no label.
    """

    default = "v"

    def __init__(self, script: Script, group: Group) -> None:
        self.script, self.group = script, group

    def write(self) -> str:
        """The expression of its numbers."""
        raise NotImplementedError

    def finish(self, name: str) -> None:
        """Take note of the name of the array."""

    def pass_back(self, upstream: Expression) -> Iterator[tuple[Read, Expression]]:
        """Each read that takes a gradient, with its gradient. ``upstream`` is written as a name."""
        raise NotImplementedError


class ByRule(Kind):
    """An operation on each number, or over the first axis of what it reads, by the group's rule.

    Attributes:
        reads: the read that each local gradient belongs to.
    """

    def write(self) -> str:
        script, self.rule, self.reads = self.script, self.group.rule, self.group.reads
        self.operands = self._in_shape() if self.group.kind == "map" else self._whole()
        live = self.group.live
        self.wanted = [i for i, read in enumerate(self.reads) if live and script.wants(read)]
        self.formula = Formula(
            self.rule, [each.text for each in self.operands],
            [self.rule.value, *[self.rule.slopes[i] for i in self.wanted]],
            spell=script.spell, name=script.short,
        )  # fmt: skip
        return self._in_full(self.formula.write(self.rule.value).text)

    def _in_shape(self) -> list[Expression]:
        """The operands, in the shape of the first array that is read whole."""
        group, script = self.group, self.script
        self.default = "h" if len(group.reads) == 1 else "v"
        for read in group.reads if len(group.shape) == 1 else ():
            held = script.held[script.holder[read.fixed][read.rows[0]]]
            shape = held.array.shape
            if np.array_equal(read.rows, np.arange(prod(shape)) + held.start):
                self.reads = [replace(each, rows=each.rows.reshape(shape)) for each in group.reads]
                self.group = replace(group, shape=shape, reads=self.reads)
                break
        return [
            script.read(read) if (x := read.number) is None else Expression(number_text(x), (1,))
            for read in self.reads
        ]

    def _whole(self) -> list[Expression]:
        """The operands, whose first axis will be combined; a bias may have fewer numbers."""
        script, reads = self.script, self.reads
        self.default = "z" if self.group.kind == "dot" else "v"
        operands = [script.whole(read, neutral=self.group.op.neutral) for read in reads[:2]]
        if self.group.kind == "stack" and not self.rule.stacked:
            name, (read,) = script.short(operands[0].text), reads
            self.reads = [Read(read.fixed, rows) for rows in read.rows]
            return [Expression(f"{name}[{i}]", self.group.shape) for i in range(len(read.rows))]
        return operands + [script.read(read) for read in reads[2:]]

    def _in_full(self, text: str) -> str:
        """The value in the shape of the group, even if every operand has fewer numbers."""
        group = self.group
        used = {int(x.number) for x in in_order([self.rule.value]) if x.name == "operand"}
        shapes = [self.operands[i].shape for i in used]
        fits = group.kind in ("stack", "dot") or np.broadcast_shapes(*shapes) == group.shape
        if fits and (group.fixed or not all([self.reads[i].fixed for i in used])):
            return text
        samples = "1" if group.fixed else "-1"
        return Expression(text, (), "").broadcast(group.shape, samples).text

    def finish(self, name: str) -> None:
        self.formula.finish(name)

    def pass_back(self, upstream: Expression) -> Iterator[tuple[Read, Expression]]:
        for i in self.wanted:
            read, slope = self.reads[i], self.rule.slopes[i]
            if self.group.op.selects and (slope.name, slope.number) == ("number", 0.0):
                continue  # it is never selected
            yield read, self._times(slope, upstream, read.rows.shape)

    def _times(self, slope: Symbol, upstream: Expression, shape: tuple[int, ...]) -> Expression:
        """A local gradient times the upstream one, in this shape."""
        there, samples = upstream.there, upstream.samples
        local = self.formula.write(slope)
        if slope.name == "number" and isfinite(slope.number):
            product = replace(upstream, text=times(local, upstream.text))
            return product.broadcast(shape, samples)
        if selects := self.group.op.selects:
            local = Text(self.script.short(local.text, "slope"))
            there = self._selected(f"({local.text} != 0.0)", there)
        product = Expression(self.script.where(there, times(local, upstream.text)), shape, samples)
        return product.masked(there, shape if selects else upstream.shape)

    def _selected(self, chosen: str, there: str) -> str:
        """The name of a mask: where an operand is chosen, and the result has a gradient."""
        pairs = zip(self.operands, self.reads, strict=True)
        if any([operand.shape != read.rows.shape for operand, read in pairs]):
            chosen = f"np.broadcast_to({chosen}, {self.formula.result}.shape)"
        return self.script.short(f"{there} & {chosen}" if there else chosen, "taken")


class Matrix(Kind):
    """C = A·B, so that Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄. Several vectors are an axis of B.

    Attributes:
        weights, inputs: the names of the factors.
        bias: the name of the bias, if it is the last column of the weights, else "".
    """

    default = "z"

    def write(self) -> str:
        (weights, inputs, *bias), script = self.group.reads, self.script
        self.several = len(self.group.shape) > 1
        self.weights, self.bias = self._weights(weights, len(inputs.rows))
        factor = script.whole(inputs).text
        self.inputs = script.short(factor) if script.differentiated else factor
        more = [script.read(read).text for read in bias]
        more += [f"{self.bias}[:, :, None]" if self.several else self.bias] if self.bias else []
        return " + ".join([self._product(self.weights, self.inputs), *more])

    def _product(self, weights: str, inputs: str) -> str:
        return f"np.tensordot({weights}, {inputs}, 1)" if self.several else f"{weights} @ {inputs}"

    def _weights(self, weights: Read, inner: int) -> tuple[str, str]:
        """Write a matrix; return its name and that of the bias, which is its last column."""
        script, names = self.script, self.script.names
        labels = [script.fixed_slots[row].label for row in weights.rows[:, 0].tolist()]
        name, matrix = names.common(labels, "W"), script.whole(weights, samples="").text
        if weights.rows.shape[1] == inner:
            return script.assign(name, matrix), ""
        layer, bias = names.numbered("layer"), names.numbered("b")
        script.assign(layer, matrix)
        script.lines.append(f"{name}, {bias} = {layer}[:, :-1], {layer}[:, -1:]")
        return name, bias

    def pass_back(self, upstream: Expression) -> Iterator[tuple[Read, Expression]]:
        weights, inputs, *bias = self.group.reads
        used = upstream.there and self.script.named(_any(upstream.there, 0), "used")
        if self.script.wants(weights):
            yield weights, self._to_weights(upstream, used)
        if self.script.wants(inputs):
            text = self._product(f"{self.weights}.T", upstream.text)
            back = replace(upstream, text=text, shape=inputs.rows.shape)
            yield inputs, back.masked(used, ())
        yield from [(each, upstream) for each in bias]

    def _to_weights(self, upstream: Expression, used: str) -> Expression:
        """The gradient of the matrix; that of its own bias is the last column."""
        there, script = upstream.there, self.script
        weights, inputs, *_ = [read.rows.shape for read in self.group.reads]
        factor = self._columns(script.where(used, self.inputs), inputs[0])
        own = self._columns(upstream.text, weights[0])
        name = script.named(f"{own} @ {factor}.T", f"{self.weights}_grad")
        if self.bias:
            summed = script.named(f"np.sum({own}, axis=1, keepdims=True)", f"{self.bias}_grad")
            name = f"np.hstack([{name}, {summed}])"
        if there:
            there = f"{_any(there, (1, 2) if self.several else 1)}.reshape(-1, 1)"
        return Expression(name, weights, "").masked(there, ())

    def _columns(self, text: str, count: int) -> str:
        """The vectors of all samples as the columns of a matrix."""
        return f"{text}.reshape({count}, -1)" if self.several else text


class Blocks(Kind):
    """Matrix products for each sample, block by block: C = A·B, Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""

    default = "z"

    def write(self) -> str:
        self.left, self.right = [
            self.script.named(f"np.moveaxis({self.script.whole(read).text}, -1, 0)", label)
            for label, read in zip(("rows", "columns"), self.group.reads, strict=True)
        ]
        return f"np.moveaxis({self.left} @ {self.right}, 0, -1)"

    def pass_back(self, upstream: Expression) -> Iterator[tuple[Read, Expression]]:
        moved = self.script.named(f"np.moveaxis({upstream.text}, -1, 0)", "grad")
        texts = f"{moved} @ {self.right}.swapaxes(2, 3)", f"{self.left}.swapaxes(2, 3) @ {moved}"
        for axis, read, text in zip((2, 1), self.group.reads, texts, strict=True):
            back = replace(upstream, text=f"np.moveaxis({text}, 0, -1)", shape=read.rows.shape)
            yield read, back.masked(upstream.there and _any(upstream.there, axis), ())


def _any(mask: str, axes: int | tuple[int, ...]) -> str:
    """Whether a mask holds anywhere along some axes, which are kept."""
    return f"np.any({mask}, axis={axes}, keepdims=True)"


def simplest(script: Script, group: Group) -> Group:
    """The group as a person would write it, without axes that hold only one number."""
    if group.kind not in ("dot", "matrix"):
        return group
    weights, inputs, *bias = group.reads
    if group.ones and pieces(weights.rows) is None:  # the bias lies apart from the weights
        own = replace(weights, rows=np.broadcast_to(weights.rows[:, -1:], group.shape))
        weights, bias = replace(weights, rows=weights.rows[:, :-1]), [own]
        group = replace(group, reads=[weights, inputs, own])
    if len(weights.rows) == len(inputs.rows) == 1 and not group.ones:  # one product, and no sum
        shape = (len(group.members),)
        reads = [replace(x, rows=np.broadcast_to(x.rows.ravel(), shape)) for x in group.reads]
        reads = [replace(read, number=script.number(read)) for read in reads]
        return replace(group, kind="map", shape=shape, reads=reads)
    if group.shape[1:] == (1,):  # one vector
        vectors = [replace(read, rows=read.rows[:, 0]) for read in (inputs, *bias)]
        return replace(group, shape=group.shape[:1], reads=[weights, *vectors])
    return group


def kind_of(script: Script, group: Group) -> Kind:
    """The `Kind` that writes a group."""
    group, kinds = simplest(script, group), {"matrix": Matrix, "matmul": Blocks}
    return kinds.get(group.kind, ByRule)(script, group)
