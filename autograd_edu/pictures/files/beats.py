"""The scenes of an animation: each step of a pass, a backward step in three beats.

First the upstream gradient leaves the sender, then each wire multiplies it by its local gradient,
then the products land under the receivers, where they add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...notation.formula import short
from ...record.model import Part, Record, Step
from ...record.sentences import bracket
from ..interactive.running import State, states
from ..scene.flow import ledger
from ..scene.scene import Box, Scene, Wire

Use = tuple[int, int]  # a result and the number of an operand: what a wire stands for
Act = Literal["", "leaves", "travels", "lands"]
SECONDS = {"": 1.2, "leaves": 0.5, "travels": 1.0, "lands": 1.3}


@dataclass(frozen=True)
class Beat:
    """What one frame shows.

    Attributes:
        step: how many steps are done or under way.
        act: which beat of a backward step it is; "" for any other step.
        known: the value and gradient of each node.
        shares: what has flowed back along each wire by then.
        terms: the shares that each node has got.
        parts: the shares of this very step, each with its wire.
        upstream: the gradient that the sender of a backward step has.
    """

    step: int
    act: Act
    known: State
    shares: Mapping[Use, float]
    terms: Mapping[int, tuple[float, ...]]
    parts: Mapping[Use, Part]
    upstream: float = 0.0

    def product(self, use: Use) -> str:
        """What happens on a wire: "(-4) · 1 = -4"."""
        part = self.parts[use]
        return f"{bracket(part.local)} · {bracket(self.upstream)} = {short(part.contribution)}"

    @property
    def receivers(self) -> set[int]:
        """The nodes that a share lands on in this beat."""
        return {part.parent for part in self.parts.values()} if self.act == "lands" else set()


def beats(record: Record) -> Iterator[Beat]:
    """The scenes of both passes, in order; the first is before any step."""
    known = states(record)
    shares: dict[Use, float] = {}
    terms: dict[int, tuple[float, ...]] = {}
    yield Beat(0, "", known[0], {}, {}, {})
    for k, step in enumerate(record.steps, 1):
        parts = dict(_uses(step, record))
        if not parts:
            yield Beat(k, "", known[k], shares, terms, {})
            continue
        yield Beat(k, "leaves", known[k - 1], shares, terms, parts, step.value)
        shares = shares | {use: part.contribution for use, part in parts.items()}
        yield Beat(k, "travels", known[k - 1], shares, terms, parts, step.value)
        for part in step.parts:
            terms = terms | {part.parent: (*terms.get(part.parent, ()), part.contribution)}
        yield Beat(k, "lands", known[k], shares, terms, parts, step.value)


def _uses(step: Step, record: Record) -> Iterator[tuple[Use, Part]]:
    """Each part of a step with the operand that it goes to."""
    node = record.nodes[step.node]
    operands = enumerate(zip(node.parents, node.local_grads, strict=True))
    for part in step.parts:
        wanted = part.parent, repr(part.local)  # as text, since nan is not equal to itself
        slot = next(k for k, (parent, local) in operands if (parent, repr(local)) == wanted)
        yield (step.node, slot), part


def scene_at(scene: Scene, beat: Beat, *, largest: float) -> Scene:
    """The scene with what is known by then, and no more: neither in tooltips nor on wires."""
    boxes = [
        _box_at(box, scene.number(k), beat, largest=largest) for k, box in enumerate(scene.boxes)
    ]
    wires = [_wire_at(wire, scene.number(wire.head), beat) for wire in scene.wires]
    return replace(scene, boxes=tuple(boxes), wires=tuple(wires))


def _box_at(box: Box, i: int, beat: Beat, *, largest: float) -> Box:
    data, grad, g = beat.known[i]
    strength = min(abs(g) / largest, 1.0) if largest and g - g == 0.0 else 0.0
    terms = beat.terms.get(i, ())
    summed = ledger([short(term) for term in terms], grad) if len(terms) > 1 else ""
    now = replace(box, data=data, grad=grad, negative=g < 0.0, strength=strength)
    return replace(now, tooltip=box.title, ledger=summed, receives=i in beat.receivers, alarm="")


def _wire_at(wire: Wire, head: int, beat: Beat) -> Wire:
    known = beat.known[head][0] != "?"
    share = beat.shares.get((head, wire.slot))
    return replace(wire, text=wire.text if known else "", share=share)
