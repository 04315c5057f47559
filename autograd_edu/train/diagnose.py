"""`diagnose`: find where a loss stops being finite, or why parameters get no gradient."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from dataclasses import dataclass, field

from ..data import Dataset, check_dataset
from ..engine.modes import ieee
from ..engine.value import Value, topological_order
from ..errors import TrainingError
from ..nn.losses import Loss, average
from ..nn.module import Module
from ..notation import operations
from ..printing import prints

_NOTHING = 1e-13  # relative to the largest gradient; a smaller one may be a rounding error
_VANISHING = 1e-3  # relative to the part with the largest typical gradient


@prints
@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found. It is true if nothing is wrong, and prints as sentences.

    Attributes:
        loss: the mean loss.
        first: the first value computed that is not finite, or None.
        findings: what is wrong, one sentence per finding.
        dead: scopes of rectifiers that are 0 for every sample, so that they pass no gradient.
        without_gradient: names of the parameters whose gradient is 0, or only a rounding error.

    >>> from autograd_edu import data, nn
    >>> model = nn.MLP.from_weights([[[-1.0, -1.0]], [[1.0]]])
    >>> found = diagnose(model, nn.losses.half_squared_error, data.truth_table("and"))
    >>> bool(found), found.dead
    (False, ['layer0/neuron0'])
    """

    loss: float
    first: Value | None = None
    findings: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    without_gradient: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        found = "; ".join(self.findings) or "finite, and every parameter gets a gradient"
        return f"loss {self.loss:.6g}: {found}"


def diagnose(model: Module, loss: Loss, data: Dataset) -> Diagnosis:
    """Examine one forward and one backward pass over ``data``; a batch is enough.

    It works on a copy of the model, and infinities and NaN raise no error.

    Raises:
        TrainingError: if the loss does not depend on any parameter.

    >>> from autograd_edu import data, nn
    >>> model = nn.MLP.from_weights([[[-1.0, -1.0]], [[1.0]]])
    >>> found = diagnose(model, nn.losses.half_squared_error, data.truth_table("and"))
    >>> for finding in found.findings:
    ...     print(finding)
    3 of 3 parameters have gradient 0: layers.0.neurons.0.w.0, layers.0.neurons.0.w.1, ...
    1 rectifier(s) are 0 for every sample: layer0/neuron0
    """
    check_dataset(data)
    trial = copy.deepcopy(model)
    with ieee():
        y = average([loss(out, t) for out, t in zip(trial.batch(data.xs), data.ys, strict=True)])
        if not isinstance(y, Value):
            raise TrainingError("the loss does not depend on any parameter of the model")
        order = topological_order(y)
        first = next((v for v in order if not math.isfinite(v.data)), None)
        if first is not None:
            finding = f"the first value that is not finite is {_describe(first)}"
            return Diagnosis(y.data, first, [finding])
        y.backward()
    named = [(name, p) for name, p in trial.named_parameters() if p.requires_grad]
    return _of_gradients(y, order, named)


def _of_gradients(y: Value, order: list[Value], named: list[tuple[str, Value]]) -> Diagnosis:
    """The findings about the gradients after a backward pass."""
    broken = [name for name, p in named if not math.isfinite(p.grad)]
    largest = max((abs(p.grad) for _, p in named if math.isfinite(p.grad)), default=0.0)
    flat = [name for name, p in named if abs(p.grad) <= _NOTHING * largest]
    dead = _dead_rectifiers(order)
    findings = [] if broken else _find_uneven(named)
    if broken:
        where = _where_gradient_breaks(order)
        findings.append(f"the gradients of {_list_first(broken)} are not finite: {where}")
    if flat:
        findings.append(
            f"{len(flat)} of {len(named)} parameters have gradient 0: {_list_first(flat)}"
        )
    if dead:
        findings.append(f"{len(dead)} rectifier(s) are 0 for every sample: {_list_first(dead)}")
    return Diagnosis(y.data, None, findings, dead, flat)


def _find_uneven(named: list[tuple[str, Value]]) -> list[str]:
    """A finding if the gradients of one part are far smaller than those of another."""
    grads: dict[str, list[float]] = defaultdict(list)
    for name, p in named:
        grads[".".join(name.split(".")[:2])].append(p.grad)
    sizes = {part: math.hypot(*found) / math.sqrt(len(found)) for part, found in grads.items()}
    sizes = {part: size for part, size in sizes.items() if size > 0.0}  # 0 is reported as `flat`
    if not sizes or min(sizes.values()) > _VANISHING * max(sizes.values()):
        return []
    low, high = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    typical = f"{sizes[low]:.2g} in {low} and {sizes[high]:.2g} in {high}"
    return [f"gradients vanish or explode: their typical size is {typical}"]


def _describe(value: Value) -> str:
    """A value in words, such as "hidden = log(x) = -inf in layer0"."""
    op, made = value.op, ""
    if op is not None and len(value.parents) <= 4:
        made = f" = {operations.text(op, *[p.label or f'{p.data:.4g}' for p in value.parents])}"
    shown = value.label or (op.name if op else "a leaf")
    return f"{shown}{made} = {value.data}" + (f" in {value.scope}" if value.scope else "")


def _where_gradient_breaks(order: list[Value]) -> str:
    for value in reversed(order):
        if any(not math.isfinite(local) for local in value.local_grads):
            return f"a local gradient of {_describe(value)} is infinite"
    return "products of local gradients overflow"


def _dead_rectifiers(order: list[Value]) -> list[str]:
    outputs: dict[str, list[float]] = defaultdict(list)
    for value in order:
        rectified = value.op is not None and value.op.rectifier and value.scope
        if rectified and not all(parent.is_constant for parent in value.parents):
            outputs[value.scope].append(value.data)
    return [scope for scope, seen in outputs.items() if not any(seen)]


def _list_first(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
