"""A number that remembers how it was made, and can therefore be differentiated.

Read `ops` first: it says what an operation computes. A `Value` computes at once, by the rule table, and keeps its
operation, its parents and its local gradients; `backward` multiplies and adds those along the graph, from the result
to the leaves. The first two parents have slots of their own: that takes half the memory and time of tuples.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import count
from typing import Any, ClassVar

from ..copies import Copied
from ..errors import DomainError, OperandError, no_gradient
from . import modes
from .floats import Floats, ieee_is_on, real
from .modes import no_gc as no_gc
from .modes import no_grad as no_grad
from .modes import scope as scope
from .number import ARITHMETIC, Number, tracer
from .op import Op, evaluate, evaluate_local_gradients, in_namespace

_new = object.__new__
clock = count(1)  # of passes over graphs, and of changes of numbers


class Value(Copied, Number):
    """A float that remembers the operation and the values it came from.

    Attributes:
        data: the number, always a float. Setting it changes this value alone, not what was computed from it before.
        grad: ∂root/∂self after ``root.backward()``; 0.0 before a pass has reached it.
        label: a name for pictures, tables and errors.
        op: the operation that made it, a row of `ops.OPS`; None for a leaf.
        scope: the part of a model it belongs to, "mlp/layer0/neuron3"; see `scope`.
        parents: the operands in order; one that is used twice stands twice.
        local_grads: ∂self/∂parent for each parent, computed together with the value.

    >>> x, y, z = Value(3, "x"), Value(-4, "y"), Value(2, "z")
    >>> g = x * y + z
    >>> g.backward()
    >>> g.data, x.grad, y.grad, z.grad
    (-10.0, -4.0, 3.0, 1.0)
    """

    __slots__ = (
        "_data", "_grad", "_left", "_left_grad", "_mark", "_right", "_right_grad",
        "label", "op", "scope",
    )  # fmt: skip
    precedence: ClassVar[int] = 1

    def __init__(self, data: Any, label: str = "") -> None:
        if not isinstance(label, str):
            raise OperandError(
                f"the label of a Value must be text; got {type(label).__name__} {label!r}"
            )
        self._data = real(data)
        self._grad: float | None = None
        self.op: Op | None = None
        self.label = label
        self.scope = modes.current_scope.get() if modes.scopes else ""
        self._left: Any = None  # the first parent, or a tuple of all if there are more than two
        self._right: Any = None
        self._left_grad: Any = None  # its local gradient, or a tuple of all
        self._right_grad: Any = None
        self._mark = 0  # for topological_order

    @property
    def data(self) -> float:
        if modes.traces and (tape := tracer.get()) is not None:
            tape.read(self)
        return self._data

    @data.setter
    def data(self, new: Any) -> None:
        _refuse_in_trace(".data as a variable")
        self._data = real(new)
        modes.changed = next(clock)

    def _peek(self) -> float:
        return self._data

    @property
    def grad(self) -> float:
        _refuse_in_trace(".grad")
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, new: Any) -> None:
        _refuse_in_trace(".grad")
        self._grad = real(new)

    is_constant = False  # a plain number in a formula: no gradient stays with it

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass has reached this value since its gradient was cleared; where not, pictures show "–"."""
        _refuse_in_trace(".has_grad")
        return self._grad is not None

    def clear_grad(self) -> None:
        """Forget the gradient: ``grad`` is 0.0 again, and shown as "–"."""
        _refuse_in_trace("clear_grad()")
        self._grad = None

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
        if modes.traces and (tape := tracer.get()) is not None:
            tape.look(".parents")
        if self._right is not None:
            return (self._left, self._right)
        if self._left.__class__ is tuple:
            return tuple(self._left)
        return () if self._left is None else (self._left,)

    @property
    def local_grads(self) -> tuple[float, ...]:
        if modes.traces and (tape := tracer.get()) is not None:
            tape.look(".local_grads")
        parents, kept = self.parents, self.kept_local_grads
        constant = [parent.is_constant for parent in parents]
        if self.op is not None and any(constant):  # nobody needed theirs until now
            xs = [parent._data for parent in parents]
            found = evaluate_local_gradients(self.op, self._data, xs, constant)
            kept = tuple([k if g is None else g for k, g in zip(kept, found, strict=True)])
        return tuple([g or 0.0 for g in kept])

    @property
    def kept_local_grads(self) -> tuple[float | None, ...]:
        """The local gradients that a backward pass uses: None for an operand that is not selected.

        Those of constants need not be right.
        """
        if modes.traces and (tape := tracer.get()) is not None:
            tape.look(".kept_local_grads")
        if self._right is not None:
            return (self._left_grad, self._right_grad)
        if self._left.__class__ is tuple:
            return tuple(self._left_grad)
        return () if self._left is None else (self._left_grad,)

    def backward(self) -> None:
        """Set ``grad`` of every value that this one depends on to ∂self/∂value.

        Leaves add it to the gradient they have, so that passes accumulate; all other values have that of the latest
        pass alone. The graph stays: a second call adds exactly the same to the leaves again. What several consumers give
        is added one after another, in floats: 1e16 + 1 - 1e16 is 0.

        Threads may differentiate separate graphs; two that walk one graph, or add to one leaf, at the same time may not.

        Raises:
            DomainError: if a leaf's gradient would not be finite (√x at 0), unless inside `ieee()`. The leaves then
                keep the gradients they had.
        """
        _refuse_in_trace("backward()")
        since = self._mark
        order = topological_order(self)
        if since < modes.changed:  # a number was set after this result was computed or last walked
            warn_of_changes(order, stacklevel=2)
        leaves = [(value, value._grad) for value in order if value.op is None]
        try:
            for value in order:
                value._grad = None
            self._grad = 1.0
            _propagate(order)
            for leaf, before in leaves:
                new = leaf._grad
                if new is None:
                    leaf._grad = before
                elif new - new != 0.0 and not isinstance(leaf, Constant) and not ieee_is_on():
                    raise DomainError(_without_gradient(leaf, order))
                elif before is not None:
                    leaf._grad = before + new
        except BaseException:
            for leaf, before in leaves:
                leaf._grad = before
            raise

    @staticmethod
    def apply(op: Op, operands: Sequence[Any]) -> Value:
        """The result of ``op``, remembered; plain numbers among the operands become constants."""
        tape = tracer.get() if modes.traces else None
        return compute(op, operands) if tape is None else tape.apply(op, operands)

    def __repr__(self) -> str:
        _refuse_in_trace("the text of a Value with its gradient")
        grad = "–" if self._grad is None else repr(self._grad)
        return f"{type(self).__name__}(data={self._data!r}, grad={grad}{f', label={self.label!r}' if self.label else ''})"

    def flattened(self) -> list[Value]:
        _refuse_in_trace("copies of Values")
        return topological_order(self)


