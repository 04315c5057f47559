"""Bugs that engines of this kind really had, one test each.

The numbers are those of our own list; the comments say where each bug was seen.
"""

import copy
import gc
import math
import random
import sys

import numpy as np
import pytest
from rules import replaced

from autograd_edu import (
    Value,
    check_gradient,
    dot,
    draw,
    leaky_relu,
    maximum,
    no_gc,
    relu,
    sigmoid,
    sqrt,
    step,
    tanh,
    to_dot,
    where,
)
from autograd_edu.errors import DomainError


def slopes(f, *at):
    xs = [Value(x) for x in at]
    f(*xs).backward()
    return [x.grad for x in xs]


def test_01_a_reused_intermediate_is_counted_once_a_use():  # micrograd #2, cTensor #5
    def f(x, a):
        xa = x * a
        return x * xa + x * x * a + x * xa

    assert slopes(f, 1.0, 1.0)[0] == 6.0


def test_02_shared_parents_add_up():  # ARENA_2.0 #18
    assert slopes(lambda a, b: a * b + a, 2.0, 3.0) == [4.0, 2.0]


def test_03_a_second_backward_adds_the_same_again():  # micrograd #53: 24 became 72
    a = Value(2.0)
    b = a * a
    c = b * b
    for calls in (1, 2, 3):
        c.backward()
        assert a.grad == 32.0 * calls


def test_04_gradients_add_up_until_they_are_cleared():  # micrograd #25
    a = Value(2.0)
    (a * 3).backward()
    (a * 3).backward()
    assert a.grad == 6.0
    a.clear_grad()
    (a * 3).backward()
    assert a.grad == 3.0


@pytest.mark.slow
def test_05_depth_is_not_limited_by_the_interpreters_stack():  # micrograd #90
    a = y = Value(1.0)
    for _ in range(50 * sys.getrecursionlimit()):
        y = y + 1e-9
    y.backward()
    assert a.grad == 1.0


def test_06_a_cycle_cannot_be_made():  # micrograd #67
    a = Value(1.0)
    b = a + 1
    for name in ("parents", "local_grads"):
        with pytest.raises(AttributeError):
            setattr(a, name, (b,))


def test_07_subtraction_and_division_from_the_right_side():  # nn-zero-to-hero #4, pyfit #1
    assert (3 - Value(1.0)).data == 2.0
    assert slopes(lambda x: 3 - x, 1.0) == [-1.0]
    assert slopes(lambda x: 3 / x, 2.0) == [-0.75]
    assert slopes(lambda x: 2**x, 3.0) == [8 * math.log(2)]


def test_08_reflected_operations_end():  # micrograd #76
    x = Value(2.0)
    assert [
        (1 + x).data,
        (1 - x).data,
        (3 * x).data,
        (1 / x).data,
        (3**x).data,
        sum([x, x]).data,
    ] == [3.0, -1.0, 6.0, 0.5, 9.0, 4.0]


def test_09_powers_of_values_and_negative_bases():  # micrograd #17, #122
    assert slopes(lambda a, b: a**b, 2.0, 3.0) == [12.0, 8 * math.log(2)]
    assert slopes(lambda a: a**3, -2.0) == [12.0]
    with pytest.raises(DomainError):
        Value(-2.0) ** 0.5


def test_10_powers_at_zero():  # micrograd: x**0 at 0 raises
    assert [slopes(lambda x, k=k: x**k, 0.0) for k in (0, 1, 2, 3)] == [[0.0], [1.0], [0.0], [0.0]]


def test_11_saturated_activations_do_not_overflow():  # micrograd #29
    assert [f(Value(s * 1e308)).data for f in (tanh, sigmoid) for s in (1, -1)] == [
        1.0,
        -1.0,
        1.0,
        0.0,
    ]


def test_12_no_nan_comes_through_a_branch_not_taken():  # jax #1052
    assert slopes(lambda x: where(x > 0, sqrt(x), 0.0), 0.0) == [0.0]


def test_13_kinks_have_one_convention():  # pytorch #41779
    assert [slopes(f, 0.0) for f in (relu, abs, lambda x: maximum(x, 0), step)] == [
        [0.0],
        [0.0],
        [0.5],
        [0.0],
    ]


def test_14_slope_zero_is_relu():  # chainer #5898
    assert slopes(lambda x: leaky_relu(x, 0.0), -1.0) == [0.0]


