"""What programs written for micrograd do, and go on doing here: change the import, keep the rest.

Numbers come from the lecture, from closed forms, or from rational arithmetic.
"""

import copy
import math
import operator
import pickle
import random
from fractions import Fraction

import numpy as np
import pytest

from autograd_edu import Value, ieee, nn, trace
from autograd_edu.errors import BranchChanged, DomainError, OperandError


def walk(root):
    """The topological order as the lecture builds it: by recursion, with a set of the visited."""
    order, visited = [], set()

    def build(v):
        if v not in visited:
            visited.add(v)
            for child in v.parents:
                build(child)
            order.append(v)

    build(root)
    return order


# ---- numbers with a memory -----------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"data": 2.0}, {"data": 2}, {"data": 2.0, "label": "a"}])
def test_a_value_is_made_from_a_number(given):
    a = Value(**given)
    assert (a.data, a.grad) == (2.0, 0.0)
    assert "data=2.0" in repr(a)


OPERATORS = [
    (lambda a, b: a + b, 3.0, (1.0, 1.0)),
    (lambda a, b: a - b, 7.0, (1.0, -1.0)),
    (lambda a, b: a * b, -10.0, (-2.0, 5.0)),
    (lambda a, b: a / b, -2.5, (-0.5, -1.25)),
    (lambda a, b: -a + b, -7.0, (-1.0, 1.0)),
    (lambda a, b: a + 1 + b * 2, 2.0, (1.0, 2.0)),
    (lambda a, b: 1 + a + 2 * b, 2.0, (1.0, 2.0)),
    (lambda a, b: 1 - a - b, -2.0, (-1.0, -1.0)),
    (lambda a, b: 10 / a + b / 2, 1.0, (-0.4, 0.5)),
    (lambda a, b: a**2 + b**3, 17.0, (10.0, 12.0)),
    (lambda a, b: a**-1 * b, -0.4, (0.08, 0.2)),
    (lambda a, b: b * 2**a, -64.0, (-64.0 * math.log(2.0), 32.0)),
    (lambda a, b: abs(b) * a, 10.0, (2.0, -5.0)),
    (lambda a, b: sum([a, b, a]), 8.0, (2.0, 1.0)),
    (lambda a, b: sum((x * x for x in (a, b)), Value(1.0)), 30.0, (10.0, -4.0)),
    (lambda a, b: max(a, b) - min(a, b), 7.0, (1.0, -1.0)),
    (lambda a, b: sorted([a, b])[0] * 3, -6.0, (0.0, 3.0)),
    (lambda a, b: a.relu() + b.relu(), 5.0, (1.0, 0.0)),
]


@pytest.mark.parametrize(("f", "value", "gradient"), OPERATORS)
def test_python_s_operators_compute_and_differentiate(f, value, gradient):
    a, b = Value(5.0), Value(-2.0)
    y = f(a, b)
    y.backward()
    assert y.data == pytest.approx(value, rel=1e-15, abs=0.0)
    assert (a.grad, b.grad) == pytest.approx(gradient, rel=1e-15, abs=0.0)


@pytest.mark.parametrize(
    ("method", "value", "slope"),
    [
        ("relu", 0.5, 1.0),
        ("tanh", math.tanh(0.5), 1.0 / math.cosh(0.5) ** 2),
        ("exp", math.exp(0.5), math.exp(0.5)),
        ("log", math.log(0.5), 2.0),
        ("sigmoid", 1.0 / (1.0 + math.exp(-0.5)), math.exp(-0.5) / (1.0 + math.exp(-0.5)) ** 2),
        ("sqrt", math.sqrt(0.5), 0.5 / math.sqrt(0.5)),
        ("sin", math.sin(0.5), math.cos(0.5)),
        ("cos", math.cos(0.5), -math.sin(0.5)),
    ],
)
def test_functions_are_methods(method, value, slope):
    x = Value(0.5)
    y = getattr(x, method)()
    y.backward()
    assert (y.data, x.grad) == pytest.approx((value, slope), rel=1e-15, abs=0.0)


def test_results_are_named_and_renamed_by_their_label():
    d = Value(2.0, label="a") * Value(-3.0, label="b")
    d.label = "d"
    assert (d.label, [p.label for p in d.parents]) == ("d", ["a", "b"])


def test_augmented_assignment_builds_new_values():
    a = b = Value(3.0)
    b += 1
    b *= 2
    b -= a
    b /= a
    b.backward()
    assert (a.data, b.data, a.grad) == (3.0, 5 / 3, pytest.approx(-2 / 9, rel=1e-15)), "(a + 2)/a"


