"""A program printed as plain NumPy runs by itself, and gives the numbers that the program gives."""

import ast
import math
from collections import Counter

import numpy as np
import pytest
from replay_graphs import Truth, attending, over_batch, random_graph, replayed
from rules import row, stacked_row

from autograd_edu import (
    OPS,
    Value,
    maximum,
    relu,
    sigmoid,
    sin,
    sqrt,
    total,
    trace,
    trace_graph,
    where,
)
from autograd_edu.nn import MLP
from autograd_edu.program.ir import Gradients


def executed(text, name):
    """A printed function, executed with nothing but what it imports itself."""
    space = {
        "__builtins__": {
            "__import__": __import__,
            "float": float,
            "slice": slice,
            "ValueError": ValueError,
        }
    }
    exec(text, space)
    return space[name]


def run(program, *inputs):
    return executed(program.listing("python"), "program")(program.parameter_values, *inputs)


class Printed:
    """The printed way there and back, in the manner of a program."""

    def __init__(self, program):
        self.program = program
        self.function = executed(program.listing("python", gradients=True), "value_and_grad")

    def value_and_grad(self, *inputs):
        value, (of_inputs, of_parameters) = self.function(self.program.parameter_values, *inputs)
        return value if inputs else value.item(), Gradients(of_inputs, of_parameters)


def assert_gradients(program, *inputs, rtol=1e-12):
    value, grads = Printed(program).value_and_grad(*inputs)
    expected, wanted = program.value_and_grad(*inputs)
    np.testing.assert_allclose(value, expected, rtol=rtol)
    assert len(grads.inputs) == len(wanted.inputs)
    for a, b in zip(
        [*grads.inputs, grads.parameters], [*wanted.inputs, wanted.parameters], strict=True
    ):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)


NEURONS = '''import numpy as np


def program(parameters, x1, x2):
    """Inputs x1 (batch, 2), x2 (batch,); parameters (9,). Returns (batch,)."""
    x1 = np.asarray(x1, float).reshape(-1, 2).T  # one column per sample
    x2 = np.asarray(x2, float).reshape(-1, 1).T  # one column per sample
    parameters = np.asarray(parameters, float).reshape(9, 1)
    layer1 = parameters[0:6].reshape(2, 3)
    W1, b1 = layer1[:, :-1], layer1[:, -1:]
    h1 = np.maximum(W1 @ x1 + b1, 0.0)
    layer2 = parameters[6:9].reshape(1, 3)
    W2, b2 = layer2[:, :-1], layer2[:, -1:]
    error = W2 @ h1 + b2 - x2
    loss = error * error
    return loss.reshape(-1)
'''


BACKWARD = """
    # backward pass: the gradient of the sum of the results
    loss_grad = np.ones_like(loss)
    error_grad = 2.0 * error * loss_grad
    W2_grad = error_grad @ h1.T
    b2_grad = np.sum(error_grad, axis=1, keepdims=True)
    z1_grad = np.where(z1 > 0.0, 1.0, 0.0) * (W2.T @ error_grad)
    W1_grad = z1_grad @ x1.T
    b1_grad = np.sum(z1_grad, axis=1, keepdims=True)
    x1_grad = W1.T @ z1_grad
    x2_grad = -error_grad
    parameters_grad = np.concatenate([np.hstack([W1_grad, b1_grad]).reshape(6, 1), \
np.hstack([W2_grad, b2_grad]).reshape(3, 1)])
    return loss.reshape(-1), ([x1_grad.T.reshape(-1, 2), x2_grad.reshape(-1)], \
parameters_grad.reshape(-1))
"""


def labelled_loss():
    model = MLP(2, [2, 1], seed=0)

    def f(x, t):
        error = model(x) - t
        error.label = "error"
        loss = error**2
        loss.label = "loss"
        return loss

    return trace(f, [0.5, -1.0], 1.0)


def test_a_network_reads_as_the_lines_a_person_would_write():
    assert labelled_loss().listing("python") == NEURONS


def test_the_backward_pass_reads_as_the_matrix_rules():
    there = NEURONS.replace("program(", "value_and_grad(").replace(
        "parameters (9,). Returns (batch,).",
        "parameters (9,).\n\n    Returns (batch,), ([the gradients of the inputs, per sample]"
        ","
        " the gradient of the parameters).",
    )
    there = there.replace(
        "h1 = np.maximum(W1 @ x1 + b1, 0.0)", "z1 = W1 @ x1 + b1\n    h1 = np.maximum(z1, 0.0)"
    )
    assert labelled_loss().listing("python", gradients=True) == there.replace(
        "\n    return loss.reshape(-1)\n", BACKWARD
    )


