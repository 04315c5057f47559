"""What a trace cannot see: a replay finds the same numbers, or says where they differ."""

import copy
import math
from fractions import Fraction

import pytest

from autograd_edu import Program, Value, log, minimum, nn, trace, where
from autograd_edu.errors import BranchChanged, DomainError, OperandError, TargetError


class Holder:
    """Something whose parameter a traced function reads."""

    def __init__(self):
        self.w = Value(2.0, "w")


OF_AN_INPUT = {
    "data": lambda x: getattr(x, "data", x),
    "float": float,
    "int": int,
    "round": round,
    "round to digits": lambda x: round(x, 1),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "a function of math": math.sin,
    "hash": hash,
    "text": lambda x: float(str(x)),
    "repr": lambda x: float(repr(x)),
    "a formatted number": lambda x: float(f"{x:.3f}"),
    "old formatting": lambda x: float("%.3f" % x),  # noqa: UP031 - what a user may write
    "a key": lambda x: {2.0: 5.0, 3.0: 7.0}[x],
    "a set": lambda x: len({x, 2.0}),
    "a number computed from it": lambda x: round(x * 3.0 + 1.0),
}


@pytest.mark.parametrize("read", OF_AN_INPUT.values(), ids=OF_AN_INPUT)
def test_a_number_taken_out_of_an_input_is_the_same_in_a_replay_or_the_replay_says_where(read):
    program = trace(lambda x: x * read(x), 2.0)
    assert program(2.0) == 2.0 * read(2.0)
    with pytest.raises(BranchChanged, match=r"test_trace_guards.py:\d+ used the number of"):
        program(3.0)


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
def test_zero_and_minus_zero_are_told_apart_where_the_number_is_taken_out(engine):
    program = trace(lambda x: x + math.copysign(1.0, x), 0.0)
    program.engine = engine
    assert program(0.0) == 1.0
    with pytest.raises(BranchChanged):
        program(-0.0)


def test_the_data_of_a_parameter_is_guarded_also_if_nothing_else_of_it_takes_part():
    held = Holder()
    program = trace(lambda x: x * held.w.data, 5.0)
    assert program(3.0) == 6.0
    program.parameter_values = [4.0]
    with pytest.raises(BranchChanged, match=r"used the number of w, which was 2\.0 .* it is 4\.0"):
        program(3.0)


def test_an_input_equals_what_its_number_equals_and_where_keeps_both_branches():
    program = trace(lambda x, t: x if t == 1 else -x, 2.0, 1.0)
    assert program(2.0, 1.0) == 2.0
    with pytest.raises(BranchChanged, match="x2 == 1"):
        program(2.0, 0.0)
    by_where = trace(lambda x, t: where(t == 1, x, -x) + where(t != 1, 10.0, 0.0), 2.0, 1.0)
    assert by_where.guards == ()
    assert by_where([2.0, 2.0, 2.0], [1.0, 0.0, 1.0 + 2**-52]).tolist() == [2.0, 8.0, 8.0]


SAME_AS_FLOATS = {
    "in": lambda x: 1.0 if x in (0.5, 2.0) else 0.0,
    "not in": lambda x: 1.0 if x not in [0.5] else 0.0,
    "equal to text": lambda x: 1.0 if x == "2.0" else 0.0,
    "equal to a fraction": lambda x: 1.0 if x == Fraction(1, 2) else 0.0,
    "equal to a number that no float is": lambda x: 1.0 if x == 2**60 + 1 else 0.0,
    "unequal": lambda x: 1.0 if x != 2 else 0.0,
    "truth": lambda x: 1.0 if x else 0.0,
    "None": lambda x: 1.0 if x is None else 0.0,
    "the largest": lambda x: max(x, 1.0) * 1.0,
    "the smallest": lambda x: sorted([x, 1.0])[0] * 1.0,
}


