"""Damaged files either load unchanged or are refused, and a refusal changes nothing.

Each kind of file is cut short anywhere, altered byte by byte, and filled with contents of the wrong
kind under a valid checksum. Writers are killed, and `train` is interrupted, at random moments.
"""

import copy
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograd_edu import Program, Value, data, exp, files, maximum, nn, optim, steps, trace, train
from autograd_edu.errors import AutogradError
from autograd_edu.pictures.steps import Steps

from . import Outcome

SLICE = 150
LONG = 5_000
HOSTILE = [
    None,
    True,
    -1,
    0,
    2**70,
    10**400,
    1e308,
    float("nan"),
    float("-inf"),
    "",
    "x",
    [],
    {},
    [[]],
    {"a": 1},
    [None],
    ["1.0"],
]
LOSS = nn.losses.half_squared_error
POINTS = data.Dataset([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], [1.0, 0.0, 0.5])


# ---- the kinds of files: what writes one, and what reads it and tells what it holds then ---------


class Run:
    """A small training run that can be saved and go on."""

    def __init__(self, seed):
        self.model = nn.Sequential(
            nn.Linear(2, 2, seed=seed),
            nn.BatchNorm(2),
            nn.Dropout(0.2, seed=seed),
            nn.Linear(2, 1, seed=seed + 1),
        )
        self.optimiser = optim.Adam(self.model.parameters(), 0.1)
        self.stop = train.EarlyStopping(patience=50)

    def fit(self, path, *, epochs, resume):
        return train.fit(
            self.model, LOSS, POINTS, self.optimiser, epochs=epochs, early_stopping=self.stop,
            checkpoint=path, resume=resume, progress=False,
        )  # fmt: skip

    def state(self):
        stop = (self.stop.best_loss, repr(self.stop.best), self.stop.since)
        return repr(
            (
                self.model.state_dict(),
                self.optimiser.state_dict(),
                stop,
                self.model.layers[2].rng.getstate(),
            )
        )


class ModelFile:
    """A model's parameters and buffers."""

    def __init__(self, suffix):
        self.suffix = suffix

    def write(self, path):
        nn.Sequential(nn.Linear(2, 2, seed=1), nn.BatchNorm(2)).save(path)

    def reader(self):
        model = nn.Sequential(nn.Linear(2, 2, seed=2), nn.BatchNorm(2))
        return model.load, lambda: repr(model.state_dict())


class HistoryFile:
    """What happened in a run."""

    suffix = "json"

    def write(self, path):
        train.History(
            "eager", [1.5, 0.5], [2.0, 1.0, 0.5], [0.75], [0.1, 0.1], [0.25], "all 2 epochs done"
        ).save(path)

    def reader(self):
        held = []
        return (lambda path: held.append(train.History.load(path))), lambda: repr(held)


class CheckpointFile:
    """All that a run needs to go on."""

    suffix = "json"

    def write(self, path):
        Run(1).fit(path, epochs=2, resume=False)

    def reader(self):
        run = Run(5)
        return (lambda path: run.fit(path, epochs=0, resume=True)), run.state


class StepsFile:
    """The record of both passes of a small graph."""

    suffix = "json"

    def write(self, path):
        x, y = Value(0.5, "x"), Value(-1.5, "y")
        path.write_text(steps(maximum(x * y, x) + exp(y)).to_json(), encoding="utf-8")

    def reader(self):
        held = []
        return (lambda path: held.append(Steps.from_json(read(path)).to_json())), lambda: repr(held)


class ProgramFile:
    """A small traced program with a parameter, a selection and a guard."""

    suffix = "json"

    def write(self, path):
        w = Value(2.0, "w")
        program = trace(lambda x, y: maximum(x * w, y) + (exp(y) if x > 0 else y), 0.5, -1.5)
        path.write_text(program.to_json(), encoding="utf-8")

    def reader(self):
        held = []
        return (lambda path: held.append(Program.from_json(read(path)).to_json())), lambda: repr(
            held
        )


def read(path):
    """The text of a file; bytes that are not UTF-8 become surrogates, as in a hostile text."""
    return path.read_text(encoding="utf-8", errors="surrogateescape")


KINDS = {
    "steps.json": StepsFile(),
    "program.json": ProgramFile(),
    "model.json": ModelFile("json"),
    "model.npz": ModelFile("npz"),
    "history.json": HistoryFile(),
    "checkpoint.json": CheckpointFile(),
}


# ---- damage --------------------------------------------------------------------------------------


def altered(rng, whole):
    """The bytes with something done to them."""
    raw, at = bytearray(whole), rng.randrange(len(whole))
    end = min(len(raw), at + rng.choice([1, 1, 2, 8, 50]))
    kind = rng.choice(["bit", "byte", "drop", "twice", "swap", "digit", "insert"])
    if kind == "bit":
        raw[at] ^= 1 << rng.randrange(8)
    elif kind == "byte":
        raw[at] = rng.randrange(256)
    elif kind == "drop":
        del raw[at:end]
    elif kind == "twice":
        raw[at:at] = raw[at:end]
    elif kind == "swap":
        raw[at:end] = raw[at:end][::-1]
    elif kind == "insert":
        raw[at:at] = rng.choice(
            [b"0", b"[", b'"', b",1", b"\x00", b"\xff", b" ", b"e9", b"[" * 5000]
        )
    else:
        digits = [i for i, b in enumerate(raw) if chr(b).isdigit()]
        if digits:
            raw[rng.choice(digits)] = ord(rng.choice("0123456789"))
    return bytes(raw)


