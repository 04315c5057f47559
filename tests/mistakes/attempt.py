"""Make a mistake as its user would, in a process of its own, and note what the user sees.

What all snippets import is loaded once, by `load`. Then each gets a forked process, so that nothing
that one leaves behind (a registered operation, a warning that was given) changes what another
shows. It has a folder of its own and a limit of CPU time. There is no fork on Windows.
"""

from __future__ import annotations

import io
import json
import linecache
import os
import re
import shlex
import signal
import tempfile
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import autograd_edu
from autograd_edu import errors
from autograd_edu.cli.main import main

from .mistake import Mistake

PRELUDE = """
import numpy as np
from autograd_edu import *
from autograd_edu import nn, optim, train, data, plots
"""
SECONDS = 8  # of CPU time, for one mistake
PACKAGE = str(Path(autograd_edu.__file__).parent)
BACKGROUND = (DeprecationWarning, ResourceWarning, ImportWarning)  # not about the user's mistake


@dataclass
class Seen:
    """What the user of a snippet sees. Several warnings are several: one mistake, one warning."""

    error: str = ""  # the class
    bases: list[str] = field(default_factory=list)
    message: str = ""
    deliberate: bool = False  # raised by the package on purpose, or by the system about a file
    warned: list[str] = field(default_factory=list)
    works: bool = False
    hangs: bool = False

    def text(self) -> str:
        """One text for the transcript."""
        shown = [f"Warning: {text}" for text in self.warned]
        if self.error:
            shown.append(f"{self.error}: {self.message}")
        if self.hangs:
            shown.append(f"(stopped after {SECONDS} s of CPU time, or killed)")
        return "\n".join(shown) or ("(works)" if self.works else "(nothing)")


def load() -> None:
    """Import what the snippets need, before the processes part: numpy alone takes 0.2 s."""
    exec(PRELUDE, {})


def attempt(mistake: Mistake) -> Seen:
    """Run the snippet of ``mistake`` in a forked process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _in_the_child(mistake, writer)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return Seen(**json.loads(answer)) if answer else Seen(hangs=True)


def _in_the_child(mistake: Mistake, writer: int) -> None:
    import resource  # not on Windows, where this file must import, too

    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        memory = 8 << 30
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            answer = json.dumps(asdict(seen(mistake)))
            os.chdir("/")
        with open(writer, "w", encoding="utf-8") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def seen(mistake: Mistake) -> Seen:
    """Run the snippet of ``mistake`` here, in a namespace of its own."""
    space: dict[str, Any] = {"__name__": "__main__", "cli": command_line}
    exec(PRELUDE, space)
    name = "<what the user wrote>"
    linecache.cache[name] = (len(mistake.snippet), None, mistake.snippet.splitlines(True), name)
    what = Seen()
    with (
        warnings.catch_warnings(record=True) as caught,
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("default")
        try:
            exec(compile(mistake.snippet, name, "exec"), space)
        except CommandError as failure:
            what.error, what.message, what.deliberate = "exit status 2", str(failure), True
        except BaseException as error:
            _note(error, what)
        else:
            what.works = bool(mistake.works and eval(mistake.works, space))
    what.warned = [str(w.message) for w in caught if not issubclass(w.category, BACKGROUND)]
    return what


class CommandError(Exception):
    """The command line said what was wrong, and ended with a status other than 0."""


def command_line(typed: str) -> None:
    """Run ``autograd-edu typed``; what it says of a mistake becomes the message."""
    said = io.StringIO()
    with redirect_stderr(said):
        try:
            status = main(shlex.split(typed))
        except SystemExit as leaving:
            status = leaving.code
    if status:
        raise CommandError(said.getvalue().strip())


def _note(error: BaseException, what: Seen) -> None:
    what.error = type(error).__name__
    what.bases = [base.__name__ for base in type(error).__mro__]
    what.message = without_addresses("\n".join([str(error), *getattr(error, "__notes__", ())]))
    what.deliberate = deliberate(error)


def without_addresses(text: str) -> str:
    """``text`` as it is in every run."""
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", text)


def deliberate(error: BaseException) -> bool:
    """Whether the package raised ``error`` on purpose, or the system did about a named file."""
    if isinstance(error, errors.AutogradError) or (isinstance(error, OSError) and error.filename):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or not frames[-1].filename.startswith(PACKAGE):
        return False
    return (frames[-1].line or "").lstrip().startswith("raise")


def verdict(mistake: Mistake, what: Seen) -> str:
    """ "met", "not met", "bare" or "silent".

    Bare: Python's or NumPy's own error, or none of the user's facts. Silent: nothing where
    something must be, or no end.
    """
    if what.works:
        return "met"
    told = what.message if what.error else "\n".join(what.warned)
    if what.hangs or not (what.error or what.warned):
        return "silent"
    if what.error and not (what.deliberate or mistake.pythons_words):
        return "bare"
    missing = mistake.missing(told)
    if len(missing) == len(mistake.says):
        return "bare"
    return "not met" if missing or _other_wise(mistake, what, told) else "met"


def _other_wise(mistake: Mistake, what: Seen, told: str) -> bool:
    """Whether the user is told in a wrong way: a wrong class, too often, or misled."""
    if what.error:
        wrong_class = mistake.raises and mistake.raises not in what.bases
        return bool(mistake.by == "warning" or wrong_class or mistake.misleading(told))
    return bool(mistake.by == "error" or len(what.warned) != 1 or mistake.misleading(told))


def why(mistake: Mistake, what: Seen) -> str:
    """What is wrong with what the user sees, for the transcript."""
    told = what.message if what.error else "\n".join(what.warned)
    reasons = [f"lacks {fact}" for fact in mistake.missing(told)]
    reasons += [f"misleads: {fact}" for fact in mistake.misleading(told)]
    if what.error and mistake.raises and mistake.raises not in what.bases:
        reasons.append(f"is no {mistake.raises}")
    if what.error and not (what.deliberate or mistake.pythons_words):
        reasons.append("not raised on purpose")
    if not what.error and what.warned and mistake.by == "error":
        reasons.append("warned of, not refused")
    if not what.error and len(what.warned) > 1:
        reasons.append(f"{len(what.warned)} warnings")
    return "; ".join(reasons)
