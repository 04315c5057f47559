"""Every operation against mpmath at 50 digits: values within 2 ulp, local gradients within 4.

The points include the regions where an operation saturates.
"""

import math
import random
import sys

import mpmath as mp
import pytest
from rules import replaced
from witness import EXACT, SLOPES

from autograd_edu import OPS
from autograd_edu.arithmetic.evaluation import evaluate, evaluate_local_gradients

POINTS = 2000
TINY, HUGE = sys.float_info.min, sys.float_info.max


def log_spaced(rng, low=-300.0, high=300.0):
    return rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(low, high)


def around(rng, centre, spread):
    return centre + spread * log_spaced(rng, -16, 0)


EDGES = (
    0.0,
    -0.0,
    5e-324,
    TINY,
    1e-8,
    0.5,
    1.0,
    math.nextafter(1.0, 2.0),
    math.nextafter(1.0, 0.0),
    2.0,
    10.0,
    1e8,
    1e154,
    1e300,
)
ANYWHERE = [
    lambda rng: log_spaced(rng),
    lambda rng: log_spaced(rng, -8, 2),
    lambda rng: rng.choice((-1, 1)) * rng.choice(EDGES),
]
CURVED = [
    lambda rng: log_spaced(rng, -20, 2.87),
    lambda rng: rng.uniform(-40, 40),
    lambda rng: rng.uniform(-745, 709),
    lambda rng: log_spaced(rng, -300, 2),
]
UNIT = [
    lambda rng: log_spaced(rng, -300, 0),
    lambda rng: rng.uniform(-1, 1),
    lambda rng: rng.choice((-1, 1)) * (1 - 10.0 ** rng.uniform(-16, 0)),
]
POSITIVE = [
    lambda rng: abs(log_spaced(rng)),
    lambda rng: around(rng, 1.0, 0.5),
    lambda rng: rng.choice(EDGES[2:]),
]
GELU = [
    lambda rng: log_spaced(rng, -20, 1.57),
    lambda rng: abs(log_spaced(rng, -20, 300)),
    lambda rng: rng.uniform(-37.5, 0),
    lambda rng: rng.uniform(-2, 0.2),
    lambda rng: around(rng, -0.7517915246935645, 1.0),
]
POWERS = [
    lambda rng: (abs(log_spaced(rng, -30, 30)), rng.uniform(-9, 9)),
    lambda rng: (abs(log_spaced(rng)), log_spaced(rng, -20, 0)),
    lambda rng: (log_spaced(rng, -20, 20), float(rng.randint(-12, 12))),
    lambda rng: (around(rng, 1.0, 0.5), log_spaced(rng, -5, 5)),
    lambda rng: (0.0, rng.choice((1.0, 2.0, 3.0, 2.5, 1e5))),
    lambda rng: (
        abs(log_spaced(rng)),
        rng.choice(
            (
                0.0,
                0.5,
                1.0,
                1.5,
                2.0,
                3.0,
                -1.0,
                -0.5,
                math.nextafter(0.5, 0),
                math.nextafter(0.5, 1),
            )
        ),
    ),
]
SAMPLERS = {
    "exp": CURVED, "expm1": CURVED, "sinh": CURVED, "cosh": CURVED,
    "tanh": [*CURVED, *ANYWHERE], "sigmoid": [*CURVED, *ANYWHERE],
    "softplus": [*CURVED, *ANYWHERE], "elu": [*CURVED, *ANYWHERE], "selu": [*CURVED, *ANYWHERE],
    "erfc": [*CURVED, lambda rng: rng.uniform(-6, 27)], "gelu": GELU,
    "exp2": [lambda rng: log_spaced(rng, -20, 3), lambda rng: rng.uniform(-1022, 1023)],
    "silu": [*CURVED, lambda rng: around(rng, -1.2784645427610738, 1.0)],
    "erf": [*CURVED, lambda rng: rng.uniform(-6, 6)], "asinh": [*CURVED, *ANYWHERE],
    "acosh": [lambda rng: 1.0 + 10.0 ** rng.uniform(-16, 300), lambda rng: rng.uniform(1, 3)],
    "atanh": UNIT, "log2": POSITIVE, "log10": POSITIVE,
    "atan2": [lambda rng: log_spaced(rng, -140, 140), lambda rng: rng.uniform(-3, 3)],
    "mod": [lambda rng: log_spaced(rng, -6, 6), lambda rng: float(rng.randint(-20, 20)) / 4],
    "asin": UNIT, "acos": UNIT, "log": POSITIVE, "sqrt": POSITIVE,
    "log1p": [
        *POSITIVE, lambda rng: rng.uniform(-1, 1), lambda rng: -1 + 10.0 ** rng.uniform(-16, 0),
    ],
    "sin": [*CURVED, lambda rng: log_spaced(rng, -8, 8)],
    "cos": [*CURVED, lambda rng: log_spaced(rng, -8, 8)],
    "tan": [*CURVED, lambda rng: log_spaced(rng, -8, 8)],
}  # fmt: skip


