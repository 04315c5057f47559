"""A function of one number, or an operator of two, made from the text of its row.

It does what the general way does, in a third of the time: nothing is called that can be written
out. A program spends most of its time in these few functions.
"""

from __future__ import annotations

import math
import re
from textwrap import indent
from typing import Any

from .contracts import Rule
from .expressions import in_namespace
from .floats import Floats
from .rows import Row

_CHOICE = re.compile(r"xp\.choose\(([^,()]*), ([^,()]*), ([^,()]*)\)")  # between plain numbers
# A finite number outside every block, remembered as `engine.value.record` does it.
_RESULT = """
try:
    {start}
    y = {value}
    if {unless}not isfinite(y):
        return {general}
    value = new(*kind)
    value._data = y
    value.op = op
    value._left = {left}
    value._right = {right}
    value._left_grad = {left_slope}
    value._right_grad = {right_slope}
    value._mark = changed
except (ValueError, ArithmeticError, TypeError):
    return {general}
if blocks.scopes:
    value._scope = modes.current_scope.get()
return value
"""
# Called as `new(*kind)`, which makes no tuple of its arguments, as `new(Value)` would.
_START = "new, kind = object.__new__, (Value,)"
_FUNCTION = """
if blocks.pauses and (modes.tracer.get() or modes.watch.get() or not modes.recording.get()):
    return self.apply(op, (self,))
{result}
"""
_OPERATOR = """
if blocks.pauses:
    return general(self, other)
if other.__class__ is Value:
{with_value}
if other.__class__ is not float and other.__class__ is not int:
    if isinstance(other, Value):
        return _apply(op, ({left}, {right}))
    return general(self, other)
{with_number}
"""


def function(row: Row, known: dict[str, Any]) -> Rule:
    """The method of Values for ``row``, which takes one operand; see `operator`."""
    slope = _slopes(row)[0] if row.operand_names() == ("x",) else "rule0(Floats, y, x)"
    result = _RESULT.format(
        start="x = self._data", value="rule(Floats, x)", general="_apply(op, (self,))",
        left="self", right=None, left_slope=slope, right_slope=None,
        unless="y.__class__ is not float or ",  # as a user's rule may return
    )  # fmt: skip
    body = _FUNCTION.format(result=result)
    return compiled(f"{_START}\ndef apply(self):{indent(body, '    ')}", row, known=known)


def operator(row: Row, general: Rule, *, known: dict[str, Any], reflected: bool) -> Rule:
    """The operator of Values for ``row``; ``general`` handles what it leaves out.

    A plain number becomes no Value yet: see `engine.value.expand`. ``known`` are the globals of
    that module, which the text uses. If the operator is ``reflected``, the other number is the
    left one.
    """
    parts, (left_slope, right_slope) = parts_of(row, reflected=reflected), _slopes(row)
    own, other = "ba" if reflected else "ab"
    fill = {"general": "general(self, other)", "value": parts["formula"], "unless": ""}
    with_value = _RESULT.format(
        start=f"{own}, {other} = self._data, other._data", left=parts["left"],
        right=parts["right"], left_slope=left_slope, right_slope=right_slope, **fill,
    )  # fmt: skip
    with_number = _RESULT.format(
        start=f"{own}, {other} = self._data, other if other.__class__ is float else float(other)",
        left="self", right=None, left_slope=right_slope if reflected else left_slope,
        right_slope="(a,)" if reflected else "b", **fill,
    )  # fmt: skip
    body = _OPERATOR.format(with_value=indent(with_value, "    "), with_number=with_number, **parts)
    return compiled(
        f"{_START}\ndef apply(self, other):{indent(body, '    ')}", row, general, known=known
    )


def parts_of(row: Row, *, reflected: bool) -> dict[str, str]:
    """The operands ``left`` and ``right``, and the ``formula`` and ``slopes`` of floats a and b.

    The operator has them in its text. If it is ``reflected``, the other number is the left one.
    """
    left, right = ("other", "self") if reflected else ("self", "other")
    formula, slopes = in_namespace(str(row.formula)), ", ".join(_slopes(row))
    if "**" in formula:  # Python's gives complex numbers
        formula = "rule(Floats, a, b)"
    return {"left": left, "right": right, "formula": formula, "slopes": slopes}


def compiled(source: str, row: Row, general: Rule | None = None, *, known: dict[str, Any]) -> Rule:
    """The function ``apply`` of a text that uses the names in ``known``.

    It may also use ``isfinite``, the row as ``op``, its ``rule``, the rules ``rule0`` and ``rule1``
    of its local gradients, and ``general``, the way for all other cases.
    """
    local = {
        "op": row, "general": general, "rule": row.rule, "Floats": Floats, "pi": math.pi,
        "isfinite": math.isfinite,
    }  # fmt: skip
    for i in [i for i in range(len(row.operand_names())) if f"rule{i}(" in source]:
        local[f"rule{i}"] = row.own.get(i) or row.rules[i]
    text = f"def make({', '.join(local)}):\n{indent(source, ' ')}\n return apply"
    made: dict[str, Any] = {}
    exec(compile(text, __file__, "exec"), known, made)  # so that its lines are not the user's
    apply: Rule = made["make"](**local)
    return apply


def _slopes(row: Row) -> list[str]:
    """The local gradients, written out unless they call functions or have rules of their own."""
    names = row.operand_names()
    texts = [_CHOICE.sub(r"(\2 if \1 else \3)", in_namespace(x)) for x in row.slopes_of(names)]
    return [
        f"rule{i}(Floats, y, {', '.join(names)})" if i in row.own or "xp." in text else text
        for i, text in enumerate(texts)
    ]
