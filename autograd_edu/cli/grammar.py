"""Parse the formulas that people type, and check that they contain nothing but formulas.

`ast` parses the text, and every node must be on an allow-list. The result lists the nodes, with the
operands of an operation before it. Nothing is computed here; `expression` does that. Errors show
the place with carets.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ..derivatives.signatures import Scalar
from ..engine import ops
from ..engine.ops import OPS
from ..errors import ExpressionError, nearest

Statement = tuple[str, tuple[ast.AST, ...]]
"""The name that is assigned ("" for the result), and the nodes, operands before operations."""

Operand: TypeAlias = "Scalar | bool | list[Operand]"
"""What a part of a formula can be: a number, a condition, or a list of arguments."""

LONGEST = 10_000  # characters
CONSTANTS = {"pi": math.pi, "e": math.e}

BINARY: dict[type, tuple[Callable[..., float], Callable[..., Scalar]]] = {  # on floats, on others
    ast.Add: (ops.add.apply, operator.add),
    ast.Sub: (ops.sub.apply, operator.sub),
    ast.Mult: (ops.mul.apply, operator.mul),
    ast.Div: (ops.div.apply, operator.truediv),
    ast.Pow: (ops.pow.apply, operator.pow),
}
UNARY: dict[type, Callable[..., Scalar]] = {ast.USub: operator.neg, ast.UAdd: lambda x: x}
COMPARE: dict[type, Callable[..., bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FORBIDDEN: dict[type, str] = {
    ast.Attribute: "a dot after a name", ast.Subscript: "an index", ast.Lambda: "lambda",
    ast.BoolOp: "and, or", ast.Not: "not",
    ast.IfExp: "if … else (write where(condition, then, otherwise))",
    ast.BitXor: "^ (write ** for a power)", ast.FloorDiv: "//", ast.Mod: "%",
    ast.MatMult: "@ (write dot)", ast.NamedExpr: ":=", ast.JoinedStr: "text", ast.Starred: "*",
    ast.Dict: "a dict", ast.Set: "a set", ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension", ast.Await: "await", ast.Import: "import",
    ast.ImportFrom: "import", ast.AugAssign: "an assignment like +=", ast.Invert: "~",
    ast.FunctionDef: "def", ast.For: "for", ast.While: "while", ast.If: "if", ast.Delete: "del",
    ast.With: "with",
}  # fmt: skip
_ELSEWHERE = {
    "ln": "log", "max": "maximum", "min": "minimum", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sum": "total", "power": "pow", "logistic": "sigmoid", "pi()": "pi",
    "sgn": "step", "heaviside": "step", "fabs": "abs",
}  # fmt: skip


def functions() -> dict[str, Callable[..., Scalar]]:
    """The functions that a formula may call, by name: all operations of the table."""
    return dict(OPS)


def read(
    text: str, variables: Sequence[str] = ()
) -> tuple[str, tuple[str, ...], tuple[Statement, ...]]:
    """The stripped text, its variables in order of first use, and its statements.

    Raises:
        ExpressionError: if the text is not a formula, or contains more than a formula may.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            f"the formula must have at most {LONGEST:,} characters; got {len(text):,}"
        )
    text = text.strip().rstrip(";").rstrip()
    statements, names = [], dict[str, None]()
    constants = set(CONSTANTS).difference(variables)
    assigned: dict[str, ast.AST] = {}
    used: set[str] = set()
    body = _statements(text)
    for place, statement in enumerate(body):
        target, formula = _parts(text, statement, is_last=place == len(body) - 1)
        nodes = tuple(_operands_first(text, formula))
        for name in (_name(node) for node in nodes):
            used.add(name)
            if name and name not in assigned and name not in constants:
                names[name] = None
        if target is not None:
            _check_target(text, target, [*names, *assigned, *constants])
            assigned[target.id] = target
        statements.append((target.id if target else "", nodes))
    used.add(statements[-1][0])
    for name, node in assigned.items():
        if name not in used:
            raise error_at(f"'{name}' is computed, but the result does not use it", text, node)
    return text, tuple(names), tuple(statements)


