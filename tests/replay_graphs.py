"""Random functions to trace, by seed, their eager results, and how exactly a replay must agree.

The functions are built from what people write: single operations, layers (products of rows of
weights with vectors, whole or with gaps, with every kind of bias), recurrences, attention over a
growing past, the same operation over many numbers, duplicates, sums of sums. For every sample of
the batch, every number stays in the domain of its operation and away from its kinks: at a kink, a
difference of one unit in the last place may take the other branch.
"""

import random
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import prod

import numpy as np
from random_graphs import path_sums

from autograd_edu import OPS, Value, dot, exp, logsumexp, total, trace
from autograd_edu.engine.value import Constant
from autograd_edu.program.arrays import Arrays

ARITY = {op.name: 0 if op.variadic else len(op.operand_names()) for op in OPS.values()}
CORNERS = {
    "relu": 0.0,
    "abs": 0.0,
    "selu": 0.0,
    "step": 0.0,
    "strict_step": 0.0,
    "leaky_relu": 0.0,
    "elu": 0.0,
    "where": 0.0,
}
TAME = ("tanh", "sigmoid", "sin", "relu", "neg", "gelu", "atan")
MARGIN, MOST, GAIN = 1e-6, 40.0, 1e4
UNIT = 2.0**-53
SHAPES = ((), (), (), (1,), (2,), (3,), (5,), (2, 3), (3, 2, 2))


@dataclass
class Graph:
    """Leaves, operations on them, a batch of samples, and comparisons that hold for all of it."""

    shapes: list[tuple[int, ...]]
    samples: np.ndarray  # (samples, numbers)
    weights: list[float]
    constants: list[float]
    lines: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    root: int = 0
    compared: list[tuple[int, int]] = field(default_factory=list)

    def function(self, weights, after=lambda y: y):
        """The graph as a function of its inputs, which captures ``weights``.

        ``after`` is applied to each operation's result, and to one factor of each product.
        """

        def f(*arguments):
            results = [*flat(arguments), *weights, *map(Constant, self.constants)]
            for name, operands in self.lines:
                xs = [results[i] for i in operands]
                if name == "dot":  # each of its products is rounded, however small their sum is
                    half = len(xs) // 2
                    xs = [*map(after, xs[:half]), *xs[half:]]
                results.append(after(OPS[name].apply(xs)))
            for a, b in self.compared:
                if results[a] < results[b]:
                    continue
            return results[self.root]

        return f

    def nested(self, numbers):
        """A sample as the arguments: numbers, or nested lists of them."""
        places = pairwise(accumulate([0, *map(prod, self.shapes)]))
        return [
            np.asarray(numbers[a:b]).reshape(shape).tolist()
            for (a, b), shape in zip(places, self.shapes, strict=True)
        ]

    def columns(self, samples):
        """A batch as the arguments: arrays with a leading batch axis."""
        places = pairwise(accumulate([0, *map(prod, self.shapes)]))
        return [
            samples[:, a:b].reshape(-1, *shape)
            for (a, b), shape in zip(places, self.shapes, strict=True)
        ]


def flat(nested):
    for x in nested:
        if isinstance(x, (list, tuple)):
            yield from flat(x)
        else:
            yield x


