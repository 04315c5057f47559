"""One exception a mistake. Each is also the built-in that a caller would catch, and says what would be right."""

from collections.abc import Iterable


class AutogradError(Exception):
    """Everything that this package raises on purpose."""


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
