"""One exception a mistake. Each is also the built-in that a caller would catch, and says what would be right."""


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


class ExpressionError(AutogradError, ValueError):
    """The text of an expression cannot be read, or asks for more than arithmetic."""


class LayoutError(AutogradError, RuntimeError):
    """Graphviz could not be found, or could not lay out the graph."""
