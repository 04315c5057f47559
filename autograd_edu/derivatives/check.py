"""The gradient check: every derivative that backpropagation gives, held against a numeric one.

The verdict is pass, fail or unsure. An absolute tolerance could certify a gradient that is small and wrong altogether;
here the difference is measured against the gradient itself and against what the numeric side can resolve, and where
that is too little to tell a gradient from none, the verdict is unsure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..engine.number import plain
from ..engine.ops import Op, evaluate
from ..engine.value import Constant, Value, topological_order
from ..errors import DomainError
from ..notation import operations
from ..notation.formula import printable
from .numeric import EPSILON, Estimate, Point, Section, extrapolated, noise
from .transforms import pulled

Verdict = Literal["pass", "fail", "unsure"]


@dataclass(frozen=True)
class Row:
    """What the check found for one input."""

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


@dataclass(frozen=True)
class Report:
    """The rows of a gradient check; true if every verdict is pass. Prints as a table."""

    rows: tuple[Row, ...]
    inputs: int  # how many there are; fewer rows mean that a sample was checked
    suspects: tuple[
        str, ...
    ] = ()  # operations whose local gradient disagrees with their own numeric derivative
    seed: int | None = None

    def __bool__(self) -> bool:
        return all(row.verdict == "pass" for row in self.rows)

    def __str__(self) -> str:
        head = (
            "input",
            "at",
            "analytic",
            "numeric",
            "abs. error",
            "rel. error",
            "step",
            "est. error",
            "verdict",
        )
        lines = [head, *map(_cells, self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        table = [
            "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        notes = [f"  {printable(row.name)}: {row.note}" for row in self.rows if row.note]
        counts = {v: sum(row.verdict == v for row in self.rows) for v in ("pass", "fail", "unsure")}
        summary = ", ".join(f"{n} {v}" for v, n in counts.items() if n or v == "pass")
        sampled = (
            f" ({len(self.rows)} of {self.inputs} inputs, sampled with seed {self.seed})"
            if len(self.rows) < self.inputs
            else ""
        )
        return "\n".join(
            [
                *table,
                *notes,
                *(f"  wrong rule: {s}" for s in self.suspects),
                f"gradient check: {summary}{sampled}",
            ]
        )

    __repr__ = __str__


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (f"{row.at:.6g}", f"{row.analytic:.10g}", f"{row.numeric:.10g}")
    errors = (
        f"{row.absolute_error:.1e}",
        f"{row.relative_error:.1e}",
        f"{row.step:.1e}",
        f"{row.estimated_error:.1e}",
    )
    return (printable(row.name), *numbers, *errors, row.verdict)


# ---- the check -----------------------------------------------------------------------------------------------------


def check_gradient(
    f: Callable[..., Any],
    at: Sequence[Any],
    *,
    relative: float = 1e-8,
    sample: int = 50,
    seed: int = 0,
    names: Sequence[str] = (),
) -> Report:
    """Compare the gradient by backpropagation with the numeric one, input by input.

    Args:
        f: a function of as many arguments as ``at`` has entries; or a loss that takes none and reads ``at``.
        at: numbers, or lists of them; or the parameters (Values) of a model, whose data are moved and put back.
        relative: the relative difference that is always allowed.
        sample: of more inputs than this, a random sample (by ``seed``) of so many is checked, and the report says so.
        names: names for the inputs; by default labels, or the names of ``f``'s arguments.

    With a the derivative by backpropagation, n the numeric one and e its estimated error, the difference passes up to
    relative·max(|a|, |n|) + 4e and fails beyond ten times that; between, and where e is too large to tell, it is unsure.
    At a kink, any slope between the one-sided ones passes, and the row says so. Where ``f`` is undefined on one side of the
    point within every step, the verdict is unsure.

    Raises:
        DomainError: if ``f`` or its gradient has no finite value at the point itself.

    >>> print(check_gradient(lambda x, y: x * y, (3, -4)).rows[0].verdict)
    pass
    """
    point = Point(f, at, names)
    y, variables = point.graph()
    gradients = [plain(g) for g in pulled(y, variables)]
    chosen = range(len(variables))
    if len(variables) > sample:
        import random

        chosen = sorted(random.Random(seed).sample(chosen, sample))  # type: ignore[assignment]  # indices either way
    rows = tuple(_row(point, i, gradients[i], relative) for i in chosen)
    failed = any(row.verdict == "fail" for row in rows)
    return Report(rows, len(variables), tuple(_wrong_rules(y, relative)) if failed else (), seed)


def _row(point: Point, i: int, a: float, relative: float) -> Row:
    x, phi = point.numbers[i], point.along(i)
    try:
        estimate = extrapolated(phi, x)
    except DomainError as error:
        return Row(
            point.names[i],
            x,
            a,
            math.nan,
            math.nan,
            math.nan,
            math.nan,
            math.inf,
            "unsure",
            str(error),
        )
    verdict, note = _verdict(a, estimate, relative), ""
    if verdict == "fail":
        estimate = _allowing_for_noise(estimate, phi)
        verdict = _verdict(a, estimate, relative)
    slopes = _one_sided(phi, estimate.step)
    if slopes:
        verdict, note = _at_a_kink(a, *slopes)
    elif verdict == "unsure" and a == 0.0 and _is_flat(phi, x, estimate):
        verdict = "pass"
    elif verdict == "unsure":
        note = f"the numeric slope is {estimate.value:.2g} give or take {estimate.error:.1g}, which is too little to tell"
    difference, scale = abs(a - estimate.value), max(abs(a), abs(estimate.value))
    relative_error = difference / scale if scale else 0.0
    return Row(
        point.names[i],
        x,
        a,
        estimate.value,
        difference,
        relative_error,
        estimate.step,
        estimate.error,
        verdict,
        note,
    )


def _at_a_kink(a: float, left: float, right: float) -> tuple[Verdict, str]:
    """Any slope between the one-sided ones is right."""
    low, high = sorted((left, right))
    room = 1e-4 * (high - low)
    inside = low - room <= a <= high + room
    where = "" if inside else "not "
    return (
        "pass" if inside else "fail",
        f"kink: the slope is {left:.6g} on the left, {right:.6g} on the right; {a:.6g} is {where}between",
    )


def _allowing_for_noise(n: Estimate, phi: Section) -> Estimate:
    """The estimate, less certain by what a scatter of f's values does to differences of the step."""
    try:
        return replace(n, error=n.error + 8.0 * noise(phi, 1e-4 * n.step) / n.step)
    except DomainError:
        return n