def points(name, rng):
    """Operands for ``name``, with some ties on purpose.

    There are as many as the row's example has; a variadic row may get another number of them.
    """
    op = OPS[name]
    while True:
        if name == "pow":
            yield rng.choice(POWERS)(rng)
            continue
        if name == "logsumexp":
            shift = rng.choice((0.0, rng.uniform(-700, 700), log_spaced(rng, 0, 15)))
            xs = [
                shift + rng.uniform(-40, 40) * rng.random() ** 3 for _ in range(rng.randint(1, 6))
            ]
            near_zero = (
                len(xs) > 1 and rng.random() < 0.5
            )  # then the largest and the logarithm cancel
            whole = mp.log(mp.fsum(map(mp.exp, xs))) + rng.choice((0.0, log_spaced(rng, -17, 0)))
            yield tuple(float(x - whole) if near_zero else x for x in xs)
            continue
        if name == "dot":
            n = rng.randint(1, 12)
            yield tuple(log_spaced(rng, -5, 5) for _ in range(2 * n + rng.randint(0, 1)))
            continue
        count = rng.randint(1, 6) if op.variadic else len(op.example)
        xs = [rng.choice(SAMPLERS.get(name, ANYWHERE))(rng) for _ in range(count)]
        if count > 1 and rng.random() < 0.1:
            xs[1] = xs[0]
        if name == "leaky_relu" or name == "elu":
            xs[1] = abs(log_spaced(rng, -3, 1))
        if name == "clip":
            xs[1:] = sorted(xs[1:])
        yield tuple(xs)


def ulps(got, exact, scale=None):
    """How far ``got`` is from ``exact`` in ulps; 0 where the exact result is not a normal float."""
    size = abs(exact) if scale is None else scale
    if mp.isnan(exact) or not TINY <= size <= HUGE:
        return 0.0
    return float(abs(mp.mpf(got) - exact) / mp.mpf(math.ulp(float(size))))


def worst(name, rng, count=POINTS):
    """The largest errors of value and local gradients over ``count`` points inside the domain."""
    value_error, slope_error, seen = 0.0, 0.0, 0
    with mp.workdps(50):
        for xs in points(name, rng):
            try:
                y = evaluate(OPS[name], xs)
            except ValueError:
                continue
            exact_xs = [mp.mpf(x) for x in xs]
            # a sum of rounded products may cancel, so its error is measured against their size
            scale = None
            if name == "dot":
                n = len(xs) // 2
                scale = mp.fsum(
                    [abs(w * x) for w, x in zip(exact_xs[:n], exact_xs[n : 2 * n], strict=True)]
                    + [abs(b) for b in exact_xs[2 * n :]]
                )
            value_error = max(value_error, ulps(y, EXACT[name](*exact_xs), scale))
            slopes = evaluate_local_gradients(OPS[name], y, xs)
            for got, exact in zip(slopes, SLOPES[name](*exact_xs), strict=True):
                if math.isfinite(got):
                    slope_error = max(slope_error, ulps(got, mp.mpf(exact)))
                else:
                    assert mp.isnan(exact) or not abs(exact) <= HUGE, (xs, got, exact)
            seen += 1
            if seen == count:
                return value_error, slope_error


# The C library's erfc is itself up to 2.1 ulp off. The product x·Φ(x) may double that where it
# crosses a power of two.
BOUNDS = {"erfc": (2.5, 4.0), "gelu": (4.0, 5.0)}


def test_every_operation_has_a_witness():
    assert set(OPS) == set(EXACT) == set(SLOPES)


@pytest.mark.parametrize("name", sorted(OPS))
@pytest.mark.random
def test_an_operation_stays_within_its_bounds_of_the_exact_result(name):
    value_error, slope_error = worst(name, random.Random(name))
    value_bound, slope_bound = BOUNDS.get(name, (2.0, 4.0))
    assert value_error <= value_bound
    assert slope_error <= slope_bound


def test_an_identity_that_loses_digits_is_rejected(monkeypatch):
    naive = replaced(OPS["sigmoid"], local_gradients=lambda xp, y, x: (y * (1.0 - y),))
    monkeypatch.setitem(OPS, "sigmoid", naive)
    assert worst("sigmoid", random.Random(0))[1] > 1e6


def test_saturated_slopes_are_not_zero():
    assert evaluate_local_gradients(OPS["sigmoid"], 1.0, [40.0])[0] == pytest.approx(
        4.248354255291589e-18, rel=1e-15, abs=0.0
    )
    assert evaluate_local_gradients(OPS["tanh"], 1.0, [19.0])[0] == pytest.approx(
        1.2556e-16, rel=1e-4, abs=0.0
    )


def test_a_total_is_correctly_rounded():
    xs = [1e16, 1.0, -1e16] * 1000 + [1.0]
    assert OPS["total"].apply(xs) == 1001.0
    assert OPS["total"](1e308, 1e308, -1e308) == 1e308


if __name__ == "__main__":  # the figures, for people
    for each in sorted(OPS):
        print(
            f"{each:12}",
            "value {:.2f} ulp, local gradient {:.2f} ulp".format(*worst(each, random.Random(each))),
        )
