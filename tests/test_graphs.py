"""The chain rule itself makes no error: random graphs against fractions and central differences."""

import random
from fractions import Fraction

import mpmath as mp
import pytest
from random_graphs import path_sums, random_program
from witness import EXACT

from autograd_edu import OPS, Value, grad, jvp

pytestmark = pytest.mark.random

# ---- exact arithmetic ----------------------------------------------------------------------------

EXACT_OPS = {
    "add": 2,
    "sub": 2,
    "mul": 2,
    "neg": 1,
    "square": 1,
    "relu": 1,
    "abs": 1,
    "maximum": 0,
    "minimum": 0,
    "total": 0,
    "halve": 1,
    "dot": 4,
}


class Tangent:
    """A fraction and its derivatives with respect to every leaf: forward mode, exactly."""

    def __init__(self, value, slopes):
        self.value, self.slopes = value, slopes

    def scaled(self, k):
        return [k * s for s in self.slopes]


def exactly(name, xs):
    """The operation on Tangents; kinks as the package documents them."""
    v = [x.value for x in xs]
    if name in ("maximum", "minimum"):
        best = max(v) if name == "maximum" else min(v)
        share = Fraction(1, v.count(best))
        return Tangent(best, summed([x.scaled(share) for x in xs if x.value == best]))
    value, locals_ = {
        "add": lambda: (v[0] + v[1], (1, 1)),
        "sub": lambda: (v[0] - v[1], (1, -1)),
        "mul": lambda: (v[0] * v[1], (v[1], v[0])),
        "neg": lambda: (-v[0], (-1,)),
        "square": lambda: (v[0] ** 2, (2 * v[0],)),
        "relu": lambda: (max(v[0], 0), (int(v[0] > 0),)),
        "abs": lambda: (abs(v[0]), ((v[0] > 0) - (v[0] < 0),)),
        "halve": lambda: (v[0] / 2, (Fraction(1, 2),)),
        "total": lambda: (sum(v), (1,) * len(v)),
        "dot": lambda: (v[0] * v[2] + v[1] * v[3], (v[2], v[3], v[0], v[1])),
    }[name]()
    return Tangent(value, summed([x.scaled(k) for x, k in zip(xs, locals_, strict=True)]))


def summed(rows):
    return [sum(column) for column in zip(*rows, strict=True)]


def on_values(name, xs):
    return xs[0] / 2 if name == "halve" else OPS[name].apply(xs)


def exact_case(seed):
    """A program whose numbers stay small enough for floats to be exact throughout."""

    def accept(name, xs):
        if (
            name in ("maximum", "minimum")
            and xs.count(max(xs) if name == "maximum" else min(xs)) == 3
        ):
            return None  # a third is no float
        v = [Tangent(Fraction(x), []) for x in xs]
        y = exactly(name, v).value
        return y if abs(y) <= 4096 and Fraction(y).denominator <= 64 else None

    return random_program(
        seed,
        arity=EXACT_OPS,
        leaves=lambda rng: Fraction(rng.randint(-12, 12), rng.choice((1, 1, 2, 4))),
        size=random.Random(seed).randint(2, 9),
        accept=accept,
    )


def mismatch(seed, on_values=on_values):
    """The gradients that are not equal, bit for bit, to the exact ones."""
    program = exact_case(seed)
    count = len(program.leaves)
    unit = [[Fraction(int(i == j)) for j in range(count)] for i in range(count)]
    want = program.run(
        [Tangent(x, row) for x, row in zip(program.leaves, unit, strict=True)], exactly
    )[-1]
    leaves = [Value(x) for x in program.leaves]
    root = program.run(leaves, on_values)[-1]
    root.backward()
    assert Fraction(root.data) == want.value
    return [
        (leaf.grad, slope)
        for leaf, slope in zip(leaves, want.slopes, strict=True)
        if Fraction(leaf.grad) != slope
    ]


def test_gradients_of_exact_graphs_are_exact(long):
    for seed in range(100_000 if long else 20_000):
        assert mismatch(seed) == [], seed


def test_a_wrong_sign_is_noticed():
    def wrong(name, xs):
        return xs[0] + xs[1] * -1 + 2 * xs[1] if name == "sub" else on_values(name, xs)

    assert any(mismatch_or_value(seed, wrong) for seed in range(200))


def mismatch_or_value(seed, on):
    try:
        return bool(mismatch(seed, on))
    except AssertionError:
        return True


# ---- any function --------------------------------------------------------------------------------

