"""Plant a fault in the package while it is imported, and leave its files alone.

A fault is a pattern, written as Python, and what it becomes; its place is found in the syntax tree.
A name such as `_A` in a pattern stands for any one node, and for the same node wherever it appears
again. So a place does not depend on the file it stands in, on the layout, or on comments. Where the
pattern alone is not unique, the function that holds it says which place is meant.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

PACKAGE = "autograd_edu"
Found = dict[str, ast.AST]  # what each hole of a pattern stands for


class PlantingError(Exception):
    """A fault whose place is not there, or not in one place alone."""


# ---- the package's files and functions -----------------------------------------------------------


@cache
def modules() -> dict[str, Path]:
    """The installed package's files, by the name of their module. Nothing is imported."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = [PACKAGE, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every function and class below ``tree`` with its qualified name."""
    for node in ast.iter_child_nodes(tree):
        name = prefix
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{prefix}.{node.name}".lstrip(".")
            yield name, node
        yield from functions(node, name)


# ---- patterns ------------------------------------------------------------------------------------


def _hole(pattern: object) -> str | None:
    if isinstance(pattern, ast.Expr):
        pattern = pattern.value
    name = pattern.id if isinstance(pattern, ast.Name) else None
    return name if name and re.fullmatch("_[A-Z]", name) else None


def matches(pattern: object, node: object, found: Found) -> bool:
    """Whether ``pattern`` describes ``node``; ``found`` receives what its holes stand for."""
    if isinstance(node, ast.AST) and (name := _hole(pattern)):
        known = found.setdefault(name, node)
        return known is node or ast.dump(known) == ast.dump(node)
    if isinstance(pattern, list) and isinstance(node, list):
        return len(pattern) == len(node) and all(
            matches(a, b, found) for a, b in zip(pattern, node, strict=True)
        )
    if not isinstance(pattern, ast.AST):
        return type(pattern) is type(node) and pattern == node
    if type(pattern) is not type(node):
        return False
    fields = [field for field in pattern._fields if field not in ("ctx", "kind", "type_comment")]
    return all(
        matches(getattr(pattern, field, None), getattr(node, field, None), found)
        for field in fields
    )


