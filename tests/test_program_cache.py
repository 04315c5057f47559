"""A cache of programs, one per structure, gives the eager engine's answers and keeps its bound."""

import numpy as np
import pytest

from autograd_edu import ProgramCache, Value, dot, exp, tanh, total
from autograd_edu.errors import ArityError, BranchChanged, DomainError, OperandError, ShapeError


def weights(count):
    return [Value(0.3 * i - 0.7, f"w{i}") for i in range(count)]


def chained(ws):
    """A function of a sequence with one weight per position: a longer one has more parameters."""

    def f(xs, scale):
        state = ws[-1] * scale
        for w, x in zip(ws, xs, strict=False):
            state = tanh(w * x + state)
        return state * scale

    return f


def eager(f, xs, scale, ws):
    """The value, and the gradients for the sequence, the scale and the weights."""
    for w in ws:
        w.clear_grad()
    inputs, by_scale = [Value(x) for x in xs], Value(scale)
    y = f(inputs, by_scale)
    y.backward()
    return y.data, [x.grad for x in inputs], by_scale.grad, [w.grad for w in ws]


@pytest.mark.parametrize("given", [True, False], ids=["parameters given", "parameters found"])
def test_every_length_gives_the_eager_value_and_gradients(given):
    ws = weights(6)
    f = chained(ws)
    programs = ProgramCache(f, ws if given else None)
    for n in (3, 5, 1, 3, 4):
        xs = np.linspace(-1.0, 2.0, n).tolist()
        value, grads = programs.value_and_grad(xs, 0.5)
        y, by_xs, by_scale, by_w = eager(f, xs, 0.5, ws)
        assert value == pytest.approx(y, rel=1e-14)
        np.testing.assert_allclose(grads.inputs[0], by_xs, rtol=1e-13)
        assert grads.inputs[1] == pytest.approx(by_scale, rel=1e-13)
        place = {id(w): i for i, w in enumerate(ws)}
        np.testing.assert_allclose(
            grads.parameters, [by_w[place[id(p)]] for p in programs.parameters], rtol=1e-13
        )
    assert (len(programs), programs.found, programs.traced, programs.dropped) == (4, 1, 4, 0)


def test_gradients_come_in_the_order_of_the_parameters_and_are_zero_where_a_length_has_none():
    a, b, c = weights(3)
    programs = ProgramCache(
        lambda xs: total([w * x for w, x in zip([c, a, b], xs, strict=False)]), [a, b, c]
    )
    assert programs.value_and_grad([7.0])[1].parameters.tolist() == [0.0, 0.0, 7.0]
    assert programs.value_and_grad([7.0, 5.0, 3.0])[1].parameters.tolist() == [5.0, 3.0, 7.0]