def test_a_network_gives_the_same_numbers():
    program, rng = labelled_loss(), np.random.default_rng(0)
    x, t = rng.standard_normal((50, 2)), rng.standard_normal(50)
    np.testing.assert_allclose(run(program, x, t), program(x, t), rtol=1e-13)
    program.parameter_values = rng.standard_normal(9)
    np.testing.assert_allclose(run(program, x, t), program(x, t), rtol=1e-13)
    assert run(program, x[0], t[0]) == pytest.approx(program(x[0], t[0]), rel=1e-13)
    assert_gradients(program, x, t)


@pytest.mark.parametrize("first", range(0, 200, 20))
@pytest.mark.random
def test_random_graphs_give_the_same_numbers(first):
    for seed in range(first, first + 20):
        graph = random_graph(seed)
        program, _ = replayed(graph, engine="numpy")
        if graph.shapes:
            expected, given = (
                program(*graph.columns(graph.samples)),
                run(program, *graph.columns(graph.samples)),
            )
        else:
            expected, given = program(), run(program)
        np.testing.assert_allclose(
            given, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max(), err_msg=f"seed {seed}"
        )


DECIDED = (1000, 1031, 1416)  # graphs with choices that constants decide


@pytest.mark.parametrize(
    "seeds",
    [*[range(first, first + 20) for first in range(0, 200, 20)], DECIDED],
    ids=lambda seeds: str(seeds[0]),
)
@pytest.mark.random
def test_random_graphs_give_the_same_gradients(seeds):
    for seed in seeds:
        graph = random_graph(seed)
        program, used = replayed(graph, engine="numpy", declared=bool(seed % 2))
        assert (
            Truth.of(graph).faults(*over_batch(Printed(program), graph, graph.samples), used) == []
        ), seed


def test_a_wrong_gradient_of_a_printed_function_is_seen():
    graph = random_graph(3)
    program, used = replayed(graph, engine="numpy")
    printed = Printed(program)
    right = printed.function
    printed.function = lambda *xs: (lambda v, g: (v, (g[0], g[1] * (1 + 1e-9))))(*right(*xs))
    assert (
        "gradient of weight"
        in Truth.of(graph).faults(*over_batch(printed, graph, graph.samples), used)[0]
    )


def test_attention_gives_the_same_numbers():
    rng = np.random.default_rng(1)
    program, xs = attending(rng), rng.standard_normal((7, 5, 4))
    np.testing.assert_allclose(run(program, xs), program(xs), rtol=1e-12)
    assert_gradients(program, xs)


def test_a_layer_on_several_vectors_takes_all_of_them_as_columns_of_one_matrix():
    layer, tanh = MLP(2, [3], seed=0), OPS["tanh"]
    program = trace(
        lambda xs: total([tanh(z) for x in xs for z in layer(x)]), [[0.5, -1.0], [1.0, 2.0]]
    )
    text = program.listing("python", gradients=True)
    assert "z1_grad.reshape(3, -1) @ x.reshape(2, -1).T" in text
    assert_gradients(program, np.random.default_rng(2).standard_normal((7, 2, 2)))


def test_a_product_and_a_bias_are_written_with_signs_alone():
    program = trace(lambda x, y: sin(x * y + 0.5) * y + x, 0.5, 2.0)
    text = program.listing("python", gradients=True)
    assert "np.sin(x1 * x2 + 0.5) * x2 + x1\n" in program.listing("python")
    assert "np.sum(" not in text
    assert_gradients(program, [0.5, 0.7], [1.0, 2.0])


def test_a_bias_that_lies_apart_from_its_weights_is_added_as_it_is():
    rng = np.random.default_rng(4)
    rows = [[Value(x) for x in row] for row in rng.standard_normal((5, 4))]
    biases = [Value(x) for x in rng.standard_normal(5)]
    own = [w for row in rows for w in row] + biases

    def f(x):
        h = [OPS["dot"](row, x, bias) for row, bias in zip(rows, biases, strict=True)]
        return total([OPS["tanh"](z) for z in h])

    program = trace(f, [0.1, 0.2, 0.3, 0.4], parameters=own)
    text = program.listing("python", gradients=True)
    assert "W1 @ x + parameters[20:25]\n" in text
    assert "np.take" not in text
    assert_gradients(program, rng.standard_normal((7, 4)))


def test_an_expression_that_both_passes_need_is_named_once():
    def f(x, y):
        a, b = sin(x * 2.0), sin(y * 3.0)
        c, d = sin(x * a), sin(y * b)
        return sin(x * c) * sin(y * d)

    text = trace(f, 0.5, 2.0).listing("python", gradients=True)
    assert text.count(" = np.concatenate([x1, x2])\n") == 1
    assert_gradients(trace(f, 0.5, 2.0), [0.5, 0.7], [1.0, 2.0])


