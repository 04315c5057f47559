"""A function at a point: evaluate it there, move one of its inputs, or record its graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from ..arithmetic.floats import real
from ..engine.modes import no_grad
from ..engine.number import Number, plain
from ..engine.value import Value
from ..errors import ArityError, DomainError, OperandError
from ..trees import flatten, unflatten
from .complex_step import Complex
from .pull_back import call
from .sampling import Section
from .signatures import Scalar, Tree
from .transforms import as_arguments

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Point:
    """A function at a point, or a loss without arguments that reads parameters.

    Attributes:
        variables: the parameters, or fresh Values in place of the numbers of ``at``.
        numbers: their data.
    """

    def __init__(self, f: Callable[..., Scalar], at: Tree, names: Sequence[str] = ()) -> None:
        self.f, self.at = f, as_arguments(at)
        inputs = flatten(self.at)
        if not inputs:
            raise OperandError("`at` contains no number, so there is nothing to differentiate by")
        if names and len(names) != len(inputs):
            raise ArityError(
                f"`names` must have one name for each of the {len(inputs)} inputs; got {len(names)}"
            )
        self.numbers = [plain(x) for x in inputs]
        labels = names or [getattr(x, "label", "") for x in inputs]
        self.names = [a or b for a, b in zip(labels, _argument_names(f, self.at), strict=True)]
        self.reads_parameters = all(isinstance(x, Value) for x in inputs) and _takes_nothing(f)
        self.variables: list[Value] = (
            inputs if self.reads_parameters else list(map(Value, self.numbers, self.names))
        )

    def _f(self, inputs: Sequence[Scalar]) -> Scalar:
        y = self.f(*([] if self.reads_parameters else unflatten(self.at, iter(inputs))))
        return y if isinstance(y, Number) else real(y)

    def graph(self) -> Scalar:
        """The result of the function on `variables`, as a graph."""
        return call(self._f, [self.variables])

    def along(self, i: int) -> Section:
        """The function of t that evaluates ``f`` with input ``i`` moved by t."""
        moved, x = self.variables[i], self.numbers[i]

        def section(t: float) -> float:
            moved.data = x + t
            try:
                with no_grad():
                    return plain(self._f(self.variables))
            finally:
                moved.data = x

        return section

    def each(self, slope: Callable[[Section, float], float]) -> list[float]:
        """``slope(section, x)`` for each input x and the section of ``f`` along it."""
        return [slope(self.along(i), x) for i, x in enumerate(self.numbers)]

    def complex_step(self, i: int, h: float) -> float:
        """The derivative by input ``i`` as Im f(x + ih)/h."""
        if self.reads_parameters:
            raise OperandError(
                "the complex step needs a function of its inputs, not a loss that reads parameters"
            )
        y = self._f([Complex(complex(x, h * (j == i))) for j, x in enumerate(self.numbers)])
        if not isinstance(y, Complex):
            raise DomainError(
                "for complex numbers the function returns a plain number: it is constant, it takes "
                "a number out with .data, or it computes a gradient"
            )
        return y.number.imag / h


def _parameters(f: Callable[..., Scalar]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a function written in C has none
        return [inspect.Parameter("x", inspect.Parameter.VAR_POSITIONAL)]


def _takes_nothing(f: Callable[..., Scalar]) -> bool:
    kinds = (*_POSITIONAL, inspect.Parameter.VAR_POSITIONAL)
    return not any(p.kind in kinds and p.default is p.empty for p in _parameters(f))


def _argument_names(f: Callable[..., Scalar], at: Sequence[Tree]) -> list[str]:
    """The names of the arguments of ``f``; the numbers of a list are named like xs[0]."""
    own = [p.name for p in _parameters(f) if p.kind in _POSITIONAL]
    own += [f"x{i + 1}" for i in range(len(own), len(at))]
    names = []
    for name, argument in zip(own, at, strict=False):
        numbers = flatten(argument)
        single = len(numbers) == 1 and numbers[0] is argument
        names += [name] if single else [f"{name}[{j}]" for j in range(len(numbers))]
    return names