def test_15_a_check_at_a_kink_says_so():  # caffe #1334
    report = check_gradient(relu, (0.0,))
    assert report
    assert "kink" in str(report)


def test_16_a_small_gradient_that_is_wrong_fails():  # warp #508

    from autograd_edu import OPS

    wrong = replaced(OPS["square"], local_gradients=lambda xp, y, x: (4 * x,))
    assert not check_gradient(lambda x: 1e-6 * wrong(x), (0.5,))


def test_17_gradients_are_tested_not_only_that_a_loss_goes_down():  # AiDotNet #1872
    w = [Value(0.3), Value(-0.2)]
    assert check_gradient(lambda: (tanh(dot(w, [1.0, 2.0])) - 0.5) ** 2, w)


def test_18_a_rule_that_forgets_an_operand_is_an_error():  # ChainRulesTestUtils #167

    from autograd_edu import OPS

    short = replaced(OPS["dot"], local_gradients=lambda xp, y, ws, xs, bias: (*xs, *ws))
    with pytest.raises(ValueError, match="shorter"):
        short([Value(1.0)], [Value(2.0)], Value(3.0)).backward()


def test_19_a_deep_copy_is_a_graph_of_its_own():  # HIPS autograd #555
    x = Value(3.0, "x")
    y = copy.deepcopy(x * x)
    y.backward()
    assert y.parents[0].grad == 6.0
    assert not x.has_grad


@pytest.mark.filterwarnings("ignore:.*has changed since")
@pytest.mark.filterwarnings("ignore:.* is stale")
def test_20_data_changed_after_the_forward_pass():  # warp #1350: 200 for 6
    for seed in range(1000):
        rng = random.Random(seed)
        xs = [Value(rng.uniform(0.5, 2)) for _ in range(3)]
        middle = xs[0] * xs[1]
        y = middle * middle / xs[2] + sigmoid(xs[0] - middle)
        want = [copied.grad for copied in _differentiated(copy.deepcopy([y, *xs]))]
        rng.choice([*xs, middle, y]).data = rng.uniform(-9, 9)
        y.backward()
        assert [x.grad for x in xs] == want


def _differentiated(values):
    values[0].backward()
    return values[1:]


def test_21_a_graph_is_never_freed_behind_your_back():  # pytorch #30297
    x = Value(2.0)
    y = x * x
    y.backward()
    y.backward()
    assert x.grad == 8.0


@pytest.mark.slow
def test_22_a_deep_graph_is_freed():  # mlx #1462
    y = Value(1.0)
    for _ in range(300_000):
        y = y * 1.0
    del y


@pytest.mark.slow
def test_23_there_are_no_reference_cycles():  # micrograd: 113 values became 4,853
    x = Value(1.5)
    with no_gc():
        gc.collect()
        for _ in range(20):
            (sigmoid(x * x) + x).backward()
        assert gc.collect() == 0


def test_24_hash_and_equality_are_identity():  # MyGrad #276
    assert len({Value(1.0), Value(1.0)}) == 2


def test_25_a_numpy_number_on_the_left():  # numpy #27348
    for left in (np.float64(2), np.float32(2), np.int64(2)):
        y = left * Value(3.0)
        assert type(y) is Value
        assert type(y.data) is float
    assert [y.data for y in np.array([1.0, 2.0]) * Value(3.0)] == [3.0, 6.0]


def test_26_equal_labels_are_not_one_node():  # owl #319, openai-agents #4512
    a, b = Value(1.0, "w"), Value(2.0, "w")
    y = a * b + a * a
    assert to_dot(y).source.count("->") == 6
    assert draw(y).svg.count("<title>") == 5


def test_27_concurrent_gradients():  # burn #5573; test_value also has separate graphs in threads
    import test_value

    test_value.test_functional_gradients_share_leaves_between_threads()


def test_28_text_and_lists_are_no_data():  # micrograd: Value("3")*2 is 33
    for bad in ("3", [1, 2], None, 1j):
        with pytest.raises(TypeError):
            Value(bad)
        with pytest.raises(TypeError):
            Value(1.0) * bad


def test_29_special_points_are_tested_on_purpose():  # tinygrad #17758: uniform never gives 0
    import test_ops_accuracy

    assert {0.0, 5e-324, 1.0} <= set(test_ops_accuracy.EDGES)


def test_30_a_maximum_of_one_value_twice():  # HIPS autograd #141
    assert slopes(lambda x: maximum([x, x]), 3.0) == [1.0]
