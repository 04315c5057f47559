"""The pass from one weight to the loss, to step through: one picture for each layer.

The picture is made here, with numbers that stand for nothing. The page puts those of an epoch, a
sample and a weight in their place. What does not depend on the weight is left out: the other
products of its unit are one number, called "rest", and so are those of a unit that it feeds alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isclose

from ....engine.number import plain
from ....engine.ops import OPS, dot
from ....engine.value import Value, topological_order
from ....nn.kinds import Nested, Scalar
from ....notation.letters import SUBSCRIPTS
from ....record.build import build
from ...scene.scene import scene
from ..stepper import MOST, Pieces, pieces
from .show import Target

Role = list[str | int]  # what the number of a leaf is, and of which layer, unit and input
Loss = Callable[[Nested, Nested], Scalar]  # of one sample, from the outputs and the target


@dataclass(frozen=True)
class Path:
    """A picture of the pass from a weight to the loss, and what its leaves are.

    Attributes:
        roles: for each leaf, in order; empty for a constant.
    """

    picture: Pieces
    roles: Sequence[Role]

    @property
    def code(self) -> str:
        """The operations in JavaScript."""
        return self.picture.code

    def as_dict(self, code: int) -> dict[str, object]:  # as JSON has it
        """What the page reads; ``code`` is the place of its operations."""
        made = self.picture
        return {"image": made.image, "told": made.told, "roles": self.roles, "code": code}


def paths(
    sizes: Sequence[int], activations: Sequence[str], loss: Loss, target: Target
) -> list[Path | None]:
    """For each layer, the pass from one of its weights to the loss.

    None where it has too many values to step through.

    Args:
        target: an example of one.
    """
    layers = range(len(activations))
    return [_path(sizes, activations, loss, layer=k, target=target) for k in layers]


class _Leaves:
    """Leaves, each with its role."""

    def __init__(self) -> None:
        self.roles: dict[int, Role] = {}

    def leaf(self, label: str, *role: str | int, data: float = 0.5) -> Value:
        made = Value(data, label=label)
        self.roles[id(made)] = list(role)
        return made


def _path(
    sizes: Sequence[int], activations: Sequence[str], loss: Loss, *, layer: int, target: Target
) -> Path | None:
    if layer == len(activations) - 1 and not _symmetric(loss, sizes[-1], target):
        return None
    leaves = _Leaves()
    z = leaves.leaf("w", "w") * leaves.leaf("x", "x") + leaves.leaf("rest", "rest")
    before = [_activated(z, activations[layer], "z", "h")]
    for k in range(layer + 1, len(activations)):
        before = [_unit(before, k, unit, activations[k], leaves) for unit in range(sizes[k + 1])]
    y = _loss(before, sizes[-1], loss, target, leaves)
    order = topological_order(y)
    if len(order) > MOST:
        return None
    made = pieces(scene(y, formulas=True), build(order), [None] * len(order))
    return Path(made, [leaves.roles.get(id(value), []) for value in order if value.op is None])


def _activated(z: Value, activation: str, *labels: str) -> Value:
    z.label, called = labels
    if activation == "linear":
        return z
    h: Value = OPS[activation](z)
    h.label = called
    return h


def _unit(
    before: Sequence[Value], layer: int, unit: int, activation: str, leaves: _Leaves
) -> Value:
    """A unit of a later layer. Where only one of its inputs is on the path, the others rest."""
    place = f"{_low(unit + 1)}⁽{_high(layer + 1)}⁾"
    names = [
        f"w{_low(unit + 1)}{_low(i + 1) if len(before) > 1 else ''}" for i in range(len(before))
    ]
    weights = [
        leaves.leaf(f"{name}⁽{_high(layer + 1)}⁾", "weight", layer, unit, i)
        for i, name in enumerate(names)
    ]
    kind = "rest" if len(before) == 1 else "b"
    z: Value = dot(weights, before, leaves.leaf(f"{kind}{place}", "later", layer, unit))
    return _activated(z, activation, f"z{place}", f"h{place}")


def _loss(on_path: list[Value], outputs: int, loss: Loss, target: Target, leaves: _Leaves) -> Value:
    """The loss. The outputs on the path come first; the others are numbers."""
    others = range(len(on_path), outputs)
    ys = [*on_path, *[leaves.leaf(f"other output {i}", "output", i - 1) for i in others]]
    listed = isinstance(target, Sequence)
    ts = [
        leaves.leaf(f"t{_low(i + 1) if listed else ''}", "target", i, data=t)
        for i, t in enumerate(target if isinstance(target, Sequence) else [target])
    ]
    y = loss(ys if outputs > 1 else ys[0], ts if listed else ts[0])
    assert isinstance(y, Value)
    y.label = "L"
    return y


def _symmetric(loss: Loss, outputs: int, target: Target) -> bool:
    """Whether outputs may change places if their targets do, so that any of them may be first."""
    if outputs == 1:
        return True
    if not isinstance(target, Sequence) or len(target) != outputs:
        return False
    ys, ts = [0.1 * i for i in range(outputs)], list(target)
    changed = plain(loss(ys[::-1], ts[::-1])), plain(loss([*ys[1:], ys[0]], [*ts[1:], ts[0]]))
    return all(isclose(plain(loss(ys, ts)), each, rel_tol=1e-9) for each in changed)


def _low(i: int) -> str:
    return str(i).translate(SUBSCRIPTS)


def _high(i: int) -> str:
    return str(i).translate(_POWERS)


_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
