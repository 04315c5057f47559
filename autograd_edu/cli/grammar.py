"""Which formulas people may type: from text to checked nodes, or to an error with carets.

`ast` parses the text; each node must be on an allow-list; and operands are put before the operation
that uses them. Nothing is computed here; see `expression`.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..engine import ops
from ..engine.ops import OPS, Op
from ..errors import ExpressionError

Statement = tuple[str, tuple[ast.AST, ...]]
"""The name that is assigned ("" for the result), and the nodes, operands before operations."""

LONGEST = 10_000  # characters
CONSTANTS = {"pi": math.pi, "e": math.e}

BINARY: dict[type, tuple[Op, Callable[[Any, Any], Any]]] = {
    ast.Add: (ops.add, operator.add),
    ast.Sub: (ops.sub, operator.sub),
    ast.Mult: (ops.mul, operator.mul),
    ast.Div: (ops.div, operator.truediv),
    ast.Pow: (ops.pow, operator.pow),
}
COMPARE: dict[type, Callable[[Any, Any], bool]] = {
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


def functions() -> dict[str, Callable[..., Any]]:
    """The functions a formula may call: every operation of the table, by its name."""
    return dict(OPS)


def read(
    text: str, variables: Sequence[str] = ()
) -> tuple[str, tuple[str, ...], tuple[Statement, ...]]:
    """The text without its margins, the variables in order of first use, and the statements.

    Raises:
        ExpressionError: if it cannot be read, or asks for more than arithmetic and operations.
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
    last = statements[-1][0]
    for name, node in assigned.items():
        if name not in used and name != last:
            raise ExpressionError(
                shown(f"'{name}' is computed, but the result does not use it", text, node)
            )
    return text, tuple(names), tuple(statements)


def shown(message: str, text: str, node: ast.AST) -> str:
    """``message``, with the line of the formula below it and carets under ``node``."""
    if not isinstance(node, (ast.expr, ast.stmt)):
        return message
    line = text.splitlines()[node.lineno - 1].encode()
    start = len(line[: node.col_offset].decode())
    one_line = node.end_lineno == node.lineno and node.end_col_offset is not None
    end = len(line[: node.end_col_offset].decode()) if one_line else len(line.decode())
    return message + _pointed(line.decode(), start, end)