SMOOTH = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "neg": 1, "square": 1, "exp": 1, "expm1": 1,
    "log": 1, "log1p": 1, "sqrt": 1, "sin": 1, "cos": 1, "tan": 1, "atan": 1, "sinh": 1,
    "cosh": 1, "tanh": 1, "sigmoid": 1, "softplus": 1, "relu": 1, "abs": 1, "gelu": 1, "selu": 1,
    "maximum": 0, "minimum": 0, "total": 0, "logsumexp": 0, "dot": 4, "pow": 2, "asin": 1,
    "erfc": 1,
}  # fmt: skip
KINKED = {"relu", "abs", "selu"}


def smooth_case(seed):
    def accept(name, xs):
        if name in KINKED and abs(xs[0]) < 1e-3:
            return None
        if (
            name in ("maximum", "minimum")
            and len({*xs}) > 1
            and min(abs(a - b) for i, a in enumerate(xs) for b in xs[:i] if a is not b) < 1e-3
        ):
            return None
        if name == "asin" and abs(xs[0]) > 0.99:
            return None
        if name == "pow" and (xs[0] < 1e-3 or abs(xs[1]) > 8):
            return None
        if name in ("maximum", "minimum") and len({*xs}) < len(xs):
            return None
        try:
            y = OPS[name].apply(xs)
        except ValueError:
            return None
        return y if 1e-6 <= abs(y) <= 1e4 else None

    size = random.Random(seed).randint(3, 40)
    draw = lambda rng: rng.choice((-1, 1)) * rng.uniform(0.1, 3.0)  # noqa: E731 - a sampler
    return random_program(
        seed,
        arity=SMOOTH,
        leaves=draw,
        size=size,
        accept=accept,
        number=lambda rng: round(rng.uniform(-3, 3), 2) or 1.0,
    )


def by_differences(program, digits=150):
    """∂root/∂leaf by central differences at 150 digits. It uses no rule, so it shares no error."""
    with mp.workdps(digits):
        h = mp.mpf(10) ** -(digits // 3)
        functions = {**EXACT, "total": lambda *xs: mp.fsum(xs)}

        def apply(name, xs):
            return functions[name](*map(mp.mpf, xs))

        def root(i, step):
            leaves = [mp.mpf(x) + (step if i == j else 0) for j, x in enumerate(program.leaves)]
            return program.run(leaves, apply)[-1]

        return [(root(i, h) - root(i, -h)) / (2 * h) for i in range(len(program.leaves))]


def perturbed(program, rng):
    """The gradients when every operation is off by up to one unit in the last place."""

    def apply(name, xs):
        y = OPS[name].apply(xs)
        return y * (1.0 + rng.choice((-1, 1)) * 2.0**-52)

    leaves = [Value(x) for x in program.leaves]
    program.run(leaves, apply)[-1].backward()
    return [leaf.grad for leaf in leaves]


def unexplained(seed):
    """The gradients that are further from the witness than conditioning allows.

    That is 10·spread + 4·n·2⁻⁵³·(sum over paths).
    """
    program = smooth_case(seed)
    leaves = [Value(x) for x in program.leaves]
    root = program.run(leaves, lambda name, xs: OPS[name].apply(xs))[-1]
    root.backward()
    exact = by_differences(program)
    if any(0 < abs(leaf.grad) < 1e-80 for leaf in leaves):  # too small for 150 digits to resolve
        exact = by_differences(program, 700)
    rng = random.Random(seed)
    spread = [[] for _ in leaves]
    for _ in range(6):
        for gradients, g in zip(spread, perturbed(program, rng), strict=True):
            gradients.append(g)
    found = []
    for leaf, want, gs, paths in zip(leaves, exact, spread, path_sums(root, leaves), strict=True):
        room = 10 * max(abs(g - leaf.grad) for g in gs) + 4 * len(program.lines) * 2.0**-53 * paths
        if not abs(leaf.grad - float(want)) <= room:
            found.append((leaf.grad, float(want), room))
    forward = [
        jvp(
            lambda *xs: program.run(xs, lambda n, o: OPS[n].apply(o))[-1],
            program.leaves,
            [float(i == j) for j in range(len(leaves))],
        )[1]
        for i in range(len(leaves))
    ]
    functional = grad(lambda *xs: program.run(xs, lambda n, o: OPS[n].apply(o))[-1])(
        *program.leaves
    )
    functional = functional if isinstance(functional, tuple) else (functional,)
    for leaf, f, g, paths in zip(leaves, forward, functional, path_sums(root, leaves), strict=True):
        assert g == leaf.grad
        if not abs(f - leaf.grad) <= 8 * len(program.lines) * 2.0**-53 * paths:
            found.append(("forward mode", f, leaf.grad))
    return found


@pytest.mark.parametrize("block", range(10))
def test_gradients_of_any_graph_are_explained(block, long):
    count = 10_000 if long else 500
    for seed in range(block * count, (block + 1) * count):
        assert unexplained(seed) == [], seed
