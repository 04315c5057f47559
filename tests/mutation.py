"""Thirty-odd faults in fusing, lifting and running, each of which the tests have to notice: ``python tests/mutation.py [words]``.

The package and the tests are copied to a temporary folder, one fault is made there, and the replay tests run until the first
failure. Prints what happened to each fault; ends with 1 if one survives or is no longer there to be made. With words, only
faults are tried whose description holds one of them.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("tests/test_replay.py", "tests/test_program.py")
LEFT_OUT = " or ".join(
    [
        "jit or interpreted or mutation or memory",
        "(eager_engine_in_every_sample and not [0])",
        f"((planted or batches_of_any_size) and not ({' or '.join(f'[{seed}]' for seed in range(5))}))",
    ]
)  # the rest says the same of more cases


@dataclass(frozen=True)
class Fault:
    """In ``file``, ``old`` becomes ``new``."""

    what: str
    file: str
    old: str
    new: str


FAULTS = (
    # fuse
    Fault(
        "swapped operands: the second factors come first, twice",
        "fuse",
        "*[place[b] for _, b in ordered])",
        "*[place[a] for a, _ in ordered])",
    ),
    Fault(
        "dropped consumer: a result used twice is taken into a sum",
        "fuse",
        "if uses[i] != 1:",
        "if uses[i] > 2:",
    ),
    Fault(
        "bias dropped: the only other term of a sum of products",
        "fuse",
        "(*factors, *rest)\n",
        "factors\n",
    ),
    Fault(
        "the products are left out of a sum with several other terms",
        "fuse",
        "(*rest, len(new) - 1)",
        "(*rest,)",
    ),
    Fault(
        "what a guard needs is dropped",
        "fuse",
        "[root, *[g.left for g in guards], *[g.right for g in guards]]",
        "[root]",
    ),
    Fault(
        "a constant's first operand is folded as zero",
        "fuse",
        "y = evaluate(OPS[slot.op], numbers)",
        "y = evaluate(OPS[slot.op], [0.0, *numbers[1:]])",
    ),
    Fault("a guard's outcome is inverted", "fuse", "g.outcome, g.line", "not g.outcome, g.line"),
    Fault("origins are one off", "fuse", "origins += [i] *", "origins += [i + 1] *"),
    # schedule
    Fault(
        "off-by-one height: an operand no lower than its user",
        "schedule",
        "above, alive = height[i] + 1, live[i]",
        "above, alive = height[i], live[i]",
    ),
    Fault(
        "early pull without the readiness check",
        "schedule",
        "if not done[i] and all([done[j] for j in slots[i][1]])]",
        "if not done[i]]",
    ),
    Fault(
        "matrices with a bias and without are one group",
        "schedule",
        'return ("matrix", live, len(weights), bias_kind)',
        'return ("matrix", live, len(weights))',
    ),
    Fault(
        "bias or none is no difference",
        "schedule",
        'return ("dot", live, bias_kind)',
        'return ("dot", live)',
    ),
    Fault(
        "maps ignore which operands vary",
        "schedule",
        "name, *[fixed[j] for j in operands])",
        "name)",
    ),
    Fault(
        "dot parts: inputs and weights are not told apart",
        "schedule",
        "return (b, a, bias) if fixed[b[0]] and not fixed[a[0]] else (a, b, bias)",
        "return a, b, bias",
    ),
    # lift
    Fault(
        "the same product twice is lost", "lift", "rest.append(i)  # the same product twice", "pass"
    ),
    Fault(
        "transposed members of a grid",
        "lift",
        "for n in rows for v in vectors]",
        "for v in vectors for n in rows]",
    ),
    Fault(
        "unsorted members: a map's operands in another order than its members",
        "lift",
        "columns = [column[order] for column in columns]",
        "columns = [column for column in columns]",
    ),
    Fault(
        "a stack's operands in another order than its members",
        "lift",
        "read = Read(part.fixed, rows[:, order])",
        "read = Read(part.fixed, rows)",
    ),
    Fault(
        "a dot's inputs in another order than its members",
        "lift",
        "Read(part.fixed, inputs[:, order])]",
        "Read(part.fixed, inputs)]",
    ),
    Fault(
        "padding with the neutral number of another operation",
        "lift",
        "filler = NEUTRAL.index(part.op.neutral) if part.op.neutral in NEUTRAL else 0",
        "filler = 0",
    ),
    Fault(
        "ones omitted: no gap is filled after what a matrix reads",
        "lift",
        "self.gaps.append((part.fixed, start + len(part.members), part.ones))",
        "self.gaps.append((part.fixed, start + len(part.members), 0))",
    ),
    Fault(
        "a bias of each vector counts as one of the row",
        "lift",
        "and biases == [i for i in column for _ in range(width)]",
        "",
    ),
    Fault(
        "an argument read in another order is given in its own",
        "lift",
        "np.array(part.members) - min(part.members)",
        "None",
    ),
    # group and reverse
    Fault(
        "missing padding: an edge too many for a number without one",
        "group",
        "columns = np.full((most, count), ZERO, dtype=np.intp)",
        "columns = np.full((most, count), SEED, dtype=np.intp)",
    ),
    Fault(
        "edges shared where the slope is not 1",
        "group",
        "isinstance(slope, (int, float)) and slope == 1.0",
        "isinstance(slope, (int, float))",
    ),
    Fault(
        "sums of runs start one late",
        "group",
        "starts = np.concatenate([[0], np.cumsum(number[:-1])])",
        "starts = np.concatenate([[0], np.cumsum(number[1:])])",
    ),
    Fault(
        "dropped consumer: of several that arrived, the last is lost",
        "reverse",
        "np.concatenate([none, *[new for _, new in arrived]])",
        "np.concatenate([none, *[new for _, new in arrived[:-1]], arrived[-1][1] * 0 if arrived else none])",
    ),
    Fault(
        "a shared upstream need not lie as a matrix wants it",
        "reverse",
        'if even is not None and (group.kind != "matrix" or np',
        'if even is not None and (group.kind != "x" or np',
    ),
    Fault(
        "the gradients of leaves in the order of their rows",
        "reverse",
        "slot_at[targets], new, count",
        "targets - targets.min(initial=0), new, count",
    ),
    Fault(
        "the blocks' part of the parameters' gradients is too short",
        "reverse",
        "lifted.batch_edges = max(batch_edges, FIRST)",
        "lifted.batch_edges = max(batch_edges - 1, FIRST)",
    ),
    # numpy_run and numpy_engine
    Fault(
        "wrong axis: a matrix product's weights get the gradients transposed",
        "numpy_run",
        "partial(np.matmul, flat, inputs.T, outs[0][..., 0])",
        "partial(np.matmul, flat[::-1], inputs.T, outs[0][..., 0])",
    ),
    Fault(
        "swapped operands: a dot's factors get their own gradients",
        "numpy_run",
        "(operands[1], operands[0], 1.0)",
        "(operands[0], operands[1], 1.0)",
    ),
    Fault("seed wrong", "numpy_tables", "table[SEED] = 1.0", "table[SEED] = 2.0"),
    Fault("a bias is not added to a dot", "numpy_run", "        if bias:\n", "        if False:\n"),
    Fault(
        "a third edge is not added",
        "numpy_tables",
        "for column in more)",
        "for column in more[1:])",
    ),
    Fault(
        "accumulators overwritten between blocks",
        "numpy_engine",
        "total = from_batch.copy() if total is None else total + from_batch",
        "total = from_batch.copy()",
    ),
    Fault(
        "stale buffers: the sums over blocks are those of the last block",
        "numpy_engine",
        "gradients[: self.lifted.batch_edges] = total",
        "pass",
    ),
    Fault(
        "the fixed table is prepared once only",
        "numpy_engine",
        "            if plan is not prepared:\n",
        "            if plan is not prepared and not self.__dict__.setdefault('once', False):\n                self.once = True\n",
    ),
    Fault(
        "a result without inputs counts once for a batch",
        "numpy_engine",
        "gradients[SEED] = count",
        "gradients[SEED] = 1",
    ),
    Fault(
        "a guard's sample counts from the block",
        "numpy_engine",
        "is not for sample {start + sample}",
        "is not for sample {sample}",
    ),
    Fault(
        "a fault is computed from another sample",
        "numpy_engine",
        "numbers = np.concatenate([column[sample] for column",
        "numbers = np.concatenate([column[sample - 1] for column",
    ),
    Fault(
        "results are handed out in the buffers",
        "numpy_engine",
        "return plan.parameters[:, 0].copy()",
        "return plan.parameters[:, 0]",
    ),
)


def source(fault: Fault) -> Path:
    """The file of a fault, from the root."""
    return Path("autograd_edu/program", f"{fault.file}.py")


def tried(fault: Fault) -> tuple[Fault, str, float]:
    """The fault made in a copy, and what the tests said: "killed" by which test, "survived", or "not found"."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("autograd_edu", "tests"):
            shutil.copytree(
                ROOT / part,
                copy / part,
                ignore=shutil.ignore_patterns("__pycache__", "expected", "benchmarks"),
            )
        shutil.copy(ROOT / "pyproject.toml", copy)
        path = copy / source(fault)
        text = path.read_text()
        if text.count(fault.old) != 1:
            return fault, "not found", 0.0
        path.write_text(text.replace(fault.old, fault.new))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            *TESTS,
            "-k",
            f"not ({LEFT_OUT})",
        ]
        try:
            run = subprocess.run(
                command, cwd=copy, capture_output=True, text=True, timeout=120, check=False
            )
        except subprocess.TimeoutExpired:
            return fault, "killed: it does not end", time.monotonic() - begun
    by = next(
        (
            line.split("::")[1].split(" ")[0]
            for line in run.stdout.splitlines()
            if line.startswith(("FAILED", "ERROR")) and "::" in line
        ),
        "",
    )
    said = (
        "survived"
        if run.returncode == 0
        else f"killed: {by}"
        if by
        else f"no test ran: {(run.stdout + run.stderr)[-300:]}"
    )
    return fault, said, time.monotonic() - begun


def main(words: list[str]) -> int:
    """Try the faults, two at a time, and print a line for each."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.what for word in words)]
    with ThreadPoolExecutor(2) as pool:
        results = []
        for fault, said, seconds in pool.map(tried, chosen):
            print(f"{seconds:5.1f} s  {fault.file + '.py':<16} {fault.what:<75} {said}", flush=True)
            results.append(said)
    killed = sum(said.startswith("killed") for said in results)
    print(f"{killed} of {len(results)} killed")
    return int(killed < len(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
