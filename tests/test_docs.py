"""The site: every public name stands in the reference, and the code on its pages runs."""

import doctest
import inspect
import re
import shlex
import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from urllib.parse import unquote, urlsplit

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
    text = "\n".join(PAGES.values())
    module = re.escape(dotted)
    found = re.findall(rf"^\.\. auto(?:class|function):: {module}\.(.+)$", text, flags=re.M)
    found += re.findall(rf"^\.\. py:data:: (.+)\n   :module: {module}$", text, flags=re.M)
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
            assert reference.summary(module, name), f"{dotted}.{name}"


def examples_in(modules):
    """The names of the docstrings whose examples a run of the doctests finds."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return {
        test.name
        for module in modules
        for test in finder.find(module)
        if any(doctest.SKIP not in example.options for example in test.examples)
    }


def without_example(module, names, ran):
    """The names of a module that no example belongs to; ``ran`` are the docstrings with one."""
    for name in names:
        thing = getattr(module, name)
        if isinstance(thing, autograd_edu.Op):  # test_help.py runs the example of each row
            has_one = thing is autograd_edu.OPS[name] and ">>> " in thing.__doc__
        else:
            own = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"
            has_one = not ran.isdisjoint({own, f"{module.__name__}.__test__.{name}"})
        if not has_one:
            yield name


@pytest.fixture(scope="module")
def ran():
    """The names of all docstrings of the package whose examples run."""
    found = walk_packages(autograd_edu.__path__, "autograd_edu.")
    return examples_in([autograd_edu, *(import_module(each.name) for each in found)])


@pytest.mark.parametrize("dotted", reference.MODULES)
def test_every_entry_has_an_example_that_runs(dotted, ran):
    module = import_module(dotted)
    assert list(without_example(module, reference.public_names(module), ran)) == []


def test_every_class_that_functions_return_has_an_example_that_runs(ran):
    assert [name for name in reference.RETURNED if name not in ran] == []
    assert all(name in PAGES["returned"] for name in reference.RETURNED)


PLANTED = """
def shown():
    '''One.

    >>> shown()
    1
    '''
    return 1

def said():
    '''Two, without an example.'''

def skipped():
    '''Three.

    >>> skipped()  # doctest: +SKIP
    3
    '''

class Kind:
    '''An example of a method is not one of its class.'''

    def method(self):
        '''
        >>> Kind().method()
        '''

TABLE, BARE = {}, {}
__test__ = {"TABLE": '>>> TABLE\\n{}'}
"""


def test_an_entry_without_an_example_is_found():
    module = ModuleType("planted")
    exec(PLANTED, vars(module))
    names = ["shown", "said", "skipped", "Kind", "TABLE", "BARE"]
    missing = without_example(module, names, examples_in([module]))
    assert list(missing) == ["said", "skipped", "Kind", "BARE"]


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


class Links(HTMLParser):
    """The ids on a page, and where its links and pictures lead."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.targets = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.add(found.get("id"))
        self.targets += [found[key] for key in ("href", "src") if found.get(key)]


def broken_links(folder):
    """The links between pages of a folder that lead nowhere."""
    pages = {path: Links(path.read_text("utf-8")) for path in folder.rglob("*.html")}
    for path, page in pages.items():
        for target in page.targets:
            link = urlsplit(target)
            if link.scheme or link.netloc:
                continue
            there = (path.parent / unquote(link.path)).resolve() if link.path else path
            mark = unquote(link.fragment)
            if not there.exists() or (mark and there in pages and mark not in pages[there].ids):
                yield path.name, target


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<p id="x"><a href="b.html#y"><a href="c.html"><a href="#x">')
    (tmp_path / "b.html").write_text('<img src="a.png"><a href="a.html#x">')
    found = sorted(broken_links(tmp_path))
    assert found == [("a.html", "b.html#y"), ("a.html", "c.html"), ("b.html", "a.png")]


