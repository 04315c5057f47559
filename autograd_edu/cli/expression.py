"""Compute formulas that people type, such as "v = u**2; exp(sin(v) * log(v))".

The text never runs as Python. `grammar` checks it, and only operations of the rule table are
applied, on any kind of number. So the worst that a formula can do is to have no value. Errors show
the place with carets.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from ..derivatives.signatures import Scalar
from ..engine.number import Number
from ..engine.value import Constant, Value
from ..errors import AutogradError, ExpressionError
from .grammar import (
    BINARY,
    COMPARE,
    CONSTANTS,
    UNARY,
    Operand,
    Statement,
    error_at,
    functions,
    operand_count,
    point_at,
    read,
)


@dataclass(frozen=True)
class Expression:
    """A formula, as a function of one number for each of its ``names``.

    >>> f = parse("v = x*y; v + z")
    >>> f.names
    ('x', 'y', 'z')
    >>> f(3.0, -4.0, 2.0)
    -10.0
    """

    text: str
    names: tuple[str, ...]  # the variables, in order of first use
    statements: tuple[Statement, ...]

    @overload
    def __call__(self, *at: float) -> float: ...
    @overload
    def __call__(self, *at: Value) -> Value: ...
    @overload
    def __call__(self, *at: Scalar) -> Scalar: ...
    def __call__(self, *at: Scalar) -> Scalar:
        """The result. The parts of the formula that have names get these as their labels.

        Raises:
            DomainError: if an operation has no real value; the message shows which one.
            ExpressionError: if a function cannot take its arguments, such as a list.
        """
        if len(at) != len(self.names):
            raise ExpressionError(
                f"the formula takes {len(self.names)} number(s) ({', '.join(self.names)}); "
                f"got {len(at)}"
            )
        known: dict[str, Scalar] = {**CONSTANTS, **dict(zip(self.names, at, strict=True))}
        in_graph = any(isinstance(x, Value) for x in at)
        result: Scalar = 0.0
        for name, nodes in self.statements:
            result = self._compute(nodes, known)
            if name:
                result = known[name] = _label(result, name, in_graph=in_graph)
        return result

    def _compute(self, nodes: Sequence[ast.AST], known: Mapping[str, Scalar]) -> Scalar:
        stack: list[Operand] = []
        for node in nodes:
            count = operand_count(node)
            operands = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            try:
                stack.append(_apply(node, operands, known))
            except AutogradError as error:
                raise type(error)(point_at(str(error), self.text, node)) from None
            except TypeError as error:
                message = (
                    f"the function cannot take these arguments ({error}); write lists as [a, b]"
                )
                raise error_at(message, self.text, node) from None
        result = stack[0]
        if not isinstance(result, (Number, float)):
            message = "the result must be a number, not a list or a comparison"
            raise error_at(message, self.text, nodes[-1])
        return result


def parse(text: str, variables: Sequence[str] = ()) -> Expression:
    """The formula in ``text``: parts separated by ";", all but the last written ``name = …``.

    The names pi and e are constants, unless they are among ``variables``.

    Raises:
        ExpressionError: if the text is not a formula, or contains more than a formula may.
    """
    return Expression(*read(text, variables))


def _apply(node: ast.AST, operands: list[Operand], known: Mapping[str, Scalar]) -> Operand:
    """The result of ``node`` on its operands."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(op=op):
            on_floats, on_numbers = BINARY[type(op)]
            if any(isinstance(x, Number) for x in operands):
                return on_numbers(*operands)
            return on_floats(operands)
        case ast.UnaryOp(op=op):
            return UNARY[type(op)](*operands)
        case ast.Compare(ops=[op]):
            return COMPARE[type(op)](*operands)
        case ast.List() | ast.Tuple():
            return operands
        case ast.Call(func=ast.Name(id=name)):
            return _call(name, operands)
    raise AssertionError(f"the grammar does not allow {node!r}")


def _call(name: str, operands: list[Operand]) -> Scalar:
    function = functions()[name]
    if inspect.isfunction(function):
        signature = inspect.signature(function)
        try:
            signature.bind(*operands)
        except TypeError as error:
            raise ExpressionError(
                f"{name}({', '.join(signature.parameters)}) cannot take {len(operands)} "
                f"argument(s): {error}"
            ) from None
    return function(*operands)


def _label(result: Scalar, name: str, *, in_graph: bool) -> Scalar:
    """``result`` with a label, unless it has one. In a graph, a number becomes a constant."""
    if isinstance(result, float) and in_graph:
        return Constant(result, name)
    if isinstance(result, Value) and not result.label:
        result.label = name
    return result