class Maker:
    """A graph under construction, with each result for every sample and how it amplifies errors."""

    def __init__(self, seed, size):
        self.rng = rng = random.Random(seed)
        shapes = [
            rng.choice(SHAPES)
            for _ in range(
                rng.choice((0, 1, 1, 2, 2, 3, 4)) if rng.random() < 0.2 else rng.choice((1, 2, 3))
            )
        ]
        count, width = sum(map(prod, shapes)), rng.choice((5, 5, 6, 7))
        draw = lambda n: [rng.uniform(-2, 2) for _ in range(n)]  # noqa: E731 - a sampler
        samples = np.array([draw(count) for _ in range(width)]).reshape(width, count)
        self.graph = Graph(
            shapes, samples, draw(rng.choice((0, 1, 3, 6, 12, 24))), draw(rng.choice((0, 1, 3)))
        )
        alone = [np.full(width, x) for x in (*self.graph.weights, *self.graph.constants)]
        self.results = [*samples.T, *alone]
        if not self.results:
            self.graph.constants.append(0.5)
            self.results.append(np.full(width, 0.5))
        self.inputs, self.weights = (
            list(range(count)),
            list(range(count, count + len(self.graph.weights))),
        )
        self.gain = [1.0] * len(self.results)
        self.size = size

    def add(self, name, operands):
        """The new result's number, or None if it is out of domain, steep, large or at a kink."""
        xs = [self.results[i] for i in operands]
        if self._at_a_kink(name, operands, xs):
            return None
        op, xp = OPS[name], Arrays
        with np.errstate(all="ignore"):
            y = np.asarray(op.value(xp, *xs), dtype=float) + 0.0 * xs[0]
            slopes = [np.max(np.abs(slope)) for slope in op.local_gradients(xp, y, xs)]
        first = len(self.graph.weights) + len(self.inputs)
        constants = range(first, first + len(self.graph.constants))
        slopes = [
            0.0 if i in constants else float(slope)
            for slope, i in zip(slopes, operands, strict=True)
        ]
        gain = 1.0 + sum(slope * self.gain[i] for slope, i in zip(slopes, operands, strict=True))
        if not (np.abs(y).max() < MOST and gain < GAIN):
            return None
        self.graph.lines.append((name, tuple(operands)))
        self.results.append(y)
        self.gain.append(gain)
        return len(self.results) - 1

    def _at_a_kink(self, name, operands, xs):
        if name in CORNERS:
            return np.abs(xs[0] - CORNERS[name]).min() < MARGIN
        if name in ("maximum", "minimum", "clip"):
            pairs = [(a, b) for i, a in enumerate(operands) for b in operands[:i] if a != b]
            order = name == "clip" and (len(set(operands)) < 3 or (xs[1] >= xs[2]).any())
            return order or any(
                np.abs(self.results[a] - self.results[b]).min() < MARGIN for a, b in pairs
            )
        return False

    def pick(self):
        """A result; half the time one of the latest, which makes graphs deep."""
        count = len(self.results)
        return (
            self.rng.randint(max(0, count - 4), count - 1)
            if self.rng.random() < 0.5
            else self.rng.randrange(count)
        )

    def some(self, most=8):
        """Two or more of the results, or of the inputs, or of the weights."""
        pool = self.rng.choice((self.inputs, self.weights, range(len(self.results)))) or range(
            len(self.results)
        )
        return [self.rng.choice(pool) for _ in range(self.rng.randint(2, most))]

    # ---- what graphs are put together from ----

    def operation(self):
        name = self.rng.choice(list(ARITY))
        operands = [self.pick() for _ in range(ARITY[name] or self.rng.randint(1, 7))]
        if len(operands) > 1 and self.rng.random() < 0.15:
            operands[1] = operands[0]
        self.add(name, operands)

    def layer(self):
        """All products of some rows of weights with some vectors; a few may be missing or twice."""
        rng, length = self.rng, self.rng.randint(1, 6)
        pool = self.weights if self.weights and rng.random() < 0.8 else range(len(self.results))
        rows = [[rng.choice(pool) for _ in range(length)] for _ in range(rng.choice((1, 2, 3, 5)))]
        vectors = [[self.pick() for _ in range(length)] for _ in range(rng.choice((1, 1, 2, 4)))]
        if rng.random() < 0.3:  # what one operation made is what the layer reads
            made = [self.add(rng.choice(TAME), [i]) for vector in vectors for i in vector]
            if None not in made:
                vectors = [made[k * length : (k + 1) * length] for k in range(len(vectors))]
        bias = rng.choice(("none", "weight", "row", "vector", "any"))
        own = [rng.choice(self.weights or self.inputs or [0]) for _ in rows]
        whole, swapped, primitive = rng.random() < 0.6, rng.random() < 0.3, rng.random() < 0.4
        act = rng.choice((*TAME, None, None))
        for v in vectors:
            for row, b in zip(rows, own, strict=True):
                if not whole and rng.random() < 0.3:
                    continue
                last = {
                    "none": [],
                    "weight": [own[0]],
                    "row": [b],
                    "vector": [v[0]],
                    "any": [self.pick()],
                }[bias]
                w, x = (v, row) if swapped else (row, v)
                y = (
                    self.sum_of_products(w, x, last)
                    if primitive
                    else self.add("dot", [*w, *x, *last])
                )
                if y is not None and act:
                    self.add(act, [y])
                if rng.random() < 0.05:
                    self.add("dot", [*w, *x, *last])

    def sum_of_products(self, w, x, bias):
        """As people write it: products, added one after another."""
        terms = [self.add("mul", pair) for pair in zip(w, x, strict=True)]
        if None in terms:
            return None
        y, *rest = [*bias, *terms]
        for term in rest:
            y = y if y is None else self.add("add", [y, term])
        return y

    def perceptron(self):
        """Two layers with a bias per neuron, over one or more vectors, if the numbers allow it."""
        rng, length = self.rng, self.rng.randint(2, 4)
        if not self.weights:
            return
        now = [[self.pick() for _ in range(length)] for _ in range(rng.choice((1, 1, 3)))]
        act = rng.choice(TAME)
        for width in (rng.randint(2, 5), rng.randint(1, 4)):
            rows = [
                [rng.choice(self.weights) for _ in range(len(now[0]) + 1)] for _ in range(width)
            ]
            made = [[self.add("dot", [*row[1:], *v, row[0]]) for row in rows] for v in now]
            made = [[None if i is None else self.add(act, [i]) for i in vector] for vector in made]
            if any(i is None for vector in made for i in vector):
                return
            now = made

    def recurrence(self):
        h, w, u = self.pick(), self.pick(), self.pick()
        for _ in range(self.rng.randint(2, 7)):
            x = self.rng.choice(self.inputs or [0])
            y = self.add("dot", [w, u, h, x])
            h = h if y is None else self.add("tanh", [y]) or h

    def attention(self):
        """Each position sees itself and its past: sums, products and maxima of growing length."""
        rng, width = self.rng, self.rng.randint(1, 3)
        keys = [[self.pick() for _ in range(width)] for _ in range(rng.randint(2, 4))]
        for t in range(1, len(keys) + 1):
            scores = [self.add("dot", [*keys[t - 1], *keys[s]]) for s in range(t)]
            if None in scores:
                return
            norm = self.add(rng.choice(("logsumexp", "maximum", "total")), scores)
            weights = [] if norm is None else [self.add("sub", [s, norm]) for s in scores]
            if weights and None not in weights:
                self.add("dot", [*weights, *[keys[s][0] for s in range(t)]])

    def alike(self):
        """One operation over many numbers, perhaps of differing length; then their sum."""
        rng = self.rng
        name = rng.choice(list(ARITY))

        def makes():
            return self.some() if not ARITY[name] else [self.pick() for _ in range(ARITY[name])]

        made = [self.add(name, makes()) for _ in range(rng.randint(2, 12))]
        made = [i for i in made if i is not None]
        if len(made) > 1:
            self.add(rng.choice(("total", "maximum", "minimum", "logsumexp", "total")), made)

    def again(self):
        """A line once more."""
        if self.graph.lines:
            self.add(*self.rng.choice(self.graph.lines))

    def chain(self):
        i = self.pick()
        for _ in range(self.rng.randint(3, 15)):
            j = self._link(i)
            i = i if j is None else j

    def _link(self, i):
        name = self.rng.choice((*TAME, "add", "sub", "mul"))
        return self.add(name, [i] if ARITY[name] == 1 else [i, self.pick()])

    def finish(self):
        """Choose the root and the comparisons."""
        rng, graph, count = self.rng, self.graph, len(self.results)
        used = {i for _, operands in graph.lines for i in operands}
        loose = [
            i
            for i in range(count)
            if i not in used and (i >= count - len(graph.lines) or rng.random() < 0.5)
        ]
        how, root = rng.random(), None
        if how < 0.75 and loose:
            root = self.add("total", loose)
        elif how < 0.9 and loose and self.weights:
            root = self.add("dot", [*[rng.choice(self.weights) for _ in loose], *loose])
        elif how > 0.98:
            root = rng.randrange(count)
        graph.root = len(self.results) - 1 if root is None else root
        for _ in range(rng.choice((0, 0, 0, 1, 4))):
            a, b = rng.randrange(count), rng.randrange(count)
            apart = self.results[a] - self.results[b]
            if np.abs(apart).min() > MARGIN and len({*np.sign(apart)}) == 1:
                graph.compared.append((a, b))
        return graph


