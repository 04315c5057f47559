"""What a number says when it is asked for what it does not have, as programs of other packages do.

`Absent` stands for one attribute that is not there: `hasattr` is False, and reading it raises an
error that says what to use. Other attributes stay as fast as before, unlike with `__getattr__`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from .errors import OperandError

T = TypeVar("T")


class Absent:
    """An attribute that its class does not have; ``instead`` says what to use.

    >>> class Box:
    ...     size = Absent("use len(box)")
    >>> hasattr(Box(), "size")
    False
    """

    def __init__(self, instead: str) -> None:
        self.instead = instead

    def __set_name__(self, kind: type, name: str) -> None:
        self.name = name

    def __get__(self, it: T | None, kind: type[T]) -> NoReturn:
        raise AttributeError(f"{kind.__name__} has no attribute {self.name!r}: {self.instead}")


def present(it: Any) -> list[str]:  # whatever has attributes
    """What ``dir(it)`` shows: the attributes without those that are `Absent`."""
    kind = type(it)
    names = object.__dir__(it)
    return [name for name in names if not isinstance(getattr_static(kind, name, None), Absent)]


def refusing(text: str) -> Callable[..., Any]:  # it stands for methods of every signature
    """A method that only raises an OperandError. ``{kind}`` in the text is the number's class."""

    def refuse(self: Any, *_: Any) -> NoReturn:
        raise OperandError(text.format(kind=type(self).__name__))

    return refuse


class NotAFloat:
    """What Python's floats, NumPy's arrays and PyTorch's tensors have, and a Number has not."""

    __slots__ = ()
    __dir__ = present
    __float__ = __int__ = refusing(
        "a {kind} does not become a float by itself, as that would lose its graph; use .data for "
        "the number, or functions of autograd_edu: autograd_edu.sin(x), not math.sin(x)"
    )
    __index__ = refusing(
        "a whole number was expected, not a {kind}: use int(x.data), which loses its graph"
    )
    __xor__ = __rxor__ = refusing("^ is not defined for a {kind}; a power is written x**2")
    __matmul__ = __rmatmul__ = refusing(
        "a {kind} is one number, and @ is for matrices; use w * x, or dot(ws, xs) for two lists"
    )
    item = Absent("use .data for the number, a Python float")
    numpy = Absent("use .data for the number, a Python float")
    shape = Absent("it is one number; .data is a Python float")


class NotATensor:
    """What a Value is asked for by the names of other packages, or by mistake."""

    __slots__ = ()
    gradient = Absent("its gradient is .grad")
    backwards = Absent("did you mean 'backward'?")
    grad_fn = Absent(".op is the operation that made it, .parents its operands")


if TYPE_CHECKING:

    class Text:
        """How a checker sees such an attribute: as text."""

        def __get__(self, it: T | None, kind: type[T] | None = None, /) -> str: ...
        def __set__(self, it: T, new: str, /) -> None: ...

else:

    class Text(property):
        """Text that a slot holds, ``_label`` that of ``label``; "" while the slot is empty."""

        def __set_name__(self, kind, name):
            slot, what = f"_{name}", f"the {name} of a {kind.__name__}"
            super().__init__(lambda it: getattr(it, slot, ""), _setter(slot, what))


def _setter(slot: str, what: str) -> Callable[[T, str], None]:
    return lambda it, new: setattr(it, slot, text(new, what))


def text(x: str, what: str) -> str:
    """``x`` if it is text; otherwise an OperandError names ``what``."""
    if not isinstance(x, str):
        raise OperandError(f"{what} must be text; got {type(x).__name__} {x!r}")
    return x
