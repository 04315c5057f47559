"""What tracing records: the operations in order, the line of each, and the captured Values."""

import inspect
import math
import re

import pytest

from autograd_edu import (
    OPS,
    Value,
    dot,
    exp,
    nn,
    no_grad,
    numeric_gradient,
    sqrt,
    total,
    trace,
    trace_graph,
    where,
)
from autograd_edu.errors import ArityError, BranchChanged, DomainError, OperandError


def operations(program):
    return [slot for slot in program.slots if slot.op in OPS]


def first_line(f):
    return f"test_trace.py:{inspect.getsourcelines(f)[1]}"


def test_each_operation_knows_the_line_that_asked_for_it():
    def f(x, y):
        z = x * y + 2.0
        return exp(z) / total([
            x,
            dot([x], [y]),
        ])  # fmt: skip

    start = inspect.getsourcelines(f)[1]
    lines = {
        slot.op: int(slot.line.removeprefix("test_trace.py:")) - start
        for slot in operations(trace(f, 1.0, 2.0))
    }
    assert lines == {"mul": 1, "add": 1, "exp": 2, "dot": 4, "total": 2, "div": 2}


def test_an_expression_over_several_lines_belongs_to_the_line_that_it_begins_on():
    # fmt: off
    def f(x, y):
        z = 3.0
        return (x
                * y
                - z)
    # fmt: on

    start = inspect.getsourcelines(f)[1]
    assert [int(slot.line.split(":")[1]) - start for slot in operations(trace(f, 1.0, 2.0))] == [
        2,
        2,
    ]


def test_operations_within_the_package_have_the_line_that_called_it():
    model = nn.MLP(2, [3, 1])
    f = lambda x: model(x)  # noqa: E731
    assert {slot.line for slot in operations(trace(f, [1.0, 2.0]))} == {first_line(f)}


def test_a_result_from_before_is_part_of_the_program_without_a_line():
    w = Value(3.0, "w")
    before = w * w
    program = trace(lambda x: before * x, 1.0)
    assert [(slot.op, bool(slot.line)) for slot in operations(program)] == [
        ("mul", False),
        ("mul", True),
    ]
    assert program.parameters == (w,)
    assert program.value_and_grad(2.0)[1].parameters.tolist() == [12.0]


def test_parameters_are_in_the_order_of_their_first_use_not_of_the_graph():
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")

    def f(x):
        late = x * b
        early = dot([c, a], [x, x])
        return early + late

    assert trace(f, 1.0).parameters == (b, c, a)


def test_parameters_that_are_given_are_those_of_the_program_used_or_not():
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    program = trace(lambda x: c * x + a, 1.0, parameters=[a, b, c])
    assert program.parameters == (a, b, c)
    assert program.value_and_grad(5.0)[1].parameters.tolist() == [1.0, 0.0, 5.0]
    with pytest.raises(
        OperandError, match=r"captured .*label='b'.* not among the 2 parameters given"
    ):
        trace(lambda x: a * x + b, 1.0, parameters=[a, c])
    with pytest.raises(ArityError, match="twice"):
        trace(lambda x: a * x, 1.0, parameters=[a, a])
    with pytest.raises(OperandError, match="must be a leaf"):
        trace(lambda x: a * x, 1.0, parameters=[a * b])


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        pytest.param(lambda x: x + 2, 5.0, id="x + 2"),
        pytest.param(lambda x: 2 + x, 5.0, id="2 + x"),
        pytest.param(lambda x: x - 2, 1.0, id="x - 2"),
        pytest.param(lambda x: 2 - x, -1.0, id="2 - x"),
        pytest.param(lambda x: x * 2, 6.0, id="x * 2"),
        pytest.param(lambda x: 2 * x, 6.0, id="2 * x"),
        pytest.param(lambda x: x / 2, 1.5, id="x / 2"),
        pytest.param(lambda x: 2 / x, 2 / 3, id="2 / x"),
        pytest.param(lambda x: Value(2.0) / x, 2 / 3, id="a Value / x"),
        pytest.param(lambda x: Value(2.0) - x, -1.0, id="a Value - x"),
        pytest.param(lambda x: x / Value(2.0), 1.5, id="x / a Value"),
        pytest.param(lambda x: x - x, 0.0, id="x - x"),
    ],
)
def test_arithmetic_takes_its_operands_in_their_order(f, expected):
    program = trace(f, 7.0)
    assert program(3.0) == expected
    assert [slot.line for slot in operations(program)] == [first_line(f)] * len(operations(program))
    x = Value(3.0)
    f(x).backward()
    assert program.value_and_grad(3.0)[1].inputs == [pytest.approx(x.grad, rel=1e-15)]


def test_the_whole_number_that_a_sum_starts_from_is_no_operation():
    assert [slot.op for slot in operations(trace(lambda x, y: sum([x, y]), 1.0, 2.0))] == ["add"]


def test_a_comparison_counts_as_a_number_in_arithmetic():
    program = trace(lambda x: (x > 1.0) * x + 1.0, 0.0)
    assert (program(3.0), program(0.5)) == (4.0, 1.0)


