"""What holds for the test files themselves."""

import ast
from pathlib import Path

import pytest
from conftest import framework

TESTS = Path(__file__).parent
PROTOCOLS = ("_repr_", "_asdict", "_replace")  # Jupyter's methods, and those of named tuples
MICROGRAD = ("_prev", "_op", "_backward", "_children")  # public there, and so here

# What has no public way, and why it is looked at all the same.
LEFT = {
    "test_draw_detail.py": {"_scene"},  # boxes as data, where the SVG would have to be read back
    "test_save.py": {"_scene"},  # what the writer of an animation starts from
    "test_train_trust.py": {"_data"},  # reading `data` is what a trace notices
}


def private_names(text):
    """The names that a file takes from other objects although they begin with an underscore."""
    tree = ast.parse(text)
    taken = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    taken += [
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]
    return [
        name
        for name in taken
        if name.startswith("_")
        and not name.startswith(("__", *PROTOCOLS))
        and name not in MICROGRAD
    ]


def test_tests_know_public_names_only():
    found = {
        path.name: set(private_names(path.read_text("utf-8"))) - LEFT.get(path.name, set())
        for path in TESTS.glob("*.py")
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_every_exception_is_needed():
    unused = {
        file: names - set(private_names((TESTS / file).read_text("utf-8")))
        for file, names in LEFT.items()
    }
    assert {file: names for file, names in unused.items() if names} == {}


def test_a_private_name_is_seen():
    assert private_names("from autograd_edu.engine import _hidden\nx._data") == ["_data", "_hidden"]
    assert private_names("self._own\nfigure._repr_html_()\nx._prev\nx.__class__") == []


def test_no_import_that_fails_skips_a_test():
    """`framework` says when a missing package may skip one, and says so in the report."""
    word = "import" + "orskip"
    assert [path.name for path in TESTS.glob("*.py") if word in path.read_text("utf-8")] == []


def test_a_missing_framework_fails_in_ci_unless_it_is_said_to_be_missing(monkeypatch):
    monkeypatch.setenv("NOT_INSTALLED", "torch")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="NOT TESTED: nowhere is not installed"):
        framework("nowhere")
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED: nowhere"):
        framework("nowhere")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("NOT_INSTALLED", "torch nowhere")
    with pytest.raises(pytest.skip.Exception, match="NOT_INSTALLED says so"):
        framework("nowhere")