@pytest.mark.parametrize("f", SAME_AS_FLOATS.values(), ids=SAME_AS_FLOATS)
@pytest.mark.parametrize("traced_at", [0.5, 2.0, 0.0, -0.0])
def test_an_input_behaves_as_its_number_or_a_replay_is_refused(f, traced_at):
    program = trace(lambda x: f(x) + 0.0 * x, traced_at)
    assert program(traced_at) == f(traced_at)
    for point in (0.5, 2.0, 0.0, 3.0):
        try:
            y = program(point)
        except BranchChanged:
            continue
        assert y == f(point)


def test_a_value_that_a_function_captured_is_equal_to_itself_alone_as_without_a_trace():
    def f(x):
        return x * (2.0 if w == 1.0 else 3.0) * (2.0 if w == same else 3.0) * len({w, w * x})

    w = same = Value(1.0)
    program = trace(f, 1.0)
    assert program.guards == ()
    assert program(5.0) == f(Value(5.0)).data == 60.0


REFUSED = {
    "backward": lambda x, w: (x * w).backward(),
    "grad": lambda x, w: w.grad,
    "grad set": lambda x, w: setattr(w, "grad", 1.0),
    "has_grad": lambda x, w: w.has_grad,
    "data set": lambda x, w: setattr(w, "data", 1.0),
    "local_grads": lambda x, w: (x * w).local_grads,
    "parents": lambda x, w: (x * w).parents,
    "text of a parameter": lambda x, w: str(w),
    "a copy": lambda x, w: copy.deepcopy(w),
    "a trace in a trace": lambda x, w: trace(lambda z: z * w, 1.0),
}


@pytest.mark.parametrize("caught", [False, True], ids=["raised", "caught"])
@pytest.mark.parametrize("use", REFUSED.values(), ids=REFUSED)
def test_what_a_replay_could_not_repeat_is_refused_with_its_line(use, caught):
    def f(x):
        try:
            use(x, w)
        except OperandError:
            if not caught:
                raise
        return x * w

    w = Value(2.0, "w")
    with pytest.raises(OperandError, match=r"must not use .* \(test_trace_guards.py:"):
        trace(f, 3.0)
    assert w.data == 2.0
    w.data = 3.0
    assert w.grad == 0.0, "after the trace everything is as before"


def guarded_log(x, *, use):
    try:
        y = log(x)
    except ValueError:
        return -x
    return y if use else x


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
@pytest.mark.parametrize("use", [True, False], ids=["used", "not used"])
def test_an_error_that_the_function_catches_is_never_frozen(use, engine):
    with pytest.raises(OperandError, match=r"caught an error and continued, .* log\(-1"):
        trace(lambda x: guarded_log(x, use=use), -1.0)
    program = trace(lambda x: guarded_log(x, use=use), 1.0)
    program.engine = engine
    assert program(3.0) == pytest.approx(math.log(3.0) if use else 3.0, rel=1e-15)
    with pytest.raises(DomainError, match="log"):
        program(-3.0)


def test_an_error_of_captured_values_that_the_function_catches_is_never_frozen():
    w = Value(-1.0)
    with pytest.raises(OperandError, match="caught an error and continued"):
        trace(lambda x: guarded_log(w, use=False) * x, 1.0)
    w.data = 2.0
    program = trace(lambda x: guarded_log(w, use=False) * x, 1.0)
    program.parameter_values = [-2.0]
    with pytest.raises(DomainError, match="log"):
        program(1.0)


def test_an_error_that_is_caught_outside_the_trace_is_not_part_of_it():
    program = trace(lambda x: minimum([x * x, x, 0.5]), 0.3)
    try:
        moved = program.hvp([0.3], [1.0])  # which traces the derivative
    except ValueError:
        moved = None
    assert moved is not None
    assert moved.inputs == [2.0]


def test_what_nothing_uses_is_left_out_where_no_error_can_be_caught():
    program = trace(lambda x: [log(x), x * 2.0][1], 1.0)
    assert program.guards == ()
    assert program(-3.0) == -6.0


