"""The site: every public name stands in the reference, and the code on its pages runs."""

import doctest
import inspect
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import autograd_edu
from autograd_edu.cli.main import main

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


def blocks(page, language):
    """The code blocks of a page in that language, with the frameworks that they need."""
    needs = None
    for piece in re.split(r"(^<!-- needs \w+ -->|^```\w+\n.*?^```)", page, flags=re.M | re.S):
        if piece.startswith("<!-- needs "):
            needs = piece.split()[2]
        elif piece.startswith(f"```{language}\n"):
            yield needs, piece.removeprefix(f"```{language}\n").removesuffix("```")
            needs = None


GUIDES = sorted(path for path in DOCS.rglob("*.md") if ">>>" in path.read_text("utf-8"))


CASES = [(page, None) for page in GUIDES] + [(DOCS / "guides" / "frameworks.md", "torch")]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "extra"), CASES, ids=lambda case: getattr(case, "stem", case))
def test_the_code_on_a_page_prints_what_the_page_says(page, extra, request, tmp_path, monkeypatch):
    if extra:
        request.getfixturevalue(extra)
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    pieces = [code for needs, code in blocks(text, "python") if needs in (None, extra)]
    assert text.count("```python") == len(list(blocks(text, "python")))
    test = doctest.DocTestParser().get_doctest("\n".join(pieces), {}, page.stem, str(page), 0)
    assert test.examples
    failures = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=failures.append)
    assert not failures, "".join(failures)


def commands():
    """The commands of the package that the pages show."""
    for page in sorted(DOCS.rglob("*.md")):
        for _, block in blocks(page.read_text("utf-8"), "console"):
            yield from (line[2:] for line in block.splitlines() if line.startswith("$ autograd-"))


@pytest.mark.slow
@pytest.mark.parametrize("command", list(commands()))
def test_a_command_on_a_page_runs(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (main(shlex.split(command)[1:]) or 0) == 0


def test_the_tests_that_the_promises_name_exist():
    named = re.findall(r"tests/\w+\.py", (DOCS / "promises.md").read_text("utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (DOCS.parent / name).exists()] == []
