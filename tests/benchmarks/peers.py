"""One table: ours beside other packages, forward and backward, on one thread.

    python tests/benchmarks/peers.py                            prints the table and the bars
    python tests/benchmarks/peers.py --markdown docs/speed.md   also writes it into the page
    python tests/benchmarks/peers.py --quick                    small jobs, one round: a smoke test

The packages take turns in one run. Each one's value and gradient are compared with those derived by
hand, or else with the eager engine's, before it is timed. A time is the median processor time of a
step, which gives the value and the gradient. The last columns are the time from the function to the
first result: trace and first replay, or what JAX and CasADi compile.
"""

import os

os.environ.update(
    OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    JAX_PLATFORMS="cpu",
)

import argparse
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from peer_jobs import jobs
from peer_packages import PACKAGES, Jax, UnableError, is_missing
from timing import judge, medians, timed

TOLERANCE = 1e-9  # of the value, and of the largest gradient
GPT_STEP = "GPT step, 4,192 parameters"
BEGIN, END = "<!-- the table of peers.py -->", "<!-- the end of the table -->"
COMMAND = "python tests/benchmarks/peers.py --markdown docs/speed.md"
# job, column, peer: must and aim
BARS = [
    ("moons MLP, batch 100", "replay with `jit`", "NumPy by hand", 1.15, 1.0),
    ("moons MLP, batch 10,000", "replay with `jit`", "NumPy by hand", 1.0, 0.8),
    ("moons MLP, batch 10,000", "replay with `jit`", "PyTorch eager", 0.9, 0.7),
    (GPT_STEP, "replay with `jit`", "NumPy by hand", 1.3, 1.05),
    (GPT_STEP, "replay with `jit`", "PyTorch eager", 0.25, 0.2),
    (GPT_STEP, "replay with `jit`", "JAX jit", 0.9, 0.7),
    (GPT_STEP, "replay with `jit`", "JAX jit, our export", 0.9, 0.7),
    ("RK4 kinetics, 200 steps", "replay with `jit`", "CasADi", 0.9, 0.5),
    ("Kalman filter, 150 steps", "replay with `jit`", "CasADi", 0.9, 0.5),
    ("RK4 kinetics, 200 steps", "replay", "CasADi", 60, 20),
    ("Kalman filter, 150 steps", "replay", "CasADi", 60, 20),
]


class Row:
    """The times of one job, and why a package has none."""

    def __init__(self, name, packages, job, *, rounds):
        self.name, self.compiling, self.why = name, {}, {}
        steps = {}
        for package in packages:
            try:
                steps[package.title] = self.made(package, job)
            except UnableError as reason:
                self.why[package.title] = str(reason)
        self.agree(steps)
        self.times = medians(steps, rounds)

    def made(self, package, job):
        made = []
        took = timed(lambda: (made.append(package.make(job)), made[0]()))
        if package.compiles:
            # one that another process runs has timed itself
            self.compiling[package.title] = getattr(made[0], "compiling", took)
        return made[0]

    def agree(self, steps):
        """Refuse to time a step that gives another answer."""
        witness = "NumPy by hand" if "NumPy by hand" in steps else "eager"
        value, gradient = steps[witness]()
        gradient = np.array(gradient, dtype=float).ravel()
        for title, step in steps.items():
            other, slopes = step()
            slopes = np.asarray(slopes, dtype=float).ravel()
            if slopes.shape != gradient.shape:
                raise ValueError(f"{self.name}: {title} gives {slopes.size} gradients")
            off = max(
                abs(float(other) - value) / abs(value),
                np.abs(slopes - gradient).max() / np.abs(gradient).max(),
            )
            if not off <= TOLERANCE:
                raise ValueError(f"{self.name}: {title} differs from {witness} by {off:.1e}")

    def cells(self):
        yield self.name
        for kind in PACKAGES:
            yield shown(self.times.get(kind.title))
        for kind in PACKAGES:
            if kind.compiles:
                yield shown(self.compiling.get(kind.title))


def shown(time):
    """Milliseconds with three digits."""
    if time is None:
        return "–"
    digits = max(0, 2 - int(np.floor(np.log10(max(time, 1e-9)))))
    return f"{time:,.{min(digits, 4)}f}"


def header():
    return [
        "job (ms)",
        *(kind.title for kind in PACKAGES),
        *(f"first: {kind.title}" for kind in PACKAGES if kind.compiles),
    ]


def markdown(rows):
    lines = [header(), ["---", *["---:"] * (len(header()) - 1)], *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def reasons(rows, missing):
    """Why there is no time, a line for each package and reason."""
    by = {}
    for row in rows:
        for title, why in row.why.items():
            by.setdefault((title, why), []).append(row.name)
    lines = [f"- **{title}** {why}: {'; '.join(names)}." for (title, why), names in by.items()]
    return "\n".join(lines + [f"- {line}" for line in missing])


def machine():
    """The processor, its cores, and the versions."""
    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    kept = ["numpy", "numba", "micrograd", "autograd", "torch", "jax", "casadi"]
    versions = [f"{name} {version(name)}" for name in kept if not is_missing(name)]
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def present(*, quick):
    """The packages that are installed, and a line for each that is not."""
    packages, missing = [], []
    for kind in PACKAGES:
        if is_missing(kind.needs):
            missing.append(f"{kind.title} is not installed: pip install {kind.needs}")
        else:
            packages.append(kind(limit=None) if quick and kind is Jax else kind())
    return packages, missing


def measure(*, quick):
    packages, missing = present(quick=quick)
    print("\n".join(missing), flush=True)
    rows = []
    for job in [*jobs(quick), None]:
        name = job.name if job else GPT_STEP
        began = time.perf_counter()
        rows.append(Row(name, packages, job, rounds=1 if quick else 15))
        print(f"{name}: measured in {time.perf_counter() - began:.0f} s", flush=True)
    return rows, missing


def judged(rows):
    """A line for each bar."""
    times = {row.name: row.times for row in rows}
    for job, own, peer, must, aim in BARS:
        if {own, peer} <= times.get(job, {}).keys():
            judge(f"{job}: {own}, of {peer}", times[job][own] / times[job][peer], must, aim)


def written(page, table):
    """The page with the table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", type=Path, metavar="PAGE", help="write the table into PAGE")
    parser.add_argument("--quick", action="store_true", help="small jobs, one round")
    asked = parser.parse_args()
    sys.setrecursionlimit(1_000_000)  # micrograd and microgpt recurse
    rows, missing = measure(quick=asked.quick)
    measured_on = f"Measured on {machine()}, with `{COMMAND}`."
    text = "\n\n".join([markdown(rows), reasons(rows, missing), measured_on])
    print(text)
    judged(rows)
    if asked.markdown:
        page = asked.markdown.read_text(encoding="utf-8")
        asked.markdown.write_text(written(page, text), encoding="utf-8")


if __name__ == "__main__":
    main()