def point_at(message: str, text: str, node: ast.AST) -> str:
    """``message``, and below it the line of the formula with carets under ``node``."""
    if not isinstance(node, (ast.expr, ast.stmt)):
        return message
    line = text.splitlines()[node.lineno - 1].encode()
    start = len(line[: node.col_offset].decode())
    one_line = node.end_lineno == node.lineno and node.end_col_offset is not None
    end = len(line[: node.end_col_offset].decode()) if one_line else len(line.decode())
    return message + _underline(line.decode(), start, end)


def error_at(message: str, text: str, node: ast.AST) -> ExpressionError:
    """An ExpressionError that points at ``node``."""
    return ExpressionError(point_at(message, text, node))


def _underline(line: str, start: int, end: int, room: int = 60) -> str:
    """The line with carets under a part of it. A long line is cut around that part."""
    left = max(0, start - room // 2)
    right = min(len(line), max(end, start + 1, left + room), left + 2 * room)
    before, after = "… " if left else "", " …" if right < len(line) else ""
    carets = "^" * max(1, min(end, right) - start)
    piece = line[left:right].replace("\t", " ")
    return f"\n  {before}{piece}{after}\n  {' ' * (len(before) + start - left)}{carets}"


# ---- statements and nodes ------------------------------------------------------------------------


_UNREADABLE = "the formula cannot be read: "
_IN_OUR_WORDS = {  # by a part of the message of Python
    "Exceeds the limit": "a number has too many digits",
    "invalid decimal literal": "write a product with *, such as 2*x",
}


def _statements(text: str) -> list[ast.stmt]:
    """The statements of ``text``, as Python reads them."""
    if not text:
        raise ExpressionError("the formula is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice is about programs, not formulas
            body = ast.parse(text).body
    except SyntaxError as error:
        raise ExpressionError(_UNREADABLE + _syntax_problem(text, error)) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(
            "the formula is too long or nested too deeply; split it into named parts: v = …; w = …"
        ) from None
    except UnicodeEncodeError as error:
        raise ExpressionError(_UNREADABLE + _half_character(text, error.start)) from None
    except ValueError as error:
        raise ExpressionError(f"{_UNREADABLE}{error}") from None
    if not body:
        raise ExpressionError("the formula is empty")
    return body


def _syntax_problem(text: str, error: SyntaxError) -> str:
    lines = text.splitlines()
    line = lines[min(error.lineno or 1, len(lines)) - 1]
    start = min(max((error.offset or 1) - 1, 0), len(line))
    problem = next((own for part, own in _IN_OUR_WORDS.items() if part in error.msg), error.msg)
    return problem + _underline(line, start, start + 1)


def _half_character(text: str, place: int) -> str:
    before = text[:place].rpartition("\n")[2]
    line = (before + text[place:].partition("\n")[0]).encode("utf-8", "replace").decode()
    problem = f"{text[place]!a} is half of a character"
    return problem + _underline(line, len(before), len(before) + 1)


def _parts(text: str, statement: ast.stmt, *, is_last: bool) -> tuple[ast.Name | None, ast.expr]:
    """The name that a statement assigns (None if it assigns none), and its formula."""
    match statement:
        case ast.Assign(targets=[ast.Name() as target], value=formula):
            return target, formula
        case ast.Expr(value=formula) if is_last:
            return None, formula
        case ast.Expr():
            raise error_at("every part but the last needs a name: write name = …", text, statement)
        case ast.Assign():
            raise error_at("a part can have only one name: write name = …", text, statement)
    raise _forbidden(text, statement, statement)


def _check_target(text: str, target: ast.Name, taken: Sequence[str]) -> None:
    if target.id in functions():
        raise error_at(f"'{target.id}' is a function; choose another name", text, target)
    if target.id in taken:
        raise error_at(f"'{target.id}' has a value already; choose another name", text, target)


def _operands_first(text: str, formula: ast.expr) -> Iterator[ast.AST]:
    """The checked nodes of a formula, each after its operands."""
    order: list[ast.AST] = []
    stack: list[tuple[ast.expr, str]] = [(formula, "")]
    while stack:  # this visits an operation before its operands, and the last operand first
        node, role = stack.pop()
        _check(text, node, role)
        order.append(node)
        stack.extend(_operands(node))
    return reversed(order)


def _operands(node: ast.expr) -> list[tuple[ast.expr, str]]:
    """The operands of ``node``, each with its role: "condition", "argument" or ""."""
    match node:
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            return [(left, ""), (right, "")]
        case ast.UnaryOp(operand=operand):
            return [(operand, "")]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [(element, "") for element in elements]
        case ast.Call(func=ast.Name(id="where"), args=[condition, *others]):
            return [(condition, "condition"), *((other, "") for other in others)]
        case ast.Call(args=args):
            return [(arg, "argument") for arg in args]
    return []


def operand_count(node: ast.AST) -> int:
    """How many operands ``node`` has."""
    return len(_operands(node)) if isinstance(node, ast.expr) else 0


def _check(text: str, node: ast.expr, role: str) -> None:
    """Raise an ExpressionError unless a formula may contain ``node``."""
    match node:
        case ast.Constant():
            _check_constant(text, node)
        case ast.Name(id=name):
            if name in functions():
                raise error_at(f"'{name}' is a function: write {name}(…)", text, node)
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            if type(op) not in BINARY and type(op) not in UNARY:
                raise _forbidden(text, node, op)
        case ast.Compare(ops=ops):
            _check_comparison(text, node, ops, role)
        case ast.List() | ast.Tuple():
            if role != "argument":
                message = "a list can only be an argument of a function: dot([w1, w2], [x1, x2], b)"
                raise error_at(message, text, node)
        case ast.Call():
            _check_call(text, node)
        case _:
            raise _forbidden(text, node, node)


def _check_constant(text: str, node: ast.Constant) -> None:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise error_at("a formula can only contain real numbers; this is not one", text, node)
    if not _is_finite(node.value):
        message = "this number is too large for a float, whose largest value is 1.8e308"
        raise error_at(message, text, node)


def _check_comparison(text: str, node: ast.expr, ops: Sequence[ast.cmpop], role: str) -> None:
    if role != "condition":
        message = "a comparison can only be the condition of where(condition, then, otherwise)"
        raise error_at(message, text, node)
    if len(ops) > 1 or type(ops[0]) not in COMPARE:
        raise error_at("a condition must be a single comparison with <, <=, > or >=", text, node)


def _check_call(text: str, node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name):
        raise _forbidden(text, node.func, node.func)
    if node.func.id not in functions():
        raise error_at(
            f"unknown function '{node.func.id}'{_suggestion(node.func.id)}", text, node.func
        )
    if node.keywords:
        raise error_at("write arguments by position, without names", text, node)


def _suggestion(name: str) -> str:
    own = _ELSEWHERE.get(name) or nearest(name, functions())
    return f"; did you mean {own}?" if own else f"; choose from {', '.join(sorted(functions()))}"


def _forbidden(text: str, node: ast.AST, kind: ast.AST) -> ExpressionError:
    what = _FORBIDDEN.get(type(kind), "this")
    message = f"a formula can only contain numbers, names, + - * / ** and functions, not {what}"
    return error_at(message, text, node)


def _is_finite(x: float) -> bool:  # an int may be too large for a float
    try:
        return math.isfinite(x)
    except OverflowError:
        return False


def _name(node: ast.AST) -> str:
    """The name of the variable that ``node`` reads; "" if it reads none."""
    return node.id if isinstance(node, ast.Name) else ""