def test_values_compare_by_their_numbers_and_are_kept_in_sets_and_dicts_by_identity():
    a, b, twin = Value(1.0), Value(2.0), Value(1.0)
    assert (a < b, a > b, a <= twin, a >= twin, a < 1.5) == (True, False, True, True, True)
    assert len({a, b, twin, a}) == 3
    assert {a: "a", twin: "twin"}[a] == "a"
    assert a == a
    assert a != twin
    assert a in [b, a]


@pytest.mark.parametrize("x", [np.float64(2.0), np.float32(2.0), np.int64(2), True, Fraction(2)])
def test_numbers_of_other_kinds_are_operands_on_either_side(x):
    v = Value(3.0)
    for y in (v * x, x * v):
        assert type(y) is Value
        assert type(y.data) is float
        assert y.data == 3.0 * float(x)


@pytest.mark.parametrize(
    "x",
    [np.float64(2.0), np.float32(2.0), np.longdouble(2.0), np.int64(2), np.array(2.0)],
    ids=repr,
)
@pytest.mark.parametrize("sign", ["lt", "le", "gt", "ge"])
@pytest.mark.parametrize("number", [1.0, 2.0, 3.0])
def test_a_numpy_number_can_be_compared_on_either_side_of_a_value(x, sign, number):
    compare, v = getattr(operator, sign), Value(number)
    for left, right in ((x, v), (v, x)):
        expected = compare(*[side.data if side is v else 2.0 for side in (left, right)])
        assert compare(left, right) is expected
    mixed = np.array([x, Value(2.0)])
    assert compare(mixed, v).tolist() == [compare(2.0, number)] * 2
    program = trace(lambda y: y if compare(x, y) else -y, number)
    for other in (1.0, 2.0, 3.0):
        if compare(2.0, other) is compare(2.0, number):
            assert program(other) == (other if compare(2.0, other) else -other)
        else:
            with pytest.raises(BranchChanged):
                program(other)


def test_a_numpy_number_never_equals_a_value():
    for x in (np.float64(2.0), np.int64(2), np.array(2.0)):
        v = Value(2.0)
        assert (x == v, v == x, x != v, v != x) == (False, False, True, True)
    assert Value(2.0) not in [np.float64(2.0)]


def test_arrays_of_values_are_added_multiplied_and_summed():
    row = np.array([Value(1.0), Value(2.0)])
    y = (row * 2.0).sum() + np.dot(row, row)
    y.backward()
    assert (y.data, [v.grad for v in row]) == (11.0, [4.0, 6.0])


# ---- passes --------------------------------------------------------------------------------------


def test_the_neuron_of_the_lecture():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1 = x1 * w1
    x1w1.label = "x1*w1"
    n = x1w1 + x2 * w2 + b
    n.label = "n"
    e = (2 * n).exp()
    for o in (n.tanh(), (e - 1) / (e + 1)):
        for leaf in (x1, x2, w1, w2, b):
            leaf.grad = 0.0
        o.backward()
        assert o.data == pytest.approx(math.sqrt(0.5), rel=1e-14)
        assert [v.grad for v in (x1, w1, x2, w2)] == pytest.approx([-1.5, 1.0, 0.5, 0.0], rel=1e-14)
        assert n.grad == pytest.approx(0.5, rel=1e-14)


def test_micrograd_s_own_tests():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)

    def more(a, b):
        c = a + b
        d = a * b + b**3
        c += c + 1
        c += 1 + c + (-a)
        d += d * 2 + (b + a).relu()
        d += 3 * d + (b - a).relu()
        e = c - d
        f = e**2
        g = f / 2.0
        g += 10.0 / f
        return g

    a, b = Value(-4.0), Value(2.0)
    g = more(a, b)
    g.backward()
    # by forward mode in fractions
    assert g.data == pytest.approx(2421 / 98, rel=1e-15)
    assert (a.grad, b.grad) == pytest.approx((47620 / 343, 221433 / 343), rel=1e-15)


def test_a_pass_by_hand_over_parents_and_local_gradients_is_the_backward_pass():
    a, b = Value(2.0), Value(-3.0)
    y = (a * b + a) ** 2 + b * b
    y.backward()
    expected = a.grad, b.grad
    assert walk(y)[-1] is y
    for v in walk(y):
        if not v.is_constant:
            v.grad = 0.0
    y.grad = 1.0
    for v in reversed(walk(y)):
        for parent, local in zip(v.parents, v.local_grads, strict=True):
            if not parent.is_constant:
                parent.grad += local * v.grad
    assert (a.grad, b.grad) == expected == (16.0, -22.0)


