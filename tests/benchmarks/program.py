"""How fast a replayed MLP is, forward and backward, against NumPy, PyTorch and the eager engine.

    python tests/benchmarks/program.py         MLP(2, [16, 16, 1]) with hinge loss, batches of 100
                                               and 10,000; and memory
    python tests/benchmarks/program.py --cost  the cost per operation in graphs of 1,000 to
                                               1,000,000 operations

Times are medians of jobs that take turns, on one thread. `gpt.py --compare` does the same for a
GPT, `irregular.py` for graphs without any pattern.
"""

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import tracemalloc
from importlib.util import find_spec
from itertools import pairwise
from statistics import median

import numpy as np
from timing import judge, medians, show, timed

from autograd_edu import Value, dot, no_gc, relu, total, trace

BARS = {
    100: ((1.6, 1.1), (0.6, 0.35)),
    10_000: ((1.5, 1.1), (1.1, 0.8)),
}  # must and aim: of NumPy's time, of PyTorch's


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


def torch_job(x, t, layers):
    """The same step, vectorised by hand in eager PyTorch, float64."""
    import torch

    torch.set_num_threads(1)
    w1, b1, w2, b2, w3, b3 = parameters = [
        torch.tensor(a, requires_grad=True) for layer in layers for a in layer
    ]
    x, t, linear = torch.tensor(x), torch.tensor(t), torch.nn.functional.linear

    def job():
        for p in parameters:
            p.grad = None
        h = torch.relu(linear(torch.relu(linear(x, w1, b1)), w2, b2))
        losses = torch.relu(1 - t * linear(h, w3, b3)[:, 0])
        losses.sum().backward()
        return losses.detach().numpy(), [p.grad.numpy() for p in parameters]

    return job


def replay_job(x, t, layers):
    """The same in scalars, traced for one sample and replayed over the batch."""
    layers = of_values(layers)
    program = trace(lambda x, t: relu(1 - t * network(layers, x)[0]), x[0], t[0])
    parameters = [
        number for w, b in layers for number in (*(value for row in w for value in row), *b)
    ]
    place = {id(value): i for i, value in enumerate(program.parameters)}
    order = [place[id(value)] for value in parameters]

    def checked():
        values, gradients = program.value_and_grad(x, t)
        return values, [gradients.parameters[order]]

    return (lambda: program.value_and_grad(x, t)), checked


def mlp(batch: int, rounds: int) -> None:
    """The rows of one size of batch."""
    layers = random_layers([2, 16, 16, 1])
    rng = np.random.default_rng(1)
    x, t = rng.standard_normal((batch, 2)), np.sign(rng.standard_normal(batch))
    job, checked = replay_job(x, t, layers)
    jobs = {"replay": job, "NumPy by hand": lambda: by_hand(x, t, layers)}
    answers = [checked(), by_hand(x, t, layers)]
    if find_spec("torch"):
        jobs["PyTorch by hand, eager"] = torch_job(x, t, layers)
        answers.append(jobs["PyTorch by hand, eager"]())
    else:
        print("PyTorch is not installed, so it is not compared: pip install torch")
    for values, gradients in answers[1:]:
        np.testing.assert_allclose(values, answers[0][0], rtol=1e-11, atol=1e-12)
        flat = np.concatenate([gradient.ravel() for gradient in gradients])
        np.testing.assert_allclose(flat, answers[0][1][0], rtol=1e-9, atol=1e-9)
    times = medians(jobs, rounds)
    show(f"MLP(2, [16, 16, 1]), hinge loss, batch {batch}", times)
    for peer, bars in zip(("NumPy by hand", "PyTorch by hand, eager"), BARS[batch], strict=True):
        if peer in times:
            judge(f"replay, of {peer}", times["replay"] / times[peer], *bars)


def memory() -> None:
    """What a replay allocates at most, and keeps with its results, beyond its inputs."""
    layers = random_layers([2, 16, 16, 1])
    rng = np.random.default_rng(1)
    before: tuple[int, int] | None = None
    print(
        "memory of a replay of the MLP, forward and backward, its gradients for the inputs included"
    )
    for batch in (2_500, 10_000, 40_000, 160_000):
        x, t = rng.standard_normal((batch, 2)), np.ones(batch)
        job, _ = replay_job(x, t, layers)
        tracemalloc.start()
        result = job()
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
        mlp(100, 200)
        mlp(10_000, 20)
        memory()
