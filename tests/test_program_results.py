"""Programs with several results, inputs that samples share, second derivatives, and the check."""

import copy
import math
import pickle
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from autograd_edu import Program, Value, dot, exp, hessian, relu, sin, tanh, trace, where
from autograd_edu.errors import (
    ArityError,
    BranchChanged,
    DomainError,
    OperandError,
    ShapeError,
)

Pair = namedtuple("Pair", ["left", "right"])


def same(found, expected):
    """Whether two nested results are the same, kinds of containers included."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[k], expected[k]) for k in found)
    if isinstance(expected, (list, tuple)):
        pairs = zip(found, expected, strict=True)
        return type(found) is type(expected) and all(same(*pair) for pair in pairs)
    return type(found) is type(expected) and np.array_equal(found, expected)


FORMS = {
    "list": lambda x, t: [x[0] + t, x[1]],
    "tuple": lambda x, t: (x[0] * x[1], t),
    "named tuple": lambda x, t: Pair(x[0], t * 2.0),
    "dict": lambda x, t: {"a": x[0], 2: [t, {"b": x[1]}]},
    "array": lambda x, t: np.array([[x[0], x[1], t], [t, x[0], x[1] * t]]),
    "a list of one": lambda x, t: [x[0] * t],
    "a number that nothing moves": lambda x, t: (1.5, x[0] * t),
    "the same value twice": lambda x, t: [y := x[0] * t, y],
}


@pytest.mark.parametrize("f", FORMS.values(), ids=FORMS)
def test_a_program_returns_what_the_function_returns(f):
    program = trace(f, [1.0, 2.0], 3.0)
    assert same(program([4.0, 5.0], 6.0), f([4.0, 5.0], 6.0))


def plain(found):
    """A named tuple as the tuple that a listing returns."""
    return tuple(found) if isinstance(found, Pair) else found


@pytest.mark.parametrize("f", FORMS.values(), ids=FORMS)
def test_a_listing_returns_the_results_in_their_form(f):
    program, space = trace(f, [1.0, 2.0], 3.0), {}
    exec(program.listing("python"), space)
    batch = np.array([[4.0, 5.0], [-1.0, 2.0]]), np.array([6.0, 0.5])
    expected = plain(program(*batch))
    assert same(space["program"](program.parameter_values, *batch), expected)
    with pytest.raises(ArityError, match="program with one result"):
        program.listing("python", gradients=True)


def test_formulas_name_their_results_in_the_end():
    program = trace(lambda x, t: {"product": x * t, "sum": [x + t, x]}, 1.0, 2.0)
    assert program.listing("math").endswith("\nresults = (v2, v3, x1)")
    assert program.listing("latex").endswith("results} &= \\left(v_{2}, v_{3}, x_{1}\\right) \\\\")


@pytest.mark.frameworks
@pytest.mark.parametrize("f", FORMS.values(), ids=FORMS)
def test_an_exported_program_returns_the_results_in_their_form(torch, f):
    program = trace(f, [1.0, 2.0], 3.0)
    g, none = program.to_torch(), torch.zeros(0)
    batch = torch.tensor([[4.0, 5.0], [-1.0, 2.0]]), torch.tensor([6.0, 0.5])

    def numbers(found, kind):
        if isinstance(found, dict):
            return {key: numbers(x, kind) for key, x in found.items()}
        if isinstance(found, (list, tuple)):
            return [numbers(x, kind) for x in found]
        return kind(found)

    expected = numbers(program(*[x.numpy() for x in batch]), np.ndarray.tolist)
    assert numbers(g(none, *batch), torch.Tensor.tolist) == expected
    alone = numbers(g(none, *[x[0] for x in batch]), torch.Tensor.tolist)
    assert alone == numbers(program([4.0, 5.0], 6.0), lambda x: np.asarray(x).tolist())


@pytest.mark.frameworks
def test_jax_differentiates_several_results_of_shared_inputs_twice():
    import jax

    jax.config.update("jax_enable_x64", True)
    w = Value(0.5, "w")
    program = trace(lambda x, t: (tanh(w * x) * t, [x * t * t]), 1.0, 2.0)
    f, xs, own = program.to_jax(), np.array([0.5, -1.0, 2.0]), program.parameter_values

    def loss(own, x, t):
        y, (z,) = f(own, x, t)
        return (y * y + z).sum()

    def by_hand(own, x, t):
        return ((jax.numpy.tanh(own[0] * x) * t) ** 2 + x * t * t).sum()

    for order in (jax.grad, lambda g, argnums: jax.jacrev(jax.grad(g, argnums), argnums)):
        found, wanted = (order(g, argnums=(0, 1, 2))(own, xs, 3.0) for g in (loss, by_hand))
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_a_comparison_is_a_result_of_1_or_0():
    program = trace(lambda x, t: (x > t, x * t), 1.0, 2.0)
    assert program(3.0, 2.0) == (1.0, 6.0)


def test_each_result_of_a_batch_has_the_batch_axis_first():
    program = trace(lambda x, y: {"sum": x + y, "grid": np.array([[x, y, x * y]])}, 1.0, 2.0)
    found = program([1.0, 2.0], [3.0, 4.0])
    assert found["sum"].tolist() == [4.0, 6.0]
    assert found["grid"].tolist() == [[[1.0, 3.0, 3.0]], [[2.0, 4.0, 8.0]]]
    many = np.linspace(0.0, 1.0, 5000)  # more than a block
    assert np.array_equal(program(many, 2.0)["sum"], many + 2.0)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p)),
     lambda p: Program.from_json(p.to_json())],
    ids=["copy", "deep copy", "pickle", "json"],
)  # fmt: skip
def test_a_copy_keeps_the_form_of_the_results_and_the_names_of_the_inputs(copied):
    program = trace(lambda rate, xs: {"y": (rate * xs[0], [xs[1]])}, 1.0, [1.0, 2.0])
    program(1.0, [1.0, 2.0])
    twin = copied(program)
    assert twin == program
    assert same(twin(2.0, [3.0, 4.0]), {"y": (6.0, [4.0])})
    with pytest.raises(DomainError, match=r"input 0 \('rate'\) is not finite"):
        twin(math.nan, [3.0, 4.0])


@pytest.mark.parametrize("engine", ["jit", "python"])
def test_an_engine_of_one_result_that_was_chosen_for_several_says_so(engine):
    program = trace(lambda x, y: [x * y, x + y], 1.0, 2.0)
    program.engine = engine
    with pytest.raises(ArityError, match=f"the engine '{engine}' runs programs with one result"):
        program(3.0, 4.0)
    program.engine = "auto"
    assert program(3.0, 4.0) == [12.0, 7.0]


def test_what_needs_one_result_says_so():
    program = trace(lambda x: (x, x * x), 1.0)
    for call in (
        lambda: program.value_and_grad(1.0),
        lambda: program.hvp((1.0,), (1.0,)),
        lambda: program.check_gradient(1.0),
        lambda: program.listing("python", gradients=True),
        lambda: program.listing("javascript"),
    ):
        with pytest.raises(ArityError, match="program with one result"):
            call()


@pytest.mark.parametrize("result", [[], {}, (), [[]]])
def test_a_function_without_any_result_is_refused(result):
    with pytest.raises(OperandError, match="must return at least one number"):
        trace(lambda _: result, 1.0)


@pytest.mark.parametrize("result", [None, "text", [1.0, None]])
def test_a_result_that_is_not_a_number_is_refused(result):
    with pytest.raises(OperandError, match="a real number was expected"):
        trace(lambda _: result, 1.0)


def test_a_key_that_json_cannot_hold_is_refused():
    with pytest.raises(OperandError, match="keys are text or numbers; got a key of type tuple"):
        trace(lambda x: {(1, 2): x}, 1.0)


def test_a_jacobian_is_one_program_for_each_result():
    f = lambda x, y: [x * y, sin(x) + y]  # noqa: E731
    programs = [trace(lambda x, y, i=i: f(x, y)[i], 1.0, 1.0) for i in range(2)]
    rows = [program.value_and_grad(0.5, 2.0)[1].inputs for program in programs]
    assert rows == [[2.0, 0.5], [math.cos(0.5), 1.0]]


# ---- inputs that the samples share ----


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
def test_an_input_without_a_batch_axis_is_shared_and_its_gradient_summed(engine):
    w = Value(2.0)
    program = trace(lambda x, scale, shift: dot(x, shift) * scale * w, [1.0, 2.0], 1.0, [1.0, 1.0])
    program.engine = engine
    xs, shift = np.arange(6.0).reshape(3, 2), [0.5, -1.0]
    values, grads = program.value_and_grad(xs, 3.0, shift)
    apart, each = program.value_and_grad(xs, [3.0] * 3, [shift] * 3)
    assert values.tolist() == apart.tolist()
    assert grads.inputs[0].tolist() == each.inputs[0].tolist()
    assert grads.inputs[1] == each.inputs[1].sum()
    assert type(grads.inputs[1]) is float
    assert grads.inputs[2].tolist() == each.inputs[2].sum(axis=0).tolist()
    assert grads.parameters.tolist() == each.parameters.tolist()


def test_it_does_not_matter_which_input_has_the_batch_axis():
    program = trace(lambda x, y: x - y, 1.0, 1.0)
    assert program(1.0, [1.0, 2.0]).tolist() == [0.0, -1.0]
    assert program([1.0, 2.0], 1.0).tolist() == [0.0, 1.0]


# ---- wrong inputs ----


@pytest.mark.parametrize(
    ("inputs", "error", "text"),
    [
        ((), ArityError, r"takes 2 inputs \(xs, rate\); got 0"),
        (([1.0, 2.0], 1.0, 2.0), ArityError, r"takes 2 inputs \(xs, rate\); got 3"),
        (([1.0], 1.0), ShapeError,
         r"input 0 \('xs'\) must have the shape \(2,\), or have the shape \(batch, 2\) "
         r"for a batch; got the shape \(1,\)"),
        (([1.0, 2.0], [[1.0]]), ShapeError,
         r"input 1 \('rate'\) must be a number, or have the shape \(batch,\) for a batch"),
        ((np.ones((3, 2)), [1.0, 2.0]), ShapeError,
         r"same number of samples; input 0 \('xs'\) has 3, input 1 \('rate'\) has 2"),
        ((np.ones((0, 2)), 1.0), ShapeError, "the batch is empty"),
        (([[1.0], [1.0, 2.0]], 1.0), ShapeError, r"input 0 \('xs'\) .* must have the same length"),
        (([1.0, "a"], 1.0), OperandError, r"input 0 \('xs'\) must hold real numbers"),
        (([1.0, 1j], 1.0), OperandError, r"input 0 \('xs'\) must hold real numbers; .*complex"),
        (([1.0, 2.0], None), OperandError, r"input 1 \('rate'\) must hold real numbers"),
        (([1.0, math.nan], 1.0), DomainError, r"input 0 \('xs'\) is not finite at \(0, 1\): nan"),
        (([1.0, 2.0], [0.0, math.inf]), DomainError,
         r"input 1 \('rate'\) is not finite at \(1,\): inf"),
    ],
)  # fmt: skip
def test_a_wrong_input_is_named_as_in_the_function(inputs, error, text):
    program = trace(lambda xs, rate: xs[0] * xs[1] * rate, [1.0, 2.0], 1.0)
    with pytest.raises(error, match=text):
        program(*inputs)


def test_rows_of_an_example_that_differ_are_refused():
    with pytest.raises(OperandError, match=r"example for xs must all have the same shape"):
        trace(lambda xs: xs[0][0], [[1.0], [1.0, 2.0]])


# ---- Hessian times a direction ----


def formula(x, y, w):
    return tanh(x * w) * y + w * w * exp(y) + x**3.0 + where(x > y, x * y, y) * w


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
@pytest.mark.parametrize("at", [(0.5, -0.3), (-0.4, 0.8)])
def test_hvp_is_the_hessian_times_the_direction(at, engine):
    w = Value(1.5)
    program = trace(lambda x, y: formula(x, y, w), 1.0, 0.5)
    program.engine = engine
    direction = [0.7, -1.2, 0.4]
    expected = np.array(hessian(formula)(*at, 1.5)) @ direction
    found = program.hvp(at, direction[:2], parameter_tangents=direction[2:])
    np.testing.assert_allclose([*found.inputs, *found.parameters], expected, rtol=1e-12)


def test_hvp_of_a_batch_is_per_sample_for_inputs_and_summed_for_parameters():
    w = Value(1.5)
    program = trace(lambda x, y: formula(x, y, w), 1.0, 0.5)
    xs, ys = [0.5, -0.4], [-0.3, 0.8]
    found = program.hvp((xs, ys), ([1.0, 2.0], 0.0), parameter_tangents=[0.5])
    each = [
        np.array(hessian(formula)(x, y, 1.5)) @ [along, 0.0, 0.5]
        for x, y, along in zip(xs, ys, (1.0, 2.0), strict=True)
    ]
    np.testing.assert_allclose(found.inputs[0], [one[0] for one in each], rtol=1e-12)
    np.testing.assert_allclose(found.inputs[1], [one[1] for one in each], rtol=1e-12)
    np.testing.assert_allclose(found.parameters, [each[0][2] + each[1][2]], rtol=1e-12)


def test_hvp_uses_the_present_parameter_values():
    w = Value(1.0)
    program = trace(lambda x: w * x * x, 1.0)
    assert program.hvp((3.0,), (1.0,)).inputs == [2.0]
    program.parameter_values = [5.0]
    assert program.hvp((3.0,), (1.0,)).inputs == [10.0]
    assert program.hvp((3.0,), parameter_tangents=[1.0]).inputs == [6.0]
    assert copy.deepcopy(program).hvp((3.0,), (1.0,)).inputs == [10.0]


def test_hvp_keeps_the_shape_of_an_input_without_numbers():
    x = np.zeros((2, 0, 3))
    found = trace(lambda x, y: y * y * len(x), x, 1.0).hvp([x, 3.0], [x, 1.0])
    assert (found.inputs[0].shape, found.inputs[1]) == ((2, 0, 3), 4.0)


def test_hvp_takes_the_direction_of_its_own_thread():
    w = Value(2.0)
    program = trace(lambda x: w * w * x, 1.0)
    usual = sys.getswitchinterval()

    def found(direction):
        calls = [program.hvp([3.0], parameter_tangents=[direction]) for _ in range(1500)]
        return {call.parameters.item() for call in calls}

    sys.setswitchinterval(1e-6)  # so that the threads interrupt each other often
    try:
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(found, [1.0, 10.0])) == [{6.0}, {60.0}]
    finally:
        sys.setswitchinterval(usual)


def test_hvp_refuses_a_branch_that_was_not_recorded_and_directions_that_do_not_fit():
    w = Value(1.0)
    program = trace(lambda x, y: x * x * w if x > 0 else y, 1.0, 1.0)
    with pytest.raises(BranchChanged):
        program.hvp((-1.0, 1.0), (1.0, 0.0))
    with pytest.raises(ArityError, match="one tangent for each of the 2 inputs; got 1"):
        program.hvp((1.0, 1.0), (1.0,))
    with pytest.raises(ShapeError, match=r"the 1 parameters need the shape \(1,\); got \(2,\)"):
        program.hvp((1.0, 1.0), parameter_tangents=[1.0, 2.0])
    with pytest.raises(OperandError, match=r"hvp\(\) takes a list of inputs, .*; got 1.0"):
        program.hvp(1.0, [1.0, 0.0])
    with pytest.raises(OperandError, match=r"hvp\(\) takes a list of tangents, .*; got 1.0"):
        program.hvp([1.0, 1.0], 1.0)


def test_a_program_that_was_read_has_no_values_to_copy_to_or_from():
    w = Value(2.0)
    twin = Program.from_json(trace(lambda x: w * x, 1.0).to_json())
    for method in (twin.write_back, twin.read):
        with pytest.raises(OperandError, match=f"{method.__name__}.. needs the captured Values"):
            method()
    with pytest.raises(OperandError, match="the text that to_json returned; got int 5"):
        Program.from_json(5)


# ---- the gradient check of a replay ----


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
def test_check_gradient_looks_at_inputs_and_parameters_by_their_names(engine):
    w = Value(1.5, "w")
    program = trace(lambda xs, y: relu(xs[0] * w) * xs[1] + y, [1.0, 2.0], 0.5)
    program.engine = engine
    program.parameter_values = [0.75]
    report = program.check_gradient([0.5, 2.0], 1.0)
    assert report
    assert [row.name for row in report.rows] == ["x1", "x2", "x3", "w"]
    assert [row.analytic for row in report.rows] == [1.5, 0.375, 1.0, 1.0]
    assert report.rows[3].at == 0.75


def test_check_gradient_fails_if_the_replay_gives_another_gradient(monkeypatch):
    program = trace(lambda x, y: x * y, 1.0, 1.0)
    right = program.value_and_grad

    def wrong(*inputs):
        y, grads = right(*inputs)
        return y, grads._replace(inputs=[grads.inputs[0], 2.0 * grads.inputs[1]])

    monkeypatch.setattr(program, "value_and_grad", wrong)
    report = program.check_gradient(3.0, 4.0)
    assert not report
    assert [row.verdict for row in report.rows] == ["pass", "fail"]
    assert "the replay gives 6.0, but backpropagation 3.0" in str(report)


def test_check_gradient_takes_one_sample():
    with pytest.raises(ShapeError, match="without a batch axis"):
        trace(lambda x: x * x, 1.0).check_gradient([1.0, 2.0])