PARTS = (
    Maker.operation,
    Maker.operation,
    Maker.layer,
    Maker.perceptron,
    Maker.recurrence,
    Maker.attention,
    Maker.alike,
    Maker.again,
    Maker.chain,
)


def random_graph(seed, size=None):
    """The graph of a seed: about ``size`` operations, or 4 to 120."""
    rng = random.Random(seed)
    maker = Maker(rng.random(), size or rng.choice((4, 10, 20, 40, 40, 80, 120)))
    for _ in range(20 * maker.size):
        if len(maker.graph.lines) >= maker.size:
            break
        rng.choice(PARTS)(maker)
    return maker.finish()


# ---- the eager engine, and how far from it a replay may be ---------------------------------------


def eager(graph, sample, after=lambda y: y):
    """The result, the gradients of inputs and weights, and their absolute sums over paths."""
    weights, xs = [Value(w) for w in graph.weights], [Value(x) for x in sample]
    arguments, place = [], 0
    for shape in graph.shapes:
        arguments.append(_reshaped(xs[place : place + prod(shape)], shape))
        place += prod(shape)
    root = graph.function(weights, after)(*arguments)
    root.backward()
    return root, xs, weights


def _reshaped(values, shape):
    if not shape:
        return values[0]
    each = len(values) // shape[0]
    return [_reshaped(values[k * each : (k + 1) * each], shape[1:]) for k in range(shape[0])]


