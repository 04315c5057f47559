"""What programs written for micrograd and for NumPy do with a Value.

Change the import and go on: `_prev`, `_op`, `_backward`, micrograd's constructor, the methods that
its forks have, NumPy's functions on Values and arrays of Values.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Protocol

from .arithmetic.contracts import Kind, M, Made, Operand, T
from .attributes import NotAFloat, NotATensor, text
from .errors import OperandError

_BY_HAND = (
    "_children and _backward of a Value cannot be set, as pictures and tables read the rule table; "
    "declare the operation, @operation(formula=…, local_gradients=…, example=…), and call it"
)


def _python(function: Callable[..., object]) -> Callable[..., object]:
    """``function`` on Python's numbers: with NumPy's it would ask NumPy, which asks us again."""

    def number(x: Any) -> Any:  # whatever NumPy passes
        kind = x.dtype.kind if hasattr(x, "dtype") else ""
        return float(x) if kind == "f" else x.item() if kind else x

    return lambda *xs: function(*map(number, xs))


_PYTHON = {
    "positive": _python(operator.pos), "less": _python(operator.lt),
    "less_equal": _python(operator.le), "greater": _python(operator.gt),
    "greater_equal": _python(operator.ge), "equal": _python(operator.eq),
    "not_equal": _python(operator.ne),
}  # fmt: skip


class _Function(Protocol):
    """A row of the table, as it is looked for and called here."""

    name: str
    numpy: str

    def __call__(self, *operands: Any) -> object:
        """The result."""


class ArrayHabits(NotAFloat):
    """NumPy's functions on Numbers, and Numbers beside arrays."""

    __slots__ = ()
    table: ClassVar[Mapping[str, _Function]]  # the rule table, which stands above us

    @classmethod
    @lru_cache(maxsize=128)
    def _counterpart(cls, ufunc: str) -> Callable[..., object]:
        """The function here that does what NumPy's ``ufunc`` does."""
        named = [row for row in cls.table.values() if (row.numpy or row.name) == ufunc]
        if ufunc not in _PYTHON and not named:
            raise OperandError(
                f"numpy.{ufunc} has no counterpart for Values; use .data for the number, or write "
                "it with the functions of autograd_edu"
            )
        return _PYTHON[ufunc] if ufunc in _PYTHON else named[0]

    # NumPy leaves open what it passes and takes back: numbers, arrays, lists
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None) -> Any:
        """`numpy.exp(x)` is `exp(x)`; beside an array, an array of results."""
        function = self._counterpart(ufunc.__name__)
        if method != "__call__":
            return NotImplemented
        if out is None and not any(getattr(x, "ndim", 0) for x in inputs):
            return function(*inputs)
        import numpy as np  # which called us

        boxes = [np.array(x, dtype=object) if isinstance(x, ArrayHabits) else x for x in inputs]
        results = np.frompyfunc(function, len(inputs), 1)(*boxes)
        if out is None:
            return results.astype(bool) if function in _PYTHON.values() else results
        out[0][...] = results
        return out[0]

    def __iadd__(self: M, other: Operand) -> M:
        """``w += x``: a new value. Inside `no_grad`, the leaf itself changes, as in PyTorch."""
        return _kept(self, self + other)  # type: ignore[operator, no-any-return]  # as a Number's

    def __isub__(self: M, other: Operand) -> M:
        """``w -= x``: a new value. Inside `no_grad`, the leaf itself changes, as in PyTorch."""
        return _kept(self, self - other)  # type: ignore[operator, no-any-return]  # as a Number's


class Habits(NotATensor):
    """What micrograd and its forks call the parts of a Value."""

    __slots__ = ()  # what a Value has, ``self`` has

    @property
    def _prev(self: Made[T]) -> tuple[T, ...]:
        """The parents."""
        return self.parents

    @property
    def _op(self: Any) -> str:  # a Value: it has a row, which stands above `Made`
        """The operation in micrograd's text: "+", "*", "**2", "ReLU", "tanh"; "" for a leaf."""
        if self.op is None:
            return ""
        formula = self.op.formula if isinstance(self.op.formula, str) else "f(x)"
        if not formula.endswith(")"):
            names = self.op.operand_names()
            signs = re.sub(rf"\b({'|'.join(names)})\b|\s", "", formula)
            return f"{signs}{self._prev[1]._peek():g}" if signs == "**" else signs
        symbol: str = self.op.symbol
        return symbol if re.fullmatch(r"\w+", symbol, re.A) else self.op.name

    @property
    def _backward(self) -> Callable[[], None]:
        """A function that gives the parents this gradient times each local gradient."""
        return lambda: _give(self)

    @_backward.setter
    def _backward(self, _: Callable[[], None]) -> None:
        raise OperandError(_BY_HAND)

    def zero_grad(self: Made[Kind]) -> None:
        """Set the gradient of this value to 0."""
        self.clear_grad()

    def pow(self: M, exponent: Operand) -> M:
        """``self ** exponent``."""
        return self**exponent

    def copy(self: M) -> M:
        """A new leaf with the number and the label of this value."""
        return type(self)(self.data, self.label)


def _kept(value: Any, result: Any) -> Any:  # Values
    """The ``result``, or the leaf with its number if nothing is recorded."""
    is_unrecorded = getattr(result, "is_constant", False)  # an array of results has no such thing
    if not is_unrecorded or value.is_constant or value.op is not None:
        return result
    value.data = result.data
    return value


def _give(value: Any) -> None:  # a Value, which is made of this class
    for parent, local in zip(value.parents, value.kept_local_grads, strict=True):
        if local is not None and not parent.is_constant:
            parent.grad += local * value.grad


# anything may be given as a label; that is what it checks
def plain_label(label: Any, children: Iterable[Kind], micrograd_label: str) -> str:
    """The label among the arguments of a constructor, which may be micrograd's.

    Raises:
        OperandError: if a value is to be made from others by hand, or the label is not text.
    """
    is_list = isinstance(label, (tuple, list, set, frozenset))
    if is_list and all(isinstance(child, Habits) for child in label):
        children, label = (*children, *label), micrograd_label
    if children:
        raise OperandError(_BY_HAND)
    return text(label, "the label of a Value")