class Constant(Value):
    """A leaf that is no variable: a plain number in a formula. No gradient stays with it."""

    __slots__ = ()

    grad = property(lambda _: 0.0)  # read-only, unlike a variable's
    is_constant = True
    has_grad = property(lambda _: False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._data!r})"


class Frozen(Constant):
    """A parameter that is fixed for now. Setting its ``requires_grad`` frees it again."""

    __slots__ = ()


_PLAIN = frozenset({int, float})


def _record(op: Op, y: float, left: Any, right: Any, left_grad: Any, right_grad: Any) -> Value:
    value = _new(Value)
    value._data = y
    value._grad = None
    value.op = op
    value.label = ""
    value.scope = modes.current_scope.get() if modes.scopes else ""
    value._left = left
    value._right = right
    value._left_grad = left_grad
    value._right_grad = right_grad
    value._mark = modes.changed
    return value


_OPERATOR = """
def operator(self, other):
    if other.__class__ is not Value:
        if other.__class__ not in PLAIN:
            return op.apply(({left}, {right}))
        other = Constant(other)
    a, b = {left}._data, {right}._data
    try:
        y = {formula}
    except ArithmeticError:
        return op.apply(({left}, {right}))
    if y - y != 0.0 or modes.pauses:
        return op.apply(({left}, {right}))
    return record(op, y, {left}, {right}, {slopes})
"""  # arithmetic by the shortest way: two Values, or a Value and a number, that give a number


def _operator(op: Op, *, reflected: bool = False) -> Any:
    left, right = ("other", "self") if reflected else ("self", "other")
    rules = {f"rule{i}": rule for i, rule in op.own.items()}
    slopes = [
        f"rule{i}(Floats, y, a, b)" if i in op.own else in_namespace(text)
        for i, text in enumerate(op.written_slopes(("a", "b")))
    ]
    known = {"op": op, "PLAIN": _PLAIN, "record": _record, **rules, **globals()}
    source = _OPERATOR.format(left=left, right=right, formula=op.formula, slopes=", ".join(slopes))
    exec(compile(source, __file__, "exec"), known)  # so that its lines are not the user's
    return known["operator"]


for _name, _op in ARITHMETIC.items():
    setattr(Value, f"__{_name}__", _operator(_op))
    setattr(Value, "_radd" if _name == "add" else f"__r{_name}__", _operator(_op, reflected=True))


