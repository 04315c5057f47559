"""Replay equals the eager engine in every sample of random graphs, or says where it cannot.

`replay_graphs` makes the graphs and knows how far rounding may take a replay from the eager engine.
A fault in the lifting code must be noticed here or in test_program; `faults/table.py` plants some.
"""

import random
import re
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from replay_graphs import Truth, disagreements, over_batch, random_graph, replayed
from rules import row, stacked_row

from autograd_edu import OPS, Value, dot, exp, log, maximum, sqrt, tanh, total, trace
from autograd_edu.errors import BranchChanged, DomainError

CHUNKS = 20


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.random
def test_replayed_random_graphs_equal_the_eager_engine_in_every_sample(chunk, long):
    """2,000 graphs (``--long``: 40,000) with at least five samples each.

    Compares the values and the gradients of inputs of each sample, and the summed gradients of
    parameters.
    """
    each = 40_000 // CHUNKS if long else 2_000 // CHUNKS
    for seed in range(chunk * each, (chunk + 1) * each):
        assert disagreements(seed) == [], seed


@pytest.mark.parametrize("chunk", range(4))
@pytest.mark.random
def test_interpreted_random_graphs_equal_the_eager_engine_too(chunk, long):
    each = 2_000 if long else 60
    for seed in range(10**6 + chunk * each, 10**6 + (chunk + 1) * each):
        assert disagreements(seed, ("jit",)) == [], seed


@pytest.mark.random
def test_random_graphs_are_of_every_kind():
    seen, kinds, facts = Counter(), Counter(), Counter()
    for seed in range(400):
        graph = random_graph(seed)
        program, used = replayed(graph, engine="numpy")
        lifted = program.runner.numpy.lifted
        seen.update({slot.op for slot in program.slots})
        kinds.update(
            (group.kind, group.fixed, len(group.reads), bool(group.ones)) for group in lifted.groups
        )
        facts["samples"] += len(graph.samples) >= 5
        facts["unused weights"] += len(used) < len(graph.weights)
        facts["unused inputs"] += not set(range(program.input_count)) <= {
            j for slot in program.slots for j in slot.operands
        }
        facts["duplicates"] += len(set(graph.lines)) < len(graph.lines)
        facts["guards"] += bool(program.guards)
        facts["an operand twice"] += any(
            len(set(operands)) < len(operands) for _, operands in graph.lines
        )
        facts["deep"] += max(_depths(program)) >= 15
        facts["wide"] += max((len(group.members) for group in lifted.groups), default=0) >= 12
    assert set(OPS) <= set(seen)
    assert {kind for kind, *_ in kinds} == {"map", "stack", "matrix", "matmul", "dot", "spread"}
    assert {(fixed, ones) for kind, fixed, _, ones in kinds if kind == "matrix"} == {
        (f, o) for f in (True, False) for o in (True, False)
    }
    assert facts.pop("samples") == 400
    assert min(facts.values()) >= 12, facts


def _depths(program):
    """For each slot, how long its longest way from a leaf is."""
    depths = []
    for slot in program.slots:
        depths.append(1 + max((depths[j] for j in slot.operands), default=0))
    return depths


@pytest.mark.parametrize("off", [1e-11, -1e-11])
@pytest.mark.random
def test_an_error_of_a_hundred_billionth_is_caught(off):
    """In any number of a replay, except a difference of much larger ones: rounding does as much."""
    caught = planted = 0
    for seed in range(30):
        graph = random_graph(seed)
        truth = Truth.of(graph)
        program, used = replayed(graph, engine="numpy")
        numbers = over_batch(program, graph, graph.samples)
        for which, number in enumerate(numbers):
            if not number.any():
                continue
            wrong = [np.array(x) for x in numbers]
            wrong[which].flat[np.abs(number).argmax()] *= 1.0 + off
            planted += 1
            caught += bool(truth.faults(*wrong, used))
    assert planted > 60
    assert caught >= 0.95 * planted, (caught, planted)


# ---- shapes that random graphs seldom have -------------------------------------------------------


def agree(f, samples, *, weights=()):
    """Hold a replay of ``f``, whose arguments are those of the samples, to the eager engine."""
    program = trace(f, *samples[0], parameters=list(weights))
    program.engine = "numpy"
    values, grads = program.value_and_grad(*[np.array(each) for each in zip(*samples, strict=True)])
    by_weight = np.zeros(len(weights))
    for k, sample in enumerate(samples):
        for w in weights:
            w.clear_grad()
        arguments = [_values(each) for each in sample]
        f(*arguments).backward()
        for each, slopes in zip(arguments, grads.inputs, strict=True):
            wanted = np.vectorize(lambda x: x.grad, otypes=[float])(np.array(each, dtype=object))
            np.testing.assert_allclose(slopes[k], wanted, rtol=1e-12, atol=1e-14)
        assert values[k] == pytest.approx(f(*arguments).data, rel=1e-12)
        by_weight += [w.grad for w in weights]
    np.testing.assert_allclose(grads.parameters, by_weight, rtol=1e-12, atol=1e-14)
    return program


