"""What a row prints, its formula and its local gradients, is what it computes, at every edge."""

import math
from itertools import product

import pytest

import autograd_edu as ae
from autograd_edu import OPS, Value
from autograd_edu.errors import DomainError
from autograd_edu.notation import operations

POINTS = (-1000.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.3, 1.0, 2.0, 1000.0)
FEWER = (-2.0, 0.0, 1.0, 1000.0)


def points(op):
    count = 3 if op.variadic else len(op.example)
    return product(POINTS if count < 3 else FEWER, repeat=count)


def evaluated(expression, names):
    return float(eval(expression, {**vars(ae), "pi": math.pi, "__builtins__": {}}, names))


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def disagreements(op):
    """Where a printed expression, with names or with numbers in it, differs from what is computed."""
    found = []
    for xs in points(op):
        try:
            y = op.apply([*map(Value, xs)])
        except DomainError:
            continue
        names = [f"a{i}" for i in range(len(xs))]
        values = {**dict(zip(names, xs, strict=True)), "y": y.data}
        for i, computed in enumerate((y.data, *y.local_grads)):
            slope = i - 1 if i else None
            for operands in (names, xs):  # the operands as variables, and as constants
                printed = operations.source(op, "y", *operands, slope=slope)
                if math.isfinite(computed) and not close(evaluated(printed, values), computed):
                    found.append((xs, slope, printed, computed))
    return found


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_what_is_printed_is_what_is_computed(op):
    assert disagreements(op) == []


def test_a_printed_local_gradient_that_is_wrong_at_an_edge_is_noticed():
    @ae.operation(formula="abs(x)", local_gradients=("where(x > 0, 1, -1)",), example=(1.0,))
    def wrong_at_zero(xp, x):
        return abs(x)

    @wrong_at_zero.local_gradient
    def _(xp, y, x):
        return xp.choose(x > 0.0, 1.0, xp.choose(x < 0.0, -1.0, 0.0))

    del OPS["wrong_at_zero"]
    assert {xs for xs, *_ in disagreements(wrong_at_zero)} == {(0.0,)}
