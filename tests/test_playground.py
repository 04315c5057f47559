"""The playground of the site: it answers as the package does, and fetches from no other host."""

import gzip
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from conftest import DOCS, NPM, watch, without

from autograd_edu import check_gradient, steps
from autograd_edu.cli.point import evaluate
from autograd_edu.errors import AutogradError, DomainError
from autograd_edu.record.tables import backward_table, forward_table

sys.path.insert(0, str(DOCS))

import playground_files

MINUTE = 60_000  # milliseconds; a busy machine takes some seconds
LARGEST = 8e6  # bytes, compressed, that a reader waits for


@pytest.fixture(scope="session")
def playground(request):
    """The folder of the playground in the built site."""
    if not NPM:
        without("npm is not installed, so the playground is not tried: install Node.js", "npm")
    return request.getfixturevalue("site") / "playground"


@pytest.fixture(scope="module")
def page(browser, playground, address):
    """The playground, once it answers. Nothing on it may fail or come from another host."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    faults, begun = watch(page, address), time.perf_counter()
    page.goto(f"{address}/playground/index.html")
    page.wait_for_selector("#answer", timeout=MINUTE)
    print(f"the playground answered after {time.perf_counter() - begun:.1f} s")
    yield page
    page.close()
    assert faults == []


def ask(page, formula, inputs):
    """Type a formula and its inputs, as a reader does, and press Enter."""
    page.get_by_label("Formula").fill(formula)
    page.get_by_label("Inputs").fill(inputs)
    page.get_by_label("Inputs").press("Enter")


def cells(page, name):
    """The cells of a table on the page, row by row."""
    rows = page.get_by_role("region", name=name).locator("tr").all()
    return [tuple(row.locator("th, td").all_inner_texts()) for row in rows]


@pytest.mark.slow
def test_the_page_asks_for_nothing_outside_the_standard_library():
    code = f"""\
import sys
sys.modules |= dict.fromkeys(("numpy", "graphviz", "matplotlib", "tqdm"))  # no import finds them
sys.path.insert(0, {str(DOCS / "playground")!r})
import json, subprocess, playground
from autograd_edu.pictures.render.layout import program
def lay_out(dot):
    command = [program(), "-Tjson0"]
    return subprocess.run(command, input=dot, capture_output=True, text=True, check=True).stdout
playground.lay_out_with(lay_out)
print(json.loads(playground.compute("x*y + z", "x=3, y=-4 z=2"))["result"])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("v2 = -10.0\n", "")


@pytest.mark.slow
def test_a_formula_has_the_values_tables_and_check_of_the_package(page):
    ask(page, "v = x*y; tanh(v + z)", "x=1.5, y = -2 z=pi/4")
    formula, at, y = evaluate("v = x*y; tanh(v + z)", ["x=1.5", "y=-2", "z=pi/4"])
    record = steps(y)
    name, _, value = page.locator("#playground [role=status]").first.inner_text().partition(" = ")
    assert (name, float(value)) == (record.nodes[-1].name, pytest.approx(y.data, rel=1e-15))
    assert cells(page, "Forward table") == forward_table(record.record)
    assert cells(page, "Backward table") == backward_table(record.record)
    verdict = str(check_gradient(formula, at)).splitlines()[-1]
    assert page.locator("#check").inner_text().endswith(verdict)
    assert page.locator("#latex").text_content() == record.latex()
    assert page.locator("#python").text_content() == record.python()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "inputs"),
    [
        pytest.param("x * log(x - 2)", "x=1", id="no real value"),
        pytest.param("tanh(w*x + b", "w=1 x=2 b=3", id="a bracket is missing"),
        pytest.param("2x", "x=1", id="a product without a star"),
        pytest.param("x.__class__", "x=1", id="not a formula"),
        pytest.param("x*y", "x=1", id="no number for y"),
        pytest.param("x", "x=1 1", id="not a number"),
        pytest.param("", "", id="nothing"),
        pytest.param("(" * 4000 + "x", "x=1", id="nested too deeply"),
        pytest.param("x" + "**x" * 3000, "x=1", id="too many powers"),
        pytest.param("-" * 9000 + "x", "x=1", id="too many signs"),
    ],
)
def test_an_error_is_the_one_of_the_package(formula, inputs, page):
    ask(page, formula, inputs)
    with pytest.raises(AutogradError) as error:
        evaluate(formula, [inputs] if inputs else [])
    assert page.get_by_role("alert").text_content() == str(error.value)
    assert page.locator("#answer").is_hidden()
    ask(page, "x*x", "x=3")
    assert page.get_by_role("alert").text_content() == ""
    assert page.locator("#playground [role=status]").first.inner_text() == "v1 = 9.0"


@pytest.mark.slow
def test_a_formula_too_large_for_a_page_is_refused_at_once(page):
    begun = time.perf_counter()
    ask(page, "total([" + ",".join(["x"] * 4000) + "])", "x=1")
    said = page.get_by_role("alert").text_content()
    assert time.perf_counter() - begun < 10
    assert "at most 150 values and 300 wires; this one has 2 and 4,000" in said


