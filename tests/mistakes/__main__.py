"""`python -m tests.mistakes`: what users see of each mistake.

python -m tests.mistakes               the transcript and the figures
python -m tests.mistakes nn optim-03   some areas, or some mistakes
python -m tests.mistakes --faulty      only what is not met
python -m tests.mistakes --write       the transcript into TRANSCRIPT.md
python -m tests.mistakes --json        verdicts, for the test
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[pool] = "1"  # a process with threads cannot be forked safely

from .attempt import Seen, attempt, load, verdict, why  # noqa: E402
from .mistake import Mistake  # noqa: E402
from .tables import numbered  # noqa: E402

VERDICTS = ("met", "not met", "bare", "silent")


@dataclass
class Outcome:
    """A mistake, its number, and what came of it."""

    id: str
    area: str
    mistake: Mistake
    seen: Seen

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        return verdict(self.mistake, self.seen)

    def shown(self) -> str:
        """A paragraph of the transcript, in Markdown."""
        reasons = why(self.mistake, self.seen) if self.verdict != "met" else ""
        head = f"### {self.id}: {self.mistake.title}\n\n*{self.verdict}*"
        if reasons:
            head += f" ({reasons})"
        seen = shortened(self.seen.text())
        return f"{head}\n\n```python\n{self.mistake.snippet}\n```\n\n```text\n{seen}\n```\n"


def shortened(text: str, most: int = 1200) -> str:
    """``text`` without its middle, if it is very long (the command line's help, a long number)."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def figures(outcomes: list[Outcome]) -> str:
    """How many of each area are met, not met, bare and silent."""
    areas = list(dict.fromkeys(o.area for o in outcomes))
    rows = ["| area | all | " + " | ".join(VERDICTS) + " |", "|---" * 6 + "|"]
    for area in [*areas, "all"]:
        of_area = [o for o in outcomes if area in (o.area, "all")]
        counts = Counter(o.verdict for o in of_area)
        rows.append(
            f"| {area} | {len(of_area)} | " + " | ".join(str(counts[v]) for v in VERDICTS) + " |"
        )
    return "\n".join(rows) + "\n"


def transcript(outcomes: list[Outcome]) -> str:
    """All mistakes and what their users see."""
    head = "# What users see of their mistakes\n\nWritten by `python -m tests.mistakes --write`.\n"
    return "\n".join([head, figures(outcomes), *(o.shown() for o in outcomes)])


def main() -> None:
    """Make the mistakes that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mistakes", description=__doc__)
    parser.add_argument("only", nargs="*", help="areas or ids")
    for option in ("--faulty", "--write", "--json"):
        parser.add_argument(option, action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # fork() beside threads
    load()
    outcomes = [
        Outcome(name, area.name, mistake, attempt(mistake))
        for name, area, mistake in numbered()
        if not asked.only or any(name == o or area.name == o for o in asked.only)
    ]
    shown = [o for o in outcomes if not asked.faulty or o.verdict != "met"]
    if asked.json:
        print(json.dumps({o.id: o.verdict for o in shown}))
    elif asked.write:
        Path(__file__).with_name("TRANSCRIPT.md").write_text(transcript(shown), encoding="utf-8")
        print(figures(outcomes))
    else:
        print(transcript(shown))


if __name__ == "__main__":
    main()
