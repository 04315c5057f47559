"""Planted faults: for some entries of `tests/faults/table.py`, the tests they name must fail."""

import random

from faults.fault import ask
from faults.table import FAULTS

from . import Outcome

SLICE = 4
LONG = len(FAULTS)


def run(seed: int, count: int) -> Outcome:
    outcome = Outcome({"planted": 0, "noticed": 0})
    for fault in random.Random(seed).sample(FAULTS, min(count, len(FAULTS))):
        answer = ask(["--plant", fault.what], fault.noticed_by)
        outcome.count("planted")
        outcome.count("noticed", bool(answer.failed))
        if not answer.failed:
            said = answer.problem or f"these pass: {', '.join(fault.noticed_by)}"
            outcome.failures.append(
                f"# {fault.what}: {said}\npython -m tests.faults {fault.what!r}"
            )
    return outcome
