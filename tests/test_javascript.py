"""Rows and programs printed as JavaScript compute in a browser what the engine computes."""

import json
import math

import mpmath
import numpy as np
import pytest
from replay_graphs import Truth, random_graph, replayed
from rules import row as new_row

from autograd_edu import (
    OPS,
    Value,
    maximum,
    relu,
    sigmoid,
    sqrt,
    tanh,
    trace,
    trace_graph,
    where,
)  # fmt: skip
from autograd_edu.arithmetic.evaluation import evaluate_local_gradients
from autograd_edu.arithmetic.floats import Floats
from autograd_edu.errors import OperandError
from autograd_edu.program.lifting import symbols
from autograd_edu.program.writing.javascript import HELPERS, helpers, row

# ---- whole programs ------------------------------------------------------------------------------

RUN = """([code, calls]) => {
  const run = new Function(`${code}; return valueAndGrad;`)();
  return calls.map(([parameters, inputs]) => {
    const { value, inputs: own, parameters: shared } = run(parameters, ...inputs);
    return [value, own.flat(Infinity), shared];
  });
}"""


def run(page, program, *calls):
    """(value, gradients of the inputs in a row, gradients of the parameters) for each call."""
    code, parameters = program.listing("javascript", gradients=True), [*program.parameter_values]
    found = page.evaluate(RUN, [code, [[parameters, list(inputs)] for inputs in calls]])
    assert len(found) == len(calls)
    return found


CANCELS = [446]  # random graphs in which a sum cancels beyond 1e-12


def disagreements(page, seed):
    """What a random graph's JavaScript gets wrong, and whether it is within 1e-12 throughout."""
    graph = random_graph(seed)
    truth = Truth.of(graph)
    program, used = replayed(graph, engine="numpy", declared=bool(seed % 2))
    calls = [graph.nested(sample) for sample in graph.samples]
    found = run(page, program, *json.loads(json.dumps(calls)))
    values = np.array([value for value, _, _ in found])
    inputs = np.array([own for _, own, _ in found]).reshape(len(found), -1)
    weights = np.array([shared for _, _, shared in found]).reshape(len(found), -1)
    near = all(
        (np.abs(a - b) <= 1e-12 * np.abs(b)).all()
        for a, b in [
            (values, truth.values), (inputs, truth.inputs), (weights, truth.weights[:, used]),
        ]
    )  # fmt: skip
    return truth.faults(values, inputs, weights.sum(axis=0), used), near


@pytest.mark.random
def test_random_graphs_give_the_engines_values_and_gradients(show, long):
    """Within 1e-12, or where a sum cancels within what a last digit of each operation makes.

    With `--long` 500 graphs, else 60.
    """
    page, far = show("<p>"), []
    for seed in range(500 if long else 60):
        faults, is_near = disagreements(page, seed)
        assert not faults, (seed, faults)
        far += [] if is_near else [seed]
    assert far == [seed for seed in CANCELS if long or seed < 60]


def test_a_wrong_sign_would_be_found(show):
    program = trace(lambda x: x * x - x, 3.0)
    code = program.listing("javascript", gradients=True)
    ((value, (slope,), _),) = show("<p>").evaluate(RUN, [code, [[[], [3.0]]]])
    assert (value, slope) == (6.0, 5.0)
    wrong = code.replace("x * x", "x + x")
    assert wrong != code
    assert show("<p>").evaluate(RUN, [wrong, [[[], [3.0]]]])[0][0] == 3.0


PRINTED = """function valueAndGrad(parameters, x) {
  const [w, b] = parameters;
  const v3 = w * x;
  const z = v3 + b;
  const y = Math.max(z, 0);
  // the backward pass
  let y_grad = 1;
  let z_grad = (z > 0 ? 1 : 0) * y_grad;
  let v3_grad = z_grad;
  let b_grad = z_grad;
  let w_grad = x * v3_grad;
  let x_grad = w * v3_grad;
  return { value: y, inputs: [x_grad], parameters: [w_grad, b_grad] };
}
"""


