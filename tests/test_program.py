"""A replayed program has the eager engine's values and gradients, or says where it fails."""

import copy
import json
import math
import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd_edu import (
    OPS,
    Program,
    ProgramCache,
    Value,
    clip,
    dot,
    exp,
    log,
    logsumexp,
    maximum,
    minimum,
    nn,
    relu,
    sqrt,
    tanh,
    total,
    trace,
    trace_graph,
    where,
)
from autograd_edu.errors import (
    ArityError,
    BranchChanged,
    DomainError,
    OperandError,
    OverflowDomainError,
    ShapeError,
    StateError,
)
from autograd_edu.files import seal
from autograd_edu.program.lifting.fuse import fused


@pytest.fixture(autouse=True, params=["numpy", "jit", "python"])
def engine(request, monkeypatch):
    """Everything here holds for both engines."""
    monkeypatch.setattr(Program, "engine", request.param)


def eager(f, samples, parameters):
    """Values, gradients of each input, and the summed gradient of each parameter, one by one."""
    for p in parameters:
        p.clear_grad()
    values, slopes = [], []
    for sample in samples:
        xs = [Value(x) for x in sample]
        y = f(*xs)
        y.backward()
        values.append(y.data)
        slopes.append([x.grad for x in xs])
    return np.array(values), np.array(slopes), np.array([p.grad for p in parameters])