def test_gradients_of_leaves_add_up_until_they_are_set_to_zero():
    a = Value(3.0)
    (a * a).backward()
    (a * a).backward()
    assert a.grad == 12.0
    a.grad = 0
    (a * a).backward()
    assert a.grad == 6.0


def test_a_value_used_twice_counts_twice():
    a = Value(3.0)
    b = a + a
    b.backward()
    assert a.grad == 2.0


def test_graphs_are_copied_and_pickled():
    a = Value(3.0, label="a")
    y = a * a
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        other.backward()
        assert (other.data, a.grad) == (9.0, 0.0)
        assert other.parents[0].grad == 6.0
        assert other.parents[0].label == "a"


def test_a_class_of_one_s_own_may_extend_value():
    class Tagged(Value):
        def __init__(self, data, label=""):
            super().__init__(data, label=label)
            self.tag = "mine"

    t = Tagged(2.0, label="t")
    y = t * 3
    y.backward()
    assert (y.data, t.grad, t.tag, isinstance(t, Value)) == (6.0, 3.0, "mine", True)


# ---- networks and training loops -----------------------------------------------------------------


def test_networks_have_micrograd_s_signatures():
    model = nn.MLP(3, [4, 4, 1])
    assert len(model.parameters()) == 41
    assert isinstance(model([2.0, 3.0, -1.0]), Value)
    assert [len(layer.neurons) for layer in model.layers] == [4, 4, 1]
    assert len(nn.Neuron(3).parameters()) == 4
    assert len(nn.Neuron(3).w) == 3
    assert isinstance(nn.Neuron(3).b, Value)
    assert len(nn.Layer(3, 2)([1.0, 2.0, 3.0])) == 2
    assert nn.Neuron(2, nonlin=False)([1.0, -1.0]).op.name != "relu"
    assert "MLP of [Layer of [" in repr(model)
    model([2.0, 3.0, -1.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_the_lecture_s_training_loop_runs():
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    n = nn.MLP(3, [4, 4, 1], activation="tanh", seed=1)
    losses = []
    for _ in range(20):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.05 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.05 * losses[0]


def test_micrograd_s_demo_trains():
    random.seed(1337)
    points = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(20)]
    points = [(x, 1 if x[0] > x[1] else -1) for x in points]
    model = nn.MLP(2, [8, 1])

    def loss():
        inputs = [list(map(Value, x)) for x, _ in points]
        scores = list(map(model, inputs))
        hinge = [(1 + -yi * scorei).relu() for (_, yi), scorei in zip(points, scores, strict=True)]
        data_loss = sum(hinge) * (1.0 / len(hinge))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        right = [(yi > 0) == (s.data > 0) for (_, yi), s in zip(points, scores, strict=True)]
        return data_loss + reg_loss, sum(right) / len(right)

    first, _ = loss()
    for k in range(30):
        total_loss, _ = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
    last, accuracy = loss()
    assert last.data < 0.3 * first.data
    assert accuracy >= 0.95


def test_a_network_of_one_s_own_is_written_with_values_in_lists():
    class Neuron:
        def __init__(self, nin):
            self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
            self.b = Value(random.uniform(-1, 1))

        def __call__(self, x):
            return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()

        def parameters(self):
            return [*self.w, self.b]

    neuron = Neuron(3)
    neuron([1.0, 2.0, 3.0]).backward()
    slope = neuron.b.grad
    assert slope > 0.0
    assert [w.grad for w in neuron.w] == pytest.approx([slope, 2.0 * slope, 3.0 * slope], rel=1e-15)


def test_the_arithmetic_of_a_gpt_in_scalars():
    """Softmax less the maximum's data, RMS norm by ** -0.5, a dict of matrices, a mean loss."""
    random.seed(0)
    state = {"wte": [[Value(random.gauss(0, 0.1)) for _ in range(4)] for _ in range(3)]}
    params = [p for matrix in state.values() for row in matrix for p in row]

    def softmax(logits):
        max_val = max(val.data for val in logits)
        exps = [(val - max_val).exp() for val in logits]
        total = sum(exps)
        return [e / total for e in exps]

    def rmsnorm(x):
        ms = sum(xi * xi for xi in x) / len(x)
        scale = (ms + 1e-5) ** -0.5
        return [xi * scale for xi in x]

    losses = []
    for token, target in ((0, 1), (1, 2)):
        x = rmsnorm(state["wte"][token])
        logits = [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in state["wte"]]
        losses.append(-softmax(logits)[target].log())
    loss = (1 / len(losses)) * sum(losses)
    loss.backward()
    h, before = 1e-6, params[0].data

    def at(x):
        rows = [[p.data for p in row] for row in state["wte"]]
        rows[0][0] = x
        out = 0.0
        for token, target in ((0, 1), (1, 2)):
            e = rows[token]
            scale = (sum(v * v for v in e) / 4 + 1e-5) ** -0.5
            logits = [sum(w * v * scale for w, v in zip(row, e, strict=True)) for row in rows]
            out += (math.log(sum(map(math.exp, logits))) - logits[target]) / 2
        return out

    assert loss.data == pytest.approx(at(before), rel=1e-13)
    slope = (at(before + h) - at(before - h)) / (2 * h)
    assert params[0].grad == pytest.approx(slope, rel=1e-6, abs=1e-8)


# ---- the names behind the scenes, and what forks add ---------------------------------------------


def test_the_lecture_s_own_trace_walks_prev_and_op():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    d = (a * b + 10.0).tanh()
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(d)
    assert {n.label for n in nodes} == {"a", "b", ""}
    assert (len(nodes), len(edges)) == (6, 5)
    assert sorted(n._op for n in nodes) == ["", "", "", "*", "+", "tanh"]
    assert set(d._prev) == {d.parents[0]}


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: x + x, "+"),
        (lambda x: x - 1.0, "-"),
        (lambda x: x * 2.0, "*"),
        (lambda x: x / 2.0, "/"),
        (lambda x: -x, "-"),
        (lambda x: x**2, "**2"),
        (lambda x: x**3, "**3"),
        (lambda x: x**-0.5, "**-0.5"),
        (lambda x: x.relu(), "ReLU"),
        (lambda x: x.tanh(), "tanh"),
        (lambda x: x.exp(), "exp"),
        (lambda x: x.sigmoid(), "sigmoid"),
        (lambda x: x, ""),
    ],
)
def test_op_is_micrograd_s_text(f, text):
    assert f(Value(3.0))._op == text