def compute(op: Op, operands: Sequence[Any]) -> Value:
    """The result of ``op``, as `Value.apply` gives it where nothing is traced."""
    if len(operands) == 1 and op.every and (not modes.pauses or modes.recording.get()):
        (x,) = operands
        try:
            y = op.value(Floats, x._data)
            if y.__class__ is float and y - y == 0.0:
                return _record(op, y, x, None, op.rules[0](Floats, y, x._data), None)
        except (ValueError, ArithmeticError):
            pass  # the general way below says what is wrong, or knows what to do
    parents = tuple([x if x.__class__ is Value else _operand(x) for x in operands])
    xs = tuple([parent._data for parent in parents])
    y = evaluate(op, xs, parents)
    if modes.pauses and not modes.recording.get():
        return Constant(y)
    wanted = None if op.variadic else [parent.__class__ is not Constant for parent in parents]
    grads = evaluate_local_gradients(op, y, xs, wanted)
    if op.selects:
        return _record(op, y, parents, None, tuple([g or None for g in grads]), None)
    if len(parents) > 2:
        return _record(op, y, parents, None, grads, None)
    left, right = (*parents, None)[:2]
    return _record(op, y, left, right, grads[0] or 0.0, grads[-1] or 0.0)


def _refuse_in_trace(what: str) -> None:
    if (tape := tracer.get()) is not None:
        tape.refuse(what)


def _operand(x: Any) -> Value:
    return x if isinstance(x, Value) else Constant(x)


# ---- the backward pass ---------------------------------------------------------------------------------------------


def topological_order(root: Value) -> list[Value]:
    """Every value that ``root`` depends on, parents before the values made from them, ``root`` last.

    The order depends on the graph alone. An explicit stack replaces recursion: a chain of a million additions is fine.
    A value met for the first time goes back under its parents, marked as entered; met again, it is done.
    """
    done = next(clock)
    entered = -done
    order: list[Value] = []
    stack = [root]
    while stack:
        value = stack.pop()
        state = value._mark
        if state == done:
            continue
        if state != entered and value.op is not None:
            value._mark = entered
            stack.append(value)
            left, right = value._left, value._right
            if right is not None:
                stack.append(right)
                stack.append(left)
            elif left.__class__ is tuple:
                stack.extend([parent for parent in left[::-1] if parent._mark != done])
            else:
                stack.append(left)
        else:
            value._mark = done
            order.append(value)
    return order


def warn_of_changes(order: list[Value], *, stacklevel: int) -> None:
    """Warn of the first result in ``order`` that its operands, as they are now, would not give.

    Setting ``.data``, as an optimiser's step does, changes one value alone, not what was computed from it before.
    """
    for value in order:
        if value.op is None or not math.isfinite(value.data):
            continue
        try:
            y = value.op.value(Floats, *[parent.data for parent in value.parents])
        except (ValueError, ArithmeticError):
            y = math.nan
        if y != value.data:
            now = f"would be {y!r} now" if y == y else "has no value now"
            warnings.warn(
                f"{value.label or value.op.name!r} was {value.data!r} when it was computed, and "
                f"{now}: a number has changed since. Values and gradients here are those of the "
                "old numbers; build the graph again for the new ones",
                stacklevel=stacklevel + 1,
            )
            return


def _propagate(order: list[Value]) -> None:
    """Give every value's gradient, times the local gradient, to its parents. A value that none has reached gives nothing."""
    for value in reversed(order):
        upstream = value._grad
        left, right = value._left, value._right
        if upstream is None or left is None:
            continue
        if left.__class__ is tuple:
            for parent, local in zip(left, value._left_grad, strict=True):
                if local is not None:
                    before = parent._grad
                    parent._grad = local * upstream if before is None else before + local * upstream
            continue
        before = left._grad
        left._grad = (
            value._left_grad * upstream if before is None else before + value._left_grad * upstream
        )
        if right is not None:
            before = right._grad
            right._grad = (
                value._right_grad * upstream
                if before is None
                else before + value._right_grad * upstream
            )


def _without_gradient(leaf: Value, order: list[Value]) -> str:
    """Which operation the gradient that is not finite came from."""
    variable = repr(leaf.label) if leaf.label else "a leaf"
    root = repr(order[-1].label) if order[-1].label else "the result"
    asked = f"the gradient of {root} with respect to {variable} is {leaf._grad!r}"
    for value in reversed(order):
        for parent, local in zip(value.parents, value.local_grads, strict=True):
            if local - local != 0.0 and value._grad is not None and value.op is not None:
                xs = [parent._data for parent in value.parents]
                return f"{asked}: {no_gradient(value.op, xs, local)}"
    return f"{asked}: a product or a sum of gradients is larger than the largest float, 1.8e308"
