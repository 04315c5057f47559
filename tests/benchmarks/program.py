"""How fast a replayed program is: against hand-written NumPy, PyTorch (if installed) and the eager engine, interleaved.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/program.py

Each row is a median over interleaved repetitions, in milliseconds, forward and backward.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import random
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from autograd_edu import Value, dot, no_gc, relu, trace


def medians(jobs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median time of each job in milliseconds, the jobs taking turns."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for round_ in range(repeats + 2):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if round_ > 1:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(each) for name, each in times.items()}


def by_hand(x, t, layers):
    """The gradients of the summed hinge loss of a ReLU MLP, as one writes them in NumPy."""
    (w1, b1), (w2, b2), (w3, b3) = layers
    h1 = np.maximum(x @ w1.T + b1, 0)
    h2 = np.maximum(h1 @ w2.T + b2, 0)
    margin = 1 - t * (h2 @ w3.T + b3)[:, 0]
    d3 = (-t * (margin > 0))[:, None]
    d2 = (d3 @ w3) * (h2 > 0)
    d1 = (d2 @ w2) * (h1 > 0)
    grads = [d1.T @ x, d1.sum(0), d2.T @ h1, d2.sum(0), d3.T @ h2, d3.sum(0)]
    return np.maximum(margin, 0), grads


def torch_job(x, t, layers):
    """The same step, vectorised by hand in eager PyTorch, float64."""
    import torch

    torch.set_num_threads(1)
    parameters = [torch.tensor(a, requires_grad=True) for layer in layers for a in layer]
    x, t = torch.tensor(x), torch.tensor(t)

    def job():
        for p in parameters:
            p.grad = None
        h = torch.relu(torch.relu(x @ parameters[0].T + parameters[1]) @ parameters[2].T + parameters[3])
        torch.relu(1 - t * (h @ parameters[4].T + parameters[5])[:, 0]).sum().backward()

    return job


def mlp(batch: int, repeats: int) -> None:
    rng = np.random.default_rng(0)
    sizes = [2, 16, 16, 1]
    layers = [(rng.standard_normal((n, m)) / np.sqrt(m), rng.standard_normal(n)) for m, n in pairwise(sizes)]
    values = [([[Value(x) for x in row] for row in w], [Value(x) for x in b]) for w, b in layers]

    def loss(x, t):
        for i, (w, b) in enumerate(values):
            x = [dot(row, x, bias) for row, bias in zip(w, b, strict=True)]
            x = x if i == 2 else [relu(z) for z in x]
        return relu(1 - t * x[0])

    x, t = rng.standard_normal((batch, 2)), np.sign(rng.standard_normal(batch))
    program = trace(loss, x[0], t[0])
    value, grads = program.value_and_grad(x, t)
    expected, slopes = by_hand(x, t, layers)
    np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(np.sort(grads.parameters), np.sort(np.concatenate([s.ravel() for s in slopes])), rtol=1e-9, atol=1e-9)
    jobs = {"replay": lambda: program.value_and_grad(x, t), "NumPy by hand": lambda: by_hand(x, t, layers)}
    if find_spec("torch"):
        jobs["PyTorch"] = torch_job(x, t, layers)
    report(f"MLP(2, [16, 16, 1]), batch {batch}", medians(jobs, repeats))


def irregular(operations: int, batch: int, repeats: int) -> float:
    """A random graph of sums and products; the cost of one operation and sample in nanoseconds."""
    rng = random.Random(0)
    lines = [(rng.random() < 0.5, rng.randrange(max(0, i - 40), i), rng.randrange(max(0, i - 40), i)) for i in range(10, operations + 10)]

    def f(*leaves):
        xs = list(leaves)
        for is_sum, a, b in lines:
            xs.append((xs[a] + xs[b]) * 0.5 if is_sum else xs[a] * xs[b])
        return xs[-1]

    start = [rng.uniform(0.5, 1.5) for _ in range(10)]

    def eager():
        with no_gc():
            f(*map(Value, start)).backward()

    once = medians({"eager": eager}, 3)["eager"]
    began = time.perf_counter()
    with no_gc():
        program = trace(f, *start)
        columns = np.outer(start, np.ones(batch))
        _ = program.runner
    compiling = 1e3 * (time.perf_counter() - began)
    times = medians({"replay": lambda: program.value_and_grad(*columns)}, repeats)
    report(f"irregular, {operations} operations, batch {batch}", {**times, "eager, one sample": once, "trace + fuse + lift": compiling})
    return times["replay"] * 1e6 / operations / batch


def report(title: str, times: dict[str, float]) -> None:
    own = times["replay"]
    print(title)
    for name, each in times.items():
        print(f"  {name:22} {each:9.3f} ms   replay takes {own / each:6.3f} of it", flush=True)


if __name__ == "__main__":
    mlp(100, 300)
    mlp(10_000, 15)
    for operations in (1_000, 10_000, 100_000):
        print(f"  {irregular(operations, 100, 3):.2f} ns an operation and sample")
