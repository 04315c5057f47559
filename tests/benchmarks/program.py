"""What a replayed MLP costs: its memory, and the time per operation of deeper ones.

    python tests/benchmarks/program.py         the memory of MLP(2, [16, 16, 1]) with hinge loss
    python tests/benchmarks/program.py --cost  the cost per operation in graphs of 1,000 to
                                               1,000,000 operations

`peers.py` times it beside other packages.
"""

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import tracemalloc
from itertools import pairwise
from statistics import median

import numpy as np
from timing import judge, medians, timed

from autograd_edu import Value, dot, no_gc, relu, total, trace


def random_layers(sizes):
    """Weights and biases of a network, as arrays."""
    rng = np.random.default_rng(0)
    return [
        (rng.standard_normal((n, m)) / np.sqrt(m), rng.standard_normal(n))
        for m, n in pairwise(sizes)
    ]


def of_values(layers):
    """The same in Values."""
    return [([[Value(x) for x in row] for row in w], [Value(x) for x in b]) for w, b in layers]


def network(layers, x):
    """A ReLU network in scalars; its last layer is linear."""
    for i, (w, b) in enumerate(layers):
        x = [dot(row, x, bias) for row, bias in zip(w, b, strict=True)]
        x = x if i == len(layers) - 1 else [relu(z) for z in x]
    return x


def by_hand(x, t, layers):
    """The gradients of the summed hinge loss of a ReLU MLP, as one writes them in NumPy."""
    (w1, b1), (w2, b2), (w3, b3) = layers
    h1 = np.maximum(x @ w1.T + b1, 0)
    h2 = np.maximum(h1 @ w2.T + b2, 0)
    margin = 1 - t * (h2 @ w3.T + b3)[:, 0]
    d3 = (-t * (margin > 0))[:, None]
    d2 = (d3 @ w3) * (h2 > 0)
    d1 = (d2 @ w2) * (h1 > 0)
    gradients = [d1.T @ x, d1.sum(0), d2.T @ h1, d2.sum(0), d3.T @ h2, d3.sum(0)]
    return np.maximum(margin, 0), gradients


def memory() -> None:
    """What a replay allocates at most, and keeps with its results, beyond its inputs."""
    layers = of_values(random_layers([2, 16, 16, 1]))
    program = trace(lambda x, t: relu(1 - t * network(layers, x)[0]), [0.1, 0.2], 1.0)
    rng = np.random.default_rng(1)
    before: tuple[int, int] | None = None
    print(
        "memory of a replay of the MLP, forward and backward, its gradients for the inputs included"
    )
    for batch in (2_500, 10_000, 40_000, 160_000):
        x, t = rng.standard_normal((batch, 2)), np.ones(batch)
        program.value_and_grad(x, t)
        tracemalloc.start()
        result = program.value_and_grad(x, t)
        now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        growth = (
            f", {(peak - before[1]) / (batch - before[0]):.1f} bytes for each sample more"
            if before
            else ""
        )
        print(
            f"  batch {len(result[0]):7}: at most {peak / 1e6:6.2f} MB, "
            f"{now / 1e6:6.2f} MB kept{growth}",
            flush=True,
        )
        before = batch, peak


def deep(operations: int, batch: int, rounds: int) -> float:
    """Nanoseconds per operation and sample of a network with about ``operations`` operations.

    It has 16 neurons per layer and as many layers as that takes.
    """
    width = 16
    depth = max(1, round(operations / (2 * width * width)))
    layers = of_values(random_layers([width] * (depth + 1)))
    operations = depth * width * (2 * width + 1)  # products, sums and ReLUs
    f = lambda x: total(network(layers, x))  # noqa: E731
    start = [0.1 * i for i in range(width)]

    def eager():
        with no_gc():
            f([Value(x) for x in start]).backward()

    def compiled():
        _ = trace(f, start).runner

    compiling, stepping = (
        median(each)
        for each in zip(*[(timed(compiled), timed(eager)) for _ in range(3)], strict=True)
    )
    program = trace(f, start)
    samples = np.random.default_rng(0).standard_normal((batch, width))
    time = medians(
        {"replay": lambda: program.value_and_grad(samples, on_nonfinite="keep")}, rounds
    )["replay"]
    each = 1e6 * time / operations / batch
    print(
        f"  {operations:8} operations: {each:7.4f} ns an operation and sample, {time:9.3f} ms; "
        f"trace + fuse + lift {compiling:8.1f} ms, {compiling / stepping:.1f} eager steps",
        flush=True,
    )
    return each


def cost() -> None:
    """How far the cost of an operation is from constant."""
    for batch in (1, 100):
        print(
            "a network with 16 neurons per layer, of growing depth, "
            f"forward and backward, batch {batch}"
        )
        each = [deep(operations, batch, 3) for operations in (1_000, 10_000, 100_000, 1_000_000)]
        judge(
            f"batch {batch}: the dearest operation, of the cheapest", max(each) / min(each), 3, 1.5
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cost", action="store_true", help="time graphs of growing size instead")
    if parser.parse_args().cost:
        cost()
    else:
        memory()
