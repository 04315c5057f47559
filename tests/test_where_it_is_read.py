"""The stepper where notebooks are read: JupyterLab, Notebook 7, trusted or not, and nbconvert."""

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from conftest import without
from examples import g
from test_stepper import assert_step, by_hand

import autograd_edu
from autograd_edu import draw, steps

pytestmark = pytest.mark.slow

CODE = """\
from autograd_edu import Value, draw
x, y, z = Value(3, "x"), Value(-4, "y"), Value(2, "z")
f = x * y
f.label = "f"
g = f + z
g.label = "g"
g.backward()
draw(g)"""
TRAINING = """\
import time
from autograd_edu import data, nn, optim, train
model, points = nn.MLP(2, [4, 1], activation="tanh", seed=1), data.moons(20)
loss, adam = nn.losses.binary_cross_entropy_with_logits, optim.Adam(model.parameters(), 0.05)
slowly = [lambda _: time.sleep(0.05)]
history = train.fit(model, loss, points, adam, epochs=40, record="live", callbacks=slowly)"""
TOKEN = "a-token-of-the-test"


def notebook(*outputs, code=CODE):
    """A notebook with one cell per saved output; without any outputs, its cell has not run yet."""
    book = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        }
    )
    book.cells = [
        nbformat.v4.new_code_cell(
            code,
            id=f"cell-{i}",
            outputs=[nbformat.v4.new_output("execute_result", data=data, execution_count=1)]
            if data
            else [],
        )
        for i, data in enumerate(outputs or [None])
    ]
    return book


def free_port():
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        return at.getsockname()[1]


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    """The address of a JupyterLab, which also serves Notebook 7.

    It does not see the user's own settings and signatures.
    """
    if not importlib.util.find_spec("jupyterlab"):
        without(
            "JupyterLab is not installed, so the stepper is not tried in it: "
            "pip install jupyterlab notebook"
        )
    home, port = tmp_path_factory.mktemp("jupyter"), free_port()
    nbformat.write(notebook(), home / "fresh.ipynb")
    nbformat.write(notebook(code=TRAINING), home / "training.ipynb")
    pictures = [draw(g(), style)._repr_mimebundle_() for style in ("card", "circuit")]
    nbformat.write(notebook(*pictures), home / "saved.ipynb")
    own = {
        f"JUPYTER_{kind}_DIR": str(home / f".{kind.lower()}")
        for kind in ("DATA", "CONFIG", "RUNTIME")
    }
    own |= {
        "IPYTHONDIR": str(home / ".ipython"),
        "PYTHONPATH": str(Path(autograd_edu.__file__).parent.parent),
    }
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        "--allow-root",
    ]
    with open(home / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={home}"],
            env=os.environ | own,
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api/status?token={TOKEN}", server, home / "log")
            yield address
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address, server, log):
    for _ in range(900):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture
def visit(browser, jupyter):
    """``visit(path)`` opens a page of the running server."""
    opened = []

    def visit_(path):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(90_000)  # a busy machine starts a kernel slowly
        opened.append(context)
        page = context.new_page()
        wait = page.get_by_role("button", name="Keep Waiting")  # JupyterLab asks on a busy machine
        page.add_locator_handler(wait, lambda button: button.click())
        page.goto(f"{jupyter}/{path}?token={TOKEN}", wait_until="domcontentloaded")
        return page

    yield visit_
    for context in opened:
        context.close()


def run_the_cell(page, *, shows=".autograd-stepper svg"):
    """Press Shift+Enter in the first cell, again if the kernel was not listening yet."""
    import playwright.sync_api as playwright

    output = page.locator(".jp-OutputArea-output").first
    for _ in range(4):
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(playwright.TimeoutError):
            output.wait_for(timeout=25_000)
            break
    # The first output may be a progress bar, which comes before the picture.
    playwright.expect(page.locator(shows)).to_have_count(1, timeout=90_000)


