"""One exception a mistake. Each is also the built-in that a caller would catch, and says what would be right."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from .printing import prints


@prints
class AutogradError(Exception):
    """Everything that this package raises on purpose."""

    __str__, __repr__ = Exception.__str__, Exception.__repr__


class DomainError(AutogradError, ValueError):
    """An operation, or a gradient, has no finite real value where it was asked for one."""


class DivisionDomainError(DomainError, ZeroDivisionError):
    """A division by zero, or a zero raised to a negative power."""


class OverflowDomainError(DomainError, OverflowError):
    """The result is larger than the largest float, about 1.8e308."""


class OperandError(AutogradError, TypeError):
    """Something that is not a real number was given where a number belongs."""


class ArityError(AutogradError, TypeError):
    """An operation or function was given the wrong number of operands."""


class OptionError(AutogradError, ValueError):
    """A name was given for an option (style, engine, method, data set) that is not one of its names."""


class ExpressionError(AutogradError, ValueError):
    """The text of an expression cannot be read, or asks for more than arithmetic."""


class LayoutError(AutogradError, RuntimeError):
    """Graphviz could not be found, or could not lay out the graph."""


class ShapeError(AutogradError, ValueError):
    """A list has another length than the layer, loss or model it was given to works on."""


class TargetError(AutogradError, ValueError):
    """A label, target or probability is of a kind, or in a range, that the loss is not defined for."""


class StateError(AutogradError, ValueError):
    """A saved state does not fit what it is loaded into, or its file is damaged; nothing was changed."""


class TrainingError(AutogradError, RuntimeError):
    """A step of training was taken out of order: no gradient before a step, a random layer in an evaluation."""


class BranchChanged(AutogradError, ValueError):  # noqa: N818 - the name says what happened
    """A replayed program's input would take another branch than the one recorded; trace the function again for it."""


def one_of(wanted: object, names: Iterable[str], what: str) -> str:
    """``wanted``, if it is one of ``names``.

    Raises:
        OptionError: if it is not. The message lists the names and suggests the nearest.

    >>> one_of("cards", ["card", "circuit"], "style")
    Traceback (most recent call last):
    autograd_edu.errors.OptionError: unknown style 'cards'; choose from 'card', 'circuit' (did you mean 'card'?)
    """
    import difflib

    options = list(names)
    if isinstance(wanted, str) and wanted in options:
        return wanted
    near = difflib.get_close_matches(str(wanted).lower(), options, 1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise OptionError(
        f"unknown {what} {wanted!r}; choose from {', '.join(map(repr, options))}{hint}"
    )


def is_an_error(name: str) -> bool:
    """Whether this package has an error of that name."""
    kind = globals().get(name)
    return isinstance(kind, type) and issubclass(kind, AutogradError)


def error_named(name: str) -> type[AutogradError]:
    """The error of a name, as programs keep it in their guards."""
    kind: type[AutogradError] = globals()[name]
    return kind


def described(x: object) -> str:
    """What is no number, and what to do instead."""
    kind = type(x).__name__
    if getattr(x, "precedence", 0):
        return (
            f"a {kind}: use its .data for the number, or operate on it directly to keep the graph"
        )
    if isinstance(x, (list, tuple)) or hasattr(x, "shape"):
        return f"{kind} of several numbers: use one Value for each number, [Value(v) for v in …]"
    if isinstance(x, (str, bytes)):
        return f"{x!r}, which is text: convert it with float(…)"
    if isinstance(x, complex):
        return f"{x!r}: complex numbers are not supported"
    return f"{kind} {x!r}" if x is not None else "None"


# ---- what an operation says that has no value, or no gradient ----


class Named(Protocol):
    """What an error tells of an operation; see `engine.op.Op`."""

    name: str
    formula: str | Callable[..., str]
    domain: str

    def operand_names(self, count: int) -> tuple[str, ...]:
        """The names of the operands in the formula."""


def no_value(
    op: Named, xs: Sequence[float], labels: Sequence[str], problem: Exception | None
) -> DomainError:
    """The error of an operation that has no finite value at ``xs``.

    Operands are called by their labels, if they have any, and else by their places.
    """
    labels = [*labels, *[""] * (len(xs) - len(labels))]
    labelled = [f"{label!r} is {x!r}" for label, x in zip(labels, xs, strict=True) if label]
    asked, given = called(op, xs), f" ({', '.join(labelled[:4])})" if labelled else ""
    if not all(map(math.isfinite, xs)):
        return DomainError(f"{asked} has no finite value{given}; ieee() keeps the inf or nan")
    if problem is None or isinstance(problem, OverflowError):
        return OverflowDomainError(
            f"{asked} is too large for a float, whose largest value is 1.8e308{given}"
        )
    places = ["the operand"] if len(xs) == 1 else [f"the {p} operand" for p in _PLACES]
    shown = [repr(label) if label else place for label, place in zip(labels, places, strict=False)]
    must = op.domain.format(**dict(zip(op.operand_names(len(xs)), shown, strict=False)))
    kind = DivisionDomainError if isinstance(problem, ZeroDivisionError) else DomainError
    return kind(f"{asked} has no real value: {must}{given}")


def no_gradient(op: Named, xs: Sequence[float], local: float) -> str:
    """What is wrong with a local gradient that is not finite."""
    return f"{called(op, xs)} has the local gradient {local!r}"


def called(op: Named, xs: Sequence[float]) -> str:
    """An operation on numbers: log(-1.0), div: 1.0/0.0."""
    if not isinstance(op.formula, str):
        return (
            f"{op.name}({', '.join(map(repr, xs))})"
            if len(xs) <= 4
            else f"{op.name} of {len(xs)} operands"
        )
    numbers = dict(zip(op.operand_names(len(xs)), xs, strict=True))
    bare = op.formula.endswith(")")  # a call needs no brackets around a negative number

    def put(match: re.Match[str]) -> str:
        x = numbers.get(match[0])
        return (
            match[0]
            if x is None
            else repr(x)
            if bare or not repr(x).startswith("-")
            else f"({x!r})"
        )

    formula = re.sub(r"[a-z]\w*", put, op.formula)
    return formula if formula.startswith(op.name) else f"{op.name}: {formula}"


_PLACES = ("first", "second", "third")