def _pointed(line: str, start: int, end: int, room: int = 60) -> str:
    """The line and carets under part of it; of a long line, what is around the part."""
    left = max(0, start - room // 2)
    right = min(len(line), max(end, start + 1, left + room), left + 2 * room)
    before, after = "… " if left else "", " …" if right < len(line) else ""
    carets = "^" * max(1, min(end, right) - start)
    piece = line[left:right].replace("\t", " ")
    return f"\n  {before}{piece}{after}\n  {' ' * (len(before) + start - left)}{carets}"


# ---- the pieces ----------------------------------------------------------------------------------


_SAID = {  # by Python, and in our words
    "Exceeds the limit": "a number has too many digits",
    "invalid decimal literal": "a product is written with *: 2*x",
}


def _statements(text: str) -> list[ast.stmt]:
    if not text:
        raise ExpressionError("the formula is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on its own syntax is of no use here
            body = ast.parse(text).body
    except SyntaxError as error:
        lines = text.splitlines()
        line = lines[min(error.lineno or 1, len(lines)) - 1]
        start = min(max((error.offset or 1) - 1, 0), len(line))
        problem = next((own for theirs, own in _SAID.items() if theirs in error.msg), error.msg)
        raise ExpressionError(
            f"the formula cannot be read: {problem}" + _pointed(line, start, start + 1)
        ) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(
            "the formula is too long or nested too deeply; give parts of it names: v = …; w = …"
        ) from None
    except UnicodeEncodeError as error:
        before = text[: error.start].rpartition("\n")[2]
        line = (before + text[error.start :].partition("\n")[0]).encode("utf-8", "replace").decode()
        raise ExpressionError(
            f"the formula cannot be read: {text[error.start]!a} is half of a character"
            + _pointed(line, len(before), len(before) + 1)
        ) from None
    except ValueError as error:
        raise ExpressionError(f"the formula cannot be read: {error}") from None
    if not body:
        raise ExpressionError("the formula is empty")
    return body


def _parts(text: str, statement: ast.stmt, *, is_last: bool) -> tuple[ast.Name | None, ast.expr]:
    """The name that a statement assigns, if it does, and its formula."""
    match statement:
        case ast.Assign(targets=[ast.Name() as target], value=formula):
            return target, formula
        case ast.Expr(value=formula) if is_last:
            return None, formula
        case ast.Expr():
            raise ExpressionError(
                shown("only the last part may go without a name: write name = …", text, statement)
            )
        case ast.Assign():
            raise ExpressionError(shown("a part has one name: write name = …", text, statement))
    raise _forbidden(text, statement, statement)


def _check_target(text: str, target: ast.Name, taken: Sequence[str]) -> None:
    if target.id in functions():
        raise ExpressionError(
            shown(f"'{target.id}' is a function; choose another name", text, target)
        )
    if target.id in taken:
        raise ExpressionError(
            shown(f"'{target.id}' has a value already; choose another name", text, target)
        )


def _operands_first(text: str, formula: ast.expr) -> Iterator[ast.AST]:
    """The nodes of a formula, checked, each after its operands; without recursion."""
    order: list[ast.AST] = []
    stack: list[tuple[ast.expr, str]] = [(formula, "")]
    while stack:  # an operation before its operands, the last of them first …
        node, role = stack.pop()
        _check(text, node, role)
        order.append(node)
        stack.extend(_operands(node))
    return reversed(order)  # … and so the other way round


def _operands(node: ast.expr) -> list[tuple[ast.expr, str]]:
    """The operands of ``node``, each with its role: "condition", "argument" or neither."""
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
    """How many of the nodes before it ``node`` takes as operands."""
    return len(_operands(node)) if isinstance(node, ast.expr) else 0


def _check(text: str, node: ast.expr, role: str) -> None:
    """Raise an ExpressionError unless ``node`` is on the list of what a formula may hold."""
    match node:
        case ast.Constant(value=value) if type(value) not in (int, float):
            raise ExpressionError(
                shown("a formula holds real numbers; this is not one", text, node)
            )
        case ast.Constant(value=value):
            if not _is_finite(value):
                raise ExpressionError(
                    shown(
                        "this number is too large for a float, whose largest value is 1.8e308",
                        text,
                        node,
                    )
                )
        case ast.Name(id=name):
            if name in functions():
                raise ExpressionError(shown(f"'{name}' is a function: write {name}(…)", text, node))
        case ast.BinOp(op=op) if type(op) not in BINARY:
            raise _forbidden(text, node, op)
        case ast.UnaryOp(op=op) if not isinstance(op, (ast.USub, ast.UAdd)):
            raise _forbidden(text, node, op)
        case ast.BinOp() | ast.UnaryOp():
            pass
        case ast.Compare(ops=ops):
            _check_comparison(text, node, ops, role)
        case ast.List() | ast.Tuple() if role == "argument":
            pass
        case ast.List() | ast.Tuple():
            raise ExpressionError(
                shown(
                    "a list can only be an argument of a function: dot([w1, w2], [x1, x2], b)",
                    text,
                    node,
                )
            )
        case ast.Call():
            _check_call(text, node)
        case _:
            raise _forbidden(text, node, node)


def _check_comparison(text: str, node: ast.expr, ops: Sequence[ast.cmpop], role: str) -> None:
    if role != "condition":
        raise ExpressionError(
            shown(
                "a comparison can only be the condition of where(condition, then, otherwise)",
                text,
                node,
            )
        )
    if len(ops) > 1 or type(ops[0]) not in COMPARE:
        raise ExpressionError(
            shown("a condition is one comparison with <, <=, > or >=", text, node)
        )


def _check_call(text: str, node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name):
        raise _forbidden(text, node.func, node.func)
    if node.func.id not in functions():
        raise ExpressionError(
            shown(f"there is no function '{node.func.id}'{_meant(node.func.id)}", text, node.func)
        )
    if node.keywords:
        raise ExpressionError(shown("arguments go by position, without names", text, node))


def _meant(name: str) -> str:
    near = (
        [_ELSEWHERE[name]]
        if name in _ELSEWHERE
        else difflib.get_close_matches(name, functions(), 1, 0.6)
    )
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(functions()))}"


def _forbidden(text: str, node: ast.AST, kind: ast.AST) -> ExpressionError:
    what = _FORBIDDEN.get(type(kind), "this")
    return ExpressionError(
        shown(
            f"a formula cannot contain {what}: only numbers, names, + - * / ** and functions",
            text,
            node,
        )
    )


def _is_finite(x: Any) -> bool:
    try:
        return math.isfinite(x)
    except OverflowError:
        return False


def _name(node: ast.AST) -> str:
    """The variable that ``node`` reads, if it is one."""
    return node.id if isinstance(node, ast.Name) else ""
