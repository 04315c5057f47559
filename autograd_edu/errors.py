"""One exception class for each kind of mistake, and the phrases that several errors share.

Import them from here: ``from autograd_edu.errors import DomainError``. Each class also derives from
the built-in exception that a caller would catch.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from .printing import prints

__all__ = [
    "ArityError", "AutogradError", "BranchChanged", "DivisionDomainError", "DomainError",
    "ExpressionError", "LayoutError", "OperandError", "OptionError", "OverflowDomainError",
    "PlaceError", "ShapeError", "StateError", "TargetError", "TrainingError",
]  # fmt: skip


@prints
class AutogradError(Exception):
    """The base class of everything that this package raises on purpose.

    >>> from autograd_edu import log
    >>> try:
    ...     log(0.0)
    ... except AutogradError as error:
    ...     print(f"{type(error).__name__}: {error}")
    DomainError: log(0.0) has no real value: the operand must be positive
    """

    __str__, __repr__ = Exception.__str__, Exception.__repr__


class DomainError(AutogradError, ValueError):
    """An operation or a gradient has no finite real value at this point.

    It is also a ``ValueError``.

    >>> from autograd_edu import Value, sqrt
    >>> sqrt(Value(-4.0, "area"))
    Traceback (most recent call last):
    autograd_edu.errors.DomainError: sqrt(-4.0) has no real value: 'area' must not be negative ...
    """


class DivisionDomainError(DomainError, ZeroDivisionError):
    """A division by zero, or zero raised to a negative power.

    It is also a `DomainError` and a ``ZeroDivisionError``.

    >>> from autograd_edu import Value
    >>> 1.0 / Value(0.0, "x")
    Traceback (most recent call last):
    autograd_edu.errors.DivisionDomainError: 1.0/0.0 has no real value: 'x' must not be zero ...
    """


class OverflowDomainError(DomainError, OverflowError):
    """The result is larger than the largest float, about 1.8e308.

    It is also a `DomainError` and an ``OverflowError``.

    >>> from autograd_edu import exp
    >>> exp(1000.0)
    Traceback (most recent call last):
    autograd_edu.errors.OverflowDomainError: exp(1000.0) is too large for a float, whose ...
    """


class OperandError(AutogradError, TypeError):
    """An argument of the wrong type, such as text where a number belongs.

    It is also a ``TypeError``.

    >>> from autograd_edu import Value
    >>> Value("3.5")
    Traceback (most recent call last):
    autograd_edu.errors.OperandError: a real number was expected, not '3.5', which is text: ...
    """


class ArityError(AutogradError, TypeError):
    """The wrong number of operands or arguments.

    It is also a ``TypeError``.

    >>> from autograd_edu import atan2
    >>> atan2(1.0)
    Traceback (most recent call last):
    autograd_edu.errors.ArityError: atan2 takes 2 operands (a, b); got 1
    """


class OptionError(AutogradError, ValueError):
    """An unknown name for an option: a style, an engine, a method, a data set.

    It is also a ``ValueError``. The message lists the names and suggests the nearest.

    >>> from autograd_edu.nn import Neuron
    >>> Neuron(2, activation="tahn")
    Traceback (most recent call last):
    autograd_edu.errors.OptionError: unknown activation 'tahn'; choose from 'linear', ...
    """


class ExpressionError(AutogradError, ValueError):
    """A formula cannot be read, or contains more than arithmetic and functions.

    It is also a ``ValueError``. The message shows the place with carets.

    >>> from autograd_edu.cli.expression import parse
    >>> parse("x * ln(y)")
    Traceback (most recent call last):
    autograd_edu.errors.ExpressionError: unknown function 'ln'; did you mean log?
      x * ln(y)
          ^^
    """


class LayoutError(AutogradError, RuntimeError):
    """Graphviz was not found or could not lay out the graph, or the picture is too large to read.

    It is also a ``RuntimeError``.

    >>> from autograd_edu import Value, draw
    >>> y = Value(1.0)
    >>> for _ in range(2000):
    ...     y = y + 1.0
    >>> draw(y, detail="full")
    Traceback (most recent call last):
    autograd_edu.errors.LayoutError: a picture of 4,001 values, 2,001 boxes cannot be read, and ...
    """


class ShapeError(AutogradError, ValueError):
    """A list whose length does not fit the layer, loss or model that receives it.

    It is also a ``ValueError``.

    >>> from autograd_edu.nn import Linear
    >>> Linear(2, 3)([1.0])
    Traceback (most recent call last):
    autograd_edu.errors.ShapeError: Linear(2, 3) takes 2 number(s); got 1
    """


class TargetError(AutogradError, ValueError):
    """A number out of range: a rate, a size, a label, a target or a probability.

    It is also a ``ValueError``.

    >>> from autograd_edu.optim import SGD
    >>> SGD(lr=-0.1)
    Traceback (most recent call last):
    autograd_edu.errors.TargetError: the learning rate must be finite and not negative; got -0.1
    """


class PlaceError(TargetError, IndexError):
    """An index that a list or a data set does not have.

    It is also a `TargetError` and an ``IndexError``.

    >>> from autograd_edu.data import truth_table
    >>> truth_table("xor")[4]
    Traceback (most recent call last):
    autograd_edu.errors.PlaceError: a data set of 4 samples has no index 4; the last is 3
    """


class StateError(AutogradError, ValueError):
    """A saved state is damaged, or does not fit what it is loaded into. Nothing was changed.

    It is also a ``ValueError``.

    >>> from autograd_edu.nn import Linear
    >>> Linear(2, 1).load_state_dict({})
    Traceback (most recent call last):
    autograd_edu.errors.StateError: the state lacks neurons.0.b, neurons.0.w: it is the state ...
    """


class TrainingError(AutogradError, RuntimeError):
    """A training step in the wrong order, such as an optimiser's step before any gradient.

    It is also a ``RuntimeError``.

    >>> from autograd_edu import Value, optim
    >>> optim.SGD([Value(1.0, "w")], lr=0.1).step()
    Traceback (most recent call last):
    autograd_edu.errors.TrainingError: step() needs gradients, and no parameter has one: call ...
    """


class BranchChanged(AutogradError, ValueError):  # noqa: N818 - the name says what happened
    """An input would take a different branch than the recorded one; trace the function again.

    It is also a ``ValueError``.

    >>> from autograd_edu import trace
    >>> program = trace(lambda x: x if x > 0.0 else -x, 1.0)
    >>> program(-2.0)
    Traceback (most recent call last):
    autograd_edu.errors.BranchChanged: the comparison x1 > 0 at ... was True when the function ...
    """


def one_of(wanted: object, names: Iterable[str], what: str) -> str:  # whatever a user passes
    """``wanted``, if it is one of ``names``.

    Raises:
        OptionError: if it is not. The message lists the names and suggests the nearest.

    >>> one_of("cards", ["card", "circuit"], "style")
    Traceback (most recent call last):
    autograd_edu.errors.OptionError: unknown style 'cards'; choose from 'card', 'circuit' (did ...
    """
    options = list(names)
    if isinstance(wanted, str) and wanted in options:
        return wanted
    near = nearest(str(wanted), options)
    hint = f" (did you mean {near!r}?)" if near else ""
    raise OptionError(
        f"unknown {what} {wanted!r}; choose from {', '.join(map(repr, options))}{hint}"
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """The entry of ``names`` that ``name`` was probably meant to be; "" if none is close."""
    import difflib

    by_lower = {other.lower(): other for other in names}
    found = difflib.get_close_matches(name.lower(), by_lower, 1)
    return by_lower[found[0]] if found else ""


def suggest_names(
    module: Mapping[str, Any],  # globals may hold anything
    elsewhere: Mapping[str, str] | None = None,
) -> Callable[[str], Any]:  # for a type checker, what a module's __getattr__ returns
    """A ``__getattr__`` for a module, which suggests the name that was probably meant.

    Args:
        module: the module's ``globals()``. It suggests names in ``__all__``, or if there is none,
            the functions and classes that the module defines.
        elsewhere: for names that other packages use, what to use in this one.
    """

    def missing(name: str) -> NoReturn:
        text = f"module {module['__name__']!r} has no attribute {name!r}"
        if name.startswith("_"):
            raise AttributeError(text)
        here = module["__name__"]
        own = [n for n, x in module.items() if getattr(x, "__module__", None) == here]
        near = nearest(name, module.get("__all__", [n for n in own if not n.startswith("_")]))
        if instead := (elsewhere or {}).get(name):
            raise AttributeError(f"{text}; use {instead}")
        raise AttributeError(f"{text}; did you mean {near!r}?" if near else text)

    return missing


def is_an_error(name: str) -> bool:
    """Does this module define an error class of this name?"""
    kind = globals().get(name)
    return isinstance(kind, type) and issubclass(kind, AutogradError)


def error_named(name: str) -> type[AutogradError]:
    """The error class of this name; a program stores only the name."""
    kind: type[AutogradError] = globals()[name]
    return kind


def describe(x: object) -> str:  # whatever a user passes
    """What was passed in place of a number, and what to do instead."""
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
    if x is None:
        return "None, which a function without a `return` statement returns"
    return f"{kind} {x!r}"


# ---- an operation without a value, or without a slope --------------------------------------------


class Named(Protocol):
    """The facts about an operation that errors mention; `arithmetic.rows.Row` has them."""

    name: str
    formula: str | Callable[..., str]
    domain: str

    def operand_names(self, count: int) -> tuple[str, ...]:
        """The names of the operands in the formula."""


def no_value(
    op: Named,
    xs: Sequence[float],
    operands: Sequence[Any],  # Values, or any other numbers
    problem: Exception | None,
) -> DomainError:
    """The error for an operation that has no finite value at ``xs``, the numbers of ``operands``.

    It names each operand by its label. One without a label is named by its position, and by the
    labels of what it was computed from.
    """
    operands = [*operands, *[None] * (len(xs) - len(operands))]
    labels = [getattr(x, "label", "") for x in operands]
    labelled = [f"{label!r} is {x!r}" for label, x in zip(labels, xs, strict=True) if label]
    asked, given = write_call(op, xs), f" ({', '.join(labelled[:4])})" if labelled else ""
    if not all(map(math.isfinite, xs)):
        return DomainError(f"{asked} has no finite value{given}; ieee() keeps the inf or nan")
    if problem is None or isinstance(problem, OverflowError):
        return OverflowDomainError(
            f"{asked} is too large for a float, whose largest value is 1.8e308{given}"
        )
    places = ["the operand"] if len(xs) == 1 else [f"the {place} operand" for place in _PLACES]
    names = [
        repr(x.label) if getattr(x, "label", "") else place + list_labels(x, ", computed from {},")
        for x, place in zip(operands, places, strict=False)
    ]
    must = op.domain.format(**dict(zip(op.operand_names(len(xs)), names, strict=False)))
    kind = DivisionDomainError if isinstance(problem, ZeroDivisionError) else DomainError
    return kind(f"{asked} has no real value: {must}{given}")


def list_labels(
    value: Any,  # a Value, or any other number
    template: str = " of {}",
    *,
    most: int = 4,
) -> str:
    """The closest labelled values that ``value`` was computed from, in a template; "" if none."""
    found: dict[str, None] = {}
    level, visited = getattr(value, "parents", ()), 0
    while level and visited < 100:
        visited += len(level)
        found |= {repr(parent.label): None for parent in level if parent.label}
        level = tuple(p for parent in level if not parent.label for p in parent.parents)
    return template.format(", ".join(list(found)[:most])) if found else ""


def no_gradient(op: Named, xs: Sequence[float], local: float) -> str:
    """What is wrong with a local gradient that is not finite, in words."""
    return f"{write_call(op, xs)} has {'no' if local != local else 'an infinite'} slope"


def write_call(op: Named, xs: Sequence[float]) -> str:
    """An operation with its operands, as one writes it: log(-1.0), 1.0/0.0, (-8.0)**0.5."""
    if len(xs) > 4:
        return f"{op.name} of {len(xs)} operands"
    if not isinstance(op.formula, str) or op.formula.startswith(op.name):
        return f"{op.name}({', '.join(map(repr, xs))})"
    shown = [f"({x!r})" if repr(x).startswith("-") else repr(x) for x in xs]
    numbers = dict(zip(op.operand_names(len(xs)), shown, strict=True))
    return re.sub(r"[a-z]\w*", lambda name: numbers.get(name[0], name[0]), op.formula)


_PLACES = ("first", "second", "third")