def neuron():
    w, b, x = Value(0.5, "w"), Value(0.3, "b"), Value(2.0, "x")
    z = w * x + b
    z.label = "z"
    y = relu(z)
    y.label = "y"
    return trace_graph(y, inputs=[x], parameters=[w, b])


def test_it_reads_like_the_passes_written_by_hand():
    assert neuron().listing("javascript", gradients=True) == PRINTED
    forward = neuron().listing("javascript")
    assert forward.startswith("function program(parameters, x) {\n  const [w, b] = parameters;\n")
    assert forward.endswith("  const y = Math.max(z, 0);\n  return y;\n}\n")


def test_inputs_of_any_shape_come_back_in_their_shape(show):
    program = trace(
        lambda x, m, t: x[0] * m[1][0] + m[0][1] * t, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], 5.0
    )
    code = program.listing("javascript", gradients=True)
    inputs = [[1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], 5.0]
    given = show("<p>").evaluate(
        f"inputs => {{ {code}; return valueAndGrad([], ...inputs); }}", inputs
    )
    assert given == {
        "value": 13.0, "parameters": [],
        "inputs": [[3.0, 0.0], [[0.0, 5.0], [1.0, 0.0]], 2.0],
    }  # fmt: skip


def test_an_operand_that_is_not_selected_gets_no_gradient_where_its_own_is_infinite(show):
    x, y = Value(4.0, "x"), Value(5.0, "y")
    either = trace_graph(maximum(sqrt(x), y) + where(y, y, sqrt(x)), inputs=[x, y])
    assert run(show("<p>"), either, [0.0, 1.0], [4.0, 1.0]) == [
        [2.0, [0.0, 2.0], []],
        [3.0, [0.25, 1.0], []],
    ]


def test_a_replay_on_another_branch_is_refused(show):
    program = trace(lambda x: x * 2 if x > 0 else x, 1.0)
    page, code = show("<p>"), program.listing("javascript")
    assert page.evaluate(f"() => {{ {code}; return program([], 3); }}") == 6
    with pytest.raises(Exception, match=r"the branch at .* is another one"):
        page.evaluate(f"() => {{ {code}; return program([], -3); }}")


@pytest.mark.parametrize(
    "label", ["class", "y_grad", "parameters", "t1", "Math", "sum", "naïve", "a b", "x'", "3"]
)
def test_labels_that_javascript_could_not_use_get_other_names(show, label):
    x, other = Value(2.0, label), Value(3.0, label)
    ((value, grads, _),) = run(
        show("<p>"), trace_graph(tanh(x * other) * other, inputs=[x, other]), [2.0, 3.0]
    )
    expected = tanh(x * other) * other
    expected.backward()
    assert value == pytest.approx(expected.data, rel=1e-14)
    assert grads == pytest.approx([x.grad, other.grad], rel=1e-12)


# ---- single rows ---------------------------------------------------------------------------------

CALL = """([code, row, points]) => {
  const { value, locals } = new Function(`${code}; return ${row};`)();
  return points.map(([y, xs]) => [value(...xs), ...locals(y, ...xs)]);
}"""
SCALES = (1e-8, 0.001, 0.3, 0.9, 1.0, 1.7, 6.0, 31.0)


def points(op):
    """Points of the row's domain around its example, of several sizes."""
    for scale in SCALES:
        for sign in (1.0, -1.0):
            xs = [sign * scale * x for x in op.example]
            try:
                y = float(op.value(Floats, *xs))
            except (ValueError, ArithmeticError):
                continue
            slopes = evaluate_local_gradients(op, y, xs)
            if all(math.isfinite(x) for x in (y, *slopes)):
                yield xs, y, slopes


