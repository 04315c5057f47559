"""How fast irregular graphs replay: the compiled interpreter and NumPy against CasADi's SX.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/irregular.py [--sizes | --engines]

A graph has 20 inputs and `size` operations, drawn at random from a list. In a "wide" graph, some
tens of operations deep, operands are drawn from all earlier results alike. In a "deep" graph,
thousands of operations deep, the first operand is one of the latest 40 results and the second one
of the first 1,000. A draw is repeated if its result is larger than a million, mostly smaller than a
thousandth, or so steep that rounding would show in it. The root is the total of every result that
nothing else uses, so that every operation counts. Samples are uniform in (-1, 1). A job gives the
result and its gradient with respect to all inputs, for every sample. Where there are parameters,
they are half of the leaves, and their gradients are summed.

CasADi gets the same graph as an `SX` expression. Its Function gives [y, gradient(y, x)]. It is
called on a matrix with one column per sample, or mapped over the batch, whichever is faster; for a
single sample, on a buffer without any checks. The jobs take turns on one thread. Times are medians
of processor time in milliseconds. "ns" is nanoseconds per operation and sample; "x" is the time
divided by CasADi's.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import random
import time
from collections.abc import Callable
from functools import reduce
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
from timing import judge, medians

from autograd_edu import Value, dot, exp, log, no_gc, sin, tanh, total, trace
from autograd_edu.engine import ops
from autograd_edu.program import Program
from autograd_edu.program.arrays import Arrays
from autograd_edu.program.compiled_engine.choice import ENGINES, Costs, chosen
from autograd_edu.program.lifting.fuse import fused

LEAVES = 20
DISTINCT = 25  # samples; larger batches repeat them
SIMPLE = ("add", "sub", "mul")
MIXED = (
    *SIMPLE,
    *SIMPLE,
    "div",
    "square",
    "sin",
    "cos",
    "exp",
    "tanh",
    "sigmoid",
    "relu",
    "maximum",
)
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
            y = op.value(Arrays, *xs)
            slopes = op.local_gradients(Arrays, y, xs)
            slope = sum(
                np.abs(slope).max() * steep[i] for slope, i in zip(slopes, operands, strict=True)
            )
            if np.abs(y).max() < 1e6 and np.median(np.abs(y)) > 1e-3 and slope < 1e6:
                lines.append((name, a, b))
                results.append(y)
                steep.append(max(slope, 1e-9))
    raise RuntimeError("nearly every draw is refused")


def loose(lines: list[Line]) -> list[int]:
    """The results that nothing else uses."""
    used = {i for name, a, b in lines for i in (a, b)[: len(ops.OPS[name].example)]}
    return [i for i in range(LEAVES + len(lines)) if i not in used]


def result(leaves: list[Value], lines: list[Line]) -> Value:
    """The root of the graph on these leaves."""
    results = list(leaves)
    for name, a, b in lines:
        op = ops.OPS[name]
        results.append(op(*(results[a], results[b])[: len(op.example)]))
    return ops.OPS["total"](*[results[i] for i in loose(lines)])


def own(lines: list[Line], sample: np.ndarray, parameters: int) -> tuple[Program, float, float]:
    """The graph as a Program of one vector, and the times to run it eagerly and to compile it."""
    with no_gc():
        began = time.thread_time()
        result([Value(x) for x in sample], lines).backward()
        eager = time.thread_time() - began
    own = [Value(x) for x in sample[:parameters]]
    began = time.thread_time()
    program = trace(
        lambda x: result([*own, *x], lines), sample[parameters:].tolist(), parameters=own
    )
    _ = program.runner.interpreter
    return program, eager, time.thread_time() - began


def casadi_job(
    lines: list[Line], samples: np.ndarray, parameters: int
) -> dict[str, Callable[[], object]]:
    import casadi as ca

    functions = {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "square": lambda a: a * a,
        "sin": ca.sin, "cos": ca.cos, "exp": ca.exp, "tanh": ca.tanh, "maximum": ca.fmax,
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
        return {
            "CasADi, buffer": lambda: (buffer, x0, trigger(), y0, g0)[3:],
            "CasADi, called": lambda: f(samples),
        }
    mapped = f.map(samples.shape[1])
    return {"CasADi, called": lambda: f(samples), "CasADi, mapped": lambda: mapped(samples)}


def compare(
    title: str,
    size: int,
    batch: int,
    *,
    names: tuple[str, ...],
    deep: bool = False,
    parameters: int = 0,
    alone: bool = False,
) -> float:
    """Print the times of all engines; return the interpreter's, in ns per operation and sample."""
    samples = np.resize(
        np.random.default_rng(0).uniform(-1, 1, (DISTINCT, LEAVES)), (batch, LEAVES)
    ).T.copy()
    if parameters:
        samples[:parameters] = samples[:parameters, :1]
    lines = drawn(size, names, deep=deep, samples=samples)
    program, eager, ready = own(lines, samples[:, 0], parameters)
    by_numpy = Program.from_json(program.to_json())
    program.engine, by_numpy.engine = "jit", "numpy"
    x = samples[parameters:].T.copy() if batch > 1 else samples[parameters:, 0].copy()
    jobs: dict[str, Callable[[], object]] = {
        "interpreter": lambda: program.value_and_grad(x),
        "NumPy": lambda: by_numpy.value_and_grad(x),
    }
    if alone:
        del jobs["NumPy"]
    elif find_spec("casadi"):
        jobs |= casadi_job(lines, samples, parameters)
        check(jobs, parameters)
    times = medians(jobs, 5)
    best = min(
        [each for name, each in times.items() if name.startswith("CasADi")], default=float("nan")
    )
    print(
        f"{title}: {size} operations, batch {batch}, {parameters} parameters; "
        f"ready to run after {ready / eager:.2f} eager steps"
    )
    for name, each in times.items():
        print(
            f"  {name:16} {each:10.3f} ms {each * 1e6 / size / batch:8.2f} ns  "
            f"{each / best:6.3f} x",
            flush=True,
        )
    if size == 100_000 and batch == 100 and not alone:
        judge("of CasADi's time", times["interpreter"] / best, 1.2, 0.35)
    return times["interpreter"] * 1e6 / size / batch


