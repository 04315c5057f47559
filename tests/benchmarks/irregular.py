"""How fast irregular graphs are replayed: the compiled interpreter and NumPy against CasADi's SX, interleaved, one thread.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/irregular.py [--sizes]

A graph has 20 inputs and `size` operations. Each is drawn from a list, and its operands from all earlier results alike
("wide": some tens of operations deep), or the first from the latest 40 and the second from the first 1,000 ("deep":
thousands). A draw is repeated whose result is larger than a million, or mostly smaller than a thousandth, or so steep
that rounding would show in it. The root is the total of every result that nothing else uses, so that every operation
counts. Samples are uniform in (-1, 1). A job gives the result and its gradient for all inputs, for every sample; where
there are parameters, half of the leaves are, and their gradients are summed.

CasADi has the same graph as an `SX` expression; its Function gives [y, gradient(y, x)] and is called on a matrix, a
column a sample, or mapped over the batch, whichever is faster; for single samples, on a buffer without any checks.
Times are medians in milliseconds; "ns" is nanoseconds an operation and sample; "x" is how much of CasADi's time it takes.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import reduce
from importlib.util import find_spec

import numpy as np

from autograd_edu import Value, no_gc, ops, trace_graph
from autograd_edu.program import Program
from autograd_edu.program.jit_run import Interpreter
from autograd_edu.program.runner import Runner
from autograd_edu.reals import arrays

LEAVES = 20
DISTINCT = 25  # samples; larger batches repeat them
SIMPLE = ("add", "sub", "mul")
MIXED = (*SIMPLE, *SIMPLE, "div", "square", "sin", "cos", "exp", "tanh", "sigmoid", "relu", "maximum")
Line = tuple[str, int, int]


def drawn(size: int, names: tuple[str, ...], *, deep: bool, samples: np.ndarray) -> list[Line]:
    """The operations of a random graph: names, and the numbers of their operands."""
    rng = random.Random(0)
    results, steep, lines = list(samples[:, :DISTINCT]), [1.0] * LEAVES, []
    with np.errstate(all="ignore"):
        for _ in range(50 * size):
            if len(lines) == size:
                return lines
            name, known = rng.choice(names), len(results)
            a = rng.randrange(max(0, known - 40) if deep else 0, known)
            b = rng.randrange(min(known, 1000) if deep else known)
            op = ops.OPS[name]
            operands = (a, b)[: len(op.example)]
            xs = [results[i] for i in operands]
            y = op.value(arrays(), *xs)
            slopes = op.local_gradients(arrays(), y, *xs)
            slope = sum(np.abs(slope).max() * steep[i] for slope, i in zip(slopes, operands, strict=True))
            if np.abs(y).max() < 1e6 and np.median(np.abs(y)) > 1e-3 and slope < 1e6:
                lines.append((name, a, b))
                results.append(y)
                steep.append(max(slope, 1e-9))
    raise RuntimeError("nearly every draw is refused")


def loose(lines: list[Line]) -> list[int]:
    """The results that nothing else uses."""
    used = {i for name, a, b in lines for i in (a, b)[: len(ops.OPS[name].example)]}
    return [i for i in range(LEAVES + len(lines)) if i not in used]


def own(lines: list[Line], sample: np.ndarray, parameters: int) -> tuple[Program, float]:
    """The graph as a Program, and the time of one eager step."""
    began = time.perf_counter()
    with no_gc():
        leaves = [Value(x) for x in sample]
        results = list(leaves)
        for name, a, b in lines:
            op = ops.OPS[name]
            results.append(op(*(results[a], results[b])[: len(op.example)]))
        root = ops.OPS["total"](*[results[i] for i in loose(lines)])
        root.backward()
        eager = time.perf_counter() - began
        return trace_graph(root, inputs=leaves[parameters:], parameters=leaves[:parameters]), eager


def casadi_job(lines: list[Line], samples: np.ndarray, parameters: int) -> dict[str, Callable[[], object]]:
    import casadi as ca

    functions = {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
        "square": lambda a: a * a, "sin": ca.sin, "cos": ca.cos, "exp": ca.exp, "tanh": ca.tanh, "maximum": ca.fmax,
        "sigmoid": lambda a: 0.5 * ca.tanh(0.5 * a) + 0.5, "relu": lambda a: ca.fmax(a, 0),
    }  # fmt: skip
    x = ca.SX.sym("x", LEAVES)
    results = [x[i] for i in range(LEAVES)]
    for name, a, b in lines:
        results.append(functions[name](*(results[a], results[b])[: len(ops.OPS[name].example)]))
    y = reduce(lambda a, b: a + b, [results[i] for i in loose(lines)])
    f = ca.Function("f", [x], [y, ca.gradient(y, x)])
    if samples.shape[1] == 1:
        buffer, trigger = f.buffer()
        x0, y0, g0 = samples[:, 0].copy(), np.zeros(1), np.zeros(LEAVES)
        buffer.set_arg(0, memoryview(x0))
        buffer.set_res(0, memoryview(y0))
        buffer.set_res(1, memoryview(g0))
        return {"CasADi, buffer": lambda: (buffer, x0, trigger(), y0, g0)[3:], "CasADi, called": lambda: f(samples)}
    mapped = f.map(samples.shape[1])
    return {"CasADi, called": lambda: f(samples), "CasADi, mapped": lambda: mapped(samples)}


def medians(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median time of each job in milliseconds, the jobs taking turns."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for round_ in range(rounds + 1):
        for name, job in jobs.items():
            began = time.perf_counter()
            job()
            if round_:
                times[name].append(1e3 * (time.perf_counter() - began))
    return {name: statistics.median(each) for name, each in times.items()}


def compare(title: str, size: int, batch: int, *, names: tuple[str, ...], deep: bool = False, parameters: int = 0) -> None:
    samples = np.resize(np.random.default_rng(0).uniform(-1, 1, (DISTINCT, LEAVES)), (batch, LEAVES)).T.copy()
    if parameters:
        samples[:parameters] = samples[:parameters, :1]
    lines = drawn(size, names, deep=deep, samples=samples)
    program, eager = own(lines, samples[:, 0], parameters)
    program.parameter_values = samples[:parameters, 0]
    columns, values = samples[parameters:], program.parameter_values
    began = time.perf_counter()
    interpreter = Interpreter(program)
    encoding = time.perf_counter() - began
    runner = Runner(program, program.fused())
    jobs: dict[str, Callable[[], object]] = {
        "interpreter": lambda: interpreter.run(columns, values, backward=True),
        "NumPy": lambda: runner.run(tuple(columns), backward=True, on_nonfinite="raise"),
    }
    if find_spec("casadi"):
        jobs |= casadi_job(lines, samples, parameters)
        check(jobs, parameters)
    times = medians(jobs, max(3, min(300, 10**7 // (size * batch))))
    print(f"{title}: {size} operations, batch {batch}, {parameters} parameters; encoding took {encoding / eager:.2f} eager steps")
    best = min([each for name, each in times.items() if name.startswith("CasADi")], default=float("nan"))
    for name, each in times.items():
        print(f"  {name:16} {each:10.3f} ms {each * 1e6 / size / batch:8.2f} ns  {each / best:6.3f} x", flush=True)


def check(jobs: dict[str, Callable[[], object]], parameters: int) -> None:
    """Both compute the same."""
    value, by_input, by_parameter = jobs["interpreter"]()
    y, gradient = (np.array(part) for part in jobs["CasADi, called"]())
    np.testing.assert_allclose(value, y.ravel(), rtol=1e-6, atol=1e-6 * np.abs(y).max())
    np.testing.assert_allclose(by_input, gradient[parameters:], rtol=1e-6, atol=1e-6 * np.abs(gradient).max())
    np.testing.assert_allclose(by_parameter, gradient[:parameters].sum(1), rtol=1e-6, atol=1e-6 * np.abs(gradient).max() * len(value))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", action="store_true", help="also 10³ to 10⁶ operations")
    asked = parser.parse_args()
    compare("wide, + - *", 100_000, 100, names=SIMPLE)
    compare("wide, mixed", 100_000, 100, names=MIXED)
    compare("wide, mixed", 100_000, 100, names=MIXED, parameters=10)
    compare("deep, + - *", 100_000, 100, names=SIMPLE, deep=True)
    compare("deep, mixed", 100_000, 100, names=MIXED, deep=True)
    compare("wide, mixed", 100_000, 1, names=MIXED)
    compare("deep, mixed", 100_000, 1, names=MIXED, deep=True)
    for size in (1_000, 10_000, 100_000, 1_000_000) if asked.sizes else ():
        for batch in (100, 1):
            compare("wide, mixed", size, batch, names=MIXED)