def test_an_mlp_over_a_batch_equals_its_samples_one_by_one():
    model = nn.MLP(2, [8, 8, 1])
    f = lambda a, b, t: relu(1 - t * model([a, b]))  # noqa: E731
    samples = np.random.default_rng(0).standard_normal((7, 3))
    program = trace(f, *samples[0])
    values, slopes, by_weight = eager(f, samples, program.parameters)
    replayed, grads = program.value_and_grad(*samples.T)
    np.testing.assert_allclose(replayed, values, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(np.array(grads.inputs).T, slopes, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(grads.parameters, by_weight, rtol=1e-12, atol=1e-14)


def test_a_layer_becomes_one_matrix_product():
    model = nn.MLP(3, [5, 4, 1])
    groups = trace(lambda x: model(x), [0.1, 0.2, 0.3]).runner.numpy.lifted.groups
    assert [len(group.members) for group in groups if group.kind == "matrix"] == [5, 4, 1]


def test_blocks_of_a_large_batch_join_up():
    w = Value(0.7)
    program = trace(lambda x: tanh(w * x) * x, 0.5)
    xs = np.linspace(-2, 2, 4501)
    values, grads = program.value_and_grad(xs)
    np.testing.assert_allclose(values, np.tanh(0.7 * xs) * xs, rtol=1e-12)
    np.testing.assert_allclose(
        grads.parameters, [np.sum(xs**2 * (1 - np.tanh(0.7 * xs) ** 2))], rtol=1e-10
    )


def test_floats_give_floats_and_nested_inputs_keep_their_shape():
    program = trace(lambda x, t: total(x[0]) * t + x[1][1], [[1.0, 2.0], [3.0, 4.0]], 2.0)
    value, grads = program.value_and_grad([[1, 2], [3, 4]], 5)
    assert (value, type(value)) == (19.0, float)
    assert grads.inputs[0].tolist() == [[5, 5], [0, 1]]
    assert grads.inputs[1] == 3.0
    assert program.value_and_grad(np.ones((6, 2, 2)), np.ones(6))[1].inputs[0].shape == (6, 2, 2)


def test_an_input_that_is_not_used_has_gradient_zero():
    assert trace(lambda x, y: x * 2, 1.0, 1.0).value_and_grad(3.0, 4.0)[1].inputs == [2.0, 0.0]


def test_parameters_are_read_written_and_written_back():
    w, b = Value(2.0, "w"), Value(1.0, "b")
    program = trace(lambda x: w * x + b, 1.0)
    assert program.parameters == (w, b)
    program.parameter_values = [5.0, 7.0]
    assert program(1.0) == 12.0
    assert w.data == 2.0
    program.write_back()
    assert (w.data, b.data) == (5.0, 7.0)


@pytest.mark.parametrize("x", [1e-300, [1.0, 1e-300]], ids=["a sample", "a batch"])
def test_a_gradient_too_large_for_a_float_is_an_error_although_the_result_is_not(x):
    program = trace(lambda x: log(x) * 1e10, 1.0)
    for _ in range(2):
        with pytest.raises(DomainError, match="gradient"):
            program.value_and_grad(x)
        values, (grads, _) = program.value_and_grad(x, on_nonfinite="keep")
        np.testing.assert_allclose(values, np.log(x) * 1e10, rtol=1e-14)
        np.testing.assert_array_equal(grads, [np.where(np.array(x) == 1.0, 1e10, math.inf)])
        assert program.value_and_grad(x, wrt="parameters")[1].parameters.size == 0
        assert program.value_and_grad(1.0)[1].inputs == [1e10]


@pytest.mark.parametrize("samples", [1, 3])
def test_a_number_that_is_not_finite_is_refused_although_nothing_uses_it(samples):
    w = Value(1.0, "w")
    program = trace(lambda x, y, z: where(x > 0.0, x, y * w), 1.0, 1.0, 1.0)
    xs = np.ones(samples) if samples > 1 else 1.0
    for _ in range(2):
        for inputs in ((xs, math.inf, 1.0), (xs, 1.0, -math.inf)):
            with pytest.raises(DomainError, match=r"input [12] \('[yz]'\) is not finite"):
                program(*inputs)
        program.parameter_values = [math.inf]
        with pytest.raises(DomainError, match="w = parameter is not finite"):
            program(xs, 1.0, 1.0)
        program.parameter_values = [2.0]
        np.testing.assert_array_equal(program(xs, 1.0, 1.0), xs)


@pytest.mark.parametrize("samples", [1, 3, 5000])
@pytest.mark.parametrize(
    ("f", "value", "by_input", "by_parameter"),
    [
        (lambda x, w: w * w, 4.0, 0.0, 4.0),
        (lambda x, w: w, 2.0, 0.0, 1.0),
        (lambda x, w: x, 0.5, 1.0, 0.0),
        (lambda x, w: 7.0, 7.0, 0.0, 0.0),
    ],
    ids=["of parameters alone", "a parameter", "an input", "a constant"],
)
def test_a_result_counts_once_for_each_sample(f, value, by_input, by_parameter, samples):
    w = Value(2.0)
    program = trace(lambda x: f(x, w), 1.0, parameters=[w])
    for _ in range(2):
        values, gradients = program.value_and_grad(np.full(samples, 0.5))
        np.testing.assert_array_equal(values, np.full(samples, value))
        np.testing.assert_array_equal(gradients.inputs[0], np.full(samples, by_input))
        assert gradients.parameters.tolist() == [samples * by_parameter]


def test_an_expression_of_parameters_alone_follows_their_present_numbers():
    w = Value(1.0)
    program = trace(lambda x: exp(w) * x + w * w, 1.0)
    for number in (1.0, 0.0, -0.5, 1.0):
        program.parameter_values[0] = number
        for x in (2.0, np.array([2.0, 3.0]), np.full(3000, 2.0)):
            values, (_, own) = program.value_and_grad(x)
            np.testing.assert_allclose(values, math.exp(number) * x + number**2, rtol=1e-14)
            expected = np.sum(math.exp(number) * x + 2.0 * number)
            np.testing.assert_allclose(own, [expected], rtol=1e-13)
            np.testing.assert_array_equal(program(x), values)


def test_constants_between_the_operations_give_the_eager_result():
    x, two, three = Value(0.5), Value(2.0), Value(3.0)
    program = trace_graph(exp(x) * (two / three) + x * (two * three), inputs=[x], parameters=[])
    value, gradients = program.value_and_grad(1.5)
    assert value == pytest.approx(math.exp(1.5) * 2 / 3 + 9, rel=1e-15)
    assert gradients.inputs == [pytest.approx(math.exp(1.5) * 2 / 3 + 6, rel=1e-15)]


def test_a_finished_graph_is_traced():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    program = trace_graph(x * w + exp(x), inputs=[x])
    assert program.parameters == (w,)
    value, grads = program.value_and_grad(1.0)
    assert value == pytest.approx(3 + np.e, rel=1e-15)
    assert grads.inputs == [pytest.approx(3 + np.e, rel=1e-15)]


def test_a_program_survives_json():
    w = Value(2.0, "w")
    program = trace(lambda x: where(x > 0, w * x, -x) if x < 9 else x, 1.0)
    again = Program.from_json(program.to_json())
    assert again == program
    assert again(np.array([1.0, -3.0])).tolist() == [2.0, 3.0]
    program.parameter_values = [4.0]
    assert again != program
    damaged = json.loads(again.to_json())["content"]
    damaged["slots"][-1][0] = "nothing"
    with pytest.raises(ValueError, match="not in the table"):
        Program.from_json(seal(damaged, "program"))


def test_a_text_of_which_anything_was_altered_is_refused_or_gives_the_same_program():
    w = Value(2.5, "w")
    program = trace(lambda x: where(x > 0, w * x, -x) if x < 9 else x, 1.0)
    text = program.to_json().encode()
    for k in range(len(text)):
        for altered in (text[:k], text[:k] + bytes([text[k] ^ 1 << k % 7]) + text[k + 1 :]):
            try:
                assert Program.from_json(altered.decode()) == program
            except StateError as error:
                assert "the text" in str(error)  # noqa: PT017 - an altered blank is none


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.random
def test_a_planted_branch_change_raises_with_its_sample(seed):
    rng = random.Random(seed)
    edge, sign = rng.uniform(-1, 1), rng.choice(["<", "<=", ">", ">="])
    holds = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }[sign]
    f = lambda x, y: exp(x) if holds(x * y + tanh(x), edge) else x * y  # noqa: E731
    compared = lambda x, y: x * y + np.tanh(x)  # noqa: E731
    points = np.array([[rng.uniform(-2, 2), rng.uniform(-2, 2)] for _ in range(60)])
    side = holds(compared(*points.T), edge)
    same, other = points[side == side[0]], points[side != side[0]]
    program = trace(f, *points[0])
    program(*same.T)
    place = rng.randrange(len(same) + 1)
    planted = np.insert(same, place, other[0], axis=0)
    with pytest.raises(BranchChanged, match=rf"at test_program\.py:\d+ .*sample {place} "):
        program(*planted.T)


FAULTS = [
    (log, "log", -1.0),
    (sqrt, "sqrt", -1.0),
    (lambda x: 1 / x, "div", 0.0),
    (lambda x: exp(x * 1000.0), "exp", 1.0),
]


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.random
def test_a_planted_non_finite_result_is_located(seed):
    rng = random.Random(seed)
    f, name, bad = rng.choice(FAULTS)
    depth, place = rng.randrange(5), rng.randrange(50)

    def planted(x, y):
        z = x
        for _ in range(depth):
            z = z + 0.0 * tanh(y)
        return tanh(relu(f(z)) * y) + y

    xs = np.full(50, 0.3)
    program = trace(planted, 0.3, 0.5)
    program(xs, xs)
    xs[place] = bad
    with pytest.raises(DomainError, match=rf"^{name}: .*test_program\.py:\d+.*sample {place} \("):
        program(xs, np.full(50, 0.3))
    assert len(program(xs, xs, on_nonfinite="keep")) == 50


def test_a_gradient_that_does_not_exist_is_located():
    program = trace(lambda x: sqrt(x), 1.0)
    assert program(0.0) == 0.0
    with pytest.raises(DomainError, match=r"sqrt: .*sample 1"):
        program.value_and_grad(np.array([1.0, 0.0]))


def test_nothing_flows_back_into_a_branch_that_was_not_taken():
    program = trace(lambda x: where(x > 0, sqrt(x * x), 2.0 * x), 1.0)
    assert program.value_and_grad(np.array([3.0, 0.0]))[1].inputs[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ((), ArityError),
        ((1.0, 2.0, 3.0), ArityError),
        (([1.0], [2.0]), ShapeError),
        (([1.0, 2.0, 3.0], [2.0]), ShapeError),
        ((np.ones((4, 2)), np.ones(3)), ShapeError),
        (([1.0, 2.0], "a"), OperandError),
        (([1.0, np.nan], 1.0), DomainError),
        (([1.0, None], 1.0), OperandError),
        (([[1.0], [1.0, 2.0]], 1.0), ShapeError),
    ],
)
def test_wrong_inputs_are_refused_before_anything_runs(inputs, error):
    with pytest.raises(error):
        trace(lambda x, t: x[0] * x[1] * t, [1.0, 2.0], 1.0)(*inputs)