def _values(nested):
    return [_values(x) for x in nested] if isinstance(nested, list) else Value(nested)


def _drawn(seed, *shape):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def _matrix_of(seed, rows, columns):
    return [[Value(x) for x in row] for row in _drawn(seed, rows, columns)]


@pytest.mark.parametrize("weights_first", [True, False])
@pytest.mark.parametrize("bias", ["none", "row", "vector", "each", "input"])
def test_a_layer_over_several_vectors_is_a_matrix_product(bias, weights_first):
    """The vectors are an argument's rows, and then what a layer made of them.

    The bias may belong to the row, to the vector or to each product, or be an input.
    """
    rows, again, b = _matrix_of(0, 5, 4), _matrix_of(1, 3, 5), _matrix_of(2, 5, 3)

    def f(x):
        def layer(w, vectors):
            return [
                [tanh(product(w, v, r, k)) for r in range(len(w))] for k, v in enumerate(vectors)
            ]

        def product(w, v, r, k):
            first, second = (w[r], v) if weights_first else (v, w[r])
            last = {
                "none": [],
                "row": [b[r][0]],
                "vector": [b[0][k]],
                "each": [b[r][k]],
                "input": [x[k][0]],
            }[bias]
            return dot(first, second, *last)

        return total([y * y for vector in layer(again, layer(rows, x)) for y in vector])

    leaves = [w for row in (*rows, *again, *b) for w in row]
    program = agree(f, [(x.tolist(),) for x in _drawn(3, 6, 3, 4)], weights=leaves)
    assert [len(g.members) for g in program.runner.numpy.lifted.groups if g.kind == "matrix"] == [
        15,
        9,
    ]


@pytest.mark.parametrize("before", ["inputs", "results"])
def test_one_number_used_hundreds_of_times_among_many_used_once(before):
    """Their gradients are summed as runs of a flat list; in columns, most places would be empty."""
    w = [Value(x) for x in _drawn(0, 200)]

    def f(x):
        z = x if before == "inputs" else [tanh(a) for a in x]
        own = [a * b for a, b in zip(z, w, strict=True)]
        many = (
            [z[7] * (0.01 * k) for k in range(300)]
            + [w[3] * a for a in z]
            + [w[5] * z[9] * (0.02 * k) for k in range(90)]
        )
        return total([tanh(a) for a in (*own, *many)])

    agree(f, [(x.tolist(),) for x in _drawn(1, 3, 200)], weights=w)


def test_sums_of_very_different_lengths():
    def f(x):
        sums = [total([tanh(a) for a in x[: n + 2]]) for n in range(20)] + [
            total([a * a for a in x] * 30),
            maximum(*x),
            maximum(*x[:2]),
        ]
        return total([tanh(0.01 * a) for a in sums])

    agree(f, [(x.tolist(),) for x in _drawn(1, 3, 150)])


