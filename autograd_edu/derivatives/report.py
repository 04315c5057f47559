"""The report of a gradient check: one row per input, and a description of what was done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from ..notation.text import printable, table
from ..printing import fit_encoding, prints
from .evidence import Evidence
from .verdict import Judgement, Verdict

_ERRORS = ("abs. error", "rel. error", "est. error")
_HEAD = ("input", "at", "analytic", "numeric", *_ERRORS, "verdict")


@prints
@dataclass(frozen=True)
class Row:
    """What the check found for one input.

    ``estimated_error`` bounds the error of the numeric slope, and ``step`` is the finest step it
    comes from. ``method`` describes how it was computed, from ``evaluations`` values of the
    function at steps from ``widest`` to ``finest``.

    >>> from autograd_edu import check_gradient
    >>> row = check_gradient(lambda a, b: a * b, [2.0, 3.0]).rows[0]
    >>> row.name, row.at, row.analytic, row.numeric, row.verdict
    ('a', 2.0, 3.0, 3.0, 'pass')
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

    @classmethod
    def of(
        cls, name: str, a: float, evidence: Evidence, judgement: Judgement, *, complex_slope: float
    ) -> Row:
        """The row for the slope ``a`` of the input ``name``."""
        n, samples = evidence.nearest(a), evidence.samples
        value, error, step = (n.value, n.error, n.step) if n else (math.nan,) * 3
        difference, scale = abs(a - value), max(abs(a), abs(value))
        relative = difference / scale if scale else 0.0
        found = (samples.x, a, value, difference, relative, step, error)
        steps, method = samples.steps() or [math.nan], _method(evidence, complex_slope)
        return cls(name, *found, *judgement, method, samples.evaluations, steps[0], steps[-1])


@prints
@dataclass(frozen=True)
class Report:
    """The rows of a gradient check. It prints as a table, and is truthy if every input passes.

    >>> from autograd_edu import check_gradient
    >>> report = check_gradient(lambda a, b: a * b, [2.0, 3.0])
    >>> bool(report), [row.name for row in report.rows]
    (True, ['a', 'b'])
    """

    rows: tuple[Row, ...]
    inputs: int  # how many the function has; if there are fewer rows, a sample was checked
    suspects: tuple[str, ...] = ()  # operations that fail their own check
    seed: int | None = None

    def __bool__(self) -> bool:
        return bool(self.rows) and all(row.verdict == "pass" for row in self.rows)

    def __str__(self) -> str:
        rows = table([_HEAD, *map(_cells, self.rows)], right=range(1, len(_HEAD)), ruled=False)
        notes = [f"  {printable(row.name)}: {row.note}" for row in self.rows if row.note]
        rules = [f"  wrong rule: {suspect}" for suspect in self.suspects]
        methods = dict.fromkeys(row.method for row in self.rows)
        done = [
            _describe_steps([r for r in self.rows if r.method == m], self.rows) for m in methods
        ]
        return "\n".join([rows, *notes, *rules, *done, self._summary()])

    __repr__ = __str__

    def _summary(self) -> str:
        counts = {v: sum(row.verdict == v for row in self.rows) for v in ("pass", "fail", "unsure")}
        verdicts = ", ".join(f"{n} {v}" for v, n in counts.items() if n or v == "pass")
        sampled = f" ({len(self.rows)} of {self.inputs} inputs, sampled with seed {self.seed})"
        return f"gradient check: {verdicts}{sampled if len(self.rows) < self.inputs else ''}"


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (f"{row.at:.6g}", f"{row.analytic:.9g}", f"{row.numeric:.9g}")
    differences = (row.absolute_error, row.relative_error, row.estimated_error)
    return (
        fit_encoding(printable(row.name)),
        *numbers,
        *(f"{x:.1e}" for x in differences),
        row.verdict,
    )


def _method(evidence: Evidence, complex_slope: float) -> str:
    parts, n, other = [f"on {evidence.side}, extrapolated to 0"], evidence.slope, evidence.other
    if n and other:
        parts.append(f"other steps {'agree' if other.agrees(n) else 'disagree'}")
    if n and not math.isnan(complex_slope):
        agrees = abs(complex_slope - n.value) <= n.error + 1e-6 * abs(n.value)
        parts.append(f"the complex step {'agrees' if agrees else f'gives {complex_slope:.6g}'}")
    return "; ".join(parts)


def _describe_steps(rows: Sequence[Row], of: Sequence[Row]) -> str:
    """How these rows were computed. It names them unless they are all rows of the report."""
    names = ", ".join(printable(row.name) for row in rows[:4]) + (", …" if len(rows) > 4 else "")
    counts = sorted({row.evaluations for row in rows})
    evaluations = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    widest, finest = max(row.widest for row in rows), min(row.finest for row in rows)
    inputs = "each input" if len(rows) == len(of) else names
    text = (
        f"{evaluations} evaluations for {inputs}, at steps from {widest:.0e} to {finest:.0e} "
        f"{rows[0].method}"
    )
    return fill(text, 79, subsequent_indent="  ")
