"""What the engine says when something is wrong with a call, a row or a graph.

`errors` has the exceptions. Here are the texts that look at an operation, or at a graph, of which
they know only the few attributes that `Node` lists.
"""

from __future__ import annotations

import ast
import math
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Protocol, SupportsFloat

from .arithmetic.contracts import Namespace
from .arithmetic.rows import Row
from .errors import (
    ArityError,
    AutogradError,
    ExpressionError,
    OperandError,
    list_labels,
    no_gradient,
)


class Node(Protocol):
    """What the texts tell of a value; see `engine.value.Value`."""

    label: str
    is_constant: bool

    @property
    def op(self) -> Row | None:
        """The operation; None for a leaf."""

    @property
    def has_grad(self) -> bool:
        """Has a pass reached it?"""

    def _peek(self) -> float:
        """The number."""

    @property
    def parents(self) -> tuple[Node, ...]:
        """The operands."""

    @property
    def local_grads(self) -> tuple[float, ...]:
        """The local gradients."""


# ---- rows ----


def check_row(op: Row, table: Mapping[str, Row]) -> None:
    """Raise unless a row can enter the table."""
    if not hasattr(op, "operand_names"):
        raise OperandError(
            f"register needs an operation; got {type(op).__name__} {op!r}. Declare a function one: "
            "@operation(formula=…, local_gradients=…, example=…)"
        )
    names = op.operand_names(len(op.example) if op.variadic else 0)
    count = len(op.slopes_of(names))
    same, module = table.get(op.name), op.rule.__module__
    if same is not None and (_is_ours(module) or same.rule.__module__ != module):
        raise ValueError(f"there is an operation {op.name!r} already; choose another name")
    if not len(names) == len(op.example) == count:
        raise ArityError(
            f"{op.name} has the operands {', '.join(names)}; it needs {len(names)} local gradients "
            f"and an example of {len(names)} numbers; got {count} and {len(op.example)}"
        )
    if not _is_ours(module):  # the tests read ours, and reading them all again takes 3 ms
        for gradient in op.slopes_of(names):
            _check_expression(op, gradient, names)


def _is_ours(module: str | None) -> bool:  # None: made by `exec` in a bare namespace
    return (module or "").startswith(f"{__package__}.")


def _check_expression(op: Row, expression: str, names: Sequence[str]) -> None:
    """Raise unless a local gradient is an expression of the operands."""
    asked = f"the local gradient {expression!r} of {op.name}"
    try:
        nodes = list(ast.walk(ast.parse(expression.strip(), mode="eval")))
    except SyntaxError as error:
        raise ExpressionError(f"{asked} is no Python expression: {error.msg}") from None
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    known = {*names, "y", "pi"}
    functions = {"abs", "where", *(name for name in vars(Namespace) if name[0] != "_")} - {"choose"}
    for node in nodes:
        if isinstance(node, ast.Name) and id(node) in called and node.id not in functions:
            raise ExpressionError(
                f"{asked} calls an unknown function, {node.id!r}; it may call "
                f"{', '.join(sorted(functions))}"
            )
        if isinstance(node, ast.Name) and id(node) not in called and node.id not in known:
            raise ExpressionError(
                f"{asked} has an unknown name, {node.id!r}; it may use the operands, "
                f"{', '.join(names)}, the result y, and pi"
            )


def check_call(op: Row, args: Sequence[object], named: Mapping[str, object]) -> None:
    """Raise if a call does not fit the signature of ``op``."""
    try:
        op.__signature__.bind(*args, **named)
    except TypeError as error:
        raise ArityError(f"{op.name}{op.__signature__}: {error}") from None


# ---- graphs ----

_PACKAGE = os.path.dirname(__file__) + os.sep


def warn(text: str) -> None:
    """Warn, at the user's line: the nearest that called a function of this package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level)


def check_pass(order: Sequence[Node], *, create_graph: bool) -> None:
    """Say what is wrong with a backward pass along ``order``: an error, or a warning."""
    if create_graph:
        raise OperandError(
            "create_graph is not needed: for derivatives of derivatives, use grad(grad(f)) or "
            "hessian(f), which take the function"
        )
    if order[-1].is_constant:
        warn(
            "backward() from a constant reaches nothing: it remembers no operands, as it was "
            "computed inside no_grad(), or made or frozen by hand"
        )
    warn_of_changes(order)


def warn_of_changes(order: Sequence[Node]) -> None:
    """Warn of the first result in ``order`` that its operands, as they are now, would not give.

    Setting ``.data``, as an optimiser's step does, changes one value alone, not what was computed
    from it before.
    """
    for value in order:
        if value.op is None or not math.isfinite(value._peek()):
            continue
        try:
            y = value.op.apply([parent._peek() for parent in value.parents])
        except (ValueError, ArithmeticError):
            y = math.nan
        if y != value._peek():
            warn(  # the same text at each step of a loop, so that it is shown once
                f"{value.label or value.op.name!r}{list_labels(value)} is stale, because a number "
                "that it was computed from has changed since: values and gradients here are those "
                "of the old numbers. Build the graph again for the new ones"
            )
            return


def without_gradient(leaf: Node, gradient: float, order: Sequence[Node]) -> str:
    """Which operation a gradient that is not finite came from; ``order`` has what it passed."""
    variable = repr(leaf.label) if leaf.label else "a leaf"
    root = repr(order[-1].label) if order[-1].label else "the result"
    asked = f"the gradient of {root} with respect to {variable} is {gradient!r}"
    for value in reversed(order):
        for local in value.local_grads:
            if value.op is not None and local - local != 0.0 and value.has_grad:
                xs = [parent._peek() for parent in value.parents]
                return f"{asked}: {no_gradient(value.op, xs, local)}"
    return f"{asked}: a product or a sum of gradients is larger than the largest float, 1.8e308"


def require(holds: bool, error: type[AutogradError], text: str, number: SupportsFloat) -> None:
    """Raise ``error`` with ``text``, into which ``number`` goes, unless a comparison holds.

    ``number`` is the left side of the comparison. Where a function is traced, every replay asks
    again.
    """
    if hasattr(holds, "require"):  # a comparison that is traced
        holds.require(error, text)
    elif not holds:
        raise error(text.format(number._peek() if hasattr(number, "_peek") else float(number)))
