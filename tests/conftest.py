"""Options of the test run, frameworks, and a browser for what is read in one."""

import importlib
import os
import shutil
from importlib.util import find_spec

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="also run what takes minutes: 100,000 random graphs"
    )
    parser.addoption(
        "--notebooks", action="store_true", help="run all notebooks in a kernel, not only a few"
    )


def pytest_collection_modifyitems(items):
    """Mark tests that open a browser as `browser`, and tests of JAX or PyTorch as `frameworks`."""
    for item in items:
        case = item.name.partition("[")[2].lower()
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if "jax" in case or "torch" in case:
            item.add_marker("frameworks")


@pytest.fixture(scope="session")
def long(request):
    """Whether the long runs were asked for."""
    return request.config.getoption("--long")


def without(what):
    """Say that a part cannot be tested here; in CI (CI=true) that is a failure."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"NOT TESTED: {what}")


def framework(name):
    """JAX or PyTorch, imported.

    If it is missing, the test is skipped; in CI it fails, unless NOT_INSTALLED names the framework.
    """
    if find_spec(name) is None:
        what = f"{name} is not installed, so what needs it is not tried"
        if name in os.environ.get("NOT_INSTALLED", "").split():
            pytest.skip(f"NOT TESTED: {what} (NOT_INSTALLED says so)")
        without(what)
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def torch():
    return framework("torch")


@pytest.fixture(scope="session")
def jax():
    return framework("jax")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium of the system."""
    if not CHROMIUM:
        without(
            "no Chromium on the PATH, so nothing is tried in a browser: "
            "install the system's chromium package"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser):
    """``show(html, **options)`` opens a page.

    At the end of the test, no script may have failed on it, and nothing may have been fetched.
    """
    pages = []

    def open_(html, *, clock=False, **options):
        page = browser.new_page(**options)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith("data:") or page.faults.append(request.url),
        )
        if clock:
            page.clock.install(time=0)
        page.set_content(html)
        if clock:
            page.clock.pause_at(1_000_000)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        assert not page.faults
        page.close()
