"""The jobs of the table in `peers`: each is written once in scalars, and most also by hand.

A job is a function of single numbers, ``f(m, parameters, sample)``. ``m`` has the functions of the
package that runs it, so that all packages run the same lines.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from irregular import LEAVES, MIXED, drawn, loose
from program import by_hand as moons_by_hand
from program import random_layers
from scipy.special import erf

OPERATORS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "square": lambda a: a * a,
}
H = 0.05  # the time step of the kinetics


@dataclass(frozen=True)
class Job:
    """What every package computes: the sum of f over the samples, and its gradient.

    The gradient is that for the parameters, or for the samples if there are no parameters.
    """

    name: str
    f: Callable
    samples: np.ndarray  # (batch, inputs)
    parameters: np.ndarray = field(default_factory=lambda: np.zeros(0))
    by_hand: Callable | None = None  # of parameters and samples: the sum and the gradient
    arrays: Callable | None = None  # f, as one writes it for whole arrays

    def __post_init__(self):
        self.samples.setflags(write=False)

    def in_arrays(self, m, parameters, samples):
        """The values for all samples, in a package whose numbers are arrays.

        A job for one sample works on its numbers.
        """
        if self.arrays:
            return self.arrays(m, parameters, samples)
        columns = samples[0] if len(samples) == 1 else samples.T
        return self.f(m, [*parameters], [*columns])


# ---- moons ---------------------------------------------------------------------------------------

SIZES = ((16, 2), (16, 16), (1, 16))


def moons(batch):
    """The hinge loss of MLP(2, [16, 16, 1])."""
    rng = np.random.default_rng(1)
    x, t = rng.standard_normal((batch, 2)), np.sign(rng.standard_normal(batch))
    layers = random_layers([2, 16, 16, 1])
    flat = np.concatenate([each.ravel() for layer in layers for each in layer])
    return Job(
        f"moons MLP, batch {batch:,}",
        moons_scalar,
        np.column_stack([x, t]),
        flat,
        moons_flat,
        moons_array,
    )


def moons_flat(parameters, samples):
    values, gradients = moons_by_hand(samples[:, :2], samples[:, 2], list(layers_of(parameters)))
    return values.sum(), np.concatenate([each.ravel() for each in gradients])


def layers_of(flat):
    """The weights and biases of each layer, from all numbers in one array."""
    at = 0
    for n, m in SIZES:
        yield flat[at : at + n * m].reshape(n, m), flat[at + n * m : at + n * m + n]
        at += n * m + n


def moons_scalar(m, parameters, sample):
    *x, t = sample
    at = 0
    for n, width in SIZES:
        rows = [parameters[at + width * i : at + width * (i + 1)] for i in range(n)]
        biases = parameters[at + n * width : at + n * width + n]
        at += n * width + n
        x = [m.dot(row, x, bias) for row, bias in zip(rows, biases, strict=True)]
        x = x if n == 1 else [m.relu(z) for z in x]
    return m.relu(1.0 - t * x[0])


def moons_array(m, parameters, samples):
    (w1, b1), (w2, b2), (w3, b3) = layers_of(parameters)
    h = m.relu(m.relu(samples[:, :2] @ w1.T + b1) @ w2.T + b2)
    return m.relu(1.0 - samples[:, 2] * (h @ w3.T + b3)[:, 0])


# ---- an irregular graph --------------------------------------------------------------------------


def irregular(size):
    """The random graph of `irregular`, wide, with all operations, for one sample."""
    samples = np.random.default_rng(0).uniform(-1, 1, (25, LEAVES))
    lines = drawn(size, MIXED, deep=False, samples=samples.T.copy())
    roots = loose(lines)
    return Job(
        f"irregular graph, {size:,} operations",
        partial(irregular_scalar, lines=lines, roots=roots),
        samples[:1].copy(),
    )


def irregular_scalar(m, _, sample, *, lines, roots):
    results = list(sample)
    for name, a, b in lines:
        f = OPERATORS.get(name) or getattr(m, name)
        results.append(f(*(results[i] for i in (a, b)[: ARITY.get(name, 1)])))
    return m.total([results[i] for i in roots])


ARITY = {"add": 2, "sub": 2, "mul": 2, "div": 2, "maximum": 2}


# ---- kinetics ------------------------------------------------------------------------------------


def kinetics(steps):
    """A + B → 2 B, B → C: how far the concentrations are from those seen, for two rates.

    Runge and Kutta's method of order four.
    """
    rates = np.array([[0.9, 0.4]])
    return Job(
        f"RK4 kinetics, {steps} steps",
        partial(kinetics_scalar, steps=steps),
        rates,
        by_hand=partial(kinetics_by_hand, steps=steps),
    )


def kinetics_scalar(m, _, sample, *, steps):
    k1, k2 = sample

    def rate(a, b):
        r = k1 * a * b
        return -r, r - k2 * b

    def step(state, _):
        a, b = state
        p1, q1 = rate(a, b)
        p2, q2 = rate(a + H / 2 * p1, b + H / 2 * q1)
        p3, q3 = rate(a + H / 2 * p2, b + H / 2 * q2)
        p4, q4 = rate(a + H * p3, b + H * q3)
        return (
            a + H / 6 * (p1 + 2.0 * p2 + 2.0 * p3 + p4),
            b + H / 6 * (q1 + 2.0 * q2 + 2.0 * q3 + q4),
        )

    # the first step makes numbers of the package of what is constant
    a, b = m.loop(step, step((1.0, 0.1), None), np.zeros(steps - 1))
    return (a - 0.2) * (a - 0.2) + (b - 0.3) * (b - 0.3)


def kinetics_by_hand(_, samples, *, steps):
    k1, k2 = samples[0].tolist()
    a, b = 1.0, 0.1
    path = []
    for _ in range(steps):
        points = []
        da = db = sa = sb = 0.0
        for before, weight in ((0.0, 1.0), (H / 2, 2.0), (H / 2, 2.0), (H, 1.0)):
            x, y = a + before * da, b + before * db
            points.append((x, y))
            r = k1 * x * y
            da, db = -r, r - k2 * y
            sa += weight * da
            sb += weight * db
        path.append(points)
        a += H / 6 * sa
        b += H / 6 * sb
    loss = (a - 0.2) ** 2 + (b - 0.3) ** 2
    ga, gb, g1, g2 = 2 * (a - 0.2), 2 * (b - 0.3), 0.0, 0.0
    for points in reversed(path):
        pa = pb = ta = tb = 0.0  # of the later stage's point; their sums
        for (x, y), weight, after in zip(
            reversed(points), (H / 6, H / 3, H / 3, H / 6), (0.0, H, H / 2, H / 2), strict=True
        ):
            da, db = weight * ga + after * pa, weight * gb + after * pb
            gr = db - da
            pa, pb = gr * k1 * y, gr * k1 * x - db * k2
            g1 += gr * x * y
            g2 -= db * y
            ta += pa
            tb += pb
        ga += ta
        gb += tb
    return loss, np.array([[g1, g2]])


# ---- orbit ---------------------------------------------------------------------------------------

NEWTON = 7  # steps, which leave no error beyond rounding


def kepler(observations):
    """How far an orbit is from observed positions, for its axis, eccentricity, phase and motion.

    Newton's method solves Kepler's equation for each time.
    """
    rng = np.random.default_rng(2)
    samples = np.column_stack(
        [np.linspace(0.0, 6.0, observations), rng.standard_normal((observations, 2))]
    )
    elements = np.array([1.3, 0.3, 0.2, 1.1])
    name = f"Kepler fit, {observations} observations"
    return Job(name, kepler_scalar, samples, elements, kepler_by_hand)


def kepler_scalar(m, parameters, sample):
    a, e, phase, motion = parameters
    t, seen_x, seen_y = sample
    mean = phase + motion * t
    angle = mean
    for _ in range(NEWTON):
        angle = angle - (angle - e * m.sin(angle) - mean) / (1.0 - e * m.cos(angle))
    x = a * (m.cos(angle) - e) - seen_x
    y = a * m.sqrt(1.0 - e * e) * m.sin(angle) - seen_y
    return x * x + y * y


def kepler_by_hand(parameters, samples):
    """The angle's derivative follows from the equation that it solves."""
    a, e, phase, motion = parameters.tolist()
    t, seen_x, seen_y = samples.T
    mean = phase + motion * t
    angle = mean
    for _ in range(NEWTON):
        angle = angle - (angle - e * np.sin(angle) - mean) / (1.0 - e * np.cos(angle))
    sin, cos, short = np.sin(angle), np.cos(angle), math.sqrt(1.0 - e * e)
    x, y = a * (cos - e) - seen_x, a * short * sin - seen_y
    gx, gy = 2.0 * x, 2.0 * y
    g_mean = a * (gy * short * cos - gx * sin) / (1.0 - e * cos)
    return (x * x + y * y).sum(), np.array(
        [
            (gx * (cos - e) + gy * short * sin).sum(),
            (g_mean * sin - a * gx - gy * a * e / short * sin).sum(),
            g_mean.sum(),
            (g_mean * t).sum(),
        ]
    )


