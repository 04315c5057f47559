"""Expressions of NumPy with their shapes: how rows are read, and how gradients flow back to them.

A step that changes nothing is not written: an array of the shape (2, 3), reshaped to (2, 3), stays
``x``. The texts may have more brackets than they need; `text.tidy` removes those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from ..lifting.spacing import Rows, strided


@dataclass(frozen=True)
class Expression:
    """The text of an array.

    Attributes:
        shape: all axes but that of the samples, which is the last one.
        samples: the length of that axis: "-1" for the batch, or "1" if all samples share the array.
            It is "" for a matrix of weights, which has no such axis.
        there: for a gradient, the text of a mask that says where it exists; "" for everywhere. An
            operand that is not selected has no gradient, which differs from 0.
        before: the same array before it was reshaped.
    """

    text: str
    shape: tuple[int, ...]
    samples: str = "-1"
    there: str = ""
    before: Expression | None = None

    def in_form(self, form: str, shape: tuple[int, ...], samples: str | None = None) -> Expression:
        """The array put into a form such as "({}).T", and its mask likewise."""
        samples = self.samples if samples is None else samples
        there = self.there and form.format(self.there)
        return Expression(form.format(self.text), shape, samples, there)

    def masked(self, there: str, shape: tuple[int, ...]) -> Expression:
        """The array with a mask, whose shape may be smaller."""
        mask = Expression(there, shape, self.samples).broadcast(self.shape, self.samples)
        return replace(self, there=there and mask.text)

    @property
    def flat(self) -> Expression:
        """All rows along one axis, and the samples along another."""
        return self.reshape((prod(self.shape),), self.samples or "1")

    def reshape(self, shape: tuple[int, ...], samples: str | None = None) -> Expression:
        """The array in another shape. By default the axis of the samples stays."""
        first, samples = self.before or self, self.samples if samples is None else samples
        if (first.shape, first.samples) == (shape, samples):
            return first
        reshaped = first.in_form(f"({{}}).reshape({_sizes(shape, samples)})", shape, samples)
        return replace(reshaped, before=first)

    def transpose(self, order: Sequence[int]) -> Expression:
        """The array with its axes in another order; the samples stay last."""
        moved = [i for i, axis in enumerate(order) if i != axis]
        if not moved:
            return self
        form = f"np.transpose({{}}, {(*order, *([len(order)] if self.samples else []))})"
        if len(order) == 2 and not self.samples:
            form = "({}).T"
        elif len(moved) == 2:
            form = f"({{}}).swapaxes({moved[0]}, {moved[1]})"
        return self.in_form(form, tuple([self.shape[axis] for axis in order]))

    def broadcast(self, shape: tuple[int, ...], samples: str) -> Expression:
        """The array in a larger shape, which may also have more samples."""
        if (self.shape, self.samples) == (shape, samples):
            return self
        if self.shape == (1,) and self.samples == samples:
            count = prod(shape)
            return self.in_form(f"np.repeat({{}}, {count}, axis=0)", (count,)).reshape(shape)
        sizes = _sizes(shape, samples.replace("-1", "n"))
        return self.in_form(f"np.broadcast_to({{}}, ({sizes}))", shape, samples)

    def sum(self, axes: Sequence[int]) -> Expression:
        """The sum over some axes."""
        shape = tuple([n for axis, n in enumerate(self.shape) if axis not in axes])
        if prod(shape) == prod(self.shape):
            return self.reshape(shape)
        which = axes[0] if len(axes) == 1 else tuple(axes)
        return self.in_form(f"({{}}).sum(axis={which})", shape)

    def over_samples(self) -> Expression:
        """The sum over the samples, in one column."""
        return self.in_form("np.sum({}, axis=-1, keepdims=True)", self.shape, "1")

    def take(self, rows: Rows) -> Expression:
        """Some of the rows of a flat array."""
        count, steps = len(rows), np.diff(rows)
        first, step = int(rows[0]), int(steps[0]) if count > 1 else 1
        if (steps != step).any() or step <= 0:
            form = f"np.take({{}}, {rows.tolist()}, axis=0)"
        elif step == 1 and (count,) == self.shape:
            return self
        else:
            form = f"({{}})[{first}:{rows[-1] + 1}{f':{step}' if step > 1 else ''}]"
        return self.in_form(form, (count,))

    def read(self, rows: Rows, samples: str | None = None) -> Expression:
        """Some of the rows, as an array that broadcasts to the shape of ``rows``."""
        samples = self.samples if samples is None else samples
        found = pieces(rows)
        if found is None:
            return self.flat.take(rows.ravel()).reshape(rows.shape, samples)
        base, axes = found
        own = tuple([rows.shape[axis] for axis in axes])
        part = self._slice(base, prod(own)).reshape(own, samples)
        wide = [n if axis in axes else 1 for axis, n in enumerate(rows.shape)]
        if prod(wide) < rows.size:  # broadcasting adds the first axes
            wide = wide[min(axes, default=rows.ndim - 1) :]
        return part.transpose(np.argsort(axes).tolist()).reshape(tuple(wide))

    def _slice(self, start: int, count: int) -> Expression:
        """Rows that follow one another: a slice of the first axis if they fill the other axes."""
        if count == prod(self.shape):
            return self
        rest = prod(self.shape[1:])
        if start % rest or count % rest:
            return self.flat._slice(start, count)
        form = f"({{}})[{start // rest}:{(start + count) // rest}]"
        return self.in_form(form, (count // rest, *self.shape[1:]))

    def added(self, rows: Rows) -> tuple[Expression, Rows]:
        """The reverse of `read`: an expression, and the rows that it is added to, in one axis.

        It says the same as adding the array to ``rows``, but names each row only once where a sum
        over some axes can do that.
        """
        found = pieces(rows)
        if found is not None:
            base, axes = found
            same = [axis for axis in range(rows.ndim) if axis not in axes]
            order = [sorted(axes).index(axis) for axis in axes]
            count = prod([rows.shape[axis] for axis in axes])
            return self.sum(same).transpose(order), np.arange(base, base + count)
        by_row = np.argsort(rows, axis=None, kind="stable")
        ordered = rows.ravel()[by_row]
        if (np.diff(ordered) == 1).all():
            return self.flat.take(by_row), ordered
        return self.flat, rows.ravel()


def _sizes(shape: tuple[int, ...], samples: str) -> str:
    return ", ".join([*map(str, shape), *([samples] if samples else [])])


def pieces(rows: Rows) -> tuple[int, list[int]] | None:
    """How ``rows`` follow from consecutive ones: the first, and the axes from slow to fast.

    Axes along which the rows stay the same are left out. None if there are gaps between the rows.
    """
    even = strided(rows)
    if even is None:
        return None
    base, steps = even
    axes = sorted([a for a, step in enumerate(steps) if step], key=lambda axis: -steps[axis])
    counts = [rows.shape[axis] for axis in axes]
    dense = [prod(counts[i + 1 :]) for i in range(len(axes))]
    return (base, axes) if [steps[axis] for axis in axes] == dense else None
