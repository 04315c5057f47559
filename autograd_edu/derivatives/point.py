"""A function at its point: evaluated there, with one input moved, or as a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.floats import real
from ..engine.number import Number, plain
from ..engine.value import Value, no_grad
from ..errors import DomainError, OperandError
from ..trees import flatten, tree_map, unflatten
from .complex_step import Complex
from .pull_back import call
from .sampling import Section
from .transforms import as_arguments


class Point:
    """A function of its arguments, or a loss that takes none and reads parameters, and where it is looked at.

    ``at`` has one entry for each argument, a number or lists of numbers; of a single argument it may be the number.
    """

    def __init__(self, f: Callable[..., Any], at: Any, names: Sequence[str] = ()) -> None:
        self.f, self.at = f, as_arguments(at)
        inputs = flatten(self.at)
        if not inputs:
            raise OperandError("`at` holds no number, so there is nothing to differentiate by")
        self.numbers = [plain(x) for x in inputs]
        reads = all(isinstance(x, Value) for x in inputs) and _takes_nothing(f)
        self.parameters: list[Value] | None = inputs if reads else None
        given = list(names) or [getattr(x, "label", "") for x in inputs]
        if len(given) != len(inputs):
            raise OperandError(f"{len(inputs)} inputs need as many names; {len(given)} were given")
        fallbacks = _argument_names(f, self.at)
        self.names = [name or other for name, other in zip(given, fallbacks, strict=True)]

    def value(self) -> float:
        """f, where it is."""
        return self.along(0)(0.0)

    def along(self, i: int) -> Section:
        """t ↦ f with input ``i`` displaced by t."""
        return self._of_parameter(i) if self.parameters else self._of_argument(i)

    def each(self, slope: Callable[[Section, float], float]) -> list[float]:
        """``slope`` of f along each input, given the section and where the input is."""
        return [slope(self.along(i), x) for i, x in enumerate(self.numbers)]

    def _of_argument(self, i: int) -> Section:
        def section(t: float) -> float:
            moved = [x + t if j == i else x for j, x in enumerate(self.numbers)]
            with no_grad():
                return plain(_scalar(self.f(*tree_map(Value, unflatten(self.at, iter(moved))))))

        return section

    def _of_parameter(self, i: int) -> Section:
        assert self.parameters is not None, "only a loss that takes nothing is moved by parameters"
        parameter, x = self.parameters[i], self.numbers[i]

        def section(t: float) -> float:
            parameter.data = x + t
            try:
                with no_grad():
                    return plain(_scalar(self.f()))
            finally:
                parameter.data = x

        return section

    def graph(self) -> tuple[Any, list[Value]]:
        """f as a graph, and the values that stand for its inputs."""
        if self.parameters is not None:
            return _scalar(call(self.f, ())), self.parameters
        variables = [Value(x, name) for x, name in zip(self.numbers, self.names, strict=True)]
        return _scalar(call(self.f, unflatten(self.at, iter(variables)))), variables

    def complex_step(self, i: int, h: float) -> float:
        """∂f/∂input i as Im f(x + ih)/h."""
        if self.parameters is not None:
            raise OperandError(
                "the complex step needs a function of its inputs, not a loss that reads parameters"
            )
        numbers = [Complex(complex(x, h if j == i else 0.0)) for j, x in enumerate(self.numbers)]
        y = self.f(*unflatten(self.at, iter(numbers)))
        if not isinstance(y, Complex):
            raise DomainError(
                "the complex step cannot go through a function that returns a plain number for "
                "complex ones: it is constant, takes a number out with .data, or has a gradient in it"
            )
        return y.number.imag / h


def _scalar(y: Any) -> Any:
    return y if isinstance(y, Number) else real(y)


def _parameters(f: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # of a function written in C
        return [inspect.Parameter("x", inspect.Parameter.VAR_POSITIONAL)]


def _takes_nothing(f: Callable[..., Any]) -> bool:
    return not any(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
        and p.default is p.empty
        for p in _parameters(f)
    )


def _argument_names(f: Callable[..., Any], at: Sequence[Any]) -> list[str]:
    """The names of f's arguments; numbers of a list get the list's name and their place."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    own = [p.name for p in _parameters(f) if p.kind in kinds]
    names = []
    for i, argument in enumerate(at):
        name, numbers = own[i] if i < len(own) else f"x{i + 1}", flatten(argument)
        single = len(numbers) == 1 and numbers[0] is argument
        names += [name] if single else [f"{name}[{j}]" for j in range(len(numbers))]
    return names