PLACES = {"JupyterLab": "lab/tree", "Notebook 7": "notebooks"}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_after_running_the_cell_the_stepper_answers_clicks_and_keys(visit, place):
    record, shots = steps(g()), by_hand(g())
    page = visit(f"{place}/fresh.ipynb")
    run_the_cell(page)
    cells = page.locator(".jp-CodeCell").count()
    page.get_by_role("button", name="⇤ Start").click()
    assert_step(page, record, shots, 0)
    page.get_by_role("button", name="Next ▶").click()
    assert_step(page, record, shots, 1)
    for key, k in [
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("Enter", 2),
        (" ", 3),
    ]:  # the last two on the button Next
        page.keyboard.press(key)
        assert_step(page, record, shots, k)
    page.locator(".card").first.click()
    assert page.locator("[data-part=detail] b").text_content() == "x"
    page.locator(".card").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-part=detail] b").text_content() == "y"
    page.keyboard.type("-5")  # into the field for its value
    page.keyboard.press("Enter")
    assert "actual -3" in page.locator("[data-part=status]").text_content()
    page.locator(".card").first.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("[data-part=status]").text_content().startswith("x +0.1 → g predicted -0.5")
    page.get_by_role("button", name="Reset").click()
    page.locator(".autograd-stepper").focus()
    for key, k in [("End", 5), ("Home", 0)]:
        page.keyboard.press(key)
        assert_step(page, record, shots, k)
    assert page.locator(".jp-CodeCell").count() == cells  # no key was a command to the notebook


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_live_theatre_shows_the_end_of_training_in_one_output_and_answers_its_slider(
    visit, place
):
    own = place.replace("lab/", "lab/workspaces/theatre/")  # without the other test's notebook
    page = visit(f"{own}/training.ipynb")
    run_the_cell(page, shows=".autograd-theatre.runs")
    slider, theatres = page.locator("[data-part=slider]"), page.locator(".autograd-theatre")
    theatres.get_by_role("status").filter(has_text="Epoch 40: loss ").wait_for()
    assert theatres.count() == 1
    slider.press("Home")
    assert theatres.get_by_role("status").text_content().startswith("Epoch 0: before training")
    slider.press("ArrowRight")
    assert slider.input_value() == "1"


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_saved_notebook_that_is_not_trusted_shows_the_final_pictures(visit, place):
    page = visit(f"{place}/saved.ipynb")
    pictures = page.locator(".jp-OutputArea-output img")
    pictures.nth(1).wait_for()
    assert pictures.nth(0).get_attribute("alt") == "Computation graph of g: 5 values, 4 wires"
    for i in range(2):
        assert pictures.nth(i).evaluate("e => e.naturalWidth") > 200
        assert pictures.nth(i).bounding_box()["width"] > 200
    for what in ("button", "input", "table", "select", "script"):
        assert page.locator(f".jp-OutputArea-output {what}").count() == 0


def converted(book):
    """The page that nbconvert makes of a notebook, without what it would fetch."""
    if not importlib.util.find_spec("nbconvert"):
        without(
            "nbconvert is not installed, so the stepper is not tried in its pages: "
            "pip install nbconvert"
        )
    from nbconvert import HTMLExporter

    return HTMLExporter(require_js_url="", mathjax_url="", mermaid_js_url="").from_notebook_node(
        book
    )[0]


def test_the_committed_notebook_becomes_a_page_whose_pictures_all_step(show):
    book = nbformat.read(
        Path(__file__).parent.parent / "notebooks" / "03-the-chain-rule-on-a-graph.ipynb",
        as_version=4,
    )
    drawn = [
        cell
        for cell in book.cells
        if cell.cell_type == "code"
        and cell.source.startswith("draw(")
        and "style" not in cell.source
    ]
    page = show(converted(book))
    copies = page.locator(".autograd-stepper")
    assert copies.count() == len(drawn) >= 5
    for i in range(copies.count()):
        slider = copies.nth(i).locator("[data-part=slider]")
        slider.press("End")
        assert "backward" in copies.nth(i).get_by_role("status").text_content()
        assert "?" not in copies.nth(i).locator("tbody").inner_text()


def test_a_page_made_by_nbconvert_steps_each_copy_by_itself(show):
    one = draw(g())._repr_mimebundle_()
    html = converted(notebook(one, one))
    record, shots, page = steps(g()), by_hand(g()), show(html)
    following = page.get_by_role("button", name="Next ▶")
    for start in page.get_by_role("button", name="⇤ Start").all():
        start.click()
    following.nth(1).click()
    following.nth(1).click()
    following.nth(0).click()
    assert_step(page, record, shots, 1, nth=0)
    assert_step(page, record, shots, 2, nth=1)
    page.keyboard.press("End")
    assert_step(page, record, shots, 5, nth=0)
    assert_step(page, record, shots, 2, nth=1)
    plain = show(html, java_script_enabled=False)
    assert plain.get_by_role("img", name="Computation graph of g").count() == 2