def test_a_batch_is_a_replay_of_the_program_of_its_samples():
    ws = weights(4)
    programs = ProgramCache(chained(ws), ws)
    samples, scales = (
        np.random.default_rng(0).standard_normal((5, 3)),
        np.array([0.5, 1.0, -1.0, 2.0, 0.1]),
    )
    values, grads = programs.value_and_grad(samples, scales, batch=True)
    alone = [programs.value_and_grad(x, t) for x, t in zip(samples, scales, strict=True)]
    assert (len(programs), programs.traced) == (1, 1)
    # one sample may be run by another engine than five; terms of size 1 cancel in a result
    np.testing.assert_allclose(values, [value for value, _ in alone], rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(grads.inputs[0], [each.inputs[0] for _, each in alone], rtol=1e-13)
    np.testing.assert_allclose(
        grads.parameters, sum(each.parameters for _, each in alone), rtol=1e-13
    )
    np.testing.assert_array_equal(programs(samples, scales, batch=True), values)


def test_arrays_without_numbers_keep_their_whole_shape():
    w = Value(2.0)
    programs, x = ProgramCache(lambda x: w * len(x) + len(x[0])), np.zeros((2, 0, 3))
    for _ in range(3):
        value, gradients = programs.value_and_grad(x)
        assert (value, gradients.inputs[0].shape, gradients.parameters) == (4.0, x.shape, [2.0])
    values, gradients = programs.value_and_grad(np.zeros((5, 2, 0, 3)), batch=True)
    assert (values.tolist(), gradients.inputs[0].shape) == ([4.0] * 5, (5, 2, 0, 3))
    assert (programs.traced, programs.found) == (1, 3)


def test_a_batch_of_vectors_and_one_matrix_are_told_apart_by_the_caller_alone():
    programs = ProgramCache(
        lambda x: total(x) if not isinstance(x[0], list) else total([dot(row, row) for row in x])
    )
    square = [[1.0, 2.0], [3.0, 4.0]]
    assert programs(square) == 30.0
    assert programs(square, batch=True).tolist() == [3.0, 7.0]
    assert len(programs) == 2


def test_parameters_that_are_changed_are_changed_in_every_program():
    ws = weights(2)
    programs = ProgramCache(lambda xs: total([w * x for w, x in zip(ws, xs, strict=False)]), ws)
    programs([1.0]), programs([1.0, 1.0])
    programs.parameter_values[:] = [10.0, 20.0]
    assert (programs([1.0]), programs([1.0, 1.0])) == (10.0, 30.0)
    programs.parameter_values = [1.0, 2.0]
    assert (programs([1.0]), programs([1.0, 1.0])) == (1.0, 3.0)
    assert ws[0].data == -0.7
    programs.write_back()
    assert [w.data for w in ws] == [1.0, 2.0]
    ws[1].data = 5.0
    assert programs([1.0, 1.0]) == 3.0
    programs.read()
    assert programs([1.0, 1.0]) == 6.0


def test_a_structure_that_comes_late_is_traced_at_the_shared_values_and_leaves_the_values_alone():
    w = Value(1.0, "w")
    programs = ProgramCache(lambda xs: total(xs) * w if w > 0 else total(xs), [w])
    programs.parameter_values[:] = -1.0
    assert programs([1.0, 2.0]) == 3.0  # the branch of w = -1, though w.data is still 1
    assert w.data == 1.0
    programs.parameter_values[:] = 2.0
    with pytest.raises(BranchChanged):
        programs([1.0, 2.0])


def test_parameters_that_are_found_keep_their_places_as_more_are_found():
    ws = weights(3)
    programs = ProgramCache(lambda xs: total([w * x for w, x in zip(ws, xs, strict=False)]))
    programs([1.0])
    assert programs.parameters == ws[:1]
    programs.parameter_values[:] = 100.0
    assert programs([1.0, 1.0, 1.0]) == pytest.approx(100.0 - 0.4 - 0.1)
    assert programs.parameters == ws
    assert programs.value_and_grad([2.0])[1].parameters.tolist() == [2.0, 0.0, 0.0]


def test_parameters_that_are_found_have_the_same_place_in_every_gradient():
    a, b = weights(2)
    programs = ProgramCache(lambda xs: a * xs[0] if len(xs) == 1 else b * xs[1] + a * xs[0])
    assert programs.value_and_grad([3.0])[1].parameters.tolist() == [3.0]
    assert programs.value_and_grad([3.0, 5.0])[1].parameters.tolist() == [
        3.0,
        5.0,
    ]  # the second program has b first


@pytest.mark.slow
def test_a_thousand_structures_leave_no_more_programs_than_the_bound():
    w = Value(2.0)
    programs = ProgramCache(lambda x: w * x[0][0], [w])
    for i in range(1000):
        assert programs(np.full((i % 40 + 1, i // 40 + 1), float(i))) == 2.0 * i
        assert len(programs) <= 32
    assert (len(programs), programs.traced, programs.dropped) == (32, 1000, 968)


def test_the_program_used_longest_ago_goes():
    programs = ProgramCache(lambda xs: total(xs), maxsize=2)
    for n in (1, 2, 1, 3, 1, 2):  # 3 takes the place of 2, and 2 that of 3
        assert programs([1.0] * n) == n
    assert (programs.found, programs.traced, programs.dropped) == (2, 4, 2)
    programs.clear()
    assert (len(programs), programs([4.0])) == (0, 4.0)


def test_the_report_says_what_is_held():
    ws = weights(3)
    programs = ProgramCache(
        lambda xs, t: total([w * x for w, x in zip(ws, xs, strict=False)]) * t, ws, maxsize=5
    )
    programs([1.0, 2.0], 3.0), programs([1.0, 2.0, 3.0], 1.0), programs([0.0, 0.0], 1.0)
    first, head, *rows = str(programs).splitlines()
    assert first == repr(programs)
    assert first == (
        "ProgramCache(2 of at most 5 programs, 3 parameters, 3 calls: 1 found, 2 traced, 0 dropped)"
    )
    assert head.split() == ["structure", "operations", "calls", "compiled", "in"]
    assert [row.split()[:4] for row in rows] == [
        ["(3)", "number", "5", "1"],
        ["(2)", "number", "4", "2"],
    ]


def test_the_program_of_a_structure_can_be_had():
    w = Value(2.0, "w")
    programs = ProgramCache(lambda xs: exp(w * xs[0]), [w])
    program = programs.program([0.0])
    assert program.parameters == (w,)
    assert program is programs.program(np.zeros((7, 1)), batch=True)


def test_a_captured_value_that_is_not_listed_is_refused():
    a, b = weights(2)
    programs = ProgramCache(lambda x: a * x + b, [a])
    with pytest.raises(
        OperandError, match=r"captured .*label='w1'.* not among the 1 parameters given"
    ):
        programs(1.0)
    assert (len(programs), programs.traced) == (0, 0)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(lambda p: p([[1.0], [1.0, 2.0]]), ShapeError, id="ragged"),
        pytest.param(lambda p: p(1.0, batch=True), ShapeError, id="a number as a batch"),
        pytest.param(lambda p: p(np.zeros((0, 2)), batch=True), ShapeError, id="an empty batch"),
        pytest.param(lambda p: p(["a"]), OperandError, id="text"),
        pytest.param(lambda p: p([None]), OperandError, id="None"),
        pytest.param(lambda p: p([Value(1.0)]), OperandError, id="a Value"),
        pytest.param(lambda p: p([np.nan, 1.0]), DomainError, id="not finite"),
        pytest.param(
            lambda p: setattr(p, "parameter_values", [1.0, 2.0]),
            ShapeError,
            id="too many parameter values",
        ),
    ],
)
def test_a_mistake_is_refused(call, error):
    w = Value(1.0)
    with pytest.raises(error):
        call(ProgramCache(lambda xs: w * total(xs), [w]))


@pytest.mark.parametrize(
    ("maxsize", "error"),
    [(0, ShapeError), (-1, ShapeError), (2.5, OperandError), (True, OperandError)],
)
def test_the_largest_number_of_programs_is_a_whole_number(maxsize, error):
    with pytest.raises(error, match="maxsize must be"):
        ProgramCache(lambda x: x, maxsize=maxsize)


def test_samples_share_an_input_that_has_no_batch_axis():
    programs = ProgramCache(lambda xs, t: total(xs) * t)
    xs = [[1.0, 2.0], [3.0, 4.0]]
    assert programs(xs, 10.0, batch=(True, False)).tolist() == [30.0, 70.0]
    assert programs.value_and_grad(xs, 10.0, batch=(True, False))[1].inputs[1] == 3.0 + 7.0
    assert programs([5.0, 6.0], 2.0) == 22.0
    assert programs.traced == 1
    with pytest.raises(ArityError, match="for each of the 2 inputs; got 1"):
        programs(xs, 10.0, batch=(True,))


def test_parameters_are_leaves_each_once():
    w = Value(1.0)
    with pytest.raises(ArityError, match="twice"):
        ProgramCache(lambda x: x, [w, w])
    with pytest.raises(OperandError, match="leaf"):
        ProgramCache(lambda x: x, [w * 2.0])
    with pytest.raises(OperandError, match="variable"):
        ProgramCache(lambda x: x, [1.0])