def test_shared_values_and_ties_count_as_in_the_eager_engine():
    f = lambda x, y: maximum(x, x) * dot([x, y], [y, x], x)  # noqa: E731
    values, slopes, _ = eager(f, [(2.0, 3.0)], [])
    value, grads = trace(f, 1.0, 1.0).value_and_grad(2.0, 3.0)
    assert (value, grads.inputs) == (values[0], slopes[0].tolist())


def test_the_listing_is_the_notation_of_the_lectures():
    w = Value(2.0, "w")
    assert trace(lambda x: tanh(w * x), 1.0).listing("math") == "v2 = w·x1\nv3 = tanh(v2)"


def test_importing_the_package_does_not_import_numpy():
    code = "import sys, autograd_edu; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sums_of_products_become_dots_and_these_a_matrix_product():
    ws = [[Value(0.1 * i + j) for i in range(4)] for j in range(3)]

    def f(x):
        return total([tanh(sum((w * xi for w, xi in zip(row, x, strict=True)), 1.0)) for row in ws])

    program = trace(f, [1.0, 2.0, 3.0, 4.0])
    assert sorted({slot.op for slot in fused(program).slots} & set(OPS)) == [
        "dot",
        "tanh",
        "total",
    ]
    assert [len(g.members) for g in program.runner.numpy.lifted.groups if g.kind == "matrix"] == [3]
    samples = np.random.default_rng(1).standard_normal((6, 4))
    plain = [f([Value(x) for x in sample]).data for sample in samples]
    np.testing.assert_allclose(program(samples), plain, rtol=1e-13)


