"""Numeric derivatives by four methods, from the lectures' forward difference to the complex step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from ..errors import DomainError, OperandError
from .evidence import gather, weigh
from .point import Point
from .recorded import Recorded
from .sampling import EPSILON, Samples, Section

Method = Literal["extrapolated", "central", "forward", "complex"]


def numeric_gradient(
    f: Callable[..., Any],
    at: Any,
    *,
    method: Method = "extrapolated",
    step: float | None = None,
) -> list[float]:
    """∂f/∂at[i] for each number of ``at``, in order, from values of ``f`` alone.

    Args:
        f: takes as many arguments as ``at`` has entries; each is a number or a list of numbers.
        at: the point; of a function of one number, that number.
        method: "forward" is the lectures' (f(x + h) - f(x))/h, n + 1 evaluations, about 8 digits;
            "central" takes both sides, 2n evaluations, about 10 digits; "extrapolated" takes
            steps from the size of the number down to the spacing of floats, some sixty
            evaluations for each input, extrapolates to a step of zero, and believes no step that
            finer ones contradict, about 11 digits; "complex" steps into the complex plane, about
            16 digits, through operations of the rule table that have a complex version.
        step: the (widest) step; by default one that suits the method and the size of each number.

    Raises:
        DomainError: if ``f`` is undefined within a step of ``at``.

    >>> [round(slope, 9) for slope in numeric_gradient(lambda x, y: x * y, (3, -4))]
    [-4.0, 3.0]
    """
    point = Point(f, at)
    if step is not None and not (step > 0.0 and math.isfinite(step)):
        raise DomainError(f"the step must be a positive number; got {step!r}")
    if method not in _METHODS:
        raise OperandError(f"method is one of {', '.join(map(repr, _METHODS))}; got {method!r}")
    return _METHODS[method](point, step)


def _forward(point: Point, step: float | None) -> list[float]:
    here = point.value()

    def slope(section: Section, x: float) -> float:
        h = step or math.sqrt(EPSILON) * max(abs(x), 1.0)
        return (section(h) - here) / h

    return point.each(slope)


def _central(point: Point, step: float | None) -> list[float]:
    def slope(section: Section, x: float) -> float:
        h = step or EPSILON ** (1 / 3) * max(abs(x), 1.0)
        return (section(h) - section(-h)) / (2.0 * h)

    return point.each(slope)


def _extrapolated(point: Point, step: float | None) -> list[float]:
    rounding = Recorded(point.graph()[0]).rounding()

    def slope(section: Section, x: float) -> float:
        found = gather(section, x, rounding) if step is None else weigh(_from(step, section, x))
        if found.slope is None:
            raise DomainError(f"no numeric slope at {x!r}: {found.why_none()}")
        return found.slope.value

    return point.each(slope)


def _complex(point: Point, step: float | None) -> list[float]:
    return [point.complex_step(i, step or 1e-20) for i in range(len(point.numbers))]


def _from(step: float, section: Section, x: float) -> Samples:
    """Values at ten steps, the first of which is given."""
    samples = Samples(section, x, section(0.0))
    samples.take([step * 0.5**k for k in range(10)])
    return samples


_METHODS: dict[str, Callable[[Point, float | None], list[float]]] = {
    "forward": _forward,
    "central": _central,
    "extrapolated": _extrapolated,
    "complex": _complex,
}
