"""The gradient check against planted errors: right gradients and their wrong twins, at every scale.

Each case is a function of one number. It knows the exact slope at a point, from mpmath at 60
digits, and the width over which the slope changes by its own size. An error is *resolvable* if the
values of the function can reveal it at all: error·|f′|·width ≥ 100·ε·(|f| + |x·f′|). Among the
resolvable cases, no right gradient may fail, no wrong one may pass, and 95 % must be decided: more
may be unsure only as far as chance explains it. Where the error is not resolvable, the wrong twin
must never get the verdict "pass".

Two families are built in different ways, so that a check tuned to one is exposed by the other:
`shapes` puts a feature (a pole, a bend, a corner …) beside the point, then moves and scales it;
`trees` composes random operations.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import mpmath
from rules import replaced

import autograd_edu
from autograd_edu import OPS, check_gradient

from . import Outcome

SLICE = 80
LONG = 2000
EPSILON = 2.0**-52


@dataclass
class Case:
    """A function whose gradient is right at ``at``, and its twin, which is wrong in entry ``i``."""

    name: str
    right: Callable[..., Any]
    wrong: Callable[..., Any]
    at: tuple[float, ...]
    i: int
    slope: float
    error: float  # of the wrong gradient, relative to the slope
    width: float
    size: float  # |f| + |x·f′|, and what noise there is, in units of ε

    @property
    def resolvable(self) -> bool:
        """Whether values of the function can tell the wrong slope from the right one."""
        told = self.error * abs(self.slope) * self.width
        return told > 0.0 and told >= 100.0 * EPSILON * self.size


def run(seed: int, count: int) -> Outcome:
    """Check ``count`` right gradients and their twins, half of them of each family."""
    outcome = Outcome({"right": 0, "wrong": 0, "resolvable": 0})
    for k in range(count):
        rng = random.Random(f"{seed} {k}")
        case = (shapes if k % 2 else trees)(rng)
        _judge(case, outcome, f"{seed} {k}")
    resolvable = outcome.figures["resolvable"]
    for side in ("right", "wrong"):
        unsure = outcome.figures.get(f"resolvable {side} unsure", 0)
        decided = resolvable - unsure
        outcome.figures[f"% of resolvable {side} decided"] = 100.0 * decided / max(resolvable, 1)
        if chance_of(unsure, resolvable) < 0.001:
            outcome.failures.append(
                f"only {decided} of {resolvable} resolvable {side} gradients were decided"
            )
    return outcome


def chance_of(unsure: int, resolvable: int) -> float:
    """How likely so many cases or more are unsure if each is with a probability of 5 %."""
    fewer = [
        math.comb(resolvable, k) * 0.05**k * 0.95 ** (resolvable - k) for k in range(int(unsure))
    ]
    return 1.0 - math.fsum(fewer)


def _judge(case: Case, outcome: Outcome, origin: str) -> None:
    kind = "resolvable" if case.resolvable else "not resolvable"
    outcome.count("resolvable", case.resolvable)
    for side, f, forbidden in (("right", case.right, "fail"), ("wrong", case.wrong, "pass")):
        outcome.count(side)
        try:
            row = check_gradient(f, case.at).rows[case.i]
        except Exception as error:  # the check must never raise: note it and carry on
            outcome.failures.append(
                f"{origin}: {side}: {type(error).__name__}: {error}: {case.name} at {case.at}"
            )
            continue
        if row.verdict == "unsure" or not case.resolvable:
            outcome.count(f"{kind} {side} {row.verdict}")
        if row.verdict == forbidden and (side == "right" or case.slope):
            outcome.failures.append(
                f"{origin}: {kind}, {side} gradient, verdict {row.verdict}: "
                f"{case.name} at {case.at}[{case.i}]\n"
                f"  slope {case.slope!r}, relative error {case.error:.3g}, "
                f"width {case.width:.3g}, size {case.size:.3g}\n  {row}"
            )


# ---- planting ------------------------------------------------------------------------------------


def tilt(factor: float) -> Callable[[Any], Any]:
    """The identity, whose local gradient claims to be ``factor``."""
    return replaced(
        OPS["neg"],
        name="tilt",
        value=lambda xp, x: 1.0 * x,
        local_gradients=lambda xp, y, x: (factor,),
    )


ERRORS = {"factor 2": 2.0, "sign": -1.0, "1e-3": 1.001, "-1e-3": 0.999, "half": 0.5}


class Exact:
    """The functions of the package that the cases use, on mpmath's numbers."""

    exp, sin, cos, tan, tanh, sqrt, log, atan = (
        getattr(mpmath, name)
        for name in ("exp", "sin", "cos", "tan", "tanh", "sqrt", "log", "atan")
    )
    relu = staticmethod(lambda x: x if x > 0 else x * 0)
    softplus = staticmethod(lambda x: mpmath.log1p(mpmath.exp(x)) if x < 100 else x)


