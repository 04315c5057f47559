"""Operations for tests: rows written in one line, and copies of rows with other rules."""

import inspect

import numpy as np

from autograd_edu import Op, register
from autograd_edu.arithmetic.rows import together as one_sequence


def row(name, value, local_gradients, formula, slopes, example, **facts):
    """Register an operation, all of whose local gradients come from one function, as a tuple."""
    last = [*inspect.signature(value).parameters.values()][-1]
    if last.kind is last.VAR_POSITIONAL:
        return stacked_row(
            name,
            lambda xp, xs: value(xp, *xs),
            lambda xp, y, xs: together(local_gradients(xp, y, *xs), xs),
            formula,
            slopes,
            example,
            **facts,
        )
    value.__name__ = name
    op = Op(value, slopes, example, formula, **facts)
    give(op, local_gradients)
    return register(op)


def together(gradients, xs):
    """``gradients`` in one array, if ``xs`` stand in one."""
    if not hasattr(xs, "shape"):
        return gradients
    return np.stack([np.broadcast_to(gradient, xs.shape[1:]) for gradient in gradients])


def stacked_row(name, value, local_gradients, formula, slopes, example, **facts):
    """Register an operation of any number of operands, whose rules take them as one sequence."""
    value.__name__ = name
    op = Op(value, slopes, example, formula, groups=one_sequence, **facts)
    op.local_gradient(local_gradients)
    return register(op)


def give(op, local_gradients):
    """Let ``op`` take the local gradient of each operand, or group of operands, from one tuple."""
    if op.variadic:
        op.local_gradient(local_gradients)
        return
    for i in range(len(op.example)):
        op.local_gradient(lambda xp, y, *xs, i=i: local_gradients(xp, y, *xs)[i])


def replaced(op, *, name=None, value=None, local_gradients=None):
    """A copy of ``op`` with another name, another value, or other local gradients."""
    other = object.__new__(Op)  # copy.copy gives the row of the table itself
    kept = {key: x for key, x in vars(op).items() if key not in ("rules", "at_once")}
    vars(other).update(kept, name=name or op.name, methods={})
    if value is not None:
        other.rule = other.value = value
    if local_gradients is not None:
        other.own = {}
        give(other, local_gradients)
    return other