@pytest.mark.slow
def test_every_entry_has_the_address_that_other_sites_link_to(site):
    pages = (site / "reference").glob("*.html")
    ids = {mark for page in pages for mark in Links(page.read_text("utf-8")).ids}
    entries = {
        f"{dotted}.{name}"
        for dotted in reference.MODULES
        for name in reference.public_names(import_module(dotted))
    }
    assert (entries | set(reference.RETURNED)) - ids == set()
    assert "autograd_edu.pictures.network.picture.NetworkDrawing.save" in ids


@pytest.mark.slow
def test_no_link_of_the_site_is_broken(site):
    assert len(list(site.rglob("*.html"))) > 30
    assert list(broken_links(site)) == []


@pytest.mark.slow
def test_every_page_opens_without_errors_and_fits_a_phone(site, visit):
    for path in sorted(site.rglob("*.html")):
        page = visit(path.relative_to(site).as_posix(), width=375)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path.name


LIVE = [
    "index",
    "tutorial/02-a-number-that-remembers",
    "tutorial/03-the-chain-rule-on-a-graph",
    "tutorial/08-the-first-training-loop",
]


@pytest.mark.slow
@pytest.mark.parametrize("path", LIVE)
def test_a_picture_of_the_course_steps_and_is_nudged(path, visit):
    live = visit(f"{path}.html").locator(".autograd-stepper").first
    says = live.locator("[data-part=status]")
    live.get_by_role("button", name="Start").click()
    begun = says.inner_text()
    live.get_by_role("button", name="Next").click()
    assert says.inner_text() != begun
    live.get_by_role("button", name="Now").click()
    numbers = live.locator("[data-part=table]")
    before = numbers.inner_text()
    leaf = live.locator("[data-part=picture] [role=slider]").first
    leaf.focus()
    leaf.press("ArrowRight")
    assert numbers.inner_text() != before


@pytest.mark.slow
def test_a_live_picture_follows_the_theme_that_the_reader_chose(visit):
    page = visit("index.html")
    live = page.locator(".autograd-stepper").first
    for theme, dark in (("dark", True), ("light", False)):
        page.evaluate(f"document.body.dataset.theme = '{theme}'")
        page.wait_for_function(
            "dark => document.querySelector('.autograd-stepper').matches('.dark') === dark",
            arg=dark,
        )
        assert live.evaluate("e => getComputedStyle(e).colorScheme") == theme


@pytest.mark.slow
def test_each_cell_of_the_gallery_shows_one_picture(visit):
    cells = visit("gallery.html").locator("div.cell").all()
    assert len(cells) >= 12
    for cell in cells:
        pictures = cell.locator(".cell_output img:not(.autograd-stepper *), .autograd-stepper")
        assert pictures.count() == 1, cell.inner_text()


@pytest.mark.slow
def test_the_search_finds_softmax(visit):
    page = visit("search.html?q=softmax")
    page.wait_for_selector("#search-results li a")
    assert "autograd_edu.softmax" in page.locator("#search-results").inner_text()


@pytest.mark.slow
def test_formulas_are_drawn_by_the_browser_alone(visit):
    page = visit("explanation.html")
    assert page.locator("math mfrac").first.bounding_box()["height"] > 20


def test_the_names_that_stand_for_those_of_pytorch_exist():
    rows = re.findall(r"^\|.*\|$", (DOCS / "guides" / "pytorch.md").read_text("utf-8"), flags=re.M)
    ours = [row.strip("| ").rpartition(" | ")[2] for row in rows[2:]]
    names = [name for cell in ours for name in re.findall(r"`(?:with )?([A-Za-z][\w.]*)", cell)]
    assert len(names) > 20
    roots = [autograd_edu, autograd_edu.optim]  # one row lists names of optim
    own = {"x.data": "Value"}
    missing = [
        name for name in names if not any(reaches(root, own.get(name, name)) for root in roots)
    ]
    assert missing == []


def reaches(thing, dotted):
    """Whether a dotted name leads anywhere from there."""
    for part in dotted.split("."):
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True