def check(jobs: dict[str, Callable[[], object]], parameters: int) -> None:
    """Both compute the same."""
    value, (by_input, by_parameter) = jobs["interpreter"]()
    y, gradient = (np.array(part) for part in jobs["CasADi, called"]())
    size = 1e-6 * np.abs(gradient).max()
    np.testing.assert_allclose(value, y.ravel(), rtol=1e-6, atol=1e-6 * np.abs(y).max())
    np.testing.assert_allclose(
        np.atleast_2d(by_input[0]).T, gradient[parameters:], rtol=1e-6, atol=size
    )
    np.testing.assert_allclose(
        by_parameter, gradient[:parameters].sum(1), rtol=1e-6, atol=size * y.size
    )


def engines() -> None:
    """Measured and estimated times of each engine, for programs between regular and irregular."""
    for name, f, count in programs():
        base = drawn_from(count)
        by = {engine: trace(f, base[0].tolist()) for engine in ENGINES if engine != "auto"}
        costs = Costs.of(fused(by["jit"]))
        for engine, program in by.items():
            program.engine = engine
        for batch in (1, 10, 100, 1_000):
            x = np.resize(base, (batch, count))
            times = medians(
                {engine: lambda p=p, x=x: p.value_and_grad(x) for engine, p in by.items()}, 3
            )
            measured = "  ".join(
                f"{engine} {times[engine]:9.3f} ({getattr(costs, engine)(batch) / 1e6:9.3f}) ms"
                for engine in by
            )
            without = costs.fastest(batch, compiles=False)[0]
            which = f"chosen: {chosen('auto', costs, batch)}, without Numba {without}"
            print(f"  {name:20} batch {batch:5}  {measured}  {which}", flush=True)


def drawn_from(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.2, 0.8, (DISTINCT, count))


def programs() -> list[tuple[str, Callable[..., Value], int]]:
    def mlp(*sizes: int) -> Callable[[list[Value]], Value]:
        rng = random.Random(0)
        layers = [
            [[Value(rng.gauss(0, 0.3)) for _ in range(m)] for _ in range(n)]
            for m, n in pairwise(sizes)
        ]

        def f(x: list[Value]) -> Value:
            for weights in layers:
                x = [tanh(dot(w, x)) for w in weights]
            return total(*x)

        return f

    lines = drawn(1_000, MIXED, deep=False, samples=drawn_from(LEAVES).T)
    return [
        ("a formula", lambda x: exp(sin(x[0] ** 2) * log(x[0] ** 2 + 1.5)) / (1.0 + x[1] ** 2), 2),
        ("MLP 2-16-16-1", mlp(2, 16, 16, 1), 2),
        ("MLP 8-64-64-1", mlp(8, 64, 64, 1), 8),
        ("irregular, 1000", lambda x: result(x, lines), LEAVES),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", action="store_true", help="from 10³ to 10⁶ operations")
    parser.add_argument(
        "--engines", action="store_true", help="which engine is faster, and which is chosen"
    )
    asked = parser.parse_args()
    if asked.sizes:
        for batch in (100, 1):
            cost = [
                compare("wide, mixed", size, batch, names=MIXED, alone=True)
                for size in (1_000, 10_000, 100_000, 1_000_000)
            ]
            judge(
                f"batch {batch}: dearest operation over cheapest, 10³ to 10⁶",
                max(cost) / min(cost),
                3.0,
                1.5,
            )
    elif asked.engines:
        engines()
    else:
        compare("wide, + - *", 100_000, 100, names=SIMPLE)
        compare("wide, mixed", 100_000, 100, names=MIXED)
        compare("wide, mixed", 100_000, 100, names=MIXED, parameters=10)
        compare("deep, + - *", 100_000, 100, names=SIMPLE, deep=True)
        compare("deep, mixed", 100_000, 100, names=MIXED, deep=True)
        compare("wide, mixed", 100_000, 1, names=MIXED)
        compare("deep, mixed", 100_000, 1, names=MIXED, deep=True)
