"""The layout shows the architecture: imports point one way, and the package imports quickly."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_edu

PACKAGE = Path(autograd_edu.__file__).parent
FLOORS = [  # from the ground up: a file imports only from its own floor and from floors below
    "version", "printing", "errors", "attributes", "blocks", "arithmetic", "wording", "habits",
    "trees", "copies", "arguments", "files", "seeds", "engine", "care", "notation", "derivatives",
    "record", "schedules", "data", "nn", "optim", "metrics", "program",
    "pictures", "plots", "train", "lab", "cli", "__init__", "__main__",
]  # fmt: skip


def module_files(package: Path) -> dict[str, Path]:
    """Each module's dotted name inside the package, and its file; a package means its __init__."""
    files = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return files


def imports(package: Path) -> dict[str, set[str]]:
    """The modules that each module imports anywhere, including for type checking and by name."""
    files = module_files(package)

    def resolved(base: list[str], name: str) -> set[str]:
        """The module that ``from base import name`` reaches: a submodule, or the name's package."""
        for candidate in (".".join([*base, name]), ".".join(base) or "__init__"):
            if candidate in files:
                return {candidate}
        return set()

    found = {}
    for module, path in files.items():
        here = list(path.relative_to(package).parts[:-1])
        targets: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = here[: len(here) - node.level + 1] + (node.module or "").split(".")
                base = [part for part in base if part]
                targets |= set().union(*(resolved(base, alias.name) for alias in node.names))
            elif (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").split(".")[0] == package.name
            ):
                base = node.module.split(".")[1:]
                targets |= set().union(*(resolved(base, alias.name) for alias in node.names))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                name = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
                targets |= resolved(here, name.strip(".")) if name.startswith(".") else set()
        found[module] = targets - {module}
    return found


def back_edges(package: Path) -> set[tuple[str, str]]:
    """Imports from a higher floor."""
    floor = {name: i for i, name in enumerate(FLOORS)}
    return {
        (module, target)
        for module, targets in imports(package).items()
        for target in targets
        if floor[target.split(".")[0]] > floor[module.split(".")[0]]
    }


def circles(package: Path) -> list[list[str]]:
    """Groups of modules that import one another, directly or through others."""
    graph = imports(package)
    reached = {module: {module} for module in graph}
    changed = True
    while changed:
        changed = False
        for module, targets in graph.items():
            new = set().union(reached[module], *(reached[target] for target in targets))
            changed = changed or len(new) > len(reached[module])
            reached[module] = new
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
    }
    return sorted(list(group) for group in groups if len(group) > 1)


def test_every_module_has_a_floor():
    assert {module.split(".")[0] for module in module_files(PACKAGE)} <= set(FLOORS)


def test_imports_point_down():
    assert back_edges(PACKAGE) == set()


@pytest.mark.slow
def test_no_modules_import_one_another():
    assert circles(PACKAGE) == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("from .value import Value", id="at the top"),
        pytest.param("def f():\n    from .value import Value", id="inside a function"),
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .value import Value",
            id="for type checking",
        ),
        pytest.param("import importlib\nimportlib.import_module('.value')", id="by importlib"),
        pytest.param("from pkg.engine.value import Value", id="by its full name"),
    ],
)
def test_a_planted_circle_is_seen(tmp_path, line):
    package = tmp_path / "pkg"
    (package / "engine").mkdir(parents=True)
    for init in (package / "__init__.py", package / "engine" / "__init__.py"):
        init.write_text("")
    (package / "engine" / "value.py").write_text("from .order import order\n")
    (package / "engine" / "order.py").write_text(line + "\n")
    assert circles(package) == [["engine.order", "engine.value"]]


def test_a_planted_back_edge_is_seen(tmp_path):
    package = tmp_path / "pkg"
    (package / "engine").mkdir(parents=True)
    (package / "notation").mkdir()
    for name in ("__init__.py", "engine/__init__.py", "notation/__init__.py"):
        (package / name).write_text("")
    (package / "engine" / "op.py").write_text("def f():\n    from ..notation import text\n")
    (package / "notation" / "text.py").write_text("")
    assert back_edges(package) == {("engine.op", "notation.text")}


def test_importing_the_package_imports_none_of_the_heavy_libraries():
    code = (
        "import autograd_edu, sys; print([m for m in "
        "('numpy', 'graphviz', 'IPython', 'matplotlib', 'tqdm') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_version_is_written_in_one_place():
    from importlib.metadata import version

    assert version("autograd-edu") == autograd_edu.__version__


def test_every_public_name_is_there():
    missing = [name for name in autograd_edu.__all__ if getattr(autograd_edu, name, None) is None]
    assert missing == []
    assert set(autograd_edu.__all__) <= set(dir(autograd_edu))


PICTURES = [
    "scene",
    "folding",
    "render",
    "interactive",
    "files",
    "picture",
    "network",
    "arrays",
    "steps",
    "drawing",
]


def test_the_wing_of_pictures_has_floors_of_its_own():
    """A scene, its folding, its rendering, then what shows or writes it, and the facades on top."""
    for module, targets in imports(PACKAGE).items():
        if module.startswith("pictures."):
            own = PICTURES.index(module.split(".")[1])
            below = {t.split(".")[1] for t in targets if t.startswith("pictures.")}
            assert below <= set(PICTURES[: own + 1]), f"{module} imports from above: {below}"


def test_the_record_is_plain_data_that_knows_nothing_of_the_package():
    assert imports(PACKAGE)["record.model"] == {"printing"}  # terminals of any encoding
