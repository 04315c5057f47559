"""Looking for the first number that is not finite, and freeing long graphs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from math import isfinite
from os.path import basename, dirname
from types import FrameType
from typing import Any

from .blocks import Opener, Set
from .engine import modes
from .engine.op import Op
from .engine.value import Value, topological_order
from .errors import DomainError, write_call

_PACKAGE = dirname(__file__) + os.sep  # autograd_edu_mine.py is the user's


class _Watch:
    """Where each value was made, and what is asked of it."""

    def __init__(self) -> None:
        self.made: dict[int, tuple[Value, str]] = {}  # holds the values, so that ids stay theirs

    def apply(self, op: Op, operands: Sequence[Any]) -> Value:  # as `Value.apply`
        """The result of ``op``, noted; an error if it, or a local gradient of it, is not finite."""
        token = modes.watch.set(None)
        try:
            value = Value.apply(op, operands)
        finally:
            modes.watch.reset(token)
        self.made[id(value)] = value, _line(sys._getframe(1))
        if not isfinite(value._data):
            raise DomainError(f"the value of {self._named(value)} is {value._data!r}")
        for parent, local in zip(value.parents, value.kept_local_grads, strict=True):
            if not parent.is_constant and local is not None and not isfinite(local):
                raise DomainError(f"a local gradient of {self._named(value)} is {local!r}")
        return value

    def passed(self, order: Sequence[Value]) -> None:
        """Raise if a gradient of a pass is not finite; the first in the order of the pass."""
        for value in reversed(order):
            if not isfinite(value._grad):
                raise DomainError(f"the gradient of {self._named(value)} is {value._grad!r}")

    def _named(self, value: Value) -> str:
        label = f"{value.label!r} = " if value.label else ""
        if value.op is None:
            return f"{label}{value._data!r}"
        labels = [repr(parent.label) for parent in value.parents if parent.label]
        of = f" of {', '.join(labels[:4])}" if labels else ""
        line = self.made.get(id(value), (value, "a line before anomaly()"))[1]
        return f"{label}{write_call(value.op, [p._data for p in value.parents])}{of} ({line})"


def _line(frame: FrameType | None) -> str:
    """The innermost line outside the package."""
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{basename(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else "?"


@Opener
def anomaly() -> Set[_Watch]:
    """Inside, the first value, local gradient or gradient that is not finite is an error.

    The error names the operation, its numbers and labels, and the line. `anomaly` is for `ieee()`
    and for passes whose gradients overflow; a value made otherwise is always finite. It is slow.

    Raises:
        DomainError: at the first number that is inf or nan. For ``log(Value(0.0, "x"))`` it says
            "the value of log(0.0) of 'x' (train.py:12) is -inf".

    >>> from autograd_edu import Value, ieee, log
    >>> with ieee(), anomaly():
    ...     1.0 + log(Value(0.0, "x"))
    Traceback (most recent call last):
    autograd_edu.errors.DomainError: the value of log(0.0) of 'x' (...) is -inf
    """
    return Set(modes.watch, _Watch(), counter="pauses", made=(anomaly,))


def release(root: Value) -> None:
    """Free the graph of ``root``, value by value, and leave ``root`` a number without a history.

    Python frees a chain of values by recursion in C, which a thread with a small stack cannot bear
    for a million of them. Every value of the graph that something else still refers to becomes a
    leaf.

    >>> x = Value(2.0, "x")
    >>> y = x * x
    >>> release(y)
    >>> y.data, y.parents
    (4.0, ())
    """
    for value in reversed(topological_order(root)):
        if value.op is not None:
            if not value.has_grad:
                value.clear_grad()  # a leaf has the slot filled
            value.op = value._left = value._right = value._left_grad = value._right_grad = None
