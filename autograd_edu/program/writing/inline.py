"""Write a short expression where it is used, if it is used only once; name only the rest."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Sequence
from copy import deepcopy

_WIDTH = 100  # columns of a line without its indentation, up to which something is written into it
_OF_ARRAY = re.compile(r"_(?:grad|taken)\d*$")  # what belongs to an array of that name
_PRODUCT = re.compile("@|tensordot")


def inlined(lines: Sequence[str], result: str, passing: Collection[str]) -> tuple[list[str], str]:
    """The lines of a function and its result, with fewer names for the same arrays.

    Only names that are ``passing``, and those of their gradients and masks, can go. Labels of the
    user stay. Lines that nothing uses go, too.
    """
    written = [*lines, result]
    parsed = [ast.parse(line) for line in written]
    given = [_given(tree) for tree in parsed]
    names = [name if _OF_ARRAY.sub("", name) in passing else "" for name in given]
    _drop_aliases(written, parsed, names)
    uses, places = Counter[str](), dict[str, int]()
    for i, tree in enumerate(parsed):
        uses.update(_loaded(tree))
        places |= dict.fromkeys(_loaded(tree), i)
    for i, tree in enumerate(parsed[:-1]):
        name = names[i]
        if given[i] and not uses[given[i]]:
            written[i] = ""
        if not name or uses[name] != 1 or (user := places[name]) == len(lines):
            continue
        value, target = written[i].partition(" = ")[2], written[user]
        text = _with(parsed[user], {name: ast.parse(value, mode="eval").body})
        twice = _PRODUCT.search(value) and _PRODUCT.search(target)
        if len(text) <= _WIDTH and not twice and isinstance(parsed[user].body[0], ast.Assign):
            written[i], written[user] = "", text
            parsed[user] = ast.parse(text)
            places |= {moved: user for moved in _loaded(tree) if places[moved] == i}
    return [line for line in written[:-1] if line], written[-1]


def _drop_aliases(written: list[str], parsed: list[ast.Module], names: Sequence[str]) -> None:
    """Call every array by its first name."""
    first: dict[str, ast.expr] = {}
    for i, (tree, name) in enumerate(zip(parsed, names, strict=True)):
        if first.keys() & set(_loaded(tree)):
            written[i] = _with(tree, first)
            tree = parsed[i] = ast.parse(written[i])
        match tree.body:
            case [ast.Assign(value=ast.Name() as value)] if name:
                first[name], written[i], parsed[i] = value, "", ast.parse("")


def _given(tree: ast.Module) -> str:
    """The name that a line gives to an array, or ""."""
    match tree.body:
        case [ast.Assign(targets=[ast.Name(id=name)])]:
            return name
    return ""


def _loaded(tree: ast.AST) -> list[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return [node.id for node in names if isinstance(node.ctx, ast.Load)]


def _with(tree: ast.Module, values: dict[str, ast.expr]) -> str:
    """A line with values in place of names."""

    class Replaced(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return values.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    return ast.unparse(Replaced().visit(deepcopy(tree)))
