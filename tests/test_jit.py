"""The engines that run operation by operation, the compiled one and plain Python, equal the eager
engine and leave to NumPy what is not finite. The compiled one compiles once, and is optional.

What holds for all engines is tested for all in `test_program`.
"""

import itertools
import math
import os
import random
import subprocess
import sys

import numpy as np
import pytest
from rules import replaced, row

from autograd_edu import (
    OPS,
    Program,
    Value,
    dot,
    exp,
    log,
    logsumexp,
    maximum,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    total,
    trace,
    where,
)
from autograd_edu.errors import (
    ArityError,
    BranchChanged,
    DomainError,
    OperandError,
    OptionError,
    ShapeError,
)
from autograd_edu.program import runner
from autograd_edu.program.compiled_engine import choice
from autograd_edu.program.compiled_engine import run as jit_run
from autograd_edu.program.compiled_engine.choice import Costs, chosen
from autograd_edu.program.compiled_engine.run import Interpreter
from autograd_edu.program.compiled_engine.steps import Opcode, opcodes
from autograd_edu.program.python_engine.run import PythonEngine

COUNTS = [
    (op.name, count)
    for op in OPS.values()
    for count in ((1, 2, 3, 4, 5, 40) if op.variadic else (len(op.operand_names()),))
]
COUNTS.remove(("dot", 1))


def row_of(name):
    """The operation ``name`` as a function of its operands in a row."""
    return lambda *xs: OPS[name].apply(xs)


def eager(f, columns):
    """Values and gradients, one row a sample."""
    values, slopes = [], []
    for sample in columns.T:
        xs = [Value(x) for x in sample]
        y = f(*xs)
        y.backward()
        values.append(y.data)
        slopes.append([x.grad for x in xs])
    return np.array(values), np.array(slopes).T


@pytest.fixture(params=["jit", "python"])
def engine(request):
    return request.param


def engine_of(engine, program):
    return {"jit": Interpreter, "python": PythonEngine}[engine](program.runner.program)


def run_by(engine, f, columns):
    program = trace(f, *columns[:, 0])
    columns = np.ascontiguousarray(columns)
    answer = engine_of(engine, program).run(columns, program.parameter_values, backward=True)
    assert answer is not None, "a result was not finite"
    return answer[0][0], answer[1]


def samples_of(name, count, batch):
    """Operands near the row's example, where every row is smooth and defined."""
    at = np.resize(OPS[name].example, count)
    return at[:, None] * (1 + 0.2 * np.random.default_rng(count).uniform(-1, 1, (count, batch)))


@pytest.mark.parametrize("batch", [1, 7, 100])
@pytest.mark.parametrize(("name", "count"), COUNTS)
def test_every_row_equals_the_eager_engine_in_every_sample(name, count, batch, engine):
    columns = samples_of(name, count, batch)
    values, slopes = eager(row_of(name), columns)
    replayed, by_input = run_by(engine, row_of(name), columns)
    size = (
        np.abs(columns).sum() / batch
    )  # sums cancel; of other rows the terms are no larger than the operands
    np.testing.assert_allclose(replayed, values, rtol=1e-14, atol=4e-16 * size)
    np.testing.assert_allclose(by_input, slopes, rtol=1e-14, atol=4e-16 * np.abs(slopes).max())


