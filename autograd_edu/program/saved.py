"""A computation as text, sealed by a checksum, and read back after a check that it is sound."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from ..engine.ops import OPS
from ..errors import StateError, is_an_error
from ..files import Json, seal, unseal
from .arrays import real_array
from .form import from_plain, to_plain
from .ir import SIGNS, Columns, Computation, Guard, Operands, Slot

LEAVES = ("input", "parameter", "constant")
_NO_PROGRAM = "this is not a program as to_json() writes it"


def content(computation: Computation) -> dict[str, Json]:
    """Everything that makes up a computation, as JSON can hold it."""
    return {
        "slots": [list(slot) for slot in computation.slots],
        "shapes": computation.shapes,
        "argument_names": list(computation.argument_names),
        "parameter_count": computation.parameter_count,
        "roots": list(computation.roots),
        "form": to_plain(computation.form),
        "guards": [list(astuple(guard)) for guard in computation.guards],
        "parameter_values": computation.parameter_values.tolist(),
    }


def to_text(computation: Computation) -> str:
    """The text that `from_text` reads."""
    return seal(content(computation), "program")


def from_text(text: str) -> Computation:
    """The computation that `to_text` wrote, with the numbers of its parameters but no Values.

    Raises:
        StateError: if the text is something else, was altered or cut short, or uses an operation
            that is not in the table.
    """
    data = unseal(text, "program")
    try:
        found = _read(data)
        unknown = {*found.columns.ops} - {*OPS, *LEAVES}
        sound = unknown or _is_sound(found)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise StateError(f"{_NO_PROGRAM}: {type(error).__name__}: {error}") from None
    if not sound:
        raise StateError(
            f"{_NO_PROGRAM}: its leaves do not come first, an operation has operands that it "
            f"cannot have, or a name or number is of the wrong type"
        )
    if unknown:
        raise StateError(
            f"the program uses operations that are not in the table: {sorted(unknown)}; register "
            f"them first"
        )
    return found


def _read(data: dict[str, Any]) -> Computation:  # JSON of any form
    """What `content` wrote. Errors of many kinds say that it is something else."""
    ops, operands, labels, lines, numbers = map(list, zip(*data["slots"], strict=True))
    found = Computation(
        Columns(ops, Operands(map(tuple, operands)), labels, lines, numbers),
        tuple(map(tuple, data["shapes"])),
        roots=data["roots"],
        guards=[Guard(*[*own, error and tuple(error)]) for *own, error in data["guards"]],
        parameter_count=data["parameter_count"],
        argument_names=data["argument_names"],
        form=from_plain(data["form"], len(data["roots"])),
    )
    values = real_array(data["parameter_values"], "the values of parameters")
    own = found.parameter_values
    if values.shape != own.shape:
        raise ValueError(f"{len(own)} parameters have values of the shape {values.shape}")
    own[:] = values
    return found


def _is_sound(found: Computation) -> bool:
    """Whether inputs come first, then parameters, and every operation has earlier operands."""
    leaves = ["input"] * found.input_count + ["parameter"] * found.parameter_count
    sides = [side for guard in found.guards for side in (guard.left, guard.right)]
    numbers, ops = [*found.roots, *sides], found.columns.ops
    return (
        [op for op in ops if op in ("input", "parameter")] == leaves == ops[: len(leaves)]
        and all(_slot_is_sound(i, slot) for i, slot in enumerate(found.slots))
        and all(type(number) is int and 0 <= number < len(ops) for number in numbers)
        and all(map(_guard_is_sound, found.guards))
        and len(found.roots) > 0
        and len(found.argument_names) == len(found.shapes)
        and all(type(name) is str for name in found.argument_names)
    )


def _guard_is_sound(guard: Guard) -> bool:
    """Whether a guard has a known sign, an outcome, and, if any, an error of this package."""
    error = guard.error
    known = error is None or (is_an_error(error[0]) and type(error[1]) is str)
    return guard.sign in SIGNS and type(guard.outcome) is bool and known


def _slot_is_sound(place: int, slot: Slot) -> bool:
    """Whether a slot has as many operands as its operation takes, all of them earlier slots."""
    op, operands, label, line, number = slot
    count, row = len(operands), OPS.get(op)
    takes = 0 if row is None else len(row.operand_names(max(1, count)))
    earlier = all(type(i) is int and 0 <= i < place for i in operands)
    typed = type(label) is type(line) is str and type(number) in (int, float)
    return count == takes and earlier and typed