def test_a_product_that_is_used_twice_is_not_taken_into_a_sum():
    def f(x, y):
        product = x * y
        return (product + x) * product

    assert {slot.op for slot in fused(trace(f, 1.0, 1.0)).slots} & set(OPS) == {"mul", "add"}


def test_a_second_pass_gives_the_same_gradients_again():
    w = Value(2.0)
    program = trace(lambda x: w * x + w, 1.0)
    assert [program.value_and_grad(3.0)[1].parameters.tolist() for _ in range(2)] == [[4.0], [4.0]]


def test_dots_of_different_inputs_stay_apart():
    ws = [Value(2.0), Value(3.0)]
    program = trace(lambda a, b, c: dot(ws, [a, b]) * dot(ws, [b, c]), 1.0, 1.0, 1.0)
    assert program(1.0, 10.0, 100.0) == 32.0 * 320.0


def test_a_branch_on_a_parameter_is_guarded_too():
    w = Value(2.0, "w")
    program = trace(lambda x: x * w if w > 0 else -x, 1.0)
    assert program(5.0) == 10.0
    program.parameter_values = [-3.0]
    with pytest.raises(BranchChanged):
        program(5.0)


@pytest.mark.parametrize("damage", [
    "", "{}", "[]", "null", "nonsense", '{"slots": 3}',
    lambda d: d.update(roots=[99]), lambda d: d.update(roots=["x"]),
    lambda d: d.update(form=1), lambda d: d.update(form={"set": [0]}),
    lambda d: d.update(argument_names=["x", "y"]), lambda d: d["slots"][-1].__setitem__(1, [0, 99]),
    lambda d: d["slots"].reverse(),
    lambda d: d.update(parameter_values=[1.0, 2.0, 3.0, 4.0]),
    lambda d: d.update(parameter_values=["x"]), lambda d: d.pop("guards"),
    lambda d: d["slots"][-1].__setitem__(1, []), lambda d: d.update(shapes=[[2]]), "[" * 100_000,
    lambda d: d["slots"][-1].__setitem__(0, ["mul"]),
    lambda d: d["slots"][-1].__setitem__(1, [0, 1, 1]), lambda d: d.update(roots=[1.0]),
    lambda d: d["slots"][0].__setitem__(1, [0]), lambda d: d["slots"][0].__setitem__(2, None),
    lambda d: d["slots"][1].__setitem__(4, "2"),
])  # fmt: skip
def test_a_text_that_is_no_program_is_refused_as_such(damage):
    text = damage
    if callable(damage):
        w = Value(2.0)
        data = json.loads(trace(lambda x: w * x, 1.0).to_json())["content"]
        damage(data)
        text = seal(data, "program")
    with pytest.raises(
        StateError, match=r"this is not a program as to_json\(\) writes it|is not a saved program"
    ):
        Program.from_json(text)


