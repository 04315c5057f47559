"""What holds for all numbers, labels and orders of steps: Hypothesis seeks a counterexample."""

import copy
import math
import pickle
import xml.etree.ElementTree as ET
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from autograd_edu import (
    OPS,
    Value,
    clip,
    dot,
    draw,
    grad,
    logsumexp,
    maximum,
    minimum,
    no_grad,
    sigmoid,
    steps,
    tanh,
    total,
    trace,
    trace_graph,
)
from autograd_edu.engine.value import topological_order
from autograd_edu.notation.formula import number, short
from autograd_edu.pictures.steps import Steps
from autograd_edu.program import Program

pytestmark = pytest.mark.random

ADD, SUB, MUL, NEG = (OPS[name] for name in ("add", "sub", "mul", "neg"))

settings.register_profile(
    "here", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

finite = st.floats(allow_nan=False, allow_infinity=False)
tame = st.floats(-1e3, 1e3)
small = st.integers(-4, 4)


# ---- whatever is done in whatever order, values and gradients are those of fractions -------------


class Engine(RuleBasedStateMachine):
    """Graphs grow, share and are differentiated in any order.

    A second engine, which only adds up paths, does the same in fractions.
    """

    values = Bundle("values")
    seed = 1  # of a backward pass of the second engine

    def __init__(self):
        super().__init__()
        self.made = {}  # of each Value: its operation, operands and exact value
        self.sums = {}  # of each leaf: what its gradient must be; None before any pass
        self.latest = {}  # of each other value: its gradient in the latest pass that reached it

    def _made(self, value, op, operands, exact):
        self.made[value] = (op, operands, exact)
        (self.sums if op is None else self.latest)[value] = None
        return value

    @rule(target=values, x=small)
    def leaf(self, x):
        return self._made(Value(x), None, (), Fraction(x))

    @rule(target=values, op=st.sampled_from([ADD, SUB, MUL]), a=values, b=values)
    def combine(self, op, a, b):
        x, y = self.made[a][2], self.made[b][2]
        exact = x + y if op is ADD else x - y if op is SUB else x * y
        assume(abs(exact) < 2**30)
        result = {ADD: lambda: a + b, SUB: lambda: a - b, MUL: lambda: a * b}[op]()
        return self._made(result, op, (a, b), exact)

    @rule(target=values, a=values)
    def negate(self, a):
        return self._made(-a, NEG, (a,), -self.made[a][2])

    @rule(target=values, a=values)
    def square(self, a):
        exact = self.made[a][2] ** 2
        assume(abs(exact) < 2**30)
        return self._made(a**2, MUL, (a, a), exact)

    @rule(root=values)
    def backward(self, root):
        gradients, largest = self._differentiated(root)
        assume(largest < 2**52)  # else floats round
        root.backward()
        for value, gradient in gradients.items():
            if self.made[value][0] is None:
                self.sums[value] = (self.sums[value] or 0) + gradient
            else:
                self.latest[value] = gradient

    def _differentiated(self, root):
        """The gradients behind ``root`` as sums over paths, and the sums of the paths' sizes."""
        order, seen = [], set()
        stack = [(root, False)]
        while stack:
            value, entered = stack.pop()
            if entered:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                stack += [(value, True), *((operand, False) for operand in self.made[value][1])]
        gradients, sizes = dict.fromkeys(order, Fraction(0)), dict.fromkeys(order, Fraction(0))
        gradients[root], sizes[root] = Fraction(self.seed), Fraction(1)
        for value in reversed(order):
            op, operands, _ = self.made[value]
            exact = [self.made[operand][2] for operand in operands]
            slopes = {None: (), NEG: (-1,), ADD: (1, 1), SUB: (1, -1), MUL: exact[::-1]}[op]
            for operand, slope in zip(operands, slopes, strict=True):
                gradients[operand] += slope * gradients[value]
                sizes[operand] += abs(slope) * sizes[value]
        return gradients, max(*sizes.values(), *(abs(s or 0) for s in self.sums.values()))

    @rule(value=values)
    def clear(self, value):
        value.clear_grad()
        sums = self.sums if self.made[value][0] is None else self.latest
        sums[value] = None

    @rule(value=values)
    def look(self, value):
        """Records leave no trace, nor does what is computed without one."""
        _, largest = self._differentiated(value)
        assume(largest < 2**52)
        assert steps(value)[-1] is not None
        with no_grad():
            unrecorded = value * 2.0 + value
        assert (unrecorded.data, unrecorded.parents) == (3 * self.made[value][2], ())

    @rule(
        value=values,
        copied=st.sampled_from([copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]),
    )
    def twin(self, value, copied):
        """A copy has all numbers of its original, and its passes change nothing here."""
        twin = copied(value)
        theirs, ours = topological_order(twin), topological_order(value)
        assert [(v.data, v.grad, v.has_grad, len(v.parents)) for v in theirs] == [
            (v.data, v.grad, v.has_grad, len(v.parents)) for v in ours
        ]
        assert not set(theirs) & set(ours)
        twin.backward()

    @rule(value=values)
    def differentiate(self, value):
        """A transform gives the gradient without touching the graph that it is given."""
        x = float(self.made[value][2])
        assert grad(lambda v: v * v - value)(x) == 2 * x

    @invariant()
    def everything_is_exact(self):
        for value, (op, operands, exact) in self.made.items():
            assert value.data == exact
            assert set(value.parents) == set(operands)
            wanted = self.sums[value] if op is None else self.latest[value]
            assert value.has_grad == (wanted is not None)
            assert value.grad == (wanted or 0)


class Forgetful(Engine):
    """The second engine made wrong: the engine must be found to differ from it."""

    seed = 2


def test_values_and_gradients_are_exact_whatever_is_done_in_whatever_order():
    run_state_machine_as_test(Engine, settings=settings(max_examples=1000, stateful_step_count=50))


def test_a_wrong_gradient_would_be_found():
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Forgetful,
            settings=settings(max_examples=50, stateful_step_count=20, report_multiple_bugs=False),
        )