@pytest.mark.parametrize(("name", "count"), [(name, count) for name, count in COUNTS if count < 4])
def test_every_row_may_have_numbers_for_operands(name, count, engine):
    """Instructions for some of the operands leave the others alone."""
    columns = samples_of(name, count, 9)
    for kept in range(1, 2**count):
        at = [i for i in range(count) if kept >> i & 1]

        def f(*xs, at=at):
            given = dict(zip(at, xs, strict=True))
            return OPS[name].apply([given.get(i, float(columns[i, 0])) for i in range(count)])

        values, slopes = eager(f, columns[at])
        replayed, by_input = run_by(engine, f, columns[at])
        np.testing.assert_allclose(replayed, values, rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(by_input, slopes, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    "x",
    [
        -745.0,
        -40.0,
        -30.0,
        -1.0,
        -0.7517915246935645,
        -1e-300,
        -0.0,
        0.0,
        1e-300,
        0.5,
        1.0,
        19.0,
        40.0,
        700.0,
    ],
)
@pytest.mark.slow
def test_edges_are_those_of_the_table(x, engine):
    for name, count in COUNTS:
        for other in (x, 1.0, -0.0) if count > 1 else (x,):
            columns = np.array([[x, other, *[0.5] * 38][:count]] * 2).T
            try:
                values, slopes = eager(row_of(name), columns)
            except (DomainError, ArithmeticError):
                continue
            if np.isfinite(values).all() and np.isfinite(slopes).all():
                replayed, by_input = run_by(engine, row_of(name), columns)
                np.testing.assert_allclose(
                    replayed,
                    values,
                    rtol=1e-14,
                    atol=1e-14 * np.abs(columns).max() * (count > 1),
                    err_msg=name,
                )
                np.testing.assert_allclose(by_input, slopes, rtol=1e-13, atol=0, err_msg=name)


def test_every_row_of_the_table_is_an_instruction_of_its_own():
    made = {(code.name, code.operands) for code in opcodes() if code.kind == "slopes"}
    assert made >= {(n, count) for n, count in COUNTS if OPS[n].variadic < count < 4}


def test_a_wrong_slope_is_noticed(monkeypatch, engine):
    columns = samples_of("tanh", 1, 5)
    wrong = replaced(OPS["tanh"], local_gradients=lambda xp, y, x: (1.001 * (1.0 - y * y),))
    values, slopes = eager(row_of("tanh"), columns)
    monkeypatch.setitem(
        OPS, "tanh", wrong
    )  # it is taken apart, as it does not stand in the table's file
    replayed, by_input = run_by(engine, wrong, columns)
    np.testing.assert_allclose(replayed, values, rtol=1e-14)
    np.testing.assert_allclose(by_input / slopes, np.full((1, 5), 1.001), rtol=1e-14)


def test_a_row_that_a_user_registers_is_run_without_compiling(engine):
    before = dict(opcodes())
    name = "test_jit_softsign"
    softsign = row(
        name,
        lambda xp, x: x / (1.0 + abs(x)),
        lambda xp, y, x: (1.0 / ((1.0 + abs(x)) * (1.0 + abs(x))),),
        "x/(1 + abs(x))",
        ("1/(1 + abs(x))**2",),
        (0.5,),
    )
    try:
        columns = np.linspace(-3, 3, 25)[None]
        replayed, by_input = run_by(
            engine, lambda x: softsign(x) * 2.0 + softsign(softsign(x)), columns
        )
        inner = columns / (1 + np.abs(columns))
        np.testing.assert_allclose(
            replayed, (2 * inner + inner / (1 + np.abs(inner)))[0], rtol=1e-14, atol=1e-16
        )
        slope = 1 / (1 + np.abs(columns)) ** 2
        np.testing.assert_allclose(by_input, slope * (2 + 1 / (1 + np.abs(inner)) ** 2), rtol=1e-14)
        assert opcodes() == before
    finally:
        del OPS[name]


def model(w, b):
    """Uses of every kind: parameters alone, inputs, shared values, long sums, both branches."""

    def f(x, y):
        scale = exp(w * b)
        hidden = [
            tanh(w * x + b * y),
            relu(scale * x - y),
            sigmoid(x) ** 3.0,
            dot([w, x, scale], [x, y, y], b),
        ]
        chosen = where(x > y, log(2.5 + x), hidden[0])
        return total(*hidden, hidden[1], chosen) * maximum(x, y, w) + logsumexp(*hidden, b)

    return f


@pytest.mark.parametrize("batch", [1, 7, 8, 9, 100])
def test_parameters_are_shared_and_their_gradients_summed(batch, engine):
    w, b = Value(0.7), Value(-0.3)
    f = model(w, b)
    columns = np.random.default_rng(0).uniform(-1, 1, (2, batch))
    program = trace(f, 0.5, 0.2)
    program.engine = engine
    value, grads = program.value_and_grad(*columns)
    for p in (w, b):
        p.clear_grad()
    values, slopes = eager(f, columns)
    terms = np.abs(values).max()  # where a result is small, terms of this size have cancelled
    np.testing.assert_allclose(value, values, rtol=1e-14, atol=1e-15 * terms)
    np.testing.assert_allclose(np.array(grads.inputs), slopes, rtol=1e-12)
    np.testing.assert_allclose(grads.parameters, [p.grad for p in program.parameters], rtol=1e-12)


def test_a_sample_does_not_depend_on_the_batch_it_stands_in(engine):
    interpreter = engine_of(engine, trace(model(Value(0.7), Value(-0.3)), 0.5, 0.2))
    columns, own = np.random.default_rng(0).uniform(-1, 1, (2, 21)), np.array([0.7, -0.3])
    values, by_input, _ = interpreter.run(columns, own, backward=True)
    for k in range(21):
        alone = interpreter.run(columns[:, k : k + 1].copy(), own, backward=True)
        assert (values[0, k], by_input[:, k].tolist()) == (alone[0][0, 0], alone[1][:, 0].tolist())


def test_a_result_of_parameters_alone_counts_once_a_sample(engine):
    w = Value(3.0)
    program = trace(lambda x: w * w, 1.0)
    program.engine = engine
    value, grads = program.value_and_grad(np.zeros(11))
    assert (value.tolist(), grads.inputs[0].tolist(), grads.parameters.tolist()) == (
        [9.0] * 11,
        [0.0] * 11,
        [66.0],
    )


def test_inputs_that_nothing_uses_and_results_that_are_inputs(engine):
    program = trace(lambda x, y: x, 1.0, 2.0)
    program.engine = engine
    value, grads = program.value_and_grad(np.arange(9.0), np.zeros(9))
    assert (value.tolist(), [g.tolist() for g in grads.inputs]) == (
        [*range(9)],
        [[1.0] * 9, [0.0] * 9],
    )


@pytest.mark.parametrize("size", [1, 3, 4, 33, 1000])
def test_long_chains_and_wide_sums(size, engine):
    def f(x):
        for _ in range(size):
            x = x * 0.5 + 1.0
        return total(*[x * float(k) for k in range(size)])

    columns = np.linspace(-1, 1, 10)[None]
    values, slopes = eager(f, columns)
    replayed, by_input = run_by(engine, f, columns)
    np.testing.assert_allclose(replayed, values, rtol=1e-13)
    np.testing.assert_allclose(by_input, slopes, rtol=1e-13)


# ---- what it leaves to NumPy ----


@pytest.mark.parametrize("place", [0, 5, 20])
def test_a_branch_change_and_a_fault_in_any_sample_give_no_answer(place, engine):
    rng = random.Random(place)
    xs = np.array([rng.uniform(0.5, 1.5) for _ in range(21)])
    program = trace(lambda x: sqrt(x) if x > 0.25 else x, 1.0)
    program.engine = engine
    interpreter = engine_of(engine, program)
    none = np.zeros(0)
    assert interpreter.run(xs[None], none, backward=True) is not None
    xs[place] = 0.2
    assert interpreter.run(xs[None], none, backward=True) is None
    with pytest.raises(BranchChanged, match=f"sample {place} "):
        program(xs)
    faulty = trace(lambda x: log(x - 0.2), 1.0)
    faulty.engine = engine
    with pytest.raises(DomainError, match=rf"^log: .* sample {place} \("):
        faulty(xs)
    assert faulty(xs, on_nonfinite="keep")[place] == -math.inf
    with pytest.raises(DomainError, match=f"gradient of sqrt.* sample {place}"):
        _ = trace(lambda x: sqrt(x - 0.2), 1.0).value_and_grad(xs)


def test_a_result_that_is_finite_after_a_number_that_is_not_gives_no_answer(engine):
    made = engine_of(engine, trace(lambda x: 1.0 / (x * x), 1.0))
    for x, answered in ((1e100, True), (1e200, False)):
        found = made.run(np.array([[x]]), np.zeros(0), backward=False)
        assert (found is not None) == answered


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_guards_of_every_sign_hold_at_the_corner_as_traced(sign, engine):
    holds = {
        "<": lambda x: x < 1,
        "<=": lambda x: x <= 1,
        ">": lambda x: x > 1,
        ">=": lambda x: x >= 1,
    }[sign]
    for start in (0.0, 1.0, 2.0):
        interpreter = engine_of(engine, trace(lambda x: x * 2 if holds(x) else -x, start))
        for x in (0.0, 1.0, 2.0):
            answered = (
                interpreter.run(np.array([[start, x]]), np.zeros(0), backward=False) is not None
            )
            assert answered == (holds(x) == holds(start))


def test_a_pass_that_was_broken_off_leaves_nothing_behind(engine):
    w = Value(2.0)
    program = trace(lambda x: log(w * x) * w, 1.0)
    interpreter, xs = engine_of(engine, program), np.linspace(1.0, 2.0, 30)
    first = interpreter.run(xs[None], program.parameter_values, backward=True)
    assert (
        interpreter.run(np.where(xs > 1.9, -xs, xs)[None], program.parameter_values, backward=True)
        is None
    )
    again = interpreter.run(xs[None], program.parameter_values, backward=True)
    assert [part.tolist() for part in first] == [part.tolist() for part in again]


@pytest.mark.parametrize("others", [None, 0, 29])
def test_a_gradient_that_does_not_exist_leaves_nothing_behind(others, engine):
    """By then exp(w), which is the same for every sample, has got part of its gradient."""
    w = Value(0.0)
    program = trace(lambda x: exp(w) * (sqrt(x) + 1.0), 1.0)
    program.engine = engine
    good, bad = (4.0, 0.0) if others is None else ([4.0] * others + [x] for x in (4.0, 0.0))
    for _ in range(3):
        _, gradients = program.value_and_grad(good)
        assert gradients.parameters == 3.0 * np.size(good)
        with pytest.raises(DomainError, match="sqrt"):
            program.value_and_grad(bad)


def test_a_pass_that_was_broken_off_does_not_disturb_one_of_another_size():
    program = trace(lambda x: log(x) * x, 1.0)
    interpreter, xs = Interpreter(program.runner.program), np.linspace(1.0, 2.0, 30)[None]
    first = interpreter.run(xs, np.zeros(0), backward=True)
    assert interpreter.run(np.where(xs > 1.9, -xs, xs), np.zeros(0), backward=True) is None
    assert interpreter.run(xs[:, :1], np.zeros(0), backward=True) is not None
    again = interpreter.run(xs, np.zeros(0), backward=True)
    assert [part.tolist() for part in first] == [part.tolist() for part in again]


@pytest.mark.parametrize("earlier", [0, 2, 29])
@pytest.mark.parametrize("x", [0.5, [0.5, 0.25]], ids=["a sample", "a batch"])
def test_control_c_at_any_moment_of_a_call_does_not_disturb_later_calls(x, earlier):
    """Control C raises KeyboardInterrupt between lines of the engine; here, before the n-th."""

    def answer_after_interrupting(n):
        w = Value(2.0)
        program = trace(lambda x: w * exp(x), 1.0)
        program.engine = "jit"
        for _ in range(earlier):
            program.value_and_grad(x)
        lines = itertools.count()

        def interrupt(frame, event, arg):
            if frame.f_code.co_filename != jit_run.__file__:
                return None
            if event == "line" and next(lines) == n:
                raise KeyboardInterrupt
            return interrupt

        usual = sys.gettrace()
        sys.settrace(interrupt)
        try:
            program.value_and_grad(x)
            return None
        except KeyboardInterrupt:
            sys.settrace(usual)
            return repr(program.value_and_grad(x))
        finally:
            sys.settrace(usual)

    found = list(itertools.takewhile(bool, map(answer_after_interrupting, itertools.count())))
    w = Value(2.0)
    undisturbed = trace(lambda x: w * exp(x), 1.0)
    undisturbed.engine = "jit"
    assert len(found) > 10
    assert set(found) == {repr(undisturbed.value_and_grad(x))}


# ---- loops ----


def filtered(x, noise):
    """A filter with a sum over its rounds, beside a loop of its own."""
    p, loss = x, []
    for k in range(60):
        p = 0.9 * p + 0.1 / (1.0 + noise)
        loss.append(log(p + noise) + (x - 0.01 * k) ** 2 / (p + noise))
        p = p * noise / (p + noise)
    for _ in range(60):
        x = sigmoid(x * p) + w_of_loops * x
    return total(loss) + x


w_of_loops = Value(0.3)


def looking_back(x, y):
    """A round that reads what the first round has just computed, and later ones long ago."""
    rows = []
    for k in range(60):
        rows += [y * x]
        rows += [tanh(rows[-1])]
        y = rows[-1] + rows[k + 1]
        rows += [y]
    return y


def sharing(x, y):
    """Every round adds to the gradient of one number and of the round before."""
    start = exp(x)
    for _ in range(60):
        y = maximum(y * start, sqrt(start) - y, 0.5 * y) * 0.9
    return y


def run_often(interpreter, *args, times=30):
    """The first answer, and the one after the rounds were compiled."""
    first = interpreter.run(*args, backward=True)
    for _ in range(times):
        last = interpreter.run(*args, backward=True)
    return first, last


@pytest.mark.parametrize("samples", [1, 21])
@pytest.mark.parametrize(
    ("f", "loops"),
    [(filtered, True), (sharing, True), (looking_back, False), (model(Value(1.0), 0.5), False)],
)
def test_the_rounds_of_a_loop_become_machine_code_that_computes_the_same_bits(f, loops, samples):
    program = trace(f, 0.5, 0.7)
    interpreter = Interpreter(program.runner.program)
    xs = np.random.default_rng(0).uniform(0.3, 0.9, (2, samples))
    first, last = run_often(interpreter, xs, program.parameter_values)
    assert [part.tolist() for part in first] == [part.tolist() for part in last]
    assert any(interpreter.owners.values()) == loops


def test_the_rounds_of_a_loop_are_compiled_for_calls_as_well():
    program = trace(filtered, 0.5, 0.7)
    program.engine = "jit"
    answers = [program.value_and_grad(0.5, 0.7) for _ in range(40)]
    assert any(program.runner.interpreter.owners.values())
    assert len(set(map(repr, answers))) == 1


@pytest.fixture
def called_often():
    """A program of two arguments, and how it answers after many calls."""
    w = Value(2.0)
    program = trace(lambda x, y: w * x[0] * log(x[1]) + y, [1.0, 2.0], 3.0)
    program.engine = "jit"
    for _ in range(40):
        program.value_and_grad(np.array([1.0, 2.0]), 3.0)
    return program


def test_a_call_that_was_made_often_gives_numbers_of_its_own(called_often):
    first, gradients = called_often.value_and_grad(np.array([1.0, math.e]), 3.0)
    called_often.parameter_values = [5.0]
    second, others = called_often.value_and_grad(np.array([2.0, math.e]), 3.0)
    assert (first, second) == (5.0, 13.0)
    assert gradients.inputs[0].tolist() == [2.0, 2.0 / math.e]
    assert others.inputs[0].tolist() == [5.0, 10.0 / math.e]
    assert (gradients.inputs[1], gradients.parameters.tolist()) == (1.0, [1.0])
    assert called_often.value_and_grad([1, math.e], 3, wrt="parameters") == (8.0, (None, [1.0]))
    assert called_often(np.array([1.0, 1.0]), np.float64(3.0)) == 3.0
    assert called_often(np.ones((4, 2)), 3.0).tolist() == [3.0] * 4


def test_a_batch_of_one_that_was_given_often_is_answered_as_a_batch(called_often):
    xs, ys = np.array([[1.0, math.e]]), np.array([3.0])
    values, ((by_x, by_y), _) = called_often.value_and_grad(xs, ys, wrt="inputs")
    assert (values.tolist(), by_x.tolist(), by_y.tolist()) == ([5.0], [[2.0, 2.0 / math.e]], [1.0])
    values, gradients = called_often.value_and_grad(xs, 3.0)
    assert (values.shape, gradients.inputs[0].shape, gradients.inputs[1]) == ((1,), (1, 2), 1.0)
    assert called_often(xs[0], ys).tolist() == called_often(xs, 3.0).tolist() == [5.0]
    assert called_often(xs, np.array(3.0)).tolist() == [5.0]
    assert called_often(xs[0], ys[0]) == 5.0


@pytest.mark.parametrize(
    ("inputs", "options", "error", "why"),
    [
        ((np.ones(2),), {}, ArityError, "takes 2 inputs"),
        ((np.ones(3), 1.0), {}, ShapeError, r"must have the shape \(2,\)"),
        ((1.0, 1.0), {}, ShapeError, r"must have the shape \(2,\)"),
        ((np.ones(2), np.ones((2, 2))), {}, ShapeError, "must be a number"),
        ((np.ones(2), "1"), {}, OperandError, "real numbers"),
        ((np.ones(2), math.nan), {}, DomainError, "not finite"),
        ((-np.ones(2), 1.0), {}, DomainError, "not finite"),
        ((np.ones(2), 1.0), {"wrt": "input"}, OptionError, "did you mean 'inputs'"),
        ((np.ones(2), 1.0), {"on_nonfinite": "kept"}, OptionError, "did you mean 'keep'"),
    ],
)
def test_a_call_that_was_made_often_is_still_checked(called_often, inputs, options, error, why):
    with pytest.raises(error, match=why):
        called_often.value_and_grad(*inputs, **options)
    assert called_often(np.array([1.0, 1.0]), 3.0) == 3.0


def test_what_is_not_finite_in_the_rounds_of_a_loop_gives_no_answer():
    def f(x):
        for _ in range(50):
            x = log(x) + 2.0
        return x

    interpreter = Interpreter(trace(f, 3.0).runner.program)
    first, _ = run_often(interpreter, np.array([[3.0]]), np.zeros(0))
    assert interpreter.run(np.array([[0.1]]), np.zeros(0), backward=True) is None
    again = interpreter.run(np.array([[3.0]]), np.zeros(0), backward=True)
    assert [part.tolist() for part in first] == [part.tolist() for part in again]


def test_a_guard_in_the_last_round_of_a_loop_is_checked_after_many_calls():
    def f(x):
        for _ in range(40):
            x = x * 1.05
            assert all(x < most for most in (9.0, 10.0, 11.0))
        return x

    program = trace(f, 1.0)
    program.engine = "jit"
    assert [program(1.0) for _ in range(40)] == [program(1.0)] * 40
    with pytest.raises(BranchChanged, match=r"< 9 .* is False for sample 0 "):
        program(9.1 / 1.05**40)  # too large for the last such guard only
    assert program(8.9 / 1.05**40) == pytest.approx(8.9)


# ---- the choice ----


def test_irregular_programs_are_interpreted_and_large_matrices_are_not():
    ws = [[Value(0.1 * i - 0.05 * j) for j in range(64)] for i in range(64)]

    def layers(x):
        for _ in range(2):
            x = [tanh(dot(w, x)) for w in ws]
        return total(*x)

    def chained(x):
        for _ in range(50):
            x = tanh(x * 0.9)
        return x

    matrices = Costs.of(trace(layers, [0.1] * 64).runner.program)
    chain = Costs.of(
        trace(lambda x: [x := tanh(x * 0.9) for _ in range(50)][-1], 0.5).runner.program
    )
    assert [chosen("auto", chain, n) for n in (10, 100, 10_000)] == ["jit"] * 3
    assert [chosen("auto", matrices, n) for n in (1, 10_000)] == ["numpy"] * 2
    assert [chosen(name, chain, 1) for name in ("numpy", "jit", "python")] == [
        "numpy",
        "jit",
        "python",
    ]
    assert chain.fastest(1, compiles=False)[0] == "python"
    assert chain.fastest(10_000, compiles=False)[0] == "numpy"


def loop(rounds):
    """An irregular program of ``rounds`` rounds."""

    def f(x):
        for _ in range(rounds):
            x = x + 0.01 * x / (1.0 + x * x)
        return x

    return f


def test_rounds_of_a_loop_are_compiled_by_python_once():
    def texts(rounds):
        made = engine_of("python", trace(loop(rounds), 0.5))
        assert made.run(np.array([[0.5]]), np.zeros(0), backward=True) is not None
        return len(made.functions), len(made.pieces)

    assert texts(400)[0] == texts(200)[0] < 8
    assert texts(400)[1] > 10


@pytest.fixture
def without_numba(monkeypatch):
    """Numba seems to be missing, and a hint was not given yet; waiting is not needed."""
    for module in (runner, choice):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    monkeypatch.setattr(choice, "_WAITED", 0.0)
    choice.say_once.cache_clear()
    choice.chosen.cache_clear()
    yield monkeypatch
    choice.say_once.cache_clear()
    choice.chosen.cache_clear()


def test_the_command_that_installs_numba_is_logged_once(without_numba, caplog):
    for _ in range(2):
        program = trace(loop(100), 0.5)
        assert (program(0.1), program(0.1)) == (program(0.1),) * 2
    assert [record.getMessage() for record in caplog.records] == [
        "this program would run more than ten times faster with Numba: "
        "pip install 'autograd-edu[jit]'"
    ]


@pytest.mark.parametrize(
    "why", ["installed", "switched off", "a browser", "quick so far", "helps little", "NumPy asked"]
)
def test_no_hint_is_given_where_numba_is_no_help(without_numba, caplog, why):
    f, engine = loop(100), "auto"
    match why:
        case "installed":
            without_numba.setattr(runner, "is_installed", lambda: True)
        case "switched off":
            without_numba.setattr(choice, "find_spec", lambda name: "found")
        case "a browser":
            without_numba.setattr(sys, "platform", "emscripten")
        case "quick so far":
            without_numba.setattr(choice, "_WAITED", 1e99)
        case "helps little":
            f = loop(1)
        case "NumPy asked":
            engine = "numpy"
    program = trace(f, 0.5)
    program.engine = engine
    for _ in range(3):
        program(0.1)
    assert not caplog.records


def test_an_engine_that_there_is_not_is_refused():
    program = trace(lambda x: x * x, 1.0)
    program.engine = "gpu"
    with pytest.raises(
        ValueError, match="unknown engine 'gpu'; choose from 'auto', 'numpy', 'jit', 'python'"
    ):
        program(2.0)


def test_the_same_call_takes_the_same_engine_however_many_calls_came_before():
    costs = Costs(groups=1000, products=0, operands=2000, instructions=4000)
    assert {chosen("auto", costs, 1) for _ in range(1000)} == {"jit"}


def test_the_same_call_gives_the_same_bits_whatever_engine_was_asked_for_before():
    f = lambda x, y: exp(sin(x) * y) * log(x) + tanh(y)  # noqa: E731 - traced twice
    given = [(x, y) for x in (0.5, 0.7, 0.9, 1.1) for y in (0.3, 1.7)]
    expected = [repr(trace(f, 1.0, 1.0).value_and_grad(x, y)) for x, y in given]
    program = trace(f, 1.0, 1.0)
    for engine, x in (("jit", 1.0), ("python", 1.0), ("numpy", 1.0), ("auto", np.ones(100))):
        program.engine = engine
        program.value_and_grad(x, x)
    assert [repr(program.value_and_grad(x, y)) for x, y in given] == expected


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, *_):
        if name.partition('.')[0] in ('numba', 'llvmlite'):
            raise ModuleNotFoundError(name)