def test_the_pass_stepped_by_hand_is_the_lecture_s():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    o.grad = 1.0
    for v in (o, n, b, both, x1w1, x2w2):
        v._backward()
    assert [v.grad for v in (x1, w1, x2, w2)] == pytest.approx([-1.5, 1.0, 0.5, 0.0], rel=1e-14)
    o._backward()  # each call gives its share again
    assert n.grad == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Value(2.0, (), ""),
        lambda: Value(2.0, (), "", "x"),
        lambda: Value(2.0, _op="in"),
        lambda: Value(2.0, _children=(), _op="", label="x"),
        lambda: Value(data=2.0, _children=(), label="x"),
    ],
)
def test_micrograd_s_forms_of_the_constructor_make_a_leaf(make):
    v = make()
    assert (v.data, v.label in ("", "x"), v.parents, v._op) == (2.0, True, (), "")


def test_a_class_of_one_s_own_may_pass_on_micrograd_s_arguments():
    class Scalar(Value):
        def __init__(self, data, _children=(), _op="", label=""):
            super().__init__(data, _children, _op, label)

    assert Scalar(2.0, label="s").label == "s"
    assert (Scalar(2.0) * 3).data == 6.0


def test_a_graph_made_by_hand_is_refused_with_the_way_to_add_an_operation():
    x = Value(0.5)
    with pytest.raises(OperandError, match="@operation"):
        Value(math.sin(x.data), (x,), "sin")
    y = x * 2
    with pytest.raises(OperandError, match="@operation"):
        y._backward = lambda: None


def test_a_class_of_one_s_own_has_room_for_attributes():
    class Parameter(Value):
        pass

    p = Parameter(2.0)
    p.m = p.v = 0.0
    (p * p).backward()
    p.m = 0.9 * p.m + p.grad
    assert (p.m, p.v) == (4.0, 0.0)


def test_methods_that_forks_have():
    v, others = Value(-3.0, label="v"), [Value(-3.0), Value(1.0)]
    assert v.abs().data == 3.0
    assert v.pow(3).data == -27.0
    twin = v.copy()
    assert (twin.data, twin.label, twin.parents, twin is v) == (-3.0, "v", (), False)
    assert v.softmax(others).data == pytest.approx(1 / (1 + math.exp(4.0)), rel=1e-15)
    (v * v).backward()
    v.zero_grad()
    assert v.grad == 0.0


@pytest.mark.parametrize(
    "call", [lambda y: y.backward(retain_graph=True), lambda y: y.backward(1.0)]
)
def test_backward_takes_the_arguments_of_pytorch(call):
    x = Value(3.0)
    call(x * x)
    assert x.grad == 6.0


