"""An operator of two numbers as one function, made from the text of its row.

It does what the general way does, in a third of the time: nothing is called that can be written
out. A program spends most of its time in these few operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .contracts import Operator
from .expressions import in_namespace
from .rows import Row

_OPERATOR = """
def apply(self, other):
    if other.__class__ is not Value:
        if other.__class__ not in PLAIN:
            return general(self, other)
        other = constant(other)
    a, b = {left}._data, {right}._data
    try:
        y = {formula}
    except ArithmeticError:
        return general(self, other)
    if y - y != 0.0 or blocks.pauses:
        return general(self, other)
    return record(y, op, {left}, {right}, {slopes})
"""  # two Values, or a Value and a number, that give a finite number outside every block


def shortcut(
    row: Row, general: Operator, *, reflected: bool, known: Mapping[str, Any], text: str = _OPERATOR
) -> Any:  # a method
    """The operator of ``row``.

    Args:
        row: the operation, which takes two operands.
        general: the operator that handles all other cases.
        reflected: whether the other number is the left one.
        known: the globals that the text uses.
        text: the operator, with places for its operands, its formula and its slopes.
    """
    left, right = ("other", "self") if reflected else ("self", "other")
    slopes = [
        f"rule{i}(Floats, y, a, b)" if i in row.own else in_namespace(text)
        for i, text in enumerate(row.slopes_of(("a", "b")))
    ]
    names = {**known, "op": row, "general": general, "PLAIN": frozenset({int, float})}
    names |= {f"rule{i}": rule for i, rule in row.own.items()}
    source = text.format(left=left, right=right, formula=row.formula, slopes=", ".join(slopes))
    exec(compile(source, __file__, "exec"), names)  # so that its lines are not the user's
    return names["apply"]