def slope_and_width(
    g: Callable[[Any], Any], x: float, smallest: float
) -> tuple[float, float, float]:
    """g(x), g′(x), and the distance at which g′ has changed by its own size or has no value."""
    with mpmath.workdps(60):
        slope = lambda t: (g(t + h) - g(t - h)) / (2 * h)  # noqa: E731 - three lines of mathematics
        at, h = mpmath.mpf(x), mpmath.mpf(smallest) * mpmath.mpf("1e-18")
        here = slope(at)
        distance = mpmath.mpf(smallest) / 1000
        while distance < 1e13 * max(abs(x), smallest) and not any(
            _differs(slope, at + t, here) for t in (distance, -distance)
        ):
            distance *= 1.3
        return float(g(at)), float(here), float(distance / 1.3)


def _differs(slope: Callable[[Any], Any], t: Any, here: Any) -> bool:
    try:
        there = slope(t)
    except (ValueError, ArithmeticError):
        return True
    return isinstance(there, mpmath.mpc) or abs(there - here) >= abs(here)


# ---- a feature beside the point ------------------------------------------------------------------


def _magnitude(rng: random.Random, low: float, high: float) -> float:
    return 10.0 ** rng.uniform(low, high)


def _shape(rng: random.Random) -> tuple[str, Callable[[Any, Any], Any], float, float]:
    """A name, g(library, u), a u to look at, and the size of the smallest thing there."""
    sign = rng.choice((-1.0, 1.0))
    d = _magnitude(rng, -9, -2)
    b = _magnitude(rng, -9, -3)
    k = _magnitude(rng, 0, 4)
    u = rng.uniform(-2, 2)
    return rng.choice([
        ("exp(u)", lambda lib, u: lib.exp(u), u, 1.0),
        ("tanh(u)", lambda lib, u: lib.tanh(u), u, 1.0),
        ("u³ + u", lambda lib, u: u * u * u + u, u, 1.0),
        (f"sin({k}u)", lambda lib, u: lib.sin(k * u), u, 1 / k),
        (f"cos({k}u) + u", lambda lib, u: lib.cos(k * u) + u, u, 1 / k),
        ("1/u", lambda lib, u: 1.0 / u, sign * d, d),
        ("1/u²", lambda lib, u: 1.0 / (u * u), sign * d, d),
        (f"1/(u - 1) beside {d}", lambda lib, u: 1.0 / (u - 1.0), 1.0 + sign * d, d),
        (f"tan near its pole, {d}", lambda lib, u: lib.tan(u), math.pi / 2 - d, d),
        (f"a bump of width {b}", lambda lib, u: u + lib.exp(-(((u - 0.3) / b) ** 2)),
         0.3 + b * u, b),
        (f"a peak of width {b}", lambda lib, u: 1.0 / (1.0 + (u / b) ** 2), b * u, b),
        (f"a bend of width {b}", lambda lib, u: lib.sqrt(u * u + b * b), b * u, b),
        (f"a bend of width {b} at 1", lambda lib, u: lib.sqrt((u - 1.0) ** 2 + b * b),
         1.0 + b * u, b),
        (f"a soft bend of width {b}", lambda lib, u: b * lib.softplus((u - 0.5) / b) + u,
         0.5 + b * u, b),
        (f"a step of width {b}", lambda lib, u: lib.tanh((u - 0.7) / b), 0.7 + b * u, b),
        (f"a corner {d} away", lambda lib, u: lib.relu(u - d) + u, 0.0, d),
        (f"a corner {d} beside 1", lambda lib, u: lib.relu(1.0 + sign * d - u) * 2.0 - u, 1.0, d),
        (f"the edge of a root, {d}", lambda lib, u: lib.sqrt(u - 1.0), 1.0 + d, d),
        (f"the edge of a logarithm, {d}", lambda lib, u: lib.log(u), d, d),
    ])  # fmt: skip


