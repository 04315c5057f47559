"""Decide which operations run together, as one array operation: those of one kind and height.

The height of an operation is the longest path from it to the root. Going down the heights brings
together what the author wrote as a loop, even if some rounds of it are shorter than others. An
operation whose operands are already there joins operations of its kind a little early.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ...arithmetic.rows import together
from ..ir import Computation
from .analysis import Facts
from .dots import Dots
from .group import NEUTRAL
from .rows import ROWS

Signature = tuple[object, ...]
_EARLY = 2  # an operation may join others of its kind up to so many heights early


def schedule(program: Computation, known: Facts, dots: Dots) -> list[tuple[Signature, list[int]]]:
    """The operations in groups of one signature. No group needs a later one."""
    waiting: dict[tuple[bool, int], dict[Signature, list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for i, form in _signatures(program, known, dots):
        waiting[known.fixed[i], -known.height[i]][form].append(i)
    operands = program.columns.operands.tuples
    done = [True] * program.leaf_count
    done += [not own for own in operands[program.leaf_count :]]
    is_done, groups = done.__getitem__, []
    for fixed, depth in sorted(waiting, key=lambda key: (not key[0], key[1])):
        for form, members in waiting[fixed, depth].items():
            members = [i for i in members if not done[i]]
            for deeper in range(depth + 1, depth + 1 + _EARLY):
                early = waiting.get((fixed, deeper), {}).get(form, ())
                members += [i for i in early if not done[i] and all(map(is_done, operands[i]))]
            for i in members:
                done[i] = True
            if members:
                groups.append((form, sorted(members)))
    return groups


def _signatures(program: Computation, known: Facts, dots: Dots) -> Iterable[tuple[int, Signature]]:
    """The operations, each with the signature that it must share with others to run with them."""
    (ops, operands, *_), fixed, live = program.columns, known.fixed, known.live
    rows = {name: ROWS[name] for name in set(ops[program.leaf_count :]) & ROWS.keys()}
    is_fixed = fixed.__getitem__
    for i in program.operations:
        name, own = ops[i], operands.tuples[i]
        if i in dots.forms:
            length, bias_kind = dots.forms[i]
            yield i, ("matrix" if length else "dot", live[i], length, bias_kind)
        elif own and rows[name].variadic:
            ragged = rows[name].groups is together and rows[name].neutral in NEUTRAL
            yield i, ("stack", live[i], name, None if ragged else len(own))
        elif own:
            yield i, ("map", live[i], name, *map(is_fixed, own))
