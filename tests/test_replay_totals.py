"""A total is rounded once, also in a replay: the witness is `math.fsum`."""

import math
from itertools import pairwise

import numpy as np
import pytest

from autograd_edu import dot, total, trace
from autograd_edu.errors import DomainError

rng = np.random.default_rng(0)


def spread(shape):
    return rng.standard_normal(shape) * 10.0 ** rng.integers(-25, 25, shape)


def halfway(shape):
    """Terms whose sums lie between two floats, or a hair beside it."""
    return rng.choice([0.0, 1.0, 2.0**-53, -(2.0**-54), 1.0 - 2.0**-53, 3.0, 2.0**-120], shape)


KINDS = {
    "of one size": rng.standard_normal,
    "of all sizes": spread,
    "that tie": halfway,
    "that cancel": lambda shape: rng.choice([1e16, 1.0, -1e16, 3.25], shape),
    "tiny": lambda shape: rng.standard_normal(shape) * 1e-310,
    "large": lambda shape: rng.standard_normal(shape) * 1e305,
}


def each_by_fsum(xs):
    return [math.fsum(row) for row in xs.tolist()]


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 17])
@pytest.mark.parametrize("kind", KINDS)
def test_a_replayed_total_is_the_exact_sum_rounded_once(kind, count, engine):
    program = trace(lambda xs: total(xs), [0.5] * count)
    program.engine = engine
    xs = KINDS[kind]((300, count))
    assert program(xs).tolist() == each_by_fsum(xs)
    assert [program(row) for row in xs[:20]] == each_by_fsum(xs[:20])


@pytest.mark.parametrize("kind", ["of all sizes", "that tie", "that cancel", "large"])
def test_a_printed_total_is_the_exact_sum_rounded_once(kind):
    space = {}
    exec(trace(lambda xs: total(xs), [0.5] * 5).listing("python"), space)
    xs = KINDS[kind]((40, 5))
    with np.errstate(over="ignore"):
        assert space["program"]([], xs).tolist() == each_by_fsum(xs)


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
def test_a_total_stays_exact_among_other_sums_and_products(engine):
    """Chains of + are summed in any order; a total in one, or of products, is rounded by itself."""
    f = lambda xs: total([a * b for a, b in pairwise(xs)]) + xs[0] + total(xs)  # noqa: E731
    program = trace(f, [0.5] * 6)
    program.engine = engine
    xs = KINDS["that cancel"]((200, 6))
    products = each_by_fsum(xs[:, :-1] * xs[:, 1:])
    wanted = [p + row[0] + s for p, row, s in zip(products, xs, each_by_fsum(xs), strict=True)]
    assert program(xs).tolist() == wanted


def test_chains_of_plus_and_products_are_still_one_matrix_product():
    rows = rng.standard_normal((8, 5)).tolist()

    def chained(xs):
        return total([sum(w * x for w, x in zip(row, xs, strict=True)) for row in rows])

    def dotted(xs):
        return total([dot(row, xs) for row in rows])

    for f in (chained, dotted):
        kinds = [group.kind for group in trace(f, [0.5] * 5).runner.numpy.lifted.groups]
        assert kinds == ["matrix", "stack"]


@pytest.mark.parametrize("batch", [1, 2], ids=["one sample", "a batch"])
def test_a_total_larger_than_any_float_is_infinite_like_every_other_result(batch):
    program = trace(lambda xs: total(xs), [0.5] * 3)
    program.engine = "numpy"
    xs = [[1e308, 1e308, 1e308], [1.0, 2.0, 3.0]][:batch]
    assert program(xs, on_nonfinite="keep").tolist() == [math.inf, 6.0][:batch]
    with pytest.raises(DomainError, match="is not finite for sample 0"):
        program(xs)