# ---- sums and choices ----------------------------------------------------------------------------


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=12))
def test_total_is_the_exact_sum_rounded_once(xs):
    assert total(*xs) == math.fsum(xs)
    assert total(*map(Value, xs)).data == math.fsum(xs)


@given(st.lists(st.tuples(tame, tame), min_size=1, max_size=8), tame)
def test_dot_rounds_each_product_once_and_their_sum_once(pairs, bias):
    ws, xs = zip(*pairs, strict=True)
    assert dot(list(map(Value, ws)), list(xs), bias).data == math.fsum(
        [*(w * x for w, x in pairs), bias]
    )


@given(st.lists(tame, min_size=1, max_size=6))
def test_the_gradients_of_a_maximum_and_a_minimum_are_shares_of_one(xs):
    for choose, best in ((maximum, max(xs)), (minimum, min(xs))):
        leaves = list(map(Value, xs))
        y = choose(*leaves)
        y.backward()
        assert y.data == best
        assert math.fsum(leaf.grad for leaf in leaves) == pytest.approx(1.0, rel=1e-15)
        assert all(
            leaf.grad == (1 / xs.count(best) if x == best else 0)
            for leaf, x in zip(leaves, xs, strict=True)
        )


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=6), st.floats(-100, 100))
def test_logsumexp_is_above_every_operand_and_its_gradients_are_a_distribution(xs, shift):
    leaves = list(map(Value, xs))
    y = logsumexp(*leaves)
    y.backward()
    assert max(xs) <= y.data <= max(xs) + math.log(len(xs)) + 1e-12 * max(1, abs(max(xs)))
    assert math.fsum(leaf.grad for leaf in leaves) == pytest.approx(1.0, rel=1e-14)
    assert logsumexp(*(x + shift for x in xs)) == pytest.approx(
        y.data + shift, rel=1e-12, abs=1e-10
    )


@given(finite, st.tuples(tame, tame))
def test_clip_stays_within_its_bounds_and_is_flat_outside(x, bounds):
    low, high = sorted(bounds)
    leaf = Value(x)
    y = clip(leaf, low, high)
    y.backward()
    assert low <= y.data <= high
    assert leaf.grad == (1.0 if low <= x <= high else 0.0)


@given(finite)
def test_saturating_functions_stay_in_their_range_with_slopes_that_are_not_negative(x):
    for function, low, high in ((sigmoid, 0.0, 1.0), (tanh, -1.0, 1.0)):
        assert low <= function(x) <= high
        assert (
            0.0 <= grad(function)(x) <= 1.0 + 2.0**-52
        )  # a unit in the last place above, beside 0


# ---- texts ---------------------------------------------------------------------------------------


@given(finite)
def test_a_number_is_written_so_that_it_reads_back(x):
    assert float(number(x)) == x
    assert abs(x) > 1e308 or float(short(x)) == pytest.approx(x, rel=1e-3, abs=0.0)


def labelled(label, x):
    leaf = Value(x, label)
    y = sigmoid(leaf * 2.0 + leaf)
    y.label = label
    return leaf, y


@given(st.text(st.characters(), max_size=40), tame)
def test_a_record_and_a_program_with_any_label_read_back_as_they_are(label, x):
    leaf, y = labelled(label, x)
    record = steps(y)
    assert Steps.from_json(record.to_json()) == record
    program = trace_graph(y, inputs=[leaf])
    assert Program.from_json(program.to_json()) == program


def skeleton(svg):
    """The elements of a picture with the names of their attributes."""
    return [(element.tag, sorted(element.attrib)) for element in ET.fromstring(svg).iter()]


@settings(max_examples=40)
@given(st.text(st.characters(), min_size=1, max_size=30))
def test_no_label_changes_what_a_picture_is_made_of(label):
    assume(label.strip())
    svg, plain = (draw(labelled(text, 0.5)[1]).svg for text in (label, "x" * len(label)))
    assert skeleton(svg) == skeleton(plain)


@pytest.mark.parametrize("engine", ["numpy", "jit", "python", "auto"])
@given(samples=st.lists(st.tuples(tame, tame), min_size=1, max_size=5))
def test_a_batch_is_its_samples_one_after_another(engine, samples):
    w = Value(0.5, "w")
    program = trace(lambda a, b: tanh(a * w + b) * w + maximum(a, b), 1.0, 2.0)
    program.engine = engine
    a, b = map(np.array, zip(*samples, strict=True))
    values, grads = program.value_and_grad(a, b)
    each = [program.value_and_grad(*sample) for sample in samples]
    # "auto" may take one engine for a sample and another for a batch: they round differently
    alike = partial(pytest.approx, rel=1e-14, abs=1e-15) if engine == "auto" else list
    assert values.tolist() == alike([value for value, _ in each])
    assert grads.inputs[0].tolist() == alike([one.inputs[0] for _, one in each])
    assert grads.parameters[0] == pytest.approx(
        math.fsum(float(one.parameters[0]) for _, one in each), rel=1e-12, abs=1e-12
    )
