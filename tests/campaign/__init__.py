"""Campaigns: thousands of random cases that compare one part of the package with another source.

A campaign is a module of this package. It says how large its slices are and how to run some cases:

    SLICE = 200      # cases in each of CI's two slices: one has a fixed seed, one a fresh seed
    LONG = 20_000    # cases in the run that a person starts with --long

    def run(seed: int, count: int) -> Outcome: ...

`python -m tests.campaign NAME --seed N --count N` runs one and prints one line of figures. Each
failure carries a small program, ready to paste into a test.
"""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path


@dataclass
class Outcome:
    """What a campaign found: its figures, in the order of printing, and a program per failure."""

    figures: dict[str, object] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def count(self, name: str, by: int = 1) -> None:
        """Add to a figure that counts something."""
        self.figures[name] = self.figures.get(name, 0) + by

    def largest(self, name: str, value: float) -> None:
        """Keep the largest value of a figure."""
        self.figures[name] = max(self.figures.get(name, value), value)

    def __str__(self) -> str:
        shown = [
            f"{value:.3g} {name}" if isinstance(value, float) else f"{value:,} {name}"
            for name, value in self.figures.items()
        ]
        return ", ".join([*shown, f"{len(self.failures)} failures"])


def names() -> list[str]:
    """The campaigns there are."""
    return sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
    )


def load(name: str):
    """The module of a campaign."""
    return import_module(f"{__name__}.{name}")
