"""A program as array operations: groups of like operations, and matrix products.

The operations are scheduled by their height, and gathered in parts. Each part is put in the order
that its readers want. Then its numbers get their places, and it becomes a group.
"""

from __future__ import annotations

import numpy as np

from ..ir import Computation
from .analysis import facts
from .arrange import arrange
from .group import Lifted
from .parts import Part, parts_of
from .placing import Placing
from .rows import SUM


def lift(program: Computation, *, matmuls: bool = True) -> Lifted:
    """The array operations that compute ``program``.

    Args:
        matmuls: also make matrix products of two factors that depend on the inputs. These may have
            holes, and multiply what the program does not: with numbers that are not finite, only
            the program without them is sure to compute what was recorded.
    """
    known, placing = facts(program), Placing(program.columns)
    *spans, own = program.leaf_spans
    inputs = [Part("leaves", SUM, False, True, np.array(span, np.intp)) for span in spans]
    parts = list(parts_of(program, known, with_matmuls=matmuls))
    arrange([*inputs, *parts], len(program.columns.ops))

    arguments = [placing.argument(part) for part in inputs]
    leaves = np.r_[own.start : own.stop, list(program.constants)].astype(np.intp)
    placing.place(Part("leaves", SUM, True, True, leaves))
    groups = [placing.group(part) for part in parts if part.fixed]
    batch = [part for part in parts if not part.fixed]
    groups += [placing.group(part) for part in (*placing.spread(batch, known.live), *batch)]
    row = np.where(placing.rows[True] > 0, placing.rows[True], placing.rows[False])[:-1]
    return Lifted(groups, known.fixed, row, placing.counts, program.roots, arguments)
