"""How long a picture takes, besides the layout program: `python tests/benchmarks/drawing.py`.

The bounds come from the specification: 10 values in 50 ms, 122 in 200 ms, and 985 at
``detail="auto"`` in 500 ms, not counting the layout program's own time. It prints one line per
graph, and ends with status 1 if a bound is broken.
"""

import random
import statistics
import sys
import time
from importlib import import_module

from autograd_edu import Value, draw, nn, total

layout_module = import_module("autograd_edu.pictures.render.layout")

BOUNDS = {10: 50, 122: 200, 985: 500}  # values: milliseconds


def neuron() -> Value:
    """10 values: tanh(x1·w1 + x2·w2 + b)."""
    x1, x2, w1, w2, b = (
        Value(2.0, "x1"),
        Value(0.5, "x2"),
        Value(-3.0, "w1"),
        Value(1.0, "w2"),
        Value(6.88, "b"),
    )
    return (x1 * w1 + x2 * w2 + b).tanh()


def network(count: int, nouts: list[int], samples: int) -> Value:
    """A network's loss over a batch, padded with regulariser terms to exactly ``count`` values."""
    rng = random.Random(0)
    model = nn.MLP(3, nouts, seed=1)
    losses = [(model([rng.uniform(-1, 1) for _ in range(3)]) - 1.0) ** 2 for _ in range(samples)]
    loss = total(losses)
    while (missing := count - size(loss)) > 0:
        loss = loss + model.parameters()[0] if missing == 1 else loss + 0.5
    return loss


def size(y: Value) -> int:
    from autograd_edu.engine.value import topological_order

    return len(topological_order(y))


def measure(y: Value, rounds: int = 7) -> tuple[float, float]:
    """Milliseconds: ours, and the layout program's; medians."""
    run = layout_module.run
    own: list[float] = []
    spent: list[float] = []

    def timed(text: str) -> str:
        start = time.perf_counter()
        answer = run(text)
        spent[-1] += time.perf_counter() - start
        return answer

    layout_module.run = timed  # type: ignore[attr-defined]
    try:
        for _ in range(rounds):
            spent.append(0.0)
            start = time.perf_counter()
            draw(y)
            own.append(time.perf_counter() - start - spent[-1])
    finally:
        layout_module.run = run  # type: ignore[attr-defined]
    return statistics.median(own) * 1e3, statistics.median(spent) * 1e3


def main() -> int:
    graphs = [neuron(), network(122, [4, 4, 1], 2), network(985, [4, 4, 1], 24)]
    late = 0
    for y in graphs:
        y.backward()
        count = size(y)
        ours, program = measure(y)
        late += ours > BOUNDS[count]
        print(
            f"{count:4} values: {ours:6.1f} ms (at most {BOUNDS[count]}), "
            f"and {program:6.1f} ms in the layout program; {draw(y).detail}"
        )
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
