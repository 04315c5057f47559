"""The stable forms that some rows of `ops` call, where the textbook formula loses digits.

Read `ops` first. These are written like rules, with Python's operators and the functions of a
namespace ``xp``, so they serve every kind of number. They keep values within 2 units in the last
place and local gradients within 4, also where a function saturates, overflows or crosses zero.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import sub
from typing import Any, TypeVar

from ..arithmetic.contracts import Namespace, Real

N = TypeVar("N", bound=Real)
T = TypeVar("T")
Parts = tuple[N, Sequence[N], N]  # what logsumexp and its gradient share; see `exponentials`

# ---- quotients and powers ----


def quotient_gradient(xp: Namespace[N], y: N, a: N, b: N) -> N:
    """-a/b² as -y/b; from a again where y is so small that it has lost digits."""
    if y.__class__ is float and (y > 2.3e-308 or y < -2.3e-308):
        return -y / b  # nearly always: without closures, it is fast enough for the `/` of Values
    return _quotient_gradient(xp, y, a, b)


def _quotient_gradient(xp: Namespace[N], y: N, a: N, b: N) -> N:
    def again() -> N | float:
        return xp.choose(abs(b) > 1e-150, lambda: -a / (b * b), lambda: -y / b)

    return xp.choose(abs(y) > 2.3e-308, -y / b, again)


def base_gradient(xp: Namespace[N], y: N, a: N, b: N) -> N:
    """b·aᵇ⁻¹. For b < ½, b - 1 would be rounded and the power amplify that: b·y/a instead."""
    if b.__class__ is float and b > 1.0:
        return b * xp.pow(a, b - 1.0)  # nearly always; the closures below take longer
    if y.__class__ is float and abs(a) > 0.0 and abs(b) > 0.0:
        return b * xp.pow(a, b - 1.0) if b >= 0.5 else b * y / a

    power = lambda: b * xp.pow(a, b - 1.0)  # noqa: E731 - a branch

    def slope() -> N | float:
        elsewhere = lambda: xp.choose(b >= 0.5, power, lambda: b * y / a)  # noqa: E731 - a branch
        edge = lambda: 1.0 + _corner(xp, b - 1.0)  # noqa: E731 - a branch
        at_zero = lambda: xp.choose(b < 1.0, power, edge)  # noqa: E731 - a branch
        return xp.choose(abs(a) > 0.0, elsewhere, at_zero)

    # y/a is right at a = 0, too, but floats refuse it
    steep = power if y.__class__ is float else lambda: b * y / a
    below = lambda: xp.choose(b < 0.0, steep, 0.0)  # noqa: E731 - a branch
    up_to_one = lambda: xp.choose(b > 0.0, slope, below)  # noqa: E731 - a branch
    return xp.choose(b > 1.0, power, up_to_one)


def exponent_gradient(xp: Namespace[N], y: N, a: N, b: N) -> N:
    """y·log a; 0 for a = 0 and b ≥ 0, and nothing for a < 0."""

    def at_zero() -> N | float:
        positive = lambda: xp.choose(b > 1.0, 0.0, lambda: _corner(xp, a))  # noqa: E731 - a branch
        return xp.choose(b > 0.0, positive, xp.choose(b < 0.0, -math.inf, 0.0 * b))

    return xp.choose(a > 0.0, lambda: y * xp.log(a), lambda: xp.choose(a < 0.0, math.nan, at_zero))


def _corner(xp: Namespace[N], t: N) -> N:
    """0 at t = 0, without a slope there: aᵇ has no mixed derivative at (0, 1)."""
    return xp.pow(t * t, 0.5)


def cosine(xp: Namespace[N], a: N, b: N) -> N:
    """a/√(a² + b²), also where the root is so small that it has lost digits."""
    near = lambda: 1e200 * a / xp.hypot(1e200 * a, 1e200 * b)  # noqa: E731 - a branch
    return xp.choose(xp.hypot(a, b) > 1e-290, lambda: a / xp.hypot(a, b), near)


# ---- the exponential family ----


def decay(xp: Namespace[N], x: N) -> N:
    """exp(-|x|). A branch rather than abs, so that every further derivative is right at 0 too."""
    return xp.exp((-x if x >= 0.0 else x) if x.__class__ is float else xp.choose(x >= 0.0, -x, x))


def sigmoid(xp: Namespace[N], x: N) -> N:
    """1/(1 + exp(-x)), without overflow on either side."""
    e = decay(xp, x)
    return xp.choose(x >= 0.0, 1.0, e) / (1.0 + e)


# where silu′ is 0, as a sum of two, and exp of that
SILU_FLAT, SILU_FLAT_REST = -1.2784645427610737, -1.0946994183093437e-16
SILU_SLOPE = 0.2784645427610738


def silu(xp: Namespace[N], x: N) -> N:
    """x/(1 + exp(-x)); for x < -700, where exp(-x) is too large, x·exp(x)."""

    def tail() -> N:
        half = xp.exp(0.5 * xp.minimum(x, -700.0))  # exp(x) has lost digits, and x·exp(x) not yet
        return x * half * half

    return xp.choose(x < -700.0, tail, lambda: x / (1.0 + xp.exp(xp.minimum(-x, 700.0))))


def silu_gradient(xp: Namespace[N], y: N, x: N) -> N:
    """σ(x) + x·σ(x)(1 - σ(x)), with e = exp(-|x|).

    For x < 0 this is e(e + 1 + x)/(1 + e)². Near its zero the terms e, 1 and x cancel, so they are
    the zero's distance d and the change of e from there, which have one sign.
    """
    e = decay(xp, x)

    def below() -> N:
        d = xp.minimum(x, 0.0) - SILU_FLAT - SILU_FLAT_REST
        half = xp.exp(0.5 * xp.minimum(x, 0.0))
        return half * (half * (d + SILU_SLOPE * xp.expm1(d))) / ((1.0 + e) * (1.0 + e))

    above = lambda: (1.0 + x * e / (1.0 + e)) / (1.0 + e)  # noqa: E731 - a branch
    return xp.choose(x < 0.0, below, above)


# ---- the normal distribution ----

SQRT_HALF, SQRT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17  # 1/√2, as a sum of two
FLAT, FLAT_REST = -0.7517915246935645, 1.4956759177009883e-17  # where gelu′ is 0, as a sum of two
GAUSS_LEGENDRE = (  # nodes and weights on [0, 1]
    (0.019855071751231884, 0.05061426814518813), (0.10166676129318664, 0.11119051722668724),
    (0.2372337950418355, 0.15685332293894363), (0.4082826787521751, 0.181341891689181),
    (0.5917173212478249, 0.181341891689181), (0.7627662049581645, 0.15685332293894363),
    (0.8983332387068134, 0.11119051722668724), (0.9801449282487681, 0.05061426814518813),
)  # fmt: skip


def _halved(xp: Namespace[N], x: N) -> tuple[N, N]:
    """``x``, clipped to ±50 as exp(-x²/2) is zero beyond, and its upper half of 26 bits.

    Products of halves are exact. Because of `floor`, the half is a constant to every derivative.
    """
    x = xp.minimum(xp.maximum(x, -50.0), 50.0)
    return x, xp.floor(x * 2.0**20) * 2.0**-20


def gauss(xp: Namespace[N], x: N, scale: float) -> N:
    """exp(-scale·x²), with x² in two parts: exp would multiply the rounding of one by x²."""
    x, high = _halved(xp, x)
    e = xp.exp(-scale * (high * high))
    return e + e * xp.expm1(-scale * ((x - high) * (x + high)))


def _normal_cdf(xp: Namespace[N], x: N) -> N:
    """Φ(x) = erfc(-x/√2)/2. It corrects for the rounding of x/√2, which erfc multiplies by x²."""
    x, high = _halved(xp, x)
    c_high, c_low = 0.7071067690849304, SQRT_HALF - 0.7071067690849304
    z = -x * SQRT_HALF
    rest = -(high * c_high + z) - high * c_low - (x - high) * c_high - (x - high) * c_low
    rest = rest - x * SQRT_HALF_REST
    return 0.5 * (xp.erfc(z) - rest * (2.0 / math.sqrt(math.pi)) * xp.exp(-z * z))


def _normal_density(xp: Namespace[N], x: N) -> N:
    return gauss(xp, x, 0.5) * (1.0 / math.sqrt(2.0 * math.pi))


def _normal_tail(x: N) -> N:
    """-x·Φ(x)/φ(x) = 1 - t + 3t² - 15t³ … with t = 1/x², for x ≤ -30: Φ alone would underflow."""
    t = 1.0 / (x * x)
    series = 1.0 - 17.0 * t
    for odd in range(15, 0, -2):
        series = 1.0 - odd * t * series
    return series


def gelu(xp: Namespace[N], x: N) -> N:
    """x·Φ(x)."""

    def tail() -> N | float:
        low = xp.minimum(x, -30.0)
        return -_normal_density(xp, low) * _normal_tail(low)

    return xp.choose(x < -30.0, tail, lambda: x * _normal_cdf(xp, x))


def gelu_gradient(xp: Namespace[N], y: N, x: N) -> N:
    """Φ(x) + x·φ(x).

    Near its zero the terms cancel. There it is the integral of its own slope φ(t)(2 - t²).
    """

    def near() -> N | float:
        step = (x - FLAT) - FLAT_REST
        points = [(weight, FLAT + step * node) for node, weight in GAUSS_LEGENDRE]
        return step * xp.total([w * _normal_density(xp, t) * (2.0 - t * t) for w, t in points])

    def tail() -> N | float:
        low = xp.minimum(x, -30.0)
        return _normal_density(xp, low) * (low - _normal_tail(low) / low)

    def far() -> N | float:
        middle = lambda: _normal_cdf(xp, x) + x * _normal_density(xp, x)  # noqa: E731 - a branch
        return xp.choose(x < -30.0, tail, middle)

    return xp.choose(abs(x - FLAT) < 0.9, near, far)


# ---- any number of operands: one by one, or along the first axis of an array ----


def each(f: Callable[[N], T], xs: Sequence[N]) -> Sequence[T]:
    """``f`` of each of ``xs``: at once if they stand in one array, whose first axis counts them."""
    if hasattr(xs, "shape"):
        return f(xs)  # type: ignore[arg-type, return-value]  # an array is a number, too
    return tuple([f(x) for x in xs])


def over(pair: Callable[[N, N], N], xs: Sequence[N]) -> N:
    """``pair`` over all of ``xs``, from first to last; over an array, by NumPy's ``reduce``."""
    if hasattr(xs, "shape"):
        return pair.reduce(xs, axis=0)  # type: ignore[attr-defined, no-any-return]  # NumPy's
    return reduce(pair, xs)


