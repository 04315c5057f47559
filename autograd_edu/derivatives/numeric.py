"""Numeric derivatives by four methods, from a forward difference to the complex step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from ..arguments import function, positive
from ..errors import DomainError, one_of
from .evidence import gather, weigh
from .point import Point
from .recorded import Recorded
from .sampling import EPSILON, Samples, Section
from .signatures import Scalar, Tree

Method = Literal["extrapolated", "central", "forward", "complex"]


def numeric_gradient(
    f: Callable[..., Scalar],
    at: Tree,
    *,
    method: Method = "extrapolated",
    step: float | None = None,
) -> list[float]:
    """The gradient of ``f`` from its values alone, as a list with one entry per number of ``at``.

    Args:
        f: a function with one argument for each entry of ``at``.
        at: the point; for a function of one number, that number.
        method:
            - "forward": (f(x + h) - f(x))/h, as in the lectures. It takes n + 1 evaluations for n
              inputs and gives about 8 digits.
            - "central": (f(x + h) - f(x - h))/2h. 2n evaluations, about 10 digits.
            - "extrapolated": steps from the size of the input down to the spacing of floats,
              extrapolated to a step of zero. About sixty evaluations per input, about 11 digits.
            - "complex": the complex step, about 16 digits. All operations must have a complex
              version.
        step: the step (for "extrapolated", the widest). By default it suits the method and the size
            of each number.

    Raises:
        DomainError: if ``f`` is undefined within a step of ``at``.
        OptionError: if the method is unknown.

    >>> [round(slope, 9) for slope in numeric_gradient(lambda x, y: x * y, (3, -4))]
    [-4.0, 3.0]
    """
    function(f, "numeric_gradient")
    run = _METHODS[one_of(method, _METHODS, "method")]
    return run(Point(f, at), step if step is None else positive(step, "the step"))


def _forward(point: Point, step: float | None) -> list[float]:
    def slope(section: Section, x: float) -> float:
        h = step or math.sqrt(EPSILON) * max(abs(x), 1.0)
        return (section(h) - here) / h

    here = point.along(0)(0.0)
    return point.each(slope)


def _central(point: Point, step: float | None) -> list[float]:
    def slope(section: Section, x: float) -> float:
        h = step or EPSILON ** (1 / 3) * max(abs(x), 1.0)
        return (section(h) - section(-h)) / (2.0 * h)

    return point.each(slope)


def _extrapolated(point: Point, step: float | None) -> list[float]:
    def slope(section: Section, x: float) -> float:
        found = gather(section, x, rounding) if step is None else weigh(_halve(step, section, x))
        if found.slope is None:
            raise DomainError(f"no numeric slope at {x!r}: {found.why_none()}")
        return found.slope.value

    rounding = Recorded(point.graph()).rounding()
    return point.each(slope)


def _halve(step: float, section: Section, x: float) -> Samples:
    """Values at ten steps, each half as wide as the one before; the first is ``step``."""
    samples = Samples(section, x, section(0.0))
    samples.take([step * 0.5**k for k in range(10)])
    return samples


def _complex(point: Point, step: float | None) -> list[float]:
    return [point.complex_step(i, step or 1e-20) for i in range(len(point.numbers))]


_METHODS: dict[str, Callable[[Point, float | None], list[float]]] = {
    "forward": _forward,
    "central": _central,
    "extrapolated": _extrapolated,
    "complex": _complex,
}
