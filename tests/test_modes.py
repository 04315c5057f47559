"""The blocks no_grad, ieee, scope and no_gc as decorators, and numbers that Python would drop."""

import copy
import math
import pickle

import pytest

from autograd_edu import Dual, Value, ieee, no_gc, no_grad, scope
from autograd_edu.errors import OperandError

MODES = {"no_grad": no_grad(), "ieee": ieee(), "no_gc": no_gc(), "scope": scope("part")}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_mode_does_not_decorate_what_runs_after_it(mode):
    def generator():
        yield 1

    async def coroutine():
        return 1

    async def stream():
        yield 1

    for f, what in ((generator, "generator"), (coroutine, "coroutine"), (stream, "generator")):
        with pytest.raises(OperandError, match=rf"cannot decorate the {what} '{f.__name__}'"):
            mode(f)


def test_a_decorated_function_keeps_its_name_and_may_call_itself():
    @no_grad()
    def power(x, n):
        """x to the 2ⁿ."""
        return power(x * x, n - 1) if n else x

    x = Value(2.0)
    assert (power(x, 3).data, power(x, 3).op, power.__name__) == (256.0, None, "power")
    assert (x * x).op is not None


@pytest.mark.parametrize("convert", [float, int, math.sin, math.sqrt])
@pytest.mark.parametrize("x", [Value(2.0), Dual(2.0, 1.0)], ids=["a Value", "a Dual"])
def test_a_number_is_not_taken_out_of_a_graph_without_a_word(convert, x):
    with pytest.raises(OperandError, match=r"use \.data .* autograd_edu\.sin\(x\)"):
        convert(x)


@pytest.mark.parametrize("mode", [no_grad, ieee, no_gc], ids=["no_grad", "ieee", "no_gc"])
def test_a_mode_without_its_parentheses_is_refused(mode):
    with pytest.raises(OperandError, match=rf"with parentheses: with {mode.__name__}\(\):"), mode:
        pass
    with pytest.raises(OperandError, match=rf"with parentheses: @{mode.__name__}\(\)"):
        mode(lambda x: x)


def test_the_name_of_a_scope_is_text():
    with pytest.raises(OperandError, match="name of a scope must be text; got int 3"):
        scope(3)


def test_a_mode_is_pickled_by_its_name():
    assert pickle.loads(pickle.dumps(no_grad)) is no_grad


def test_a_parameter_that_moves_in_place_inside_no_grad_is_itself_moved():
    """PyTorch's update by hand: `w -= rate * w.grad`."""
    w = Value(1.0, "w")
    same = w
    ((w * 2.0) ** 2).backward()
    with no_grad():
        w -= 0.1 * w.grad
        w += 1.0
    assert w is same
    assert (w.data, w.grad, w.label, w.parents) == (1.0 - 0.1 * 8.0 + 1.0, 8.0, "w", ())


def test_a_result_that_is_added_to_is_a_new_value():
    w = Value(1.0, "w")
    y = w
    y += 2.0
    y -= 1.0
    assert (w.data, y.data) == (1.0, 2.0)
    assert y.flattened()[0] is w
    with no_grad():
        sum_ = w * 2.0
        sum_ += w
    assert (w.data, sum_.data) == (1.0, 3.0)


def test_the_scope_of_a_value_is_text_and_empty_outside_of_scopes():
    x = Value(2.0)
    y = x * x
    with scope("part"):
        z = y * x
    assert (x.scope, y.scope, z.scope, (z + 1.0).scope) == ("", "", "part", "")
    y.scope = "other"
    assert copy.deepcopy(y).scope == "other"
    with pytest.raises(OperandError, match="scope of a Value must be text; got int 3"):
        y.scope = 3
