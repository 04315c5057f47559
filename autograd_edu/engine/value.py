"""A number that remembers how it was made, and can therefore be differentiated.

Read `ops` first: it says what an operation computes. A `Value` computes at once, by the rule table,
and keeps its operation, its parents and its local gradients. `backward` multiplies and adds those
along the graph, from the result to the leaves. The first two parents have slots of their own: that
takes half the memory and time of tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from math import isfinite
from typing import Any, ClassVar, SupportsFloat

from .. import blocks
from ..arithmetic.contracts import Rule
from ..arithmetic.evaluation import completed, evaluate, evaluate_both
from ..arithmetic.floats import real
from ..arithmetic.ieee754 import ieee_is_on
from ..arithmetic.shortcut import function, operator
from ..attributes import Text
from ..copies import Copied, Link, both
from ..errors import DomainError, OperandError
from ..habits import Habits, plain_label
from ..wording import check_pass, without_gradient
from . import modes
from .number import ARITHMETIC, FUNCTIONS, Number, plain
from .op import Op

clock = count(1)  # of passes over graphs, and of changes of numbers
changed = 0  # when a number was last set: results that are older may be stale
UNREACHED = -0.0  # no gradient yet; compared by identity, and adding to it changes no bit


class Value(Copied, Habits, Number):
    """A float that remembers the operation and the values it came from.

    Micrograd's form of the constructor, ``Value(data, _children, _op, label)``, works for leaves.
    A value has no room for other attributes. Where a program sets some, ``p.momentum = 0.0``, make
    its leaves of a class of your own: ``class Parameter(Value): pass``.

    Attributes:
        data: the number, always a float. Setting it changes this value alone, not what was computed
            from it before.
        grad: ∂root/∂self after ``root.backward()``; 0.0 before a pass has reached it.
        label: a name for pictures, tables and errors.
        op: the operation that made it, a row of `ops.OPS`; None for a leaf.
        scope: the part of a model it belongs to, "mlp/layer0/neuron3"; see `scope`.
        parents: the operands in order; one that is used twice stands twice.
        local_grads: ∂self/∂parent for each parent, computed together with the value. That for a
            plain number is computed when it is read; it is nan if an operand has changed by then.

    >>> x, y, z = Value(3, "x"), Value(-4, "y"), Value(2, "z")
    >>> g = x * y + z
    >>> g.backward()
    >>> g.data, x.grad, y.grad, z.grad
    (-10.0, -4.0, 3.0, 1.0)
    """

    # _left is the first parent, or a tuple of all if there are more than two; _left_grad goes with
    # it; see `expand` for plain numbers. _mark is for topological_order. In results of operations,
    # _grad, _label and _scope are empty until they are set, which saves time.
    __slots__ = (
        "_data", "_grad", "_label", "_left", "_left_grad", "_mark", "_right", "_right_grad",
        "_scope", "op",
    )  # fmt: skip
    label, scope = Text(), Text()
    precedence: ClassVar[int] = 1
    is_constant = False  # whether it is a plain number in a formula
    op: Op | None

    def __init__(
        self, data: SupportsFloat, label: str | Iterable[Value] = "", _op: str = "",
        _label: str = "", _children: Iterable[Value] = (),
    ) -> None:  # fmt: skip
        if label.__class__ is not str or _children:
            label = plain_label(label, _children, _label)
        self._data = data if data.__class__ is float else real(data)
        self._label, self._mark, self._grad = label, 0, UNREACHED
        self._left = self._right = self._left_grad = self._right_grad = self.op = None
        self._scope = modes.current_scope.get() if blocks.scopes else ""

    @property
    def data(self) -> float:
        return self._data

    @data.setter
    def data(self, new: SupportsFloat) -> None:
        self._data = new if new.__class__ is float else real(new)
        global changed
        changed = next(clock)

    def _peek(self) -> float:
        return self._data

    @property
    def grad(self) -> float:
        return 0.0 if (grad := getattr(self, "_grad", UNREACHED)) is UNREACHED else grad

    @grad.setter
    def grad(self, new: SupportsFloat | None) -> None:
        self._grad = UNREACHED if new is None else real(new)

    @property
    def has_grad(self) -> bool:
        """Has a backward pass reached this value since its gradient was cleared?

        If not, pictures show "–".
        """
        return getattr(self, "_grad", UNREACHED) is not UNREACHED

    def clear_grad(self) -> None:
        """Forget the gradient: ``grad`` is 0.0 again, and shown as "–"."""
        self._grad = UNREACHED

    @property
    def requires_grad(self) -> bool:
        """Does a backward pass give this value a gradient? Set it to False to freeze a leaf."""
        return not self.is_constant

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        if self.__class__ not in (Value, Frozen) or self.op is not None:
            raise OperandError(f"requires_grad can only be set for a leaf; got {self!r}")
        self.clear_grad()
        self.__class__ = Value if on else Frozen

    @property
    def parents(self) -> tuple[Value, ...]:
        expand(self)
        return both(self._left, self._right)

    @property
    def kept_local_grads(self) -> tuple[float | None, ...]:
        """The local gradients that a backward pass uses: None for an operand that is not selected.

        Those for constants may be wrong, as no pass uses them.
        """
        expand(self)
        return both(self._left_grad, self._right_grad)

    @property
    def local_grads(self) -> tuple[float, ...]:
        kept = completed(self.kept_local_grads, self.op, y=self._data, operands=self.parents)
        return tuple([g or 0.0 for g in kept])

    def backward(
        self, gradient: SupportsFloat = 1.0, *,
        retain_graph: bool = True, create_graph: bool = False,  # noqa: ARG002 - it stays
    ) -> None:  # fmt: skip
        """Set ``grad`` of every value that this one depends on to ∂self/∂value.

        Leaves add it to the gradient they have, so that passes accumulate. Every other value has
        the gradient of the latest pass alone. The graph stays, whatever ``retain_graph`` says, and
        a second call adds exactly the same to the leaves again. Contributions of several consumers
        are added one after another, in floats, so 1e16 + 1 - 1e16 gives 0. ``gradient`` is the
        gradient of this value itself, with which the pass starts.

        Threads may differentiate separate graphs. Two may not walk one graph, or add to one leaf,
        at the same time.

        Raises:
            OperandError: if ``create_graph`` is set, which PyTorch has for gradients of gradients.
            DomainError: if a leaf's gradient would not be finite (√x at 0), unless inside `ieee()`.
                The leaves then keep the gradients they had.
        """
        since, order = self._mark, topological_order(self, numbers=False)
        if since < changed or create_graph or self.is_constant:
            check_pass(order, create_graph=create_graph)
        leaves: list[tuple[Value, float]] = []  # and the gradients they had
        try:
            for value in order:
                if value.op is None:
                    leaves.append((value, value._grad))
                value._grad = UNREACHED
            self._grad = real(gradient)
            _propagate(order)
            if blocks.pauses and (watch := modes.watch.get()) is not None:
                watch.passed(order)
            for leaf, before in leaves:
                new = leaf._grad
                if new is UNREACHED:
                    leaf._grad = before
                elif isfinite(new) or leaf.is_constant or ieee_is_on():
                    leaf._grad = before + new
                else:
                    raise DomainError(without_gradient(leaf, new, order))
        except BaseException:
            for leaf, before in leaves:
                leaf._grad = before
            raise

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Value:  # one operand alone is a Value
        """The result of ``op``, remembered; plain numbers among the operands become constants."""
        if blocks.pauses and (observer := modes.tracer.get() or modes.watch.get()) is not None:
            return observer.apply(op, operands)  # type: ignore[no-any-return]  # of a face above
        if op.alone and len(operands) == 1 and (not blocks.pauses or modes.recording.get()):
            # made from text, so no checker sees what it returns
            return (op.methods.get(Value) or _method(op))(*operands)  # type: ignore[no-any-return]
        if blocks.pauses and not modes.recording.get():
            return Constant(evaluate(op, [plain(x) for x in operands], operands))
        return _apply(op, tuple([x if isinstance(x, Value) else Constant(x) for x in operands]))

    def __repr__(self) -> str:
        grad = repr(self._grad) if self.has_grad else "–"
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data!r}, grad={grad}{label})"

    def flattened(self) -> list[Value]:
        return topological_order(self)


class Constant(Value):
    """A leaf for a plain number in a formula. It never holds a gradient.

    >>> from autograd_edu import Value
    >>> y = Value(3.0, "x") * 2.0
    >>> y.backward()
    >>> [(parent.data, parent.grad, parent.is_constant) for parent in y.parents]
    [(3.0, 2.0, False), (2.0, 0.0, True)]
    """

    __slots__ = ()
    grad = property(lambda _: 0.0)  # read-only, unlike a variable's
    is_constant = True
    has_grad = property(lambda _: False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._data!r})"


class Frozen(Constant):
    """A parameter that is fixed for now. Setting its ``requires_grad`` frees it again."""

    __slots__ = ()


def record(y: float, op: Op, left: Link, right: Link, left_grad: Link, right_grad: Link) -> Value:
    """A Value of the number ``y`` that remembers how it was made."""
    value = object.__new__(Value)
    value._data, value.op, value._mark = y, op, changed
    value._left, value._right = left, right
    value._left_grad, value._right_grad = left_grad, right_grad
    value._scope = modes.current_scope.get() if blocks.scopes else ""
    return value


def expand(value: Value) -> None:
    """Make a constant of the plain number that ``value`` was computed with, if there is one.

    Until then the number stands in ``_right_grad``, in a tuple if it is the left operand. Few
    programs ask for it, and a backward pass only needs the one Value.
    """
    number = value._right_grad
    if value._right is None and number is not None:
        order, x = (-1, number[0]) if number.__class__ is tuple else (1, number)
        other, slopes = Constant(x), (value._left_grad, 0.0)
        other.scope = value.scope
        value._left, value._right = (value._left, other)[::order]
        value._left_grad, value._right_grad = slopes[::order]


def _apply(op: Op, parents: tuple[Value, ...]) -> Value:
    """The result of ``op`` for any row, remembered."""
    xs = [parent._data for parent in parents]
    y, grads = evaluate_both(op, xs, parents)
    if len(parents) == 2 and not op.selects:
        return record(y, op, *parents, grads[0] or 0.0, grads[1] or 0.0)
    slopes = tuple([g or None for g in grads] if op.selects else grads)
    return record(y, op, parents, None, slopes, None)


def _method(op: Op) -> Rule:
    """The method for ``op``, which takes one operand. It is made when it is first used."""
    op.methods[Value] = method = function(op, globals())
    for name in [name for name, row in FUNCTIONS.items() if row is op and name not in vars(Value)]:
        setattr(Value, name, method)  # unless a user has set one
    return method


for _name, _op, _right in ARITHMETIC:
    setattr(Value, _name, operator(_op, getattr(Number, _name), known=globals(), reflected=_right))


# ---- the backward pass ----


def topological_order(root: Value, *, numbers: bool = True) -> list[Value]:
    """Every value that ``root`` depends on, parents before their children, ``root`` last.

    Constants that `expand` has not made yet are made, unless ``numbers`` is False.

    The order depends on the graph alone. A list replaces recursion, so that a chain of a million
    additions is fine: ``path`` leads from the root to the value at hand. The walk goes down along
    first parents. On the way up it adds each value to the order, but first goes down to its second
    parent, if that is not done. ``rests`` holds what is left of longer lists of parents.
    """
    done = next(clock)
    order: list[Value] = []
    path: list[Value | None] = [None]
    rests: list[Iterator[Value]] = []
    value: Value | None = root
    while value is not None:
        if numbers and value._right is None and value._right_grad is not None:
            expand(value)
        left = value._left
        if value._right is None and left.__class__ is tuple:
            rests.append(iter(left))
        elif left is not None and left._mark is not done:
            path.append(value)
            value = left
            continue
        while value is not None:
            right = value._right
            if right is None and value._left.__class__ is tuple:
                for right in rests[-1]:
                    if right._mark is not done:
                        if right.op is not None:
                            break
                        right._mark = done
                        order.append(right)
                else:
                    rests.pop()
            if right is not None and right._mark is not done:
                path.append(value)
                value = right
                break
            value._mark = done
            order.append(value)
            value = path.pop()
    return order


def _propagate(order: list[Value]) -> None:
    """Give each value's gradient, times the local gradient, to its parents.

    A value that no gradient has reached passes nothing on.
    """
    for value in reversed(order):
        upstream = value._grad
        if upstream is UNREACHED:
            continue
        if value._right is not None:
            value._left._grad += value._left_grad * upstream
            value._right._grad += value._right_grad * upstream
        elif value._left.__class__ is tuple:
            for parent, local in zip(value._left, value._left_grad, strict=True):
                if local is not None:
                    parent._grad += local * upstream
        elif value._left is not None:
            value._left._grad += value._left_grad * upstream