import importlib.util
real = importlib.util.find_spec
missing = 'numba', 'llvmlite'
importlib.util.find_spec = (
    lambda name, *a: None if name.partition('.')[0] in missing else real(name, *a)
)
sys.meta_path.insert(0, Missing())
from autograd_edu import exp, trace
program = trace(lambda x: exp(x) * x, 1.0)
print(program.value_and_grad(0.0)[1].inputs[0], 'numba' in sys.modules)
program.engine = 'jit'
try:
    program(0.0)
except ImportError as error:
    print(error)
"""


@pytest.mark.slow
def test_without_numba_everything_works_and_asking_for_it_says_what_to_install():
    printed = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert printed == [
        "1.0 False",
        "the compiled interpreter needs Numba: pip install 'autograd-edu[jit]'",
    ]


def test_numba_switched_off_counts_as_not_there(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    jit_run.is_installed.cache_clear()
    try:
        assert not jit_run.is_installed()
    finally:
        monkeypatch.undo()
        jit_run.is_installed.cache_clear()
    assert jit_run.is_installed()


# ---- compiling ----

COMPILED = """
from autograd_edu import exp, trace
from autograd_edu.program.compiled_engine.machine import machine
program = trace(lambda x: exp(x) * x, 1.0)
program.engine = 'jit'
program(0.0)
stats = machine(1).stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