def gradients(leaves):
    return np.array([leaf.grad for leaf in leaves])


def room(graph, sample):
    """What rounding may do to the result and to the gradients of inputs and weights.

    It is 10·S + 4·n·2⁻⁵³·A. S is the spread when every operation is off by one unit in the last
    place. A is the sum over paths for a gradient, and the result itself for the result.
    """
    root, xs, weights = eager(graph, sample)
    rng, spread = random.Random(0), [0.0, np.zeros(len(xs)), np.zeros(len(weights))]
    exact = (root.data, gradients(xs), gradients(weights))
    for _ in range(8):
        off = eager(graph, sample, lambda y: y * (1.0 + rng.choice((-1, 1)) * 2.0**-52))
        found = (off[0].data, gradients(off[1]), gradients(off[2]))
        spread = [
            np.maximum(s, np.abs(a - b)) for s, a, b in zip(spread, found, exact, strict=True)
        ]
    sizes = (abs(root.data), np.array(path_sums(root, xs)), np.array(path_sums(root, weights)))
    return [
        10 * s + 4 * len(graph.lines) * UNIT * size for s, size in zip(spread, sizes, strict=True)
    ]


@dataclass
class Truth:
    """What the eager engine says of every sample."""

    graph: Graph
    values: np.ndarray
    inputs: np.ndarray  # (samples, numbers)
    weights: np.ndarray  # (samples, weights)

    @staticmethod
    def of(graph):
        rows = [eager(graph, sample) for sample in graph.samples]
        values, inputs = [r.data for r, _, _ in rows], [gradients(x) for _, x, _ in rows]
        return Truth(
            graph, np.array(values), np.array(inputs), np.array([gradients(w) for _, _, w in rows])
        )

    def faults(self, values, inputs, weights, used):
        """The numbers of a replay that are off by more than 1e-12 and by more than rounding may do.

        ``used`` are the weights that the replay has.
        """
        pairs = (
            (values, self.values),
            (inputs, self.inputs),
            (weights, self.weights[:, used].sum(axis=0)),
        )
        for found, wanted in pairs:
            assert found.shape == wanted.shape, (found.shape, wanted.shape)
        far = [~(np.abs(a - b) <= 1e-12 * np.abs(b)) for a, b in pairs]
        if not any(map(np.any, far)):
            return []
        rooms = [room(self.graph, sample) for sample in self.graph.samples]
        added = len(self.graph.samples) * UNIT * np.abs(self.weights[:, used]).sum(axis=0)
        allowed = [
            np.array([r[0] for r in rooms]),
            np.array([r[1] for r in rooms]),
            sum(r[2] for r in rooms)[used] + added,
        ]
        names = ("value", "gradient of input", "gradient of weight")
        return [
            f"{name} {tuple(map(int, place))}: {a[tuple(place)]!r}, "
            f"eager {b[tuple(place)]!r}, room {may[tuple(place)]:.1e}"
            for name, (a, b), off, may in zip(names, pairs, far, allowed, strict=True)
            for place in np.argwhere(off & ~(np.abs(a - b) <= may))
        ]