def shares(xp: Namespace[N], selected: Sequence[N]) -> Sequence[N]:
    """1/k for each of the k operands that are selected, 0 for the others."""
    ones = each(lambda s: xp.choose(s, 1.0, 0.0), selected)
    count = ones.sum(axis=0) if hasattr(ones, "sum") else sum(ones[1:], ones[0])
    return each(lambda one: one / count, ones)


def exponentials(xp: Namespace[N], xs: Sequence[N]) -> Parts[N]:
    """The largest of ``xs``, exp(x - largest) for each, and the sum of these.

    What the difference lost is put back, as exp would enlarge it.
    """
    largest = over(xp.maximum, xs)

    def power(x: N) -> N:
        d = x - largest
        e = xp.exp(d)

        def mended() -> N:
            back = d - x
            return e + e * ((x - (d - back)) - (largest + back))

        return xp.choose(d > -700.0, mended, e)

    powers = each(power, xs)
    return largest, powers, xp.total(powers)


def softmax(xp: Namespace[N], y: N, xs: Sequence[N], parts: Parts[N] | None = None) -> Sequence[N]:
    """exp(xᵢ)/Σ exp(xⱼ)."""
    _, powers, whole = parts or exponentials(xp, xs)
    return each(lambda power: power / whole, powers)


def logsumexp(xp: Namespace[N], xs: Sequence[N], parts: Parts[N] | None = None) -> N | float:
    """log Σ exp(xᵢ), as largest + log1p(what the operands other than the largest add)."""
    largest, powers, _ = parts or exponentials(xp, xs)
    if largest.__class__ is float:
        others = xp.log1p(xp.total([*powers, -1.0]))  # type: ignore[list-item]  # floats
        y = largest + others
        return _near_zero(xs) if abs(y) < 0.9 * others else y

    ones = each(lambda power: xp.choose(power >= 1.0, 1.0, 0.0), powers)
    stacked = hasattr(xs, "shape")
    less = powers - ones if stacked else list(map(sub, powers, ones))  # type: ignore[operator]
    return largest + xp.log1p(xp.total(less) + (xp.total(ones) - 1.0))


def _near_zero(xs: Any) -> float:  # of floats, whatever the checker knows
    """logsumexp with 60 digits, as its two terms cancel.

    Only of floats: arrays would pay for it at every sample.
    """
    from decimal import Decimal, localcontext  # which takes as long to import as the whole engine

    with localcontext(prec=60):
        return float(sum((Decimal(x).exp() for x in xs), Decimal(0)).ln())