@pytest.mark.parametrize(
    "f", [lambda x: x / 0.0, lambda x: 1.0 / (x - x), lambda x: x * 1e308, lambda x: sqrt(-x)]
)
def test_an_example_outside_the_domain_is_refused_as_the_eager_engine_does(f):
    with pytest.raises(DomainError) as eager:
        f(Value(5.0, "x1"))
    with pytest.raises(DomainError) as traced:
        trace(f, 5.0)
    assert str(traced.value) == str(eager.value)


# ---- comparisons are the truth values that they are in Python, and numbers on the graph ----------


BY_TRUTH = {
    "equal": lambda a, b: a if (a > 0.0) == (b > 0.0) else b * 2.0,
    "unequal": lambda a, b: a * 3.0 if (a > 0.0) != (a > 1.0) else b,
    "equal to True": lambda a, b: a if (a > b) == True else b * 2.0,  # noqa: E712 - users write it
    "True in a set": lambda a, b: a * len({a > 0.0, b > 0.0}),
    "a key": lambda a, b: {True: a, False: b}[a > b],
    "an index": lambda a, b: [a, b * 2.0][a > b],
    "int": lambda a, b: a * int(a > b),
    "float": lambda a, b: a * float(b >= a),
    "and": lambda a, b: a if (a > 0.0) & (b > 0.0) else b * 2.0,
    "or": lambda a, b: a if (a > 0.0) | (b > 0.0) else b * 2.0,
    "exclusive or": lambda a, b: a if True ^ (b > 0.0) else b * 2.0,
    "a comparison of comparisons": lambda a, b: a if (a > 0.0) > (b > 0.0) else b * 2.0,
}
AS_NUMBER = {
    "sum": lambda a, b: a * sum(x > 0.0 for x in (a, b)),
    "factor": lambda a, b: 2 * (a > b) * b,
    "product with a float": lambda a, b: (a > 0.0) * 1.5 * b,
    "minus": lambda a, b: -(a > 0.0) * b,
    "difference": lambda a, b: ((a > 0.0) - (b > 0.0)) * a,
}
POINTS = [(2.0, 0.5), (-2.0, 0.5), (0.5, 2.0), (0.5, -2.0), (-1.0, -2.0), (-2.0, -1.0), (1.0, 1.0)]


@pytest.mark.parametrize("f", BY_TRUTH.values(), ids=BY_TRUTH)
def test_a_comparison_used_for_its_truth_is_right_or_refused_in_a_replay(f):
    replayed = 0
    for traced_at in POINTS:
        program = trace(f, *traced_at)
        assert program.guards
        for point in POINTS:
            try:
                y = program(*point)
            except BranchChanged:
                continue
            assert y == f(*map(Value, point)).data
            replayed += 1
    assert replayed >= len(POINTS)


@pytest.mark.parametrize("f", AS_NUMBER.values(), ids=AS_NUMBER)
def test_a_comparison_used_as_a_number_is_replayed_for_every_sample(f):
    program = trace(f, *POINTS[0])
    assert program.guards == ()
    assert [program(*point) for point in POINTS] == [f(*map(Value, point)).data for point in POINTS]


def test_a_comparison_is_printed_as_python_prints_it_which_is_a_guard_as_text_can_be_used():
    shown = []
    program = trace(lambda x: [shown.append(f"{x > 0.0} {x > 3.0!r}"), x][1], 2.0)
    assert shown == ["True False"]
    assert [guard.outcome for guard in program.guards] == [True, False]


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda: trace(lambda x: Value(x), 1.0), id="a traced input"),
        pytest.param(lambda: trace(lambda x: Value(x * Value(2.0)), 1.0), id="a traced result"),
        pytest.param(lambda: trace(lambda x: x.dta, 1.0), id="a misspelt attribute"),
        pytest.param(lambda: numeric_gradient(math.sin, 1.0, method="complex"), id="complex step"),
    ],
)
def test_an_error_calls_every_stand_in_for_a_number_a_value(mistake):
    with pytest.raises((OperandError, AttributeError), match=r"\ba Value\b|'Value'") as error:
        mistake()
    assert not re.search("Given|Traced|Complex", str(error.value))


def test_infinite_bounds_are_kept_without_a_guard():
    program = trace(lambda x: where(x > -math.inf, x, 0.0) + where(x < -math.inf, 1.0, 0.0), 2.0)
    assert program([3.0, -4.0]).tolist() == [3.0, -4.0]


# ---- what a replay could not know ----------------------------------------------------------------


def test_what_is_computed_without_a_record_is_refused_inside_and_recorded_for_a_caller_outside():
    def f(x):
        with no_grad():
            y = x * x
        return y * x

    with pytest.raises(OperandError, match=r"must not use no_grad\(\), .* \(test_trace.py:"):
        trace(f, 2.0)
    with no_grad():
        program = trace(lambda x: x * x * x, 2.0)
        assert (Value(2.0) * 3.0).parents == ()
    assert program(3.0) == 27.0


def test_a_graph_is_given_by_a_value():
    with pytest.raises(
        OperandError, match=r"needs the result of operations on Values; got float 3\.0"
    ):
        trace_graph(3.0)
