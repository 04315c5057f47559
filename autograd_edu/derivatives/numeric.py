"""Numeric derivatives: what the values of a function alone say about its slope.

They know nothing of rules or graphs, and so are the witness that `check` holds the backward pass against.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..engine.floats import real
from ..engine.number import Number, plain
from ..engine.value import Value, no_grad
from ..errors import DomainError, OperandError
from .complex_step import Complex
from .transforms import called, flat, mapped, shaped

Method = Literal["extrapolated", "central", "forward", "complex"]
Section = Callable[[float], float]  # a function of the displacement of one input from where it is

EPSILON = 2.0**-52


@dataclass(frozen=True)
class Estimate:
    """A numeric derivative, how wrong it may be, and the step it was made with."""

    value: float
    error: float
    step: float


def numeric_gradient(
    f: Callable[..., Any],
    at: Sequence[Any],
    *,
    method: Method = "extrapolated",
    step: float | None = None,
) -> list[float]:
    """∂f/∂at[i] for each number of ``at``, in order, from values of ``f`` alone.

    Args:
        f: takes as many arguments as ``at`` has entries; each is a number or a list of numbers.
        at: the point.
        method: "forward" is the lectures' (f(x + h) - f(x))/h, n + 1 evaluations, about 8 digits; "central" takes both
            sides, 2n evaluations, about 10 digits; "extrapolated" takes both sides at shrinking steps and extrapolates
            to zero (Ridders 1982), about 12 digits; "complex" steps into the complex plane, about 16 digits, through
            operations of the rule table that have a complex version.
        step: the (first) step; by default one that suits the method and the size of each number.

    Raises:
        DomainError: if ``f`` is undefined within a step of ``at``.

    >>> [round(slope, 12) for slope in numeric_gradient(lambda x, y: x * y, (3, -4))]
    [-4.0, 3.0]
    """
    point = Point(f, at)
    if step is not None and not (step > 0.0 and math.isfinite(step)):
        raise DomainError(f"the step must be a positive number, not {step!r}")
    if method == "forward":
        here = point.value()
        return [
            _forward(point.along(i), here, step or math.sqrt(EPSILON) * _size(x))
            for i, x in enumerate(point.numbers)
        ]
    if method == "central":
        return [
            _central(point.along(i), step or EPSILON ** (1 / 3) * _size(x))
            for i, x in enumerate(point.numbers)
        ]
    if method == "complex":
        return [point.complex_step(i, step or 1e-20) for i in range(len(point.numbers))]
    if method == "extrapolated":
        return [extrapolated(point.along(i), x, step).value for i, x in enumerate(point.numbers)]
    raise OperandError(
        f"method is one of 'forward', 'central', 'extrapolated', 'complex'; {method!r} was given"
    )


def _size(x: float) -> float:
    return max(abs(x), 1.0)


def _forward(phi: Section, here: float, h: float) -> float:
    return (phi(h) - here) / h


def _central(phi: Section, h: float) -> float:
    return (phi(h) - phi(-h)) / (2.0 * h)


def extrapolated(phi: Section, x: float, step: float | None = None) -> Estimate:
    """phi′(0), for displacements of ``x``, by central differences at shrinking steps extrapolated to zero, and its error.

    Several first steps are tried, each a tenth of the one before, since a kink or the end of the domain may lie within
    the larger ones. The estimate with the smallest error wins; one that is as good as floats allow ends the search.

    Source: Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Softw. 4 (1982).
    """
    best: Estimate | None = None
    problem: DomainError | None = None
    starts = [_size(x) * 10.0**-k for k in range(1, 7)] + [
        abs(x) * 10.0**-k for k in (1, 2, 3) if x
    ]
    for start in [step] if step else starts:
        try:
            found = _ridders(phi, start)
        except DomainError as error:
            problem = error
            continue
        if best is None or found.error < best.error:
            best = found
        if best.error <= 1e-12 * abs(best.value) or found.error > 1e3 * best.error:
            break
    if best is None:
        raise DomainError(f"the function is undefined within a step of the point: {problem}")
    return best


def _ridders(phi: Section, start: float) -> Estimate:
    shrink, h = 1.4, start
    column: list[float] = []
    best = Estimate(math.nan, math.inf, start)
    for _ in range(10):
        above, below = phi(h), phi(-h)
        noise = EPSILON * max(abs(above), abs(below)) / h
        row, factor = [(above - below) / (2.0 * h)], shrink * shrink
        for k, before in enumerate(column):
            row.append((row[k] * factor - before) / (factor - 1.0))
            factor *= shrink * shrink
            error = max(abs(row[k + 1] - row[k]), abs(row[k + 1] - before)) + noise
            if error <= best.error:
                best = Estimate(row[k + 1], error, h)
        if best.error <= 1e-12 * abs(best.value):
            break
        if column and abs(row[-1] - column[-1]) >= 2.0 * best.error:
            break
        column, h = row, h / shrink
    return best


def noise(phi: Section, spacing: float) -> float:
    """How much values of ``phi`` scatter about a smooth curve: its fourth differences over so short a way show nothing else.

    Source: Moré & Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
    """
    order, differences = 4, [phi(k * spacing) for k in range(1, 12)]
    for _ in range(order):
        differences = [b - a for a, b in itertools.pairwise(differences)]
    return math.sqrt(
        sum(d * d for d in differences) / len(differences) / math.comb(2 * order, order)
    )


# ---- the function at its point -------------------------------------------------------------------------------------


class Point:
    """A function and where it is looked at: evaluated there, displaced along one input, or as a graph."""

    def __init__(self, f: Callable[..., Any], at: Sequence[Any], names: Sequence[str] = ()) -> None:
        if not isinstance(at, (list, tuple)):
            raise OperandError(
                f"`at` is a list or tuple with one entry for each argument of the function, not {type(at).__name__}"
            )
        self.f, self.at = f, at
        inputs = flat(at)
        if not inputs:
            raise OperandError(
                "there is nothing to differentiate with respect to: `at` holds no number"
            )
        self.numbers = [plain(x) for x in inputs]
        self.parameters = (
            inputs if all(isinstance(x, Value) for x in inputs) and _takes_nothing(f) else None
        )
        given = list(names) or [getattr(x, "label", "") for x in inputs]
        if len(given) != len(inputs):
            raise OperandError(f"{len(inputs)} inputs need as many names; {len(given)} were given")
        self.names = [
            name or fallback for name, fallback in zip(given, _argument_names(f, at), strict=True)
        ]

    def value(self) -> float:
        """f, where it is."""
        return self._evaluated(self.numbers)

    def along(self, i: int) -> Section:
        """t ↦ f with input ``i`` displaced by t."""
        return lambda t: self._evaluated(
            [x + t if j == i else x for j, x in enumerate(self.numbers)]
        )

    def graph(self) -> tuple[Any, list[Value]]:
        """f as a graph, and the values that stand for its inputs."""
        if self.parameters is not None:
            return _scalar(called(self.f, ())), self.parameters
        variables = [Value(x, name) for x, name in zip(self.numbers, self.names, strict=True)]
        return _scalar(called(self.f, shaped(self.at, iter(variables)))), variables

    def complex_step(self, i: int, h: float) -> float:
        """∂f/∂input i as Im f(x + ih)/h."""
        if self.parameters is not None:
            raise OperandError(
                "the complex step needs a function of its inputs, not a loss that reads parameters"
            )
        numbers = [Complex(complex(x, h if j == i else 0.0)) for j, x in enumerate(self.numbers)]
        y = self.f(*shaped(self.at, iter(numbers)))
        return y.number.imag / h if isinstance(y, Complex) else 0.0

    def _evaluated(self, numbers: Sequence[float]) -> float:
        with no_grad():
            if self.parameters is None:
                return plain(_scalar(self.f(*mapped(Value, shaped(self.at, iter(numbers))))))
            try:
                for parameter, x in zip(self.parameters, numbers, strict=True):
                    parameter.data = x
                return plain(_scalar(self.f()))
            finally:
                for parameter, x in zip(self.parameters, self.numbers, strict=True):
                    parameter.data = x


def _scalar(y: Any) -> Any:
    return y if isinstance(y, Number) else real(y)


def _takes_nothing(f: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return False
    return not any(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
        and p.default is p.empty
        for p in parameters
    )


def _argument_names(f: Callable[..., Any], at: Sequence[Any]) -> list[str]:
    """The names of f's arguments; numbers of a list get the list's name and their place."""
    try:
        own = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        own = []
    names = []
    for i, argument in enumerate(at):
        name = own[i] if i < len(own) else f"x{i + 1}"
        count = len(flat(argument))
        names += [name] if flat(argument) == [argument] else [f"{name}[{j}]" for j in range(count)]
    return names