def _is_flat(phi: Section, x: float, n: Estimate) -> bool:
    """Whether the slope is nothing beside how much f changes around the point: x³ at 0, whose numeric slope is 1e-29, not 0."""
    h = 0.1 * max(abs(x), 1.0)
    try:
        change = max(abs(phi(h) - phi(0.0)), abs(phi(-h) - phi(0.0)))
    except DomainError:
        return False
    return abs(n.value) + n.error <= 1e-14 * change / h


def _verdict(a: float, n: Estimate, relative: float) -> Verdict:
    """Pass, fail, or unsure if the numeric side cannot tell a gradient of this size from none."""
    scale = max(abs(a), abs(n.value))
    difference, allowed = abs(a - n.value), relative * scale + 4.0 * n.error
    if not math.isfinite(a):
        return "fail"
    if not difference <= 10.0 * allowed:
        return "fail"
    if a == 0.0 == n.value:
        return "pass"
    return "pass" if difference <= allowed and n.error <= 1e-3 * scale else "unsure"


def _one_sided(phi: Section, step: float) -> tuple[float, float] | None:
    """The slopes on the left and on the right, if they differ by more than curvature and rounding explain: a kink."""
    h = min(step, 1e-4)
    try:
        here = phi(0.0)
        bends = [abs(phi(t) - 2.0 * here + phi(-t)) / t for t in (h, h / 16.0)]
        if (
            bends[1] < 0.5 * bends[0] or bends[1] == 0.0
        ):  # a bend that shrinks with the step is curvature
            return None
        pairs = [(_richardson(phi, here, -t), _richardson(phi, here, t)) for t in (h, h / 16.0)]
        (l1, r1), (l2, r2) = pairs
        gap = min(abs(r1 - l1), abs(r2 - l2))
        rounding = 1024.0 * EPSILON * max(abs(here), abs(phi(h))) / h
        if gap <= 1e-6 * max(abs(l2), abs(r2)) + rounding or abs((r1 - l1) - (r2 - l2)) > 0.1 * gap:
            return None
        return (l2, r2) if gap > 1600.0 * noise(phi, 1e-4 * h) / h else None
    except DomainError:
        return None


def _richardson(phi: Section, here: float, h: float) -> float:
    """The slope on the side of ``h``, its error in h cancelled by half a step."""
    return 2.0 * (phi(h / 2.0) - here) / (h / 2.0) - (phi(h) - here) / h


def _wrong_rules(y: Any, relative: float, limit: int = 2000) -> list[str]:
    """Operations of the graph whose local gradient disagrees with the numeric derivative of their own value."""
    found: dict[str, str] = {}
    for value in topological_order(y)[:limit] if isinstance(y, Value) else ():
        op, xs = value.op, [parent.data for parent in value.parents]
        if op is None or op.name in found or len(xs) > 64:
            continue
        for i, (parent, local) in enumerate(zip(value.parents, value.local_grads, strict=True)):
            if isinstance(parent, Constant):
                continue

            def moved(t: float, op: Op = op, xs: list[float] = xs, i: int = i) -> float:
                return evaluate(op, [x + t if j == i else x for j, x in enumerate(xs)])

            try:
                estimate = extrapolated(moved, xs[i])
            except DomainError:
                continue
            if _verdict(local, estimate, relative) == "fail" and not _explained_by_kink(
                moved, estimate, local
            ):
                shown = operations.text(op, *[printable(p.label) or p.data for p in value.parents])
                found[op.name] = (
                    f"{op.name}: {shown} has the local gradient {local:.10g}, numerically {estimate.value:.10g}"
                )
    return list(found.values())


def _explained_by_kink(phi: Section, estimate: Estimate, slope: float) -> bool:
    slopes = _one_sided(phi, estimate.step)
    return slopes is not None and min(slopes) - 1e-6 <= slope <= max(slopes) + 1e-6
