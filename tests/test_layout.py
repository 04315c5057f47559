"""The layout shows the architecture: imports point one way, and importing the package stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_edu

PACKAGE = Path(autograd_edu.__file__).parent
ORDER = [  # design of the package: a module imports only from modules above it
    "errors", "files", "seeds", "reals", "formula", "operation", "ops", "syntax", "graph", "modes", "value",
    "dual", "transforms", "complexes", "numeric", "check", "record", "steps",
    "program", "draw", "nn", "optim", "schedules", "data", "train", "grammar", "expression", "printing", "__main__",
]  # fmt: skip


def imported_modules(path: Path) -> set[str]:
    """The package's modules that a file imports when it is imported itself; imports inside functions are not counted."""
    found = set()
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return found


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_upwards(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert own in ORDER, f"{own} has no place in the order of the package"
    for other in imported_modules(path):
        assert ORDER.index(other) < ORDER.index(own), f"{own} imports {other}, which comes later"


def test_a_wrong_import_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "errors.py").write_text("from .value import Value\n")
    assert imported_modules(tmp_path / "errors.py") == {"value"}


def test_importing_the_package_imports_none_of_the_heavy_libraries():
    code = "import autograd_edu, sys; print([m for m in ('numpy', 'graphviz', 'IPython', 'matplotlib', 'tqdm') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_version_is_written_in_one_place():
    from importlib.metadata import version

    assert version("autograd-edu") == autograd_edu.__version__


def test_every_public_name_is_there():
    assert [name for name in autograd_edu.__all__ if getattr(autograd_edu, name, None) is None] == []
    assert set(autograd_edu.__all__) <= set(dir(autograd_edu))