# ---- batches, blocks and what is kept between calls ----------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_batches_of_any_size_in_any_order_give_the_same_numbers(seed):
    """Blocks join up, buffers of other sizes do no harm, and the next call changes no result."""
    graph = random_graph(seed, 40)
    if not graph.samples.shape[1]:
        graph = random_graph(seed + 1000, 40)
    truth = Truth.of(graph)
    program, used = replayed(graph, engine="numpy")
    held = []
    # twice in a row, the same buffers are used
    for count in (7, 7, 1, 2, 2001, 2001, 100, 2000, 4501, 7, 2001, 1):
        which = (len(held) + np.arange(count)) % len(graph.samples)
        held.append((which, over_batch(program, graph, graph.samples[which])))
    for which, (values, inputs, parameters) in held:
        weights = truth.weights[which][:, used]
        np.testing.assert_allclose(values, truth.values[which], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(inputs, truth.inputs[which], rtol=1e-10, atol=1e-10)
        size = np.abs(weights).max(axis=0, initial=1.0)
        np.testing.assert_allclose(
            parameters / len(which) / size, weights.mean(axis=0) / size, rtol=0, atol=1e-11
        )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_new_parameters_are_used_from_the_next_call_on(seed):
    graph = random_graph(seed + 500, 30)
    graph.compared.clear()
    program, used = replayed(graph, engine="numpy")
    over_batch(program, graph, graph.samples)
    for scale in (1e-4, -1e-4):
        changed = [w * (1 + scale * (i + 1)) for i, w in enumerate(graph.weights)]
        program.parameter_values = [changed[i] for i in used]
        again = type(graph)(
            graph.shapes, graph.samples, changed, graph.constants, graph.lines, graph.root
        )
        assert Truth.of(again).faults(*over_batch(program, again, again.samples), used) == []


def test_arrays_of_any_kind_are_read_and_left_alone():
    program = trace(
        lambda x, y: total([a * b for a, b in zip(x, y, strict=True)]) * x[0],
        [1.0, 2.0],
        [3.0, 4.0],
    )
    wanted = np.array([(3.0 + 8) * 1, (6.0 + 20) * 2, (-3.0 + 0) * -1])
    x, y = np.array([[1.0, 2], [2, 5], [-1, 0]]), np.array([[3.0, 4], [3, 4], [3, 4]])
    wider = np.zeros((6, 4))
    wider[::2, ::2] = x
    kinds = [
        x,
        x.astype(int),
        x.astype(np.float32),
        np.asfortranarray(x),
        wider[::2, ::2],
        x[::-1][::-1],
        x.tolist(),
        x.astype(np.int8),
    ]
    for each in kinds:
        before = np.array(each)
        assert program(each, y).tolist() == wanted.tolist()
        value, grads = program.value_and_grad(each, y)
        assert value.tolist() == wanted.tolist()
        assert (np.array(each) == before).all()
        assert grads.inputs[1].tolist() == (x * x[:, :1]).tolist()


def test_an_argument_may_be_an_empty_list():
    program = trace(lambda none, x: x * x, [], 1.0)
    assert program.value_and_grad([], 3.0)[1].inputs[1] == 6.0
    assert [g.shape for g in program.value_and_grad(np.zeros((4, 0)), np.ones(4))[1].inputs] == [
        (4, 0),
        (4,),
    ]


def test_an_example_without_numbers_keeps_its_whole_shape():
    program = trace(lambda none, x: x * x, np.zeros((2, 0, 3)), 1.0)
    assert program.shapes == ((2, 0, 3), ())
    assert program(np.zeros((5, 2, 0, 3)), 3.0).tolist() == [9.0] * 5


@pytest.mark.slow
def test_the_memory_of_a_replay_is_that_of_a_block_and_a_few_numbers_a_sample(long):
    """Beyond 2,000 samples, only the copies of the inputs and the results grow.

    That is a few numbers of 8 bytes per sample and input.
    """
    weights = [[Value(0.1 * i - 0.2 * j) for i in range(8)] for j in range(16)]
    program = trace(lambda x: total([tanh(dot(w, x)) for w in weights]), [0.1] * 8)
    program.engine = "numpy"
    peaks = {
        count: _peak(program, np.full((count, 8), 0.3))
        for count in (2_000, 4_000, 10_000, 20_000, 40_000)
    }
    each = [
        (peaks[b] - peaks[a]) / (b - a)
        for a, b in ((4_000, 10_000), (10_000, 20_000), (20_000, 40_000))
    ]
    assert max(each) < 8 * (3 * 8 + 4), peaks
    assert max(each) < 1.2 * min(each) + 8, peaks
    assert program.runner.numpy.plan.cache_info().currsize <= 4


def _peak(program, x):
    """The most memory in use during a second pass over ``x``, beside the program's own."""
    program.value_and_grad(x)
    tracemalloc.start()
    program.value_and_grad(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_the_plans_that_are_kept_are_bounded():
    program = trace(lambda x: tanh(x) * x, 0.5)
    program.engine = "numpy"
    for count in range(1, 60):
        program.value_and_grad(np.ones(count))
    assert program.runner.numpy.plan.cache_info().currsize <= 4


# ---- operations that a user registers ------------------------------------------------------------


@pytest.fixture
def own_rows():
    """A row of each kind: constant slope, variadic, and stacked.

    The variadic row has no stacked rules. One stacked row has a neutral number other than 0 and ±∞.
    """
    rows = [
        row("tripled", lambda xp, x: 3.0 * x, lambda xp, y, x: (3.0,), "3*x", ("3",), (1.0,)),
        row("twice_added", lambda xp, a, b: a + 2.0 * b, lambda xp, y, a, b: (1.0, 2.0),
            "a + 2*b", ("1", "2"), (1.0, 1.0)),
        row("weighed", lambda xp, *x: sum((i + 1.0) * a for i, a in enumerate(x)),
            lambda xp, y, *x: tuple(i + 1.0 for i in range(len(x))),
            lambda *n: " + ".join(n), lambda *n: ("1",) * len(n), (2.0, 3.0)),
        stacked_row("multiplied", _multiplied, _of_multiplied,
                    lambda *n: "*".join(n), lambda *n: tuple(f"y/{k}" for k in n), (2.0, 3.0),
                    neutral=1.0),
        stacked_row("summed_squares", lambda xp, xs: sum(x * x for x in xs),
                    lambda xp, y, xs: [2.0 * x for x in xs],
                    lambda *n: " + ".join(f"{k}**2" for k in n),
                    lambda *n: tuple(f"2*{k}" for k in n), (2.0, 3.0), neutral=0.0),
    ]  # fmt: skip
    yield rows
    for each in rows:
        del OPS[each.name]


def _multiplied(xp, xs):
    y = 1.0
    for x in xs:
        y = y * x
    return y


def _of_multiplied(xp, y, xs):
    return [y / x for x in xs]


def test_rows_of_a_users_own_are_replayed(own_rows):
    tripled, twice_added, weighed, multiplied, summed = own_rows
    w = Value(1.5)

    def f(a, b, c):
        first = total(
            [
                multiplied(a, b),
                multiplied(b, c, a),
                multiplied(w, c, c),
                multiplied(w, w),
                multiplied(w, a, b, c),
            ]
        )
        second = total(
            [
                tripled(a),
                tripled(b),
                tripled(w),
                twice_added(a, w),
                twice_added(w, b),
                twice_added(w, w),
                twice_added(a, b),
            ]
        )
        third = (
            weighed(a, b) * weighed(b, c, a)
            + weighed(w, w, a) * weighed(w, w)
            + weighed(a, w)
            + weighed(c, c)
        )
        return first * second + third * tanh(summed(a, b) + summed(b, c, w) + summed(c, c))

    samples = np.random.default_rng(0).uniform(0.5, 2, (6, 3))
    program = trace(f, *samples[0])
    program.engine = "numpy"
    values, grads = program.value_and_grad(*samples.T)
    by_weight = 0.0
    for k, sample in enumerate(samples):
        w.clear_grad()
        xs = [Value(x) for x in sample]
        y = f(*xs)
        y.backward()
        by_weight += w.grad
        assert values[k] == pytest.approx(y.data, rel=1e-13)
        assert [g[k] for g in grads.inputs] == pytest.approx([x.grad for x in xs], rel=1e-12)
    assert grads.parameters == pytest.approx([by_weight], rel=1e-12)


# ---- planted branch changes ----------------------------------------------------------------------

SIGNS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.random
def test_a_planted_branch_change_names_comparison_line_and_sample(seed):
    """In a loop, on what is only compared, on parameters too; in the first block and beyond."""
    rng = random.Random(seed)
    sign, edge, depth = rng.choice(list(SIGNS)), rng.uniform(0.2, 0.8), rng.randrange(4)
    w = Value(rng.uniform(0.5, 2), "w")

    def f(x, y):
        x.label = "x"
        only_compared = w * x if depth % 2 else dot([w, x], [x, 1.0])
        for _ in range(depth):
            y = tanh(y + x * 0.1) if y > -50 else y
        return y * x if SIGNS[sign](only_compared, edge) else y - x

    def compared(x):
        return w.data * x if depth % 2 else w.data * x + x

    above = edge * np.array([1.5, 2.5]) / compared(1.0)
    count = rng.choice((1, 3, 60, 2500))
    inside, outside = above[0], -above[1]
    if rng.random() < 0.5:
        inside, outside = outside, inside
    program = trace(f, inside, 0.5)
    program.engine = rng.choice(("numpy", "jit", "python"))
    xs, ys = np.full(count, inside), np.full(count, 0.5)
    program.value_and_grad(xs, ys)
    place = rng.randrange(count)
    xs[place] = outside
    for run in (program, program.value_and_grad):
        with pytest.raises(BranchChanged) as caught:
            run(xs, ys)
        text = str(caught.value)
        comparison, line = f"{sign} {edge!r}", SIGNS[sign].__code__.co_firstlineno
        assert re.search(
            rf"comparison \S+ {re.escape(comparison)} at test_replay\.py:{line} was", text
        ), text
        assert f" for sample {place} (" in text


# ---- planted faults ------------------------------------------------------------------------------

FAULTS = {
    "log": (lambda x: log(x), -1.0),
    "sqrt": (lambda x: sqrt(x), -1.0),
    "div": (lambda x: 1.0 / x, 0.0),
    "exp": (lambda x: exp(x * 3000.0), 1.0),
    "mul": (lambda x: (x * 1e200) * (x * 1e200), 1.0),
    "asin": (lambda x: OPS["asin"](x), 1.5),
    "pow": (lambda x: x**0.5, -1.0),
    "square": (lambda x: (1e200 * x) ** 2, 1.0),
}
STEEP = {
    "sqrt": (sqrt, 0.0),
    "asin": (OPS["asin"], 1.0),
    "acos": (OPS["acos"], -1.0),
    "pow": (lambda x: x**0.5, 0.0),
}


def planted(seed, faults):
    """A program, inputs for which one operation fails, the operation's name, and the sample."""
    rng = random.Random(seed)
    name = rng.choice(list(faults))
    f, bad = faults[name]
    w = [Value(rng.uniform(0.5, 1.0), f"w{i}") for i in range(4)]
    which, form = rng.randrange(3), rng.randrange(4)

    def function(x):
        each = [f(a) for a in x]
        each[which].label = "culprit"
        if form == 0:
            return total(each)
        if form == 1:  # it ends in a fused sum of products
            return w[0] * each[0] + w[1] * each[1] + w[2] * each[2] + w[3]
        if form == 2:  # in a layer
            return total([tanh(dot([w[i], *w[:2]], each, w[3])) for i in range(4)])
        return maximum(*each) * w[0] + dot(each, each)

    good = {"exp": 0.01, "mul": 1e-200, "square": 1e-200}.get(name, 0.3)
    count = rng.choice((1, 20, 2500))
    program = trace(function, [good] * 3)
    program.engine = rng.choice(("numpy", "jit", "python"))
    xs, place = np.full((count, 3), good), rng.randrange(count)
    program.value_and_grad(xs)
    xs[place, which] = bad
    return program, xs, name, place


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.random
def test_a_planted_non_finite_result_is_located_by_operation_line_and_sample(seed):
    program, xs, name, place = planted(seed, FAULTS)
    with pytest.raises(
        DomainError,
        match=rf"^{name}: culprit = .*test_replay\.py:\d+\) is not finite for sample {place} \(",
    ):
        program(xs)
    with pytest.raises(DomainError, match=rf"^{name}: culprit = .*sample {place} \("):
        program.value_and_grad(xs)
    kept = program(xs, on_nonfinite="keep")
    assert np.isfinite(np.delete(kept, place)).all()


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.random
def test_a_planted_gradient_that_is_not_finite_is_located(seed):
    program, xs, name, place = planted(seed, STEEP)
    assert np.isfinite(program(xs)).all()
    with pytest.raises(
        DomainError,
        match=rf"^the gradient of {name}: culprit = .*test_replay\.py:\d+\) "
        rf"is not finite for sample {place}\.",
    ):
        program.value_and_grad(xs)


@pytest.mark.parametrize("place", [0, 3, 2300])
def test_a_gradient_of_a_parameter_alone_that_is_not_finite_is_located(place):
    w = Value(0.0, "w")
    program = trace(lambda x: w**x + x, 2.0)
    program.engine = "numpy"
    xs = np.full(2500, 2.0)
    xs[place] = 0.5
    with pytest.raises(DomainError, match=rf"pow: .* for sample {place}\."):
        program.value_and_grad(xs)


def test_a_gradient_that_overflows_in_a_matrix_names_a_product_of_it():
    """The last of five inputs, of a layer of two neurons: not the row of a fifth."""
    rows = [[Value(1e-100 if j < 4 else 1e200, f"w{i}{j}") for j in range(5)] for i in range(2)]
    program = trace(
        lambda x, s: total([s * tanh(dot(row, list(x))) for row in rows]), [1.0] * 4 + [1e-210], 1.0
    )
    program.engine = "numpy"
    xs, scale = np.tile([1.0] * 4 + [1e-210], (3, 1)), np.array([1.0, 1e150, 1.0])
    with pytest.raises(DomainError, match=r"the gradient of dot: \S+ = w00·.*for sample 1\."):
        program.value_and_grad(xs, scale)


def test_operations_alike_but_for_the_sign_of_a_zero_keep_it():
    program = trace(lambda x, y: [x * 0.0, y * -0.0], 1.0, 1.0)
    printed = {}
    exec(program.listing("python"), printed)
    assert np.signbit(program(2.0, 3.0)).tolist() == [False, True]
    assert np.signbit(np.ravel(printed["program"]([], 2.0, 3.0))).tolist() == [False, True]
