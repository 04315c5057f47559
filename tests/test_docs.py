"""The site: every public name stands in the reference, and the code on its pages runs."""

import inspect
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import autograd_edu

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS))

import docstrings  # noqa: E402 - from the folder of the site
import reference  # noqa: E402

PAGES = dict(reference.pages())


def modules_with_public_names():
    """Every module below autograd_edu whose `__all__` says what it offers, but parts of a wing."""
    for found in walk_packages(autograd_edu.__path__, "autograd_edu."):
        if hasattr(import_module(found.name), "__all__") and found.name not in AT_THE_TOP:
            yield found.name


AT_THE_TOP = ["autograd_edu.program", "autograd_edu.pictures.drawing"]  # their names stand there


def documented(dotted):
    """The names of a module that have an entry in the reference."""
    marker = [f".. {kind}:: {dotted}." for kind in ("autoclass", "autofunction", "py:data")]
    lines = [line for text in PAGES.values() for line in text.splitlines()]
    found = [line.removeprefix(start) for start in marker for line in lines if start in line]
    return {name for name in found if "." not in name}


def test_every_module_with_public_names_is_in_the_reference():
    assert set(modules_with_public_names()) <= set(reference.MODULES)


@pytest.mark.parametrize("dotted", reference.MODULES)
def test_every_public_name_has_an_entry(dotted):
    module = import_module(dotted)
    names = getattr(module, "__all__", reference.public_names(module))
    wanted = {name for name in names if not inspect.ismodule(getattr(module, name))}
    assert wanted
    assert wanted <= documented(dotted)


@pytest.mark.parametrize("submodule", ["init", "losses", "regularise"])
def test_a_module_that_is_a_public_name_has_a_page_of_its_own(submodule):
    assert submodule in autograd_edu.nn.__all__
    assert f"autograd_edu.nn.{submodule}" in PAGES


def test_every_entry_says_in_a_line_what_it_is():
    for dotted in reference.MODULES:
        module = import_module(dotted)
        for name in reference.public_names(module):
            assert reference.summary(getattr(module, name)), f"{dotted}.{name}"


@pytest.mark.parametrize(
    ("docstring", "escaped"),
    [
        pytest.param("x/(1 + |x|)", r"x/(1 + \|x\|)", id="a bar is an absolute value"),
        pytest.param("a*b", r"a\*b", id="a star is a product"),
        pytest.param("``a*b`` and `|x|`", "``a*b`` and `|x|`", id="code stays as it is"),
        pytest.param(">>> a * b\n|12|\n\na*b", ">>> a * b\n|12|\n\na\\*b", id="so do examples"),
    ],
)
def test_mathematics_in_a_docstring_is_not_markup(docstring, escaped):
    assert "\n".join(docstrings.escape(docstring.splitlines())) == escaped
