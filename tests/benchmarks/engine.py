"""The engine's speed and size beside its peers': medians of one interleaved run, collector on.

Run: python tests/benchmarks/engine.py [rounds]. Needs the `bench` extra (micrograd).
"""

import random
import sys
import tracemalloc
from functools import partial

from microgpt import Microgpt
from micrograd.engine import Value as Micrograd
from timing import judge, medians

from autograd_edu import Value, dot

sys.setrecursionlimit(1_000_000)  # for the peers: they recurse
MIXES = [  # title, operations to draw from, and of microgpt's time: must and aim
    ("+ ×", "+*", 0.45, 0.35),
    ("+ - ×", "+-***", 0.45, 0.35),
    ("+ - × relu ·constant", "+-***rc", 0.45, 0.35),
    ("unary and constants", "+rrccc", 0.7, 0.5),
]


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


def main(rounds):
    for title, kinds, must, aim in MIXES:
        program = random_program(10_000, kinds)
        peers = {"ours": Value, "microgpt": Microgpt, "micrograd": Micrograd}
        t = medians({name: partial(run, kind, program) for name, kind in peers.items()}, rounds)
        ratios = ", ".join(
            f"{t['ours'] / t[peer]:.2f} of {peer}'s" for peer in ("microgpt", "micrograd")
        )
        print(f"10,000 operations ({title}): {t['ours']:.2f} ms, {ratios}")
        judge(f"eager, {title}: of microgpt's", t["ours"] / t["microgpt"], must, aim)
    rng = random.Random(2)
    ws, xs, b = (
        [Value(rng.random()) for _ in range(32)],
        [Value(rng.random()) for _ in range(32)],
        Value(0.1),
    )
    t = medians(
        {
            "dot": lambda: neuron_by_dot(ws, xs, b),
            "binary": lambda: neuron_by_operations(ws, xs, b),
        },
        rounds,
    )
    times = f"{t['dot'] * 1e3:.1f} µs by dot, {t['binary'] * 1e3:.1f} µs by operations"
    print(f"neuron of 32 inputs: {times}: {t['binary'] / t['dot']:.2f} times faster")
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
