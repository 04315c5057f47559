"""Copies and pickles of graphs as flat lists, without recursion, so that no graph is too deep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Self, TypeAlias

# A parent (in a pickle, its place) or its local gradient; a tuple of all if there are more than
# two; None if there is none.
Link: TypeAlias = Any
State: TypeAlias = tuple[Any, ...]  # what the slots hold, in the order of `_state`


def both(left: Any, right: Any) -> tuple[Any, ...]:  # parents, or their local gradients
    """What two slots hold together, which is a tuple, one thing or two."""
    if right is not None:
        return (left, right)
    return left if left.__class__ is tuple else () if left is None else (left,)


class Copied:
    """A value that is copied, and pickled, together with the values that it was made from."""

    __slots__ = ()
    op: Any  # a row of the table, above us
    _data: float
    _grad: float
    label: str
    scope: str
    _left: Link
    _right: Link
    _left_grad: Link
    _right_grad: Link
    _mark: int

    def flattened(self) -> Sequence[Copied]:
        """Every value that this one depends on, parents first, itself last."""
        raise NotImplementedError

    @property
    def has_grad(self) -> bool:
        """Has a backward pass reached this value?"""
        raise NotImplementedError

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:  # as in `copy`
        """A copy of this value and of all that it depends on.

        Values that are copied together still share what they shared. The attributes of a user's
        class are copied, too.
        """
        for value in self.flattened():
            if id(value) not in memo:
                state = _state(value, lambda parent: memo[id(parent)])
                memo[id(value)] = twin = _restored(type(value), state)
                if attributes := getattr(value, "__dict__", None):
                    twin.__dict__.update(deepcopy(attributes, memo))
        copied: Self = memo[id(self)]
        return copied

    def __reduce__(self) -> State:
        """For pickle. Values that are pickled together share their leaves only.

        Each brings its whole history: of a long chain, pickle the last.
        """
        order = self.flattened()
        if len(order) == 1:
            attributes = getattr(self, "__dict__", None)  # of a user's class
            return _restored, (type(self), _state(self, None)), attributes
        place = {id(value): i for i, value in enumerate(order)}
        states = [v if v.op is None else _state(v, lambda p: place[id(p)]) for v in order]
        return _restored_graph, (_made(order), states)


def _made(order: Sequence[Copied]) -> type[Copied]:
    """The kind of the values that operations made."""
    return type(order[-1])


def _state(value: Copied, name: Callable[[Copied], Link] | None) -> State:
    """The slots as plain data, with each parent as ``name`` says."""
    left, right = value._left, value._right
    if left is not None and name is not None:
        left = tuple(map(name, left)) if left.__class__ is tuple else name(left)
        right = None if right is None else name(right)
    grad = value._grad if value.has_grad else None
    own = (value._data, grad, value.op, value.label, value.scope)
    return (*own, left, right, value._left_grad, value._right_grad)


def _restored(kind: type[Copied], state: State) -> Copied:
    value: Any = object.__new__(kind)  # `Copied` itself has no slots
    value._data, grad, value.op, label, scope, *links = state
    value._left, value._right, value._left_grad, value._right_grad = links
    value._mark = 0
    value.clear_grad()
    if grad is not None:
        value._grad = grad
    if label:
        value.label = label
    if scope:
        value.scope = scope
    restored: Copied = value
    return restored


def _restored_graph(kind: type[Copied], order: Sequence[Copied | State]) -> Copied:
    """The last value of a list in topological order; parents are places in the list."""
    values: list[Copied] = []
    for item in order:
        value = item if isinstance(item, Copied) else _restored(kind, item)
        if value.op is not None:
            left = value._left
            many = left.__class__ is tuple
            value._left = tuple([values[i] for i in left]) if many else values[left]
            value._right = None if value._right is None else values[value._right]
        values.append(value)
    return values[-1]