def test_backward_starts_from_the_gradient_that_it_is_given():
    x = Value(3.0)
    (x * x).backward(0.5)
    assert x.grad == 3.0


def test_a_gradient_set_to_none_is_cleared():
    x = Value(3.0)
    (x * x).backward()
    x.grad = None
    assert (x.grad, x.has_grad) == (0.0, False)


@pytest.mark.parametrize("one", [np.array([2.0]), np.array([[2]]), np.array(2.0)])
def test_an_array_of_one_number_is_a_number(one):
    assert Value(one).data == 2.0


@pytest.mark.frameworks
def test_a_tensor_of_one_number_is_a_number(torch):
    assert (Value(torch.tensor([2.0])).data, Value(torch.tensor(3)).data) == (2.0, 3.0)


# ---- NumPy beside Values -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "value", "slope"),
    [
        (np.exp, math.exp(0.5), math.exp(0.5)),
        (np.log, math.log(0.5), 2.0),
        (np.tanh, math.tanh(0.5), 1 / math.cosh(0.5) ** 2),
        (np.arcsin, math.asin(0.5), 1 / math.sqrt(0.75)),
        (np.abs, 0.5, 1.0),
        (np.negative, -0.5, -1.0),
        (np.square, 0.25, 1.0),
        (lambda x: np.power(x, 3), 0.125, 0.75),
        (lambda x: np.maximum(x, 0.25), 0.5, 1.0),
        (lambda x: np.subtract(2.0, x), 1.5, -1.0),
    ],
)
def test_a_function_of_numpy_is_its_counterpart(f, value, slope):
    x = Value(0.5)
    y = f(x)
    y.backward()
    assert type(y) is Value
    assert (y.data, x.grad) == pytest.approx((value, slope), rel=1e-15)


def test_a_function_of_numpy_without_a_counterpart_says_so():
    with pytest.raises(OperandError, match=r"numpy\.cbrt has no counterpart"):
        np.cbrt(Value(8.0))


def test_arrays_and_values_mix():
    v = Value(2.0)
    plain = np.array([3.0, 4.0])
    for products in (plain * v, v * plain):
        assert [y.data for y in products] == [6.0, 8.0]
    sum(plain * v).backward()
    assert v.grad == 7.0
    values = np.array([Value(1.0), Value(3.0)])
    assert [y.data for y in values * v] == [2.0, 6.0]
    assert [y.data for y in np.exp(values)] == [math.exp(1.0), math.exp(3.0)]
    assert list(values > v) == [False, True]


def test_a_softmax_over_an_array_in_place():
    scores = np.array([Value(1.0), Value(2.0), Value(4.0)])
    shares = scores.copy()
    shares -= shares.max()
    shares = np.exp(shares)
    shares /= shares.sum()
    exact = [math.exp(x) / sum(map(math.exp, (1.0, 2.0, 4.0))) for x in (1.0, 2.0, 4.0)]
    assert [s.data for s in shares] == pytest.approx(exact, rel=1e-15)
    shares[0].backward()
    assert scores[1].grad == pytest.approx(-exact[0] * exact[1], rel=1e-14)


def test_a_mask_of_minus_infinity_names_the_way():
    with pytest.raises(DomainError, match=r"ieee\(\)"):
        (Value(float("-inf")) - 0.3).exp()
    with ieee():
        assert (Value(float("-inf")) - 0.3).exp().data == 0.0


# ---- the same while a function is traced ---------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        pytest.param(lambda x: sum(x._prev, x), id="_prev"),
        pytest.param(lambda x: x if x._op else -x, id="_op"),
        pytest.param(lambda x: x._backward() or x, id="_backward"),
        pytest.param(lambda x: x.zero_grad() or x, id="zero_grad"),
        pytest.param(lambda x: (x * x).backward(1.0) or x, id="backward"),
    ],
)
def test_a_trace_refuses_what_shows_the_graph(f):
    with pytest.raises(OperandError, match="traced"):
        trace(lambda x: f(x * 2.0), 1.0)


def test_a_trace_follows_numpy_s_functions():
    program = trace(lambda x, y: np.exp(x) * np.array([y, 2.0])[0], 1.0, 3.0)
    assert program(0.5, 4.0) == pytest.approx(4.0 * math.exp(0.5), rel=1e-15)


def test_a_copy_in_a_trace_is_guarded():
    program = trace(lambda x: x.copy() * x, 2.0)
    assert program(2.0) == 4.0
    with pytest.raises(BranchChanged):
        program(3.0)
