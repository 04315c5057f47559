"""One arithmetic: what selection, 0·∞ and every documented edge give, however a function is run.

Three rules decide each case.

1. `where`, `clip`, `maximum` and `minimum` select. An operand that is not selected gets no
   gradient, so it cannot make one undefined, however steep it is. Operands that tie are all
   selected, and share.
2. Every other operation multiplies and adds as IEEE 754 does: 0·∞ is nan, also in a derivative.
3. A derivative that nobody asks for is not evaluated: (-2)ᵇ has no slope in b, and x³ at -2 does
   not need it.

A case says what IEEE arithmetic gives, which is what `ieee()` and `on_nonfinite="keep"` show. By
default, a value or a derivative that is not finite is a `DomainError` instead; asking for the
others is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd_edu import (
    acos,
    asin,
    clip,
    elu,
    exp,
    gelu,
    leaky_relu,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    pow,
    relu,
    selu,
    sigmoid,
    softplus,
    sqrt,
    square,
    step,
    tanh,
    where,
)

INF, NAN = math.inf, math.nan
FLAT, FLAT2, FLAT3 = (((0.0,) * n,) * n for n in (1, 2, 3))


@dataclass(frozen=True)
class Case:
    """What ``function`` gives at the numbers ``at``.

    Attributes:
        value: its value in IEEE arithmetic.
        gradients: its derivative with respect to each operand, the others held as constants.
        second: the derivative of each gradient with respect to each operand (rows as in
            `hessian`); None: not specified.
        inside: an operation on the way has no finite value, although the result may have one.
            Eager evaluation raises there.
        tolerance: relative; 0 asks for the very number.
    """

    name: str
    function: Callable[..., Any]
    at: tuple[float, ...]
    value: float
    gradients: tuple[float, ...]
    second: tuple[tuple[float, ...], ...] | None = None
    inside: bool = False
    tolerance: float = 0.0

    @property
    def has_value(self) -> bool:
        """Whether evaluation gives a number by default; else a DomainError."""
        return math.isfinite(self.value) and not self.inside

    def agrees(self, found: float, expected: float) -> bool:
        """Whether ``found`` is what was expected, nan for nan."""
        if math.isnan(expected):
            return math.isnan(found)
        return found == expected or math.isclose(found, expected, rel_tol=self.tolerance)


SELECTION = [
    Case(
        "the branch not taken is infinitely steep",
        lambda x: where(x > 0, sqrt(x), 0.0),
        (0.0,),
        0.0,
        (0.0,),
        FLAT,
    ),
    Case(
        "both branches use the same input",
        lambda x: where(1.0, x * x, sqrt(x)),
        (0.0,),
        0.0,
        (0.0,),
        ((2.0,),),
    ),
    Case(
        "a condition is not selected",
        lambda x: where(sqrt(x), x, 2 * x),
        (0.0,),
        0.0,
        (2.0,),
        FLAT,
    ),
    Case(
        "a branch inside a branch",
        lambda x: where(x > 0, where(x > 1, sqrt(x - 0.5), x * x), 0.0),
        (0.5,),
        0.25,
        (1.0,),
        ((2.0,),),
    ),
    Case(
        "of two variables only the taken",
        lambda x, y: where(x > 0, x, sqrt(y)),
        (1.0, 0.0),
        1.0,
        (1.0, 0.0),
        ((0.0, 0.0), (0.0, 0.0)),
    ),
    Case(
        "the smaller operand of maximum",
        lambda x: maximum(sqrt(x), 1.0),
        (0.0,),
        1.0,
        (0.0,),
        FLAT,
    ),
    Case(
        "the smallest of three",
        lambda x: maximum(x, sqrt(x) - 1.0, -2.0),
        (0.0,),
        0.0,
        (1.0,),
        FLAT,
    ),
    Case(
        "the larger operand of minimum",
        lambda x: minimum(sqrt(x), -1.0),
        (0.0,),
        -1.0,
        (0.0,),
        FLAT,
    ),
    Case("below the ends of clip", lambda x: clip(sqrt(x), 0.5, 1.0), (0.0,), 0.5, (0.0,), FLAT),
    Case(
        "clip's lower end, not reached",
        lambda x: clip(0.5, sqrt(x), 1.0),
        (0.0,),
        0.5,
        (0.0,),
        FLAT,
    ),
    Case(
        "clip's upper end, not reached",
        lambda x: clip(-0.5, -1.0, sqrt(x)),
        (0.0,),
        -0.5,
        (0.0,),
        FLAT,
    ),
    Case(
        "a selected operand is multiplied as ever",
        lambda x: where(1.0, 0.0 * sqrt(x), x),
        (0.0,),
        0.0,
        (NAN,),
    ),
    Case("a tie selects both", lambda x, y: maximum(sqrt(x), y), (0.0, 0.0), 0.0, (INF, 0.5)),
    Case(
        "selection leaves the rest as it is",
        lambda x: sqrt(x) * sqrt(x) + where(x > -5.0, x, 0.0),
        (0.0,),
        0.0,
        (NAN,),
    ),
    Case(
        "also where the rest is smooth",
        lambda x: sqrt(x) * sqrt(x) + where(x > -5.0, x, 0.0),
        (0.25,),
        0.5,
        (2.0,),
        FLAT,
    ),
    Case(
        "a logarithm of zero not taken",
        lambda x: where(x > 0, log(x), 0.0),
        (0.0,),
        0.0,
        (0.0,),
        FLAT,
        inside=True,
    ),
]

ZERO_TIMES_INFINITY = [
    Case("a root of a square", lambda x: sqrt(x * x), (0.0,), 0.0, (NAN,)),
    Case("a root of the operation square", lambda x: sqrt(square(x)), (0.0,), 0.0, (NAN,)),
    Case("a square of a root", lambda x: square(sqrt(x)), (0.0,), 0.0, (NAN,)),
    Case("zero times a root", lambda x: 0.0 * sqrt(x), (0.0,), 0.0, (NAN,)),
    Case("a product with a root", lambda x, y: x * sqrt(y), (0.0, 0.0), 0.0, (0.0, NAN)),
    Case("relu does not select", lambda x: relu(sqrt(x) - 1.0), (0.0,), 0.0, (NAN,)),
    Case("nor does |x|", lambda x: abs(sqrt(x)), (0.0,), 0.0, (NAN,)),
    Case("nor does the step", lambda x: step(sqrt(x)), (0.0,), 1.0, (NAN,)),
    Case("nor does a power of 0", lambda x: sqrt(x) ** 0, (0.0,), 1.0, (NAN,)),
    Case("0·∞ itself", lambda x, y: x * exp(y), (0.0, 800.0), NAN, (INF, NAN), inside=True),
]


KINKS = [
    Case("relu at its corner", relu, (0.0,), 0.0, (0.0,), FLAT),
    Case("relu at minus zero", relu, (-0.0,), 0.0, (0.0,), FLAT),
    Case("|x| at its corner", lambda x: abs(x), (0.0,), 0.0, (0.0,), FLAT),
    Case(
        "max(x, 0) shares at 0, unlike relu",
        lambda x: maximum(x, 0.0),
        (0.0,),
        0.0,
        (0.5,),
        FLAT,
    ),
    Case("a tie of maximum", maximum, (2.0, 2.0), 2.0, (0.5, 0.5), FLAT2),
    Case("a tie of three in minimum", minimum, (2.0, 2.0, 2.0), 2.0, (1 / 3,) * 3, FLAT3),
    Case("a tie of two of three", maximum, (2.0, 1.0, 2.0), 2.0, (0.5, 0.0, 0.5), FLAT3),
    Case("a value tied with itself", lambda x: maximum(x, x), (2.0,), 2.0, (1.0,), FLAT),
    Case("clip at its lower end", clip, (0.0, 0.0, 1.0), 0.0, (1.0, 0.0, 0.0), FLAT3),
    Case("clip at its upper end", clip, (1.0, 0.0, 1.0), 1.0, (1.0, 0.0, 0.0), FLAT3),
    Case("clip below", clip, (-2.0, 0.0, 1.0), 0.0, (0.0, 1.0, 0.0), FLAT3),
    Case("clip above", clip, (2.0, 0.0, 1.0), 1.0, (0.0, 0.0, 1.0), FLAT3),
    Case("clip with low above high, x below", clip, (0.5, 2.0, 1.0), 1.0, (0.0, 0.0, 1.0), FLAT3),
    Case("clip with low above high, x between", clip, (1.5, 2.0, 1.0), 1.0, (0.0, 0.0, 1.0), FLAT3),
    Case("clip with low above high, x above", clip, (3.0, 2.0, 1.0), 1.0, (0.0, 0.0, 1.0), FLAT3),
    Case("clip with low equal to high", clip, (1.0, 1.0, 1.0), 1.0, (1.0, 0.0, 0.0), FLAT3),
    Case("the step at 0", step, (0.0,), 1.0, (0.0,), FLAT),
    Case("the strict step at 0", lambda x: step(x, strict=True), (0.0,), 0.0, (0.0,), FLAT),
    Case("leaky relu at 0", leaky_relu, (0.0, 0.1), 0.0, (0.1, 0.0), ((0.0, 1.0), (1.0, 0.0))),
    Case("elu at 0", elu, (0.0, 2.0), 0.0, (2.0, 0.0), ((2.0, 1.0), (1.0, 0.0))),
    Case(
        "selu at 0",
        selu,
        (0.0,),
        0.0,
        (1.7580993408473766,),
        ((1.7580993408473766,),),
        tolerance=1e-15,
    ),
    Case("gelu at 0", gelu, (0.0,), 0.0, (0.5,), ((0.7978845608028654,),), tolerance=1e-15),
    Case("sigmoid far out", sigmoid, (1e308,), 1.0, (0.0,), FLAT),
    Case("tanh far out", tanh, (-1e308,), -1.0, (0.0,), FLAT),
    Case("softplus far out", softplus, (1e308,), 1e308, (1.0,), FLAT),
    Case("logsumexp of far operands", logsumexp, (1000.0, 0.0), 1000.0, (1.0, 0.0), FLAT2),
    Case(
        "logsumexp near 0",
        logsumexp,
        (math.log(0.5), math.log(0.5)),
        2.3190468138462996e-17,
        (0.5, 0.5),
        ((0.25, -0.25), (-0.25, 0.25)),
        tolerance=5e-16,
    ),
    Case(
        "a quotient whose other slope overflows",
        lambda x: x / 1e-200,
        (1.0,),
        1e200,
        (1e200,),
        FLAT,
    ),
]

POWERS = [
    Case("x² at 0", lambda x: x**2, (0.0,), 0.0, (0.0,), ((2.0,),)),
    Case("x¹ at 0", lambda x: x**1.0, (0.0,), 0.0, (1.0,), FLAT),
    Case("x⁰ at 0", lambda x: x**0, (0.0,), 1.0, (0.0,), FLAT),
    Case("x³ at -2", lambda x: x**3, (-2.0,), -8.0, (12.0,), ((-12.0,),)),
    Case("0ʸ", lambda y: 0.0**y, (0.25,), 0.0, (0.0,), FLAT),
    Case("0⁰", pow, (0.0, 0.0), 1.0, (0.0, 0.0)),
    Case(
        "0¹, whose slope in x jumps with y",
        pow,
        (0.0, 1.0),
        0.0,
        (1.0, 0.0),
        ((0.0, NAN), (NAN, 0.0)),
    ),
    Case("0²", pow, (0.0, 2.0), 0.0, (0.0, 0.0), ((2.0, 0.0), (0.0, 0.0))),
    Case("0³", pow, (0.0, 3.0), 0.0, (0.0, 0.0), FLAT2),
    Case("√0 as a power", pow, (0.0, 0.5), 0.0, (INF, 0.0)),
    Case("a fourth root of 0", pow, (0.0, 0.25), 0.0, (INF, 0.0)),
    Case("0⁻¹", pow, (0.0, -1.0), INF, (-INF, -INF)),
    Case("a negative base has no slope in its exponent", pow, (-2.0, 3.0), -8.0, (12.0, NAN)),
    Case("a negative base with a fraction is never complex", pow, (-2.0, 0.5), NAN, (NAN, NAN)),
]

LIMITS = [
    Case("√0", sqrt, (0.0,), 0.0, (INF,)),
    Case("√-1", sqrt, (-1.0,), NAN, (NAN,)),
    Case("log 0", log, (0.0,), -INF, (INF,)),
    Case("log -1", log, (-1.0,), NAN, (-1.0,)),
    Case("log1p -1", log1p, (-1.0,), -INF, (INF,)),
    Case("asin 1", asin, (1.0,), math.pi / 2, (INF,), tolerance=1e-15),
    Case("acos -1", acos, (-1.0,), math.pi, (-INF,), tolerance=1e-15),
    Case("1/0", lambda x: 1 / x, (0.0,), INF, (-INF,)),
    Case("0/0", lambda x: x / x, (0.0,), NAN, (NAN,)),
    Case("exp overflows", exp, (1000.0,), INF, (INF,)),
    Case("a product overflows", lambda x: x * 10.0, (1e308,), INF, (10.0,)),
]

SPECIFICATION = [*SELECTION, *ZERO_TIMES_INFINITY, *KINKS, *POWERS, *LIMITS]
