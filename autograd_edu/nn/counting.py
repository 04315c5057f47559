"""The cost of the forward and the backward pass of a graph, in multiplications.

In the forward pass, a weight takes one multiplication. In the backward pass it takes two: one for
the weight's gradient, one for the input's. So a backward pass costs about twice as much as a
forward pass, for any number of inputs. Forward mode needs one pass per input.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TypeGuard

from ..arithmetic.rows import products
from ..engine.op import Op
from ..engine.value import Value, topological_order
from ..notation import operations
from ..printing import prints


@prints
@dataclass(frozen=True)
class Cost:
    """The work of computing and differentiating a graph. It prints as a table.

    Attributes:
        forward: the multiplications (and divisions) of the forward pass.
        backward: those of the backward pass.
        functions: how often each function is evaluated, such as {"tanh": 16}.
        inputs: the number of leaves that are not constants. Forward mode would need one pass for
            each of them.

    >>> from autograd_edu.nn import MLP
    >>> print(cost(MLP(4, [16, 1], activation="tanh")([1.0, 2.0, 3.0, 4.0])))
                             multiplications
    forward pass                          80
    backward pass                        112
    forward mode, 97 passes           10,864
    and 16 × tanh
    """

    forward: int
    backward: int
    functions: dict[str, int]
    inputs: int

    def __str__(self) -> str:
        rows = [
            ("forward pass", self.forward),
            ("backward pass", self.backward),
            (f"forward mode, {self.inputs} passes", self.inputs * self.backward),
        ]
        width = max(len(name) for name, _ in rows)
        lines = [
            f"{'':{width}}  multiplications",
            *(f"{name:{width}}  {count:15,}" for name, count in rows),
        ]
        if self.functions:
            counted = (f"{count} × {name}" for name, count in self.functions.items())
            lines.append(f"and {', '.join(counted)}")
        return "\n".join(lines)


def cost(y: Value) -> Cost:
    """The cost of a forward and a backward pass of the graph of ``y``.

    Constants get no gradient, so they cost nothing in the backward pass.

    >>> w, x = Value(2.0), Value(3.0)
    >>> cost(w * x).forward, cost(w * x).backward
    (1, 2)
    """
    order = topological_order(y)
    active = {id(v) for v in order if v.op is None and not v.is_constant}
    inputs = len(active)
    forward = backward = 0
    functions: Counter[str] = Counter()
    for value in order:
        if value.op is None:
            continue
        products, is_function = _work(value.op, len(value.parents))
        forward += products
        functions[value.op.name] += is_function
        needed = [id(p) in active for p in value.parents]
        if any(needed):
            active.add(id(value))
            backward += _count_products(value.op, needed)
    return Cost(forward, backward, dict(+functions), inputs)


def _work(op: Op, operands: int) -> tuple[int, bool]:
    """The multiplications and divisions in an operation's formula, and: is it a function?"""
    if op.groups is products:
        return operands // 2, False
    parts = list(ast.walk(ast.parse(operations.source(op, "y", *op.operand_names()), mode="eval")))
    powers = [part.right for part in parts if _is(part, ast.Pow)]
    if any(isinstance(part, ast.Call) for part in parts) or not all(map(_is_two, powers)):
        return 0, True
    return len(powers) + sum(_is(part, ast.Mult, ast.Div) for part in parts), False


def _is(part: ast.AST, *signs: type[ast.operator]) -> TypeGuard[ast.BinOp]:
    return isinstance(part, ast.BinOp) and isinstance(part.op, signs)


def _is_two(power: ast.expr) -> bool:
    return isinstance(power, ast.Constant) and power.value == 2


def _count_products(op: Op, needed: list[bool]) -> int:
    """How many multiplications the backward pass needs. A local gradient of ±1 needs none."""
    names = op.operand_names(len(needed))
    slopes = op.slopes_of(names)
    return sum(
        need and slope not in ("1", "-1") for need, slope in zip(needed, slopes, strict=True)
    )