def shapes(rng: random.Random) -> Case:
    """offset + scale·g(x/unit), with a planted error, or with the feature hidden behind `.data`."""
    name, g, u, smallest = _shape(rng)
    unit = rng.choice((1.0, 1.0, 2.0 ** rng.randint(-40, 40)))
    scale = rng.choice((1.0, _magnitude(rng, -12, 12)))
    offset = scale * rng.choice((0.0, 0.0, 1.0, 1e3, 1e6))
    noise = rng.choice((0.0, 0.0, 0.0, 0.0, _magnitude(rng, -13, -6)))
    guard = rng.choice((0.0, 0.0, 0.0, smallest * unit * _magnitude(rng, -2, 1)))
    x = u * unit

    def value(lib: Any, x: Any) -> Any:
        return offset + scale * g(lib, x / unit)

    def guarded(t: float) -> None:
        if guard and t < x - guard:
            raise ValueError("this model is not made for so small an input")

    def noisy(y: Any, t: float) -> Any:
        return y * (1.0 + noise * random.Random(t).uniform(-1.0, 1.0)) if noise else y

    def right(x: Any) -> Any:
        guarded(x.data)
        return noisy(value(autograd_edu, x), x.data)

    y, slope, width = slope_and_width(lambda t: value(Exact, t), x, smallest * unit)
    kind = rng.choice([*ERRORS, "one of many", ".data"])
    if kind == ".data":
        share = rng.choice((0.0, 0.5, 0.9, 0.999))

        def wrong(x: Any) -> Any:
            hidden = noisy(value(autograd_edu, x.data), x.data)
            return share * right(x) + (1.0 - share) * hidden

        error = 1.0 - share
    else:
        factor = ERRORS.get(kind, 1.5)
        wrong, error = (lambda x: right(tilt(factor)(x))), abs(factor - 1.0)
    size = abs(y) + abs(x * slope) + noise * abs(y) / EPSILON
    at, i = (x,), 0
    if kind == "one of many":
        return _among_others(Case(name, right, wrong, at, i, slope, error, width, size), rng)
    described = (
        f"{name}, unit {unit}, scale {scale}, offset {offset}, "
        f"noise {noise}, guard {guard}, error: {kind}"
    )
    return Case(described, right, wrong, at, i, slope, error, width, size)


def _among_others(case: Case, rng: random.Random) -> Case:
    """The same function of one input among several; the other terms are as large as its value."""
    count = rng.randint(2, 4)
    i = rng.randrange(count)
    (x,) = case.at
    own = max(case.size, 1e-300)
    others = [own * rng.uniform(-1.0, 1.0) for _ in range(count)]

    def among(f: Callable[[Any], Any]) -> Callable[..., Any]:
        return lambda *xs: autograd_edu.total(
            [f(v) if j == i else others[j] * v for j, v in enumerate(xs)]
        )

    at = tuple(x if j == i else 1.0 for j in range(count))
    size = case.size + abs(sum(others[j] for j in range(count) if j != i))
    return replace(
        case,
        name=f"{case.name}, one of {count}",
        right=among(case.right),
        wrong=among(case.wrong),
        at=at,
        i=i,
        size=size,
    )


# ---- random compositions -------------------------------------------------------------------------

_UNARY: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("sin", lambda lib, u: lib.sin(u)),
    ("bell", lambda lib, u: lib.exp(-u * u)),
    ("tanh", lambda lib, u: lib.tanh(u)),
    ("atan", lambda lib, u: lib.atan(u)),
    ("square", lambda lib, u: u * u),
    ("inverse", lambda lib, u: 1.0 / (1.5 + u * u)),
    ("root", lambda lib, u: lib.sqrt(0.5 + u * u)),
    ("log", lambda lib, u: lib.log(1.0 + u * u)),
    ("relu", lambda lib, u: lib.relu(u + 0.37)),
    ("softplus", lambda lib, u: lib.softplus(u)),
]  # fmt: skip


def trees(rng: random.Random) -> Case:
    """One to three chains of random functions of x, stretched at random, added or multiplied."""
    x = rng.choice((-1.0, 1.0)) * _magnitude(rng, -6, 3)
    chains = []
    for _ in range(rng.randint(1, 3)):
        steps = [(rng.choice(_UNARY), rng.uniform(-2, 2)) for _ in range(rng.randint(1, 4))]
        chains.append((_magnitude(rng, -1, 4) / max(abs(x), 1e-3), _magnitude(rng, -3, 3), steps))
    product = rng.random() < 0.3

    def value(lib: Any, x: Any) -> Any:
        y: Any = 0.0
        for stretch, weight, steps in chains:
            u = stretch * x
            for (_, function), shift in steps:
                u = function(lib, u - shift)
            y = y * u + u if product else y + weight * u
        return y

    y, slope, width = slope_and_width(
        lambda t: value(Exact, t), x, 1e-3 / max(c[0] for c in chains)
    )
    kind, factor = rng.choice(list(ERRORS.items()))
    name = f"{'product' if product else 'sum'} of " + "; ".join(
        f"{weight}·{'∘'.join(f'{n}(· - {shift})' for (n, _), shift in reversed(steps))}({stretch}x)"
        for stretch, weight, steps in chains
    )
    return Case(
        f"{name}, error: {kind}",
        lambda x: value(autograd_edu, x),
        lambda x: value(autograd_edu, tilt(factor)(x)),
        (x,), 0, slope, abs(factor - 1.0), width, abs(y) + abs(x * slope),
    )  # fmt: skip