# ---- filter --------------------------------------------------------------------------------------


def kalman(steps):
    """-log of a Kalman filter's likelihood, for the decay and the variances of state and noise."""
    seen = np.cumsum(np.random.default_rng(3).standard_normal(steps)) * 0.3
    name = f"Kalman filter, {steps} steps"
    at = np.array([[0.9, 0.2, 0.5]])
    return Job(
        name, partial(kalman_scalar, seen=seen), at, by_hand=partial(kalman_by_hand, seen=seen)
    )


def kalman_scalar(m, _, sample, *, seen):
    decay, process, noise = sample

    def step(state, y):
        x, p, loss = state
        x, p = decay * x, decay * decay * p + process
        s, off = p + noise, y - x
        gain = p / s
        loss = loss + 0.5 * (m.log(s) + off * off / s)
        return x + gain * off, (1.0 - gain) * p, loss

    # the first step makes numbers of the package of what is constant
    first = step((0.0, 1.0, 0.0), float(seen[0]))
    return m.loop(step, first, seen[1:])[2]


def kalman_by_hand(_, samples, *, seen):
    decay, process, noise = samples[0].tolist()
    x, p, loss, path = 0.0, 1.0, 0.0, []
    for y in seen.tolist():
        x0, p0 = x, p
        x, p = decay * x, decay * decay * p + process
        s, off = p + noise, y - x
        gain = p / s
        loss += 0.5 * (math.log(s) + off * off / s)
        path.append((x0, p0, p, s, off, gain))
        x, p = x + gain * off, (1.0 - gain) * p
    gx = gp = g_decay = g_process = g_noise = 0.0
    for x0, p0, p, s, off, gain in reversed(path):
        g_gain = gx * off - gp * p
        g_s = 0.5 / s - 0.5 * off * off / (s * s) - g_gain * p / (s * s)
        gp = gp * (1.0 - gain) + g_gain / s + g_s
        gx -= gx * gain + off / s
        g_noise += g_s
        g_process += gp
        g_decay += gx * x0 + gp * 2.0 * decay * p0
        gx, gp = gx * decay, gp * decay * decay
    return loss, np.array([[g_decay, g_process, g_noise]])


