"""What is wrong with a loss: not finite, and where that begins; or flat, and why no gradient arrives."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..data import Dataset
from ..engine.floats import ieee
from ..engine.value import Constant, Value, topological_order
from ..nn.losses import Loss, average
from ..nn.module import Module
from ..notation import operations

_NOTHING = 1e-13  # of the largest gradient: what rounding leaves
_VANISHING = 1e-3  # of the largest part's typical gradient


@dataclass(frozen=True)
class Diagnosis:
    """What was found for one batch; true if nothing is wrong. Prints as sentences.

    Attributes:
        first: the first value that is not finite, in the order of computation; None if all are.
        dead: scopes of rectifiers that are 0 for every sample, and so get no gradient ever.
        without_gradient: names of the parameters whose gradient is 0, or nothing but rounding.
    """

    loss: float
    first: Value | None = None
    findings: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    without_gradient: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        return f"loss {self.loss:.6g}: " + (
            "; ".join(self.findings) or "finite, and gradients arrive everywhere"
        )


def diagnose(model: Module, loss: Loss, data: Dataset) -> Diagnosis:
    """Look at one pass over ``data`` (a batch is enough), with infinities and NaN let through, on a copy of the model."""
    trial = copy.deepcopy(model)
    with ieee():
        y = average([loss(out, t) for out, t in zip(trial.batch(data.xs), data.ys, strict=True)])
        order = topological_order(y)
        first = next((v for v in order if not math.isfinite(v.data)), None)
        if first is not None:
            return Diagnosis(
                y.data, first, [f"the first value that is not finite is {_described(first)}"]
            )
        y.backward()
    return _of_gradients(y, order, trial.named_parameters())


def _of_gradients(y: Value, order: list[Value], named: list[tuple[str, Value]]) -> Diagnosis:
    """What the gradients after a backward pass say."""
    broken = [name for name, p in named if not math.isfinite(p.grad)]
    largest = max((abs(p.grad) for _, p in named if math.isfinite(p.grad)), default=0.0)
    flat = [name for name, p in named if abs(p.grad) <= _NOTHING * largest]
    dead = _dead_rectifiers(order)
    findings = [] if broken else _uneven(named)
    if broken:
        where = _where_gradient_breaks(order)
        findings.append(f"the gradients of {_some(broken)} are not finite: {where}")
    if flat:
        findings.append(f"{len(flat)} of {len(named)} parameters have gradient 0: {_some(flat)}")
    if dead:
        findings.append(f"{len(dead)} rectifier(s) are 0 for every sample: {_some(dead)}")
    return Diagnosis(y.data, None, findings, dead, flat)


def _uneven(named: list[tuple[str, Value]]) -> list[str]:
    """Whether gradients of one part are far smaller than those of another: they vanish, or explode, on the way."""
    grads: dict[str, list[float]] = defaultdict(list)
    for name, p in named:
        grads[".".join(name.split(".")[:2])].append(p.grad)
    sizes = {part: math.hypot(*found) / math.sqrt(len(found)) for part, found in grads.items()}
    sizes = {part: size for part, size in sizes.items() if size > 0.0}  # the others have been named
    if not sizes or min(sizes.values()) > _VANISHING * max(sizes.values()):
        return []
    low, high = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    return [
        f"gradients vanish or explode: their typical size is {sizes[low]:.2g} in {low} and {sizes[high]:.2g} in {high}"
    ]


def _described(value: Value) -> str:
    shown = value.label or (value.op.name if value.op else "a leaf")
    made = (
        f" = {operations.text(value.op, *[p.label or f'{p.data:.4g}' for p in value.parents[:4]])}"
        if value.op and len(value.parents) <= 4
        else ""
    )
    return f"{shown}{made} = {value.data}" + (f" in {value.scope}" if value.scope else "")


def _where_gradient_breaks(order: list[Value]) -> str:
    for value in reversed(order):
        if any(not math.isfinite(local) for local in value.local_grads):
            return f"a local gradient of {_described(value)} is infinite"
    return "products of local gradients overflow"


def _dead_rectifiers(order: list[Value]) -> list[str]:
    outputs: dict[str, list[float]] = defaultdict(list)
    for value in order:
        rectified = value.op is not None and value.op.rectifier
        if rectified and value.scope and not _is_constant(value):
            outputs[value.scope].append(value.data)
    return [scope for scope, seen in outputs.items() if not any(seen)]


def _is_constant(value: Any) -> bool:
    return all(isinstance(parent, Constant) for parent in value.parents)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
