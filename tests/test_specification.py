"""The specification of selection, 0·∞ and edges, run eagerly, forward and through transforms."""

import math

import pytest
from specification import SPECIFICATION

from autograd_edu import Value, grad, hessian, hvp, ieee, jacobian, jvp
from autograd_edu.errors import DomainError

CASES = [pytest.param(case, id=case.name) for case in SPECIFICATION]
CURVED = [pytest.param(case, id=case.name) for case in SPECIFICATION if case.second is not None]


def partial(case, i):
    """The case's function of operand ``i`` alone; the others are plain numbers."""
    return lambda x: case.function(*[x if j == i else at for j, at in enumerate(case.at)])


def backward(case, i):
    xs = [Value(x) if j == i else x for j, x in enumerate(case.at)]
    case.function(*xs).backward()
    return xs[i].grad


FIRST = {
    "eager": backward,
    "grad": lambda case, i: grad(partial(case, i))(case.at[i]),
    "jvp": lambda case, i: jvp(partial(case, i), (case.at[i],), (1.0,))[1],
    "jacobian": lambda case, i: jacobian(lambda x: [partial(case, i)(x)])(case.at[i])[0],
    "one direction of all": lambda case, i: jvp(case.function, case.at, unit(case, i))[1],
    "recorded": lambda case, i: grad(lambda t: t * grad(partial(case, i))(case.at[i]))(1.0),
}


def unit(case, i):
    return [float(j == i) for j in range(len(case.at))]


def along(case, i, j):
    """∂²/∂xᵢ∂xⱼ needs both operands as variables, and no other."""
    places = sorted({i, j})

    def function(*xs):
        given = dict(zip(places, xs, strict=True))
        return case.function(*[given.get(k, at) for k, at in enumerate(case.at)])

    return function, [case.at[k] for k in places], places.index(i), places.index(j)


def listed(gradient):
    return list(gradient) if isinstance(gradient, tuple) else [gradient]


def by_hessian(case, i, j):
    f, at, row, column = along(case, i, j)
    found = hessian(f)(*at)
    return found[row][column] if len(at) > 1 else found


def by_hvp(case, i, j):
    f, at, row, column = along(case, i, j)
    return listed(hvp(f, at, [float(k == column) for k in range(len(at))]))[row]


def by_grad_of_grad(case, i, j):
    f, at, row, column = along(case, i, j)
    return listed(grad(lambda *xs: listed(grad(f)(*xs))[row])(*at))[column]


def by_jvp_of_grad(case, i, j):
    f, at, row, column = along(case, i, j)
    direction = [float(k == column) for k in range(len(at))]
    return jvp(lambda *xs: listed(grad(f)(*xs))[row], at, direction)[1]


def by_jvp_of_jvp(case, i, j):
    f, at, row, column = along(case, i, j)

    def tangent(*xs):
        return jvp(f, xs, [float(k == row) for k in range(len(at))])[1]

    return jvp(tangent, at, [float(k == column) for k in range(len(at))])[1]


SECOND = {
    "hessian": by_hessian,
    "hvp": by_hvp,
    "grad of grad": by_grad_of_grad,
    "jvp of grad": by_jvp_of_grad,
    "jvp of jvp": by_jvp_of_jvp,
}


@pytest.mark.parametrize("case", CASES)
def test_the_value_is_what_ieee_arithmetic_gives_and_an_error_where_there_is_none(case):
    with ieee():
        assert case.agrees(case.function(*map(Value, case.at)).data, case.value)
    if case.has_value:
        assert case.agrees(case.function(*map(Value, case.at)).data, case.value)
    else:
        with pytest.raises(DomainError):
            case.function(*map(Value, case.at))


@pytest.mark.parametrize("derivative", FIRST.values(), ids=FIRST)
@pytest.mark.parametrize("case", CASES)
def test_the_derivative_for_one_operand_is_the_same_in_every_mode(derivative, case):
    for i, expected in enumerate(case.gradients):
        with ieee():
            assert case.agrees(derivative(case, i), expected), i
        if case.has_value and math.isfinite(expected):
            assert case.agrees(derivative(case, i), expected), i
        else:
            with pytest.raises(DomainError):
                derivative(case, i)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_for_all_operands_is_that_of_each(case):
    with ieee():
        xs = [Value(x) for x in case.at]
        case.function(*xs).backward()
        assert all(case.agrees(x.grad, g) for x, g in zip(xs, case.gradients, strict=True))


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND)
@pytest.mark.parametrize("case", CURVED)
def test_second_derivatives_are_the_same_by_every_nesting(second, case):
    for i, row in enumerate(case.second):
        for j, expected in enumerate(row):
            with ieee():
                assert case.agrees(second(case, i, j), expected), (i, j)
            if case.has_value and math.isfinite(expected):
                assert case.agrees(second(case, i, j), expected), (i, j)
            else:
                with pytest.raises(DomainError):
                    second(case, i, j)
