"""The work of tracing and compiling grows in proportion to the program.

Work is counted in executed lines of Python, which are the same on every run and on every machine.
"""

import random
import sys

import pytest

from autograd_edu import Value, dot, relu, sin, total, trace
from autograd_edu.program.compiled_engine.code import encode
from autograd_edu.program.lifting.fuse import fused
from autograd_edu.program.lifting.lift import lift


def chain(count):
    """A chain of ``count`` operations, each of which needs the one before."""

    def f(x):
        y = x
        for _ in range(count // 2):
            y = y * 0.999 + x
        return y

    return f, 0.5


def wide(count):
    """``count`` operations on operands from all earlier results."""
    rng = random.Random(0)
    picks = [(rng.randrange(i + 1), rng.randrange(i + 1)) for i in range(count // 2)]

    def f(x):
        results = [x]
        for a, b in picks:
            results.append(sin(results[a] * results[b]))
        return total(results)

    return f, 0.5


def layers(count):
    """A network of layers of 8 neurons, with about ``count`` products."""
    weights = [
        [[Value(0.1 * (i - j)) for j in range(8)] for i in range(8)] for _ in range(count // 64)
    ]

    def f(xs):
        for layer in weights:
            xs = [relu(dot(row, xs)) for row in layer]
        return total(xs)

    return f, [0.1 * i for i in range(8)]


def straight(count):
    """``count`` operations and comparisons, each on a line of its own."""
    lines = "".join(f"    y = y * 0.999\n    y > {-i}.5 or None\n" for i in range(count // 2))
    made = {}
    exec(f"def f(x):\n    y = x\n{lines}    return y", made)
    return made["f"], 0.5


def executed(job):
    """How many lines of Python ``job`` executes, with what it gives."""
    count = 0

    def line(frame, event, arg):
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        result = job()
    finally:
        sys.settrace(before)
    return count, result


def work(graph, count):
    """The executed lines of each phase."""
    f, example = graph(count)
    traced, program = executed(lambda: trace(f, example))
    fusing, ready = executed(lambda: fused(program))
    return {
        "trace": traced,
        "fuse": fusing,
        "lift": executed(lambda: lift(ready))[0],
        "encode": executed(lambda: encode(ready))[0],
    }


@pytest.mark.parametrize("graph", [chain, wide, layers, straight])
def test_four_times_the_operations_need_four_times_the_work(graph):
    work(graph, 256)  # what is done once per process
    few, many = work(graph, 512), work(graph, 2048)
    for phase, lines in few.items():
        assert many[phase] < 4.6 * lines, f"{phase}: {lines} lines, then {many[phase]}"