@pytest.mark.parametrize("name", OPS)
def test_a_row_gives_the_engines_value_and_local_gradients(show, name):
    op = OPS[name]
    cases = list(points(op))
    assert len(cases) >= 4
    code = row(op, len(op.example))
    found = show("<p>").evaluate(CALL, [helpers(code), code, [[y, xs] for xs, y, _ in cases]])
    for (xs, y, slopes), numbers in zip(cases, found, strict=True):
        room = 1e-12 if name != "logsumexp" else 1e-12 + 1e-15 / abs(y)  # see the listing's docs
        assert numbers[0] == pytest.approx(y, rel=room, abs=0), xs
        assert numbers[1:] == pytest.approx(list(slopes), rel=1e-12, abs=0), xs


@pytest.mark.parametrize(("name", "count"), symbols.FUNCTIONS.items())
def test_every_function_that_rules_compute_with_has_a_javascript_form(name, count):
    """The rows of today use them all but need not: a new row may use any."""
    odd = new_row(
        "odd",
        lambda xp, *xs: getattr(xp, name)(*xs),
        lambda xp, y, *xs: (1.0,) * count,
        lambda *names: "odd",
        lambda *names: ("1",) * count,
        (0.5,) * count,
    )
    try:
        assert "(" in row(odd, count).split("=>")[1]
    finally:
        del OPS["odd"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (lambda xp, x: x if x > 0 else -x, "a rule used `if` on an operand"),
        (lambda xp, x: xp.gamma(x), "gamma"),
        (lambda xp, x: math.exp(x), "must be real number"),
        (lambda xp, x: [1.0, 2.0].index(x) + x, "is not in list"),
    ],
    ids=["if", "an unknown function", "of floats alone", "an error of its own"],
)
def test_a_rule_that_cannot_be_run_on_symbols_has_no_javascript_form(rule, reason):
    odd = new_row("odd", rule, lambda xp, y, x: (1.0,), "odd(x)", ("1",), (0.5,))
    try:
        with pytest.raises(OperandError, match=f"odd has no JavaScript form: .*{reason}"):
            row(odd, 1)
    finally:
        del OPS["odd"]


def test_only_rows_with_printed_branches_say_which_way_they_go(show):
    branching = {name for name, op in OPS.items() if "branches" in row(op, len(op.example))}
    assert {"relu", "abs", "maximum", "minimum", "where", "clip", "elu"} <= branching
    assert not {"sigmoid", "gelu", "tanh", "mul", "softplus"} & branching
    code = row(OPS["relu"], 1)
    ways = "([code]) => [-1, 0, 2].map(x => new Function(`return ${code}`)().branches(0, x))"
    assert show("<p>").evaluate(ways, [code]) == [[False], [False], [True]]


# ---- the helpers ---------------------------------------------------------------------------------


def test_erfc_keeps_its_digits_in_the_tail(show):
    at = [-30.0, -6.0, -1.0, -1e-9, 0.0, 1e-9, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 26.0]
    found = show("<p>").evaluate(f"xs => {{ {HELPERS['erfc']}; return xs.map(erfc); }}", at)
    with mpmath.workdps(40):
        exact = [mpmath.erfc(mpmath.mpf(x)) for x in at]
        errors = [abs(a / b - 1) for a, b in zip(found, exact, strict=True)]
    assert max(errors) < 1e-15


SUMS = [
    [], [0.1] * 10, [1e16, 1.0, -1e16], [1e100, 1.0, -1e100, 1e-100], [1.0, 2.0**-53, 2.0**-106],
    [1.0, -(2.0**-54), -(2.0**-110)], [3.0, -3.0], [math.pi, -math.e, 1e-17] * 7,
]  # fmt: skip


def test_sums_are_rounded_once(show):
    found = show("<p>").evaluate(f"xs => {{ {HELPERS['sum']}; return xs.map(sum); }}", SUMS)
    assert found == [math.fsum(xs) for xs in SUMS]


def test_no_sigmoid_overflows(show):
    program = trace(lambda x: sigmoid(x), 1.0)
    for x in (-800.0, 800.0):
        ((value, (slope,), _),) = run(show("<p>"), program, [x])
        assert (value, slope) == (0.0 if x < 0 else 1.0, 0.0)
