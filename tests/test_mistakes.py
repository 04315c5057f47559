"""Users are told what is wrong, in their own names: the mistakes of `mistakes/`, all of them.

The tables were written by someone who had not written the messages, before reading them. `LINE` is
what holds: all of them are met. `python -m tests.mistakes --faulty` shows what is missing where;
`python -m tests.mistakes --write` writes the transcript anew.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from mistakes.attempt import Seen, verdict
from mistakes.mistake import Mistake
from mistakes.tables import numbered

LINE = {"met": 333, "bare": 0, "silent": 0}

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="each mistake is a forked process")


@pytest.fixture(scope="module")
def verdicts():
    """The verdict on each mistake, from a process without pytest's hooks and filters."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.mistakes", "--json"],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(run.stdout)


@pytest.mark.slow
@needs_fork
def test_no_message_gets_worse(verdicts):
    counts = Counter(verdicts.values())
    assert counts.total() == len(list(numbered())) >= 200
    told_badly = {name: said for name, said in verdicts.items() if said != "met"}
    assert counts["met"] >= LINE["met"], told_badly
    assert counts["bare"] <= LINE["bare"], told_badly
    assert counts["silent"] <= LINE["silent"], told_badly


def test_every_mistake_asks_for_facts():
    for name, _, mistake in numbered():
        assert mistake.says, name
        assert mistake.missing(""), name


LOGARITHM = Mistake(
    "", "", (r"\blog\b", r"-1", "positive"), "", raises="DomainError", never=("'x'",)
)


def raised(message, *, error="DomainError", deliberate=True):
    return Seen(error=error, bases=[error], message=message, deliberate=deliberate)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(raised("log(-1): must be positive"), "met", id="all facts"),
        pytest.param(raised("log(-1)"), "not met", id="a fact is missing"),
        pytest.param(raised("math domain error"), "bare", id="no fact"),
        pytest.param(
            raised("log(-1): must be positive", deliberate=False), "bare", id="Python's own error"
        ),
        pytest.param(
            raised("log(-1): must be positive", error="KeyError"), "not met", id="another class"
        ),
        pytest.param(raised("log(-1): 'x' must be positive"), "not met", id="it misleads"),
        pytest.param(Seen(), "silent", id="nothing"),
        pytest.param(Seen(hangs=True), "silent", id="no end"),
        pytest.param(
            Seen(warned=["log(-1): must be positive"]), "not met", id="a warning for an error"
        ),
    ],
)
def test_a_mistake_that_must_be_refused(seen, expected):
    assert verdict(LOGARITHM, seen) == expected


STALE = Mistake("", "", ("'w'", "again"), "", by="warning")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(Seen(warned=["'w' changed: compute again"]), "met", id="once"),
        pytest.param(Seen(warned=["'w' changed: compute again"] * 2), "not met", id="twice"),
        pytest.param(raised("'w' changed: compute again"), "not met", id="refused"),
        pytest.param(Seen(), "silent", id="nothing"),
    ],
)
def test_a_mistake_that_must_be_warned_of_once(seen, expected):
    assert verdict(STALE, seen) == expected