def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _filled(pattern: ast.AST, found: Found) -> ast.AST:
    """The replacement, with what was found in its holes."""

    class Fill(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            name = _hole(node)
            return copy.deepcopy(found[name]) if name else self.generic_visit(node)

    return Fill().visit(copy.deepcopy(pattern))


class Nodes:
    """The nodes of a tree by their type, and every block of statements."""

    def __init__(self, tree: ast.AST) -> None:
        self.by_type: dict[type, list[ast.AST]] = {}
        self.blocks: list[list[ast.AST]] = []
        for node in ast.walk(tree):
            self.by_type.setdefault(type(node), []).append(node)
            self.blocks += [part for _, part in ast.iter_fields(node) if isinstance(part, list)]


class Replace(ast.NodeTransformer):
    """Replaces an expression, or consecutive statements, everywhere; ``count`` says how often."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = _statements(old), _statements(new)
        only = self.old[0] if len(self.old) == 1 else None
        self.expression = only.value if isinstance(only, ast.Expr) else None
        self.count = 0

    def times(self, nodes: Nodes) -> int:
        """How often the pattern occurs in a tree, which stays as it is."""
        if self.expression is not None:
            alike = nodes.by_type.get(type(self.expression), [])
            return sum(matches(self.expression, node, {}) for node in alike)
        size = len(self.old)
        return sum(
            matches(self.old, block[i : i + size], {})
            for block in nodes.blocks
            for i in range(len(block) - size + 1)
        )

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        found: Found = {}
        if self.expression is not None:
            if isinstance(node, ast.expr) and matches(self.expression, node, found):
                self.count += 1
                (new,) = self.new
                value = new.value if isinstance(new, ast.Expr) else ast.Constant(None)  # for "pass"
                return ast.copy_location(_filled(value, found), node)
            return node
        for _, body in ast.iter_fields(node):
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                self._in(body)
        return node

    def _in(self, body: list[ast.stmt]) -> None:
        for start in range(len(body) - len(self.old), -1, -1):
            found: Found = {}
            if matches(self.old, body[start : start + len(self.old)], found):
                self.count += 1
                new = [
                    ast.copy_location(_filled(statement, found), body[start])
                    for statement in self.new
                ]
                body[start : start + len(self.old)] = new or [
                    ast.copy_location(ast.Pass(), body[start])
                ]


@cache
def _parsed(path: Path) -> tuple[Nodes, dict[str, ast.AST]]:
    """The nodes of a file, not to be changed, and its functions."""
    tree = ast.parse(path.read_text("utf-8"))
    return Nodes(tree), dict(functions(tree))


def places(old: str, within: str = "") -> dict[str, int]:
    """How often a pattern occurs in each module, or in each function of the name ``within``.

    The places are named "module:function".
    """
    pattern, found = Replace(old, "None"), {}
    for module, path in modules().items():
        nodes, inner = _parsed(path)
        wanted = {name: node for name, node in inner.items() if f".{name}".endswith(f".{within}")}
        looked = {name: Nodes(node) for name, node in wanted.items()} if within else {"": nodes}
        for name, own in looked.items():
            if count := pattern.times(own):
                found[f"{module}:{name}"] = count
    return found


def changed(old: str, new: str, within: str = "") -> dict[str, ast.Module]:
    """The tree of the module in which ``old`` became ``new``, by the module's name.

    ``within`` is the function or class that holds the place.

    Raises:
        PlantingError: unless there is one such place in the package.
    """
    found = places(old, within)
    if sum(found.values()) != 1:
        where = f"in {within}" if within else "in the package"
        raise PlantingError(
            f"{sum(found.values())} places {where} read `{old}`; a fault is planted in one. "
            f"It is found in: {', '.join(places(old)) or 'no module'}"
        )
    module, _, name = next(iter(found)).partition(":")
    tree = ast.parse(modules()[module].read_text("utf-8"))
    Replace(old, new).visit(dict(functions(tree))[name] if name else tree)
    return {module: ast.fix_missing_locations(tree)}


# ---- importing the changed package ---------------------------------------------------------------


class Importer(MetaPathFinder):
    """Imports modules of the package from changed trees instead of their files."""

    def __init__(self, tree_of: Callable[[str], ast.Module | None]) -> None:
        self.tree_of = tree_of
        self.files = modules()

    def find_spec(self, name, path=None, target=None):
        file = self.files.get(name)
        tree = self.tree_of(name) if file else None
        if file is None or tree is None:
            return None
        return importlib.util.spec_from_file_location(
            name, file, loader=_Loader(name, str(file), tree)
        )


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self.tree = tree

    def get_code(self, name):
        return compile(self.tree, self.get_filename(name), "exec", dont_inherit=True)


def install(tree_of: Callable[[str], ast.Module | None]) -> None:
    """From now on, import each module from the tree that ``tree_of(name)`` gives.

    Where it gives None, the module stays as it is.

    Raises:
        PlantingError: if the package has been imported already.
    """
    if PACKAGE in sys.modules:
        raise PlantingError("the package was imported before the fault was planted")
    sys.meta_path.insert(0, Importer(tree_of))


# ---- the scripts of pages ------------------------------------------------------------------------


def changed_script(name: str, old: str, new: str) -> tuple[Path, str]:
    """The script of this name, and its text in which ``old`` became ``new``.

    Raises:
        PlantingError: unless there is one such place in one such file.
    """
    files = list(modules()[PACKAGE].parent.rglob(name))
    texts = [file.read_text("utf-8") for file in files]
    if sum(text.count(old) for text in texts) != 1:
        raise PlantingError(f"{len(files)} files {name}: not one place reads `{old}`")
    ((file, text),) = ((f, t) for f, t in zip(files, texts, strict=True) if old in t)
    return file, text.replace(old, new)


def install_script(file: Path, text: str) -> None:
    """From now on ``file`` reads as ``text``."""
    read = Path.read_text

    def read_text(self: Path, *args: Any, **options: Any) -> str:
        return text if self == file else read(self, *args, **options)

    Path.read_text = read_text  # type: ignore[method-assign]
