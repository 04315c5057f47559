"""The report of a gradient check: a row for each input, and in plain words what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..notation.text import printable, table
from .verdict import Verdict

_HEAD = ("input", "at", "analytic", "numeric", "abs. error", "rel. error", "step", "est. error", "verdict")  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What the check found for one input.

    ``estimated_error`` is the bound of the numeric slope's error, and ``step`` the finest step that
    it was made with. ``method`` says in words how it was found, from ``evaluations`` values of the
    function at steps from ``widest`` to ``finest``.
    """

    name: str
    at: float
    analytic: float
    numeric: float
    absolute_error: float
    relative_error: float
    step: float
    estimated_error: float
    verdict: Verdict
    note: str = ""
    method: str = ""
    evaluations: int = 0
    widest: float = 0.0
    finest: float = 0.0


@dataclass(frozen=True)
class Report:
    """The rows of a gradient check. It is true if there are any and all pass, and prints as a table."""

    rows: tuple[Row, ...]
    inputs: int  # how many there are; fewer rows mean that a sample was checked
    suspects: tuple[str, ...] = ()  # operations that fail their own check
    seed: int | None = None

    def __bool__(self) -> bool:
        return bool(self.rows) and all(row.verdict == "pass" for row in self.rows)

    def __str__(self) -> str:
        notes = [f"  {printable(row.name)}: {row.note}" for row in self.rows if row.note]
        rules = [f"  wrong rule: {suspect}" for suspect in self.suspects]
        return "\n".join([*_table(self.rows), *notes, *rules, *self._methods(), self._summary()])

    __repr__ = __str__

    def _methods(self) -> list[str]:
        """What was done, once for all inputs where it was the same."""
        methods: dict[str, list[Row]] = {}
        for row in self.rows:
            methods.setdefault(row.method, []).append(row)
        return [_done(rows, self.rows) for rows in methods.values()]

    def _summary(self) -> str:
        if not self.rows:
            return "gradient check: unsure, since no input was checked"
        counts = {v: sum(row.verdict == v for row in self.rows) for v in ("pass", "fail", "unsure")}
        verdicts = ", ".join(f"{n} {v}" for v, n in counts.items() if n or v == "pass")
        sampled = f" ({len(self.rows)} of {self.inputs} inputs, sampled with seed {self.seed})"
        return f"gradient check: {verdicts}{sampled if len(self.rows) < self.inputs else ''}"


def _table(rows: Sequence[Row]) -> list[str]:
    numbers = range(1, len(_HEAD))
    return table([_HEAD, *map(_cells, rows)], right=numbers, ruled=False).split("\n")


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (f"{row.at:.6g}", f"{row.analytic:.10g}", f"{row.numeric:.10g}")
    differences = (row.absolute_error, row.relative_error, row.step, row.estimated_error)
    return (printable(row.name), *numbers, *(f"{x:.1e}" for x in differences), row.verdict)


def _done(rows: Sequence[Row], of: Sequence[Row]) -> str:
    """How these rows were found, and how many there are if not all were found so."""
    names = ", ".join(printable(row.name) for row in rows[:4]) + (", …" if len(rows) > 4 else "")
    counts = sorted({row.evaluations for row in rows})
    evaluations = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    widest, finest = max(row.widest for row in rows), min(row.finest for row in rows)
    inputs = "each input" if len(rows) == len(of) else names
    return (
        f"{evaluations} evaluations for {inputs}, at steps from {widest:.0e} to {finest:.0e} "
        f"{rows[0].method}"
    )
