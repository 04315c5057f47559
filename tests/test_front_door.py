"""What a user finds behind `import autograd_edu`: its names, its submodules, and a quick start."""

import subprocess
import sys

import pytest

import autograd_edu

SUBMODULES = ["data", "lab", "nn", "optim", "plots", "train"]


def fresh(code: str) -> str:
    """What the code prints in an interpreter of its own."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_dir_shows_the_public_names_and_the_submodules_and_nothing_else():
    shown = fresh("import autograd_edu; print(*dir(autograd_edu))").split()
    assert shown == sorted([*autograd_edu.__all__, "abs", "pow", *SUBMODULES])


@pytest.mark.slow
def test_using_the_package_adds_nothing_to_dir():
    before = fresh("import autograd_edu; print(*dir(autograd_edu))")
    used = "import autograd_edu, autograd_edu.cli.main; autograd_edu.trace; autograd_edu.nn.MLP"
    assert fresh(used + "; print(*dir(autograd_edu))") == before


def test_every_name_in_dir_is_there_and_the_same_each_time():
    for name in dir(autograd_edu):
        assert getattr(autograd_edu, name) is getattr(autograd_edu, name), name


@pytest.mark.slow
@pytest.mark.parametrize("submodule", SUBMODULES)
def test_a_submodule_needs_no_import_of_its_own(submodule):
    name = fresh(f"import autograd_edu; print(autograd_edu.{submodule}.__name__)")
    assert name == f"autograd_edu.{submodule}"


@pytest.mark.slow
def test_a_star_import_leaves_the_built_in_functions_alone():
    code = (
        "from autograd_edu import *; import builtins;"
        "print([n for n in dir(builtins) if n in globals() and not n.startswith('_')],"
        "      abs(Value(-3.0)).data, pow(Value(3.0), 2).data)"
    )
    assert fresh(code) == "[] 3.0 9.0"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'sigmiod'"):
        autograd_edu.sigmiod


@pytest.mark.parametrize(("name", "place"), [("SGD", "optim"), ("DomainError", "errors")])
def test_a_name_of_a_submodule_is_an_error_that_says_where_it_is(name, place):
    with pytest.raises(AttributeError, match=rf"; it is in the submodule {place}: {place}.{name}$"):
        getattr(autograd_edu, name)


def test_import_loads_only_the_engine():
    wings = ["pictures", "program", "train", "nn", "record", "derivatives", "notation", "cli"]
    loaded = fresh("import autograd_edu, sys; print(*(m for m in sys.modules if 'autograd' in m))")
    assert [w for w in wings if f"autograd_edu.{w}" in loaded.split()] == []
