"""Both passes printed as Python give what is specified for selection, 0·∞ and edges, or raise."""

import math

import pytest
from specification import SPECIFICATION

from autograd_edu import Value, sqrt, steps, where
from autograd_edu.errors import DomainError

ONE_BY_ONE = [
    pytest.param(case, i, id=f"{case.name}, by operand {i + 1}" if len(case.at) > 1 else case.name)
    for case in SPECIFICATION
    for i in range(len(case.at))
    if case.has_value
]


@pytest.mark.parametrize(("case", "i"), ONE_BY_ONE)
def test_printed_passes_give_what_is_specified(case, i):
    x = Value(case.at[i], "x")
    y = case.function(*case.at[:i], x, *case.at[i + 1 :])
    y.label = "y"
    space = {}
    try:
        exec(steps(y).python(), space)
    except (ArithmeticError, DomainError):
        assert not math.isfinite(case.gradients[i])  # Python has no IEEE division
        return
    assert case.agrees(space["y"], case.value)
    found = space.get("dy_x", 0.0)
    if math.isfinite(case.gradients[i]):
        assert case.agrees(found, case.gradients[i]) or math.isclose(
            found, case.gradients[i], rel_tol=1e-12
        )
    else:
        assert not math.isfinite(found)


def test_an_operand_not_selected_is_passed_over_and_one_of_gradient_0_is_not():
    x, w = Value(0.0, "x"), Value(1.0, "w")
    text = steps(steps_of(x, w)).python()
    assert "is not None" in text
    with pytest.raises(ZeroDivisionError):
        exec(text, {})
    space = {}
    y = steps_of(Value(4.0, "x"), w)
    exec(steps(y).python(), space)
    y.backward()
    assert space["dy_w"] == w.grad == 2.0


def steps_of(x, w):
    """A selected product with 0 of something infinitely steep, beside an operand not selected."""
    y = where(1.0, 0.0 * sqrt(x) + where(w, w * 2.0, sqrt(x)), sqrt(x))
    y.label = "y"
    return y
