"""How each kind of group is written, and what it passes back.

Read `script` and `lifting.group` first. Gradients follow from the matrix rules, and from the local
gradients of the rule table. An operand that is not selected has no gradient, which differs from 0.
So beside a gradient goes a mask that says where it exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from ..lifting.group import Group, Read
from ..lifting.symbols import Symbol, Written, in_order, written, written_stacked
from .expression import Expression
from .formula import Formula, times
from .script import Script
from .text import number_text


class Flow(NamedTuple):
    """A gradient, and where it exists; None for everywhere."""

    gradient: Expression
    there: Expression | None = None

    def broadcast(self, shape: tuple[int, ...]) -> Flow:
        """The same in a larger shape."""
        gradient, there = self
        samples = gradient.samples
        return Flow(gradient.broadcast(shape, samples), there and there.broadcast(shape, samples))


class Kind:
    """A group of one kind.

    Attributes:
        group: the group.
        text: the expression of its numbers.
        default: the first letter of their name if they have no label.
    """

    default = "v"

    def __init__(self, script: Script, group: Group) -> None:
        self.script, self.group = script, group
        self.text = self._write()

    def _write(self) -> str:
        raise NotImplementedError

    def finish(self, name: str) -> None:
        """Take note of the name of the array."""

    def pass_back(self, upstream: Flow) -> Iterator[tuple[Read, Flow]]:
        """Each read that takes a gradient, with that gradient. ``upstream`` is a name."""
        raise NotImplementedError


class Spread(Kind):
    """Numbers that all samples share, repeated for each sample."""

    def _write(self) -> str:
        return f"np.repeat({self.script.read(self.group.reads[0]).text}, n, axis=1)"

    def pass_back(self, upstream: Flow) -> Iterator[tuple[Read, Flow]]:
        yield self.group.reads[0], upstream


class ByRule(Kind):
    """An operation on each number, or over the first axis of a stack, as the rule table says.

    Attributes:
        reads: what each local gradient belongs to.
    """

    def _write(self) -> str:
        script, group = self.script, self.group
        self.rule, self.reads, operands = self._stack() if group.kind == "stack" else self._map()
        self.wanted = [i for i, read in enumerate(self.reads) if group.live and script.wants(read)]
        self.formula = Formula(
            self.rule, operands, [self.rule.value, *[self.rule.slopes[i] for i in self.wanted]],
            spell=script.spell, name=script.short,
        )  # fmt: skip
        value = self.formula.write(self.rule.value).text
        return value if group.kind == "stack" else self._in_full(value)

    def _map(self) -> tuple[Written, list[Read], list[str]]:
        reads = self._in_shape()
        numbers = [read.number for read in reads]
        operands = [
            self.script.read(read).text if number is None else number_text(number)
            for read, number in zip(reads, numbers, strict=True)
        ]
        self.default = "h" if len(reads) == 1 else "v"
        return written(self.group.op, numbers), reads, operands

    def _in_shape(self) -> list[Read]:
        """What is read, in the shape of the first array of which all rows are read."""
        group, script = self.group, self.script
        for read in group.reads if len(group.shape) == 1 else ():
            held = script.held[script.holder[read.fixed][read.rows[0]]]
            shape = held.array.shape
            if np.array_equal(read.rows, np.arange(prod(shape)) + held.start):
                reads = [replace(each, rows=each.rows.reshape(shape)) for each in group.reads]
                self.group = replace(group, shape=shape, reads=reads)
                break
        return self.group.reads

    def _in_full(self, text: str) -> str:
        """The value in the shape of the group, even if every operand has fewer numbers."""
        fixed, shape = self.group.fixed, self.group.shape
        used = {int(x.number) for x in in_order([self.rule.value]) if x.name == "operand"}
        for read in [self.reads[i] for i in used]:
            if self.script.is_whole(read) and (fixed or not read.fixed):
                return text
        samples = "1" if fixed else "-1"
        return Expression(text, (), "").broadcast(shape, samples).text

    def _stack(self) -> tuple[Written, list[Read], list[str]]:
        (read,), op = self.group.reads, self.group.op
        stack = self.script.whole(read, neutral=op.neutral)
        if (rule := written_stacked(op)) is not None:
            return rule, [read], [stack]
        name, count = self.script.short(stack), len(read.rows)
        reads = [Read(read.fixed, rows) for rows in read.rows]
        return written(op, [None] * count), reads, [f"{name}[{i}]" for i in range(count)]

    def finish(self, name: str) -> None:
        self.formula.finish(name)

    def pass_back(self, upstream: Flow) -> Iterator[tuple[Read, Flow]]:
        for i in self.wanted:
            read, slope = self.reads[i], self.rule.slopes[i]
            if self.group.op.selects and (slope.name, slope.number) == ("number", 0.0):
                continue  # it is never selected
            flow = self._times(slope, upstream)
            yield read, flow.broadcast(read.rows.shape) if self.rule.stacked else flow

    def _times(self, slope: Symbol, upstream: Flow) -> Flow:
        """A local gradient times the upstream one."""
        (gradient, there), text = upstream, self.formula.write(slope).text
        if slope.name == "number" and isfinite(slope.number):
            return Flow(replace(gradient, text=times(text, gradient.text)), there)
        shape = self.reads[0].rows.shape if self.rule.stacked else gradient.shape
        if self.group.op.selects:
            text = self.script.short(text, "slope")
            there = self._selected(Expression(f"({text} != 0.0)", shape, gradient.samples), there)
        product = self.script.where(there, times(text, gradient.text))
        return Flow(Expression(product, shape, gradient.samples), there)

    def _selected(self, chosen: Expression, there: Expression | None) -> Expression:
        """Where an operand is chosen, and the result has a gradient."""
        text = chosen.text
        if not (self.rule.stacked or all([self.script.is_whole(read) for read in self.reads])):
            text = f"np.broadcast_to({text}, {self.formula.result}.shape)"
        if there is not None:
            text = f"{there.text} & {text}"
        return replace(chosen, text=self.script.short(text, "taken"))


class Product(Kind):
    """A product, or sums of products: its factors, and a bias that is added."""

    default = "z"

    def _factor(self, text: str) -> str:
        """A factor, with a name if the backward pass needs it again."""
        return self.script.short(text) if self.script.differentiated else text


class Dot(Product):
    """Products, summed over the first axis."""

    def _write(self) -> str:
        factors, bias = self.group.reads[:2], self.group.reads[2:]
        self.factors = [self._factor(self.script.whole(read)) for read in factors]
        more = "".join([f" + {self.script.read(read).text}" for read in bias])
        return f"np.sum({' * '.join(self.factors)}, axis=0){more}"

    def pass_back(self, upstream: Flow) -> Iterator[tuple[Read, Flow]]:
        gradient, there = upstream
        for read, other in zip(self.group.reads, reversed(self.factors), strict=False):
            text = self.script.where(there, f"{other} * {gradient.text}")
            flow = Flow(replace(gradient, text=text, shape=read.rows.shape), there)
            yield read, flow.broadcast(read.rows.shape)
        yield from [(bias, upstream) for bias in self.group.reads[2:]]


class Matrix(Product):
    """C = A·B, from which follow Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄. Several vectors are an axis of B.

    Attributes:
        weights, inputs: the names of the factors.
        bias: the name of the bias, if it is the last column of the weights, else "".
    """

    def _write(self) -> str:
        weights, inputs, *bias = self.group.reads
        self.several = self.group.shape[1] > 1
        self.weights, self.bias = self._weights(weights)
        self.inputs = self._factor(self.script.whole(self._vectors(inputs)))
        column = f"{self.bias}[:, :, None]" if self.several else self.bias
        more = [self.script.read(self._vectors(read)).text for read in bias]
        more += [column] if self.bias else []
        return " + ".join([self._product(self.weights, self.inputs), *more])

    def _vectors(self, read: Read) -> Read:
        """The same read, without the axis of the vectors if there is only one."""
        return read if self.several else replace(read, rows=read.rows[:, 0])

    def _product(self, weights: str, inputs: str) -> str:
        return f"np.tensordot({weights}, {inputs}, 1)" if self.several else f"{weights} @ {inputs}"

    def _weights(self, weights: Read) -> tuple[str, str]:
        """Write a matrix; return its name and that of the bias, which is its last column."""
        script, names = self.script, self.script.names
        labels = [script.fixed_labels[row] for row in weights.rows[:, 0].tolist()]
        name, matrix = names.common(labels, "W"), script.whole(weights, samples="")
        if not self.group.ones:
            return script.assign(name, matrix), ""
        layer, bias = names.numbered("layer"), names.numbered("b")
        script.assign(layer, matrix)
        script.lines.append(f"{name}, {bias} = {layer}[:, :-1], {layer}[:, -1:]")
        return name, bias

    def pass_back(self, upstream: Flow) -> Iterator[tuple[Read, Flow]]:
        (gradient, there), (weights, inputs, *bias) = upstream, self.group.reads
        used = None
        if there is not None:
            used = replace(there, text=self.script.named(_any(there, 0), "used"), shape=())
        if self.script.wants(weights):
            yield weights, self._to_weights(upstream, used)
        if self.script.wants(inputs):
            text = self._product(f"{self.weights}.T", gradient.text)
            shape = self._vectors(inputs).rows.shape
            yield inputs, Flow(replace(gradient, text=text, shape=shape), used).broadcast(shape)
        yield from [(each, upstream) for each in bias]

    def _to_weights(self, upstream: Flow, used: Expression | None) -> Flow:
        """The gradient of the matrix; that of its own bias is the last column."""
        (gradient, there), script = upstream, self.script
        weights, inputs, *_ = [read.rows.shape for read in self.group.reads]
        axes = (1, 2) if self.several else 1
        factor = self._columns(script.where(used, self.inputs), inputs[0])
        own = self._columns(gradient.text, weights[0])
        name = script.named(f"{own} @ {factor}.T", f"{self.weights}_grad")
        if self.bias:
            summed = script.named(f"np.sum({own}, axis=1, keepdims=True)", f"{self.bias}_grad")
            name = f"np.hstack([{name}, {summed}])"
        if there is not None:
            there = Expression(f"{_any(there, axes)}.reshape(-1, 1)", (), "")
        return Flow(Expression(name, weights, ""), there).broadcast(weights)

    def _columns(self, text: str, count: int) -> str:
        """The vectors of all samples as the columns of a matrix."""
        return f"{text}.reshape({count}, -1)" if self.several else text


class Blocks(Product):
    """Matrix products for each sample, block by block: C = A·B, Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄."""

    def _write(self) -> str:
        self.left, self.right = [
            self.script.named(f"np.moveaxis({self.script.whole(read)}, -1, 0)", label)
            for label, read in zip(("rows", "columns"), self.group.reads, strict=True)
        ]
        return f"np.moveaxis({self.left} @ {self.right}, 0, -1)"

    def pass_back(self, upstream: Flow) -> Iterator[tuple[Read, Flow]]:
        gradient, there = upstream
        moved = self.script.named(f"np.moveaxis({gradient.text}, -1, 0)", "grad")
        texts = f"{moved} @ {self.right}.swapaxes(2, 3)", f"{self.left}.swapaxes(2, 3) @ {moved}"
        for axis, read, text in zip((2, 1), self.group.reads, texts, strict=True):
            shape = read.rows.shape
            back = replace(gradient, text=f"np.moveaxis({text}, 0, -1)", shape=shape)
            used = there and replace(there, text=_any(there, axis), shape=())
            yield read, Flow(back, used).broadcast(shape)


def _any(mask: Expression, axes: int | tuple[int, ...]) -> str:
    """Whether a mask holds anywhere along some axes, which stay."""
    return f"np.any({mask.text}, axis={axes}, keepdims=True)"


KINDS: Mapping[str, type[Kind]] = {
    "map": ByRule, "stack": ByRule, "dot": Dot, "matrix": Matrix, "matmul": Blocks,
    "spread": Spread,
}  # fmt: skip
