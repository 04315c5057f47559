"""The lines of the backward pass: the gradient of every array, from the results to the leaves.

Read `forward` first. An array's gradient is written once everything that uses the array has been
written: it is the sum of what each use passes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np

from ..lifting.analysis import facts
from ..lifting.group import Read
from ..lifting.products import HOLE
from ..lifting.spacing import Rows, folded
from .expression import Expression
from .forward import Forward
from .kinds import Kind
from .script import Held
from .text import tidy


class _Term(NamedTuple):
    """An expression that is added to some rows of an array, which are counted from its first."""

    added: Expression
    rows: Rows

    def to(self, array: Expression) -> Expression:
        """The term in the shape of the array: zeros where it adds nothing."""
        count, rows = prod(array.shape), self.rows
        if np.array_equal(rows, np.arange(count)):
            return self.added.reshape(array.shape, array.samples)
        even = len(rows) and (np.diff(rows) == 1).all()
        where = f"slice({rows[0]}, {rows[-1] + 1})" if even else rows.tolist()
        spread = self.added.flat.in_form(f"scatter({count}, {where}, {{}})", (count,))
        return spread.reshape(array.shape)


class Backward:
    """The backward pass through a `Forward` that has been written.

    Attributes:
        passed: for each array, by its name, what its uses pass back to it.
    """

    def __init__(self, forward: Forward) -> None:
        self.forward = forward
        self.passed: dict[str, list[_Term]] = {}

    def write(self, upstream: str = "") -> tuple[list[str], str]:
        """Write the lines; return the expressions of the inputs' gradients and the parameters'.

        ``upstream`` names an array with the gradients of the results, (samples, results). Without
        it, the gradient of the only result is 1.
        """
        forward = self.forward
        forward.lines.append("# backward pass: the gradient of the sum of the results")
        for k, root in enumerate(forward.fused.roots):
            read = Read(forward.lifted.fixed[root], forward.lifted.row[[root]])
            seed = "np.ones((1, n))" if read.fixed else f"np.ones_like({forward.read(read).text})"
            seed = f"{upstream}[:, {k}].reshape(1, -1)" if upstream else seed
            self._pass(read, Expression(seed, (1,)))
        for kind, held in reversed(forward.made):
            if held.array.text in self.passed:
                self._through(kind, held)
        return self._of_inputs(), self._of_parameters()

    def _through(self, kind: Kind, held: Held) -> None:
        """Pass the gradient of a group on to what it reads."""
        array, script = held.array, self.forward
        known = facts(script.fused)
        members = [i for i in kind.group.members if i != HOLE and known.varies[i]]
        there = "" if all([known.sure[i] for i in members]) else self._there(array)
        gradient = self._gradient(array)
        if (masked := script.masked(gradient, kind.group)) != gradient:
            gradient = script.named(masked, gradient)
        for read, back in kind.pass_back(replace(array, text=gradient, there=there)):
            self._pass(read, back)

    def _of_inputs(self) -> list[str]:
        forward, texts = self.forward, list[str]()
        given = zip(
            forward.arguments, forward.lifted.arguments, forward.program.shapes, strict=True
        )
        for held, (*_, order), shape in given:
            if not prod(shape):
                texts.append(f"np.zeros({('n', *shape)})".replace("'", ""))
                continue
            columns = replace(held.array, text=self._gradient(held.array))
            if order is not None:
                back = np.argsort(order)
                columns = columns.read(back.reshape(folded([back]))).flat
            rows = f"{columns.text}.T" if shape else columns.text
            texts.append(tidy(f"{rows}.reshape{(-1, *shape)}"))
        return texts

    def _of_parameters(self) -> str:
        if not self.forward.program.parameter_count:
            return "np.zeros(0)"
        return f"{self._gradient(self.forward.parameters.array)}.reshape(-1)"

    # ---- what arrives at an array ----

    def _pass(self, read: Read, gradient: Expression) -> None:
        """Note the gradient that goes to a read."""
        script, rows = self.forward, read.rows.reshape(gradient.shape)
        holders = script.holder[read.fixed][rows]
        arrays = [i for i in np.unique(holders) if script.held[i].takes]
        if read.fixed and gradient.samples == "-1":
            gradient = gradient.over_samples()
        if len(arrays) > 1:
            rows, holders, flat = rows.ravel(), holders.ravel(), gradient.flat
            name = script.short(flat.text, "passed")
            there = flat.there and script.short(flat.there, "taken")
            gradient = Expression(name, flat.shape, flat.samples, there)
        for i in arrays:
            held, own, added = script.held[i], rows - script.held[i].start, gradient
            if len(arrays) > 1 or (holders != i).any():
                added, own = gradient.flat.take(np.flatnonzero(holders == i)), own[holders == i]
            self.passed.setdefault(held.array.text, []).append(_Term(*added.added(own)))

    def _there(self, array: Expression) -> str:
        """Write where the gradient of an array exists; return the name of the mask."""
        texts = list[str]()
        for added, rows in self.passed[array.text]:
            ones = Expression("", rows.shape, there=f"np.ones(({len(rows)}, 1))")
            texts.append(_Term(added if added.there else ones, rows).to(array).there)
        alone = len(texts) == 1 and texts[0].isidentifier()
        text = texts[0] if alone else f"{' + '.join([f'({each})' for each in texts])} > 0.0"
        return self.forward.named(text, f"{array.text}_taken")

    def _gradient(self, array: Expression) -> str:
        """Write the gradient of an array; return its name."""
        script, label, count = self.forward, f"{array.text}_grad", prod(array.shape)
        terms = self._merged(self.passed.pop(array.text, []), count)
        if len(terms) > 1 and (parts := _end_to_end(terms, array)):
            joined = Expression(f"np.concatenate([{', '.join(parts)}])", (count,), array.samples)
            return script.named(joined.reshape(array.shape).text, label)
        zeros = Expression(f"np.zeros_like({array.text})", array.shape)
        return script.named(self._sum([term.to(array) for term in terms] or [zeros]), label)

    def _merged(self, terms: Sequence[_Term], count: int) -> list[_Term]:
        """The terms in order of their first row. Terms for the same few rows are added first."""
        same: dict[bytes, list[_Term]] = {}
        for i, term in enumerate(terms):
            key = b"%d" % i if len(term.rows) == count else term.rows.tobytes()
            same.setdefault(key, []).append(term)
        merged = list[_Term]()
        for (first, *more), rows in [(each, each[0].rows) for each in same.values()]:
            flat = [term.added.flat for term in (first, *more)]
            added = replace(flat[0], text=f"({self._sum(flat)})", before=None)
            merged.append(_Term(added, rows) if more else first)
        return sorted(merged, key=lambda each: int(each.rows[0]))

    def _sum(self, terms: Sequence[Expression]) -> str:
        """The sum of the terms. One that comes n times is written once, times n."""
        counts = Counter([f"({term.text})" for term in terms])
        texts = [text if n == 1 else f"{float(n)} * {text}" for text, n in counts.items()]
        return self.forward.add(texts)


def _end_to_end(terms: Sequence[_Term], array: Expression) -> list[str]:
    """Expressions that one after another make up all rows, with zeros in gaps; [] if they do not.

    They must lie in order and must not overlap.
    """
    parts, stop, width = list[str](), 0, array.samples.replace("-1", "n")
    for added, rows in [*terms, _Term(array, np.array([prod(array.shape)]))]:
        first, last = int(rows[0]), int(rows[-1])
        if first < stop or last - first + 1 != len(rows) or (np.diff(rows) != 1).any():
            return []
        if first > stop:
            parts.append(f"np.zeros(({first - stop}, {width}))")
        parts.append(added.flat.text)
        stop = last + 1
    return parts[:-1]