def replayed(graph, *, engine, declared=False):
    """The program traced from a graph, and the numbers of the weights that it uses."""
    weights = [Value(w) for w in graph.weights]
    program = trace(
        graph.function(weights),
        *graph.nested(graph.samples[0]),
        parameters=weights if declared else None,
    )
    program.engine = engine
    used = [weights.index(p) for p in program.parameters]
    return program, used


def over_batch(program, graph, samples):
    """Values, gradients of inputs, of shape (samples, numbers), and gradients of parameters.

    A program without inputs is replayed once per sample.
    """
    if graph.shapes:
        values, grads = program.value_and_grad(*graph.columns(samples))
        inputs = [np.asarray(g).reshape(len(samples), -1) for g in grads.inputs]
        return values, np.concatenate(inputs, axis=1), grads.parameters
    passes = [program.value_and_grad() for _ in samples]
    return (
        np.array([v for v, _ in passes]),
        np.zeros((len(samples), 0)),
        sum(g.parameters for _, g in passes),
    )


def disagreements(seed, engines=("numpy",), size=None):
    """What a replay of the seed's graph gets wrong."""
    graph = random_graph(seed, size)
    truth = Truth.of(graph)
    found = []
    for engine in engines:
        program, used = replayed(graph, engine=engine, declared=bool(seed % 2))
        found += [
            f"{engine}: {fault}"
            for fault in truth.faults(*over_batch(program, graph, graph.samples), used)
        ]
    return found


def attending(rng):
    """The program of causal attention over five vectors of four numbers, in scalars, summed up."""
    query, key, value = (
        [[Value(x) for x in row] for row in rng.standard_normal((4, 4))] for _ in range(3)
    )

    def f(xs):
        qs, ks, vs = (
            [[dot(row, x) for row in matrix] for x in xs] for matrix in (query, key, value)
        )
        mixed = []
        for i, q in enumerate(qs):
            scores = [dot(q, k) / 2 for k in ks[: i + 1]]
            whole = logsumexp(*scores)
            mixed += [
                dot([exp(s - whole) for s in scores], column)
                for column in zip(*vs[: i + 1], strict=True)
            ]
        return total(*mixed)

    return trace(f, rng.standard_normal((5, 4)).tolist())
