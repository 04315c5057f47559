"""Random computations, by seed: one program runs on Values, floats, fractions or mpmath numbers.

A program is a list of operations on earlier results, by number. Its last line sums every result
that nothing else uses, so that each leaf reaches the root. Now and then an operand is used twice.
Recent results are preferred, which makes graphs deep.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograd_edu.engine.value import topological_order


@dataclass(frozen=True)
class Line:
    """One operation: its name, and its operands.

    An operand is the number of an earlier result, or a plain number as ("number", x).
    """

    op: str
    operands: tuple


@dataclass(frozen=True)
class Program:
    """Leaves, and operations on them."""

    leaves: tuple[float, ...]
    lines: tuple[Line, ...]

    def run(self, leaves: Sequence, apply: Callable) -> list:
        """Every result, leaves first, where ``apply(name, operands)`` does an operation."""
        results = list(leaves)
        for line in self.lines:
            operands = [x[1] if isinstance(x, tuple) else results[x] for x in line.operands]
            results.append(apply(line.op, operands))
        return results


def random_program(
    seed: int,
    *,
    arity: dict[str, int],
    leaves: Callable,
    size: int,
    accept: Callable | None = None,
    number: Callable | None = None,
) -> Program:
    """A program of ``size`` operations drawn from ``arity``.

    ``arity`` maps an operation's name to its number of operands; 0 means two to four.
    ``leaves(rng)`` draws a leaf. ``accept(name, xs)`` computes the result of an operation, or gives
    None to have another one drawn instead. ``number(rng)`` draws a plain operand.
    """
    rng = random.Random(seed)
    inputs = tuple(leaves(rng) for _ in range(rng.randint(1, 4)))
    lines: list[Line] = []
    results: list = list(inputs)
    used: set[int] = set()
    for _ in range(size * 20):
        if len(lines) == size:
            break
        name = rng.choice(list(arity))
        count = arity[name] or rng.randint(2, 4)
        places = [_place(rng, len(results)) for _ in range(count)]
        if count > 1 and rng.random() < 0.12:
            places[1] = places[0]
        operands: list = list(places)
        if number is not None and count == 2 and rng.random() < 0.2:
            operands[rng.randint(0, 1)] = ("number", number(rng))
        values = [x[1] if isinstance(x, tuple) else results[x] for x in operands]
        result = accept(name, values) if accept is not None else 0.0
        if result is None:
            continue
        used.update(x for x in operands if not isinstance(x, tuple))
        lines.append(Line(name, tuple(operands)))
        results.append(result)
    loose = [i for i in range(len(results)) if i not in used]
    return Program(inputs, (*lines, Line("total", tuple(loose))))


def _place(rng: random.Random, count: int) -> int:
    """A result's number; half the time one of the latest three."""
    return rng.randint(max(0, count - 3), count - 1) if rng.random() < 0.5 else rng.randrange(count)


def path_sums(root, leaves):
    """For each leaf, the sum over all paths of the absolute products of local gradients."""
    order = topological_order(root)
    adjoint = {id(v): 0.0 for v in order}
    adjoint[id(root)] = 1.0
    for value in reversed(order):
        for parent, local in zip(value.parents, value.local_grads, strict=True):
            adjoint[id(parent)] += abs(local) * adjoint[id(value)]
    return [adjoint.get(id(leaf), 0.0) for leaf in leaves]
