"""The engine's speed and size beside its peers': medians of one interleaved run, collector on.

Run: python tests/benchmarks/engine.py [rounds]. Needs the `bench` extra (micrograd).
"""

import random
import statistics
import sys
import time
import tracemalloc
from functools import partial
from itertools import pairwise

from micrograd import nn
from micrograd.engine import Value as Micrograd

from autograd_edu import Value, dot, relu, total

sys.setrecursionlimit(1_000_000)  # for the peers: they recurse


class Microgpt:
    """A Value in the style of microgpt, which checks nothing and records no operation."""

    __slots__ = ("_children", "_local_grads", "data", "grad")

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self._children = children
        self._local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Microgpt) else Microgpt(other)
        return Microgpt(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Microgpt) else Microgpt(other)
        return Microgpt(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, k):
        return Microgpt(self.data**k, (self,), (k * self.data ** (k - 1),))

    def relu(self):
        return Microgpt(max(0, self.data), (self,), (float(self.data > 0),))

    def __sub__(self, other):
        return self + other * -1

    def __truediv__(self, other):
        return self * other**-1

    def backward(self):
        order, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build(child)
                order.append(v)

        build(self)
        self.grad = 1
        for v in reversed(order):
            for child, local_grad in zip(v._children, v._local_grads, strict=False):
                child.grad += local_grad * v.grad


def random_program(size, kinds, seed=0):
    rng = random.Random(seed)
    return [
        (
            rng.choice(kinds),
            rng.randrange(max(0, i - 30), i + 10),
            rng.randrange(max(0, i - 30), i + 10),
        )
        for i in range(size)
    ]


def run(kind, program):
    rng = random.Random(1)
    values = [kind(rng.uniform(1e-4, 1e-3)) for _ in range(10)]
    for op, a, b in program:
        x, y = values[a], values[b]
        values.append(
            x + y
            if op == "+"
            else x * y
            if op == "*"
            else x - y
            if op == "-"
            else x.relu()
            if op == "r"
            else x * 0.99
        )
    root = values[-1]
    for value in values[-40:-1]:
        root = root + value
    root.backward()


def neuron_by_dot(ws, xs, b):
    dot(ws, xs, b).backward()


def neuron_by_operations(ws, xs, b):
    y = b
    for w, x in zip(ws, xs, strict=True):
        y = y + w * x
    y.backward()


class Moons:
    """One step of MLP(2, [16, 16, 1]) with hinge loss and L2 on 100 points, also in micrograd."""

    def __init__(self):
        rng = random.Random(3)
        self.xs = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(100)]
        self.ys = [rng.choice((-1, 1)) for _ in self.xs]
        sizes = [2, 16, 16, 1]
        self.layers = [
            [([Value(rng.uniform(-1, 1)) for _ in range(a)], Value(0.0)) for _ in range(b)]
            for a, b in pairwise(sizes)
        ]
        self.parameters = [p for layer in self.layers for ws, b in layer for p in (*ws, b)]
        self.peer = nn.MLP(2, [16, 16, 1])

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = [dot(ws, x, b) for ws, b in layer]
            x = [relu(v) for v in x] if i < 2 else x
        return x[0]

    def ours(self):
        inputs = [list(map(Value, x)) for x in self.xs]
        losses = [relu(1 - y * self.forward(x)) for x, y in zip(inputs, self.ys, strict=True)]
        loss = total(losses) * (1 / len(losses)) + 1e-4 * dot(self.parameters, self.parameters)
        for p in self.parameters:
            p.clear_grad()
        loss.backward()

    def micrograd(self):
        scores = [self.peer(list(map(Micrograd, x))) for x in self.xs]
        losses = [(1 + -y * s).relu() for y, s in zip(self.ys, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in self.peer.parameters())
        self.peer.zero_grad()
        loss.backward()


def interleaved(calls, rounds):
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def main(rounds):
    for title, kinds in (("+ ×", "+*"), ("+ - ×", "+-***"), ("+ - × relu ·constant", "+-***rc")):
        program = random_program(10_000, kinds)
        peers = {"ours": Value, "microgpt": Microgpt, "micrograd": Micrograd}
        t = interleaved({name: partial(run, kind, program) for name, kind in peers.items()}, rounds)
        ratios = ", ".join(
            f"{t['ours'] / t[peer]:.2f} of {peer}'s" for peer in ("microgpt", "micrograd")
        )
        print(f"10,000 operations ({title}): {t['ours'] * 1e3:.2f} ms, {ratios}")
    rng = random.Random(2)
    ws, xs, b = (
        [Value(rng.random()) for _ in range(32)],
        [Value(rng.random()) for _ in range(32)],
        Value(0.1),
    )
    t = interleaved(
        {
            "dot": lambda: neuron_by_dot(ws, xs, b),
            "binary": lambda: neuron_by_operations(ws, xs, b),
        },
        40 * rounds,
    )
    times = f"{t['dot'] * 1e6:.1f} µs by dot, {t['binary'] * 1e6:.1f} µs by operations"
    print(f"neuron of 32 inputs: {times}: {t['binary'] / t['dot']:.2f} times faster")
    moons = Moons()
    moons.micrograd()
    t = interleaved({"ours": moons.ours, "micrograd": moons.micrograd}, max(3, rounds // 2))
    print(
        f"moons step: {t['ours'] * 1e3:.1f} ms, micrograd {t['micrograd'] * 1e3:.0f} ms: "
        f"{t['micrograd'] / t['ours']:.0f} times faster"
    )
    program = random_program(10_000, "+*")
    values = [Value(1e-3) for _ in range(10)]
    tracemalloc.start()
    for op, a, c in program:
        values.append(values[a] + values[c] if op == "+" else values[a] * values[c])
    built = tracemalloc.get_traced_memory()[0] / len(program)
    values[-1].backward()
    print(
        f"memory: {built:.0f} bytes per node built, "
        f"{tracemalloc.get_traced_memory()[0] / len(program):.0f} with gradients"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