def test_operations_on_captured_values_alone_have_their_lines_too():
    w = Value(3.0, "w")
    program = trace(lambda x: w * w + x, 1.0)
    assert all(
        slot.line.startswith("test_trace_guards.py:") for slot in program.slots if slot.operands
    )


def test_after_the_trace_a_traced_value_is_a_value_like_any_other():
    kept = []
    trace(lambda x: [kept.extend([x, x * 2.0]), x][1], 2.0)
    assert [type(value) for value in kept] == [Value, Value]
    assert kept[0] != 2.0
    assert len({*kept, kept[0]}) == 2


def test_after_the_trace_a_plain_number_is_a_parent_as_without_a_trace():
    kept = []
    program = trace(lambda x: [kept.extend([2.0 / x, x - 3.0]), kept[0] * kept[1]][1], 4.0)
    assert [slot.number for slot in program.slots if slot.op == "constant"] == [2.0, 3.0]
    assert program(8.0) == 2.0 / 8.0 * (8.0 - 3.0)
    x = Value(4.0)
    for traced, eager in zip(kept, (2.0 / x, x - 3.0), strict=True):
        assert [parent.data for parent in traced.parents] == [p.data for p in eager.parents]
        assert traced.local_grads == eager.local_grads


# ---- checks that a loss makes --------------------------------------------------------------------

CHECKED = {
    "a probability of 1.2": (nn.losses.binary_cross_entropy, (0.5, 1.0), (1.2, 1.0)),
    "a negative probability": (nn.losses.binary_cross_entropy, (0.5, 1.0), (-0.1, 1.0)),
    "a target of 1.5": (nn.losses.binary_cross_entropy, (0.5, 1.0), (0.5, 1.5)),
    "a label of 0": (nn.losses.hinge, (0.5, 1.0), (0.5, 0.0)),
    "class 2 of 2": (nn.losses.softmax_cross_entropy, ([0.5, 0.1], 1), ([0.5, 0.1], 2)),
    "class 0.5": (nn.losses.softmax_cross_entropy, ([0.5, 0.1], 1), ([0.5, 0.1], 0.5)),
    "probabilities that sum to 1.1": (
        nn.losses.softmax_cross_entropy, ([0.5, 0.1], [0.5, 0.5]), ([0.5, 0.1], [0.6, 0.5])
    ),
    "a likelihood of 1.2": (
        nn.losses.negative_log_likelihood, ([0.5, 0.5], [0.5, 0.5]), ([1.2, 0.5], [0.5, 0.5])
    ),
    "a label without a weight": (
        nn.losses.weighted(nn.losses.half_squared_error, {0: 1.0, 1: 2.0}), (0.5, 1.0), (0.5, 7.0)
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ["numpy", "jit", "python"])
@pytest.mark.parametrize(("loss", "good", "bad"), CHECKED.values(), ids=CHECKED)
def test_a_check_of_a_loss_is_made_in_every_replay_with_the_same_error(loss, good, bad, engine):
    program = trace(lambda y, t: loss(y, t), *good)
    program.engine = engine
    assert program(*good) == pytest.approx(loss(*good), rel=1e-14)
    with pytest.raises(TargetError) as eager:
        loss(*bad)
    with pytest.raises(TargetError) as replayed:
        program(*bad)

    def wording(error):
        text = str(error.value).removeprefix("a ").removeprefix("the ")
        return text.split(" not ")[0].split("class")[0]

    assert wording(replayed) == wording(eager)


def test_a_program_keeps_its_guards_and_their_errors_in_a_file():
    program = trace(lambda p, t: nn.losses.binary_cross_entropy(p, t) * round(t), 0.5, 1.0)
    again = Program.from_json(program.to_json())
    assert again == program
    with pytest.raises(TargetError, match=r"takes probabilities; got 1\.2"):
        again(1.2, 1.0)
    with pytest.raises(BranchChanged):
        again(0.5, 0.0)