def places(content, path=()):
    """The path to every part of a content, but for long lists only to their first and last."""
    yield path
    if isinstance(content, dict):
        for key in content:
            yield from places(content[key], (*path, key))
    elif isinstance(content, list) and content:
        for i in {0, len(content) - 1}:
            yield from places(content[i], (*path, i))


def hostile(rng, whole):
    """The content with one part replaced, dropped or added, under a seal that fits."""
    sealed = json.loads(whole)
    content = copy.deepcopy(sealed["content"])
    path = rng.choice(list(places(content)))
    if not path:
        content = rng.choice(HOSTILE)
    else:
        holder = content
        for step in path[:-1]:
            holder = holder[step]
        how = rng.choice(["replace", "replace", "replace", "drop", "add"])
        if how == "replace":
            holder[path[-1]] = rng.choice(HOSTILE)
        elif how == "drop":
            del holder[path[-1]]
        elif isinstance(holder, dict):
            holder["more"] = rng.choice(HOSTILE)
        else:
            holder.append(rng.choice(HOSTILE))
    _, kind, version = sealed["format"].split()
    return files.seal(content, kind, int(version)).encode()


def judge(outcome, name, path, raw, expected):
    """Note a failure if a refusal changed something, or if a load did not give ``expected``.

    With ``expected=None``, any sound state will do.
    """
    path.write_bytes(raw)
    load, state = KINDS[name].reader()
    before = state()
    try:
        load(path)
    except AutogradError as error:
        outcome.count("refused")
        if state() != before:
            outcome.failures.append(f"refused ({error}) but changed:\n{program(name, raw)}")
    except Exception as error:
        outcome.failures.append(f"{type(error).__name__}: {error}\n{program(name, raw)}")
    else:
        outcome.count("loaded")
        if expected is not None and state() != expected:
            outcome.failures.append(f"loaded other numbers:\n{program(name, raw)}")


def program(name, raw):
    """A test that shows the failure."""
    shown = repr(raw) if len(raw) < 3000 else f"{raw[:1500]!r} + … + {raw[-1000:]!r}"
    return (
        "from campaign.files import KINDS\n\n\n"
        "def test_damage(tmp_path):\n"
        f"    path = tmp_path / {name!r}\n"
        f"    path.write_bytes({shown})\n"
        f"    load, state = KINDS[{name!r}].reader()\n"
        "    load(path)"
    )


def damage(outcome, rng, folder, count):
    """Cut, alter and forge each kind of file."""
    for name, kind in KINDS.items():
        path = folder / name
        kind.write(path)
        whole = path.read_bytes()
        load, state = kind.reader()
        load(path)
        expected = state()
        cuts = (
            range(len(whole))
            if count >= LONG
            else rng.sample(range(len(whole)), min(len(whole), count // 8))
        )
        for length in cuts:
            outcome.count("cut")
            judge(outcome, name, path, whole[:length], expected)
        for i in range(count // len(KINDS)):
            forged = i % 2 and kind.suffix == "json"
            outcome.count("forged" if forged else "altered")
            judge(
                outcome,
                name,
                path,
                hostile(rng, whole) if forged else altered(rng, whole),
                None if forged else expected,
            )


# ---- interruptions -------------------------------------------------------------------------------

WRITER = """
import sys
from autograd_edu import nn, train
models = [nn.MLP(20, [20, 1], seed=s) for s in (1, 2)]
print("ready", flush=True)
while True:
    for model in models:
        for suffix in ("json", "npz"):
            model.save(f"{sys.argv[1]}/model.{suffix}")
"""


def kill_writers(outcome, rng, folder, times):
    """A writer that is killed leaves the file of before or the new one."""
    models = [nn.MLP(20, [20, 1], seed=s) for s in (1, 2)]
    states = [m.state_dict() for m in models]
    for suffix in ("json", "npz"):
        models[0].save(folder / f"model.{suffix}")
    for _ in range(times):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        outcome.count("writers killed")
        for suffix in ("json", "npz"):
            model = nn.MLP(20, [20, 1], seed=3)
            try:
                model.load(folder / f"model.{suffix}")
            except AutogradError as error:
                outcome.failures.append(f"a killed writer left a broken file: {error}")
                return
            if model.state_dict() not in states:
                outcome.failures.append(f"a killed writer left another model.{suffix}")


def interrupt_training(outcome, rng, folder, times):
    """Ctrl-C at a random moment of `train` leaves every file as it was, or a whole newer one."""
    command = [
        sys.executable,
        "-m",
        "autograd_edu",
        "train",
        "xor",
        "--layers",
        "4",
        "--out",
        str(folder),
    ]
    subprocess.run([*command, "--steps", "300"], check=True, capture_output=True)
    kept = {p.name: p.read_bytes() for p in folder.iterdir()}
    for _ in range(times):
        process = subprocess.Popen(
            [*command, "--steps", "2000", "--seed", "1"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        time.sleep(rng.uniform(0.0, 4.0))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        outcome.count("runs interrupted")
        if b"epochs done" in out:  # complete: its files may take the place of the old ones
            outcome.count("of them complete")
            for name, raw in kept.items():
                (folder / name).write_bytes(raw)
        elif any((folder / name).read_bytes() != raw for name, raw in kept.items()):
            outcome.failures.append(
                f"an interrupted `train` changed what was there: {out.decode()}{err.decode()}"
            )


def run(seed: int, count: int) -> Outcome:
    """``count`` altered and forged files, and some hundredth as many interruptions."""
    outcome, rng = Outcome(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("damage", "killed", "trained"):
            os.mkdir(f"{folder}/{part}")
        damage(outcome, rng, Path(folder, "damage"), count)
        kill_writers(outcome, rng, Path(folder, "killed"), max(2, count // 100))
        interrupt_training(outcome, rng, Path(folder, "trained"), max(1, count // 250))
    return outcome
