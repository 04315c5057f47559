"""A computation as text, sealed by a checksum, and back; what is read is looked at before it is believed."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from ..engine.ops import OPS
from ..errors import StateError, is_an_error
from ..files import seal, unseal
from .arrays import real_array
from .ir import SIGNS, Computation, Guard, Slot

LEAVES = ("input", "parameter", "constant")


def content(computation: Computation) -> dict[str, Any]:
    """Everything that a computation is, as JSON has it."""
    return {
        "slots": [list(slot) for slot in computation.slots],
        "shapes": computation.shapes,
        "parameter_count": computation.parameter_count,
        "root": computation.root,
        "guards": [list(astuple(guard)) for guard in computation.guards],
        "parameter_values": computation.parameter_values.tolist(),
    }


def to_text(computation: Computation) -> str:
    """The text that `from_text` reads."""
    return seal(content(computation), "program")


def from_text(text: str) -> Computation:
    """The computation that `to_text` wrote. It has the parameters' numbers, and no Values.

    Raises:
        StateError: if the text is no such thing, was altered or cut short, or uses operations that are not in the table.
    """
    data = unseal(text, "program")
    try:
        slots = tuple(Slot(op, tuple(operands), *rest) for op, operands, *rest in data["slots"])
        unknown = {slot.op for slot in slots} - {*OPS, *LEAVES}
        guards = tuple(_guard(*guard) for guard in data["guards"])
        shapes = tuple(tuple(shape) for shape in data["shapes"])
        found = Computation(slots, shapes, data["parameter_count"], data["root"], guards)
        values = real_array(data["parameter_values"], "the values of parameters")
        sound = values.shape == found.parameter_values.shape and (unknown or _is_sound(found))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise StateError(
            f"this is not a program as to_json writes it: {type(error).__name__}: {error}"
        ) from None
    if not sound:
        raise StateError(
            "this is not a program as to_json writes it: its leaves do not come first, an operation has operands that it "
            "cannot have, or a name or number is none"
        )
    if unknown:
        raise StateError(
            f"the program uses operations that are not in the table: {sorted(unknown)}; register them first"
        )
    found.parameter_values[:] = values
    return found


def _is_sound(found: Computation) -> bool:
    """Whether inputs come first, then parameters, and every operation has as many earlier slots as it needs."""
    leaves = ["input"] * found.input_count + ["parameter"] * found.parameter_count
    numbers = [found.root, *[side for guard in found.guards for side in (guard.left, guard.right)]]
    return (
        [slot.op for slot in found.slots if slot.op in ("input", "parameter")]
        == leaves
        == [slot.op for slot in found.slots[: len(leaves)]]
        and all(_slot_is_sound(i, slot) for i, slot in enumerate(found.slots))
        and all(type(number) is int and 0 <= number < len(found.slots) for number in numbers)
        and all(_guard_is_sound(guard) for guard in found.guards)
    )


def _guard(
    sign: str, left: int, right: int, outcome: bool, line: str, error: list[str] | None = None
) -> Guard:
    return Guard(sign, left, right, outcome, line, None if error is None else (error[0], error[1]))


def _guard_is_sound(guard: Guard) -> bool:
    """Whether a guard has a sign, an outcome, and an error of this package's, if any."""
    error = guard.error
    known = error is None or (is_an_error(error[0]) and type(error[1]) is str)
    return guard.sign in SIGNS and type(guard.outcome) is bool and known


def _slot_is_sound(place: int, slot: Slot) -> bool:
    """Whether a slot at this place refers to earlier ones, as many as its operation takes, and its texts and number are such."""
    op, operands, label, line, number = slot
    earlier = all(type(i) is int and 0 <= i < place for i in operands)
    row = OPS.get(op)
    right = (
        not operands
        if row is None
        else len(operands) > 0
        if row.variadic
        else len(operands) == len(row.operand_names())
    )
    return earlier and right and type(label) is type(line) is str and type(number) in (int, float)
