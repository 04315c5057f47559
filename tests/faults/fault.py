"""What a planted fault is, and what the tests say of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import planting

UNENDED = "the tests have not ended after"
TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Fault:
    """A fault in plain words, the tests that must notice it, and how it is planted.

    A fault of syntax turns the pattern ``old`` into ``new``; ``within`` names the function or class
    where the pattern alone is not unique (see `planting`). With ``script``, the name of a page's
    script, ``old`` and ``new`` are text in that script. A fault of behaviour is a function ``act``
    that changes the imported package, for example a method of a public class.
    """

    what: str
    noticed_by: tuple[str, ...]  # tests, as "test_file.py::test_name"
    old: str = ""
    new: str = ""
    within: str = ""
    script: str = ""
    act: Callable[[], object] | None = None

    def place(self) -> str:
        """The file that holds its place. Raises PlantingError unless there is one such place."""
        if self.act is not None:
            return ""
        if self.script:
            return str(planting.changed_script(self.script, self.old, self.new)[0])
        return ", ".join(planting.changed(self.old, self.new, self.within))

    def plant(self) -> None:
        """Give the package this fault from now on. Raises PlantingError if its place is missing."""
        if self.act is not None:
            self.act()
        elif self.script:
            planting.install_script(*planting.changed_script(self.script, self.old, self.new))
        else:
            planting.install(planting.changed(self.old, self.new, self.within).get)


@dataclass(frozen=True)
class Answer:
    """What a run of tests on a planted fault said: the tests that failed, or why none could."""

    failed: tuple[str, ...]
    problem: str  # "" if tests ran
    seconds: float


def ask(arguments: Sequence[str], tests: Sequence[str], *, timeout: float = 120.0) -> Answer:
    """Run tests in a new process, on a package with the fault named by ``arguments``.

    The first failure ends the run.
    """
    command = [sys.executable, "-P", "-m", "pytest", "-p", "faults.plugin", "-x", *arguments]
    command += ["-q", "-p", "no:cacheprovider"]
    command += ["--tb=line", "-rfE", "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]
    paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    begun = time.monotonic()
    try:
        run = subprocess.run(
            command,
            cwd=TESTS,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return Answer((), f"{UNENDED} {timeout:g} s", time.monotonic() - begun)
    said = [line for line in run.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    failed = tuple(line.partition(" ")[2].partition(" - ")[0] for line in said)
    problem = (
        ""
        if run.returncode == 0 or (run.returncode == 1 and failed)
        else (run.stdout + run.stderr)[-1500:]
    )
    return Answer(failed, problem, time.monotonic() - begun)
