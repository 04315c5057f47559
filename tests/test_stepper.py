"""The stepper in a real browser: by buttons, keys and slider it shows the engine's numbers; without JavaScript, the picture."""

import os
import shutil

import pytest
from test_draw import HOSTILE, g

from autograd_edu import Value, draw, sin, steps
from autograd_edu.steps import short

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    if not BROWSER:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium on the PATH: install the system's chromium package")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser):
    pages = []

    def open_(html, **options):
        page = browser.new_page(**options)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.set_content(html)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        assert not page.faults
        page.close()


def shown(page, copy=0):
    rows = page.locator(".autograd-stepper").nth(copy).locator("tbody tr").all_inner_texts()
    cards = page.locator(".autograd-stepper").nth(copy).locator(".card")
    drawn = [cards.nth(i).locator("text").all_text_contents()[1:] for i in range(cards.count())]
    assert [row.split("\t")[1:] for row in rows] == drawn
    return drawn


def expected(record, k):
    value = {n.index: short(n.data) for n in record.nodes if not n.op}
    gradient = {}
    for step in record[:k]:
        if step.kind == "forward":
            value[step.node] = short(step.value)
        if step.kind == "seed":
            gradient[step.node] = "1"
        gradient |= {part.parent: short(part.after) for part in step.parts}
    return [[value.get(n.index, "?"), gradient.get(n.index, "–")] for n in record.nodes]


def test_buttons_keys_and_slider_show_the_engines_numbers(show):
    a = Value(0.5, "a")
    y = a * a + sin(a) * 3
    record, page = steps(y), show(draw(y).html)
    moves = [
        lambda k: page.locator("[data-part=slider]").fill(str(k)),
        lambda k: page.click("[data-part=next]") if k else None,
    ]
    for move in moves:
        page.locator("[data-part=slider]").fill("0")
        for k in range(len(record) + 1):
            move(k)
            assert shown(page) == expected(record, k)
    for k in reversed(range(len(record))):
        page.click("[data-part=back]")
        assert shown(page) == expected(record, k)
    page.locator(".autograd-stepper").focus()
    for k in range(1, len(record) + 1):
        page.keyboard.press("ArrowRight")
        assert shown(page) == expected(record, k)
    page.keyboard.press("ArrowLeft")
    assert shown(page) == expected(record, len(record) - 1)


def test_without_javascript_the_picture_stays(show):
    page = show(draw(g()).html, java_script_enabled=False)
    assert page.locator("img").bounding_box()["width"] > 100
    assert not page.locator("[data-part=next]").is_visible()


def test_two_copies_are_independent(show):
    one = steps(g())._repr_html_()
    assert " id=" not in one
    page = show(one + one)
    page.locator("[data-part=next]").nth(1).click()
    assert shown(page, 0) == expected(steps(g()), 0)
    assert shown(page, 1) == expected(steps(g()), 1)


def test_a_clicked_card_gives_its_sum_over_consumers(show):
    a = Value(3.0, "a")
    page = show(draw(a * 2 + sin(a)).html)
    page.keyboard.press("Tab")
    page.locator("[data-part=slider]").fill("99")
    page.locator(".card").first.click()
    assert "gradient: " in page.inner_text("[data-part=detail]")
    assert page.inner_text("[data-part=detail]").count("through") == 2


def test_no_label_runs(show):
    for label in HOSTILE:
        page = show(draw(Value(2.0, label) * 3).html.encode().decode())
        assert page.locator(".card").count() == 3
        assert page.locator("script").count() == 2
