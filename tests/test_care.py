"""`anomaly()` finds the first number that is not finite; `release()` frees long graphs."""

import inspect
import math
import threading
from pathlib import Path

import pytest

import autograd_edu
from autograd_edu import Value, anomaly, exp, ieee, log, release, sqrt, trace
from autograd_edu.errors import BranchChanged, DomainError


def test_the_first_value_that_is_not_finite_is_named_with_its_line():
    x = Value(0.0, "x")
    with ieee(), anomaly(), pytest.raises(DomainError) as error:
        log(x) * 2.0
    line = inspect.getsourcelines(test_the_first_value_that_is_not_finite_is_named_with_its_line)[1]
    assert str(error.value) == f"the value of log(0.0) of 'x' (test_care.py:{line + 3}) is -inf"


@pytest.fixture
def theirs():
    """A function in a user's file whose path begins like that of the package."""
    file = f"{Path(autograd_edu.__file__).parent}_mine.py"
    found = {}
    exec(compile("def f(x):\n    return x / x if x > 0 else -x\n", file, "exec"), found)
    return found["f"]


def test_a_user_s_file_beside_the_package_is_not_taken_for_the_package_s(theirs):
    with ieee(), anomaly(), pytest.raises(DomainError, match=r"autograd_edu_mine\.py:2"):
        theirs(Value(math.inf, "x"))
    with pytest.raises(BranchChanged, match=r"at autograd_edu_mine\.py:2 was True"):
        trace(theirs, 1.0)(-1.0)


def test_the_first_local_gradient_that_is_not_finite_is_named():
    x = Value(0.0, "x")
    with (
        anomaly(),
        pytest.raises(DomainError, match=r"local gradient of sqrt\(0\.0\) of 'x' \(test_care"),
    ):
        sqrt(x)


def test_the_first_gradient_that_is_not_finite_is_named():
    with ieee(), anomaly():
        x = Value(1e-300, "x")
        a = x * 1e200
        a.label = "a"
        y = a * 1e150
        with pytest.raises(DomainError, match=r"the gradient of 'x' = 1e-300 is inf"):
            y.backward()


def test_of_several_gradients_that_are_not_finite_the_first_of_the_pass_is_named():
    with ieee(), anomaly():
        x = Value(1e-300, "x")
        a = x * 1e200
        a.label = "a"
        y = a * 1e150 * 1e200
        with pytest.raises(DomainError, match=r"the gradient of 'a' = "):
            y.backward()


def test_finite_computations_are_as_without():
    def slope():
        x = Value(0.5)
        (exp(x) * x).backward()
        return x.grad

    with anomaly():
        inside = slope()
    assert inside == slope() == pytest.approx(1.5 * math.exp(0.5), rel=1e-15)


def test_outside_the_block_nothing_is_watched():
    with anomaly():
        pass
    with ieee():
        assert log(Value(0.0)).data == -math.inf


def test_a_released_result_is_a_number_without_a_history():
    x = Value(3.0)
    y = x * x
    release(y)
    assert (y.data, y.parents, y.op, x.data) == (9.0, (), None, 3.0)
    (y * y).backward()
    assert (y.grad, x.has_grad) == (18.0, False)


@pytest.mark.slow
def test_a_long_graph_is_released_in_a_thread_with_a_small_stack():
    done = []

    def work():
        y = x = Value(1.0)
        for _ in range(300_000):
            y = y + x
        release(y)
        done.append(y.data)

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert done == [300_001.0]