# ---- options -------------------------------------------------------------------------------------


def black_scholes(options):
    """The price of call options; its five derivatives are delta and the other Greeks."""
    low, high = [80, 80, 0.2, 0.0, 0.1], [120, 120, 2.0, 0.05, 0.5]
    samples = np.random.default_rng(4).uniform(low, high, (options, 5))
    return Job(
        f"Black-Scholes with Greeks, {options:,} options",
        black_scholes_scalar,
        samples,
        by_hand=black_scholes_by_hand,
    )


def black_scholes_scalar(m, _, sample):
    price, strike, time, rate, volatility = sample
    spread = volatility * m.sqrt(time)
    d1 = (m.log(price / strike) + (rate + 0.5 * volatility * volatility) * time) / spread
    below = lambda x: 0.5 + 0.5 * m.erf(x * math.sqrt(0.5))  # noqa: E731
    return price * below(d1) - strike * m.exp(-rate * time) * below(d1 - spread)


def black_scholes_by_hand(_, samples):
    price, strike, time, rate, volatility = samples.T
    root = np.sqrt(time)
    spread = volatility * root
    d1 = (np.log(price / strike) + (rate + 0.5 * volatility * volatility) * time) / spread
    p1 = 0.5 + 0.5 * erf(d1 * math.sqrt(0.5))
    p2 = 0.5 + 0.5 * erf((d1 - spread) * math.sqrt(0.5))
    shrink = np.exp(-rate * time)
    vega = price * root * np.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    held = strike * shrink * p2
    theta = 0.5 * vega * volatility / time + rate * held
    return (price * p1 - held).sum(), np.column_stack([p1, -shrink * p2, theta, time * held, vega])


def jobs(quick=False):
    """The jobs but the GPT step, in full size, or small for a smoke test."""
    small = lambda size, least: least if quick else size  # noqa: E731
    return [
        moons(small(100, 3)),
        moons(small(10_000, 4)),
        irregular(small(1_000, 40)),
        kinetics(small(200, 5)),
        kepler(small(100, 4)),
        kalman(small(150, 5)),
        black_scholes(small(1_000, 3)),
    ]
