"""What a row prints, its formula and its local gradients, is what it computes, at every edge.

As Python, as plain text, as LaTeX, and as the NumPy of a listing.
"""

import math
from itertools import product

import numpy as np
import pytest
from formula_reader import evaluated, from_latex, from_text

import autograd_edu as ae
from autograd_edu import OPS, Value, ieee, trace
from autograd_edu.errors import DomainError
from autograd_edu.notation import operations

POINTS = (-1000.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.3, 1.0, 2.0, 1000.0)
FEWER = (-2.0, 0.0, 1.0, 1000.0)


def points(op):
    count = 3 if op.variadic else len(op.example)
    return product(POINTS if count < 3 else FEWER, repeat=count)


def as_python(op, operands, slope):
    return operations.source(op, "y", *operands, slope=slope)


def as_text(op, operands, slope):
    if slope is None:
        return from_text(operations.text(op, *operands))
    return from_text(operations.slope_text(op, slope, "y", *operands))


def as_latex(op, operands, slope):
    if slope is None:
        return from_latex(operations.latex(op, *operands))
    return from_latex(operations.slope_latex(op, slope, "y", *operands))


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def computed(op, xs):
    """The value and the local gradients, or None where there is no value."""
    try:
        y = op.apply([*map(Value, xs)])
    except DomainError:
        return None
    return (y.data, *y.local_grads)


def disagreements(op, printed=as_python):
    """Where an expression, with names or with numbers in it, differs from what is computed."""
    found, functions = [], {**vars(ae), "pi": math.pi, "strict_step": OPS["strict_step"]}
    for xs in points(op):
        numbers = computed(op, xs) or ()
        names = [f"a{i}" for i in range(len(xs))]
        for i, number in enumerate(numbers):
            values = {**functions, **dict(zip(names, xs, strict=True)), "y": numbers[0]}
            for operands in (names, xs):  # the operands as variables, and as constants
                text = printed(op, operands, i - 1 if i else None)
                if math.isfinite(number) and not close(evaluated(text, values), number):
                    found.append((xs, i, text, number))
    return found


def listed(op, batch):
    """The values and the gradients of a listing of the row alone, for many points at once."""
    with ieee():
        program = trace(lambda *xs: op.apply(xs), *op.example[:1] * len(batch))
    space = {}
    exec(program.listing("python", gradients=True), space)
    with np.errstate(all="ignore"):
        values, (gradients, _) = space["value_and_grad"]([], *batch)
    return np.array([values, *gradients])


@pytest.mark.parametrize("printed", [as_python, as_text, as_latex])
@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_what_is_printed_is_what_is_computed(op, printed):
    assert disagreements(op, printed) == []


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_what_a_listing_computes_is_what_the_row_computes(op):
    known = {xs: computed(op, xs) for xs in points(op)}
    known = {xs: numbers for xs, numbers in known.items() if numbers is not None}
    found = listed(op, np.array([*known]).T)
    for xs, numbers, others in zip(known, known.values(), found.T, strict=True):
        for number, other in zip(numbers, others, strict=True):
            assert close(number, other) or not math.isfinite(number), (xs, numbers, others)


@pytest.mark.parametrize("printed", [as_python, as_text, as_latex])
def test_a_printed_local_gradient_that_is_wrong_at_an_edge_is_noticed(printed):
    @ae.operation(formula="abs(x)", local_gradients=("where(x > 0, 1, -1)",), example=(1.0,))
    def wrong_at_zero(xp, x):
        return abs(x)

    @wrong_at_zero.local_gradient
    def _(xp, y, x):
        return xp.choose(x > 0.0, 1.0, xp.choose(x < 0.0, -1.0, 0.0))

    del OPS["wrong_at_zero"]
    assert {xs for xs, *_ in disagreements(wrong_at_zero, printed)} == {(0.0,)}