@pytest.mark.slow
def test_a_second_process_finds_the_machine_in_the_cache(tmp_path):
    run = [sys.executable, "-W", "error", "-c", COMPILED]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    printed = [
        subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout
        for _ in range(2)
    ]
    assert printed == ["0 1\n", "1 0\n"]


def test_a_changed_table_is_another_machine(monkeypatch):
    from autograd_edu.program.compiled_engine import machine as jit_machine

    before = jit_machine.fingerprint(8)
    assert jit_machine.fingerprint(8) == before != jit_machine.fingerprint(1)
    monkeypatch.setattr(
        jit_machine, "opcodes", lambda: {**opcodes(), Opcode("value", "another", 1): 999}
    )
    assert jit_machine.fingerprint(8) != before
    monkeypatch.undo()
    monkeypatch.setattr(OPS["sin"], "slopes", ("-cos(x)",))
    assert jit_machine.fingerprint(8) != before


def test_every_program_uses_the_same_machine():
    from autograd_edu.program.compiled_engine.machine import machine

    programs = [trace(f, 0.5) for f in (lambda x: x * x, lambda x: tanh(x) + x)]
    for program in programs:
        program.engine = "jit"
        program(np.ones(3))
    machines = [program.runner.interpreter.machines[8].func for program in programs]
    (compiled,) = machine(8).overloads.values()
    assert machines[0] is machines[1] is compiled.entry_point
    assert len(machine(8).signatures) == 1


def test_a_program_from_json_is_interpreted_too():
    program = trace(model(Value(0.7), Value(-0.3)), 0.5, 0.2)
    again = Program.from_json(program.to_json())
    program.engine = again.engine = "jit"
    assert again(0.1, 0.2) == program(0.1, 0.2)


@pytest.mark.parametrize("engine", ["jit", "python", "numpy"])
@pytest.mark.parametrize("shape", [(2,), (1, 2), (20, 2)])
def test_an_input_that_nobody_may_write_to_is_as_good_as_any(shape, engine):
    program = trace(lambda x: x[0] * x[1], [1.0, 2.0])
    program.engine = engine
    x = np.full(shape, 3.0)
    x.setflags(write=False)
    y, gradients = program.value_and_grad(x)
    assert np.all(y == 9.0)
    assert np.all(gradients.inputs[0] == 3.0)
