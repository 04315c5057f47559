"""Write a short expression where it is used, if it is used only once; name only the rest."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from .text import unparsed

_WIDTH = 100  # columns of a line without its indentation, up to which something is written into it
_OF_ARRAY = re.compile(r"_(?:grad|taken)\d*$")  # what belongs to an array of that name
_PRODUCT = re.compile("@|tensordot")


def inlined(lines: Sequence[str], result: str, passing: Collection[str]) -> tuple[list[str], str]:
    """The lines of a function and its result, with fewer names for the same arrays.

    Only names that are ``passing``, and those of their gradients and masks, can go. Labels of the
    user stay. Lines that nothing uses go, too.
    """
    written = [*lines, result]
    uses = Counter([name for line in written for name in _loaded(line)])
    values: dict[str, ast.expr] = {}  # what may be written in place of a name
    for i, line in enumerate(written):
        known = {name: values[name] for name in _loaded(line) if name in values}
        if aliases := {name: value for name, value in known.items() if isinstance(value, ast.Name)}:
            written[i] = _with(line, aliases)
        for name in known:
            if name not in aliases and uses[name] == 1 and len(written[i]) <= _WIDTH:
                longer = _with(written[i], {name: known[name]})
                written[i] = longer if _reads_well(longer) else written[i]
        match ast.parse(written[i]).body:
            case [ast.Assign(targets=[ast.Name(id=name)], value=value)]:
                if _OF_ARRAY.sub("", name) in passing:
                    values[name] = value
                    if isinstance(value, ast.Name):  # another name for the same array
                        uses[value.id] += uses[name] - 1
    return _needed(written[:-1], written[-1]), written[-1]


def _reads_well(line: str) -> bool:
    """Is it short, does it name something new, and has it at most one product of matrices?"""
    given = " = " in line and not line.partition(" = ")[2].isidentifier()
    return given and len(line) <= _WIDTH and len(_PRODUCT.findall(line)) < 2


def _needed(lines: Sequence[str], result: str) -> list[str]:
    """The lines that the result needs, and the checks with what they need."""
    kept, names = list[str](), set(_loaded(result))
    for line in reversed(lines):
        name, given, _ = line.partition(" = ")
        if name in names or not (given and name.isidentifier()):
            kept.append(line)
            names.update(_loaded(line))
    return kept[::-1]


def _loaded(line: str) -> list[str]:
    """The names that a line reads."""
    names = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name)]
    return [node.id for node in names if isinstance(node.ctx, ast.Load)]


def _with(line: str, values: Mapping[str, ast.expr]) -> str:
    """A line with values in the place of names."""

    class Replaced(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return values.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    return unparsed(Replaced().visit(ast.parse(line)))