def test_gradients_that_go_to_the_same_numbers_are_added_before_they_are_put_together():
    def f(x, y):
        rate = x[0] * y[0]
        return (x[1] - rate * y[0]) * (rate * y[1] + 0.5)

    program = trace(f, [0.5, 0.7], [1.0, 2.0])
    text = program.listing("python", gradients=True)
    assert "scatter" not in text
    assert " + -" not in text
    assert_gradients(program, [[0.5, 0.7], [3.0, -1.0]], [[1.0, 2.0]] * 2)


def test_a_term_that_comes_twice_in_a_gradient_is_doubled():
    program = trace(lambda x: sin(x * x), 0.5)
    assert "2.0 * (x * " in program.listing("python", gradients=True)
    assert_gradients(program, [0.5, -2.0])


def test_the_backward_pass_reads_what_the_forward_pass_has_computed():
    program = trace(lambda xs: total([sigmoid(x) for row in xs for x in row]), [[0.5, -1.0]] * 2)
    assert program.listing("python", gradients=True).count("np.exp(") == 1


def test_results_of_parameters_alone_and_of_constants():
    w = Value(0.5, "w")
    assert run(trace_graph(sigmoid(w * 2.0))) == pytest.approx([1 / (1 + np.exp(-1.0))])
    assert run(trace(lambda x: Value(0.0) * x + 3.0, 1.0), [1.0, 2.0]).tolist() == [3.0, 3.0]
    np.testing.assert_array_equal(run(trace(lambda x: w * 3.0, 1.0), [1.0, 2.0]), [1.5, 1.5])
    assert_gradients(trace(lambda x: w * 3.0, 1.0), [1.0, 2.0])
    assert_gradients(trace(lambda x: w, 1.0), [1.0, 2.0])
    assert_gradients(trace(lambda x: x[1], [1.0, 2.0]), [[1.0, 2.0], [3.0, 4.0]])
    assert_gradients(
        trace(lambda x, none: w * x[0][1], [[1.0, 2.0]], []), np.ones((3, 1, 2)), np.ones((3, 0))
    )
    assert_gradients(trace(lambda x: Value(0.0) * x + 3.0, 1.0), [1.0, 2.0])


def test_branches_that_are_kept_and_branches_that_are_guarded():
    kept = trace(lambda x: where(x > 0.0, x * x, -x), 1.0)
    np.testing.assert_array_equal(run(kept, [2.0, -3.0]), [4.0, 3.0])
    assert_gradients(kept, [2.0, -3.0])
    assert_gradients(trace(lambda x: where(x > 0.0, sqrt(maximum(x, 0.0)), -x), 1.0), [2.0, -3.0])
    guarded = trace(lambda x: x * x if x > 0.0 else -x, 1.0)
    np.testing.assert_array_equal(run(guarded, [2.0, 3.0]), [4.0, 9.0])
    with pytest.raises(ValueError, match=r"these inputs take another branch at test_listing\.py"):
        run(guarded, [2.0, -3.0])
    assert_gradients(guarded, [2.0, 3.0])
    with pytest.raises(ValueError, match=r"these inputs take another branch at test_listing\.py"):
        Printed(guarded).value_and_grad([2.0, -3.0])