# ---- copies, threads, and inputs of every kind ---------------------------------------------------


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))],
    ids=["copy", "deep copy", "pickle"],
)
def test_a_copy_of_a_program_that_has_run_runs_by_itself(copied):
    w = [Value(0.5), Value(-1.0)]
    program = trace(lambda x: tanh(dot(w, x)), [1.0, 2.0])
    xs = np.random.default_rng(0).standard_normal((5, 2))
    first = program(xs)
    twin = copied(program)
    assert twin == program
    twin.parameter_values = [3.0, 4.0]
    np.testing.assert_allclose(twin(2 * xs), np.tanh(2 * xs @ [3.0, 4.0]), rtol=1e-14)
    _, grads = twin.value_and_grad(xs)
    assert (grads.parameters != 0).all()
    np.testing.assert_array_equal(program(xs), first)


@pytest.mark.slow
def test_threads_may_share_a_program():
    model = nn.MLP(4, [20, 20, 1], seed=0)
    program = trace(lambda x: tanh(model(x)), [0.1] * 4)
    batches = [np.random.default_rng(i).standard_normal((700, 4)) for i in range(8)]
    alone = [program.value_and_grad(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(program.value_and_grad, batches * 10))
    for i, (values, grads) in enumerate(together):
        np.testing.assert_array_equal(values, alone[i % 8][0])
        np.testing.assert_array_equal(grads.parameters, alone[i % 8][1].parameters)


def test_threads_get_the_answer_for_their_own_inputs():
    w = Value(2.0)
    program = trace(lambda x, y: w * x * y, 1.0, 1.0)
    usual = sys.getswitchinterval()

    def found(x):
        return {repr(program.value_and_grad(x, x)) for _ in range(1000)}

    expected = [{repr(program.value_and_grad(x, x))} for x in (1.0, 3.0)]
    sys.setswitchinterval(1e-6)  # so that the threads interrupt each other often
    try:
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(found, [1.0, 3.0])) == expected
    finally:
        sys.setswitchinterval(usual)


