"""Formulas that people type: "v = u**2; exp(sin(v) * log(v))", computed on any kind of number.

Nothing that is typed runs as Python: `grammar` checks the text, and only operations of the rule
table are applied, so the worst a formula can do is to have no value. Errors mark the place with
carets.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.number import Number
from ..engine.value import Constant, Value
from ..errors import AutogradError, ExpressionError
from .grammar import BINARY, COMPARE, CONSTANTS, Statement, functions, operand_count, read, shown


@dataclass(frozen=True)
class Expression:
    """A formula that has been read. Call it with one number of any kind for each of ``names``.

    >>> f = parse("v = x*y; v + z")
    >>> f.names
    ('x', 'y', 'z')
    >>> f(3.0, -4.0, 2.0)
    -10.0
    """

    text: str
    names: tuple[str, ...]  # the variables, in order of first use
    statements: tuple[Statement, ...]

    def __call__(self, *at: Any) -> Any:
        """The result. Intermediate results that the formula names get that name as their label.

        Raises:
            DomainError: where an operation has no real value; the message shows which one.
            ExpressionError: if an operation cannot take what it is given, such as a list.
        """
        if len(at) != len(self.names):
            raise ExpressionError(
                f"the formula takes {len(self.names)} number(s) ({', '.join(self.names)}); "
                f"got {len(at)}"
            )
        known: dict[str, Any] = {**CONSTANTS, **dict(zip(self.names, at, strict=True))}
        result: Any = None
        for name, nodes in self.statements:
            result = self._computed(nodes, known)
            if name:
                result = known[name] = _labelled(
                    result, name, in_graph=any(isinstance(x, Value) for x in at)
                )
        return result

    def _computed(self, nodes: Sequence[ast.AST], known: Mapping[str, Any]) -> Any:
        stack: list[Any] = []
        for node in nodes:
            count = operand_count(node)
            operands = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            try:
                stack.append(_applied(node, operands, known))
            except AutogradError as error:
                raise type(error)(shown(str(error), self.text, node)) from None
            except TypeError as error:
                message = (
                    f"the function cannot take these arguments ({error}); a list is written [a, b]"
                )
                raise ExpressionError(shown(message, self.text, node)) from None
        if not isinstance(stack[0], (Number, float)):
            raise ExpressionError(
                shown(
                    "the result must be a number, not a list or a comparison", self.text, nodes[-1]
                )
            )
        return stack[0]


def parse(text: str, variables: Sequence[str] = ()) -> Expression:
    """Read a formula: statements separated by ";", all but the last of the form ``name = formula``.

    The names pi and e are constants, unless they are among ``variables``.

    Raises:
        ExpressionError: if it cannot be read, or asks for more than arithmetic and operations.
    """
    return Expression(*read(text, variables))


def _applied(node: ast.AST, operands: list[Any], known: Mapping[str, Any]) -> Any:
    """What ``node`` gives, of its operands."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(op=op):
            row, on_numbers = BINARY[type(op)]
            return (
                on_numbers(*operands)
                if any(isinstance(x, Number) for x in operands)
                else row.apply(operands)
            )
        case ast.UnaryOp(op=op):
            return -operands[0] if isinstance(op, ast.USub) else operands[0]
        case ast.Compare(ops=[op]):
            return COMPARE[type(op)](*operands)
        case ast.List() | ast.Tuple():
            return operands
        case ast.Call(func=ast.Name(id=name)):
            return _called(name, operands)
    raise AssertionError(f"{node!r} has been checked")


def _called(name: str, operands: list[Any]) -> Any:
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


def _labelled(result: Any, name: str, *, in_graph: bool) -> Any:
    """``result`` with a label, unless it has one. In a graph, a number becomes a constant."""
    if isinstance(result, float) and in_graph:
        return Constant(result, name)
    if isinstance(result, Value) and not result.label:
        result.label = name
    return result