HOSTILE = [
    "x; import os",
    "import",
    "np",
    "float",
    "ValueError",
    "parameters",
    "n",
    "None",
    "1x",
    "ünï",
    "a\nb",
    "__import__('os')",
    "value_and_grad",
    "parameters_grad",
    "x1_grad",
    "slope",
    "x'\"",
    "loss)",
    "\ud800",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_no_label_is_more_than_a_name(label):
    w = Value(2.0, label)

    def f(x, y):
        result = maximum(relu(w * x + y), x * y)
        result.label = label
        return result

    program = trace(f, 1.0, 2.0)
    plain = trace(lambda x, y: maximum(relu(w * x + y), x * y), 1.0, 2.0)
    kinds = [
        Counter(type(n) for n in ast.walk(ast.parse(p.listing("python", gradients=True))))
        for p in (program, plain)
    ]
    for each in (ast.Assign, ast.Name, ast.Load, ast.Store):  # an unlabelled one needs no name
        kinds[0].pop(each), kinds[1].pop(each)
    assert kinds[0] == kinds[1]
    np.testing.assert_allclose(
        run(program, [1.0, 3.0], [2.0, -1.0]), program([1.0, 3.0], [2.0, -1.0]), rtol=1e-14
    )
    assert_gradients(program, [1.0, 3.0], [2.0, -1.0])
    inputs = [Value(1.0, label), Value(2.0, label)]
    graph = trace_graph(f(*inputs), inputs=inputs)
    np.testing.assert_allclose(run(graph, [1.0], [2.0]), graph([1.0], [2.0]), rtol=1e-14)


def test_labelled_inputs_and_results_keep_their_names():
    x, t = Value(1.0, "speed"), Value(2.0, "time")
    way = x * t
    way.label = "way"
    text = trace_graph(way, inputs=[x, t]).listing("python")
    assert "def program(parameters, speed, time):" in text
    assert "way = speed * time" in text


def test_a_style_that_is_not_there_is_refused_with_those_there_are():
    with pytest.raises(
        ValueError, match="unknown listing 'c'; choose from 'python', 'math', 'latex', 'javascript'"
    ):
        trace(lambda x: x, 1.0).listing("c")
    with pytest.raises(
        ValueError,
        match="the listing 'latex' shows the forward pass only; ask for the listing 'python' or",
    ):
        trace(lambda x: x, 1.0).listing("latex", gradients=True)


@pytest.fixture
def own_rows():
    """Two variadic rows: one takes its operands apart, one goes through a stack of them."""
    rows = [
        row(
            "mean",
            lambda xp, *xs: xp.total(xs) / len(xs),
            lambda xp, y, *xs: (1.0 / len(xs),) * len(xs),
            lambda *xs: f"({' + '.join(xs)})/{len(xs)}",
            lambda *xs: (f"1/{len(xs)}",) * len(xs),
            (2.0, -3.0),
        ),
        stacked_row(
            "squares",
            lambda xp, xs: sum(x * x for x in xs),
            lambda xp, y, xs: [2.0 * x for x in xs],
            lambda *n: " + ".join(f"{k}**2" for k in n),
            lambda *n: tuple(f"2*{k}" for k in n),
            (2.0, 3.0),
            neutral=0.0,
        ),
    ]
    yield rows
    for each in rows:
        del OPS[each.name]


def test_operations_of_the_user_on_any_number_of_operands_are_printed_too(own_rows):
    w = Value(0.5, "w")
    for row_ in own_rows:
        program = trace(
            lambda x, row_=row_: row_(x[0] * w, x[1], x[0]) * row_(x[1], w) + row_(x[0]), [1.0, 2.0]
        )
        np.testing.assert_allclose(
            run(program, [[1.0, 2.0], [3.0, -4.0]]), program([[1.0, 2.0], [3.0, -4.0]]), rtol=1e-15
        )
        assert_gradients(program, [[1.0, 2.0], [3.0, -4.0]])


@pytest.mark.slow
def test_a_deep_program_is_printed_in_lines_that_python_reads():
    def f(x):
        y = x[0]
        for i in range(1500):
            y = sin(y) * x[i % 2] + 0.1
        return y

    assert_gradients(trace(f, [0.5, 0.6]), [[0.5, 0.6], [0.7, -0.8]], rtol=1e-10)


@pytest.fixture
def wide_rows():
    rows = [
        row(
            "product",
            lambda xp, *xs: math.prod(xs[1:], start=xs[0]),
            lambda xp, y, *xs: tuple(y / x for x in xs),
            lambda *n: "*".join(n),
            lambda *n: tuple(f"y/{k}" for k in n),
            (2.0, 3.0),
        ),
        row(
            "added",
            lambda xp, *xs: xp.total(list(xs)),
            lambda xp, y, *xs: (1.0,) * len(xs),
            lambda *n: " + ".join(n),
            lambda *n: ("1",) * len(n),
            (2.0, 3.0),
        ),
    ]
    yield rows
    for each in rows:
        del OPS[each.name]


@pytest.mark.slow
def test_operations_of_the_user_on_hundreds_of_operands_are_printed_in_parts(wide_rows):
    for each in wide_rows:
        xs = np.linspace(0.9, 1.1, 1200)
        assert_gradients(trace(lambda xs, each=each: each(*xs), xs.tolist()), xs[None], rtol=1e-11)


def test_inputs_without_numbers_still_say_how_many_samples_there_are():
    program = trace(lambda xs: Value(2.0) * 3.0, [])
    assert_gradients(program, np.zeros((3, 0)))
    assert run(program, np.zeros((3, 0))).tolist() == [6.0, 6.0, 6.0]
    assert run(program, np.zeros(0)).tolist() == [6.0]


@pytest.mark.parametrize("label", ["half", "t1", "v1"])
def test_a_label_stays_even_where_it_is_used_once(label):
    def f(x):
        half = x * 0.5
        half.label = label
        return sin(half * 3.0)

    program = trace(f, 1.0)
    assert f"{label} = x * 0.5\n" in program.listing("python")
    assert_gradients(program, [1.0, 2.0])


def test_a_remainder_of_a_negative_number_keeps_its_sign_in_a_sum():
    program = trace(lambda x, y: x * y + -2.0 % x, 0.75, 0.5)
    space = {}
    exec(program.listing("python"), space)
    assert space["program"]([], 0.75, 0.5) == pytest.approx(0.375 + 0.25)