@pytest.mark.parametrize(
    "f",
    [
        lambda xs: min([math.inf, *xs]),
        lambda xs: minimum(math.inf, xs[0]),
        lambda xs: logsumexp(*xs, -math.inf),
        lambda xs: clip(xs[0], -math.inf, 2.0),
        lambda xs: total([minimum(x, Value(2.0), math.inf) for x in xs]),
    ],
    ids=["min", "minimum", "logsumexp", "clip", "total of minima"],
)
def test_infinite_numbers_that_the_author_wrote_are_no_fault(f):
    program = trace(f, [3.0, 1.0, 2.0])
    xs = [Value(x) for x in (3.5, 1.5, 2.5)]
    y = f(xs)
    y.backward()
    value, grads = program.value_and_grad([3.5, 1.5, 2.5])
    assert value == y.data
    assert grads.inputs[0].tolist() == [x.grad for x in xs]
    with pytest.raises(DomainError, match=r"input 0 \('xs'\) is not finite"):
        program([math.inf, 1.0, 2.0])
    overflowing = trace(lambda xs: f(xs) + exp(xs[0] * 1.0), [3.0, 1.0, 2.0])
    with pytest.raises(DomainError, match=r"exp: .* is not finite for sample 1 \(inf\)"):
        overflowing([[3.0, 1.0, 2.0], [1000.0, 1.0, 2.0]])


def test_inputs_of_all_blocks_are_looked_at_before_any_is_run():
    program = trace(lambda x: exp(x), 1.0)
    xs = np.ones(4500)
    xs[5], xs[4321] = 1e6, np.nan
    with pytest.raises(DomainError, match=r"input 0 \('x'\) is not finite at \(4321,\)"):
        program(xs)


def test_every_real_number_that_a_value_takes_a_program_takes():
    program = trace(lambda x: x * 0.5, 1.0)
    assert program([Fraction(1, 4), 10**30, Decimal("0.5")]).tolist() == [0.125, 5e29, 0.25]
    w = Value(1.0)
    program = trace(lambda x: x * w, 1.0)
    program.parameter_values = [Fraction(1, 4)]
    assert program(2.0) == 0.5


@pytest.mark.parametrize(
    "wrong", [["a"], ["1"], [1j], [None], [Value(1.0)], [[1.0], [1.0, 2.0]]], ids=repr
)
def test_what_are_no_numbers_are_refused_as_inputs_and_as_parameters(wrong):
    w = Value(1.0)
    program = trace(lambda x: x * w, 1.0)
    with pytest.raises((OperandError, ShapeError), match="input 0 "):
        program(wrong)
    with pytest.raises((OperandError, ShapeError), match="the values of the parameters "):
        program.parameter_values = wrong
    content = json.loads(program.to_json())["content"] | {"parameter_values": wrong}
    try:
        text = seal(content, "program")
    except TypeError:  # JSON does not know it either
        return
    with pytest.raises(StateError, match=r"this is not a program as to_json\(\) writes it"):
        Program.from_json(text)


@pytest.mark.parametrize("x", [10**400, [1.0, 10**400], Decimal("1e999")], ids=["n", "list", "d"])
def test_a_number_that_is_too_large_for_a_float_is_refused_by_its_argument_s_name(x):
    program = trace(lambda x: x * 0.5, 1.0)
    with pytest.raises(OverflowDomainError, match=r"input 0 \('x'\) must .* too large for a float"):
        program(x)


def test_masked_numbers_are_refused_as_their_mask_would_be_lost():
    program, cache = trace(lambda x: x[0] * 2.0, [1.0, 2.0]), ProgramCache(lambda x: x[0] * 2.0)
    masked = np.ma.masked_array([1.0, 2.0], [False, True])
    for call in (program, cache):
        for x in (masked, [masked, masked]):
            with pytest.raises(
                OperandError, match=r"input 0 \('x'\) has masked numbers.*x\.filled"
            ):
                call(x)
    assert cache(np.ma.masked_array([1.0, 2.0])) == 2.0  # nothing is masked


def test_a_program_says_how_large_it_is():
    w = Value(2.0, "w")
    program = trace(lambda x, y: w * x + 1.0 if x > y else w, 2.0, 1.0)
    assert repr(program) == "Program(2 inputs, 1 parameters, 2 operations, 1 guards)"