@pytest.mark.slow
def test_the_picture_steps_and_is_nudged(page):
    ask(page, "x*y + z", "x=3 y=-4 z=2")
    live = page.locator(".autograd-stepper")
    live.get_by_role("button", name="Start").click()
    live.get_by_role("button", name="Next").click()
    assert live.locator("[data-part=status]").inner_text().startswith("Step 1 of ")
    live.get_by_role("slider", name=re.compile("^x")).focus()
    page.keyboard.press("ArrowRight")
    assert "-12.04" in live.locator("[data-part=table]").inner_text()  # 3.01 · (-4)


def expected(formula, inputs):
    """The backward table of a formula, or the package's error."""
    try:
        _, _, y = evaluate(formula, inputs.split())
    except DomainError as error:
        return str(error)
    return backward_table(steps(y).record)


@pytest.mark.slow
def test_every_example_answers_as_the_package_does(page):
    examples = page.locator(".examples button").all()
    assert len(examples) > 4
    for example in examples:
        example.click()
        shown = page.get_by_role("alert").text_content() or cells(page, "Backward table")
        asked = (example.get_attribute(f"data-{name}") for name in ("formula", "inputs"))
        assert shown == expected(*asked)
        assert page.locator(".autograd-stepper").is_visible() == isinstance(shown, list)


@pytest.mark.slow
def test_a_copied_link_restores_the_formula_and_its_inputs(page, browser, address):
    ask(page, "a & b", "")
    ask(page, "s = exp(a) + exp(b); exp(a)/s", "a=1 b=0.5")
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function(
        "document.querySelector('#playground [role=status]').innerText.startsWith('Copied')"
    )
    copied = page.evaluate("navigator.clipboard.readText()")
    answer = cells(page, "Backward table")
    fresh = browser.new_page()
    faults = watch(fresh, address)
    fresh.goto(copied)
    fresh.wait_for_selector("#answer", timeout=MINUTE)
    assert fresh.get_by_label("Formula").input_value() == "s = exp(a) + exp(b); exp(a)/s"
    assert fresh.get_by_label("Inputs").input_value() == "a=1 b=0.5"
    assert cells(fresh, "Backward table") == answer
    fresh.close()
    assert faults == []


@pytest.mark.slow
def test_the_texts_are_copied(page):
    ask(page, "x*x", "x=3")
    for what, name in (("LaTeX", "#latex"), ("Python", "#python")):
        page.get_by_role("button", name=re.compile(f"as {what}")).click()
        page.wait_for_function(
            "what => document.querySelector('#playground [role=status]').innerText.includes(what)",
            arg=what,
        )
        assert page.evaluate("navigator.clipboard.readText()") == page.locator(name).text_content()


@pytest.mark.slow
def test_the_whole_way_can_be_gone_by_keyboard(page):
    page.get_by_label("Formula").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("x*y")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("x=3 y=5")
    page.keyboard.press("Enter")
    status = page.locator("#playground [role=status]").first
    assert status.inner_text() == "v1 = 15.0"
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 20)"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if seen[-1].startswith("Copy a link"):
            break
    assert {"Compute", "a neuron", "Backward"} <= set(seen)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('#playground [role=status]').innerText === 'Copied: link.'"
    )


@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 768, 1100, 1280, 1600])
@pytest.mark.parametrize("formula", ["v = u**2; exp(sin(v) * log(v))", "log(-u) * " + "u" * 90])
def test_a_page_of_any_width_scrolls_only_downwards(formula, width, page):
    page.set_viewport_size({"width": width, "height": 800})
    ask(page, formula, "u=1.5")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_says_how_much_it_loads(playground):
    sizes = [len(gzip.compress(path.read_bytes(), 6)) for path in playground.iterdir()]
    assert sum(sizes) < LARGEST
    (said,) = re.findall(r"about ([\d.]+) MB", (DOCS / "playground/index.md").read_text("utf-8"))
    assert float(said) == pytest.approx(sum(sizes) / 1e6, abs=0.2)


@pytest.mark.parametrize("package", playground_files.PACKAGES, ids=lambda package: package.name)
def test_an_archive_that_was_changed_is_refused(package):
    with pytest.raises(playground_files.MissingFilesError, match="somebody changed the archive"):
        playground_files.checked(b"changed", package)


def test_a_version_that_does_not_exist_is_refused(playground):
    package = replace(playground_files.PACKAGES[0], version="0.0.0")
    with pytest.raises(playground_files.MissingFilesError, match=r"npm pack pyodide@0\.0\.0"):
        playground_files.archive(package)


def test_without_npm_the_build_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(playground_files.MissingFilesError, match=r"npm is not on the PATH"):
        playground_files.archive(playground_files.PACKAGES[0])
